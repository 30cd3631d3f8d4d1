//! The axis of time of a campaign: stretches in which something was done, and pauses between them. Pure.
//!
//! It stands apart because a campaign may be given in ten minutes, wait for a month, and be finished in one
//! more: on a plain axis nothing would be seen but the month. So a pause takes a narrow band of its own.
//!
//! **Invariant:** every place in which something happened lies in exactly one active piece.

use chrono::{DateTime, TimeDelta, Utc};

/// Columns of the plot at most, or nearly so.
const COLUMNS: i64 = 96;

/// Active pieces at most: pauses that are shorter than a column are not shown as pauses.
const PIECES: usize = 12;

/// Widths of a column that people can read, in seconds.
const WIDTHS_S: [i64; 24] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    86_400, 172_800, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000,
];

/// Milliseconds of a column in which so many runs fit.
pub(super) fn column_ms(spans: &[(DateTime<Utc>, DateTime<Utc>)]) -> i64 {
    let fits = |width: &i64| {
        let width_ms = width * 1_000;
        let Some(since) = spans.iter().map(|(from, _)| *from).min() else {
            return true;
        };
        let pieces = pieces_of(spans.iter().map(|span| places(*span, since, width_ms)));
        let columns: i64 = pieces.iter().map(|(from, to)| to - from + 1).sum();
        columns <= COLUMNS && pieces.len() <= PIECES
    };
    WIDTHS_S.iter().find(|width| fits(width)).unwrap_or(&WIDTHS_S[WIDTHS_S.len() - 1]) * 1_000
}

fn places(
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    since: DateTime<Utc>,
    width_ms: i64,
) -> (i64, i64) {
    let place = |at: DateTime<Utc>| (at - since).num_milliseconds().max(0) / width_ms;
    (place(from), place(to.max(from)))
}

/// Places that touch or overlap, put together.
fn pieces_of(spans: impl Iterator<Item = (i64, i64)>) -> Vec<(i64, i64)> {
    let mut spans: Vec<(i64, i64)> = spans.collect();
    spans.sort_unstable();
    let mut pieces: Vec<(i64, i64)> = Vec::new();
    for (from, to) in spans {
        match pieces.last_mut().filter(|last| from <= last.1 + 1) {
            Some(last) => last.1 = last.1.max(to),
            None => pieces.push((from, to)),
        }
    }
    pieces
}

/// A part of the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its first place; of a pause the first after the piece before.
    pub(super) first: i64,
    /// Its last place, which belongs to it.
    pub(super) last: i64,
    pub(super) is_pause: bool,
    /// Where it begins, in thousandths of a percent of the axis, and how wide it is.
    pub(super) x: i64,
    pub(super) width: i64,
}

/// The whole axis.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) since: DateTime<Utc>,
    pub(super) width_ms: i64,
    pub(super) pieces: Vec<Piece>,
}

/// All of an axis, in thousandths of a percent.
pub(super) const WHOLE: i64 = 100_000;

/// Columns that a pause takes at most, of a hundred: a short one is drawn to scale.
const PAUSE: i64 = 6;

/// Columns that an active piece takes at least, of a hundred.
const LEAST: i64 = 2;

impl Axis {
    /// The axis of runs, and of places in which something happened besides.
    pub(super) fn of(
        spans: &[(DateTime<Utc>, DateTime<Utc>)],
        since: DateTime<Utc>,
        width_ms: i64,
        others: impl Iterator<Item = i64>,
    ) -> Axis {
        let runs = spans.iter().map(|span| places(*span, since, width_ms));
        let active = pieces_of(runs.chain(others.map(|place| (place, place))));
        let mut all: Vec<(i64, i64, bool)> = Vec::new();
        for (first, last) in active {
            if let Some((_, before, _)) = all.last().copied() {
                all.push((before + 1, first - 1, true));
            }
            all.push((first, last, false));
        }
        let columns = |first: i64, last: i64| last - first + 1;
        let active: i64 =
            all.iter().filter(|piece| !piece.2).map(|piece| columns(piece.0, piece.1)).sum();
        // In hundredths of a column, so that few columns can be shared out too.
        let share = |(first, last, is_pause): (i64, i64, bool)| {
            let own = columns(first, last).saturating_mul(100);
            if is_pause { own.min((active * PAUSE).max(100)) } else { own.max(active * LEAST) }
        };
        let whole: i64 = all.iter().map(|piece| share(*piece)).sum();
        let mut so_far = 0;
        let piece = |piece: (i64, i64, bool)| {
            let x = WHOLE * so_far / whole.max(1);
            so_far += share(piece);
            let width = WHOLE * so_far / whole.max(1) - x;
            Piece { first: piece.0, last: piece.1, is_pause: piece.2, x, width }
        };
        Axis { since, width_ms, pieces: all.into_iter().map(piece).collect() }
    }

    /// Where a place begins and how wide it is; none where nothing was done.
    pub(super) fn column(&self, place: i64) -> Option<(i64, i64)> {
        let piece = self.active().find(|piece| piece.first <= place && place <= piece.last)?;
        let columns = piece.last - piece.first + 1;
        let edge = |place: i64| piece.x + piece.width * (place - piece.first) / columns;
        Some((edge(place), edge(place + 1) - edge(place)))
    }

    pub(super) fn active(&self) -> impl Iterator<Item = &Piece> {
        self.pieces.iter().filter(|piece| !piece.is_pause)
    }

    /// When a place begins.
    pub(super) fn at(&self, place: i64) -> DateTime<Utc> {
        self.since + TimeDelta::milliseconds(place.saturating_mul(self.width_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000 + s, 0).unwrap()
    }

    #[test]
    fn a_long_pause_takes_little_room() {
        // Goal: ten minutes, a month and one minute are all seen. Method: the axis of two such runs.
        let spans = [(at(0), at(599)), (at(2_592_000), at(2_592_059))];
        let width_ms = column_ms(&spans);
        assert_eq!(width_ms, 10_000);
        let axis = Axis::of(&spans, at(0), width_ms, std::iter::empty());
        let kinds: Vec<bool> = axis.pieces.iter().map(|piece| piece.is_pause).collect();
        assert_eq!(kinds, [false, true, false]);
        assert!(axis.pieces[1].width < WHOLE / 15, "{:?}", axis.pieces);
        let end = axis.pieces.last().map(|piece| piece.x + piece.width).unwrap();
        assert_eq!(end, WHOLE);
        assert!(axis.pieces[2].width > WHOLE / 60);
        assert_eq!(axis.column(0).unwrap().0, 0);
        assert_eq!(axis.column(100), None);
        assert_eq!(axis.at(60), at(600));
    }

    #[test]
    fn any_number_of_runs_fits() {
        // Goal: a campaign of a thousand small runs has a plot too. Method: one a day, and their columns.
        let spans: Vec<_> =
            (0..1_000).map(|day| (at(day * 86_400), at(day * 86_400 + 30))).collect();
        let width_ms = column_ms(&spans);
        let axis = Axis::of(&spans, at(0), width_ms, [3].into_iter());
        assert!(axis.pieces.len() <= 2 * PIECES, "{}", axis.pieces.len());
        for (from, _) in spans {
            let place = (from - axis.since).num_milliseconds() / width_ms;
            assert!(axis.column(place).is_some());
        }
        assert_eq!(Axis::of(&[], at(0), 1_000, std::iter::empty()).pieces, []);
    }
}
