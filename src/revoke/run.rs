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
use super::{Reach, Revocation, RevokeOptions, RevokeProgress, RevokeStop};
use crate::crash::{self, Step};
use crate::domain::{GiftId, GiftState, WalletId};
use crate::ledger::{Campaign, KnownGift, Ledger, LedgerError, Milestone, Outcome, Writer};
use crate::pace::{Pace, Permit};

/// Gifts that are read from the ledger at once.
const PAGE: usize = 256;

/// An outage keeps it no longer than this: it can be run again at any time.
const LONGEST_SILENCE: TimeDelta = TimeDelta::minutes(1);

/// A wallet with gifts that are to be deleted.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) wallet: WalletId,
    /// What is not settled yet.
    pub(super) targets: Vec<Target>,
    /// What is to be deleted next; then the list is read again.
    pub(super) deletes: VecDeque<GiftId>,
    /// Gifts whose intents this run wrote.
    pub(super) begun: Vec<GiftId>,
    pub(super) failures: u32,
    pub(super) looks: u32,
}

pub(super) struct Loop<'r> {
    ledger: &'r Ledger,
    pub(super) pace: &'r mut Pace,
    pub(super) options: &'r RevokeOptions,
    campaign: i64,
    /// What is still to be read of the campaign.
    stretches: VecDeque<Stretch>,
    pub(super) ready: VecDeque<Job>,
    pub(super) waiting: BTreeMap<(DateTime<Utc>, WalletId), Job>,
    /// Wallets whose intents wait for the next commit.
    pub(super) beginning: Vec<Job>,
    pub(super) pending: Vec<Outcome>,
    pub(super) done: Revocation,
    pub(super) progress: RevokeProgress,
}

/// Gifts of a campaign in one state: after the first row, up to the second.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    state: GiftState,
    rows: (i64, i64),
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
    let progress = RevokeProgress { gifts, ..RevokeProgress::default() };
    let mut revoking = Loop {
        ledger,
        pace,
        options,
        campaign: campaign.id,
        stretches: stretches(ledger, campaign.id, options.reach).await?,
        ready: VecDeque::new(),
        waiting: BTreeMap::new(),
        beginning: Vec::new(),
        pending: Vec::new(),
        done: Revocation::default(),
        progress,
    };
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

/// What an earlier run began comes first. Then gifts behind the last that was taken back, and those before it:
/// they were looked at already, and left.
async fn stretches(
    ledger: &Ledger,
    campaign: i64,
    reach: Reach,
) -> Result<VecDeque<Stretch>, LedgerError> {
    let begun = Stretch { state: GiftState::Revoking, rows: (0, i64::MAX) };
    if reach == Reach::Begun {
        return Ok(VecDeque::from([begun]));
    }
    let last = ledger.last_revoked(campaign).await?;
    let given = |rows| Stretch { state: GiftState::Issued, rows };
    Ok(VecDeque::from([begun, given((last, i64::MAX)), given((0, last))]))
}

impl Loop<'_> {
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
            let is_over = self.stretches.is_empty()
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

    async fn read_page(&mut self) -> Result<(), LedgerError> {
        while self.ready.len() < PAGE
            && let Some(stretch) = self.stretches.front_mut()
        {
            let Stretch { state, rows } = *stretch;
            let gifts = self.ledger.given_page(self.campaign, state, rows, PAGE).await?;
            match gifts.last().filter(|_| gifts.len() == PAGE) {
                Some(last) => stretch.rows.0 = last.row,
                None => drop(self.stretches.pop_front()),
            }
            self.make_ready(gifts);
        }
        Ok(())
    }

    /// A page's gifts, by wallets.
    fn make_ready(&mut self, gifts: Vec<KnownGift>) {
        let mut wallets: BTreeMap<WalletId, Vec<Target>> = BTreeMap::new();
        for gift in gifts {
            wallets.entry(gift.content.wallet).or_default().extend(Target::of(gift));
        }
        self.ready.extend(wallets.into_iter().map(|(wallet, targets)| Job {
            wallet,
            targets,
            deletes: VecDeque::new(),
            begun: Vec::new(),
            failures: 0,
            looks: 0,
        }));
    }

    /// Makes what is known durable; what was begun may then be deleted.
    async fn commit(&mut self, writer: &mut Writer, run: Uuid) -> Result<(), LedgerError> {
        if !self.pending.is_empty() {
            let mut batch = writer.begin().await?;
            batch.record(Some(run), &std::mem::take(&mut self.pending)).await?;
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
    pub(super) fn target(&mut self, id: GiftId) -> &mut Target {
        let found = self.targets.iter_mut().find(|target| target.id == id);
        found.expect("what is deleted is one of its gifts")
    }
}
