//! The preflight: each wallet of a file, and each customer, is looked at before any of its gifts is loaded.
//!
//! It stands apart because it comes before everything else: there is no campaign and no gift yet, and nothing
//! that it finds changes one. What it is told is kept in the ledger with its time, and nowhere else.
//!
//! | [`run_preflight`] does | this module decides |
//! | --- | --- |
//! | asks for the record of each wallet that is wanted, and commits the answers | [`fault_of`]: what of an answer stands in the way of a gift |
//! | [`ask_for_holdings`] asks Minted Connect what each customer holds, and commits the answers | [`Requirement`]: whether that is enough |
//!
//! **Invariant:** it sends nothing but reads, one for each wallet or customer that is answered, and counts them
//! against the pace.
//! **Invariant:** only a page of wallets or customers is in memory.
//! **Invariant:** what could not be read has no answer: it is never taken for a good one.

mod holders;
mod holding;
mod judge;
mod run;

use chrono::TimeDelta;
use tokio::sync::watch;

pub use holders::{HolderOptions, HolderProgress, ask_for_holdings};
pub use holding::{Lack, Requirement};
pub use judge::{FaultKind, WalletFault, fault_of};
pub use run::run_preflight;

use crate::drive::{Pulse, Rules};
use crate::provider::WalletClient;

/// Wallets or customers that are taken from the ledger at once, and answers that are recorded at once.
const PAGE: usize = 256;

/// Answers wait no longer to be recorded: so much a kill can cost.
const RECORD_EVERY: TimeDelta = TimeDelta::seconds(1);

/// What a preflight needs.
#[derive(Debug)]
pub struct PreflightOptions {
    /// Asks the provider.
    pub client: WalletClient,
    /// What holds for it from its beginning to its end.
    pub rules: Rules,
    /// Hears how it goes.
    pub progress: watch::Sender<PreflightProgress>,
}

/// How a preflight goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PreflightProgress {
    /// Wallets that are to be asked.
    pub wallets: u64,
    /// Wallets that answered.
    pub answered: u64,
    /// Wallets that could not be read, and are not tried again.
    pub unread: u64,
    /// How the provider is.
    pub pulse: Pulse,
}
