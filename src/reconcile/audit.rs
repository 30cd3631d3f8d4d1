//! What one wallet's list shows of the gifts that the ledger knows of. Pure.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::alike::Alike;
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
/// alone. Gifts that were never given and are not there have no finding. Entries whose ids gifts of ours in other
/// wallets have (`elsewhere`) are gifts of this one only where a reference says so: a provider may have merged two.
pub fn audit(
    campaign: i64,
    known: &[KnownGift],
    credits: &[Credit],
    elsewhere: &HashSet<GiftId>,
    since: Since,
) -> Vec<AuditedGift> {
    let shown: HashMap<GiftId, &Credit> =
        credits.iter().map(|credit| (credit.id, credit)).collect();
    let claimed: HashSet<GiftId> = known.iter().filter_map(|gift| gift.gift_id).collect();
    let ours = || known.iter().enumerate().filter(|(_, gift)| gift.campaign == campaign);
    let shown = |gift: &KnownGift| gift.gift_id.and_then(|id| shown.get(&id).copied());
    let mut found = Vec::new();
    let mut matched = Vec::new();
    for (gift, held) in ours().filter_map(|(_, gift)| Some((gift, held(gift, shown(gift))?))) {
        if held.finding == Finding::Matched {
            matched.push((gift, (0, found.len()), true));
        }
        found.push(held);
    }
    // What was taken back should be there no more, under its own id.
    let revoked = ours().filter(|(_, gift)| gift.state == GiftState::Revoked);
    found.extend(revoked.filter_map(|(_, gift)| {
        let detail = Some(shown(gift)?.id.to_string());
        Some(AuditedGift { row: gift.row, finding: Finding::Unexpected, detail })
    }));
    let over = ours().filter(|(_, gift)| is_over(gift.state));
    // What was never sent cannot be there but by a reference.
    let over = over.map(|(place, gift)| (gift, (0, place), gift.first_sent_at.is_some()));
    let open = known.iter().enumerate().filter(|(_, gift)| is_open(gift.state));
    let open = open.map(|(place, gift)| (gift, (0, place), true));
    let (mut over, mut open) = (Alike::of(over), Alike::of(open));
    let mut matched = Alike::of(matched.into_iter());
    for credit in credits.iter().filter(|credit| !claimed.contains(&credit.id)) {
        let is_here = !elsewhere.contains(&credit.id);
        let is_young = is_here && since.covers(credit);
        if let Some(((_, place), spot)) = over.lowest(credit, is_young) {
            over.rank(spot, None);
            let detail = Some(credit.id.to_string());
            found.push(AuditedGift { row: known[place].row, finding: Finding::Unexpected, detail });
        } else if let Some((_, spot)) = open.lowest(credit, is_young) {
            // An open gift explains one entry, not all that look like it.
            open.rank(spot, None);
        } else if let Some(((doubles, place), spot)) = matched.lowest(credit, is_young) {
            matched.rank(spot, Some((doubles + 1, place)));
            blame(&mut found[place], credit);
        }
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

/// Its fate is open: it may be there.
fn is_open(state: GiftState) -> bool {
    matches!(
        state,
        GiftState::InFlight | GiftState::InDoubt | GiftState::Held | GiftState::Revoking
    )
}

/// An entry that nobody asked for is the duplicate of a matched gift that it equals; of those, of the one with the
/// fewest duplicates so far.
fn blame(gift: &mut AuditedGift, credit: &Credit) {
    gift.finding = Finding::Duplicated;
    let ids = gift.detail.get_or_insert_default();
    if !ids.is_empty() {
        ids.push(' ');
    }
    ids.push_str(&credit.id.to_string());
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
    use crate::domain::{Expiry, GiftContent, Money};
    use crate::provider::SeenExpiry;
    use chrono::TimeDelta;
    use proptest::prelude::*;
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
            says_use: true,
        }
    }

    /// Rows with their findings, in the order of the rows.
    fn words(known: &[KnownGift], credits: &[Credit]) -> Vec<(i64, &'static str)> {
        let since = Since { first_attempt: Some(at(0)) };
        let mut found: Vec<_> = audit(1, known, credits, &HashSet::new(), since)
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
        let found = audit(1, &gifts[2..], &list[1..], &HashSet::new(), since);
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
        assert_eq!(audit(1, &refused, &[credit(7)], &HashSet::new(), unsent), []);
    }

    #[test]
    fn what_is_wrong_is_told_in_detail() {
        // Goal: a person can act on it. Method: another text, another expiry, and two gifts too many
        // for one that is ours.
        let gift = [known(1, GiftState::Issued)];
        let detail = |list: &[Credit]| {
            let found =
                audit(1, &gift, list, &HashSet::new(), Since { first_attempt: Some(at(0)) });
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
        assert_eq!(words(&[ours.clone(), doubt.clone()], &more), [(1, "duplicated")]);
        // What was there before the campaign needs no explanation, and is none.
        let old = Credit { created_at: Some(at(-1)), ..credit(7) };
        let list = [credit(101), old, credit(8)];
        assert_eq!(words(&[ours.clone(), doubt], &list), [(1, "matched")]);
        let list = [credit(101), credit(7)];
        // A doubt about something else explains nothing.
        let mut unlike = known(2, GiftState::InDoubt);
        unlike.content.description = "other".into();
        assert_eq!(words(&[ours.clone(), unlike], &list), [(1, "duplicated")]);
        let mut other = known(3, GiftState::Issued);
        other.campaign = 2;
        let list = [credit(101), credit(103)];
        assert_eq!(words(&[ours, other], &list), [(1, "matched")]);
    }

    /// The same by a look at each pair, in the order of the list.
    fn audit_slowly(
        campaign: i64,
        known: &[KnownGift],
        credits: &[Credit],
        since: Since,
    ) -> Vec<AuditedGift> {
        let ids: Vec<Option<GiftId>> = known.iter().map(|gift| gift.gift_id).collect();
        let mut left: Vec<&Credit> =
            credits.iter().filter(|credit| !ids.contains(&Some(credit.id))).collect();
        let ours: Vec<&KnownGift> = known.iter().filter(|gift| gift.campaign == campaign).collect();
        let shown =
            |gift: &KnownGift| credits.iter().find(|credit| Some(credit.id) == gift.gift_id);
        let mut found: Vec<AuditedGift> =
            ours.iter().filter_map(|gift| held(gift, shown(gift))).collect();
        for gift in ours.iter().filter(|gift| gift.state == GiftState::Revoked) {
            let detail = shown(gift).map(|credit| credit.id.to_string());
            let there = AuditedGift { row: gift.row, finding: Finding::Unexpected, detail };
            found.extend(there.detail.is_some().then_some(there));
        }
        let could_be = |credit: &Credit, gift: &KnownGift, by_content: bool| {
            let fits = || by_content && credit.fits(&gift.content).is_some();
            credit.echoes(gift.key).unwrap_or_else(fits)
        };
        for gift in ours.iter().filter(|gift| is_over(gift.state)) {
            let is_there = |credit: &&Credit| {
                could_be(credit, gift, gift.first_sent_at.is_some() && since.covers(credit))
            };
            if let Some(place) = left.iter().position(is_there) {
                let detail = Some(left.remove(place).id.to_string());
                found.push(AuditedGift { row: gift.row, finding: Finding::Unexpected, detail });
            }
        }
        for gift in known.iter().filter(|gift| is_open(gift.state)) {
            let is_there = |credit: &&Credit| could_be(credit, gift, since.covers(credit));
            if let Some(place) = left.iter().position(is_there) {
                left.remove(place);
            }
        }
        for credit in left {
            let doubles = |gift: &AuditedGift| match gift.finding {
                Finding::Matched => Some(0),
                Finding::Duplicated => gift.detail.as_ref().map(|ids| ids.split(' ').count()),
                _ => None,
            };
            let guilty = (0..found.len())
                .filter(|place| {
                    let own = known.iter().find(|gift| gift.row == found[*place].row);
                    own.is_some_and(|gift| could_be(credit, gift, since.covers(credit)))
                })
                .filter_map(|place| doubles(&found[place]).map(|doubles| (doubles, place)))
                .min();
            if let Some((_, place)) = guilty {
                blame(&mut found[place], credit);
            }
        }
        found
    }

    /// An expiry of few, that may be the same to a provider or not.
    fn expiry() -> impl Strategy<Value = Expiry> {
        prop_oneof![
            Just(Expiry::Never),
            (0..4_i64, 0..3_i64)
                .prop_map(|(s, ms)| Expiry::at(at(s * 80_000) + TimeDelta::milliseconds(ms * 700))),
        ]
    }

    fn any_known(row: i64) -> impl Strategy<Value = KnownGift> {
        let states = proptest::sample::select(&GiftState::ALL[..]);
        (states, 1..3_i64, expiry(), 1..3_i64, any::<bool>(), 0..12_u128).prop_map(
            move |(state, campaign, expiry, minor, was_sent, id)| {
                let content = GiftContent {
                    expiry,
                    amount: Money::from_minor(minor),
                    ..KnownGift::sample(row, state).content
                };
                // Ids are nobody else's.
                let id = GiftId(Uuid::from_u128(100 * row as u128 + id));
                KnownGift {
                    campaign,
                    content,
                    gift_id: matches!(state, GiftState::Issued | GiftState::Revoked).then_some(id),
                    first_sent_at: was_sent.then(|| at(0)),
                    ..KnownGift::sample(row, state)
                }
            },
        )
    }

    fn any_credit(place: u128) -> impl Strategy<Value = Credit> {
        let day = (0..4_i64).prop_map(|s| SeenExpiry::Day(at(s * 80_000).date_naive()));
        let expiry = prop_oneof![3 => expiry().prop_map(SeenExpiry::Exact), 1 => day];
        let reference = proptest::option::weighted(0.2, 1..14_u128);
        let known = (1..12_u128, 0..12_u128).prop_map(|(row, id)| 100 * row + id);
        let id = prop_oneof![Just(5_000 + place), known];
        (expiry, 1..3_i64, proptest::option::of(-1..2_i64), reference, id).prop_map(
            |(expiry, minor, made, reference, id)| Credit {
                expiry,
                amount: Money::from_minor(minor).to_decimal(),
                created_at: made.map(at),
                reference: reference.map(Uuid::from_u128),
                ..credit(id)
            },
        )
    }

    proptest! {
        #[test]
        fn it_finds_what_a_look_at_each_pair_finds(
            known in (0..12_i64).prop_flat_map(|rows| (1..=rows).map(any_known).collect::<Vec<_>>()),
            credits in (0..14_u128).prop_flat_map(|places| (0..places).map(any_credit).collect::<Vec<_>>()),
            first in proptest::option::of(Just(at(0))),
        ) {
            // Goal: it is quick, and misses nothing. Method: any small wallet, against a look at each pair.
            let mut ids = HashSet::new();
            let credits: Vec<Credit> =
                credits.into_iter().filter(|credit| ids.insert(credit.id)).collect();
            let since = Since { first_attempt: first };
            let found = audit(1, &known, &credits, &HashSet::new(), since);
            let mut expected = audit_slowly(1, &known, &credits, since);
            let mut found = found;
            found.sort_by_key(|gift| gift.row);
            expected.sort_by_key(|gift| gift.row);
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_rich_wallet_is_audited_in_no_time() {
        // Goal: a wallet costs what reading its list costs. Method: 20,000 gifts, half of them refused, all alike, and
        // as many entries that nobody claims; then all unlike each other in their expiry, of which the list shows the
        // day alone. A look at each pair would take minutes.
        const MANY: i64 = 20_000;
        let since = Since { first_attempt: Some(at(0)) };
        for spread in [0, 1] {
            let expiry = |row: i64| Expiry::at(at(row * spread));
            let gift = |row: i64| {
                let state = if row % 2 == 0 { GiftState::Issued } else { GiftState::Refused };
                let mut gift = known(row, state);
                gift.content.expiry = expiry(row);
                gift
            };
            let gifts: Vec<KnownGift> = (0..MANY).map(gift).collect();
            let entry = |row: i64| {
                let seen = match (row % 2, spread) {
                    (1, 1) => SeenExpiry::Day(at(row).date_naive()),
                    _ => SeenExpiry::Exact(expiry(row)),
                };
                Credit { expiry: seen, ..credit(100 + row as u128) }
            };
            let strangers = (0..MANY / 2).map(|more| Credit {
                expiry: SeenExpiry::Exact(expiry(2 * more)),
                ..credit(1_000_000 + more as u128)
            });
            let credits: Vec<Credit> = (0..MANY).map(entry).chain(strangers).collect();
            let found = audit(1, &gifts, &credits, &HashSet::new(), since);
            let count = |finding: Finding| found.iter().filter(|it| it.finding == finding).count();
            let half = MANY as usize / 2;
            assert_eq!((count(Finding::Unexpected), count(Finding::Duplicated)), (half, half));
        }
    }
}
