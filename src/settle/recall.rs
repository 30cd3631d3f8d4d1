//! What a restored ledger has forgotten: gifts that it believes unsent, and that a list shows.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::Skew;
use super::decide::OpenDoubt;
use super::matching::match_up;
use crate::domain::{Gift, GiftId, GiftState};
use crate::ledger::{Claimed, Doubt, KnownGift};
use crate::provider::Credit;

/// Finds the gifts of a wallet that were given after the moment `since`, the last of which the ledger
/// knows: each gift that is unsent or open by the ledger, by its place in `known`, with its entry.
///
/// An entry that a held gift could be is left to the person who decides about that.
pub fn recall(
    known: &[KnownGift],
    credits: &[Credit],
    since: DateTime<Utc>,
    skew: Skew,
) -> Vec<(usize, GiftId)> {
    let claimed: HashSet<GiftId> = known.iter().filter_map(|gift| gift.gift_id).collect();
    let open: Vec<usize> = (0..known.len()).filter(|place| is_open(known[*place].state)).collect();
    let doubts: Vec<OpenDoubt> = open.iter().map(|place| as_doubt(&known[*place], since)).collect();
    let matched = match_up(&doubts, credits, &claimed, skew);
    let is_to_be_told = |(place, _): &(usize, GiftId)| known[*place].state != GiftState::Held;
    let found = matched.found.iter().map(|(doubt, credit)| (open[*doubt], credit.id));
    let mut found: Vec<(usize, GiftId)> = found.filter(is_to_be_told).collect();
    found.sort_unstable();
    found
}

fn is_open(state: GiftState) -> bool {
    state.is_sendable() || matches!(state, GiftState::InDoubt | GiftState::Held)
}

/// The gift as a doubt: it may have been sent at any time since.
fn as_doubt(gift: &KnownGift, since: DateTime<Utc>) -> OpenDoubt {
    let claimed = Claimed {
        row: gift.row,
        campaign: gift.campaign,
        gift: Gift { key: gift.key, content: gift.content.clone() },
        attempt: 0,
        doubts: 0,
        first_sent_at: gift.first_sent_at.map_or(since, |sent| sent.min(since)),
    };
    let settle_from = claimed.first_sent_at;
    OpenDoubt::new(Doubt { claimed, settle_from })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Expiry, GiftContent, GiftKey, Money};
    use crate::provider::SeenExpiry;
    use rust_decimal::Decimal;
    use uuid::Uuid;

    fn at(s: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000 + s, 0).unwrap()
    }

    fn known(row: i64, state: GiftState) -> KnownGift {
        KnownGift {
            row,
            campaign: 1,
            key: GiftKey(Uuid::from_u128(row as u128)),
            content: GiftContent {
                wallet: "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap(),
                amount: Money::from_minor(500),
                expiry: Expiry::Never,
                description: "KUPON".into(),
            },
            state,
            attempts: 1,
            gift_id: None,
            issued_at: None,
            first_sent_at: None,
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
        }
    }

    fn found(known: &[KnownGift], credits: &[Credit]) -> Vec<(usize, u128)> {
        let found = recall(known, credits, at(0), Skew::default());
        found.into_iter().map(|(place, id)| (place, id.0.as_u128())).collect()
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
        // Goal: only open gifts are looked for, and no id twice. Method: an issued gift that owns the
        // entry, a refused and a cancelled one.
        let issued =
            KnownGift { gift_id: Some(GiftId(Uuid::from_u128(7))), ..known(1, GiftState::Issued) };
        let gifts = [
            issued,
            known(2, GiftState::Planned),
            known(3, GiftState::Refused),
            known(4, GiftState::Cancelled),
        ];
        assert_eq!(found(&gifts, &[credit(7, at(5))]), vec![]);
        assert_eq!(found(&gifts[2..], &[credit(8, at(5))]), vec![]);
    }
}
