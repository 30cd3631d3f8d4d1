//! All campaigns on one screen.
//!
//! A line each where that fits, else a few lines each.
//!
//! **Invariant:** a bar is all `#` only where every gift is issued.

use super::figures::{bar, count, money, percent};
use super::layout::Side::{Left, Right};
use super::layout::{Screen, aligned, fold, width};
use super::text::last_run;
use super::under_way::brief;
use super::{Status, Summary, clean};
use crate::domain::GiftState;
use crate::ledger::Standing;

/// What the signs of a bar stand for.
const LEGEND: &str = "# issued  ? not known yet  ! refused, held  x cancelled, revoked  - not sent";

/// The screen, with its last line break.
pub fn overview(summaries: &[Summary], screen: Screen) -> String {
    if summaries.is_empty() {
        return "no campaign was loaded yet\n".to_owned();
    }
    let sides = [Left, Left, Right, Right, Right, Left, Left];
    let lines = aligned(&sides, summaries.iter().map(line).collect());
    let is_wide = |screen: &u16| lines.lines().any(|line| width(line) > usize::from(*screen));
    let mut text = match screen.filter(is_wide) {
        Some(screen) => summaries.iter().map(|summary| block(summary, screen)).collect(),
        None => lines,
    };
    let needs_legend = |summary: &Summary| states(summary).contains(['?', '!', 'x']);
    if summaries.iter().any(needs_legend) {
        text += &format!("\n{}\n", fold(LEGEND, screen, 0));
    }
    text
}

fn line(summary: &Summary) -> Vec<String> {
    let (total, issued) = (summary.gifts(), summary.states.gifts(GiftState::Issued));
    let amounts = &summary.amounts;
    vec![
        clean(&summary.campaign).into_owned(),
        states(summary),
        percent(issued, total),
        format!("{}/{}", count(issued), count(total)),
        format!("{} of {}", money(amounts.issued), money(amounts.total)),
        troubles(summary),
        last(summary),
    ]
}

/// The same where a line is too long.
fn block(summary: &Summary, screen: u16) -> String {
    let [name, bar, percent, gifts, money, troubles, last] =
        line(summary).try_into().expect("a line has seven cells");
    let noun = if gifts.trim() == "1" { "gift" } else { "gifts" };
    let figures = format!("  {bar}  {percent}  {gifts} {noun}  {money}");
    let lines = [name, figures, format!("  {troubles}"), format!("  {last}")];
    lines.map(|line| fold(&line, Some(screen), 2) + "\n").concat()
}

/// What is under way, or else the last run.
fn last(summary: &Summary) -> String {
    let run = || summary.last_run.as_ref().map(last_run);
    brief(summary).or_else(run).unwrap_or_else(|| "no run yet".to_owned())
}

/// A bar of all states.
pub(super) fn states(summary: &Summary) -> String {
    let gifts = |states: &[GiftState]| -> u64 {
        states.iter().map(|state| summary.states.gifts(*state)).sum()
    };
    let others = [
        ('?', gifts(&[GiftState::InFlight, GiftState::InDoubt])),
        ('!', gifts(&[GiftState::Refused, GiftState::Held])),
        ('x', gifts(&[GiftState::Cancelled, GiftState::Revoking, GiftState::Revoked])),
        ('-', gifts(&[GiftState::Planned, GiftState::Deferred])),
    ];
    bar(('#', gifts(&[GiftState::Issued])), &others)
}

/// What stands in the way, or the status where nothing does.
fn troubles(summary: &Summary) -> String {
    let gifts = |state| summary.states.gifts(state);
    let differences = summary.reconciled.map_or(0, |findings| findings.differences());
    let parts = [
        (gifts(GiftState::InDoubt), "in doubt"),
        (gifts(GiftState::Held), "held"),
        (gifts(GiftState::Refused), "refused"),
        (differences, "differ"),
    ];
    let withheld = summary.standing != Standing::Open;
    let standing = withheld.then(|| summary.standing.word().to_owned());
    let counted = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{} {word}", count(number)));
    let some: Vec<String> = standing.into_iter().chain(counted).collect();
    match (some.is_empty(), summary.status()) {
        (true, Status::Partial) => "open".to_owned(),
        (true, status) => status.to_string(),
        (false, _) => some.join(", "),
    }
}
