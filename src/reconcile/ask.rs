//! Asking for one gift by its id, where its wallet's list lacks it. Pure.
//!
//! A list may leave out used gifts (the API page does not say), and then a gift that was given and
//! spent is not missing. It may leave out expired ones as well.

use chrono::{DateTime, Utc};

use super::audit::held;
use crate::domain::{GiftId, GiftState};
use crate::ledger::{AuditedGift, Finding, KnownGift};
use crate::provider::Credit;

/// A gift to ask for.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) gift: KnownGift,
    pub(super) id: GiftId,
    /// As what an audit found it under this id against all expectation, where it did; its list does not show it now.
    mark: Option<Finding>,
}

/// What became of an ask.
#[derive(Debug)]
pub(super) enum Told {
    /// This is what was found; the gift was used, and its list leaves it out.
    Hidden(AuditedGift),
    /// This is what was found; the gift can be spent, and its list leaves it out all the same: it is not whole.
    LeftOut(AuditedGift),
    /// This is what was found.
    Found(AuditedGift),
    /// It was there against all expectation, and is there no more.
    Gone(i64),
    /// The double of a gift is there no more.
    Single,
}

impl Ask {
    /// An ask for an issued gift; none for any other.
    pub(super) fn of(gift: &KnownGift) -> Option<Ask> {
        Some(Ask { gift: gift.clone(), id: gift.gift_id?, mark: None })
    }

    /// An ask for what should not be there, or not so often, and that an audit found under this id.
    pub(super) fn marked(gift: &KnownGift, id: GiftId) -> Ask {
        let mark = match gift.state {
            GiftState::Issued => Finding::Duplicated,
            _ => Finding::Unexpected,
        };
        Ask { gift: gift.clone(), id, mark: Some(mark) }
    }

    /// What an audit has found of it stands.
    fn stands(&self) -> Option<AuditedGift> {
        let (row, detail) = (self.gift.row, Some(self.id.to_string()));
        self.mark.map(|finding| AuditedGift { row, finding, detail })
    }

    /// Nobody could tell.
    pub(super) fn untold(&self) -> AuditedGift {
        let unread = AuditedGift { row: self.gift.row, finding: Finding::Unread, detail: None };
        self.stands().unwrap_or(unread)
    }

    /// Says what it means that this is shown under its id.
    pub(super) fn told(&self, credits: &[Credit], now: DateTime<Utc>) -> Told {
        let (row, has_expired) = (self.gift.row, self.gift.content.expiry.has_passed(now));
        let Some(shown) = credits.first() else {
            match self.mark {
                Some(Finding::Duplicated) => return Told::Single,
                Some(_) => return Told::Gone(row),
                None => {}
            }
            // What its time has taken from the list is not missing; what else has, nobody can tell.
            let finding = if has_expired { Finding::Expired } else { Finding::Missing };
            return Told::Found(AuditedGift { row, finding, detail: None });
        };
        let Some(mut found) = self.stands().or_else(|| held(&self.gift, Some(shown))) else {
            unreachable!("who is no issued gift is marked");
        };
        if shown.is_used {
            found.detail = found.detail.or_else(|| Some("used, and left out of the list".into()));
            return Told::Hidden(found);
        }
        if has_expired { Told::Found(found) } else { Told::LeftOut(found) }
    }
}
