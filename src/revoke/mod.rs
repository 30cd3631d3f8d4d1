//! Revoking: gifts of a campaign that nobody has used yet are deleted at the provider, or those that are too many.
//!
//! It stands apart because it is the only stage that takes something away. It names gifts by the provider's
//! ids alone, never by their wallets.
//!
//! | [`run_revoke`] does | this module decides |
//! | --- | --- |
//! | reads a wallet's list, commits intents, deletes one gift after another, reads the list again | [`decide`]: which gifts may be deleted, and which are gone |
//! | reads lists alone ([`look_for_surplus`]) | [`surplus`]: whether a gift is still one too many, and what proves it |
//!
//! **Invariant:** a DELETE is sent only after the commit of its intent has returned.
//! **Invariant:** what a dead run began is looked at first: a gift that is not there any more is not asked for.

mod decide;
mod job;
mod replies;
mod request;
mod run;
mod source;
mod surplus;

use chrono::TimeDelta;
use tokio::sync::watch;

pub use decide::Left;
pub use run::{look_for_surplus, run_revoke};
pub use surplus::{Judge, Proof, Proposal, Surplus};

use crate::domain::{GiftId, GiftKey, Money, WalletId};
use crate::drive::{Ended, Pulse, Rules};
use crate::ledger::{RunNote, SurplusGift};
use crate::provider::WalletClient;

/// Which gifts a revocation takes back.
#[derive(Clone, Debug)]
pub enum Reach {
    /// All that were given, and what an earlier one began.
    Given,
    /// What an earlier one began, and no more.
    Begun,
    /// Not what was given, but gifts too many like it.
    Surplus(Surplus),
}

/// What a revocation needs.
#[derive(Debug)]
pub struct RevokeOptions {
    /// Who gave the command, and by which settings, for the record.
    pub note: RunNote,
    /// Asks the provider.
    pub client: WalletClient,
    /// What holds for it from its beginning to its end.
    pub rules: Rules,
    /// Hears how it goes.
    pub progress: watch::Sender<RevokeProgress>,
    /// S: for so long a list may go on showing a gift that was deleted.
    pub window: TimeDelta,
    /// Which gifts it takes back.
    pub reach: Reach,
}

/// How a revocation goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RevokeProgress {
    /// Gifts that are to be deleted.
    pub gifts: u64,
    /// Gifts about which nothing more will be asked.
    pub done: u64,
    /// Gifts that are gone.
    pub revoked: u64,
    /// Their money.
    pub amount: Money,
    /// How the provider is.
    pub pulse: Pulse,
}

/// What a revocation did.
#[derive(Clone, Debug, Default)]
pub struct Revocation {
    /// Why it ended before all was asked for, where it did.
    pub ended: Option<Ended>,
    /// Gifts that are gone now, and their money.
    pub revoked: u64,
    /// How much they had given.
    pub amount: Money,
    /// Gifts that were left as they are: spent, not there, or kept by the provider.
    pub left: u64,
    /// Gifts whose wallets could not be read.
    pub unread: u64,
    /// The first of those that were left.
    pub named: Vec<LeftGift>,
    /// Gifts too many that may be taken back, where it only looked.
    pub proposed: Vec<Proposal>,
    /// Of those that were begun earlier: what came of them is known, and not written down, where it only looked.
    pub to_settle: Vec<SurplusGift>,
}

/// A gift that was left as it is.
#[derive(Clone, Debug)]
pub struct LeftGift {
    /// Its key; of one too many, that of the gift that it doubles.
    pub key: GiftKey,
    /// The provider's id of it.
    pub id: GiftId,
    /// Whose it is.
    pub wallet: WalletId,
    /// Why.
    pub why: Left,
}
