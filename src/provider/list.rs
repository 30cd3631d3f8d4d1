//! A wallet's gift list: whether it was answered whole, and which entries of it can be read.
//!
//! **Invariant:** what a list lacks counts only where it was answered whole and every entry could be read: what
//! is missing from a list that we half understand proves nothing.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::classify::{Obstacle, Trouble, Verdict, blocked, lost, refusal, throttled, unknown};
use super::credit::Credit;
use super::envelope::{Envelope, Says, clean};
use super::reply::{Loss, Reply};
use super::wire::{WireGift, WireText};
use crate::domain::{GiftId, WalletId};

/// So many entries that cannot be read are named; of the rest it is said how many they are.
const NAMED: usize = 20;

/// What one look at a wallet's list brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListReading {
    /// The whole list.
    Whole(Vec<Credit>),
    /// A list of which some entries cannot be read. It proves the gifts that it shows, and the absence of none.
    Partial {
        /// The entries that can be read.
        credits: Vec<Credit>,
        /// The others: the id of each, or its place where it has none, and what of it cannot be read.
        unreadable: Vec<String>,
    },
    /// The API says, in its own envelope, that it has no list for this wallet.
    NoList,
    /// The server did not look.
    Obstructed(Obstacle),
    /// Something came, but not a list.
    Unreadable {
        /// What came.
        why: String,
        /// What it says about the server.
        trouble: Trouble,
    },
}

impl ListReading {
    /// All that the wallet has, where that was told.
    pub fn into_credits(self) -> Option<Vec<Credit>> {
        match self {
            ListReading::Whole(credits) => Some(credits),
            ListReading::NoList => Some(Vec::new()),
            ListReading::Partial { .. }
            | ListReading::Obstructed(_)
            | ListReading::Unreadable { .. } => None,
        }
    }

    fn odd(why: &str) -> ListReading {
        ListReading::Unreadable { why: why.to_owned(), trouble: Trouble::Odd }
    }

    fn from_verdict(verdict: Verdict) -> ListReading {
        match verdict {
            Verdict::NotProcessed(obstacle) => ListReading::Obstructed(obstacle),
            Verdict::Unknown { why, trouble } => ListReading::Unreadable { why, trouble },
            Verdict::Accepted { .. } | Verdict::Declined(_) => {
                ListReading::odd("an answer to another question")
            }
        }
    }
}

/// Says what the reply to a GET of the list of `wallet` shows.
pub fn read_list(wallet: WalletId, reply: &Reply) -> ListReading {
    // The API answers, with more than anybody reads: what it does not show may be there.
    if let Reply::Lost { loss: Loss::TooLarge, why } = reply {
        return ListReading::Partial { credits: Vec::new(), unreadable: vec![why.clone()] };
    }
    read(reply, |envelope| {
        let mut list = List::of(wallet);
        match envelope.value.map(|value| list.read(value)) {
            Some(Ok(())) => list.reading(),
            _ => ListReading::odd("a success without a readable list"),
        }
    })
}

/// Says what the reply to a GET of one gift of `wallet` shows: a list of that gift, or no list.
pub fn read_gift(wallet: WalletId, id: GiftId, reply: &Reply) -> ListReading {
    read(reply, |envelope| {
        let mut list = List::of(wallet);
        match envelope.value {
            Some(value) => list.take(value),
            None => return ListReading::odd("a success without a readable gift"),
        }
        match list.reading() {
            ListReading::Whole(credits) if credits.iter().any(|credit| credit.id != id) => {
                ListReading::odd("another gift than was asked for")
            }
            // Nothing of one gift can be read in part.
            ListReading::Partial { unreadable, .. } => ListReading::odd(&unreadable.join("; ")),
            reading => reading,
        }
    })
}

fn read(reply: &Reply, success: impl Fn(&Envelope<'_>) -> ListReading) -> ListReading {
    let answer = match reply {
        Reply::Answered(answer) => answer,
        Reply::NeverSent { barrier, why } => {
            return ListReading::Obstructed(Obstacle::never_sent(*barrier, why));
        }
        Reply::Lost { loss, why } => return ListReading::from_verdict(lost(*loss, why)),
    };
    let envelope = answer.envelope();
    match (answer.status, envelope.as_ref().map(|envelope| (envelope, envelope.says()))) {
        (200..=299, Some((envelope, Says::Done))) => success(envelope),
        // Any other failure may be a passing one: it says nothing about the wallet.
        (404 | 410, Some((_, Says::Failed))) => ListReading::NoList,
        (403, Some((envelope, Says::Failed))) => {
            ListReading::Obstructed(Obstacle::Forbidden(refusal(403, Some(envelope))))
        }
        (429, _) => ListReading::from_verdict(throttled(answer)),
        (status @ 403, _) if answer.is_page() => ListReading::from_verdict(blocked(status)),
        (status @ (401 | 403), _) => {
            ListReading::Obstructed(Obstacle::CredentialsRejected { why: format!("HTTP {status}") })
        }
        (status, _) => ListReading::from_verdict(unknown(status)),
    }
}

/// A list while it is read, entry by entry.
struct List {
    wallet: WalletId,
    credits: Vec<Credit>,
    /// Where each gift stands in `credits`; none where its entries contradict each other.
    places: HashMap<GiftId, Option<usize>>,
    unreadable: Vec<String>,
    count: usize,
}

impl List {
    fn of(wallet: WalletId) -> List {
        List {
            wallet,
            credits: Vec::new(),
            places: HashMap::new(),
            unreadable: Vec::new(),
            count: 0,
        }
    }

    /// Reads all entries; an error where there is no list.
    fn read(&mut self, list: &RawValue) -> serde_json::Result<()> {
        serde_json::Deserializer::from_str(list.get()).deserialize_seq(self)
    }

    fn take(&mut self, entry: &RawValue) {
        self.count += 1;
        let credit = match serde_json::from_str::<WireGift>(entry.get()) {
            Ok(gift) if gift.is_of_another(self.wallet) => Err("of another wallet".to_owned()),
            Ok(gift) => Credit::read(gift),
            Err(error) => Err(in_short(&error)),
        };
        match credit {
            Ok(credit) => self.keep(credit),
            Err(why) => {
                let name = name(entry).unwrap_or_else(|| format!("entry {}", self.count));
                self.unreadable.push(format!("{name}: {why}"));
            }
        }
    }

    /// A gift that stands there twice is one gift, where both entries say the same.
    fn keep(&mut self, credit: Credit) {
        match self.places.entry(credit.id) {
            Entry::Vacant(place) => {
                place.insert(Some(self.credits.len()));
                self.credits.push(credit);
            }
            Entry::Occupied(mut place) => {
                if place.get().is_some_and(|place| self.credits[place] != credit) {
                    place.insert(None);
                    self.unreadable.push(format!("{}: two entries that differ", credit.id));
                }
            }
        }
    }

    fn reading(mut self) -> ListReading {
        if self.unreadable.is_empty() {
            return ListReading::Whole(self.credits);
        }
        let rest = self.unreadable.len().saturating_sub(NAMED);
        self.unreadable.truncate(NAMED);
        if rest > 0 {
            self.unreadable.push(format!("{rest} more"));
        }
        let places = self.places;
        let mut credits = self.credits;
        credits.retain(|credit| places.get(&credit.id).is_some_and(Option::is_some));
        ListReading::Partial { credits, unreadable: self.unreadable }
    }
}

impl<'de> Visitor<'de> for &mut List {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of gifts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(entry) = entries.next_element::<&RawValue>()? {
            self.take(entry);
        }
        Ok(())
    }
}

/// The id that an entry gives itself, whatever else it holds.
fn name(entry: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Named {
        #[serde(default)]
        id: WireText,
    }
    let named: Named = serde_json::from_str(entry.get()).ok()?;
    named.id.0.map(|id| clean(&id).chars().take(40).collect())
}

/// What is wrong, without the place in a text that nobody sees.
fn in_short(error: &serde_json::Error) -> String {
    let words = error.to_string();
    clean(words.split(" at line ").next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::reply::Answer;
    use super::*;

    const WALLET: &str = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7";
    const GIFT: &str = "6a623f97-c376-44ea-8995-09dfacd0ddcf";

    fn read(status: u16, body: &str) -> ListReading {
        let answer = Answer { status, body: body.as_bytes().to_vec(), ..Answer::default() };
        read_list(WALLET.parse().unwrap(), &Reply::Answered(answer))
    }

    /// A success with that value.
    fn success(value: &str) -> String {
        format!(r#"{{"Value":{value},"Errors":[],"IsSuccess":true,"IsFailure":false}}"#)
    }

    /// How many entries of a list could be read, and what is said of the others.
    fn partial(list: &str) -> (usize, Vec<String>) {
        match read(200, &success(list)) {
            ListReading::Partial { credits, unreadable } => (credits.len(), unreadable),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_gift_that_was_asked_for_is_that_gift() {
        // Goal: another gift than the one that was asked for is no answer. Method: a gift under its own id
        // and under another; then the API's word that it has none.
        let id = "6a623f97-c376-44ea-8995-09dfacd0ddcf";
        let read = |asked: &str, status, body: &str| {
            let answer = Answer { status, body: body.as_bytes().to_vec(), ..Answer::default() };
            read_gift(WALLET.parse().unwrap(), asked.parse().unwrap(), &Reply::Answered(answer))
        };
        let body = format!(
            r#"{{"Value":{{"Id":"{id}","Amount":1}},"Errors":[],"IsSuccess":true,"IsFailure":false}}"#
        );
        let ListReading::Whole(credits) = read(id, 200, &body) else {
            panic!("it is the gift that was asked for");
        };
        assert_eq!(credits.iter().map(|credit| credit.id.to_string()).collect::<Vec<_>>(), [id]);
        let other = read(WALLET, 200, &body);
        assert!(
            matches!(other, ListReading::Unreadable { trouble: Trouble::Odd, .. }),
            "{other:?}"
        );
        let none = r#"{"Errors":["no such gift"],"IsSuccess":false,"IsFailure":true}"#;
        assert_eq!(read(id, 404, none), ListReading::NoList);
    }

    #[test]
    fn only_a_whole_list_is_a_list() {
        // Goal: absence is never read out of half an answer. Method: what may come instead.
        let list = success;
        assert_eq!(read(200, &list("[]")), ListReading::Whole(vec![]));
        let entry = |reference: &str| {
            let ListReading::Whole(credits) = read(
                200,
                &list(&format!(
                    r#"[{{"Id":"6a623f97-c376-44ea-8995-09dfacd0ddcf","Amount":1,"ExternalReference":{reference}}}]"#
                )),
            ) else {
                panic!("a list");
            };
            credits[0].reference
        };
        for nothing in ["null", "\"\"", "\"none\"", "\"00000000-0000-0000-0000-000000000000\""] {
            assert_eq!(entry(nothing), None, "{nothing}");
        }
        assert!(entry("\"6a623f97-c376-44ea-8995-09dfacd0ddcf\"").is_some());
        let unreadable =
            |status, body: &str| matches!(read(status, body), ListReading::Unreadable { .. });
        assert!(unreadable(200, &list("null")));
        assert!(unreadable(
            200,
            &list(r#"{"Id":"6a623f97-c376-44ea-8995-09dfacd0ddcf","Amount":1}"#)
        ));
        assert!(unreadable(200, &list("[]")[..20]));
        assert!(unreadable(200, "<html>"));
        assert!(unreadable(500, ""));
        assert!(unreadable(404, "<html>no such page</html>"));
        let failed = r#"{"Errors":["no such wallet"],"IsSuccess":false,"IsFailure":true}"#;
        assert_eq!(read(404, failed), ListReading::NoList);
        assert!(unreadable(200, failed), "a passing failure is no empty list");
        assert!(unreadable(422, failed));
        let forbidden = read(403, failed);
        assert!(matches!(forbidden, ListReading::Obstructed(Obstacle::Forbidden(_))));
        assert!(unreadable(403, "<html>a firewall's page</html>"));
        let keys = read(403, "no");
        assert!(matches!(keys, ListReading::Obstructed(Obstacle::CredentialsRejected { .. })));
    }

    #[test]
    fn an_entry_that_cannot_be_read_is_named_and_hides_no_other() {
        // Goal: one odd entry costs no more than itself, and a person can look for it. Method: a good entry beside
        // each kind of an odd one.
        let good = format!(r#"{{"Id":"{GIFT}","Amount":1}}"#);
        let id = "11111111-2222-5333-8444-555555555555";
        for (odd, told) in [
            (r#"{"Id":"x","Amount":1}"#, "x: its id is no GUID"),
            (r#"{"Amount":1}"#, "entry 2: missing field `Id`"),
            ("7", "entry 2: invalid type: integer `7`, expected a gift"),
            ("null", "entry 2: invalid type: null, expected a gift"),
            (&format!(r#"{{"Id":"{id}"}}"#), &format!("{id}: no amount")),
            (&format!(r#"{{"Id":"{id}","Amount":-1}}"#), &format!("{id}: an amount of -1")),
            (&format!(r#"{{"Id":"{id}","Amount":"0.00"}}"#), &format!("{id}: an amount of 0.00")),
            (&format!(r#"{{"Id":"{id}","Amount":1e99}}"#), &format!("{id}: not an exact decimal")),
            (
                &format!(r#"{{"Id":"{id}","Amount":1,"RemainingAmount":-0.01}}"#),
                &format!("{id}: a remaining amount of -0.01"),
            ),
            (
                &format!(r#"{{"Id":"{id}","Amount":1,"ExpirationDate":"soon"}}"#),
                &format!("{id}: its expiry is no date"),
            ),
            (
                &format!(r#"{{"Id":"{id}","Amount":1,"IsUsed":"perhaps"}}"#),
                &format!(r#"{id}: invalid type: string "perhaps", expected a boolean"#),
            ),
        ] {
            let (read, unreadable) = partial(&format!("[{good},{odd}]"));
            assert_eq!((read, unreadable), (1, vec![told.to_owned()]), "{odd}");
        }
    }

    #[test]
    fn of_many_that_cannot_be_read_some_are_named() {
        // Goal: no answer fills a ledger or a screen. Method: 23 odd entries, one of them with a long id.
        let long = format!(r#"{{"Id":"{}","Amount":1}}"#, "x".repeat(5_000));
        let (read, unreadable) = partial(&format!("[{long}{}]", ",7".repeat(22)));
        assert_eq!((read, unreadable.len()), (0, 21));
        assert!(unreadable[0].starts_with("xxxx") && unreadable[0].len() < 80, "{}", unreadable[0]);
        assert_eq!(unreadable[20], "3 more");
    }

    #[test]
    fn a_gift_that_stands_there_twice_is_one_gift() {
        // Goal: no gift is counted twice, and a contradiction proves nothing. Method: the same entry twice, in other
        // words, and with another amount; a third time as well.
        let entry = |amount: &str| format!(r#"{{"Id":"{GIFT}","Amount":{amount}}}"#);
        let twice = format!("[{},{}]", entry("1"), entry("\"1.00\""));
        assert!(
            matches!(read(200, &success(&twice)), ListReading::Whole(credits) if credits.len() == 1)
        );
        let differ = format!("[{},{},{}]", entry("1"), entry("2"), entry("1"));
        assert_eq!(partial(&differ), (0, vec![format!("{GIFT}: two entries that differ")]));
    }

    #[test]
    fn what_is_anothers_is_no_candidate_and_no_proof() {
        // Goal: what belongs to another wallet is not taken for ours, and its list is not called whole. Method: one such
        // entry beside one of our own.
        let own = format!(r#"{{"Id":"{GIFT}","Amount":1,"WalletId":"{}"}}"#, WALLET.to_uppercase());
        assert!(matches!(read(200, &success(&format!("[{own}]"))), ListReading::Whole(_)));
        let other = format!(r#"{{"Id":"{WALLET}","Amount":1,"WalletId":"{GIFT}"}}"#);
        let all = partial(&format!("[{own},{other}]"));
        assert_eq!(all, (1, vec![format!("{WALLET}: of another wallet")]));
    }

    #[test]
    fn a_list_larger_than_anybody_reads_proves_nothing() {
        // Goal: who answers with too much is not silent, and what is not read may be there. Method: such a reply.
        let reply = Reply::Lost { loss: Loss::TooLarge, why: "too large".into() };
        let wallet = WALLET.parse().unwrap();
        let reading = read_list(wallet, &reply);
        let unreadable = vec!["too large".to_owned()];
        assert_eq!(reading, ListReading::Partial { credits: Vec::new(), unreadable });
        let one = read_gift(wallet, GIFT.parse().unwrap(), &reply);
        assert!(matches!(one, ListReading::Unreadable { .. }));
    }

    #[test]
    fn a_wallet_with_a_hundred_thousand_gifts_is_read() {
        // Goal: no wallet is too rich. Method: so many entries as the API writes them, one of which is odd.
        let entry = |number: u32| {
            format!(
                r#"{{"Id":"{}","WalletId":"{WALLET}","Amount":1000.00,"RemainingAmount":1000.00,"ExpirationDate":"2026-04-29T02:00:34.426Z","IsUnlimited":false,"Description":"KUPON100","IsUsed":false,"CreatedAt":"2025-04-30T11:11:07.516534Z"}}"#,
                uuid::Uuid::from_u128(u128::from(number) + 1)
            )
        };
        let all: Vec<String> = (0..100_000).map(entry).collect();
        let list = format!("[{},7]", all.join(","));
        let (read, unreadable) = partial(&list);
        assert_eq!((read, unreadable.len()), (100_000, 1));
    }
}
