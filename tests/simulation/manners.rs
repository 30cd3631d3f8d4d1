//! What a provider does that no page of its API tells of: refusals after a commit, lists that are cut, 404s for
//! wallets that have gifts, times that no clock can show, leftovers, merged wallets, entries that cannot be read.
//!
//! It stands apart from the other terms because each of these gives cause to leave something to a person, and
//! has dice of its own.
//!
//! **Invariant:** none of it lets a gift be given twice, or be said to be what it is not.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::dice::Dice;
use crate::faults::Fault;
use crate::provider::Entry;
use crate::terms::{DAY, MINUTE, PlanRow, SECOND, Trouble, Window};
use crate::world::{START_MS, State, instant};

/// Which entries a list that is cut shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    Oldest(usize),
    Newest(usize),
}

impl Cut {
    /// How many entries it shows.
    pub(crate) fn most(self) -> usize {
        match self {
            Cut::Oldest(most) | Cut::Newest(most) => most,
        }
    }
}

/// A wallet whose lists have an entry that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Smudge {
    pub(crate) wallet: Uuid,
    /// So many of a thousand lists.
    pub(crate) often: u64,
}

impl Smudge {
    pub(crate) fn is_for_ever(&self) -> bool {
        self.often == 1_000
    }
}

/// Worlds in a thousand that have each kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Often {
    pub(crate) refuses: u64,
    pub(crate) cuts: u64,
    pub(crate) denies: u64,
    pub(crate) times: u64,
    pub(crate) leftovers: u64,
    pub(crate) merges: u64,
    pub(crate) smudges: u64,
    pub(crate) caches: u64,
    pub(crate) sleeps: u64,
    pub(crate) retries: u64,
    pub(crate) throttles: u64,
    pub(crate) portals: u64,
}

impl Often {
    /// As stories draw them; none of a kind that the program does not stand yet.
    pub(crate) const USUAL: Often = Often {
        refuses: 60,
        cuts: 60,
        denies: 60,
        times: 80,
        leftovers: 60,
        merges: 0,
        smudges: 60,
        caches: 60,
        sleeps: 60,
        retries: 150,
        throttles: 60,
        portals: 60,
    };
}

/// What is drawn of it. Times are microseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manners {
    /// Creates in a thousand that are committed, and then refused.
    pub(crate) refuses_committed: u64,
    pub(crate) cut: Option<Cut>,
    /// Wallets whose lists are a 404 for a while: from when, until when.
    pub(crate) denied: Vec<(Uuid, i64, i64)>,
    /// Creates in a thousand whose time is none that a clock can show.
    pub(crate) odd_times: u64,
    /// Rows of which a stranger was given the same long ago, with a time of next year.
    pub(crate) of_next_year: Vec<usize>,
    /// Wallets with unspent gifts that expired last year.
    pub(crate) leftovers: Vec<Uuid>,
    /// Whether balances leave out what has expired.
    pub(crate) drops_expired: bool,
    /// Two wallets that become one: each shows the gifts of both from then on.
    pub(crate) merged: Option<(Uuid, Uuid, i64)>,
    pub(crate) smudges: Vec<Smudge>,
    /// Wallets with many gifts of others.
    pub(crate) filled: Vec<Uuid>,
    /// How old a list may be that a cache keeps, which says so.
    pub(crate) cache: i64,
    /// Outages of another kind.
    pub(crate) windows: Vec<Window>,
    /// Whether people try again what was refused.
    pub(crate) retries: bool,
    /// Runs in a thousand during which the machine sleeps for hours.
    pub(crate) sleeps: u64,
}

impl Manners {
    /// Most worlds have none of it, many one, few more.
    pub(crate) fn draw(dice: &mut Dice, rows: &[PlanRow], s: i64, often: Often) -> Manners {
        let mut wallets: Vec<Uuid> = rows.iter().map(|row| row.wallet).collect();
        wallets.sort_unstable();
        wallets.dedup();
        let mut manners = Manners::default();
        if dice.chance(often.refuses) {
            manners.refuses_committed = *dice.pick(&[50, 300]);
        }
        if dice.chance(often.cuts) {
            let most = *dice.pick(&[1, 3, 6]);
            manners.cut = Some(*dice.pick(&[Cut::Oldest(most), Cut::Newest(most)]));
            manners.filled = some_of(&wallets, dice, 500);
        }
        if dice.chance(often.denies) {
            for wallet in some_of(&wallets, dice, 500) {
                let from = dice.between(0, MINUTE);
                manners.denied.push((wallet, from, from + s + dice.between(SECOND, 2 * s)));
            }
        }
        if dice.chance(often.times) {
            manners.odd_times = *dice.pick(&[50, 300]);
            manners.of_next_year = (0..rows.len()).filter(|_| dice.chance(100)).collect();
        }
        if dice.chance(often.leftovers) {
            manners.leftovers = some_of(&wallets, dice, 600);
            manners.drops_expired = dice.chance(700);
        }
        if dice.chance(often.merges) && wallets.len() > 1 {
            let first = dice.below(wallets.len() as u64 - 1) as usize;
            let at = dice.between(0, 2 * MINUTE);
            manners.merged = Some((wallets[first], wallets[first + 1], at));
        }
        if dice.chance(often.smudges) {
            let often = *dice.pick(&[200, 1_000]);
            let of = some_of(&wallets, dice, 300).into_iter();
            manners.smudges = of.map(|wallet| Smudge { wallet, often }).collect();
        }
        if dice.chance(often.caches) {
            manners.cache = s + dice.between(SECOND, 2 * s);
        }
        if dice.chance(often.throttles) {
            let from = dice.between(0, MINUTE);
            let until = if dice.chance(500) { i64::MAX } else { from + 3 * MINUTE };
            manners.windows.push(Window { from, until, trouble: Trouble::Throttles });
        }
        if dice.chance(often.portals) {
            let from = dice.between(0, MINUTE);
            let until = from + dice.between(SECOND, 3 * MINUTE);
            manners.windows.push(Window { from, until, trouble: Trouble::Portal });
        }
        manners.retries = dice.chance(often.retries) || manners.refuses_committed > 0;
        if dice.chance(often.sleeps) {
            manners.sleeps = 500;
        }
        manners
    }

    /// Whether a list may leave a gift out for longer than S: what was spent meanwhile nobody can know of, so that
    /// customers of such a world spend what we have surely written down.
    pub(crate) fn leaves_out(&self) -> bool {
        self.cut.is_some() || !self.denied.is_empty() || !self.smudges.is_empty()
    }

    /// The wallet that this one is by now, or will be.
    pub(crate) fn purse(&self, wallet: Uuid) -> Uuid {
        match self.merged {
            Some((kept, gone, _)) if wallet == gone => kept,
            _ => wallet,
        }
    }

    /// Whether a list of this wallet shows the gifts of that one.
    pub(crate) fn shows(&self, asked: Uuid, of: Uuid, now: i64) -> bool {
        let is_merged = self.merged.is_some_and(|(.., at)| at <= now);
        asked == of || (is_merged && self.purse(asked) == self.purse(of))
    }

    pub(crate) fn is_denied(&self, wallet: Uuid, now: i64) -> bool {
        let is_now =
            |(of, from, until): &(Uuid, i64, i64)| *of == wallet && (*from..*until).contains(&now);
        self.denied.iter().any(is_now)
    }
}

fn some_of(wallets: &[Uuid], dice: &mut Dice, per_mille: u64) -> Vec<Uuid> {
    wallets.iter().copied().filter(|_| dice.chance(per_mille)).collect()
}

/// Times that no clock can show, and what is no time.
const ODD_TIMES: [&str; 5] = [
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59.9999999",
    "+262142-12-31T00:00:00Z",
    "yesterday",
    "1970-01-01T00:00:00Z",
];

impl State {
    /// Puts strangers' gifts of long ago into the wallets.
    pub(crate) fn furnish_wallets(&mut self) {
        for wallet in self.terms.manners.filled.clone() {
            for _ in 0..self.odd.between(1, 8) {
                let minor = *self.odd.pick(&[777, 4_200, 100_000]);
                self.old_gift(wallet, minor, None, "from the till");
            }
        }
        let expired = instant(-60 * DAY);
        for wallet in self.terms.manners.leftovers.clone() {
            for _ in 0..self.odd.between(1, 3) {
                let minor = *self.odd.pick(&[100_000, 12_550, 777]);
                self.old_gift(wallet, minor, Some(expired), "KUPON100");
            }
            self.count(Fault::Leftovers);
        }
    }

    /// Strangers' gifts that are like rows, of long ago, with a time of next year.
    pub(crate) fn furnish_twins(&mut self) {
        for row in self.terms.manners.of_next_year.clone() {
            self.foreign(row, -30 * DAY, 365 * DAY);
            self.count(Fault::ForeignTwinOfNextYear);
        }
    }

    fn old_gift(&mut self, wallet: Uuid, minor: i64, expires: Option<DateTime<Utc>>, text: &str) {
        let at = -365 * DAY;
        let entry = Entry {
            id: self.odd.guid(),
            wallet,
            minor,
            expires,
            description: text.to_owned(),
            reference: self.odd.guid(),
            is_ours: false,
            committed_at: at,
            created_at: self.provider.clock(at),
            odd_time: None,
            used_at: None,
        };
        self.provider.book.push(entry);
    }

    /// A time that no clock can show, now and then.
    pub(crate) fn odd_time(&mut self) -> Option<&'static str> {
        let often = self.terms.manners.odd_times;
        if often == 0 || self.is_quiet || !self.odd.chance(often) {
            return None;
        }
        self.count(Fault::OddTime);
        Some(*self.odd.pick(&ODD_TIMES))
    }

    /// What a list shows of what it should.
    pub(crate) fn cut(&mut self, wallet: Uuid, gifts: &mut Vec<Value>) {
        let manners = &self.terms.manners;
        let is_others =
            |entry: &Entry| entry.wallet != wallet && manners.shows(wallet, entry.wallet, self.now);
        if self.provider.book.iter().any(is_others) {
            self.count(Fault::WalletsMerged);
        }
        let all = gifts.len();
        match self.terms.manners.cut {
            Some(Cut::Oldest(most)) => gifts.truncate(most),
            Some(Cut::Newest(most)) => drop(gifts.drain(..all.saturating_sub(most))),
            None => {}
        }
        if gifts.len() < all {
            self.count(Fault::ListCut);
        }
        let smudge = self.terms.manners.smudges.iter().find(|smudge| smudge.wallet == wallet);
        let Some(often) = smudge.map(|smudge| smudge.often).filter(|_| !gifts.is_empty()) else {
            return;
        };
        // For ever means for ever; what comes now and then has an end, as all faults have.
        if (self.is_quiet && often < 1_000) || !self.odd.chance(often) {
            return;
        }
        self.count(Fault::ListUnreadable);
        let place = if often < 1_000 { self.odd.below(gifts.len() as u64) as usize } else { 0 };
        match self.odd.below(4) {
            0 => gifts[place] = Value::Null,
            1 => gifts[place]["Amount"] = json!("lots"),
            2 => gifts[place]["Id"] = json!("none"),
            _ => gifts[place]["ExpirationDate"] = json!("some day"),
        }
    }

    /// How long a cache has kept this list, whole seconds of it; the cache says so.
    pub(crate) fn cached_for(&mut self) -> i64 {
        let most = self.terms.manners.cache;
        if most == 0 || self.is_quiet || !self.odd.chance(400) {
            return 0;
        }
        let seconds = self.odd.between(1, (most / SECOND).max(1));
        self.count(Fault::ListCached);
        seconds * SECOND
    }

    /// Whether this list is a 404, though its wallet has gifts.
    pub(crate) fn denies(&mut self, wallet: Uuid, all: usize) -> bool {
        let denies = all > 0 && !self.is_quiet && self.terms.manners.is_denied(wallet, self.now);
        if denies {
            self.count(Fault::ListDenied);
        }
        denies
    }

    /// What a create meets that nothing else befell.
    pub(crate) fn refuses_committed(&mut self) -> bool {
        let often = self.terms.manners.refuses_committed;
        often > 0 && !self.is_quiet && self.odd.chance(often)
    }

    /// A clock of a proxy that was never set.
    pub(crate) fn proxy_clock(&mut self) -> Option<DateTime<Utc>> {
        if self.terms.manners.odd_times == 0 {
            return None;
        }
        let start = instant(0);
        Some(*self.odd.pick(&[DateTime::UNIX_EPOCH, start + TimeDelta::days(20_000), start]))
    }
}

/// Whether it expired before the story began.
pub(crate) fn is_leftover(entry: &Entry) -> bool {
    entry.expires.is_some_and(|at| at.timestamp_millis() < START_MS)
}
