//! The sweep: asks for every wallet of a campaign, and records what was found.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::ask::Ask;
use super::balance::Check;
use super::group::Ended;
use super::question::{Question, Reply, spawn_read};
use super::queue::Queue;
use super::{ReconcileOptions, ReconcileProgress, Reconciled};
use crate::crash::{self, Step};
use crate::domain::WalletId;
use crate::ledger::{
    AuditCounts, AuditMark, AuditedGift, Campaign, KeptFinding, KnownGift, Ledger, LedgerError,
    Lists, Outcome, SeenUse, Writer,
};
use crate::pace::{Pace, Permit};
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

/// An outage keeps a reconcile no longer than this: it can be run again at any time.
const LONGEST_SILENCE: TimeDelta = TimeDelta::minutes(1);

pub(super) struct Sweep<'r> {
    /// Either here or in the one group that is under way.
    pub(super) writer: Option<Writer>,
    pub(super) group: Option<JoinHandle<Ended>>,
    pub(super) pace: &'r mut Pace,
    pub(super) options: &'r ReconcileOptions,
    pub(super) campaign: i64,
    /// Of the row that says that it began; none where only some gifts are looked at, which no record is kept of.
    pub(super) audit: Option<AuditMark>,
    /// What it counted.
    pub(super) counts: AuditCounts,
    /// Wallets whose lists could not be read.
    pub(super) unread_wallets: u64,
    pub(super) began_at: DateTime<Utc>,
    pub(super) first_attempt: Option<DateTime<Utc>>,
    /// The last moment that a restored ledger knows of.
    pub(super) forgot_since: Option<DateTime<Utc>>,
    /// What was known of the provider's lists when it began.
    pub(super) lists: Lists,
    /// Lists asked for earlier may lack what was sent last.
    not_before: Option<DateTime<Utc>>,
    /// Gifts that were forgotten and found.
    pub(super) recalled: Vec<Outcome>,
    pub(super) recalled_gifts: u64,
    /// Whether every wallet could be read so far.
    pub(super) is_whole: bool,
    pub(super) skew: Skew,
    pub(super) page: VecDeque<Job>,
    /// The last row of the page before; none after the last page.
    pub(super) cursor: Option<i64>,
    /// The rows whose wallets are still to be read, where those alone are.
    pub(super) only: Option<VecDeque<i64>>,
    pub(super) queue: Queue,
    /// Gifts that lists lack, to be asked for by their ids.
    pub(super) asks: VecDeque<Ask>,
    /// Wallets whose balances are to be held against their lists.
    pub(super) checks: VecDeque<Check>,
    pub(super) found: Vec<AuditedGift>,
    /// What is kept beside it: what is wrong with balances.
    pub(super) kept: Vec<KeptFinding>,
    /// What was seen of the use of gifts.
    pub(super) uses: Vec<SeenUse>,
    /// What was learned of lists since it was last written.
    pub(super) seen: Lists,
    pub(super) end: Option<Reconciled>,
    pub(super) progress: ReconcileProgress,
}

/// Holds every gift of a campaign against its wallet's list; of a restored ledger it first takes back,
/// from two reads of each wallet, what that has forgotten.
pub async fn run_reconcile(
    ledger: &Ledger,
    mut writer: Writer,
    pace: &mut Pace,
    campaign: &Campaign,
    options: &ReconcileOptions,
) -> Result<(Writer, Reconciled), LedgerError> {
    let mut batch = writer.begin().await?;
    let lists = batch.check_provider(&options.client.base().to_string()).await?;
    let mut audit = None;
    if options.only.is_none() {
        batch.clear_findings(campaign.id).await?;
        let (command, now) = (options.command, options.clock.now());
        let (note, balances) = (&options.note, options.balances);
        let begun = batch.begin_reconciliation(campaign.id, command, note, balances, now).await?;
        audit = Some(begun);
    }
    let forgot_since = batch.forgot_since(campaign.id).await?;
    if forgot_since.is_some() {
        tracing::warn!(
            "reading every wallet after the settle window, to find what this ledger has forgotten"
        );
        batch.orphan(None, options.clock.now()).await?;
    }
    crash::before(Step::ReconcileBeginning);
    batch.commit().await?;
    crash::after(Step::ReconcileBeginning);
    let wallets = match &options.only {
        Some(rows) => rows.len() as u64,
        None => ledger.wallets(campaign.id).await?,
    };
    let first_attempt = ledger.first_sent(campaign.id).await?;
    let mut sweep = Sweep {
        writer: Some(writer),
        group: None,
        pace,
        options,
        campaign: campaign.id,
        audit,
        counts: AuditCounts::default(),
        unread_wallets: 0,
        began_at: options.clock.now(),
        first_attempt: first_attempt.into_iter().chain(forgot_since).min(),
        forgot_since,
        lists,
        // Whoever sent what was forgotten is dead since the lock was taken: see `settle_from`.
        not_before: forgot_since.map(|_| options.clock.now() + options.window),
        recalled: Vec::new(),
        recalled_gifts: 0,
        is_whole: true,
        skew: Skew::default(),
        page: VecDeque::new(),
        cursor: Some(0),
        only: options.only.clone().map(VecDeque::from),
        queue: Queue::default(),
        asks: VecDeque::new(),
        checks: VecDeque::new(),
        found: Vec::new(),
        kept: Vec::new(),
        uses: Vec::new(),
        seen: Lists::default(),
        end: None,
        progress: ReconcileProgress { wallets, ..ReconcileProgress::default() },
    };
    sweep.run().await?;
    sweep.finish().await
}

impl Sweep<'_> {
    async fn run(&mut self) -> Result<(), LedgerError> {
        let (reports, mut inbox) = mpsc::channel(self.pace.concurrency.ceiling() + 1);
        loop {
            let now = self.options.clock.now();
            let wake_at = self.start_reads(now, &reports);
            self.start_group(now);
            self.tell();
            let is_idle =
                self.pace.in_flight() == 0 || self.options.interrupt.abandon.is_cancelled();
            if is_idle && (self.end.is_some() || self.has_nothing_to_ask()) {
                return Ok(());
            }
            self.wait(now, wake_at, &mut inbox).await?;
        }
    }

    fn has_nothing_to_ask(&self) -> bool {
        self.cursor.is_none()
            && self.page.is_empty()
            && self.asks.is_empty()
            && self.checks.is_empty()
            && self.queue.len() == 0
    }

    fn tell(&mut self) {
        self.progress.waiting = self.queue.len() as u64;
        self.options.progress.send_if_modified(|shown| {
            let is_new = *shown != self.progress;
            *shown = self.progress;
            is_new
        });
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
        let deadline = self.options.deadline;
        if deadline.is_some_and(|at| at <= now) {
            self.end.get_or_insert(Reconciled::OutOfTime);
        }
        let wake_at = self.start_reads_in_time(now, reports);
        wake_at.into_iter().chain(deadline.filter(|_| self.end.is_none())).min()
    }

    fn start_reads_in_time(
        &mut self,
        now: DateTime<Utc>,
        reports: &mpsc::Sender<Reply>,
    ) -> Option<DateTime<Utc>> {
        let early = self.not_before.filter(|at| *at > now);
        if early.is_some() {
            return early;
        }
        while self.end.is_none() {
            let is_due = self.queue.next_at().is_some_and(|at| at <= now);
            let has_more = !self.checks.is_empty() || !self.asks.is_empty();
            if !is_due && !has_more && self.page.is_empty() {
                return self.queue.next_at();
            }
            match self.pace.permit(now) {
                Permit::Now => {
                    let question = self.next_question(now);
                    spawn_read(question, self.options.client.clone(), reports.clone());
                }
                Permit::At(at) => return Some(at),
                Permit::Later => return None,
            }
        }
        None
    }

    /// What lists have led to comes before more lists: so little waits, however many wallets there are.
    fn next_question(&mut self, now: DateTime<Utc>) -> Question {
        if let Some(check) = self.checks.pop_front() {
            return Question::Check(check);
        }
        if let Some(ask) = self.asks.pop_front() {
            return Question::Gift(ask);
        }
        let due = self.queue.take_due(now);
        let job = due.or_else(|| self.page.pop_front());
        Question::List(job.expect("one of the four is there"))
    }

    async fn wait(
        &mut self,
        now: DateTime<Utc>,
        wake_at: Option<DateTime<Utc>>,
        inbox: &mut mpsc::Receiver<Reply>,
    ) -> Result<(), LedgerError> {
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
            ended = async { self.group.as_mut().expect("guarded").await }, if self.group.is_some() => {
                self.group = None;
                self.group_ended(ended)?;
            }
            Some(reply) = inbox.recv() => {
                self.replied(reply);
                while let Ok(reply) = inbox.try_recv() {
                    self.replied(reply);
                }
            }
            () = async { options.clock.sleep(wait.expect("guarded")).await }, if wait.is_some() => {}
        }
        Ok(())
    }
}
