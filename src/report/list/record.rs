//! One gift of a list, in the words of programs.

use serde::Serialize;

use super::super::figures::instant;
use crate::ledger::GiftRecord;

/// The fields of a gift in their order; the names are a contract.
#[derive(Clone, Debug, Serialize)]
pub(in crate::report) struct ListedGift<'g> {
    key: String,
    line: i64,
    campaign: &'g str,
    wallet_id: String,
    amount: String,
    /// RFC 3339, or `never`, as a file of ours says it.
    expires_at: String,
    description: &'g str,
    reference: Option<&'g str>,
    state: &'static str,
    attempts: i64,
    gift_id: Option<String>,
    issued_at: Option<String>,
    error_class: Option<&'g str>,
    error: Option<&'g str>,
    reconciled: Option<&'g str>,
}

/// The names of the fields.
pub(super) const COLUMNS: [&str; 15] = [
    "key",
    "line",
    "campaign",
    "wallet_id",
    "amount",
    "expires_at",
    "description",
    "reference",
    "state",
    "attempts",
    "gift_id",
    "issued_at",
    "error_class",
    "error",
    "reconciled",
];

impl<'g> ListedGift<'g> {
    pub(in crate::report) fn of(gift: &'g GiftRecord) -> ListedGift<'g> {
        ListedGift {
            key: gift.key.to_string(),
            line: gift.line,
            campaign: &gift.campaign,
            wallet_id: gift.content.wallet.to_string(),
            amount: gift.content.amount.to_string(),
            expires_at: gift.content.expiry.to_string(),
            description: &gift.content.description,
            reference: gift.reference.as_deref(),
            state: gift.state.word(),
            attempts: gift.attempts,
            gift_id: gift.gift_id.map(|id| id.to_string()),
            issued_at: gift.issued_at.map(instant),
            error_class: gift.error_class.as_deref(),
            error: gift.error.as_deref(),
            reconciled: gift.reconciled.as_deref(),
        }
    }

    /// The fields as cells, in the order of [`COLUMNS`]; what is not there is empty.
    pub(super) fn cells(self) -> [String; COLUMNS.len()] {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        [
            self.key,
            self.line.to_string(),
            self.campaign.to_owned(),
            self.wallet_id,
            self.amount,
            self.expires_at,
            self.description.to_owned(),
            text(self.reference),
            self.state.to_owned(),
            self.attempts.to_string(),
            self.gift_id.unwrap_or_default(),
            self.issued_at.unwrap_or_default(),
            text(self.error_class),
            text(self.error),
            text(self.reconciled),
        ]
    }
}
