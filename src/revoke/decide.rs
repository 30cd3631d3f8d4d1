//! What a list proves of a gift that is to be deleted, and what is done about it. Pure.
//!
//! **Invariant:** a gift is deleted only where a list has just said that it is whole and unspent, and is called
//! revoked only where a list that was asked for afterwards does not show it.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use crate::domain::{GiftId, GiftState};
use crate::ledger::{KnownGift, SurplusGift};
use crate::provider::Credit;

/// Deletes of one gift whose answers may be lost.
const MAX_DELETES: u32 = 5;

/// A gift that is to be deleted.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The gift; of one too many, the one that it doubles.
    pub(super) gift: KnownGift,
    pub(super) id: GiftId,
    /// Deletes that may have reached the server in this run.
    pub(super) deletes: u32,
    /// What came of the last of them, and when it ended.
    pub(super) answer: Option<(Answer, DateTime<Utc>)>,
    pub(super) kind: Kind,
}

/// What the ledger has of a gift that is to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It counts it: its state says whether its deletion was begun.
    Own,
    /// Nothing but a gift like it, and perhaps the intent to delete this one.
    Surplus { is_begun: bool },
}

/// What came of a delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The server says that it is deleted.
    Deleted,
    /// The server says no.
    Declined(String),
    /// Nobody knows.
    Lost(String),
}

/// What is to be done about a gift, once its wallet's list was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Its intent is to be written, then it is deleted.
    Begin,
    /// It is deleted, once more.
    Delete,
    /// The list may show it for a while yet: look again, at the latest then.
    Look(DateTime<Utc>),
    /// It is gone.
    Gone,
    /// It is there and stays.
    Stays(String),
    /// It was never begun, and is left as it is.
    Leave(Left),
    /// It may have been deleted, and nothing proves it.
    Unclear(String),
}

/// Why a gift is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// Some of it was spent.
    Spent {
        /// How much is left, where the list says so.
        remaining: Option<Decimal>,
    },
    /// Nobody says whether it was used.
    UseUntold,
    /// The provider's id of it is that of a gift which the ledger counts.
    Counted,
    /// Its wallet's list does not show it.
    NotThere,
    /// The list shows another amount.
    OtherAmount(Decimal),
    /// The list could not be read.
    Unread,
    /// It may have been deleted, and nothing proves it.
    Unclear(String),
    /// The provider did not delete it.
    Stays(String),
    /// Of one too many: the gift that it doubles, or one like that, is not in the list as it should be.
    OwnNotThere,
    /// It is no longer one too many.
    NotSurplus,
    /// No reference and no tag of ours shows that it is ours.
    LookAlike,
}

impl Target {
    /// A gift that exists at the provider as far as we know.
    pub(super) fn of(gift: KnownGift) -> Option<Target> {
        Some(Target { id: gift.gift_id?, gift, deletes: 0, answer: None, kind: Kind::Own })
    }

    /// A gift too many like this one.
    pub(super) fn surplus(gift: KnownGift, id: GiftId, is_begun: bool) -> Target {
        Target { gift, id, deletes: 0, answer: None, kind: Kind::Surplus { is_begun } }
    }

    /// One too many, as the ledger knows it.
    pub(super) fn surplus_gift(&self) -> SurplusGift {
        let (row, wallet) = (self.gift.row, self.gift.content.wallet);
        SurplusGift { row, wallet, id: self.id, is_begun: self.is_begun() }
    }

    /// Whether the intent to delete it was written, and what came of it is not known.
    pub(super) fn is_begun(&self) -> bool {
        match self.kind {
            Kind::Own => self.gift.state == GiftState::Revoking,
            Kind::Surplus { is_begun } => is_begun,
        }
    }

    /// Whether it has to be proved that it is gone, since a list lacks it and no answer has said so.
    pub(super) fn needs_proof(&self, credits: &[Credit]) -> bool {
        self.is_begun()
            && !matches!(self.answer, Some((Answer::Deleted, _)))
            && !credits.iter().any(|credit| credit.id == self.id)
    }

    /// What is to be done where a list lacks it and no answer has said that it is deleted: the provider was asked for it
    /// `by_id`, `whole` says whether the list adds up to the wallet's balance, and `let_go` is when whoever may have
    /// deleted it had surely let go, unless that was this run.
    pub(super) fn absent(
        &self,
        by_id: Option<&Credit>,
        whole: &Result<(), String>,
        (as_of, let_go): (DateTime<Utc>, DateTime<Utc>),
        window: TimeDelta,
        was_begun_here: bool,
    ) -> Next {
        if let Some(credit) = by_id {
            return match self.blemish(credit) {
                Some(left) => self.stays(&left, as_of, window),
                // What a list does not show, no audit calls one too many.
                None if self.kind != Kind::Own => self.stays(&Left::NotThere, as_of, window),
                None => self.again(as_of, window, was_begun_here),
            };
        }
        let until = self.answer.as_ref().map_or(let_go, |(_, at)| *at) + window;
        match (&self.answer, whole) {
            // Nothing but this was sent for it, and it did nothing.
            (Some((Answer::Declined(why), _)), _) if self.was_sent_once(was_begun_here) => {
                Next::Stays(why.clone())
            }
            _ if as_of < until => Next::Look(until),
            (_, Ok(())) => Next::Gone,
            (_, Err(why)) => Next::Unclear(why.clone()),
        }
    }

    /// What is to be done now that a list that speaks of `as_of` shows `credits`; `objection` is what
    /// else speaks against deleting it.
    pub(super) fn next(
        &self,
        credits: &[Credit],
        as_of: DateTime<Utc>,
        window: TimeDelta,
        objection: Option<Left>,
        was_begun_here: bool,
    ) -> Next {
        let shown = credits.iter().find(|credit| credit.id == self.id);
        let is_begun = self.is_begun();
        match shown.map(|credit| self.blemish(credit).or(objection)) {
            None if is_begun => Next::Gone,
            None => Next::Leave(Left::NotThere),
            Some(None) if is_begun => self.again(as_of, window, was_begun_here),
            Some(None) => Next::Begin,
            Some(Some(left)) if is_begun => self.stays(&left, as_of, window),
            Some(Some(left)) => Next::Leave(left),
        }
    }

    /// Why it must not be deleted, though it is there.
    fn blemish(&self, credit: &Credit) -> Option<Left> {
        let amount = self.gift.content.amount.to_decimal();
        if credit.amount != amount {
            return Some(Left::OtherAmount(credit.amount));
        }
        let is_whole = credit.remaining.is_none_or(|remaining| remaining == amount);
        if credit.is_used || !is_whole {
            return Some(Left::Spent { remaining: credit.remaining });
        }
        (!credit.says_use).then_some(Left::UseUntold)
    }

    /// It is there, and is not to be deleted. What was used cannot be deleted any more; of the rest a delete that was lost
    /// may be under way.
    fn stays(&self, left: &Left, as_of: DateTime<Utc>, window: TimeDelta) -> Next {
        let answered = self.answer.as_ref().filter(|(answer, _)| {
            !matches!(answer, Answer::Declined(_)) && !matches!(left, Left::Spent { .. })
        });
        match answered.map(|(_, at)| *at + window) {
            Some(until) if as_of < until => Next::Look(until),
            _ => Next::Stays(left.to_string()),
        }
    }

    /// It is there, whole, after a delete.
    fn again(&self, as_of: DateTime<Utc>, window: TimeDelta, was_begun_here: bool) -> Next {
        // An earlier run wrote the intent: nobody knows whether it sent anything.
        let Some((answer, at)) = &self.answer else {
            return Next::Delete;
        };
        let until = *at + window;
        match answer {
            Answer::Declined(why) if self.was_sent_once(was_begun_here) => Next::Stays(why.clone()),
            Answer::Lost(_) if self.deletes < MAX_DELETES => Next::Delete,
            // "There is no such gift" may come of a delete before this one, and the list show it for a while yet.
            _ if as_of < until => Next::Look(until),
            Answer::Deleted => Next::Stays(
                "the provider says that it deleted it, and its list still shows it".to_owned(),
            ),
            Answer::Declined(why) | Answer::Lost(why) => Next::Stays(why.clone()),
        }
    }

    /// Whether nothing but the last delete can have been sent for it.
    fn was_sent_once(&self, was_begun_here: bool) -> bool {
        was_begun_here && self.deletes <= 1
    }

    /// Whether its intent was written and certainly nothing was sent since.
    pub(super) fn is_surely_unsent(&self, was_begun_here: bool) -> bool {
        was_begun_here && self.deletes == 0
    }
}

impl std::fmt::Display for Left {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Left::Spent { remaining: Some(remaining) } => {
                write!(out, "used: {remaining} of it is left")
            }
            Left::Spent { remaining: None } => out.write_str("used"),
            Left::UseUntold => out.write_str("the provider does not say whether it was used"),
            Left::Counted => {
                out.write_str("it is no double: its id is that of a gift which the ledger counts")
            }
            Left::NotThere => out.write_str("its wallet's list does not show it"),
            Left::OtherAmount(amount) => write!(out, "the list shows another amount: {amount}"),
            Left::Unclear(why) => write!(out, "nobody can tell whether it was deleted: {why}"),
            Left::Unread => out.write_str("its wallet's list could not be read"),
            Left::Stays(why) => write!(out, "not deleted: {why}"),
            Left::OwnNotThere => {
                out.write_str("the gift that it doubles is not in the list as it should be")
            }
            Left::NotSurplus => out.write_str("it is no longer one too many"),
            Left::LookAlike => {
                out.write_str("nothing proves that it is ours: --look-alikes takes such gifts too")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Expiry, GiftContent, GiftKey, Money};
    use crate::provider::SeenExpiry;

    const S: TimeDelta = TimeDelta::minutes(5);

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000, 0).unwrap()
    }

    fn target(state: GiftState, answer: Option<Answer>, deletes: u32) -> Target {
        let content = GiftContent {
            wallet: "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap(),
            amount: Money::from_minor(5_000),
            expiry: Expiry::Never,
            description: "KUPON".to_owned(),
        };
        let gift = KnownGift {
            row: 1,
            campaign: 1,
            key: GiftKey("11111111-2222-5333-8444-555555555555".parse().unwrap()),
            content,
            state,
            attempts: 1,
            gift_id: Some("6a623f97-c376-44ea-8995-09dfacd0ddcf".parse().unwrap()),
            issued_at: Some(now()),
            first_sent_at: Some(now()),
        };
        let mut target = Target::of(gift).unwrap();
        target.answer = answer.map(|answer| (answer, now()));
        target.deletes = deletes;
        target
    }

    fn credit(minor: i64, left: Option<i64>, is_used: bool) -> Credit {
        Credit {
            id: "6a623f97-c376-44ea-8995-09dfacd0ddcf".parse().unwrap(),
            amount: Money::from_minor(minor).to_decimal(),
            remaining: left.map(|left| Money::from_minor(left).to_decimal()),
            expiry: SeenExpiry::Exact(Expiry::Never),
            description: "KUPON".to_owned(),
            created_at: None,
            reference: None,
            is_used,
            says_use: true,
        }
    }

    /// What is done about a gift of which the list, asked for so many seconds later, shows this.
    fn next(target: &Target, shown: Option<Credit>, later: i64) -> Next {
        let credits: Vec<Credit> = shown.into_iter().collect();
        target.next(&credits, now() + TimeDelta::seconds(later), S, None, true)
    }

    #[test]
    fn only_what_is_whole_and_unspent_is_begun() {
        // Goal: no customer loses what was used, and nothing else than our gift is touched. Method: each
        // form in which a list may show a gift that is not begun.
        let fresh = target(GiftState::Issued, None, 0);
        assert_eq!(next(&fresh, Some(credit(5_000, Some(5_000), false)), 0), Next::Begin);
        assert_eq!(next(&fresh, Some(credit(5_000, None, false)), 0), Next::Begin);
        assert_eq!(next(&fresh, None, 0), Next::Leave(Left::NotThere));
        for used in [credit(5_000, Some(4_999), false), credit(5_000, Some(5_000), true)] {
            let remaining = used.remaining;
            assert_eq!(next(&fresh, Some(used), 0), Next::Leave(Left::Spent { remaining }));
        }
        let other = Next::Leave(Left::OtherAmount(Money::from_minor(6_000).to_decimal()));
        assert_eq!(next(&fresh, Some(credit(6_000, Some(6_000), false)), 0), other);
        let silent = Credit { says_use: false, ..credit(5_000, None, false) };
        assert_eq!(next(&fresh, Some(silent), 0), Next::Leave(Left::UseUntold));
        let stranger = Credit {
            id: "7a623f97-c376-44ea-8995-09dfacd0ddcf".parse().unwrap(),
            ..credit(5_000, None, false)
        };
        assert_eq!(next(&fresh, Some(stranger), 0), Next::Leave(Left::NotThere));
    }

    #[test]
    fn what_speaks_against_a_gift_too_many_is_heeded_whenever_it_comes_up() {
        // Goal: an intent of an earlier run is no leave to delete what is no longer too many. Method: a gift too many,
        // new and begun, whole and spent and gone, with an objection and without.
        let surplus = |is_begun| {
            let own = target(GiftState::Issued, None, 0).gift;
            Target::surplus(own, "6a623f97-c376-44ea-8995-09dfacd0ddcf".parse().unwrap(), is_begun)
        };
        let told = |is_begun, shown: Option<Credit>, objection| {
            let credits: Vec<Credit> = shown.into_iter().collect();
            surplus(is_begun).next(&credits, now(), S, objection, false)
        };
        let (whole, why) = (|| Some(credit(5_000, None, false)), Left::OwnNotThere);
        assert_eq!(told(false, whole(), None), Next::Begin);
        assert_eq!(told(true, whole(), None), Next::Delete);
        assert_eq!(told(false, whole(), Some(why.clone())), Next::Leave(why.clone()));
        assert_eq!(told(true, whole(), Some(why.clone())), Next::Stays(why.to_string()));
        let spent = Left::Spent { remaining: None };
        let used = Some(credit(5_000, None, true));
        assert_eq!(told(false, used, Some(why.clone())), Next::Leave(spent), "the plainer reason");
        assert_eq!(told(true, None, Some(why.clone())), Next::Gone);
        assert_eq!(told(false, None, Some(why)), Next::Leave(Left::NotThere));
    }

    #[test]
    fn what_was_begun_ends_by_what_the_list_shows() {
        // Goal: a lost answer is neither a yes nor a no, and a list has its time. Method: each answer with
        // a list that shows the gift whole, spent, or not at all, early and late.
        let whole = || Some(credit(5_000, Some(5_000), false));
        let begun = |answer, deletes| target(GiftState::Revoking, answer, deletes);
        let lost = || Some(Answer::Lost("time-out".into()));
        let window = i64::from(S.num_seconds() as i32);
        let until = now() + S;
        let stays = |why: &str| Next::Stays(why.to_owned());
        assert_eq!(next(&begun(None, 0), whole(), 0), Next::Delete, "an earlier run's");
        for answer in [None, Some(Answer::Deleted), Some(Answer::Declined("no".into())), lost()] {
            assert_eq!(next(&begun(answer.clone(), 1), None, 0), Next::Gone);
            let spent = Some(credit(5_000, Some(100), true));
            assert_eq!(next(&begun(answer, 1), spent, 0), stays("used: 1.00 of it is left"));
        }
        let declined = |deletes| begun(Some(Answer::Declined("no".into())), deletes);
        assert_eq!(next(&declined(1), whole(), 0), stays("no"));
        // One that was lost may have done it, or an earlier run's.
        assert_eq!(next(&declined(2), whole(), window - 1), Next::Look(until));
        assert_eq!(next(&declined(2), whole(), window), stays("no"));
        let credits: Vec<Credit> = whole().into_iter().collect();
        let of_another_run = declined(1).next(&credits, now(), S, None, false);
        assert_eq!(of_another_run, Next::Look(until));
        let deleted = begun(Some(Answer::Deleted), 1);
        assert_eq!(next(&deleted, whole(), window - 1), Next::Look(until));
        assert!(matches!(next(&deleted, whole(), window), Next::Stays(_)));
        for deletes in 1..MAX_DELETES {
            assert_eq!(next(&begun(lost(), deletes), whole(), 0), Next::Delete);
        }
        let tried = begun(lost(), MAX_DELETES);
        assert_eq!(next(&tried, whole(), window - 1), Next::Look(until));
        assert_eq!(next(&tried, whole(), window), stays("time-out"));
    }

    #[test]
    fn what_no_answer_has_said_is_proved_by_id_and_by_a_whole_list() {
        // Goal: nothing is called revoked because one list lacks it. Method: a begun gift that a list lacks, after each
        // answer: there and used by its id, there and whole, gone before and after the window, with a list that adds up
        // and one that does not; a delete that was declined and nothing else.
        let begun = |answer, deletes| target(GiftState::Revoking, answer, deletes);
        let lost = || Some(Answer::Lost("409".into()));
        let declined = || Some(Answer::Declined("it was used".into()));
        let deleted = begun(Some(Answer::Deleted), 1);
        assert!(!deleted.needs_proof(&[]) && begun(lost(), 1).needs_proof(&[]));
        assert!(!begun(lost(), 1).needs_proof(&[credit(5_000, None, false)]));
        let after = |target: &Target, by_id: Option<Credit>, whole: Result<(), String>, later| {
            let times = (now() + TimeDelta::seconds(later), now());
            target.absent(by_id.as_ref(), &whole, times, S, true)
        };
        let window = S.num_seconds();
        let used = || Some(credit(5_000, Some(0), true));
        let there = after(&begun(declined(), 1), used(), Ok(()), window);
        assert!(matches!(there, Next::Stays(why) if why.contains("used")));
        let whole = Some(credit(5_000, Some(5_000), false));
        assert_eq!(after(&begun(lost(), 1), whole, Ok(()), window), Next::Delete);
        let until = now() + S;
        assert_eq!(after(&begun(lost(), 1), None, Ok(()), window - 1), Next::Look(until));
        assert_eq!(after(&begun(lost(), 1), None, Ok(()), window), Next::Gone);
        let cut = after(&begun(lost(), 1), None, Err("cut".into()), window);
        assert_eq!(cut, Next::Unclear("cut".into()));
        let alone = after(&begun(declined(), 1), None, Ok(()), window);
        assert_eq!(alone, Next::Stays("it was used".into()));
    }
}
