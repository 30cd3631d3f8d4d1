//! One read each: what runs beside the sweep.

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use super::ask::Ask;
use super::sweep::Job;
use crate::crash::{self, Step};
use crate::provider::{ListReading, WalletClient};

/// What is asked of the provider.
#[derive(Debug)]
pub(super) enum Question {
    List(Job),
    Gift(Ask),
}

/// What came back.
pub(super) struct Reply {
    pub(super) question: Question,
    pub(super) reading: ListReading,
    pub(super) sent_at: DateTime<Utc>,
    pub(super) ended_at: DateTime<Utc>,
    pub(super) skew_ms: Option<i64>,
}

/// Reads in a task of its own.
pub(super) fn spawn_read(question: Question, client: WalletClient, reports: mpsc::Sender<Reply>) {
    tokio::spawn(async move {
        crash::before(Step::Read);
        let (reading, exchange) = match &question {
            Question::List(job) => client.gifts_of(job.wallet).await,
            Question::Gift(ask) => client.gift(ask.wallet(), ask.id).await,
        };
        crash::after(Step::Read);
        let (sent_at, ended_at) = (exchange.sent_at, exchange.ended_at);
        let skew_ms = exchange.skew_ms();
        // Nobody listens any more only where the process is about to end.
        let _ = reports.send(Reply { question, reading, sent_at, ended_at, skew_ms }).await;
    });
}
