//! Control totals and limits: what a person says a file must be.

use super::{Breach, Totals};
use crate::domain::Money;

/// What a person expects or allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The file has exactly so many rows.
    pub expect_rows: Option<u64>,
    /// The file adds up to exactly this.
    pub expect_total: Option<Money>,
    /// No gift is larger.
    pub max_gift: Option<Money>,
    /// The file adds up to no more.
    pub max_total: Option<Money>,
}

impl Limits {
    /// Every limit that the file passes.
    pub fn check(&self, totals: &Totals) -> Vec<Breach> {
        let mut breaches = Vec::new();
        if totals.is_beyond_counting {
            breaches.push(Breach::BeyondCounting);
        }
        if let Some(expected) = self.expect_rows.filter(|rows| *rows != totals.rows) {
            breaches.push(Breach::Rows { expected, found: totals.rows });
        }
        if let Some(expected) = self.expect_total.filter(|total| *total != totals.total) {
            breaches.push(Breach::Total { expected, found: totals.total });
        }
        if let (Some(limit), Some(row)) = (self.max_gift, totals.largest.first())
            && row.amount > limit
        {
            breaches.push(Breach::Gift { line: row.line, amount: row.amount, limit });
        }
        breaches.extend(self.check_total(totals.total));
        breaches
    }

    /// Whether so much may be given in all.
    pub fn check_total(&self, found: Money) -> Option<Breach> {
        let limit = self.max_total.filter(|limit| found > *limit)?;
        Some(Breach::TooMuch { found, limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Expiry;
    use crate::plan::totals::tests::totals;

    #[test]
    fn each_limit_is_held_to_the_last_coin() {
        // Goal: at the limit passes, one coin beyond does not. Method: each limit alone.
        let money = Money::from_minor;
        let totals = totals(&[200, 600, 200].map(|minor| (minor, Expiry::Never)));
        let check = |limits: Limits| limits.check(&totals);
        let none = Limits::default();
        assert_eq!(check(none), []);
        let exact = Limits {
            expect_rows: Some(3),
            expect_total: Some(money(1_000)),
            max_gift: Some(money(600)),
            max_total: Some(money(1_000)),
        };
        assert_eq!(check(exact), []);
        assert_eq!(
            check(Limits { expect_rows: Some(4), ..none }),
            [Breach::Rows { expected: 4, found: 3 }]
        );
        assert_eq!(
            check(Limits { expect_total: Some(money(999)), ..none }),
            [Breach::Total { expected: money(999), found: money(1_000) }]
        );
        assert_eq!(
            check(Limits { max_gift: Some(money(599)), ..none }),
            [Breach::Gift { line: 3, amount: money(600), limit: money(599) }]
        );
        assert_eq!(
            check(Limits { max_total: Some(money(999)), ..none }),
            [Breach::TooMuch { found: money(1_000), limit: money(999) }]
        );
        let beyond =
            crate::plan::totals::tests::totals(&[i64::MAX, 1].map(|minor| (minor, Expiry::Never)));
        assert_eq!(none.check(&beyond), [Breach::BeyondCounting]);
    }
}
