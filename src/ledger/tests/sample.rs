//! What tests of other modules begin with.

use uuid::Uuid;

use crate::domain::{Expiry, GiftContent, GiftKey, GiftState, Money};
use crate::ledger::KnownGift;

impl KnownGift {
    /// A gift of 5.00 of campaign 1 that was sent once; the rest is a test's to say.
    pub(crate) fn sample(row: i64, state: GiftState) -> KnownGift {
        KnownGift {
            row,
            campaign: 1,
            key: GiftKey(Uuid::from_u128(row.unsigned_abs().into())),
            content: GiftContent {
                wallet: "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap(),
                amount: Money::from_minor(500),
                expiry: Expiry::Never,
                description: "KUPON".into(),
            },
            state,
            attempts: 1,
            gift_id: None,
            issued_at: None,
            first_sent_at: None,
        }
    }
}
