//! A gift as the provider shows it, and whether it is a gift that we know.

use std::fmt;
use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::wire::{WireGift, WireInstant, is_beyond_clocks, read_instant, read_made_at};
use crate::domain::{Expiry, GiftContent, GiftId, GiftKey, normalise_description, parse_guid};

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
    /// Whether some of it was spent, as far as the entry says.
    pub is_used: bool,
    /// Whether it says that at all, or what is left.
    pub says_use: bool,
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

impl Credit {
    /// Reads an entry; else says what of it cannot be read.
    pub(super) fn read(gift: WireGift) -> Result<Credit, String> {
        let id = parse_guid(&gift.id).map_err(|_| "its id is no GUID")?;
        let amount = gift.amount.ok_or("no amount")?.0;
        if amount <= Decimal::ZERO {
            return Err(format!("an amount of {amount}"));
        }
        let remaining = gift.remaining_amount.map(|remaining| remaining.0);
        if let Some(remaining) = remaining.filter(|remaining| *remaining < Decimal::ZERO) {
            return Err(format!("a remaining amount of {remaining}"));
        }
        let expiry = match gift.expiration_date.as_deref() {
            Some(_) if gift.is_unlimited == Some(true) => SeenExpiry::Exact(Expiry::Never),
            Some(text) => SeenExpiry::read(text).ok_or("its expiry is no date")?,
            None => SeenExpiry::Exact(Expiry::Never),
        };
        Ok(Credit {
            id: GiftId(id),
            amount,
            remaining,
            expiry,
            description: normalise_description(&gift.description.unwrap_or_default()),
            created_at: gift.created_at.as_deref().and_then(read_made_at),
            reference: gift.external_reference.and_then(|text| parse_guid(&text).ok()),
            is_used: gift.is_used.unwrap_or(false) || remaining.is_some_and(|left| left < amount),
            says_use: gift.is_used.is_some() || remaining.is_some(),
        })
    }

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
    fn read(text: &str) -> Option<SeenExpiry> {
        Some(match read_instant(text)? {
            WireInstant::At(instant) => SeenExpiry::Exact(Expiry::at(instant)),
            WireInstant::Day(day) => SeenExpiry::Day(day),
            WireInstant::Nothing => SeenExpiry::Exact(Expiry::Never),
        })
    }

    fn closeness(self, expected: Expiry) -> Option<Closeness> {
        if !self.moments().contains(&moment(expected)) {
            return None;
        }
        Some(match self {
            SeenExpiry::Exact(seen) => Closeness(moment(seen).abs_diff(moment(expected))),
            SeenExpiry::Day(_) => DAY_CLOSENESS,
        })
    }

    /// The [`moment`]s of all expiries of ours that it may stand for.
    pub fn moments(self) -> RangeInclusive<i64> {
        match self {
            // A server may drop fractions of a second.
            SeenExpiry::Exact(seen) => match moment(seen) {
                NEVER => NEVER..=NEVER,
                at => at.saturating_sub(999)..=at.saturating_add(999),
            },
            SeenExpiry::Day(day) => {
                // Zones reach from UTC-12 to UTC+14.
                let start = day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
                start - 14 * HOUR_MS..=start + 36 * HOUR_MS - 1
            }
        }
    }
}

const HOUR_MS: i64 = 60 * 60 * 1_000;

/// The moment of what never expires: later than any other.
const NEVER: i64 = i64::MAX;

/// An expiry as a number, so that many can be put in order. One that no clock can show is never, since a provider may
/// write it back so.
pub fn moment(expiry: Expiry) -> i64 {
    match expiry {
        Expiry::At(instant) if !is_beyond_clocks(instant.date_naive()) => {
            instant.timestamp_millis()
        }
        Expiry::At(_) | Expiry::Never => NEVER,
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::WireGift;
    use super::*;
    use crate::domain::Money;

    const WALLET: &str = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7";

    /// An entry of a list, as JSON.
    fn read(entry: &str) -> Result<Credit, String> {
        Credit::read(serde_json::from_str::<WireGift>(entry).unwrap())
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
        let body = include_str!("../../samples/wire/gifts_by_wallet.json");
        let (entry, _) = body.strip_prefix(r#"{"Value":["#).unwrap().split_once(']').unwrap();
        read(entry).unwrap()
    }

    #[test]
    fn the_documented_entry_is_read() {
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
    fn a_gift_is_used_where_the_list_says_so_or_less_is_left() {
        // Goal: used gifts are known by either sign. Method: the signs, together and alone.
        let credit = |rest: &str| {
            let id = "6a623f97-c376-44ea-8995-09dfacd0ddcf";
            read(&format!(r#"{{"Id":"{id}","Amount":10{rest}}}"#)).unwrap()
        };
        let is_used = |rest: &str| credit(rest).is_used;
        assert!(!is_used("") && !credit("").says_use);
        assert!(!credit(r#","RemainingAmount":null,"IsUsed":null"#).says_use);
        assert!(credit(r#","IsUsed":false"#).says_use);
        assert!(credit(r#","RemainingAmount":10"#).says_use);
        assert!(!is_used(r#","RemainingAmount":10"#));
        assert!(!is_used(r#","RemainingAmount":10,"IsUsed":false"#));
        assert!(is_used(r#","RemainingAmount":9.99,"IsUsed":false"#));
        assert!(is_used(r#","RemainingAmount":10,"IsUsed":true"#));
        assert!(is_used(r#","IsUsed":true"#));
    }

    #[test]
    fn what_no_clock_can_show_means_nothing() {
        // Goal: the least and the greatest instants stand for none, on both sides. Method: an entry with each form
        // of both, its expiry and its time of making; then with days about them, and a gift of ours until then.
        let with = |date: &str| {
            let id = "6a623f97-c376-44ea-8995-09dfacd0ddcf";
            let rest = format!(r#""ExpirationDate":"{date}","CreatedAt":"{date}""#);
            read(&format!(r#"{{"Id":"{id}","Amount":1000,"Description":"KUPON100",{rest}}}"#))
                .unwrap()
        };
        for none in [
            "0001-01-01T00:00:00",
            "0001-01-01T00:00:00+03:00",
            "0001-12-31",
            "9999-12-31T23:59:59.9999999",
            "9999-12-31T23:59:59-03:00",
            "9999-01-01",
            "+262142-12-31",
            "-262143-01-01",
            "+262142-12-31T23:59:59",
            "0000-01-01",
        ] {
            let entry = with(none);
            let seen = (entry.expiry, entry.created_at);
            assert_eq!(seen, (SeenExpiry::Exact(Expiry::Never), None), "{none}");
            for ours in ["9999-12-31T20:59:59Z", "9999-01-01T00:00:00Z"] {
                assert_eq!(entry.fits(&content(ours)), Some(Closeness(0)), "{none} {ours}");
            }
            assert_eq!(entry.fits(&content("9998-12-31T23:59:59Z")), None);
        }
        let instant = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let least = with("0002-01-01T00:00:00");
        assert_eq!(least.expiry, SeenExpiry::Exact(Expiry::at(instant("0002-01-01T00:00:00Z"))));
        assert_eq!(least.created_at, None, "before there were clocks to set");
        assert_eq!(with("1970-01-01T00:00:00Z").created_at, None);
        let young = "1971-01-01T00:00:00Z";
        assert_eq!(with(young).created_at, Some(instant(young)));
        assert_eq!(with("2026-04-29").created_at, None, "a bare date is too little");
    }

    #[test]
    fn an_unlimited_gift_never_expires() {
        // Goal: `IsUnlimited` decides. Method: with a date, without, and with a word that is none.
        let expiry = |rest: &str| {
            let id = "6a623f97-c376-44ea-8995-09dfacd0ddcf";
            read(&format!(r#"{{"Id":"{id}","Amount":1{rest}}}"#)).map(|credit| credit.expiry)
        };
        let never = Ok(SeenExpiry::Exact(Expiry::Never));
        assert_eq!(expiry(""), never);
        assert_eq!(expiry(r#","ExpirationDate":null,"IsUnlimited":false"#), never);
        assert_eq!(expiry(r#","ExpirationDate":"2027-01-01","IsUnlimited":true"#), never);
        // What programs write where they have no date.
        for date in ["0001-01-01T00:00:00", "0001-01-01", "9999-12-31T23:59:59.9999999Z", ""] {
            let rest = format!(r#","ExpirationDate":"{date}","IsUnlimited":true"#);
            assert_eq!(expiry(&rest), never, "{date}");
        }
        let day = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap();
        let limited = r#","ExpirationDate":"2027-01-01","IsUnlimited":false"#;
        assert_eq!(expiry(limited), Ok(SeenExpiry::Day(day)));
        assert_eq!(expiry(r#","ExpirationDate":"soon""#), Err("its expiry is no date".into()));
    }

    #[test]
    fn a_day_at_the_calendars_ends_is_compared_as_any_other() {
        // Goal: no answer panics. Method: the first and the last day there is, held against the first and the last
        // instant.
        for day in [NaiveDate::MIN, NaiveDate::MAX] {
            for instant in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
                let content =
                    GiftContent { expiry: Expiry::At(instant), ..content("2026-04-29T02:00:34Z") };
                let seen = Credit { expiry: SeenExpiry::Day(day), ..documented() };
                assert_eq!(seen.fits(&content), None);
            }
        }
    }
}
