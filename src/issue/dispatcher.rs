//! The dispatcher: owns the state of a run, starts requests, commits groups.
//!
//! One turn of its loop starts what may start, commits what has come in, and then waits for the
//! first of: a reply, a commit, a moment, a person.
//!
//! **Invariant:** the writer is either here or in the one commit that is under way.

use std::collections::{HashSet, VecDeque};
use std::future::Future;
use std::pin::Pin;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::clocks::ClockCheck;
use super::decide::{Stop, Streak};
use super::evidence::Evidence;
use super::group::{self, Committed, Facts, Group, Pending};
use super::look::DoneLook;

use super::progress::Progress;
use super::quota::Quota;
use super::recover::Start;
use super::request::{Reported, Request};
use super::requests::{Busy, Sighting};
use super::supply::Supply;
use super::{IssueOptions, Tools};
use crate::clock::LONGEST_NAP;
use crate::domain::WalletId;
use crate::drive::{Answers, Ended, Pulse};
use crate::ledger::{Campaign, Claimed, LedgerError, Writer};
use crate::pace::Pace;
use crate::settle::{DoubtBook, Skew};

/// A commit that is under way. It is polled here, and not by a task of its own, so that it reaches SQLite's
/// thread before the requests that were started with it are written.
type Commit = Pin<Box<dyn Future<Output = Landed> + Send>>;

type Landed = (Writer, Result<Committed, LedgerError>);

/// The state of a run.
pub(super) struct Dispatcher<'r> {
    pub(super) tools: &'r Tools,
    pub(super) options: &'r IssueOptions,
    pub(super) pace: &'r mut Pace,
    pub(super) campaign: i64,
    run: Uuid,
    writer: Option<Writer>,
    committing: Option<Commit>,
    inbox: mpsc::Receiver<Reported>,
    pub(super) reports: mpsc::Sender<Reported>,
    /// Gifts of which this run has settled a doubt: they were not there. A no that follows is a doubt as well.
    pub(super) doubted: HashSet<i64>,
    /// Intents that are durable and not yet sent.
    pub(super) ready: VecDeque<Claimed>,
    /// Reads that others wait for.
    pub(super) urgent: VecDeque<Request>,
    /// Wallets with a gift in flight.
    pub(super) busy: Busy,
    pub(super) pending: Vec<Pending>,
    pub(super) looks: Vec<DoneLook>,
    pub(super) book: DoubtBook,
    pub(super) skew: Skew,
    pub(super) evidence: Evidence,
    pub(super) sighting: Sighting,
    pub(super) supply: Supply,
    pub(super) quota: Quota,
    pub(super) clocks: ClockCheck,
    /// When the day ends whose sums count, where it has not yet.
    pub(super) day_ends_at: Option<DateTime<Utc>>,
    pub(super) streak: Streak,
    pub(super) answers: Answers,
    pub(super) progress: Progress,
    pub(super) stop: Option<Stop>,
    /// The last request was a look: the next turn is a gift's, where both wait.
    pub(super) looked_last: bool,
    /// Requests since the last group was begun.
    pub(super) sent_since_commit: usize,
    /// When the last request was sent.
    pub(super) sent_at: Option<DateTime<Utc>>,
    /// The last read brought no list: while the server is down, a gift knocks next.
    pub(super) read_failed_last: bool,
    /// Wallets of the last gifts that were sent: their lists serve as probes, in turn.
    pub(super) knock_at: VecDeque<WalletId>,
    wake_at: Option<DateTime<Utc>>,
}

impl<'r> Dispatcher<'r> {
    pub(super) fn new(
        run: Uuid,
        writer: Writer,
        pace: &'r mut Pace,
        tools: &'r Tools,
        campaign: &Campaign,
        options: &'r IssueOptions,
        (start, clocks): (Start, ClockCheck),
    ) -> Dispatcher<'r> {
        // Every request that can be in flight has room for its report.
        let (reports, inbox) = mpsc::channel(pace.concurrency.ceiling() + 1);
        let now = tools.clock.now();
        let mut book = DoubtBook::new(options.policy.window);
        for doubt in start.doubts {
            book.add(doubt, now);
        }
        let mut progress = *tools.progress.borrow();
        for held in start.held.iter().filter(|held| held.campaign == campaign.id) {
            progress.moved(held.from, held.to, held.amount);
        }
        Dispatcher {
            tools,
            options,
            pace,
            campaign: campaign.id,
            run,
            writer: Some(writer),
            committing: None,
            inbox,
            reports,
            doubted: HashSet::new(),
            ready: VecDeque::new(),
            urgent: VecDeque::new(),
            busy: Busy::default(),
            pending: Vec::new(),
            looks: Vec::new(),
            book,
            skew: Skew::default(),
            evidence: Evidence::of(start.lists, options.policy.window),
            sighting: Sighting::of(start.given),
            supply: options.sending.supply(),
            quota: Quota::of(options.limit, options.names_gifts),
            clocks,
            day_ends_at: options.day_ends_at,
            streak: Streak::default(),
            progress,
            stop: None,
            looked_last: false,
            sent_since_commit: 0,
            sent_at: None,
            read_failed_last: false,
            answers: Answers::default(),
            knock_at: VecDeque::new(),
            wake_at: None,
        }
    }

    /// Runs to the end; says why, where it ended early.
    pub(super) async fn run(&mut self) -> Result<Option<Stop>, LedgerError> {
        loop {
            let now = self.tools.clock.now();
            self.wake_at = None;
            self.supply.tick(now);
            if self.quota.is_over() {
                self.supply = Supply::Closed;
            }
            let ends_at = self.check_time(now);
            self.start_requests(now);
            self.start_commit(now);
            self.tell(now);
            if self.tools.interrupt.abandon.is_cancelled() {
                return self.abandon().await;
            }
            if self.is_finished() {
                return Ok(self.ending());
            }
            self.wake(ends_at);
            self.wait(now).await?;
        }
    }

    /// The writer, after the run, and what it began.
    pub(super) fn into_parts(self) -> (Writer, Quota) {
        let writer = self.writer.expect("a run that ended has no commit under way");
        (writer, self.quota)
    }

    fn start_commit(&mut self, now: DateTime<Utc>) {
        let claim = self.claim_size();
        let has_news = self.evidence.has_news();
        if self.pending.is_empty() && self.looks.is_empty() && !has_news {
            if claim == 0 {
                return;
            }
            if let Some(until) = self.claim_can_wait(now) {
                self.wake(Some(until));
                return;
            }
        }
        let Some(writer) = self.writer.take() else {
            return;
        };
        let facts = Facts {
            run: self.run,
            campaign: self.campaign,
            policy: self.options.policy,
            skew: self.skew,
            lists: self.evidence.lists,
            now,
            latest: self.latest(now),
        };
        self.sent_since_commit = 0;
        let outcomes = std::mem::take(&mut self.pending);
        let looks = std::mem::take(&mut self.looks);
        let news = self.evidence.take_news();
        let only = self.quota.only();
        let group = Group { facts, outcomes, looks, claim, only, news };
        self.committing = Some(Box::pin(group::commit(writer, group)));
    }

    /// Waits for no reply; what is known by now is written.
    async fn abandon(&mut self) -> Result<Option<Stop>, LedgerError> {
        self.stop(Ended::Interrupted);
        self.finish_commit().await?;
        self.start_commit(self.tools.clock.now());
        self.finish_commit().await?;
        Ok(self.stop.clone())
    }

    async fn finish_commit(&mut self) -> Result<(), LedgerError> {
        if let Some(commit) = self.committing.take() {
            self.commit_ended(commit.await)?;
        }
        Ok(())
    }

    fn commit_ended(&mut self, (writer, result): Landed) -> Result<(), LedgerError> {
        self.writer = Some(writer);
        self.committed(result?);
        Ok(())
    }

    fn is_finished(&self) -> bool {
        let is_quiet = self.committing.is_none()
            && self.pending.is_empty()
            && self.looks.is_empty()
            && !self.evidence.has_news()
            && self.ready.is_empty()
            && self.urgent.is_empty()
            && self.pace.in_flight() == 0;
        // Full of doubts with no look left: nothing can be sent any more in this run.
        let is_over = self.supply.is_over() || self.is_full_of_doubts();
        // What is quiet and waits for no moment would wait for what cannot come.
        let is_idle = self.wake_at.is_none();
        is_quiet && (self.stop.is_some() || is_idle || (is_over && !self.book.has_looks_left()))
    }

    pub(super) fn wake(&mut self, at: Option<DateTime<Utc>>) {
        self.wake_at = match (self.wake_at, at) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
    }

    fn tell(&mut self, now: DateTime<Utc>) {
        self.progress.in_flight = self.pace.in_flight() as u64;
        let waits_until = self.pace.held_until(now);
        self.progress.pulse = Pulse { is_down: self.is_down(), waits_until };
        self.tools.progress.send_if_modified(|shown| {
            let is_new = *shown != self.progress;
            *shown = self.progress;
            is_new
        });
    }

    /// Waits for whatever comes first.
    async fn wait(&mut self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        let wait = self.wake_at.map(|at| (at - now).to_std().unwrap_or_default().min(LONGEST_NAP));
        let interrupt = &self.tools.interrupt;
        let is_stopping = self.stop.is_some();
        let clock = &self.tools.clock;
        // In a fixed order, so that a run can be replayed: the rare before the frequent.
        tokio::select! {
            biased;
            () = interrupt.abandon.cancelled() => {}
            () = interrupt.withhold.cancelled(), if !is_stopping => self.stop(Ended::Withheld),
            () = interrupt.drain.cancelled(), if !is_stopping => self.stop(Ended::Interrupted),
            ended = async { self.committing.as_mut().expect("guarded").await },
                if self.committing.is_some() =>
            {
                self.committing = None;
                self.commit_ended(ended)?;
            }
            Some(reported) = self.inbox.recv() => {
                self.reported(reported);
                while let Ok(reported) = self.inbox.try_recv() {
                    self.reported(reported);
                }
            }
            () = async { clock.sleep(wait.expect("guarded")).await }, if wait.is_some() => {}
        }
        Ok(())
    }
}
