//! What a cell of a sheet means as text.
//!
//! It stands apart since money hangs on it: a number is exact only as the fifteen digits that Excel shows,
//! and a date cell is a date alone although it is stored as midnight.

use calamine::{DataRef, ExcelDateTime, Style};
use chrono::{NaiveTime, SubsecRound};

use super::Currency;
use super::number_format::NumberFormat;

/// What a cell holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SheetCell {
    /// A text, a date as ISO text, or what else is no number.
    Text(String),
    /// A number, as plain digits with a decimal point.
    Number {
        digits: String,
        /// What its format shows beside it.
        unit: Option<String>,
    },
}

impl SheetCell {
    /// The cell as text.
    pub(super) fn text(&self) -> &str {
        match self {
            SheetCell::Text(text) | SheetCell::Number { digits: text, .. } => text,
        }
    }

    /// A number whose unit is not the campaign's currency means nothing without it: it becomes a text.
    pub(super) fn in_currency(self, currency: &Currency) -> SheetCell {
        match self {
            SheetCell::Number { digits, unit: Some(unit) } if !currency.is_named(&unit) => {
                SheetCell::Text(format!("{digits} {unit}"))
            }
            other => other,
        }
    }
}

/// What a style says of the values that it shows; a style without a format hides nothing.
pub(super) fn format_of(style: &Style) -> NumberFormat {
    match &style.number_format {
        Some(format) if !format.format_code.is_empty() => NumberFormat::of(&format.format_code),
        _ => NumberFormat { unit: None, has_time: true },
    }
}

/// What a cell holds; nothing where it is empty.
pub(super) fn read_cell(value: &DataRef<'_>, format: &NumberFormat) -> Option<SheetCell> {
    let text = |text: &str| SheetCell::Text(text.to_owned());
    let number = |digits: String| SheetCell::Number { digits, unit: format.unit.clone() };
    Some(match value {
        DataRef::Empty => return None,
        DataRef::SharedString(shared) => text(shared),
        DataRef::String(own) | DataRef::DurationIso(own) => text(own),
        // As a date cell of the other kind: midnight is a date alone.
        DataRef::DateTimeIso(own) => text(own.strip_suffix("T00:00:00").unwrap_or(own)),
        DataRef::Int(whole) => number(whole.to_string()),
        DataRef::Float(float) => number(plain_digits(*float)),
        DataRef::Bool(yes) => text(if *yes { "TRUE" } else { "FALSE" }),
        DataRef::Error(error) => SheetCell::Text(error.to_string()),
        DataRef::DateTime(at) => SheetCell::Text(date_text(at, format.has_time)),
    })
}

/// A date as ISO text: alone where it is midnight, as a date cell is, or where no time is shown; else to
/// the second.
fn date_text(at: &ExcelDateTime, has_time: bool) -> String {
    match at.as_datetime() {
        Some(date) if !at.is_duration() => {
            // A fraction of a day is never an exact second.
            let date = date.round_subsecs(0);
            match date.time() == NaiveTime::MIN || !has_time {
                true => date.format("%Y-%m-%d").to_string(),
                false => date.format("%Y-%m-%d %H:%M:%S").to_string(),
            }
        }
        _ => plain_digits(at.as_f64()),
    }
}

/// A number as plain digits, rounded to the fifteen that Excel holds and shows.
///
/// Fifteen are Excel's documented precision ("Excel specifications and limits"); the binary number
/// behind them has digits beyond, as 0.30000000000000004 for 0.1 + 0.2, that nobody wrote.
fn plain_digits(number: f64) -> String {
    let scientific = format!("{number:.14e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits = mantissa.replace('.', "");
    let digits = digits.trim_end_matches('0');
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if digits.is_empty() {
        return "0".to_owned();
    }
    let point = usize::try_from(exponent + 1).unwrap_or(0);
    let zeros = usize::try_from(-(exponent + 1)).unwrap_or(0);
    let digits = format!("{}{digits}", "0".repeat(zeros));
    let (whole, fraction) = match digits.split_at_checked(point) {
        Some((whole, fraction)) => (whole.to_owned(), fraction),
        None => (format!("{digits:0<point$}"), ""),
    };
    let whole = if whole.is_empty() { "0" } else { whole.as_str() };
    match fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_the_digits_that_excel_shows() {
        // Goal: no digit is added or lost. Method: numbers with their digits, by hand.
        for (number, digits) in [
            (0.0, "0"),
            (100.0, "100"),
            (1250.5, "1250.5"),
            (19.99, "19.99"),
            (0.1 + 0.2, "0.3"),
            (0.01, "0.01"),
            (0.05, "0.05"),
            (-75.5, "-75.5"),
            (1e9, "1000000000"),
            (123_456_789_012_345.0, "123456789012345"),
            (905_000_000_000.0, "905000000000"),
            (1e20, "100000000000000000000"),
            (1.005, "1.005"),
            (1e-7, "0.0000001"),
        ] {
            assert_eq!(plain_digits(number), digits);
        }
        // As Excel writes 19.99 into its files.
        assert_eq!(plain_digits("19.989999999999998".parse().unwrap()), "19.99");
        assert_eq!(plain_digits(f64::NAN), "NaN");
    }

    #[test]
    fn dates_are_iso_texts() {
        // Goal: a date cell is a date alone, one with a time an instant to the second. Method: serial
        // numbers with their dates, counted from 1899-12-30, and from 1904 on.
        let text = |value: f64, is_1904| {
            date_text(&ExcelDateTime::new(value, ExcelDateTimeType::DateTime, is_1904), true)
        };
        assert_eq!(text(46_538.0, false), "2027-05-31");
        assert_eq!(text(46_538.0 + 86_399.0 / 86_400.0, false), "2027-05-31 23:59:59");
        assert_eq!(text(46_538.5, false), "2027-05-31 12:00:00");
        assert_eq!(text(45_076.0, true), "2027-05-31");
        assert_eq!(text(1e300, false).len(), 301);
        let span = ExcelDateTime::new(1.5, ExcelDateTimeType::TimeDelta, false);
        assert_eq!(date_text(&span, true), "1.5");
        let noon = ExcelDateTime::new(46_538.5, ExcelDateTimeType::DateTime, false);
        assert_eq!(date_text(&noon, false), "2027-05-31");
    }

    proptest! {
        #[test]
        fn amounts_survive_a_spreadsheet(minor in 0_i64..=100_000_000_000) {
            // Goal: each amount that can be given comes back to the coin. Method: through the nearest
            // binary number, as a spreadsheet stores it.
            let written = format!("{}.{:02}", minor / 100, minor % 100);
            let digits = plain_digits(written.parse().unwrap());
            let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
            prop_assert_eq!(format!("{whole}.{fraction:0<2}"), written);
        }
    }
}
