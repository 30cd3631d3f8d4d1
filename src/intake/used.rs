//! What was said beside a file and had a part in what its rows mean: of the rest, another word changes nothing.

use super::amount::needs_mark;
use super::cell::trim;
use super::record::Record;
use super::{Columns, Currency};
use crate::domain::Expiry;

/// What the good rows of a file took from beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// The zone: for a date alone, or for a time that names none.
    pub zone: bool,
    /// The default description.
    pub description: bool,
    /// The default expiry.
    pub expiry: bool,
    /// The decimal mark that a person named: an amount reads otherwise under the other one.
    pub decimal: bool,
}

/// The last cell of an expiry that was read.
pub(super) struct LastExpiry {
    pub(super) text: String,
    pub(super) expiry: Expiry,
    pub(super) needs_zone: bool,
}

impl Used {
    /// Takes in a good row. `told` is the currency of its amount, where a person named the decimal mark.
    pub(super) fn note(
        &mut self,
        record: &Record,
        columns: Columns,
        told: Option<&Currency>,
        expiry: Option<&LastExpiry>,
    ) {
        let cell = |column: Option<usize>| trim(record.cell(column.unwrap_or(usize::MAX)));
        self.description |= cell(columns.description).is_empty();
        if let Some(last) = expiry {
            self.expiry |= last.text.is_empty();
            self.zone |= last.needs_zone;
        }
        let is_number = columns.amount.is_some_and(|index| record.numbers().contains(&index));
        if let Some(currency) = told.filter(|_| !self.decimal && !is_number) {
            self.decimal = needs_mark(cell(columns.amount), currency);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::tests::{options, used_of};
    use crate::intake::{DecimalMark, ReadOptions};

    #[test]
    fn what_no_row_depends_on_is_not_used() {
        // Goal: of what was said, just that counts which decides something. Method: files of one row in which
        // one thing at a time decides, all of it being said; what a bad row would take counts for nothing.
        let all = |decimal| ReadOptions {
            decimal,
            description: Some("A".to_owned()),
            expires: Some(Expiry::Never),
            ..options()
        };
        let none = Used::default();
        let comma = Some(DecimalMark::Comma);
        for (row, decimal, expected) in [
            ("10,never,A", comma, none),
            ("10,2036-05-31T10:00:00Z,A", comma, none),
            ("10,2036-05-31 10:00+03:00,A", comma, none),
            ("10,2036-05-31,A", comma, Used { zone: true, ..none }),
            ("10,2036-05-31T10:00,A", comma, Used { zone: true, ..none }),
            ("10,,A", comma, Used { expiry: true, ..none }),
            ("10,never,", comma, Used { description: true, ..none }),
            ("10,never,\u{200b}", comma, Used { description: true, ..none }),
            ("1.000,never,A", comma, Used { decimal: true, ..none }),
            ("1.000.000,never,A", comma, none),
            ("\"1.250,50\",never,A", None, none),
            ("x,2036-05-31,", comma, none),
        ] {
            let wallet = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7";
            let text = format!("wallet_id,amount,expires_at,description\n{wallet},{row}\n");
            assert_eq!(used_of(&text, &all(decimal)), expected, "{row}");
        }
    }
}
