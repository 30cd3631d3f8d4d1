//! One request each: what runs beside the dispatcher.
//!
//! **Invariant:** a request is told all that it needs, touches nothing that is shared, and says what
//! came back exactly once.

use tokio::sync::mpsc;

use super::look::DoneLook;
use crate::clock::Clock;
use crate::crash::{self, Step};
use crate::domain::{GiftId, Refusal, WalletId};
use crate::drive::{Times, asked};
use crate::ledger::Claimed;
use crate::provider::{Balances, ListReading, Reading, Verdict, WalletClient};

/// What is to be asked.
#[derive(Debug)]
pub(super) enum Request {
    /// Give this; its intent is durable.
    Give(Claimed),
    /// Read the list of a wallet.
    Look(WalletId, Purpose),
    /// Read one gift of a wallet, which its list lacks.
    Ask(WalletId, GiftId),
    /// Read the balances of a wallet, to vouch for a list.
    Weigh(DoneLook),
}

/// What a list is read for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// The doubts of the wallet.
    Settle,
    /// To see whether lists show a gift that we know of.
    Sight,
    /// To hold our clock against the provider's.
    Clock,
    /// To see whether the server answers again.
    Probe,
    /// To tell whether this gift was refused, or our keys.
    Permission(Asked),
}

/// A gift that was forbidden, and how often its wallet's list was asked for since.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) claimed: Claimed,
    pub(super) refusal: Refusal,
    pub(super) reads: u32,
}

/// What came back.
#[derive(Debug)]
pub(super) enum Reported {
    /// From a create.
    Gave(Claimed, Verdict, Times),
    /// From a list.
    Looked(WalletId, Purpose, ListReading, Times),
    /// About one gift.
    Told(GiftId, ListReading, Times),
    /// From balances.
    Weighed(DoneLook, Reading<Balances>, Times),
}

/// Sends the request in a task of its own.
pub(super) fn spawn(
    request: Request,
    client: WalletClient,
    clock: Clock,
    inbox: mpsc::Sender<Reported>,
) {
    tokio::spawn(async move {
        let step = if matches!(request, Request::Give(_)) { Step::Gift } else { Step::Look };
        crash::before(step);
        let reported = match request {
            Request::Give(claimed) => {
                let (verdict, times) = asked(&clock, client.create_gift(&claimed.gift)).await;
                Reported::Gave(claimed, verdict, times)
            }
            Request::Look(wallet, purpose) => {
                let (reading, times) = asked(&clock, client.gifts_of(wallet)).await;
                Reported::Looked(wallet, purpose, reading, times)
            }
            Request::Ask(wallet, id) => {
                let (reading, times) = asked(&clock, client.gift(wallet, id)).await;
                Reported::Told(id, reading, times)
            }
            Request::Weigh(done) => {
                let (reading, times) = asked(&clock, client.balances(done.wallet)).await;
                Reported::Weighed(done, reading, times)
            }
        };
        crash::after(step);
        // Nobody listens any more only where the run was abandoned; the next run settles it.
        let _ = inbox.send(reported).await;
    });
}
