//! How many requests may be in flight: few at first, halved when the server strains, grown slowly
//! when it is well. A run that begins in an outage makes few doubts.
//!
//! **Invariant:** it grows only where more were wanted, and where answers do not take longer for it: a
//! request more for a server that queues what it cannot do yet is one more to wait, and to doubt in the end.

use chrono::{DateTime, TimeDelta, Utc};

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
    /// A request had to wait for a slot since the last growth.
    is_wanted: bool,
    latency: Latency,
}

/// How long answers take, and how long they took at their best of late.
#[derive(Debug, Default)]
struct Latency {
    /// Of some eight answers, in microseconds.
    usual_us: Option<i64>,
    /// The least in this while and in the one before, in microseconds.
    least_us: Option<i64>,
    least_before_us: Option<i64>,
    while_began_at: Option<DateTime<Utc>>,
}

/// Requests in flight at the start.
const START: usize = 8;

/// The best of so long ago is forgotten: servers change.
const A_WHILE: TimeDelta = TimeDelta::seconds(30);

/// So much longer, besides twice the least, answers may take before they count as queued: below that it
/// is as much this program's own delay, and no burden to anybody.
const JITTER_US: i64 = 20_000;

impl Concurrency {
    /// Starts low, below the ceiling.
    pub fn new(ceiling: usize) -> Concurrency {
        let ceiling = ceiling.max(1);
        Concurrency {
            limit: ceiling.min(START),
            ceiling,
            grown_by: 0,
            last_cut_at: None,
            is_starting: true,
            is_wanted: false,
            latency: Latency::default(),
        }
    }

    /// The most that may ever be in flight.
    pub fn ceiling(&self) -> usize {
        self.ceiling
    }

    /// How many may be in flight now.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// A request waits for a slot.
    pub fn wants_more(&mut self) {
        self.is_wanted = true;
    }

    /// One more good answer, which took so long: a limit's worth of them adds one slot, or takes one where
    /// answers are queued.
    pub fn answered(&mut self, took: TimeDelta, now: DateTime<Utc>) {
        self.latency.note(took, now);
        let is_queued = self.latency.is_queued();
        if !is_queued && (!self.is_wanted || self.limit == self.ceiling) {
            return;
        }
        self.grown_by += 1;
        if is_queued {
            self.is_starting = false;
        }
        if !self.is_starting && self.grown_by < self.limit {
            return;
        }
        self.grown_by = 0;
        self.is_wanted = false;
        self.limit = if is_queued { (self.limit - 1).max(self.floor()) } else { self.limit + 1 };
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

impl Latency {
    fn note(&mut self, took: TimeDelta, now: DateTime<Utc>) {
        let took = took.num_microseconds().unwrap_or(i64::MAX).max(0);
        self.usual_us = Some(self.usual_us.map_or(took, |usual| usual + (took - usual) / 8));
        if self.while_began_at.is_none_or(|began| now - began >= A_WHILE) {
            self.while_began_at = Some(now);
            self.least_before_us = self.least_us.take();
        }
        self.least_us = Some(self.least_us.map_or(took, |least| least.min(took)));
    }

    /// Whether answers take far longer than they need.
    fn is_queued(&self) -> bool {
        let least = [self.least_us, self.least_before_us].into_iter().flatten().min();
        let (Some(usual), Some(least)) = (self.usual_us, least) else {
            return false;
        };
        usual > least.saturating_mul(2).saturating_add(JITTER_US)
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
            well(&mut limit);
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
            well(&mut limit);
        }
        assert_eq!(limit.limit(), 64);
    }

    #[test]
    fn it_does_not_grow_where_nothing_waits() {
        // Goal: no more slots than are needed, so that a server which slows down is not flooded at once.
        // Method: good answers, and no request that had to wait.
        let mut limit = Concurrency::new(64);
        for _ in 0..500 {
            limit.answered(TimeDelta::milliseconds(1), at(0));
        }
        assert_eq!(limit.limit(), START);
    }

    #[test]
    fn what_takes_longer_for_being_more_is_taken_back() {
        // Goal: a queue at the server shrinks again; a base that has become slower is no queue for ever.
        // Method: answers after 50 ms, then after 300 ms for a minute and more.
        let mut limit = Concurrency::new(64);
        let mut answer = |took, ms| {
            limit.wants_more();
            limit.answered(TimeDelta::milliseconds(took), at(ms));
            limit.limit()
        };
        assert_eq!((0..40).map(|ms| answer(50, ms)).max(), Some(48));
        let shrunk = (0..2_000).map(|step| answer(300, 100 + step)).last();
        assert!(shrunk < Some(30), "{shrunk:?}");
        let again = (0..4_000).map(|step| answer(300, 70_000 + step * 40)).last();
        assert_eq!(again, Some(64));
    }

    /// A good answer, while others wait.
    fn well(limit: &mut Concurrency) {
        limit.wants_more();
        limit.answered(TimeDelta::milliseconds(1), at(0));
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
