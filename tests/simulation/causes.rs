//! What a world gives cause for, though it keeps its promises: where a person must look, or nothing can be told.
//!
//! | cause | why nobody can tell |
//! | --- | --- |
//! | clocks that are set, a ledger that was lost, lists without used gifts, ids that are unique for each wallet alone | anywhere |
//! | a list that is cut, denied for longer than S, or never readable | what it leaves out may be the gift |
//! | a gift that was made and refused | it may be any like it, until somebody looks for it |
//! | a stranger's twin of now or of next year, a gift whose time of creation is odd | it may be ours |
//! | two wallets that became one | what the other list shows may be ours |
//! | a stranger's gift beside an expired one, where balances count those | which sum a balance means is not known |
//! | a gift that has expired | no balance counts it |
//! | a used gift that a list leaves out which is cut, or denied | it looks as if lists hid what was used |
//!
//! All but the first line and the last speak of their wallets alone: elsewhere everything must settle by itself.

use std::collections::{BTreeMap, HashSet};

use uuid::Uuid;

use crate::manners::Kind;
use crate::provider::{Entry, Provider};
use crate::terms::{PlanRow, Terms};

/// Causes, by the wallets that have them.
pub(crate) struct Causes {
    holds_anywhere: bool,
    holds_in: HashSet<Uuid>,
    /// Lists seem to hide what was used.
    seems_to_hide: bool,
    /// Where lists never show all there is, or times that tell nothing.
    misreads_in: HashSet<Uuid>,
    misreads_anywhere: bool,
    overlooks_in: HashSet<Uuid>,
    overlooks_anywhere: bool,
    pub(crate) to_stay_open: bool,
    /// A ledger that has forgotten something may not be able to find it: then it gives nothing.
    pub(crate) to_block: bool,
    merged: Option<(Uuid, Uuid)>,
}

impl Causes {
    pub(crate) fn of(terms: &Terms, provider: &Provider) -> Causes {
        let manners = &terms.manners;
        let sets_clocks = terms.local_jumps || !terms.server_jumps.is_empty();
        let has_twins = !terms.foreign_now.is_empty();
        let shares_ids = manners.has(Kind::IdsOfWallets);
        let mut misreads_in: HashSet<Uuid> = cut(terms, provider);
        misreads_in.extend(&manners.unreadable_wallets);
        misreads_in.extend(&manners.oversized_wallets);
        let mut holds_in = misreads_in.clone();
        holds_in.extend(manners.denied.iter().map(|(wallet, ..)| *wallet));
        let twins = terms.foreign_now.iter().map(|(row, _)| *row);
        holds_in.extend(twins.map(|row| terms.rows[row].wallet));
        let refused = provider.book.iter().filter(|one| provider.refused.contains(&one.reference));
        holds_in.extend(refused.map(|entry| entry.wallet));
        let timeless: HashSet<Uuid> = timeless(terms, provider);
        holds_in.extend(&timeless);
        holds_in.extend(manners.merge.iter().flat_map(|(one, other, _)| [*one, *other]));
        if manners.counts_expired {
            holds_in.extend(&manners.strangers_leftovers);
            let strangers = |wallet: &&Uuid| {
                let is_his = |entry: &&Entry| !entry.is_ours && entry.wallet == **wallet;
                provider.book.iter().filter(is_his).count() > 1
            };
            holds_in.extend(manners.own_leftovers.iter().filter(strangers));
        }
        let denied = |wallet: Uuid| manners.denied.iter().any(|(of, ..)| *of == wallet);
        let is_left_out = |entry: &Entry| {
            entry.used_at.is_some() && (denied(entry.wallet) || misreads_in.contains(&entry.wallet))
        };
        let seems_to_hide = provider.book.iter().any(|entry| entry.is_ours && is_left_out(entry));
        Causes {
            // Clocks that are set blur what is older than a gift; a ledger that was lost takes what fits.
            holds_anywhere: terms.hides_used || terms.restores || sets_clocks || shares_ids,
            to_block: terms.restores
                && (!holds_in.is_empty() || shares_ids || terms.hides_used || sets_clocks),
            holds_in,
            seems_to_hide,
            overlooks_in: misreads_in.clone(),
            // Of gifts whose times tell nothing nobody can say which is one too many.
            misreads_in: misreads_in.into_iter().chain(timeless).collect(),
            // A gift that a customer used is missing from such lists: the reconcile is right to say so.
            misreads_anywhere: terms.hides_used || shares_ids,
            overlooks_anywhere: sets_clocks || shares_ids,
            // Lists that leave something out prove no absence, and strangers' gifts may be forgotten ones.
            to_stay_open: terms.hides_used || (terms.restores && has_twins),
            merged: provider.merged,
        }
    }

    /// Whether this row's gift may be left to a person, in these words.
    pub(crate) fn to_hold(&self, row: &PlanRow, why: &str) -> bool {
        let is_hidden = self.seems_to_hide && why.contains("leave out used gifts");
        self.holds_anywhere || row.expires_soon || is_hidden || self.has(&self.holds_in, row.wallet)
    }

    /// Whether a reconcile may say of a gift of this wallet that it is not as it should be.
    pub(crate) fn to_misread(&self, wallet: Uuid) -> bool {
        self.misreads_anywhere || self.has(&self.misreads_in, wallet)
    }

    /// Whether a reconcile may overlook that a gift of this wallet was given and refused: its list leaves it out, or it
    /// seems older than it is.
    pub(crate) fn to_overlook(&self, wallet: Uuid) -> bool {
        self.overlooks_anywhere || self.has(&self.overlooks_in, wallet)
    }

    /// What is so in a wallet is so in one that became one with it.
    fn has(&self, wallets: &HashSet<Uuid>, wallet: Uuid) -> bool {
        let others = self.merged.filter(|(one, other)| wallet == *one || wallet == *other);
        wallets.contains(&wallet)
            || others.is_some_and(|(one, other)| wallets.contains(&one) || wallets.contains(&other))
    }
}

/// Wallets with gifts whose times of creation tell nothing.
fn timeless(terms: &Terms, provider: &Provider) -> HashSet<Uuid> {
    let is_odd = |entry: &&Entry| entry.odd_created_at.is_some();
    let odd = provider.book.iter().filter(is_odd).map(|entry| entry.wallet);
    let next_year = &terms.manners.times.next_year;
    odd.chain(next_year.iter().map(|(row, _)| terms.rows[*row].wallet)).collect()
}

/// Wallets that have more gifts than their lists show.
fn cut(terms: &Terms, provider: &Provider) -> HashSet<Uuid> {
    let Some(cut) = terms.manners.cut else {
        return HashSet::new();
    };
    let mut counts: BTreeMap<Uuid, usize> = BTreeMap::new();
    for entry in &provider.book {
        *counts.entry(provider.one_of(entry.wallet)).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > cut.most).map(|(wallet, _)| wallet).collect()
}
