//! The end of a reconcile: the rest is recorded, and what it counted.
//!
//! **Invariant:** of what was not read by then earlier findings stay as they were; where there are none, it is unread, or,
//! where there was no time for it, has none.

use super::Reconciled;
use super::group;
use super::question::Question;
use super::sweep::Sweep;
use crate::crash::{self, Step};
use crate::drive::Ended;
use crate::ledger::{AuditCounts, Finding, LedgerError, Writer};

impl Sweep<'_> {
    /// Records the rest, and how it ended.
    pub(super) async fn finish(
        mut self,
        ended: Option<Ended>,
    ) -> Result<(Writer, Reconciled), LedgerError> {
        if let Some(group) = self.group.take() {
            self.group_ended(group.await)?;
        }
        let rest = self.take_group(None, self.options.rules.clock.now());
        let writer = self.writer.take().expect("no group is under way");
        let (mut writer, recorded) = group::commit(writer, rest).await;
        recorded?;
        let end = ended.map_or(Reconciled::Finished, Reconciled::Early);
        let is_finished = end == Reconciled::Finished;
        let Some(audit) = self.audit else {
            return Ok((writer, end));
        };
        let mut counts = self.final_counts();
        let mut batch = writer.begin().await?;
        if !matches!(end, Reconciled::Early(Ended::Deadline { .. })) {
            let unread = batch.rest_is_unread(self.campaign).await?;
            counts.add(Finding::Unread, unread);
        }
        if is_finished {
            batch.reconcile_ended(self.campaign, self.options.rules.clock.now()).await?;
            if self.is_whole {
                batch.recalled(self.campaign).await?;
            }
        }
        let is_forgetful = is_finished && self.forgot_since.is_some() && !self.is_whole;
        let end = if is_forgetful { Reconciled::Forgetful } else { end };
        let now = self.options.rules.clock.now();
        let reason = end.early().and_then(Ended::reason);
        batch.end_reconciliation(audit.number, end.word(), reason, counts, now).await?;
        crash::before(Step::ReconcileEnding);
        batch.commit().await?;
        crash::after(Step::ReconcileEnding);
        if self.recalled_gifts > 0 {
            tracing::warn!(gifts = self.recalled_gifts, "given, forgotten, and recorded now");
        }
        Ok((writer, end))
    }

    /// What it counted; a wallet whose list could not be read has a balance that nobody can tell.
    fn final_counts(&mut self) -> AuditCounts {
        let wallets = self.progress.read;
        let balances = self.options.balances.then(|| {
            let mut balances = self.counts.balances.unwrap_or_default();
            let unasked = self.queue.drain().filter(|left| matches!(left, Question::Check(..)));
            balances.unknown += self.unread_wallets + unasked.count() as u64;
            balances
        });
        AuditCounts { wallets, balances, ..self.counts }
    }
}
