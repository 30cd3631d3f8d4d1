//! Entries of a list that are gifts of ours in other wallets: a provider that merged two wallets shows both in each.
//!
//! They are looked up only where an entry that its wallet does not know is taken for something: a list costs the
//! ledger nothing otherwise.
//!
//! **Invariant:** what another wallet has is neither given here once more, nor one too many.

use chrono::{DateTime, Utc};

use super::sweep::{Job, Sweep};
use crate::domain::GiftId;
use crate::ledger::LedgerError;
use crate::settle::Look;

/// A list whose entries are to be looked up, and when it was heard.
#[derive(Debug)]
pub(super) struct Unplaced {
    pub(super) job: Job,
    pub(super) look: Look,
    pub(super) heard_at: DateTime<Utc>,
}

impl Sweep<'_> {
    /// Looks up whose entries are, and reads their lists on. While a group is under way nothing is looked up: no two calls
    /// of the ledger race.
    pub(super) async fn place(&mut self) -> Result<(), LedgerError> {
        let Some(writer) = self.writer.as_mut().filter(|_| !self.unplaced.is_empty()) else {
            return Ok(());
        };
        let mut placed = std::mem::take(&mut self.unplaced);
        let mut batch = writer.begin().await?;
        for Unplaced { job, look, .. } in &mut placed {
            let strangers: Vec<GiftId> = look.strangers(&job.known).collect();
            look.elsewhere = batch.claimed_ids(strangers.iter().copied()).await?;
            // What was just taken back may not be written yet.
            look.elsewhere.extend(strangers.into_iter().filter(|id| self.taken.contains(id)));
        }
        batch.rollback().await?;
        for Unplaced { job, look, heard_at } in placed {
            self.read(job, look, true, heard_at);
        }
        Ok(())
    }
}
