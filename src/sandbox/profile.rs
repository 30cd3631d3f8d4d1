//! Which faults happen, and how often.
//!
//! **Invariant:** rates are whole parts per 10,000, so that a draw is the same on every machine.

use std::time::Duration;

use super::kind::{FaultKind, Place};

/// How many parts make a certainty.
pub(super) const PARTS: u16 = 10_000;

/// The rate of each kind of fault, and the delays that some of them have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultProfile {
    rates: [u16; FaultKind::ALL.len()],
    /// How long after it was credited a lagging gift shows up in its wallet's list.
    pub list_lag: Duration,
    /// Whether lists leave out used gifts.
    pub hides_used: bool,
    /// How long after the request was read a late commit happens.
    pub late_commit_delay: Duration,
    /// How long every answer takes at least.
    pub latency: Duration,
}

impl FaultProfile {
    /// The names that [`FaultProfile::named`] knows.
    pub const NAMES: [&'static str; 5] = ["none", "mixed", "lossy", "refusals", "ratelimit"];

    /// No faults at all.
    pub fn none() -> Self {
        Self {
            rates: [0; FaultKind::ALL.len()],
            list_lag: Duration::from_millis(300),
            hides_used: false,
            late_commit_delay: Duration::from_millis(300),
            latency: Duration::ZERO,
        }
    }

    /// Every kind: 16 % of the POSTs (1 % refusals), 7 % of the reads and the deletes, one nonce in five.
    /// Redirects stay out,
    /// since a single one rightly ends a whole run.
    pub fn mixed() -> Self {
        Self::none()
            .with_all(Place::Post, 75)
            .with(FaultKind::Redirect, 0)
            .with_all(Place::Refusal, 25)
            .with_all(Place::Read, 140)
            .with_all(Place::Delete, 100)
            .with(FaultKind::StaleNonce, 2_000)
            .with(FaultKind::LaggingList, 1_000)
    }

    /// A bad line: two in five POSTs and a quarter of the reads get lost, cut or garbled.
    pub fn lossy() -> Self {
        Self::none()
            .with_all(Place::Post, 240)
            .with(FaultKind::Redirect, 0)
            .with(FaultKind::LimitSeconds, 0)
            .with(FaultKind::LimitDate, 0)
            .with(FaultKind::LimitBare, 0)
            .with_all(Place::Read, 600)
            .with(FaultKind::ReadLimit, 0)
            .with_all(Place::Delete, 600)
            .with(FaultKind::DeleteLimit, 0)
            .with(FaultKind::LaggingList, 3_000)
    }

    /// One gift in five is refused for good, in every way.
    pub fn refusals() -> Self {
        Self::none().with_all(Place::Refusal, 500)
    }

    /// Three in ten POSTs, one read in ten and one delete in ten get 429.
    pub fn ratelimit() -> Self {
        Self::none()
            .with(FaultKind::LimitSeconds, 1_000)
            .with(FaultKind::LimitDate, 1_000)
            .with(FaultKind::LimitBare, 1_000)
            .with(FaultKind::ReadLimit, 1_000)
            .with(FaultKind::DeleteLimit, 1_000)
    }

    /// The profile of that name; see [`FaultProfile::NAMES`].
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::none()),
            "mixed" => Some(Self::mixed()),
            "lossy" => Some(Self::lossy()),
            "refusals" => Some(Self::refusals()),
            "ratelimit" => Some(Self::ratelimit()),
            _ => None,
        }
    }

    /// The profile with another rate for one kind, in parts per 10,000.
    ///
    /// For [`FaultKind::LaggingList`] it is the share of gifts that lag. It does nothing for the
    /// kinds of [`Place::Control`] and for [`FaultKind::HiddenUsed`], which are settings.
    #[must_use]
    pub fn with(mut self, kind: FaultKind, per_10k: u16) -> Self {
        self.rates[kind as usize] = per_10k.min(PARTS);
        self
    }

    /// The profile in which one kind happens every time that it can.
    #[must_use]
    pub fn always(kind: FaultKind) -> Self {
        Self::none().with(kind, PARTS)
    }

    /// The profile with another rate for every kind of one place, in parts per 10,000.
    #[must_use]
    pub fn with_all(self, place: Place, per_10k: u16) -> Self {
        FaultKind::ALL
            .iter()
            .filter(|kind| kind.place() == place)
            .fold(self, |profile, &kind| profile.with(kind, per_10k))
    }

    /// The rate of a kind, in parts per 10,000.
    pub fn rate(&self, kind: FaultKind) -> u16 {
        self.rates[kind as usize]
    }

    /// The summed rate of a place's kinds, in parts per 10,000.
    pub fn total(&self, place: Place) -> u32 {
        let of_place = FaultKind::ALL.iter().filter(|kind| kind.place() == place);
        of_place.map(|&kind| u32::from(self.rate(kind))).sum()
    }
}

impl Default for FaultProfile {
    fn default() -> Self {
        Self::none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the help's list of names is true. Method: each name is looked up, and one that is not
    /// listed is not found.
    #[test]
    fn every_name_is_known() {
        for name in FaultProfile::NAMES {
            assert!(FaultProfile::named(name).is_some(), "{name}");
        }
        assert_eq!(FaultProfile::named("chaos"), None);
    }

    /// Goal: rates stay sensible. Method: no place of a named profile sums to more than certainty,
    /// and `mixed` has the shares that its doc says.
    #[test]
    fn totals_are_as_documented() {
        for name in FaultProfile::NAMES {
            let profile = FaultProfile::named(name).unwrap();
            for place in [Place::Post, Place::Refusal, Place::Read, Place::Delete, Place::Nonce] {
                assert!(profile.total(place) <= 10_000, "{name}");
            }
        }
        let mixed = FaultProfile::mixed();
        assert_eq!(mixed.total(Place::Post), 1_500);
        assert_eq!(mixed.total(Place::Refusal), 100);
        assert_eq!(mixed.total(Place::Read), 700);
        assert_eq!(FaultProfile::lossy().total(Place::Post), 4_080);
        assert_eq!(FaultProfile::none().total(Place::Post), 0);
    }
}
