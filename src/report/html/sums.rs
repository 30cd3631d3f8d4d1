//! Sections of sums: totals by state, refusals by class, and what was used since.

use maud::{Markup, html};

use super::facts::Facts;
use super::form::Form;
use super::headline::last_check;
use super::mask::Wallets;
use super::svg::{Across, drawing, scaled};
use super::words::{ORDER, state, state_colour, state_meaning};
use crate::domain::{GiftState, Money};
use crate::ledger::Finding;

/// A figure that is read first.
struct Tile {
    name: &'static str,
    colour: &'static str,
    states: &'static [GiftState],
}

/// Money and gifts, in the few parts that finance asks for.
pub(super) fn tiles(form: &Form, facts: &Facts) -> Markup {
    use GiftState as S;
    let name = |en, tr| form.say(en, tr);
    let tiles = [
        Tile { name: name("given", "verildi"), colour: "given", states: &[S::Issued] },
        Tile { name: name("refused", "reddedildi"), colour: "refused", states: &[S::Refused] },
        Tile {
            name: name("doubtful", "sonucu belirsiz"),
            colour: "doubt",
            states: &[S::InFlight, S::InDoubt, S::Held, S::Revoking],
        },
        Tile {
            name: name("not sent", "gönderilmedi"),
            colour: "open",
            states: &[S::Planned, S::Deferred],
        },
        Tile {
            name: name("cancelled or taken back", "iptal edildi ya da geri alındı"),
            colour: "over",
            states: &[S::Cancelled, S::Revoked],
        },
    ];
    let states = &facts.summary.states;
    let total = facts.summary.gifts();
    html! {
        div class="tiles" {
            @for (place, tile) in tiles.iter().enumerate() {
                @let gifts: u64 = tile.states.iter().map(|state| states.gifts(*state)).sum();
                @let amount: Money = tile.states.iter().map(|state| states.amount(*state)).sum();
                @if place < 4 || gifts > 0 {
                    div class={ "tile edge-" (tile.colour) @if gifts == 0 { " empty" } } {
                        p class="tile-name" { (tile.name) }
                        p class="tile-money" { (form.amount(amount)) }
                        p class="tile-gifts" {
                            (form.count(gifts)) " " (form.gifts(gifts))
                            " · " (form.percent(gifts, total))
                        }
                    }
                }
            }
        }
    }
}

/// Gifts and money by state; the total last.
pub(super) fn states_table(form: &Form, facts: &Facts) -> Markup {
    let summary = &facts.summary;
    html! {
        table id="states" {
            thead { tr {
                th scope="col" { (form.say("state", "durum")) }
                th scope="col" class="r" { (form.say("gifts", "hediye")) }
                th scope="col" class="r" { (form.say("amount", "tutar")) }
            } }
            tbody {
                @for each in ORDER.into_iter().filter(|state| summary.states.gifts(*state) > 0) {
                    tr {
                        th scope="row" {
                            i class={ "swatch back-" (state_colour(each)) } {}
                            (state(form, each))
                            span class="means" { (state_meaning(form, each)) }
                        }
                        td class="r" { (form.count(summary.states.gifts(each))) }
                        td class="r" { (form.amount(summary.states.amount(each))) }
                    }
                }
            }
            tfoot { tr {
                th scope="row" { (form.say("total", "toplam")) }
                td class="r" { (form.count(summary.gifts())) }
                td class="r" { (form.amount(summary.amounts.total)) }
            } }
        }
    }
}

/// Classes of refusals that have a bar of their own.
const BARS: usize = 12;

const BAR: i64 = 38;

/// A bar for each class of refusals.
pub(super) fn refusals_plot(form: &Form, facts: &Facts) -> Markup {
    let mut refusals: Vec<_> = facts.summary.refusals.iter().collect();
    refusals.sort_by_key(|each| std::cmp::Reverse(each.gifts));
    refusals.truncate(BARS);
    let most = refusals.iter().map(|each| each.gifts).max().unwrap_or(1);
    let height = BAR * i64::try_from(refusals.len()).unwrap_or(0);
    let told: Vec<String> =
        refusals.iter().map(|each| format!("{}: {}", each.class, form.count(each.gifts))).collect();
    let inside = html! {
        @for (place, each) in (0..).zip(&refusals) {
            text class="name" x="0%" y=(place * BAR + 13) { (each.class) }
            text class="number" x="100%" y=(place * BAR + 13) text-anchor="end" { (form.count(each.gifts)) }
            rect class="track" x="0%" width="100%" y=(place * BAR + 19) height="8" rx="2" {}
            rect class="fill-refused" x="0%" width=(Across(scaled(each.gifts, most, 100_000).max(300)))
                y=(place * BAR + 19) height="8" rx="2" {}
        }
    };
    let title = form.say("Refusals by class, in gifts", "Sınıflarına göre retler (adet)");
    drawing("refusals", height, title, &told.join("; "), &inside)
}

/// The same in numbers, with words of the provider.
pub(super) fn refusals_table(form: &Form, facts: &Facts, wallets: Wallets) -> Markup {
    let refusals = &facts.summary.refusals;
    html! {
        table {
            thead { tr {
                th scope="col" { (form.say("class, and the words of one of them", "sınıf ve birinin iletisi")) }
                th scope="col" class="r" { (form.say("gifts", "hediye")) }
                th scope="col" class="r" { (form.say("amount", "tutar")) }
            } }
            tbody {
                @for (each, words) in refusals.iter().zip(&facts.refused_words) {
                    tr {
                        th scope="row" {
                            code { (super::shown(&each.class)) }
                            @if let Some(words) = words {
                                span class="means" { "“" (super::shown(&wallets.words(words))) "”" }
                            }
                        }
                        td class="r" { (form.count(each.gifts)) }
                        td class="r" { (form.amount(each.amount)) }
                    }
                }
            }
            tfoot { tr {
                th scope="row" { (form.say("total", "toplam")) }
                td class="r" { (form.count(refusals.iter().map(|each| each.gifts).sum())) }
                td class="r" { (form.amount(refusals.iter().map(|each| each.amount).sum())) }
            } }
        }
    }
}

/// What the last reconcile saw of the gifts' use.
struct Use {
    seen: u64,
    seen_amount: Money,
    used_amount: Money,
    untold_amount: Money,
    left_amount: Money,
    spent: u64,
    partly: u64,
    untold: u64,
    whole: u64,
}

/// Nothing where no reconcile has looked at the use of gifts, or where it found none of them.
fn used(facts: &Facts) -> Option<Use> {
    last_check(facts)?;
    let findings = facts.summary.reconciled?;
    let kinds = [Finding::Matched, Finding::Differs, Finding::Duplicated];
    let seen: u64 = kinds.iter().map(|kind| findings.gifts(*kind)).sum();
    let amounts = facts.summary.found_amounts.iter();
    let seen_amount: Money =
        amounts.filter(|(kind, _)| kinds.contains(kind)).map(|(_, amount)| *amount).sum();
    let uses = facts.uses;
    if seen == 0 {
        return None;
    }
    let left = seen_amount.minor() - uses.used_amount.minor() - uses.untold_amount.minor();
    Some(Use {
        seen,
        seen_amount,
        used_amount: uses.used_amount,
        untold_amount: uses.untold_amount,
        left_amount: Money::from_minor(left.max(0)),
        spent: uses.spent,
        partly: uses.gifts.saturating_sub(uses.spent + uses.untold),
        untold: uses.untold,
        whole: seen.saturating_sub(uses.gifts),
    })
}

/// How much of what was given has been used since.
pub(super) fn use_section(form: &Form, facts: &Facts) -> Markup {
    let Some(used) = used(facts) else {
        return html! {
            p class="none-yet" {
                (form.say(
                    "No check of the wallets has recorded yet how much was used. To look: giftbatch reconcile NAME.",
                    "Kullanımı kaydeden bir mutabakat henüz yapılmadı. Bakmak için: giftbatch reconcile KAMPANYA.",
                ))
            }
        };
    };
    let at = last_check(facts).map(|deed| deed.ended_at.unwrap_or(deed.started_at));
    let at = at.map(|at| form.moment(at)).unwrap_or_default();
    let (some, all) = (form.money(used.used_amount), form.money(used.seen_amount));
    let sentence = match form.lang {
        super::Lang::En => format!("{some} of {all} had been used, as seen on {at}."),
        super::Lang::Tr => {
            format!("{at} itibarıyla görülen {all} tutarın {some} kadarı kullanılmıştı.")
        }
    };
    html! {
        p class="lead" { (sentence) }
        div class="pair" {
            div { (use_plot(form, &used, &sentence)) }
            (use_table(form, &used))
        }
    }
}

fn use_plot(form: &Form, used: &Use, sentence: &str) -> Markup {
    let whole = used.seen_amount.minor().unsigned_abs();
    let part = |amount: Money| amount.minor().unsigned_abs();
    let parts = [
        ("used", used.used_amount, form.say("used", "kullanıldı")),
        ("open", used.untold_amount, form.say("not told", "bilinmiyor")),
        ("given", used.left_amount, form.say("left", "kaldı")),
    ];
    let mut x = 0;
    let inside = html! {
        @for (colour, amount, name) in parts {
            @let width = scaled(part(amount), whole, 100_000);
            g {
                title { (name) ": " (form.money(amount)) }
                rect class={ "fill-" (colour) } x=(Across(x)) width=(Across(width)) y="6" height="30" {}
            }
            ({ x += width; "" })
        }
        text class="name" x="0%" y="56" { (form.say("used", "kullanılan")) }
        text class="number" x="0%" y="72" {
            (form.amount(used.used_amount)) " · " (form.percent(part(used.used_amount), whole))
        }
        text class="name" x="100%" y="56" text-anchor="end" { (form.say("left", "kalan")) }
        text class="number" x="100%" y="72" text-anchor="end" { (form.amount(used.left_amount)) }
    };
    let title = form.say("Used since, in money", "Kullanım (tutar)");
    drawing("use", 80, title, sentence, &inside)
}

fn use_table(form: &Form, used: &Use) -> Markup {
    let rows = [
        (form.say("used up", "tamamı kullanıldı"), used.spent),
        (form.say("partly used", "kısmen kullanıldı"), used.partly),
        (form.say("not used", "hiç kullanılmadı"), used.whole),
        (form.say("the provider does not say", "sağlayıcı bildirmiyor"), used.untold),
    ];
    html! {
        table {
            thead { tr {
                th scope="col" { (form.say("gifts that were seen", "görülen hediyeler")) }
                th scope="col" class="r" { (form.say("gifts", "hediye")) }
                th scope="col" class="r" { (form.say("part", "oran")) }
            } }
            tbody {
                @for (name, gifts) in rows {
                    tr {
                        th scope="row" { (name) }
                        td class="r" { (form.count(gifts)) }
                        td class="r" { (form.percent(gifts, used.seen)) }
                    }
                }
            }
            tfoot { tr {
                th scope="row" { (form.say("total", "toplam")) }
                td class="r" { (form.count(used.seen)) }
                td {}
            } }
        }
    }
}
