//! Entries of a list that are gifts of ours in other wallets: a provider that merged two wallets shows both in each.
//!
//! They are looked up only where an entry that its wallet does not know is taken for something: a list costs the
//! ledger nothing otherwise.
//!
//! **Invariant:** what another wallet has is neither given here once more, nor one too many.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::sweep::{Job, Sweep};
use crate::domain::GiftId;
use crate::ledger::LedgerError;
use crate::provider::Credit;
use crate::settle::Look;

/// A list whose entries are to be looked up, and when it was heard.
#[derive(Debug)]
pub(super) struct Unplaced {
    pub(super) job: Job,
    pub(super) look: Look,
    pub(super) heard_at: DateTime<Utc>,
}

impl Job {
    /// Entries of a list that are no gifts of this wallet, as far as we know.
    fn strangers(&self, credits: &[Credit]) -> Vec<GiftId> {
        let ours: HashSet<GiftId> = self.known.iter().filter_map(|gift| gift.gift_id).collect();
        credits.iter().map(|credit| credit.id).filter(|id| !ours.contains(id)).collect()
    }

    pub(super) fn has_strangers(&self, credits: &[Credit]) -> bool {
        !self.strangers(credits).is_empty()
    }
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
            let strangers = job.strangers(&look.credits);
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
