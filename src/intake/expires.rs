//! Whether an expiry that could be read may be meant.
//!
//! It stands apart from the grammar of dates since the day of the file and its other rows have a part in it.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::Code;
use super::date::read_expiry;
use super::fault::Problem;
use crate::domain::Expiry;

/// An instant further away is a slip, or stands for one that never comes.
const LONGEST_DAYS: i64 = 36_525;

/// An expiry that lies ahead, and not too far.
pub(super) fn check_expiry(expiry: Expiry, now: DateTime<Utc>) -> Result<Expiry, Problem> {
    let latest = now + TimeDelta::days(LONGEST_DAYS);
    match expiry {
        Expiry::At(at) if at <= now => {
            Err(Problem::new(Code::ExpiryPassed, "has passed", "give it a later expiry"))
        }
        Expiry::At(at) if at > latest => Err(Problem::new(
            Code::ExpiryTooFar,
            "more than a hundred years from now",
            "check the year, or write never",
        )),
        expiry => Ok(expiry),
    }
}

/// An empty cell, where nothing says what it means.
pub(super) fn no_expiry() -> Problem {
    Problem::new(
        Code::Empty,
        "empty",
        "write a date or never, or say it for all such rows with --expires",
    )
}

/// Whether all instants of a column that name their zone are midnights, in it or in UTC: then a program may have
/// made them of dates alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Midnights {
    tz: Tz,
    seen: bool,
    in_utc: bool,
    in_zone: bool,
}

impl Midnights {
    pub(super) fn new(tz: Tz) -> Midnights {
        Midnights { tz, seen: false, in_utc: true, in_zone: true }
    }

    /// Takes in a trimmed cell.
    pub(super) fn see(&mut self, text: &str) {
        // Once one is none, none is asked about; and most files have dates alone.
        let is_open = self.in_utc || self.in_zone;
        if is_open
            && text.len() > 10
            && let Ok(Expiry::At(at)) = read_expiry(text, self.tz)
        {
            self.seen = true;
            self.in_utc &= at.time() == NaiveTime::MIN;
            self.in_zone &= at.with_timezone(&self.tz).time() == NaiveTime::MIN;
        }
    }

    /// Whether there is one, and no other instant.
    pub(super) fn is_all(self) -> bool {
        self.seen && (self.in_utc || self.in_zone)
    }
}

/// A midnight that names its zone, in a column that has no other instants.
pub(super) fn midnight_of_all() -> Problem {
    Problem::new(
        Code::DateMidnight,
        "midnight, as all instants of this column: the day's beginning, or dates alone that a program gave a time?",
        "write the dates alone for the end of each day; if midnight is meant, the second before it",
    )
}

/// Whether a cell that could be read is such an instant.
pub(super) fn is_instant(text: &str) -> bool {
    text.len() > 10 && text.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnights_are_asked_about_where_there_is_nothing_else() {
        // Goal: dates alone that a program gave a time do not end a day early; instants that somebody chose
        // are taken. Method: columns of both kinds.
        for (cells, is_all) in [
            (&["2031-05-31T00:00:00Z", "2031-06-30T00:00:00.000Z"][..], true),
            (&["2031-05-30T21:00:00Z", "2031-06-30T00:00:00+03:00"], true),
            (&["2031-05-31T00:00:00Z", "2031-05-30T21:00:00Z"], false),
            (&["2031-05-31T00:00:00Z", "2031-06-30T20:59:59Z"], false),
            (&["2031-05-31T00:00:00Z", "31.05.2031", "never", ""], true),
            (&["31.05.2031", "never", ""], false),
            (&["2031-05-31T18:00:00"], false),
        ] {
            let mut midnights = Midnights::new(chrono_tz::Europe::Istanbul);
            cells.iter().for_each(|cell| midnights.see(cell));
            assert_eq!(midnights.is_all(), is_all, "{cells:?}");
        }
    }
}
