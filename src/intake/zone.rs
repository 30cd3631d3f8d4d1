//! From the clock on a wall to an instant.
//!
//! **Invariant:** every local time has an instant: one that a clock change skips is the last
//! instant before it, one that comes twice is the later. A customer never loses an hour to it.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

/// The last second of a day, as a wall clock shows it.
pub(super) fn end_of_day(date: NaiveDate, tz: Tz) -> DateTime<Utc> {
    let last = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or(NaiveTime::MIN);
    instant(date.and_time(last), tz)
}

/// The instant of a local time.
pub(super) fn instant(local: NaiveDateTime, tz: Tz) -> DateTime<Utc> {
    match tz.from_local_datetime(&local).latest() {
        Some(found) => found.with_timezone(&Utc),
        None => last_before_gap(local, tz),
    }
}

/// The last second whose wall clock is before a time that no clock ever showed.
fn last_before_gap(local: NaiveDateTime, tz: Tz) -> DateTime<Utc> {
    // Zones are within 15 hours of UTC, and no gap is longer than a day.
    let (mut before, mut after) =
        (local.and_utc() - Duration::hours(48), local.and_utc() + Duration::hours(48));
    let shows_earlier = |at: DateTime<Utc>| {
        let offset = tz.offset_from_utc_datetime(&at.naive_utc()).fix();
        at.naive_utc() + offset < local
    };
    while after - before > Duration::seconds(1) {
        let middle = before + Duration::seconds((after - before).num_seconds() / 2);
        match shows_earlier(middle) {
            true => before = middle,
            false => after = middle,
        }
    }
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(local: &str, tz: Tz) -> String {
        instant(local.parse().unwrap(), tz).to_rfc3339()
    }

    #[test]
    fn clock_changes_never_take_time_away() {
        // Goal: skipped and doubled times have a fair instant. Method: changes from the tz data:
        // a summer time that begins at midnight, one that ends, and a day that Samoa skipped.
        assert_eq!(
            at("2027-05-01T23:59:59", chrono_tz::Europe::Istanbul),
            "2027-05-01T20:59:59+00:00"
        );
        assert_eq!(at("2022-03-22T00:30:00", chrono_tz::Asia::Tehran), "2022-03-21T20:29:59+00:00");
        assert_eq!(
            at("2025-10-26T02:30:00", chrono_tz::Europe::Berlin),
            "2025-10-26T01:30:00+00:00"
        );
        assert_eq!(
            at("2011-12-30T23:59:59", chrono_tz::Pacific::Apia),
            "2011-12-30T09:59:59+00:00"
        );
    }
}
