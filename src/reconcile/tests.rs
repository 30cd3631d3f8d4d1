//! Whatever a provider says, nothing that reads it, judges by it or words it panics.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::balance::Check;
use super::used::uses;
use super::words::difference;
use super::{Since, audit};
use crate::domain::{Expiry, Gift, GiftId, GiftState, Money, WalletId};
use crate::ledger::{KnownGift, Lists};
use crate::provider::{
    Answer, Balances, Credit, ListReading, Reading, Reply, Verdict, classify, read_gift, read_list,
};
use crate::settle::{
    AbsenceProof, GiftBalance, InDoubt, Look, OpenDoubt, Policy, Skew, Sums, recall, settle,
};

const AMOUNTS: &[&str] = &[
    "5",
    "5.00",
    "\"5\"",
    "5e0",
    "50e-1",
    "0",
    "-5",
    "-0",
    "\"-0.01\"",
    "1e28",
    "7.9e28",
    "1e29",
    "1e-28",
    "1e99999",
    "79228162514264337593543950335",
    "\"79228162514264337593543950335\"",
    "-79228162514264337593543950335",
    "79228162514264337593543950336",
    "0.0000000000000000000000000001",
    "7.9228162514264337593543950335",
    "92233720368547758.07",
    "92233720368547758.08",
    "\"many\"",
    "\"\"",
    "null",
    "[]",
];

const TIMES: &[&str] = &[
    "null",
    "\"2030-03-17T17:46:40Z\"",
    "\"2030-03-17T17:46:40.4260000Z\"",
    "\"2030-03-17T20:46:40+03:00\"",
    "\"2030-03-17\"",
    "\"0001-01-01T00:00:00\"",
    "\"0001-01-01T00:00:00+14:00\"",
    "\"0000-01-01\"",
    "\"0002-01-01\"",
    "\"0002-01-01T00:00:00Z\"",
    "\"1969-12-31T23:59:59.999Z\"",
    "\"1970-01-01T00:00:00Z\"",
    "\"3030-03-17T17:46:40Z\"",
    "\"9998-12-31\"",
    "\"9998-12-31T23:59:59.999Z\"",
    "\"9999-12-31T23:59:59.9999999\"",
    "\"9999-12-31T23:59:59.9999999-14:00\"",
    "\"+262142-12-31\"",
    "\"-262143-01-01\"",
    "\"+262142-12-31T23:59:59\"",
    "\"-262143-01-01T00:00:00\"",
    "\"+262143-01-01\"",
    "\"+99999999999-01-01\"",
    "\"2030-06-30T23:59:60Z\"",
    "\"2030-02-30\"",
    "\"2030-03-17T24:00:00Z\"",
    "\"soon\"",
    "\"\"",
    "7",
];

const TEXTS: &[&str] = &["\"KUPON\"", "\"\"", "null", "7", "\"\\u0000\\ud83d\\ude00\"", "{}"];

const FLAGS: &[&str] = &["true", "false", "null", "\"perhaps\""];

fn wallet() -> WalletId {
    WalletId(Uuid::from_u128(1))
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_000, 0).unwrap()
}

/// An entry of a list, each field of which is odd now and then.
fn entry() -> impl Strategy<Value = String> {
    let id = prop_oneof![
        8 => (100..112_u128).prop_map(|id| format!("\"{}\"", Uuid::from_u128(id))),
        1 => select(TEXTS).prop_map(str::to_owned),
    ];
    let reference = prop_oneof![
        3 => Just("null".to_owned()),
        2 => (1..8_u128).prop_map(|key| format!("\"{}\"", Uuid::from_u128(key))),
    ];
    // What is looked at must be readable in all else.
    let mostly = |usual: &'static str, all: &'static [&'static str]| prop_oneof![8 => Just(usual), 1 => select(all)];
    let amount = mostly(AMOUNTS[0], AMOUNTS);
    let text = mostly(TEXTS[0], TEXTS);
    let (rest, used, unlimited) =
        (mostly("5", AMOUNTS), mostly("false", FLAGS), mostly("false", FLAGS));
    let fields = (id, amount, rest, (select(TIMES), select(TIMES)), text, reference);
    (fields, used, unlimited).prop_map(|(fields, used, unlimited)| {
        let (id, amount, rest, (expires, made), text, reference) = fields;
        format!(
            r#"{{"Id":{id},"WalletId":"{}","Amount":{amount},"RemainingAmount":{rest},
            "ExpirationDate":{expires},"IsUnlimited":{unlimited},"Description":{text},"IsUsed":{used},
            "CreatedAt":{made},"ExternalReference":{reference}}}"#,
            wallet()
        )
    })
}

/// A gift of ours.
fn known() -> impl Strategy<Value = KnownGift> {
    let expiry = prop_oneof![
        Just(Expiry::Never),
        Just(Expiry::at(now())),
        Just(Expiry::At(DateTime::<Utc>::MAX_UTC)),
        Just(Expiry::at("9999-12-31T20:59:59Z".parse().unwrap())),
    ];
    let minor = select(&[500, 1, i64::MAX][..]);
    (1..8_i64, select(&GiftState::ALL[..]), expiry, minor, 100..112_u128).prop_map(
        |(row, state, expiry, minor, id)| {
            let mut gift = KnownGift::sample(row, state);
            gift.content.expiry = expiry;
            gift.content.amount = Money::from_minor(minor);
            gift.content.wallet = wallet();
            let was_given = matches!(state, GiftState::Issued | GiftState::Revoked);
            gift.gift_id = was_given.then(|| GiftId(Uuid::from_u128(id)));
            gift.issued_at = was_given.then(now);
            gift.first_sent_at = Some(now());
            gift
        },
    )
}

fn reply(value: &str) -> Reply {
    let body = format!(r#"{{"Value":{value},"Errors":[],"IsSuccess":true,"IsFailure":false}}"#);
    Reply::Answered(Answer::new(200, body.into_bytes()))
}

/// A decimal as an answer may hold it.
fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text.trim_matches('"')).ok()
}

fn judge(known: &[KnownGift], look: &Look, skew: Skew, lists: Lists) {
    let is_open = |gift: &&KnownGift| gift.state == GiftState::InDoubt;
    let doubts: Vec<OpenDoubt> =
        known.iter().filter(is_open).map(|gift| OpenDoubt::of(gift, now())).collect();
    let unsent = (0..known.len()).filter(|place| known[*place].state.is_sendable());
    let unsent: Vec<usize> = unsent.collect();
    for proof in [AbsenceProof::Balance, AbsenceProof::Lists] {
        let window = TimeDelta::seconds(1);
        let policy = Policy { window, max_attempts: 5, in_doubt: InDoubt::Settle, proof };
        settle(&doubts, known, look, skew, &policy, lists);
        recall(known, &unsent, look, now(), skew, lists, proof);
    }
    let _ = look.whole(lists, skew);
}

fn compare(known: &[KnownGift], credits: &[Credit], skew: Skew, balance: Decimal) {
    let since = Since { first_attempt: Some(skew.baseline(now())) };
    audit(1, known, credits, &HashSet::new(), since);
    uses(1, known, credits, now());
    Sums::of(credits, (now(), now()));
    let none = Decimal::ZERO;
    let (wallet_balance, total) = (balance, balance);
    let balances = Balances {
        wallet: wallet_balance,
        gifts: balance,
        blocked: balance,
        total,
        available: none,
    };
    balances.breaks();
    let check = Check::of(wallet(), credits, now());
    let _ = check.balanced(&Reading::Found(balances), false);
    for credit in credits {
        known.iter().for_each(|gift| drop(difference(credit, &gift.content)));
    }
}

proptest! {
    #[test]
    fn no_answer_panics(
        entries in proptest::collection::vec(entry(), 0..12),
        known in proptest::collection::vec(known(), 0..9),
        balance in select(AMOUNTS),
        skew_ms in proptest::collection::vec(any::<i64>(), 0..5),
        cut in proptest::option::weighted(0.1, 0..400_usize),
    ) {
        // Goal: no answer panics, wherever it is read, judged or put into words. Method: lists of entries with odd
        // values beside any gifts of ours; the first entry as one gift, and as the answer to a create.
        let mut list = format!("[{}]", entries.join(","));
        cut.into_iter().for_each(|at| list.truncate(at));
        let (credits, unreadable) = match read_list(wallet(), &reply(&list)) {
            ListReading::Whole(credits) => (credits, Vec::new()),
            ListReading::Partial { credits, unreadable } => (credits, unreadable),
            _ => Default::default(),
        };
        let mut skew = Skew::default();
        skew_ms.into_iter().for_each(|ms| skew.saw_ms(Some(ms)));
        let balance = decimal(balance).unwrap_or(Decimal::MAX);
        compare(&known, &credits, skew, balance);
        if let (Some(entry), Some(gift)) = (entries.first(), known.first()) {
            let _ = read_gift(wallet(), GiftId(Uuid::from_u128(100)), &reply(entry));
            let gift = Gift { key: gift.key, content: gift.content.clone() };
            if let Verdict::Accepted { made_at: Some(made_at), .. } = classify(&gift, &reply(entry)) {
                skew.saw_made(made_at, now());
            }
        }
        let later = now() + TimeDelta::minutes(1);
        let mut look = Look::new(later, later, credits);
        look.unreadable = unreadable;
        look.gift_balance = GiftBalance::Told(balance);
        look.elsewhere = HashSet::from([GiftId(Uuid::from_u128(101))]);
        for lists in [Lists::default(), Lists { show_gifts: true, ..Lists::default() }] {
            judge(&known, &look, skew, lists);
        }
    }
}
