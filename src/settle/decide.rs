//! What one look at a wallet's list proves about its doubts.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::Skew;
use super::absence::{
    Absence, Objection, ambiguous, contradiction, is_anothers, is_untagged_twin, judge_absence,
    unclear,
};
use super::look::Look;
use super::matching::{could_be, match_up};
use super::whole::GiftBalance;
use crate::domain::{Event, GiftId, GiftState};
use crate::ledger::{Claimed, Doubt, KnownGift, Lists};
use crate::provider::Credit;

/// A doubt with what earlier looks of this run have shown.
#[derive(Clone, Debug)]
pub struct OpenDoubt {
    /// The doubt.
    pub doubt: Doubt,
    /// Looks that counted and did not show it.
    pub absent_looks: u32,
    /// The moment of which the last of them spoke.
    pub absent_as_of: Option<DateTime<Utc>>,
    /// Looks after the window of which too little was known to say what they prove.
    pub open_looks: u32,
    /// Whether a look did not show it.
    pub was_missed: bool,
}

/// What to do with doubts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InDoubt {
    /// Look, and decide.
    Settle,
    /// Hold every one of them for a person.
    Hold,
}

/// What proves that a gift is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AbsenceProof {
    /// Two lists that each add up to the wallet's balance.
    #[default]
    Balance,
    /// Two lists, of a provider whose lists were seen to show a gift that we know of. For providers whose balances
    /// mean something else: a list that is cut or cached then gives twice.
    Lists,
}

/// How doubts are settled.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// S: absence counts only in lists asked for this long after the sender let go.
    pub window: TimeDelta,
    /// Attempts that may end in doubt before a person must look.
    pub max_attempts: i64,
    /// Whether software decides at all.
    pub in_doubt: InDoubt,
    /// What proves that a gift is not there.
    pub proof: AbsenceProof,
}

/// What a look proved.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// What happened to doubts, by their place.
    pub events: Vec<(usize, Event)>,
    /// Doubts, by their place, that this look counts as absent once more.
    pub absent: Vec<usize>,
    /// Doubts, by their place, of which more has to be known before what the list shows can be judged.
    pub open: Vec<usize>,
    /// The moment of which the look spoke.
    pub as_of: DateTime<Utc>,
    /// What the list shows of this provider's lists.
    pub lists: Lists,
    /// Gifts that the list lacks though we know this wallet to have them, and when we learned of each:
    /// the absences of such a list prove nothing.
    pub lacking: Vec<(GiftId, DateTime<Utc>)>,
    /// Gifts that we know of, and that the list shows.
    pub shown: HashSet<GiftId>,
    /// The skew with what the list told of it.
    pub skew: Skew,
}

impl OpenDoubt {
    /// Any gift that was sent, as a doubt whose sender had let go at `settle_from`.
    pub fn of(gift: &KnownGift, settle_from: DateTime<Utc>) -> OpenDoubt {
        let claimed = Claimed {
            row: gift.row,
            campaign: gift.campaign,
            gift: gift.as_gift(),
            attempt: gift.attempts,
            doubts: 0,
            first_sent_at: gift.first_sent_at.unwrap_or(settle_from),
        };
        OpenDoubt::new(Doubt { claimed, settle_from, refusal: None })
    }

    /// A doubt about which nothing was asked yet.
    pub fn new(doubt: Doubt) -> OpenDoubt {
        let (absent_looks, open_looks) = (0, 0);
        OpenDoubt { doubt, absent_looks, absent_as_of: None, open_looks, was_missed: false }
    }

    /// Whether a look that speaks of this moment may count against it: after its settle window.
    pub fn counts_at(&self, as_of: DateTime<Utc>, policy: &Policy) -> bool {
        as_of >= self.doubt.settle_from + policy.window
    }
}

/// Says what a look at a wallet's list proves about the doubts of that wallet.
///
/// `known` is all that the ledger has of the wallet, in any campaign; `lists` is what was learned of
/// this provider's lists before.
pub fn settle(
    doubts: &[OpenDoubt],
    known: &[KnownGift],
    look: &Look,
    mut skew: Skew,
    policy: &Policy,
    mut lists: Lists,
) -> Settled {
    skew.saw_known(known, &look.credits);
    let shown: HashMap<GiftId, &Credit> =
        look.credits.iter().map(|credit| (credit.id, credit)).collect();
    let ours: HashSet<GiftId> = known.iter().filter_map(|gift| gift.gift_id).collect();
    let claimed: HashSet<GiftId> = ours.union(&look.elsewhere).copied().collect();
    let matched = match_up(doubts, look, &claimed, skew);
    let lacking = lacking(known, &shown, look);
    let is_known = lacking.is_empty() && shown.keys().all(|id| ours.contains(id));
    let mut seen = seen(known, &shown);
    seen.learn(look.teaches(is_known, skew));
    lists.learn(seen);
    let mut settled = Settled {
        as_of: look.as_of,
        lists: seen,
        shown: ours.iter().copied().filter(|id| shown.contains_key(id)).collect(),
        skew,
        ..Settled::default()
    };
    let not_whole = not_whole(look, !lacking.is_empty(), policy, lists, skew);
    for (place, doubt) in doubts.iter().enumerate() {
        if let Some(credit) = matched.found.get(&place) {
            let further = matched.left.iter().find(|credit| could_be(credit, doubt, look, skew));
            let event = found(credit, further.copied());
            if doubt.was_missed && matches!(event, Event::FoundIssued { .. }) {
                let lag = look.sent_at - doubt.doubt.settle_from;
                settled.lists.longest_lag = settled.lists.longest_lag.max(Some(lag));
            }
            settled.events.push((place, event));
            continue;
        }
        if !doubt.counts_at(look.as_of, policy) {
            continue;
        }
        if lists.hide_used {
            let why = "the provider's lists leave out used gifts: it may be one";
            settled.events.push((place, unclear(why.to_owned())));
            continue;
        }
        let is_strangers = |credit: &Credit| {
            is_anothers(credit, known, lists)
                || (lists.show_tags && is_untagged_twin(credit, &doubt.doubt.claimed.gift))
        };
        let mut left = matched.left.iter().copied().filter(|credit| !is_strangers(credit));
        let contradiction = contradiction(&mut left, doubt, known, skew, look.sent_at)
            .or_else(|| ambiguous(&look.credits, &look.elsewhere, doubt));
        let objection = match (contradiction, &not_whole) {
            (Some(why), _) => Some(Objection::Contradiction(why)),
            (None, NotWhole::Unknown) => continue,
            (None, NotWhole::Because(why)) => Some(Objection::NotWhole(why.clone())),
            (None, NotWhole::No) if policy.proof == AbsenceProof::Lists => None,
            (None, NotWhole::No) => {
                let expiry = doubt.doubt.claimed.gift.content.expiry;
                look.uncounted(expiry, lists, skew).map(Objection::NotWhole)
            }
        };
        match judge_absence(doubt, objection, look.as_of, skew, policy) {
            Absence::Nothing => {}
            Absence::Open => settled.open.push(place),
            Absence::Counts => settled.absent.push(place),
            Absence::Proves(event) => settled.events.push((place, event)),
        }
    }
    settled.lacking = lacking;
    settled
}

/// What an entry that matches a doubt makes of it, beside a `further` one that could be it as well.
fn found(credit: &Credit, further: Option<&Credit>) -> Event {
    match further {
        Some(further) if credit.reference.is_none() => {
            unclear(format!("both {} and {} could be it", credit.id, further.id))
        }
        _ => Event::FoundIssued { gift: credit.id },
    }
}

/// Whether a list is not whole.
enum NotWhole {
    /// It is whole.
    No,
    /// This look does not say; a later one may.
    Unknown,
    /// It is not known to be, for this reason.
    Because(String),
}

fn not_whole(look: &Look, is_lacking: bool, policy: &Policy, lists: Lists, skew: Skew) -> NotWhole {
    // A gift that is there, and that lists leave out, is asked for by its id first: a list that is late comes round.
    if is_lacking {
        return match lists.leave_out {
            true => {
                NotWhole::Because("it may be there: its list lacks gifts that exist".to_owned())
            }
            false => NotWhole::Unknown,
        };
    }
    match (policy.proof, look.gift_balance) {
        (AbsenceProof::Lists, _) if !look.unreadable.is_empty() => {}
        (AbsenceProof::Lists, _) if lists.show_gifts => return NotWhole::No,
        (AbsenceProof::Lists, _) => return NotWhole::Unknown,
        (AbsenceProof::Balance, GiftBalance::Unknown) if look.unreadable.is_empty() => {
            return NotWhole::Unknown;
        }
        (AbsenceProof::Balance, _) if look.is_about_to_expire(skew) => return NotWhole::Unknown,
        (AbsenceProof::Balance, _) => {}
    }
    match look.whole(lists, skew) {
        Ok(()) => NotWhole::No,
        Err(why) => NotWhole::Because(format!("it may be there: {why}")),
    }
}

/// What a list shows of this provider's lists.
fn seen(known: &[KnownGift], shown: &HashMap<GiftId, &Credit>) -> Lists {
    let mut seen =
        Lists { show_used: shown.values().any(|credit| credit.is_used), ..Lists::default() };
    for gift in known {
        if let Some(credit) = gift.gift_id.and_then(|id| shown.get(&id)) {
            seen.show_gifts = true;
            seen.show_references |= credit.echoes(gift.key) == Some(true);
            seen.show_tags |= gift.is_tagged() && credit.description == gift.content.description;
        }
    }
    seen
}

/// Gifts that were there before the list was asked for, and are not in it. Expired and deleted ones may
/// have left it.
fn lacking(
    known: &[KnownGift],
    shown: &HashMap<GiftId, &Credit>,
    look: &Look,
) -> Vec<(GiftId, DateTime<Utc>)> {
    let lacking = |gift: &KnownGift| {
        let (id, issued_at) = (gift.gift_id?, gift.issued_at?);
        let is_there = gift.state == GiftState::Issued
            && !gift.content.expiry.has_passed(look.as_of)
            && issued_at <= look.as_of;
        let is_lacking = is_there && !shown.contains_key(&id) && !look.deleted.contains(&id);
        is_lacking.then_some((id, issued_at))
    };
    known.iter().filter_map(lacking).collect()
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use rust_decimal::Decimal;

    use super::*;
    use crate::domain::{Expiry, Gift, GiftContent, GiftKey, Money, Refusal};
    use crate::ledger::Claimed;
    use crate::provider::SeenExpiry;
    use crate::settle::absence::OPEN_LOOKS;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_900_000_000_000 + ms).unwrap()
    }

    fn id(number: u128) -> GiftId {
        GiftId(uuid::Uuid::from_u128(number))
    }

    fn content(minor: i64) -> GiftContent {
        GiftContent {
            wallet: "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap(),
            amount: Money::from_minor(minor),
            expiry: Expiry::Never,
            description: "KUPON".into(),
        }
    }

    /// A doubt whose POST was sent at 0 and given up at 1 s.
    fn doubt(row: i64) -> OpenDoubt {
        let gift = Gift { key: GiftKey(uuid::Uuid::from_u128(row as u128)), content: content(500) };
        let claimed =
            Claimed { row, campaign: 1, gift, attempt: 1, doubts: 1, first_sent_at: at(0) };
        OpenDoubt::new(Doubt { claimed, settle_from: at(1_000), refusal: None })
    }

    fn credit(number: u128, created_ms: i64) -> Credit {
        Credit {
            id: id(number),
            amount: Decimal::new(5, 0),
            remaining: None,
            expiry: SeenExpiry::Exact(Expiry::Never),
            description: "KUPON".into(),
            created_at: Some(at(created_ms)),
            reference: None,
            is_used: false,
            says_use: true,
        }
    }

    fn known(row: i64, state: GiftState, gift: Option<GiftId>) -> KnownGift {
        KnownGift {
            row,
            campaign: 1,
            key: GiftKey(uuid::Uuid::from_u128(row as u128)),
            content: content(500),
            state,
            attempts: 1,
            gift_id: gift,
            issued_at: gift.map(|_| at(0)),
            first_sent_at: Some(at(0)),
        }
    }

    const POLICY: Policy = Policy {
        window: TimeDelta::milliseconds(2_000),
        max_attempts: 5,
        in_doubt: InDoubt::Settle,
        proof: AbsenceProof::Balance,
    };

    const DAY_MS: i64 = 86_400_000;

    /// A skew of nothing, measured.
    fn agreed() -> Skew {
        let mut skew = Skew::default();
        skew.saw_ms(Some(0));
        skew.saw_made(at(0), at(0));
        skew
    }

    /// A list beside a balance that it adds up to.
    fn look(sent_ms: i64, credits: Vec<Credit>) -> Look {
        let left = credits.iter().map(|credit| credit.remaining.unwrap_or(credit.amount));
        let gift_balance = GiftBalance::Told(left.sum());
        Look { gift_balance, ..Look::new(at(sent_ms), at(sent_ms), credits) }
    }

    fn decide(doubt: OpenDoubt, known: &[KnownGift], look: &Look) -> Settled {
        settle(&[doubt], known, look, agreed(), &POLICY, Lists::default())
    }

    fn absent_once(doubt: OpenDoubt) -> OpenDoubt {
        OpenDoubt { absent_looks: 1, ..doubt }
    }

    #[test]
    fn what_is_there_is_found_at_any_time() {
        // Goal: positives are fast. Method: a look long before the window's end.
        let settled = decide(doubt(1), &[], &look(1_001, vec![credit(7, 100)]));
        assert_eq!(settled.events, vec![(0, Event::FoundIssued { gift: id(7) })]);
    }

    #[test]
    fn absence_needs_two_looks_that_were_sent_after_the_window() {
        // Goal: a late commit is waited for. Method: the window's last moment, its end, twice.
        let early = decide(absent_once(doubt(1)), &[], &look(2_999, vec![]));
        assert_eq!((early.events.len(), early.absent.len()), (0, 0));
        let first = decide(doubt(1), &[], &look(3_000, vec![]));
        assert_eq!((first.events.len(), first.absent), (0, vec![0]));
        let second = decide(absent_once(doubt(1)), &[], &look(3_000, vec![]));
        assert_eq!(second.events, vec![(0, Event::FoundAbsent)]);
    }

    #[test]
    fn absence_counts_only_in_a_list_that_adds_up_to_the_balance() {
        // Goal: a list that is cut, cached or not there for a while proves nothing. Method: empty and with a
        // half-used gift of old, beside balances that agree, that show more, and that are not told.
        let settled = |credits: &[Credit], gift_balance: GiftBalance| {
            let seen = Look { gift_balance, ..look(3_000, credits.to_vec()) };
            let settled = decide(absent_once(doubt(1)), &[], &seen);
            (settled.events, settled.open.len())
        };
        let told = |minor| GiftBalance::Told(Decimal::new(minor, 2));
        let (absent, open) = ((vec![(0, Event::FoundAbsent)], 0), (vec![], 1));
        assert_eq!(settled(&[], GiftBalance::Unknown), (vec![], 0));
        assert_eq!(settled(&[], GiftBalance::Untold), open);
        assert_eq!(settled(&[], told(500)), open);
        assert_eq!(settled(&[], told(0)), absent);
        let half = Credit { remaining: Some(Decimal::new(250, 2)), ..credit(7, -2 * DAY_MS) };
        assert_eq!(settled(std::slice::from_ref(&half), told(250)), absent);
        assert_eq!(settled(std::slice::from_ref(&half), told(750)), open);
        let expiring = |expiry| settled(&[Credit { expiry, ..half.clone() }], told(250));
        let later = (vec![], 0);
        assert_eq!(expiring(SeenExpiry::Exact(Expiry::at(at(0)))), later, "about now");
        // A bare date may end in any zone.
        let today = at(3_000).date_naive();
        assert_eq!(expiring(SeenExpiry::Day(today + Days::new(1))), later);
        assert_eq!(expiring(SeenExpiry::Day(today + Days::new(2))), absent);
        // A used gift that does not say how much of it is left.
        let used = Credit { is_used: true, remaining: None, ..half };
        assert_eq!(settled(std::slice::from_ref(&used), told(500)), open);
    }

    #[test]
    fn what_has_expired_is_not_proved_absent_by_a_balance_that_does_not_count_it() {
        // Goal: a gift that expired meanwhile may be behind the end of a list that adds up. Method: a doubt that expired,
        // that expires about now and later, beside an empty list and no balance; a provider whose balances count such.
        let settled = |expires_ms, lists| {
            let mut doubt = absent_once(doubt(1));
            doubt.doubt.claimed.gift.content.expiry = Expiry::at(at(expires_ms));
            let doubts = [doubt];
            let settled = settle(&doubts, &[], &look(3_000, vec![]), agreed(), &POLICY, lists);
            (settled.events, settled.open.len())
        };
        let (absent, open) = ((vec![(0, Event::FoundAbsent)], 0), (vec![], 1));
        let none = Lists::default();
        assert_eq!(settled(-DAY_MS, none), open);
        assert_eq!(settled(2_000, none), open);
        assert_eq!(settled(DAY_MS, none), absent);
        assert_eq!(settled(-DAY_MS, Lists { balance_with_expired: true, ..none }), absent);
    }

    #[test]
    fn what_expired_unspent_is_in_the_balance_or_not_as_it_was_seen() {
        // Goal: wallets with leftovers settle by themselves, and only by the sum that this provider means. Method:
        // a leftover of last year and a gift of now beside each balance, with each knowledge; what a wallet of
        // known gifts teaches.
        let expired = SeenExpiry::Exact(Expiry::at(at(-DAY_MS)));
        let (leftover, young) =
            (Credit { expiry: expired, ..credit(7, -9 * DAY_MS) }, credit(9, -5 * DAY_MS));
        let seen = |minor| Look {
            gift_balance: GiftBalance::Told(Decimal::new(minor, 2)),
            ..look(3_000, vec![leftover.clone(), Credit { amount: Decimal::ONE, ..young.clone() }])
        };
        let is_absent = |minor, lists| {
            let doubts = [absent_once(doubt(1))];
            let settled = settle(&doubts, &[], &seen(minor), agreed(), &POLICY, lists);
            settled.events == [(0, Event::FoundAbsent)]
        };
        let without = Lists { balance_without_expired: true, ..Lists::default() };
        let with = Lists { balance_with_expired: true, ..Lists::default() };
        let both = Lists { balance_with_expired: true, ..without };
        for (lists, valid, all) in [
            (Lists::default(), true, false),
            (without, true, false),
            (with, false, true),
            (both, true, false),
        ] {
            assert_eq!((is_absent(100, lists), is_absent(600, lists)), (valid, all), "{lists:?}");
            assert!(!is_absent(1_100, lists), "a gift is missing");
        }
        let mut ours = [7, 9].map(|id_| known(id_, GiftState::Issued, Some(id(id_ as u128))));
        ours[0].content.expiry = Expiry::at(at(-DAY_MS));
        let taught = |known: &[KnownGift], minor| {
            let lists = settle(&[], known, &seen(minor), agreed(), &POLICY, Lists::default()).lists;
            (lists.balance_without_expired, lists.balance_with_expired)
        };
        assert_eq!(taught(&ours, 100), (true, false));
        assert_eq!(taught(&ours, 600), (false, true));
        assert_eq!(taught(&ours, 700), (false, false));
        assert_eq!(taught(&ours[..1], 600), (false, false), "one of them is a stranger's");
    }

    #[test]
    fn looks_that_count_are_apart() {
        // Goal: what a cache shows once it may show twice. Method: a second look just before and at a fifth of the
        // window after the first; one that a cache had kept since before the window's end.
        let first = OpenDoubt { absent_as_of: Some(at(3_000)), ..absent_once(doubt(1)) };
        assert_eq!(decide(first.clone(), &[], &look(3_399, vec![])).events, vec![]);
        let second = decide(first, &[], &look(3_400, vec![])).events;
        assert_eq!(second, vec![(0, Event::FoundAbsent)]);
        let kept = Look { as_of: at(2_999), ..look(9_000, vec![]) };
        let settled = decide(absent_once(doubt(1)), &[], &kept);
        assert_eq!((settled.events.len(), settled.absent.len(), settled.open.len()), (0, 0, 0));
    }

    #[test]
    fn what_stays_not_whole_is_for_a_person() {
        // Goal: no doubt keeps its wallet closed for ever. Method: a list with an entry that cannot be read, and one
        // that never adds up, looked at once less and as often as is waited for.
        let odd = Look { unreadable: vec!["entry 3: no amount".into()], ..look(3_000, vec![]) };
        let cut = Look { gift_balance: GiftBalance::Told(Decimal::TEN), ..look(3_000, vec![]) };
        for (seen, words) in [(odd, "entry 3: no amount"), (cut, "its balance is 10")] {
            let after = |open_looks| decide(OpenDoubt { open_looks, ..doubt(1) }, &[], &seen);
            assert_eq!(
                (after(OPEN_LOOKS - 1).events.len(), after(OPEN_LOOKS - 1).open),
                (0, vec![0])
            );
            let held = after(OPEN_LOOKS).events;
            assert!(
                matches!(&held[..], [(0, Event::StayedUnclear { why })] if why.contains(words)),
                "{held:?}"
            );
        }
    }

    #[test]
    fn an_id_of_another_wallet_is_no_candidate_and_no_proof() {
        // Goal: merged wallets give no id twice, and ids that are unique for each wallet alone give nothing twice.
        // Method: an entry with the id of a gift elsewhere that fits, and one that does not.
        let elsewhere = |credit: Credit| {
            let elsewhere = HashSet::from([credit.id]);
            let seen = Look { elsewhere, ..look(3_000, vec![credit]) };
            decide(absent_once(doubt(1)), &[], &seen).events
        };
        let fits = elsewhere(credit(7, 100));
        assert!(matches!(&fits[..], [(0, Event::StayedUnclear { .. })]), "{fits:?}");
        let other = Credit { description: "other".into(), ..credit(7, 100) };
        assert_eq!(elsewhere(other), vec![(0, Event::FoundAbsent)]);
    }

    #[test]
    fn a_gift_of_tomorrow_is_not_ours() {
        // Goal: a stranger's gift that is dated next year is not taken for ours, nor for proof that ours is not there.
        // Method: it, before and after the window.
        let strange = |sent_ms| {
            decide(absent_once(doubt(1)), &[], &look(sent_ms, vec![credit(7, 365 * DAY_MS)]))
        };
        assert_eq!(strange(1_500).events, vec![]);
        let after = strange(3_000).events;
        assert!(matches!(&after[..], [(0, Event::StayedUnclear { .. })]), "{after:?}");
    }

    #[test]
    fn a_no_that_was_doubted_is_a_no_once_the_gift_is_not_there() {
        // Goal: a refusal after a doubt ends as a refusal, or as issued where it meant "I have it". Method: two looks
        // that lack it, and one that shows it.
        let refusal = Refusal { class: "declined".into(), message: "referans zaten var".into() };
        let mut doubted = absent_once(doubt(1));
        doubted.doubt.refusal = Some(refusal.clone());
        let there = decide(doubted.clone(), &[], &look(1_500, vec![credit(7, 100)])).events;
        assert_eq!(there, vec![(0, Event::FoundIssued { gift: id(7) })]);
        let absent = decide(doubted, &[], &look(3_000, vec![])).events;
        assert_eq!(absent, vec![(0, Event::Declined(refusal))]);
    }

    #[test]
    fn a_provider_whose_balances_mean_nothing_is_judged_by_lists_where_a_person_says_so() {
        // Goal: the way back that the settings offer. Method: lists that were and were not seen to show a gift.
        let policy = Policy { proof: AbsenceProof::Lists, ..POLICY };
        let seen = Look { gift_balance: GiftBalance::Unknown, ..look(3_000, vec![]) };
        let settled =
            |lists| settle(&[absent_once(doubt(1))], &[], &seen, agreed(), &policy, lists).events;
        assert_eq!(settled(Lists::default()), vec![]);
        let show_gifts = Lists { show_gifts: true, ..Lists::default() };
        assert_eq!(settled(show_gifts), vec![(0, Event::FoundAbsent)]);
        assert!(
            !seen.wants_balance(&[doubt(1)], &policy) && seen.wants_balance(&[doubt(1)], &POLICY)
        );
    }

    #[test]
    fn a_list_without_a_gift_that_we_know_proves_no_absence() {
        // Goal: a lagging list is not believed. Method: a known gift that it lacks; the same, deleted at
        // the provider.
        let other = known(2, GiftState::Issued, Some(id(9)));
        let mut lacks = look(3_000, vec![]);
        let settled = decide(absent_once(doubt(1)), std::slice::from_ref(&other), &lacks);
        assert_eq!(settled.lacking, vec![(id(9), at(0))]);
        assert_eq!((settled.events.len(), settled.absent.len()), (0, 0));
        lacks.deleted.insert(id(9));
        let settled = decide(absent_once(doubt(1)), &[other], &lacks);
        assert_eq!(settled.events, vec![(0, Event::FoundAbsent)]);
    }

    #[test]
    fn a_list_may_lack_what_was_revoked_or_learned_of_later() {
        // Goal: only what must be there makes a list incomplete. Method: a gift that was deleted by us,
        // and one of which we learned after the list was asked for.
        let revoked = known(2, GiftState::Revoked, Some(id(9)));
        let later =
            KnownGift { issued_at: Some(at(3_001)), ..known(2, GiftState::Issued, Some(id(9))) };
        for gift in [revoked, later] {
            let settled = decide(absent_once(doubt(1)), &[gift], &look(3_000, vec![]));
            assert_eq!(settled.events, vec![(0, Event::FoundAbsent)]);
        }
    }

    #[test]
    fn where_lists_leave_out_used_gifts_a_person_must_look() {
        // Goal: a gift that was spent at once is not given again. Method: such lists, before and after
        // the window; what they do show still counts.
        let hide_used = Lists { hide_used: true, ..Lists::default() };
        let at_ms = |sent_ms, credits| {
            let seen = look(sent_ms, credits);
            settle(&[doubt(1)], &[], &seen, agreed(), &POLICY, hide_used).events
        };
        assert_eq!(at_ms(2_999, vec![]), vec![]);
        assert!(matches!(at_ms(3_000, vec![])[..], [(0, Event::StayedUnclear { .. })]));
        let found = vec![(0, Event::FoundIssued { gift: id(7) })];
        assert_eq!(at_ms(3_000, vec![credit(7, 100)]), found);
    }

    #[test]
    fn a_used_gift_in_a_list_is_noticed() {
        // Goal: it is known whether used gifts stay. Method: a list with one, of whoever.
        let used = Credit { is_used: true, ..credit(7, -DAY_MS) };
        assert!(decide(doubt(1), &[], &look(1_500, vec![used])).lists.show_used);
        assert!(!decide(doubt(1), &[], &look(1_500, vec![credit(7, 0)])).lists.show_used);
    }

    #[test]
    fn a_gift_that_came_into_view_late_tells_the_lag() {
        // Goal: the settle window can be judged. Method: found a second after its sender had let go, by
        // the first look and by one after a miss.
        let lag = |was_missed| {
            let doubt = OpenDoubt { was_missed, ..doubt(1) };
            decide(doubt, &[], &look(2_000, vec![credit(7, 100)])).lists.longest_lag
        };
        assert_eq!((lag(true), lag(false)), (Some(TimeDelta::milliseconds(1_000)), None));
    }

    #[test]
    fn clocks_are_compared_by_gifts_of_earlier_runs() {
        // Goal: without any `Date` a slow server's gift is still known as ours. Method: ten minutes
        // behind; with a gift that we know, and without one.
        let slow = |number, ms: i64| credit(number, ms - 600_000);
        let seen = look(3_000, vec![slow(7, 100), slow(9, 0)]);
        let other = known(2, GiftState::Issued, Some(id(9)));
        let unmeasured = Skew::default();
        let settled = settle(&[doubt(1)], &[other], &seen, unmeasured, &POLICY, Lists::default());
        assert_eq!(settled.events, vec![(0, Event::FoundIssued { gift: id(7) })]);
        assert!(settled.skew.is_measured());
        let alone = look(3_000, vec![slow(7, 100)]);
        let settled =
            settle(&[absent_once(doubt(1))], &[], &alone, unmeasured, &POLICY, Lists::default());
        assert_eq!((settled.events.len(), settled.absent.len()), (0, 0));
    }

    #[test]
    fn a_claimed_gift_is_nobody_elses_answer() {
        // Goal: a gift id belongs to one gift, for ever. Method: the only match is claimed.
        let twin = known(2, GiftState::Issued, Some(id(7)));
        let settled = decide(absent_once(doubt(1)), &[twin], &look(3_000, vec![credit(7, 100)]));
        assert_eq!(settled.events, vec![(0, Event::FoundAbsent)]);
    }

    #[test]
    fn older_gifts_are_not_ours() {
        // Goal: last month's identical gift is no answer. Method: before and at the baseline of 2 s.
        let ancient = look(3_000, vec![credit(7, -DAY_MS - 2_001)]);
        let old = decide(absent_once(doubt(1)), &[], &ancient);
        assert_eq!(old.events, vec![(0, Event::FoundAbsent)]);
        // Too old to be ours by the clocks, too young to rule it out: a person must look.
        let near = decide(absent_once(doubt(1)), &[], &look(3_000, vec![credit(7, -2_001)]));
        assert!(matches!(near.events[..], [(0, Event::StayedUnclear { .. })]), "{near:?}");
        let ours = decide(doubt(1), &[], &look(1_001, vec![credit(7, -2_000)]));
        assert_eq!(ours.events, vec![(0, Event::FoundIssued { gift: id(7) })]);
    }

    #[test]
    fn what_created_at_means_is_shown_by_a_gift_of_ours() {
        // Goal: a provider whose `CreatedAt` is of another year does not make our gift too old to be ours. Method: clocks of
        // `Date` alone; a gift as it was sent, of last year, then one of another text; a create that says now.
        let mut skew = Skew::default();
        skew.saw_ms(Some(0));
        let judge = |skew: Skew, credit: Credit| {
            let seen = look(3_000, vec![credit]);
            settle(&[absent_once(doubt(1))], &[], &seen, skew, &POLICY, Lists::default())
        };
        let old = || credit(7, -365 * DAY_MS);
        assert_eq!(judge(skew, old()).open, [0]);
        let other = Credit { description: "other".into(), ..old() };
        assert_eq!(judge(skew, other).events, [(0, Event::FoundAbsent)]);
        skew.saw_made(at(0), at(0));
        assert_eq!(judge(skew, old()).events, [(0, Event::FoundAbsent)]);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_gift_too_old() {
        // Goal: a gift of ours is not overlooked because our clock was set back by days between the
        // run that sent it and the one that looks. Method: a first attempt that is still to come, by
        // the clock of now; the server's clock, measured now, makes its gift look older than a day.
        let ahead = 2 * DAY_MS;
        let mut set_back = absent_once(doubt(1));
        set_back.doubt.claimed.first_sent_at = at(ahead);
        let mut skew = Skew::default();
        skew.saw_ms(Some(ahead));
        skew.saw_made(at(ahead), at(0));
        let seen = look(3_000, vec![credit(7, ahead + 100)]);
        let settled = settle(&[set_back], &[], &seen, skew, &POLICY, Lists::default());
        assert!(matches!(settled.events[..], [(0, Event::StayedUnclear { .. })]), "{settled:?}");
        // A look that was sent in the very millisecond of the first attempt shows no such thing.
        let mut at_once = absent_once(doubt(1));
        at_once.doubt.claimed.first_sent_at = at(3_000);
        let settled = decide(at_once, &[], &look(3_000, vec![credit(7, -2 * DAY_MS)]));
        assert_eq!(settled.events, vec![(0, Event::FoundAbsent)]);
    }

    #[test]
    fn the_servers_clock_may_be_off() {
        // Goal: ten minutes either way change nothing. Method: a skew, and gifts about the baseline.
        for skew_ms in [-600_000, 600_000] {
            let mut skew = Skew::default();
            skew.saw_ms(Some(skew_ms));
            skew.saw_made(at(skew_ms), at(0));
            let found = look(1_001, vec![credit(7, skew_ms + 100)]);
            let settled = settle(&[doubt(1)], &[], &found, skew, &POLICY, Lists::default());
            assert_eq!(settled.events, vec![(0, Event::FoundIssued { gift: id(7) })]);
            let old = look(3_000, vec![credit(7, skew_ms - DAY_MS - 5_000)]);
            let settled =
                settle(&[absent_once(doubt(1))], &[], &old, skew, &POLICY, Lists::default());
            assert_eq!(settled.events, vec![(0, Event::FoundAbsent)]);
        }
    }

    #[test]
    fn a_clock_that_cannot_be_gone_by_finds_nothing_and_sets_nothing_free() {
        // Goal: a jump of the server's clock holds. Method: clocks that contradict each other; an entry that fits, of
        // now and of last year, before the window, and after looks enough; then one with our reference.
        let mut skew = Skew::default();
        skew.saw_ms(Some(0));
        skew.saw_ms(Some(3_600_000));
        let judge = |doubt: OpenDoubt, look: &Look| {
            settle(&[doubt], &[], look, skew, &POLICY, Lists::default())
        };
        for made_ms in [100, -365 * DAY_MS] {
            let early = judge(doubt(1), &look(1_001, vec![credit(7, made_ms)]));
            assert!(early.events.is_empty() && early.open.is_empty(), "{early:?}");
            let seen = look(3_000, vec![credit(7, made_ms)]);
            assert_eq!(judge(absent_once(doubt(1)), &seen).open, [0]);
            let last = OpenDoubt { open_looks: OPEN_LOOKS, ..absent_once(doubt(1)) };
            let held = judge(last, &seen).events;
            assert!(matches!(held[..], [(0, Event::StayedUnclear { .. })]), "{held:?}");
        }
        let ours = Credit { reference: Some(doubt(1).doubt.claimed.gift.key.0), ..credit(7, 100) };
        let found = judge(doubt(1), &look(1_001, vec![ours])).events;
        assert_eq!(found, vec![(0, Event::FoundIssued { gift: id(7) })]);
        // An empty list is absence by any clock.
        let gone = judge(absent_once(doubt(1)), &look(3_000, vec![])).events;
        assert_eq!(gone, vec![(0, Event::FoundAbsent)]);
    }

    #[test]
    fn a_clock_that_was_set_meanwhile_makes_no_double() {
        // Goal: our gift that looks ten minutes too old is not overlooked. Method: it, with clocks
        // that agree now.
        let seen = look(3_000, vec![credit(7, -600_000)]);
        let settled = decide(absent_once(doubt(1)), &[], &seen);
        assert!(matches!(settled.events[..], [(0, Event::StayedUnclear { .. })]));
    }

    #[test]
    fn an_expired_gift_may_have_left_the_list() {
        // Goal: an old gift does not make every list look incomplete. Method: a known gift that
        // expired before the look, missing from it.
        let mut expired = known(2, GiftState::Issued, Some(id(9)));
        expired.content.expiry = Expiry::at(at(2_000));
        let settled = decide(absent_once(doubt(1)), &[expired], &look(3_000, vec![]));
        assert_eq!(settled.events, vec![(0, Event::FoundAbsent)]);
    }

    #[test]
    fn an_echoed_reference_decides_alone() {
        // Goal: exact proof beats content. Method: ours with another text; a stranger's that fits.
        let ours = Credit {
            reference: Some(uuid::Uuid::from_u128(1)),
            description: "other".into(),
            ..credit(7, -60_000)
        };
        let settled = decide(doubt(1), &[], &look(1_001, vec![ours]));
        assert_eq!(settled.events, vec![(0, Event::FoundIssued { gift: id(7) })]);
        // Another gift's reference: of ours, it is explained; a stranger's, nobody knows.
        let theirs = Credit { reference: Some(uuid::Uuid::from_u128(2)), ..credit(7, 100) };
        let other = known(2, GiftState::Refused, None);
        let settled = decide(absent_once(doubt(1)), &[other], &look(3_000, vec![theirs.clone()]));
        assert_eq!(settled.events, vec![(0, Event::FoundAbsent)]);
        let theirs = look(3_000, vec![theirs]);
        let settled = decide(absent_once(doubt(1)), &[], &theirs);
        assert!(matches!(settled.events[..], [(0, Event::StayedUnclear { .. })]), "{settled:?}");
        // Where references were seen to be shown as they were sent, it is nobody's of ours.
        let shown = Lists { show_references: true, ..Lists::default() };
        let settled =
            settle(&[absent_once(doubt(1))], &[], &theirs, agreed(), &POLICY, shown).events;
        assert_eq!(settled, vec![(0, Event::FoundAbsent)]);
    }

    #[test]
    fn an_open_gift_explains_one_entry() {
        // Goal: two gifts in a list are not both another's. Method: entries like a doubt's gift that seem a minute too
        // old for it, beside one of ours like them that is held: one, and two.
        let held = || known(9, GiftState::Held, None);
        let one = look(3_000, vec![credit(7, -60_000)]);
        let settled = decide(absent_once(doubt(1)), &[held()], &one);
        assert_eq!(settled.events, vec![(0, Event::FoundAbsent)]);
        let two = look(3_000, vec![credit(7, -60_000), credit(8, -60_000)]);
        let settled = decide(absent_once(doubt(1)), &[held()], &two);
        assert!(matches!(settled.events[..], [(0, Event::StayedUnclear { .. })]), "{settled:?}");
    }

    #[test]
    fn a_proof_is_not_weakened_by_what_is_beside_it() {
        // Goal: a gift that is found is not held for what cannot be it. Method: ours by its reference
        // beside a twin without one, which comes first; ours by content beside another amount, beside
        // what carries a stranger's reference, and beside an old twin.
        let found = |number| vec![(0, Event::FoundIssued { gift: id(number) })];
        let echoed = Credit { reference: Some(uuid::Uuid::from_u128(1)), ..credit(8, 100) };
        let settled = decide(doubt(1), &[], &look(1_001, vec![credit(7, 100), echoed]));
        assert_eq!(settled.events, found(8));
        for other in [
            Credit { amount: Decimal::new(6, 0), ..credit(8, 100) },
            Credit { reference: Some(uuid::Uuid::from_u128(9)), ..credit(8, 100) },
            credit(8, -DAY_MS),
        ] {
            let settled = decide(doubt(1), &[], &look(1_001, vec![credit(7, 100), other]));
            assert_eq!(settled.events, found(7));
        }
    }

    #[test]
    fn a_tag_decides_alone() {
        // Goal: with tags no clock, no twin and no changed expiry can mislead. Method: the tagged gift a
        // day too old, with another expiry, beside a stranger's untagged twin of now.
        let mut tagged = doubt(1);
        tagged.doubt.claimed.gift = tagged.doubt.claimed.gift.tagged();
        let description = tagged.doubt.claimed.gift.content.description.clone();
        let expiry = SeenExpiry::Exact(Expiry::at(at(DAY_MS)));
        let ours = Credit { description, expiry, ..credit(7, -DAY_MS) };
        let settled = decide(tagged, &[], &look(1_001, vec![credit(8, 100), ours]));
        assert_eq!(settled.events, vec![(0, Event::FoundIssued { gift: id(7) })]);
    }

    #[test]
    fn a_stranger_without_a_tag_contradicts_nothing_where_lists_keep_tags() {
        // Goal: a twin of somebody else's holds no tagged gift; where tags may have been cut off, nobody
        // guesses. Method: the twin alone, with lists that kept a tag and lists that were not seen to.
        let mut tagged = absent_once(doubt(1));
        tagged.doubt.claimed.gift = tagged.doubt.claimed.gift.tagged();
        let seen = look(3_000, vec![credit(8, 100)]);
        let keep_tags = Lists { show_tags: true, ..Lists::default() };
        let settled = |lists| settle(&[tagged.clone()], &[], &seen, agreed(), &POLICY, lists);
        assert_eq!(settled(keep_tags).events, vec![(0, Event::FoundAbsent)]);
        let cut = look(3_000, vec![Credit { description: "KUPON #0".into(), ..credit(8, 100) }]);
        let settled_cut = settle(&[tagged.clone()], &[], &cut, agreed(), &POLICY, keep_tags).events;
        assert_eq!(settled_cut, vec![], "a tag that was cut may be ours");
        let open = settled(Lists::default());
        assert_eq!((open.events.len(), open.absent.len(), open.open), (0, 0, vec![0]));
        // An untagged gift is not helped by lists that keep the tags of others.
        let altered = Credit { description: "kupon".into(), ..credit(8, 100) };
        let seen = look(3_000, vec![altered]);
        let untagged = settle(&[absent_once(doubt(1))], &[], &seen, agreed(), &POLICY, keep_tags);
        assert!(matches!(untagged.events[..], [(0, Event::StayedUnclear { .. })]));
    }

    #[test]
    fn where_nothing_more_comes_to_be_known_a_person_must_look() {
        // Goal: no doubt stays open for ever because clocks were never compared. Method: a gift that may
        // be ours, one look before the last that is waited for, and then.
        let seen = look(3_000, vec![credit(7, -600_000)]);
        let after = |open_looks| {
            let doubt = OpenDoubt { open_looks, ..absent_once(doubt(1)) };
            settle(&[doubt], &[], &seen, Skew::default(), &POLICY, Lists::default())
        };
        assert_eq!((after(OPEN_LOOKS - 1).events.len(), after(OPEN_LOOKS - 1).open), (0, vec![0]));
        let held = after(OPEN_LOOKS).events;
        assert!(matches!(held[..], [(0, Event::StayedUnclear { .. })]), "{held:?}");
    }

    #[test]
    fn a_reference_in_a_list_is_noticed() {
        // Goal: it is known whether the provider shows references as they were sent. Method: a known gift,
        // shown with its key, with another reference, and without one.
        let other = known(2, GiftState::Issued, Some(id(9)));
        let shown = |reference: Option<u128>| {
            let reference = reference.map(uuid::Uuid::from_u128);
            let credit = Credit { reference, ..credit(9, 0) };
            let look = look(1_500, vec![credit]);
            decide(doubt(1), std::slice::from_ref(&other), &look).lists.show_references
        };
        assert_eq!((shown(Some(2)), shown(Some(3)), shown(None)), (true, false, false));
    }

    #[test]
    fn a_tag_in_a_list_is_noticed() {
        // Goal: it is known whether lists keep tags. Method: a known tagged gift, shown with its tag and
        // without.
        let mut other = known(2, GiftState::Issued, Some(id(9)));
        let gift = Gift { key: other.key, content: other.content.clone() }.tagged();
        other.content = gift.content;
        let shown = |description: &str| {
            let credit = Credit { description: description.into(), ..credit(9, 0) };
            decide(doubt(1), std::slice::from_ref(&other), &look(1_500, vec![credit])).lists
        };
        let seen = decide(doubt(1), std::slice::from_ref(&other), &look(1_500, vec![credit(9, 0)]));
        assert_eq!(seen.shown, HashSet::from([id(9)]));
        let twice = [other.clone(), known(3, GiftState::Issued, Some(id(10)))];
        let ours = Credit { description: other.content.description.clone(), ..credit(9, 0) };
        let both = decide(doubt(1), &twice, &look(1_500, vec![ours, credit(10, 0)])).lists;
        assert!(both.show_tags, "one that keeps its tag is enough");
        assert!(shown(&other.content.description).show_tags);
        assert!(!shown("KUPON").show_tags && shown("KUPON").show_gifts);
        // Two of them show it as well as one.
        let third = KnownGift { gift_id: Some(id(10)), ..other.clone() };
        let description = &other.content.description;
        let both =
            [9, 10].map(|number| Credit { description: description.clone(), ..credit(number, 0) });
        let settled = decide(doubt(1), &[other.clone(), third], &look(1_500, both.to_vec()));
        assert!(settled.lists.show_tags);
    }

    #[test]
    fn more_matches_than_doubts_are_for_a_person() {
        // Goal: nobody guesses. Method: two fitting gifts for one doubt.
        let settled = decide(doubt(1), &[], &look(1_001, vec![credit(7, 100), credit(8, 200)]));
        assert!(matches!(settled.events[..], [(0, Event::StayedUnclear { .. })]), "{settled:?}");
    }

    #[test]
    fn the_same_amount_with_another_text_is_a_contradiction() {
        // Goal: a server that alters descriptions causes no double. Method: it, then explained by
        // another open gift, then older than the first attempt, then of unknown age.
        let altered = Credit { description: "kupon".into(), ..credit(7, 100) };
        let held =
            |settled: &Settled| matches!(settled.events[..], [(0, Event::StayedUnclear { .. })]);
        let look_at = |credit: Credit| look(3_000, vec![credit]);
        assert!(held(&decide(absent_once(doubt(1)), &[], &look_at(altered.clone()))));
        let mut other = known(2, GiftState::Held, None);
        other.content.description = "kupon".into();
        let explained = decide(absent_once(doubt(1)), &[other], &look_at(altered.clone()));
        assert_eq!(explained.events, vec![(0, Event::FoundAbsent)]);
        let old = Credit { created_at: Some(at(-DAY_MS - 9_000)), ..altered.clone() };
        let settled = decide(absent_once(doubt(1)), &[], &look_at(old));
        assert_eq!(settled.events, vec![(0, Event::FoundAbsent)]);
        // Gifts that are over explain nothing, whatever they look like; another amount is no question.
        let mut over = known(2, GiftState::Refused, None);
        assert!(held(&decide(absent_once(doubt(1)), &[over.clone()], &look_at(altered.clone()))));
        over.content.description = "kupon".into();
        assert!(held(&decide(absent_once(doubt(1)), &[over], &look_at(altered.clone()))));
        let unlike = known(2, GiftState::Held, None);
        assert!(held(&decide(absent_once(doubt(1)), &[unlike], &look_at(altered.clone()))));
        let amount = Credit { amount: Decimal::new(6, 0), ..altered.clone() };
        let settled = decide(absent_once(doubt(1)), &[], &look_at(amount));
        assert_eq!(settled.events, vec![(0, Event::FoundAbsent)]);
        let ageless = Credit { created_at: None, ..altered };
        assert!(held(&decide(absent_once(doubt(1)), &[], &look_at(ageless))));
    }

    #[test]
    fn the_closest_expiry_wins_and_then_the_oldest_doubt() {
        // Goal: each doubt claims its own, and where they are alike the one that is left over has the
        // window that ends last. Method: two doubts half a second apart in expiry, then two identical
        // ones of which the older was sent last.
        let with_expiry = |row, ms| {
            let mut doubt = doubt(row);
            doubt.doubt.claimed.gift.content.expiry = Expiry::from_ms(Some(ms));
            doubt
        };
        let seen = |number, ms| Credit {
            expiry: SeenExpiry::Exact(Expiry::from_ms(Some(ms))),
            ..credit(number, 100)
        };
        let (one, two) = (with_expiry(1, 5_400), with_expiry(2, 5_900));
        let seen = look(1_001, vec![seen(7, 5_900), seen(8, 5_400)]);
        let settled = settle(&[one, two], &[], &seen, agreed(), &POLICY, Lists::default());
        let found = |place, number| (place, Event::FoundIssued { gift: id(number) });
        assert_eq!(settled.events, vec![found(0, 8), found(1, 7)]);
        let (mut young, old) = (doubt(1), doubt(2));
        young.doubt.settle_from = at(1_050);
        young.doubt.claimed.first_sent_at = at(-50);
        let seen = look(1_001, vec![credit(7, 100)]);
        let settled = settle(&[young, old], &[], &seen, agreed(), &POLICY, Lists::default());
        assert_eq!(settled.events, vec![found(1, 7)]);
    }

    #[test]
    fn attempts_that_end_in_doubt_come_to_an_end() {
        // Goal: no gift is tried for ever. Method: the last allowed attempt, absent.
        let mut last = absent_once(doubt(1));
        last.doubt.claimed.doubts = 5;
        let settled = decide(last, &[], &look(3_000, vec![]));
        assert!(matches!(settled.events[..], [(0, Event::StayedUnclear { .. })]), "{settled:?}");
    }
}
