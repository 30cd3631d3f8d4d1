//! What the sweep makes of what comes back: each list is audited, and what it lacks is asked for.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::ask::{Ask, Told};
use super::audit::{Since, audit};
use super::balance::{Check, Held};
use super::question::{Heard, Question};
use super::sweep::{Job, Sweep};
use super::used::uses;
use crate::domain::{Event, GiftState, WalletId};
use crate::drive::Times;
use crate::ledger::{AuditedGift, Discrepancy, Finding, KeptFinding, KnownGift, Outcome};
use crate::provider::Credit;
use crate::settle::{AbsenceProof, GiftBalance, Look, recall};

impl Sweep<'_> {
    /// A question has its answer.
    pub(super) fn told_of(&mut self, question: Question, heard: Heard, times: Times) {
        let (sent_at, now) = (times.sent_at, times.ended_at);
        match (question, heard) {
            (Question::Check(check), Heard::Balances(reading)) => {
                let (row, hides_used) = (check.row, self.lists.hide_used || self.seen.hide_used);
                self.held(row, check.balanced(&reading, hides_used));
            }
            (Question::Weigh(job, mut look), Heard::Balances(reading)) => {
                look.weigh(&reading, times.as_of);
                if look.gift_balance == GiftBalance::Unknown {
                    look.gift_balance = GiftBalance::Untold;
                }
                self.read(job, look, now);
            }
            (question, Heard::List(reading)) => match (question, reading.into_credits()) {
                (Question::List(job), Some(credits)) => {
                    self.read(job, Look::new(sent_at, times.as_of, credits), now);
                }
                (Question::Gift(ask), Some(credits)) => {
                    self.saw_uses(std::slice::from_ref(&ask.gift), &credits, now);
                    self.told(&ask, &credits, now);
                }
                (Question::Check(check), Some(credits)) => {
                    self.held(check.row, check.listed(&credits, now));
                }
                (Question::Weigh(..), Some(_)) => unreachable!("it asks for no list"),
                (question, None) => self.untold(&question),
            },
            (Question::List(_) | Question::Gift(_), Heard::Balances(_)) => {
                unreachable!("balances answer who asked for them")
            }
        }
    }

    /// Nobody could tell.
    pub(super) fn untold(&mut self, question: &Question) {
        match question {
            Question::List(job) | Question::Weigh(job, _) => self.unread_list(job),
            Question::Gift(ask) => self.found.push(ask.untold()),
            Question::Check(check) => self.held(check.row, Held::Unknown),
        }
    }

    /// A wallet's balance was held against its list.
    fn held(&mut self, row: i64, held: Held) {
        let counts = self.counts.balances.get_or_insert_default();
        match held {
            Held::Again(check) => self.queue.push_first(Question::Check(check)),
            Held::Fits => counts.held += 1,
            Held::Unknown => counts.unknown += 1,
            Held::Breaks(words) => {
                counts.differs += 1;
                let (kind, detail) = (Discrepancy::Balance, Some(words));
                self.kept.push(KeptFinding { row, kind, detail });
            }
        }
    }

    fn saw_uses(&mut self, known: &[KnownGift], credits: &[Credit], now: DateTime<Utc>) {
        let seen = uses(self.campaign, known, credits, now);
        self.counts.used += seen.iter().filter(|gift| gift.is_used).count() as u64;
        self.uses.extend(seen);
    }

    fn read(&mut self, mut job: Job, look: Look, now: DateTime<Utc>) {
        let (credits, sent_at) = (&look.credits, look.sent_at);
        self.skew.saw_known(&job.known, credits);
        self.seen.show_used |= credits.iter().any(|credit| credit.is_used);
        if let Some(since) = self.forgot_since {
            let has_unsent = job.known.iter().any(|gift| gift.state.is_sendable());
            let is_weighed = look.gift_balance != GiftBalance::Unknown;
            let by_balance = self.options.proof == AbsenceProof::Balance;
            if job.looks > 0 && has_unsent && by_balance && !is_weighed {
                // What its list lacks will be sent: only a whole one says that it was not given.
                self.queue.push_first(Question::Weigh(job, look));
                return;
            }
            let unclear = self.recall(&mut job.known, &look, since, now);
            if job.looks == 0 && job.known.iter().any(|gift| gift.state.is_sendable()) {
                // What one list does not show will be sent: a second must agree.
                self.look_again(job, now + self.options.window, now);
                return;
            }
            if let Some(why) = unclear {
                self.stays_forgotten(job.wallet, &why);
            }
        }
        let since = Since { first_attempt: self.first_attempt.map(|at| self.skew.baseline(at)) };
        let found = audit(self.campaign, &job.known, credits, since);
        let is_missing = |it: &&AuditedGift| it.finding == Finding::Missing;
        let missing: HashSet<i64> = found.iter().filter(is_missing).map(|it| it.row).collect();
        let missing: Vec<&KnownGift> =
            job.known.iter().filter(|gift| missing.contains(&gift.row)).collect();
        // What was issued before this reconcile began is no younger, whatever the clock was set to.
        let issued = missing.iter().filter_map(|gift| gift.issued_at);
        let until = issued.map(|at| at.min(self.began_at)).max();
        match until.map(|at| at + self.options.window).filter(|until| sent_at < *until) {
            Some(until) => self.look_again(job, until, now),
            None => {
                let has_unsent = job.known.iter().any(|gift| gift.state.is_sendable());
                if self.forgot_since.is_some() && has_unsent && !missing.is_empty() {
                    self.stays_forgotten(job.wallet, "its list lacks gifts that it had");
                }
                if self.options.balances {
                    let check = Check::of(job.row, job.wallet, credits, now);
                    self.queue.push_first(Question::Check(check));
                }
                for ask in missing.into_iter().filter_map(Ask::of) {
                    self.queue.push_first(Question::Gift(ask));
                }
                self.replace_findings(&job.known, &found);
                self.saw_uses(&job.known, credits, now);
                self.counts.expired += job
                    .known
                    .iter()
                    .filter(|gift| {
                        gift.campaign == self.campaign && gift.state == GiftState::Issued
                    })
                    .filter(|gift| gift.content.expiry.has_passed(now))
                    .count() as u64;
                self.seen.show_gifts |= found.iter().any(|it| it.finding == Finding::Matched);
                self.found.extend(found.into_iter().filter(|it| it.finding != Finding::Missing));
                self.progress.read += 1;
            }
        }
    }

    /// A wallet was read whole: what earlier audits found of its gifts is replaced. Who is marked as being there against
    /// all expectation, and is not shown, may have been used: that is asked for by its id.
    fn replace_findings(&mut self, known: &[KnownGift], found: &[AuditedGift]) {
        let found: HashSet<i64> = found.iter().map(|it| it.row).collect();
        for gift in known.iter().filter(|gift| gift.campaign == self.campaign) {
            self.read_rows.push(gift.row);
            if found.contains(&gift.row) {
                continue;
            }
            self.unfound.push(gift.row);
            if let Some(id) = self.marked.get(&gift.row) {
                self.queue.push_first(Question::Gift(Ask::marked(gift, *id)));
            }
        }
    }

    /// Takes back what a restored ledger has forgotten; says why there may be more of it.
    fn recall(
        &mut self,
        known: &mut [KnownGift],
        look: &Look,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<String> {
        let mut lists = self.lists;
        lists.learn(self.seen);
        let recalled = recall(known, look, since, self.skew, lists, self.options.proof);
        for (place, id) in recalled.found {
            let gift = &mut known[place];
            let event = match gift.state {
                GiftState::InDoubt => Event::FoundIssued { gift: id },
                _ => Event::Recalled { gift: id },
            };
            let (row, state, attempt) = (gift.row, gift.state, gift.attempts);
            self.recalled.push(Outcome::of((row, state, attempt), event, now));
            self.recalled_gifts += 1;
            (gift.state, gift.gift_id, gift.issued_at) = (GiftState::Issued, Some(id), Some(now));
        }
        recalled.unclear
    }

    /// What a wallet was given while the ledger knew nothing cannot be told from its list.
    fn stays_forgotten(&mut self, wallet: WalletId, why: &str) {
        tracing::warn!(%wallet, why, "what was forgotten cannot be told from its list");
        self.is_whole = false;
    }

    /// The provider was asked for one gift that its wallet's list lacks.
    fn told(&mut self, ask: &Ask, credits: &[Credit], now: DateTime<Utc>) {
        match ask.told(credits, now) {
            Told::Found(found) => self.found.push(found),
            Told::Gone(row) => self.gone.push(row),
            Told::Hidden(found) => {
                self.seen.hide_used = true;
                self.found.push(found);
            }
        }
    }

    /// Something was missing: again at growing gaps, and once more when every list must show it.
    fn look_again(&mut self, mut job: Job, until: DateTime<Utc>, now: DateTime<Utc>) {
        job.looks += 1;
        let gap = TimeDelta::milliseconds(500) * (1 << job.looks.min(7));
        self.queue.push_at((now + gap).min(until), Question::List(job));
    }

    fn unread_list(&mut self, job: &Job) {
        self.is_whole = false;
        self.unread_wallets += 1;
        tracing::warn!(wallet = %job.wallet, "its gift list could not be read");
        let ours = job.known.iter().filter(|gift| gift.campaign == self.campaign);
        let given = ours.filter(|gift| gift.gift_id.is_some());
        self.found.extend(given.map(|gift| AuditedGift {
            row: gift.row,
            finding: Finding::Unread,
            detail: None,
        }));
        self.progress.read += 1;
    }
}
