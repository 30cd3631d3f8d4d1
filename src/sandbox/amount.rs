//! Money as whole minor units, read from and written as the digits of JSON numbers.
//!
//! **Invariant:** an amount never passes through a float.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// How an amount's digits are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digits {
    /// `1000`, `10.5`, `10.05`: as the create answer has it.
    Short,
    /// `1000.00`: as lists have it.
    TwoPlaces,
}

/// An amount on its way into JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) minor: i64,
    pub(super) digits: Digits,
}

impl Amount {
    fn text(self) -> String {
        let sign = if self.minor < 0 { "-" } else { "" };
        let (whole, cents) = (self.minor.unsigned_abs() / 100, self.minor.unsigned_abs() % 100);
        match (self.digits, cents) {
            (Digits::Short, 0) => format!("{sign}{whole}"),
            (Digits::Short, cents) if cents % 10 == 0 => format!("{sign}{whole}.{}", cents / 10),
            _ => format!("{sign}{whole}.{cents:02}"),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(self.text());
        raw.expect("digits are JSON").serialize(serializer)
    }
}

/// The minor units of a JSON number without exponent and with at most two decimals.
pub(super) fn parse_minor(number: &str) -> Option<i64> {
    let (sign, digits) = number.strip_prefix('-').map_or((1, number), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 2 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let cents: i64 = format!("{fraction:0<2}").parse().ok()?;
    let whole: i64 = whole.parse().ok()?;
    whole.checked_mul(100)?.checked_add(cents)?.checked_mul(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: digits are read exactly or not at all. Method: a table of JSON values.
    #[test]
    fn reads_plain_numbers_only() {
        let table = [
            ("1000", Some(100_000)),
            ("1000.00", Some(100_000)),
            ("10.5", Some(1_050)),
            ("0.01", Some(1)),
            ("-3", Some(-300)),
            ("0", Some(0)),
            ("10.005", None),
            ("10.000", None),
            ("1e3", None),
            ("\"10\"", None),
            ("null", None),
            ("99999999999999999999", None),
        ];
        for (text, minor) in table {
            assert_eq!(parse_minor(text), minor, "{text}");
        }
    }

    /// Goal: the two documented forms. Method: a table of both.
    #[test]
    fn writes_both_forms() {
        let table = [
            (100_000, "1000", "1000.00"),
            (1_050, "10.5", "10.50"),
            (5, "0.05", "0.05"),
            (0, "0", "0.00"),
            (-250, "-2.5", "-2.50"),
        ];
        for (minor, short, two_places) in table {
            assert_eq!(Amount { minor, digits: Digits::Short }.text(), short);
            assert_eq!(Amount { minor, digits: Digits::TwoPlaces }.text(), two_places);
        }
    }
}
