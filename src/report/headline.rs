//! The first line that people read, and often the only one.
//!
//! **Invariant:** it begins with `all` only where every gift is issued.

use super::Summary;
use super::figures::{count, gifts, money};
use crate::domain::GiftState;
use crate::ledger::Finding;

/// One line, without the campaign's name.
pub(super) fn headline(summary: &Summary) -> String {
    let mut parts = vec![issued(summary)];
    let rest = rest(summary);
    if !rest.is_empty() {
        parts.push(rest.join(", "));
    }
    parts.extend(reconciled(summary));
    parts.join("; ")
}

fn issued(summary: &Summary) -> String {
    let (total, issued) = (summary.gifts(), summary.states.gifts(GiftState::Issued));
    let amounts = &summary.amounts;
    if total == 0 {
        "no gifts".to_owned()
    } else if issued < total {
        let (some, all) = (money(amounts.issued), money(amounts.total));
        format!("{} of {} issued: {some} of {all}", count(issued), gifts(total))
    } else if total == 1 {
        format!("1 of 1 gift issued: {}", money(amounts.issued))
    } else {
        format!("all {} issued: {}", gifts(total), money(amounts.issued))
    }
}

/// Gifts that are not issued, by state; what a person must do something about comes last.
fn rest(summary: &Summary) -> Vec<String> {
    let words = [
        (GiftState::Planned, "not sent yet"),
        (GiftState::Deferred, "waiting to be sent again"),
        (GiftState::InFlight, "in flight"),
        (GiftState::Cancelled, "cancelled"),
        (GiftState::Revoked, "revoked"),
        (GiftState::Refused, "refused"),
        (GiftState::Revoking, "begun to be revoked: run `giftbatch revoke` again"),
        (GiftState::Held, "held for a person"),
        (GiftState::InDoubt, "in doubt: run it again after the settle window"),
    ];
    let some = |(state, words)| {
        let gifts = summary.states.gifts(state);
        (gifts > 0).then(|| format!("{} {words}", count(gifts)))
    };
    words.into_iter().filter_map(some).collect()
}

fn reconciled(summary: &Summary) -> Option<String> {
    let issued = summary.states.gifts(GiftState::Issued);
    let Some(findings) = summary.reconciled else {
        return (issued > 0).then(|| "not reconciled yet".to_owned());
    };
    let bad: Vec<String> = findings
        .iter()
        .filter(|(finding, gifts)| !finding.is_fine() && *gifts > 0)
        .map(|(finding, gifts)| format!("{} {}", count(gifts), finding.word()))
        .chain(balances(summary))
        .collect();
    // A gift that was revoked since may still count as matched: only where all that were ever given
    // are matched is it certain that those are which are issued now.
    let matched = findings.gifts(Finding::Matched) + findings.gifts(Finding::Expired);
    let gifts = |state| summary.states.gifts(state);
    let given = issued + gifts(GiftState::Revoking) + gifts(GiftState::Revoked);
    if !bad.is_empty() {
        Some(format!("reconcile found: {}", bad.join(", ")))
    } else if matched < given {
        Some(format!("{} matched by the last reconcile", count(matched)))
    } else {
        (given > 0).then(|| "reconciled".to_owned())
    }
}

fn balances(summary: &Summary) -> Option<String> {
    let broken = summary.broken_balances();
    let noun = if broken == 1 { "balance" } else { "balances" };
    (broken > 0).then(|| {
        format!("{} {noun} that differ{}", count(broken), if broken == 1 { "s" } else { "" })
    })
}
