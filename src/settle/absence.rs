//! What it is worth that a list does not show a gift, and what in the list speaks against it.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::Skew;
use super::decide::{OpenDoubt, Policy};
use crate::domain::{Event, Gift, GiftId};
use crate::ledger::{KnownGift, Lists};
use crate::provider::Credit;

/// So many looks are waited for more to be known.
pub const OPEN_LOOKS: u32 = 5;

/// So many looks must show that a gift is absent.
const ABSENT_LOOKS: u32 = 2;

/// Looks that count are a fifth of the window apart at least, and no more than a minute is waited for that: what a
/// cache shows once it may show twice.
pub fn look_gap(window: TimeDelta) -> TimeDelta {
    (window / 5).min(TimeDelta::minutes(1))
}

/// What the absence from one list, asked for after the window, is worth.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// Nothing: it is no proof, nor a reason to give up.
    Nothing,
    /// Nothing, until more is known.
    Open,
    /// One look of those that are needed.
    Counts,
    /// All of them.
    Proves(Event),
}

/// What speaks against the absence of a gift.
pub(super) enum Objection {
    /// Something in the list may be it.
    Contradiction(String),
    /// The list is not known to be whole.
    NotWhole(String),
}

pub(super) fn judge_absence(
    doubt: &OpenDoubt,
    objection: Option<Objection>,
    as_of: DateTime<Utc>,
    skew: Skew,
    policy: &Policy,
) -> Absence {
    let claimed = &doubt.doubt.claimed;
    let is_patient = doubt.open_looks < OPEN_LOOKS;
    let is_timed = skew.is_measured() && skew.is_steady() && skew.knows_gifts();
    match objection {
        // A customer may have paid between list and balance; a cut list stays cut, and then a person must look.
        Some(Objection::NotWhole(_)) if is_patient => return Absence::Open,
        // Whether they do is not known yet; or by clocks that were never compared, or do not agree, it may be ours.
        // Where nothing more comes to be known, a person must look as well.
        Some(Objection::Contradiction(_))
            if (claimed.gift.is_tagged() || !is_timed) && is_patient =>
        {
            return Absence::Open;
        }
        Some(Objection::NotWhole(why) | Objection::Contradiction(why)) => {
            return Absence::Proves(unclear(why));
        }
        None => {}
    }
    let gap = look_gap(policy.window);
    if doubt.absent_as_of.is_some_and(|last| as_of < last + gap) {
        Absence::Nothing
    } else if doubt.absent_looks + 1 < ABSENT_LOOKS {
        Absence::Counts
    } else if let Some(refusal) = &doubt.doubt.refusal {
        // The no did not mean that the server has it already.
        Absence::Proves(Event::Declined(refusal.clone()))
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
/// and explained by no other open gift. Where our own clock was set back behind the first attempt, or the
/// server's cannot be gone by, nobody knows when of any; where no gift of ours has shown yet what `CreatedAt` means,
/// nobody knows it of what is as it was sent.
pub(super) fn contradiction<'c>(
    left: &mut impl Iterator<Item = &'c Credit>,
    doubt: &OpenDoubt,
    known: &[KnownGift],
    skew: Skew,
    sent_at: DateTime<Utc>,
) -> Option<String> {
    let claimed = &doubt.doubt.claimed;
    let is_untimed = claimed.first_sent_at > sent_at || !skew.is_steady();
    let baseline = skew.baseline(claimed.first_sent_at) - TimeDelta::days(1);
    // An open gift explains one entry, not all that look like it.
    let mut explaining = HashSet::new();
    let credit = left.find(|credit| {
        credit.amount == claimed.gift.content.amount.to_decimal()
            && (credit.created_at.is_none_or(|created| is_untimed || created >= baseline)
                || (!skew.knows_gifts() && credit.fits(&claimed.gift.content).is_some()))
            && !known
                .iter()
                .any(|gift| explains(gift, credit, doubt) && explaining.insert(gift.row))
    })?;
    Some(format!("{} has the same amount and no other owner: it could be this gift", credit.id))
}

/// An entry whose id another wallet's gift of ours has, and that fits this one: a provider that merged wallets shows
/// it in both, one whose ids are unique for each wallet alone may mean this very gift.
pub(super) fn ambiguous(
    credits: &[Credit],
    elsewhere: &HashSet<GiftId>,
    doubt: &OpenDoubt,
) -> Option<String> {
    let gift = &doubt.doubt.claimed.gift;
    let fits = |credit: &&Credit| {
        elsewhere.contains(&credit.id)
            && credit.echoes(gift.key).unwrap_or_else(|| credit.fits(&gift.content).is_some())
    };
    let credit = credits.iter().find(fits)?;
    Some(format!("{} fits it, and is the id of a gift in another wallet", credit.id))
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
fn explains(gift: &KnownGift, credit: &Credit, doubt: &OpenDoubt) -> bool {
    gift.row != doubt.doubt.claimed.row
        && gift.state.is_undecided()
        && credit.fits(&gift.content).is_some()
}
