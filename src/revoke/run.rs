//! The loop: wallets by wallets, a list, intents, deletes, and a list again.
//!
//! A wallet has one request on its way at most: first its list, then its gifts one after another, then its
//! list again. Wallets go side by side, and what is begun goes before what is not: a run that is killed soon
//! has taken something back all the same, and the next one goes on behind it.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::decide::Target;
use super::request::{self, Reported, Request};
use super::source::Source;
use super::{Revocation, RevokeOptions, RevokeProgress, RevokeStop};
use crate::crash::{self, Step};
use crate::domain::{GiftId, WalletId};
use crate::ledger::{
    Campaign, KnownGift, Ledger, LedgerError, Milestone, Outcome, SurplusDeed, Writer,
};
use crate::pace::{Pace, Permit};
use crate::settle::Skew;

/// An outage keeps it no longer than this: it can be run again at any time.
const LONGEST_SILENCE: TimeDelta = TimeDelta::minutes(1);

/// A wallet with gifts that are to be deleted.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) wallet: WalletId,
    /// What is not settled yet.
    pub(super) targets: Vec<Target>,
    /// All that the ledger has of the wallet, where that tells what is too many.
    pub(super) known: Vec<KnownGift>,
    /// What is to be deleted next; then the list is read again.
    pub(super) deletes: VecDeque<GiftId>,
    /// Gifts whose intents this run wrote.
    pub(super) begun: Vec<GiftId>,
    pub(super) failures: u32,
    pub(super) looks: u32,
}

pub(super) struct Loop<'r> {
    pub(super) ledger: &'r Ledger,
    pub(super) pace: &'r mut Pace,
    pub(super) options: &'r RevokeOptions,
    pub(super) campaign: i64,
    /// What is still to be read of the campaign.
    pub(super) source: Source,
    /// Whether nothing is begun and nothing is deleted.
    pub(super) only_looks: bool,
    /// The campaign's first attempt, by our clock.
    pub(super) first_attempt: Option<DateTime<Utc>>,
    pub(super) skew: Skew,
    pub(super) ready: VecDeque<Job>,
    pub(super) waiting: BTreeMap<(DateTime<Utc>, WalletId), Job>,
    /// Wallets whose intents wait for the next commit.
    pub(super) beginning: Vec<Job>,
    pub(super) pending: Vec<Outcome>,
    /// The same of gifts too many.
    pub(super) deeds: Vec<SurplusDeed>,
    pub(super) done: Revocation,
    pub(super) progress: RevokeProgress,
}

/// Deletes what is unspent of the gifts of a campaign, `gifts` at most.
///
/// Comes back with the writer; fails only where the ledger does, and then nothing more was sent.
pub async fn run_revoke(
    ledger: &Ledger,
    mut writer: Writer,
    pace: &mut Pace,
    campaign: &Campaign,
    gifts: u64,
    options: &RevokeOptions,
) -> Result<(Writer, Revocation), LedgerError> {
    let run = Uuid::now_v7();
    let mut batch = writer.begin().await?;
    batch.check_provider(&options.client.base().to_string()).await?;
    if batch.forgot_since(campaign.id).await?.is_some() {
        return Err(LedgerError::Restored);
    }
    batch.begin_run(run, campaign.id, "revoke", options.clock.now()).await?;
    batch.note_run(run, &options.note).await?;
    crash::before(Step::Beginning);
    batch.commit().await?;
    crash::after(Step::Beginning);
    crash::before(Step::Naming);
    writer.name_run(ledger.path(), run, Milestone::Begun).await?;
    crash::after(Step::Naming);
    let mut revoking = Loop::of(ledger, pace, campaign.id, options).await?;
    revoking.progress.gifts = gifts;
    revoking.run(&mut writer, run).await?;
    let done = revoking.done;
    let outcome = done.stop.as_ref().map_or("finished", RevokeStop::word);
    let mut batch = writer.begin().await?;
    batch.end_run(run, outcome, options.clock.now()).await?;
    crash::before(Step::Ending);
    batch.commit().await?;
    crash::after(Step::Ending);
    writer.name_run(ledger.path(), run, Milestone::Ended).await?;
    Ok((writer, done))
}

/// Looks at what is too many and deletes nothing: says what may be taken back, and what is to be left.
pub async fn look_for_surplus(
    ledger: &Ledger,
    mut writer: Writer,
    pace: &mut Pace,
    campaign: &Campaign,
    options: &RevokeOptions,
) -> Result<(Writer, Revocation), LedgerError> {
    let mut batch = writer.begin().await?;
    batch.check_provider(&options.client.base().to_string()).await?;
    batch.rollback().await?;
    let mut looking = Loop::of(ledger, pace, campaign.id, options).await?;
    looking.only_looks = true;
    // Nothing is written under this id.
    looking.run(&mut writer, Uuid::nil()).await?;
    Ok((writer, looking.done))
}

impl<'r> Loop<'r> {
    async fn of(
        ledger: &'r Ledger,
        pace: &'r mut Pace,
        campaign: i64,
        options: &'r RevokeOptions,
    ) -> Result<Loop<'r>, LedgerError> {
        let source = Source::of(ledger, campaign, &options.reach).await?;
        Ok(Loop {
            ledger,
            pace,
            options,
            campaign,
            source,
            only_looks: false,
            first_attempt: ledger.first_sent(campaign).await?,
            skew: Skew::default(),
            ready: VecDeque::new(),
            waiting: BTreeMap::new(),
            beginning: Vec::new(),
            pending: Vec::new(),
            deeds: Vec::new(),
            done: Revocation::default(),
            progress: *options.progress.borrow(),
        })
    }

    async fn run(&mut self, writer: &mut Writer, run: Uuid) -> Result<(), LedgerError> {
        let (reports, mut inbox) = mpsc::channel(self.pace.concurrency.ceiling() + 1);
        loop {
            self.read_page().await?;
            self.commit(writer, run).await?;
            let now = self.options.clock.now();
            let wake_at = self.start_requests(now, &reports);
            self.options.progress.send_replace(self.progress);
            let is_idle =
                self.pace.in_flight() == 0 || self.options.interrupt.abandon.is_cancelled();
            let is_over = self.source.is_empty()
                && self.ready.is_empty()
                && self.waiting.is_empty()
                && self.beginning.is_empty();
            if is_idle && (is_over || self.done.stop.is_some()) {
                self.give_back(now);
                return self.commit(writer, run).await;
            }
            self.wait(now, wake_at, &mut inbox).await;
        }
    }

    /// Makes what is known durable; what was begun may then be deleted.
    async fn commit(&mut self, writer: &mut Writer, run: Uuid) -> Result<(), LedgerError> {
        if !self.pending.is_empty() || !self.deeds.is_empty() {
            let mut batch = writer.begin().await?;
            batch.record(Some(run), &std::mem::take(&mut self.pending)).await?;
            batch.record_surplus(run, &std::mem::take(&mut self.deeds)).await?;
            crash::before(Step::Revoking);
            batch.commit().await?;
            crash::after(Step::Revoking);
        }
        for job in self.beginning.drain(..) {
            self.ready.push_front(job);
        }
        Ok(())
    }

    /// Starts requests for as long as there are turns; says when to come back.
    fn start_requests(
        &mut self,
        now: DateTime<Utc>,
        reports: &mpsc::Sender<Reported>,
    ) -> Option<DateTime<Utc>> {
        let silence = self.options.give_up_after.min(LONGEST_SILENCE);
        if self.pace.breaker.silent_for(now).is_some_and(|silent_for| silent_for >= silence) {
            self.done.stop.get_or_insert(RevokeStop::GaveUp);
        }
        while self.done.stop.is_none() {
            let next_at = self.waiting.first_key_value().map(|((at, _), _)| *at);
            if next_at.is_some_and(|at| at <= now) {
                self.ready.extend(self.waiting.pop_first().map(|(_, job)| job));
            }
            if self.ready.is_empty() {
                return next_at;
            }
            match self.pace.permit(now) {
                Permit::Now => {
                    let mut job = self.ready.pop_front().expect("one is there");
                    let request = job.deletes.pop_front().map_or(Request::List, Request::Delete);
                    if let Request::Delete(id) = request {
                        job.target(id).deletes += 1;
                    }
                    request::spawn(job, request, self.options.client.clone(), reports.clone());
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
                self.done.stop.get_or_insert(RevokeStop::Interrupted);
            }
            () = options.interrupt.drain.cancelled(), if self.done.stop.is_none() => {
                self.done.stop = Some(RevokeStop::Interrupted);
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
}

impl Job {
    pub(super) fn of(wallet: WalletId, targets: Vec<Target>) -> Job {
        Job {
            wallet,
            targets,
            known: Vec::new(),
            deletes: VecDeque::new(),
            begun: Vec::new(),
            failures: 0,
            looks: 0,
        }
    }

    pub(super) fn target(&mut self, id: GiftId) -> &mut Target {
        let found = self.targets.iter_mut().find(|target| target.id == id);
        found.expect("what is deleted is one of its gifts")
    }
}
