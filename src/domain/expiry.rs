//! When a gift stops being worth anything.
//!
//! **Invariant:** an expiry holds whole milliseconds, so that it is the same in a file, in the
//! ledger and on the wire.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

/// An instant, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expiry {
    /// The last instant at which the gift can be spent, UTC, in whole milliseconds.
    At(DateTime<Utc>),
    /// The gift never expires: `ExpirationDate` is null and `IsUnlimited` true (API page).
    Never,
}

impl Expiry {
    /// An expiry at an instant; digits finer than a millisecond are cut off.
    pub fn at(instant: DateTime<Utc>) -> Expiry {
        Expiry::from_ms(Some(instant.timestamp_millis()))
    }

    /// Milliseconds since 1970 UTC, or nothing for never: the ledger's form.
    pub fn as_ms(self) -> Option<i64> {
        match self {
            Expiry::At(instant) => Some(instant.timestamp_millis()),
            Expiry::Never => None,
        }
    }

    /// Back from the ledger's form. An instant beyond what a calendar can show is the last one.
    pub fn from_ms(ms: Option<i64>) -> Expiry {
        match ms {
            Some(ms) => {
                Expiry::At(DateTime::from_timestamp_millis(ms).unwrap_or(DateTime::<Utc>::MAX_UTC))
            }
            None => Expiry::Never,
        }
    }

    /// Whether nothing could be spent any more at `now`.
    pub fn has_passed(self, now: DateTime<Utc>) -> bool {
        matches!(self, Expiry::At(instant) if instant <= now)
    }
}

/// RFC 3339 in UTC, with milliseconds only where there are any; or `never`.
impl fmt::Display for Expiry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expiry::At(instant) => {
                out.write_str(&instant.to_rfc3339_opts(SecondsFormat::AutoSi, true))
            }
            Expiry::Never => out.write_str("never"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Expiry {
        Expiry::at(text.parse().unwrap())
    }

    #[test]
    fn it_shows_what_it_holds() {
        // Goal: a short, exact text. Method: with and without a fraction, and never.
        assert_eq!(at("2027-04-29T02:00:34.426Z").to_string(), "2027-04-29T02:00:34.426Z");
        assert_eq!(at("2027-04-29T05:00:34+03:00").to_string(), "2027-04-29T02:00:34Z");
        assert_eq!(Expiry::Never.to_string(), "never");
    }

    #[test]
    fn it_has_passed_at_its_own_instant() {
        // Goal: the edge falls on the safe side. Method: the instant itself and one before.
        let expiry = at("2027-04-29T02:00:34Z");
        assert!(expiry.has_passed("2027-04-29T02:00:34Z".parse().unwrap()));
        assert!(!expiry.has_passed("2027-04-29T02:00:33.999Z".parse().unwrap()));
        assert!(!Expiry::Never.has_passed(DateTime::<Utc>::MAX_UTC));
    }
}
