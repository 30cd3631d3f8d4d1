//! Asking for one gift by its id, where its wallet's list lacks it. Pure.
//!
//! A list may leave out used gifts (the API page does not say), and then a gift that was given and
//! spent is not missing. It may leave out expired ones as well.

use chrono::{DateTime, Utc};

use super::audit::held;
use crate::domain::{GiftId, WalletId};
use crate::ledger::{AuditedGift, Finding, KnownGift};
use crate::provider::Credit;

/// A gift to ask for.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) gift: KnownGift,
    pub(super) id: GiftId,
}

/// What became of an ask.
#[derive(Debug)]
pub(super) enum Told {
    /// This is what was found; the gift was used, and its list leaves it out.
    Hidden(AuditedGift),
    /// This is what was found.
    Found(AuditedGift),
}

impl Ask {
    /// An ask for an issued gift; none for any other.
    pub(super) fn of(gift: &KnownGift) -> Option<Ask> {
        Some(Ask { gift: gift.clone(), id: gift.gift_id? })
    }

    pub(super) fn wallet(&self) -> WalletId {
        self.gift.content.wallet
    }

    /// Nobody could tell.
    pub(super) fn untold(&self) -> AuditedGift {
        AuditedGift { row: self.gift.row, finding: Finding::Unread, detail: None }
    }

    /// Says what it means that so many gifts are shown under its id.
    pub(super) fn told(&self, credits: &[Credit], now: DateTime<Utc>) -> Told {
        let shown = credits.first();
        let row = self.gift.row;
        let mut found = held(&self.gift, shown).unwrap_or(AuditedGift {
            row,
            finding: Finding::Missing,
            detail: None,
        });
        // What its time has taken from the list is not missing; what else has, nobody can tell.
        if found.finding == Finding::Missing && self.gift.content.expiry.has_passed(now) {
            found.finding = Finding::Expired;
        }
        if shown.is_some_and(|credit| credit.is_used) {
            let detail = found.detail.or_else(|| Some("used, and left out of the list".into()));
            return Told::Hidden(AuditedGift { detail, ..found });
        }
        Told::Found(found)
    }
}
