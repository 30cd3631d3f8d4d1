//! Wallet records and balances: the answers that people ask for, with nothing decided on them.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::envelope::{Envelope, Says};
use super::reply::Reply;
use super::wire::WireDecimal;

/// What a question about one thing brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading<T> {
    /// The thing.
    Found(T),
    /// The API said no, in these words.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's words, cleaned and cut short.
        message: String,
    },
    /// Nothing that can be read.
    Unreadable {
        /// What came instead.
        why: String,
    },
}

/// A wallet's record (API page, sample of `wallet/by/id`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletRecord {
    /// Its name.
    pub name: Option<String>,
    /// The currency of its money and its gifts (ISO 4217).
    pub currency: Option<String>,
    /// Whether it is frozen; `FrozenUntil` does not decide.
    pub is_frozen: bool,
    /// Whether it is deleted.
    pub is_deleted: bool,
}

/// A wallet's balances (API page, sample of `wallet/balances`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balances {
    /// Money of the customer.
    pub wallet: Decimal,
    /// Gifts.
    pub gifts: Decimal,
    /// What is blocked.
    pub blocked: Decimal,
    /// `wallet` and `gifts`.
    pub total: Decimal,
    /// `total` without `blocked`.
    pub available: Decimal,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireWallet {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    currency_code: Option<String>,
    #[serde(default)]
    is_frozen: bool,
    #[serde(default)]
    is_deleted: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireBalances {
    wallet_balance: WireDecimal,
    total_gift_balance: WireDecimal,
    blocked_balance: WireDecimal,
    total_balance: WireDecimal,
    available_balance: WireDecimal,
}

pub(super) fn read_record(reply: &Reply) -> Reading<WalletRecord> {
    read(reply, |wire: WireWallet| WalletRecord {
        name: wire.name,
        currency: wire.currency_code,
        is_frozen: wire.is_frozen,
        is_deleted: wire.is_deleted,
    })
}

pub(super) fn read_balances(reply: &Reply) -> Reading<Balances> {
    read(reply, |wire: WireBalances| Balances {
        wallet: wire.wallet_balance.0,
        gifts: wire.total_gift_balance.0,
        blocked: wire.blocked_balance.0,
        total: wire.total_balance.0,
        available: wire.available_balance.0,
    })
}

fn read<'b, W, T>(reply: &'b Reply, turn: impl Fn(W) -> T) -> Reading<T>
where
    W: Deserialize<'b>,
{
    let answer = match reply {
        Reply::Answered(answer) => answer,
        Reply::NeverSent { why } | Reply::Lost { why, .. } => {
            return Reading::Unreadable { why: why.clone() };
        }
    };
    let unreadable = || Reading::Unreadable {
        why: format!("an answer that the API does not document (HTTP {})", answer.status),
    };
    let Some(envelope) = Envelope::read(&answer.body) else {
        return unreadable();
    };
    match (envelope.says(), envelope.value::<W>()) {
        (Says::Done, Some(wire)) => Reading::Found(turn(wire)),
        (Says::Failed, _) => {
            Reading::Refused { status: answer.status, message: envelope.message() }
        }
        _ => unreadable(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::reply::Answer;
    use super::*;

    fn answer(status: u16, body: &str) -> Reply {
        Reply::Answered(Answer { status, body: body.as_bytes().to_vec(), ..Answer::default() })
    }

    #[test]
    fn the_documented_answers_are_read() {
        // Goal: the samples of the API page are understood. Method: the files, each field.
        let record = read_record(&answer(200, include_str!("../../samples/wire/wallet.json")));
        let expected = WalletRecord {
            name: Some("Wilson".into()),
            currency: Some("TRY".into()),
            is_frozen: false,
            is_deleted: false,
        };
        assert_eq!(record, Reading::Found(expected));
        let balances =
            read_balances(&answer(200, include_str!("../../samples/wire/balances.json")));
        let Reading::Found(balances) = balances else { panic!("balances are read") };
        assert_eq!(balances.available, Decimal::new(97_500, 2));
        assert_eq!(balances.gifts, Decimal::ZERO);
    }

    #[test]
    fn a_refusal_keeps_its_words() {
        // Goal: people see why. Method: a failure in the envelope, and a page that is not the API's.
        let body = r#"{"Errors":["no such wallet"],"IsSuccess":false,"IsFailure":true}"#;
        let refused = Reading::Refused { status: 404, message: "no such wallet".into() };
        assert_eq!(read_record(&answer(404, body)), refused);
        assert!(matches!(read_record(&answer(404, "<html>")), Reading::Unreadable { .. }));
    }
}
