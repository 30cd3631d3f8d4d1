//! The open doubts of a run by wallet, and when each wallet is to be looked at.
//!
//! **Invariant:** one look answers for all doubts of its wallet, and a wallet is looked at by one
//! request at a time.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use super::absence::look_gap;
use super::decide::{OpenDoubt, Settled};
use crate::domain::WalletId;
use crate::ledger::Doubt;

/// The first look comes this long after the doubt.
const FIRST_GAP: TimeDelta = TimeDelta::milliseconds(250);

/// Failed looks of one wallet after its window; then this run leaves it in doubt.
const MAX_FAILURES: u32 = 8;

/// Open doubts by wallet.
#[derive(Debug, Default)]
pub struct DoubtBook {
    wallets: HashMap<WalletId, Wallet>,
    due: BTreeSet<(DateTime<Utc>, WalletId)>,
    window: TimeDelta,
}

#[derive(Debug)]
struct Wallet {
    doubts: Vec<OpenDoubt>,
    /// Its place in `due`; none while it is being looked at, or was given up.
    next_look_at: Option<DateTime<Utc>>,
    looks: u32,
    failures: u32,
}

impl DoubtBook {
    /// An empty book; `window` is the settle window.
    pub fn new(window: TimeDelta) -> DoubtBook {
        DoubtBook { window, ..DoubtBook::default() }
    }

    /// How many doubts are open, those that were given up included.
    pub fn len(&self) -> usize {
        self.wallets.values().map(|wallet| wallet.doubts.len()).sum()
    }

    /// Whether no doubt is open.
    pub fn is_empty(&self) -> bool {
        self.wallets.is_empty()
    }

    /// Whether some wallet is still to be looked at.
    pub fn has_looks_left(&self) -> bool {
        !self.due.is_empty()
    }

    /// Writes a doubt down.
    pub fn add(&mut self, doubt: Doubt, now: DateTime<Utc>) {
        let id = doubt.claimed.gift.content.wallet;
        let wallet = self.wallets.entry(id).or_insert(Wallet {
            doubts: Vec::new(),
            next_look_at: None,
            looks: 0,
            failures: 0,
        });
        wallet.doubts.push(OpenDoubt::new(doubt));
        self.schedule(id, now + FIRST_GAP);
    }

    /// When the next wallet is to be looked at whose time has not come yet.
    pub fn next_look_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.due.iter().map(|(at, _)| *at).find(|at| *at > now)
    }

    /// Whether a wallet is due that `is_free`.
    pub fn has_due(&self, now: DateTime<Utc>, is_free: impl Fn(WalletId) -> bool) -> bool {
        self.due.iter().take_while(|(at, _)| *at <= now).any(|(_, id)| is_free(*id))
    }

    /// Takes the next wallet that is due and that `is_free`; it has to come back through
    /// [`DoubtBook::looked`] or [`DoubtBook::failed`].
    pub fn take_due(
        &mut self,
        now: DateTime<Utc>,
        is_free: impl Fn(WalletId) -> bool,
    ) -> Option<WalletId> {
        let (_, id) =
            *self.due.iter().take_while(|(at, _)| *at <= now).find(|(_, id)| is_free(*id))?;
        self.unschedule(id);
        Some(id)
    }

    /// The doubts of a wallet.
    pub fn doubts(&self, wallet: WalletId) -> Vec<OpenDoubt> {
        self.wallets.get(&wallet).map(|wallet| wallet.doubts.clone()).unwrap_or_default()
    }

    /// A look was judged: what it proved is struck out, the rest is looked at again.
    pub fn looked(&mut self, id: WalletId, settled: &Settled, now: DateTime<Utc>) {
        let Some(wallet) = self.wallets.get_mut(&id) else {
            return;
        };
        for place in &settled.absent {
            wallet.doubts[*place].absent_looks += 1;
            wallet.doubts[*place].absent_as_of = Some(settled.as_of);
        }
        for doubt in &mut wallet.doubts {
            doubt.was_missed = true;
        }
        for place in &settled.open {
            wallet.doubts[*place].open_looks += 1;
        }
        let is_settled = |place| settled.events.iter().any(|(settled, _)| *settled == place);
        let mut place = 0;
        wallet.doubts.retain(|_| {
            place += 1;
            !is_settled(place - 1)
        });
        if wallet.doubts.is_empty() {
            self.wallets.remove(&id);
            return;
        }
        let proved_something = !settled.absent.is_empty() || !settled.events.is_empty();
        if wallet.is_past(self.window, now) && !proved_something {
            // Past the window a look that proves nothing is as good as none.
            self.failed(id, now);
            return;
        }
        wallet.failures = 0;
        wallet.looks += 1;
        let next = self.next_after_look(id, now);
        self.schedule(id, next);
    }

    /// A look could not be made, or showed no list: again at growing gaps, and not for ever.
    pub fn failed(&mut self, id: WalletId, now: DateTime<Utc>) {
        let Some(wallet) = self.wallets.get_mut(&id) else {
            return;
        };
        wallet.failures += 1;
        let gap = (FIRST_GAP * (1 << wallet.failures.min(6))).min(TimeDelta::seconds(10));
        if !wallet.is_past(self.window, now) {
            // Before its window a list has still time to come back: only what fails after it counts.
            wallet.failures = wallet.failures.min(MAX_FAILURES / 2);
        }
        if wallet.failures < MAX_FAILURES {
            self.schedule(id, now + gap);
        }
    }

    /// Early looks at growing gaps, the first that counts at the window's end, the second soon after.
    fn next_after_look(&self, id: WalletId, now: DateTime<Utc>) -> DateTime<Utc> {
        let wallet = &self.wallets[&id];
        let again = look_gap(self.window).max(TimeDelta::milliseconds(100));
        let ends = wallet.doubts.iter().map(|doubt| {
            let end = doubt.doubt.settle_from + self.window;
            if end > now { end } else { now + again }
        });
        let early = now + FIRST_GAP * 3_i32.saturating_pow(wallet.looks.min(12));
        ends.chain([early]).min().unwrap_or(early)
    }

    fn schedule(&mut self, id: WalletId, at: DateTime<Utc>) {
        self.unschedule(id);
        if let Some(wallet) = self.wallets.get_mut(&id) {
            wallet.next_look_at = Some(at);
            self.due.insert((at, id));
        }
    }

    fn unschedule(&mut self, id: WalletId) {
        let at = self.wallets.get_mut(&id).and_then(|wallet| wallet.next_look_at.take());
        if let Some(at) = at {
            self.due.remove(&(at, id));
        }
    }
}

impl Wallet {
    /// Whether the windows of all its doubts have ended.
    fn is_past(&self, window: TimeDelta, now: DateTime<Utc>) -> bool {
        self.doubts.iter().all(|open| open.doubt.settle_from + window <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Event, Expiry, Gift, GiftContent, GiftKey, Money};
    use crate::ledger::Claimed;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_900_000_000_000 + ms).unwrap()
    }

    fn wallet() -> WalletId {
        "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap()
    }

    fn doubt(row: i64) -> Doubt {
        let content = GiftContent {
            wallet: wallet(),
            amount: Money::from_minor(100),
            expiry: Expiry::Never,
            description: row.to_string(),
        };
        let gift = Gift { key: GiftKey(uuid::Uuid::from_u128(row as u128)), content };
        let claimed =
            Claimed { row, campaign: 1, gift, attempt: 1, doubts: 1, first_sent_at: at(0) };
        Doubt { claimed, settle_from: at(0), refusal: None }
    }

    #[test]
    fn looks_come_early_then_at_the_windows_end_then_once_more() {
        // Goal: positives are fast, and absence is proved as soon as it may be. Method: a window of
        // a minute, looks that show nothing until it ends, the times of all looks.
        let mut book = DoubtBook::new(TimeDelta::seconds(60));
        book.add(doubt(1), at(0));
        let mut times = Vec::new();
        for _ in 0..7 {
            let now = book.next_look_after(DateTime::UNIX_EPOCH).unwrap();
            times.push((now - at(0)).num_milliseconds());
            assert_eq!(book.take_due(now, |_| true), Some(wallet()));
            let absent = if now >= at(60_000) { vec![0] } else { vec![] };
            book.looked(wallet(), &Settled { absent, ..Settled::default() }, now);
        }
        assert_eq!(times, vec![250, 1_000, 3_250, 10_000, 30_250, 60_000, 72_000]);
    }

    #[test]
    fn one_look_answers_for_all_doubts_of_a_wallet() {
        // Goal: what is settled is struck out, and only that. Method: three doubts, the middle found.
        let mut book = DoubtBook::new(TimeDelta::seconds(60));
        for row in 1..=3 {
            book.add(doubt(row), at(0));
        }
        assert_eq!(book.take_due(at(300), |_| true), Some(wallet()));
        assert_eq!(book.take_due(at(300), |_| true), None);
        let settled = Settled { events: vec![(1, Event::FoundAbsent)], ..Settled::default() };
        book.looked(wallet(), &settled, at(310));
        let rows: Vec<i64> =
            book.doubts(wallet()).iter().map(|open| open.doubt.claimed.row).collect();
        assert_eq!((rows, book.len()), (vec![1, 3], 2));
    }

    #[test]
    fn what_looks_have_shown_of_a_doubt_is_counted() {
        // Goal: each doubt has its own count. Method: two doubts; a look that counts one as absent, and
        // one that leaves the other open.
        let mut book = DoubtBook::new(TimeDelta::seconds(1));
        book.add(doubt(1), at(0));
        book.add(doubt(2), at(0));
        book.looked(wallet(), &Settled { absent: vec![0], ..Settled::default() }, at(1_000));
        book.looked(wallet(), &Settled { open: vec![1], ..Settled::default() }, at(2_000));
        let counts: Vec<(u32, u32)> =
            book.doubts(wallet()).iter().map(|one| (one.absent_looks, one.open_looks)).collect();
        assert_eq!(counts, vec![(1, 0), (0, 1)]);
    }

    #[test]
    fn a_busy_wallet_is_looked_at_later() {
        // Goal: no look while a gift of the wallet is in flight. Method: not free, then free.
        let mut book = DoubtBook::new(TimeDelta::seconds(60));
        book.add(doubt(1), at(0));
        assert_eq!(book.take_due(at(300), |_| false), None);
        assert_eq!(book.take_due(at(300), |_| true), Some(wallet()));
    }

    /// The times of all looks of one doubt that `fail` to bring a list, until the book gives up.
    fn times(window: TimeDelta, fail: impl Fn(&mut DoubtBook, DateTime<Utc>)) -> Vec<i64> {
        let mut book = DoubtBook::new(window);
        book.add(doubt(1), at(0));
        let mut times = Vec::new();
        while let Some(now) = book.next_look_after(DateTime::UNIX_EPOCH) {
            times.push((now - at(0)).num_milliseconds());
            assert!(times.len() < 100, "it never ends");
            book.take_due(now, |_| true).unwrap();
            fail(&mut book, now);
        }
        assert_eq!((book.has_looks_left(), book.is_empty(), book.len()), (false, false, 1));
        times
    }

    #[test]
    fn a_list_that_cannot_be_read_is_given_up_in_the_end() {
        // Goal: a run ends though a list stays broken; the doubt stays. Method: fail past a short window,
        // and through a long one, in which failures do not add up to giving up; the times of all looks.
        let fail = |book: &mut DoubtBook, now| book.failed(wallet(), now);
        let short = times(TimeDelta::seconds(1), fail);
        assert_eq!(short, vec![250, 750, 1_750, 3_750, 7_750, 15_750, 25_750, 35_750]);
        assert_eq!(short.len(), MAX_FAILURES as usize);
        let long = times(TimeDelta::seconds(60), fail);
        let within =
            [250, 750, 1_750, 3_750, 7_750, 15_750, 23_750, 31_750, 39_750, 47_750, 55_750];
        assert_eq!(long, [&within[..], &[63_750, 71_750, 81_750, 91_750]].concat());
    }

    #[test]
    fn a_list_that_never_proves_anything_is_given_up_as_well() {
        // Goal: whole lists that prove nothing do not keep a run alive; one that proves something does.
        // Method: such lists past the window; then absences in between.
        let nothing = Settled::default();
        let useless = |book: &mut DoubtBook, now| book.looked(wallet(), &nothing, now);
        let looks = times(TimeDelta::milliseconds(200), useless).len();
        assert_eq!(looks, MAX_FAILURES as usize);
        let mut book = DoubtBook::new(TimeDelta::milliseconds(200));
        book.add(doubt(1), at(0));
        let absent = Settled { absent: vec![0], ..Settled::default() };
        for turn in 0..2 * MAX_FAILURES {
            let now = book.next_look_after(DateTime::UNIX_EPOCH).expect("it goes on");
            assert_eq!(book.take_due(now, |_| true), Some(wallet()));
            book.looked(wallet(), if turn % 2 == 0 { &nothing } else { &absent }, now);
        }
        let open = &book.doubts(wallet())[0];
        assert_eq!((open.absent_looks, open.was_missed), (MAX_FAILURES, true));
    }

    #[test]
    fn a_look_is_due_at_its_moment_and_taken_once() {
        // Goal: no look early, none twice. Method: the moment before, the moment, after the look.
        let mut book = DoubtBook::new(TimeDelta::seconds(60));
        assert!(book.is_empty() && !book.has_looks_left());
        assert!(!book.has_due(at(250), |_| true));
        book.add(doubt(1), at(0));
        assert!(!book.is_empty() && book.has_looks_left());
        assert_eq!(book.next_look_after(at(249)), Some(at(250)));
        assert_eq!(book.next_look_after(at(250)), None);
        assert!(!book.has_due(at(249), |_| true) && book.has_due(at(250), |_| true));
        assert!(!book.has_due(at(250), |_| false));
        assert_eq!(book.take_due(at(249), |_| true), None);
        assert_eq!(book.take_due(at(250), |_| true), Some(wallet()));
        assert!(!book.has_due(at(250), |_| true) && !book.has_looks_left());
        let found = Settled { events: vec![(0, Event::FoundAbsent)], ..Settled::default() };
        book.looked(wallet(), &found, at(260));
        assert!(book.is_empty() && book.doubts(wallet()).is_empty());
    }
}
