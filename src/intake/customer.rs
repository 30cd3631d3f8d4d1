//! The grammar of a cell that names a customer at the partner.
//!
//! It stands apart because nothing is known of the form of such ids: whatever could be one is taken as it is,
//! and only what cannot be one, or was damaged on the way, is a fault.

use super::Code;
use super::amount::is_exponent;
use super::cell::{check_text, trim};
use super::fault::Problem;

/// Digits that Excel keeps of a number: in a longer id those behind them became zeros.
const EXACT_DIGITS: usize = 15;

/// The customer's id in a cell: the text without the space around it, whose case matters.
pub fn customer_of(cell: &str) -> &str {
    trim(cell)
}

/// Whether a trimmed cell names a customer; `is_number` says that a sheet holds it as a number.
pub(super) fn check_customer(text: &str, is_number: bool) -> Result<(), Problem> {
    const AS_TEXT: &str = "format the column as text and export the ids again";
    if text.is_empty() {
        return Err(Problem::new(
            Code::Empty,
            "empty",
            "write the customer's id, or remove the row",
        ));
    }
    // `12E4` may be an id; with a sign it is what Excel shows of a long number.
    if is_exponent(text) && text.contains('+') {
        return Err(Problem::new(
            Code::CustomerDamaged,
            "an exponent: Excel damaged this id",
            AS_TEXT,
        ));
    }
    if is_number && text.bytes().filter(u8::is_ascii_digit).count() > EXACT_DIGITS {
        return Err(Problem::new(
            Code::CustomerDamaged,
            "a number of more than 15 digits: Excel rounds it",
            AS_TEXT,
        ));
    }
    check_text(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_an_id_is_taken_as_it_is() {
        // Goal: no customer is refused for the form of an id, and none is asked for by a damaged one.
        // Method: ids of many forms; empty and damaged ones, as texts and as numbers of a sheet.
        for id in ["test0101010", "0042", "12E4", "ş a/b", "a,b", "12345678901234567890"] {
            assert_eq!(check_customer(id, false), Ok(()), "{id}");
        }
        assert_eq!(check_customer("123456789012345", true), Ok(()));
        let problem = |text: &str, is_number| check_customer(text, is_number).unwrap_err().problem;
        assert_eq!(problem("", false), "empty");
        for (text, is_number) in [("1,01E+09", false), ("1234567890123456", true)] {
            assert!(problem(text, is_number).contains("Excel"), "{text}");
        }
        for text in ["a\nb", "#REF!", "a\u{202e}b"] {
            assert!(check_customer(text, false).is_err(), "{text}");
        }
        assert_eq!(customer_of("\u{feff} Ab 1\u{a0}"), "Ab 1");
    }
}
