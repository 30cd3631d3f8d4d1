//! Bins of the distributions: how long things took, and how large gifts are. Pure.

use crate::domain::{GiftState, Money};
use crate::ledger::{AmountCell, Happened};

/// Times that lie close together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TimeBin {
    /// In milliseconds: from this on, to less than that.
    pub(super) from: u64,
    pub(super) to: u64,
    /// How many, by series.
    pub(super) counts: Vec<u64>,
}

/// Times of some series of events, with what can be said of all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    pub(super) bins: Vec<TimeBin>,
    pub(super) counts: Vec<u64>,
    pub(super) longest: u64,
    cells: Vec<(u64, u64)>,
}

impl Times {
    /// Puts together what `series` counts as the series of its place.
    pub(super) fn of(happened: &[Happened], series: &[&[&str]]) -> Times {
        let mut times = Times { counts: vec![0; series.len()], ..Times::default() };
        let mut found: Vec<(u64, u64, usize, u64)> = Vec::new();
        for event in happened {
            let Some((from, to)) = event.took else {
                continue;
            };
            let word = event.word.as_str();
            let Some(place) = series.iter().position(|words| words.contains(&word)) else {
                continue;
            };
            times.counts[place] += event.events;
            times.longest = times.longest.max(event.longest);
            times.cells.push((to, event.events));
            let (from, to) = one_two_five(from, to);
            found.push((from, to, place, event.events));
        }
        times.cells.sort_unstable();
        found.sort_unstable();
        for (from, to, place, events) in found {
            // Bins that nothing fell into are drawn too, or the axis would lie.
            while let Some(last) = times.bins.last().filter(|last| last.to < from).map(|bin| bin.to)
            {
                let (from, to) = one_two_five(last, last + 1);
                times.bins.push(TimeBin { from, to, counts: vec![0; series.len()] });
            }
            if times.bins.last().is_none_or(|last| last.from != from) {
                times.bins.push(TimeBin { from, to, counts: vec![0; series.len()] });
            }
            if let Some(bin) = times.bins.last_mut() {
                bin.counts[place] += events;
            }
        }
        times
    }

    pub(super) fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// A time within which at least so many hundredths of the events took place.
    pub(super) fn within(&self, percent: u64) -> u64 {
        let wanted = (self.total() * percent).div_ceil(100);
        let mut seen = 0;
        for (to, events) in &self.cells {
            seen += events;
            if seen >= wanted {
                return *to.min(&self.longest.max(1));
            }
        }
        self.longest
    }
}

/// The bin of 1, 2, 5, 10, 20, 50 … that holds these times, which begin with one digit.
fn one_two_five(from: u64, to: u64) -> (u64, u64) {
    let unit = to.saturating_sub(from).max(1);
    let mut scale = 1;
    while scale * 10 <= from.max(unit) {
        scale *= 10;
    }
    match from / scale {
        0 => (0, 1),
        1 => (scale, scale * 2),
        2..=4 => (scale * 2, scale * 5),
        _ => (scale * 5, scale * 10),
    }
}

/// Gifts whose amounts lie close together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AmountBin {
    pub(super) from: Money,
    /// The largest amount that belongs to it.
    pub(super) to: Money,
    /// Gifts that were given, and those that were not.
    pub(super) given: u64,
    pub(super) others: u64,
    pub(super) amount: Money,
}

/// Bins at most.
const AMOUNT_BINS: usize = 14;

/// Bins of amounts: one for each amount where they are few, else of a width that people can read.
pub(super) fn amount_bins(cells: &[AmountCell]) -> Vec<AmountBin> {
    let (Some(least), Some(most)) =
        (cells.iter().map(|cell| cell.least).min(), cells.iter().map(|cell| cell.most).max())
    else {
        return Vec::new();
    };
    let mut exact: Vec<AmountBin> = Vec::new();
    if cells.iter().all(|cell| cell.least == cell.most) {
        for cell in cells {
            add(&mut exact, cell, (cell.least, cell.most));
        }
    }
    if !exact.is_empty() && exact.len() <= AMOUNT_BINS {
        return exact;
    }
    let widths = [1_i64, 2, 5].into_iter();
    let scales = (0..17).map(|power| 10_i64.pow(power));
    let mut linear: Vec<i64> =
        scales.flat_map(|scale| widths.clone().map(move |width| width * scale)).collect();
    linear.sort_unstable();
    // Cells hold two digits: a bin of less would cut them.
    let coarse = most.minor().max(10).to_string().len() as u32 - 2;
    let is_wide = most.minor() / least.minor().max(1) >= 50;
    let fits = |width: &&i64| {
        **width >= 10_i64.pow(coarse)
            && most.minor() / **width - least.minor() / **width < AMOUNT_BINS as i64
    };
    let width = linear.iter().find(fits).copied().unwrap_or(i64::MAX);
    let mut bins: Vec<AmountBin> = Vec::new();
    for cell in cells {
        let minor = cell.least.minor();
        let (from, to) = if is_wide {
            let (from, to) = one_two_five(minor.unsigned_abs(), minor.unsigned_abs() + 1);
            (i64::try_from(from).unwrap_or(0), i64::try_from(to).unwrap_or(i64::MAX))
        } else {
            (minor / width * width, (minor / width).saturating_add(1).saturating_mul(width))
        };
        add(&mut bins, cell, (Money::from_minor(from), Money::from_minor(to - 1)));
    }
    bins
}

fn add(bins: &mut Vec<AmountBin>, cell: &AmountCell, (from, to): (Money, Money)) {
    if bins.last().is_none_or(|last| last.from != from) {
        // Cells come by size.
        bins.push(AmountBin { from, to, given: 0, others: 0, amount: Money::ZERO });
    }
    if let Some(bin) = bins.last_mut() {
        bin.amount += cell.amount;
        if cell.state == GiftState::Issued {
            bin.given += cell.gifts;
        } else {
            bin.others += cell.gifts;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(word: &str, from: u64, unit: u64, events: u64) -> Happened {
        let took = Some((from, from + unit));
        Happened { place: 0, word: word.into(), took, events, longest: from + unit - 1 }
    }

    #[test]
    fn times_fall_into_bins_without_gaps() {
        // Goal: each event is counted once, and an empty bin is drawn. Method: times of two series with a gap.
        let happened = [
            event("confirmed", 0, 1, 1),
            event("confirmed", 40, 10, 90),
            event("declined", 400, 100, 8),
            event("confirmed", 300, 100, 1),
            Happened { took: None, ..event("confirmed", 1, 1, 5) },
            event("orphaned", 1, 1, 7),
        ];
        let times = Times::of(&happened, &[&["confirmed"], &["declined"]]);
        assert_eq!(times.counts, [92, 8]);
        let shown: Vec<(u64, u64, u64)> =
            times.bins.iter().map(|bin| (bin.from, bin.to, bin.counts.iter().sum())).collect();
        assert_eq!(shown.iter().map(|bin| bin.2).sum::<u64>(), 100);
        assert!(shown.windows(2).all(|two| two[0].1 == two[1].0), "{shown:?}");
        assert_eq!([times.within(50), times.within(95), times.within(100)], [50, 499, 499]);
        assert_eq!(Times::of(&[], &[&["confirmed"]]).within(50), 0);
    }

    fn cell(least: i64, most: i64, gifts: u64, state: GiftState) -> AmountCell {
        let [least, most] = [least, most].map(Money::from_minor);
        let amount = Money::from_minor(least.minor() * i64::try_from(gifts).unwrap());
        AmountCell { state, gifts, amount, least, most }
    }

    #[test]
    fn few_amounts_stand_alone_and_many_are_put_together() {
        // Goal: a coupon's amount is told exactly. Method: three amounts; then a range of them, and a wide one.
        let issued = GiftState::Issued;
        let coupons = [
            cell(10_000, 10_000, 5, issued),
            cell(10_000, 10_000, 2, GiftState::Refused),
            cell(25_000, 25_000, 3, issued),
        ];
        let bins = amount_bins(&coupons);
        assert_eq!(bins.len(), 2);
        assert_eq!(
            (bins[0].from, bins[0].given, bins[0].others),
            (Money::from_minor(10_000), 5, 2)
        );
        let narrow: Vec<AmountCell> =
            (10..60).map(|lead| cell(lead * 100, lead * 100 + 99, 2, issued)).collect();
        let bins = amount_bins(&narrow);
        assert!((5..=AMOUNT_BINS).contains(&bins.len()), "{bins:?}");
        assert_eq!(bins.iter().map(|bin| bin.given).sum::<u64>(), 100);
        let wide: Vec<AmountCell> =
            (1..7).map(|power| cell(10_i64.pow(power), 10_i64.pow(power) + 1, 1, issued)).collect();
        assert_eq!(amount_bins(&wide).len(), 6);
        assert!(amount_bins(&[]).is_empty());
    }
}
