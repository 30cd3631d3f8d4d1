//! One read each: what runs beside the sweep.

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use super::ask::Ask;
use super::balance::{Check, Wanted};
use super::sweep::Job;
use crate::crash::{self, Step};
use crate::provider::{Balances, ListReading, Reading, WalletClient};

/// What is asked of the provider.
#[derive(Debug)]
pub(super) enum Question {
    List(Job),
    Gift(Ask),
    Check(Check),
}

/// What was told.
#[derive(Debug)]
pub(super) enum Heard {
    List(ListReading),
    Balances(Reading<Balances>),
}

/// What came back.
pub(super) struct Reply {
    pub(super) question: Question,
    pub(super) heard: Heard,
    pub(super) sent_at: DateTime<Utc>,
    pub(super) ended_at: DateTime<Utc>,
    pub(super) skew_ms: Option<i64>,
}

/// Reads in a task of its own.
pub(super) fn spawn_read(question: Question, client: WalletClient, reports: mpsc::Sender<Reply>) {
    tokio::spawn(async move {
        crash::before(Step::Read);
        let list = |(reading, exchange)| (Heard::List(reading), exchange);
        let (heard, exchange) = match &question {
            Question::List(job) => list(client.gifts_of(job.wallet).await),
            Question::Gift(ask) => list(client.gift(ask.wallet(), ask.id).await),
            Question::Check(check) => match check.wanted {
                Wanted::List => list(client.gifts_of(check.wallet).await),
                Wanted::Balance => {
                    let (reading, exchange) = client.balances(check.wallet).await;
                    (Heard::Balances(reading), exchange)
                }
            },
        };
        crash::after(Step::Read);
        let (sent_at, ended_at) = (exchange.sent_at, exchange.ended_at);
        let skew_ms = exchange.skew_ms();
        // Nobody listens any more only where the process is about to end.
        let _ = reports.send(Reply { question, heard, sent_at, ended_at, skew_ms }).await;
    });
}
