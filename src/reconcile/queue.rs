//! Which wallets are to be read again, and when. Pure.
//!
//! **Invariant:** only wallets that gave trouble are kept here; the rest streams by.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::sweep::Job;

/// Reads that may fail for one wallet.
const MAX_FAILURES: u32 = 6;

/// Wallets that wait for another read.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeMap<(DateTime<Utc>, i64), Job>,
}

impl Queue {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// When the next is due.
    pub(super) fn next_at(&self) -> Option<DateTime<Utc>> {
        self.waiting.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next that is due.
    pub(super) fn take_due(&mut self, now: DateTime<Utc>) -> Option<Job> {
        self.next_at().filter(|at| *at <= now)?;
        self.waiting.pop_first().map(|(_, job)| job)
    }

    /// A read failed; gives the wallet back where it was tried often enough.
    pub(super) fn failed(&mut self, mut job: Job, now: DateTime<Utc>) -> Option<Job> {
        job.failures += 1;
        if job.failures >= MAX_FAILURES {
            return Some(job);
        }
        let gap = TimeDelta::milliseconds(200) * (1 << job.failures);
        self.waiting.insert((now + gap, job.row), job);
        None
    }

    /// Something was missing: again at growing gaps, and once more when every list must show it.
    pub(super) fn missing(&mut self, mut job: Job, until: DateTime<Utc>, now: DateTime<Utc>) {
        job.looks += 1;
        let gap = TimeDelta::milliseconds(500) * (1 << job.looks.min(7));
        self.waiting.insert(((now + gap).min(until), job.row), job);
    }
}
