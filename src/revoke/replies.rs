//! What the loop makes of what comes back: a list says what is deleted, what is gone, and what stays.

use chrono::{DateTime, TimeDelta, Utc};

use super::decide::{Answer, Kind, Left, Next, Target};
use super::job::Job;
use super::run::Revoking;
use super::surplus::{Judged, Proof, Proposal};
use super::{LeftGift, Reach};
use crate::domain::{Event, GiftId};
use crate::ledger::{LedgerError, Outcome, SurplusDeed, SurplusStep};
use crate::provider::{Balances, Credit, Obstacle, Reading, Removal};
use crate::settle::{Look, look_gap};

/// Looks at a wallet whose list proves nothing.
const MOST_LOOKS: u32 = 6;

/// Gifts that are named where they are left.
const NAMED: usize = 20;

impl Revoking<'_> {
    /// The list of a wallet could not be read.
    pub(super) fn left_unread(&mut self, mut job: Job) {
        tracing::warn!(wallet = %job.wallet, "its gift list could not be read");
        for target in std::mem::take(&mut job.targets) {
            self.done.unread += 1;
            self.leave(&target, Left::Unread);
        }
    }

    /// A list was read: what it lacks and may have been deleted is asked for by its id.
    pub(super) fn listed(&mut self, mut job: Job, look: Look, now: DateTime<Utc>) {
        let lacks = job.targets.iter().filter(|target| target.needs_proof(&look.credits));
        job.asks = lacks.map(|target| target.id).collect();
        job.told.clear();
        job.look = Some(look);
        self.weigh_or_judge(job, now);
    }

    /// The provider was asked for a gift that a list lacks.
    pub(super) fn told(
        &mut self,
        mut job: Job,
        id: GiftId,
        credits: Vec<Credit>,
        now: DateTime<Utc>,
    ) {
        job.asks.pop_front();
        job.told.insert(id, credits.into_iter().next());
        self.weigh_or_judge(job, now);
    }

    /// The wallet's balance was asked for, to vouch for its list.
    pub(super) fn weighed(
        &mut self,
        mut job: Job,
        reading: &Reading<Balances>,
        (as_of, now): (DateTime<Utc>, DateTime<Utc>),
    ) {
        let Some(mut look) = job.look.take() else {
            unreachable!("a balance is asked for after a list");
        };
        look.weigh(reading, as_of);
        self.place_or_judge(job, look, now);
    }

    /// Where the list tells what is too many, entries that the wallet does not know are looked up first.
    fn place_or_judge(&mut self, job: Job, look: Look, now: DateTime<Utc>) {
        let is_audited = matches!(self.options.reach, Reach::Surplus(_));
        match is_audited && look.strangers(&job.known).next().is_some() {
            true => self.unplaced.push((job, look, now)),
            false => self.judge(job, &look, now),
        }
    }

    /// Looks up which entries are gifts of ours in other wallets, and reads their lists on.
    pub(super) async fn place(&mut self) -> Result<(), LedgerError> {
        if self.unplaced.is_empty() {
            return Ok(());
        }
        let mut placed = std::mem::take(&mut self.unplaced);
        let mut batch = self.writer.begin().await?;
        for (job, look, _) in &mut placed {
            look.elsewhere = batch.claimed_ids(look.strangers(&job.known)).await?;
        }
        batch.rollback().await?;
        for (job, look, heard_at) in placed {
            self.judge(job, &look, heard_at);
        }
        Ok(())
    }

    fn weigh_or_judge(&mut self, mut job: Job, now: DateTime<Utc>) {
        let is_absent = job.told.values().any(Option::is_none);
        if !job.asks.is_empty() || is_absent {
            self.queue.push_first(job);
        } else if let Some(look) = job.look.take() {
            self.place_or_judge(job, look, now);
        }
    }

    /// Does what a list asks for.
    fn judge(&mut self, mut job: Job, look: &Look, now: DateTime<Utc>) {
        let window = self.options.window;
        let mut look_by: Option<DateTime<Utc>> = None;
        let mut has_begun = false;
        let targets = std::mem::take(&mut job.targets);
        let judged = self.judged(&job, &targets, look);
        for (mut target, (proof, objection)) in targets.into_iter().zip(judged) {
            match self.next(&job, &target, look, objection) {
                Next::Begin | Next::Delete if self.only_looks => {
                    self.done.proposed.extend(proof.map(|proof| Proposal::of(&target, proof)));
                    self.progress.done += 1;
                }
                // What came of what was begun is for the run that follows to write down.
                Next::Gone | Next::Stays(_) if self.only_looks => {
                    self.done.to_settle.push(target.surplus_gift());
                    self.progress.done += 1;
                }
                Next::Begin => {
                    self.record(&mut target, Event::RevokeStarted, now);
                    has_begun = true;
                    job.begun.push(target.id);
                    job.deletes.push_back(target.id);
                    job.targets.push(target);
                }
                Next::Delete => {
                    job.deletes.push_back(target.id);
                    job.targets.push(target);
                }
                Next::Look(until) => {
                    look_by = Some(look_by.map_or(until, |by| by.max(until)));
                    job.targets.push(target);
                }
                Next::Gone => {
                    self.record(&mut target, Event::Deleted, now);
                    self.done.revoked += 1;
                    self.done.amount += target.gift.content.amount;
                    self.progress.done += 1;
                    self.progress.revoked = self.done.revoked;
                    self.progress.amount = self.done.amount;
                }
                Next::Stays(why) => {
                    self.record(&mut target, Event::StillThere { why: why.clone() }, now);
                    self.done.left += 1;
                    self.leave(&target, Left::Stays(why));
                }
                Next::Unclear(_) if job.looks < MOST_LOOKS => {
                    look_by = Some(look_by.unwrap_or(now + look_gap(window)));
                    job.targets.push(target);
                }
                // It stays begun: another run looks again.
                Next::Unclear(why) => {
                    self.done.left += 1;
                    self.leave(&target, Left::Unclear(why));
                }
                Next::Leave(left) => {
                    self.done.left += 1;
                    self.leave(&target, left);
                }
            }
        }
        if has_begun {
            self.beginning.push(job);
        } else if !job.deletes.is_empty() {
            self.queue.push_first(job);
        } else if let Some(by) = look_by {
            job.looks += 1;
            let gap = TimeDelta::milliseconds(250) * (1 << job.looks.min(7));
            self.queue.push_at((now + gap).min(by), job);
        }
    }

    /// What is to be done about one gift, by what is known of its wallet.
    fn next(&self, job: &Job, target: &Target, look: &Look, objection: Option<Left>) -> Next {
        let next = self.next_as_of(job, target, look, objection);
        match next {
            Next::Look(until) if until <= look.sent_at => {
                let age = (look.sent_at - look.as_of).num_seconds();
                Next::Unclear(format!("its list is {age} s old: it comes from a cache"))
            }
            next => next,
        }
    }

    /// The same, by the moment of which the list speaks.
    fn next_as_of(&self, job: &Job, target: &Target, look: &Look, objection: Option<Left>) -> Next {
        let (as_of, window) = (look.as_of, self.options.window);
        let was_begun_here = job.begun.contains(&target.id);
        if !target.needs_proof(&look.credits) {
            return target.next(&look.credits, as_of, window, objection, was_begun_here);
        }
        let by_id = job.told.get(&target.id).and_then(Option::as_ref);
        let whole = look.whole(self.lists, self.skew);
        target.absent(by_id, &whole, (as_of, self.began_at), window, was_begun_here)
    }

    /// What shows of each gift too many that it is ours, and what speaks against deleting it; nothing of other gifts.
    fn judged(
        &mut self,
        job: &Job,
        targets: &[Target],
        look: &Look,
    ) -> Vec<(Option<Proof>, Option<Left>)> {
        let Reach::Surplus(surplus) = &self.options.reach else {
            return vec![(None, None); targets.len()];
        };
        let (credits, elsewhere) = (&look.credits, &look.elsewhere);
        self.skew.saw_known(&job.known, credits);
        let since = self.first_attempt.map(|at| self.skew.baseline(at));
        let found = (surplus.judge)(self.campaign, &job.known, credits, elsewhere, since);
        let judged = Judged { known: &job.known, credits, elsewhere, found };
        let judge = |target: &Target| match judged.proof(target) {
            Ok(Proof::Looks) if !surplus.look_alikes => (None, Some(Left::LookAlike)),
            Ok(proof) => (Some(proof), None),
            Err(left) => (None, Some(left)),
        };
        targets.iter().map(judge).collect()
    }

    pub(super) fn deleted(
        &mut self,
        mut job: Job,
        id: GiftId,
        removal: Removal,
        now: DateTime<Utc>,
    ) {
        let answer = match removal {
            Removal::Done => Answer::Deleted,
            Removal::Declined(refusal) | Removal::NotProcessed(Obstacle::Forbidden(refusal)) => {
                Answer::Declined(refusal.message)
            }
            Removal::Unknown { why, .. } => Answer::Lost(why),
            Removal::NotProcessed(_) => unreachable!("what did not happen is asked again"),
        };
        let is_lost = matches!(answer, Answer::Lost(_));
        job.target(id).answer = Some((answer, now));
        if job.deletes.is_empty() && is_lost {
            self.queue.push_at(now + TimeDelta::milliseconds(250), job);
        } else {
            self.queue.push_first(job);
        }
    }

    fn record(&mut self, target: &mut Target, event: Event, at: DateTime<Utc>) {
        let gift = &mut target.gift;
        if let Kind::Surplus { is_begun } = &mut target.kind {
            *is_begun = event == Event::RevokeStarted;
            let step = match event {
                Event::StillThere { why } => SurplusStep::Stays { why },
                Event::Deleted => SurplusStep::Gone,
                _ => SurplusStep::Begun,
            };
            self.deeds.push(SurplusDeed { row: gift.row, id: target.id, step, at });
            return;
        }
        let next = gift.state.next(&event).expect("what is decided follows the table");
        self.pending.push(Outcome::of((gift.row, gift.state, gift.attempts), event, at));
        gift.state = next;
    }

    fn leave(&mut self, target: &Target, why: Left) {
        self.progress.done += 1;
        if self.done.named.len() < NAMED {
            let gift = &target.gift;
            let (key, id, wallet) = (gift.key, target.id, gift.content.wallet);
            self.done.named.push(LeftGift { key, id, wallet, why });
        }
    }

    /// Where it ends early, what was begun and certainly not sent is given back.
    pub(super) fn give_back(&mut self, now: DateTime<Utc>) {
        let jobs: Vec<Job> = self.queue.drain().collect();
        for mut job in jobs {
            for mut target in std::mem::take(&mut job.targets) {
                let was_begun_here = job.begun.contains(&target.id);
                if target.is_begun() && target.is_surely_unsent(was_begun_here) {
                    let why = "the run stopped before it was deleted".to_owned();
                    self.record(&mut target, Event::StillThere { why }, now);
                }
            }
        }
    }
}
