//! What the rows of a file add up to.

use crate::domain::{Expiry, GiftContent, Money};

/// Sums over rows, one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows.
    pub rows: u64,
    /// Their money.
    pub total: Money,
    /// The smallest and the largest amount, with the line of each.
    pub smallest: Option<(Money, u64)>,
    /// The largest amount, with its line.
    pub largest: Option<(Money, u64)>,
    /// The earliest expiry.
    pub first_expiry: Option<Expiry>,
    /// The latest expiry; `Never` is later than any instant.
    pub last_expiry: Option<Expiry>,
    /// The sum went beyond what 64 bits of minor units hold: the total is worthless.
    pub is_beyond_counting: bool,
}

impl Totals {
    /// Counts one more row.
    pub fn add(&mut self, line: u64, content: &GiftContent) {
        let amount = content.amount;
        self.rows += 1;
        match self.total.checked_add(amount) {
            Some(total) => self.total = total,
            None => self.is_beyond_counting = true,
        }
        if self.smallest.is_none_or(|(smallest, _)| amount < smallest) {
            self.smallest = Some((amount, line));
        }
        if self.largest.is_none_or(|(largest, _)| amount > largest) {
            self.largest = Some((amount, line));
        }
        let expiry = content.expiry;
        self.first_expiry = Some(self.first_expiry.map_or(expiry, |first| first.min(expiry)));
        self.last_expiry = Some(self.last_expiry.map_or(expiry, |last| last.max(expiry)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_add_up() {
        // Goal: the figures that a person checks. Method: three rows.
        let mut totals = Totals::default();
        let at = |ms| Expiry::from_ms(Some(ms));
        for (line, minor, expiry) in [(2, 500, at(9)), (3, 100, Expiry::Never), (4, 500, at(7))] {
            totals.add(
                line,
                &GiftContent {
                    wallet: "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap(),
                    amount: Money::from_minor(minor),
                    expiry,
                    description: String::new(),
                },
            );
        }
        assert_eq!((totals.rows, totals.total), (3, Money::from_minor(1_100)));
        assert_eq!(totals.smallest, Some((Money::from_minor(100), 3)));
        assert_eq!(totals.largest, Some((Money::from_minor(500), 2)));
        assert_eq!((totals.first_expiry, totals.last_expiry), (Some(at(7)), Some(Expiry::Never)));
        assert!(!totals.is_beyond_counting);
    }
}
