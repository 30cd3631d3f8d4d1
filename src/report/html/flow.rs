//! The plot of what became of the plan: one bar that parts into what came of it.

use maud::{Markup, html};

use super::facts::Facts;
use super::form::Form;
use super::svg::{Across, drawing, scaled};
use super::words::{ORDER, state, state_colour};
use crate::domain::GiftState;

/// A part of the plan.
struct Part {
    name: String,
    colour: &'static str,
    gifts: u64,
}

const HEIGHT: i64 = 250;
const GAP: i64 = 8;

/// Between two names.
const LINE: i64 = 34;

/// What became of the gifts, the given ones apart that were found after a lost answer.
fn parts(form: &Form, facts: &Facts) -> Vec<Part> {
    let issued = facts.summary.states.gifts(GiftState::Issued);
    let over = facts.summary.states.gifts(GiftState::Revoking)
        + facts.summary.states.gifts(GiftState::Revoked);
    let found = facts.events(&["found_issued", "recalled", "resolved_issued"]);
    let mut parts = Vec::new();
    // Which of those that were found were taken back again is not told apart here.
    if found > 0 && found < issued && over == 0 {
        parts.push(Part {
            name: form.say("given, answered at once", "verildi, yanıtı geldi").to_owned(),
            colour: "given",
            gifts: issued - found,
        });
        parts.push(Part {
            name: form.say("given, found afterwards", "verildi, sonradan bulundu").to_owned(),
            colour: "given2",
            gifts: found,
        });
    } else {
        parts.push(Part {
            name: state(form, GiftState::Issued).to_owned(),
            colour: "given",
            gifts: issued,
        });
    }
    for other in ORDER.into_iter().filter(|state| *state != GiftState::Issued) {
        parts.push(Part {
            name: state(form, other).to_owned(),
            colour: state_colour(other),
            gifts: facts.summary.states.gifts(other),
        });
    }
    parts.retain(|part| part.gifts > 0);
    parts
}

/// Where each name stands: beside its part, and below the name before.
fn name_places(middles: &[i64]) -> Vec<i64> {
    let mut places: Vec<i64> = Vec::new();
    for middle in middles {
        let least = places.last().map_or(14, |last| last + LINE);
        places.push((*middle).max(least));
    }
    // What the crowd has pushed over the edge is pushed back.
    let mut most = HEIGHT - 18;
    for place in places.iter_mut().rev() {
        *place = (*place).min(most);
        most = *place - LINE;
    }
    places
}

pub(super) fn plot(form: &Form, facts: &Facts) -> Markup {
    let parts = parts(form, facts);
    let total = facts.summary.gifts();
    let gaps = GAP * i64::try_from(parts.len().saturating_sub(1)).unwrap_or(0);
    let room = HEIGHT - gaps;
    let heights: Vec<i64> =
        parts.iter().map(|part| scaled(part.gifts, total, room).max(2)).collect();
    let (mut left, mut right) = (0, 0);
    let mut edges = Vec::new();
    let full: i64 = heights.iter().sum();
    let top = (HEIGHT - full - gaps).max(0) / 2;
    for height in &heights {
        edges.push((top + gaps / 2 + left, top + right, *height));
        left += height;
        right += height + GAP;
    }
    let middles: Vec<i64> = edges.iter().map(|(_, right, height)| right + height / 2).collect();
    let places = name_places(&middles);
    let told: Vec<String> =
        parts.iter().map(|part| format!("{}: {}", part.name, form.count(part.gifts))).collect();
    let desc = format!(
        "{}: {}. {}.",
        form.say("planned", "planlanan"),
        form.count(total),
        told.join("; ")
    );
    let inside = html! {
        svg x="2%" width="36%" height=(HEIGHT) viewBox={ "0 0 100 " (HEIGHT) } preserveAspectRatio="none" {
            @for (part, (left, right, height)) in parts.iter().zip(&edges) {
                path class={ "ribbon fill-" (part.colour) } d=(ribbon(*left, *right, *height)) {}
            }
        }
        rect class="fill-plan" x="0%" width="2%" y=(top + gaps / 2) height=(full) rx="2" {}
        @for (part, (_, right, height)) in parts.iter().zip(&edges) {
            g {
                title { (part.name) ": " (form.count(part.gifts)) }
                rect class={ "fill-" (part.colour) } x="38%" width="2%" y=(right) height=(height) rx="2" {}
            }
        }
        @for (part, (place, middle)) in parts.iter().zip(places.iter().zip(&middles)) {
            line class="leader" x1="40%" x2="42.5%" y1=(middle) y2=(place) {}
            text class="name" x=(Across(43_500)) y=(place - 1) { (part.name) }
            text class="number" x=(Across(43_500)) y=(place + 14) {
                (form.count(part.gifts)) " · " (form.percent(part.gifts, total))
            }
        }
        text class="on-plan" x=(Across(3_200)) y=(top + gaps / 2 + full / 2 - 3) { (form.say("planned", "planlanan")) }
        text class="on-plan strong" x=(Across(3_200)) y=(top + gaps / 2 + full / 2 + 14) { (form.count(total)) }
    };
    let title = form.say("What became of the plan, in gifts", "Plandaki hediyelerin sonucu (adet)");
    drawing("flow", HEIGHT, title, &desc, &inside)
}

fn ribbon(left: i64, right: i64, height: i64) -> String {
    let (left_end, right_end) = (left + height, right + height);
    format!(
        "M0 {left}C50 {left} 50 {right} 100 {right}V{right_end}C50 {right_end} 50 {left_end} 0 {left_end}Z"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_stand_on_each_other() {
        // Goal: small parts can be read. Method: many parts in one place, at either end.
        for middles in [vec![100, 240, 242, 244, 246], vec![2, 4, 6, 8], vec![125]] {
            let places = name_places(&middles);
            assert!(places.windows(2).all(|two| two[1] - two[0] >= LINE), "{places:?}");
            assert!(places.iter().all(|place| (0..HEIGHT).contains(place)), "{places:?}");
        }
    }
}
