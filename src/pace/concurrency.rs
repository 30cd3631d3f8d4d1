//! How many requests may be in flight: few at first, halved when the server strains, grown slowly
//! when it is well. A run that begins in an outage makes few doubts.

use chrono::{DateTime, Utc};

/// Additive growth, multiplicative cuts, below a ceiling.
#[derive(Debug)]
pub struct Concurrency {
    limit: usize,
    ceiling: usize,
    /// Answers since the last growth.
    grown_by: usize,
    last_cut_at: Option<DateTime<Utc>>,
    /// Until the first cut every good answer adds a slot.
    is_starting: bool,
}

/// Requests in flight at the start.
const START: usize = 8;

impl Concurrency {
    /// Starts low, below the ceiling.
    pub fn new(ceiling: usize) -> Concurrency {
        let ceiling = ceiling.max(1);
        let limit = ceiling.min(START);
        Concurrency { limit, ceiling, grown_by: 0, last_cut_at: None, is_starting: true }
    }

    /// The most that may ever be in flight.
    pub fn ceiling(&self) -> usize {
        self.ceiling
    }

    /// How many may be in flight now.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// One more good answer: a limit's worth of them adds one slot.
    pub fn grow(&mut self) {
        if self.limit == self.ceiling {
            return;
        }
        self.grown_by += 1;
        if self.is_starting || self.grown_by >= self.limit {
            self.grown_by = 0;
            self.limit += 1;
        }
    }

    /// An eighth of the ceiling is always left: single time-outs must not starve a campaign, and a
    /// server that takes nothing at all is the breaker's business.
    fn floor(&self) -> usize {
        (self.ceiling / 8).max(1)
    }

    /// Halves it, once for all requests that were in flight together.
    pub fn cut(&mut self, sent_at: DateTime<Utc>, now: DateTime<Utc>) {
        if self.last_cut_at.is_some_and(|cut| sent_at <= cut) {
            return;
        }
        self.last_cut_at = Some(now);
        self.grown_by = 0;
        self.is_starting = false;
        self.limit = (self.limit / 2).max(self.floor());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_900_000_000_000 + ms).unwrap()
    }

    #[test]
    fn one_wave_halves_once_and_good_answers_bring_it_back() {
        // Goal: no collapse from one bad moment. Method: a wave of eight, then good answers.
        let mut limit = Concurrency::new(8);
        for _ in 0..8 {
            limit.cut(at(0), at(10));
        }
        assert_eq!(limit.limit(), 4);
        limit.cut(at(11), at(20));
        assert_eq!(limit.limit(), 2);
        for _ in 0..2 + 3 + 4 + 5 + 6 + 7 + 100 {
            limit.grow();
        }
        assert_eq!(limit.limit(), 8);
    }

    #[test]
    fn it_starts_low_and_grows_fast_until_the_first_cut() {
        // Goal: few doubts where a run begins in an outage, full speed soon where it does not.
        // Method: good answers from the start.
        let mut limit = Concurrency::new(64);
        assert_eq!((limit.limit(), limit.ceiling()), (8, 64));
        for _ in 0..56 {
            limit.grow();
        }
        assert_eq!(limit.limit(), 64);
    }

    #[test]
    fn an_eighth_is_always_left() {
        // Goal: it never stops altogether. Method: cut again and again.
        for (ceiling, floor) in [(2, 1), (64, 8)] {
            let mut limit = Concurrency::new(ceiling);
            for step in 0..9 {
                limit.cut(at(step * 2 + 1), at(step * 2 + 2));
            }
            assert_eq!(limit.limit(), floor);
        }
        assert_eq!(Concurrency::new(0).limit(), 1);
    }
}
