//! Birthdays: on which day a person has one, and whether it falls into a campaign's days.
//!
//! It stands apart because calendars are where such gifts get lost or doubled: a leap day, the turn of a
//! year, a day on which nothing ran.
//!
//! **Invariant:** whatever the rule for leap days, a birthday of a year is celebrated in that year; so the
//! year names it, and a change of the rule gives nobody two.
//! **Invariant:** a window holds at most one birthday of a person.

use chrono::{Datelike, Days, NaiveDate};

/// When somebody was born, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BirthDate {
    /// Nothing where only the day is known.
    year: Option<i32>,
    month: u32,
    day: u32,
}

/// When a person born on 29 February celebrates in a year that lacks the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeapDay {
    /// The day before: it stays the last day of February, as when a calendar counts in whole years.
    #[default]
    Feb28,
    /// The day after.
    Mar1,
}

/// The days whose birthdays a campaign celebrates: one, and those before it that may have been missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BirthdayWindow {
    first: NaiveDate,
    on: NaiveDate,
}

impl BirthDate {
    /// The birth date of this day; with the year unknown, any day of a leap year. Nothing for what is no
    /// day of the calendar.
    pub fn new(year: Option<i32>, month: u32, day: u32) -> Option<BirthDate> {
        NaiveDate::from_ymd_opt(year.unwrap_or(2000), month, day)?;
        Some(BirthDate { year, month, day })
    }

    /// The day itself, where its year is known.
    pub fn date(self) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(self.year?, self.month, self.day)
    }

    /// The birthday that falls into a window. Nobody has one before the year after their birth.
    pub fn due(self, window: BirthdayWindow, leap_day: LeapDay) -> Option<NaiveDate> {
        let years = window.first.year()..=window.on.year();
        let is_later = |year: &i32| self.year.is_none_or(|born| *year > born);
        let days = years.filter(is_later).filter_map(|year| self.celebrated(year, leap_day));
        days.into_iter().find(|day| window.has(*day))
    }

    /// The birthday of a year.
    fn celebrated(self, year: i32, leap_day: LeapDay) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(year, self.month, self.day).or_else(|| match leap_day {
            LeapDay::Feb28 => NaiveDate::from_ymd_opt(year, 2, 28),
            LeapDay::Mar1 => NaiveDate::from_ymd_opt(year, 3, 1),
        })
    }
}

impl BirthdayWindow {
    /// Days before a campaign's own that can be caught up: with one more, a person could have two
    /// birthdays in them.
    pub const MOST_CAUGHT_UP: u64 = 364;

    /// The window of a campaign of this day; at most [`BirthdayWindow::MOST_CAUGHT_UP`] days before it
    /// are caught up.
    pub fn new(on: NaiveDate, catch_up_days: u64) -> BirthdayWindow {
        let days = Days::new(catch_up_days.min(BirthdayWindow::MOST_CAUGHT_UP));
        BirthdayWindow { first: on.checked_sub_days(days).unwrap_or(NaiveDate::MIN), on }
    }

    /// The campaign's own day.
    pub fn on(self) -> NaiveDate {
        self.on
    }

    /// The first day that is caught up.
    pub fn first(self) -> NaiveDate {
        self.first
    }

    /// Whether a day is in it.
    pub fn has(self, day: NaiveDate) -> bool {
        self.first <= day && day <= self.on
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn due(born: (Option<i32>, u32, u32), on: &str, back: u64, rule: LeapDay) -> Option<String> {
        let born = BirthDate::new(born.0, born.1, born.2).unwrap();
        born.due(BirthdayWindow::new(day(on), back), rule).map(|day| day.to_string())
    }

    #[test]
    fn a_leap_day_has_a_birthday_every_year() {
        // Goal: the rule decides in years without the day, and only there. Method: the days around it in
        // a common year, a leap year and a century, under both rules.
        use LeapDay::{Feb28, Mar1};
        for (on, rule, is_due) in [
            ("2027-02-28", Feb28, true),
            ("2027-02-28", Mar1, false),
            ("2027-03-01", Feb28, false),
            ("2027-03-01", Mar1, true),
            ("2028-02-28", Feb28, false),
            ("2028-02-29", Feb28, true),
            ("2028-02-29", Mar1, true),
            ("2028-03-01", Mar1, false),
            ("2100-02-28", Feb28, true),
            ("2100-03-01", Mar1, true),
        ] {
            for year in [Some(1996), None] {
                let found = due((year, 2, 29), on, 0, rule);
                assert_eq!(found, is_due.then(|| on.to_owned()), "{on} {rule:?} {year:?}");
            }
        }
    }

    #[test]
    fn a_window_reaches_back_over_new_year() {
        // Goal: a birthday that is caught up belongs to the year in which it was. Method: both sides of
        // the window's edges.
        let rule = LeapDay::Feb28;
        let caught = due((Some(1990), 12, 31), "2028-01-02", 2, rule);
        assert_eq!(caught.as_deref(), Some("2027-12-31"));
        assert_eq!(due((Some(1990), 12, 31), "2028-01-02", 1, rule), None);
        assert_eq!(due((Some(1990), 1, 3), "2028-01-02", 364, rule).as_deref(), Some("2027-01-03"));
        assert_eq!(
            due((Some(1990), 1, 2), "2028-01-02", 9_999, rule).as_deref(),
            Some("2028-01-02")
        );
    }

    #[test]
    fn the_first_birthday_is_a_year_after_the_birth() {
        // Goal: nobody is given something for a day before the first birthday. Method: the years around a
        // birth.
        let on = |on| due((Some(2027), 3, 1), on, 0, LeapDay::Feb28).is_some();
        assert_eq!([on("2026-03-01"), on("2027-03-01"), on("2028-03-01")], [false, false, true]);
    }

    #[test]
    fn what_is_no_day_is_no_birth_date() {
        // Goal: 31 February is nobody's. Method: days at the edges of the calendar.
        assert!(BirthDate::new(Some(2028), 2, 29).is_some());
        assert!(BirthDate::new(None, 2, 29).is_some());
        for (year, month, day) in
            [(Some(2027), 2, 29), (None, 2, 30), (None, 4, 31), (None, 13, 1), (None, 1, 0)]
        {
            assert_eq!(BirthDate::new(year, month, day), None, "{year:?} {month} {day}");
        }
    }

    proptest! {
        #[test]
        fn everybody_has_one_birthday_a_year_whatever_the_windows(
            month in 1_u32..=12,
            number in 1_u32..=31,
            start in 0_u64..2_000,
            gaps in prop::collection::vec((1_u64..=40, 0_u64..=364), 60..200),
            is_late in any::<bool>(),
        ) {
            // Goal: runs that leave no day out give each person exactly one gift for each year that they
            // cover, however far they reach back. Method: runs with random gaps, each reaching back at
            // least to the last one; gifts kept by the year that names them, as the ledger does, against
            // all days of those years one by one.
            let Some(born) = BirthDate::new(None, month, number) else { return Ok(()) };
            let rule = if is_late { LeapDay::Mar1 } else { LeapDay::Feb28 };
            let begin = day("2023-07-01") + Days::new(start);
            let (mut on, mut given) = (begin, HashMap::new());
            for (gap, more) in gaps {
                on = on + Days::new(gap);
                if let Some(found) = born.due(BirthdayWindow::new(on, (gap - 1).max(more)), rule) {
                    let first = given.entry(found.year()).or_insert(found);
                    prop_assert_eq!(*first, found, "a second gift for another day of the year");
                }
            }
            let is_theirs = |day: &NaiveDate| {
                let leaps = NaiveDate::from_ymd_opt(day.year(), 2, 29).is_some();
                let (month, number) = match (month, number, leaps, is_late) {
                    (2, 29, false, false) => (2, 28),
                    (2, 29, false, true) => (3, 1),
                    other => (other.0, other.1),
                };
                (day.month(), day.day()) == (month, number)
            };
            let covered = begin.iter_days().skip(1).take_while(|day| *day <= on);
            for theirs in covered.filter(is_theirs) {
                prop_assert_eq!(given.remove(&theirs.year()), Some(theirs));
            }
            // What is left was caught up from before the first run.
            prop_assert!(given.values().all(|day| *day <= begin && is_theirs(day)), "{:?}", given);
        }

        #[test]
        fn a_window_never_holds_two_birthdays(
            month in 1_u32..=12,
            number in 1_u32..=31,
            on in 0_u64..5_000,
            is_late in any::<bool>(),
        ) {
            // Goal: the longest window is short enough. Method: any day, the days of the window one by
            // one.
            let Some(born) = BirthDate::new(None, month, number) else { return Ok(()) };
            let rule = if is_late { LeapDay::Mar1 } else { LeapDay::Feb28 };
            let window = BirthdayWindow::new(day("2020-01-01") + Days::new(on), u64::MAX);
            let days = window.first().iter_days().take_while(|day| *day <= window.on());
            let single = |day: &NaiveDate| born.due(BirthdayWindow::new(*day, 0), rule).is_some();
            let found: Vec<NaiveDate> = days.filter(single).collect();
            prop_assert!(found.len() <= 1, "{found:?}");
            prop_assert_eq!(found.first().copied(), born.due(window, rule));
        }
    }
}
