//! What the look-up of transactions by an external reference shows. Pure.
//!
//! **Invariant:** a transaction speaks of a gift only where it shows the gift's own reference, wallet and
//! amount. The API page has no sample of one in an answer to this question: whatever else it shows is not
//! needed.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::envelope::Envelope;
use super::reply::Reply;
use super::wallet::{Reading, read_value};
use super::wire::{WireDecimal, WireText};
use crate::domain::{GiftId, GiftKey, Money, WalletId, parse_guid};

/// A transaction as the look-up shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// The provider's id of it, as it was written.
    pub id: Option<String>,
    /// The gift that it is about, where it says so.
    pub gift: Option<GiftId>,
    wallet: Option<WalletId>,
    reference: Option<GiftKey>,
    amount: Option<Decimal>,
    gift_amount: Option<Decimal>,
}

impl Transaction {
    /// Whether it speaks of the gift of that key, wallet and amount.
    pub fn speaks_of(&self, key: GiftKey, wallet: WalletId, amount: Money) -> bool {
        let amount = amount.to_decimal();
        let is_amount = |shown: Option<Decimal>| shown.is_some_and(|shown| shown.abs() == amount);
        self.reference == Some(key)
            && self.wallet == Some(wallet)
            && (is_amount(self.amount) || is_amount(self.gift_amount))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireTransaction {
    #[serde(default)]
    id: WireText,
    #[serde(default)]
    wallet_id: WireText,
    #[serde(default)]
    external_reference: WireText,
    #[serde(default)]
    gift_balance_id: WireText,
    #[serde(default)]
    amount: Option<WireDecimal>,
    #[serde(default)]
    gift_amount: Option<WireDecimal>,
}

/// Says what the reply to the look-up shows. A server that does not know the question says no: that is none of
/// its troubles.
pub fn read_transactions(reply: &Reply) -> Reading<Vec<Transaction>> {
    if let Reply::Answered(answer) = reply
        && matches!(answer.status, 404 | 405 | 410 | 501)
    {
        let words = Envelope::read(&answer.body).map(|envelope| envelope.message());
        return Reading::Refused { status: answer.status, message: words.unwrap_or_default() };
    }
    read_value(reply, '[', |wires: Vec<WireTransaction>| {
        Reading::Found(wires.into_iter().map(transaction).collect())
    })
}

fn transaction(wire: WireTransaction) -> Transaction {
    let guid = |text: WireText| text.0.as_deref().and_then(|text| parse_guid(text).ok());
    Transaction {
        gift: guid(wire.gift_balance_id).map(GiftId),
        wallet: wire.wallet_id.0.as_deref().and_then(|text| text.parse().ok()),
        reference: guid(wire.external_reference).map(GiftKey),
        amount: wire.amount.map(|amount| amount.0),
        gift_amount: wire.gift_amount.map(|amount| amount.0),
        id: wire.id.0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::classify::Trouble;
    use super::super::reply::Answer;
    use super::*;

    const WALLET: &str = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7";
    const KEY: &str = "11111111-2222-5333-8444-555555555555";

    fn answer(status: u16, body: &str) -> Reading<Vec<Transaction>> {
        let body = body.as_bytes().to_vec();
        read_transactions(&Reply::Answered(Answer { status, body, ..Answer::default() }))
    }

    fn success(value: &str) -> Reading<Vec<Transaction>> {
        answer(
            200,
            &format!(r#"{{"Value":{value},"Errors":[],"IsSuccess":true,"IsFailure":false}}"#),
        )
    }

    /// Whether an entry speaks of the gift of 50.00.
    fn speaks(entry: &str) -> bool {
        let Reading::Found(found) = success(&format!("[{entry}]")) else { panic!("{entry}") };
        let key = GiftKey(KEY.parse().unwrap());
        found[0].speaks_of(key, WALLET.parse().unwrap(), Money::from_minor(5_000))
    }

    #[test]
    fn only_reference_wallet_and_amount_together_speak_of_a_gift() {
        // Goal: nothing else passes for a gift of ours. Method: an entry in every form that may come, then
        // each of the three left out or another's.
        let entry = |wallet: &str, amount: &str, reference: &str| {
            format!(r#"{{"Id":"7","WalletId":{wallet},{amount},"ExternalReference":{reference}}}"#)
        };
        let (wallet, key) = (format!("\"{}\"", WALLET.to_uppercase()), format!("\"{KEY}\""));
        for amount in ["\"Amount\":50", "\"Amount\":\"50.00\"", "\"Amount\":0,\"GiftAmount\":50.0"]
        {
            assert!(speaks(&entry(&wallet, amount, &key)), "{amount}");
        }
        assert!(speaks(&entry(&wallet, "\"Amount\":-50", &key)));
        let fifty = "\"Amount\":50.00";
        for (wallet, amount, reference) in [
            ("null", fifty, key.as_str()),
            (key.as_str(), fifty, key.as_str()),
            (&wallet, "\"Amount\":null", &key),
            (&wallet, "\"Amount\":50.01", &key),
            (&wallet, fifty, "null"),
            (&wallet, fifty, "\"seamless.hps\""),
            (&wallet, fifty, &wallet),
        ] {
            assert!(!speaks(&entry(wallet, amount, reference)), "{wallet} {amount} {reference}");
        }
        assert!(!speaks("{}"));
    }

    #[test]
    fn a_server_that_does_not_know_the_question_is_not_down() {
        // Goal: silence is told from trouble, and nothing is read into either. Method: a table.
        let word = |reading: Reading<Vec<Transaction>>| match reading {
            Reading::Found(found) => format!("{} found", found.len()),
            Reading::Absent => "absent".to_owned(),
            Reading::Refused { status, .. } => format!("refused {status}"),
            Reading::Obstructed(_) => "obstructed".to_owned(),
            Reading::Unreadable { trouble, .. } => format!("{trouble:?}"),
        };
        let no = r#"{"Errors":["no"],"IsSuccess":false,"IsFailure":true}"#;
        for (status, body, expected) in [
            (404, "<html>", "refused 404"),
            (404, no, "refused 404"),
            (405, "", "refused 405"),
            (501, "", "refused 501"),
            (400, no, "refused 400"),
            (200, no, "refused 200"),
            (429, "", "obstructed"),
            (401, "", "obstructed"),
            (500, "", "ServerError"),
            (200, "<html>", "Odd"),
        ] {
            assert_eq!(word(answer(status, body)), expected, "{status} {body}");
        }
        assert_eq!(word(success("[]")), "0 found");
        assert_eq!(word(success("null")), "absent");
        assert_eq!(word(success("{}")), format!("{:?}", Trouble::Odd));
        assert_eq!(word(success("[7]")), format!("{:?}", Trouble::Odd));
        let lost = Reply::NeverSent { why: "refused".to_owned() };
        assert_eq!(word(read_transactions(&lost)), "obstructed");
    }

    #[test]
    fn the_gift_is_named_where_it_is_shown() {
        // Goal: a person is told where to look. Method: an entry with and without the id of a gift.
        let id = "6a623f97-c376-44ea-8995-09dfacd0ddcf";
        let gift = |entry: &str| match success(&format!("[{entry}]")) {
            Reading::Found(found) => found[0].gift,
            other => panic!("{other:?}"),
        };
        assert_eq!(gift(&format!(r#"{{"GiftBalanceId":"{id}"}}"#)), Some(id.parse().unwrap()));
        assert_eq!(gift(r#"{"GiftBalanceId":null}"#), None);
    }
}
