//! A wallet as a document for programs: what it holds, and which of its gifts are ours.
//!
//! **Invariant:** fields are only added; amounts are texts, times RFC 3339 in UTC; what is not known is null.

use serde::Serialize;

use super::{Seen, money};
use crate::ledger::GiftRecord;
use crate::provider::{Balances, Credit};
use crate::report::instant;

impl Seen {
    /// The document for programs, in one line.
    pub(super) fn json(&self) -> String {
        let ours = self.by_id();
        let gift = |gift| Gift::of(gift, ours.get(&gift.id).copied());
        let record = &self.record;
        let document = Document {
            version: 1,
            wallet_id: self.id.to_string(),
            name: record.name.as_deref(),
            alias: record.alias.as_deref(),
            currency: record.currency.as_deref(),
            is_frozen: record.is_frozen,
            frozen_until: record.frozen_until.map(instant),
            is_deleted: record.is_deleted,
            balances: self.balances.as_ref().map(Figures::of),
            breaks: self.balances.as_ref().map(Balances::breaks),
            gifts: self.gifts.as_ref().map(|gifts| gifts.iter().map(gift).collect()),
            unlisted: self.unlisted().iter().map(|gift| gift.key.to_string()).collect(),
            has_ledger: self.ours.is_some(),
            errors: &self.errors,
        };
        serde_json::to_string(&document).expect("texts and numbers always make JSON")
    }
}

#[derive(Serialize)]
struct Document<'s> {
    version: u32,
    wallet_id: String,
    name: Option<&'s str>,
    alias: Option<&'s str>,
    currency: Option<&'s str>,
    is_frozen: bool,
    frozen_until: Option<String>,
    is_deleted: bool,
    balances: Option<Figures>,
    breaks: Option<Vec<String>>,
    gifts: Option<Vec<Gift<'s>>>,
    unlisted: Vec<String>,
    has_ledger: bool,
    errors: &'s [String],
}

#[derive(Serialize)]
struct Figures {
    wallet: String,
    gift: String,
    blocked: String,
    total: String,
    available: String,
}

impl Figures {
    fn of(balances: &Balances) -> Figures {
        Figures {
            wallet: money(balances.wallet),
            gift: money(balances.gifts),
            blocked: money(balances.blocked),
            total: money(balances.total),
            available: money(balances.available),
        }
    }
}

#[derive(Serialize)]
struct Gift<'s> {
    gift_id: String,
    amount: String,
    remaining: Option<String>,
    expires_at: String,
    description: &'s str,
    is_used: bool,
    created_at: Option<String>,
    campaign: Option<&'s str>,
    key: Option<String>,
}

impl<'s> Gift<'s> {
    fn of(gift: &'s Credit, ours: Option<&'s GiftRecord>) -> Gift<'s> {
        Gift {
            gift_id: gift.id.to_string(),
            amount: money(gift.amount),
            remaining: gift.remaining.map(money),
            expires_at: gift.expiry.to_string(),
            description: &gift.description,
            is_used: gift.is_used,
            created_at: gift.created_at.map(instant),
            campaign: ours.map(|gift| gift.campaign.as_str()),
            key: ours.map(|gift| gift.key.to_string()),
        }
    }
}
