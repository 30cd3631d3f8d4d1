//! Sections that name gifts: what reconcile found, and what needs a person.

use maud::{Markup, html};

use super::super::advice::{advice, commands};
use super::detail::difference;
use super::facts::{Facts, LISTED};
use super::form::{Form, Lang};
use super::headline::last_check;
use super::mask::Wallets;
use super::shown;
use super::words::{finding, finding_colour, finding_meaning, state, state_colour};
use crate::ledger::{Discrepancy, Finding, FindingRecord, GiftRecord};

/// What reconcile found, in numbers, and the gifts that are not as they should be.
pub(super) fn findings(form: &Form, facts: &Facts, wallets: Wallets) -> Markup {
    let Some(findings) = facts.summary.reconciled else {
        return html! {
            p class="none-yet" {
                (form.say(
                    "No reconcile has read the wallets yet: this report rests on the provider's answers alone.",
                    "Henüz mutabakat yapılmadı: bu rapor yalnızca sağlayıcının yanıtlarına dayanıyor.",
                ))
            }
        };
    };
    html! {
        table id="findings" {
            thead { tr {
                th scope="col" { (form.say("finding", "bulgu")) }
                th scope="col" class="r" { (form.say("gifts", "hediye")) }
                th scope="col" class="r" { (form.say("amount", "tutar")) }
            } }
            tbody {
                @for ((kind, gifts), (_, amount)) in findings.iter().zip(&facts.summary.found_amounts) {
                    @if gifts > 0 || kind == Finding::Matched {
                        tr {
                            th scope="row" {
                                i class={ "swatch back-" (finding_colour(kind)) } {}
                                (finding(form, kind))
                                span class="means" { (finding_meaning(form, kind)) }
                            }
                            td class="r" { (form.count(gifts)) }
                            td class="r" { (form.amount(*amount)) }
                        }
                    }
                }
            }
        }
        @if !facts.found.is_empty() {
            h3 { (form.say("The gifts that are not as they should be", "Beklendiği gibi olmayan hediyeler")) }
            (gifts(form, wallets, &facts.found, findings.differences(), &|gift| {
                let word = gift.reconciled.as_deref();
                let kind = Finding::ALL.into_iter().find(|kind| word == Some(kind.word()));
                let name = kind.map_or(word.unwrap_or_default(), |kind| finding(form, kind));
                let colour = kind.map_or("open", finding_colour);
                let detail = gift.reconciled_detail.as_deref().map(|detail| match kind {
                    Some(Finding::Differs | Finding::Unread) => difference(form, detail),
                    _ => detail.to_owned(),
                });
                (colour, name.to_owned(), detail)
            }))
        }
        (balances(form, facts, wallets))
        (advices(form, facts))
        @if last_check(facts).is_some_and(|deed| deed.ended_at.is_none()) {
            p class="none-yet" {
                (form.say(
                    "The last reconcile has no end: it goes on, or was killed. Run it again.",
                    "Son mutabakatın sonu yok: sürüyor ya da yarıda kesildi. Yeniden çalıştırın.",
                ))
            }
        }
    }
}

/// The wallets whose balance is not what their list adds up to.
fn balances(form: &Form, facts: &Facts, wallets: Wallets) -> Markup {
    let named: Vec<&FindingRecord> =
        facts.summary.found.iter().filter(|found| found.kind == Discrepancy::Balance).collect();
    let more = facts.summary.broken_balances().saturating_sub(named.len() as u64);
    html! {
        @if !named.is_empty() {
            h3 { (form.say("Balances that differ from their lists", "Listesini tutmayan bakiyeler")) }
            table id="balances" {
                thead { tr {
                    th scope="col" { (form.say("wallet", "cüzdan")) }
                    th scope="col" { (form.say("its TotalGiftBalance", "TotalGiftBalance değeri")) }
                } }
                tbody {
                    @for found in named {
                        tr {
                            th scope="row" { code { (wallets.id(found.wallet)) } }
                            td { (shown(&found.detail.as_deref().map(|it| difference(form, it)).unwrap_or_default())) }
                        }
                    }
                }
            }
            @if more > 0 {
                p class="none-yet" { (form.say("Others that are not shown: ", "Gösterilmeyen: ")) (form.count(more)) }
            }
        }
    }
}

/// What to do about each kind of finding. Wallets and keys of the commands stand as words: the table above has
/// them.
fn advices(form: &Form, facts: &Facts) -> Markup {
    let summary = &facts.summary;
    let of = (form.say("WALLET", "CÜZDAN"), form.say("KEY", "ANAHTAR"));
    let is_there = |kind: &Discrepancy| summary.found.iter().any(|found| found.kind == *kind);
    let kinds: Vec<Discrepancy> = Discrepancy::ALL.into_iter().filter(is_there).collect();
    html! {
        @if !kinds.is_empty() {
            h3 { (form.say("What to do", "Ne yapılmalı")) }
            dl class="record" id="advice" {
                @for kind in kinds {
                    @let advice = advice(kind);
                    div {
                        dt { (form.say(advice.means[0], advice.means[1])) }
                        dd {
                            (form.say(advice.act[0], advice.act[1]).replace('`', ""))
                            @for command in commands(kind, &summary.campaign, of) {
                                br; code { (command) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Gifts of which nobody knows whether they were given.
pub(super) fn doubtful(form: &Form, facts: &Facts, wallets: Wallets) -> Markup {
    let total = facts
        .summary
        .states
        .iter()
        .filter(|tally| state_colour(tally.state) == "doubt")
        .map(|tally| tally.gifts)
        .sum();
    gifts(form, wallets, &facts.doubtful, total, &|gift| {
        ("doubt", state(form, gift.state).to_owned(), gift.error.clone())
    })
}

/// What is said of a gift: a class of colour, a name, and more about it.
type Said<'s> = dyn Fn(&GiftRecord) -> (&'static str, String, Option<String>) + 's;

fn gifts(
    form: &Form,
    wallets: Wallets,
    gifts: &[GiftRecord],
    total: u64,
    said: &Said<'_>,
) -> Markup {
    let shown_gifts = usize::try_from(LISTED).unwrap_or(0).min(gifts.len());
    html! {
        div class="scroll" tabindex="0" {
            table class="gifts" {
                thead { tr {
                    th scope="col" { (form.say("what", "durum")) }
                    th scope="col" class="r" { (form.say("amount", "tutar")) }
                    th scope="col" { (form.say("wallet", "cüzdan")) }
                    th scope="col" { (form.say("description", "açıklama")) }
                    th scope="col" { (form.say("key of the gift", "hediye anahtarı")) }
                } }
                tbody {
                    @for gift in &gifts[..shown_gifts] {
                        @let (colour, name, detail) = said(gift);
                        tr {
                            th scope="row" {
                                i class={ "swatch back-" (colour) } {} (name)
                                @if let Some(detail) = detail {
                                    span class="means" { (shown(&wallets.text(gift.content.wallet, &detail))) }
                                }
                            }
                            td class="r" { (form.amount(gift.content.amount)) }
                            td class=@if wallets == Wallets::Short { "num" } @else { "long" } { code { (wallets.id(gift.content.wallet)) } }
                            td {
                                (shown(&gift.content.description))
                                span class="means" {
                                    (form.say("line ", "satır ")) (form.count(gift.line.unsigned_abs()))
                                }
                            }
                            td { code class="key" { (gift.key) } }
                        }
                    }
                }
            }
        }
        @if total > shown_gifts as u64 {
            p class="none-yet" { (more(form, shown_gifts as u64, total)) }
        }
    }
}

fn more(form: &Form, shown: u64, total: u64) -> String {
    let (shown, total) = (form.count(shown), form.count(total));
    match form.lang {
        Lang::En => format!("{shown} of {total} are shown; the CSV report has all of them."),
        Lang::Tr => format!("{total} kayıttan {shown} tanesi gösteriliyor; tümü CSV raporunda."),
    }
}
