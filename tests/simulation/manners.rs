//! Odd manners: trouble that is not of one request, but of how a provider, what stands before it, a machine or
//! a person is. A story has few of them, or none.
//!
//! **Invariant:** they are drawn with dice of their own, so that all else of a seed is as it would be without.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::dice::Dice;
use crate::faults::Fault;
use crate::plot::{Breach, Plot};
use crate::terms::{HOUR, MINUTE, SECOND, Terms, Trouble, Window};
use crate::world::START_MS;

/// A kind of odd manners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Gifts are made and then refused: a notification failed.
    RefusesAfterCommit,
    /// Lists end after so many entries.
    CutsLists,
    /// A wallet with gifts has no list for a while: 404 in the API's envelope.
    DeniesLists,
    /// Lists, and balances, come from a cache.
    CachesLists,
    /// Instants that no clock can show, clocks of others, and gifts of other years.
    OddTimes,
    /// Two wallets become one: each list shows the gifts of both.
    MergesWallets,
    /// Ids of gifts are unique for each wallet alone.
    IdsOfWallets,
    /// Lists have entries that cannot be read.
    UnreadableEntries,
    /// The list of a wallet is larger than anybody reads.
    OversizedLists,
    /// From some moment on every answer is a 429.
    ThrottlesForEver,
    /// For a while every answer is a portal's page.
    Portal,
    /// The machine is suspended.
    Suspends,
    /// Many gifts expire while the campaign goes on.
    ExpiresSoon,
    /// Wallets have gifts that expired unspent.
    Leftovers,
    /// A person tries refused gifts again, and reconciles, and is interrupted.
    Retries,
    /// A person resolves what is held.
    Resolves,
    /// In the end a person takes all back.
    Revokes,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Kind; 17] = [
        Kind::RefusesAfterCommit,
        Kind::CutsLists,
        Kind::DeniesLists,
        Kind::CachesLists,
        Kind::OddTimes,
        Kind::MergesWallets,
        Kind::IdsOfWallets,
        Kind::UnreadableEntries,
        Kind::OversizedLists,
        Kind::ThrottlesForEver,
        Kind::Portal,
        Kind::Suspends,
        Kind::ExpiresSoon,
        Kind::Leftovers,
        Kind::Retries,
        Kind::Resolves,
        Kind::Revokes,
    ];

    /// What must happen where enough stories have this kind.
    pub(crate) const fn faults(self) -> &'static [Fault] {
        match self {
            Kind::RefusesAfterCommit => &[Fault::RefusedAfterCommit, Fault::RefusedInARow],
            Kind::CutsLists => &[Fault::ListCut],
            Kind::DeniesLists => &[Fault::ListDenied],
            Kind::CachesLists => &[Fault::ListCached, Fault::BalanceCached],
            Kind::OddTimes => {
                &[Fault::OddCreatedAt, Fault::OddDate, Fault::TwinOfLastYear, Fault::TwinOfNextYear]
            }
            Kind::MergesWallets => &[Fault::WalletsMerged],
            Kind::IdsOfWallets => &[Fault::IdInTwoWallets],
            Kind::UnreadableEntries => &[Fault::EntryUnreadable],
            Kind::OversizedLists => &[Fault::ListOversized],
            Kind::ThrottlesForEver => &[Fault::ThrottledForEver],
            Kind::Portal => &[Fault::Portal],
            Kind::Suspends => &[Fault::Suspended],
            Kind::ExpiresSoon => &[Fault::Expired],
            Kind::Leftovers => &[Fault::Leftover],
            Kind::Retries => &[Fault::Retried, Fault::ReconcileInterrupted],
            Kind::Resolves => &[Fault::ResolvedByBook],
            Kind::Revokes => &[Fault::Revoked, Fault::UsedBeforeDelete, Fault::DeleteDenied],
        }
    }
}

/// How a story's provider, machine and people are. Times are microseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manners {
    pub(crate) kinds: BTreeSet<Kind>,
    /// Creates in a thousand that are committed and then refused.
    pub(crate) refuses_after: u64,
    /// From when on so many creates in a row are committed and then refused.
    pub(crate) refuses_in_a_row: Option<(i64, u64)>,
    /// How lists are cut.
    pub(crate) cut: Option<Cut>,
    /// Strangers' gifts of old that wallets have.
    pub(crate) padding: Vec<(Uuid, usize)>,
    /// Wallets whose lists are denied from the first moment to the second.
    pub(crate) denied: Vec<(Uuid, i64, i64)>,
    pub(crate) cache: Option<Cache>,
    pub(crate) times: OddTimes,
    /// Wallets that become one, and when.
    pub(crate) merge: Option<(Uuid, Uuid, i64)>,
    /// Lists in a thousand of which an entry cannot be read.
    pub(crate) unreadable: u64,
    /// Wallets of whose lists an entry can never be read.
    pub(crate) unreadable_wallets: Vec<Uuid>,
    /// Wallets whose lists are larger than anybody reads.
    pub(crate) oversized_wallets: Vec<Uuid>,
    /// When the machine is suspended, and for how long.
    pub(crate) suspensions: Vec<(i64, i64)>,
    /// Wallets in which a stranger's gift has expired unspent.
    pub(crate) strangers_leftovers: Vec<Uuid>,
    /// Wallets in which a gift of an earlier campaign has expired unspent.
    pub(crate) own_leftovers: Vec<Uuid>,
    /// Whether a balance counts what expired unspent.
    pub(crate) counts_expired: bool,
    /// Deletes in a thousand that are done, and answered with a page that says no.
    pub(crate) denies_deletes: u64,
}

/// How lists are cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) most: usize,
    pub(crate) keeps_newest: bool,
}

/// How a cache keeps lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cache {
    /// The oldest that it gives.
    pub(crate) oldest: i64,
    /// Whether it says how old they are. One that does not keeps them no longer than V.
    pub(crate) tells_age: bool,
    pub(crate) keeps_balances: bool,
}

/// Odd instants, each in so many of a thousand.
#[derive(Clone, Debug, Default)]
pub(crate) struct OddTimes {
    /// Answers to creates whose time of creation is odd.
    pub(crate) answers: u64,
    /// Gifts whose time of creation is odd in every list.
    pub(crate) gifts: u64,
    /// Answers of the API whose `Date` is odd.
    pub(crate) clocks: u64,
    /// Pages whose `Date` is odd.
    pub(crate) pages: u64,
    /// Rows whose like a stranger gave a year ago.
    pub(crate) last_year: Vec<usize>,
    /// Rows whose like a stranger gives, dated a year from now.
    pub(crate) next_year: Vec<(usize, i64)>,
}

/// Kinds that no story has by itself, yet: `GIFTBATCH_KIND` tells of them. The first two hold alone, and give or report
/// twice beside a gift that was made and refused; of some hundred stories with the last one ends wrong.
const APART: [Kind; 3] = [Kind::IdsOfWallets, Kind::MergesWallets, Kind::Revokes];

/// Kinds that stories have by themselves.
pub(crate) fn usual() -> Vec<Kind> {
    Kind::ALL.into_iter().filter(|kind| !APART.contains(kind)).collect()
}

impl Manners {
    pub(crate) fn has(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Whether a list may leave a gift out for longer than S.
    pub(crate) fn leaves_out(&self) -> bool {
        self.cut.is_some() || !self.denied.is_empty()
    }

    /// Draws what a story has beside all else, and changes its terms where the kinds ask for it.
    pub(crate) fn draw(dice: &mut Dice, plot: Plot, terms: &mut Terms) -> Manners {
        let mut kinds: BTreeSet<Kind> = plot.about.into_iter().collect();
        let is_odd = dice.chance(600);
        if plot.breach == Breach::None && is_odd {
            for _ in 0..dice.between(1, 4) {
                kinds.insert(*dice.pick(&usual()));
            }
        }
        // What people settle has to come from somewhere.
        if kinds.contains(&Kind::Retries) && dice.chance(500) {
            kinds.insert(Kind::RefusesAfterCommit);
        }
        if kinds.contains(&Kind::Resolves) {
            kinds.insert(*dice.pick(&[Kind::CutsLists, Kind::DeniesLists, Kind::OddTimes]));
        }
        let mut manners = Manners { kinds, ..Manners::default() };
        manners.leave_out_what_contradicts(plot);
        for kind in manners.kinds.clone() {
            // Dice for each, so that a story keeps its other kinds when one is taken away.
            manners.draw_kind(kind, &mut Dice::new(dice.next()), terms);
        }
        manners
    }

    /// A story has one of two kinds that make no sense together.
    fn leave_out_what_contradicts(&mut self, plot: Plot) {
        let pairs = [
            (Kind::IdsOfWallets, Kind::MergesWallets),
            // Who deletes by ids that two wallets share deletes a stranger's.
            (Kind::IdsOfWallets, Kind::Revokes),
            // Nobody can write down twice an id that two gifts have.
            (Kind::IdsOfWallets, Kind::Resolves),
        ];
        for (one, other) in pairs {
            if self.has(one) && self.has(other) {
                let goes = if plot.about == Some(one) { other } else { one };
                self.kinds.remove(&goes);
            }
        }
    }

    fn draw_kind(&mut self, kind: Kind, dice: &mut Dice, terms: &mut Terms) {
        match kind {
            Kind::RefusesAfterCommit => self.draw_refusals(dice, terms),
            Kind::CutsLists => {
                let most = *dice.pick(&[1, 3, 6, 30, 100]);
                self.cut = Some(Cut { most, keeps_newest: dice.chance(500) });
                for wallet in some_wallets(dice, terms, 3) {
                    let count = most as i64 + dice.between(-3, 2);
                    self.padding.push((wallet, usize::try_from(count).unwrap_or(0)));
                }
            }
            Kind::DeniesLists => {
                for wallet in some_wallets(dice, terms, 3) {
                    let soon = *dice.pick(&[0, 20 * SECOND]);
                    let from = dice.between(0, soon);
                    let long = terms.s * dice.between(1, 4) + *dice.pick(&[MINUTE, 10 * MINUTE]);
                    self.denied.push((wallet, from, from + long));
                }
            }
            Kind::CachesLists => {
                terms.faulty = terms.faulty.max(150);
                let tells_age = dice.chance(700);
                let oldest = *dice.pick(&[10 * SECOND, 5 * MINUTE, HOUR]);
                self.cache = Some(Cache {
                    oldest: if tells_age { oldest } else { terms.v },
                    tells_age,
                    keeps_balances: dice.chance(600),
                });
            }
            Kind::OddTimes => self.draw_times(dice, terms),
            Kind::MergesWallets => self.draw_merge(dice, terms),
            Kind::IdsOfWallets => {}
            Kind::UnreadableEntries => self.draw_unreadable(dice, terms),
            Kind::OversizedLists => self.oversized_wallets = some_wallets(dice, terms, 1),
            Kind::ThrottlesForEver => {
                let from = dice.between(0, MINUTE);
                let trouble = Trouble::Throttles(*dice.pick(&[None, Some(1), Some(90)]));
                terms.windows.push(Window { from, until: i64::MAX, trouble });
                terms.faulty_runs = terms.faulty_runs.max(2);
            }
            Kind::Portal => {
                let from = dice.between(0, MINUTE);
                let long = *dice.pick(&[20 * SECOND, 5 * MINUTE, HOUR]);
                let trouble = Trouble::Portal(*dice.pick(&[200, 302, 404, 502]));
                terms.windows.push(Window { from, until: from + long, trouble });
                terms.faulty_runs = terms.faulty_runs.max(2);
            }
            Kind::Suspends => {
                for _ in 0..dice.between(1, 2) {
                    let soon = *dice.pick(&[3 * SECOND, 3 * MINUTE]);
                    let at = dice.between(0, soon);
                    self.suspensions.push((at, *dice.pick(&[HOUR, 9 * HOUR, 30 * HOUR])));
                }
                terms.faulty_runs = terms.faulty_runs.max(2);
            }
            Kind::ExpiresSoon => draw_expiries(dice, terms),
            Kind::Leftovers => {
                self.strangers_leftovers = some_wallets(dice, terms, 3);
                self.own_leftovers = some_wallets(dice, terms, 3);
                self.counts_expired = dice.chance(400);
            }
            Kind::Retries | Kind::Resolves => {
                terms.faulty_runs = terms.faulty_runs.max(3);
                terms.strokes = terms.strokes.max(400);
            }
            Kind::Revokes => self.denies_deletes = *dice.pick(&[0, 0, 200]),
        }
    }

    fn draw_refusals(&mut self, dice: &mut Dice, terms: &mut Terms) {
        if dice.chance(500) {
            terms.stop_after_refusals = *dice.pick(&[5, 20]);
            self.refuses_in_a_row = Some((dice.between(0, 20 * SECOND), 25));
        } else {
            self.refuses_after = *dice.pick(&[60, 300]);
        }
    }

    fn draw_unreadable(&mut self, dice: &mut Dice, terms: &Terms) {
        if dice.chance(500) {
            self.unreadable = *dice.pick(&[30, 150]);
        } else {
            self.unreadable_wallets = some_wallets(dice, terms, 2);
        }
    }

    fn draw_times(&mut self, dice: &mut Dice, terms: &Terms) {
        self.times.answers = *dice.pick(&[0, 50, 300]);
        self.times.gifts = *dice.pick(&[0, 0, 50]);
        self.times.clocks = *dice.pick(&[0, 0, 50]);
        self.times.pages = *dice.pick(&[100, 500]);
        for row in 0..terms.rows.len() {
            if dice.chance(150) {
                self.times.last_year.push(row);
            }
            if dice.chance(60) {
                self.times.next_year.push((row, dice.between(-HOUR, 2 * MINUTE)));
            }
        }
    }

    /// Two wallets of the plan, whose first rows ask for the same.
    fn draw_merge(&mut self, dice: &mut Dice, terms: &mut Terms) {
        let first = dice.below(terms.rows.len() as u64);
        let first = terms.rows[usize::try_from(first).expect("a place fits")].clone();
        let Some(other) = terms.rows.iter_mut().find(|row| row.wallet != first.wallet) else {
            return;
        };
        (other.minor, other.expires_ms) = (first.minor, first.expires_ms);
        (other.description, other.expires_soon) = (first.description, first.expires_soon);
        self.merge = Some((first.wallet, other.wallet, dice.between(0, 2 * MINUTE)));
    }
}

/// Many gifts expire while the campaign goes on.
fn draw_expiries(dice: &mut Dice, terms: &mut Terms) {
    for row in &mut terms.rows {
        if dice.chance(400) {
            let soon = *dice.pick(&[SECOND, MINUTE, 10 * MINUTE, HOUR, 20 * HOUR]);
            row.expires_ms = Some(START_MS + dice.between(SECOND, soon) / 1_000);
            row.expires_soon = true;
        }
    }
}

/// Some wallets of the plan, each once.
fn some_wallets(dice: &mut Dice, terms: &Terms, most: i64) -> Vec<Uuid> {
    let mut wallets: Vec<Uuid> =
        (0..dice.between(1, most)).map(|_| dice.pick(&terms.rows).wallet).collect();
    wallets.sort_unstable();
    wallets.dedup();
    wallets
}
