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
use giftbatch::interrupt::Interrupt;
use giftbatch::ledger::{Ledger, LedgerError, RunLock, Side, Watch, Wish};
use giftbatch::provider::WalletClient;
use tokio::runtime::{Builder, Runtime};

use crate::faults::Fault;
use crate::network::Network;
use crate::terms::{DAY, HOUR, Terms, Trouble};
use crate::work::{Orders, Work};
use crate::world::{End, Event, Place, State, World, instant};

/// No process takes so long by the machine's own clock, however little of the world's time goes by.
const PATIENCE: Duration = Duration::from_secs(300);

/// How many calls the ledger has under way: while there is one, time stands still.
pub(crate) type AtWork = Arc<AtomicUsize>;

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
    /// It could not go on with its ledger: a fault of the program, too.
    Failed,
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
    {
        let mut state = world.state();
        (state.is_living, state.slept) = (true, 0);
    }
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
        if state.is_reconciling {
            state.count(Fault::ReconcileInterrupted);
        }
    }
    (state.is_living, state.is_reconciling) = (false, false);
    state.run += 1;
    state.end = None;
    state.ambush = None;
    state.wish = None;
    state.is_cancelled = state.was_cancelled;
    for place in [state.watchdog.take(), state.stroke.take()].into_iter().flatten() {
        state.forget(place);
    }
    ended.unwrap_or_else(|error| {
        let words = in_full(&error);
        state.note(format_args!("the ledger failed: {words}"));
        state.failures.push(words);
        Ended::Failed
    })
}

/// An error with what it came from.
fn in_full(error: &LedgerError) -> String {
    let sources = std::iter::successors(std::error::Error::source(error), |error| error.source());
    std::iter::once(error.to_string())
        .chain(sources.map(ToString::to_string))
        .collect::<Vec<_>>()
        .join(": ")
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
    let campaign = ledger.campaign(orders.campaign).await?.expect("it was loaded");
    let (wishes, at_work_too) = ((ledger.clone(), campaign.id), at_work.clone());
    let watch = WorldWatch { world: world.clone(), at_work: at_work_too, wishes };
    let ledger = ledger.watched(Arc::new(watch));
    let writer = ledger.writer(&lock).await?;
    at_work.fetch_sub(1, Ordering::SeqCst);
    {
        let mut state = world.state();
        let at = state.now + longest(terms, &state);
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
        orders,
    };
    let ended = {
        let mut working = std::pin::pin!(work.work(writer));
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

/// No run may take longer. One that hears nothing but 429 gives up when it was told to.
fn longest(terms: &Terms, state: &State) -> i64 {
    let is_for_ever = |trouble| matches!(trouble, Trouble::Throttles(_));
    if state.trouble().is_some_and(is_for_ever) { terms.give_up_after + HOUR } else { 3 * DAY }
}

/// A second run must be told that the first one lives.
fn assert_busy(path: &Path) {
    let path = path.canonicalize().expect("the ledger is there");
    let second = RunLock::take(&path, "second", instant(0));
    assert!(matches!(second, Err(LedgerError::Busy { .. })), "a second run got the lock");
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

/// The clock of one process: steady, and as wrong as it was when the process began. It stands still while the machine
/// sleeps.
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
        (slept > 0).then(|| TimeDelta::microseconds(slept))
    }

    fn sleep(&self, wait: Duration) -> Sleep {
        let wait = i64::try_from(wait.as_nanos().div_ceil(1_000)).unwrap_or(i64::MAX / 4);
        Box::pin(Nap { world: self.world.clone(), wait, place: None })
    }
}

/// A wait by the world's time.
struct Nap {
    world: Arc<World>,
    /// Microseconds.
    wait: i64,
    place: Option<Place>,
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
                Poll::Pending
            }
            Some(place) if state.is_to_come(place, context.waker()) => Poll::Pending,
            Some(_) => Poll::Ready(()),
        }
    }
}

impl Drop for Nap {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.world.state().forget(place);
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
                Nap { world: world.clone(), wait, place: None }.await;
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
