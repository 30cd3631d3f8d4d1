//! The loop: a turn, a task for each request, and a wait for whatever comes first.

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use super::answers::Answers;
use super::ended::Ended;
use super::queue::Entry;
use super::sign::{Shows as _, Sign};
use super::task::{DIED, Times, caught};
use super::{Pulse, Rules, Worker};
use crate::clock::LONGEST_NAP;
use crate::pace::{Pace, Permit};
use crate::provider::Obstacle;

/// What came back; no reply where the task has died.
struct Reported<J, R> {
    entry: Entry<J>,
    reply: Option<(R, Times)>,
    begun_at: DateTime<Utc>,
}

/// What becomes of a job.
enum Fate {
    /// The worker hears of it.
    Heard,
    /// It goes again as soon as it may: nothing was done, or asked.
    Again,
    /// It is tried again a little later, and not for ever.
    Failed,
}

struct Drive<'r, W: Worker> {
    worker: &'r mut W,
    pace: &'r mut Pace,
    rules: &'r Rules,
    answers: Answers,
    ended: Option<Ended>,
    reports: mpsc::Sender<Reported<W::Job, W::Reply>>,
    inbox: mpsc::Receiver<Reported<W::Job, W::Reply>>,
}

/// Asks all that a worker wants to know. Says why, where it ended early; fails only where the worker does, and then
/// nothing more was asked.
pub async fn drive<W: Worker>(
    worker: &mut W,
    pace: &mut Pace,
    rules: &Rules,
) -> Result<Option<Ended>, W::Error> {
    // Every request that can be in flight has room for its report.
    let (reports, inbox) = mpsc::channel(pace.concurrency.ceiling() + 1);
    let (answers, ended) = (Answers::default(), None);
    let mut drive = Drive { worker, pace, rules, answers, ended, reports, inbox };
    drive.run().await?;
    Ok(drive.ended)
}

impl<W: Worker> Drive<'_, W> {
    async fn run(&mut self) -> Result<(), W::Error> {
        loop {
            let is_ending = self.ended.is_some();
            let turn_by = self.worker.turn(self.rules.clock.now(), is_ending).await?;
            let now = self.rules.clock.now();
            let wake_at = self.start(now).into_iter().chain(turn_by).min();
            let is_down = self.pace.breaker.next_probe_at().is_some();
            self.worker.tell(Pulse { is_down, waits_until: self.pace.held_until(now) });
            let is_over = !self.worker.has_more() && self.worker.queue().is_empty();
            let is_idle = self.pace.in_flight() == 0 || self.rules.interrupt.abandon.is_cancelled();
            if is_idle && (is_over || self.ended.is_some()) {
                return Ok(());
            }
            self.wait(now, wake_at).await?;
        }
    }

    /// Starts requests for as long as there are turns; says when to come back.
    fn start(&mut self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let Rules { patience, deadline, .. } = *self.rules;
        let silence = self.answers.silence(now, self.pace.held_until(now), patience);
        let late = deadline.filter(|at| *at <= now).map(|at| Ended::Deadline { at });
        let jumped = self.rules.clock.jumped().map(|by| Ended::ClockJumped { by });
        self.ended = self.ended.take().or(jumped).or(late).or(silence);
        if self.ended.is_some() {
            return None;
        }
        let silent_at = self.answers.silent_at(patience);
        self.start_in_time(now).into_iter().chain(deadline).chain(silent_at).min()
    }

    fn start_in_time(&mut self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let early = self.worker.opens_at().filter(|at| *at > now);
        if early.is_some() {
            return early;
        }
        while self.worker.queue().is_due(now) {
            match self.pace.permit(now) {
                Permit::Now => self.ask(now),
                Permit::At(at) => return Some(at),
                Permit::Later => return None,
            }
        }
        self.worker.queue().next_at()
    }

    fn ask(&mut self, begun_at: DateTime<Utc>) {
        let mut entry = self.worker.queue().take(begun_at).expect("one is due");
        let (asking, reports) = (self.worker.ask(&mut entry.job), self.reports.clone());
        tokio::spawn(async move {
            let reply = caught(asking).await;
            // Nobody listens any more only where the process is about to end.
            let _ = reports.send(Reported { entry, reply, begun_at }).await;
        });
    }

    /// Waits for whatever comes first, in a fixed order, so that it can be replayed: the rare before the frequent.
    async fn wait(
        &mut self,
        now: DateTime<Utc>,
        wake_at: Option<DateTime<Utc>>,
    ) -> Result<(), W::Error> {
        let wait = wake_at.map(|at| (at - now).to_std().unwrap_or_default().min(LONGEST_NAP));
        let Rules { clock, interrupt, .. } = self.rules;
        tokio::select! {
            biased;
            () = interrupt.abandon.cancelled() => {
                self.ended.get_or_insert(Ended::Interrupted);
            }
            () = interrupt.drain.cancelled(), if self.ended.is_none() => {
                self.ended = Some(Ended::Interrupted);
            }
            done = self.worker.beside() => done?,
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

    fn reported(&mut self, reported: Reported<W::Job, W::Reply>) {
        let Reported { mut entry, reply, begun_at } = reported;
        let (reply, times) = reply.unwrap_or_else(|| {
            let reply = self.worker.lost(&entry.job, DIED.to_owned());
            (reply, Times::between(begun_at, self.rules.clock.now()))
        });
        let sign = reply.sign();
        self.pace.ended(sign.health(), times.sent_at, times.ended_at);
        self.pace.owes(times.requests.saturating_sub(1));
        if let Some(ended) = self.answers.saw(sign, times.ended_at) {
            self.ended.get_or_insert(ended);
        }
        match self.fate(sign, &entry.job) {
            Fate::Heard => self.worker.heard(entry.job, reply, times),
            Fate::Again => {
                self.worker.unsent(&mut entry.job);
                self.worker.queue().again(entry);
            }
            Fate::Failed => {
                tracing::debug!(why = sign.words(), "a read failed");
                if let Some(job) = self.worker.queue().failed(entry, times.ended_at) {
                    self.worker.unread(job);
                }
            }
        }
    }

    fn fate(&self, sign: Sign<'_>, job: &W::Job) -> Fate {
        match sign {
            Sign::Useful => Fate::Heard,
            Sign::Obstacle(
                Obstacle::Throttled { .. }
                | Obstacle::CredentialsRejected { .. }
                | Obstacle::NeverSent { .. },
            ) => Fate::Again,
            Sign::Obstacle(Obstacle::Forbidden(_)) | Sign::Trouble(..) => {
                if self.worker.is_read(job) { Fate::Failed } else { Fate::Heard }
            }
        }
    }
}
