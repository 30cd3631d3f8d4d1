//! Who did something with a campaign, and by which settings: for the record alone, no decision reads it.

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
