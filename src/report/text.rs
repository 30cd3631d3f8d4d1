//! How a campaign stands, for people: a headline, what it is made of, and what to do next.
//!
//! **Invariant:** plain text: no colours, no control characters but line breaks.

use super::figures::{count, money, second};
use super::headline::headline;
use super::layout::Side::{Left, Right};
use super::layout::{Screen, aligned, fold};
use super::next::next;
use super::{Summary, audits, clean, overview, under_way};
use crate::ledger::{Lists, RunRecord, Standing};

/// The whole screen, with its last line break.
pub fn summary(summary: &Summary) -> String {
    let blocks = [
        head(summary),
        states(summary),
        refusals(summary),
        findings(summary),
        audits::last(summary),
        foot(summary, ""),
    ];
    let blocks: Vec<String> = blocks.into_iter().filter(|block| !block.is_empty()).collect();
    blocks.join("\n")
}

/// The same for who only looks: with a bar of the states, and without the findings one by one, so that it is one
/// screen.
pub fn glance_on(summary: &Summary, screen: Screen) -> String {
    let bar = format!("{}\n", overview::states(summary));
    let blocks = [head(summary) + &bar, states(summary), refusals(summary), findings(summary)];
    let found = audits::where_found(summary).map(|command| format!("next: {command}\n"));
    let foot = foot(summary, &found.unwrap_or_default());
    let blocks: Vec<String> =
        blocks.into_iter().chain([foot]).filter(|block| !block.is_empty()).collect();
    on(&blocks.join("\n"), screen)
}

/// The same on a screen: what is wider goes over several lines, but for commands, which are copied.
pub fn summary_on(summary: &Summary, screen: Screen) -> String {
    on(&self::summary(summary), screen)
}

fn on(text: &str, screen: Screen) -> String {
    let folded = |line: &str| match line.starts_with("next: ") {
        true => line.to_owned() + "\n",
        false => fold(line, screen, 2) + "\n",
    };
    text.lines().map(folded).collect()
}

fn head(summary: &Summary) -> String {
    let wallets = count(summary.wallets);
    let noun = if summary.wallets == 1 { "wallet" } else { "wallets" };
    let loaded = second(summary.last_loaded_at);
    format!(
        "{}: {}\nplan {}, {wallets} {noun}, loaded {loaded}\n",
        clean(&summary.campaign),
        headline(summary),
        summary.plan
    )
}

fn states(summary: &Summary) -> String {
    let mut rows = vec![["state", "gifts", "amount"].map(str::to_owned).to_vec()];
    for tally in summary.states.iter().filter(|tally| tally.gifts > 0) {
        rows.push(vec![tally.state.to_string(), count(tally.gifts), money(tally.amount)]);
    }
    let total = money(summary.amounts.total);
    rows.push(vec!["total".to_owned(), count(summary.gifts()), total]);
    aligned(&[Left, Right, Right], rows)
}

fn refusals(summary: &Summary) -> String {
    let rows: Vec<Vec<String>> = summary
        .refusals
        .iter()
        .map(|each| vec![clean(&each.class).into_owned(), count(each.gifts), money(each.amount)])
        .collect();
    titled(vec!["refused".to_owned(), "gifts".to_owned(), "amount".to_owned()], rows)
}

fn findings(summary: &Summary) -> String {
    let Some(findings) = summary.reconciled else {
        return String::new();
    };
    let rows: Vec<Vec<String>> = findings
        .iter()
        .filter(|(_, gifts)| *gifts > 0)
        .map(|(finding, gifts)| vec![finding.word().to_owned(), count(gifts)])
        .collect();
    titled(vec!["reconciled".to_owned(), "gifts".to_owned()], rows) + &beside(summary)
}

/// What the last audit saw besides: none of it is a fault, but for balances.
fn beside(summary: &Summary) -> String {
    let Some(counts) = summary.audit.as_ref().and_then(|audit| audit.counts) else {
        return String::new();
    };
    let mut parts = Vec::new();
    for (gifts, word) in [(counts.used, "used since"), (counts.expired, "past their expiry")] {
        if gifts > 0 {
            parts.push(format!("{} {word}", count(gifts)));
        }
    }
    let mut text = String::new();
    if !parts.is_empty() {
        text += &format!("of these: {}\n", parts.join(", "));
    }
    if let Some(balances) = counts.balances {
        let (held, unknown) = (count(balances.held), count(balances.unknown));
        text += &format!(
            "wallets' balances: {held} hold, {} differ, {unknown} not known\n",
            count(balances.differs)
        );
    }
    text
}

/// Rows below a title; nothing where there are no rows.
fn titled(title: Vec<String>, mut rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    rows.insert(0, title);
    aligned(&[Left, Right, Right], rows)
}

/// What was done last, and what is next; `first` are lines about what is next before all else.
fn foot(summary: &Summary, first: &str) -> String {
    let mut text = withheld(summary).map_or_else(String::new, |words| words + "\n");
    if let Some(at) = summary.reconciled_at {
        text += &format!("last reconcile: {}\n", second(at));
    }
    if let Some(words) = lists(summary.lists) {
        text += &format!("the provider's lists: {words}\n");
    }
    if let Some(words) = under_way::now(summary) {
        text += &format!("now: {words}\n");
    } else if let Some(run) = &summary.last_run {
        text += &format!("last run: {}\n", last_run(run));
    }
    text += first;
    for command in next(summary) {
        text += &format!("next: {command}\n");
    }
    text
}

/// Who paused or cancelled it, where somebody did.
fn withheld(summary: &Summary) -> Option<String> {
    let word = summary.standing.word();
    match &summary.standing {
        Standing::Open => None,
        Standing::Paused(wished) | Standing::Cancelled(wished) => {
            Some(format!("{word}: by {}, {}", clean(&wished.by), second(wished.at)))
        }
    }
}

/// What is worth knowing of the lists that doubts are settled by and reconciling trusts.
fn lists(lists: Lists) -> Option<String> {
    let used = match (lists.hide_used, lists.show_used) {
        (true, _) => Some("they leave out used gifts, so doubts are held".to_owned()),
        (false, true) => Some("they show used gifts".to_owned()),
        (false, false) => None,
    };
    let lag = lists.longest_lag.map(|lag| {
        let tenths = lag.num_milliseconds().div_euclid(100) + 1;
        format!("gifts came into view up to {}.{} s late", tenths / 10, tenths % 10)
    });
    let words: Vec<String> = used.into_iter().chain(lag).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// The last run in a few words.
pub(super) fn last_run(run: &RunRecord) -> String {
    let (command, began) = (clean(&run.command), second(run.started_at));
    match (run.ended_at, &run.outcome) {
        (Some(_), Some(outcome)) => {
            format!("{command}, {began}, {}", ended(outcome, run.reason.as_deref()))
        }
        _ => format!("{command}, {began}, was killed: it has no end"),
    }
}

/// How something ended, and for what.
pub(super) fn ended(outcome: &str, reason: Option<&str>) -> String {
    let reason = reason.map(|reason| format!(" ({})", clean(reason)));
    format!("{}{}", clean(outcome), reason.unwrap_or_default())
}
