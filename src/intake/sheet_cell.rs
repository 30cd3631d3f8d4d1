//! What a cell of a sheet means as text.
//!
//! It stands apart since money hangs on it: a number is exact only as the fifteen digits that Excel holds, and a
//! date cell is a date alone although it is stored as midnight. The cell's format decides what a person sees; where
//! that is not what the cell holds, it has a [`Flaw`].

use std::borrow::Cow;

use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound};

use super::Currency;
use super::cells::{Kind, RawCell};
use super::flaw::Flaw;
use super::format_section::{Digits, Section, Shown, Shows};
use super::number_format::NumberFormat;
use super::texts::Texts;

/// Digits before the mark that a cell of no format shows; a longer number gets an exponent.
const GENERAL_DIGITS: usize = 11;

/// What a cell holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SheetCell {
    /// The value as text: a number as plain digits with a decimal point, a date in the ISO form.
    pub(super) text: String,
    pub(super) is_number: bool,
    /// What is shown beside a number.
    unit: Option<String>,
    pub(super) flaw: Option<Flaw>,
}

impl SheetCell {
    fn text(text: impl Into<String>) -> SheetCell {
        SheetCell { text: text.into(), is_number: false, unit: None, flaw: None }
    }

    fn flawed(text: impl Into<String>, flaw: Flaw) -> SheetCell {
        SheetCell { flaw: Some(flaw), ..SheetCell::text(text) }
    }

    /// A number whose unit is not the campaign's currency means nothing without it: it becomes a text.
    pub(super) fn in_currency(self, currency: &Currency) -> SheetCell {
        match &self.unit {
            Some(unit) if !currency.is_named(unit) => SheetCell {
                text: format!("{} {unit}", self.text),
                is_number: false,
                unit: None,
                flaw: self.flaw,
            },
            _ => self,
        }
    }
}

/// What a workbook says of all its cells.
pub(super) struct Shared {
    pub(super) texts: Texts,
    /// The format of each style.
    pub(super) formats: Vec<NumberFormat>,
    /// Which of them a style has.
    pub(super) styles: Vec<usize>,
    /// Its days count from 1904.
    pub(super) is_1904: bool,
}

impl Shared {
    fn format(&self, style: usize) -> Cow<'_, NumberFormat> {
        let format = self.styles.get(style).and_then(|format| self.formats.get(*format));
        format.map_or_else(|| Cow::Owned(NumberFormat::default()), Cow::Borrowed)
    }
}

/// What a cell holds; nothing where it is empty.
pub(super) fn read_cell(cell: &RawCell, shared: &Shared) -> Result<Option<SheetCell>, String> {
    let format = shared.format(cell.style);
    let value = cell.value.as_str();
    let is_computed = match cell.kind {
        // A formula may give an empty text.
        Kind::Formula => cell.has_value,
        _ => !value.is_empty(),
    };
    if cell.has_formula && !is_computed {
        return Ok(Some(SheetCell::flawed("", Flaw::NotComputed)));
    }
    if value.is_empty() {
        return Ok(None);
    }
    let text = |text: &str| match format.shown_text(text) {
        Some(shown) => SheetCell::text(shown),
        None => SheetCell::flawed(text, Flaw::Hidden),
    };
    Ok(Some(match cell.kind {
        Kind::Shared => {
            let index = value.trim().parse().ok();
            let shared = index.and_then(|index| shared.texts.get(index));
            match shared.ok_or("a cell's text is not in the table of texts")? {
                "" => return Ok(None),
                shared => text(shared),
            }
        }
        Kind::Formula => text(&super::xml::unescape_units(value)),
        Kind::Inline => text(value),
        Kind::Bool => {
            let is_true = matches!(value.trim(), "1" | "true");
            SheetCell::flawed(if is_true { "TRUE" } else { "FALSE" }, Flaw::NoText)
        }
        Kind::Error => SheetCell::flawed(value, Flaw::Error),
        Kind::Date => iso_date(value, format.section(1.0).shows),
        Kind::Number => match number_of(value) {
            Some(number) => number_cell(number, format.section(number), shared.is_1904),
            None => text(value),
        },
    }))
}

/// A number as programs write it: `inf` and `NaN` are none.
fn number_of(value: &str) -> Option<f64> {
    let value = value.trim();
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    value.parse().ok().filter(|number: &f64| is_number && number.is_finite())
}

fn number_cell(number: f64, section: Section, is_1904: bool) -> SheetCell {
    let digits = plain_digits(number);
    if let Shows::Date(shown) = section.shows {
        return date_cell(number, shown, is_1904);
    }
    let flaw = number_flaw(&digits, &section);
    SheetCell { text: digits, is_number: true, unit: section.unit, flaw }
}

/// What is not shown of a number.
fn number_flaw(digits: &str, section: &Section) -> Option<Flaw> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain = fraction.is_empty() && section.unit.is_none();
    let is_percentage = section.unit.as_deref().is_some_and(|unit| unit.contains('%'));
    match section.shows {
        Shows::Nothing => Some(Flaw::Hidden),
        Shows::General if is_plain && whole.len() <= GENERAL_DIGITS => None,
        Shows::Span => Some(Flaw::Span),
        Shows::General | Shows::Date(_) => Some(Flaw::NoText),
        Shows::Digits(Digits { thousands, .. }) if thousands > 0 => Some(Flaw::Scaled(thousands)),
        Shows::Digits(Digits { has_exponent: true, .. }) => Some(Flaw::Exponent),
        // A percentage has other digits, and is refused for its sign.
        Shows::Digits(shown) if fraction.len() > shown.decimals && !is_percentage => {
            Some(Flaw::Rounded)
        }
        Shows::Digits(Digits { decimals: 0, whole: least, is_grouped, .. })
            if is_plain && least <= whole.len() && (!is_grouped || whole.len() <= 3) =>
        {
            None
        }
        Shows::Digits(_) => Some(Flaw::NoText),
    }
}

/// A date as ISO text: alone where the cell shows no time or holds none, else to the millisecond.
fn date_cell(number: f64, shown: Shown, is_1904: bool) -> SheetCell {
    let Some(exact) = instant_of(number, is_1904) else {
        return SheetCell {
            is_number: true,
            ..SheetCell::flawed(plain_digits(number), Flaw::NoText)
        };
    };
    let is_whole = number.fract() == 0.0;
    let text = match is_whole || !shown.time {
        true => exact.format("%Y-%m-%d").to_string(),
        // A fraction of a day is never an exact millisecond.
        false => time_text(exact.round_subsecs(3)),
    };
    SheetCell::flawed(text, date_flaw(shown))
}

fn time_text(at: NaiveDateTime) -> String {
    let form = if at.time() == at.time().trunc_subsecs(0) {
        "%Y-%m-%d %H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M:%S%.3f"
    };
    at.format(form).to_string()
}

fn date_flaw(shown: Shown) -> Flaw {
    match (shown.day, shown.year) {
        (false, _) => Flaw::NoDay,
        (true, false) => Flaw::NoYear,
        (true, true) => Flaw::NoText,
    }
}

/// The instant of a number of days, on the clock of the spreadsheet.
fn instant_of(days: f64, is_1904: bool) -> Option<NaiveDateTime> {
    // Excel takes 1900 for a leap year: its days before March are one too few.
    let (year, month, day) = match (is_1904, days < 60.0) {
        (true, _) => (1904, 1, 1),
        (false, true) => (1899, 12, 31),
        (false, false) => (1899, 12, 30),
    };
    let first = NaiveDate::from_ymd_opt(year, month, day)?.and_time(NaiveTime::MIN);
    let whole = days.floor();
    if !(0.0..=2_958_465.0).contains(&whole) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::float_arithmetic,
        reason = "no money, and within the days that Excel knows"
    )]
    let (whole, micros) = (whole as i64, ((days - whole) * 86_400e6).round() as i64);
    // The last microsecond of a day is still of that day.
    let micros = micros.min(86_400_000_000 - 1);
    first.checked_add_signed(Duration::days(whole) + Duration::microseconds(micros))
}

/// A date that is stored as text, read by what its format shows: the spreadsheet knows no zones.
fn iso_date(value: &str, shows: Shows) -> SheetCell {
    let (date, rest) = value.split_at_checked(10).unwrap_or((value, ""));
    let Ok(day) = date.parse::<NaiveDate>() else {
        return SheetCell::text(value);
    };
    let clock = rest.get(1..).unwrap_or("").trim_end_matches(['Z', 'z']);
    let clock = clock.split(['+', '-']).next().unwrap_or("");
    let is_midnight = clock.bytes().all(|byte| b"0:.".contains(&byte));
    let shown = match shows {
        Shows::Date(shown) => shown,
        // Without a format of dates nothing says what is shown.
        _ if is_midnight => Shown { day: true, year: true, time: false },
        _ => return SheetCell::text(value),
    };
    let text = match rest.is_empty() || !shown.time {
        true => day.to_string(),
        false => format!("{day} {clock}"),
    };
    SheetCell::flawed(text, date_flaw(shown))
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
    use proptest::prelude::*;

    use super::*;
    use crate::intake::xml::Xml;

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

    fn shared() -> Shared {
        let codes = [
            "General",
            "dd.mm.yyyy",
            "dd.mm.yyyy hh:mm",
            "mm/yy",
            "d-mmm",
            "#,##0,",
            "0.00",
            "0",
            "0.00E+00",
            ";;;",
            "00000",
            "#,##0.00 \"TL\"",
            "[h]:mm",
            "dddd",
        ];
        let text = b"<sst><si><t>Cuzdan</t></si><si/></sst>";
        Shared {
            texts: Texts::read(&mut Xml::new(&text[..], 1_000)).unwrap(),
            formats: codes.map(NumberFormat::of).to_vec(),
            styles: (0..codes.len()).collect(),
            is_1904: false,
        }
    }

    fn cell(kind: Kind, style: usize, value: &str) -> RawCell {
        RawCell { kind, style, value: value.to_owned(), has_value: true, ..RawCell::default() }
    }

    fn read(cell: &RawCell) -> (String, Option<Flaw>) {
        let cell = read_cell(cell, &shared()).unwrap().unwrap();
        (cell.text, cell.flaw)
    }

    #[test]
    fn a_date_is_what_its_format_shows() {
        // Goal: a whole number is a date alone, and no fraction becomes one; what shows no time is a date alone.
        // Method: serial numbers with their dates, counted from 1899-12-30, and the same as ISO texts.
        for (kind, style, value, text) in [
            (Kind::Number, 1, "46538", "2027-05-31"),
            (Kind::Number, 2, "46538", "2027-05-31"),
            (Kind::Number, 2, "46538.5", "2027-05-31 12:00:00"),
            (Kind::Number, 1, "46538.5", "2027-05-31"),
            (Kind::Number, 2, "46538.999988425923", "2027-05-31 23:59:59"),
            (Kind::Number, 2, "47999.999999988424", "2031-05-31 23:59:59.999"),
            (Kind::Number, 1, "47999.999999988424", "2031-05-31"),
            (Kind::Number, 2, "47999.99999999999", "2031-06-01 00:00:00"),
            (Kind::Number, 1, "47999.99999999999", "2031-05-31"),
            (Kind::Number, 1, "1", "1900-01-01"),
            (Kind::Number, 1, "61", "1900-03-01"),
            (Kind::Date, 1, "2031-05-31T00:00:00.000Z", "2031-05-31"),
            (Kind::Date, 1, "2031-05-31T18:00:00", "2031-05-31"),
            (Kind::Date, 0, "2031-05-31T00:00:00.000Z", "2031-05-31"),
            (Kind::Date, 0, "2031-05-31T18:00:00Z", "2031-05-31T18:00:00Z"),
            (Kind::Date, 2, "2031-05-31T18:00:00Z", "2031-05-31 18:00:00"),
            (Kind::Date, 2, "2031-05-31T00:00:00Z", "2031-05-31 00:00:00"),
            (Kind::Date, 1, "31.05.2031", "31.05.2031"),
        ] {
            assert_eq!(read(&cell(kind, style, value)).0, text, "{value} in style {style}");
        }
        assert_eq!(instant_of(45_076.0, true).unwrap().to_string(), "2027-05-31 00:00:00");
        assert_eq!(read(&cell(Kind::Number, 1, "1e300")).0.len(), 301);
    }

    #[test]
    fn what_is_not_shown_is_a_flaw() {
        // Goal: nothing is given that nobody saw. Method: a cell of each kind, with the flaw that it has.
        for (kind, style, value, flaw) in [
            (Kind::Number, 0, "100", None),
            (Kind::Number, 6, "100.5", Some(Flaw::NoText)),
            (Kind::Number, 7, "100", None),
            (Kind::Number, 11, "100.5", Some(Flaw::NoText)),
            (Kind::Number, 5, "100000", Some(Flaw::Scaled(1))),
            (Kind::Number, 7, "99.99", Some(Flaw::Rounded)),
            (Kind::Number, 6, "50.005", Some(Flaw::Rounded)),
            (Kind::Number, 8, "100000", Some(Flaw::Exponent)),
            (Kind::Number, 9, "100", Some(Flaw::Hidden)),
            (Kind::Shared, 9, "0", Some(Flaw::Hidden)),
            (Kind::Number, 10, "42", Some(Flaw::NoText)),
            (Kind::Number, 12, "1.5", Some(Flaw::Span)),
            (Kind::Number, 3, "47969", Some(Flaw::NoDay)),
            (Kind::Number, 13, "47969", Some(Flaw::NoDay)),
            (Kind::Date, 3, "2031-05-01", Some(Flaw::NoDay)),
            (Kind::Number, 4, "47999", Some(Flaw::NoYear)),
            (Kind::Number, 1, "47999", Some(Flaw::NoText)),
            (Kind::Error, 0, "#SPILL!", Some(Flaw::Error)),
            (Kind::Bool, 0, "1", Some(Flaw::NoText)),
            (Kind::Shared, 0, "0", None),
        ] {
            assert_eq!(read(&cell(kind, style, value)).1, flaw, "{value} in style {style}");
        }
    }

    #[test]
    fn a_formula_without_a_value_is_no_empty_cell() {
        // Goal: no default stands in for what was not computed; an empty text that was computed is empty.
        // Method: formulas with and without values, and empty cells.
        let formula =
            |kind, has_value| RawCell { has_formula: true, has_value, ..cell(kind, 0, "") };
        for raw in [
            formula(Kind::Number, false),
            formula(Kind::Number, true),
            formula(Kind::Formula, false),
        ] {
            assert_eq!(read(&raw).1, Some(Flaw::NotComputed));
        }
        for raw in
            [formula(Kind::Formula, true), cell(Kind::Number, 0, ""), cell(Kind::Shared, 0, "1")]
        {
            assert_eq!(read_cell(&raw, &shared()), Ok(None));
        }
        assert!(read_cell(&cell(Kind::Shared, 0, "7"), &shared()).is_err());
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
