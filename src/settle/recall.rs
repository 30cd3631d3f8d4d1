//! What a restored ledger has forgotten: gifts that it believes unsent, and that a list shows.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::Skew;
use super::decide::{AbsenceProof, OpenDoubt};
use super::look::Look;
use super::matching::match_up;
use crate::domain::{Gift, GiftId, GiftState};
use crate::ledger::{Claimed, Doubt, KnownGift, Lists};
use crate::provider::Credit;

/// What a list shows of the gifts that a restored ledger has forgotten.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recalled {
    /// Gifts that were given, by their place in `known`, each with its entry.
    pub found: Vec<(usize, GiftId)>,
    /// Why what the list does not show may have been given all the same.
    pub unclear: Option<String>,
}

/// Finds the gifts of a wallet that were given after the moment `since`, the last of which the ledger
/// knows: each that is not given by the ledger, and that an entry fits.
///
/// An entry that a held gift could be is left to the person who decides about that. `lists` is what was
/// learned of this provider's lists, and `proof` what a list must be for what it lacks to be sent.
pub fn recall(
    known: &[KnownGift],
    look: &Look,
    since: DateTime<Utc>,
    skew: Skew,
    lists: Lists,
    proof: AbsenceProof,
) -> Recalled {
    let ours = known.iter().filter_map(|gift| gift.gift_id);
    let mut claimed: HashSet<GiftId> = ours.chain(look.elsewhere.iter().copied()).collect();
    let mut found: HashMap<usize, GiftId> = HashMap::new();
    // Tags may have been chosen after the copy was made; a tag is nobody else's.
    for is_tagged in [true, false] {
        let open: Vec<usize> = (0..known.len())
            .filter(|place| may_be_given(known[*place].state) && !found.contains_key(place))
            .collect();
        let as_doubt = |place: &usize| as_doubt(&known[*place], since, is_tagged);
        let doubts: Vec<OpenDoubt> = open.iter().map(as_doubt).collect();
        for (doubt, credit) in match_up(&doubts, look, &claimed, skew).found {
            found.insert(open[doubt], credit.id);
        }
        claimed.extend(found.values());
    }
    let unclear = unclear(known, &found, look, &claimed, (since, skew), lists, proof);
    let mut found: Vec<(usize, GiftId)> =
        found.into_iter().filter(|(place, _)| known[*place].state != GiftState::Held).collect();
    found.sort_unstable();
    Recalled { found, unclear }
}

/// Why unsent gifts that were not found may have been given.
fn unclear(
    known: &[KnownGift],
    found: &HashMap<usize, GiftId>,
    look: &Look,
    claimed: &HashSet<GiftId>,
    (since, skew): (DateTime<Utc>, Skew),
    lists: Lists,
    proof: AbsenceProof,
) -> Option<String> {
    let is_unsent = |(place, gift): &(usize, &KnownGift)| {
        gift.state.is_sendable() && !found.contains_key(place)
    };
    let unsent: Vec<&KnownGift> =
        known.iter().enumerate().filter(is_unsent).map(|(_, gift)| gift).collect();
    if unsent.is_empty() {
        return None;
    }
    if lists.hide_used {
        return Some("its list leaves out used gifts".to_owned());
    }
    let since = skew.baseline(since);
    let may_be = |credit: &&Credit| {
        let is_free = !claimed.contains(&credit.id)
            && credit.reference.is_none_or(|_| !lists.show_references)
            && credit.created_at.is_none_or(|created| !skew.is_steady() || created >= since);
        let could_be = |gift: &&KnownGift| match look.elsewhere.contains(&credit.id) {
            true => credit.fits(&gift.content).is_some(),
            false => is_free && credit.amount == gift.content.amount.to_decimal(),
        };
        unsent.iter().any(could_be)
    };
    let credit = look.credits.iter().find(may_be);
    let may_be = credit.map(|credit| format!("{} may be one of its gifts", credit.id));
    may_be.or_else(|| match proof {
        AbsenceProof::Balance => look.whole(lists, skew).err().or_else(|| {
            let expiries = unsent.iter().map(|gift| gift.content.expiry);
            // By our clock it can still be sent.
            let mut open = expiries.filter(|expiry| !expiry.has_passed(look.as_of));
            open.find_map(|expiry| look.uncounted(expiry, lists, skew))
        }),
        AbsenceProof::Lists => None,
    })
}

fn may_be_given(state: GiftState) -> bool {
    state.is_sendable()
        || matches!(state, GiftState::InDoubt | GiftState::Held | GiftState::Refused)
}

/// The gift as a doubt: it may have been sent at any time since.
fn as_doubt(gift: &KnownGift, since: DateTime<Utc>, is_tagged: bool) -> OpenDoubt {
    let as_known = Gift { key: gift.key, content: gift.content.clone() };
    let claimed = Claimed {
        row: gift.row,
        campaign: gift.campaign,
        gift: if is_tagged { as_known.tagged() } else { as_known },
        attempt: 0,
        doubts: 0,
        first_sent_at: gift.first_sent_at.map_or(since, |sent| sent.min(since)),
    };
    let settle_from = claimed.first_sent_at;
    OpenDoubt::new(Doubt { claimed, settle_from, refusal: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Expiry, GiftKey};
    use crate::provider::SeenExpiry;
    use rust_decimal::Decimal;
    use uuid::Uuid;

    fn at(s: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000 + s, 0).unwrap()
    }

    fn known(row: i64, state: GiftState) -> KnownGift {
        KnownGift {
            key: GiftKey(Uuid::from_u128((row as u128) << 96)),
            ..KnownGift::sample(row, state)
        }
    }

    fn credit(number: u128, created_at: DateTime<Utc>) -> Credit {
        Credit {
            id: GiftId(Uuid::from_u128(number)),
            amount: Decimal::new(5, 0),
            remaining: None,
            expiry: SeenExpiry::Exact(Expiry::Never),
            description: "KUPON".into(),
            created_at: Some(created_at),
            reference: None,
            is_used: false,
            says_use: true,
        }
    }

    fn told(known: &[KnownGift], credits: &[Credit], lists: Lists) -> Recalled {
        let look = Look::new(at(60), at(60), credits.to_vec());
        recall(known, &look, at(0), Skew::default(), lists, AbsenceProof::Lists)
    }

    fn found(known: &[KnownGift], credits: &[Credit]) -> Vec<(usize, u128)> {
        let told = told(known, credits, Lists::default());
        told.found.into_iter().map(|(place, id)| (place, id.0.as_u128())).collect()
    }

    #[test]
    fn what_was_given_since_is_recalled_by_count() {
        // Goal: identical rows are counted, the doubtful before the unsent, and older gifts are not
        // ours. Method: three unsent and a doubt, two entries of since and one of last month.
        let gifts = [
            known(1, GiftState::Planned),
            known(2, GiftState::Deferred),
            KnownGift { first_sent_at: Some(at(-9)), ..known(3, GiftState::InDoubt) },
            known(4, GiftState::Planned),
        ];
        let month = chrono::TimeDelta::days(30);
        let credits = [credit(7, at(5)), credit(8, at(6)), credit(9, at(0) - month)];
        assert_eq!(found(&gifts, &credits), vec![(0, 8), (2, 7)]);
    }

    #[test]
    fn an_entry_of_a_held_gift_is_left_to_a_person() {
        // Goal: a person's decision is not taken away. Method: a held gift and its unsent twin, one
        // entry; then two.
        let held = KnownGift { first_sent_at: Some(at(-9)), ..known(1, GiftState::Held) };
        let gifts = [held, known(2, GiftState::Planned)];
        assert_eq!(found(&gifts, &[credit(7, at(5))]), vec![]);
        assert_eq!(found(&gifts, &[credit(7, at(5)), credit(8, at(6))]), vec![(1, 8)]);
    }

    #[test]
    fn what_is_over_or_claimed_is_not_recalled() {
        // Goal: no id twice, and a gift that was withdrawn is not looked for. Method: an issued gift that
        // owns the entry, a refused and a cancelled one.
        let issued =
            KnownGift { gift_id: Some(GiftId(Uuid::from_u128(7))), ..known(1, GiftState::Issued) };
        let gifts = [
            issued,
            known(2, GiftState::Planned),
            known(3, GiftState::Refused),
            known(4, GiftState::Cancelled),
        ];
        assert_eq!(found(&gifts, &[credit(7, at(5))]), vec![]);
        assert_eq!(found(&gifts[2..], &[credit(8, at(5))]), vec![(0, 8)], "tried again since");
        assert_eq!(found(&gifts[3..], &[credit(8, at(5))]), vec![]);
    }

    #[test]
    fn tags_that_were_chosen_since_are_known() {
        // Goal: a campaign that was tagged after the copy was made is recalled. Method: an entry with the
        // tag of the second of two gifts.
        let gifts = [known(1, GiftState::Planned), known(2, GiftState::Planned)];
        let tagged = Gift { key: gifts[1].key, content: gifts[1].content.clone() }.tagged();
        let entry = Credit { description: tagged.content.description, ..credit(7, at(5)) };
        assert_eq!(found(&gifts, &[entry]), vec![(1, 7)]);
    }

    #[test]
    fn what_may_have_been_given_all_the_same_is_told() {
        // Goal: silence is not taken for absence. Method: lists that leave out used gifts; an entry of the
        // same amount with another text, of since, of long ago, and with a reference where
        // references are known to be shown.
        let gifts = [known(1, GiftState::Planned)];
        let hide_used = Lists { hide_used: true, ..Lists::default() };
        assert!(told(&gifts, &[], hide_used).unclear.is_some());
        assert!(told(&gifts, &[credit(7, at(5))], hide_used).unclear.is_none());
        let odd = |s| Credit { description: "kupon".into(), ..credit(7, at(s)) };
        let unclear = |credit: Credit, lists| told(&gifts, &[credit], lists).unclear.is_some();
        assert!(unclear(odd(5), Lists::default()));
        assert!(!unclear(odd(-9), Lists::default()));
        let shown = Lists { show_references: true, ..Lists::default() };
        let theirs = Credit { reference: Some(Uuid::from_u128(99)), ..odd(5) };
        assert!(unclear(theirs.clone(), Lists::default()));
        assert!(!unclear(theirs, shown));
        let issued = [known(1, GiftState::Issued)];
        assert_eq!(told(&issued, &[odd(5)], Lists::default()).unclear, None);
    }
}
