//! One seed's story: a world is drawn, a campaign is loaded, processes come and go, and in the end
//! the auditor looks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use giftbatch::domain::{Expiry, GiftContent, Money, WalletId};
use giftbatch::ledger::{Ledger, LedgerError, LoadHeader, NewRow, RunLock, Wish};
use tempfile::TempDir;

use crate::auditor::{self, Ending, Judgement, Reported};
use crate::dice::Dice;
use crate::faults::Fault;
use crate::process::{CAMPAIGN, Ended, Orders, What, live};
use crate::terms::{Breach, DAY, HOUR, MINUTE, MS, SECOND, Terms};
use crate::world::{Ambush, Event, World, instant};

/// Where ledgers of stories live, and the empty one that each begins with.
#[derive(Debug)]
pub(crate) struct Shelf {
    folder: TempDir,
}

/// How a story ended.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) seed: u64,
    pub(crate) judgement: Judgement,
    pub(crate) seen: BTreeMap<Fault, u64>,
    /// A digest of everything that happened.
    pub(crate) digest: u64,
    pub(crate) trace: Vec<String>,
    /// How long it took by the world's time, microseconds.
    pub(crate) lasted: i64,
    pub(crate) runs: u64,
    pub(crate) terms: Terms,
}

/// Runs without a fault that a story may need to come to its end.
const LAST_RUNS: u64 = 6;

impl Shelf {
    pub(crate) fn new() -> Shelf {
        // In memory where the machine has such a place: the disk is not what is tried here.
        let memory = Path::new("/dev/shm");
        let folder =
            if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let shelf = Shelf { folder: folder.expect("a temporary folder") };
        real_time(async {
            let ledger = Ledger::open(&shelf.template()).await?;
            let lock = RunLock::take(ledger.path(), "template", instant(0))?;
            let mut writer = ledger.writer(&lock).await?;
            writer.notice_age(ledger.path(), instant(0)).await?;
            writer.close().await?;
            ledger.close().await;
            Ok(())
        });
        shelf
    }

    fn template(&self) -> PathBuf {
        self.folder.path().join("template.db")
    }

    /// A new ledger for a seed.
    fn ledger(&self, seed: u64) -> PathBuf {
        let folder = self.folder.path().join(format!("{seed}-{:?}", std::thread::current().id()));
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let ledger = folder.join("ledger.db");
        for side in ["", ".run"] {
            let beside = |path: &Path| format!("{}{side}", path.display());
            let copied = std::fs::copy(beside(&self.template()), beside(&ledger));
            copied.expect("a file can be copied");
        }
        ledger
    }
}

/// Runs ledger calls outside of a process's life.
fn real_time<T>(work: impl Future<Output = Result<T, LedgerError>>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime can be made");
    runtime.block_on(work).expect("the ledger works")
}

/// Tells the story of a seed.
pub(crate) fn tell(shelf: &Shelf, seed: u64, breach: Breach, keeps_trace: bool) -> Story {
    let mut dice = Dice::new(seed);
    let terms = Terms::draw(&mut dice, breach);
    let world = World::new(terms.clone(), Dice::new(dice.next()), keeps_trace);
    let ledger = shelf.ledger(seed);
    load(&ledger, &terms);
    let mut teller = Teller {
        world,
        ledger,
        terms,
        dice,
        clock_error: 0,
        runs: 0,
        is_closed: true,
        has_restored: false,
        people: Dice::new(!seed),
        has_paused: false,
    };
    let is_stuck = teller.go_on();
    let rows = read(&teller.ledger);
    let has_forgotten = has_forgotten(&teller.ledger);
    let folder = teller.ledger.parent().expect("it is in a folder");
    std::fs::remove_dir_all(folder).expect("a folder can be removed");
    let mut state = teller.world.state();
    for row in &rows {
        state.note(format_args!("line {} is {} {:?}", row.line, row.state, row.gift));
    }
    let is_cancelled = state.was_cancelled;
    let ending = Ending { is_stuck, is_cancelled, has_forgotten };
    let judgement = auditor::judge(&teller.terms, &state.provider, &rows, ending);
    let (digest, trace) = state.told();
    Story {
        seed,
        judgement,
        seen: state.seen.clone(),
        digest,
        trace,
        lasted: state.now,
        runs: teller.runs,
        terms: teller.terms.clone(),
    }
}

/// Loads the plan as a campaign.
fn load(path: &Path, terms: &Terms) {
    let rows = terms.rows.iter().map(|row| NewRow {
        line: row.line,
        content: GiftContent {
            wallet: WalletId(row.wallet),
            amount: Money::from_minor(row.minor),
            expiry: Expiry::from_ms(row.expires_ms),
            description: row.description.clone(),
        },
        reference: None,
        cells_json: "[]".to_owned(),
    });
    let header = LoadHeader {
        campaign: CAMPAIGN.parse().expect("a plain name"),
        header_json: "[]".to_owned(),
        dialect_json: "{}".to_owned(),
        file_sha256: "0".repeat(64),
    };
    real_time(async {
        let ledger = Ledger::open(path).await?;
        let lock = RunLock::take(ledger.path(), "load", instant(0))?;
        let mut writer = ledger.writer(&lock).await?;
        let mut load = writer.begin().await?.load(&header, instant(0)).await?;
        load.add(rows.collect()).await?;
        load.finish(instant(0)).await?;
        load.commit().await?;
        writer.close().await?;
        ledger.close().await;
        Ok(())
    });
}

/// What the ledger says in the end, in plain words.
fn read(path: &Path) -> Vec<Reported> {
    real_time(async {
        let ledger = Ledger::open(path).await?;
        let campaign = ledger.campaign(CAMPAIGN).await?.expect("it was loaded");
        assert_eq!(ledger.chain(None).await?.broken_at, None, "the chain of events is whole");
        let mut rows = Vec::new();
        for gift in ledger.gift_page(campaign.id, None, 0, 1_000).await? {
            let history = ledger.history(gift.row).await?;
            let is_doubt = |word: &str| matches!(word, "answer_lost" | "orphaned");
            rows.push(Reported {
                line: gift.line.unsigned_abs(),
                key: gift.key.0,
                state: gift.state.word(),
                gift: gift.gift_id.map(|id| id.0),
                was_in_doubt: history.iter().any(|line| is_doubt(&line.word)),
                error_class: gift.error_class,
                error: gift.error,
                reconciled: gift.reconciled,
            });
        }
        ledger.close().await;
        Ok(rows)
    })
}

/// Whether the ledger says that it is an old copy, and does not know what was given since.
fn has_forgotten(path: &Path) -> bool {
    real_time(async {
        let ledger = Ledger::open(path).await?;
        let lock = RunLock::take(ledger.path(), "audit", instant(0))?;
        let campaign = ledger.campaign(CAMPAIGN).await?.expect("it was loaded");
        let mut writer = ledger.writer(&lock).await?;
        let mut batch = writer.begin().await?;
        let since = batch.forgot_since(campaign.id).await?;
        batch.rollback().await?;
        writer.close().await?;
        ledger.close().await;
        Ok(since.is_some())
    })
}

/// Lets processes come and go.
struct Teller {
    world: Arc<World>,
    ledger: PathBuf,
    terms: Terms,
    dice: Dice,
    clock_error: i64,
    runs: u64,
    /// Whether the last process ended in order.
    is_closed: bool,
    /// Whether an old copy of the ledger was put in its place already.
    has_restored: bool,
    /// What people at other terminals do: chances of their own, so that the rest of a story stays.
    people: Dice,
    /// Whether the campaign was to be paused at some time.
    has_paused: bool,
}

impl Teller {
    /// Runs until all is done; says whether a run never ended.
    fn go_on(&mut self) -> bool {
        for _ in 0..self.terms.faulty_runs {
            self.plan_stroke();
            self.plan_wish();
            self.plan_sleep();
            let reconciles = self.dice.chance(200);
            let what = if reconciles { What::IssueAndReconcile } else { What::Issue };
            let what = self.or_retry(what);
            if self.run(what) {
                return true;
            }
            self.rest();
            self.lose_ledger();
        }
        self.world.state().is_quiet = true;
        self.resume();
        self.world.pass_alone(self.world.state_now() + MINUTE);
        if self.terms.manners.retries && self.run(What::Retry) {
            return true;
        }
        for _ in 0..LAST_RUNS {
            if self.run(What::Issue) {
                return true;
            }
            if read(&self.ledger).iter().all(Reported::is_final) {
                break;
            }
        }
        self.run(What::IssueAndReconcile)
    }

    /// One process, and another that reconciles where the first one asks for it; says whether one of
    /// them never ended.
    fn run(&mut self, what: What) -> bool {
        for what in [what, What::Reconcile] {
            self.runs += 1;
            let is_last = self.world.state().is_quiet;
            let orders = Orders { clock_error: self.clock_error, what, is_last };
            let ended = live(&self.world, &self.ledger, &self.terms, orders);
            self.world.state().note(format_args!("the process ended: {ended:?}"));
            self.is_closed = matches!(ended, Ended::ByItself);
            if !matches!(ended, Ended::Restored) {
                return matches!(ended, Ended::Stuck);
            }
        }
        false
    }

    /// Keeps a copy of the ledger, and some runs later puts it in the ledger's place.
    fn lose_ledger(&mut self) {
        // A killed process lets go of its files when the machine comes to it: only an orderly end will do.
        if !self.terms.restores || self.has_restored || !self.is_closed {
            return;
        }
        let copy = self.ledger.with_extension("copy");
        if !copy.exists() {
            std::fs::copy(&self.ledger, &copy).expect("a file can be copied");
        } else if self.dice.chance(600) {
            std::fs::rename(&copy, &self.ledger).expect("a file can be renamed");
            self.has_restored = true;
            let mut state = self.world.state();
            state.count(Fault::OldLedgerRestored);
            state.note(format_args!("an old copy of the ledger is restored"));
        }
    }

    /// What a person will want while the next run lives. A paused campaign is mostly resumed before.
    fn plan_wish(&mut self) {
        if self.people.chance(700) {
            self.resume();
        }
        let is_pause = self.people.chance(100);
        // A copy of a ledger from before has forgotten that it was cancelled.
        let is_cancel = self.people.chance(25) && !self.terms.restores;
        let after = self.people.below(15);
        if is_pause || is_cancel {
            self.has_paused = true;
            let wish = if is_cancel { Wish::Cancel } else { Wish::Pause };
            self.world.state().wish = Some((wish, after));
        }
    }

    /// People may try again what was refused instead.
    fn or_retry(&mut self, what: What) -> What {
        match self.terms.manners.retries && self.people.chance(500) {
            true => What::Retry,
            false => what,
        }
    }

    /// The machine may sleep while the next run lives.
    fn plan_sleep(&mut self) {
        let often = self.terms.manners.sleeps;
        if often == 0 || !self.people.chance(often) {
            return;
        }
        let soon = *self.people.pick(&[200 * MS, 3 * SECOND, MINUTE]);
        let long = *self.people.pick(&[2 * MINUTE, HOUR, 9 * HOUR]);
        let mut state = self.world.state();
        let at = state.now + self.people.between(0, soon);
        let place = state.push(at, Event::Sleep(long));
        state.sleep = Some(place);
    }

    fn resume(&self) {
        if !self.has_paused {
            return;
        }
        real_time(async {
            let ledger = Ledger::open(&self.ledger).await?;
            let campaign = ledger.campaign(CAMPAIGN).await?.expect("it was loaded");
            let now = instant(self.world.state_now());
            ledger.wish(campaign.id, Wish::Resume, "ann", now).await?;
            ledger.close().await;
            Ok(())
        });
    }

    /// What the next run will meet.
    fn plan_stroke(&mut self) {
        let mut state = self.world.state();
        let soon = *self.dice.pick(&[200 * MS, 3 * SECOND, 2 * MINUTE]);
        let at = state.now + self.dice.between(0, soon);
        if self.dice.chance(300) {
            let place = state.push(at, Event::Stroke(Fault::SecondRun));
            state.stroke = Some(place);
            return;
        }
        if !self.dice.chance(self.terms.strokes) {
            return;
        }
        let fault = *self.dice.pick(&[
            Fault::Crash,
            Fault::Crash,
            Fault::CrashBeforeCommit,
            Fault::CrashAfterCommit,
            Fault::CrashBeforeSend,
            Fault::CrashAtAnswer,
            Fault::Drained,
            Fault::Abandoned,
        ]);
        match fault {
            Fault::Crash | Fault::Drained | Fault::Abandoned => {
                let place = state.push(at, Event::Stroke(fault));
                state.stroke = Some(place);
            }
            at => state.ambush = Some(Ambush { at, after: self.dice.below(12) }),
        }
    }

    /// The time between two runs: the server goes on, and the clock may be set.
    fn rest(&mut self) {
        let s = self.terms.s;
        let most = *self.dice.pick(&[0, SECOND, s, 3 * s]);
        let until = self.world.state_now() + self.dice.between(0, most);
        self.world.pass_alone(until);
        if self.terms.local_jumps && self.dice.chance(500) {
            let jump = *self.dice.pick(&[-2 * DAY, -HOUR, -SECOND, SECOND, HOUR, 2 * DAY]);
            self.clock_error += jump;
            let mut state = self.world.state();
            state.count(Fault::LocalClockJump);
            state.note(format_args!("the local clock jumps by {jump} us"));
        }
    }
}
