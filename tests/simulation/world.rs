//! The world: one time, one provider, one network. Whatever happens is an event of its queue.
//!
//! It stands apart from the runs in it: a run that dies leaves the world as it is, with its requests
//! still on their way to the server.
//!
//! **Invariant:** time moves only in [`World::pass`], by one event, and only while nothing of a run
//! can go on by itself: no task is ready and no ledger call is under way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;

use chrono::{DateTime, Utc};
use giftbatch::ledger::Wish;

use crate::dice::Dice;
use crate::faults::Fault;
use crate::network::Exchange;
use crate::provider::{Entry, Provider};
use crate::terms::{DAY, HOUR, Terms};

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
    /// The server's clock is set.
    ServerJump(i64),
    /// The machine sleeps for so long.
    Sleep(i64),
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
    pub(crate) dice: Dice,
    /// Chances of what a provider does that no page tells of: so that the rest of a story stays.
    pub(crate) odd: Dice,
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
    /// The references that the run has sent creates with.
    pub(crate) sent: BTreeSet<String>,
    /// Runs that were killed.
    pub(crate) killed: Vec<u64>,
    /// The clock of the run less the true one, when it began.
    pub(crate) clock_error: i64,
    /// How long the machine has slept while this run lived.
    pub(crate) slept: i64,
    /// What ends a run that never ends.
    pub(crate) watchdog: Option<Place>,
    /// When the machine is to sleep.
    pub(crate) sleep: Option<Place>,
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
            odd: Dice::new(!dice.clone().next()),
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
            sent: BTreeSet::new(),
            killed: Vec::new(),
            clock_error: 0,
            slept: 0,
            watchdog: None,
            sleep: None,
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
            self.foreign(row, -age, -age);
            self.count(Fault::ForeignTwinOfOld);
        }
        for (row, at) in self.terms.foreign_now.clone() {
            self.push(at, Event::Foreign(row));
        }
        self.furnish_twins();
        self.furnish_wallets();
        for (at, jump) in self.terms.server_jumps.clone() {
            self.push(at, Event::ServerJump(jump));
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
        self.queue.remove(&place).is_some()
    }

    /// The machine sleeps: the world goes on, and who waits by the machine's clock, or for an answer, goes on with it.
    fn fall_asleep(&mut self, long: i64) {
        self.count(Fault::Slept);
        self.note(format_args!("the machine sleeps for {long} us"));
        let until = self.now + long;
        let is_ours = |event: &Event| {
            matches!(event, Event::Wake(_) | Event::Deliver(_) | Event::Stroke(_) | Event::Watchdog)
        };
        let ours = self.queue.extract_if(.., |_, event| is_ours(event)).collect::<Vec<_>>();
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= until) {
            let ((at, _), event) = entry.remove_entry();
            self.now = self.now.max(at);
            let woken = self.happen(event);
            assert!(woken.is_none(), "who sleeps is not woken");
        }
        self.now = until;
        self.slept += long;
        for ((at, number), event) in ours {
            let place = match event {
                // An answer waits where it arrived.
                Event::Deliver(_) => (at.max(until), number),
                _ => (at + long, number),
            };
            match event {
                Event::Deliver(id) => self.exchange(id).deliver = Some(place),
                Event::Stroke(_) => self.stroke = Some(place),
                Event::Watchdog => self.watchdog = Some(place),
                _ => {}
            }
            self.queue.insert(place, event);
        }
        self.note(format_args!("the machine wakes"));
    }

    /// Whether an event is still to come; a sleeper's waker is renewed.
    pub(crate) fn is_to_come(&mut self, place: Place, waker: &Waker) -> bool {
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
                    self.foreign(row, self.now, self.now);
                    self.count(Fault::ForeignTwinOfNow);
                }
            }
            Event::ServerJump(jump) => {
                self.provider.skew += jump;
                self.count(Fault::ServerClockJump);
                self.note(format_args!("the server's clock jumps by {jump} us"));
            }
            Event::Sleep(long) => self.fall_asleep(long),
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
    pub(crate) fn foreign(&mut self, row: usize, at: i64, made: i64) {
        let row = self.terms.rows[row].clone();
        let entry = Entry {
            id: self.dice.guid(),
            wallet: row.wallet,
            minor: row.minor,
            expires: row.expires_ms.and_then(DateTime::from_timestamp_millis),
            description: row.description,
            reference: self.dice.guid(),
            is_ours: false,
            committed_at: at,
            created_at: self.provider.clock(made),
            odd_time: None,
            used_at: None,
        };
        self.note(format_args!("a stranger gives {} like line {}", entry.id, row.line));
        self.provider.book.push(entry);
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
