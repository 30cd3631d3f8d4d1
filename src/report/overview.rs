//! All campaigns on one screen, a line each.
//!
//! **Invariant:** a bar is full only where every gift is issued.

use super::figures::{bar, count, money, percent};
use super::layout::Side::{Left, Right};
use super::layout::aligned;
use super::text::last_run;
use super::{Status, Summary, clean};
use crate::domain::GiftState;
use crate::ledger::Standing;

/// The screen, with its last line break.
pub fn overview(summaries: &[Summary]) -> String {
    if summaries.is_empty() {
        return "no campaign was loaded yet\n".to_owned();
    }
    let sides = [Left, Left, Right, Right, Right, Left, Left];
    aligned(&sides, summaries.iter().map(line).collect())
}

fn line(summary: &Summary) -> Vec<String> {
    let (total, issued) = (summary.gifts(), summary.states.gifts(GiftState::Issued));
    let amounts = &summary.amounts;
    vec![
        clean(&summary.campaign).into_owned(),
        bar(issued, total),
        percent(issued, total),
        format!("{}/{}", count(issued), count(total)),
        format!("{} of {}", money(amounts.issued), money(amounts.total)),
        troubles(summary),
        summary.last_run.as_ref().map_or_else(|| "no run yet".to_owned(), last_run),
    ]
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
