//! One process of the program: the production code of a run over a real ledger, by the world's time.
//!
//! **Invariant:** a process that dies is dropped at once with all its tasks, and leaves behind what a
//! killed one would: its committed groups, and its requests on their way.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use giftbatch::clock::{Clock, Sleep, Time};
use giftbatch::domain::{Event as GiftEvent, GiftState};
use giftbatch::drive::{self, Rules};
use giftbatch::interrupt::Interrupt;
use giftbatch::issue::{IssueOptions, Issued, Progress, Sending, Tools, run_issue};
use giftbatch::ledger::{
    Campaign, Ledger, LedgerError, Outcome, RunLock, RunNote, Side, Standing, Watch, Wish, Writer,
};
use giftbatch::pace::{Breaker, Pace};
use giftbatch::provider::WalletClient;
use giftbatch::recheck::{RecheckOptions, RecheckProgress, recheck};
use giftbatch::reconcile::{ReconcileOptions, ReconcileProgress, run_reconcile};
use giftbatch::settle::{AbsenceProof, InDoubt, Policy};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::faults::Fault;
use crate::network::Network;
use crate::terms::{Breach, DAY, Terms};
use crate::world::{End, Event, Place, State, World, instant};

/// The campaign's name.
pub(crate) const CAMPAIGN: &str = "spring";

/// No process takes so long by the machine's own clock, however little of the world's time goes by.
const PATIENCE: Duration = Duration::from_secs(300);

/// How many calls the ledger has under way: while there is one, time stands still.
type AtWork = Arc<AtomicUsize>;

/// What one process is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Orders {
    /// The process's clock less the true one, microseconds.
    pub(crate) clock_error: i64,
    pub(crate) what: What,
    /// Whether all faults have ended: then the run has no limit.
    pub(crate) is_last: bool,
}

impl Orders {
    /// Whether the run may send whatever is open.
    fn is_unlimited(self, terms: &Terms) -> bool {
        self.is_last || terms.looks_back
    }
}

/// What a process is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Issue,
    /// And then hold what it gave against the lists.
    IssueAndReconcile,
    Reconcile,
    /// Try again what was refused, after it was looked for, and issue.
    Retry,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// By itself.
    ByItself,
    /// At once: its ledger is an old copy, and must be reconciled first.
    Restored,
    /// It was killed.
    Killed,
    /// It never ended: a fault of the program.
    Stuck,
}

/// A runtime whose time is the world's.
pub(crate) fn runtime(world: &Arc<World>, at_work: &AtWork) -> Runtime {
    let (world, at_work) = (world.clone(), at_work.clone());
    Builder::new_current_thread()
        .enable_time()
        .on_thread_park(move || {
            // No task is ready. While SQLite works, on its own thread and by real time, the world waits.
            if at_work.load(Ordering::SeqCst) == 0 {
                world.pass();
            }
        })
        .build()
        .expect("a runtime can be made")
}

/// Runs one process from its first breath to its end.
pub(crate) fn live(world: &Arc<World>, ledger: &Path, terms: &Terms, orders: Orders) -> Ended {
    let at_work = AtWork::default();
    let runtime = runtime(world, &at_work);
    let process = process(world, &at_work, ledger, terms, orders);
    let ended = runtime.block_on(async { tokio::time::timeout(PATIENCE, process).await });
    let ended = ended.unwrap_or(Ok(Ended::Stuck));
    // Whatever the process had under way dies with it.
    world.state().let_go_of_all();
    drop(runtime);
    let mut state = world.state();
    let sent = std::mem::take(&mut state.sent).len() as u64;
    let limit = terms.limit.filter(|_| !orders.is_unlimited(terms));
    assert!(limit.is_none_or(|limit| sent <= limit), "{sent} gifts were sent, beyond {limit:?}");
    if matches!(ended, Ok(Ended::Killed)) {
        let run = state.run;
        state.killed.push(run);
    }
    state.run += 1;
    state.slept = 0;
    state.end = None;
    state.ambush = None;
    state.wish = None;
    state.is_cancelled = state.was_cancelled;
    for place in
        [state.watchdog.take(), state.stroke.take(), state.sleep.take()].into_iter().flatten()
    {
        state.forget(place);
    }
    ended.unwrap_or_else(|error| {
        state.note(format_args!("the ledger failed: {error}"));
        panic!("the ledger failed: {error}")
    })
}

async fn process(
    world: &Arc<World>,
    at_work: &AtWork,
    path: &Path,
    terms: &Terms,
    orders: Orders,
) -> Result<Ended, LedgerError> {
    let clock: Clock = Arc::new(WorldClock { world: world.clone(), error: orders.clock_error });
    at_work.fetch_add(1, Ordering::SeqCst);
    let ledger = Ledger::open(path).await?;
    let lock = RunLock::take(ledger.path(), "run", clock.now())?;
    let campaign = ledger.campaign(CAMPAIGN).await?.expect("it was loaded");
    let (wishes, at_work_too) = ((ledger.clone(), campaign.id), at_work.clone());
    let watch = WorldWatch { world: world.clone(), at_work: at_work_too, wishes };
    let ledger = ledger.watched(Arc::new(watch));
    let writer = ledger.writer(&lock).await?;
    at_work.fetch_sub(1, Ordering::SeqCst);
    {
        let mut state = world.state();
        let at = state.now + 3 * DAY;
        state.clock_error = orders.clock_error;
        state.watchdog = Some(state.push(at, Event::Watchdog));
        state.note(format_args!("a process begins, its clock is {} us off", orders.clock_error));
    }
    let interrupt = Interrupt::default();
    let client = WalletClient::over(
        Arc::new(Network(world.clone())),
        "https://wallet.test".parse().expect("an https URL"),
        clock.clone(),
    );
    let work = Work {
        ledger: &ledger,
        campaign: &campaign,
        clock,
        client,
        interrupt,
        terms,
        world,
        at_work,
    };
    let ended = {
        let mut working = std::pin::pin!(work.work(writer, orders));
        loop {
            let ending = Ending(world);
            tokio::select! {
                biased;
                end = ending => match end {
                    End::Crash => break Ok(Ended::Killed),
                    End::Stuck => break Ok(Ended::Stuck),
                    End::Drain => work.interrupt.drain.cancel(),
                    End::Withhold => {
                        work.interrupt.withhold.cancel();
                        work.interrupt.drain.cancel();
                    }
                    End::Abandon => work.interrupt.abandon.cancel(),
                    End::Busy => assert_busy(path),
                },
                ended = &mut working => break ended,
            }
        }
    };
    drop(lock);
    ended
}

/// A second run must be told that the first one lives.
fn assert_busy(path: &Path) {
    let path = path.canonicalize().expect("the ledger is there");
    let second = RunLock::take(&path, "second", instant(0));
    assert!(matches!(second, Err(LedgerError::Busy { .. })), "a second run got the lock");
}

/// What a process works with.
struct Work<'w> {
    ledger: &'w Ledger,
    campaign: &'w Campaign,
    clock: Clock,
    client: WalletClient,
    interrupt: Interrupt,
    terms: &'w Terms,
    world: &'w World,
    at_work: &'w AtWork,
}

impl Work<'_> {
    fn note(&self, what: std::fmt::Arguments<'_>) {
        self.world.state().note(what);
    }

    /// Issues, and reconciles where that is ordered, as the command line does.
    async fn work(&self, writer: Writer, orders: Orders) -> Result<Ended, LedgerError> {
        let mut pace = Pace::new(self.terms.rate, self.terms.concurrency);
        pace.breaker = Breaker::seeded(7);
        let tools = Tools {
            client: self.client.clone(),
            clock: self.clock.clone(),
            interrupt: self.interrupt.clone(),
            progress: watch::channel(Progress::default()).0,
        };
        let standing = self.ledger.standing(self.campaign.id).await?;
        let sending = match &standing {
            Standing::Cancelled(_) => Sending::Nothing,
            Standing::Open | Standing::Paused(_) => Sending::Gifts,
        };
        let mut options = IssueOptions { sending, ..issue_options(self.terms) };
        if orders.is_last {
            options.limit = None;
        }
        let mut writer = writer;
        writer.notice_age(self.ledger.path(), self.clock.now()).await?;
        if matches!(standing, Standing::Paused(_)) && orders.what != What::Reconcile {
            self.note(format_args!("it is paused"));
            return self.close(writer).await;
        }
        if orders.what == What::Retry && standing == Standing::Open {
            let (back, ended) = self.reopen(writer, &mut pace).await?;
            writer = back;
            if let Some(ended) = ended {
                self.note(format_args!("looked for what was refused: {ended:?}"));
                return self.close(writer).await;
            }
        }
        if orders.what != What::Reconcile {
            let issued =
                run_issue(self.ledger, writer, &mut pace, &tools, self.campaign, &options).await;
            let issued = match issued {
                Err(LedgerError::Restored) => return Ok(Ended::Restored),
                issued => issued?,
            };
            let Issued { writer: back, stop, .. } = if self.terms.looks_back
                && options.limit.take().is_some()
                && issued.stop.is_none()
            {
                let writer = self.look_back(issued, &mut pace).await?;
                run_issue(self.ledger, writer, &mut pace, &tools, self.campaign, &options).await?
            } else {
                issued
            };
            self.note(format_args!("issued; stopped by {stop:?}"));
            writer = self.withdraw(back).await?;
            if stop.is_some() || orders.what != What::IssueAndReconcile {
                return self.close(writer).await;
            }
        }
        let options = self.reconcile_options(None);
        let (writer, end) =
            run_reconcile(self.ledger, writer, &mut pace, self.campaign, &options).await?;
        self.note(format_args!("reconciled: {end:?}"));
        self.close(writer).await
    }

    /// Looks for what was refused, and reopens what is not there, as the command line does.
    async fn reopen(
        &self,
        mut writer: Writer,
        pace: &mut Pace,
    ) -> Result<(Writer, Option<drive::Ended>), LedgerError> {
        let mut batch = writer.begin().await?;
        let has_forgotten = batch.forgot_since(self.campaign.id).await?.is_some();
        batch.rollback().await?;
        let refusals = self.ledger.refusals(self.campaign.id).await?;
        let classes: Vec<String> = refusals.into_iter().map(|refusal| refusal.class).collect();
        if has_forgotten || classes.is_empty() {
            return Ok((writer, None));
        }
        let options = RecheckOptions {
            client: self.client.clone(),
            rules: self.rules(),
            progress: watch::channel(RecheckProgress::default()).0,
            policy: issue_options(self.terms).policy,
            classes: classes.clone(),
        };
        let gifts = 1_000;
        let absent = if self.terms.breach == Breach::RetriesBlindly {
            self.all_refused().await?
        } else {
            let (done, ended) =
                recheck(self.ledger, &mut writer, pace, self.campaign, gifts, &options).await?;
            self.note(format_args!("looked for: {:?} {:?}", done.found, done.absent));
            if ended.is_some() {
                return Ok((writer, ended));
            }
            let mut batch = writer.begin().await?;
            let absent = batch.refused(self.campaign.id, 0, &classes, 1_000).await?;
            batch.rollback().await?;
            absent
        };
        let mut batch = writer.begin().await?;
        let outcomes = absent.into_iter().map(|(row, attempt)| {
            Outcome::of((row, GiftState::Refused, attempt), GiftEvent::Reopened, self.clock.now())
        });
        batch.record(None, &outcomes.collect::<Vec<_>>()).await?;
        batch.commit().await?;
        self.world.state().count(Fault::Retried);
        Ok((writer, None))
    }

    /// What nobody has looked for.
    async fn all_refused(&self) -> Result<Vec<(i64, i64)>, LedgerError> {
        let gifts = self.ledger.gift_page(self.campaign.id, None, 0, 1_000).await?;
        let refused = gifts.into_iter().filter(|gift| gift.state == GiftState::Refused);
        Ok(refused.map(|gift| (gift.row, gift.attempts)).collect())
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

    fn rules(&self) -> Rules {
        Rules {
            clock: self.clock.clone(),
            interrupt: self.interrupt.clone(),
            patience: micros(self.terms.give_up_after),
            deadline: None,
        }
    }

    fn reconcile_options(&self, only: Option<Vec<i64>>) -> ReconcileOptions {
        ReconcileOptions {
            command: "reconcile",
            note: RunNote::default(),
            client: self.client.clone(),
            rules: self.rules(),
            progress: watch::channel(ReconcileProgress::default()).0,
            window: micros(self.terms.s),
            only,
            proof: AbsenceProof::Balance,
            balances: false,
        }
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
                Outcome::of((gift.row, gift.state, gift.attempt), GiftEvent::Withdrawn, now)
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
        policy: Policy {
            window: micros(terms.s),
            max_attempts: terms.max_attempts,
            in_doubt: InDoubt::Settle,
            proof: match terms.breach {
                Breach::TrustsLists => AbsenceProof::Lists,
                _ => AbsenceProof::Balance,
            },
        },
        max_in_doubt: terms.max_in_doubt,
        give_up_after: micros(terms.give_up_after),
        stop_after_refusals: terms.stop_after_refusals,
        limit: terms.limit,
        names_gifts: true,
        deadline: None,
    }
}

fn micros(us: i64) -> TimeDelta {
    TimeDelta::microseconds(us)
}

/// Waits until something is to be done to the run.
struct Ending<'w>(&'w World);

impl Future for Ending<'_> {
    type Output = End;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<End> {
        let mut state = self.0.state();
        match state.end.take() {
            Some(end) => Poll::Ready(end),
            None => {
                state.wait_for_end(context.waker());
                Poll::Pending
            }
        }
    }
}

/// The clock of one process: steady, and as wrong as it was when the process began.
#[derive(Debug)]
struct WorldClock {
    world: Arc<World>,
    error: i64,
}

impl Time for WorldClock {
    fn now(&self) -> DateTime<Utc> {
        let state = self.world.state();
        instant(state.now + self.error - state.slept)
    }

    fn jumped(&self) -> Option<TimeDelta> {
        let slept = self.world.state().slept;
        (slept > 0).then(|| micros(slept))
    }

    fn sleep(&self, wait: Duration) -> Sleep {
        let wait = i64::try_from(wait.as_nanos().div_ceil(1_000)).unwrap_or(i64::MAX / 4);
        Box::pin(Nap { world: self.world.clone(), wait, place: None, slept: 0 })
    }
}

/// A wait by the world's time.
struct Nap {
    world: Arc<World>,
    /// Microseconds.
    wait: i64,
    place: Option<Place>,
    /// How long the machine had slept when it began.
    slept: i64,
}

impl Future for Nap {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let world = self.world.clone();
        let mut state = world.state();
        match self.place {
            None => {
                let at = state.now.saturating_add(self.wait);
                self.place = Some(state.push(at, Event::Wake(context.waker().clone())));
                self.slept = state.slept;
                Poll::Pending
            }
            Some(place) => {
                let place = self.moved(place, &state);
                match state.is_to_come(place, context.waker()) {
                    true => Poll::Pending,
                    false => Poll::Ready(()),
                }
            }
        }
    }
}

impl Nap {
    /// Its place by now: what the machine sleeps is no part of a wait.
    fn moved(&self, (at, number): Place, state: &State) -> Place {
        (at + state.slept - self.slept, number)
    }
}

impl Drop for Nap {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let mut state = self.world.state();
            let place = self.moved(place, &state);
            state.forget(place);
        }
    }
}

/// Keeps time still while the ledger works, and lets commits take a while of it.
#[derive(Debug)]
struct WorldWatch {
    world: Arc<World>,
    at_work: AtWork,
    /// Where another process writes what a person wants, and of which campaign.
    wishes: (Ledger, i64),
}

impl Watch for WorldWatch {
    fn begins(&self) {
        self.at_work.fetch_add(1, Ordering::SeqCst);
    }

    fn ends(&self) {
        self.at_work.fetch_sub(1, Ordering::SeqCst);
    }

    fn pause(&self, side: Side) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let (world, at_work, wishes) =
            (self.world.clone(), self.at_work.clone(), self.wishes.clone());
        Box::pin(async move {
            // SQLite is done at a moment of the machine's own: only when all else rests does it not matter.
            Patience { world: world.clone(), number: None }.await;
            let Some(wait) = pause(&world, side) else {
                return std::future::pending().await;
            };
            if wait > 0 {
                Nap { world: world.clone(), wait, place: None, slept: 0 }.await;
            }
            // Another process can only write while no group is open.
            if side == Side::After {
                be_wished_for(&world, &at_work, &wishes).await;
            }
        })
    }
}

/// Lets a person at another terminal have their wish, where its time has come; the run notices at once, or
/// when it next claims.
async fn be_wished_for(world: &Arc<World>, at_work: &AtWork, (ledger, campaign): &(Ledger, i64)) {
    let Some(wish) = world.state().wished() else {
        return;
    };
    // Nobody dies half-way: all else rests, and time stands still.
    Patience { world: world.clone(), number: None }.await;
    at_work.fetch_add(1, Ordering::SeqCst);
    let now = instant(world.state_now());
    ledger.wish(*campaign, wish, "ann", now).await.expect("a wish can be written");
    at_work.fetch_sub(1, Ordering::SeqCst);
    Patience { world: world.clone(), number: None }.await;
    let mut state = world.state();
    state.was_cancelled |= wish == Wish::Cancel;
    if state.now % 2 == 0 && state.end.is_none() {
        state.finish(End::Withhold);
    }
    let waker = state.end_waker();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// How long a group's end takes on this side, in microseconds; nothing where the process dies there.
fn pause(world: &World, side: Side) -> Option<i64> {
    let mut state = world.state();
    let at = match side {
        Side::Before => Fault::CrashBeforeCommit,
        Side::After => Fault::CrashAfterCommit,
        Side::Undone => return Some(0),
    };
    let dies = state.is_ambushed(at);
    let most = state.terms.commit_pause;
    let wait = state.dice.between(0, most);
    let waker = state.end_waker();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
    (!dies).then_some(wait)
}

/// A wait until nobody else has anything to do.
struct Patience {
    world: Arc<World>,
    number: Option<u64>,
}

impl Future for Patience {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let world = self.world.clone();
        let mut state = world.state();
        match self.number {
            None => {
                self.number = Some(state.be_patient(context.waker().clone()));
                Poll::Pending
            }
            Some(number) if state.is_patient(number) => Poll::Pending,
            Some(_) => Poll::Ready(()),
        }
    }
}

impl Drop for Patience {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.world.state().be_patient_no_more(number);
        }
    }
}
