//! The loop: wallets by wallets, a list, intents, deletes, and a list again.
//!
//! A wallet has one request on its way at most: first its list, then its gifts one after another, then its
//! list again. Wallets go side by side, and what is begun goes before what is not: a run that is killed soon
//! has taken something back all the same, and the next one goes on behind it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::job::Job;
use super::request::{Reply, Request};
use super::source::Source;
use super::{Reach, Revocation, RevokeOptions, RevokeProgress};
use crate::crash::{self, Step};
use crate::drive::{Asking, Ended, Pulse, Queue, Times, Worker, drive};
use crate::ledger::{
    Campaign, Ledger, LedgerError, Lists, Milestone, Outcome, SurplusDeed, Writer,
};
use crate::pace::Pace;
use crate::settle::{Look, Skew};

pub(super) struct Revoking<'r> {
    pub(super) ledger: &'r Ledger,
    pub(super) writer: &'r mut Writer,
    run: Uuid,
    pub(super) options: &'r RevokeOptions,
    pub(super) campaign: i64,
    /// What is still to be read of the campaign.
    pub(super) source: Source,
    /// What is known of the provider's lists.
    pub(super) lists: Lists,
    pub(super) began_at: DateTime<Utc>,
    /// Whether nothing is begun and nothing is deleted.
    pub(super) only_looks: bool,
    /// The campaign's first attempt, by our clock.
    pub(super) first_attempt: Option<DateTime<Utc>>,
    pub(super) skew: Skew,
    pub(super) queue: Queue<Job>,
    /// Lists whose entries are to be looked up, and when they were heard.
    pub(super) unplaced: Vec<(Job, Look, DateTime<Utc>)>,
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
    batch.begin_run(run, campaign.id, "revoke", options.rules.clock.now()).await?;
    batch.note_run(run, &options.note).await?;
    crash::before(Step::Beginning);
    batch.commit().await?;
    crash::after(Step::Beginning);
    crash::before(Step::Naming);
    if !matches!(options.reach, Reach::Surplus(_)) {
        let began_at = options.rules.clock.now();
        writer.note_revoke(ledger.path(), (&campaign.name, run), began_at).await?;
    }
    writer.name_run(ledger.path(), run, Milestone::Begun).await?;
    crash::after(Step::Naming);
    let mut revoking = Revoking::of(ledger, (&mut writer, run), campaign.id, options).await?;
    revoking.progress.gifts = gifts;
    let done = revoking.drive(pace).await?;
    let outcome = done.ended.as_ref().map_or("finished", Ended::word);
    let mut batch = writer.begin().await?;
    let reason = done.ended.as_ref().and_then(Ended::reason);
    batch.end_run(run, outcome, reason, options.rules.clock.now()).await?;
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
    // Nothing is written under this id.
    let no_run = Uuid::nil();
    let mut looking = Revoking::of(ledger, (&mut writer, no_run), campaign.id, options).await?;
    looking.only_looks = true;
    let done = looking.drive(pace).await?;
    Ok((writer, done))
}

impl<'r> Revoking<'r> {
    async fn of(
        ledger: &'r Ledger,
        (writer, run): (&'r mut Writer, Uuid),
        campaign: i64,
        options: &'r RevokeOptions,
    ) -> Result<Revoking<'r>, LedgerError> {
        let source = Source::of(ledger, campaign, &options.reach).await?;
        Ok(Revoking {
            ledger,
            writer,
            run,
            options,
            campaign,
            source,
            lists: ledger.provider().await?.map(|known| known.lists).unwrap_or_default(),
            began_at: options.rules.clock.now(),
            only_looks: false,
            first_attempt: ledger.first_sent(campaign).await?,
            skew: Skew::default(),
            queue: Queue::default(),
            unplaced: Vec::new(),
            beginning: Vec::new(),
            pending: Vec::new(),
            deeds: Vec::new(),
            done: Revocation::default(),
            progress: *options.progress.borrow(),
        })
    }

    async fn drive(mut self, pace: &mut Pace) -> Result<Revocation, LedgerError> {
        let rules = self.options.rules.briefly();
        self.done.ended = drive(&mut self, pace, &rules).await?;
        self.give_back(self.options.rules.clock.now());
        self.commit().await?;
        Ok(self.done)
    }

    /// Makes what is known durable; what was begun may then be deleted.
    async fn commit(&mut self) -> Result<(), LedgerError> {
        if !self.pending.is_empty() || !self.deeds.is_empty() {
            let mut batch = self.writer.begin().await?;
            batch.record(Some(self.run), &std::mem::take(&mut self.pending)).await?;
            batch.record_surplus(self.run, &std::mem::take(&mut self.deeds)).await?;
            crash::before(Step::Revoking);
            batch.commit().await?;
            crash::after(Step::Revoking);
        }
        for job in self.beginning.drain(..) {
            self.queue.push_first(job);
        }
        Ok(())
    }
}

impl Worker for Revoking<'_> {
    type Job = Job;
    type Reply = Reply;
    type Error = LedgerError;

    fn queue(&mut self) -> &mut Queue<Job> {
        &mut self.queue
    }

    fn has_more(&self) -> bool {
        !self.source.is_empty() || !self.unplaced.is_empty() || !self.beginning.is_empty()
    }

    async fn turn(
        &mut self,
        _now: DateTime<Utc>,
        is_ending: bool,
    ) -> Result<Option<DateTime<Utc>>, LedgerError> {
        if !is_ending {
            self.read_page().await?;
        }
        self.place().await?;
        self.commit().await?;
        Ok(None)
    }

    fn ask(&mut self, job: &mut Job) -> Asking<Reply> {
        job.request = match (job.deletes.pop_front(), job.asks.front(), &job.look) {
            (Some(id), ..) => Request::Delete(id),
            (None, Some(id), _) => Request::One(*id),
            (None, None, Some(_)) => Request::Balance,
            (None, None, None) => Request::List,
        };
        if let Request::Delete(id) = job.request {
            job.target(id).deletes += 1;
        }
        job.request.ask(job, self.options.client.clone())
    }

    fn lost(&self, job: &Job, why: String) -> Reply {
        job.request.lost(why)
    }

    fn is_read(&self, job: &Job) -> bool {
        !matches!(job.request, Request::Delete(_))
    }

    fn unsent(&mut self, job: &mut Job) {
        if let Request::Delete(id) = job.request {
            job.target(id).deletes -= 1;
            job.deletes.push_front(id);
        }
    }

    fn heard(&mut self, job: Job, reply: Reply, times: Times) {
        self.skew.saw_ms(times.skew_ms);
        match (reply, job.request) {
            (Reply::List(reading), request) => match (reading.into_credits(), request) {
                (Some(credits), Request::One(id)) => self.told(job, id, credits, times.ended_at),
                (Some(credits), _) => {
                    let look = Look::new(times.sent_at, times.as_of, credits);
                    self.listed(job, look, times.ended_at);
                }
                (None, _) => self.unread(job),
            },
            (Reply::Balances(reading), _) => {
                self.weighed(job, &reading, (times.as_of, times.ended_at));
            }
            (Reply::Delete(removal), Request::Delete(id)) => {
                self.deleted(job, id, removal, times.ended_at);
            }
            (Reply::Delete(_), _) => unreachable!("a read deletes nothing"),
        }
    }

    fn unread(&mut self, job: Job) {
        self.left_unread(job);
    }

    fn tell(&mut self, pulse: Pulse) {
        self.progress.pulse = pulse;
        self.options.progress.send_replace(self.progress);
    }
}
