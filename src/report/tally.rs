//! Gifts and money added up: by state, by fate, by finding.
//!
//! It stands apart so that what adds up is decided in one place, without a ledger.
//!
//! **Invariant:** every gift and every coin is in exactly one state, and so in exactly one of the
//! parts of [`Amounts`].

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::domain::{GiftState, Money};
use crate::ledger::{Finding, StateTally};

/// Gifts and money in each of the states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct States([StateTally; GiftState::ALL.len()]);

impl States {
    /// The tallies in the order of [`GiftState::ALL`]; a state that is not named has none. Nothing
    /// where the money is more than can be counted.
    pub fn of(tallies: &[StateTally]) -> Option<States> {
        let mut total = Money::ZERO;
        let mut states =
            GiftState::ALL.map(|state| StateTally { state, gifts: 0, amount: Money::ZERO });
        for tally in tallies {
            total = total.checked_add(tally.amount)?;
            for sum in states.iter_mut().filter(|sum| sum.state == tally.state) {
                sum.gifts = sum.gifts.checked_add(tally.gifts)?;
                sum.amount = sum.amount.checked_add(tally.amount)?;
            }
        }
        Some(States(states))
    }

    /// Every state with what is in it, in the order in which reports list them.
    pub fn iter(&self) -> impl Iterator<Item = &StateTally> {
        self.0.iter()
    }

    /// How many gifts are in a state.
    pub fn gifts(&self, state: GiftState) -> u64 {
        self.iter().filter(|tally| tally.state == state).map(|tally| tally.gifts).sum()
    }

    /// The money of a state.
    pub fn amount(&self, state: GiftState) -> Money {
        self.iter().filter(|tally| tally.state == state).map(|tally| tally.amount).sum()
    }

    /// All gifts.
    pub fn total_gifts(&self) -> u64 {
        self.iter().map(|tally| tally.gifts).sum()
    }

    /// All money.
    pub fn total_amount(&self) -> Money {
        self.iter().map(|tally| tally.amount).sum()
    }
}

/// `total`, then each state under its word.
impl Serialize for States {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(1 + self.0.len()))?;
        map.serialize_entry("total", &self.total_gifts())?;
        for tally in self.iter() {
            map.serialize_entry(tally.state.word(), &tally.gifts)?;
        }
        map.end()
    }
}

/// A campaign's money by what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// All of it.
    pub total: Money,
    /// Given.
    pub issued: Money,
    /// The server said no.
    pub refused: Money,
    /// All that is in no other part; a gift that is being revoked may still be spent.
    pub open: Money,
    /// Withdrawn before it was sent.
    pub cancelled: Money,
    /// Given, then deleted unused.
    pub revoked: Money,
}

impl Amounts {
    /// The amounts of these states.
    pub fn of(states: &States) -> Amounts {
        let mut amounts = Amounts::default();
        for tally in states.iter() {
            amounts.total += tally.amount;
            *amounts.part(tally.state) += tally.amount;
        }
        amounts
    }

    fn part(&mut self, state: GiftState) -> &mut Money {
        match state {
            GiftState::Issued => &mut self.issued,
            GiftState::Refused => &mut self.refused,
            GiftState::Cancelled => &mut self.cancelled,
            GiftState::Revoked => &mut self.revoked,
            GiftState::Planned
            | GiftState::InFlight
            | GiftState::Deferred
            | GiftState::InDoubt
            | GiftState::Held
            | GiftState::Revoking => &mut self.open,
        }
    }
}

/// Texts of plain digits: a program's JSON reader must not make floats of them.
impl Serialize for Amounts {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let parts = [
            ("total", self.total),
            ("issued", self.issued),
            ("refused", self.refused),
            ("open", self.open),
            ("cancelled", self.cancelled),
            ("revoked", self.revoked),
        ];
        out.collect_map(parts.map(|(name, amount)| (name, amount.to_string())))
    }
}

/// How many gifts have each finding of the last reconcile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Findings([u64; Finding::ALL.len()]);

impl Findings {
    /// Counts by their words; the word that is no finding, where there is one.
    pub fn of(counts: &[(String, u64)]) -> Result<Findings, &str> {
        let mut findings = Findings::default();
        for (word, gifts) in counts {
            let place = Finding::ALL.iter().position(|finding| finding.word() == word);
            findings.0[place.ok_or(word.as_str())?] += gifts;
        }
        Ok(findings)
    }

    /// Every finding with its gifts, in the order in which reports list them.
    pub fn iter(&self) -> impl Iterator<Item = (Finding, u64)> {
        Finding::ALL.into_iter().zip(self.0)
    }

    /// How many gifts have this finding.
    pub fn gifts(&self, finding: Finding) -> u64 {
        self.iter().filter(|(each, _)| *each == finding).map(|(_, gifts)| gifts).sum()
    }

    /// How many gifts are not as they should be, or could not be looked at.
    pub fn differences(&self) -> u64 {
        self.iter().filter(|(each, _)| !each.is_fine()).map(|(_, gifts)| gifts).sum()
    }
}

/// Each finding under its word; what is as it should be and not shown any more stands with its audit.
impl Serialize for Findings {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let told = self.iter().filter(|(finding, _)| *finding != Finding::Expired);
        out.collect_map(told.map(|(finding, gifts)| (finding.word(), gifts)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_mixture_adds_up(mixture in prop::collection::vec((0usize..10, 1u32..9_999_999), 0..60)) {
            // Goal: no gift and no coin is lost or counted twice. Method: any gifts in any states,
            // against sums made one gift at a time.
            let tallies: Vec<StateTally> = mixture
                .iter()
                .map(|&(state, minor)| StateTally {
                    state: GiftState::ALL[state],
                    gifts: 1,
                    amount: Money::from_minor(minor.into()),
                })
                .collect();
            let states = States::of(&tallies).unwrap();
            let all: Money = tallies.iter().map(|tally| tally.amount).sum();
            prop_assert_eq!(states.total_gifts(), tallies.len() as u64);
            prop_assert_eq!(states.total_amount(), all);
            let parts = Amounts::of(&states);
            prop_assert_eq!(parts.total, all);
            let sum = parts.issued + parts.refused + parts.open + parts.cancelled + parts.revoked;
            prop_assert_eq!(sum, all);
            for state in GiftState::ALL {
                let of_it = tallies.iter().filter(|tally| tally.state == state);
                prop_assert_eq!(states.gifts(state), of_it.count() as u64);
            }
        }
    }

    #[test]
    fn what_cannot_be_counted_is_not_counted() {
        // Goal: no panic and no wrapped sum. Method: two states that overflow together.
        let tally = |state| StateTally { state, gifts: 1, amount: Money::from_minor(i64::MAX) };
        assert!(States::of(&[tally(GiftState::Issued)]).is_some());
        assert_eq!(States::of(&[tally(GiftState::Issued), tally(GiftState::Held)]), None);
    }

    #[test]
    fn a_strange_finding_is_named() {
        // Goal: a word that we never wrote is not dropped from a sum. Method: one beside a good one.
        let counts = [("matched".to_owned(), 2), ("lost".to_owned(), 1)];
        assert_eq!(Findings::of(&counts), Err("lost"));
        let findings = Findings::of(&counts[..1]).unwrap();
        assert_eq!((findings.gifts(Finding::Matched), findings.differences()), (2, 0));
    }
}
