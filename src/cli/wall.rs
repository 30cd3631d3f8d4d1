//! Clocks on the wall of a zone: when they next show a time, and when a day began.

use chrono::{DateTime, Days, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// When clocks next show a time. One that a change of clocks skips is the moment of that change; of one
/// that comes twice the next is meant, so that a run never goes on for longer than a day.
pub(super) fn next(time: NaiveTime, start: DateTime<Utc>, tz: Tz) -> DateTime<Utc> {
    let today = start.with_timezone(&tz).date_naive();
    let days = (0..=2).filter_map(|days| today.checked_add_days(Days::new(days)));
    let instants = days.flat_map(|day| instants(day.and_time(time), tz));
    instants.into_iter().find(|at| *at > start).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// When the day of an instant began.
pub(super) fn day_start(at: DateTime<Utc>, tz: Tz) -> DateTime<Utc> {
    let midnight = at.with_timezone(&tz).date_naive().and_time(NaiveTime::MIN);
    instants(midnight, tz).first().copied().unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// When clocks show this, the earlier first.
fn instants(local: NaiveDateTime, tz: Tz) -> Vec<DateTime<Utc>> {
    // A gap ends at a full minute, and the longest one that a zone had was a day.
    let shown = (0..=1_440)
        .map(|minutes| tz.from_local_datetime(&(local + TimeDelta::minutes(minutes))))
        .find(|shown| shown.earliest().is_some());
    let shown = shown.into_iter().flat_map(|shown| [shown.earliest(), shown.latest()]);
    shown.flatten().map(|at| at.with_timezone(&Utc)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_when_its_date_is_first_shown() {
        // Goal: no gift of a day is left out of its sum. Method: a plain day, one whose midnight is skipped,
        // and one whose midnight comes twice.
        let start = |at: &str, tz| day_start(at.parse().unwrap(), tz).to_rfc3339();
        let istanbul = chrono_tz::Europe::Istanbul;
        assert_eq!(start("2027-03-01T20:59:59Z", istanbul), "2027-02-28T21:00:00+00:00");
        assert_eq!(start("2027-03-01T21:00:00Z", istanbul), "2027-03-01T21:00:00+00:00");
        let tehran = chrono_tz::Asia::Tehran;
        assert_eq!(start("2022-03-22T10:00:00Z", tehran), "2022-03-21T20:30:00+00:00");
        assert_eq!(start("2022-09-21T20:00:00Z", tehran), "2022-09-20T19:30:00+00:00");
    }
}
