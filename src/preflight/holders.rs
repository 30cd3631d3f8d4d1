//! The loop that asks for holdings: pages of customers, one question after the other, and groups of answers.
//!
//! It stands apart from the wallets' loop because a login by Digest allows one question at a time, which
//! makes it a plain sequence: no task, no inbox.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use tokio::sync::watch;

use super::{LONGEST_SILENCE, MAX_FAILURES, OddInARow, PAGE, PreflightStop, RECORD_EVERY};
use crate::clock::Clock;
use crate::crash::{self, Step};
use crate::interrupt::Interrupt;
use crate::ledger::{HoldingAnswer, Ledger, LedgerError, SeenHolding, WantedCustomers, Writer};
use crate::pace::{Health, Pace, Permit};
use crate::provider::{Holdings, MintedClient, Obstacle, Question, Reading};

/// What asking for holdings needs.
#[derive(Debug)]
pub struct HolderOptions {
    /// The number of the asking in the ledger.
    pub check: i64,
    /// Which metals.
    pub metals: Vec<String>,
    /// Tells the time.
    pub clock: Clock,
    /// Ends it early.
    pub interrupt: Interrupt,
    /// Hears how it goes.
    pub progress: watch::Sender<HolderProgress>,
    /// Without one usable answer for this long, the rest is left.
    pub give_up_after: TimeDelta,
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
}

/// A customer who is to be asked for.
#[derive(Debug)]
struct Job {
    customer: String,
    failures: u32,
}

/// What to do next.
enum Turn {
    Ask(Job),
    WaitUntil(DateTime<Utc>),
    Over,
}

struct Loop<'r> {
    ledger: &'r Ledger,
    pace: &'r mut Pace,
    client: &'r mut MintedClient,
    options: &'r HolderOptions,
    metals: String,
    /// The last customer that was taken from the ledger; none once all were.
    cursor: Option<String>,
    ready: VecDeque<Job>,
    waiting: BTreeMap<(DateTime<Utc>, String), Job>,
    /// Requests beyond the one of a question that took no turn of the rate yet: those of its login.
    owed: u32,
    answers: Vec<SeenHolding>,
    recorded_at: DateTime<Utc>,
    progress: HolderProgress,
    odd: OddInARow,
    stop: Option<PreflightStop>,
}

/// Asks for what each customer holds that is wanted and of whom there is no answer yet.
///
/// Comes back with why it ended, where some have none still; fails only where the ledger does. What was
/// answered is recorded in any case.
pub async fn ask_for_holdings(
    ledger: &Ledger,
    writer: &mut Writer,
    pace: &mut Pace,
    client: &mut MintedClient,
    wanted: WantedCustomers,
    options: &HolderOptions,
) -> Result<Option<PreflightStop>, LedgerError> {
    let mut asking = Loop {
        ledger,
        pace,
        client,
        options,
        metals: options.metals.join(","),
        cursor: Some(String::new()),
        ready: VecDeque::new(),
        waiting: BTreeMap::new(),
        owed: 0,
        answers: Vec::new(),
        recorded_at: options.clock.now(),
        progress: HolderProgress { customers: wanted.to_ask, ..HolderProgress::default() },
        odd: OddInARow::default(),
        stop: None,
    };
    asking.run(writer).await?;
    let unread = (asking.progress.unread > 0).then_some(PreflightStop::Unread);
    Ok(asking.stop.or(unread))
}

impl Loop<'_> {
    async fn run(&mut self, writer: &mut Writer) -> Result<(), LedgerError> {
        loop {
            self.read_page().await?;
            let now = self.options.clock.now();
            self.options.progress.send_replace(self.progress);
            let turn = self.turn(now);
            // Nobody knows how long a wait will be in the end.
            let is_due = self.answers.len() >= PAGE || now - self.recorded_at >= RECORD_EVERY;
            let is_long = matches!(turn, Turn::WaitUntil(at) if at - now >= RECORD_EVERY);
            if is_due || is_long || matches!(turn, Turn::Over) {
                self.record(writer, now).await?;
            }
            match turn {
                Turn::Over => return Ok(()),
                Turn::WaitUntil(at) => self.wait(at - now).await,
                Turn::Ask(job) => self.ask(job).await,
            }
        }
    }

    async fn read_page(&mut self) -> Result<(), LedgerError> {
        let Some(after) = self.cursor.as_ref().filter(|_| self.ready.is_empty()) else {
            return Ok(());
        };
        let page = self.ledger.customers_to_ask(self.options.check, after, PAGE).await?;
        self.cursor = page.last().cloned().filter(|_| page.len() == PAGE);
        self.ready.extend(page.into_iter().map(|customer| Job { customer, failures: 0 }));
        Ok(())
    }

    /// Makes what was answered durable.
    async fn record(&mut self, writer: &mut Writer, now: DateTime<Utc>) -> Result<(), LedgerError> {
        self.recorded_at = now;
        if self.answers.is_empty() {
            return Ok(());
        }
        let mut batch = writer.begin().await?;
        batch.record_holdings(&self.metals, &std::mem::take(&mut self.answers));
        crash::before(Step::Answers);
        batch.commit().await?;
        crash::after(Step::Answers);
        Ok(())
    }

    fn turn(&mut self, now: DateTime<Utc>) -> Turn {
        let silence = self.options.give_up_after.min(LONGEST_SILENCE);
        if self.pace.breaker.silent_for(now).is_some_and(|silent_for| silent_for >= silence) {
            self.stop.get_or_insert(PreflightStop::GaveUp);
        }
        let interrupt = &self.options.interrupt;
        if interrupt.drain.is_cancelled() || interrupt.abandon.is_cancelled() {
            self.stop.get_or_insert(PreflightStop::Interrupted);
        }
        if self.stop.is_some() {
            return Turn::Over;
        }
        let next_at = self.waiting.first_key_value().map(|((at, _), _)| *at);
        if next_at.is_some_and(|at| at <= now) {
            self.ready.extend(self.waiting.pop_first().map(|(_, job)| job));
        }
        if self.ready.is_empty() {
            return next_at.map_or(Turn::Over, Turn::WaitUntil);
        }
        while self.owed > 0 {
            if let Some(at) = self.pace.rate.take(now) {
                return Turn::WaitUntil(at);
            }
            self.owed -= 1;
        }
        match self.pace.permit(now) {
            Permit::Now => Turn::Ask(self.ready.pop_front().expect("one is there")),
            Permit::At(at) => Turn::WaitUntil(at),
            Permit::Later => unreachable!("one question at a time: nothing else is in flight"),
        }
    }

    async fn wait(&self, span: TimeDelta) {
        let Interrupt { drain, abandon, .. } = &self.options.interrupt;
        tokio::select! {
            () = drain.cancelled() => {}
            () = abandon.cancelled() => {}
            () = async { self.options.clock.sleep(span.to_std().unwrap_or_default()).await } => {}
        }
    }

    async fn ask(&mut self, job: Job) {
        let question = Question {
            customer: job.customer.clone(),
            metals: self.options.metals.clone(),
            deliverable: None,
        };
        let (sent_at, sent) = (self.options.clock.now(), self.client.requests());
        crash::before(Step::Read);
        let reading = tokio::select! {
            biased;
            () = self.options.interrupt.abandon.cancelled() => return,
            reading = self.client.holdings(&question) => reading,
        };
        crash::after(Step::Read);
        let ended_at = self.options.clock.now();
        self.owed += self.client.requests().saturating_sub(sent + 1);
        self.pace.ended(Health::of_answer(&reading), sent_at, ended_at);
        if let Some(stop) = self.odd.saw(&reading) {
            self.stop.get_or_insert(stop);
        }
        self.heard(job, reading, ended_at);
    }

    /// A question has ended.
    fn heard(&mut self, job: Job, reading: Reading<Holdings>, at: DateTime<Utc>) {
        match reading {
            Reading::Found(holdings) => self.answered(job, held(&holdings), at),
            Reading::Absent => {
                let words = "it knows no such customer".to_owned();
                self.answered(job, HoldingAnswer::Refused(words), at);
            }
            // Whatever it says with these, it is no word about the customer.
            Reading::Refused { status: 408 | 425, .. } => self.failed(job, at),
            Reading::Refused { status, message } => {
                let words = format!("{message} (HTTP {status})");
                self.answered(job, HoldingAnswer::Refused(words), at);
            }
            // The server said when to come back: that is no failure of the customer's.
            Reading::Obstructed(Obstacle::Throttled { .. }) => self.ready.push_front(job),
            Reading::Obstructed(Obstacle::CredentialsRejected { why }) => {
                self.stop.get_or_insert(PreflightStop::CredentialsRejected { why });
            }
            Reading::Obstructed(_) | Reading::Unreadable { .. } => self.failed(job, at),
        }
    }

    /// Nothing was learned of a customer: it is tried again a little later, and not for ever.
    fn failed(&mut self, mut job: Job, at: DateTime<Utc>) {
        job.failures += 1;
        if job.failures < MAX_FAILURES {
            let gap = TimeDelta::milliseconds(200) * (1 << job.failures);
            self.waiting.insert((at + gap, job.customer.clone()), job);
        } else {
            self.progress.unread += 1;
            tracing::warn!(customer = job.customer, "what is held could not be read");
        }
    }

    fn answered(&mut self, job: Job, answer: HoldingAnswer, at: DateTime<Utc>) {
        self.progress.answered += 1;
        self.answers.push(SeenHolding { customer: job.customer, at, answer });
    }
}

/// What of a list of holdings decides about gifts.
fn held(holdings: &Holdings) -> HoldingAnswer {
    let has_any = holdings.items.iter().any(|item| item.quantity > Decimal::ZERO);
    HoldingAnswer::Held { total: holdings.total, has_any }
}
