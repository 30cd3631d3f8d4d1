//! The world: one time, one provider, one network. Whatever happens is an event of its queue.
//!
//! It stands apart from the runs in it: a run that dies leaves the world as it is, with its requests
//! still on their way to the server.
//!
//! **Invariant:** time moves only in [`World::pass`], by one event, and only while nothing of a run
//! can go on by itself: no task is ready and no ledger call is under way.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;

use chrono::{DateTime, Utc};
use giftbatch::ledger::Wish;

use crate::dice::Dice;
use crate::faults::Fault;
use crate::manners::Kind;
use crate::network::Exchange;
use crate::provider::{Entry, Provider};
use crate::terms::{DAY, HOUR, PlanRow, Terms};

/// Where the true clock stands when a story begins, milliseconds since 1970.
pub(crate) const START_MS: i64 = 1_900_000_000_000;

/// The true instant of so many microseconds of a story.
pub(crate) fn instant(us: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(START_MS * 1_000 + us)
        .expect("a story ends before the calendar")
}

/// A place in the queue: when, and after what else of that moment.
pub(crate) type Place = (i64, u64);

/// What is to happen.
#[derive(Debug)]
pub(crate) enum Event {
    /// A sleeper's time has come.
    Wake(Waker),
    /// The server serves the request.
    Serve(u64),
    /// The server takes a create that was let go.
    Late(u64),
    /// The client is told.
    Deliver(u64),
    /// A customer spends the gift with this reference.
    Spend(uuid::Uuid),
    /// A stranger gives the same as this row.
    Foreign(usize),
    /// A stranger gives the same as this row, dated a year ahead.
    OfNextYear(usize),
    /// Two wallets become one.
    Merge(uuid::Uuid, uuid::Uuid),
    /// The machine sleeps for so long, where a run lives.
    Suspend(i64),
    /// The server's clock is set.
    ServerJump(i64),
    /// The run meets this.
    Stroke(Fault),
    /// The run takes too long to be true.
    Watchdog,
}

/// How a run is to be ended from outside, as its driver sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Crash,
    Drain,
    /// It notices that a person paused or cancelled its campaign.
    Withhold,
    Abandon,
    Busy,
    Stuck,
}

/// A moment of the protocol at which the run is to die, and how often it is still to pass by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ambush {
    pub(crate) at: Fault,
    pub(crate) after: u64,
}

/// Everything that changes.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) now: i64,
    sequence: u64,
    queue: BTreeMap<Place, Event>,
    /// Events that were put off, by their numbers: when they happen now.
    put_off: HashMap<u64, i64>,
    pub(crate) dice: Dice,
    /// Chances of odd manners, so that the rest of a story stays.
    pub(crate) aside: Dice,
    pub(crate) terms: Terms,
    pub(crate) provider: Provider,
    pub(crate) exchanges: BTreeMap<u64, Exchange>,
    pub(crate) next_exchange: u64,
    /// No more faults from here on.
    pub(crate) is_quiet: bool,
    pub(crate) seen: BTreeMap<Fault, u64>,
    pub(crate) ambush: Option<Ambush>,
    pub(crate) end: Option<End>,
    end_waker: Option<Waker>,
    /// Who goes on once nobody else has anything to do, by their numbers.
    patient: BTreeMap<u64, Waker>,
    trace: Trace,
    steps: u64,
    /// The run that lives, or lived last.
    pub(crate) run: u64,
    pub(crate) is_living: bool,
    /// For how long the run's clock has stood still.
    pub(crate) slept: i64,
    /// The ledger is an old copy, and no reconcile has found all that it forgot: the program gives nothing, and says so.
    pub(crate) is_blocked: bool,
    /// The run holds gifts against lists just now.
    pub(crate) is_reconciling: bool,
    /// The references that the run has sent creates with.
    pub(crate) sent: BTreeSet<String>,
    /// What runs said that could not go on with their ledger.
    pub(crate) failures: Vec<String>,
    /// Runs that were killed.
    pub(crate) killed: Vec<u64>,
    /// What ends a run that never ends.
    pub(crate) watchdog: Option<Place>,
    /// What the run is to meet.
    pub(crate) stroke: Option<Place>,
    /// What a person will want from another terminal, and after how many more commits of the run.
    pub(crate) wish: Option<(Wish, u64)>,
    /// The campaign was cancelled, and the run that lived then has ended.
    pub(crate) is_cancelled: bool,
    /// The wish to cancel is in the ledger.
    pub(crate) was_cancelled: bool,
}

/// What happened: a digest of all of it, and the text where it is wanted.
#[derive(Debug, Default)]
struct Trace {
    hash: DefaultHasher,
    line: String,
    kept: Option<Vec<String>>,
}

/// The world of one story.
#[derive(Debug)]
pub(crate) struct World {
    state: Mutex<State>,
}

/// A world in which nothing ends after so many events is broken.
const MOST_STEPS: u64 = 3_000_000;

impl World {
    pub(crate) fn new(terms: Terms, dice: Dice, keeps_trace: bool) -> Arc<World> {
        let mut state = State {
            now: 0,
            sequence: 0,
            queue: BTreeMap::new(),
            put_off: HashMap::new(),
            aside: Dice::new(!dice.clone().next()),
            dice,
            provider: Provider { skew: terms.server_skew, ..Provider::default() },
            terms,
            exchanges: BTreeMap::new(),
            next_exchange: 0,
            is_quiet: false,
            seen: BTreeMap::new(),
            ambush: None,
            end: None,
            patient: BTreeMap::new(),
            end_waker: None,
            trace: Trace { kept: keeps_trace.then(Vec::new), ..Trace::default() },
            steps: 0,
            run: 0,
            is_living: false,
            slept: 0,
            is_blocked: false,
            is_reconciling: false,
            sent: BTreeSet::new(),
            failures: Vec::new(),
            killed: Vec::new(),
            watchdog: None,
            stroke: None,
            wish: None,
            is_cancelled: false,
            was_cancelled: false,
        };
        state.furnish();
        Arc::new(World { state: Mutex::new(state) })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with the world in hand")
    }

    /// The time, microseconds.
    pub(crate) fn state_now(&self) -> i64 {
        self.state().now
    }

    /// Nobody has anything to do: lets who was patient go on, or events happen until one of them wakes
    /// somebody, or none is left.
    pub(crate) fn pass(&self) {
        let patient = self.state().patient.pop_first();
        if let Some((_, waker)) = patient {
            waker.wake();
            return;
        }
        loop {
            let woken = {
                let mut state = self.state();
                let Some((place, event)) = state.queue.pop_first() else {
                    state.finish(End::Stuck);
                    if let Some(waker) = state.end_waker.take() {
                        drop(state);
                        waker.wake();
                    }
                    return;
                };
                state.now = state.now.max(place.0);
                state.steps += 1;
                if state.steps > MOST_STEPS {
                    state.finish(End::Stuck);
                }
                let woken = state.happen(event);
                woken.or_else(|| state.end_waker())
            };
            if let Some(waker) = woken {
                waker.wake();
                return;
            }
        }
    }

    /// Lets the time pass while no run lives.
    pub(crate) fn pass_alone(&self, until: i64) {
        let mut state = self.state();
        while state.queue.first_key_value().is_some_and(|((at, _), _)| *at <= until) {
            let ((at, _), event) = state.queue.pop_first().expect("it is there");
            state.now = state.now.max(at);
            state.happen(event);
        }
        state.now = state.now.max(until);
    }
}

impl State {
    /// Puts what is there from the start into the world.
    fn furnish(&mut self) {
        for row in self.terms.foreign_old.clone() {
            let age = 30 * DAY + self.dice.between(0, HOUR);
            self.foreign(row, -age);
            self.count(Fault::ForeignTwinOfOld);
        }
        for (row, at) in self.terms.foreign_now.clone() {
            self.push(at, Event::Foreign(row));
        }
        for (at, jump) in self.terms.server_jumps.clone() {
            self.push(at, Event::ServerJump(jump));
        }
        self.furnish_oddly();
    }

    /// Puts what comes of odd manners into the world.
    fn furnish_oddly(&mut self) {
        let manners = self.terms.manners.clone();
        for row in manners.times.last_year {
            let row = self.terms.rows[row].clone();
            let at = -365 * DAY - self.aside.between(0, HOUR);
            self.stranger(&row, at);
            self.count(Fault::TwinOfLastYear);
        }
        for (row, at) in manners.times.next_year {
            if at < 0 {
                self.give_of_next_year(row, at);
            } else {
                self.push(at, Event::OfNextYear(row));
            }
        }
        for (wallet, count) in manners.padding {
            for _ in 0..count {
                let at = -self.aside.between(DAY, 300 * DAY);
                let row = self.odd_row(wallet);
                let place = self.stranger(&row, at);
                self.provider.book[place].used_at = self.aside.chance(300).then_some(at);
            }
        }
        for wallet in manners.unreadable_wallets {
            let row = self.odd_row(wallet);
            let place = self.stranger(&row, -DAY);
            self.provider.book[place].is_unreadable = true;
        }
        for wallet in manners.strangers_leftovers {
            let ago = self.aside.between(1, 300) * 86_400_000;
            let row = PlanRow { expires_ms: Some(START_MS - ago), ..self.odd_row(wallet) };
            self.stranger(&row, -301 * DAY);
            self.count(Fault::Leftover);
        }
        for (at, long) in manners.suspensions {
            self.push(at, Event::Suspend(long));
        }
        if let Some((one, other, at)) = manners.merge {
            self.push(at, Event::Merge(one, other));
        }
    }

    /// What a stranger may have given to a wallet.
    fn odd_row(&mut self, wallet: uuid::Uuid) -> PlanRow {
        PlanRow {
            line: 0,
            wallet,
            minor: *self.aside.pick(&[2_500, 7_700, 100_000, 5]),
            expires_ms: None,
            description: "Welcome".to_owned(),
            expires_soon: false,
        }
    }

    /// Waits until nobody else has anything to do.
    pub(crate) fn be_patient(&mut self, waker: Waker) -> u64 {
        self.sequence += 1;
        self.patient.insert(self.sequence, waker);
        self.sequence
    }

    pub(crate) fn is_patient(&self, number: u64) -> bool {
        self.patient.contains_key(&number)
    }

    pub(crate) fn be_patient_no_more(&mut self, number: u64) {
        self.patient.remove(&number);
    }

    pub(crate) fn push(&mut self, at: i64, event: Event) -> Place {
        self.sequence += 1;
        let place = (at.max(self.now), self.sequence);
        self.queue.insert(place, event);
        place
    }

    /// Takes an event out before it happens; whether it was still to come.
    pub(crate) fn forget(&mut self, place: Place) -> bool {
        let place = self.place_now(place);
        self.queue.remove(&place).is_some()
    }

    /// Where an event is by now, which may have been put off.
    fn place_now(&self, (at, number): Place) -> Place {
        (self.put_off.get(&number).copied().unwrap_or(at), number)
    }

    /// The machine sleeps: the run's waits stand still, and what comes for it waits. Everybody else goes on.
    fn suspend(&mut self, long: i64) {
        if !self.is_living || self.is_quiet {
            return;
        }
        self.count(Fault::Suspended);
        self.note(format_args!("the machine sleeps for {long} us"));
        let until = self.now + long;
        // What a run was told and has not written down yet nobody may spend, where lists hide it then.
        let is_late = self.terms.spends_late();
        self.slept += long;
        for ((at, number), event) in std::mem::take(&mut self.queue) {
            let at = match &event {
                Event::Wake(_) | Event::Watchdog => at + long,
                Event::Spend(_) if is_late => at + long,
                Event::Deliver(_) | Event::Stroke(_) => at.max(until),
                _ => at,
            };
            self.put_off.insert(number, at);
            self.queue.insert((at, number), event);
        }
    }

    /// Whether an event is still to come; a sleeper's waker is renewed.
    pub(crate) fn is_to_come(&mut self, place: Place, waker: &Waker) -> bool {
        let place = self.place_now(place);
        match self.queue.get_mut(&place) {
            Some(Event::Wake(old)) => {
                old.clone_from(waker);
                true
            }
            Some(_) => true,
            None => false,
        }
    }

    pub(crate) fn count(&mut self, fault: Fault) {
        *self.seen.entry(fault).or_default() += 1;
    }

    fn happen(&mut self, event: Event) -> Option<Waker> {
        match event {
            Event::Wake(waker) => return Some(waker),
            Event::Serve(id) => self.serve(id),
            Event::Late(id) => self.take_late(id),
            Event::Deliver(id) => return self.deliver(id),
            Event::Spend(reference) => self.spend(reference),
            Event::Foreign(row) => {
                if !self.is_quiet {
                    self.foreign(row, self.now);
                    self.count(Fault::ForeignTwinOfNow);
                }
            }
            Event::OfNextYear(row) => self.give_of_next_year(row, self.now),
            Event::Merge(one, other) => {
                self.provider.merged = Some((one, other));
                self.count(Fault::WalletsMerged);
                self.note(format_args!("{other} becomes one with {one}"));
            }
            Event::Suspend(long) => self.suspend(long),
            Event::ServerJump(jump) => {
                self.provider.skew += jump;
                self.count(Fault::ServerClockJump);
                self.note(format_args!("the server's clock jumps by {jump} us"));
            }
            Event::Stroke(fault) => self.strike(fault),
            Event::Watchdog => self.finish(End::Stuck),
        }
        None
    }

    fn spend(&mut self, reference: uuid::Uuid) {
        let now = self.now;
        let (hides, is_late) = (self.terms.hides_used, self.terms.spends_late());
        let killed = &self.killed;
        let is_forgotten =
            |(told, run): &(uuid::Uuid, u64)| *told == reference && killed.contains(run);
        if is_late && self.provider.told.iter().any(is_forgotten) {
            return;
        }
        let entry = self.provider.book.iter_mut().find(|entry| entry.reference == reference);
        if let Some(entry) = entry.filter(|entry| entry.used_at.is_none()) {
            entry.used_at = Some(now);
            let id = entry.id;
            if hides {
                self.count(Fault::ListHidesUsed);
            }
            self.note(format_args!("a customer spends {id}"));
        }
    }

    /// A stranger gives what a row asks for.
    fn foreign(&mut self, row: usize, at: i64) {
        let row = self.terms.rows[row].clone();
        let ids = (self.dice.guid(), self.dice.guid());
        self.give_as(&row, at, ids);
    }

    /// The same, by chances of odd manners; the place in the book.
    fn stranger(&mut self, row: &PlanRow, at: i64) -> usize {
        let ids = (self.aside.guid(), self.aside.guid());
        self.give_as(row, at, ids)
    }

    fn give_of_next_year(&mut self, row: usize, at: i64) {
        let row = self.terms.rows[row].clone();
        let place = self.stranger(&row, at);
        let entry = &mut self.provider.book[place];
        entry.created_at += chrono::TimeDelta::days(365);
        self.count(Fault::TwinOfNextYear);
    }

    fn give_as(&mut self, row: &PlanRow, at: i64, ids: (uuid::Uuid, uuid::Uuid)) -> usize {
        let id = match self.terms.manners.has(Kind::IdsOfWallets) {
            true => self.provider.new_id(&self.terms, row.wallet, &mut self.aside),
            false => ids.0,
        };
        let entry = Entry {
            id,
            wallet: row.wallet,
            minor: row.minor,
            expires: row.expires_ms.and_then(DateTime::from_timestamp_millis),
            description: row.description.clone(),
            reference: ids.1,
            is_ours: false,
            committed_at: at,
            created_at: self.provider.clock(at),
            used_at: None,
            deleted_at: None,
            odd_created_at: None,
            is_unreadable: false,
        };
        self.note(format_args!("a stranger gives {} like line {}", entry.id, row.line));
        self.provider.book.push(entry);
        self.provider.book.len() - 1
    }

    fn strike(&mut self, fault: Fault) {
        let end = match fault {
            Fault::Drained => End::Drain,
            Fault::Abandoned => End::Abandon,
            Fault::SecondRun => End::Busy,
            _ => End::Crash,
        };
        self.count(fault);
        self.finish(end);
    }

    /// Tells the run's driver that something is to be done to it.
    pub(crate) fn finish(&mut self, end: End) {
        self.note(format_args!("the run meets {end:?}"));
        self.end = Some(end);
    }

    /// Whether the run is to die here; counts the passings-by.
    pub(crate) fn is_ambushed(&mut self, at: Fault) -> bool {
        let Some(ambush) = self.ambush.as_mut().filter(|ambush| ambush.at == at) else {
            return false;
        };
        if ambush.after > 0 {
            ambush.after -= 1;
            return false;
        }
        self.ambush = None;
        self.count(at);
        self.note(format_args!("ambush: {at:?}"));
        self.finish(End::Crash);
        true
    }

    /// What a person wants just now; counts the commits until then.
    pub(crate) fn wished(&mut self) -> Option<Wish> {
        let (wish, after) = self.wish.as_mut()?;
        if *after > 0 {
            *after -= 1;
            return None;
        }
        let wish = *wish;
        self.wish = None;
        self.count(if wish == Wish::Cancel { Fault::Cancelled } else { Fault::Paused });
        self.note(format_args!("a person wants: {}", wish.word()));
        Some(wish)
    }

    /// Wakes the driver, where there is something for it.
    pub(crate) fn end_waker(&mut self) -> Option<Waker> {
        self.end.and_then(|_| self.end_waker.take())
    }

    pub(crate) fn wait_for_end(&mut self, waker: &Waker) {
        self.end_waker = Some(waker.clone());
    }

    /// Writes down what happened.
    pub(crate) fn note(&mut self, what: std::fmt::Arguments<'_>) {
        let Trace { hash, line, kept } = &mut self.trace;
        line.clear();
        let (seconds, rest) = (self.now.div_euclid(1_000_000), self.now.rem_euclid(1_000_000));
        write!(line, "{seconds:>6}.{rest:06} {what}").expect("text can be written");
        line.hash(hash);
        if let Some(kept) = kept {
            kept.push(line.clone());
        }
    }

    /// The digest of all that happened, and its text where it was kept.
    pub(crate) fn told(&mut self) -> (u64, Vec<String>) {
        (self.trace.hash.finish(), self.trace.kept.take().unwrap_or_default())
    }
}
