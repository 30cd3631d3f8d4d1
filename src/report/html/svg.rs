//! Pieces of plots.
//!
//! Across, a plot is measured in percent, so that one drawing fits a phone, a screen and a page, and its
//! letters are as large as those around it; from top to bottom in pixels.
//!
//! **Invariant:** whole numbers throughout: percent come in thousandths.

use std::fmt;

use maud::{Markup, html};

/// A place or a width across, in thousandths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Across(pub(super) i64);

impl fmt::Display for Across {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{:03}%", self.0 / 1_000, self.0 % 1_000)
    }
}

/// A drawing with its name and what it shows, for those who see it and for those who do not.
pub(super) fn drawing(id: &str, height: i64, title: &str, desc: &str, inside: &Markup) -> Markup {
    let (title_id, desc_id) = (format!("{id}-title"), format!("{id}-desc"));
    html! {
        svg id=(id) role="img" aria-labelledby={ (title_id) " " (desc_id) } width="100%" height=(height) {
            title id=(title_id) { (title) }
            desc id=(desc_id) { (desc) }
            (inside)
        }
    }
}

/// `length` times `part` by `whole`, rounded; at least 1 where there is a part.
pub(super) fn scaled(part: u64, whole: u64, length: i64) -> i64 {
    let long = u128::try_from(length).unwrap_or(0);
    let (part, whole) = (u128::from(part), u128::from(whole.max(1)));
    let scaled = i64::try_from((part * long + whole / 2) / whole).unwrap_or(length);
    if part > 0 { scaled.max(1) } else { 0 }
}

/// A round number that is not smaller, and in how many steps it is reached.
pub(super) fn ceiling(most: u64) -> (u64, u64) {
    // Tops in tenths of a power of ten, and the steps to each.
    const TOPS: [(u64, u64); 10] =
        [(10, 5), (12, 4), (15, 3), (20, 4), (25, 5), (30, 3), (40, 4), (50, 5), (60, 3), (80, 4)];
    if most <= 4 {
        return (most.max(1), most.max(1));
    }
    let mut scale = 1_u64;
    loop {
        for (tenths, steps) in TOPS {
            let top = scale.saturating_mul(tenths);
            if top >= most.saturating_mul(10) && top.is_multiple_of(10 * steps) {
                return (top / 10, steps);
            }
        }
        match scale.checked_mul(10) {
            Some(larger) => scale = larger,
            None => return (most, 1),
        }
    }
}

/// Horizontal lines with their numbers, from 0 up to the top.
pub(super) fn grid(
    (left, top, height): (i64, i64, i64),
    (most, steps): (u64, u64),
    number: &dyn Fn(u64) -> String,
) -> Markup {
    html! {
        @for step in 0..=steps.max(1) {
            @let y = top + height - height * i64::try_from(step).unwrap_or(0) / i64::try_from(steps.max(1)).unwrap_or(1);
            line class=@if step == 0 { "axis" } @else { "rule" } x1=(Across(left)) x2="100%" y1=(y) y2=(y) {}
            text class="tick" x=(Across(left - 1_000)) y=(y + 4) text-anchor="end" {
                (number(most * step / steps.max(1)))
            }
        }
    }
}

/// One part of a column: its class of colour, and how much it is.
pub(super) struct Layer<'l> {
    pub(super) colour: &'l str,
    pub(super) value: u64,
}

/// Layers on top of each other.
pub(super) fn stack(
    (x, width): (i64, i64),
    (top, height): (i64, i64),
    most: u64,
    layers: &[Layer<'_>],
    tip: &str,
) -> Markup {
    let mut below: u64 = 0;
    let base = top + height;
    html! {
        g {
            title { (tip) }
            @for layer in layers.iter().filter(|layer| layer.value > 0) {
                @let from = scaled(below, most, height);
                @let to = scaled(below + layer.value, most, height).max(from + 1);
                ({ below += layer.value; "" })
                rect class={ "fill-" (layer.colour) } x=(Across(x)) width=(Across(width.max(150)))
                    y=(base - to) height=(to - from) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_an_axis_is_round_and_no_lower() {
        // Goal: every column fits, and its grid has whole numbers. Method: numbers around each step.
        for most in (0..2_000).chain([9_999, 10_001, 123_456_789]) {
            let (top, steps) = ceiling(most);
            assert!(
                top >= most && steps > 0 && top.is_multiple_of(steps),
                "{most}: {top}, {steps}"
            );
            assert!(top <= most.max(1) * 3 / 2 + 5, "{most}: {top}");
        }
    }

    #[test]
    fn what_is_there_is_seen() {
        // Goal: one gift among a million has a line of its own. Method: both ends of the scale.
        assert_eq!(
            [scaled(0, 10, 200), scaled(1, 1_000_000, 200), scaled(10, 10, 200)],
            [0, 1, 200]
        );
        assert_eq!(Across(12_345).to_string(), "12.345%");
    }
}
