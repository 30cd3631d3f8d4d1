//! What the rows of a file add up to.

use super::amounts::{Amounts, Median};
use crate::domain::{Expiry, GiftContent, Money, WalletId};

/// Rows that are kept to be shown.
const SHOWN: usize = 5;

/// A row that is among the largest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LargeRow {
    /// Where it stands in the file.
    pub line: u64,
    /// Who gets it.
    pub wallet: WalletId,
    /// How much.
    pub amount: Money,
    /// What the customer reads.
    pub description: String,
}

/// Sums over rows, one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows.
    pub rows: u64,
    /// Their money.
    pub total: Money,
    /// The smallest amount, with its line.
    pub smallest: Option<(Money, u64)>,
    /// The largest rows, the largest first; of equal ones that which stands first in the file.
    pub largest: Vec<LargeRow>,
    /// The earliest expiry.
    pub first_expiry: Option<Expiry>,
    /// The latest expiry of those that are an instant.
    pub last_instant: Option<Expiry>,
    /// Rows that never expire.
    pub never: u64,
    /// The sum went beyond what 64 bits of minor units hold: the total is worthless.
    pub is_beyond_counting: bool,
    amounts: Amounts,
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
        self.amounts.add(amount);
        self.show(line, content);
        let expiry = content.expiry;
        self.first_expiry = Some(self.first_expiry.map_or(expiry, |first| first.min(expiry)));
        match expiry {
            Expiry::Never => self.never += 1,
            Expiry::At(_) => self.last_instant = self.last_instant.max(Some(expiry)),
        }
    }

    /// The amount in the middle.
    pub fn median(&self) -> Option<Median> {
        self.amounts.median()
    }

    /// Says what the median is, where rows are not counted any more.
    pub fn set_median(&mut self, median: Option<Median>) {
        self.amounts = median.map(Amounts::about).unwrap_or_default();
    }

    /// The latest expiry; `Never` is later than any instant.
    pub fn last_expiry(&self) -> Option<Expiry> {
        if self.never > 0 { Some(Expiry::Never) } else { self.last_instant }
    }

    /// Keeps the row where it is among the largest so far.
    fn show(&mut self, line: u64, content: &GiftContent) {
        let place = self.largest.partition_point(|row| row.amount >= content.amount);
        if place == SHOWN {
            return;
        }
        self.largest.truncate(SHOWN - 1);
        let row = LargeRow {
            line,
            wallet: content.wallet,
            amount: content.amount,
            description: content.description.clone(),
        };
        self.largest.insert(place, row);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The totals of rows on lines 2, 3 and so on.
    pub(in crate::plan) fn totals(rows: &[(i64, Expiry)]) -> Totals {
        let mut totals = Totals::default();
        for (line, (minor, expiry)) in (2..).zip(rows) {
            totals.add(
                line,
                &GiftContent {
                    wallet: "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap(),
                    amount: Money::from_minor(*minor),
                    expiry: *expiry,
                    description: format!("{minor}"),
                },
            );
        }
        totals
    }

    fn at(ms: i64) -> Expiry {
        Expiry::from_ms(Some(ms))
    }

    #[test]
    fn rows_add_up() {
        // Goal: the figures that a person checks. Method: three rows, then a fourth that is never over.
        let money = Money::from_minor;
        let mut rows = vec![(500, at(9)), (100, at(8)), (500, at(7))];
        let some = totals(&rows);
        assert_eq!((some.rows, some.total), (3, money(1_100)));
        assert_eq!(some.smallest, Some((money(100), 3)));
        assert_eq!((some.first_expiry, some.last_expiry()), (Some(at(7)), Some(at(9))));
        assert_eq!(some.median().map(|median| median.amount), Some(money(500)));
        rows.push((1, Expiry::Never));
        let all = totals(&rows);
        assert_eq!((all.first_expiry, all.last_expiry()), (Some(at(7)), Some(Expiry::Never)));
        assert_eq!((all.never, all.last_instant), (1, Some(at(9))));
        assert!(!all.is_beyond_counting);
        assert_eq!(totals(&[(1, Expiry::Never)]).first_expiry, Some(Expiry::Never));
        assert!(totals(&[(i64::MAX, at(1)), (1, at(1))]).is_beyond_counting);
    }

    #[test]
    fn the_largest_rows_are_kept_in_order() {
        // Goal: five rows, the largest first, of equal ones the first. Method: fewer than five, then
        // more, with equal amounts at the edge.
        let lines = |minors: &[i64]| {
            let rows: Vec<_> = minors.iter().map(|minor| (*minor, Expiry::Never)).collect();
            totals(&rows).largest.iter().map(|row| row.line).collect::<Vec<_>>()
        };
        assert!(lines(&[]).is_empty());
        assert_eq!(lines(&[5, 9, 5]), [3, 2, 4]);
        assert_eq!(lines(&[1, 2, 3, 4, 5, 6, 7]), [8, 7, 6, 5, 4]);
        assert_eq!(lines(&[7, 7, 7, 7, 7, 7]), [2, 3, 4, 5, 6]);
        assert_eq!(lines(&[1, 7, 7, 7, 7, 7, 8]), [8, 3, 4, 5, 6]);
    }
}
