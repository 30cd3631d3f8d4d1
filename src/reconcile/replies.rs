//! What the sweep makes of what comes back: each list is audited, and what it lacks is asked for.

use std::collections::{HashMap, HashSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::ask::Ask;
use super::audit::{Since, audit};
use super::audited::Audited;
use super::balance::{Check, Held};
use super::placed::Unplaced;
use super::question::{Heard, Question};
use super::sweep::{Job, Sweep};
use super::used::uses;
use crate::domain::{GiftId, GiftState};
use crate::drive::Times;
use crate::ledger::{AuditedGift, Finding, KnownGift};
use crate::provider::{Credit, ListReading};
use crate::settle::{GiftBalance, Look};

impl Sweep<'_> {
    /// A question has its answer.
    pub(super) fn told_of(&mut self, question: Question, heard: Heard, times: Times) {
        let now = times.ended_at;
        match (question, heard) {
            (Question::Check(check, audited), Heard::Balances(reading)) => {
                let hides_used = self.lists.hide_used || self.seen.hide_used;
                self.held(check.balanced(&reading, hides_used), audited, now);
            }
            (Question::Weigh(job, mut look), Heard::Balances(reading)) => {
                look.weigh(&reading, times.as_of);
                if look.gift_balance == GiftBalance::Unknown {
                    look.gift_balance = GiftBalance::Untold;
                }
                self.read(job, look, false, now);
            }
            (Question::List(job), Heard::List(reading)) => self.listed(job, reading, times),
            (question, Heard::List(reading)) => match (question, reading.into_credits()) {
                (Question::Gift(audited), Some(credits)) => self.told(audited, &credits, now),
                (Question::Check(check, audited), Some(credits)) => {
                    self.held(check.listed(&credits, now), audited, now);
                }
                (Question::Weigh(..) | Question::List(_), Some(_)) => {
                    unreachable!("these are answered otherwise")
                }
                (question, None) => self.untold(question),
            },
            (Question::List(_) | Question::Gift(_), Heard::Balances(_)) => {
                unreachable!("balances answer who asked for them")
            }
        }
    }

    /// Nobody could tell.
    pub(super) fn untold(&mut self, question: Question) {
        match question {
            Question::List(job) | Question::Weigh(job, _) => {
                self.unread_list(&job, None);
            }
            Question::Gift(mut audited) => {
                let ask = audited.asks.pop_front().expect("it was asked for");
                audited.add(ask.untold());
                self.go_on(audited, self.options.rules.clock.now());
            }
            Question::Check(_, audited) => {
                self.held(Held::Unknown, audited, self.options.rules.clock.now());
            }
        }
    }

    fn listed(&mut self, mut job: Job, reading: ListReading, times: Times) {
        job.has_no_list = reading == ListReading::NoList;
        if let ListReading::Partial { unreadable, .. } = &reading {
            let why = format!("entries of its list cannot be read: {}", unreadable.join("; "));
            return self.unread_list(&job, Some(why));
        }
        match reading.into_credits() {
            Some(credits) => {
                let look = Look::new(times.sent_at, times.as_of, credits);
                self.read(job, look, false, times.ended_at);
            }
            None => self.unread_list(&job, None),
        }
    }

    pub(super) fn saw_uses(&mut self, known: &[KnownGift], credits: &[Credit], now: DateTime<Utc>) {
        let seen = uses(self.campaign, known, credits, now);
        self.counts.used += seen.iter().filter(|gift| gift.is_used).count() as u64;
        self.uses.extend(seen);
    }

    /// A list was read; `is_placed`: its entries that are gifts of ours in other wallets are known.
    pub(super) fn read(&mut self, job: Job, look: Look, is_placed: bool, now: DateTime<Utc>) {
        if job.has_no_list && look.gift_balance == GiftBalance::Unknown {
            return self.queue.push_first(Question::Weigh(job, look));
        }
        // A wallet that the provider does not know at all.
        let is_strange = job.has_no_list && look.gift_balance == GiftBalance::Untold;
        let is_empty = match look.gift_balance {
            GiftBalance::Told(balance) => balance.is_zero(),
            _ => is_strange && self.is_untouched(&job),
        };
        if job.has_no_list && !is_empty {
            // "No such list" may pass.
            let until = self.began_at + self.options.window;
            if look.sent_at < until {
                return self.look_again(job, until, now);
            }
            let why = "the provider has no list of it, and no balance says that it is empty";
            return self.unread_list(&job, Some(why.to_owned()));
        }
        self.skew.saw_known(&job.known, &look.credits);
        self.seen.show_used |= look.credits.iter().any(|credit| credit.is_used);
        if self.forgot_since.is_some() && !is_placed && look.strangers(&job.known).next().is_some()
        {
            return self.unplaced.push(Unplaced { job, look, heard_at: now });
        }
        let (mut job, look) = match self.forgot_since {
            None => (job, look),
            Some(since) => match self.remember(job, look, since, now) {
                None => return,
                Some(read) => read,
            },
        };
        let since = Since { first_attempt: self.first_attempt.map(|at| self.skew.baseline(at)) };
        let found = audit(self.campaign, &job.known, &look.credits, &look.elsewhere, since);
        let is_more =
            |it: &AuditedGift| matches!(it.finding, Finding::Duplicated | Finding::Unexpected);
        if !is_placed && found.iter().any(is_more) && look.strangers(&job.known).next().is_some() {
            return self.unplaced.push(Unplaced { job, look, heard_at: now });
        }
        let of: HashMap<i64, Finding> = found.iter().map(|it| (it.row, it.finding)).collect();
        let must_be_whole = self.must_be_whole(&job, &of);
        match self.look_until(&job.known, &of, must_be_whole).filter(|_| !is_strange) {
            Some(until) if look.sent_at < until => return self.look_again(job, until, now),
            Some(until) if look.as_of < until => {
                let age = (look.sent_at - look.as_of).num_seconds();
                let why = format!("its list is {age} s old: it comes from a cache");
                return self.unread_list(&job, Some(why));
            }
            _ => {}
        }
        let credits = &look.credits;
        if self.forgot_since.is_some() && found.iter().any(|it| it.finding == Finding::Missing) {
            let why = "its wallet's list lacks gifts that it had";
            let sought = self.sought(&job).into_iter().map(|place| (place, why.to_owned()));
            self.hold(&mut job, sought.collect(), now);
        }
        let wants_balance = self.options.balances || must_be_whole;
        let check = wants_balance.then(|| Check::of(job.wallet, credits, now));
        let asks = self.asks(&job, credits, &of);
        self.saw_uses(&job.known, credits, now);
        self.seen.show_gifts |= found.iter().any(|it| it.finding == Finding::Matched);
        let found = found.into_iter().filter(|it| it.finding != Finding::Missing).collect();
        self.go_on(Audited { job, found, asks, gone: Vec::new(), check, not_whole: None }, now);
    }

    /// Whether nothing of ours was ever seen in a wallet.
    fn is_untouched(&self, job: &Job) -> bool {
        let was_seen = |gift: &KnownGift| {
            let suspect = self.suspects.get(&gift.row);
            gift.gift_id.is_some() || suspect.is_some_and(|suspect| !suspect.found_as.is_empty())
        };
        !job.known.iter().any(was_seen)
    }

    /// What a list lacks: gifts that were given, and what an audit found there that should not be, or not so often. It may
    /// have been used, and lists may leave out what was.
    fn asks(&self, job: &Job, credits: &[Credit], of: &HashMap<i64, Finding>) -> VecDeque<Ask> {
        let shown = credits.iter().map(|credit| credit.id);
        let seen: HashSet<GiftId> =
            shown.chain(job.known.iter().filter_map(|gift| gift.gift_id)).collect();
        let mut asks = VecDeque::new();
        for gift in &job.known {
            let found = of.get(&gift.row);
            asks.extend(found.filter(|it| **it == Finding::Missing).and_then(|_| Ask::of(gift)));
            if let Some(suspect) = self.suspects.get(&gift.row)
                && (found.is_none() || gift.state == GiftState::Issued)
            {
                let lacking = suspect.found_as.iter().filter(|id| !seen.contains(id));
                asks.extend(lacking.map(|id| Ask::marked(gift, *id)));
            }
        }
        asks
    }

    /// Whether a list is worth something only where the balance agrees: where it says that what was refused is not
    /// there, or where lists of this provider were seen to leave out what exists.
    fn must_be_whole(&self, job: &Job, of: &HashMap<i64, Finding>) -> bool {
        let is_refused = |gift: &KnownGift| {
            gift.campaign == self.campaign && gift.was_refused() && !of.contains_key(&gift.row)
        };
        self.lists.leave_out || self.seen.leave_out || job.known.iter().any(is_refused)
    }

    /// Until when a list may still lack what was made: gifts that were issued a short while ago, and those that were
    /// refused, since a provider may make one and refuse then; or may show what was taken back. A balance
    /// lags as well: where it is to be held against the list, both have to show all that was issued.
    fn look_until(
        &self,
        known: &[KnownGift],
        of: &HashMap<i64, Finding>,
        must_be_whole: bool,
    ) -> Option<DateTime<Utc>> {
        let lacking = known.iter().filter_map(|gift| {
            match (of.get(&gift.row), gift.state == GiftState::Revoked) {
                (Some(Finding::Missing), _) => gift.issued_at,
                (Some(Finding::Matched), _) if must_be_whole => gift.issued_at,
                (None, false) | (Some(_), true) => self.suspects.get(&gift.row)?.over_at,
                (Some(_), false) | (None, true) => None,
            }
        });
        // What happened before this reconcile began is no younger, whatever the clock was set to.
        let last = lacking.map(|at| at.min(self.began_at)).max()?;
        Some(last + self.options.window)
    }

    /// Something was missing: again at growing gaps, and once more when every list must show it.
    pub(super) fn look_again(&mut self, mut job: Job, until: DateTime<Utc>, now: DateTime<Utc>) {
        job.looks += 1;
        let gap = TimeDelta::milliseconds(500) * (1 << job.looks.min(7));
        self.queue.push_at((now + gap).min(until), Question::List(job));
    }
}
