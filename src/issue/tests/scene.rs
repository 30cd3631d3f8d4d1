//! A run against a pretend provider, by a clock of its own: time passes only where nobody has anything to do, and a
//! run that waits for what cannot come is found out at once.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use crate::clock::{Clock, Sleep, Time};
use crate::domain::{Expiry, GiftContent, GiftState, Money, WalletId};
use crate::interrupt::Interrupt;
use crate::issue::{IssueOptions, Issued, Progress, Sending, Stop, Tools, run_issue};
use crate::ledger::{
    Campaign, Ledger, LoadHeader, Meanwhile, NewRow, RunLock, RunNote, Side, Watch, Writer,
};
use crate::pace::Pace;
use crate::provider::{self, Barrier, Delivery, Loss, Method, Request, Transport, WalletClient};
use crate::settle::{AbsenceProof, InDoubt, Policy};

/// No story takes longer by the machine's own clock.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a request is on its way.
const TRIP: Duration = Duration::from_millis(20);

/// When every story begins.
pub(super) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_000, 0).unwrap()
}

/// A machine's clock.
#[derive(Debug)]
pub(super) struct Machine {
    now: Mutex<Moment>,
    /// Calls of the ledger that are under way: while there is one, time stands still.
    at_work: AtomicUsize,
    /// Nobody has anything to do, and nothing is to come.
    stuck: Notify,
    /// From then on its clock has jumped.
    jumps_at: Option<DateTime<Utc>>,
}

#[derive(Debug)]
struct Moment {
    wall: DateTime<Utc>,
    sleepers: BTreeMap<(DateTime<Utc>, u64), Waker>,
    count: u64,
}

impl Machine {
    fn new(jumps_at: Option<DateTime<Utc>>) -> Arc<Machine> {
        let now = Moment { wall: start(), sleepers: BTreeMap::new(), count: 0 };
        Arc::new(Machine {
            now: Mutex::new(now),
            at_work: AtomicUsize::new(0),
            stuck: Notify::new(),
            jumps_at,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Moment> {
        self.now.lock().expect("nobody panics with the time in hand")
    }

    /// No task is ready: the next sleeper's time comes.
    fn pass(&self) {
        if self.at_work.load(Ordering::SeqCst) > 0 {
            return;
        }
        let mut now = self.lock();
        match now.sleepers.pop_first() {
            Some(((at, _), waker)) => {
                now.wall = now.wall.max(at);
                drop(now);
                waker.wake();
            }
            None => self.stuck.notify_one(),
        }
    }
}

#[derive(Debug)]
struct MachineClock(Arc<Machine>);

impl Time for MachineClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.lock().wall
    }

    fn jumped(&self) -> Option<TimeDelta> {
        self.0.jumps_at.filter(|at| *at <= self.now()).map(|_| TimeDelta::hours(8))
    }

    fn sleep(&self, wait: Duration) -> Sleep {
        Box::pin(Nap { machine: self.0.clone(), wait, place: None })
    }
}

struct Nap {
    machine: Arc<Machine>,
    wait: Duration,
    place: Option<(DateTime<Utc>, u64)>,
}

impl Future for Nap {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (machine, wait) = (self.machine.clone(), self.wait);
        let mut now = machine.lock();
        let place = *self.place.get_or_insert_with(|| {
            now.count += 1;
            (now.wall + wait, now.count)
        });
        if place.0 <= now.wall {
            return Poll::Ready(());
        }
        now.sleepers.insert(place, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Nap {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.machine.lock().sleepers.remove(&place);
        }
    }
}

#[derive(Debug)]
struct AtWork(Arc<Machine>);

impl Watch for AtWork {
    fn begins(&self) {
        self.0.at_work.fetch_add(1, Ordering::SeqCst);
    }

    fn ends(&self) {
        self.0.at_work.fetch_sub(1, Ordering::SeqCst);
    }

    fn pause(&self, _side: Side) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::ready(()))
    }
}

/// What the provider does with what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Serves {
    /// It gives and shows.
    Well,
    /// Nobody can reach it.
    Nobody,
    /// It gives, its answers are lost, and its lists cannot be read.
    Silence,
    /// It refuses every gift.
    No,
    /// The first so many creates are too many, for so long.
    Later(usize, TimeDelta),
}

/// A provider in the process.
#[derive(Debug)]
pub(super) struct Provider {
    machine: Arc<Machine>,
    pub(super) serves: Serves,
    /// How far its clock is ahead, where its answers show it.
    ahead: Option<TimeDelta>,
    book: Mutex<Book>,
}

/// What it was asked, and has given.
#[derive(Debug, Default)]
struct Book {
    gifts: Vec<serde_json::Value>,
    creates: Vec<Create>,
}

/// When a create was sent, and for which wallet.
pub(super) type Create = (DateTime<Utc>, u128);

impl Transport for Provider {
    fn send(&self, request: Request) -> provider::Sending {
        let trip = MachineClock(self.machine.clone()).sleep(TRIP);
        let mut delivery = self.deliver(&request);
        if let (Delivery::Answered { date, .. }, Some(ahead)) = (&mut delivery, self.ahead) {
            let shown = self.machine.lock().wall + ahead;
            *date = Some(shown.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
        }
        Box::pin(async move {
            trip.await;
            delivery
        })
    }
}

impl Provider {
    fn deliver(&self, request: &Request) -> Delivery {
        let mut book = self.book.lock().expect("nobody panics with the book");
        let is_create = request.method == Method::Post;
        if is_create {
            let text = request.body.as_deref().unwrap_or_default();
            let asked: serde_json::Value = serde_json::from_str(text).unwrap();
            let wallet: Uuid = asked["WalletId"].as_str().unwrap().parse().unwrap();
            book.creates.push((self.machine.lock().wall, wallet.as_u128()));
        }
        match self.serves {
            Serves::Nobody => Delivery::NeverSent {
                barrier: Barrier::Refused,
                why: "connection refused".to_owned(),
            },
            Serves::No if is_create => answered(422, "null", false),
            Serves::Later(times, wait) if is_create && book.creates.len() <= times => {
                let mut answer = answered(429, "null", false);
                if let Delivery::Answered { retry_after, .. } = &mut answer {
                    *retry_after = Some(wait.num_seconds().to_string());
                }
                answer
            }
            Serves::Silence if !is_create => answered(500, "null", false),
            _ if is_create => {
                let text = request.body.as_deref().unwrap_or_default();
                let gift = book.give(text, self.machine.lock().wall);
                match self.serves {
                    Serves::Silence => {
                        Delivery::Lost { loss: Loss::TimedOut, why: "no answer".to_owned() }
                    }
                    _ => answered(200, &gift, true),
                }
            }
            _ => {
                let wallet = request.url.as_str().rsplit(['/', '=']).next().unwrap_or_default();
                let shown: Vec<_> =
                    book.gifts.iter().filter(|gift| gift["WalletId"] == wallet).collect();
                if request.url.path().ends_with("/balances") {
                    // Every gift is one of five.
                    let (total, id) = (5 * shown.len(), wallet);
                    let value = serde_json::json!({"Id": id, "TotalGiftBalance": total});
                    return answered(200, &value.to_string(), true);
                }
                answered(200, &serde_json::to_string(&shown).unwrap(), true)
            }
        }
    }
}

impl Book {
    fn give(&mut self, body: &str, now: DateTime<Utc>) -> String {
        let asked: serde_json::Value = serde_json::from_str(body).unwrap();
        let gift = serde_json::json!({
            "Id": Uuid::from_u128(self.gifts.len() as u128 + 1),
            "WalletId": asked["WalletId"],
            "Amount": asked["Amount"],
            "RemainingAmount": asked["Amount"],
            "Description": asked["Description"],
            "ExpirationDate": asked["ExpirationDate"],
            "CreatedAt": now.to_rfc3339(),
            "IsUsed": false,
        });
        let text = gift.to_string();
        self.gifts.push(gift);
        text
    }
}

fn answered(status: u16, value: &str, is_success: bool) -> Delivery {
    let body = format!(
        r#"{{"Value":{value},"Errors":[],"IsSuccess":{is_success},"IsFailure":{}}}"#,
        !is_success
    );
    Delivery::Answered { status, date: None, retry_after: None, age: None, body: body.into_bytes() }
}

/// A campaign in a ledger, before a run.
pub(super) struct Scene {
    folder: tempfile::TempDir,
    pub(super) serves: Serves,
    /// When the machine sleeps, where it does.
    pub(super) jumps_at: Option<DateTime<Utc>>,
    /// How far the provider's clock is ahead, where its answers show it.
    pub(super) ahead: Option<TimeDelta>,
}

/// What came of a run.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) stop: Option<Stop>,
    pub(super) creates: Vec<Create>,
    /// How long it took, by its own clock.
    pub(super) took: TimeDelta,
    states: Vec<(GiftState, u64)>,
    /// Intents that were written.
    pub(super) intents: i64,
}

impl Told {
    pub(super) fn gifts(&self, state: GiftState) -> u64 {
        self.states.iter().filter(|(known, _)| *known == state).map(|(_, gifts)| gifts).sum()
    }
}

/// A gift of one wallet.
pub(super) fn gift(wallet: u128, expiry: Expiry) -> GiftContent {
    GiftContent {
        wallet: WalletId(Uuid::from_u128(wallet)),
        amount: Money::from_minor(500),
        expiry,
        description: "KUPON".into(),
    }
}

/// How a run is made as a rule.
pub(super) fn options() -> IssueOptions {
    IssueOptions {
        command: "issue",
        sending: Sending::Gifts,
        note: RunNote::default(),
        tag: false,
        policy: Policy {
            window: TimeDelta::minutes(5),
            max_attempts: 5,
            in_doubt: InDoubt::Settle,
            proof: AbsenceProof::Balance,
        },
        max_in_doubt: 100,
        give_up_after: TimeDelta::minutes(15),
        stop_after_refusals: 20,
        limit: None,
        names_gifts: false,
        deadline: None,
        clock_tolerance: None,
        day_ends_at: None,
    }
}

impl Scene {
    /// A campaign of these gifts, after what else is done to its ledger.
    pub(super) fn new<F>(
        gifts: &[GiftContent],
        meanwhile: impl FnOnce(Ledger, Writer) -> F,
    ) -> Scene
    where
        F: Future<Output = Writer>,
    {
        let folder = tempfile::tempdir().unwrap();
        let scene = Scene { folder, serves: Serves::Well, jumps_at: None, ahead: None };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let ledger = Ledger::open(&scene.path()).await.unwrap();
            let lock = RunLock::take(ledger.path(), "test", start()).unwrap();
            let mut writer = ledger.writer(&lock).await.unwrap();
            load(&mut writer, gifts).await;
            let writer = meanwhile(ledger.clone(), writer).await;
            // In this order the whole ledger is in its one file.
            ledger.close().await;
            writer.close().await.unwrap();
        });
        scene
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("ledger.db")
    }

    /// The same again, untouched by runs of this one.
    pub(super) fn copy(&self, serves: Serves) -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let copy = Scene { folder, serves, jumps_at: self.jumps_at, ahead: self.ahead };
        std::fs::copy(self.path(), copy.path()).unwrap();
        copy
    }

    /// A run to its end, of which this says what is waited for in vain where it has none.
    pub(super) fn run(&self, options: &IssueOptions) -> Told {
        let machine = Machine::new(self.jumps_at);
        let passing = machine.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .on_thread_park(move || passing.pass())
            .build()
            .unwrap();
        let book = Mutex::default();
        let (serves, ahead) = (self.serves, self.ahead);
        let provider = Arc::new(Provider { machine: machine.clone(), serves, ahead, book });
        runtime.block_on(async {
            let run = tokio::time::timeout(PATIENCE, self.run_by(&machine, &provider, options));
            tokio::select! {
                told = run => told.expect("a run ends"),
                () = machine.stuck.notified() => panic!("it waits for what cannot come: {options:?}"),
            }
        })
    }

    async fn run_by(
        &self,
        machine: &Arc<Machine>,
        provider: &Arc<Provider>,
        options: &IssueOptions,
    ) -> Told {
        let work = AtWork(machine.clone());
        work.begins();
        let clock: Clock = Arc::new(MachineClock(machine.clone()));
        let ledger = Ledger::open(&self.path()).await.unwrap();
        let lock = RunLock::take(ledger.path(), "test", start()).unwrap();
        let ledger = ledger.watched(Arc::new(AtWork(machine.clone())));
        let writer = ledger.writer(&lock).await.unwrap();
        let campaign = ledger.campaign("may").await.unwrap().unwrap();
        let states = ledger.tally(campaign.id, Meanwhile::Still).await.unwrap();
        let progress = Progress::of(&campaign, states.iter());
        let tools = Tools {
            client: WalletClient::over(
                provider.clone(),
                "https://wallet.test".parse().unwrap(),
                clock.clone(),
            ),
            clock: clock.clone(),
            interrupt: Interrupt::default(),
            progress: watch::channel(progress).0,
        };
        work.ends();
        let mut pace = Pace::new(0, 4);
        let issued = run_issue(&ledger, writer, &mut pace, &tools, &campaign, options).await;
        let Issued { writer, stop, .. } = issued.unwrap();
        work.begins();
        let states = ledger.tally(campaign.id, Meanwhile::Still).await.unwrap();
        let gifts = ledger.gift_page(campaign.id, None, 0, 100).await.unwrap();
        let intents = gifts.iter().map(|gift| gift.attempts).sum();
        writer.close().await.unwrap();
        ledger.close().await;
        work.ends();
        let creates = provider.book.lock().unwrap().creates.clone();
        let states = states.iter().map(|tally| (tally.state, tally.gifts)).collect();
        Told { stop, creates, took: clock.now() - start(), states, intents }
    }
}

/// A campaign of these gifts.
async fn load(writer: &mut Writer, gifts: &[GiftContent]) {
    let header = LoadHeader {
        campaign: "may".parse().unwrap(),
        header_json: "[]".into(),
        dialect_json: "{}".into(),
        file_sha256: "0".repeat(64),
    };
    let row = |(line, content): (u64, &GiftContent)| NewRow {
        line,
        content: content.clone(),
        reference: None,
        gift_key: None,
        cells_json: "[]".into(),
    };
    let mut load = writer.begin().await.unwrap().load(&header, start()).await.unwrap();
    load.add((1..).zip(gifts).map(row).collect()).await.unwrap();
    load.finish(start()).await.unwrap();
    load.commit().await.unwrap();
}

/// The campaign's row.
pub(super) async fn campaign(ledger: &Ledger) -> Campaign {
    ledger.campaign("may").await.unwrap().unwrap()
}
