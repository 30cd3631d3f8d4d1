//! Unit errors: kuruş for lira, or a decimal mark that was lost, make rows or whole files too large by
//! a hundred or more.
//!
//! It stands apart from the limits because nobody has to name it: it measures a file by itself, and by
//! the campaigns that it follows.
//!
//! The **series** of a campaign are the other campaigns of the ledger whose name has the same stem. The
//! stem, in any case, is what is left when digits, `-`, `_`, `.`, `/` and spaces are cut off the end: `weekly-01` and
//! `weekly-02`, `birthday-2026-11-20` and `birthday-2026-11-21`, `Kupon 2026/05` and `Kupon 2026/06`.
//! Names with the changing part in front, as `may-drop` and `june-drop`, are no series: a wrong guess
//! would refuse a good file.

use super::{Breach, Median, Totals};
use crate::domain::Money;

/// Below so many rows there is no such thing as far beyond the others.
pub const FEWEST_ROWS: u64 = 20;

/// A row may give so many times the median.
pub(super) const TIMES_THE_MEDIAN: i64 = 100;

/// A campaign may add up to so many times the largest total of its series.
pub(super) const TIMES_THE_SERIES: i64 = 10;

/// What a campaign would be with a file, as far as outliers are measured by it.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Its rows, those of earlier files among them.
    pub rows: u64,
    /// Their money.
    pub total: Money,
    /// The amount in the middle of them.
    pub median: Option<Median>,
}

impl Standing {
    /// Of a campaign that has one file alone.
    pub fn of_file(totals: &Totals) -> Standing {
        Standing { rows: totals.rows, total: totals.total, median: totals.median() }
    }

    /// The largest amount that is not far beyond the others, where a row of the file gives more.
    pub fn outlier_limit(&self, file: &Totals) -> Option<Money> {
        let median = self.median.filter(|_| self.rows >= FEWEST_ROWS)?;
        let limit = median.amount.minor().checked_mul(TIMES_THE_MEDIAN).map(Money::from_minor)?;
        file.largest.first().filter(|largest| largest.amount > limit).map(|_| limit)
    }

    /// Whether the campaign is far beyond the largest of its series.
    pub fn check_series(&self, largest: Option<(&str, Money)>) -> Option<Breach> {
        let (campaign, largest) = largest.filter(|_| self.rows >= FEWEST_ROWS)?;
        let limit = largest.minor().checked_mul(TIMES_THE_SERIES)?;
        (self.total.minor() > limit).then(|| Breach::Series {
            found: self.total,
            largest,
            campaign: campaign.to_owned(),
        })
    }
}

/// The campaign with the largest total of the series that this name belongs to, itself left out.
pub fn largest_of_series<'a>(
    name: &str,
    campaigns: impl IntoIterator<Item = (&'a str, Money)>,
) -> Option<(&'a str, Money)> {
    let is_of_series = |(other, total): &(&str, Money)| {
        let is_same = stem(other).to_lowercase() == stem(name).to_lowercase();
        *other != name && is_same && *total > Money::ZERO
    };
    campaigns.into_iter().filter(is_of_series).max_by_key(|(_, total)| *total)
}

/// What campaigns of one series have in common.
fn stem(name: &str) -> &str {
    let is_number =
        |char: char| char.is_ascii_digit() || matches!(char, '-' | '_' | '.' | '/' | ' ');
    name.trim_end_matches(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Expiry;
    use crate::plan::totals::tests::totals;

    /// Rows of one coin, and a last one.
    fn file(ones: usize, last: i64) -> Totals {
        let mut rows = vec![(1, Expiry::Never); ones];
        rows.push((last, Expiry::Never));
        totals(&rows)
    }

    fn outlier_limit(file: &Totals) -> Option<Money> {
        Standing::of_file(file).outlier_limit(file)
    }

    fn check_series(file: &Totals, largest: Option<(&str, Money)>) -> Option<Breach> {
        Standing::of_file(file).check_series(largest)
    }

    #[test]
    fn a_row_is_an_outlier_from_one_coin_beyond_on() {
        // Goal: the edge is the coin, and small files are left alone. Method: at and beyond both edges.
        let limit = Some(Money::from_minor(100));
        assert_eq!(outlier_limit(&file(19, 100)), None);
        assert_eq!(outlier_limit(&file(19, 101)), limit);
        assert_eq!(outlier_limit(&file(18, 101)), None);
        assert_eq!(outlier_limit(&file(18, i64::MAX)), None);
        assert_eq!(outlier_limit(&Totals::default()), None);
        // A median beyond a hundredth of all that can be counted has nothing beyond it.
        assert_eq!(outlier_limit(&totals(&[(i64::MAX / 50, Expiry::Never); 20])), None);
    }

    #[test]
    fn a_file_is_beyond_its_series_from_one_coin_on() {
        // Goal: ten times the largest total passes, a coin more does not. Method: both sides of the
        // edges in money and in rows, and no series.
        let money = Money::from_minor;
        let weekly = |total| Some(("weekly-01", money(total)));
        assert_eq!(check_series(&file(19, 1_001), weekly(102)), None);
        assert_eq!(
            check_series(&file(19, 1_002), weekly(102)),
            Some(Breach::Series {
                found: money(1_021),
                largest: money(102),
                campaign: "weekly-01".to_owned()
            })
        );
        assert_eq!(check_series(&file(18, 1_000_000), weekly(1)), None);
        assert_eq!(check_series(&file(19, 1_000_000), None), None);
        assert_eq!(check_series(&file(19, i64::MAX - 19), weekly(i64::MAX / 9)), None);
    }

    #[test]
    fn a_series_is_one_name_with_a_changing_end() {
        // Goal: only campaigns that surely belong together are held against each other. Method: names
        // that belong together, names that do not, and the campaign itself.
        let all = [
            ("weekly-01", Money::from_minor(5)),
            ("weekly-02", Money::from_minor(7)),
            ("weekly-03", Money::from_minor(6)),
            ("weekly-99", Money::from_minor(0)),
            ("weekend-01", Money::from_minor(900)),
            ("2026-05", Money::from_minor(8)),
        ];
        let largest = |name| largest_of_series(name, all).map(|(found, _)| found);
        assert_eq!(largest("weekly-04"), Some("weekly-02"));
        assert_eq!(largest("weekly-02"), Some("weekly-03"), "never itself");
        assert_eq!(largest("weekend-01"), None);
        assert_eq!(largest("Weekly-05"), Some("weekly-02"));
        assert_eq!(largest("2026-06"), Some("2026-05"));
        assert_eq!(largest_of_series("idle-2", [("idle-1", Money::ZERO)]), None);
        for (name, expected) in [
            ("birthday-2026-11-20", "birthday"),
            ("birthday_20261120", "birthday"),
            ("Mayıs kuponu 2027", "Mayıs kuponu"),
            ("kupon 2026/05", "kupon"),
            ("may-drop", "may-drop"),
            ("drop-v2.1", "drop-v"),
        ] {
            assert_eq!(stem(name), expected);
        }
    }
}
