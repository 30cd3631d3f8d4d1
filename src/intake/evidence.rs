//! Which decimal mark a whole column has.
//!
//! It stands apart from the grammar because it decides once for all rows: `1.000` alone is a
//! thousand or one, and only its neighbours tell.
//!
//! **Invariant:** nothing but a value that one reading alone allows decides; likelihood never does.

use super::amount::{NumberError, number};
use super::cell::trim;
use super::error::TwoReadings;
use super::{Currency, DecimalMark, IntakeError, Place};
use crate::domain::Money;

/// What the amounts seen so far show.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    currency: Currency,
    comma: Option<(Place, String)>,
    point: Option<(Place, String)>,
    /// The first value that has two readings.
    open: Option<(Place, String)>,
    comma_total: Option<Money>,
    point_total: Option<Money>,
}

impl Evidence {
    /// Before the first amount.
    pub(super) fn new(currency: Currency) -> Evidence {
        Evidence {
            currency,
            comma: None,
            point: None,
            open: None,
            comma_total: Some(Money::ZERO),
            point_total: Some(Money::ZERO),
        }
    }

    /// Takes one cell of text into account.
    pub(super) fn see(&mut self, place: Place, cell: &str) {
        let text = self.currency.strip(trim(cell));
        let comma = number(text, DecimalMark::Comma);
        let point = number(text, DecimalMark::Point);
        let here = || Some((place, text.chars().take(40).collect()));
        match (comma, point) {
            (Ok(one), Ok(two)) if one == two => {}
            // Three digits after the mark are too many decimals, but prove no thousands.
            (Ok(_), Ok(_) | Err(NumberError::TooFine)) | (Err(NumberError::TooFine), Ok(_)) => {
                self.open = self.open.take().or_else(here);
            }
            (Ok(_), Err(_)) => self.comma = self.comma.take().or_else(here),
            (Err(_), Ok(_)) => self.point = self.point.take().or_else(here),
            // A fault of its row, whatever the mark is.
            (Err(_), Err(_)) => return,
        }
        self.add(comma, point);
    }

    /// Takes a sheet's number into account: it reads the same whatever the mark is.
    pub(super) fn see_number(&mut self, digits: &str) {
        let amount = number(digits, DecimalMark::Point);
        self.add(amount, amount);
    }

    fn add(&mut self, comma: Result<Money, NumberError>, point: Result<Money, NumberError>) {
        let add = |total: Option<Money>, amount: Result<Money, _>| total?.checked_add(amount.ok()?);
        self.comma_total = add(self.comma_total, comma);
        self.point_total = add(self.point_total, point);
    }

    /// The mark of the column; nothing where all amounts are plain digits.
    pub(super) fn decide(self, column: &str) -> Result<Option<DecimalMark>, IntakeError> {
        match (self.comma, self.point, self.open) {
            (Some(comma), Some(point), _) => {
                Err(IntakeError::AmountsContradict { column: column.to_owned(), comma, point })
            }
            (Some(_), None, _) => Ok(Some(DecimalMark::Comma)),
            (None, Some(_), _) => Ok(Some(DecimalMark::Point)),
            (None, None, None) => Ok(None),
            (None, None, Some((place, value))) => {
                Err(IntakeError::AmountsUndecided(Box::new(TwoReadings {
                    column: column.to_owned(),
                    place,
                    comma: number(&value, DecimalMark::Comma).ok(),
                    point: number(&value, DecimalMark::Point).ok(),
                    value,
                    comma_total: self.comma_total,
                    point_total: self.point_total,
                })))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(values: &[&str]) -> Result<Option<DecimalMark>, String> {
        let mut evidence = Evidence::new(Currency::default());
        for (line, value) in (2..).zip(values) {
            evidence.see(Place::Line(line), value);
        }
        evidence.decide("Tutar").map_err(|error| error.to_string())
    }

    #[test]
    fn one_proof_decides_for_all() {
        // Goal: values with one reading decide, wherever they stand. Method: columns by hand.
        for (values, mark) in [
            (&["100", "1.000", "75,5"][..], Some(DecimalMark::Comma)),
            (&["75,00 TL"], Some(DecimalMark::Comma)),
            (&["1.250,50"], Some(DecimalMark::Comma)),
            (&["1.234.567"], Some(DecimalMark::Comma)),
            (&["1,250.50", "1,000"], Some(DecimalMark::Point)),
            (&["0.50"], Some(DecimalMark::Point)),
            (&["1250.500"], Some(DecimalMark::Point)),
            (&["100", "7", "abc", ""], None),
        ] {
            assert_eq!(decide(values), Ok(mark), "{values:?}");
        }
    }

    #[test]
    fn an_undecided_column_shows_both_readings() {
        // Goal: the person sees what is at stake. Method: the texts of a column without proof.
        assert_eq!(
            decide(&["500", "1.000", "2.500"]).unwrap_err(),
            "the amounts in column \"Tutar\" can be read in two ways: with a decimal comma 1.000 \
             (line 3) is 1000.00 and the total 4000.00, with a decimal point it is 1.00 and the \
             total 503.50"
        );
        assert!(decide(&["1.255"]).unwrap_err().contains("no amount"));
    }

    #[test]
    fn proofs_of_both_marks_contradict() {
        // Goal: both lines are named. Method: a column with either mark.
        assert_eq!(
            decide(&["75,5", "1.000", "75.5"]).unwrap_err(),
            "the amounts in column \"Tutar\" contradict each other: 75,5 (line 2) has a decimal \
             comma, 75.5 (line 4) a decimal point"
        );
    }
}
