//! The pace: when the next request may go, by rate, by the server's wishes and by its health.
//!
//! It stands apart because everything that is sent (gifts, looks, probes, the reads of a reconcile)
//! counts against one rate, and because how fast a server can take it is found out on the way.
//!
//! **Invariant:** it only answers questions: [`Pace::permit`] says now or when. It waits for nothing
//! and sends nothing.
//! **Invariant:** a request that may not start yet holds no slot, and one without a slot takes no turn of
//! the rate.

mod breaker;
mod concurrency;
#[cfg(test)]
mod limits;
mod rate;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

pub use breaker::Breaker;
pub use concurrency::Concurrency;
pub use rate::Rate;

/// What one reply says about the server, whatever it says about a gift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It answered, and took the request.
    Well,
    /// It asks us to slow down, and perhaps for how long.
    Throttled(Option<Duration>),
    /// It is slow, or says that it has too much to do.
    Strained,
    /// No usable answer.
    Down,
    /// It answered in a way that tells nothing about its load.
    Odd,
}

/// Whether a request may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Now; it counts from here.
    Now,
    /// Not before then.
    At(DateTime<Utc>),
    /// When one that is in flight has ended.
    Later,
}

/// The pace of one run.
#[derive(Debug)]
pub struct Pace {
    /// Requests a second.
    pub rate: Rate,
    /// Requests in flight.
    pub concurrency: Concurrency,
    /// Whether the server answers at all.
    pub breaker: Breaker,
    /// The server asked us to send nothing before then.
    hold_until: Option<DateTime<Utc>>,
    held_at: Option<DateTime<Utc>>,
    throttles_in_a_row: u32,
    in_flight: usize,
    /// Requests that went without a turn of the rate: they are made up for.
    owed: u32,
}

/// The longest wait that a server may ask for in one go; after it, it is asked again. Whoever has less patience ends.
const LONGEST_HOLD: TimeDelta = TimeDelta::days(1);

impl Pace {
    /// A pace of at most `per_second` requests a second (0: no limit) and `ceiling` at once.
    pub fn new(per_second: u32, ceiling: usize) -> Pace {
        Pace {
            rate: Rate::new(per_second),
            concurrency: Concurrency::new(ceiling),
            breaker: Breaker::default(),
            hold_until: None,
            held_at: None,
            throttles_in_a_row: 0,
            in_flight: 0,
            owed: 0,
        }
    }

    /// Whether a request may start; [`Permit::Now`] has counted it.
    pub fn permit(&mut self, now: DateTime<Utc>) -> Permit {
        if let Some(until) = self.held_until(now) {
            return Permit::At(until);
        }
        let probe_at = self.breaker.next_probe_at();
        // Who does not answer, or only says stop, is asked by one request at a time.
        if (probe_at.is_some() || self.throttles_in_a_row > 1) && self.in_flight > 0 {
            return Permit::Later;
        }
        if let Some(probe_at) = probe_at.filter(|at| *at > now) {
            return Permit::At(probe_at);
        }
        if self.in_flight >= self.concurrency.limit() {
            self.concurrency.used(self.in_flight);
            return Permit::Later;
        }
        while self.owed > 0 {
            if let Some(until) = self.rate.take(now) {
                return Permit::At(until);
            }
            self.owed -= 1;
        }
        match self.rate.take(now) {
            Some(until) => Permit::At(until),
            None => {
                self.in_flight += 1;
                self.concurrency.used(self.in_flight);
                Permit::Now
            }
        }
    }

    /// How many requests are in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Until when the server asked us to send nothing, where that is still to come.
    pub fn held_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.hold_until.filter(|until| *until > now)
    }

    /// How many gifts are worth claiming ahead of what is in flight: what can be sent at once, and what
    /// will be sent while the next group is committed, within some fifty milliseconds of the rate.
    ///
    /// `sent` went out since the last group was begun: as many again will, or twice as many where the
    /// server is getting faster. So a fast server never waits for the ledger, and a crash of a run
    /// against a slow one leaves few intents that were not sent.
    ///
    /// Twice as many as may be in flight are enough, for large groups; or as many as keep what is open in all
    /// below `most_open`, where that is less, down to what may be in flight.
    pub fn ahead(&self, sent: usize, most_open: usize) -> usize {
        let free = self.concurrency.limit().saturating_sub(self.in_flight);
        let ceiling = self.concurrency.ceiling();
        let most = most_open.saturating_sub(ceiling + 1).clamp(ceiling, ceiling * 2);
        let ahead = free.max(sent * 2).clamp(1, most);
        match self.rate.per_second() {
            None => ahead,
            Some(per_second) => ahead.min(1 + per_second as usize / 20),
        }
    }

    /// A request that was sent at `sent_at` has ended, and showed this.
    pub fn ended(&mut self, health: Health, sent_at: DateTime<Utc>, now: DateTime<Utc>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        match health {
            Health::Well => {
                self.throttles_in_a_row = 0;
                self.breaker.usable();
                self.concurrency.answered(now - sent_at, now);
                self.rate.accepted(now);
            }
            Health::Odd => self.breaker.odd(now),
            Health::Throttled(wait) => {
                self.breaker.usable();
                self.concurrency.cut(sent_at, now);
                self.rate.cut(sent_at, now);
                self.hold(wait, sent_at, now);
            }
            Health::Strained => {
                self.concurrency.cut(sent_at, now);
                self.breaker.unusable(now);
            }
            Health::Down => self.breaker.unusable(now),
        }
    }

    /// A request has brought more of them along, which took no turns of the rate.
    pub fn owes(&mut self, requests: u32) {
        self.owed = self.owed.saturating_add(requests);
    }

    fn hold(&mut self, wait: Option<Duration>, sent_at: DateTime<Utc>, now: DateTime<Utc>) {
        // Requests that were under way together are one throttle, not many in a row.
        if self.held_at.is_none_or(|held_at| sent_at > held_at) {
            self.held_at = Some(now);
            self.throttles_in_a_row = self.throttles_in_a_row.saturating_add(1);
        }
        let asked = wait.and_then(|wait| TimeDelta::from_std(wait).ok());
        let wait = asked.unwrap_or_else(|| {
            // Without a `Retry-After`: half a second, doubled for each further 429 in a row, up to 16 seconds.
            TimeDelta::milliseconds(500) * (1 << (self.throttles_in_a_row.clamp(1, 6) - 1))
        });
        let until = now + wait.min(LONGEST_HOLD);
        self.hold_until = Some(self.hold_until.map_or(until, |held| held.max(until)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_900_000_000_000 + ms).unwrap()
    }

    #[test]
    fn a_wait_that_the_server_asks_for_holds_everything() {
        // Goal: `Retry-After` is honoured by all. Method: one 429 with 3 s, then permits.
        let mut pace = Pace::new(0, 8);
        assert_eq!(pace.permit(at(0)), Permit::Now);
        pace.ended(Health::Throttled(Some(Duration::from_secs(3))), at(0), at(10));
        assert_eq!(pace.permit(at(20)), Permit::At(at(3_010)));
        assert_eq!(pace.permit(at(3_010)), Permit::Now);
    }

    #[test]
    fn a_wave_of_429s_is_one_in_a_row() {
        // Goal: parallel requests do not add up to a long wait. Method: eight at once, then one more.
        let mut pace = Pace::new(0, 8);
        for _ in 0..8 {
            assert_eq!(pace.permit(at(0)), Permit::Now);
        }
        for _ in 0..8 {
            pace.ended(Health::Throttled(None), at(0), at(10));
        }
        assert_eq!(pace.permit(at(10)), Permit::At(at(510)));
        pace.ended(Health::Throttled(None), at(510), at(520));
        assert_eq!(pace.permit(at(520)), Permit::At(at(1_520)));
    }

    #[test]
    fn an_odd_answer_to_a_probe_is_no_reason_to_knock_at_once() {
        // Goal: a proxy's page in an outage brings no storm. Method: open it, then an odd answer.
        let mut pace = Pace::new(0, 8);
        for _ in 0..Breaker::FAILURES {
            pace.ended(Health::Down, at(0), at(1));
        }
        let Permit::At(probe_at) = pace.permit(at(1)) else { panic!("it is open") };
        assert_eq!(pace.permit(probe_at), Permit::Now);
        pace.ended(Health::Odd, probe_at, probe_at);
        assert!(matches!(pace.permit(probe_at), Permit::At(next) if next > probe_at));
    }

    #[test]
    fn no_more_than_the_ceiling_is_in_flight() {
        // Goal: slots are counted. Method: take all, end one.
        let mut pace = Pace::new(0, 2);
        assert_eq!((pace.permit(at(0)), pace.permit(at(0))), (Permit::Now, Permit::Now));
        assert_eq!(pace.permit(at(0)), Permit::Later);
        pace.ended(Health::Well, at(0), at(1));
        assert_eq!(pace.permit(at(1)), Permit::Now);
    }

    #[test]
    fn an_outage_lets_single_probes_through() {
        // Goal: no storm on a server that is down. Method: fail until it opens, then ask.
        let mut pace = Pace::new(0, 8);
        for _ in 0..Breaker::FAILURES {
            assert_eq!(pace.permit(at(0)), Permit::Now);
            pace.ended(Health::Down, at(0), at(1));
        }
        let Permit::At(probe_at) = pace.permit(at(1)) else { panic!("it is open") };
        assert_eq!(pace.permit(probe_at), Permit::Now);
        assert_eq!(pace.permit(probe_at), Permit::Later);
        pace.ended(Health::Well, probe_at, probe_at);
        assert_eq!(pace.permit(probe_at), Permit::Now);
    }

    #[test]
    fn claims_run_ahead_by_what_can_be_sent_at_once() {
        // Goal: few intents are left open by a crash. Method: the number at several rates.
        let grown = |per_second| {
            let mut pace = Pace::new(per_second, 32);
            for _ in 0..500 {
                pace.concurrency.used(32);
                pace.concurrency.answered(TimeDelta::zero(), at(0));
            }
            pace
        };
        assert_eq!(grown(0).ahead(0, 100), 32);
        assert_eq!(grown(10).ahead(0, 100), 1);
        assert_eq!(grown(200).ahead(0, 100), 11);
        assert_eq!(grown(5_000).ahead(0, 100), 32);
        let mut busy = grown(0);
        for _ in 0..32 {
            assert_eq!(busy.permit(at(0)), Permit::Now);
        }
        // Nothing is free: as much as goes out meanwhile, and never none.
        assert_eq!([0, 3, 90].map(|sent| busy.ahead(sent, 100)), [1, 6, 64]);
        // A crash leaves fewer open than a run may have in doubt, or as many ahead as in flight.
        assert_eq!([75, 40, 1].map(|most| busy.ahead(90, most)), [42, 32, 32]);
    }
}
