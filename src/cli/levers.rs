//! What a person holds a run with: a first few gifts, a number, an hour, or only a look.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use clap::Args;

use super::values;
use super::wall::next;
use crate::domain::{DurationError, parse_duration};

#[derive(Clone, Debug, Default, Args)]
pub(super) struct Levers {
    /// Send N gifts first, reconcile them, and go on only if all are in their wallets as they were sent.
    #[arg(long, value_name = "N", value_parser = values::gifts)]
    pub(super) canary: Option<u64>,
    /// Send at most N gifts in this run; the next run goes on.
    #[arg(long, value_name = "N", value_parser = values::gifts)]
    pub(super) limit: Option<u64>,
    /// Begin no request after this time from now, or after this time of the day in --tz.
    #[arg(long, value_name = "DUR|HH:MM")]
    pub(super) deadline: Option<Deadline>,
    /// Print the requests that would be sent, and send and store nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// Until when a run may begin requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deadline {
    /// So long after its start.
    In(Duration),
    /// When clocks on the wall next show this.
    At(NaiveTime),
}

impl std::str::FromStr for Deadline {
    type Err = String;

    fn from_str(text: &str) -> Result<Deadline, String> {
        if let Ok(at) = NaiveTime::parse_from_str(text.trim(), "%H:%M") {
            return Ok(Deadline::At(at));
        }
        match parse_duration(text) {
            Ok(long) if !long.is_zero() => Ok(Deadline::In(long)),
            Err(error @ DurationError::TooLong) => Err(error.to_string()),
            _ => Err("write how long, as 90m or 2h, or a time of the day, as 02:00".to_owned()),
        }
    }
}

impl Deadline {
    /// The instant, for a run that started at `start`.
    pub(super) fn resolve(self, start: DateTime<Utc>, tz: Tz) -> DateTime<Utc> {
        match self {
            Deadline::In(long) => {
                let long = TimeDelta::from_std(long).unwrap_or(TimeDelta::MAX);
                start.checked_add_signed(long).unwrap_or(DateTime::<Utc>::MAX_UTC)
            }
            Deadline::At(time) => next(time, start, tz),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str, start: &str, tz: Tz) -> String {
        let deadline: Deadline = text.parse().unwrap();
        deadline.resolve(start.parse().unwrap(), tz).to_rfc3339()
    }

    #[test]
    fn a_deadline_is_a_while_or_the_next_such_time() {
        // Goal: what a person means by either. Method: a duration; times before, at and after midnight,
        // and the very minute.
        let tz = chrono_tz::Europe::Istanbul;
        let evening = "2027-03-01T19:30:00Z";
        assert_eq!(resolve("90m", evening, tz), "2027-03-01T21:00:00+00:00");
        assert_eq!(resolve("23:00", evening, tz), "2027-03-01T20:00:00+00:00");
        assert_eq!(resolve("02:00", evening, tz), "2027-03-01T23:00:00+00:00");
        assert_eq!(resolve("00:00", evening, tz), "2027-03-01T21:00:00+00:00");
        assert_eq!(resolve("22:30", evening, tz), "2027-03-02T19:30:00+00:00");
        assert_eq!(resolve("5000w", evening, tz), "2122-12-28T19:30:00+00:00");
    }

    #[test]
    fn a_change_of_clocks_neither_skips_a_deadline_nor_doubles_it() {
        // Goal: no run goes on for a day because its hour did not come. Method: the hour that Berlin skips,
        // the hour that comes twice from before, between and after, and a day that Samoa skipped.
        let berlin = chrono_tz::Europe::Berlin;
        let skipped = "2027-03-28T01:00:00+00:00";
        assert_eq!(resolve("02:30", "2027-03-27T22:00:00Z", berlin), skipped);
        assert_eq!(resolve("02:30", "2027-03-28T01:00:00Z", berlin), "2027-03-29T00:30:00+00:00");
        assert_eq!(resolve("02:30", "2027-10-30T22:00:00Z", berlin), "2027-10-31T00:30:00+00:00");
        assert_eq!(resolve("02:30", "2027-10-31T00:40:00Z", berlin), "2027-10-31T01:30:00+00:00");
        assert_eq!(resolve("02:30", "2027-10-31T01:40:00Z", berlin), "2027-11-01T01:30:00+00:00");
        let samoa = chrono_tz::Pacific::Apia;
        assert_eq!(resolve("12:00", "2011-12-30T09:00:00Z", samoa), "2011-12-30T10:00:00+00:00");
    }

    #[test]
    fn what_could_be_anything_is_no_deadline() {
        // Goal: `2` is neither two hours nor two o'clock. Method: texts that leave something open.
        for text in ["", "2", "0s", "25:00", "2:00pm", "tomorrow", "-1h"] {
            assert!(text.parse::<Deadline>().is_err(), "{text:?}");
        }
    }
}
