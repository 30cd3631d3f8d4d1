//! What is to be asked next: what others wait for, then what is due again, then the rest. Pure.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

/// A read that fails so often is not tried again.
const MOST_FAILURES: u32 = 6;

/// A job, and how often it failed in a row.
#[derive(Debug)]
pub(super) struct Entry<J> {
    pub(super) job: J,
    pub(super) failures: u32,
}

/// Jobs that are to be asked, in their order.
#[derive(Debug)]
pub struct Queue<J> {
    first: VecDeque<Entry<J>>,
    /// By their moments, and those of one moment in the order in which they came.
    waiting: BTreeMap<(DateTime<Utc>, u64), Entry<J>>,
    last: VecDeque<Entry<J>>,
    number: u64,
}

impl<J> Default for Queue<J> {
    fn default() -> Queue<J> {
        Queue { first: VecDeque::new(), waiting: BTreeMap::new(), last: VecDeque::new(), number: 0 }
    }
}

impl<J> Queue<J> {
    /// At the end of the line.
    pub fn push(&mut self, job: J) {
        self.last.push_back(Entry { job, failures: 0 });
    }

    /// Before all that nobody waits for.
    pub fn push_first(&mut self, job: J) {
        self.first.push_back(Entry { job, failures: 0 });
    }

    /// Not before then.
    pub fn push_at(&mut self, at: DateTime<Utc>, job: J) {
        self.wait(at, Entry { job, failures: 0 });
    }

    /// How many are at the end of the line.
    pub fn in_line(&self) -> usize {
        self.last.len()
    }

    /// How many wait for their moment.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether there is nothing to ask, now or later.
    pub fn is_empty(&self) -> bool {
        self.first.is_empty() && self.waiting.is_empty() && self.last.is_empty()
    }

    /// All that is left.
    pub fn drain(&mut self) -> impl Iterator<Item = J> {
        let waiting = std::mem::take(&mut self.waiting).into_values();
        let all = std::mem::take(&mut self.first).into_iter().chain(waiting);
        all.chain(std::mem::take(&mut self.last)).map(|entry| entry.job)
    }

    /// Whether something may be asked now.
    pub(super) fn is_due(&self, now: DateTime<Utc>) -> bool {
        !self.first.is_empty()
            || !self.last.is_empty()
            || self.next_at().is_some_and(|at| at <= now)
    }

    /// When the next that waits is due.
    pub(super) fn next_at(&self) -> Option<DateTime<Utc>> {
        self.waiting.first_key_value().map(|((at, _), _)| *at)
    }

    pub(super) fn take(&mut self, now: DateTime<Utc>) -> Option<Entry<J>> {
        if let Some(entry) = self.first.pop_front() {
            return Some(entry);
        }
        if self.next_at().is_some_and(|at| at <= now) {
            return self.waiting.pop_first().map(|(_, entry)| entry);
        }
        self.last.pop_front()
    }

    /// Nothing came of it, through no fault of its own.
    pub(super) fn again(&mut self, entry: Entry<J>) {
        self.first.push_front(entry);
    }

    /// It failed: again a little later; comes back where it did too often.
    pub(super) fn failed(&mut self, mut entry: Entry<J>, now: DateTime<Utc>) -> Option<J> {
        entry.failures += 1;
        if entry.failures >= MOST_FAILURES {
            return Some(entry.job);
        }
        self.wait(now + TimeDelta::milliseconds(200) * (1 << entry.failures), entry);
        None
    }

    fn wait(&mut self, at: DateTime<Utc>, entry: Entry<J>) {
        self.number += 1;
        self.waiting.insert((at, self.number), entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_900_000_000_000 + ms).unwrap()
    }

    fn all(queue: &mut Queue<u32>, now: DateTime<Utc>) -> Vec<u32> {
        std::iter::from_fn(|| queue.take(now).map(|entry| entry.job)).collect()
    }

    #[test]
    fn what_others_wait_for_goes_first_then_what_is_due() {
        // Goal: little waits, however long the line is. Method: jobs of each kind, taken before and after their time.
        let mut queue = Queue::default();
        for job in [1, 2] {
            queue.push(job);
        }
        queue.push_at(at(20), 3);
        queue.push_at(at(10), 4);
        queue.push_at(at(10), 5);
        queue.push_first(6);
        queue.push_first(7);
        assert_eq!((queue.next_at(), queue.waiting(), queue.in_line()), (Some(at(10)), 3, 2));
        assert_eq!(all(&mut queue, at(9)), [6, 7, 1, 2]);
        assert!(!queue.is_due(at(9)) && queue.is_due(at(10)) && !queue.is_empty());
        assert_eq!(all(&mut queue, at(10)), [4, 5]);
        assert_eq!(all(&mut queue, at(20)), [3]);
        assert!(queue.is_empty());
    }

    #[test]
    fn what_fails_is_tried_at_growing_gaps_and_not_for_ever() {
        // Goal: one wallet that cannot be read holds up nobody. Method: a job that always fails, and one of which
        // nothing was sent.
        let mut queue = Queue::default();
        queue.push(1);
        let (mut now, mut gaps) = (at(0), Vec::new());
        let given_up = loop {
            let entry = queue.take(now).unwrap();
            if let Some(job) = queue.failed(entry, now) {
                break job;
            }
            let next = queue.next_at().unwrap();
            gaps.push((next - now).num_milliseconds());
            now = next;
        };
        assert_eq!((given_up, gaps), (1, vec![400, 800, 1_600, 3_200, 6_400]));
        queue.push(2);
        for _ in 0..20 {
            let entry = queue.take(now).unwrap();
            queue.again(entry);
        }
        assert_eq!(queue.drain().collect::<Vec<_>>(), [2]);
    }
}
