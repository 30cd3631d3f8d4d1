//! What is asked about the gifts of a wallet, and how it is told.

use super::run::Job;
use crate::crash::{self, Step};
use crate::domain::GiftId;
use crate::drive::{Asking, Shows, Sign, Times};
use crate::provider::{ListReading, Removal, Trouble, WalletClient};

/// What is asked of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// The list of the job's wallet.
    List,
    /// To delete one of its gifts.
    Delete(GiftId),
}

/// The answer to a request.
pub(super) enum Reply {
    List(ListReading),
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
        let trouble = Trouble::Cut;
        match self {
            Request::List => Reply::List(ListReading::Unreadable { why, trouble }),
            Request::Delete(_) => Reply::Delete(Removal::Unknown { why, trouble }),
        }
    }
}

impl Shows for Reply {
    fn sign(&self) -> Sign<'_> {
        match self {
            Reply::List(reading) => reading.sign(),
            Reply::Delete(removal) => removal.sign(),
        }
    }
}
