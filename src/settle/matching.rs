//! Which entries of a list are which doubts' gifts.

use std::collections::{HashMap, HashSet};

use super::Skew;
use super::decide::OpenDoubt;
use super::look::Look;
use crate::domain::GiftId;
use crate::provider::Credit;

/// Who was found, and which entries are left that nobody claimed.
pub(super) struct Matched<'c> {
    /// By the doubt's place: the entry that is its gift.
    pub(super) found: HashMap<usize, &'c Credit>,
    /// Entries that belong to no gift of the ledger and to no doubt.
    pub(super) left: Vec<&'c Credit>,
}

/// Matches doubts and entries: by an echoed reference or a tag exactly; else by content, the closest
/// first, the oldest doubt first among equals.
pub(super) fn match_up<'c>(
    doubts: &[OpenDoubt],
    look: &'c Look,
    claimed: &HashSet<GiftId>,
    skew: Skew,
) -> Matched<'c> {
    let free: Vec<&Credit> =
        look.credits.iter().filter(|credit| !claimed.contains(&credit.id)).collect();
    let mut pairs: Vec<_> = doubts
        .iter()
        .enumerate()
        .flat_map(|(place, doubt)| {
            free.iter().filter_map(move |credit| {
                let closeness = closeness(doubt, credit, look, skew)?;
                Some((closeness, doubt.doubt.settle_from, place, *credit))
            })
        })
        .collect();
    // The oldest doubt is the one whose window ends first: who is left over then has time for what may
    // still come.
    pairs.sort_by_key(|(closeness, from, place, credit)| (*closeness, *from, *place, credit.id));
    let mut found = HashMap::new();
    let mut taken = HashSet::new();
    for (_, _, place, credit) in pairs {
        if !found.contains_key(&place) && taken.insert(credit.id) {
            found.insert(place, credit);
        }
    }
    let left = free.into_iter().filter(|credit| !taken.contains(&credit.id)).collect();
    Matched { found, left }
}

/// How closely an entry fits a doubt; the lowest is an echoed reference or a tag. None: it is not its
/// gift.
fn closeness(doubt: &OpenDoubt, credit: &Credit, look: &Look, skew: Skew) -> Option<u64> {
    let claimed = &doubt.doubt.claimed;
    match credit.echoes(claimed.gift.key) {
        Some(true) => Some(0),
        Some(false) => None,
        // A tag is this gift's alone: no clock is needed to tell it from an older one.
        None if claimed.gift.is_tagged() => {
            let content = &claimed.gift.content;
            let is_ours = claimed.gift.key.is_tag_of(&credit.description)
                && credit.amount == content.amount.to_decimal();
            is_ours.then_some(0)
        }
        None => {
            let closeness = credit.fits(&claimed.gift.content)?;
            is_of_our_time(credit, doubt, look, skew).then_some(closeness.0 + 1)
        }
    }
}

/// Whether an entry that nobody claimed fits the doubt as well as the one that was found.
pub(super) fn could_be(credit: &Credit, doubt: &OpenDoubt, look: &Look, skew: Skew) -> bool {
    credit.echoes(doubt.doubt.claimed.gift.key).is_none()
        && credit.fits(&doubt.doubt.claimed.gift.content).is_some()
        && is_of_our_time(credit, doubt, look, skew)
}

/// Whether an entry was made since the doubt's first attempt and not after the look, by the server's clock. By a
/// clock that was set meanwhile nobody can tell.
fn is_of_our_time(credit: &Credit, doubt: &OpenDoubt, look: &Look, skew: Skew) -> bool {
    let ours = skew.baseline(doubt.doubt.claimed.first_sent_at)..=skew.ceiling(look.sent_at);
    skew.is_steady() && credit.created_at.is_some_and(|created| ours.contains(&created))
}
