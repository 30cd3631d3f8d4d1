//! What is left to send, as far as the dispatcher knows. Pure.

use chrono::{DateTime, Utc};

use crate::ledger::Waiting;

/// Whether asking the ledger for more gifts is worth it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Supply {
    /// Perhaps: ask.
    Unknown,
    /// Nothing may be sent, whatever there is.
    Closed,
    /// Nothing can be claimed as things stand.
    Dry {
        /// Gifts that wait for a twin, for a wallet's doubt, or for their time.
        waiting: u64,
        /// When the next of those that wait for their time may be sent.
        next_ready_at: Option<DateTime<Utc>>,
    },
}

/// Whether a run sends gifts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sending {
    /// It does.
    #[default]
    Gifts,
    /// It settles doubts and sends nothing: the campaign is cancelled.
    Nothing,
}

impl Sending {
    /// What is left to send when a run begins.
    pub(super) fn supply(self) -> Supply {
        match self {
            Sending::Gifts => Supply::Unknown,
            Sending::Nothing => Supply::Closed,
        }
    }
}

impl Supply {
    /// Something happened that may have freed a gift.
    pub(super) fn may_have_grown(&mut self) {
        if *self != Supply::Closed {
            *self = Supply::Unknown;
        }
    }

    /// After a claim that found nothing.
    pub(super) fn dry(waiting: Waiting) -> Supply {
        Supply::Dry { waiting: waiting.gifts, next_ready_at: waiting.next_ready_at }
    }

    /// Looks at the clock: a time that has come makes it worth asking again.
    pub(super) fn tick(&mut self, now: DateTime<Utc>) {
        if self.wakes_at().is_some_and(|at| at <= now) {
            *self = Supply::Unknown;
        }
    }

    /// When a gift's time comes.
    pub(super) fn wakes_at(self) -> Option<DateTime<Utc>> {
        match self {
            Supply::Dry { waiting: 1.., next_ready_at } => next_ready_at,
            Supply::Dry { .. } | Supply::Unknown | Supply::Closed => None,
        }
    }

    /// Whether nothing will come by itself: only a settled doubt or a finished twin could free more.
    pub(super) fn is_over(self) -> bool {
        self != Supply::Unknown && self.wakes_at().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_when_nothing_waits_for_its_time() {
        // Goal: a run neither ends too early nor waits for ever. Method: each kind of dryness.
        let at = |s: i64| DateTime::from_timestamp(1_900_000_000 + s, 0).unwrap();
        assert!(!Supply::Unknown.is_over());
        let mut closed = Sending::Nothing.supply();
        closed.may_have_grown();
        closed.tick(at(9));
        assert!(closed.is_over() && closed != Sending::Gifts.supply());
        assert!(Supply::dry(Waiting { gifts: 0, next_ready_at: None }).is_over());
        assert!(Supply::dry(Waiting { gifts: 3, next_ready_at: None }).is_over());
        let mut timed = Supply::dry(Waiting { gifts: 3, next_ready_at: Some(at(5)) });
        assert!(!timed.is_over());
        timed.tick(at(4));
        assert_eq!(timed.wakes_at(), Some(at(5)));
        timed.tick(at(5));
        assert_eq!(timed, Supply::Unknown);
    }
}
