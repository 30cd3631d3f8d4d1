//! The forms in which gifts, amounts and instants cross the wire, as the API page shows them.
//!
//! **Invariant:** an amount keeps its own digits both ways: it is raw JSON text here and exact
//! money or an exact decimal on our side, and never passes through a float.

use std::fmt::Display;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::exact;
use crate::domain::{Expiry, Gift, GiftId, GiftKey, Money, WalletId};

/// The body of a create.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireCreate<'g> {
    #[serde(serialize_with = "shown")]
    wallet_id: WalletId,
    amount: Box<RawValue>,
    expiration_date: Option<String>,
    description: &'g str,
    #[serde(serialize_with = "shown")]
    external_reference: GiftKey,
}

/// As people see it.
fn shown<T: Display, S: Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(value)
}

/// The JSON of a create: the amount as a plain number, the expiry as a full UTC instant.
pub(super) fn create_body(gift: &Gift) -> String {
    let content = &gift.content;
    let body = WireCreate {
        wallet_id: content.wallet,
        amount: plain_number(content.amount),
        expiration_date: match content.expiry {
            Expiry::At(instant) => Some(instant.to_rfc3339_opts(SecondsFormat::Millis, true)),
            Expiry::Never => None,
        },
        description: &content.description,
        external_reference: gift.key,
    };
    serde_json::to_string(&body).expect("text and numbers always become JSON")
}

/// The JSON of a delete: the id of one gift.
pub(super) fn delete_body(id: GiftId) -> String {
    format!(r#"{{"Id":"{id}"}}"#)
}

fn plain_number(amount: Money) -> Box<RawValue> {
    RawValue::from_string(amount.to_string()).expect("an amount's digits are a JSON number")
}

/// A gift as an answer shows it. What is not needed to know it is optional.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "a gift")]
pub(super) struct WireGift {
    pub(super) id: String,
    #[serde(default)]
    pub(super) wallet_id: Option<String>,
    #[serde(default)]
    pub(super) amount: Option<WireDecimal>,
    #[serde(default)]
    pub(super) remaining_amount: Option<WireDecimal>,
    #[serde(default)]
    pub(super) expiration_date: Option<String>,
    #[serde(default)]
    pub(super) is_unlimited: Option<bool>,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) is_used: Option<bool>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) external_reference: Option<String>,
}

impl WireGift {
    /// Whether it names another wallet than this one.
    pub(super) fn is_of_another(&self, wallet: WalletId) -> bool {
        self.wallet_id.as_deref().is_some_and(|text| text.parse() != Ok(wallet))
    }
}

/// An exact decimal that may come as a number or as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WireDecimal(pub(super) Decimal);

impl<'de> Deserialize<'de> for WireDecimal {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<WireDecimal, D::Error> {
        // RawValue reads only from JSON text: amounts are never routed through `Value`.
        let raw = <&RawValue>::deserialize(source)?;
        let text = raw.get().trim_matches('"');
        exact::read(text).map(WireDecimal).ok_or_else(|| D::Error::custom("not an exact decimal"))
    }
}

/// A text that may come as a number, or as nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct WireText(pub(super) Option<String>);

impl<'de> Deserialize<'de> for WireText {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<WireText, D::Error> {
        let raw = <&RawValue>::deserialize(source)?;
        let text = match raw.get() {
            "null" => None,
            text if text.starts_with('"') => serde_json::from_str(text).ok(),
            text if text.starts_with(['{', '[']) => None,
            text => Some(text.to_owned()),
        };
        Ok(WireText(text))
    }
}

/// An instant as an answer may write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WireInstant {
    /// With a time.
    At(DateTime<Utc>),
    /// A bare date: its zone is unknown.
    Day(NaiveDate),
    /// One that no clock can show: it stands for none.
    Nothing,
}

/// Whether no clock can show this day: the platform's least and greatest instants lie in the years 1 and
/// 9999, and it writes them where it means none. So every instant that is read is far from the calendar's ends.
pub(super) fn is_beyond_clocks(day: NaiveDate) -> bool {
    !(2..9999).contains(&day.year())
}

/// Reads any fraction length, `Z`, an offset, or no zone (read as UTC), and bare dates.
pub(super) fn read_instant(text: &str) -> Option<WireInstant> {
    let text = text.trim();
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(if is_beyond_clocks(day) {
            WireInstant::Nothing
        } else {
            WireInstant::Day(day)
        });
    }
    let zoned = DateTime::parse_from_rfc3339(text).map(|instant| instant.to_utc());
    let instant = zoned.or_else(|_| {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|naive| naive.and_utc())
    });
    Some(match instant.ok()? {
        instant if is_beyond_clocks(instant.date_naive()) => WireInstant::Nothing,
        instant => WireInstant::At(instant),
    })
}

/// Reads when something was made: a bare date is too little to tell, and a clock that was never set shows 1970.
pub(super) fn read_made_at(text: &str) -> Option<DateTime<Utc>> {
    match read_instant(text)? {
        WireInstant::At(instant) if instant.year() > 1970 => Some(instant),
        WireInstant::At(_) | WireInstant::Day(_) | WireInstant::Nothing => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{GiftContent, GiftKey};

    fn gift(minor: i64, expiry: Expiry) -> Gift {
        Gift {
            key: GiftKey("6a623f97-c376-44ea-8995-09dfacd0ddcf".parse().unwrap()),
            content: GiftContent {
                wallet: "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap(),
                amount: Money::from_minor(minor),
                expiry,
                description: "KUPON \"100\" şeker".to_owned(),
            },
        }
    }

    #[test]
    fn a_create_is_written_as_documented() {
        // Goal: the exact bytes that leave us. Method: the whole body of two gifts.
        let expiry = Expiry::at("2027-04-29T02:00:34.426Z".parse().unwrap());
        assert_eq!(
            create_body(&gift(100_010, expiry)),
            concat!(
                r#"{"WalletId":"30bac1c0-ad6b-4c50-a52e-1b34f9b487a7","Amount":1000.10,"#,
                r#""ExpirationDate":"2027-04-29T02:00:34.426Z","Description":"KUPON \"100\" şeker","#,
                r#""ExternalReference":"6a623f97-c376-44ea-8995-09dfacd0ddcf"}"#
            )
        );
        assert!(
            create_body(&gift(5, Expiry::Never))
                .contains(r#""Amount":0.05,"ExpirationDate":null,"#)
        );
    }

    #[test]
    fn decimals_come_as_numbers_or_text_and_stay_exact() {
        // Goal: no digit passes through a float. Method: forms that may come.
        let read =
            |json: &str| serde_json::from_str::<WireDecimal>(json).map(|one| one.0.to_string());
        assert_eq!(read("1000").unwrap(), "1000");
        assert_eq!(read("1000.10").unwrap(), "1000.10");
        assert_eq!(read("\"1000.10\"").unwrap(), "1000.10");
        assert_eq!(read("1e3").unwrap(), "1000");
        assert_eq!(read("1406349.5").unwrap(), "1406349.5");
        assert_eq!(read("7.0317475E6").unwrap(), "7031747.5");
        assert_eq!(read("-125E-2").unwrap(), "-1.25");
        for unread in ["\"many\"", "{}", "\"1_000\"", "\"+1\"", "\".5\"", "\"\"", "1e99", "1e-99"] {
            assert!(read(unread).is_err(), "{unread}");
        }
        // More digits than a decimal holds: not there, rather than rounded.
        let long = "1.23456789012345678901234567890123";
        assert!(read(long).is_err() && read(&format!("{long}e0")).is_err());
    }

    #[test]
    fn instants_are_read_in_every_form_that_may_come() {
        // Goal: one instant, however it is written. Method: the forms of the API page.
        let at = |text: &str| WireInstant::At(text.parse().unwrap());
        for text in [
            "2026-04-29T02:00:34.426Z",
            "2026-04-29T02:00:34.4260000Z",
            "2026-04-29T05:00:34.426+03:00",
            "2026-04-29T02:00:34.426",
        ] {
            assert_eq!(read_instant(text), Some(at("2026-04-29T02:00:34.426Z")), "{text}");
        }
        assert_eq!(read_instant("2026-04-29T02:00:34"), Some(at("2026-04-29T02:00:34Z")));
        let day = NaiveDate::from_ymd_opt(2026, 4, 29).unwrap();
        assert_eq!(read_instant("2026-04-29"), Some(WireInstant::Day(day)));
        assert_eq!(read_instant("soon"), None);
    }
}
