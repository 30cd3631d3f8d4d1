//! Wallet records and balances: the answers that people ask for, with nothing decided on them.

use chrono::{DateTime, NaiveTime, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::classify::{Obstacle, Trouble, blocked, lost, throttled, unknown};
use super::envelope::{Envelope, Says};
use super::exact;
use super::reply::Reply;
use super::wire::{WireDecimal, WireInstant, WireText, read_instant};
use crate::domain::WalletId;

/// What a question about one thing brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading<T> {
    /// The thing.
    Found(T),
    /// The API says that there is none: its `Value` is null.
    Absent,
    /// The API said no, in these words.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's words, cleaned and cut short.
        message: String,
    },
    /// The server did not look.
    Obstructed(Obstacle),
    /// Nothing that can be read.
    Unreadable {
        /// What came instead.
        why: String,
        /// What it says about the server.
        trouble: Trouble,
    },
}

impl<T> Reading<T> {
    /// Why the server did not look, where it did not.
    pub fn obstacle(&self) -> Option<&Obstacle> {
        match self {
            Reading::Obstructed(obstacle) => Some(obstacle),
            _ => None,
        }
    }

    /// Whether nobody tells this, or not to us: to ask again brings nothing better, and says nothing of other questions.
    pub fn is_untold(&self) -> bool {
        match self {
            Reading::Found(_) => false,
            Reading::Absent => true,
            Reading::Refused { status, .. } => !matches!(status, 408 | 425),
            Reading::Obstructed(obstacle) => {
                matches!(obstacle, Obstacle::Forbidden(_) | Obstacle::CredentialsRejected { .. })
            }
            Reading::Unreadable { trouble, .. } => {
                matches!(trouble, Trouble::Odd | Trouble::Redirected)
            }
        }
    }
}

/// A wallet's record (API page, sample of `wallet/by/id`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletRecord {
    /// Its name.
    pub name: Option<String>,
    /// The number that it is also known by.
    pub alias: Option<String>,
    /// The currency of its money and its gifts (ISO 4217).
    pub currency: Option<String>,
    /// Whether it is frozen; `FrozenUntil` does not decide.
    pub is_frozen: bool,
    /// Until when, where the API says it: it writes the first day of all for never.
    pub frozen_until: Option<DateTime<Utc>>,
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

impl Balances {
    /// Where the API's two formulas do not hold: the total is wallet and gifts, and what is available is the
    /// total without what is blocked.
    pub fn breaks(&self) -> Vec<String> {
        let Balances { wallet, gifts, blocked, total, available } = *self;
        let mut breaks = Vec::new();
        if exact::sum([wallet, gifts]) != Some(total.normalize()) {
            breaks.push(format!("the total {total} is not wallet {wallet} + gifts {gifts}"));
        }
        if exact::sum([total, -blocked]) != Some(available.normalize()) {
            breaks.push(format!("available {available} is not total {total} - blocked {blocked}"));
        }
        breaks
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireWallet {
    #[serde(default)]
    id: WireText,
    #[serde(default)]
    name: WireText,
    #[serde(default)]
    alias: WireText,
    #[serde(default)]
    currency_code: WireText,
    #[serde(default)]
    frozen_until: WireText,
    #[serde(default)]
    is_frozen: Option<bool>,
    #[serde(default)]
    is_deleted: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireBalances {
    #[serde(default)]
    id: WireText,
    wallet_balance: WireDecimal,
    total_gift_balance: WireDecimal,
    blocked_balance: WireDecimal,
    total_balance: WireDecimal,
    available_balance: WireDecimal,
}

pub(super) fn read_record(wallet: WalletId, reply: &Reply) -> Reading<WalletRecord> {
    read(wallet, reply, |wire: WireWallet| {
        let record = WalletRecord {
            name: wire.name.0,
            alias: wire.alias.0,
            currency: wire.currency_code.0,
            is_frozen: wire.is_frozen.unwrap_or(false),
            frozen_until: wire.frozen_until.0.as_deref().and_then(frozen_until),
            is_deleted: wire.is_deleted.unwrap_or(false),
        };
        (wire.id, record)
    })
}

fn frozen_until(text: &str) -> Option<DateTime<Utc>> {
    match read_instant(text)? {
        WireInstant::At(instant) => Some(instant),
        WireInstant::Day(day) => Some(day.and_time(NaiveTime::MIN).and_utc()),
        WireInstant::Nothing => None,
    }
}

pub(super) fn read_balances(wallet: WalletId, reply: &Reply) -> Reading<Balances> {
    read(wallet, reply, |wire: WireBalances| {
        let balances = Balances {
            wallet: wire.wallet_balance.0,
            gifts: wire.total_gift_balance.0,
            blocked: wire.blocked_balance.0,
            total: wire.total_balance.0,
            available: wire.available_balance.0,
        };
        (wire.id, balances)
    })
}

/// Reads an answer about one wallet; `turn` gives the id that it is about, and what it says.
fn read<'b, W, T>(
    wallet: WalletId,
    reply: &'b Reply,
    turn: impl Fn(W) -> (WireText, T),
) -> Reading<T>
where
    W: Deserialize<'b>,
{
    read_value(reply, '{', |wire| about(wallet, turn(wire)))
}

/// Reads an answer whose `Value` begins with `opening`: what is of another kind says nothing.
pub(super) fn read_value<'b, W, T>(
    reply: &'b Reply,
    opening: char,
    turn: impl Fn(W) -> Reading<T>,
) -> Reading<T>
where
    W: Deserialize<'b>,
{
    let answer = match reply {
        Reply::Answered(answer) => answer,
        Reply::NeverSent { barrier, why } => {
            return Reading::Obstructed(Obstacle::never_sent(*barrier, why));
        }
        Reply::Lost { loss, why } => return lost(*loss, why).into(),
    };
    let status = answer.status;
    let envelope = answer.envelope();
    let words = envelope.as_ref().map(Envelope::message).filter(|words| !words.is_empty());
    let words = words.unwrap_or_else(|| format!("HTTP {status} without a reason"));
    match (status, envelope.as_ref().map(Envelope::says)) {
        (429, _) => throttled(answer).into(),
        (403, _) if answer.is_page() => blocked(status).into(),
        (401 | 403, _) => Reading::Obstructed(Obstacle::CredentialsRejected { why: words }),
        (200..=499, Some(Says::Failed)) => Reading::Refused { status, message: words },
        (200..=299, Some(Says::Done)) => {
            let envelope = envelope.expect("it says so");
            // What is no object has no fields: a list would pass for a record that says nothing.
            let is_kind = envelope.value.is_some_and(|value| value.get().starts_with(opening));
            match envelope.value().filter(|_| is_kind) {
                Some(wire) => turn(wire),
                None if envelope.value.is_none() => Reading::Absent,
                None => unknown(status).into(),
            }
        }
        _ => unknown(status).into(),
    }
}

/// An answer that names another wallet than was asked for says nothing.
fn about<T>(wallet: WalletId, (id, thing): (WireText, T)) -> Reading<T> {
    match id.0.as_deref().map(str::parse) {
        Some(id) if id != Ok(wallet) => Reading::Unreadable {
            why: "an answer about another wallet".to_owned(),
            trouble: Trouble::Odd,
        },
        _ => Reading::Found(thing),
    }
}

#[cfg(test)]
mod tests {
    use super::super::reply::Answer;
    use super::*;

    fn answer(status: u16, body: &str) -> Reply {
        Reply::Answered(Answer { status, body: body.as_bytes().to_vec(), ..Answer::default() })
    }

    fn id() -> WalletId {
        "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap()
    }

    fn record(value: &str) -> Reading<WalletRecord> {
        let body = format!(r#"{{"Value":{value},"IsSuccess":true,"IsFailure":false}}"#);
        read_record(id(), &answer(200, &body))
    }

    #[test]
    fn the_documented_answers_are_read() {
        // Goal: the samples of the API page are understood. Method: the files, each field.
        let body = include_str!("../../samples/wire/wallet.json");
        let expected = WalletRecord {
            name: Some("Wilson".into()),
            alias: Some("8203287943".into()),
            currency: Some("TRY".into()),
            is_frozen: false,
            frozen_until: None,
            is_deleted: false,
        };
        assert_eq!(read_record(id(), &answer(200, body)), Reading::Found(expected));
        let body = include_str!("../../samples/wire/balances.json");
        let Reading::Found(balances) = read_balances(id(), &answer(200, body)) else {
            panic!("balances are read")
        };
        assert_eq!(balances.available, Decimal::new(97_500, 2));
        assert_eq!(balances.gifts, Decimal::ZERO);
        assert_eq!(balances.breaks(), Vec::<String>::new());
    }

    #[test]
    fn a_record_is_read_in_every_form_that_may_come() {
        // Goal: one odd field spoils no record. Method: forms of `FrozenUntil`, nulls, numbers for texts.
        let until = |text: &str| {
            let Reading::Found(record) = record(&format!(r#"{{"FrozenUntil":{text}}}"#)) else {
                panic!("{text}")
            };
            record.frozen_until.map(|at| at.to_rfc3339())
        };
        for never in ["null", "\"0001-01-01T00:00:00\"", "\"0001-01-01\"", "\"\"", "\"soon\"", "7"]
        {
            assert_eq!(until(never), None, "{never}");
        }
        let expected = Some("2027-05-31T00:00:00+00:00".to_owned());
        for form in
            ["\"2027-05-31T00:00:00\"", "\"2027-05-31T03:00:00.000+03:00\"", "\"2027-05-31\""]
        {
            assert_eq!(until(form), expected, "{form}");
        }
        let odd = r#"{"Id":null,"Name":null,"Alias":8203287943,"IsFrozen":null,"IsDeleted":true}"#;
        let Reading::Found(odd) = record(odd) else { panic!("it is read") };
        assert_eq!((odd.name, odd.alias.as_deref()), (None, Some("8203287943")));
        assert!(!odd.is_frozen && odd.is_deleted);
    }

    #[test]
    fn each_formula_is_checked_exactly() {
        // Goal: a break is told, and nothing else. Method: numbers and texts; one figure off by a kuruş each.
        let broken = |wallet: &str, gifts: &str, blocked: &str, total: &str, available: &str| {
            let value = format!(
                r#"{{"WalletBalance":{wallet},"TotalGiftBalance":{gifts},"BlockedBalance":{blocked},
                    "TotalBalance":{total},"AvailableBalance":{available}}}"#
            );
            let body = format!(r#"{{"Value":{value},"IsSuccess":true,"IsFailure":false}}"#);
            let Reading::Found(balances) = read_balances(id(), &answer(200, &body)) else {
                panic!("{value}")
            };
            balances.breaks()
        };
        assert!(broken("0.10", "\"0.20\"", "0", "0.3", "0.300").is_empty());
        assert!(broken("900", "100.00", "50", "1000", "950.00").is_empty());
        let total = broken("900", "100", "0", "1000.01", "1000.01");
        assert_eq!(total, ["the total 1000.01 is not wallet 900 + gifts 100"]);
        let available = broken("900", "100", "50", "1000", "1000");
        assert_eq!(available, ["available 1000 is not total 1000 - blocked 50"]);
        assert_eq!(broken("1", "1", "1", "3", "3").len(), 2);
    }

    #[test]
    fn what_is_no_answer_to_the_question_is_told_apart() {
        // Goal: people hear why, and bad keys are never taken for a missing wallet. Method: a table.
        let word = |status, body: &str| match read_record(id(), &answer(status, body)) {
            Reading::Found(_) => "found".to_owned(),
            Reading::Absent => "absent".to_owned(),
            Reading::Refused { status, message } => format!("{status} {message}"),
            Reading::Obstructed(obstacle) => format!("{obstacle:?}"),
            Reading::Unreadable { trouble, .. } => format!("{trouble:?}"),
        };
        let no = r#"{"Errors":["no such wallet"],"IsSuccess":false,"IsFailure":true}"#;
        let other = r#"{"Value":{"Id":"11111111-2222-5333-8444-555555555555"},"IsSuccess":true,"IsFailure":false}"#;
        for (status, body, expected) in [
            (404, no, "404 no such wallet"),
            (200, no, "200 no such wallet"),
            (404, "<html>", "Odd"),
            (401, no, "CredentialsRejected { why: \"no such wallet\" }"),
            (403, "", "CredentialsRejected { why: \"HTTP 403 without a reason\" }"),
            (429, "", "Throttled { wait: None }"),
            (500, no, "ServerError"),
            (503, "", "Overloaded"),
            (302, "", "Redirected"),
            (200, other, "Odd"),
            (200, r#"{"Value":null,"IsSuccess":true,"IsFailure":false}"#, "absent"),
            (200, r#"{"Value":[],"IsSuccess":true,"IsFailure":false}"#, "Odd"),
        ] {
            assert_eq!(word(status, body), expected, "{status} {body}");
        }
    }
}
