//! The arguments of `birthdays`. Nothing is decided here.
//!
//! They stand apart because they are those of a file of customers, which gives its rows an amount, an expiry
//! and a day that a campaign file says itself.

use std::path::PathBuf;
use std::time::Duration;

use chrono::NaiveDate;
use clap::{Args, ValueEnum};

use super::commands::{ConfirmArgs, FileArgs, OnInvalid, RunLimits};
use super::form_args::FormArgs;
use super::values;
use crate::domain::{BirthdayWindow, CampaignName, LeapDay, Money, parse_duration};
use crate::intake::DefaultExpiry;

#[derive(Debug, Args)]
pub(super) struct BirthdaysArgs {
    /// The file of all customers: `wallet_id`, `birth_date`; `amount` and `description` where they differ.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// What each gets whose row has no amount of its own.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    pub(super) amount: Money,
    /// How long gifts are valid, in whole days from the day of the campaign, to the end of the last.
    #[arg(long, value_name = "DAYS", value_parser = valid_for)]
    pub(super) valid_for: u64,
    /// The day whose birthdays are celebrated [default: today].
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(super) on: Option<NaiveDate>,
    /// A wallet gets one gift a year of each series, however its capital letters are typed; the campaign is SERIES-DATE.
    #[arg(long, value_name = "NAME", default_value = "birthday", value_parser = series)]
    pub(super) series: CampaignName,
    /// The description of rows that have none.
    #[arg(long, value_name = "TEXT", default_value = "Doğum günü hediyesi")]
    pub(super) description: String,
    /// When those born on 29 February have their birthday in other years.
    #[arg(long, value_enum, value_name = "feb28|mar1", default_value_t)]
    pub(super) leap_day: LeapDayKind,
    /// Days before it whose birthdays are celebrated too, where they were missed: at most 364d.
    #[arg(long, value_name = "DAYS", default_value = "0", value_parser = catch_up)]
    pub(super) catch_up: u64,
    #[command(flatten)]
    pub(super) form: FormArgs,
    /// No gift may be larger.
    #[arg(long, value_name = "AMOUNT", value_parser = values::money)]
    pub(super) max_gift: Option<Money>,
    /// The campaign may give no more than this in all, with what is caught up of earlier days.
    #[arg(long, value_name = "AMOUNT", value_parser = values::money)]
    pub(super) max_total: Option<Money>,
    /// What becomes of bad rows: they are told and left out, or they stop the others too.
    #[arg(long, value_enum, value_name = "stop|skip", default_value = "skip")]
    pub(super) on_invalid: OnInvalid,
    /// Where bad rows go, in the form of the file, with a column that says why.
    #[arg(long, value_name = "FILE")]
    pub(super) rejects: Option<PathBuf>,
    /// Accept rows over 100 times the median.
    #[arg(long)]
    pub(super) allow_outliers: bool,
    #[command(flatten)]
    pub(super) confirm: ConfirmArgs,
    #[command(flatten)]
    pub(super) limits: RunLimits,
    /// Do not reconcile at the end.
    #[arg(long)]
    pub(super) no_reconcile: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum LeapDayKind {
    #[default]
    Feb28,
    Mar1,
}

impl BirthdaysArgs {
    /// The campaign of a day, or why it cannot be named so.
    pub(super) fn campaign(&self, on: NaiveDate) -> String {
        format!("{}-{on}", self.series)
    }

    pub(super) fn leap_day(&self) -> LeapDay {
        match self.leap_day {
            LeapDayKind::Feb28 => LeapDay::Feb28,
            LeapDayKind::Mar1 => LeapDay::Mar1,
        }
    }

    /// How the file is read, and what it is held against.
    pub(super) fn file_args(&self) -> FileArgs {
        FileArgs {
            form: self.form.clone(),
            description: Some(self.description.clone()),
            max_gift: self.max_gift,
            on_invalid: self.on_invalid,
            rejects: self.rejects.clone(),
            // A series knows by itself whom it has given; another one may give the same.
            allow_same_content: true,
            allow_outliers: self.allow_outliers,
            ..FileArgs::plain(self.file.clone())
        }
    }
}

fn amount(text: &str) -> Result<Money, String> {
    match values::money(text)? {
        Money::ZERO => Err("more than nothing".to_owned()),
        amount => Ok(amount),
    }
}

/// A day, in the forms that a campaign file may have.
fn date(text: &str) -> Result<NaiveDate, String> {
    match text.parse() {
        Ok(DefaultExpiry::Date(date)) => Ok(date),
        _ => Err("write the day as 2027-03-01 or 01.03.2027".to_owned()),
    }
}

/// A series must leave its campaigns room for their dates.
fn series(text: &str) -> Result<CampaignName, String> {
    let name: CampaignName = text.parse().map_err(|error| format!("{error}"))?;
    let campaign = format!("{name}-2027-03-01").parse::<CampaignName>();
    campaign.map(|_| name).map_err(|error| format!("{error}, the date of each day included"))
}

/// The longest validity: a hundred years.
const LONGEST_DAYS: u64 = 36_525;

fn valid_for(text: &str) -> Result<u64, String> {
    match days(text)? {
        0 => Err("at least 1d".to_owned()),
        days if days > LONGEST_DAYS => Err("at most 100 years".to_owned()),
        days => Ok(days),
    }
}

fn catch_up(text: &str) -> Result<u64, String> {
    let most = BirthdayWindow::MOST_CAUGHT_UP;
    match days(text)? {
        days if days > most => Err(format!(
            "at most {most}d: beyond that, the birthdays of two years would fall on one day"
        )),
        days => Ok(days),
    }
}

/// Whole days: a birthday has no hour.
fn days(text: &str) -> Result<u64, String> {
    const DAY: u64 = 86_400;
    if text == "0" {
        return Ok(0);
    }
    let span: Duration = parse_duration(text).map_err(|error| error.to_string())?;
    match (span.as_secs() % DAY, span.subsec_nanos()) {
        (0, 0) => Ok(span.as_secs() / DAY),
        _ => Err("whole days, as 30d or 4w".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_within_their_limits() {
        // Goal: nobody's `30` becomes seconds, and no window holds two birthdays. Method: spellings with
        // their days, at the edges.
        assert_eq!(
            [days("0"), days("30d"), days("2w"), days("48h")],
            [Ok(0), Ok(30), Ok(14), Ok(2)]
        );
        for text in ["30", "36h", "1d12h", "-1d", "", "1500ms"] {
            assert!(days(text).is_err(), "{text}");
        }
        assert_eq!([catch_up("364d"), catch_up("0d")], [Ok(364), Ok(0)]);
        assert!(catch_up("365d").is_err() && valid_for("0d").is_err());
        assert!(valid_for("36525d").is_ok() && valid_for("36526d").is_err());
    }

    #[test]
    fn a_series_leaves_room_for_the_date() {
        // Goal: no day fails because of the name. Method: the longest name that passes, and one more.
        let longest = "x".repeat(CampaignName::MAX_CHARS - "-2027-03-01".len());
        assert!(series(&longest).is_ok());
        assert!(series(&format!("{longest}x")).is_err());
        assert!(series(" birthday").is_err() && series("").is_err());
    }

    #[test]
    fn a_day_is_read_as_in_files() {
        // Goal: no day has two readings. Method: the forms, and others.
        let first = NaiveDate::from_ymd_opt(2027, 3, 1);
        assert_eq!([date("2027-03-01").ok(), date("01.03.2027").ok()], [first, first]);
        for text in ["2027-02-29", "03/01/2027", "01.03", "30d", "never", "tomorrow"] {
            assert!(date(text).is_err(), "{text}");
        }
    }
}
