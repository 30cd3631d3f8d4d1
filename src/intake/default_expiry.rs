//! What `--expires` means: the expiry of rows that name none.
//!
//! It stands apart from the cells' grammar because a span of time is an answer here and never in a
//! cell, where it would mean another day each time the file is read.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::date::read_date;
use super::zone::end_of_day;
use crate::domain::{Expiry, duration_text, parse_duration};

const DAY: Duration = Duration::from_secs(86_400);

/// The longest span: a hundred years, beyond which only a slip is meant.
const LONGEST: Duration = Duration::from_secs(36_525 * 86_400);

/// When gifts expire whose rows do not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultExpiry {
    /// They never do.
    Never,
    /// At the end of this day.
    Date(NaiveDate),
    /// After this time; whole days end at the end of the last day.
    After(Duration),
}

/// A text that is no default expiry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an expiry: write a date (2027-05-31), a duration (30d, 12h; at most 100 years) or never"
)]
pub struct DefaultExpiryError;

impl FromStr for DefaultExpiry {
    type Err = DefaultExpiryError;

    fn from_str(text: &str) -> Result<DefaultExpiry, DefaultExpiryError> {
        if text == "never" {
            return Ok(DefaultExpiry::Never);
        }
        if let Some(date) = read_date(text).map_err(|_| DefaultExpiryError)? {
            return Ok(DefaultExpiry::Date(date));
        }
        match parse_duration(text) {
            Ok(span) if !span.is_zero() && span <= LONGEST => Ok(DefaultExpiry::After(span)),
            _ => Err(DefaultExpiryError),
        }
    }
}

/// As a person may say it.
impl fmt::Display for DefaultExpiry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DefaultExpiry::Never => out.pad("never"),
            DefaultExpiry::Date(date) => date.fmt(out),
            DefaultExpiry::After(span) => out.pad(&duration_text(*span)),
        }
    }
}

impl DefaultExpiry {
    /// Whether the zone decides which instant it means.
    pub fn needs_zone(&self) -> bool {
        match self {
            DefaultExpiry::Never => false,
            DefaultExpiry::Date(_) => true,
            DefaultExpiry::After(span) => is_whole_days(*span),
        }
    }

    /// The expiry, counted from `base` where it is a span of time.
    pub fn resolve(&self, base: DateTime<Utc>, tz: Tz) -> Expiry {
        match *self {
            DefaultExpiry::Never => Expiry::Never,
            DefaultExpiry::Date(date) => Expiry::at(end_of_day(date, tz)),
            DefaultExpiry::After(span) => Expiry::at(after(span, base, tz)),
        }
    }
}

fn is_whole_days(span: Duration) -> bool {
    span.as_nanos().is_multiple_of(DAY.as_nanos())
}

/// Days are those of the calendar, so that a change of the clock does not move their end.
fn after(span: Duration, base: DateTime<Utc>, tz: Tz) -> DateTime<Utc> {
    let last = DateTime::<Utc>::MAX_UTC;
    if is_whole_days(span) {
        let days = Days::new(span.as_secs() / DAY.as_secs());
        let today = base.with_timezone(&tz).date_naive();
        let day = today.checked_add_days(days);
        // The calendar's own last days have no room for a zone.
        return day
            .filter(|day| *day < last.date_naive() - Days::new(3))
            .map_or(last, |day| end_of_day(day, tz));
    }
    let span = TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
    base.checked_add_signed(span).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str, base: &str) -> String {
        let default: DefaultExpiry = text.parse().unwrap();
        let base = base.parse().unwrap();
        default.resolve(base, chrono_tz::Europe::Istanbul).to_string()
    }

    #[test]
    fn days_end_with_the_day_and_hours_to_the_second() {
        // Goal: `30d` is a date, `12h` an instant. Method: both around midnight in the zone.
        let late = "2027-05-01T21:30:00Z";
        assert_eq!(resolve("30d", late), "2027-06-01T20:59:59Z");
        assert_eq!(resolve("2w", late), "2027-05-16T20:59:59Z");
        assert_eq!(resolve("12h", late), "2027-05-02T09:30:00Z");
        assert_eq!(resolve("2027-05-31", late), "2027-05-31T20:59:59Z");
        assert_eq!(resolve("31.05.2027", late), "2027-05-31T20:59:59Z");
        assert_eq!(resolve("never", late), "never");
    }

    #[test]
    fn what_says_nothing_is_no_default() {
        // Goal: no gift expires at once or by a slip. Method: near misses, and the largest span.
        for text in ["", "30", "0d", "31.05.27", "30.02.2027", "99999w", "soon"] {
            assert_eq!(text.parse::<DefaultExpiry>(), Err(DefaultExpiryError), "{text:?}");
        }
        let endless = DefaultExpiry::After(Duration::MAX);
        let end = endless.resolve(Utc::now(), chrono_tz::UTC);
        assert_eq!(end, Expiry::at(DateTime::<Utc>::MAX_UTC));
    }

    #[test]
    fn it_is_told_as_it_could_be_said() {
        // Goal: a message names what to say. Method: each kind, there and back.
        for (text, needs_zone) in
            [("never", false), ("2027-05-31", true), ("30d", true), ("1h30m", false)]
        {
            let default: DefaultExpiry = text.parse().unwrap();
            assert_eq!((default.to_string().as_str(), default.needs_zone()), (text, needs_zone));
        }
    }
}
