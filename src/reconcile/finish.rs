//! The end of a reconcile: the rest is recorded, and what it counted.
//!
//! **Invariant:** what was not read by then is unread, or, where there was no time for it, has no finding.

use super::Reconciled;
use super::group;
use super::sweep::Sweep;
use crate::crash::{self, Step};
use crate::ledger::{AuditCounts, Finding, LedgerError, Writer};

impl Sweep<'_> {
    /// Records the rest; what was not read by now is unread.
    pub(super) async fn finish(mut self) -> Result<(Writer, Reconciled), LedgerError> {
        if let Some(group) = self.group.take() {
            self.group_ended(group.await)?;
        }
        let rest = self.take_group(None, self.options.clock.now());
        let writer = self.writer.take().expect("no group is under way");
        let (mut writer, recorded) = group::commit(writer, rest).await;
        recorded?;
        let end = self.end.clone().unwrap_or(Reconciled::Finished);
        let is_finished = end == Reconciled::Finished;
        let Some(audit) = self.audit else {
            return Ok((writer, end));
        };
        let mut counts = self.final_counts();
        let mut batch = writer.begin().await?;
        if end != Reconciled::OutOfTime {
            let unread = batch.rest_is_unread(self.campaign).await?;
            counts.add(Finding::Unread, unread);
        }
        if is_finished {
            batch.reconcile_ended(self.campaign, self.options.clock.now()).await?;
            if self.is_whole {
                batch.recalled(self.campaign).await?;
            }
        }
        let is_forgetful = is_finished && self.forgot_since.is_some() && !self.is_whole;
        let end = if is_forgetful { Reconciled::Forgetful } else { end };
        let now = self.options.clock.now();
        batch.end_reconciliation(audit.number, end.word(), counts, now).await?;
        crash::before(Step::ReconcileEnding);
        batch.commit().await?;
        crash::after(Step::ReconcileEnding);
        if self.recalled_gifts > 0 {
            tracing::warn!(gifts = self.recalled_gifts, "given, forgotten, and recorded now");
        }
        Ok((writer, end))
    }

    /// What it counted; a wallet whose list could not be read has a balance that nobody can tell.
    fn final_counts(&self) -> AuditCounts {
        let wallets = self.progress.read;
        let balances = self.options.balances.then(|| {
            let mut balances = self.counts.balances.unwrap_or_default();
            balances.unknown += self.unread_wallets + self.checks.len() as u64;
            balances
        });
        AuditCounts { wallets, balances, ..self.counts }
    }
}
