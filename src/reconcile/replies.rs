//! What the sweep makes of what comes back: each list is audited, and what it lacks is asked for.

use chrono::{DateTime, Utc};

use super::Reconciled;
use super::ask::{Ask, Told};
use super::audit::{Since, audit};
use super::balance::{Check, Held};
use super::question::{Heard, Question, Reply};
use super::sweep::{Job, Sweep};
use super::used::uses;
use crate::domain::{Event, GiftState, WalletId};
use crate::ledger::{AuditedGift, Discrepancy, Finding, KeptFinding, KnownGift, Outcome};
use crate::pace::Health;
use crate::provider::{Credit, ListReading, Obstacle};
use crate::settle::{AbsenceProof, Look, recall};

impl Sweep<'_> {
    /// A request has ended.
    pub(super) fn replied(&mut self, reply: Reply) {
        let Reply { question, heard, sent_at, ended_at, skew_ms } = reply;
        let (health, obstacle) = match &heard {
            Heard::List(reading) => (Health::of_reading(reading), reading.obstacle()),
            Heard::Balances(reading) => (Health::of_answer(reading), reading.obstacle()),
        };
        self.pace.ended(health, sent_at, ended_at);
        self.skew.saw_ms(skew_ms);
        if let Some(Obstacle::CredentialsRejected { why }) = obstacle {
            self.end.get_or_insert(Reconciled::CredentialsRejected { why: why.clone() });
        }
        match (question, heard) {
            (Question::List(job), Heard::List(reading)) => {
                self.listed(job, reading, sent_at, ended_at);
            }
            (Question::Gift(ask), Heard::List(reading)) => {
                if let ListReading::Whole(credits) = &reading {
                    let known = std::slice::from_ref(&ask.gift);
                    self.saw_uses(known, credits, ended_at);
                }
                self.told(ask, &reading, ended_at);
            }
            (Question::Check(check), Heard::List(reading)) => {
                let row = check.row;
                self.held(row, check.listed(&reading, ended_at));
            }
            (Question::Check(check), Heard::Balances(reading)) => {
                let (row, hides_used) = (check.row, self.lists.hide_used || self.seen.hide_used);
                self.held(row, check.balanced(&reading, hides_used));
            }
            (Question::List(_) | Question::Gift(_), Heard::Balances(_)) => {
                unreachable!("balances answer a check alone")
            }
        }
    }

    /// A wallet's balance was held against its list.
    fn held(&mut self, row: i64, held: Held) {
        let counts = self.counts.balances.get_or_insert_default();
        match held {
            Held::Again(check) => self.checks.push_back(check),
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

    fn listed(
        &mut self,
        job: Job,
        reading: ListReading,
        sent_at: DateTime<Utc>,
        ended_at: DateTime<Utc>,
    ) {
        match reading {
            ListReading::Whole(credits) => self.read(job, &credits, sent_at, ended_at),
            ListReading::NoList => self.read(job, &[], sent_at, ended_at),
            ListReading::Obstructed(Obstacle::CredentialsRejected { .. }) => self.unread(&job),
            // The server said when to come back: that is no failure of the wallet's.
            ListReading::Obstructed(Obstacle::Throttled { .. }) => self.page.push_front(job),
            ListReading::Partial { .. }
            | ListReading::Obstructed(_)
            | ListReading::Unreadable { .. } => {
                if let Some(job) = self.queue.failed(job, ended_at) {
                    self.unread(&job);
                }
            }
        }
    }

    fn read(
        &mut self,
        mut job: Job,
        credits: &[Credit],
        sent_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) {
        self.skew.saw_known(&job.known, credits);
        self.seen.show_used |= credits.iter().any(|credit| credit.is_used);
        if let Some(since) = self.forgot_since {
            let unclear = self.recall(&mut job.known, credits, since, now);
            if job.looks == 0 && job.known.iter().any(|gift| gift.state.is_sendable()) {
                // What one list does not show will be sent: a second must agree.
                self.queue.missing(job, now + self.options.window, now);
                return;
            }
            if let Some(why) = unclear {
                self.stays_forgotten(job.wallet, &why);
            }
        }
        let since = Since { first_attempt: self.first_attempt.map(|at| self.skew.baseline(at)) };
        let found = audit(self.campaign, &job.known, credits, since);
        let missing: Vec<&KnownGift> = job
            .known
            .iter()
            .filter(|gift| {
                found.iter().any(|it| it.row == gift.row && it.finding == Finding::Missing)
            })
            .collect();
        // What was issued before this reconcile began is no younger, whatever the clock was set to.
        let issued = missing.iter().filter_map(|gift| gift.issued_at);
        let until = issued.map(|at| at.min(self.began_at)).max();
        match until.map(|at| at + self.options.window).filter(|until| sent_at < *until) {
            Some(until) => self.queue.missing(job, until, now),
            None => {
                let has_unsent = job.known.iter().any(|gift| gift.state.is_sendable());
                if self.forgot_since.is_some() && has_unsent && !missing.is_empty() {
                    self.stays_forgotten(job.wallet, "its list lacks gifts that it had");
                }
                self.asks.extend(missing.into_iter().filter_map(Ask::of));
                self.saw_uses(&job.known, credits, now);
                self.counts.expired += job
                    .known
                    .iter()
                    .filter(|gift| {
                        gift.campaign == self.campaign && gift.state == GiftState::Issued
                    })
                    .filter(|gift| gift.content.expiry.has_passed(now))
                    .count() as u64;
                if self.options.balances {
                    self.checks.push_back(Check::of(job.row, job.wallet, credits, now));
                }
                self.seen.show_gifts |= found.iter().any(|it| it.finding == Finding::Matched);
                self.found.extend(found.into_iter().filter(|it| it.finding != Finding::Missing));
                self.progress.read += 1;
            }
        }
    }

    /// Takes back what a restored ledger has forgotten; says why there may be more of it.
    fn recall(
        &mut self,
        known: &mut [KnownGift],
        credits: &[Credit],
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<String> {
        let mut lists = self.lists;
        lists.learn(self.seen);
        let look = Look::new(now, now, credits.to_vec());
        let recalled = recall(known, &look, since, self.skew, lists, AbsenceProof::Lists);
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
    fn told(&mut self, ask: Ask, reading: &ListReading, now: DateTime<Utc>) {
        match ask.told(reading, now) {
            Told::Again(ask) => self.asks.push_back(ask),
            Told::Found(found) => self.found.push(found),
            Told::Hidden(found) => {
                self.seen.hide_used = true;
                self.found.push(found);
            }
        }
    }

    fn unread(&mut self, job: &Job) {
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
