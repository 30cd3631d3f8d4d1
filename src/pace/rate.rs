//! Requests a second: never more than was configured, less where the server says so.
//!
//! **Invariant:** a limiter is never re-tuned in place (it cannot be): a new rate is a new limiter.
//! **Invariant:** rates are whole thousandths of a request a second; no float.
//! **Invariant:** time passes only as it is told, so that a run can be replayed.

use std::num::NonZeroU32;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use governor::clock::{Clock as _, FakeRelativeClock};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

/// Counts by a clock that is set, not read.
type Limiter = RateLimiter<NotKeyed, InMemoryState, FakeRelativeClock, NoOpMiddleware<Nanos>>;

/// The rate of one run.
#[derive(Debug)]
pub struct Rate {
    limiter: Option<Limiter>,
    /// The time that has passed since the first `now` that it was told.
    clock: FakeRelativeClock,
    told_at: Option<DateTime<Utc>>,
    /// Thousandths of a request a second; none: no limit.
    configured: Option<u64>,
    current: Option<u64>,
    /// Where the server last said stop.
    refused_at_rate: Option<u64>,
    last_cut_at: Option<DateTime<Utc>>,
    /// That cut was one for dense 429s.
    is_cut_deep: bool,
    last_grown_at: Option<DateTime<Utc>>,
    /// How long the rate stays where the server took it, before more is tried.
    patience: TimeDelta,
    /// Hundredths by which it grows next.
    step: u64,
    window: Window,
    /// The last answers, the newest lowest: a one is a 429.
    recent: u64,
    /// Whether the server took anything since it last said stop.
    has_taken: bool,
}

/// What the server took lately, by tenths of a second, the newest first.
#[derive(Debug)]
struct Window {
    tenths: [u64; Window::TENTHS],
    /// The newest of them, counted since 1970.
    newest: i64,
    /// Thousandths of a request a second: the most that was taken for a while; fades within minutes.
    sustained: u64,
}

impl Window {
    /// A server that counts by seconds may take twice its limit in one of ours, but not in eight.
    const TENTHS: usize = 80;

    fn take(&mut self, now: DateTime<Utc>) {
        self.pass_to(now);
        self.tenths[0] += 1;
        let mean = self.tenths.iter().sum::<u64>() * 1_000 * 10 / Window::TENTHS as u64;
        self.sustained = self.sustained.max(mean);
    }

    /// Thousandths of requests that were taken in the last second.
    fn milli_at(&mut self, now: DateTime<Utc>) -> u64 {
        self.pass_to(now);
        self.tenths[..10].iter().sum::<u64>() * 1_000
    }

    fn pass_to(&mut self, now: DateTime<Utc>) {
        let newest = now.timestamp_millis().div_euclid(100);
        let passed = usize::try_from(newest - self.newest).unwrap_or(0);
        self.newest = self.newest.max(newest);
        let gone = passed.min(Window::TENTHS);
        self.tenths.rotate_right(gone % Window::TENTHS);
        self.tenths[..gone].fill(0);
        self.sustained -= self.sustained / 4_096 * (passed.min(4_096) as u64);
    }
}

impl Default for Window {
    fn default() -> Window {
        Window { tenths: [0; Window::TENTHS], newest: 0, sustained: 0 }
    }
}

/// So many 429s among the last 64 answers are dense.
const DENSE: u32 = 5;

/// The least rate that is tried: one request in two seconds.
const LEAST: u64 = 500;

/// Trying more costs a 429 and the wait that follows it: the oftener the server has said stop at the
/// same rate, the longer the rate stays below it.
const LEAST_PATIENCE: TimeDelta = TimeDelta::seconds(4);
const MOST_PATIENCE: TimeDelta = TimeDelta::seconds(64);

/// A rate at which nothing but the server limits any more: a hundred thousand a second.
const NO_LIMIT: u64 = 100_000_000;

/// The largest growth in a second, in hundredths.
const LARGEST_STEP: u64 = 16;

impl Rate {
    /// At most `per_second` requests a second; 0 is no limit.
    pub fn new(per_second: u32) -> Rate {
        let configured = (per_second > 0).then(|| u64::from(per_second) * 1_000);
        let clock = FakeRelativeClock::default();
        Rate {
            limiter: configured.map(|milli| limiter(milli, &clock)),
            clock,
            told_at: None,
            configured,
            current: configured,
            refused_at_rate: None,
            last_cut_at: None,
            is_cut_deep: false,
            last_grown_at: None,
            patience: LEAST_PATIENCE,
            step: 1,
            window: Window::default(),
            recent: 0,
            has_taken: false,
        }
    }

    /// The rate in force, in whole requests a second; none is no limit.
    pub fn per_second(&self) -> Option<u32> {
        self.current.map(|milli| u32::try_from(milli / 1_000).unwrap_or(u32::MAX))
    }

    /// How far apart turns are; none is no limit.
    pub fn spacing(&self) -> Option<TimeDelta> {
        let milli = i64::try_from(self.current?).unwrap_or(i64::MAX);
        Some(TimeDelta::milliseconds(1_000_000 / milli))
    }

    /// Takes one request's turn; otherwise says when the next turn comes.
    pub fn take(&mut self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.pass_to(now);
        self.recover(now);
        let wait = self.limiter.as_ref()?.check().err()?.wait_time_from(self.clock.now());
        // A wait of nothing would be asked for again at once, for ever.
        let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::seconds(1));
        Some(now + wait.max(TimeDelta::microseconds(50)))
    }

    /// Lets the time pass; a `now` that is behind the one before moves nothing.
    fn pass_to(&mut self, now: DateTime<Utc>) {
        let passed = self.told_at.and_then(|told_at| (now - told_at).to_std().ok());
        self.clock.advance(passed.unwrap_or_default());
        self.told_at = self.told_at.max(Some(now));
    }

    /// The server took a request.
    pub fn accepted(&mut self, now: DateTime<Utc>) {
        self.recent <<= 1;
        self.has_taken = true;
        self.window.take(now);
    }

    /// The server said that a request sent at `sent_at` came too fast.
    ///
    /// A single 429 among many answers slows down a little; where they are dense, the rate falls once
    /// for the whole wave to what the server took in the last second, and by three tenths at least.
    pub fn cut(&mut self, sent_at: DateTime<Utc>, now: DateTime<Utc>) {
        self.recent = self.recent << 1 | 1;
        let is_dense = self.recent.count_ones() >= DENSE;
        let is_same_wave = self.last_cut_at.is_some_and(|cut| sent_at <= cut);
        if is_same_wave && (!is_dense || self.is_cut_deep) {
            return;
        }
        // Who takes nothing says stop at whatever rate: only waiting helps.
        if !is_same_wave && !self.has_taken {
            return;
        }
        // Where the server takes more than this all the time, a single one says nothing about its limit.
        let is_noise = self.current.is_none_or(|now| now * 10 <= self.window.sustained * 9);
        if !is_dense && is_noise {
            return;
        }
        // Where little was asked for in the last second, it says little.
        let took = self.window.milli_at(now).max(self.window.sustained / 2);
        // The first of a wave has cut it a little already.
        let before = if is_same_wave { self.refused_at_rate } else { self.current };
        let fallen = match before {
            Some(before) if is_dense => (before * 7 / 10).min(took.max(before / 4)),
            Some(before) => (before * 95 / 100).min(took.max(before / 2)),
            // Nobody knows yet at which rate it says stop.
            None => took * 9 / 10,
        };
        if !is_same_wave {
            self.last_cut_at = Some(now);
            self.patience = self.patience_after(before);
            self.refused_at_rate = before;
        }
        self.is_cut_deep = is_dense;
        self.has_taken = false;
        self.fall_to(fallen, now);
    }

    /// How long the rate stays below the one at which the server said stop now.
    fn patience_after(&self, refused_at: Option<u64>) -> TimeDelta {
        let (last, this) = (self.refused_at_rate.unwrap_or(0), refused_at.unwrap_or(0));
        if this.abs_diff(last) * 8 < last {
            (self.patience * 2).min(MOST_PATIENCE)
        } else {
            LEAST_PATIENCE
        }
    }

    fn fall_to(&mut self, milli: u64, now: DateTime<Utc>) {
        self.pass_to(now);
        self.last_grown_at = Some(now);
        self.step = 1;
        self.set(milli.max(LEAST));
    }

    /// After a cut the rate stays for a while; then it grows once a second, slowly at first.
    fn recover(&mut self, now: DateTime<Utc>) {
        let (Some(current), Some(grown_at), Some(cut_at)) =
            (self.current, self.last_grown_at, self.last_cut_at)
        else {
            return;
        };
        let is_full = self.configured.is_some_and(|configured| current >= configured);
        if is_full || now - grown_at < TimeDelta::seconds(1) {
            return;
        }
        let grown = match self.refused_at_rate {
            _ if now - cut_at < self.patience => return,
            // Nobody knows yet where it says stop.
            None => current + current / 4,
            Some(_) => {
                let step = self.step;
                self.step = (step * 2).min(LARGEST_STEP);
                current + current * step / 100
            }
        };
        self.last_grown_at = Some(now);
        match self.configured {
            Some(configured) => self.set(grown.max(current + 1).min(configured)),
            None if grown < NO_LIMIT => self.set(grown.max(current + 1)),
            None => (self.current, self.limiter) = (None, None),
        }
    }

    fn set(&mut self, milli: u64) {
        self.current = Some(milli);
        let limiter = limiter(milli, &self.clock);
        // A change of rate is no reason for a burst: its first turns are taken away.
        let _ = limiter.check_n(burst(milli));
        self.limiter = Some(limiter);
    }
}

fn limiter(milli: u64, clock: &FakeRelativeClock) -> Limiter {
    let period = Duration::from_nanos(1_000_000_000_000 / milli);
    let quota = Quota::with_period(period).expect("a period is longer than nothing");
    RateLimiter::direct_with_clock(quota.allow_burst(burst(milli)), clock.clone())
}

/// A fresh limiter lets its whole burst through at once: two, which the exact mean needs, or a
/// hundredth of a second's worth at rates that timers of a millisecond cannot serve one by one.
fn burst(milli: u64) -> NonZeroU32 {
    let burst = u32::try_from(milli / 100_000).unwrap_or(u32::MAX).max(2);
    NonZeroU32::new(burst).expect("at least two")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_900_000_000_000 + ms).unwrap()
    }

    #[test]
    fn no_limit_is_no_limit_until_the_server_sets_one() {
        // Goal: `--rate 0` finds the server's limit. Method: 100 answers in a second, then 429s.
        let mut rate = Rate::new(0);
        assert_eq!(rate.take(at(0)), None);
        for _ in 0..100 {
            rate.accepted(at(500));
        }
        rate.cut(at(600), at(700));
        assert_eq!(rate.per_second(), None);
        for _ in 1..DENSE {
            rate.cut(at(600), at(700));
        }
        assert_eq!(rate.per_second(), Some(90));
    }

    #[test]
    fn a_limit_that_is_gone_is_forgotten_in_the_end() {
        // Goal: without a configured rate the growth ends where no limit is left. Method: a dense wave,
        // then ten quiet minutes; and the same after a second wave.
        let mut rate = Rate::new(0);
        for begun in [0, 600_000] {
            for _ in 0..100 {
                rate.accepted(at(begun));
            }
            for _ in 0..DENSE {
                rate.cut(at(begun + 100), at(begun + 200));
            }
            assert!(rate.per_second().is_some());
            for second in 1..600 {
                rate.take(at(begun + 200 + second * 1_000));
            }
            assert_eq!(rate.per_second(), None);
        }
    }

    #[test]
    fn one_wave_cuts_once_and_the_rate_comes_back() {
        // Goal: dense 429s slow down, and not for ever. Method: a wave of twenty, then ten minutes.
        let mut rate = Rate::new(100);
        for _ in 0..90 {
            rate.accepted(at(500));
        }
        rate.recent = (1 << DENSE) - 1;
        for _ in 0..20 {
            rate.cut(at(600), at(700));
        }
        assert_eq!(rate.per_second(), Some(70));
        for second in 1..600 {
            rate.take(at(700 + second * 1_000));
        }
        assert_eq!(rate.per_second(), Some(100));
    }

    #[test]
    fn a_single_429_slows_down_a_little() {
        // Goal: one odd answer does not ruin a campaign. Method: one 429 where the server took as much
        // as the rate, somewhat less, and next to nothing.
        for (took, left) in [(100, 95), (90, 90), (2, 50)] {
            let mut rate = Rate::new(100);
            for _ in 0..took {
                rate.accepted(at(500));
            }
            rate.cut(at(600), at(700));
            assert_eq!(rate.per_second(), Some(left), "{took}");
        }
    }

    #[test]
    fn who_takes_nothing_says_nothing_about_the_rate() {
        // Goal: a provider that refused all for a while is served at the old rate afterwards. Method: waves of 429s
        // from the beginning; then some answers, and waves again.
        let mut rate = Rate::new(100);
        let waves = |rate: &mut Rate, from: i64| {
            for wave in 0..20 {
                for _ in 0..8 {
                    rate.cut(at(from + wave * 1_000), at(from + wave * 1_000 + 10));
                }
            }
        };
        waves(&mut rate, 0);
        assert_eq!(rate.per_second(), Some(100));
        for _ in 0..100 {
            rate.accepted(at(21_000));
        }
        waves(&mut rate, 21_100);
        assert!(rate.per_second() >= Some(50), "{:?}", rate.per_second());
    }

    #[test]
    fn a_change_of_rate_brings_no_burst() {
        // Goal: nothing goes out just after "slow down". Method: dense 429s, then a turn at once.
        let mut rate = Rate::new(10);
        rate.accepted(at(500));
        rate.recent = (1 << DENSE) - 1;
        rate.cut(at(600), at(700));
        assert!(rate.take(at(700)).is_some());
    }

    #[test]
    fn a_second_has_its_rate_whoever_asks_and_how_often() {
        // Goal: at most 5 % over in any second, at least 97 % in the mean, by the given time alone.
        // Method: a minute at several rates, asked each millisecond and at each time it names.
        for per_second in [10_u32, 50, 200, 1_000] {
            let mut rate = Rate::new(per_second);
            let (mut now, mut turns) = (at(0), Vec::new());
            while now < at(60_000) {
                match rate.take(now) {
                    None => turns.push(now),
                    Some(next) => now = next.min(now + TimeDelta::milliseconds(1)),
                }
            }
            let within = |from: DateTime<Utc>| {
                turns
                    .iter()
                    .filter(move |turn| **turn >= from && **turn < from + TimeDelta::seconds(1))
            };
            let most = (0..59).map(|second| within(at(second * 1_000 + 500)).count()).max();
            let per_second = per_second as usize;
            assert!(most <= Some(per_second + (per_second / 20).max(1)), "{per_second}: {most:?}");
            assert!(turns.len() >= per_second * 60 * 97 / 100, "{per_second}: {}", turns.len());
        }
    }

    #[test]
    fn turns_are_counted() {
        // Goal: the burst is two, then turns come one by one. Method: three at once.
        let mut rate = Rate::new(1);
        assert_eq!((rate.take(at(0)), rate.take(at(0))), (None, None));
        let next = rate.take(at(0)).unwrap();
        assert!(next > at(500) && next <= at(1_000), "{next}");
    }
}
