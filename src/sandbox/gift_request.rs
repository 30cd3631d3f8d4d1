//! Reads and checks the body of a create, as a real server would.
//!
//! It is pure: the server's clock comes in as `now`.
//!
//! **Invariant:** a [`GiftRequest`] that exists is valid; whatever is not is a [`Complaint`].

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Timelike, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::amount::parse_minor;
use super::faults::GiftKey;

/// What is wrong with a request: a code and a sentence for the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) code: &'static str,
    pub(super) message: &'static str,
}

/// A valid request for a gift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GiftRequest {
    pub(super) wallet: Uuid,
    pub(super) amount_minor: i64,
    pub(super) expires_at: Option<DateTime<Utc>>,
    pub(super) description: String,
    pub(super) reference: Option<Uuid>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    #[serde(borrow)]
    wallet_id: Cow<'a, str>,
    #[serde(borrow)]
    amount: &'a RawValue,
    #[serde(borrow, default)]
    expiration_date: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    description: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    external_reference: Option<Cow<'a, str>>,
}

const BODY: Complaint = Complaint { code: "InvalidBody", message: "The body cannot be read." };
const WALLET: Complaint = Complaint { code: "InvalidWallet", message: "WalletId is not a GUID." };
const AMOUNT: Complaint = Complaint {
    code: "InvalidAmount",
    message: "Amount must be a number above zero with at most two decimals.",
};
const EXPIRY: Complaint =
    Complaint { code: "InvalidExpiry", message: "ExpirationDate cannot be read." };
const PAST: Complaint = Complaint { code: "PastExpiry", message: "ExpirationDate is in the past." };
const REFERENCE: Complaint =
    Complaint { code: "InvalidReference", message: "ExternalReference is not a GUID." };

impl GiftRequest {
    /// Reads and checks a body.
    pub(super) fn read(body: &[u8], now: DateTime<Utc>) -> Result<Self, Complaint> {
        let body: Body<'_> = serde_json::from_slice(body).map_err(|_| BODY)?;
        let amount_minor = parse_minor(body.amount.get()).filter(|&minor| minor > 0);
        let expires_at = match body.expiration_date.as_deref() {
            Some(text) => Some(parse_instant(text).ok_or(EXPIRY)?),
            None => None,
        };
        if expires_at.is_some_and(|at| at <= now) {
            return Err(PAST);
        }
        let reference = body.external_reference.as_deref().map(parse_guid);
        Ok(Self {
            wallet: parse_guid(&body.wallet_id).ok_or(WALLET)?,
            amount_minor: amount_minor.ok_or(AMOUNT)?,
            expires_at,
            description: body.description.unwrap_or_default().into_owned(),
            reference: reference.map(|guid| guid.ok_or(REFERENCE)).transpose()?,
        })
    }

    /// What faults know the gift by.
    pub(super) fn key(&self) -> GiftKey {
        GiftKey::of(
            self.wallet,
            self.amount_minor,
            self.expires_at.map(|at| at.timestamp_millis()),
            &self.description,
            self.reference,
        )
    }

    /// The request with the fractions of its expiry's second dropped.
    pub(super) fn with_whole_second_expiry(mut self) -> Self {
        self.expires_at = self.expires_at.and_then(|at| at.with_nanosecond(0));
        self
    }
}

/// A GUID in its usual form with hyphens; the other forms that `uuid` reads are not accepted.
pub(super) fn parse_guid(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}

/// A full instant, or one without a zone or a bare date, which are read as UTC.
fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    let full = || DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    let no_zone = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok();
    let bare = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    full().or_else(|| no_zone().or_else(bare).map(|at| at.and_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALLET_ID: &str = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7";

    fn now() -> DateTime<Utc> {
        parse_instant("2026-01-01").unwrap()
    }

    fn read(fields: &str) -> Result<GiftRequest, Complaint> {
        let body = format!(r#"{{"WalletId":"{WALLET_ID}","Description":"K","Amount":{fields}}}"#);
        GiftRequest::read(body.as_bytes(), now())
    }

    /// Goal: the documented sample is read whole. Method: the sample with a reference.
    #[test]
    fn reads_the_sample() {
        let gift = read(&format!(
            r#"1000,"ExpirationDate":"2026-04-29T02:00:34.426Z","ExternalReference":"{WALLET_ID}""#
        ))
        .unwrap();
        assert_eq!(gift.wallet.to_string(), WALLET_ID);
        assert_eq!(gift.amount_minor, 100_000);
        assert_eq!(gift.expires_at, parse_instant("2026-04-29T02:00:34.426Z"));
        assert_eq!(gift.description, "K");
        assert_eq!(gift.reference, Some(gift.wallet));
        let whole = gift.with_whole_second_expiry();
        assert_eq!(whole.expires_at, parse_instant("2026-04-29T02:00:34Z"));
    }

    /// Goal: invalid bodies are refused for the right reason. Method: a table of bodies.
    #[test]
    fn complains_about_what_is_wrong() {
        let table = [
            ("0", AMOUNT),
            ("-1", AMOUNT),
            ("1.001", AMOUNT),
            ("\"5\"", AMOUNT),
            ("5,\"ExpirationDate\":\"2025-12-31T23:59:59Z\"", PAST),
            ("5,\"ExpirationDate\":\"soon\"", EXPIRY),
            ("5,\"ExternalReference\":\"x\"", REFERENCE),
            ("", BODY),
        ];
        for (fields, complaint) in table {
            assert_eq!(read(fields), Err(complaint), "{fields}");
        }
        let body = br#"{"WalletId":"30bac1c0","Amount":1}"#;
        assert_eq!(GiftRequest::read(body, now()), Err(WALLET));
        assert!(read("5,\"ExpirationDate\":null").unwrap().expires_at.is_none());
    }
}
