//! What the sweep asks, and how it is told.

use super::audited::Audited;
use super::balance::{Check, Wanted};
use super::sweep::Job;
use crate::crash::{self, Step};
use crate::drive::{Asking, Shows, Sign, Times, Unanswered as _};
use crate::provider::{Balances, ListReading, Reading, WalletClient};
use crate::settle::Look;

/// What is asked of the provider.
#[derive(Debug)]
pub(super) enum Question {
    List(Job),
    /// The balance of a wallet whose list may prove that something is not there.
    Weigh(Job, Look),
    /// The next gift that a list lacks.
    Gift(Audited),
    /// What the wallet's balance, or then its list, is now.
    Check(Check, Audited),
}

/// What was told.
#[derive(Debug)]
pub(super) enum Heard {
    List(ListReading),
    Balances(Reading<Balances>),
}

impl Question {
    pub(super) fn ask(&self, client: WalletClient) -> Asking<Heard> {
        let list = |(reading, exchange)| (Heard::List(reading), Times::of(&exchange));
        match self {
            Question::List(job) => {
                let wallet = job.wallet;
                read(async move { list(client.gifts_of(wallet).await) })
            }
            Question::Gift(audited) => {
                let ask = audited.asks.front().expect("one is left to ask for");
                let (wallet, id) = (ask.gift.content.wallet, ask.id);
                read(async move { list(client.gift(wallet, id).await) })
            }
            Question::Check(Check { wallet, wanted: Wanted::List, .. }, _) => {
                let wallet = *wallet;
                read(async move { list(client.gifts_of(wallet).await) })
            }
            Question::Weigh(Job { wallet, .. }, _)
            | Question::Check(Check { wallet, wanted: Wanted::Balance, .. }, _) => {
                let wallet = *wallet;
                read(async move {
                    let (reading, exchange) = client.balances(wallet).await;
                    (Heard::Balances(reading), Times::of(&exchange))
                })
            }
        }
    }
}

fn read(asking: impl Future<Output = (Heard, Times)> + Send + 'static) -> Asking<Heard> {
    Box::pin(async move {
        crash::before(Step::Read);
        let heard = asking.await;
        crash::after(Step::Read);
        heard
    })
}

impl Heard {
    /// Nobody knows.
    pub(super) fn nothing(why: String) -> Heard {
        Heard::List(ListReading::lost(why))
    }
}

impl Shows for Heard {
    fn sign(&self) -> Sign<'_> {
        match self {
            Heard::List(reading) => reading.sign(),
            Heard::Balances(reading) => Sign::of_balance(reading),
        }
    }
}
