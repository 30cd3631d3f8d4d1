//! What is asked about the gifts of a wallet, and how it is told.

use super::job::Job;
use crate::crash::{self, Step};
use crate::domain::GiftId;
use crate::drive::{Asking, Shows, Sign, Times, Unanswered as _};
use crate::provider::{Balances, ListReading, Reading, Removal, WalletClient};

/// What is asked of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// The list of the job's wallet.
    List,
    /// One of its gifts, which the list lacks.
    One(GiftId),
    /// The balance of the wallet, to vouch for the list.
    Balance,
    /// To delete one of its gifts.
    Delete(GiftId),
}

/// The answer to a request.
pub(super) enum Reply {
    List(ListReading),
    Balances(Reading<Balances>),
    Delete(Removal),
}

impl Request {
    pub(super) fn ask(self, job: &Job, client: WalletClient) -> Asking<Reply> {
        let wallet = job.wallet;
        Box::pin(async move {
            match self {
                Request::List => {
                    crash::before(Step::Read);
                    let (reading, exchange) = client.gifts_of(wallet).await;
                    crash::after(Step::Read);
                    (Reply::List(reading), Times::of(&exchange))
                }
                Request::One(id) => {
                    crash::before(Step::Read);
                    let (reading, exchange) = client.gift(wallet, id).await;
                    crash::after(Step::Read);
                    (Reply::List(reading), Times::of(&exchange))
                }
                Request::Balance => {
                    crash::before(Step::Read);
                    let (reading, exchange) = client.balances(wallet).await;
                    crash::after(Step::Read);
                    (Reply::Balances(reading), Times::of(&exchange))
                }
                Request::Delete(id) => {
                    crash::before(Step::Delete);
                    let (removal, exchange) = client.delete_gift(id).await;
                    crash::after(Step::Delete);
                    (Reply::Delete(removal), Times::of(&exchange))
                }
            }
        })
    }

    /// Nobody knows.
    pub(super) fn lost(self, why: String) -> Reply {
        match self {
            Request::List | Request::One(_) => Reply::List(ListReading::lost(why)),
            Request::Balance => Reply::Balances(Reading::lost(why)),
            Request::Delete(_) => Reply::Delete(Removal::lost(why)),
        }
    }
}

impl Shows for Reply {
    fn sign(&self) -> Sign<'_> {
        match self {
            Reply::List(reading) => reading.sign(),
            Reply::Balances(reading) => Sign::of_balance(reading),
            Reply::Delete(removal) => removal.sign(),
        }
    }
}
