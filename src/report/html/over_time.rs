//! The plot of when gifts were given, with pauses and outages.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::facts::Facts;
use super::form::Form;
use super::stretches::{Sums, columns, outages, span_of};
use super::svg::{Across, Layer, ceiling, drawing, grid, scaled, stack};

const HEIGHT: i64 = 236;
const TOP: i64 = 22;
const TALL: i64 = 190;
const LEFT: i64 = 9_000;

/// A place of the axis, behind the numbers on its left.
fn moved((x, width): (i64, i64)) -> (i64, i64) {
    let room = 100_000 - LEFT;
    (LEFT + x * room / 100_000, width * room / 100_000)
}

/// The same, no wider than a column should be: a run of a second is no wall.
fn slim((x, width): (i64, i64)) -> (i64, i64) {
    let slim = width.min(4_000);
    (x + (width - slim) / 2, slim)
}

pub(super) fn plot(form: &Form, facts: &Facts) -> Markup {
    let columns = columns(facts);
    let axis = &facts.axis;
    let top = ceiling(columns.values().map(|sums| sums.most()).max().unwrap_or(0).max(1));
    let given: u64 = columns.values().map(|sums| sums.given).sum();
    let stretches = axis.active().count();
    let desc = format!(
        "{}: {}; {}: {}; {}: {}.",
        form.say("given", "verilen"),
        form.count(given),
        form.say("stretches of work", "çalışma dilimleri"),
        form.count(stretches as u64),
        form.say("pauses", "aralar"),
        form.count((axis.pieces.len() - stretches) as u64),
    );
    let inside = html! {
        defs {
            pattern id="pause" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                line class="hatch" x1="0" y1="0" x2="0" y2="7" {}
            }
            pattern id="outage" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)" {
                line class="hatch-outage" x1="0" y1="0" x2="0" y2="6" {}
            }
        }
        @for piece in &axis.pieces {
            @let (x, width) = moved((piece.x, piece.width));
            @if piece.is_pause {
                g {
                    title { (form.say("pause", "ara")) ": " (span_of(form, facts, piece)) }
                    rect fill="url(#pause)" x=(Across(x)) width=(Across(width)) y=(TOP) height=(TALL) {}
                }
            }
            @if !piece.is_pause {
                @for (first, last) in outages(piece, &columns) {
                    (outage(form, facts, first, last))
                }
            }
        }
        (grid((LEFT, TOP, TALL), top, &|number| form.count(number)))
        @for (place, sums) in &columns {
            @if let Some(column) = axis.column(*place) {
                (stack(slim(moved(column)), (TOP, TALL), top.0, &[
                    Layer { colour: "given", value: sums.given },
                    Layer { colour: "refused", value: sums.refused },
                    Layer { colour: "doubt", value: sums.lost },
                ], &tip(form, axis.at(*place), *sums)))
            }
        }
        (sum_line(facts, &columns, given))
        (ticks(form, facts))
        text class="tick" x="0%" y="10" { (per_column(form, axis.width_ms)) }
    };
    let title = form.say("Gifts over time", "Zaman içinde hediyeler");
    drawing("time", HEIGHT, title, &desc, &inside)
}

fn per_column(form: &Form, width_ms: i64) -> String {
    let span = form.span(width_ms.unsigned_abs());
    match form.lang {
        super::form::Lang::En => format!("gifts each {span}"),
        super::form::Lang::Tr => format!("her {span} için hediye sayısı"),
    }
}

fn tip(form: &Form, at: DateTime<Utc>, sums: Sums) -> String {
    let parts = [
        (form.say("given", "verildi"), sums.given),
        (form.say("refused", "reddedildi"), sums.refused),
        (form.say("answers lost", "kayıp yanıt"), sums.lost),
    ];
    let told = parts.map(|(name, many)| format!("{name} {}", form.count(many)));
    format!("{}: {}", form.moment(at), told.join(" · "))
}

fn outage(form: &Form, facts: &Facts, first: i64, last: i64) -> Markup {
    let (Some(from), Some(to)) = (facts.axis.column(first), facts.axis.column(last)) else {
        return html! {};
    };
    let (x, _) = moved(from);
    let (end, wide) = moved(to);
    html! {
        g {
            title { (form.say("no answers", "yanıt yok")) ": "
                (form.stretch(facts.axis.at(first), facts.axis.at(last + 1))) }
            rect class="outage" fill="url(#outage)" x=(Across(x)) width=(Across(end + wide - x)) y=(TOP) height=(TALL) {}
        }
    }
}

/// How many were given so far, as a line over the columns.
fn sum_line(facts: &Facts, columns: &BTreeMap<i64, Sums>, given: u64) -> Markup {
    // Two points are no line.
    if columns.values().filter(|sums| sums.given > 0).count() < 3 {
        return html! {};
    }
    let mut so_far = 0;
    let mut path = format!("M0 {TALL}");
    for (place, sums) in columns {
        if let Some((x, width)) = facts.axis.column(*place) {
            let before = TALL - scaled(so_far, given, TALL);
            so_far += sums.given;
            let after = TALL - scaled(so_far, given, TALL);
            path += &format!("L{x} {before}L{} {after}", x + width);
        }
    }
    path += &format!("L100000 {}", TALL - scaled(so_far, given, TALL));
    html! {
        svg x=(Across(LEFT)) width=(Across(100_000 - LEFT)) y=(TOP) height=(TALL)
            viewBox={ "0 0 100000 " (TALL) } preserveAspectRatio="none" overflow="visible" {
            path class="sum-line" d=(path) vector-effect="non-scaling-stroke" {}
        }
    }
}

/// The times at which stretches begin, where there is room, and that at which the last one ends.
fn ticks(form: &Form, facts: &Facts) -> Markup {
    let axis = &facts.axis;
    let mut marks: Vec<(i64, String)> = Vec::new();
    let mut day = String::new();
    for piece in axis.active() {
        let (x, width) = moved((piece.x, piece.width));
        let columns = piece.last - piece.first + 1;
        let inner = (width / 17_000).clamp(1, columns);
        for step in 0..inner {
            let place = piece.first + columns * step / inner;
            let at = axis.at(place);
            let today = form.day(at);
            let text = if today == day {
                form.tick(at, axis.width_ms)
            } else {
                format!("{today} {}", form.tick(at, axis.width_ms))
            };
            let needed = if today == day { 10_000 } else { 24_000 };
            let x = x + width * step / inner;
            let is_free = marks.last().is_none_or(|(last, text)| {
                x - last >= if text.len() > 8 { 24_000 } else { 10_000 }
            });
            if is_free && x + needed <= 103_000 {
                day = today;
                marks.push((x, text));
            }
        }
    }
    let end = axis.active().last().map(|piece| axis.at(piece.last + 1));
    // On a phone only the first of the others is shown.
    let is_free = marks.last().is_none_or(|(last, _)| *last < 74_000);
    let end_class = if is_free { "tick" } else { "tick narrow" };
    html! {
        @if let Some(end) = end {
            line class="axis" x1="100%" x2="100%" y1=(TOP + TALL) y2=(TOP + TALL + 5) {}
            text class=(end_class) x="100%" y=(TOP + TALL + 19) text-anchor="end" { (form.tick(end, axis.width_ms)) }
        }
        @for (number, (x, text)) in marks.iter().enumerate() {
            line class="axis" x1=(Across(*x)) x2=(Across(*x)) y1=(TOP + TALL) y2=(TOP + TALL + 5) {}
            text class=@if number > 0 { "tick wide" } @else { "tick" } x=(Across(*x)) y=(TOP + TALL + 19) { (text) }
        }
    }
}
