//! One request each: what runs beside the loop.

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use super::run::Job;
use crate::crash::{self, Step};
use crate::domain::GiftId;
use crate::provider::{ListReading, Removal, WalletClient};

/// What is asked of the provider.
#[derive(Clone, Copy, Debug)]
pub(super) enum Request {
    /// The list of the job's wallet.
    List,
    /// To delete one of its gifts.
    Delete(GiftId),
}

/// What came back.
pub(super) struct Reported {
    pub(super) job: Job,
    pub(super) reply: Reply,
    pub(super) sent_at: DateTime<Utc>,
    pub(super) ended_at: DateTime<Utc>,
    /// How far the server's clock is ahead of ours at least.
    pub(super) skew_ms: Option<i64>,
}

/// To which request.
pub(super) enum Reply {
    List(ListReading),
    Delete(GiftId, Removal),
}

/// Asks in a task of its own.
pub(super) fn spawn(
    job: Job,
    request: Request,
    client: WalletClient,
    reports: mpsc::Sender<Reported>,
) {
    tokio::spawn(async move {
        let (reply, exchange) = match request {
            Request::List => {
                crash::before(Step::Read);
                let (reading, exchange) = client.gifts_of(job.wallet).await;
                crash::after(Step::Read);
                (Reply::List(reading), exchange)
            }
            Request::Delete(id) => {
                crash::before(Step::Delete);
                let (removal, exchange) = client.delete_gift(id).await;
                crash::after(Step::Delete);
                (Reply::Delete(id, removal), exchange)
            }
        };
        let (sent_at, ended_at) = (exchange.sent_at, exchange.ended_at);
        // Nobody listens any more only where the process is about to end.
        let skew_ms = exchange.skew_ms();
        let _ = reports.send(Reported { job, reply, sent_at, ended_at, skew_ms }).await;
    });
}
