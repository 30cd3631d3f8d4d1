//! Who did something with a campaign, and by which settings: for the record alone, no decision reads it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::error::Doing;
use super::{Batch, LedgerError, Load, sql};

/// Who started a run, a reconcile or a load, and what it went by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunNote {
    /// The operating system's name of the user, where it says.
    pub user: Option<String>,
    /// The settings as JSON; never a secret.
    pub settings_json: Option<String>,
}

impl Batch<'_> {
    /// Writes down who began a run.
    pub async fn note_run(&mut self, run: Uuid, note: &RunNote) -> Result<(), LedgerError> {
        sqlx::query(sql::RUN_NOTE)
            .bind(run)
            .bind(&note.user)
            .bind(&note.settings_json)
            .execute(self.transaction.now().await?)
            .await
            .map(drop)
            .doing("beginning a run")
    }

    /// Writes down that a reconcile of a campaign begins; what an earlier one saw of the use of its
    /// gifts no longer counts. Comes back with its number.
    pub async fn begin_reconciliation(
        &mut self,
        campaign: i64,
        command: &str,
        note: &RunNote,
        now: DateTime<Utc>,
    ) -> Result<i64, LedgerError> {
        let doing = "beginning a reconcile";
        sqlx::query(sql::USE_CLEAR)
            .bind(campaign)
            .execute(self.transaction.now().await?)
            .await
            .doing(doing)?;
        sqlx::query_scalar(sql::RECONCILIATION_INSERT)
            .bind(campaign)
            .bind(command)
            .bind(i64::from(std::process::id()))
            .bind(now.timestamp_millis())
            .bind(&note.user)
            .bind(&note.settings_json)
            .fetch_one(self.transaction.now().await?)
            .await
            .doing(doing)
    }

    /// Writes down how a reconcile ended.
    pub async fn end_reconciliation(
        &mut self,
        number: i64,
        outcome: &str,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        sqlx::query(sql::RECONCILIATION_END)
            .bind(number)
            .bind(now.timestamp_millis())
            .bind(outcome)
            .execute(self.transaction.now().await?)
            .await
            .map(drop)
            .doing("ending a reconcile")
    }
}

impl Load<'_> {
    /// Writes down who loads; after [`Load::finish`].
    pub async fn note(&mut self, note: &RunNote) -> Result<(), LedgerError> {
        let (connection, campaign, number) = self.inside();
        sqlx::query(sql::LOAD_NOTE)
            .bind(campaign)
            .bind(number)
            .bind(&note.user)
            .execute(connection)
            .await
            .map(drop)
            .doing("closing a load")
    }
}
