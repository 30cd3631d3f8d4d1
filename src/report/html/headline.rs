//! What a page says first: how the campaign stands, in plain sentences.
//!
//! **Invariant:** it says that all were given only where every gift is issued and no wallet says otherwise.

use super::facts::Facts;
use super::form::{Form, Lang};
use super::words::{ORDER, finding, state, state_colour};
use crate::domain::GiftState;
use crate::ledger::{Deed, DeedKind, Finding};

/// A sentence with the class of its colour.
pub(super) struct Line {
    pub(super) colour: &'static str,
    pub(super) text: String,
}

/// The first sentence.
pub(super) fn headline(form: &Form, facts: &Facts) -> Line {
    let summary = &facts.summary;
    let (total, issued) = (summary.gifts(), summary.states.gifts(GiftState::Issued));
    let (some, all) = (form.money(summary.amounts.issued), form.money(summary.amounts.total));
    let (issued_text, total_text) = (form.count(issued), form.count(total));
    let is_denied = denied(facts) > 0;
    let waiting =
        summary.states.gifts(GiftState::Planned) + summary.states.gifts(GiftState::Deferred);
    let text = match (form.lang, issued) {
        (Lang::En, _) if total == 0 => "This campaign has no gifts.".to_owned(),
        (Lang::Tr, _) if total == 0 => "Bu kampanyada hediye yok.".to_owned(),
        (Lang::En, _) if is_denied => {
            format!(
                "{issued_text} of {total_text} gifts are recorded as given, but the wallets do not agree with all of it."
            )
        }
        (Lang::Tr, _) if is_denied => {
            format!(
                "{total_text} hediyeden {issued_text} adedi verildi olarak kayıtlı; ancak cüzdanlar bunların tümünü doğrulamıyor."
            )
        }
        (Lang::En, 0) if waiting == total => {
            format!("None of the {total_text} gifts has been given yet: {all} is planned.")
        }
        (Lang::Tr, 0) if waiting == total => {
            format!("{total_text} hediyenin hiçbiri henüz verilmedi: planlanan tutar {all}.")
        }
        (Lang::En, 0) => {
            format!("None of the {total_text} gifts is known to be given: {some} of {all}.")
        }
        (Lang::Tr, 0) => {
            format!(
                "{total_text} hediyeden hiçbirinin verildiği kayıtlı değil: {all} tutarın {some} kadarı."
            )
        }
        (Lang::En, 1) if total > 1 => {
            format!("1 of {total_text} gifts was given: {some} of {all}.")
        }
        (Lang::En, _) if issued < total => {
            format!("{issued_text} of {total_text} gifts were given: {some} of {all}.")
        }
        (Lang::Tr, _) if issued < total => {
            format!(
                "{total_text} hediyeden {issued_text} adedi verildi: {all} tutarın {some} kadarı."
            )
        }
        (Lang::En, 1) => format!("The one gift was given: {some}."),
        (Lang::Tr, 1) => format!("Tek hediye verildi: {some}."),
        (Lang::En, _) => format!("All {total_text} gifts were given: {some}."),
        (Lang::Tr, _) => format!("{total_text} hediyenin tamamı verildi: {some}."),
    };
    let doubtful = [GiftState::InDoubt, GiftState::Held, GiftState::InFlight];
    let colour = match () {
        () if is_denied => "refused",
        () if doubtful.iter().any(|state| summary.states.gifts(*state) > 0) => "doubt",
        () if issued == total && total > 0 => "given",
        () => "open",
    };
    Line { colour, text }
}

/// Gifts of which a wallet says something else than the ledger does.
fn denied(facts: &Facts) -> u64 {
    let of = |finding| facts.summary.reconciled.map_or(0, |findings| findings.gifts(finding));
    let gifts = of(Finding::Missing) + of(Finding::Differs);
    gifts + of(Finding::Duplicated) + of(Finding::Unexpected) + facts.summary.broken_balances()
}

/// What became of the others, a line a state.
pub(super) fn others(form: &Form, facts: &Facts) -> Vec<Line> {
    let states = &facts.summary.states;
    let is_other = |other: &GiftState| *other != GiftState::Issued && states.gifts(*other) > 0;
    let line = |other: GiftState| Line {
        colour: state_colour(other),
        text: format!(
            "{} {} {}: {}.",
            form.count(states.gifts(other)),
            form.gifts(states.gifts(other)),
            state(form, other),
            form.money(states.amount(other))
        ),
    };
    ORDER.into_iter().filter(is_other).map(line).collect()
}

/// The campaign's last reconcile.
pub(super) fn last_check(facts: &Facts) -> Option<&Deed> {
    facts.deeds.iter().rev().find(|deed| deed.kind == DeedKind::Reconcile)
}

/// What the wallets say.
pub(super) fn check(form: &Form, facts: &Facts) -> Option<Line> {
    let summary = &facts.summary;
    let gifts = |state| summary.states.gifts(state);
    let given = gifts(GiftState::Issued);
    let Some(findings) = summary.reconciled else {
        let text = form
            .say("Not checked against the wallets yet.", "Cüzdanlarla mutabakat henüz yapılmadı.");
        return (given > 0).then(|| Line { colour: "doubt", text: text.to_owned() });
    };
    let at = last_check(facts).map(|deed| deed.ended_at.unwrap_or(deed.started_at));
    let at = at.or(summary.reconciled_at).map(|at| form.moment(at)).unwrap_or_default();
    let matched = findings.gifts(Finding::Matched);
    let bad: Vec<String> = findings
        .iter()
        .filter(|(kind, gifts)| !kind.is_fine() && *gifts > 0)
        .map(|(kind, gifts)| format!("{} {}", form.count(gifts), finding(form, kind)))
        .collect();
    let is_whole = last_check(facts).is_none_or(|deed| deed.outcome.as_deref() == Some("finished"));
    let mut parts = vec![match form.lang {
        Lang::En => format!("{} found as sent", form.count(matched)),
        Lang::Tr => format!("{} hediye gönderildiği gibi bulundu", form.count(matched)),
    }];
    parts.extend(bad.iter().cloned());
    let gone = findings.gifts(Finding::Expired);
    if gone > 0 {
        parts.push(format!("{} {}", form.count(gone), finding(form, Finding::Expired)));
    }
    let broken = facts.summary.broken_balances();
    if broken > 0 {
        let words = match broken {
            1 => form.say("balance that differs from its list", "bakiye listesini tutmuyor"),
            _ => form.say("balances that differ from their lists", "bakiye listesini tutmuyor"),
        };
        parts.push(format!("{} {words}", form.count(broken)));
    }
    let unchecked = given.saturating_sub(matched + gone + findings.differences());
    if unchecked > 0 {
        let text = form.say("given since, not checked", "sonradan verildi, kontrol edilmedi");
        parts.push(format!("{} {text}", form.count(unchecked)));
    }
    let begin = match (form.lang, is_whole) {
        (Lang::En, true) => format!("Checked against the wallets, {at}: "),
        (Lang::En, false) => format!("The last check against the wallets, {at}, did not finish: "),
        (Lang::Tr, true) => format!("Cüzdanlarla mutabakat, {at}: "),
        (Lang::Tr, false) => format!("Cüzdanlarla son mutabakat, {at}, tamamlanmadı: "),
    };
    let colour = match () {
        () if denied(facts) > 0 => "refused",
        () if !bad.is_empty() || unchecked > 0 || !is_whole => "doubt",
        () => "given",
    };
    Some(Line { colour, text: format!("{begin}{}.", parts.join(", ")) })
}
