//! The grammar of expiries: which instant a cell means.
//!
//! It is written by hand because date readers forgive: the year `26` becomes the year 26, and
//! `01/05` a day in January or in May.
//!
//! **Invariant:** a text has one meaning or none; a date alone lasts until the end of its day.

use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;

use super::Code;
use super::column::fold;
use super::fault::Problem;
use super::zone::{end_of_day, instant};
use crate::domain::Expiry;

/// The expiry of a trimmed cell that is not empty; whether it has passed is for others to say.
pub(super) fn read_expiry(text: &str, tz: Tz) -> Result<Expiry, Problem> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return match fold(text).as_str() {
            "never" | "suresiz" => Ok(Expiry::Never),
            _ => Err(not_a_date()),
        };
    }
    if text.replacen('.', "", 1).bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::new(
            Code::DateNumber,
            "a number, not a date",
            "format the cells as dates, or write it as 31.05.2027",
        ));
    }
    if let Some(date) = read_date(text)? {
        return Ok(Expiry::at(end_of_day(date, tz)));
    }
    match text.split_once(' ') {
        Some((day, time)) if day.contains('.') => read_dotted_instant(day, time.trim(), tz),
        _ => read_instant(text, tz),
    }
}

/// Whether the zone decides which instant a cell means.
pub(super) fn needs_zone(text: &str) -> bool {
    use chrono_tz::Etc::{GMTMinus12, GMTPlus12};
    read_expiry(text, GMTPlus12).ok() != read_expiry(text, GMTMinus12).ok()
}

/// A date alone: `2027-05-01`, `01.05.2027` or `1.5.2027`; nothing where the text is no such form.
pub(super) fn read_date(text: &str) -> Result<Option<NaiveDate>, Problem> {
    let parts = |mark: char| {
        let mut parts = text.split(mark);
        let three = [parts.next()?, parts.next()?, parts.next()?];
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        (parts.next().is_none() && three.iter().all(is_number)).then_some(three)
    };
    if let Some([year, month, day]) = parts('-').filter(|parts| parts[0].len() > 2) {
        if month.len() != 2 || day.len() != 2 {
            return Err(not_a_date());
        }
        return day_of(year, month, day).map(Some);
    }
    if let Some([day, month, year]) = parts('.') {
        return day_of(year, month, day).map(Some);
    }
    match parts('/').or_else(|| parts('-')) {
        Some(three) => Err(other_date(three)),
        None => Ok(None),
    }
}

/// What is wrong with a date of another form, and how this one would be written.
fn other_date([one, two, three]: [&str; 3]) -> Problem {
    if one.len() == 4 {
        return Problem::new(
            Code::DateForm,
            "a date in a form that is not read",
            format!("write it as {one}-{two:0>2}-{three:0>2}"),
        );
    }
    let (day_first, month_first) =
        (format!("{one:0>2}.{two:0>2}.{three}"), format!("{two:0>2}.{one:0>2}.{three}"));
    let is_date = |text: &String| matches!(read_date(text), Ok(Some(_)));
    match (is_date(&day_first), is_date(&month_first)) {
        (true, false) => Problem::new(
            Code::DateForm,
            "a date in a form that is not read",
            format!("write it as {day_first}"),
        ),
        (false, true) => Problem::new(
            Code::DateForm,
            "a date in a form that is not read",
            format!("write it as {month_first}, if the month comes first in it"),
        ),
        _ => Problem::new(
            Code::DateSwapped,
            "a date whose day and month could be swapped",
            format!("write it as {day_first} or as {month_first}, whichever is meant"),
        ),
    }
}

fn day_of(year: &str, month: &str, day: &str) -> Result<NaiveDate, Problem> {
    if year.len() != 4 {
        return Err(Problem::new(
            Code::DateShortYear,
            "a year without four digits",
            "write the year in full, as 31.05.2027",
        ));
    }
    if month.len() > 2 || day.len() > 2 {
        return Err(not_a_date());
    }
    let number = |part: &str| part.parse().unwrap_or(0);
    let year = i32::try_from(number(year)).unwrap_or(0);
    let (month, day) = (number(month), number(day));
    NaiveDate::from_ymd_opt(year, month, day).ok_or_else(|| {
        let first = NaiveDate::from_ymd_opt(year, month, 1);
        let mend = match first.map(|first| first.num_days_in_month()) {
            Some(days) => format!("month {month} of {year} has {days} days"),
            None => "check the day and the month: day.month.year, or year-month-day".to_owned(),
        };
        Problem::new(Code::DateNoSuchDay, "no day of the calendar", mend)
    })
}

/// `31.05.2027 23:59`, as a Turkish Excel shows a date with its time.
fn read_dotted_instant(day: &str, time: &str, tz: Tz) -> Result<Expiry, Problem> {
    let date = read_date(day)?.ok_or_else(not_a_date)?;
    // Excel shows `8:05` where others show `08:05`.
    let time = if time.find(':') == Some(1) { format!("0{time}") } else { time.to_owned() };
    let (time, rest) = read_time(&time).ok_or_else(not_a_time)?;
    match rest {
        "" => local_instant(date.and_time(time), tz),
        _ => Err(not_a_time()),
    }
}

/// A time on a wall clock; midnight is what programs write behind a date that has none.
fn local_instant(local: NaiveDateTime, tz: Tz) -> Result<Expiry, Problem> {
    if local.time() == NaiveTime::MIN {
        return Err(Problem::new(
            Code::DateMidnight,
            "midnight: the day's beginning, or a date alone that a program gave a time?",
            "write the date alone for the end of that day, or the instant with its zone",
        ));
    }
    Ok(Expiry::at(instant(local, tz)))
}

/// A date with a time, `T` or a space between, and mostly a zone behind.
fn read_instant(text: &str, tz: Tz) -> Result<Expiry, Problem> {
    let (date, rest) = text
        .split_at_checked(10)
        .filter(|(date, _)| date.as_bytes()[4] == b'-')
        .ok_or_else(not_a_date)?;
    let date = read_date(date)?.ok_or_else(not_a_date)?;
    let rest = rest.strip_prefix(['T', 't', ' ']).ok_or_else(not_a_date)?;
    let (time, rest) = read_time(rest).ok_or_else(not_a_time)?;
    let local = NaiveDateTime::new(date, time);
    let rest = rest.trim_start_matches(' ');
    if rest.is_empty() {
        return local_instant(local, tz);
    }
    let east = read_offset(rest).ok_or_else(not_a_time)?;
    Ok(Expiry::at((local - east).and_utc()))
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.fraction`, and what follows.
fn read_time(text: &str) -> Option<(NaiveTime, &str)> {
    let (hour, rest) = two_digits(text)?;
    let (minute, rest) = two_digits(rest.strip_prefix(':')?)?;
    let Some(seconds) = rest.strip_prefix(':') else {
        return Some((NaiveTime::from_hms_opt(hour, minute, 0)?, rest));
    };
    let (second, rest) = two_digits(seconds)?;
    let (milli, rest) = match rest.strip_prefix(['.', ',']) {
        None => (0, rest),
        Some(fraction) => {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            let (fraction, rest) = fraction.split_at(digits);
            // An expiry holds milliseconds: finer digits are cut off.
            let first = format!("{:0<3.3}", fraction);
            ((digits > 0).then_some(first)?.parse().ok()?, rest)
        }
    };
    Some((NaiveTime::from_hms_milli_opt(hour, minute, second, milli)?, rest))
}

/// `Z`, `+03:00`, `+0300` or `+03`: how far the zone is east of UTC.
fn read_offset(text: &str) -> Option<Duration> {
    if text.eq_ignore_ascii_case("z") {
        return Some(Duration::zero());
    }
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let (hours, rest) = two_digits(rest)?;
    let (minutes, rest) = match rest.strip_prefix(':').unwrap_or(rest) {
        "" if rest.is_empty() => (0, ""),
        rest => two_digits(rest)?,
    };
    let is_zone = rest.is_empty() && hours <= 14 && minutes < 60;
    is_zone.then(|| Duration::minutes(sign * i64::from(hours * 60 + minutes)))
}

fn two_digits(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(2)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    Some((digits.parse().ok().filter(|_| is_number)?, rest))
}

fn not_a_date() -> Problem {
    Problem::new(
        Code::DateInvalid,
        "not a date",
        "write it as 2027-05-31, 31.05.2027, 2027-05-31T20:59:59Z, or never",
    )
}

fn not_a_time() -> Problem {
    Problem::new(
        Code::TimeInvalid,
        "not a time of day",
        "write it as 31.05.2027 18:00 or 2027-05-31T18:00:00+03:00, or the date alone for the end of \
         that day",
    )
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;

    use super::*;

    const MIDNIGHT: &str =
        "midnight: the day's beginning, or a date alone that a program gave a time?";

    fn read(text: &str) -> Result<String, String> {
        read_expiry(text, chrono_tz::Europe::Istanbul)
            .map(|expiry| expiry.to_string())
            .map_err(|problem| problem.problem)
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        // Goal: each form has its one instant. Method: texts with their instants, by hand.
        for (text, expiry) in [
            ("2027-05-01", "2027-05-01T20:59:59Z"),
            ("01.05.2027", "2027-05-01T20:59:59Z"),
            ("1.5.2027", "2027-05-01T20:59:59Z"),
            ("29.02.2028", "2028-02-29T20:59:59Z"),
            ("2027-05-01T00:00:00Z", "2027-05-01T00:00:00Z"),
            ("2027-05-01T10:00:00", "2027-05-01T07:00:00Z"),
            ("2027-05-01 10:00", "2027-05-01T07:00:00Z"),
            ("31.05.2027 23:59", "2027-05-31T20:59:00Z"),
            ("1.5.2027  10:00:30", "2027-05-01T07:00:30Z"),
            ("1.5.2027 8:05", "2027-05-01T05:05:00Z"),
            ("2027-05-01T10:00:00+03:00", "2027-05-01T07:00:00Z"),
            ("2027-05-01T10:00:00-0330", "2027-05-01T13:30:00Z"),
            ("2027-05-01 10:00:00 +03", "2027-05-01T07:00:00Z"),
            ("2027-05-01T10:00:00.1234567Z", "2027-05-01T10:00:00.123Z"),
            ("2027-05-01T10:00:00.5Z", "2027-05-01T10:00:00.500Z"),
            ("never", "never"),
            ("NEVER", "never"),
            ("Süresiz", "never"),
            ("SÜRESİZ", "never"),
        ] {
            assert_eq!(read(text), Ok(expiry.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_has_two_meanings_has_none() {
        // Goal: no year 26, no swapped month, no day that is not. Method: texts with their words.
        for (text, problem) in [
            ("01.05.27", "a year without four digits"),
            ("01.05.20270", "a year without four digits"),
            ("20270-05-01", "a year without four digits"),
            ("30.02.2027", "no day of the calendar"),
            ("2027-02-29", "no day of the calendar"),
            ("2027-13-01", "no day of the calendar"),
            ("0.5.2027", "no day of the calendar"),
            ("01/05/2027", "a date whose day and month could be swapped"),
            ("01-05-2027", "a date whose day and month could be swapped"),
            ("31/05/2027", "a date in a form that is not read"),
            ("05/31/2027", "a date in a form that is not read"),
            ("2027/05/31", "a date in a form that is not read"),
            ("2027-05-31T00:00:00", MIDNIGHT),
            ("2027-05-31 00:00", MIDNIGHT),
            ("2027-05-31 00:00:00.000", MIDNIGHT),
            ("31.05.2027 00:00", MIDNIGHT),
            ("2027-5-1", "not a date"),
            ("2027/05/01x", "not a date"),
            ("46508", "a number, not a date"),
            ("46508.5", "a number, not a date"),
            ("20270501", "a number, not a date"),
            ("yarın", "not a date"),
            ("31.05.2027 25:00", "not a time of day"),
            ("31.05.2027 10:00 x", "not a time of day"),
            ("31.02.2027 10:00", "no day of the calendar"),
            ("2027-05-01T25:00:00Z", "not a time of day"),
            ("2027-05-01T10:00:60Z", "not a time of day"),
            ("2027-05-01T10:00:00 Europe", "not a time of day"),
            ("2027-05-01T10:00:00.Z", "not a time of day"),
            ("2027-05-01T10:00:00+3", "not a time of day"),
            ("2027-05-01T", "not a time of day"),
        ] {
            assert_eq!(read(text), Err(problem.to_owned()), "{text}");
        }
    }

    #[test]
    fn the_mend_of_a_date_is_that_date() {
        // Goal: nobody copies another year from a message. Method: forms that are not read, with how
        // they would be written.
        let mend = |text: &str| read_date(text).unwrap_err().mend;
        assert_eq!(mend("31/5/2036"), "write it as 31.05.2036");
        assert_eq!(mend("2036/5/31"), "write it as 2036-05-31");
        assert!(mend("05/31/2036").starts_with("write it as 31.05.2036"));
        assert_eq!(mend("5-6-2036"), "write it as 05.06.2036 or as 06.05.2036, whichever is meant");
    }

    proptest! {
        #[test]
        fn any_text_is_an_expiry_or_a_problem(text in "\\PC{0,14}|[0-9T:.Z+ -]{0,30}") {
            // Goal: no input panics. Method: any text.
            let _ = read(&text);
        }

        #[test]
        fn an_instant_is_read_back(ms in 0..=253_402_300_799_999_i64) {
            // Goal: no digit is lost. Method: any instant until the year 9999, there and back.
            let instant = DateTime::<Utc>::from_timestamp_millis(ms).unwrap();
            let text = instant.to_rfc3339();
            prop_assert_eq!(read(&text), Ok(Expiry::at(instant).to_string()));
        }
    }
}
