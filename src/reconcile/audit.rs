//! What one wallet's list shows of the gifts that the ledger knows of. Pure.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::words::difference;
use crate::domain::{GiftId, GiftState};
use crate::ledger::{AuditedGift, Finding, KnownGift};
use crate::provider::Credit;

/// From when on gifts can be ours, by the server's clock.
#[derive(Clone, Copy, Debug)]
pub struct Since {
    /// The campaign's first attempt; none where nothing was ever sent.
    pub first_attempt: Option<DateTime<Utc>>,
}

/// Says what a whole list shows of the campaign's gifts in this wallet.
///
/// `known` is all that the ledger has of the wallet, in any campaign; the findings are of `campaign`
/// alone. Gifts that were never given and are not there have no finding.
pub fn audit(
    campaign: i64,
    known: &[KnownGift],
    credits: &[Credit],
    since: Since,
) -> Vec<AuditedGift> {
    let shown: HashMap<GiftId, &Credit> =
        credits.iter().map(|credit| (credit.id, credit)).collect();
    let claimed: HashSet<GiftId> = known.iter().filter_map(|gift| gift.gift_id).collect();
    let mut left: Vec<&Credit> =
        credits.iter().filter(|credit| !claimed.contains(&credit.id)).collect();
    let ours = || known.iter().filter(|gift| gift.campaign == campaign);
    let shown = |gift: &KnownGift| gift.gift_id.and_then(|id| shown.get(&id).copied());
    let mut found: Vec<AuditedGift> = ours().filter_map(|gift| held(gift, shown(gift))).collect();
    // What was taken back should be there no more, under its own id.
    let revoked = ours().filter(|gift| gift.state == GiftState::Revoked);
    found.extend(revoked.filter_map(|gift| {
        let detail = Some(shown(gift)?.id.to_string());
        Some(AuditedGift { row: gift.row, finding: Finding::Unexpected, detail })
    }));
    for gift in ours().filter(|gift| is_over(gift.state)) {
        if let Some(place) = left.iter().position(|credit| is_given_after_all(credit, gift, since))
        {
            let detail = Some(left.swap_remove(place).id.to_string());
            found.push(AuditedGift { row: gift.row, finding: Finding::Unexpected, detail });
        }
    }
    for gift in known.iter().filter(|gift| is_open(gift.state)) {
        // An open gift explains one entry, not all that look like it.
        if let Some(place) = left.iter().position(|credit| could_be(credit, gift)) {
            left.swap_remove(place);
        }
    }
    for credit in left {
        blame(credit, known, &mut found, since);
    }
    found
}

/// What became of an issued gift, which is `shown` so.
pub(super) fn held(gift: &KnownGift, shown: Option<&Credit>) -> Option<AuditedGift> {
    if gift.state != GiftState::Issued {
        return None;
    }
    let (finding, detail) = match shown {
        None => (Finding::Missing, None),
        Some(credit) if credit.fits(&gift.content).is_some() => (Finding::Matched, None),
        Some(credit) => (Finding::Differs, Some(difference(credit, &gift.content))),
    };
    Some(AuditedGift { row: gift.row, finding, detail })
}

/// Refused or withdrawn: nothing of it should be there.
fn is_over(state: GiftState) -> bool {
    matches!(state, GiftState::Refused | GiftState::Cancelled)
}

fn is_given_after_all(credit: &Credit, gift: &KnownGift, since: Since) -> bool {
    match credit.echoes(gift.key) {
        Some(echoes) => echoes,
        // What was never sent cannot be there but by a reference.
        None => {
            gift.first_sent_at.is_some()
                && credit.fits(&gift.content).is_some()
                && since.covers(credit)
        }
    }
}

/// Its fate is open: it may be there.
fn is_open(state: GiftState) -> bool {
    matches!(
        state,
        GiftState::InFlight | GiftState::InDoubt | GiftState::Held | GiftState::Revoking
    )
}

fn could_be(credit: &Credit, gift: &KnownGift) -> bool {
    credit.echoes(gift.key).unwrap_or_else(|| credit.fits(&gift.content).is_some())
}

/// An entry that nobody asked for is the duplicate of a matched gift that it equals; of those, of
/// the one with the fewest duplicates so far.
fn blame(credit: &Credit, known: &[KnownGift], found: &mut [AuditedGift], since: Since) {
    let equals = |row: i64| {
        known.iter().filter(|gift| gift.row == row).any(|gift| match credit.echoes(gift.key) {
            Some(echoes) => echoes,
            None => credit.fits(&gift.content).is_some() && since.covers(credit),
        })
    };
    let doubles = |gift: &AuditedGift| match (gift.finding, &gift.detail) {
        (Finding::Matched, _) => Some(0),
        (Finding::Duplicated, Some(detail)) => Some(detail.split(' ').count()),
        _ => None,
    };
    let guilty = found
        .iter_mut()
        .filter(|gift| equals(gift.row))
        .filter_map(|gift| doubles(gift).map(|doubles| (doubles, gift)))
        .min_by_key(|(doubles, _)| *doubles);
    if let Some((_, gift)) = guilty {
        gift.finding = Finding::Duplicated;
        gift.detail = Some(match gift.detail.take() {
            Some(ids) => format!("{ids} {}", credit.id),
            None => credit.id.to_string(),
        });
    }
}

impl Since {
    /// Whether an entry is young enough to be ours; one without a date may be.
    fn covers(self, credit: &Credit) -> bool {
        let Some(first_attempt) = self.first_attempt else {
            return false;
        };
        credit.created_at.is_none_or(|created| created >= first_attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Expiry;
    use crate::provider::SeenExpiry;
    use rust_decimal::Decimal;
    use uuid::Uuid;

    fn at(s: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000 + s, 0).unwrap()
    }

    fn known(row: i64, state: GiftState) -> KnownGift {
        let has_id = state == GiftState::Issued;
        KnownGift {
            gift_id: has_id.then(|| GiftId(Uuid::from_u128(100 + row as u128))),
            issued_at: has_id.then(|| at(1)),
            first_sent_at: Some(at(0)),
            ..KnownGift::sample(row, state)
        }
    }

    fn credit(number: u128) -> Credit {
        Credit {
            id: GiftId(Uuid::from_u128(number)),
            amount: Decimal::new(5, 0),
            remaining: None,
            expiry: SeenExpiry::Exact(Expiry::Never),
            description: "KUPON".into(),
            created_at: Some(at(1)),
            reference: None,
            is_used: false,
        }
    }

    /// Rows with their findings, in the order of the rows.
    fn words(known: &[KnownGift], credits: &[Credit]) -> Vec<(i64, &'static str)> {
        let since = Since { first_attempt: Some(at(0)) };
        let mut found: Vec<_> = audit(1, known, credits, since)
            .into_iter()
            .map(|gift| (gift.row, gift.finding.word()))
            .collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn an_issued_gift_is_matched_missing_or_differs() {
        // Goal: each issued gift has one finding. Method: one of each, and what differs.
        let gifts = [1, 2, 3].map(|row| known(row, GiftState::Issued));
        let other = Credit { amount: Decimal::new(501, 2), ..credit(103) };
        let list = [credit(101), other];
        assert_eq!(words(&gifts, &list), [(1, "matched"), (2, "missing"), (3, "differs")]);
        let since = Since { first_attempt: Some(at(0)) };
        let found = audit(1, &gifts[2..], &list[1..], since);
        assert_eq!(found[0].detail.as_deref(), Some("amount 5.01 instead of 5.00 (0.01 more)"));
    }

    #[test]
    fn a_gift_too_many_is_named() {
        // Goal: doubles are found, each once. Method: two identical gifts and two strangers' like
        // them; then strangers of before the campaign, with another text, with another reference.
        let gifts = [1, 2].map(|row| known(row, GiftState::Issued));
        let list = [credit(101), credit(102), credit(7), credit(8)];
        assert_eq!(words(&gifts, &list), [(1, "duplicated"), (2, "duplicated")]);
        let gift = [known(1, GiftState::Issued)];
        for stranger in [
            Credit { created_at: Some(at(-1)), ..credit(7) },
            Credit { description: "other".into(), ..credit(7) },
            Credit { reference: Some(Uuid::from_u128(9)), ..credit(7) },
        ] {
            assert_eq!(words(&gift, &[credit(101), stranger]), [(1, "matched")]);
        }
        let echoed = Credit { reference: Some(Uuid::from_u128(1)), ..credit(7) };
        assert_eq!(words(&gift, &[credit(101), echoed]), [(1, "duplicated")]);
    }

    #[test]
    fn what_was_refused_and_is_there_is_unexpected() {
        // Goal: a false no is found. Method: refused and there; refused and not there; never sent.
        assert_eq!(words(&[known(1, GiftState::Refused)], &[credit(7)]), [(1, "unexpected")]);
        assert_eq!(words(&[known(1, GiftState::Refused)], &[]), []);
        let mut never = known(1, GiftState::Cancelled);
        never.first_sent_at = None;
        assert_eq!(words(&[never], &[credit(7)]), []);
    }

    #[test]
    fn a_refused_gift_is_found_only_in_what_is_surely_like_it() {
        // Goal: no false alarm. Method: one that was sent and refused, beside a stranger's with another
        // text, of before the campaign, with another reference; then its own reference alone.
        let refused = [known(1, GiftState::Refused)];
        for stranger in [
            Credit { description: "other".into(), ..credit(7) },
            Credit { created_at: Some(at(-1)), ..credit(7) },
            Credit { reference: Some(Uuid::from_u128(9)), ..credit(7) },
        ] {
            assert_eq!(words(&refused, &[stranger]), []);
        }
        let own = Credit {
            reference: Some(Uuid::from_u128(1)),
            description: "other".into(),
            ..credit(7)
        };
        assert_eq!(words(&refused, &[own]), [(1, "unexpected")]);
        let unsent = Since { first_attempt: None };
        assert_eq!(audit(1, &refused, &[credit(7)], unsent), []);
    }

    #[test]
    fn what_is_wrong_is_told_in_detail() {
        // Goal: a person can act on it. Method: another text, another expiry, and two gifts too many
        // for one that is ours.
        let gift = [known(1, GiftState::Issued)];
        let detail = |list: &[Credit]| {
            let found = audit(1, &gift, list, Since { first_attempt: Some(at(0)) });
            found.into_iter().next().and_then(|gift| gift.detail)
        };
        let text = Credit { description: "other".into(), ..credit(101) };
        let told = detail(&[text]);
        assert_eq!(told.as_deref(), Some(r#"description "other" instead of "KUPON""#));
        let soon = SeenExpiry::Exact(Expiry::at(at(60)));
        let told = detail(&[Credit { expiry: soon, ..credit(101) }]);
        assert_eq!(told, Some(format!("expiry {soon} instead of never")));
        let less = Credit { amount: Decimal::new(45, 1), ..credit(101) };
        let told = detail(&[Credit { expiry: soon, description: "x".into(), ..less }]);
        let all = format!(
            r#"amount 4.50 instead of 5.00 (0.50 less), expiry {soon} instead of never, description "x" instead of "KUPON""#
        );
        assert_eq!(told, Some(all));
        let told = detail(&[credit(101), credit(7), credit(8)]);
        assert_eq!(told, Some(format!("{} {}", credit(7).id, credit(8).id)));
    }

    #[test]
    fn open_gifts_and_other_campaigns_explain_what_is_there() {
        // Goal: no false alarm. Method: a doubt's gift, and another campaign's gift, beside ours.
        let ours = known(1, GiftState::Issued);
        let doubt = known(2, GiftState::InDoubt);
        let list = [credit(101), credit(7)];
        assert_eq!(words(&[ours.clone(), doubt.clone()], &list), [(1, "matched")]);
        // One doubt explains one entry; the second is one too many.
        let more = [credit(101), credit(7), credit(8)];
        assert_eq!(words(&[ours.clone(), doubt], &more), [(1, "duplicated")]);
        // A doubt about something else explains nothing.
        let mut unlike = known(2, GiftState::InDoubt);
        unlike.content.description = "other".into();
        assert_eq!(words(&[ours.clone(), unlike], &list), [(1, "duplicated")]);
        let mut other = known(3, GiftState::Issued);
        other.campaign = 2;
        let list = [credit(101), credit(103)];
        assert_eq!(words(&[ours, other], &list), [(1, "matched")]);
    }
}
