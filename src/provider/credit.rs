//! A wallet's gift list, and whether an entry of it is a gift that we know.
//!
//! **Invariant:** a list counts only where it was answered whole and every entry could be read: what
//! is missing from a list that we half understand proves nothing.

use std::fmt;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::classify::{Obstacle, Trouble, Verdict, lost, refusal, throttled, unknown};
use super::envelope::{Envelope, Says};
use super::reply::Reply;
use super::wire::{WireGift, WireInstant, read_instant};
use crate::domain::{
    Expiry, GiftContent, GiftId, GiftKey, WalletId, normalise_description, parse_guid,
};

/// A gift as the provider's list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// The provider's id.
    pub id: GiftId,
    /// How much was given.
    pub amount: Decimal,
    /// How much of it is left, where the list says so.
    pub remaining: Option<Decimal>,
    /// Until when it can be spent.
    pub expiry: SeenExpiry,
    /// The description in its normal form.
    pub description: String,
    /// When the server says that it was made, by the server's clock.
    pub created_at: Option<DateTime<Utc>>,
    /// The reference that was sent with it, where the server echoes one. What is no GUID, or the nil
    /// GUID, is the server's way of saying that it keeps none.
    pub reference: Option<Uuid>,
    /// Whether some of it was spent.
    pub is_used: bool,
}

/// An expiry as a list shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenExpiry {
    /// An instant, or never.
    Exact(Expiry),
    /// A bare date, whose zone is unknown (API page).
    Day(NaiveDate),
}

/// How well an entry fits: milliseconds between the expiries. The less, the closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closeness(pub u64);

/// A bare date may stand for any instant of that day in any zone: this is the closeness of all.
const DAY_CLOSENESS: Closeness = Closeness(1_000);

/// What one look at a wallet's list brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListReading {
    /// The whole list.
    Whole(Vec<Credit>),
    /// A list with entries that cannot be read.
    Partial {
        /// Those that can.
        credits: Vec<Credit>,
        /// The others, in words.
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

impl Credit {
    /// Whether this may be the gift with that content, and how closely.
    ///
    /// Amounts as decimals, expiries less than a second apart (a server may drop fractions),
    /// descriptions in their normal form.
    pub fn fits(&self, content: &GiftContent) -> Option<Closeness> {
        (self.amount == content.amount.to_decimal() && self.description == content.description)
            .then(|| self.expiry.closeness(content.expiry))
            .flatten()
    }

    /// Whether it gives the same amount until the same time, whatever is written on it.
    pub fn gives_as_much(&self, content: &GiftContent) -> bool {
        self.amount == content.amount.to_decimal() && self.expires_with(content)
    }

    /// Whether it can be spent until the same time, as far as a list tells it.
    pub fn expires_with(&self, content: &GiftContent) -> bool {
        self.expiry.closeness(content.expiry).is_some()
    }

    /// Whether the server echoes a reference, and which key it is.
    pub fn echoes(&self, key: GiftKey) -> Option<bool> {
        self.reference.map(|reference| reference == key.0)
    }
}

impl fmt::Display for SeenExpiry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SeenExpiry::Exact(expiry) => expiry.fmt(out),
            SeenExpiry::Day(day) => day.fmt(out),
        }
    }
}

impl SeenExpiry {
    fn closeness(self, expected: Expiry) -> Option<Closeness> {
        match (self, expected) {
            (SeenExpiry::Exact(seen), expected) if seen.is_same_second(expected) => {
                let apart = match (seen.as_ms(), expected.as_ms()) {
                    (Some(seen), Some(expected)) => seen.abs_diff(expected),
                    _ => 0,
                };
                Some(Closeness(apart))
            }
            (SeenExpiry::Day(day), Expiry::At(instant)) => {
                // Zones reach from UTC-12 to UTC+14.
                let start = day.and_hms_opt(0, 0, 0)?.and_utc() - TimeDelta::hours(14);
                let end =
                    (day + Days::new(1)).and_hms_opt(0, 0, 0)?.and_utc() + TimeDelta::hours(12);
                (start <= instant && instant < end).then_some(DAY_CLOSENESS)
            }
            _ => None,
        }
    }
}

/// Says what the reply to a GET of the list of `wallet` shows.
pub fn read_list(wallet: WalletId, reply: &Reply) -> ListReading {
    read(reply, |envelope| entries(wallet, envelope.value()))
}

/// Says what the reply to a GET of one gift of `wallet` shows: a list of that gift, or no list.
pub fn read_gift(wallet: WalletId, id: GiftId, reply: &Reply) -> ListReading {
    read(reply, |envelope| match entries(wallet, envelope.value().map(|gift| vec![gift])) {
        ListReading::Whole(credits) if credits.iter().any(|credit| credit.id != id) => {
            ListReading::odd("another gift than was asked for")
        }
        reading => reading,
    })
}

fn read(reply: &Reply, success: impl Fn(&Envelope<'_>) -> ListReading) -> ListReading {
    let answer = match reply {
        Reply::Answered(answer) => answer,
        Reply::NeverSent { why } => {
            return ListReading::Obstructed(Obstacle::NeverSent { why: why.clone() });
        }
        Reply::Lost { loss, why } => return ListReading::from_verdict(lost(*loss, why)),
    };
    let envelope = Envelope::read(&answer.body);
    match (answer.status, envelope.as_ref().map(|envelope| (envelope, envelope.says()))) {
        (200..=299, Some((envelope, Says::Done))) => success(envelope),
        // Any other failure may be a passing one: it says nothing about the wallet.
        (404 | 410, Some((_, Says::Failed))) => ListReading::NoList,
        (403, Some((envelope, Says::Failed))) => {
            ListReading::Obstructed(Obstacle::Forbidden(refusal(403, Some(envelope))))
        }
        (429, _) => ListReading::from_verdict(throttled(answer)),
        (status @ (401 | 403), _) => {
            ListReading::Obstructed(Obstacle::CredentialsRejected { why: format!("HTTP {status}") })
        }
        (status, _) => ListReading::from_verdict(unknown(status)),
    }
}

impl ListReading {
    /// Why the server did not look, where it did not.
    pub fn obstacle(&self) -> Option<&Obstacle> {
        match self {
            ListReading::Obstructed(obstacle) => Some(obstacle),
            _ => None,
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

fn entries(wallet: WalletId, gifts: Option<Vec<WireGift>>) -> ListReading {
    let Some(gifts) = gifts else {
        return ListReading::odd("a success without a readable list");
    };
    let mut credits = Vec::with_capacity(gifts.len());
    for gift in gifts {
        let other = gift.wallet_id.as_deref().is_some_and(|text| text.parse() != Ok(wallet));
        if other {
            return ListReading::odd("a list that shows another wallet's gifts");
        }
        match credit(gift) {
            Some(credit) => credits.push(credit),
            None => return ListReading::odd("a list with an entry that cannot be read"),
        }
    }
    ListReading::Whole(credits)
}

fn credit(gift: WireGift) -> Option<Credit> {
    let amount = gift.amount?.0;
    let remaining = gift.remaining_amount.map(|remaining| remaining.0);
    let expiry = match gift.expiration_date.as_deref().map(read_instant) {
        None => SeenExpiry::Exact(Expiry::Never),
        Some(Some(WireInstant::At(instant))) => SeenExpiry::Exact(Expiry::at(instant)),
        Some(Some(WireInstant::Day(day))) => SeenExpiry::Day(day),
        Some(None) => return None,
    };
    let created_at = gift.created_at.as_deref().and_then(read_instant).and_then(WireInstant::exact);
    Some(Credit {
        id: GiftId(parse_guid(&gift.id).ok()?),
        amount,
        remaining,
        expiry,
        description: normalise_description(&gift.description.unwrap_or_default()),
        created_at,
        reference: gift.external_reference.and_then(|text| parse_guid(&text).ok()),
        is_used: gift.is_used.unwrap_or(false) || remaining.is_some_and(|left| left < amount),
    })
}

#[cfg(test)]
mod tests {
    use super::super::reply::Answer;
    use super::*;
    use crate::domain::Money;

    const WALLET: &str = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7";

    fn read(status: u16, body: &str) -> ListReading {
        let answer = Answer { status, body: body.as_bytes().to_vec(), ..Answer::default() };
        read_list(WALLET.parse().unwrap(), &Reply::Answered(answer))
    }

    fn content(expiry: &str) -> GiftContent {
        GiftContent {
            wallet: WALLET.parse().unwrap(),
            amount: Money::from_minor(100_000),
            expiry: Expiry::at(expiry.parse().unwrap()),
            description: "KUPON100".to_owned(),
        }
    }

    fn documented() -> Credit {
        let ListReading::Whole(credits) =
            read(200, include_str!("../../samples/wire/gifts_by_wallet.json"))
        else {
            panic!("the documented list is read");
        };
        credits.into_iter().next().unwrap()
    }

    #[test]
    fn the_documented_list_is_read_whole() {
        // Goal: the sample of the API page is understood. Method: the file, each field.
        let credit = documented();
        assert_eq!(credit.id.to_string(), "6a623f97-c376-44ea-8995-09dfacd0ddcf");
        assert_eq!(credit.amount, Decimal::new(1000, 0));
        assert_eq!(credit.created_at, Some("2025-04-30T11:11:07.516534Z".parse().unwrap()));
        assert!(!credit.is_used);
        assert_eq!(credit.fits(&content("2026-04-29T02:00:34.426Z")), Some(Closeness(0)));
    }

    #[test]
    fn an_entry_fits_within_a_second_and_no_further() {
        // Goal: a dropped fraction still fits, another gift does not. Method: one part at a time.
        let credit = documented();
        assert_eq!(credit.fits(&content("2026-04-29T02:00:34Z")), Some(Closeness(426)));
        assert_eq!(credit.fits(&content("2026-04-29T02:00:36Z")), None);
        let amount = GiftContent {
            amount: Money::from_minor(100_001),
            ..content("2026-04-29T02:00:34.426Z")
        };
        assert_eq!(credit.fits(&amount), None);
        let text =
            GiftContent { description: "KUPON".into(), ..content("2026-04-29T02:00:34.426Z") };
        assert_eq!(credit.fits(&text), None);
        let day = SeenExpiry::Day(NaiveDate::from_ymd_opt(2026, 4, 29).unwrap());
        let credit = Credit { expiry: day, ..credit };
        assert!(credit.fits(&content("2026-04-29T20:59:59Z")).is_some());
        assert_eq!(credit.fits(&content("2026-05-01T00:00:00Z")), None);
    }

    #[test]
    fn a_bare_date_is_that_day_anywhere_on_earth() {
        // Goal: no zone is ruled out, and nothing beyond. Method: the edges of the day in the first zone
        // and in the last.
        let credit = Credit {
            expiry: SeenExpiry::Day(NaiveDate::from_ymd_opt(2026, 4, 29).unwrap()),
            ..documented()
        };
        let fits = |expiry: &str| credit.fits(&content(expiry)).is_some();
        assert!(!fits("2026-04-28T09:59:59.999Z"));
        assert!(fits("2026-04-28T10:00:00Z"));
        assert!(fits("2026-04-30T11:59:59.999Z"));
        assert!(!fits("2026-04-30T12:00:00Z"));
        assert_eq!(credit.expiry.to_string(), "2026-04-29");
        let exact = SeenExpiry::Exact(content("2026-04-29T02:00:34Z").expiry);
        assert_eq!(exact.to_string(), "2026-04-29T02:00:34Z");
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
    fn a_gift_is_used_where_the_list_says_so_or_less_is_left() {
        // Goal: used gifts are known by either sign. Method: the signs, together and alone.
        let is_used = |rest: &str| {
            let id = "6a623f97-c376-44ea-8995-09dfacd0ddcf";
            let gift = format!(r#"{{"Id":"{id}","Amount":10{rest}}}"#);
            credit(serde_json::from_str(&gift).unwrap()).unwrap().is_used
        };
        assert!(!is_used(""));
        assert!(!is_used(r#","RemainingAmount":10"#));
        assert!(!is_used(r#","RemainingAmount":10,"IsUsed":false"#));
        assert!(is_used(r#","RemainingAmount":9.99,"IsUsed":false"#));
        assert!(is_used(r#","RemainingAmount":10,"IsUsed":true"#));
        assert!(is_used(r#","IsUsed":true"#));
    }

    #[test]
    fn only_a_whole_list_is_a_list() {
        // Goal: absence is never read out of half an answer. Method: what may come instead.
        let list = |value: &str| {
            format!(r#"{{"Value":{value},"Errors":[],"IsSuccess":true,"IsFailure":false}}"#)
        };
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
        assert!(unreadable(200, &list(r#"[{"Id":"x","Amount":1}]"#)));
        assert!(unreadable(200, &list(r#"[{"Id":"6a623f97-c376-44ea-8995-09dfacd0ddcf"}]"#)));
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
        let keys = read(403, "<html>");
        assert!(matches!(keys, ListReading::Obstructed(Obstacle::CredentialsRejected { .. })));
        let elsewhere = r#"[{"Id":"6a623f97-c376-44ea-8995-09dfacd0ddcf","Amount":1,
            "WalletId":"6a623f97-c376-44ea-8995-09dfacd0ddcf"}]"#;
        assert!(unreadable(200, &list(elsewhere)));
    }
}
