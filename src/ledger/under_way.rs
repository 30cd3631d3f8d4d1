//! What is under way at a campaign right now, in another process.
//!
//! It stands apart because the ledger alone cannot tell a run that goes on from one that was killed: both have
//! no end. Who holds the run lock can.
//!
//! **Invariant:** it takes no lock that a run waits for, unless something has begun and not ended.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::error::Doing;
use super::lock::{holder, waits_until};
use super::rows::instant;
use super::{Ledger, LedgerError, sql};

/// A speed is that of the last so many milliseconds.
const LATELY_MS: i64 = 60_000;

/// A run or a reconcile that goes on in another process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// The command that a person gave.
    pub command: String,
    /// When it began.
    pub since: DateTime<Utc>,
    /// How fast it gives; none where it only reads wallets.
    pub speed: Option<Speed>,
    /// Until when the provider asked to be left alone, where it did.
    pub waits_until: Option<DateTime<Utc>>,
}

/// What another process does with another campaign: it holds the ledger meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// The other campaign.
    pub campaign: String,
    /// The command that a person gave.
    pub command: String,
    /// When it began.
    pub since: DateTime<Utc>,
}

/// How many gifts were brought to an end of late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
    /// How many.
    pub gifts: u64,
    /// In how many milliseconds, the last of which is now.
    pub within_ms: u64,
    /// For how long nothing has happened.
    pub quiet_for: TimeDelta,
}

/// Its id, where it gives; its command, its process, and when it began.
type Begun = (Option<Uuid>, String, i64, i64);

impl Ledger {
    /// What another process does with a campaign now; none where nobody does, or we ourselves.
    pub async fn under_way(&self, campaign: i64) -> Result<Option<UnderWay>, LedgerError> {
        let doing = "looking for what is under way";
        let begun: Option<Begun> = sqlx::query_as(sql::RUN_UNDER_WAY)
            .bind(campaign)
            .fetch_optional(&*self.reading())
            .await
            .doing(doing)?;
        let Some((run, command, process, began_ms)) =
            begun.filter(|begun| begun.2 != i64::from(std::process::id()))
        else {
            return Ok(None);
        };
        let Some(holder) = self.held_by(process)? else {
            return Ok(None);
        };
        let speed = match run {
            Some(run) => Some(self.speed(run, began_ms, Utc::now()).await?),
            None => None,
        };
        let waits_until = waits_until(&holder);
        Ok(Some(UnderWay { command, since: instant(began_ms), speed, waits_until }))
    }

    /// What another process does with whichever campaign it is at work on; none where nobody works, or we ourselves.
    /// Only the last thing that began can go on: the ledger belongs to one process at a time.
    pub async fn elsewhere(&self) -> Result<Option<Elsewhere>, LedgerError> {
        let newest: Option<(String, String, i64, i64)> = sqlx::query_as(sql::RUN_NEWEST)
            .fetch_optional(&*self.reading())
            .await
            .doing("looking who holds it")?;
        let Some((campaign, command, process, began_ms)) =
            newest.filter(|newest| newest.2 != i64::from(std::process::id()))
        else {
            return Ok(None);
        };
        let held = self.held_by(process)?;
        Ok(held.map(|_| Elsewhere { campaign, command, since: instant(began_ms) }))
    }

    /// What a process says of itself, where it holds the ledger.
    fn held_by(&self, process: i64) -> Result<Option<String>, LedgerError> {
        let mark = format!(", process {process}, ");
        Ok(holder(self.path())?.filter(|holder| holder.contains(&mark)))
    }

    async fn speed(
        &self,
        run: Uuid,
        began_ms: i64,
        now: DateTime<Utc>,
    ) -> Result<Speed, LedgerError> {
        let now_ms = now.timestamp_millis();
        let (gifts, first, last): (i64, Option<i64>, Option<i64>) = sqlx::query_as(sql::RUN_SPEED)
            .bind(run)
            .bind(now_ms - LATELY_MS)
            .fetch_one(&*self.reading())
            .await
            .doing("looking how fast a run goes")?;
        // Of a run that is older than that, the whole of it counts, or its first silence would be left out.
        let since = first.unwrap_or(now_ms - LATELY_MS).max(began_ms);
        Ok(Speed {
            gifts: gifts.unsigned_abs(),
            within_ms: u64::try_from(now_ms - since).unwrap_or(0),
            quiet_for: now - instant(last.unwrap_or(began_ms)),
        })
    }
}
