//! The sweep: reads every wallet of a campaign, audits it, and records what it found.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;

use super::audit::{Since, audit};
use super::queue::Queue;
use super::{ReconcileOptions, ReconcileProgress, Reconciled};
use crate::domain::WalletId;
use crate::ledger::{AuditedGift, Campaign, Finding, KnownGift, Ledger, LedgerError, Writer};
use crate::pace::{Health, Pace, Permit};
use crate::provider::{Credit, ListReading, Obstacle, WalletClient};
use crate::settle::Skew;

/// One wallet to read.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) row: i64,
    pub(super) wallet: WalletId,
    pub(super) known: Vec<KnownGift>,
    pub(super) failures: u32,
    pub(super) looks: u32,
}

struct Reply {
    job: Job,
    reading: ListReading,
    sent_at: DateTime<Utc>,
    ended_at: DateTime<Utc>,
    skew_ms: Option<i64>,
}

/// Wallets that are taken from the ledger at once, and findings that are recorded at once.
const PAGE: i64 = 256;

/// An outage keeps a reconcile no longer than this: it can be run again at any time.
const LONGEST_SILENCE: TimeDelta = TimeDelta::minutes(1);

struct Sweep<'r> {
    ledger: &'r Ledger,
    writer: &'r mut Writer,
    pace: &'r mut Pace,
    options: &'r ReconcileOptions,
    campaign: i64,
    first_attempt: Option<DateTime<Utc>>,
    skew: Skew,
    page: VecDeque<Job>,
    /// The last row of the page before; none after the last page.
    cursor: Option<i64>,
    queue: Queue,
    found: Vec<AuditedGift>,
    end: Option<Reconciled>,
    progress: ReconcileProgress,
}

/// Holds every gift of a campaign against its wallet's list.
pub async fn run_reconcile(
    ledger: &Ledger,
    mut writer: Writer,
    pace: &mut Pace,
    campaign: &Campaign,
    options: &ReconcileOptions,
) -> Result<(Writer, Reconciled), LedgerError> {
    let mut batch = writer.begin().await?;
    batch.check_provider(&options.client.base().to_string()).await?;
    batch.clear_findings(campaign.id).await?;
    batch.commit().await?;
    let (wallets, first_attempt) = ledger.wallets(campaign.id).await?;
    let mut sweep = Sweep {
        ledger,
        writer: &mut writer,
        pace,
        options,
        campaign: campaign.id,
        first_attempt,
        skew: Skew::default(),
        page: VecDeque::new(),
        cursor: Some(0),
        queue: Queue::default(),
        found: Vec::new(),
        end: None,
        progress: ReconcileProgress { wallets, ..ReconcileProgress::default() },
    };
    let end = sweep.run().await?;
    Ok((writer, end))
}

impl Sweep<'_> {
    async fn run(&mut self) -> Result<Reconciled, LedgerError> {
        let (reports, mut inbox) = mpsc::channel(self.pace.concurrency.ceiling() + 1);
        loop {
            self.fill_page().await?;
            let now = self.options.clock.now();
            let wake_at = self.start_reads(now, &reports);
            let is_idle =
                self.pace.in_flight() == 0 || self.options.interrupt.abandon.is_cancelled();
            if is_idle && (self.end.is_some() || (self.page.is_empty() && self.queue.len() == 0)) {
                break;
            }
            self.wait(now, wake_at, &mut inbox).await;
            if self.found.len() >= PAGE as usize {
                self.record().await?;
            }
        }
        self.finish().await
    }

    /// Keeps a page of wallets at hand.
    async fn fill_page(&mut self) -> Result<(), LedgerError> {
        while self.page.is_empty() && self.end.is_none() {
            let Some(after) = self.cursor else { return Ok(()) };
            let page = self.ledger.wallet_page(self.campaign, after, PAGE).await?;
            self.cursor = page.last().map(|(row, _)| *row);
            for (row, wallet) in page {
                let known = self.ledger.known_gifts(wallet).await?;
                let is_ours = |gift: &&KnownGift| gift.campaign == self.campaign;
                // Where nothing was ever sent, nothing can be found.
                if known.iter().filter(is_ours).any(|gift| gift.first_sent_at.is_some()) {
                    self.page.push_back(Job { row, wallet, known, failures: 0, looks: 0 });
                } else {
                    self.progress.read += 1;
                }
            }
        }
        Ok(())
    }

    /// Starts reads for as long as there are turns; says when to come back.
    fn start_reads(
        &mut self,
        now: DateTime<Utc>,
        reports: &mpsc::Sender<Reply>,
    ) -> Option<DateTime<Utc>> {
        let silence = self.options.give_up_after.min(LONGEST_SILENCE);
        if self.pace.breaker.silent_for(now).is_some_and(|silent_for| silent_for >= silence) {
            self.end.get_or_insert(Reconciled::GaveUp);
        }
        while self.end.is_none() {
            let is_due = self.queue.next_at().is_some_and(|at| at <= now);
            if !is_due && self.page.is_empty() {
                return self.queue.next_at();
            }
            match self.pace.permit(now) {
                Permit::Now => {
                    let due = self.queue.take_due(now);
                    let job = due.or_else(|| self.page.pop_front()).expect("one of both is there");
                    spawn_read(job, self.options.client.clone(), reports.clone());
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
        inbox: &mut mpsc::Receiver<Reply>,
    ) {
        let wait = wake_at.map(|at| (at - now).to_std().unwrap_or_default());
        let options = self.options;
        // In a fixed order, so that a sweep can be replayed: the rare before the frequent.
        tokio::select! {
            biased;
            () = options.interrupt.abandon.cancelled() => {
                self.end.get_or_insert(Reconciled::Interrupted);
            }
            () = options.interrupt.drain.cancelled(), if self.end.is_none() => {
                self.end = Some(Reconciled::Interrupted);
            }
            Some(reply) = inbox.recv() => {
                self.replied(reply);
                while let Ok(reply) = inbox.try_recv() {
                    self.replied(reply);
                }
            }
            () = async { options.clock.sleep(wait.expect("guarded")).await }, if wait.is_some() => {}
        }
    }

    fn replied(&mut self, reply: Reply) {
        let Reply { job, reading, sent_at, ended_at, skew_ms } = reply;
        self.pace.ended(Health::of_reading(&reading), sent_at, ended_at);
        self.skew.saw_ms(skew_ms);
        match reading {
            ListReading::Whole(credits) => self.read(job, &credits, sent_at, ended_at),
            ListReading::NoList => self.read(job, &[], sent_at, ended_at),
            ListReading::Obstructed(Obstacle::CredentialsRejected { why }) => {
                self.end.get_or_insert(Reconciled::CredentialsRejected { why });
                self.unread(&job);
            }
            // The server said when to come back: that is no failure of the wallet's.
            ListReading::Obstructed(Obstacle::Throttled { .. }) => self.page.push_front(job),
            ListReading::Obstructed(_) | ListReading::Unreadable { .. } => {
                if let Some(job) = self.queue.failed(job, ended_at) {
                    self.unread(&job);
                }
            }
        }
        self.progress.waiting = self.queue.len() as u64;
        self.options.progress.send_replace(self.progress);
    }

    fn read(&mut self, job: Job, credits: &[Credit], sent_at: DateTime<Utc>, now: DateTime<Utc>) {
        let since = Since { first_attempt: self.first_attempt.map(|at| self.skew.baseline(at)) };
        let found = audit(self.campaign, &job.known, credits, since);
        let is_missing =
            |row: i64| found.iter().any(|gift| gift.row == row && gift.finding == Finding::Missing);
        let issued = job.known.iter().filter(|gift| is_missing(gift.row));
        let until =
            issued.filter_map(|gift| gift.issued_at).max().map(|at| at + self.options.window);
        match until.filter(|until| sent_at < *until) {
            Some(until) => self.queue.missing(job, until, now),
            None => {
                self.found.extend(found);
                self.progress.read += 1;
            }
        }
    }

    fn unread(&mut self, job: &Job) {
        tracing::warn!(wallet = %job.wallet, "its gift list could not be read");
        let ours = job.known.iter().filter(|gift| gift.campaign == self.campaign);
        let given = ours.filter(|gift| gift.gift_id.is_some());
        self.found.extend(given.map(|gift| AuditedGift {
            row: gift.row,
            finding: Finding::Unread,
            detail: None,
        }));
        self.progress.read += 1;
    }

    async fn record(&mut self) -> Result<(), LedgerError> {
        let found = std::mem::take(&mut self.found);
        let is_sighting = found.iter().any(|gift| gift.finding == Finding::Matched);
        let mut batch = self.writer.begin().await?;
        batch.record_findings(&found).await?;
        if is_sighting {
            batch.lists_are_proven(self.options.clock.now()).await?;
        }
        batch.commit().await
    }

    /// Records the rest; what was not read by now is unread.
    async fn finish(&mut self) -> Result<Reconciled, LedgerError> {
        self.record().await?;
        let end = self.end.clone().unwrap_or(Reconciled::Finished);
        let mut batch = self.writer.begin().await?;
        batch.rest_is_unread(self.campaign).await?;
        if end == Reconciled::Finished {
            batch.reconcile_ended(self.campaign, self.options.clock.now()).await?;
        }
        batch.commit().await?;
        Ok(end)
    }
}

fn spawn_read(job: Job, client: WalletClient, reports: mpsc::Sender<Reply>) {
    tokio::spawn(async move {
        let (reading, exchange) = client.gifts_of(job.wallet).await;
        let skew_ms = exchange.skew_ms();
        let reply =
            Reply { job, reading, sent_at: exchange.sent_at, ended_at: exchange.ended_at, skew_ms };
        // Nobody listens any more only where the process is about to end.
        let _ = reports.send(reply).await;
    });
}
