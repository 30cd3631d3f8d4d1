//! One wallet that is looked at: its list, then its balance where the list may prove something.

use crate::crash::{self, Step};
use crate::domain::WalletId;
use crate::drive::{Asking, Shows, Sign, Times, Unanswered as _};
use crate::provider::{Balances, ListReading, Reading, WalletClient};
use crate::settle::{Look, OpenDoubt};

/// A wallet with refused gifts.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) wallet: WalletId,
    /// Its refused gifts, as doubts.
    pub(super) doubts: Vec<OpenDoubt>,
    /// The list that was read, whose balance is asked for next.
    pub(super) look: Option<Look>,
    /// Whether the API said that it has no list for this wallet.
    pub(super) has_no_list: bool,
    pub(super) looks: u32,
}

/// What came back.
#[derive(Debug)]
pub(super) enum Reply {
    List(ListReading),
    Balances(Reading<Balances>),
}

impl Job {
    /// Asks for what is next.
    pub(super) fn ask(&self, client: WalletClient) -> Asking<Reply> {
        let (wallet, is_listed) = (self.wallet, self.look.is_some());
        Box::pin(async move {
            crash::before(Step::Look);
            let (reply, exchange) = if is_listed {
                let (reading, exchange) = client.balances(wallet).await;
                (Reply::Balances(reading), exchange)
            } else {
                let (reading, exchange) = client.gifts_of(wallet).await;
                (Reply::List(reading), exchange)
            };
            crash::after(Step::Look);
            (reply, Times::of(&exchange))
        })
    }

    /// The answer where nobody knows.
    pub(super) fn lost(&self, why: String) -> Reply {
        match self.look {
            Some(_) => Reply::Balances(Reading::lost(why)),
            None => Reply::List(ListReading::lost(why)),
        }
    }
}

impl Shows for Reply {
    fn sign(&self) -> Sign<'_> {
        match self {
            Reply::List(reading) => reading.sign(),
            Reply::Balances(reading) => Sign::of_balance(reading),
        }
    }
}
