//! What a file says, for people and for machines, before anything is stored or sent.
//!
//! **Invariant:** every figure is of the whole file; what the campaign had before is the difference's.

use std::fmt::Write as _;

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::context::Context;
use super::customers::Customers;
use super::difference::Difference;
use super::failure::Failure;
use super::give::is_open;
use super::seen::{Seen, lines};
use crate::domain::{Expiry, number_of};
use crate::intake::{EncodingOrigin, Survey};
use crate::ledger::{Load, LoadTotals};
use crate::plan::{Estimate, LargeRow, Totals};
use crate::report::{clean, count, money};

/// Characters of a description that are shown.
const SHOWN_CHARS: usize = 24;

/// Whether the campaign of a load was there before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    Unknown,
    Loaded,
}

/// What a file says.
#[derive(Debug)]
pub(super) struct Preview {
    pub(super) survey: Survey,
    pub(super) seen: Seen,
    pub(super) wallets: u64,
    pub(super) estimate: Estimate,
    pub(super) tz: Tz,
    pub(super) difference: Option<Difference>,
}

impl Preview {
    /// Looks at a load that is not committed yet.
    pub(super) async fn of(
        context: &Context,
        survey: Survey,
        seen: Seen,
        totals: &LoadTotals,
        before: Before,
        load: &mut Load<'_>,
    ) -> Result<Preview, Failure> {
        let wallets = load.wallets().await?;
        let rate = context.settings.rate;
        let (estimate, difference) = match before {
            Before::Unknown => (Estimate { gifts: totals.added, wallets, rate }, None),
            Before::Loaded => {
                let open = load.tally().await?.into_iter().filter(|tally| is_open(tally.state));
                let gifts = open.map(|tally| tally.gifts).sum();
                let estimate = Estimate { gifts, wallets: load.campaign_wallets().await?, rate };
                let difference = match seen.customers {
                    // It is another day's customers who left, not rows.
                    Some(_) => None,
                    None => Some(Difference::of(load, &seen, totals).await?),
                };
                (estimate, difference)
            }
        };
        Ok(Preview { survey, seen, wallets, estimate, tz: context.settings.tz, difference })
    }

    /// What a person looks at before money moves.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let totals = &self.seen.totals;
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(text, "  {name:<10} {value}");
        };
        for (name, value) in self.seen.customers.iter().flat_map(Customers::lines) {
            line(name, &value);
        }
        let wallets = number_of(self.wallets, "wallet");
        line("rows", &format!("{} for {wallets}", count(totals.rows)));
        let currency = &self.survey.dialect.currency;
        line("total", &format!("{} {currency}", money(totals.total)));
        for (name, value) in amounts(totals, self.survey.dialect.line_word()) {
            line(name, &value);
        }
        // Of equal amounts the first of the file are kept: then they are only examples.
        let title = if is_uniform(totals) { "first" } else { "largest" };
        for (number, row) in
            large_rows(&totals.largest, self.survey.dialect.line_word()).into_iter().enumerate()
        {
            line(if number == 0 { title } else { "" }, &row);
        }
        for (number, expiry) in self.expiries().into_iter().enumerate() {
            line(if number == 0 { "expires" } else { "" }, &expiry);
        }
        if self.seen.identical.count > 0 {
            line("identical", &lines(&self.seen.identical, self.survey.dialect.line_word()));
        }
        if self.seen.rejected > 0 {
            line("rejected", &format!("{}: left out", number_of(self.seen.rejected, "row")));
        }
        line("read as", &self.read_as());
        let others = self.other_columns();
        if !others.is_empty() {
            line("kept too", &clean(&others.join(", ")));
        }
        line("takes", &self.takes());
        if let Some(difference) = &self.difference {
            text += &difference.text();
        }
        text
    }

    /// The first and the last instant in both zones, and what never expires.
    fn expiries(&self) -> Vec<String> {
        let totals = &self.seen.totals;
        if totals.never == totals.rows {
            return vec!["never".to_owned()];
        }
        let first = totals.first_expiry.map(|expiry| self.both(expiry)).unwrap_or_default();
        let last = totals.last_instant.map(|expiry| self.both(expiry)).unwrap_or_default();
        let mut told = if first == last { vec![first] } else { vec![first, format!("to {last}")] };
        if totals.never > 0 {
            let words = if totals.never == 1 { "row never expires" } else { "rows never expire" };
            told.push(format!("but {} {words}", count(totals.never)));
        }
        told
    }

    fn both(&self, expiry: Expiry) -> String {
        let local = local(expiry, self.tz);
        local.map_or_else(|| expiry.to_string(), |local| format!("{local} {} ({expiry})", self.tz))
    }

    /// How the file was taken; a likelihood shows some letters, to be looked at.
    fn read_as(&self) -> String {
        let survey = &self.survey;
        let mut parts = match (&survey.dialect.sheet, &survey.encoding) {
            (Some(sheet), _) if survey.other_sheets.is_empty() => {
                vec![format!("sheet {:?}", clean(sheet))]
            }
            (Some(sheet), _) => {
                let others = survey.other_sheets.join(", ");
                vec![format!("sheet {:?} (not read: {})", clean(sheet), clean(&others))]
            }
            (None, Some(found)) if found.origin == EncodingOrigin::Likely => {
                let sample = survey.sample.as_deref().unwrap_or_default();
                vec![format!("{} most likely, as in {:?}", found.encoding.name(), clean(sample))]
            }
            (None, _) => vec![survey.dialect.encoding.clone()],
        };
        match survey.dialect.delimiter {
            _ if survey.dialect.sheet.is_some() => {}
            b'\t' => parts.push("cells parted by tab".to_owned()),
            other => parts.push(format!("cells parted by {:?}", char::from(other))),
        }
        parts.push(match survey.decimal {
            Some(mark) => format!("decimal {mark}"),
            None if survey.dialect.sheet.is_some() => "amounts as numbers".to_owned(),
            None => "whole amounts".to_owned(),
        });
        parts.join(", ")
    }

    /// Columns that mean nothing to the program, and come back in reports.
    fn other_columns(&self) -> Vec<&str> {
        let columns = self.survey.columns;
        let known = [
            Some(columns.wallet_id),
            columns.amount,
            columns.birth_date,
            columns.expires_at,
            columns.description,
            columns.reference,
            columns.currency,
            columns.gift_key,
            columns.customer,
        ];
        let header = self.survey.header.iter().enumerate();
        let others = header.filter(|(at, _)| !known.contains(&Some(*at)));
        others.map(|(_, name)| name.trim()).filter(|name| !name.is_empty()).collect()
    }

    fn takes(&self) -> String {
        let Estimate { gifts, wallets, .. } = self.estimate;
        let (gifts, wallets) = (number_of(gifts, "gift"), number_of(wallets, "wallet"));
        let parts = format!("{gifts}, then {wallets} read back");
        format!("{} ({parts})", self.estimate)
    }

    /// The same for programs, and all of the largest rows' descriptions.
    pub(super) fn json(&self) -> Value {
        let totals = &self.seen.totals;
        let expiry = |expiry: Option<Expiry>| expiry.map(|expiry| expiry.to_string());
        let local = |expiry: Option<Expiry>| expiry.and_then(|expiry| local(expiry, self.tz));
        let median = totals.median();
        json!({
            "rows": totals.rows,
            "wallets": self.wallets,
            "total": totals.total.to_string(),
            "currency": self.survey.dialect.currency,
            "smallest": totals.smallest.map(|(amount, _)| amount.to_string()),
            "median": median.map(|median| median.amount.to_string()),
            "median_is_exact": median.is_none_or(|median| median.is_exact),
            "largest": totals.largest.first().map(|row| row.amount.to_string()),
            "largest_rows": totals.largest.iter().map(large_json).collect::<Vec<_>>(),
            "first_expiry": expiry(totals.first_expiry),
            "last_expiry": expiry(totals.last_expiry()),
            "first_expiry_local": local(totals.first_expiry),
            "last_expiry_local": local(totals.last_expiry()),
            "time_zone": self.tz.name(),
            "never_expire": totals.never,
            "encoding": self.survey.encoding.map(|found| found.encoding.name()),
            "sheet": self.survey.dialect.sheet,
            "decimal": self.survey.decimal.map(|mark| mark.to_string()),
            "delimiter": char::from(self.survey.dialect.delimiter).to_string(),
            "other_columns": self.other_columns(),
            "identical_rows": self.seen.identical.count,
            "rejected": self.seen.rejected,
            "requests": self.estimate.requests(),
            "requests_a_second": self.estimate.rate,
            "seconds": self.estimate.seconds(),
            "difference": self.difference.as_ref().map(Difference::json),
            "birthdays": self.seen.customers.as_ref().map(Customers::json),
        })
    }
}

/// An instant as clocks of the zone show it; nothing for never.
fn local(expiry: Expiry, tz: Tz) -> Option<String> {
    match expiry {
        Expiry::At(at) => Some(at.with_timezone(&tz).format("%Y-%m-%d %H:%M:%S%.f").to_string()),
        Expiry::Never => None,
    }
}

/// Whether all rows give the same.
fn is_uniform(totals: &Totals) -> bool {
    totals.smallest.map(|(amount, _)| amount) == totals.largest.first().map(|row| row.amount)
}

/// The smallest and the middle amount; one line where all are the same.
fn amounts(totals: &Totals, word: &str) -> Vec<(&'static str, String)> {
    let smallest = totals.smallest.map(|(amount, line)| (money(amount), line));
    let median = totals.median().map(|median| {
        let about = if median.is_exact { "" } else { "about " };
        format!("{about}{}", money(median.amount))
    });
    match (smallest, median) {
        (Some((each, _)), _) if is_uniform(totals) => vec![("each", each)],
        (Some((smallest, line)), Some(median)) => {
            vec![("smallest", format!("{smallest} ({word} {line})")), ("median", median)]
        }
        _ => Vec::new(),
    }
}

/// Aligned: line, wallet, amount and description.
fn large_rows(rows: &[LargeRow], word: &str) -> Vec<String> {
    let lines: Vec<String> = rows.iter().map(|row| row.line.to_string()).collect();
    let amounts: Vec<String> = rows.iter().map(|row| money(row.amount)).collect();
    let width = |texts: &[String]| texts.iter().map(String::len).max().unwrap_or(0);
    let (line_width, amount_width) = (width(&lines), width(&amounts));
    let shown = |((row, line), amount): ((&LargeRow, &String), &String)| {
        let description = shortened(&row.description);
        let text = format!(
            "{word} {line:<line_width$}  {}  {amount:>amount_width$}  {description}",
            row.wallet
        );
        text.trim_end().to_owned()
    };
    rows.iter().zip(&lines).zip(&amounts).map(shown).collect()
}

fn shortened(text: &str) -> String {
    let text = clean(text);
    if text.chars().count() <= SHOWN_CHARS {
        return text.into_owned();
    }
    let kept: String = text.chars().take(SHOWN_CHARS - 1).collect();
    format!("{}…", kept.trim_end())
}

fn large_json(row: &LargeRow) -> Value {
    json!({
        "line": row.line,
        "wallet": row.wallet.to_string(),
        "amount": row.amount.to_string(),
        "description": row.description,
    })
}
