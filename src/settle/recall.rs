//! What a restored ledger has forgotten: gifts that it believes unsent, and that a list shows.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::Skew;
use super::decide::{AbsenceProof, OpenDoubt};
use super::look::Look;
use super::matching::match_up;
use crate::domain::{GiftId, GiftState};
use crate::ledger::{Claimed, Doubt, KnownGift, Lists};
use crate::provider::Credit;

/// What a list shows of the gifts that a restored ledger has forgotten.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recalled {
    /// Gifts that were given, by their place in `known`, each with its entry.
    pub found: Vec<(usize, GiftId)>,
    /// Gifts that were sought and not found, by their place, each with why it may have been given all the same.
    pub unclear: Vec<(usize, String)>,
    /// Whether a later list may tell more of them: this one is not known to be whole.
    pub is_open: bool,
}

/// Finds the gifts of a wallet that were given after the moment `since`, the last of which the ledger
/// knows: each that is not given by the ledger, and that an entry fits.
///
/// An entry that a held gift could be is left to the person who decides about that. `sought` are the places of unsent
/// gifts that will be sent unless the list speaks against it, `lists` is what was learned of this provider's lists, and
/// `proof` what a list must be for what it lacks to be sent.
pub fn recall(
    known: &[KnownGift],
    sought: &[usize],
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
    let lacking = sought.iter().copied().filter(|place| !found.contains_key(place));
    let not_whole = match proof {
        AbsenceProof::Balance => look.whole(lists, skew).err(),
        AbsenceProof::Lists => None,
    };
    let (mut unclear, mut is_open) = (Vec::new(), false);
    for place in lacking {
        let gift = &known[place];
        let why = may_be_there(gift, look, &claimed, (since, skew), lists);
        is_open |= why.is_none() && not_whole.is_some();
        let by_balance = || match proof {
            // By our clock it can still be sent.
            AbsenceProof::Balance if !gift.content.expiry.has_passed(look.as_of) => {
                look.uncounted(gift.content.expiry, lists, skew)
            }
            AbsenceProof::Balance | AbsenceProof::Lists => None,
        };
        let why = why.or_else(|| not_whole.clone()).or_else(by_balance);
        unclear.extend(why.map(|why| (place, why)));
    }
    let mut found: Vec<(usize, GiftId)> =
        found.into_iter().filter(|(place, _)| known[*place].state != GiftState::Held).collect();
    found.sort_unstable();
    Recalled { found, unclear, is_open }
}

/// Why a gift that was not found may have been given, though the list be whole.
fn may_be_there(
    gift: &KnownGift,
    look: &Look,
    claimed: &HashSet<GiftId>,
    (since, skew): (DateTime<Utc>, Skew),
    lists: Lists,
) -> Option<String> {
    if lists.hide_used {
        return Some("its wallet's list leaves out used gifts: it may be one".to_owned());
    }
    let since = skew.baseline(since);
    let may_be = |credit: &&Credit| match look.elsewhere.contains(&credit.id) {
        true => credit.fits(&gift.content).is_some(),
        false => {
            !claimed.contains(&credit.id)
                && credit.amount == gift.content.amount.to_decimal()
                && credit.reference.is_none_or(|_| !lists.show_references)
                && credit.created_at.is_none_or(|created| !skew.is_steady() || created >= since)
        }
    };
    let credit = look.credits.iter().find(may_be)?;
    Some(format!(
        "{} may be it: what was given since an old copy of the ledger was made is not known",
        credit.id
    ))
}

fn may_be_given(state: GiftState) -> bool {
    state.is_sendable()
        || matches!(state, GiftState::InDoubt | GiftState::Held | GiftState::Refused)
}

/// The gift as a doubt: it may have been sent at any time since.
fn as_doubt(gift: &KnownGift, since: DateTime<Utc>, is_tagged: bool) -> OpenDoubt {
    let as_known = gift.as_gift();
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
    use crate::domain::{Expiry, GiftKey, Money};
    use crate::provider::SeenExpiry;
    use crate::settle::GiftBalance;
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

    /// By lists alone, every unsent gift being sought.
    fn told(known: &[KnownGift], credits: &[Credit], lists: Lists) -> Recalled {
        let look = Look::new(at(60), at(60), credits.to_vec());
        let unsent = (0..known.len()).filter(|place| known[*place].state.is_sendable());
        let unsent: Vec<usize> = unsent.collect();
        recall(known, &unsent, &look, at(0), Skew::default(), lists, AbsenceProof::Lists)
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
        let tagged = gifts[1].as_gift().tagged();
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
        assert_eq!(told(&gifts, &[], hide_used).unclear.len(), 1);
        assert_eq!(told(&gifts, &[credit(7, at(5))], hide_used).unclear, vec![]);
        let odd = |s| Credit { description: "kupon".into(), ..credit(7, at(s)) };
        let unclear = |credit: Credit, lists| told(&gifts, &[credit], lists).unclear.len() == 1;
        assert!(unclear(odd(5), Lists::default()));
        assert!(!unclear(odd(-9), Lists::default()));
        let shown = Lists { show_references: true, ..Lists::default() };
        let theirs = Credit { reference: Some(Uuid::from_u128(99)), ..odd(5) };
        assert!(unclear(theirs.clone(), Lists::default()));
        assert!(!unclear(theirs, shown));
        let issued = [known(1, GiftState::Issued)];
        assert_eq!(told(&issued, &[odd(5)], Lists::default()).unclear, vec![]);
    }

    #[test]
    fn only_what_an_entry_may_be_is_unclear() {
        // Goal: one stranger's gift says nothing of others. Method: unsent gifts of its amount, of another one, and one
        // that is not sought, beside it.
        let mut gifts = [1, 2, 3].map(|row| known(row, GiftState::Planned));
        gifts[1].content.amount = Money::from_minor(5_000);
        let odd = Credit { description: "kupon".into(), ..credit(7, at(5)) };
        let look = Look::new(at(60), at(60), vec![odd]);
        let (skew, lists) = (Skew::default(), Lists::default());
        let told = recall(&gifts, &[0, 1], &look, at(0), skew, lists, AbsenceProof::Lists);
        assert_eq!(told.unclear.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [0]);
        assert!(told.unclear[0].1.contains("may be it") && !told.is_open, "{told:?}");
    }

    #[test]
    fn a_list_that_does_not_add_up_says_nothing_of_any() {
        // Goal: what a list lacks counts only where it is whole, and it may be whole later. Method: an unsent gift of
        // each kind of proof, beside a balance that is more than the list, and one that is not.
        let gifts = [1, 2].map(|row| known(row, GiftState::Planned));
        let told = |balance: i64, proof| {
            let gift_balance = GiftBalance::Told(Decimal::new(balance, 0));
            let look = Look { gift_balance, ..Look::new(at(60), at(60), vec![]) };
            let told =
                recall(&gifts, &[0, 1], &look, at(0), Skew::default(), Lists::default(), proof);
            (told.unclear.len(), told.is_open)
        };
        assert_eq!(told(5, AbsenceProof::Balance), (2, true));
        assert_eq!(told(0, AbsenceProof::Balance), (0, false));
        assert_eq!(told(5, AbsenceProof::Lists), (0, false));
    }
}
