//! Wishes: how people stop a campaign from another terminal, and how a run sees that they did.
//!
//! It stands apart because a wish is the one thing that is written without the run lock: whoever holds that
//! may be at work for hours. The gifts stay with the one writer; a wish is one row, in a transaction of its
//! own, and the claim of gifts looks for it in the same transaction in which it writes intents.
//!
//! **Invariant:** no intent is written of a campaign whose last wish is to pause or to cancel.
//! **Invariant:** after the wish to cancel there is no other.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::Connection as _;

use super::error::Doing;
use super::rows::{instant, money};
use super::watch::AtWork;
use super::{Batch, Ledger, LedgerError, Unsent, sql};

/// How long a wish waits for who writes: a load of a large file is one transaction.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a person wants of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Send nothing until it is resumed.
    Pause,
    /// Send again.
    Resume,
    /// Send nothing more, ever.
    Cancel,
}

/// What holds for a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may be sent.
    Open,
    /// Nothing is sent until it is resumed.
    Paused(Wished),
    /// Nothing is sent any more.
    Cancelled(Wished),
}

/// Who wanted something, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wished {
    /// When.
    pub at: DateTime<Utc>,
    /// The system's names of the user and of the machine.
    pub by: String,
}

impl Wish {
    /// The word under which it is stored.
    pub const fn word(self) -> &'static str {
        match self {
            Wish::Pause => "pause",
            Wish::Resume => "resume",
            Wish::Cancel => "cancel",
        }
    }
}

impl Standing {
    /// The word under which it is shown.
    pub const fn word(&self) -> &'static str {
        match self {
            Standing::Open => "open",
            Standing::Paused(_) => "paused",
            Standing::Cancelled(_) => "cancelled",
        }
    }

    fn of(last: Option<(String, i64, String)>) -> Result<Standing, LedgerError> {
        let Some((word, at_ms, by)) = last else {
            return Ok(Standing::Open);
        };
        let wished = Wished { at: instant(at_ms), by };
        match word.as_str() {
            "resume" => Ok(Standing::Open),
            "pause" => Ok(Standing::Paused(wished)),
            "cancel" => Ok(Standing::Cancelled(wished)),
            _ => Err(LedgerError::Corrupt(format!("a wish called {word:?}"))),
        }
    }
}

impl Ledger {
    /// Writes down what a person wants of a campaign; says whether that is new. When this returns, it
    /// holds. It needs no lock, and waits for a group that is being written.
    ///
    /// Of a cancelled campaign nothing can be wanted any more, and nothing is written.
    pub async fn wish(
        &self,
        campaign: i64,
        wish: Wish,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, LedgerError> {
        let doing = "writing down what is wanted";
        let _work = AtWork::begin(self.watch());
        let mut connection = self.connect_beside(PATIENCE).await?;
        let written = sqlx::query(sql::WISH_ADD)
            .bind(campaign)
            .bind(wish.word())
            .bind(now.timestamp_millis())
            .bind(by)
            .execute(&mut connection)
            .await
            .doing(doing)?;
        connection.close().await.doing(doing)?;
        Ok(written.rows_affected() == 1)
    }

    /// What holds for a campaign now.
    pub async fn standing(&self, campaign: i64) -> Result<Standing, LedgerError> {
        let last = sqlx::query_as(sql::WISH_LAST)
            .bind(campaign)
            .fetch_optional(&*self.reading())
            .await
            .doing("reading what is wanted")?;
        Standing::of(last)
    }
}

impl Batch<'_> {
    /// What holds for a campaign, as the batch sees it.
    pub async fn standing(&mut self, campaign: i64) -> Result<Standing, LedgerError> {
        let last = sqlx::query_as(sql::WISH_LAST)
            .bind(campaign)
            .fetch_optional(self.transaction.now().await?)
            .await
            .doing("reading what is wanted")?;
        Standing::of(last)
    }

    /// Gifts of cancelled campaigns that were not given and are not on their way.
    pub async fn to_withdraw(&mut self, limit: usize) -> Result<Vec<Unsent>, LedgerError> {
        let rows: Vec<(i64, String, i64, i64)> = sqlx::query_as(sql::GIFT_WITHDRAWN)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(self.transaction.now().await?)
            .await
            .doing("looking for what is to be withdrawn")?;
        rows.into_iter()
            .map(|(row, word, attempt, minor)| {
                let state =
                    word.parse().map_err(|error| LedgerError::Corrupt(format!("{error}")))?;
                Ok(Unsent { row, state, attempt, amount: money(minor) })
            })
            .collect()
    }
}
