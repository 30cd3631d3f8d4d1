//! Rechecking: refused gifts are looked for in their wallets before any of them is sent again.
//!
//! It stands apart because a no is the provider's word, and providers commit and then refuse: a notification that
//! failed is answered like a gift that was not made. Nobody may be asked whether to send again before it was looked.
//!
//! | [`recheck()`] does | is decided by |
//! | --- | --- |
//! | reads the wallets of refused gifts, twice, and their balances | [`settle`](crate::settle::settle), as for doubts |
//! | records what is there as issued, and what nobody can tell as held | [`Rechecked`]: what came of them |
//!
//! **Invariant:** a gift is absent only by two whole lists, asked for after its last attempt and the settle window.
//! **Invariant:** what could not be read stays refused.

mod job;
mod judge;
mod run;

use tokio::sync::watch;

pub use run::recheck;

use crate::domain::{GiftKey, Money, WalletId};
use crate::drive::{Pulse, Rules};
use crate::provider::WalletClient;
use crate::settle::Policy;

/// Wallets that are taken from the ledger at once.
const PAGE: usize = 256;

/// Wallets that wait for another look at most: so much is in memory.
const MOST_WAITING: usize = 4_096;

/// Looks at one wallet that may prove nothing.
const MOST_LOOKS: u32 = 12;

/// Gifts that are named where they stay as they are.
const NAMED: usize = 20;

/// What rechecking needs.
#[derive(Debug)]
pub struct RecheckOptions {
    /// Asks the provider.
    pub client: WalletClient,
    /// What holds for it from its beginning to its end.
    pub rules: Rules,
    /// Hears how it goes.
    pub progress: watch::Sender<RecheckProgress>,
    /// How absence is proved.
    pub policy: Policy,
    /// The classes of refusals that are to be looked for; all where none is named.
    pub classes: Vec<String>,
}

/// How rechecking goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecheckProgress {
    /// Gifts that are to be looked for.
    pub gifts: u64,
    /// Gifts about which nothing more will be asked.
    pub done: u64,
    /// How the provider is.
    pub pulse: Pulse,
}

/// Gifts, and their money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub gifts: u64,
    /// What they add up to.
    pub amount: Money,
}

/// What came of refused gifts that were looked for.
#[derive(Clone, Debug, Default)]
pub struct Rechecked {
    /// In their wallets all the same: recorded as issued.
    pub found: Share,
    /// In no list: they may be sent.
    pub absent: Share,
    /// In no list now, but an audit found them: they are not sent, since lists may leave out what was used.
    pub marked: Share,
    /// Nobody can tell: held for a person, or refused still where a gift like it is held.
    pub unclear: Share,
    /// Their wallets could not be read: refused still.
    pub unread: Share,
    /// The first of those that are unclear or unread.
    pub named: Vec<UnclearGift>,
}

/// A gift that stays as it is, or is held.
#[derive(Clone, Debug)]
pub struct UnclearGift {
    /// Its key.
    pub key: GiftKey,
    /// Whose it is.
    pub wallet: WalletId,
    /// Why.
    pub why: String,
}

impl Share {
    fn add(&mut self, amount: Money) {
        self.gifts += 1;
        self.amount += amount;
    }
}
