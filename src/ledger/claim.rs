//! Claiming: gifts that may be sent become durable intents.
//!
//! **Invariant:** what is claimed is known, and may be sent, only after its intents were committed.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::error::Doing;
use super::many::bind;
use super::rows::{gift_as_sent, instant, money};
use super::{Batch, LedgerError, Outcome, sql};
use crate::domain::{Event, Gift, GiftState, Money, Refusal};

/// A gift whose intent is written.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its row in the ledger.
    pub row: i64,
    /// Its campaign's row.
    pub campaign: i64,
    /// What is to be given, as it is sent: with its tag, where its campaign is tagged.
    pub gift: Gift,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// How many earlier attempts ended in doubt, but for those whose run died.
    pub doubts: i64,
    /// When the first attempt was written down: no gift of ours can be older.
    pub first_sent_at: DateTime<Utc>,
}

/// What is claimed from.
#[derive(Clone, Copy, Debug)]
pub enum ClaimFrom<'r> {
    /// A campaign, by its row.
    Campaign(i64),
    /// Some of the gifts, by their rows.
    Rows(&'r [i64]),
}

/// A gift of which we do not know whether it was given.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// The gift and its attempts; `attempt` is the last one.
    pub claimed: Claimed,
    /// When its sender had surely let go of the request.
    pub settle_from: DateTime<Utc>,
    /// The no that it is in doubt for, where it is for one: an attempt before had ended in doubt. A later run does not
    /// know it any more, and tries once more.
    pub refusal: Option<Refusal>,
}

/// A gift that was not given and is not on its way.
#[derive(Clone, Copy, Debug)]
pub struct Unsent {
    /// Its row in the ledger.
    pub row: i64,
    /// Planned or deferred.
    pub state: GiftState,
    /// The last attempt; 0 before the first.
    pub attempt: i64,
    /// How much it would give.
    pub amount: Money,
}

impl Batch<'_> {
    /// Makes the batch durable with intents for up to `limit` gifts that may be sent at `now`, of a campaign or of
    /// some rows alone. Comes back with those gifts, in the order of their rows. What has expired at `latest` is left
    /// out: it may be later than `now`, by another clock.
    ///
    /// There are fewer where twins or wallets with a doubt stand in the way.
    pub async fn commit_claiming(
        mut self,
        from: ClaimFrom<'_>,
        run: Uuid,
        limit: usize,
        now: DateTime<Utc>,
        latest: DateTime<Utc>,
    ) -> Result<Vec<Claimed>, LedgerError> {
        self.add_claim(from, run, limit, (now, latest));
        read_claimed(&self.commit_rows().await?)
    }

    /// Its statements, for the next trip.
    fn add_claim(
        &mut self,
        from: ClaimFrom<'_>,
        run: Uuid,
        limit: usize,
        (now, latest): (DateTime<Utc>, DateTime<Utc>),
    ) {
        let now_ms = now.timestamp_millis();
        let doing = "choosing gifts";
        self.transaction.add(sql::CLAIM_CLEAR, &["forgetting the last claim"]);
        let arguments = match from {
            ClaimFrom::Campaign(campaign) => {
                let arguments = self.transaction.add(sql::CLAIM_CHOOSE, &[doing]);
                bind(arguments, campaign);
                arguments
            }
            ClaimFrom::Rows(rows) => {
                let arguments = self.transaction.add(sql::CLAIM_CHOOSE_OF, &[doing]);
                bind(arguments, json!(rows).to_string());
                arguments
            }
        };
        bind(arguments, now_ms);
        bind(arguments, latest.timestamp_millis());
        bind(arguments, i64::try_from(limit).unwrap_or(i64::MAX));
        bind(self.transaction.add(sql::CLAIM_TURN, &["claiming gifts"]), now_ms);
        let arguments = self.transaction.add(sql::ATTEMPT_INSERT, &["writing intents"]);
        bind(arguments, run);
        bind(arguments, now_ms);
    }

    /// Claims from a campaign now, for a batch that goes on with it.
    #[cfg(test)]
    pub async fn claim(
        &mut self,
        campaign: i64,
        run: Uuid,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<Claimed>, LedgerError> {
        self.add_claim(ClaimFrom::Campaign(campaign), run, limit, (now, now));
        read_claimed(&self.transaction.send().await?)
    }

    /// Marks what a dead run left in flight as in doubt; says how many gifts that were. Only whoever
    /// holds the run lock knows that the run is dead.
    pub async fn orphan(
        &mut self,
        run: Option<Uuid>,
        at: DateTime<Utc>,
    ) -> Result<usize, LedgerError> {
        let in_flight: Vec<(i64, i64)> = sqlx::query_as(sql::GIFT_IN_FLIGHT)
            .fetch_all(self.transaction.now().await?)
            .await
            .doing("looking for what a dead run left in flight")?;
        let orphaned =
            |(row, attempt)| Outcome::of((row, GiftState::InFlight, attempt), Event::Orphaned, at);
        let orphans: Vec<Outcome> = in_flight.into_iter().map(orphaned).collect();
        self.record(run, &orphans).await?;
        Ok(orphans.len())
    }

    /// All doubts of the ledger, the oldest first.
    pub async fn doubts(&mut self) -> Result<Vec<Doubt>, LedgerError> {
        let doing = "reading doubts";
        let rows = sqlx::query(sql::GIFT_IN_DOUBT).fetch_all(self.transaction.now().await?).await;
        let read = |row: &SqliteRow| {
            let settle_from = instant(row.try_get("settle_from_ms")?);
            Ok(Doubt { claimed: read(row)?, settle_from, refusal: None })
        };
        rows.doing(doing)?.iter().map(read).collect::<Result<_, sqlx::Error>>().doing(doing)
    }

    /// Gifts that were not given and whose expiry has passed by now.
    pub async fn expired(
        &mut self,
        campaign: i64,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<Unsent>, LedgerError> {
        let doing = "looking for gifts that expired unsent";
        let rows: Vec<(i64, String, i64, i64)> = sqlx::query_as(sql::GIFT_EXPIRED)
            .bind(campaign)
            .bind(now.timestamp_millis())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(self.transaction.now().await?)
            .await
            .doing(doing)?;
        rows.into_iter()
            .map(|(row, word, attempt, minor)| {
                let state =
                    word.parse().map_err(|error| LedgerError::Corrupt(format!("{error}")))?;
                Ok(Unsent { row, state, attempt, amount: money(minor) })
            })
            .collect()
    }

    /// Refused gifts to reopen, after row `after`: row and last attempt. All classes where none is
    /// named.
    pub async fn refused(
        &mut self,
        campaign: i64,
        after: i64,
        classes: &[String],
        limit: usize,
    ) -> Result<Vec<(i64, i64)>, LedgerError> {
        let classes = (!classes.is_empty()).then(|| json!(classes).to_string());
        sqlx::query_as(sql::GIFT_REFUSED)
            .bind(campaign)
            .bind(after)
            .bind(classes)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(self.transaction.now().await?)
            .await
            .doing("reading refused gifts")
    }
}

/// The gifts that a claim came back with.
fn read_claimed(rows: &[SqliteRow]) -> Result<Vec<Claimed>, LedgerError> {
    let mut claimed =
        rows.iter().map(read).collect::<Result<Vec<_>, _>>().doing("reading what was claimed")?;
    // `returning` promises no order.
    claimed.sort_by_key(|gift| gift.row);
    Ok(claimed)
}

fn read(row: &SqliteRow) -> Result<Claimed, sqlx::Error> {
    Ok(Claimed {
        row: row.try_get("id")?,
        campaign: row.try_get("campaign_id")?,
        gift: gift_as_sent(row)?,
        attempt: row.try_get("attempt_count")?,
        doubts: row.try_get("doubt_count")?,
        first_sent_at: instant(row.try_get("first_sent_at_ms")?),
    })
}
