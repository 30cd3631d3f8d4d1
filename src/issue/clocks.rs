//! The two clocks: what ours is held against before a first gift is given or refused as expired, and which intents
//! are too late by either of them.
//!
//! **Invariant:** no gift is sent that has expired by our clock, or by the provider's where that was seen.

use chrono::{DateTime, TimeDelta, Utc};

use super::decide::Stop;
use super::dispatcher::Dispatcher;
use super::group::Pending;
use super::request::{Purpose, Request};
use crate::domain::WalletId;
use crate::drive::Times;
use crate::ledger::Claimed;
use crate::provider::{ListReading, Obstacle};

/// A wallet is read so often, to see the provider's clock; a provider whose lists cannot be read shows none.
const MOST_READS: u32 = 3;

/// Whether our clock was held against the provider's before anything depended on it.
#[derive(Debug)]
pub(super) enum ClockCheck {
    /// This wallet's list is to be read for it; so many reads told nothing.
    Due { wallet: WalletId, failures: u32 },
    /// It is being read.
    UnderWay { wallet: WalletId, failures: u32 },
    /// It was, or need not be.
    Done,
}

impl ClockCheck {
    /// By the list of this wallet, where there is one.
    pub(super) fn by(wallet: Option<WalletId>) -> ClockCheck {
        wallet.map_or(ClockCheck::Done, |wallet| ClockCheck::Due { wallet, failures: 0 })
    }

    /// Whether nothing may depend on our clock yet.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self, ClockCheck::Done)
    }

    /// The read that is to be made.
    pub(super) fn take(&mut self) -> Option<Request> {
        let ClockCheck::Due { wallet, failures } = *self else {
            return None;
        };
        *self = ClockCheck::UnderWay { wallet, failures };
        Some(Request::Look(wallet, Purpose::Clock))
    }

    /// The list was read, or not.
    fn read(&mut self, reading: &ListReading) {
        let ClockCheck::UnderWay { wallet, failures } = *self else {
            return;
        };
        let failures = match reading {
            // Nothing is sent meanwhile anyway.
            ListReading::Obstructed(Obstacle::Throttled { .. } | Obstacle::NeverSent { .. }) => {
                failures
            }
            ListReading::Obstructed(_) | ListReading::Unreadable { .. } => failures + 1,
            _ => MOST_READS,
        };
        *self = match failures {
            MOST_READS.. => ClockCheck::Done,
            failures => ClockCheck::Due { wallet, failures },
        };
    }
}

impl Dispatcher<'_> {
    /// The later of our clock's time and the provider's.
    pub(super) fn latest(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.options.clock_tolerance.map_or(now, |most| self.skew.latest(now, most))
    }

    /// Whether the clocks are to be compared now: somebody waits for it.
    pub(super) fn is_clock_due(&self) -> bool {
        matches!(self.clocks, ClockCheck::Due { .. }) && self.wants() > 0
    }

    /// A wallet was read to see the provider's clock.
    pub(super) fn saw_clock(&mut self, reading: &ListReading, times: Times) {
        self.clocks.read(reading);
        let skew = times.skew_ms.map(TimeDelta::milliseconds).filter(|_| !self.clocks.is_open());
        let (Some(skew), Some(most)) = (skew, self.options.clock_tolerance) else {
            return;
        };
        if skew.abs() > most {
            let ours = times.ended_at;
            self.stop(Stop::WrongClock { ours, theirs: ours + skew });
        }
    }

    /// Gives back what must not be sent any more: what has expired while it waited for its turn, and, once, what was
    /// claimed on another day where the sums of a day count.
    pub(super) fn give_back_late(&mut self, now: DateTime<Utc>) {
        let latest = self.latest(now);
        let is_next_day = self.day_ends_at.take_if(|at| *at <= now).is_some();
        let is_late = |one: &Claimed| is_next_day || one.gift.content.expiry.has_passed(latest);
        if !self.ready.iter().any(is_late) {
            return;
        }
        let why = if is_next_day { "its day ended before it was sent" } else { "it expired" };
        let (late, ready): (Vec<_>, Vec<_>) = self.ready.drain(..).partition(is_late);
        self.ready = ready.into();
        self.pending.extend(late.into_iter().map(|one| Pending::unsent(one, why.to_owned(), now)));
    }
}
