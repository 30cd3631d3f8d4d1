//! One seed's story: a world is drawn, a campaign is loaded, processes come and go, and in the end
//! the auditor looks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use giftbatch::domain::{Expiry, GiftContent, Money, WalletId};
use giftbatch::ledger::{Ledger, LedgerError, LoadHeader, NewRow, RunLock, Wish};
use tempfile::TempDir;

use crate::auditor::{self, Judgement, Outcome, Reported};
use crate::dice::Dice;
use crate::faults::Fault;
use crate::manners::Kind;
use crate::people;
use crate::plot::{Breach, Plot};
use crate::process::{Ended, live};
use crate::provider::Provider;
use crate::terms::{DAY, HOUR, MINUTE, MS, PlanRow, SECOND, Terms};
use crate::work::{CAMPAIGN, Orders, What};
use crate::world::{Ambush, Event, START_MS, World, instant};

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
    /// What the auditor was shown.
    pub(crate) book: Provider,
    pub(crate) rows: Vec<Reported>,
    pub(crate) outcome: Outcome,
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
pub(crate) fn real_time<T>(work: impl Future<Output = Result<T, LedgerError>>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime can be made");
    runtime.block_on(work).expect("the ledger works")
}

/// Tells the story of a seed.
pub(crate) fn tell(shelf: &Shelf, seed: u64, plot: Plot, keeps_trace: bool) -> Story {
    let mut dice = Dice::new(seed);
    let terms = Terms::draw(&mut dice, plot);
    let world = World::new(terms.clone(), Dice::new(dice.next()), keeps_trace);
    let ledger = shelf.ledger(seed);
    give_leftovers(&world, &ledger, &terms);
    load(&ledger, CAMPAIGN, &terms.rows, 0);
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
        operator: Dice::new(seed ^ 0x5eed),
    };
    let is_stuck = teller.go_on();
    let rows = read(&teller.ledger);
    let folder = teller.ledger.parent().expect("it is in a folder");
    std::fs::remove_dir_all(folder).expect("a folder can be removed");
    let mut state = teller.world.state();
    for row in &rows {
        state.note(format_args!("line {} is {} {:?}", row.line, row.state, row.gift));
    }
    let outcome = Outcome {
        is_stuck,
        is_cancelled: state.was_cancelled,
        is_blocked: state.is_blocked,
        ended_ms: START_MS + state.now / 1_000,
    };
    for _ in rows.iter().filter(|row| row.error_class.as_deref() == Some("expired")) {
        state.count(Fault::Expired);
    }
    let mut judgement = auditor::judge(&teller.terms, &state.provider, &rows, outcome);
    judgement.unfinished.extend(std::mem::take(&mut state.failures));
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
        book: std::mem::take(&mut state.provider),
        rows,
        outcome,
    }
}

/// The name of the campaign whose gifts have expired when the story begins.
const LAST_WINTER: &str = "winter";

/// Gives gifts of an earlier campaign, long ago and without a fault, that nobody spent.
fn give_leftovers(world: &Arc<World>, ledger: &Path, terms: &Terms) {
    let wallets = &terms.manners.own_leftovers;
    if wallets.is_empty() {
        return;
    }
    let row = |(place, wallet): (usize, &uuid::Uuid)| PlanRow {
        line: place as u64 + 2,
        wallet: *wallet,
        minor: 3_300,
        expires_ms: Some(START_MS - 10 * 86_400_000),
        description: "Yılbaşı".to_owned(),
        expires_soon: false,
    };
    let rows: Vec<PlanRow> = wallets.iter().enumerate().map(row).collect();
    {
        let mut state = world.state();
        (state.now, state.is_quiet) = (-40 * DAY, true);
    }
    load(ledger, LAST_WINTER, &rows, -40 * DAY);
    let orders = Orders {
        campaign: LAST_WINTER,
        clock_error: 0,
        what: What::Issue,
        is_last: true,
        time: None,
    };
    let ended = live(world, ledger, terms, orders);
    assert!(matches!(ended, Ended::ByItself), "nothing is in the way: {ended:?}");
    world.pass_alone(-1);
    let mut state = world.state();
    (state.now, state.is_quiet) = (0, false);
    for entry in &mut state.provider.book {
        // To the auditor they are nobody's: it knows one plan.
        (entry.is_ours, entry.used_at) = (false, None);
    }
    for _ in wallets {
        state.count(Fault::Leftover);
    }
}

/// Loads a plan as a campaign.
fn load(path: &Path, campaign: &str, rows: &[PlanRow], now: i64) {
    let now = instant(now);
    let rows = rows.iter().map(|row| NewRow {
        line: row.line,
        content: GiftContent {
            wallet: WalletId(row.wallet),
            amount: Money::from_minor(row.minor),
            expiry: Expiry::from_ms(row.expires_ms),
            description: row.description.clone(),
        },
        reference: None,
        gift_key: None,
        cells_json: "[]".to_owned(),
    });
    let header = LoadHeader {
        campaign: campaign.parse().expect("a plain name"),
        header_json: "[]".to_owned(),
        dialect_json: "{}".to_owned(),
        file_sha256: "0".repeat(64),
    };
    real_time(async {
        let ledger = Ledger::open(path).await?;
        let lock = RunLock::take(ledger.path(), "load", now)?;
        let mut writer = ledger.writer(&lock).await?;
        let mut load = writer.begin().await?.load(&header, now).await?;
        load.add(rows.collect()).await?;
        load.finish(now).await?;
        load.commit().await?;
        writer.close().await?;
        ledger.close().await;
        Ok(())
    });
}

/// What the ledger says in the end, in plain words.
pub(crate) fn read(path: &Path) -> Vec<Reported> {
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
                row: gift.row,
                attempts: gift.attempts,
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
    /// What the person does who runs the program, where that is more than to issue.
    operator: Dice,
}

impl Teller {
    /// Runs until all is done; says whether a run never ended.
    fn go_on(&mut self) -> bool {
        for _ in 0..self.terms.faulty_runs {
            self.plan_stroke();
            self.plan_wish();
            let reconciles = self.dice.chance(200);
            let what = if reconciles { What::IssueAndReconcile } else { What::Issue };
            let what = self.wanted(what);
            if self.run(what) {
                return true;
            }
            self.rest();
            self.lose_ledger();
            self.spend_what_was_refused();
            self.resolve();
        }
        self.be_quiet();
        self.end() || self.take_back()
    }

    /// Ends all that can end by itself.
    fn end(&mut self) -> bool {
        if self.terms.manners.has(Kind::Retries) && self.run(What::Retry) {
            return true;
        }
        self.resolve();
        for _ in 0..LAST_RUNS {
            if self.run(What::Issue) {
                return true;
            }
            if read(&self.ledger).iter().all(Reported::is_final) {
                break;
            }
            if self.world.state().is_blocked {
                // What expires about now makes no list whole, for some minutes.
                self.world.pass_alone(self.world.state_now() + 2 * MINUTE);
            }
        }
        self.run(What::IssueAndReconcile)
    }

    /// From here on nothing goes wrong.
    fn be_quiet(&mut self) {
        self.world.state().is_quiet = true;
        self.resume();
        self.world.pass_alone(self.world.state_now() + MINUTE);
    }

    /// What a person wants of the next process, where this story's people want more than to issue.
    fn wanted(&mut self, otherwise: What) -> What {
        let retries =
            self.terms.manners.has(Kind::Retries) || self.terms.breach == Breach::RefusalsBelieved;
        match self.operator.below(10) {
            0..4 if retries => What::Retry,
            4..7 if retries => What::Reconcile,
            _ => otherwise,
        }
    }

    /// Takes back what was given, through all faults, and looks in the end.
    fn take_back(&mut self) -> bool {
        if !self.terms.manners.has(Kind::Revokes) {
            return false;
        }
        self.world.state().is_quiet = false;
        for _ in 0..2 {
            self.plan_stroke();
            if self.run(What::Revoke) {
                return true;
            }
            self.rest();
        }
        self.be_quiet();
        for what in [What::Revoke, What::Revoke, What::Reconcile] {
            if self.run(what) {
                return true;
            }
        }
        false
    }

    /// One process, and another that reconciles where the first one asks for it; says whether one of
    /// them never ended.
    fn run(&mut self, what: What) -> bool {
        for what in [what, What::Reconcile] {
            self.runs += 1;
            let is_last = self.world.state().is_quiet;
            let is_short = !is_last && what == What::Reconcile && self.operator.chance(300);
            let orders = Orders {
                campaign: CAMPAIGN,
                clock_error: self.clock_error,
                what,
                is_last,
                time: is_short.then_some(2 * SECOND),
            };
            let ended = live(&self.world, &self.ledger, &self.terms, orders);
            self.world.state().note(format_args!("the process ended: {ended:?}"));
            self.is_closed = matches!(ended, Ended::ByItself);
            self.world.state().is_blocked |= matches!(ended, Ended::Restored);
            if !matches!(ended, Ended::Restored) {
                return matches!(ended, Ended::Stuck);
            }
        }
        false
    }

    /// Where lists hide what was used, a gift is spent that was refused, and that a reconcile has found all the same.
    fn spend_what_was_refused(&mut self) {
        if !self.terms.spends_late() || !self.terms.manners.has(Kind::RefusesAfterCommit) {
            return;
        }
        for row in read(&self.ledger) {
            if row.reconciled.as_deref() == Some("unexpected") {
                let mut state = self.world.state();
                let at = state.now;
                state.push(at, Event::Spend(row.key));
            }
        }
    }

    /// What people make of what is held.
    fn resolve(&mut self) {
        if self.terms.manners.has(Kind::Resolves) {
            people::resolve(&self.world, &self.ledger, &self.terms, &mut self.operator);
        }
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
