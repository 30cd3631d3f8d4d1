//! One group: what was found becomes durable, and the next wallets are read from the ledger.
//!
//! It stands apart because it goes on beside the sweep, which asks the provider meanwhile. Both are one task
//! of the one writer, so that no two calls of the ledger race: a sweep can be replayed. And its connection
//! alone keeps what it has read of the file over a commit, a reader does not.
//!
//! **Invariant:** what a group takes from the sweep is committed as a whole, or the reconcile fails.

use chrono::{DateTime, Utc};
use tokio::task::JoinError;

use super::question::Question;
use super::sweep::{Job, Sweep};
use crate::crash::{self, Step};
use crate::ledger::{
    AuditMark, AuditedGift, Discrepancy, Gone, KeptFinding, KnownGift, KnownWallet, LedgerError,
    Lists, Outcome, SeenUse, Writer,
};

/// Wallets that are taken from the ledger at once, and findings that are recorded at once.
const PAGE: usize = 256;

/// A group that was written, and the wallets that were read with it.
pub(super) type Ended = (Writer, Result<Option<Vec<KnownWallet>>, LedgerError>);

/// What is to be written, and read.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) campaign: i64,
    /// What became of gifts that were forgotten: found, or left to a person.
    pub(super) recalled: Vec<Outcome>,
    /// Whether they carry tags, and so the campaign's gifts do.
    pub(super) is_tagged: bool,
    pub(super) found: Vec<AuditedGift>,
    /// What is kept of it and beside it, and of which audit.
    pub(super) kept: Option<(AuditMark, Vec<KeptFinding>)>,
    /// The campaign's gifts of wallets that were read.
    pub(super) read: Vec<i64>,
    /// Of those: nothing was found of them.
    pub(super) unfound: Vec<i64>,
    /// Gifts that were there against all expectation, and are there no more.
    pub(super) gone: Vec<i64>,
    /// What was seen of their use.
    pub(super) uses: Vec<SeenUse>,
    /// What was learned of lists.
    pub(super) seen: Lists,
    pub(super) now: DateTime<Utc>,
    pub(super) next: Option<Next>,
}

/// Which wallets are wanted next.
#[derive(Debug)]
pub(super) enum Next {
    /// Those of the campaign after a row, a page of them.
    After(i64),
    /// Those of some rows.
    Of(Vec<i64>),
}

impl Sweep<'_> {
    /// Writes what was found, where it is much, and keeps wallets at hand; beside the sweep.
    pub(super) fn start_group(&mut self, now: DateTime<Utc>, is_ending: bool) {
        let cursor = self.cursor.filter(|_| !is_ending && self.queue.in_line() < PAGE);
        let most = self.found.len().max(self.recalled.len()).max(self.kept.len());
        if cursor.is_none() && most < PAGE {
            return;
        }
        if let Some(writer) = self.writer.take() {
            let group = self.take_group(cursor, now);
            self.group = Some(tokio::spawn(commit(writer, group)));
        }
    }

    pub(super) fn take_group(&mut self, cursor: Option<i64>, now: DateTime<Utc>) -> Group {
        let (found, mut kept) = (std::mem::take(&mut self.found), std::mem::take(&mut self.kept));
        for AuditedGift { row, finding, detail } in &found {
            self.counts.add(*finding, 1);
            if let Some(kind) = Discrepancy::of(*finding) {
                kept.push(KeptFinding { row: *row, kind, detail: detail.clone() });
            }
        }
        Group {
            campaign: self.campaign,
            recalled: std::mem::take(&mut self.recalled),
            is_tagged: std::mem::take(&mut self.recalls_tags),
            found,
            kept: self.audit.filter(|_| !kept.is_empty()).map(|audit| (audit, kept)),
            read: std::mem::take(&mut self.read_rows),
            unfound: std::mem::take(&mut self.unfound),
            gone: std::mem::take(&mut self.gone),
            uses: std::mem::take(&mut self.uses),
            seen: std::mem::take(&mut self.seen),
            now,
            next: cursor.map(|after| self.next(after)),
        }
    }

    fn next(&mut self, after: i64) -> Next {
        match &mut self.only {
            None => Next::After(after),
            Some(rows) => Next::Of(rows.drain(..rows.len().min(PAGE)).collect()),
        }
    }

    pub(super) fn group_ended(
        &mut self,
        ended: Result<Ended, JoinError>,
    ) -> Result<(), LedgerError> {
        let (writer, page) = ended.expect("a group neither panics nor is cancelled");
        self.writer = Some(writer);
        if let Some(page) = page? {
            self.turn_to(page);
        }
        Ok(())
    }

    /// Takes in the next wallets.
    fn turn_to(&mut self, page: Vec<KnownWallet>) {
        let last = page.last().map(|wallet| wallet.row);
        self.cursor = match &self.only {
            None => last.filter(|_| page.len() == PAGE),
            Some(rows) => last.filter(|_| !rows.is_empty()),
        };
        for KnownWallet { row, wallet, gifts: known } in page {
            let may_be_there = |gift: &KnownGift| {
                let was_sent = gift.first_sent_at.is_some() || gift.gift_id.is_some();
                gift.campaign == self.campaign && (was_sent || self.forgot_since.is_some())
            };
            // Where nothing was ever sent, nothing can be found.
            if known.iter().any(may_be_there) {
                self.queue.push(Question::List(Job {
                    row,
                    wallet,
                    known,
                    looks: 0,
                    has_no_list: false,
                }));
            } else {
                self.progress.read += 1;
            }
        }
    }
}

/// Writes and reads a group. The writer always comes back.
pub(super) async fn commit(
    mut writer: Writer,
    group: Group,
) -> (Writer, Result<Option<Vec<KnownWallet>>, LedgerError>) {
    let page = write(&mut writer, group).await;
    (writer, page)
}

async fn write(writer: &mut Writer, group: Group) -> Result<Option<Vec<KnownWallet>>, LedgerError> {
    let Group {
        campaign,
        recalled,
        is_tagged,
        found,
        kept,
        read,
        unfound,
        gone,
        uses,
        seen,
        now,
        next,
    } = group;
    let is_empty = recalled.is_empty() && found.is_empty() && kept.is_none() && read.is_empty();
    let is_empty = is_empty && gone.is_empty() && seen == Lists::default();
    let mut batch = writer.begin().await?;
    if is_tagged {
        batch.tag(campaign).await?;
    }
    batch.record_with_next(None, &recalled)?;
    batch.clear_findings(&unfound, Gone::Perhaps);
    batch.clear_findings(&gone, Gone::Proved);
    batch.record_findings(&found);
    if let Some((audit, kept)) = &kept {
        batch.keep_findings(campaign, *audit, kept);
    }
    batch.clear_uses(&read);
    batch.record_uses(campaign, &uses);
    let page = match next {
        Some(Next::After(row)) => Some(batch.wallet_page(campaign, row, PAGE).await?),
        Some(Next::Of(rows)) => Some(batch.wallets_of(&rows).await?),
        None => None,
    };
    if seen != Lists::default() {
        batch.learn(seen, now).await?;
    }
    if is_empty {
        batch.rollback().await?;
        return Ok(page);
    }
    crash::before(Step::Findings);
    batch.commit().await?;
    crash::after(Step::Findings);
    Ok(page)
}
