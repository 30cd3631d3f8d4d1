//! What a list shows of the use of gifts. Pure.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::domain::{GiftId, GiftState, Money};
use crate::ledger::{KnownGift, SeenUse};
use crate::provider::Credit;

/// The campaign's gifts of a list that are not whole, or do not say how much of them is left.
pub(super) fn uses(
    campaign: i64,
    known: &[KnownGift],
    credits: &[Credit],
    now: DateTime<Utc>,
) -> Vec<SeenUse> {
    let is_whole = |credit: &Credit| credit.remaining.is_some() && !credit.is_used;
    let shown: HashMap<GiftId, &Credit> = credits
        .iter()
        .filter(|credit| !is_whole(credit))
        .map(|credit| (credit.id, credit))
        .collect();
    if shown.is_empty() {
        return Vec::new();
    }
    let seen = |gift: &KnownGift| {
        let credit = shown.get(&gift.gift_id?)?;
        // What is no amount of ours is not told.
        let remaining = credit.remaining.and_then(|left| Money::from_decimal(left).ok());
        Some(SeenUse { row: gift.row, remaining, is_used: credit.is_used, at: now })
    };
    // Findings are of issued gifts alone, and so is their use.
    let is_ours = |gift: &&KnownGift| gift.campaign == campaign && gift.state == GiftState::Issued;
    known.iter().filter(is_ours).filter_map(seen).collect()
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;
    use uuid::Uuid;

    use super::*;
    use crate::domain::Expiry;
    use crate::provider::SeenExpiry;

    fn known(row: i64, campaign: i64) -> KnownGift {
        KnownGift {
            campaign,
            gift_id: Some(GiftId(Uuid::from_u128(100 + row as u128))),
            ..KnownGift::sample(row, GiftState::Issued)
        }
    }

    fn credit(row: u128, remaining: Option<Decimal>, is_used: bool) -> Credit {
        Credit {
            id: GiftId(Uuid::from_u128(100 + row)),
            amount: Decimal::new(5, 0),
            remaining,
            expiry: SeenExpiry::Exact(Expiry::Never),
            description: "KUPON".into(),
            created_at: None,
            reference: None,
            is_used,
            says_use: true,
        }
    }

    #[test]
    fn only_what_is_not_whole_is_told() {
        // Goal: use is neither overlooked nor made up. Method: gifts that are whole, partly used, used up,
        // silent, of another campaign and finer than money, in one list.
        let at = DateTime::from_timestamp(1_900_000_000, 0).unwrap();
        let gifts: Vec<KnownGift> =
            (1..=6).map(|row| known(row, if row == 5 { 2 } else { 1 })).collect();
        let credits = [
            credit(1, Some(Decimal::new(5, 0)), false),
            credit(2, Some(Decimal::new(150, 2)), true),
            credit(3, Some(Decimal::ZERO), true),
            credit(4, None, false),
            credit(5, Some(Decimal::ZERO), true),
            credit(6, Some(Decimal::new(1_001, 3)), true),
        ];
        let told: Vec<_> = uses(1, &gifts, &credits, at)
            .into_iter()
            .map(|seen| (seen.row, seen.remaining.map(Money::minor), seen.is_used))
            .collect();
        assert_eq!(
            told,
            [(2, Some(150), true), (3, Some(0), true), (4, None, false), (6, None, true)]
        );
    }
}
