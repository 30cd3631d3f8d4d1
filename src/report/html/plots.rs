//! The sections that have a plot, each with its table.

use maud::{Markup, html};

use super::bins::{Times, amount_bins};
use super::facts::{Facts, GIVEN};
use super::form::Form;
use super::histogram::{Named, Series};
use super::{Look, flow, histogram, over_time, section, stretches, sums};

pub(super) fn outcome(form: &Form, facts: &Facts) -> Markup {
    section(
        "outcome",
        form.say("What became of the plan", "Planın sonucu"),
        &html! {
            div class="pair" {
                div { (flow::plot(form, facts)) }
                (sums::states_table(form, facts))
            }
        },
    )
}

pub(super) fn timeline(form: &Form, facts: &Facts) -> Markup {
    let series = [
        Series { name: form.say("given", "verildi"), colour: "given" },
        Series { name: form.say("refused", "reddedildi"), colour: "refused" },
        Series { name: form.say("answer lost", "yanıt kayboldu"), colour: "doubt" },
    ];
    section(
        "when",
        form.say("When", "Zaman akışı"),
        &html! {
            @if facts.axis.pieces.is_empty() {
                (nothing_sent(form))
            } @else {
                (histogram::legend(&series, &html! {
                span { i class="swatch lined" {} (form.say("given so far, up to ", "o ana dek verilen, en çok "))
                    (form.count(facts.events(&GIVEN))) }
                span { i class="swatch hatched" {} (form.say("pause, cut short where it is long", "ara (uzunsa kısaltılmış)")) }
                span { i class="swatch hatched-outage" {} (form.say("no answers", "yanıt alınamadı")) }
            }))
            (over_time::plot(form, facts))
                (stretches::table(form, facts))
            }
        },
    )
}

fn nothing_sent(form: &Form) -> Markup {
    html! { p class="none-yet" { (form.say("Nothing was sent yet.", "Henüz hiçbir şey gönderilmedi.")) } }
}

pub(super) fn latency(form: &Form, facts: &Facts) -> Markup {
    let series = [
        Series { name: form.say("given", "verildi"), colour: "given" },
        Series { name: form.say("refused", "reddedildi"), colour: "refused" },
    ];
    let times = Times::of(&facts.happened, &[&["confirmed"], &["declined"]]);
    // Those of an older version, and refusals that another request had to confirm.
    let unmeasured = facts.events(&["confirmed", "declined"]).saturating_sub(times.total());
    let title = form.say("How long answers took", "Yanıtlar ne kadar sürdü");
    section(
        "latency",
        title,
        &html! {
            @if times.total() > 0 {
                (histogram::within(form, &times))
                (histogram::times(form, &Named { id: "answers", title: form.say("Answers by how long they took, from when the request left", "Sürelerine göre yanıtlar (isteğin gönderilmesinden itibaren)") }, &series, &times))
                (histogram::times_table(form, form.say("answers", "yanıtlar"), &series, &times))
            } @else if unmeasured == 0 {
                p class="none-yet" { (form.say("No answer has come yet.", "Henüz hiç yanıt gelmedi.")) }
            }
            @if unmeasured > 0 {
                p class="none-yet" {
                    (form.say("Answers whose time was not measured: ", "Süresi ölçülmemiş yanıtlar: ")) (form.count(unmeasured))
                }
            }
        },
    )
}

pub(super) fn doubts(form: &Form, facts: &Facts) -> Markup {
    let series = [
        Series { name: form.say("had been given", "verilmişti"), colour: "given" },
        Series { name: form.say("had not", "verilmemişti"), colour: "open" },
        Series { name: form.say("for a person", "kişiye kaldı"), colour: "doubt" },
    ];
    let times = Times::of(
        &facts.happened,
        &[
            &["found_issued", "resolved_issued"],
            &["found_absent", "resolved_retry", "resolved_refused"],
            &["stayed_unclear"],
        ],
    );
    let title =
        form.say("How long doubts took to settle", "Belirsizlikler ne kadar sürede netleşti");
    section(
        "doubts",
        title,
        &html! {
            @if times.total() == 0 {
                p class="none-yet" {
                    @if facts.events(&["answer_lost", "orphaned"]) == 0 {
                        (form.say("No answer was lost: nothing was ever in doubt.", "Hiçbir yanıt kaybolmadı: belirsiz kalan olmadı."))
                    } @else {
                        (form.say("No doubt was settled yet.", "Henüz netleşen bir belirsizlik yok."))
                    }
                }
            } @else {
                (histogram::within(form, &times))
                (histogram::times(form, &Named { id: "settled", title: form.say("Doubts by how long they took to settle", "Netleşme sürelerine göre belirsizlikler") }, &series, &times))
                (histogram::times_table(form, form.say("settled", "netleşen"), &series, &times))
            }
        },
    )
}

pub(super) fn refusals(form: &Form, look: &Look, facts: &Facts) -> Markup {
    section(
        "refused",
        form.say("Refusals", "Retler"),
        &html! {
            @if facts.summary.refusals.is_empty() {
                p class="none-yet" { (form.say("Nothing was refused.", "Reddedilen hediye yok.")) }
            } @else {
                (sums::refusals_plot(form, facts))
                (sums::refusals_table(form, facts, look.wallets))
            }
        },
    )
}

pub(super) fn amounts(form: &Form, facts: &Facts) -> Markup {
    let series = [
        Series { name: form.say("given", "verildi"), colour: "given" },
        Series { name: form.say("not given", "verilmedi"), colour: "open" },
    ];
    let bins = amount_bins(&facts.amounts);
    section(
        "amounts",
        form.say("How large the gifts are", "Hediye tutarları"),
        &html! {
            @if bins.is_empty() {
                p class="none-yet" { (form.say("There are no gifts.", "Hediye yok.")) }
            } @else {
                (histogram::amounts(form, &Named { id: "sizes", title: form.say("Gifts by amount", "Tutarlarına göre hediyeler") }, &series, &bins))
                (histogram::amounts_table(form, &series, &bins))
            }
        },
    )
}
