//! What the second witness says of a doubt that the list does not show: the transactions that carry its
//! reference.
//!
//! **Invariant:** it can only hold back. Its yes keeps a gift from being sent again and never makes one issued;
//! its silence proves nothing: without the list's word nothing becomes of a doubt.

use super::absence::{ABSENT_LOOKS, Absence, OPEN_LOOKS, unclear};
use super::decide::{Look, OpenDoubt, Policy};
use crate::domain::Event;

/// What the second witness said of one doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Testimony {
    /// It knows the reference, with the wallet and the amount; in words for a person.
    Knows(String),
    /// It does not.
    Silent,
    /// It could not be asked.
    Failed,
}

/// The next doubt, by its place, that this look may prove absent, and about which the second witness was not
/// asked.
pub fn unheard(doubts: &[OpenDoubt], look: &Look, policy: &Policy) -> Option<usize> {
    let is_at_stake = |doubt: &OpenDoubt| {
        let claimed = &doubt.doubt.claimed;
        let is_shown =
            || look.credits.iter().any(|credit| credit.echoes(claimed.gift.key) == Some(true));
        doubt.counts_at(look.sent_at, policy)
            && doubt.absent_looks + 1 >= ABSENT_LOOKS
            && claimed.doubts < policy.max_attempts
            && !is_shown()
    };
    let mut places = doubts.iter().enumerate();
    places.find_map(|(place, doubt)| {
        (!look.heard.contains_key(&place) && is_at_stake(doubt)).then_some(place)
    })
}

/// What the absence from a list is worth once the second witness was heard. Its yes stands for the rest of the run:
/// a later silence does not take it back.
pub(super) fn hear(absence: Absence, said: Option<&Testimony>, doubt: &OpenDoubt) -> Absence {
    if absence != Absence::Proves(Event::FoundAbsent) {
        return absence;
    }
    let known_as = match said {
        Some(Testimony::Knows(words)) => Some(words),
        Some(Testimony::Silent | Testimony::Failed) | None => doubt.known_as.as_ref(),
    };
    // The list may be late, or the witness have trouble of its own: they are asked again before a person is.
    let is_open = known_as.is_some() || said == Some(&Testimony::Failed);
    match known_as {
        _ if is_open && doubt.open_looks < OPEN_LOOKS => Absence::Open,
        Some(words) => {
            Absence::Proves(unclear(format!("its wallet's list does not show it, and {words}")))
        }
        None => absence,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;
    use crate::domain::{Expiry, Gift, GiftContent, GiftKey, Money};
    use crate::ledger::{Claimed, Doubt, Lists};
    use crate::settle::{InDoubt, Settled, Skew, settle};

    const POLICY: Policy =
        Policy { window: TimeDelta::minutes(5), max_attempts: 5, in_doubt: InDoubt::Settle };

    fn at(s: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000 + s, 0).unwrap()
    }

    /// A doubt that so many looks did not show, and that ended in doubt so many times.
    fn doubt(absent_looks: u32, doubts: i64) -> OpenDoubt {
        let content = GiftContent {
            wallet: "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap(),
            amount: Money::from_minor(500),
            expiry: Expiry::Never,
            description: "KUPON".into(),
        };
        let gift = Gift { key: GiftKey(uuid::Uuid::from_u128(7)), content };
        let claimed =
            Claimed { row: 1, campaign: 1, gift, attempt: 1, doubts, first_sent_at: at(0) };
        let doubt = Doubt { claimed, settle_from: at(0) };
        OpenDoubt { absent_looks, ..OpenDoubt::new(doubt) }
    }

    /// An empty list, asked for so many seconds after the sender had let go.
    fn look(sent_s: i64) -> Look {
        Look {
            sent_at: at(sent_s),
            credits: Vec::new(),
            gift_balance: None,
            deleted: HashSet::new(),
            heard: HashMap::new(),
        }
    }

    fn knows() -> Testimony {
        Testimony::Knows("a transaction carries its reference".into())
    }

    fn judge(doubt: &OpenDoubt, look: &Look) -> Settled {
        let lists = Lists { show_gifts: true, ..Lists::default() };
        let mut skew = Skew::default();
        skew.saw_ms(Some(0));
        settle(std::slice::from_ref(doubt), &[], look, skew, &POLICY, lists)
    }

    #[test]
    fn it_is_asked_only_where_a_gift_is_about_to_count_as_absent() {
        // Goal: no request is wasted. Method: doubts before and after the window, with and without a look
        // that counts, on the last attempt, and one that was heard.
        let asked = |doubt: OpenDoubt, look: &Look| unheard(&[doubt], look, &POLICY);
        assert_eq!(asked(doubt(1, 1), &look(300)), Some(0));
        assert_eq!(asked(doubt(1, 1), &look(299)), None, "too early to count");
        assert_eq!(asked(doubt(0, 1), &look(300)), None, "the first look proves nothing");
        assert_eq!(asked(doubt(1, 5), &look(300)), None, "a person must look in any case");
        let heard = Look { heard: HashMap::from([(0, Testimony::Silent)]), ..look(300) };
        assert_eq!(asked(doubt(1, 1), &heard), None);
    }

    #[test]
    fn a_yes_stands_for_the_rest_of_the_run() {
        // Goal: a witness that fails in the end does not set a gift free that it has known. Method: a doubt that
        // it knew, whose looks are used up, with each word that may come last, and with none.
        let known = OpenDoubt { open_looks: OPEN_LOOKS, ..doubt(1, 1) };
        let heard = Look { heard: HashMap::from([(0, knows())]), ..look(300) };
        let settled = judge(&known, &heard);
        assert_eq!(settled.known.len(), 1);
        let known = OpenDoubt { known_as: Some(settled.known[0].1.clone()), ..known };
        for last in [Some(Testimony::Failed), Some(Testimony::Silent), None] {
            let heard = last.into_iter().map(|said| (0, said)).collect();
            let settled = judge(&known, &Look { heard, ..look(300) });
            assert!(
                matches!(settled.events[..], [(0, Event::StayedUnclear { .. })]),
                "{settled:?}"
            );
        }
    }

    #[test]
    fn it_holds_back_and_never_makes_anything_of_a_doubt() {
        // Goal: nothing is weaker with it than without. Method: every doubt of a small space with every
        // testimony: what becomes of it is what becomes of it without one, or less.
        for absent_looks in 0..=2 {
            for open_looks in 0..=OPEN_LOOKS {
                for (doubts, sent_s) in [(1, 299), (1, 300), (4, 300), (5, 300), (6, 900)] {
                    let doubt = OpenDoubt { open_looks, ..doubt(absent_looks, doubts) };
                    let without = judge(&doubt, &look(sent_s));
                    let is_freed = without.events == [(0, Event::FoundAbsent)];
                    for said in [knows(), Testimony::Silent, Testimony::Failed] {
                        let heard = HashMap::from([(0, said.clone())]);
                        let with = judge(&doubt, &Look { heard, ..look(sent_s) });
                        let is_over = open_looks == OPEN_LOOKS;
                        match (is_freed, &said) {
                            (true, Testimony::Knows(_)) if is_over => {
                                let event = &with.events[0].1;
                                assert!(
                                    matches!(event, Event::StayedUnclear { why }
                                        if why.contains("carries its reference")),
                                    "{event:?}"
                                );
                            }
                            (true, Testimony::Knows(_) | Testimony::Failed) if !is_over => {
                                assert!(with.events.is_empty() && with.open == [0], "{with:?}");
                            }
                            _ => {
                                let with = Settled { known: Vec::new(), ..with };
                                assert_eq!(with, without, "{doubt:?} {said:?}");
                            }
                        }
                    }
                }
            }
        }
    }
}
