//! Holdings: pages of customers, one question after the other, and groups of answers.
//!
//! A login by Digest allows one question at a time, so that its pace has room for one.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use tokio::sync::{Mutex, watch};

use super::{PAGE, RECORD_EVERY};
use crate::crash::{self, Step};
use crate::drive::{Asking, Ended, Pulse, Queue, Rules, Times, Unanswered as _, Worker, drive};
use crate::ledger::{HoldingAnswer, Ledger, LedgerError, SeenHolding, WantedCustomers, Writer};
use crate::pace::Pace;
use crate::provider::{Holdings, MintedClient, Question, Reading};

/// What asking for holdings needs.
#[derive(Debug)]
pub struct HolderOptions {
    /// The number of the asking in the ledger.
    pub check: i64,
    /// Which metals.
    pub metals: Vec<String>,
    /// What holds for it from its beginning to its end.
    pub rules: Rules,
    /// Hears how it goes.
    pub progress: watch::Sender<HolderProgress>,
}

/// How it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HolderProgress {
    /// Customers that are to be asked for.
    pub customers: u64,
    /// Customers of whom there is an answer.
    pub answered: u64,
    /// Customers of whom there is none, and who are not tried again.
    pub unread: u64,
    /// How the service is.
    pub pulse: Pulse,
}

struct Customers<'r> {
    ledger: &'r Ledger,
    writer: &'r mut Writer,
    client: Arc<Mutex<MintedClient>>,
    options: &'r HolderOptions,
    metals: String,
    /// The last customer that was taken from the ledger; none once all were.
    cursor: Option<String>,
    queue: Queue<String>,
    answers: Vec<SeenHolding>,
    recorded_at: DateTime<Utc>,
    progress: HolderProgress,
}

/// Asks for what each customer holds that is wanted and of whom there is no answer yet.
///
/// Comes back with why it ended early, where it did; some may have no answer without that, since they could not be
/// read: the progress counts them. Fails only where the ledger does. What was answered is recorded in any case.
pub async fn ask_for_holdings(
    ledger: &Ledger,
    writer: &mut Writer,
    pace: &mut Pace,
    client: MintedClient,
    wanted: WantedCustomers,
    options: &HolderOptions,
) -> Result<Option<Ended>, LedgerError> {
    let mut customers = Customers {
        ledger,
        writer,
        client: Arc::new(Mutex::new(client)),
        options,
        metals: options.metals.join(","),
        cursor: Some(String::new()),
        queue: Queue::default(),
        answers: Vec::new(),
        recorded_at: options.rules.clock.now(),
        progress: HolderProgress { customers: wanted.to_ask, ..HolderProgress::default() },
    };
    let ended = drive(&mut customers, pace, &options.rules.briefly()).await?;
    customers.record(options.rules.clock.now()).await?;
    Ok(ended)
}

impl Customers<'_> {
    async fn read_page(&mut self) -> Result<(), LedgerError> {
        let Some(after) = self.cursor.as_ref().filter(|_| self.queue.in_line() < PAGE) else {
            return Ok(());
        };
        let page = self.ledger.customers_to_ask(self.options.check, after, PAGE).await?;
        self.cursor = page.last().cloned().filter(|_| page.len() == PAGE);
        page.into_iter().for_each(|customer| self.queue.push(customer));
        Ok(())
    }

    /// Makes what was answered durable.
    async fn record(&mut self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        self.recorded_at = now;
        if self.answers.is_empty() {
            return Ok(());
        }
        let mut batch = self.writer.begin().await?;
        batch.record_holdings(&self.metals, &std::mem::take(&mut self.answers));
        crash::before(Step::Answers);
        batch.commit().await?;
        crash::after(Step::Answers);
        Ok(())
    }
}

impl Worker for Customers<'_> {
    type Job = String;
    type Reply = Reading<Holdings>;
    type Error = LedgerError;

    fn queue(&mut self) -> &mut Queue<String> {
        &mut self.queue
    }

    fn has_more(&self) -> bool {
        self.cursor.is_some()
    }

    async fn turn(
        &mut self,
        now: DateTime<Utc>,
        is_ending: bool,
    ) -> Result<Option<DateTime<Utc>>, LedgerError> {
        if !is_ending {
            self.read_page().await?;
        }
        if self.answers.len() >= PAGE || now - self.recorded_at >= RECORD_EVERY {
            self.record(now).await?;
        }
        // Nobody knows how long a wait will be in the end.
        Ok((!self.answers.is_empty()).then_some(self.recorded_at + RECORD_EVERY))
    }

    fn ask(&mut self, customer: &mut String) -> Asking<Reading<Holdings>> {
        let (client, clock) = (Arc::clone(&self.client), self.options.rules.clock.clone());
        let question = Question {
            customer: customer.clone(),
            metals: self.options.metals.clone(),
            deliverable: None,
        };
        Box::pin(async move {
            let mut client = client.lock().await;
            let (sent_at, sent) = (clock.now(), client.requests());
            crash::before(Step::Read);
            let reading = client.holdings(&question).await;
            crash::after(Step::Read);
            // Those of its login count as well.
            let requests = client.requests().saturating_sub(sent);
            (reading, Times { requests, ..Times::between(sent_at, clock.now()) })
        })
    }

    fn lost(&self, _: &String, why: String) -> Reading<Holdings> {
        Reading::lost(why)
    }

    fn heard(&mut self, customer: String, reading: Reading<Holdings>, times: Times) {
        let Some(answer) = answer(reading) else {
            return self.unread(customer);
        };
        self.progress.answered += 1;
        self.answers.push(SeenHolding { customer, at: times.ended_at, answer });
    }

    fn unread(&mut self, customer: String) {
        self.progress.unread += 1;
        tracing::warn!(customer, "what is held could not be read");
    }

    fn tell(&mut self, pulse: Pulse) {
        self.progress.pulse = pulse;
        self.options.progress.send_replace(self.progress);
    }
}

/// What of an answer decides about gifts.
fn answer(reading: Reading<Holdings>) -> Option<HoldingAnswer> {
    Some(match reading {
        Reading::Found(holdings) => {
            let has_any = holdings.items.iter().any(|item| item.quantity > Decimal::ZERO);
            HoldingAnswer::Held { total: holdings.total, has_any }
        }
        Reading::Absent => HoldingAnswer::Refused("it knows no such customer".to_owned()),
        Reading::Refused { status, message } => {
            HoldingAnswer::Refused(format!("{message} (HTTP {status})"))
        }
        Reading::Obstructed(_) | Reading::Unreadable { .. } => return None,
    })
}
