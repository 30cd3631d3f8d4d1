//! Which request goes next, and which wallets must wait.
//!
//! **Invariant:** while the server does not answer, one request at a time knocks: reads first, since a
//! gift that is used to knock may become a doubt; a gift in turn, since reads alone may be broken.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::dispatcher::Dispatcher;
use super::request::{self, Purpose, Request};
use super::supply::Supply;
use crate::domain::{Gift, WalletId};
use crate::pace::Permit;

/// How many gifts of each wallet are in flight.
#[derive(Debug, Default)]
pub(super) struct Busy(HashMap<WalletId, u32>);

/// The search for a first list that shows a gift which we know to exist: it proves that lists show
/// what exists, and compares the clocks where answers carry no `Date`.
#[derive(Debug, Default)]
pub(super) struct Sighting {
    wallet: Option<WalletId>,
    /// Its gift carries a tag.
    is_tagged: bool,
    next_at: Option<DateTime<Utc>>,
    tries: u32,
    is_under_way: bool,
}

/// An outage that is waited out even where only doubts are left.
const SHORT_OUTAGE: TimeDelta = TimeDelta::seconds(30);

/// A commit takes no longer, as a rule: an intent that is claimed so long before its turn is durable then.
const COMMIT: TimeDelta = TimeDelta::milliseconds(50);

/// So many wallets are knocked at in turn.
const KNOCKS: usize = 4;

/// A gift of ours that no list shows after so many tries is not looked for any more in this run.
const SIGHTINGS: u32 = 8;

impl Dispatcher<'_> {
    /// Starts requests for as long as there is something to ask and a turn to ask it.
    pub(super) fn start_requests(&mut self, now: DateTime<Utc>) {
        self.give_back_late(now);
        while self.stop.is_none() && self.has_request(now) {
            match self.pace.permit(now) {
                Permit::Now => {
                    let request = self.next_request(now);
                    self.sent_since_commit += 1;
                    self.sent_at = Some(now);
                    let (client, clock) = (self.tools.client.clone(), self.tools.clock.clone());
                    request::spawn(request, client, clock, self.reports.clone());
                }
                Permit::At(at) => {
                    self.wake(Some(at));
                    return;
                }
                Permit::Later => return,
            }
        }
        if self.stop.is_none() {
            self.wake(self.book.next_look_after(now));
            self.wake(self.sighting.due_at(self).filter(|at| *at > now));
            self.wake(self.supply.wakes_at());
        }
    }

    /// How many gifts to claim with the next commit.
    pub(super) fn claim_size(&self) -> usize {
        if self.clocks.is_open() { 0 } else { self.wants() }
    }

    /// How many gifts it could do with.
    pub(super) fn wants(&self) -> usize {
        let may_claim =
            self.stop.is_none() && self.supply == Supply::Unknown && !self.is_full_of_doubts();
        // Whatever is open when a run dies is in doubt for the next, which should be able to send at once.
        let most_open = self.options.max_in_doubt.saturating_sub(self.book.len());
        // While the server is down one is enough, to know whether any is left.
        let ahead =
            if self.is_down() { 1 } else { self.pace.ahead(self.sent_since_commit, most_open) };
        let wanted = if may_claim { ahead.saturating_sub(self.ready.len()) } else { 0 };
        self.quota.allows(wanted)
    }

    /// Until when a claim needs no commit of its own: an answer is awaited, whose commit may bring it,
    /// and the next turn is further away than a commit takes.
    pub(super) fn claim_can_wait(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let until = self.sent_at? + self.pace.rate.spacing()? - COMMIT;
        (self.pace.in_flight() > 0 && until > now).then_some(until)
    }

    /// While so many gifts are in doubt, nothing new is sent.
    pub(super) fn is_full_of_doubts(&self) -> bool {
        self.book.len() >= self.options.max_in_doubt
    }

    /// How long an outage is waited out. Where only doubts are left, or so many that nothing may be
    /// sent, the next run settles them as well: no longer than a settle window.
    pub(super) fn patience(&self) -> TimeDelta {
        // What is on its way may have to be sent again.
        let is_under_way = !self.ready.is_empty() || !self.busy.0.is_empty();
        let has_gifts = is_under_way || !self.supply.is_over();
        if has_gifts && !self.is_full_of_doubts() {
            return self.options.give_up_after;
        }
        self.options.give_up_after.min(self.options.policy.window.max(SHORT_OUTAGE))
    }

    fn has_request(&self, now: DateTime<Utc>) -> bool {
        let is_read_due = !self.urgent.is_empty()
            || self.is_clock_due()
            || self.book.has_due(now, |wallet| self.busy.is_free(wallet))
            || self.sighting.due_at(self).is_some_and(|at| at <= now);
        is_read_due || if self.is_down() { self.probe().is_some() } else { !self.ready.is_empty() }
    }

    /// The server does not answer: one request at a time knocks.
    pub(super) fn is_down(&self) -> bool {
        self.pace.breaker.next_probe_at().is_some()
    }

    /// The wallet to knock at, where gifts are left to send.
    fn probe(&self) -> Option<WalletId> {
        let has_more = !self.ready.is_empty() || !self.supply.is_over();
        let next = || self.ready.front().map(|claimed| claimed.gift.content.wallet);
        self.knock_at.front().copied().or_else(next).filter(|_| has_more)
    }

    /// The next request; there is one.
    fn next_request(&mut self, now: DateTime<Utc>) -> Request {
        if let Some(urgent) = self.urgent.pop_front() {
            return urgent;
        }
        if self.is_clock_due()
            && let Some(look) = self.clocks.take()
        {
            return look;
        }
        let may_give = !self.ready.is_empty() && (!self.is_down() || self.read_failed_last);
        if !(may_give && (self.looked_last || self.is_down())) {
            self.looked_last = true;
            let busy = &self.busy;
            if let Some(wallet) = self.book.take_due(now, |wallet| busy.is_free(wallet)) {
                return Request::Look(wallet, Purpose::Settle);
            }
            if self.sighting.due_at(self).is_some_and(|at| at <= now) {
                self.sighting.is_under_way = true;
                let wallet = self.sighting.wallet.expect("a sighting that is due has a wallet");
                return Request::Look(wallet, Purpose::Sight);
            }
        }
        self.looked_last = false;
        if !may_give {
            let wallet = self.probe().expect("a probe that is needed has a wallet");
            // One list that is broken must not keep the whole run down.
            self.knock_at.rotate_left(1.min(self.knock_at.len()));
            return Request::Look(wallet, Purpose::Probe);
        }
        self.read_failed_last = false;
        let claimed = self.ready.pop_front().expect("what is left to ask is a gift");
        self.knock_at.push_front(claimed.gift.content.wallet);
        self.knock_at.truncate(KNOCKS);
        Request::Give(claimed)
    }
}

impl Busy {
    pub(super) fn take_off(&mut self, wallet: WalletId) {
        *self.0.entry(wallet).or_default() += 1;
    }

    pub(super) fn land(&mut self, wallet: WalletId) {
        if let Some(count) = self.0.get_mut(&wallet) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&wallet);
            }
        }
    }

    fn is_free(&self, wallet: WalletId) -> bool {
        !self.0.contains_key(&wallet)
    }
}

impl Sighting {
    /// Looks at this wallet, where one is known to have a gift.
    pub(super) fn of(wallet: Option<WalletId>) -> Sighting {
        Sighting { wallet, ..Sighting::default() }
    }

    /// A gift was given, by which it could go. One without a tag does not show whether lists keep tags.
    pub(super) fn may_go_by(&mut self, gift: &Gift) {
        if self.wallet.is_none() || (gift.is_tagged() && !self.is_tagged) {
            self.wallet = Some(gift.content.wallet);
            self.is_tagged = gift.is_tagged();
            self.tries = 0;
        }
    }

    /// It did not show the gift: later again.
    pub(super) fn again(&mut self, now: DateTime<Utc>) {
        self.is_under_way = false;
        self.tries += 1;
        self.next_at = Some(now + TimeDelta::milliseconds(250) * (1 << self.tries.min(6)));
    }

    /// When the next look for it is due: only where a doubt waits for it.
    fn due_at(&self, run: &Dispatcher<'_>) -> Option<DateTime<Utc>> {
        let lists = run.evidence.lists;
        let is_known =
            lists.show_gifts && run.skew.is_measured() && (lists.show_tags || !self.is_tagged);
        let is_wanted = self.wallet.is_some()
            && !is_known
            && !run.book.is_empty()
            && !self.is_under_way
            && self.tries < SIGHTINGS;
        is_wanted.then(|| self.next_at.unwrap_or(DateTime::UNIX_EPOCH))
    }
}
