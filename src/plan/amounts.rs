//! How the amounts of a file are spread: enough of it to name the median.
//!
//! It stands apart because it is the one figure that does not come from a sum: it needs to know how
//! many rows have which amount.
//!
//! **Invariant:** memory stays flat: campaigns have few different amounts, and a file with more than
//! `MOST_DISTINCT` is counted by steps of less than a thousandth from then on.

use std::collections::HashMap;

use crate::domain::Money;

/// Different amounts that are counted each for itself.
const MOST_DISTINCT: usize = 65_536;

/// Binary digits of an amount that count beyond that: a step is at most 1/1024 of its amount.
const KEPT_BITS: u32 = 11;

/// The amount in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Median {
    /// The amount of the middle row by size; of two in the middle the smaller, so that it is an amount
    /// of the file and no half coin.
    pub amount: Money,
    /// Whether it is exact, and not only nearer than a thousandth.
    pub is_exact: bool,
}

/// How many rows have which amount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Amounts {
    /// Rows by minor units, or by the step that holds them.
    rows: HashMap<i64, u64>,
    is_coarse: bool,
}

impl Amounts {
    /// Amounts of which only the median is known.
    pub(super) fn about(median: Median) -> Amounts {
        let mut amounts = Amounts { rows: HashMap::new(), is_coarse: !median.is_exact };
        amounts.rows.insert(amounts.key(median.amount.minor()), 1);
        amounts
    }

    /// Counts one more row.
    pub(super) fn add(&mut self, amount: Money) {
        *self.rows.entry(self.key(amount.minor())).or_default() += 1;
        if !self.is_coarse && self.rows.len() > MOST_DISTINCT {
            self.is_coarse = true;
            for (minor, rows) in std::mem::take(&mut self.rows) {
                *self.rows.entry(self.key(minor)).or_default() += rows;
            }
        }
    }

    /// The median; nothing where there is no row.
    pub(super) fn median(&self) -> Option<Median> {
        let mut sorted: Vec<(i64, u64)> =
            self.rows.iter().map(|(key, rows)| (*key, *rows)).collect();
        sorted.sort_unstable();
        let all: u64 = sorted.iter().map(|(_, rows)| rows).sum();
        let mut seen = 0;
        let (key, _) = sorted.into_iter().find(|(_, rows)| {
            seen += rows;
            seen >= all.div_ceil(2)
        })?;
        let middle = if self.is_coarse { key + step(key) / 2 } else { key };
        Some(Median { amount: Money::from_minor(middle), is_exact: !self.is_coarse })
    }

    fn key(&self, minor: i64) -> i64 {
        if self.is_coarse { minor - minor % step(minor) } else { minor }
    }
}

/// How wide the step is that holds an amount: a power of two.
fn step(minor: i64) -> i64 {
    let bits = i64::BITS - minor.leading_zeros();
    1 << bits.saturating_sub(KEPT_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn median(minors: impl IntoIterator<Item = i64>) -> Option<Median> {
        let mut amounts = Amounts::default();
        minors.into_iter().for_each(|minor| amounts.add(Money::from_minor(minor)));
        amounts.median()
    }

    fn exactly(minor: i64) -> Option<Median> {
        Some(Median { amount: Money::from_minor(minor), is_exact: true })
    }

    #[test]
    fn the_median_is_the_row_in_the_middle() {
        // Goal: an amount of the file, exact. Method: none, one, odd and even counts, repeated amounts.
        assert_eq!(median([]), None);
        assert_eq!(median([7]), exactly(7));
        assert_eq!(median([900, 1, 5]), exactly(5));
        assert_eq!(median([1, 2]), exactly(1));
        assert_eq!(median([5, 5, 5, 1, 9_999]), exactly(5));
        assert_eq!(median([1, 1, 9, 9]), exactly(1));
        assert_eq!(median([1, 9, 9, 9]), exactly(9));
    }

    #[test]
    fn very_many_different_amounts_cost_a_thousandth_and_no_more_memory() {
        // Goal: flat memory, and a median that says that it is not exact. Method: the last file that is
        // counted exactly, one amount more, and amounts over the whole range.
        let most = i64::try_from(MOST_DISTINCT).unwrap();
        assert_eq!(median(1..=most), exactly(most / 2));
        let about = median(1..=most + 1).unwrap();
        assert!(!about.is_exact);
        assert!((about.amount.minor() - most / 2).abs() * 1_000 < most / 2, "{about:?}");
        assert_eq!(Amounts::about(about).median(), Some(about));
        assert_eq!(Amounts::about(median([7]).unwrap()).median(), exactly(7));
        let mut amounts = Amounts::default();
        for number in 1..=400_000 {
            amounts.add(Money::from_minor(number * (i64::MAX / 400_000)));
            amounts.add(Money::from_minor(number));
        }
        assert!(amounts.rows.len() <= MOST_DISTINCT, "{}", amounts.rows.len());
        assert_eq!(amounts.rows.values().sum::<u64>(), 800_000);
    }

    #[test]
    fn a_step_never_reaches_a_thousandth() {
        // Goal: the precision that is promised. Method: the edges of each power of two.
        for power in 0..62 {
            for minor in [1_i64 << power, (2_i64 << power) - 1] {
                assert!(step(minor) == 1 || step(minor) <= minor / 1_024, "{minor}");
            }
        }
        assert_eq!([step(2_047), step(2_048)], [1, 2]);
    }
}
