//! The bodies of the provider's right answers.
//!
//! These types are the sandbox's own, written from the provider's pages: sharing them with the
//! client would let one mistake hide the other.
//!
//! **Invariant:** every body here is complete and well formed; what spoils it stands elsewhere.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::amount::{Amount, Digits};
use super::book::BookGift;
use super::config::WalletFacts;
use super::envelope::success;

/// Whether a gift is answered with its reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Echo {
    Reference,
    Nothing,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GiftBody<'a> {
    id: Uuid,
    wallet_id: Uuid,
    amount: Amount,
    remaining_amount: Amount,
    expiration_date: Option<String>,
    is_unlimited: bool,
    description: &'a str,
    is_used: bool,
    is_fully_used: bool,
    is_partially_used: bool,
    last_transaction_id: Option<Uuid>,
    created_at: String,
    updated_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_reference: Option<Uuid>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WalletBody<'a> {
    id: Uuid,
    wallet_owner_id: Uuid,
    name: &'a str,
    alias: &'static str,
    merchant_id: u32,
    region_id: u32,
    currency_code: &'a str,
    balance: Amount,
    available_balance: Amount,
    total_gift_balance: Amount,
    blocked_balance: Amount,
    frozen_until: &'a str,
    is_frozen: bool,
    is_deleted: bool,
    created_at: &'static str,
    updated_at: &'static str,
    transaction_id: Option<Uuid>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BalancesBody<'a> {
    id: Uuid,
    name: &'a str,
    alias: &'static str,
    wallet_balance: Amount,
    gift_balances: Vec<GiftBody<'a>>,
    total_gift_balance: Amount,
    blocked_balance: Amount,
    total_balance: Amount,
    available_balance: Amount,
}

const ALIAS: &str = "8203287943";

/// The answer to a create.
pub(super) fn created(gift: &BookGift, echo: Echo) -> Vec<u8> {
    success(GiftBody::of(gift, Digits::Short, echo))
}

/// The answer to a query for one gift.
pub(super) fn gift(gift: &BookGift, echo: Echo) -> Vec<u8> {
    success(GiftBody::of(gift, Digits::TwoPlaces, echo))
}

/// The answer to a query for a wallet's gifts.
pub(super) fn gifts(gifts: &[BookGift], echo: Echo) -> Vec<u8> {
    success(list(gifts, echo))
}

/// The answer to a delete.
pub(super) fn deleted() -> Vec<u8> {
    success(true)
}

/// The wallet record; `gift_minor` is what remains of the wallet's gifts.
pub(super) fn wallet(id: Uuid, facts: &WalletFacts, gift_minor: i64) -> Vec<u8> {
    success(WalletBody {
        id,
        wallet_owner_id: Uuid::from_u128(!id.as_u128()),
        name: &facts.name,
        alias: ALIAS,
        merchant_id: 2071,
        region_id: 1,
        currency_code: &facts.currency_code,
        balance: two_places(facts.balance_minor),
        available_balance: two_places(facts.balance_minor + gift_minor - facts.blocked_minor),
        total_gift_balance: zero_or_two_places(gift_minor),
        blocked_balance: zero_or_two_places(facts.blocked_minor),
        frozen_until: facts.frozen_until.as_deref().unwrap_or("0001-01-01T00:00:00"),
        is_frozen: facts.is_frozen,
        is_deleted: facts.is_deleted,
        created_at: "2025-04-24T09:05:47.980805Z",
        updated_at: "2025-04-24T09:06:47.216932Z",
        transaction_id: None,
    })
}

/// The wallet's balances; `gift_minor` is what remains of the wallet's gifts.
pub(super) fn balances(
    id: Uuid,
    facts: &WalletFacts,
    gifts: &[BookGift],
    gift_minor: i64,
    echo: Echo,
) -> Vec<u8> {
    success(BalancesBody {
        id,
        name: &facts.name,
        alias: ALIAS,
        wallet_balance: two_places(facts.balance_minor),
        gift_balances: list(gifts, echo),
        total_gift_balance: zero_or_two_places(gift_minor),
        blocked_balance: zero_or_two_places(facts.blocked_minor),
        total_balance: two_places(facts.balance_minor + gift_minor),
        available_balance: two_places(facts.balance_minor + gift_minor - facts.blocked_minor),
    })
}

fn list(gifts: &[BookGift], echo: Echo) -> Vec<GiftBody<'_>> {
    gifts.iter().map(|gift| GiftBody::of(gift, Digits::TwoPlaces, echo)).collect()
}

fn two_places(minor: i64) -> Amount {
    Amount { minor, digits: Digits::TwoPlaces }
}

/// The samples write `0` where there is nothing, beside amounts with two places.
fn zero_or_two_places(minor: i64) -> Amount {
    Amount { minor, digits: if minor == 0 { Digits::Short } else { Digits::TwoPlaces } }
}

impl<'a> GiftBody<'a> {
    fn of(gift: &'a BookGift, digits: Digits, echo: Echo) -> Self {
        let remaining = gift.amount_minor - gift.spent_minor;
        Self {
            id: gift.id,
            wallet_id: gift.wallet,
            amount: Amount { minor: gift.amount_minor, digits },
            remaining_amount: Amount { minor: remaining, digits },
            expiration_date: gift.expires_at.map(|at| rfc3339(at, SecondsFormat::AutoSi)),
            is_unlimited: gift.expires_at.is_none(),
            description: &gift.description,
            is_used: gift.spent_minor > 0,
            is_fully_used: remaining == 0,
            is_partially_used: gift.spent_minor > 0 && remaining > 0,
            last_transaction_id: None,
            created_at: created_at(gift.created_at, digits),
            updated_at: None,
            external_reference: gift.reference.filter(|_| echo == Echo::Reference),
        }
    }
}

/// Seven fraction digits where amounts are short (the create answer), six elsewhere: the real
/// server keeps ticks of 100 ns in memory and microseconds in its database.
fn created_at(at: DateTime<Utc>, digits: Digits) -> String {
    match digits {
        Digits::TwoPlaces => rfc3339(at, SecondsFormat::Micros),
        Digits::Short => {
            let nanos = rfc3339(at, SecondsFormat::Nanos);
            format!("{}Z", &nanos[..nanos.len() - "99Z".len()])
        }
    }
}

fn rfc3339(at: DateTime<Utc>, format: SecondsFormat) -> String {
    at.to_rfc3339_opts(format, true)
}

#[cfg(test)]
mod tests {
    use super::super::book::Source;
    use super::*;

    fn sample() -> BookGift {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        BookGift {
            id: Uuid::parse_str("6a623f97-c376-44ea-8995-09dfacd0ddcf").unwrap(),
            wallet: Uuid::parse_str("30bac1c0-ad6b-4c50-a52e-1b34f9b487a7").unwrap(),
            amount_minor: 100_000,
            spent_minor: 0,
            expires_at: Some(at("2026-04-29T02:00:34.426Z")),
            description: "KUPON100".to_owned(),
            reference: Some(Uuid::from_u128(5)),
            created_at: at("2025-04-30T11:11:07.5165342Z"),
            source: Source::Seeded,
            deleted: false,
        }
    }

    const FIELDS: &str = r#""ExpirationDate":"2026-04-29T02:00:34.426Z","IsUnlimited":false,"Description":"KUPON100","IsUsed":false,"IsFullyUsed":false,"IsPartiallyUsed":false,"LastTransactionId":null"#;
    const IDS: &str = r#""Id":"6a623f97-c376-44ea-8995-09dfacd0ddcf","WalletId":"30bac1c0-ad6b-4c50-a52e-1b34f9b487a7""#;
    const END: &str = r#""Errors":[],"IsSuccess":true,"IsFailure":false}"#;

    /// Goal: the create answer is the documented one, to the byte. Method: the page's sample.
    #[test]
    fn create_answers_as_documented() {
        let text = String::from_utf8(created(&sample(), Echo::Nothing)).unwrap();
        let expected = format!(
            r#"{{"Value":{{{IDS},"Amount":1000,"RemainingAmount":1000,{FIELDS},"CreatedAt":"2025-04-30T11:11:07.5165342Z","UpdatedAt":null}},{END}"#
        );
        assert_eq!(text, expected);
    }

    /// Goal: the list answer is the documented one, with an echoed reference. Method: one gift.
    #[test]
    fn lists_answer_as_documented() {
        let text = String::from_utf8(gifts(&[sample()], Echo::Reference)).unwrap();
        let reference = Uuid::from_u128(5);
        let expected = format!(
            r#"{{"Value":[{{{IDS},"Amount":1000.00,"RemainingAmount":1000.00,{FIELDS},"CreatedAt":"2025-04-30T11:11:07.516534Z","UpdatedAt":null,"ExternalReference":"{reference}"}}],{END}"#
        );
        assert_eq!(text, expected);
    }
}
