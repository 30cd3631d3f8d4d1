//! How many requests may be in flight: few at first, halved when the server strains, grown when it is well.
//! A run that begins in an outage makes few doubts.
//!
//! It grows by half at a time, where most are in use, and then holds the mean of its answers against that of
//! before. A server that queues what it cannot do yet takes about half as long again: then it goes back, and
//! stays for a while. One more request would be one more to wait there, and to doubt in the end. Means of
//! whole rounds are compared, never single answers: those differ by far more than that.

use chrono::{DateTime, TimeDelta, Utc};

/// Growth by trial, multiplicative cuts, below a ceiling.
#[derive(Debug)]
pub struct Concurrency {
    limit: usize,
    ceiling: usize,
    /// Answers since the last growth.
    grown_by: usize,
    last_cut_at: Option<DateTime<Utc>>,
    /// Until the first cut every good answer adds a slot.
    is_starting: bool,
    /// Most slots were in use at once since the last growth.
    is_wanted: bool,
    /// A level, and the mean of its answers.
    known: Option<Level>,
    round: Round,
    /// Rounds in a row that were slower than the known level.
    slower: u32,
    /// More slots made answers slower: no more are tried before then.
    stay_until: Option<DateTime<Utc>>,
}

/// So many slots, and how long answers took with them, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Level {
    slots: usize,
    mean_us: i64,
}

/// Answers at one level.
#[derive(Clone, Copy, Debug, Default)]
struct Round {
    answers: usize,
    counted: i64,
    sum_us: i64,
}

/// Requests in flight at the start.
const START: usize = 8;

/// A mean is of so many answers at least.
const LEAST_ROUND: usize = 16;

/// Below this, longer answers are as much this program's own delay, and no burden to anybody.
const JITTER_US: i64 = 10_000;

/// So many rounds have to be slower: one may have met a hiccup.
const SLOWER_ROUNDS: u32 = 2;

/// So long nothing more is tried where more were of no use.
const STAY: TimeDelta = TimeDelta::seconds(10);

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
            known: None,
            round: Round::default(),
            slower: 0,
            stay_until: None,
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

    /// So many are in flight. Where it is more than half of the slots, the next burst may want all of them.
    pub fn used(&mut self, in_flight: usize) {
        self.is_wanted |= in_flight * 2 > self.limit;
    }

    /// One more good answer, which took so long.
    pub fn answered(&mut self, took: TimeDelta, now: DateTime<Utc>) {
        if let Some(mean_us) = self.round.note(took, self.limit) {
            self.judge(Level { slots: self.limit, mean_us }, now);
        }
        let may_grow = self.is_wanted
            && self.limit < self.next_level()
            && self.stay_until.is_none_or(|until| now >= until);
        if !may_grow {
            return;
        }
        self.grown_by += 1;
        if self.is_starting || self.grown_by >= self.limit {
            self.set(self.limit + 1);
            self.is_wanted = false;
        }
    }

    /// A whole round of answers came at this level.
    fn judge(&mut self, level: Level, now: DateTime<Utc>) {
        match self.known.filter(|known| known.slots < level.slots) {
            Some(known) if level.mean_us > known.mean_us / 4 * 5 + JITTER_US => {
                self.slower += 1;
                if self.slower < SLOWER_ROUNDS {
                    return;
                }
                self.set(known.slots);
                self.is_starting = false;
                self.stay_until = Some(now + STAY);
            }
            Some(known) if level.slots < known.next(self.ceiling) => {}
            _ => {
                self.known = Some(level);
                self.slower = 0;
            }
        }
    }

    /// How far it may grow before it is judged.
    fn next_level(&self) -> usize {
        self.known.map_or(self.limit, |known| known.next(self.ceiling))
    }

    fn set(&mut self, limit: usize) {
        self.limit = limit;
        self.grown_by = 0;
        self.slower = 0;
        self.round = Round::default();
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
        self.is_starting = false;
        self.known = None;
        self.set((self.limit / 2).max(self.floor().min(self.limit)));
    }
}

impl Level {
    /// The next one to be tried: half as many more.
    fn next(self, ceiling: usize) -> usize {
        (self.slots + self.slots.div_ceil(2)).min(ceiling)
    }
}

impl Round {
    /// Takes in an answer; the mean of a round comes back at its end. What was sent before the level was
    /// reached says nothing about it.
    fn note(&mut self, took: TimeDelta, slots: usize) -> Option<i64> {
        self.answers += 1;
        if self.answers <= slots {
            return None;
        }
        // No answer takes a day.
        self.sum_us += took.num_microseconds().unwrap_or(0).clamp(0, 86_400_000_000);
        self.counted += 1;
        if self.answers < slots * 2 || self.counted < LEAST_ROUND as i64 {
            return None;
        }
        let mean_us = self.sum_us / self.counted;
        *self = Round { answers: slots, ..Round::default() };
        Some(mean_us)
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
        assert_eq!(answer(&mut limit, 200, |_| 1), 8);
    }

    #[test]
    fn it_starts_low_and_grows_fast_until_the_first_cut() {
        // Goal: few doubts where a run begins in an outage, full speed soon where it does not.
        // Method: good answers from the start.
        let mut limit = Concurrency::new(64);
        assert_eq!((limit.limit(), limit.ceiling()), (8, 64));
        assert_eq!(answer(&mut limit, 400, |_| 1), 64);
    }

    #[test]
    fn it_does_not_grow_where_nothing_waits() {
        // Goal: no more slots than are needed, so that a server which slows down is not flooded at once.
        // Method: good answers, and a few slots in use.
        let mut limit = Concurrency::new(64);
        for _ in 0..500 {
            limit.used(START / 2);
            limit.answered(TimeDelta::milliseconds(1), at(0));
        }
        assert_eq!(limit.limit(), START);
    }

    #[test]
    fn more_that_only_wait_are_taken_back() {
        // Goal: no queue at a server that has its own limit, nor a level that is kept for ever. Method: answers
        // that take as long as there are slots; then ones that do not, for a minute.
        let mut limit = Concurrency::new(64);
        assert_eq!(answer(&mut limit, 100, |slots| slots * 10), START);
        assert_eq!(answer(&mut limit, 2_000, |slots| slots * 10), START, "it stays there");
        for second in 0..60 {
            for _ in 0..100 {
                limit.used(limit.limit());
                limit.answered(TimeDelta::milliseconds(80), at(second * 1_000));
            }
        }
        assert_eq!(limit.limit(), 64);
    }

    /// So many good answers while others wait, each after as long as `took_ms` says for the slots; the
    /// slots in the end.
    fn answer(limit: &mut Concurrency, count: i64, took_ms: fn(i64) -> i64) -> usize {
        for _ in 0..count {
            limit.used(limit.limit());
            let took = TimeDelta::milliseconds(took_ms(limit.limit() as i64));
            limit.answered(took, at(0));
        }
        limit.limit()
    }

    #[test]
    fn an_eighth_is_always_left() {
        // Goal: it never stops altogether. Method: cut again and again.
        for (ceiling, floor) in [(2, 1), (64, 8), (4_096, 8)] {
            let mut limit = Concurrency::new(ceiling);
            for step in 0..9 {
                limit.cut(at(step * 2 + 1), at(step * 2 + 2));
            }
            assert_eq!(limit.limit(), floor);
        }
        assert_eq!(Concurrency::new(0).limit(), 1);
    }
}
