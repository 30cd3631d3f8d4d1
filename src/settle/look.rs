//! One look at a wallet, as it is handed over to be judged.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::decide::{AbsenceProof, OpenDoubt, Policy};
use super::whole::GiftBalance;
use crate::domain::GiftId;
use crate::ledger::KnownGift;
use crate::provider::{Balances, Credit, Reading};

/// One look at a wallet's list that was answered.
#[derive(Clone, Debug)]
pub struct Look {
    /// When its GET was sent, by our clock.
    pub sent_at: DateTime<Utc>,
    /// The moment of which it surely speaks: a cache may have kept it for a while.
    pub as_of: DateTime<Utc>,
    /// What of the list could be read; empty where the API says that it has none for this wallet.
    pub credits: Vec<Credit>,
    /// Entries that could not be read, in words.
    pub unreadable: Vec<String>,
    /// What the wallet's gifts add up to by its balances, asked for after the list.
    pub gift_balance: GiftBalance,
    /// Entries whose ids gifts of ours in other wallets have.
    pub elsewhere: HashSet<GiftId>,
    /// Gifts that were given and that the provider, asked by their ids, has no more: somebody deleted
    /// them.
    pub deleted: HashSet<GiftId>,
}

impl Look {
    /// A list that was read to its end, and nothing asked beside it.
    pub fn new(sent_at: DateTime<Utc>, as_of: DateTime<Utc>, credits: Vec<Credit>) -> Look {
        Look {
            sent_at,
            as_of,
            credits,
            unreadable: Vec::new(),
            gift_balance: GiftBalance::Unknown,
            elsewhere: HashSet::new(),
            deleted: HashSet::new(),
        }
    }

    /// The wallet's balances were asked for beside the list; the answer speaks of the moment `as_of`. One from before the
    /// list, out of a cache, says nothing of it.
    pub fn weigh(&mut self, reading: &Reading<Balances>, as_of: DateTime<Utc>) {
        self.gift_balance = match reading {
            Reading::Found(balances) if as_of >= self.as_of => GiftBalance::Told(balances.gifts),
            reading if reading.is_untold() => GiftBalance::Untold,
            _ => GiftBalance::Unknown,
        };
    }

    /// Entries that are no gifts of this wallet, as far as we know.
    pub fn strangers<'l>(&'l self, known: &[KnownGift]) -> impl Iterator<Item = GiftId> + use<'l> {
        let ours: HashSet<GiftId> = known.iter().filter_map(|gift| gift.gift_id).collect();
        self.credits.iter().map(|credit| credit.id).filter(move |id| !ours.contains(id))
    }

    /// Whether some doubt may be proved absent by this look, once its wallet's balance is known.
    pub fn wants_balance(&self, doubts: &[OpenDoubt], policy: &Policy) -> bool {
        policy.proof == AbsenceProof::Balance
            && self.unreadable.is_empty()
            && doubts.iter().any(|doubt| doubt.counts_at(self.as_of, policy))
    }
}
