//! A wallet whose list was read: what the list lacks is asked for, its balance is held against it where that counts, and
//! then what earlier audits found there is replaced.
//!
//! **Invariant:** of a wallet whose list is not whole nothing is called matched, and nothing that was found is forgotten.

use std::collections::{HashSet, VecDeque};

use chrono::{DateTime, Utc};

use super::ask::{Ask, Told};
use super::balance::{Check, Held};
use super::question::Question;
use super::sweep::{Job, Sweep};
use crate::domain::GiftState;
use crate::ledger::{AuditedGift, BalanceCounts, Discrepancy, Finding, KeptFinding};
use crate::provider::Credit;

/// A wallet whose list was read, while what the list lacks is asked for.
#[derive(Debug)]
pub(super) struct Audited {
    pub(super) job: Job,
    pub(super) found: Vec<AuditedGift>,
    /// What the list lacks, one after the other.
    pub(super) asks: VecDeque<Ask>,
    /// Gifts that were there against all expectation, and are there no more.
    pub(super) gone: Vec<i64>,
    /// What is to be held against the wallet's balance.
    pub(super) check: Option<Check>,
    /// Why the list is known not to be whole.
    pub(super) not_whole: Option<String>,
}

impl Audited {
    /// A further finding. A gift has one: that a matched one is there too often is added to it.
    pub(super) fn add(&mut self, further: AuditedGift) {
        let Some(found) = self.found.iter_mut().find(|it| it.row == further.row) else {
            return self.found.push(further);
        };
        match (found.finding, further.finding, &mut found.detail, further.detail) {
            (Finding::Duplicated, Finding::Duplicated, Some(ids), Some(id)) => {
                ids.push(' ');
                ids.push_str(&id);
            }
            (Finding::Matched, _, detail, further_detail) => {
                (found.finding, *detail) = (further.finding, further_detail);
            }
            // What is wrong with the gift itself stands.
            _ => {}
        }
    }
}

impl Sweep<'_> {
    /// Asks for the next gift that a list lacks, then for the balance where that is wanted; else replaces what
    /// earlier audits found in this wallet.
    pub(super) fn go_on(&mut self, mut audited: Audited, now: DateTime<Utc>) {
        if !audited.asks.is_empty() {
            return self.queue.push_first(Question::Gift(audited));
        }
        if let Some(check) = audited.check.take() {
            return self.queue.push_first(Question::Check(check, audited));
        }
        let Audited { job, found, gone, not_whole, .. } = audited;
        if let Some(why) = not_whole {
            return self.leave_unread(&job, Some(why), found);
        }
        let ours = || job.known.iter().filter(|gift| gift.campaign == self.campaign);
        let told: HashSet<i64> = found.iter().map(|it| it.row).collect();
        self.read_rows.extend(ours().map(|gift| gift.row));
        self.unfound.extend(ours().map(|gift| gift.row).filter(|row| !told.contains(row)));
        let issued = ours().filter(|gift| gift.state == GiftState::Issued);
        let expired = issued.filter(|gift| gift.content.expiry.has_passed(now)).count();
        self.counts.expired += expired as u64;
        self.gone.extend(gone);
        self.found.extend(found);
        self.progress.read += 1;
    }

    /// The provider was asked for one gift that its wallet's list lacks.
    pub(super) fn told(&mut self, mut audited: Audited, credits: &[Credit], now: DateTime<Utc>) {
        let ask = audited.asks.pop_front().expect("it was asked for");
        self.saw_uses(std::slice::from_ref(&ask.gift), credits, now);
        match ask.told(credits, now) {
            Told::Found(found) => audited.add(found),
            Told::Gone(row) => audited.gone.push(row),
            Told::Single => {}
            Told::Hidden(found) => {
                self.seen.hide_used = true;
                audited.add(found);
            }
            Told::LeftOut(found) => {
                self.seen.leave_out = true;
                audited.not_whole = Some(format!("its list leaves out {}, which exists", ask.id));
                audited.add(found);
            }
        }
        self.go_on(audited, now);
    }

    /// A wallet's balance was held against its list.
    pub(super) fn held(&mut self, held: Held, mut audited: Audited, now: DateTime<Utc>) {
        let row = audited.job.row;
        let mut unasked = BalanceCounts::default();
        // Where nobody asked for balances, what they show of lists is all that counts.
        let counts = match self.options.balances {
            true => self.counts.balances.get_or_insert_default(),
            false => &mut unasked,
        };
        match held {
            Held::Again(check) => {
                return self.queue.push_first(Question::Check(check, audited));
            }
            Held::Fits => counts.held += 1,
            Held::Unknown => counts.unknown += 1,
            Held::Breaks { words, is_more } => {
                counts.differs += 1;
                if is_more {
                    // Money that the list does not show is a gift that it does not show.
                    audited.not_whole.get_or_insert_with(|| format!("balance {words}"));
                }
                if self.options.balances {
                    let (kind, detail) = (Discrepancy::Balance, Some(words));
                    self.kept.push(KeptFinding { row, kind, detail });
                }
            }
        }
        self.go_on(audited, now);
    }

    /// A wallet's list could not be read.
    pub(super) fn unread_list(&mut self, job: &Job, why: Option<String>) {
        self.unread_wallets += 1;
        self.leave_unread(job, why, Vec::new());
    }

    /// A wallet's list is not whole; what was `found` in it against all expectation is there all the same.
    fn leave_unread(&mut self, job: &Job, why: Option<String>, mut found: Vec<AuditedGift>) {
        self.is_whole = false;
        let told = why.as_deref().unwrap_or("its gift list could not be read");
        tracing::warn!(wallet = %job.wallet, "{told}");
        found.retain(|it| {
            matches!(it.finding, Finding::Differs | Finding::Duplicated | Finding::Unexpected)
        });
        let told: HashSet<i64> = found.iter().map(|it| it.row).collect();
        let ours = job.known.iter().filter(|gift| gift.campaign == self.campaign);
        let unread = ours.filter(|gift| gift.state == GiftState::Issued || gift.was_refused());
        let unread = unread.filter(|gift| !told.contains(&gift.row));
        self.found.extend(unread.map(|gift| AuditedGift {
            row: gift.row,
            finding: Finding::Unread,
            detail: why.clone(),
        }));
        self.found.extend(found);
        self.progress.read += 1;
    }
}
