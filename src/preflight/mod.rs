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
pub use judge::{WalletFault, fault_of};
pub use run::run_preflight;

use crate::clock::Clock;
use crate::interrupt::Interrupt;
use crate::provider::{Reading, Trouble, WalletClient};

/// Wallets or customers that are taken from the ledger at once, and answers that are recorded at once.
const PAGE: usize = 256;

/// Answers wait no longer to be recorded: so much a kill can cost.
const RECORD_EVERY: TimeDelta = TimeDelta::seconds(1);

/// An outage keeps it no longer than this: it can be run again at any time.
const LONGEST_SILENCE: TimeDelta = TimeDelta::minutes(1);

/// Questions about one wallet or customer that may fail.
const MAX_FAILURES: u32 = 6;

/// What a preflight needs.
#[derive(Debug)]
pub struct PreflightOptions {
    /// Asks the provider.
    pub client: WalletClient,
    /// Tells the time.
    pub clock: Clock,
    /// Ends it early.
    pub interrupt: Interrupt,
    /// Hears how it goes.
    pub progress: watch::Sender<PreflightProgress>,
    /// Without one usable answer for this long, the rest is left.
    pub give_up_after: TimeDelta,
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
}

/// Why a preflight ended before each wallet had an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreflightStop {
    /// The provider gave no usable answer for too long.
    GaveUp,
    /// Some wallets could not be read, however often they were tried.
    Unread,
    /// One answer after another was none that the API gives: the URL is taken for wrong.
    Odd {
        /// What the last of them was.
        why: String,
    },
    /// A person, or the system, ended it.
    Interrupted,
    /// The provider does not take our keys.
    CredentialsRejected {
        /// What it said.
        why: String,
    },
}

/// Answers in a row that are none of the API's, after which no more are asked for.
const MAX_ODD: u32 = 20;

/// How many answers in a row were none that the API gives.
#[derive(Debug, Default)]
struct OddInARow(u32);

impl OddInARow {
    /// Takes note of an answer; says why to stop where there were too many.
    fn saw<T>(&mut self, reading: &Reading<T>) -> Option<PreflightStop> {
        match reading {
            Reading::Unreadable { why, trouble: Trouble::Odd | Trouble::Redirected } => {
                self.0 += 1;
                (self.0 >= MAX_ODD).then(|| PreflightStop::Odd { why: why.clone() })
            }
            Reading::Found(_) | Reading::Absent | Reading::Refused { .. } => {
                self.0 = 0;
                None
            }
            Reading::Unreadable { .. } | Reading::Obstructed(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_odd_answers_in_a_row_stop_it() {
        // Goal: a wrong URL is found soon, and an outage or a page now and then is none. Method: rows of
        // answers, and which of them stops.
        let of = |trouble| Reading::<()>::Unreadable { why: "a page".to_owned(), trouble };
        let mut odd = OddInARow::default();
        for _ in 1..MAX_ODD {
            assert_eq!(odd.saw(&of(Trouble::Odd)), None);
        }
        assert_eq!(odd.saw(&of(Trouble::ServerError)), None, "that says nothing about the URL");
        assert_eq!(odd.saw(&Reading::Found(())), None);
        for _ in 1..MAX_ODD {
            assert_eq!(odd.saw(&of(Trouble::Redirected)), None);
        }
        let stop = PreflightStop::Odd { why: "a page".to_owned() };
        assert_eq!(odd.saw(&of(Trouble::Odd)), Some(stop));
    }
}
