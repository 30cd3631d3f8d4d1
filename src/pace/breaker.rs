//! The breaker: after some failures without an answer, single probes at growing gaps.
//!
//! **Invariant:** pure; the spread of its gaps comes from its own count, so that a run can be
//! replayed, and from the process, so that two programs do not knock in step.

use chrono::{DateTime, TimeDelta, Utc};

/// Whether the server answers at all.
#[derive(Debug)]
pub struct Breaker {
    failures: u32,
    probes: u32,
    next_probe_at: Option<DateTime<Utc>>,
    seed: u64,
}

/// The first gap, and the longest.
const FIRST_GAP_MS: u64 = 400;
const LONGEST_GAP_MS: u64 = 15_000;

impl Default for Breaker {
    /// A closed breaker whose gaps are this process's own.
    fn default() -> Breaker {
        Breaker::seeded(u64::from(std::process::id()))
    }
}

impl Breaker {
    /// A closed breaker whose gaps are spread by a seed.
    pub fn seeded(seed: u64) -> Breaker {
        Breaker { failures: 0, probes: 0, next_probe_at: None, seed }
    }

    /// So many failures in a row open it.
    pub const FAILURES: u32 = 5;

    /// When the next probe may go; none while it is closed.
    pub fn next_probe_at(&self) -> Option<DateTime<Utc>> {
        self.next_probe_at
    }

    /// An answer came.
    pub fn usable(&mut self) {
        self.failures = 0;
        self.probes = 0;
        self.next_probe_at = None;
    }

    /// Something came that tells nothing: while it is open, that is no better than nothing.
    pub fn odd(&mut self, now: DateTime<Utc>) {
        if self.next_probe_at.is_some() {
            self.unusable(now);
        }
    }

    /// None came.
    pub fn unusable(&mut self, now: DateTime<Utc>) {
        self.failures = self.failures.saturating_add(1);
        if self.failures < Breaker::FAILURES {
            return;
        }
        // Stragglers of the first wave do not push the probe away.
        if self.next_probe_at.is_none_or(|probe_at| probe_at <= now) {
            let gap = (FIRST_GAP_MS << self.probes.min(10)).min(LONGEST_GAP_MS);
            // Between half the gap and all of it.
            let spread = spread(self.seed, u64::from(self.probes)) % (gap / 2);
            let gap = i64::try_from(gap / 2 + spread).unwrap_or(i64::MAX);
            self.next_probe_at = Some(now + TimeDelta::milliseconds(gap));
            self.probes += 1;
        }
    }
}

/// A number that looks random (splitmix64).
fn spread(seed: u64, step: u64) -> u64 {
    let mut mixed = seed.wrapping_add(step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_900_000_000_000 + ms).unwrap()
    }

    #[test]
    fn probes_come_at_growing_gaps_and_stop_at_an_answer() {
        // Goal: few probes in a long outage, none too late. Method: an hour without an answer.
        let mut breaker = Breaker::default();
        for _ in 0..Breaker::FAILURES {
            assert_eq!(breaker.next_probe_at(), None);
            breaker.unusable(at(0));
        }
        let (mut now, mut probes, mut last_gap) = (at(0), 0, TimeDelta::zero());
        while now < at(3_600_000) {
            let next = breaker.next_probe_at().unwrap();
            last_gap = next - now;
            now = next;
            probes += 1;
            breaker.unusable(now);
        }
        assert!((240..=490).contains(&probes), "{probes}");
        assert!(last_gap >= TimeDelta::milliseconds(7_500), "{last_gap}");
        breaker.usable();
        assert_eq!(breaker.next_probe_at(), None);
    }
}
