//! The grammar of amounts: which money a cell means under a given decimal mark.
//!
//! It is written by hand because number readers forgive: they round, take signs and exponents, or
//! skip marks, and each of that changes somebody's money.
//!
//! **Invariant:** a text has at most one value under a mark; what is not exact is a problem.

use super::date::read_date;
use super::fault::Problem;
use super::{Code, Currency, DecimalMark};
use crate::domain::{Money, MoneyError};

/// The largest gift that intake takes: more is a unit error in any currency we give.
pub const MAX_AMOUNT: Money = Money::from_minor(100_000_000_000);

/// Spaces that may part thousands, as `1 250,50`: one kind in one amount.
const SPACES: [char; 3] = [' ', '\u{a0}', '\u{202f}'];

/// How the decimal mark became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A person said it.
    Told,
    /// The column showed it.
    Shown,
}

/// Why digits and marks are no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberError {
    /// Marks or letters where none can be.
    NotANumber,
    /// More decimals than there are coins.
    TooFine,
    /// Beyond all money.
    TooLarge,
}

/// The amount of a trimmed cell.
pub(super) fn read_amount(
    cell: &str,
    mark: DecimalMark,
    origin: Origin,
    currency: &Currency,
) -> Result<Money, Problem> {
    if currency.is_other(cell) {
        return Err(other_currency(currency));
    }
    let text = currency.strip(cell);
    if origin == Origin::Shown && is_three_decimals(text, mark) {
        return Err(Problem::new(
            Code::AmountAmbiguous,
            "three decimals, or thousands with the wrong mark",
            format!("this column has a decimal {mark}: write the amount with two decimals"),
        ));
    }
    let money = number(text, mark).map_err(|error| explain(text, error, mark))?;
    // Where a person said the mark, `1.000` has a meaning; otherwise no amount has three decimals.
    let decimals = text.split_once(mark.as_char()).map_or(0, |(_, decimals)| decimals.len());
    if decimals > 2 && !is_three_decimals(text, mark) {
        return Err(explain(text, NumberError::TooFine, mark));
    }
    if money == Money::ZERO {
        return Err(Problem::new(Code::AmountZero, "zero", "give more than 0, or remove the row"));
    }
    if money > MAX_AMOUNT {
        return Err(too_large());
    }
    Ok(money)
}

/// Whether the decimal mark decides how much a cell gives: it reads as two amounts, one under each.
pub(super) fn needs_mark(cell: &str, currency: &Currency) -> bool {
    let text = currency.strip(cell);
    let readings = [DecimalMark::Comma, DecimalMark::Point].map(|mark| number(text, mark));
    matches!(readings, [Ok(comma), Ok(point)] if comma != point)
}

/// The fault of a cell or a row in another currency.
pub(super) fn other_currency(currency: &Currency) -> Problem {
    Problem::new(
        Code::OtherCurrency,
        format!("not in {currency}"),
        "give each currency its own campaign, and say which it is with --currency",
    )
}

/// Digits with thousands in groups of three and decimals, all under one decimal mark.
pub(super) fn number(text: &str, mark: DecimalMark) -> Result<Money, NumberError> {
    let (whole, fraction) = match text.split_once(mark.as_char()) {
        Some((_, "")) => return Err(NumberError::NotANumber),
        Some(parts) => parts,
        None => (text, ""),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = [mark.other().as_char()].into_iter().chain(SPACES);
    let group = groups.find(|group| whole.contains(*group)).unwrap_or_default();
    let is_grouped = whole.contains(group);
    if is_grouped && !is_groups(whole, group) || !is_grouped && !digits(whole) {
        return Err(NumberError::NotANumber);
    }
    if whole.is_empty() || !digits(fraction) {
        return Err(NumberError::NotANumber);
    }
    let mut plain = String::with_capacity(text.len());
    plain.extend(whole.chars().filter(|&c| c != group));
    if !fraction.is_empty() {
        plain.push('.');
        plain.push_str(fraction);
    }
    plain.parse().map_err(|error| match error {
        MoneyError::NotPlain => NumberError::NotANumber,
        MoneyError::TooFine => NumberError::TooFine,
        MoneyError::TooLarge => NumberError::TooLarge,
    })
}

/// `1.250`, `12.500.000`: one to three digits, not from 0 on, then groups of exactly three.
fn is_groups(whole: &str, group: char) -> bool {
    let mut parts = whole.split(group);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let first = parts.next().unwrap_or("");
    (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && digits(first)
        && parts.all(|part| part.len() == 3 && digits(part))
}

/// A text that would be thousands if the other mark were the decimal one: `1.250` under a point.
fn is_three_decimals(text: &str, mark: DecimalMark) -> bool {
    text.contains(mark.as_char()) && is_groups(text, mark.as_char())
}

/// Whether a text is a number of some kind, in whatever form.
pub(super) fn is_number_like(text: &str) -> bool {
    let text = Currency::default().strip(text.trim());
    let has_digit = text.contains(|c: char| c.is_ascii_digit());
    let is_digits = text.chars().all(|c| c.is_ascii_digit() || ".,-/ ".contains(c));
    has_digit && is_digits || is_exponent(text)
}

/// Whether a text is what a spreadsheet shows of a number too long for its cell: `9,05E+11`.
pub(super) fn is_exponent(text: &str) -> bool {
    let Some((head, tail)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let power = tail.strip_prefix(['+', '-']).unwrap_or(tail);
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let head = head.strip_prefix('-').unwrap_or(head);
    is_digits(power) && is_digits(&head.replacen(['.', ','], "", 1))
}

fn too_large() -> Problem {
    Problem::new(
        Code::AmountTooLarge,
        "too large",
        format!("a gift is at most {MAX_AMOUNT}: check the decimal mark"),
    )
}

fn explain(text: &str, error: NumberError, mark: DecimalMark) -> Problem {
    if text.is_empty() {
        return Problem::new(Code::Empty, "empty", "write the amount, or remove the row");
    }
    if error == NumberError::TooFine {
        return Problem::new(
            Code::AmountDecimals,
            "more than two decimals",
            "round it to two decimals",
        );
    }
    if error == NumberError::TooLarge {
        return too_large();
    }
    if is_exponent(text) {
        return Problem::new(
            Code::NumberExponent,
            "an exponent: Excel damaged this number",
            "format the column as a number with two decimals and export it again",
        );
    }
    if text.ends_with('%') {
        return Problem::new(Code::AmountPercentage, "a percentage", "write the amount itself");
    }
    if text.starts_with('=') {
        return Problem::new(Code::AmountFormula, "a formula", "write the amount itself");
    }
    if read_date(text).is_ok_and(|date| date.is_some()) {
        return Problem::new(
            Code::AmountDate,
            "a date: Excel makes one of an amount such as 1.05",
            "format the column as a number and write the amount again",
        );
    }
    if text.starts_with(['+', '-', '−', '(']) || text.ends_with('-') {
        return Problem::new(
            Code::AmountSigned,
            "a signed amount",
            "write an amount greater than 0, without a sign",
        );
    }
    if number(text, mark.other()).is_ok() {
        return Problem::new(
            Code::AmountOtherMark,
            format!("not a number with a decimal {mark}"),
            format!("this column has a decimal {mark}: write all amounts so"),
        );
    }
    let example = match mark {
        DecimalMark::Comma => "1250,50",
        DecimalMark::Point => "1250.50",
    };
    Problem::new(Code::AmountInvalid, "not a number", format!("write digits alone, as {example}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::DecimalMark::{Comma, Point};
    use super::*;

    fn read(text: &str, mark: DecimalMark) -> Result<Money, String> {
        read_amount(text.trim(), mark, Origin::Shown, &Currency::default())
            .map_err(|problem| problem.problem)
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        // Goal: the spellings of both marks. Method: texts with their minor units, by hand.
        for (text, mark, minor) in [
            ("100", Comma, 10_000),
            ("75,5", Comma, 7_550),
            ("75,00 TL", Comma, 7_500),
            ("₺1.250,50", Comma, 125_050),
            ("1.000", Comma, 100_000),
            ("1.234.567", Comma, 123_456_700),
            ("try 1,250.50", Point, 125_050),
            ("1,250.50\u{a0}₺", Point, 125_050),
            ("\u{202f}0.01 ", Point, 1),
            ("1,000,000,000", Point, 100_000_000_000),
            ("1 250,50", Comma, 125_050),
            ("12\u{a0}250\u{a0}000,5 TL", Comma, 1_225_000_050),
            ("1\u{202f}250.50", Point, 125_050),
            ("1 000", Comma, 100_000),
        ] {
            assert_eq!(read(text, mark), Ok(Money::from_minor(minor)), "{text}");
        }
    }

    #[test]
    fn what_is_not_exact_is_a_problem() {
        // Goal: nothing is guessed. Method: each wrong text with the words that explain it.
        for (text, problem) in [
            ("", "empty"),
            ("TL", "empty"),
            ("0", "zero"),
            ("0,00", "zero"),
            ("-5", "a signed amount"),
            ("+5", "a signed amount"),
            ("9,05E+11", "an exponent: Excel damaged this number"),
            ("1E5", "an exponent: Excel damaged this number"),
            ("5,001", "three decimals, or thousands with the wrong mark"),
            ("0,005", "more than two decimals"),
            ("0,500", "more than two decimals"),
            ("75,5000", "more than two decimals"),
            ("1.000,000", "more than two decimals"),
            ("1.000.000.000,01", "too large"),
            ("99999999999999999999", "too large"),
            ("12.50", "not a number with a decimal comma"),
            ("1.25.50", "not a number"),
            ("1.2500,00", "not a number"),
            ("0.500,00", "not a number"),
            ("1,", "not a number"),
            (",5", "not a number"),
            ("₺5 TL", "not a number"),
            ("5 USD", "not in TRY"),
            ("€5", "not in TRY"),
            ("1 25,50", "not a number"),
            ("1 250.000", "not a number with a decimal comma"),
            ("1 250\u{a0}000", "not a number"),
            ("=A1*2", "a formula"),
            ("15 %", "a percentage"),
            ("2027-05-01", "a date: Excel makes one of an amount such as 1.05"),
            ("bin", "not a number"),
            ("١٠", "not a number"),
        ] {
            let found = read(text, Comma).unwrap_err();
            assert_eq!(found, problem, "{text:?}");
        }
    }

    #[test]
    fn three_decimals_count_only_where_a_person_said_so() {
        // Goal: `1.000` in a column of points is not taken for one lira in silence. Method: the
        // same text told and shown.
        let read = |origin| read_amount("1.000", Point, origin, &Currency::default());
        assert_eq!(read(Origin::Told), Ok(Money::from_minor(100)));
        assert!(read(Origin::Shown).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_an_amount_or_a_problem(text in "\\PC{0,12}|[0-9.,₺TLE+ -]{0,12}") {
            // Goal: no input panics. Method: any text under both marks.
            let _ = read(&text, Comma);
            let _ = read(&text, Point);
        }

        #[test]
        fn an_amount_is_read_back(minor in 1..=100_000_000_000_i64, grouped: bool, comma: bool) {
            // Goal: no digit is lost, moved or added. Method: write by hand, read, compare.
            let mark = if comma { Comma } else { Point };
            let mut whole = (minor / 100).to_string();
            if grouped {
                for at in (1..whole.len()).rev().filter(|at| (whole.len() - at) % 3 == 0)
                    .collect::<Vec<_>>() {
                    whole.insert(at, mark.other().as_char());
                }
            }
            let text = format!("{whole}{}{:02}", mark.as_char(), minor % 100);
            prop_assert_eq!(read(&text, mark), Ok(Money::from_minor(minor)));
        }
    }
}
