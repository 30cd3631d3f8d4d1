//! One request each: what runs beside the dispatcher.
//!
//! **Invariant:** a request is told all that it needs, touches nothing that is shared, and says what
//! came back exactly once.

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use super::look::DoneLook;
use crate::crash::{self, Step};
use crate::domain::{GiftId, Refusal, WalletId};
use crate::ledger::Claimed;
use crate::provider::{Balances, Exchange, ListReading, Reading, Verdict, WalletClient};

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

/// When a request was on its way, and what it showed of the server's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) sent_at: DateTime<Utc>,
    /// The moment of which the answer surely speaks.
    pub(super) as_of: DateTime<Utc>,
    pub(super) ended_at: DateTime<Utc>,
    pub(super) skew_ms: Option<i64>,
}

impl Times {
    /// For how long it was on its way; a clock that was set back meanwhile makes it nothing.
    pub(super) fn took_ms(self) -> i64 {
        (self.ended_at - self.sent_at).num_milliseconds().max(0)
    }

    fn of(exchange: &Exchange) -> Times {
        Times {
            sent_at: exchange.sent_at,
            as_of: exchange.as_of(),
            ended_at: exchange.ended_at,
            skew_ms: exchange.skew_ms(),
        }
    }
}

/// Sends the request in a task of its own.
pub(super) fn spawn(request: Request, client: WalletClient, inbox: mpsc::Sender<Reported>) {
    tokio::spawn(async move {
        let reported = match request {
            Request::Give(claimed) => {
                crash::before(Step::Gift);
                let (verdict, exchange) = client.create_gift(&claimed.gift).await;
                crash::after(Step::Gift);
                Reported::Gave(claimed, verdict, Times::of(&exchange))
            }
            Request::Look(wallet, purpose) => {
                crash::before(Step::Look);
                let (reading, exchange) = client.gifts_of(wallet).await;
                crash::after(Step::Look);
                Reported::Looked(wallet, purpose, reading, Times::of(&exchange))
            }
            Request::Ask(wallet, id) => {
                crash::before(Step::Look);
                let (reading, exchange) = client.gift(wallet, id).await;
                crash::after(Step::Look);
                Reported::Told(id, reading, Times::of(&exchange))
            }
            Request::Weigh(done) => {
                crash::before(Step::Look);
                let (reading, exchange) = client.balances(done.wallet).await;
                crash::after(Step::Look);
                Reported::Weighed(done, reading, Times::of(&exchange))
            }
        };
        // Nobody listens any more only where the run was abandoned; the next run settles it.
        let _ = inbox.send(reported).await;
    });
}
