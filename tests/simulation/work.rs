//! What one process does: the commands of the program, put together as its command line does.

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use giftbatch::clock::Clock;
use giftbatch::domain::{Event as GiftEvent, GiftState};
use giftbatch::drive::{Ended as DriveEnded, Rules};
use giftbatch::interrupt::Interrupt;
use giftbatch::issue::{IssueOptions, Issued, Progress, Sending, Tools, run_issue};
use giftbatch::ledger::{Campaign, Ledger, LedgerError, Outcome, RunNote, Standing, Writer};
use giftbatch::pace::{Breaker, Pace};
use giftbatch::provider::WalletClient;
use giftbatch::recheck::{RecheckOptions, RecheckProgress, Rechecked, recheck};
use giftbatch::reconcile::{ReconcileOptions, ReconcileProgress, Reconciled, run_reconcile};
use giftbatch::revoke::{Reach, RevokeOptions, RevokeProgress, run_revoke};
use giftbatch::settle::{AbsenceProof, InDoubt, Policy};
use tokio::sync::watch;

use crate::faults::Fault;
use crate::plot::Breach;
use crate::process::{AtWork, Ended};
use crate::terms::Terms;
use crate::world::World;

/// The campaign's name.
pub(crate) const CAMPAIGN: &str = "spring";

/// What one process is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Orders {
    pub(crate) campaign: &'static str,
    /// The process's clock less the true one, microseconds.
    pub(crate) clock_error: i64,
    pub(crate) what: What,
    /// Whether all faults have ended: then the run has no limit.
    pub(crate) is_last: bool,
    /// For how long a reconcile may ask, microseconds.
    pub(crate) time: Option<i64>,
}

/// What a process is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Issue,
    /// And then hold what it gave against the lists.
    IssueAndReconcile,
    Reconcile,
    /// Open again what was refused, and then issue and reconcile.
    Retry,
    /// Delete what was given and not used.
    Revoke,
}

/// What a process works with.
pub(crate) struct Work<'w> {
    pub(crate) ledger: &'w Ledger,
    pub(crate) campaign: &'w Campaign,
    pub(crate) clock: Clock,
    pub(crate) client: WalletClient,
    pub(crate) interrupt: Interrupt,
    pub(crate) terms: &'w Terms,
    pub(crate) world: &'w World,
    pub(crate) at_work: &'w AtWork,
    pub(crate) orders: Orders,
}

impl Orders {
    /// Whether the run may send whatever is open.
    pub(crate) fn is_unlimited(self, terms: &Terms) -> bool {
        self.is_last || terms.looks_back
    }
}

impl Work<'_> {
    fn note(&self, what: std::fmt::Arguments<'_>) {
        self.world.state().note(what);
    }

    /// Does what was ordered.
    pub(crate) async fn work(&self, mut writer: Writer) -> Result<Ended, LedgerError> {
        let mut pace = Pace::new(self.terms.rate, self.terms.concurrency);
        pace.breaker = Breaker::seeded(7);
        writer.notice_age(self.ledger.path(), self.clock.now()).await?;
        let standing = self.ledger.standing(self.campaign.id).await?;
        match (self.orders.what, &standing) {
            (What::Reconcile, _) => return self.reconcile(writer, &mut pace).await,
            (What::Revoke, _) => return self.revoke(writer, &mut pace).await,
            (_, Standing::Paused(_)) => {
                self.note(format_args!("it is paused"));
                return self.close(writer).await;
            }
            (What::Retry, Standing::Open) => {
                if self.has_forgotten(&mut writer).await? {
                    return Ok(Ended::Restored);
                }
                match self.retry(writer, &mut pace).await? {
                    Some(back) => writer = back,
                    None => return Ok(Ended::ByItself),
                }
            }
            _ => {}
        }
        let sending = match standing {
            Standing::Cancelled(_) => Sending::Nothing,
            Standing::Open | Standing::Paused(_) => Sending::Gifts,
        };
        match self.issue(writer, &mut pace, sending).await {
            Err(LedgerError::Restored) => Ok(Ended::Restored),
            Err(error) => Err(error),
            Ok((writer, true)) => self.close(writer).await,
            Ok((writer, false)) => self.reconcile(writer, &mut pace).await,
        }
    }

    /// Issues; says whether that is all.
    async fn issue(
        &self,
        writer: Writer,
        pace: &mut Pace,
        sending: Sending,
    ) -> Result<(Writer, bool), LedgerError> {
        let tools = Tools {
            client: self.client.clone(),
            clock: self.clock.clone(),
            interrupt: self.interrupt.clone(),
            progress: watch::channel(Progress::default()).0,
        };
        let mut options = IssueOptions { sending, ..issue_options(self.terms) };
        if self.orders.is_last {
            options.limit = None;
        }
        let campaign = self.campaign;
        let issued = run_issue(self.ledger, writer, pace, &tools, campaign, &options).await?;
        let looks_back = self.terms.looks_back && options.limit.take().is_some();
        let Issued { writer, stop, .. } = if looks_back && issued.stop.is_none() {
            let writer = self.look_back(issued, pace).await?;
            run_issue(self.ledger, writer, pace, &tools, campaign, &options).await?
        } else {
            issued
        };
        self.note(format_args!("issued; stopped by {stop:?}"));
        let writer = self.withdraw(writer).await?;
        Ok((writer, stop.is_some() || self.orders.what == What::Issue))
    }

    async fn reconcile(&self, writer: Writer, pace: &mut Pace) -> Result<Ended, LedgerError> {
        let options = self.reconcile_options(None);
        self.world.state().is_reconciling = true;
        let (writer, end) =
            run_reconcile(self.ledger, writer, pace, self.campaign, &options).await?;
        self.note(format_args!("reconciled: {end:?}"));
        {
            let mut state = self.world.state();
            state.is_reconciling = false;
            state.is_blocked &= end != Reconciled::Finished;
            if matches!(
                end,
                Reconciled::Early(DriveEnded::Interrupted | DriveEnded::Deadline { .. })
            ) {
                state.count(Fault::ReconcileInterrupted);
            }
        }
        self.close(writer).await
    }

    /// Reads back what a limited run has begun, as a canary is.
    async fn look_back(&self, issued: Issued, pace: &mut Pace) -> Result<Writer, LedgerError> {
        if issued.begun.is_empty() {
            return Ok(issued.writer);
        }
        let options = self.reconcile_options(Some(issued.begun));
        let (writer, end) =
            run_reconcile(self.ledger, issued.writer, pace, self.campaign, &options).await?;
        self.note(format_args!("looked back: {end:?}"));
        Ok(writer)
    }

    fn reconcile_options(&self, only: Option<Vec<i64>>) -> ReconcileOptions {
        ReconcileOptions {
            command: "reconcile",
            note: RunNote::default(),
            client: self.client.clone(),
            rules: self.rules(),
            progress: watch::channel(ReconcileProgress::default()).0,
            window: micros(self.terms.s),
            proof: policy(self.terms).proof,
            only,
            balances: false,
        }
    }

    fn rules(&self) -> Rules {
        Rules {
            clock: self.clock.clone(),
            interrupt: self.interrupt.clone(),
            patience: micros(self.terms.give_up_after),
            deadline: self.orders.time.map(|time| self.clock.now() + micros(time)),
        }
    }

    /// Whether the ledger is an old copy that has to be reconciled before anything is given.
    async fn has_forgotten(&self, writer: &mut Writer) -> Result<bool, LedgerError> {
        let mut batch = writer.begin().await?;
        let forgot_since = batch.forgot_since(self.campaign.id).await?;
        batch.rollback().await?;
        Ok(forgot_since.is_some())
    }

    /// Looks for refused gifts, and opens those again that are not there; none where the look ended early.
    async fn retry(
        &self,
        mut writer: Writer,
        pace: &mut Pace,
    ) -> Result<Option<Writer>, LedgerError> {
        let gifts = self.terms.rows.len() as u64;
        if self.terms.breach == Breach::RefusalsBelieved {
            let mut batch = writer.begin().await?;
            batch.begin_recheck().await?;
            batch.add_rechecked(&(0..1_000).collect::<Vec<i64>>()).await?;
            batch.commit().await?;
        } else {
            let options = RecheckOptions {
                client: self.client.clone(),
                rules: self.rules(),
                progress: watch::channel(RecheckProgress::default()).0,
                policy: policy(self.terms),
                classes: Vec::new(),
            };
            let (found, ended) =
                recheck(self.ledger, &mut writer, pace, self.campaign, gifts, &options).await?;
            let Rechecked { found, absent, unclear, unread, .. } = found;
            self.note(format_args!(
                "looked for refused gifts: {} there, {} not, {} unclear, {} unread; {ended:?}",
                found.gifts, absent.gifts, unclear.gifts, unread.gifts
            ));
            if ended.is_some() {
                self.close(writer).await?;
                return Ok(None);
            }
        }
        self.reopen(writer).await.map(Some)
    }

    /// Opens again what may be opened.
    async fn reopen(&self, mut writer: Writer) -> Result<Writer, LedgerError> {
        let mut after = 0;
        loop {
            let mut batch = writer.begin().await?;
            let refused = batch.refused(self.campaign.id, after, &[], 3).await?;
            let Some((last, _)) = refused.last().copied() else {
                batch.rollback().await?;
                return Ok(writer);
            };
            after = last;
            let now = self.clock.now();
            let outcome = |(row, attempt)| {
                Outcome::of((row, GiftState::Refused, attempt), GiftEvent::Reopened, now)
            };
            self.world.state().count(Fault::Retried);
            self.note(format_args!("{} refused gifts are opened again", refused.len()));
            let outcomes: Vec<Outcome> = refused.into_iter().map(outcome).collect();
            batch.record(None, &outcomes).await?;
            batch.commit().await?;
        }
    }

    /// Deletes what was given and not used.
    async fn revoke(&self, mut writer: Writer, pace: &mut Pace) -> Result<Ended, LedgerError> {
        if self.has_forgotten(&mut writer).await? {
            return Ok(Ended::Restored);
        }
        let options = RevokeOptions {
            note: RunNote::default(),
            client: self.client.clone(),
            rules: self.rules(),
            progress: watch::channel(RevokeProgress::default()).0,
            window: micros(self.terms.s),
            reach: Reach::Given,
        };
        let gifts = self.terms.rows.len() as u64;
        let (writer, done) =
            run_revoke(self.ledger, writer, pace, self.campaign, gifts, &options).await?;
        self.note(format_args!("revoked {}, left {}: {:?}", done.revoked, done.left, done.ended));
        for _ in 0..done.revoked {
            self.world.state().count(Fault::Revoked);
        }
        self.close(writer).await
    }

    /// Withdraws what was never sent of a cancelled campaign, as the command line does.
    async fn withdraw(&self, mut writer: Writer) -> Result<Writer, LedgerError> {
        loop {
            let mut batch = writer.begin().await?;
            let unsent = batch.to_withdraw(3).await?;
            if unsent.is_empty() {
                batch.rollback().await?;
                return Ok(writer);
            }
            let outcomes = unsent.iter().map(|gift| {
                let now = self.clock.now();
                Outcome::of(
                    (gift.row, gift.state, gift.attempt),
                    GiftEvent::Withdrawn { by: None },
                    now,
                )
            });
            batch.record(None, &outcomes.collect::<Vec<_>>()).await?;
            batch.commit().await?;
        }
    }

    /// Ends as the program does: the whole ledger is in its one file then.
    async fn close(&self, writer: Writer) -> Result<Ended, LedgerError> {
        self.at_work.fetch_add(1, Ordering::SeqCst);
        self.ledger.clone().close().await;
        writer.close().await?;
        self.at_work.fetch_sub(1, Ordering::SeqCst);
        Ok(Ended::ByItself)
    }
}

fn issue_options(terms: &Terms) -> IssueOptions {
    IssueOptions {
        command: "run",
        sending: Sending::Gifts,
        note: RunNote::default(),
        tag: terms.tags,
        policy: policy(terms),
        max_in_doubt: terms.max_in_doubt,
        give_up_after: micros(terms.give_up_after),
        stop_after_refusals: terms.stop_after_refusals,
        limit: terms.limit,
        names_gifts: true,
        deadline: None,
        clock_tolerance: None,
        day_ends_at: None,
    }
}

fn policy(terms: &Terms) -> Policy {
    let proof = match terms.breach {
        Breach::CutListsBelieved => AbsenceProof::Lists,
        _ => AbsenceProof::Balance,
    };
    Policy {
        window: micros(terms.s),
        max_attempts: terms.max_attempts,
        in_doubt: InDoubt::Settle,
        proof,
    }
}

fn micros(us: i64) -> TimeDelta {
    TimeDelta::microseconds(us)
}
