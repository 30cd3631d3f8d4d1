//! What it is worth that a list does not show a gift, and what in the list speaks against it.

use chrono::{DateTime, TimeDelta, Utc};

use super::Skew;
use super::decide::{OpenDoubt, Policy};
use crate::domain::{Event, Gift, GiftState};
use crate::ledger::{KnownGift, Lists};
use crate::provider::Credit;

/// So many looks are waited for more to be known.
pub(super) const OPEN_LOOKS: u32 = 5;

/// So many looks must show that a gift is absent.
pub(super) const ABSENT_LOOKS: u32 = 2;

/// What the absence from one whole list, asked for after the window, is worth.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// Nothing, until more is known.
    Open,
    /// One look of those that are needed.
    Counts,
    /// All of them.
    Proves(Event),
}

pub(super) fn judge_absence(
    doubt: &OpenDoubt,
    contradiction: Option<String>,
    skew: Skew,
    policy: &Policy,
) -> Absence {
    let claimed = &doubt.doubt.claimed;
    match contradiction {
        // Whether they do is not known yet; or by clocks that were never compared it may be ours. Where
        // nothing more comes to be known, a person must look as well.
        Some(_)
            if (claimed.gift.is_tagged() || !skew.is_measured())
                && doubt.open_looks < OPEN_LOOKS =>
        {
            return Absence::Open;
        }
        Some(why) => return Absence::Proves(unclear(why)),
        None => {}
    }
    if doubt.absent_looks + 1 < ABSENT_LOOKS {
        Absence::Counts
    } else if claimed.doubts >= policy.max_attempts {
        let why = format!("not given after {} attempts that ended in doubt", claimed.doubts);
        Absence::Proves(unclear(why))
    } else {
        Absence::Proves(Event::FoundAbsent)
    }
}

pub(super) fn unclear(why: String) -> Event {
    Event::StayedUnclear { why }
}

/// Something in the list that might be the gift after all: the same amount, made since the first
/// attempt or in the day before it (clocks are set, and compared in passing), or nobody knows when;
/// and explained by no other open gift. Where our own clock was set back behind the first attempt,
/// nobody knows when of any.
pub(super) fn contradiction<'c>(
    left: &mut impl Iterator<Item = &'c Credit>,
    doubt: &OpenDoubt,
    known: &[KnownGift],
    skew: Skew,
    sent_at: DateTime<Utc>,
) -> Option<String> {
    let claimed = &doubt.doubt.claimed;
    let is_set_back = claimed.first_sent_at > sent_at;
    let baseline = skew.baseline(claimed.first_sent_at) - TimeDelta::days(1);
    let credit = left.find(|credit| {
        credit.amount == claimed.gift.content.amount.to_decimal()
            && credit.created_at.is_none_or(|created| is_set_back || created >= baseline)
            && !is_explained(credit, doubt, known)
    })?;
    Some(format!("{} has the same amount and no other owner: it could be this gift", credit.id))
}

/// Whether an entry carries a reference that is not the doubt's: another gift's of ours, or any where the
/// provider is known to show ours as it was sent.
pub(super) fn is_anothers(credit: &Credit, known: &[KnownGift], lists: Lists) -> bool {
    credit.reference.is_some()
        && (lists.show_references || known.iter().any(|gift| credit.echoes(gift.key) == Some(true)))
}

/// Whether an entry has the text of a tagged gift, and no tag or another one. Where lists keep tags it
/// is somebody else's. A text that was cut or changed otherwise may be ours.
pub(super) fn is_untagged_twin(credit: &Credit, gift: &Gift) -> bool {
    let Some(text) = gift.content.description.strip_suffix(&gift.key.tag()) else {
        return false;
    };
    let text = text.trim_end();
    let rest = credit.description.strip_prefix(text).map(str::trim);
    let is_tag = |rest: &str| {
        let digits = rest.strip_prefix('#').unwrap_or_default();
        digits.len() == 8 && digits.chars().all(|digit| digit.is_ascii_hexdigit())
    };
    rest.is_some_and(|rest| rest.is_empty() || is_tag(rest))
}

/// Whether another gift of ours that is open could be this entry.
fn is_explained(credit: &Credit, doubt: &OpenDoubt, known: &[KnownGift]) -> bool {
    known.iter().any(|gift| {
        gift.row != doubt.doubt.claimed.row
            && matches!(gift.state, GiftState::InFlight | GiftState::InDoubt | GiftState::Held)
            && credit.fits(&gift.content).is_some()
    })
}
