//! One word for how a campaign stands, or how a command ended.
//!
//! **Invariant:** `complete` is said only where nothing is left to do and nothing differs.

use std::fmt;

use serde::{Serialize, Serializer};

use super::Summary;
use crate::domain::GiftState;

/// How a campaign stands, or how a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Every gift is issued, revoked or cancelled, and no reconcile found a difference.
    Complete,
    /// Some gifts are not issued, and none of them needs to be looked at.
    Partial,
    /// The command ended before it was done; run it again.
    Stopped,
    /// Gifts are in doubt, held or begun to be revoked, or a reconcile found differences.
    Attention,
    /// Nothing was sent: the file, the settings or a limit forbid it.
    Refused,
    /// The provider did not take our credentials.
    Rejected,
    /// Another run holds the ledger.
    Busy,
    /// We could not do our part.
    Failed,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 8] = [
        Status::Complete,
        Status::Partial,
        Status::Stopped,
        Status::Attention,
        Status::Refused,
        Status::Rejected,
        Status::Busy,
        Status::Failed,
    ];

    /// The word for the document.
    pub const fn word(self) -> &'static str {
        match self {
            Status::Complete => "complete",
            Status::Partial => "partial",
            Status::Stopped => "stopped",
            Status::Attention => "attention",
            Status::Refused => "refused",
            Status::Rejected => "rejected",
            Status::Busy => "busy",
            Status::Failed => "failed",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.word())
    }
}

impl Summary {
    /// How the campaign stands, whatever the last command did.
    pub fn status(&self) -> Status {
        let gifts = |state| self.states.gifts(state);
        let differs = self.reconciled.is_some_and(|findings| findings.differences() > 0)
            || self.broken_balances() > 0;
        let over =
            gifts(GiftState::Issued) + gifts(GiftState::Revoked) + gifts(GiftState::Cancelled);
        let unclear = [GiftState::InDoubt, GiftState::Held, GiftState::Revoking];
        if differs || unclear.into_iter().any(|state| gifts(state) > 0) {
            Status::Attention
        } else if over == self.gifts() {
            Status::Complete
        } else {
            Status::Partial
        }
    }
}
