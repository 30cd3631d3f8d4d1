//! How a run goes, for whoever watches.

use crate::domain::{GiftState, Money};
use crate::drive::Pulse;
use crate::ledger::{Campaign, StateTally};

/// Where a campaign stands at one moment of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Gifts of the campaign.
    pub gifts: u64,
    /// Their money.
    pub amount: Money,
    /// Given.
    pub issued: u64,
    /// Given, in money.
    pub issued_amount: Money,
    /// Refused for good.
    pub refused: u64,
    /// Withdrawn or taken back: nothing more is to be done.
    pub withdrawn: u64,
    /// Held for a person.
    pub held: u64,
    /// In doubt.
    pub in_doubt: u64,
    /// Requests on their way.
    pub in_flight: u64,
    /// How the provider is.
    pub pulse: Pulse,
}

impl Progress {
    /// Where a campaign stands before a run of it begins, which puts in doubt what is in flight.
    pub fn of<'t>(
        campaign: &Campaign,
        tallies: impl IntoIterator<Item = &'t StateTally>,
    ) -> Progress {
        let mut progress =
            Progress { gifts: campaign.gifts, amount: campaign.total, ..Progress::default() };
        for tally in tallies {
            let state = match tally.state {
                GiftState::InFlight => GiftState::InDoubt,
                state => state,
            };
            if let Some(count) = progress.count(state) {
                *count += tally.gifts;
            }
            if state == GiftState::Issued {
                progress.issued_amount += tally.amount;
            }
        }
        progress
    }

    /// Gifts about which nothing more will be done in this run.
    pub fn done(&self) -> u64 {
        self.issued + self.refused + self.held + self.withdrawn
    }

    /// Gifts that are neither done nor in doubt: they are still to be sent, where none is in flight.
    pub fn left(&self) -> u64 {
        self.gifts.saturating_sub(self.done() + self.in_doubt)
    }

    pub(super) fn moved(&mut self, from: GiftState, to: GiftState, amount: Money) {
        if let Some(count) = self.count(from) {
            *count = count.saturating_sub(1);
        }
        if let Some(count) = self.count(to) {
            *count += 1;
        }
        if from == GiftState::Issued {
            self.issued_amount = self.issued_amount - amount;
        }
        if to == GiftState::Issued {
            self.issued_amount += amount;
        }
    }

    fn count(&mut self, state: GiftState) -> Option<&mut u64> {
        match state {
            GiftState::Issued => Some(&mut self.issued),
            GiftState::Refused => Some(&mut self.refused),
            GiftState::Held => Some(&mut self.held),
            GiftState::InDoubt => Some(&mut self.in_doubt),
            GiftState::Cancelled | GiftState::Revoked | GiftState::Revoking => {
                Some(&mut self.withdrawn)
            }
            GiftState::Planned | GiftState::InFlight | GiftState::Deferred => None,
        }
    }
}
