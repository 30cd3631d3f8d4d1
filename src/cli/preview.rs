//! What a file says, for people and for machines, before anything is stored or sent.

use std::fmt::Write as _;

use crate::domain::{Expiry, Money};
use crate::intake::{FaultList, Survey};
use crate::ledger::{Campaign, LoadTotals};
use crate::plan::{Totals, plan_id};

/// Lines that are named; the rest is counted.
const NAMED_LINES: usize = 10;

/// What a file brought.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) campaign: Campaign,
    pub(super) survey: Survey,
    pub(super) totals: Totals,
    pub(super) wallets: u64,
    pub(super) load: LoadTotals,
    pub(super) seen: Seen,
}

/// What the rows of a file showed on their way.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) totals: Totals,
    pub(super) faults: FaultList,
    pub(super) identical: Lines,
    pub(super) changed: Lines,
}

/// Some lines, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Lines {
    first: Vec<u64>,
    pub(super) count: u64,
}

impl Lines {
    pub(super) fn add(&mut self, line: u64) {
        self.count += 1;
        if self.first.len() < NAMED_LINES {
            self.first.push(line);
        }
    }

    pub(super) fn rows(&self) -> String {
        format!("{} {}", self.count, if self.count == 1 { "row" } else { "rows" })
    }
}

impl std::fmt::Display for Lines {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named: Vec<String> = self.first.iter().map(ToString::to_string).collect();
        write!(out, "line {}", named.join(", "))?;
        match self.count - self.first.len() as u64 {
            0 => Ok(()),
            more => write!(out, " and {more} more"),
        }
    }
}

impl Loaded {
    pub(super) fn plan(&self) -> String {
        let campaign = &self.campaign;
        plan_id(&campaign.name, campaign.plan_digest, campaign.gifts, campaign.total)
    }

    /// What a person looks at before money moves.
    pub(super) fn preview(&self) -> String {
        format!("{}  {:<10} {}\n", self.figures(), "plan", self.plan())
    }

    /// What the file says, in figures.
    pub(super) fn figures(&self) -> String {
        let mut text = String::new();
        let totals = &self.totals;
        let amount = |pair: Option<(Money, u64)>| {
            pair.map(|(amount, line)| format!("{amount} (line {line})")).unwrap_or_default()
        };
        let expiry =
            |expiry: Option<Expiry>| expiry.map(|expiry| expiry.to_string()).unwrap_or_default();
        let mut line = |name: &str, value: String| {
            let _ = writeln!(text, "  {name:<10} {value}");
        };
        line("rows", format!("{} for {} wallets", totals.rows, self.wallets));
        line("total", totals.total.to_string());
        line("smallest", amount(totals.smallest));
        line("largest", amount(totals.largest));
        let (first, last) = (expiry(totals.first_expiry), expiry(totals.last_expiry));
        line("expires", if first == last { first } else { format!("{first} to {last}") });
        line("read as", self.read_as());
        if self.load.added != totals.rows {
            line("new", format!("{} rows, {}", self.load.added, self.load.added_amount));
        }
        if self.seen.identical.count > 0 {
            let identical = &self.seen.identical;
            line("identical", format!("{}: {identical}", identical.rows()));
        }
        if self.seen.changed.count > 0 {
            let changed = &self.seen.changed;
            line("changed", format!("{} kept as first loaded: {changed}", changed.rows()));
        }
        if self.load.left_out > 0 {
            line("left out", format!("{} earlier rows are not in this file", self.load.left_out));
        }
        text
    }

    fn read_as(&self) -> String {
        let survey = &self.survey;
        let delimiter = match survey.dialect.delimiter {
            b'\t' => "tab".to_owned(),
            other => format!("{:?}", char::from(other)),
        };
        let decimals = match survey.decimal {
            Some(mark) => format!("decimal {mark}"),
            None => "whole amounts".to_owned(),
        };
        format!("UTF-8, cells parted by {delimiter}, {decimals}")
    }

    /// What `check --json` prints.
    pub(super) fn to_json(&self) -> String {
        let totals = &self.totals;
        serde_json::json!({
            "version": 1,
            "command": "check",
            "status": "complete",
            "exit_code": 0,
            "rows": totals.rows,
            "wallets": self.wallets,
            "total": totals.total.to_string(),
            "smallest": totals.smallest.map(|(amount, _)| amount.to_string()),
            "largest": totals.largest.map(|(amount, _)| amount.to_string()),
            "first_expiry": totals.first_expiry.map(|expiry| expiry.to_string()),
            "last_expiry": totals.last_expiry.map(|expiry| expiry.to_string()),
            "decimal": self.survey.decimal.map(|mark| mark.to_string()),
            "delimiter": char::from(self.survey.dialect.delimiter).to_string(),
            "identical_rows": self.seen.identical.count,
        })
        .to_string()
    }
}
