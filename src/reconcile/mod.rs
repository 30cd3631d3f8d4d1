//! Reconciling: every gift of a campaign is held against its wallet's own list.
//!
//! It stands apart because it trusts nothing that issuing has written: it asks again, and compares.
//!
//! | [`run_reconcile`] does | this module decides |
//! | --- | --- |
//! | reads every wallet once, failed reads again at growing gaps | [`audit()`]: what one list shows of one wallet's gifts |
//! | looks again for what is missing until lists have had their time | when a finding is final |
//! | asks by its id for what a list goes on lacking | whether it is missing, or used or expired and left out |
//! | asks for balances, where that is wished | whether a balance is what its list adds up to |
//! | records as issued what a restored ledger has forgotten, and holds what lists cannot tell | ([`recall`](crate::settle::recall)) |
//!
//! **Invariant:** a wallet that could not be read is unread, never matched.
//! **Invariant:** it sends nothing but reads, and counts them against the run's pace.

mod alike;
mod ask;
mod audit;
mod audited;
mod balance;
mod finish;
mod group;
mod placed;
mod question;
mod remember;
mod replies;
mod sweep;
#[cfg(test)]
mod tests;
mod used;
mod words;

use chrono::TimeDelta;
use tokio::sync::watch;

pub use audit::{Since, audit};
pub use sweep::run_reconcile;

use crate::drive::{Ended, Pulse, Rules};
use crate::ledger::RunNote;
use crate::provider::WalletClient;
use crate::settle::AbsenceProof;

/// What a reconcile needs.
#[derive(Debug)]
pub struct ReconcileOptions {
    /// The command that a person gave, for the record.
    pub command: &'static str,
    /// Who gave it, and by which settings, for the record.
    pub note: RunNote,
    /// Asks the provider.
    pub client: WalletClient,
    /// What holds for it from its beginning to its end.
    pub rules: Rules,
    /// Hears how it goes.
    pub progress: watch::Sender<ReconcileProgress>,
    /// S: a gift is looked for again until this long after it was issued, since lists lag.
    pub window: TimeDelta,
    /// The rows of some gifts, whose wallets alone are read; none: the whole campaign.
    pub only: Option<Vec<i64>>,
    /// What proves that a forgotten gift was not given.
    pub proof: AbsenceProof,
    /// Whether each wallet's balance is held against its list too, for a further request a wallet.
    pub balances: bool,
}

/// How a reconcile goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReconcileProgress {
    /// Wallets of the campaign.
    pub wallets: u64,
    /// Wallets about which nothing more will be asked.
    pub read: u64,
    /// Wallets that wait for another read.
    pub waiting: u64,
    /// How the provider is.
    pub pulse: Pulse,
}

/// How a reconcile ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reconciled {
    /// Every wallet was read, or tried often enough.
    Finished,
    /// Every wallet was asked for, and not all could be read for what a restored ledger has forgotten.
    Forgetful,
    /// It ended early; what was found until then is kept.
    Early(Ended),
}

impl Reconciled {
    /// The word under which the ledger keeps it.
    pub const fn word(&self) -> &'static str {
        match self {
            Reconciled::Finished => "finished",
            Reconciled::Forgetful => "forgetful",
            Reconciled::Early(ended) => ended.word(),
        }
    }

    /// Why it ended early, where it did.
    pub const fn early(&self) -> Option<&Ended> {
        match self {
            Reconciled::Finished | Reconciled::Forgetful => None,
            Reconciled::Early(ended) => Some(ended),
        }
    }
}
