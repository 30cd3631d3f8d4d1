//! Which gift of ours an entry of a list could be, found without a look at each. Pure.
//!
//! It stands apart because a wallet may have as many gifts as its list has entries: to hold each against each would
//! take hours.
//!
//! **Invariant:** it finds what [`Credit::echoes`] and [`Credit::fits`] would: a reference decides alone; else amount
//! and description are the same, and the expiry is one that the entry may stand for.

use std::collections::HashMap;

use rust_decimal::Decimal;
use uuid::Uuid;

use crate::ledger::KnownGift;
use crate::provider::{Credit, moment};

/// Where a gift stands among those that it competes with: the lowest goes first.
pub(super) type Rank = (usize, usize);

/// The rank of what goes no more.
const OUT: Rank = (usize::MAX, usize::MAX);

/// A gift's place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    line: usize,
    leaf: usize,
}

/// Gifts by what an entry shows of them.
#[derive(Debug, Default)]
pub(super) struct Alike<'k> {
    by_reference: HashMap<Uuid, Spot>,
    by_content: HashMap<(Decimal, &'k str), usize>,
    lines: Vec<Line>,
}

/// Gifts of one amount and description, by their expiry.
#[derive(Debug)]
struct Line {
    /// Their moments, in order.
    moments: Vec<i64>,
    /// A tree of the lowest ranks: the gift at `leaf` is at `moments.len() + leaf`, and a node at the half of its two.
    lowest: Vec<(Rank, usize)>,
}

impl<'k> Alike<'k> {
    /// Puts gifts in order, each with its rank, and with whether its content counts: else it goes by its reference
    /// alone.
    pub(super) fn of(gifts: impl Iterator<Item = (&'k KnownGift, Rank, bool)>) -> Alike<'k> {
        let mut by_line: HashMap<_, Vec<_>> = HashMap::new();
        for (gift, rank, by_content) in gifts {
            let content = (gift.content.amount.to_decimal(), gift.content.description.as_str());
            let content = by_content.then_some(content);
            let entry = (moment(gift.content.expiry), rank, gift.key.0);
            by_line.entry(content).or_default().push(entry);
        }
        let mut alike = Alike::default();
        for (content, mut gifts) in by_line {
            gifts.sort_unstable_by_key(|(moment, rank, _)| (*moment, *rank));
            let line = alike.lines.len();
            for (leaf, (.., key)) in gifts.iter().enumerate() {
                alike.by_reference.insert(*key, Spot { line, leaf });
            }
            alike.by_content.extend(content.map(|content| (content, line)));
            alike.lines.push(Line::of(&gifts));
        }
        alike
    }

    /// The gift of the lowest rank that an entry could be; `by_content`: where it has no reference, its content counts.
    pub(super) fn lowest(&self, credit: &Credit, by_content: bool) -> Option<(Rank, Spot)> {
        let (rank, spot) = match credit.reference {
            Some(reference) => {
                let spot = *self.by_reference.get(&reference)?;
                (self.lines[spot.line].rank(spot.leaf), spot)
            }
            None => {
                let content = (credit.amount, credit.description.as_str());
                let line = by_content.then(|| self.by_content.get(&content)).flatten()?;
                let moments = credit.expiry.moments();
                let (rank, leaf) = self.lines[*line].lowest(*moments.start(), *moments.end());
                (rank, Spot { line: *line, leaf })
            }
        };
        (rank != OUT).then_some((rank, spot))
    }

    /// Gives a gift another rank; none takes it out.
    pub(super) fn rank(&mut self, spot: Spot, rank: Option<Rank>) {
        self.lines[spot.line].set(spot.leaf, rank.unwrap_or(OUT));
    }
}

impl Line {
    fn of(gifts: &[(i64, Rank, Uuid)]) -> Line {
        let count = gifts.len();
        let mut lowest = vec![(OUT, 0); 2 * count];
        for (leaf, (_, rank, _)) in gifts.iter().enumerate() {
            lowest[count + leaf] = (*rank, leaf);
        }
        for node in (1..count).rev() {
            lowest[node] = lowest[2 * node].min(lowest[2 * node + 1]);
        }
        Line { moments: gifts.iter().map(|(moment, ..)| *moment).collect(), lowest }
    }

    fn rank(&self, leaf: usize) -> Rank {
        self.lowest[self.moments.len() + leaf].0
    }

    /// The lowest rank between two moments, and whose it is.
    fn lowest(&self, first: i64, last: i64) -> (Rank, usize) {
        let count = self.moments.len();
        let mut from = count + self.moments.partition_point(|moment| *moment < first);
        let mut until = count + self.moments.partition_point(|moment| *moment <= last);
        let mut lowest = (OUT, 0);
        while from < until {
            if from % 2 == 1 {
                lowest = lowest.min(self.lowest[from]);
                from += 1;
            }
            if until % 2 == 1 {
                until -= 1;
                lowest = lowest.min(self.lowest[until]);
            }
            (from, until) = (from / 2, until / 2);
        }
        lowest
    }

    fn set(&mut self, leaf: usize, rank: Rank) {
        let mut node = self.moments.len() + leaf;
        self.lowest[node].0 = rank;
        while node > 1 {
            node /= 2;
            self.lowest[node] = self.lowest[2 * node].min(self.lowest[2 * node + 1]);
        }
    }
}
