//! What one look at a wallet's list proves about its doubts.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Days, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::Skew;
use super::absence::{
    Absence, contradiction, is_anothers, is_untagged_twin, judge_absence, unclear,
};
use super::matching::{is_since, match_up};
use super::witness::{Testimony, hear};
use crate::domain::{Event, GiftId, GiftState};
use crate::ledger::{Doubt, KnownGift, Lists};
use crate::provider::{Credit, SeenExpiry};

/// A doubt with what earlier looks of this run have shown.
#[derive(Clone, Debug)]
pub struct OpenDoubt {
    /// The doubt.
    pub doubt: Doubt,
    /// Looks that counted and did not show it.
    pub absent_looks: u32,
    /// Looks after the window that showed what may be it, where too little was known to say.
    pub open_looks: u32,
    /// Whether a look did not show it.
    pub was_missed: bool,
    /// What the second witness said, where it knew it.
    pub known_as: Option<String>,
}

/// What to do with doubts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InDoubt {
    /// Look, and decide.
    Settle,
    /// Hold every one of them for a person.
    Hold,
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
}

/// One look at a wallet's list that was answered whole.
#[derive(Clone, Debug)]
pub struct Look {
    /// When its GET was sent, by our clock.
    pub sent_at: DateTime<Utc>,
    /// The list; empty where the API says that it has none for this wallet.
    pub credits: Vec<Credit>,
    /// What the wallet's gifts add up to by its balances, where those were asked for.
    pub gift_balance: Option<Decimal>,
    /// Gifts that were given and that the provider, asked by their ids, has no more: somebody deleted
    /// them.
    pub deleted: HashSet<GiftId>,
    /// What the second witness said of doubts, by their place, where it was asked.
    pub heard: HashMap<usize, Testimony>,
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
    /// Doubts, by their place, that the second witness knows, in its words.
    pub known: Vec<(usize, String)>,
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

impl Look {
    /// Whether what is left of the list's gifts is what the wallet's balances say: then none is missing.
    fn is_balanced(&self) -> bool {
        let left = |credit: &Credit| credit.remaining.unwrap_or(credit.amount);
        // What is left of an expired gift is in no balance, and could stand for one that is missing.
        let is_over = |credit: &Credit| match credit.expiry {
            SeenExpiry::Exact(expiry) => expiry.has_passed(self.sent_at),
            SeenExpiry::Day(day) => day <= self.sent_at.date_naive() + Days::new(1),
        };
        if self.credits.iter().any(|credit| is_over(credit) && !left(credit).is_zero()) {
            return false;
        }
        self.gift_balance.is_some_and(|balance| balance == self.credits.iter().map(left).sum())
    }
}

impl OpenDoubt {
    /// A doubt about which nothing was asked yet.
    pub fn new(doubt: Doubt) -> OpenDoubt {
        OpenDoubt { doubt, absent_looks: 0, open_looks: 0, was_missed: false, known_as: None }
    }

    /// Whether a look that is sent at this moment may count against it: after its settle window.
    pub fn counts_at(&self, sent_at: DateTime<Utc>, policy: &Policy) -> bool {
        sent_at >= self.doubt.settle_from + policy.window
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
    let claimed: HashSet<GiftId> = known.iter().filter_map(|gift| gift.gift_id).collect();
    let matched = match_up(doubts, &look.credits, &claimed, skew);
    let mut settled = Settled {
        lists: seen(known, &shown),
        lacking: lacking(known, &shown, look),
        shown: claimed.iter().copied().filter(|id| shown.contains_key(id)).collect(),
        skew,
        ..Settled::default()
    };
    lists.learn(settled.lists);
    // A first list has no gift that we know of to show; the wallet's balance can vouch for it instead.
    let absence_counts = settled.lacking.is_empty() && (lists.show_gifts || look.is_balanced());
    for (place, doubt) in doubts.iter().enumerate() {
        let further = matched.left.iter().find(|credit| could_be(credit, doubt, skew));
        let event = match (matched.found.get(&place), further) {
            (Some(credit), Some(further)) if credit.reference.is_none() => {
                Some(unclear(format!("both {} and {} could be it", credit.id, further.id)))
            }
            (Some(credit), _) => {
                if doubt.was_missed {
                    let lag = look.sent_at - doubt.doubt.settle_from;
                    settled.lists.longest_lag = settled.lists.longest_lag.max(Some(lag));
                }
                Some(Event::FoundIssued { gift: credit.id })
            }
            (None, _) if !doubt.counts_at(look.sent_at, policy) => None,
            (None, _) if lists.hide_used => {
                Some(unclear("the provider's lists leave out used gifts: it may be one".to_owned()))
            }
            (None, _) if !absence_counts => None,
            (None, _) => {
                let left = matched.left.iter().copied();
                let is_strangers = |credit: &Credit| {
                    is_anothers(credit, known, lists)
                        || (lists.show_tags && is_untagged_twin(credit, &doubt.doubt.claimed.gift))
                };
                let mut left = left.filter(|credit| !is_strangers(credit));
                let contradiction = contradiction(&mut left, doubt, known, skew, look.sent_at);
                let absence = judge_absence(doubt, contradiction, skew, policy);
                let said = look.heard.get(&place);
                if let Some(Testimony::Knows(words)) = said {
                    settled.known.push((place, words.clone()));
                }
                match hear(absence, said, doubt) {
                    Absence::Open => {
                        settled.open.push(place);
                        None
                    }
                    Absence::Counts => {
                        settled.absent.push(place);
                        None
                    }
                    Absence::Proves(event) => Some(event),
                }
            }
        };
        settled.events.extend(event.map(|event| (place, event)));
    }
    settled
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
            && !gift.content.expiry.has_passed(look.sent_at)
            && issued_at <= look.sent_at;
        let is_lacking = is_there && !shown.contains_key(&id) && !look.deleted.contains(&id);
        is_lacking.then_some((id, issued_at))
    };
    known.iter().filter_map(lacking).collect()
}

/// Whether an entry that nobody claimed fits the doubt as well as the one that was found.
fn could_be(credit: &Credit, doubt: &OpenDoubt, skew: Skew) -> bool {
    let claimed = &doubt.doubt.claimed;
    credit.echoes(claimed.gift.key).is_none()
        && credit.fits(&claimed.gift.content).is_some()
        && is_since(credit, skew.baseline(claimed.first_sent_at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Expiry, Gift, GiftContent, GiftKey, Money};
    use crate::ledger::Claimed;
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
        OpenDoubt::new(Doubt { claimed, settle_from: at(1_000) })
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
    };

    const SHOW_GIFTS: Lists = Lists {
        show_gifts: true,
        show_tags: false,
        show_references: false,
        show_used: false,
        hide_used: false,
        longest_lag: None,
    };

    const DAY_MS: i64 = 86_400_000;

    /// A skew of nothing, measured.
    fn agreed() -> Skew {
        let mut skew = Skew::default();
        skew.saw_ms(Some(0));
        skew
    }

    fn look(sent_ms: i64, credits: Vec<Credit>) -> Look {
        Look {
            sent_at: at(sent_ms),
            credits,
            gift_balance: None,
            deleted: HashSet::new(),
            heard: HashMap::new(),
        }
    }

    fn decide(doubt: OpenDoubt, known: &[KnownGift], look: &Look) -> Settled {
        settle(&[doubt], known, look, agreed(), &POLICY, SHOW_GIFTS)
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
    fn absence_counts_only_where_lists_are_known_to_show_gifts() {
        // Goal: a provider whose lists show nothing proves nothing. Method: unproven lists, empty;
        // then a list with a gift that we know of, which proves them.
        let empty = look(3_000, vec![]);
        let settled =
            settle(&[absent_once(doubt(1))], &[], &empty, agreed(), &POLICY, Lists::default());
        assert_eq!((settled.events.len(), settled.absent.len()), (0, 0));
        let other = known(2, GiftState::Issued, Some(id(9)));
        let shows = look(3_000, vec![credit(9, -5_000)]);
        let settled =
            settle(&[absent_once(doubt(1))], &[other], &shows, agreed(), &POLICY, Lists::default());
        assert!(settled.lists.show_gifts);
        assert_eq!(settled.events, vec![(0, Event::FoundAbsent)]);
    }

    #[test]
    fn a_balance_vouches_for_a_first_list() {
        // Goal: the first gift of a ledger is settled too. Method: unproven lists, empty and with a
        // half-used gift of old, beside balances that agree and that show more than the list.
        let settled = |credits: &[Credit], balance: Option<i64>| {
            let mut seen = look(3_000, credits.to_vec());
            seen.gift_balance = balance.map(|minor| Decimal::new(minor, 2));
            let doubts = [absent_once(doubt(1))];
            settle(&doubts, &[], &seen, agreed(), &POLICY, Lists::default()).events
        };
        let absent = vec![(0, Event::FoundAbsent)];
        assert_eq!(settled(&[], None), vec![]);
        assert_eq!(settled(&[], Some(500)), vec![]);
        assert_eq!(settled(&[], Some(0)), absent);
        let half = Credit { remaining: Some(Decimal::new(250, 2)), ..credit(7, -2 * DAY_MS) };
        assert_eq!(settled(std::slice::from_ref(&half), Some(250)), absent);
        assert_eq!(settled(std::slice::from_ref(&half), Some(750)), vec![]);
        let expiring = |expiry| settled(&[Credit { expiry, ..half.clone() }], Some(250));
        assert_eq!(expiring(SeenExpiry::Exact(Expiry::at(at(0)))), vec![]);
        // A bare date may end in any zone.
        let today = at(3_000).date_naive();
        assert_eq!(expiring(SeenExpiry::Day(today + Days::new(1))), vec![]);
        assert_eq!(expiring(SeenExpiry::Day(today + Days::new(2))), absent);
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
        let hide_used = Lists { hide_used: true, ..SHOW_GIFTS };
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
        let settled = settle(&[doubt(1)], &[other], &seen, unmeasured, &POLICY, SHOW_GIFTS);
        assert_eq!(settled.events, vec![(0, Event::FoundIssued { gift: id(7) })]);
        assert!(settled.skew.is_measured());
        let alone = look(3_000, vec![slow(7, 100)]);
        let settled =
            settle(&[absent_once(doubt(1))], &[], &alone, unmeasured, &POLICY, SHOW_GIFTS);
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
    fn a_clock_that_was_set_back_makes_no_gift_too_old() {
        // Goal: a gift of ours is not overlooked because our clock was set back by days between the
        // run that sent it and the one that looks. Method: a first attempt that is still to come, by
        // the clock of now; the server's clock, measured now, makes its gift look older than a day.
        let ahead = 2 * DAY_MS;
        let mut set_back = absent_once(doubt(1));
        set_back.doubt.claimed.first_sent_at = at(ahead);
        let mut skew = Skew::default();
        skew.saw_ms(Some(ahead));
        let seen = look(3_000, vec![credit(7, ahead + 100)]);
        let settled = settle(&[set_back], &[], &seen, skew, &POLICY, SHOW_GIFTS);
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
            let found = look(1_001, vec![credit(7, skew_ms + 100)]);
            let settled = settle(&[doubt(1)], &[], &found, skew, &POLICY, SHOW_GIFTS);
            assert_eq!(settled.events, vec![(0, Event::FoundIssued { gift: id(7) })]);
            let old = look(3_000, vec![credit(7, skew_ms - DAY_MS - 5_000)]);
            let settled = settle(&[absent_once(doubt(1))], &[], &old, skew, &POLICY, SHOW_GIFTS);
            assert_eq!(settled.events, vec![(0, Event::FoundAbsent)]);
        }
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
        let shown = Lists { show_references: true, ..SHOW_GIFTS };
        let settled =
            settle(&[absent_once(doubt(1))], &[], &theirs, agreed(), &POLICY, shown).events;
        assert_eq!(settled, vec![(0, Event::FoundAbsent)]);
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
        let keep_tags = Lists { show_tags: true, ..SHOW_GIFTS };
        let settled = |lists| settle(&[tagged.clone()], &[], &seen, agreed(), &POLICY, lists);
        assert_eq!(settled(keep_tags).events, vec![(0, Event::FoundAbsent)]);
        let cut = look(3_000, vec![Credit { description: "KUPON #0".into(), ..credit(8, 100) }]);
        let settled_cut = settle(&[tagged.clone()], &[], &cut, agreed(), &POLICY, keep_tags).events;
        assert_eq!(settled_cut, vec![], "a tag that was cut may be ours");
        let open = settled(SHOW_GIFTS);
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
            settle(&[doubt], &[], &seen, Skew::default(), &POLICY, SHOW_GIFTS)
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
        let settled = settle(&[one, two], &[], &seen, agreed(), &POLICY, SHOW_GIFTS);
        let found = |place, number| (place, Event::FoundIssued { gift: id(number) });
        assert_eq!(settled.events, vec![found(0, 8), found(1, 7)]);
        let (mut young, old) = (doubt(1), doubt(2));
        young.doubt.settle_from = at(1_050);
        young.doubt.claimed.first_sent_at = at(-50);
        let seen = look(1_001, vec![credit(7, 100)]);
        let settled = settle(&[young, old], &[], &seen, agreed(), &POLICY, SHOW_GIFTS);
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
