//! The worker: pages of wallets, looks, and what they prove.

use chrono::{DateTime, TimeDelta, Utc};

use super::job::{Job, Reply};
use super::judge::{Fate, judge};
use super::{
    MOST_LOOKS, MOST_WAITING, NAMED, PAGE, RecheckOptions, RecheckProgress, Rechecked, UnclearGift,
};
use crate::crash::{self, Step};
use crate::domain::{Event, GiftState};
use crate::drive::{Asking, Ended, Pulse, Queue, Times, Worker, drive};
use crate::ledger::{Campaign, KnownGift, Ledger, LedgerError, Lists, Outcome, Writer};
use crate::pace::Pace;
use crate::provider::{ListReading, Reading};
use crate::settle::{GiftBalance, Look, OpenDoubt, Skew, look_gap, settle};

struct Recheck<'r> {
    ledger: &'r Ledger,
    writer: &'r mut Writer,
    options: &'r RecheckOptions,
    campaign: i64,
    began_at: DateTime<Utc>,
    /// The last row that was taken from the ledger; none once all were.
    cursor: Option<i64>,
    queue: Queue<Job>,
    /// Looks that are to be judged.
    looked: Vec<(Job, Look)>,
    skew: Skew,
    lists: Lists,
    done: Rechecked,
    progress: RecheckProgress,
}

/// Looks for the refused gifts of a campaign, `gifts` at most, that were sent. Those that are absent may be reopened with
/// the same writer; the others are recorded, or stay refused.
///
/// Comes back with why it ended early, where it did: then nothing is known of the rest, and they stay refused. Fails only
/// where the ledger does.
pub async fn recheck(
    ledger: &Ledger,
    writer: &mut Writer,
    pace: &mut Pace,
    campaign: &Campaign,
    gifts: u64,
    options: &RecheckOptions,
) -> Result<(Rechecked, Option<Ended>), LedgerError> {
    let mut batch = writer.begin().await?;
    let lists = batch.check_provider(&options.client.base().to_string()).await?;
    batch.begin_recheck().await?;
    batch.commit().await?;
    let mut worker = Recheck {
        ledger,
        writer,
        options,
        campaign: campaign.id,
        began_at: options.rules.clock.now(),
        cursor: Some(0),
        queue: Queue::default(),
        looked: Vec::new(),
        skew: Skew::default(),
        lists,
        done: Rechecked::default(),
        progress: RecheckProgress { gifts, ..RecheckProgress::default() },
    };
    let ended = drive(&mut worker, pace, &options.rules).await?;
    worker.record().await?;
    Ok((worker.done, ended))
}

impl Recheck<'_> {
    async fn read_page(&mut self) -> Result<(), LedgerError> {
        let is_full = self.queue.in_line() >= PAGE || self.queue.waiting() >= MOST_WAITING;
        let Some(after) = self.cursor.filter(|_| !is_full) else {
            return Ok(());
        };
        let classes = &self.options.classes;
        let page = self.ledger.refused_wallets(self.campaign, after, classes, PAGE).await?;
        self.cursor = page.last().map(|(row, _)| *row).filter(|_| page.len() == PAGE);
        for (_, wallet) in page {
            let known = self.ledger.known_gifts(wallet).await?;
            let is_refused =
                |gift: &&KnownGift| gift.campaign == self.campaign && gift.was_refused();
            // What a dead run left in flight was surely let go when this command got the lock, and no sooner; a clock
            // that was set back makes nobody wait for longer than a window.
            let let_go = match self.ledger.let_go_at(wallet).await? {
                Some(at) if !known.iter().any(|gift| gift.state == GiftState::InFlight) => {
                    at.min(self.began_at)
                }
                _ => self.began_at,
            };
            let refused = known.iter().filter(is_refused);
            let doubts = refused.map(|gift| OpenDoubt::of(gift, let_go)).collect();
            let job = Job { wallet, doubts, look: None, has_no_list: false, looks: 0 };
            self.queue.push_at(let_go + self.options.policy.window, job);
        }
        Ok(())
    }

    /// Judges what was looked at by what the ledger knows, and makes it durable.
    async fn record(&mut self) -> Result<(), LedgerError> {
        if self.looked.is_empty() {
            return Ok(());
        }
        let now = self.options.rules.clock.now();
        let mut batch = self.writer.begin().await?;
        let (mut outcomes, mut absent, mut again) = (Vec::new(), Vec::new(), Vec::new());
        for (mut job, mut look) in std::mem::take(&mut self.looked) {
            let known = batch.known_gifts(job.wallet).await?;
            look.elsewhere = batch.claimed_ids(look.strangers(&known)).await?;
            let policy = &self.options.policy;
            let settled = settle(&job.doubts, &known, &look, self.skew, policy, self.lists);
            self.skew = settled.skew;
            if self.lists.learn(settled.lists) {
                batch.learn(settled.lists, now).await?;
            }
            let mut recorded = Vec::new();
            let fates = judge(&mut job, &known, &settled);
            let lacking = fates.iter().filter(|(_, fate)| *fate == Fate::Absent);
            let lacking: Vec<i64> = lacking.map(|(doubt, _)| doubt.doubt.claimed.row).collect();
            let marked = batch.marked(&lacking).await?;
            for (doubt, fate) in fates {
                let claimed = &doubt.doubt.claimed;
                match &fate {
                    Fate::Recorded(event) => {
                        let gift = (claimed.row, GiftState::Refused, claimed.attempt);
                        recorded.push(Outcome::of(gift, event.clone(), now));
                    }
                    Fate::Absent if marked.contains(&claimed.row) => {
                        self.done.marked.add(claimed.gift.content.amount);
                        self.progress.done += 1;
                        continue;
                    }
                    Fate::Absent => absent.push(claimed.row),
                    Fate::Stays(_) => {}
                }
                self.done.count(&doubt, fate);
                self.progress.done += 1;
            }
            // One at a time: the next wallet's look must see whose an id is by now.
            batch.record(None, &recorded).await?;
            outcomes.extend(recorded);
            again.push(job);
        }
        batch.add_rechecked(&absent).await?;
        crash::before(Step::Doubts);
        batch.commit().await?;
        crash::after(Step::Doubts);
        for job in again {
            self.look_again(job, now);
        }
        Ok(())
    }

    fn look_again(&mut self, mut job: Job, now: DateTime<Utc>) {
        if job.doubts.is_empty() {
            return;
        }
        job.looks += 1;
        if job.looks >= MOST_LOOKS {
            return self.give_up(job, "its list proves nothing");
        }
        let gap = look_gap(self.options.policy.window).max(TimeDelta::milliseconds(100));
        self.queue.push_at(now + gap, job);
    }

    fn give_up(&mut self, job: Job, why: &str) {
        for doubt in job.doubts {
            self.done.unread.add(doubt.doubt.claimed.gift.content.amount);
            self.done.name(&doubt, why.to_owned());
            self.progress.done += 1;
        }
    }
}

impl Rechecked {
    fn count(&mut self, doubt: &OpenDoubt, fate: Fate) {
        let amount = doubt.doubt.claimed.gift.content.amount;
        match fate {
            Fate::Recorded(Event::StayedUnclear { why }) | Fate::Stays(why) => {
                self.unclear.add(amount);
                self.name(doubt, why);
            }
            Fate::Recorded(_) => self.found.add(amount),
            Fate::Absent => self.absent.add(amount),
        }
    }

    fn name(&mut self, doubt: &OpenDoubt, why: String) {
        if self.named.len() < NAMED {
            let gift = &doubt.doubt.claimed.gift;
            self.named.push(UnclearGift { key: gift.key, wallet: gift.content.wallet, why });
        }
    }
}

impl Worker for Recheck<'_> {
    type Job = Job;
    type Reply = Reply;
    type Error = LedgerError;

    fn queue(&mut self) -> &mut Queue<Job> {
        &mut self.queue
    }

    fn has_more(&self) -> bool {
        self.cursor.is_some() || !self.looked.is_empty()
    }

    async fn turn(
        &mut self,
        _: DateTime<Utc>,
        is_ending: bool,
    ) -> Result<Option<DateTime<Utc>>, LedgerError> {
        self.record().await?;
        if !is_ending {
            self.read_page().await?;
        }
        Ok(None)
    }

    fn ask(&mut self, job: &mut Job) -> Asking<Reply> {
        job.ask(self.options.client.clone())
    }

    fn lost(&self, job: &Job, why: String) -> Reply {
        job.lost(why)
    }

    fn heard(&mut self, mut job: Job, reply: Reply, times: Times) {
        self.skew.saw_ms(times.skew_ms);
        let look = match (reply, job.look.take()) {
            (Reply::List(reading), _) => {
                job.has_no_list = reading == ListReading::NoList;
                let (credits, unreadable) = match reading {
                    ListReading::Whole(credits) => (credits, Vec::new()),
                    ListReading::Partial { credits, unreadable } => (credits, unreadable),
                    _ => (Vec::new(), Vec::new()),
                };
                Look { unreadable, ..Look::new(times.sent_at, times.as_of, credits) }
            }
            (Reply::Balances(Reading::Absent | Reading::Refused { .. }), Some(_))
                if job.has_no_list =>
            {
                return self
                    .give_up(job, "the provider knows neither a list nor a balance of its wallet");
            }
            (Reply::Balances(reading), Some(mut look)) => {
                look.weigh(&reading, times.as_of);
                self.looked.push((job, look));
                return;
            }
            (Reply::Balances(_), None) => unreachable!("a balance is asked for after a list"),
        };
        let is_told = look.gift_balance != GiftBalance::Unknown;
        if !is_told && look.wants_balance(&job.doubts, &self.options.policy) {
            job.look = Some(look);
            self.queue.push_first(job);
        } else {
            self.looked.push((job, look));
        }
    }

    fn unread(&mut self, job: Job) {
        tracing::warn!(wallet = %job.wallet, "its gift list or its balance could not be read");
        self.give_up(job, "its wallet could not be read");
    }

    fn tell(&mut self, pulse: Pulse) {
        self.progress.pulse = pulse;
        self.options.progress.send_if_modified(|shown| {
            let is_new = *shown != self.progress;
            *shown = self.progress;
            is_new
        });
    }
}
