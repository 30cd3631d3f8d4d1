//! How many gifts a run may still begin, where that is limited. Pure.
//!
//! A gift counts when its intent is written, and once, however often it is tried: claims run ahead of what
//! is sent, and a gift that waits for a server that is asked too much is no other gift.
//!
//! **Invariant:** only gifts whose fate is open are remembered one by one.

use std::collections::HashSet;

use crate::domain::GiftState;

/// What a limited run may claim, and what it has claimed.
#[derive(Debug, Default)]
pub(super) struct Quota {
    /// Gifts that may still be begun; none: as many as there are.
    left: Option<u64>,
    /// Gifts that were begun and may have to be tried again.
    open: HashSet<i64>,
    /// All that were begun, where somebody asked for them.
    begun: Option<Vec<i64>>,
}

impl Quota {
    /// A quota of so many gifts; `names_gifts`: says afterwards which were begun.
    pub(super) fn of(limit: Option<u64>, names_gifts: bool) -> Quota {
        Quota { left: limit, open: HashSet::new(), begun: names_gifts.then(Vec::new) }
    }

    /// How many of the gifts that are wanted may be claimed.
    pub(super) fn allows(&self, wanted: usize) -> usize {
        match self.left {
            Some(0) if self.open.is_empty() => 0,
            None | Some(0) => wanted,
            Some(left) => usize::try_from(left).map_or(wanted, |left| wanted.min(left)),
        }
    }

    /// The only rows that may be claimed, where no further gift may be begun.
    pub(super) fn only(&self) -> Option<Vec<i64>> {
        self.is_used_up().then(|| {
            let mut rows: Vec<i64> = self.open.iter().copied().collect();
            rows.sort_unstable();
            rows
        })
    }

    /// An intent was written.
    pub(super) fn claimed(&mut self, row: i64) {
        let Some(left) = &mut self.left else {
            return;
        };
        if self.open.insert(row) {
            *left = left.saturating_sub(1);
            self.begun.iter_mut().for_each(|begun| begun.push(row));
        }
    }

    /// A gift's state changed.
    pub(super) fn moved(&mut self, row: i64, to: GiftState) {
        if self.left.is_some() && !is_open(to) {
            self.open.remove(&row);
        }
    }

    /// Whether no further gift may be begun.
    pub(super) fn is_used_up(&self) -> bool {
        self.left == Some(0)
    }

    /// Whether nothing may be claimed any more.
    pub(super) fn is_over(&self) -> bool {
        self.is_used_up() && self.open.is_empty()
    }

    /// Gifts that may still be begun; none: as many as there are.
    pub(super) fn left(&self) -> Option<u64> {
        self.left
    }

    /// The rows of the gifts that were begun.
    pub(super) fn into_begun(self) -> Vec<i64> {
        self.begun.unwrap_or_default()
    }
}

/// Whether a gift that this run has begun may have to be sent again by it.
fn is_open(state: GiftState) -> bool {
    matches!(state, GiftState::InFlight | GiftState::Deferred | GiftState::InDoubt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gift_counts_once_however_often_it_is_tried() {
        // Goal: exactly so many gifts. Method: three, of which one waits, one is in doubt and comes back,
        // and one is settled; what may be claimed after each step.
        let mut quota = Quota::of(Some(3), true);
        assert_eq!((quota.allows(64), quota.only()), (3, None));
        quota.claimed(1);
        quota.claimed(2);
        quota.moved(1, GiftState::Deferred);
        quota.claimed(1);
        assert_eq!((quota.allows(64), quota.left()), (1, Some(1)));
        quota.claimed(9);
        assert_eq!((quota.allows(64), quota.only()), (64, Some(vec![1, 2, 9])));
        quota.moved(2, GiftState::InDoubt);
        quota.moved(1, GiftState::Issued);
        quota.moved(9, GiftState::Refused);
        assert_eq!(quota.only(), Some(vec![2]));
        quota.moved(2, GiftState::Deferred);
        quota.claimed(2);
        assert!(quota.is_used_up() && !quota.is_over());
        assert_eq!(quota.left(), Some(0));
        quota.moved(2, GiftState::Held);
        assert!(quota.is_over());
        assert_eq!((quota.allows(64), quota.into_begun()), (0, vec![1, 2, 9]));
    }

    #[test]
    fn without_a_limit_nothing_is_counted_or_remembered() {
        // Goal: a run without a limit pays nothing for it. Method: claims and moves.
        let mut quota = Quota::of(None, false);
        quota.claimed(1);
        quota.moved(1, GiftState::Issued);
        assert_eq!((quota.allows(64), quota.only(), quota.is_over()), (64, None, false));
        assert!(quota.open.is_empty());
        let spent = Quota::of(Some(0), false);
        assert_eq!((spent.allows(5), spent.is_over()), (0, true));
    }
}
