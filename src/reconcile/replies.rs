//! What the sweep makes of what comes back: each list is audited, and what it lacks is asked for.

use std::collections::{HashMap, HashSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::ask::{Ask, Told};
use super::audit::{Since, audit};
use super::balance::{Check, Held};
use super::placed::Unplaced;
use super::question::{Heard, Question};
use super::sweep::{Audited, Job, Sweep};
use super::used::uses;
use crate::domain::{Event, GiftState, WalletId};
use crate::drive::Times;
use crate::ledger::{
    AuditedGift, BalanceCounts, Discrepancy, Finding, KeptFinding, KnownGift, Outcome,
};
use crate::provider::{Credit, ListReading};
use crate::settle::{AbsenceProof, GiftBalance, Look, recall};

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
                self.unread_list(&job, None, Vec::new());
            }
            Question::Gift(mut audited) => {
                audited.found.extend(audited.asks.pop_front().map(|ask| ask.untold()));
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
            return self.unread_list(&job, Some(why), Vec::new());
        }
        match reading.into_credits() {
            Some(credits) => {
                let look = Look::new(times.sent_at, times.as_of, credits);
                self.read(job, look, false, times.ended_at);
            }
            None => self.unread_list(&job, None, Vec::new()),
        }
    }

    /// A wallet's balance was held against its list.
    fn held(&mut self, held: Held, mut audited: Audited, now: DateTime<Utc>) {
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
                    audited.not_whole.get_or_insert_with(|| format!("its gifts hold {words}"));
                }
                if self.options.balances {
                    let (kind, detail) = (Discrepancy::Balance, Some(words));
                    self.kept.push(KeptFinding { row, kind, detail });
                }
            }
        }
        self.go_on(audited, now);
    }

    fn saw_uses(&mut self, known: &[KnownGift], credits: &[Credit], now: DateTime<Utc>) {
        let seen = uses(self.campaign, known, credits, now);
        self.counts.used += seen.iter().filter(|gift| gift.is_used).count() as u64;
        self.uses.extend(seen);
    }

    /// A list was read; `is_placed`: its entries that are gifts of ours in other wallets are known.
    pub(super) fn read(&mut self, mut job: Job, look: Look, is_placed: bool, now: DateTime<Utc>) {
        if job.has_no_list && look.gift_balance == GiftBalance::Unknown {
            return self.queue.push_first(Question::Weigh(job, look));
        }
        // "No such list" may pass: it is an empty one only where the balance says so, or where this wallet is not
        // known at all and nothing was ever seen in it.
        let is_strange = job.has_no_list && look.gift_balance == GiftBalance::Untold;
        let has_none =
            |balance: GiftBalance| matches!(balance, GiftBalance::Told(sum) if sum.is_zero());
        if job.has_no_list
            && !has_none(look.gift_balance)
            && !(is_strange && self.is_untouched(&job))
        {
            let why = "the provider has no list of it, and no balance says that it is empty";
            return self.unread_list(&job, Some(why.to_owned()), Vec::new());
        }
        self.skew.saw_known(&job.known, &look.credits);
        self.seen.show_used |= look.credits.iter().any(|credit| credit.is_used);
        if self.forgot_since.is_some() && !is_placed && job.has_strangers(&look.credits) {
            return self.unplaced.push(Unplaced { job, look, heard_at: now });
        }
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
        let found = audit(self.campaign, &job.known, &look.credits, &look.elsewhere, since);
        let is_more =
            |it: &AuditedGift| matches!(it.finding, Finding::Duplicated | Finding::Unexpected);
        if !is_placed && found.iter().any(is_more) && job.has_strangers(&look.credits) {
            return self.unplaced.push(Unplaced { job, look, heard_at: now });
        }
        let of: HashMap<i64, Finding> = found.iter().map(|it| (it.row, it.finding)).collect();
        let until = self.look_until(&job.known, &of).filter(|_| !is_strange);
        match until {
            Some(until) if look.sent_at < until => return self.look_again(job, until, now),
            Some(until) if look.as_of < until => {
                let age = (look.sent_at - look.as_of).num_seconds();
                let why = format!("its list is {age} s old: it comes from a cache");
                return self.unread_list(&job, Some(why), found);
            }
            _ => {}
        }
        let credits = &look.credits;
        let has_unsent = job.known.iter().any(|gift| gift.state.is_sendable());
        let lacks_any = found.iter().any(|it| it.finding == Finding::Missing);
        if self.forgot_since.is_some() && has_unsent && lacks_any {
            self.stays_forgotten(job.wallet, "its list lacks gifts that it had");
        }
        let wants_balance = self.options.balances || self.must_be_whole(&job, &of);
        let check = wants_balance.then(|| Check::of(job.wallet, credits, now));
        let ask = |gift: &KnownGift| match of.get(&gift.row) {
            Some(Finding::Missing) => Ask::of(gift),
            Some(_) => None,
            // Who was found against all expectation, and is not shown any more, may have been used.
            None => Some(Ask::marked(gift, self.suspects.get(&gift.row)?.found_as?)),
        };
        let asks: VecDeque<Ask> = job.known.iter().filter_map(ask).collect();
        self.saw_uses(&job.known, credits, now);
        self.seen.show_gifts |= found.iter().any(|it| it.finding == Finding::Matched);
        let found = found.into_iter().filter(|it| it.finding != Finding::Missing).collect();
        self.go_on(Audited { job, found, asks, gone: Vec::new(), check, not_whole: None }, now);
    }

    /// Whether nothing of ours was ever seen in a wallet.
    fn is_untouched(&self, job: &Job) -> bool {
        let was_seen = |gift: &KnownGift| {
            let found_as = self.suspects.get(&gift.row).and_then(|suspect| suspect.found_as);
            gift.gift_id.or(found_as).is_some()
        };
        !job.known.iter().any(was_seen)
    }

    /// Whether a list is worth something only where the balance agrees: where it says that what was refused is not
    /// there, or where lists of this provider were seen to leave out what exists.
    fn must_be_whole(&self, job: &Job, of: &HashMap<i64, Finding>) -> bool {
        let is_refused = |gift: &KnownGift| {
            gift.campaign == self.campaign && was_refused(gift) && !of.contains_key(&gift.row)
        };
        self.lists.leave_out || self.seen.leave_out || job.known.iter().any(is_refused)
    }

    /// Until when a list may still lack what was made: gifts that were issued a short while ago, and those that were
    /// refused, since a provider may make one and refuse then.
    fn look_until(&self, known: &[KnownGift], of: &HashMap<i64, Finding>) -> Option<DateTime<Utc>> {
        let lacking = known.iter().filter_map(|gift| match of.get(&gift.row) {
            Some(Finding::Missing) => gift.issued_at,
            Some(_) => None,
            None => self.suspects.get(&gift.row)?.refused_at,
        });
        // What happened before this reconcile began is no younger, whatever the clock was set to.
        let last = lacking.map(|at| at.min(self.began_at)).max()?;
        Some(last + self.options.window)
    }

    /// Asks for the next gift that a list lacks, then for the balance where that is wanted; else replaces what
    /// earlier audits found in this wallet.
    fn go_on(&mut self, mut audited: Audited, now: DateTime<Utc>) {
        if !audited.asks.is_empty() {
            return self.queue.push_first(Question::Gift(audited));
        }
        if let Some(check) = audited.check.take() {
            return self.queue.push_first(Question::Check(check, audited));
        }
        let Audited { job, found, gone, not_whole, .. } = audited;
        if let Some(why) = not_whole {
            return self.unread_list(&job, Some(why), found);
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
    fn told(&mut self, mut audited: Audited, credits: &[Credit], now: DateTime<Utc>) {
        let ask = audited.asks.pop_front().expect("it was asked for");
        self.saw_uses(std::slice::from_ref(&ask.gift), credits, now);
        match ask.told(credits, now) {
            Told::Found(found) => audited.found.push(found),
            Told::Gone(row) => audited.gone.push(row),
            Told::Hidden(found) => {
                self.seen.hide_used = true;
                audited.found.push(found);
            }
            Told::LeftOut(found) => {
                self.seen.leave_out = true;
                audited.not_whole = Some(format!("its list leaves out {}, which exists", ask.id));
                audited.found.push(found);
            }
        }
        self.go_on(audited, now);
    }

    /// Something was missing: again at growing gaps, and once more when every list must show it.
    fn look_again(&mut self, mut job: Job, until: DateTime<Utc>, now: DateTime<Utc>) {
        job.looks += 1;
        let gap = TimeDelta::milliseconds(500) * (1 << job.looks.min(7));
        self.queue.push_at((now + gap).min(until), Question::List(job));
    }

    /// A wallet's list could not be read, or is not whole; what was `found` against all expectation is there all the
    /// same.
    fn unread_list(&mut self, job: &Job, why: Option<String>, mut found: Vec<AuditedGift>) {
        self.is_whole = false;
        self.unread_wallets += 1;
        let told = why.as_deref().unwrap_or("its gift list could not be read");
        tracing::warn!(wallet = %job.wallet, "{told}");
        found.retain(|it| {
            matches!(it.finding, Finding::Differs | Finding::Duplicated | Finding::Unexpected)
        });
        let told: HashSet<i64> = found.iter().map(|it| it.row).collect();
        let ours = job.known.iter().filter(|gift| gift.campaign == self.campaign);
        let unread = ours.filter(|gift| gift.state == GiftState::Issued || was_refused(gift));
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

/// Whether it was sent, and refused: a provider may have made it all the same.
fn was_refused(gift: &KnownGift) -> bool {
    gift.state == GiftState::Refused && gift.first_sent_at.is_some()
}
