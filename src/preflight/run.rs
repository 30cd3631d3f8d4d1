//! The loop: pages of wallets, a read each, and groups of answers.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    LONGEST_SILENCE, MAX_FAILURES, OddInARow, PAGE, PreflightOptions, PreflightProgress,
    PreflightStop, RECORD_EVERY,
};
use crate::crash::{self, Step};
use crate::domain::WalletId;
use crate::ledger::{
    Ledger, LedgerError, SeenWallet, WalletAnswer, WalletFacts, WantedWallets, Writer,
};
use crate::pace::{Health, Pace, Permit};
use crate::provider::{Obstacle, Reading, WalletClient, WalletRecord};

/// A wallet that is to be read.
#[derive(Clone, Copy, Debug)]
struct Job {
    wallet: WalletId,
    failures: u32,
}

/// What came back.
struct Reported {
    job: Job,
    reading: Reading<WalletRecord>,
    sent_at: DateTime<Utc>,
    ended_at: DateTime<Utc>,
}

struct Loop<'r> {
    ledger: &'r Ledger,
    pace: &'r mut Pace,
    options: &'r PreflightOptions,
    preflight: i64,
    /// The last wallet that was taken from the ledger; none once all were.
    cursor: Option<WalletId>,
    ready: VecDeque<Job>,
    waiting: BTreeMap<(DateTime<Utc>, WalletId), Job>,
    answers: Vec<SeenWallet>,
    recorded_at: DateTime<Utc>,
    progress: PreflightProgress,
    odd: OddInARow,
    stop: Option<PreflightStop>,
}

/// Asks for each wallet that a preflight wants to know of and that has no answer yet.
///
/// Comes back with why it ended, where some have none still; fails only where the ledger does. What was
/// answered is recorded in any case.
pub async fn run_preflight(
    ledger: &Ledger,
    writer: &mut Writer,
    pace: &mut Pace,
    preflight: i64,
    wanted: WantedWallets,
    options: &PreflightOptions,
) -> Result<Option<PreflightStop>, LedgerError> {
    let progress = PreflightProgress { wallets: wanted.to_ask, ..PreflightProgress::default() };
    let mut asking = Loop {
        ledger,
        pace,
        options,
        preflight,
        cursor: Some(WalletId(Uuid::nil())),
        ready: VecDeque::new(),
        waiting: BTreeMap::new(),
        answers: Vec::new(),
        recorded_at: options.clock.now(),
        progress,
        odd: OddInARow::default(),
        stop: None,
    };
    asking.run(writer).await?;
    let unread = (asking.progress.unread > 0).then_some(PreflightStop::Unread);
    Ok(asking.stop.or(unread))
}

impl Loop<'_> {
    async fn run(&mut self, writer: &mut Writer) -> Result<(), LedgerError> {
        let (reports, mut inbox) = mpsc::channel(self.pace.concurrency.ceiling() + 1);
        loop {
            self.read_page().await?;
            let now = self.options.clock.now();
            if self.answers.len() >= PAGE || now - self.recorded_at >= RECORD_EVERY {
                self.record(writer, now).await?;
            }
            let wake_at = self.start_reads(now, &reports);
            self.options.progress.send_replace(self.progress);
            let is_idle =
                self.pace.in_flight() == 0 || self.options.interrupt.abandon.is_cancelled();
            let is_over = self.cursor.is_none() && self.ready.is_empty() && self.waiting.is_empty();
            if is_idle && (is_over || self.stop.is_some()) {
                return self.record(writer, now).await;
            }
            self.wait(now, wake_at, &mut inbox).await;
        }
    }

    async fn read_page(&mut self) -> Result<(), LedgerError> {
        let Some(after) = self.cursor.filter(|_| self.ready.len() < PAGE) else {
            return Ok(());
        };
        let page = self.ledger.wallets_to_ask(self.preflight, after, PAGE).await?;
        self.cursor = page.last().copied().filter(|_| page.len() == PAGE);
        self.ready.extend(page.into_iter().map(|wallet| Job { wallet, failures: 0 }));
        Ok(())
    }

    /// Makes what was answered durable.
    async fn record(&mut self, writer: &mut Writer, now: DateTime<Utc>) -> Result<(), LedgerError> {
        self.recorded_at = now;
        if self.answers.is_empty() {
            return Ok(());
        }
        let mut batch = writer.begin().await?;
        batch.record_wallets(&std::mem::take(&mut self.answers));
        crash::before(Step::Answers);
        batch.commit().await?;
        crash::after(Step::Answers);
        Ok(())
    }

    /// Starts reads for as long as there are turns; says when to come back.
    fn start_reads(
        &mut self,
        now: DateTime<Utc>,
        reports: &mpsc::Sender<Reported>,
    ) -> Option<DateTime<Utc>> {
        let silence = self.options.give_up_after.min(LONGEST_SILENCE);
        if self.pace.breaker.silent_for(now).is_some_and(|silent_for| silent_for >= silence) {
            self.stop.get_or_insert(PreflightStop::GaveUp);
        }
        while self.stop.is_none() {
            let next_at = self.waiting.first_key_value().map(|((at, _), _)| *at);
            if next_at.is_some_and(|at| at <= now) {
                self.ready.extend(self.waiting.pop_first().map(|(_, job)| job));
            }
            if self.ready.is_empty() {
                return next_at;
            }
            match self.pace.permit(now) {
                Permit::Now => {
                    let job = self.ready.pop_front().expect("one is there");
                    spawn(job, self.options.client.clone(), reports.clone());
                }
                Permit::At(at) => return Some(at),
                Permit::Later => return None,
            }
        }
        None
    }

    async fn wait(
        &mut self,
        now: DateTime<Utc>,
        wake_at: Option<DateTime<Utc>>,
        inbox: &mut mpsc::Receiver<Reported>,
    ) {
        let wait = wake_at.map(|at| (at - now).to_std().unwrap_or_default());
        let options = self.options;
        tokio::select! {
            biased;
            () = options.interrupt.abandon.cancelled() => {
                self.stop.get_or_insert(PreflightStop::Interrupted);
            }
            () = options.interrupt.drain.cancelled(), if self.stop.is_none() => {
                self.stop = Some(PreflightStop::Interrupted);
            }
            Some(reported) = inbox.recv() => {
                self.reported(reported);
                while let Ok(reported) = inbox.try_recv() {
                    self.reported(reported);
                }
            }
            () = async { options.clock.sleep(wait.expect("guarded")).await }, if wait.is_some() => {}
        }
    }

    /// A read has ended.
    fn reported(&mut self, Reported { mut job, reading, sent_at, ended_at }: Reported) {
        self.pace.ended(Health::of_answer(&reading), sent_at, ended_at);
        if let Some(stop) = self.odd.saw(&reading) {
            self.stop.get_or_insert(stop);
        }
        match reading {
            Reading::Found(record) => {
                let WalletRecord { is_frozen, frozen_until, is_deleted, currency, .. } = record;
                let facts = WalletFacts { is_frozen, frozen_until, is_deleted, currency };
                self.answered(job, WalletAnswer::Record(facts), ended_at);
            }
            Reading::Absent | Reading::Refused { status: 404 | 410, .. } => {
                self.answered(job, WalletAnswer::None, ended_at);
            }
            Reading::Refused { status, message } => {
                let words = format!("{message} (HTTP {status})");
                self.answered(job, WalletAnswer::Refused(words), ended_at);
            }
            // The server said when to come back: that is no failure of the wallet's.
            Reading::Obstructed(Obstacle::Throttled { .. }) => self.ready.push_front(job),
            Reading::Obstructed(Obstacle::CredentialsRejected { why }) => {
                self.stop.get_or_insert(PreflightStop::CredentialsRejected { why });
            }
            Reading::Obstructed(_) | Reading::Unreadable { .. } => {
                job.failures += 1;
                if job.failures < MAX_FAILURES {
                    let gap = TimeDelta::milliseconds(200) * (1 << job.failures);
                    self.waiting.insert((ended_at + gap, job.wallet), job);
                } else {
                    self.progress.unread += 1;
                    tracing::warn!(wallet = %job.wallet, "its record could not be read");
                }
            }
        }
    }

    fn answered(&mut self, job: Job, answer: WalletAnswer, at: DateTime<Utc>) {
        self.progress.answered += 1;
        self.answers.push(SeenWallet { wallet: job.wallet, at, answer });
    }
}

/// Asks in a task of its own.
fn spawn(job: Job, client: WalletClient, reports: mpsc::Sender<Reported>) {
    tokio::spawn(async move {
        crash::before(Step::Read);
        let (reading, exchange) = client.wallet(job.wallet).await;
        crash::after(Step::Read);
        let (sent_at, ended_at) = (exchange.sent_at, exchange.ended_at);
        // Nobody listens any more only where the process is about to end.
        let _ = reports.send(Reported { job, reading, sent_at, ended_at }).await;
    });
}
