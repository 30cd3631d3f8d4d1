//! Metrics in Prometheus' text form, for a collector that reads files.
//!
//! It stands apart because it is a contract with alerting rules, and because a file has no memory: what
//! this command cannot know is kept from the file that it replaces. So an alert does not end because a
//! later run failed early, and the time of the last success outlives failures.
//!
//! **Invariant:** all are gauges, since a file that is replaced counts nothing up. Seconds and money are
//! decimals, exact; no float is made of them.
//! **Invariant:** a family stands once, with all its samples; no sample stands twice.
//! **Invariant:** no wallet, no key and no secret is a label.

mod sample;

use chrono::{DateTime, Utc};

use self::sample::Sample;
use super::Summary;

/// How a command ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    /// Its word.
    pub command: &'a str,
    /// The exit code that the system is told.
    pub exit_code: u8,
    /// When.
    pub at: DateTime<Utc>,
    /// How long it took.
    pub elapsed_ms: u64,
    /// The settle window; none where the settings could not be read.
    pub settle_ms: Option<u64>,
}

/// A command that goes on.
#[derive(Clone, Copy, Debug)]
pub struct Alive<'a> {
    /// Its word.
    pub command: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// What it works on: `gifts`, or `wallets read`.
    pub what: &'a str,
    /// How many there are.
    pub total: u64,
    /// How many are done.
    pub done: u64,
}

/// What a family tells of, which decides how long an earlier sample is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    /// One command: kept until the same command has another to tell.
    Command,
    /// Campaigns: kept until a command knows of any.
    Campaigns,
}

struct Family {
    name: &'static str,
    about: About,
    help: &'static str,
}

const fn family(name: &'static str, about: About, help: &'static str) -> Family {
    Family { name, about, help }
}

const RUN_AT: &str = "giftbatch_last_run_timestamp_seconds";
const EXIT_CODE: &str = "giftbatch_last_run_exit_code";
const DURATION: &str = "giftbatch_last_run_duration_seconds";
const SUCCESS_AT: &str = "giftbatch_last_success_timestamp_seconds";
const FINISHED_AT: &str = "giftbatch_last_finished_timestamp_seconds";
const GIFTS: &str = "giftbatch_gifts";
const AMOUNT: &str = "giftbatch_amount";
const REFUSED: &str = "giftbatch_refused_gifts";
const RECONCILED: &str = "giftbatch_reconciled_gifts";
const RECONCILED_AT: &str = "giftbatch_last_reconcile_timestamp_seconds";
const SETTLE: &str = "giftbatch_settle_window_seconds";
const LAG: &str = "giftbatch_list_lag_seconds";
const ACTIVE: &str = "giftbatch_active";
const ALIVE_AT: &str = "giftbatch_progress_timestamp_seconds";
const TOTAL: &str = "giftbatch_progress_items";
const DONE: &str = "giftbatch_progress_done_items";

/// All families, in the order in which they are written.
const FAMILIES: [Family; 16] = [
    family(RUN_AT, About::Command, "When the command last ended, however it ended."),
    family(EXIT_CODE, About::Command, "The exit code of the command's last end."),
    family(DURATION, About::Command, "How long the command last took."),
    family(SUCCESS_AT, About::Command, "When the command last ended with exit code 0."),
    family(FINISHED_AT, About::Command, "When the command last ended with exit code 0 or 4."),
    family(GIFTS, About::Campaigns, "Gifts of the campaign by state."),
    family(AMOUNT, About::Campaigns, "Money of the campaign by state, in its own currency."),
    family(REFUSED, About::Campaigns, "Refused gifts of the campaign by class of refusal."),
    family(RECONCILED, About::Campaigns, "Gifts by what the last reconcile found."),
    family(RECONCILED_AT, About::Campaigns, "When a reconcile last read every wallet."),
    family(SETTLE, About::Command, "The settle window that the command went by."),
    family(LAG, About::Campaigns, "The longest that a gift took to come into view in a list."),
    family(ACTIVE, About::Command, "1 while a long command goes on, 0 when it has ended."),
    family(ALIVE_AT, About::Command, "When a long command last gave a sign of life."),
    family(TOTAL, About::Command, "What a long command works on, in all."),
    family(DONE, About::Command, "What a long command has done of it."),
];

/// The whole text. `before` is the file that it replaces; what is not ours in it is left out.
pub fn metrics(ended: &Ended<'_>, campaigns: &[Summary], before: &str) -> String {
    let mut now = of_command(ended);
    campaigns.iter().for_each(|summary| of_campaign(summary, &mut now));
    // It is the provider's, the same in every summary.
    let lag = campaigns.iter().find_map(|summary| summary.lists.longest_lag);
    let lag = lag.and_then(|lag| u64::try_from(lag.num_milliseconds()).ok());
    now.extend(lag.map(|lag| Sample::new(LAG, &[], seconds(lag))));
    written(&now, before, campaigns.is_empty())
}

/// The whole text while a command goes on: the rest stays as it was.
pub fn alive(sign: &Alive<'_>, before: &str) -> String {
    let labels = [("command", sign.command), ("what", sign.what)];
    let now = [
        Sample::new(ACTIVE, &labels[..1], "1".to_owned()),
        Sample::new(ALIVE_AT, &labels[..1], instant(sign.at)),
        Sample::new(TOTAL, &labels, sign.total.to_string()),
        Sample::new(DONE, &labels, sign.done.to_string()),
    ];
    written(&now, before, true)
}

/// What is known now, and what is kept of before.
fn written(now: &[Sample], before: &str, keeps_campaigns: bool) -> String {
    let before: Vec<Sample> = before.lines().filter_map(Sample::parse).collect();
    let mut text = String::new();
    for Family { name, about, help } in FAMILIES {
        let is_kept = about != About::Campaigns || keeps_campaigns;
        let mut samples: Vec<&Sample> = now.iter().filter(|sample| sample.name == name).collect();
        for earlier in before.iter().filter(|earlier| is_kept && earlier.name == name) {
            if !samples.iter().any(|sample| sample.labels == earlier.labels) {
                samples.push(earlier);
            }
        }
        if !samples.is_empty() {
            text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
            samples.iter().for_each(|sample| text.push_str(&format!("{sample}\n")));
        }
    }
    text
}

fn of_command(ended: &Ended<'_>) -> Vec<Sample> {
    let labels = [("command", ended.command)];
    let at = instant(ended.at);
    let mut samples = vec![
        Sample::new(RUN_AT, &labels, at.clone()),
        Sample::new(EXIT_CODE, &labels, ended.exit_code.to_string()),
        Sample::new(DURATION, &labels, seconds(ended.elapsed_ms)),
        Sample::new(ACTIVE, &labels, "0".to_owned()),
    ];
    samples.extend(ended.settle_ms.map(|ms| Sample::new(SETTLE, &labels, seconds(ms))));
    if ended.exit_code == 0 {
        samples.push(Sample::new(SUCCESS_AT, &labels, at.clone()));
    }
    if matches!(ended.exit_code, 0 | 4) {
        samples.push(Sample::new(FINISHED_AT, &labels, at));
    }
    samples
}

fn of_campaign(summary: &Summary, samples: &mut Vec<Sample>) {
    let campaign = ("campaign", summary.campaign.as_str());
    for tally in summary.states.iter() {
        let labels = [campaign, ("state", tally.state.word())];
        samples.push(Sample::new(GIFTS, &labels, tally.gifts.to_string()));
        samples.push(Sample::new(AMOUNT, &labels, tally.amount.to_string()));
    }
    for refusals in &summary.refusals {
        let labels = [campaign, ("class", refusals.class.as_str())];
        samples.push(Sample::new(REFUSED, &labels, refusals.gifts.to_string()));
    }
    for (finding, gifts) in summary.reconciled.iter().flat_map(super::Findings::iter) {
        let labels = [campaign, ("finding", finding.word())];
        samples.push(Sample::new(RECONCILED, &labels, gifts.to_string()));
    }
    let at = summary.reconciled_at.map(instant);
    samples.extend(at.map(|at| Sample::new(RECONCILED_AT, &[campaign], at)));
}

/// Seconds since 1970 with milliseconds.
fn instant(at: DateTime<Utc>) -> String {
    seconds(u64::try_from(at.timestamp_millis()).unwrap_or(0))
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(command: &str, exit_code: u8, at_s: i64) -> Ended<'_> {
        let at = DateTime::from_timestamp(at_s, 5_000_000).unwrap();
        Ended { command, exit_code, at, elapsed_ms: 61_007, settle_ms: Some(300_000) }
    }

    #[test]
    fn what_a_failure_cannot_know_is_kept() {
        // Goal: an alert on the last success, or on held gifts, does not end because a run failed early.
        // Method: a file with both, a success of another command, and a failure that knows no campaign.
        let first = metrics(&ended("run", 0, 100), &[], "");
        let held = "giftbatch_gifts{campaign=\"may\",state=\"held\"} 2\n";
        let second = metrics(&ended("reconcile", 0, 200), &[], &format!("{first}{held}"));
        let third = metrics(&ended("run", 9, 300), &[], &second);
        for line in [
            "giftbatch_last_success_timestamp_seconds{command=\"run\"} 100.005",
            "giftbatch_last_success_timestamp_seconds{command=\"reconcile\"} 200.005",
            "giftbatch_last_run_timestamp_seconds{command=\"run\"} 300.005",
            "giftbatch_last_run_exit_code{command=\"run\"} 9",
            "giftbatch_last_run_exit_code{command=\"reconcile\"} 0",
            "giftbatch_last_run_duration_seconds{command=\"run\"} 61.007",
            "giftbatch_settle_window_seconds{command=\"run\"} 300.000",
            held.trim(),
        ] {
            assert_eq!(third.lines().filter(|found| *found == line).count(), 1, "{line}\n{third}");
        }
        let partly = metrics(&ended("run", 4, 400), &[], &third);
        assert!(partly.contains("last_finished_timestamp_seconds{command=\"run\"} 400.005"));
        assert!(partly.contains("last_success_timestamp_seconds{command=\"run\"} 100.005"));
    }

    #[test]
    fn the_operators_page_knows_every_metric() {
        // Goal: nobody has to read the source to write an alert. Method: each family against the page.
        let page = include_str!("../../docs/operating.md");
        for Family { name, help, .. } in FAMILIES {
            assert!(page.contains(&format!("| `{name}` |")), "{name} is not in docs/operating.md");
            assert!(
                !name.ends_with("_total") && help.ends_with('.'),
                "{name}: a gauge has another name"
            );
        }
    }

    #[test]
    fn what_is_not_ours_is_not_kept() {
        // Goal: a file that somebody wrote into, or that was cut off, spoils nothing. Method: keep from one
        // with a foreign family, half a line, a doubled sample and words for a value.
        let before = "other_metric 1\ngiftbatch_gifts{campaign=\"may\",sta\n\
                      giftbatch_gifts{campaign=\"may\",state=\"held\"} many\n\
                      giftbatch_gifts{campaign=\"may\",state=\"held\"} 1\n\
                      giftbatch_gifts{campaign=\"may\",state=\"held\"} 1\n";
        let text = metrics(&ended("run", 1, 100), &[], before);
        let kept: Vec<&str> = text.lines().filter(|line| line.contains("may")).collect();
        assert_eq!(kept, ["giftbatch_gifts{campaign=\"may\",state=\"held\"} 1"]);
        assert!(!text.contains("other_metric"));
    }
}
