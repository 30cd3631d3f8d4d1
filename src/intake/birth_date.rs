//! The grammar of birth dates: a day of the calendar, its year known or not.
//!
//! It stands apart from that of expiries because a birth date is a day and never an instant, and because
//! many files keep the day without the year.
//!
//! **Invariant:** a text has one meaning or none: points have the day first, hyphens the month, and slashes
//! are not read.

use chrono::{Datelike, Months, NaiveDate};

use super::Code;
use super::date::read_date;
use super::fault::Problem;
use crate::domain::BirthDate;

/// Nobody is known to have lived longer: an older date is a default that some program wrote.
const OLDEST_YEARS: u32 = 125;

/// The birth date of a trimmed cell, which a sheet may hold as a number.
pub(super) fn read_birth_date(text: &str, is_number: bool) -> Result<BirthDate, Problem> {
    if text.is_empty() {
        return Err(Problem::new(Code::Empty, "empty", "fill it in, or remove the row"));
    }
    if is_number || text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A sheet's 1.1 may have been 1.10 before it became a number.
        return Err(Problem::new(
            Code::DateNumber,
            "a number, not a date",
            "format the cells as dates or as text, and write it as 31.05.1990 or 31.05",
        ));
    }
    let date = without_midnight(text)?;
    match date.strip_prefix("--").or_else(|| (date.len() == 5).then_some(date)) {
        Some(day) if day.contains('-') => return month_first(day),
        Some(day) if date.len() == 5 && day.contains('.') => return day_first(day),
        _ => {}
    }
    if let Some(date) = read_date(date)? {
        return BirthDate::new(Some(date.year()), date.month(), date.day()).ok_or_else(no_day);
    }
    Err(match date.contains('/') {
        true => Problem::new(
            Code::DateSwapped,
            "a date whose day and month could be swapped",
            "write it as day.month (31.05) or as --month-day (--05-31)",
        ),
        false => not_a_birth_date(),
    })
}

/// A birth date is not later than `latest`, and of somebody who may be alive on that day.
pub(super) fn check_birth_date(born: BirthDate, latest: NaiveDate) -> Result<(), Problem> {
    let oldest = latest.checked_sub_months(Months::new(OLDEST_YEARS * 12));
    match born.date() {
        Some(date) if date > latest => {
            Err(Problem::new(Code::BirthDateFuture, "in the future", "check the year"))
        }
        Some(date) if oldest.is_some_and(|oldest| date < oldest) => Err(Problem::new(
            Code::BirthDateTooOld,
            "more than 125 years ago: a default of some program?",
            "correct it, or write the day without a year, as 31.05",
        )),
        _ => Ok(()),
    }
}

/// `05-31`, as in `--05-31`.
fn month_first(text: &str) -> Result<BirthDate, Problem> {
    let (month, day) = two_numbers(text, '-').ok_or_else(not_a_birth_date)?;
    BirthDate::new(None, month, day).ok_or_else(no_day)
}

/// `31.05`; always with two digits each, since spreadsheets make `1.1` of `1.10`.
fn day_first(text: &str) -> Result<BirthDate, Problem> {
    let (day, month) = two_numbers(text, '.').ok_or_else(not_a_birth_date)?;
    BirthDate::new(None, month, day).ok_or_else(no_day)
}

fn two_numbers(text: &str, mark: char) -> Option<(u32, u32)> {
    let number = |part: &str| {
        let is_number = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse().ok()).flatten()
    };
    let (one, two) = text.split_once(mark)?;
    Some((number(one)?, number(two)?))
}

/// Databases write midnight behind a date alone; any other time, and any zone, could mean another day.
fn without_midnight(text: &str) -> Result<&str, Problem> {
    let Some((date, time)) = text.split_once([' ', 'T']) else {
        return Ok(text);
    };
    let time = time.trim();
    let is_midnight = time.contains(':') && time.bytes().all(|byte| b"0:.".contains(&byte));
    match is_midnight {
        true => Ok(date),
        false if time.contains(':') => Err(Problem::new(
            Code::TimeBesideDate,
            "a time beside the date",
            "write the date alone",
        )),
        false => Err(not_a_birth_date()),
    }
}

fn no_day() -> Problem {
    Problem::new(
        Code::DateNoSuchDay,
        "no day of the calendar",
        "check the day and the month: day.month, or --month-day",
    )
}

fn not_a_birth_date() -> Problem {
    Problem::new(
        Code::DateInvalid,
        "not a birth date",
        "write it as 31.05.1990, 1990-05-31, 31.05 or --05-31",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<BirthDate, String> {
        read_birth_date(text, false).map_err(|problem| problem.problem)
    }

    #[test]
    fn birth_dates_are_read_with_and_without_a_year() {
        // Goal: every form that files have. Method: texts with their day.
        let born = |year, month, day| Ok(BirthDate::new(year, month, day).unwrap());
        for (text, expected) in [
            ("1990-03-01", born(Some(1990), 3, 1)),
            ("01.03.1990", born(Some(1990), 3, 1)),
            ("1.3.1990", born(Some(1990), 3, 1)),
            ("1990-03-01 00:00:00", born(Some(1990), 3, 1)),
            ("1990-03-01T00:00:00.000", born(Some(1990), 3, 1)),
            ("01.03.1990 00:00", born(Some(1990), 3, 1)),
            ("1996-02-29", born(Some(1996), 2, 29)),
            ("--03-01", born(None, 3, 1)),
            ("03-01", born(None, 3, 1)),
            ("01.03", born(None, 3, 1)),
            ("--02-29", born(None, 2, 29)),
            ("29.02", born(None, 2, 29)),
            ("12-10", born(None, 12, 10)),
            ("12.10", born(None, 10, 12)),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_could_be_another_day_is_no_birth_date() {
        // Goal: nobody's birthday is guessed. Method: texts with their words.
        for (text, problem) in [
            ("", "empty"),
            ("31.02.1990", "no day of the calendar"),
            ("1990-02-29", "no day of the calendar"),
            ("31.02", "no day of the calendar"),
            ("--02-30", "no day of the calendar"),
            ("13-01", "no day of the calendar"),
            ("31-05", "no day of the calendar"),
            ("00.01", "no day of the calendar"),
            ("01.03.90", "a year without four digits"),
            ("90-03-01", "a date whose day and month could be swapped"),
            ("01/03/1990", "a date whose day and month could be swapped"),
            ("31/05/1990", "a date in a form that is not read"),
            ("1990/03/01", "a date in a form that is not read"),
            ("03/01", "a date whose day and month could be swapped"),
            ("1.3", "not a birth date"),
            ("1.10", "not a birth date"),
            ("3-1", "not a birth date"),
            ("--3-1", "not a birth date"),
            ("--31.05", "not a birth date"),
            ("--0531", "not a birth date"),
            ("32933", "a number, not a date"),
            ("1990", "a number, not a date"),
            ("19900301", "a number, not a date"),
            ("1990-03-01T00:00:00Z", "a time beside the date"),
            ("1990-03-01 22:00", "a time beside the date"),
            ("1 Mart", "not a birth date"),
            ("never", "not a birth date"),
        ] {
            assert_eq!(read(text), Err(problem.to_owned()), "{text}");
        }
        assert!(read_birth_date("1.1", true).is_err());
    }

    #[test]
    fn who_was_born_is_alive_and_not_of_tomorrow() {
        // Goal: defaults of programs are no birthdays. Method: both edges, and a day without a year.
        let check = |text: &str| {
            check_birth_date(read(text).unwrap(), "2027-03-01".parse().unwrap())
                .map_err(|problem| problem.problem)
        };
        assert_eq!(
            [check("2027-03-01"), check("1902-03-01"), check("--12-31")],
            [Ok(()), Ok(()), Ok(())]
        );
        assert_eq!(check("2027-03-02"), Err("in the future".to_owned()));
        for text in ["1902-02-28", "1900-01-01", "0001-01-01", "0000-01-01"] {
            assert!(check(text).unwrap_err().starts_with("more than 125 years"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_birth_date_or_a_problem(text in "\\PC{0,14}|[0-9T:. -]{0,20}") {
            // Goal: no input panics. Method: any text.
            let _ = read(&text);
        }
    }
}
