//! Names of things: wallets and gifts by GUID, campaigns by a name that people choose.
//!
//! **Invariant:** an id that enters an URL's path is a GUID, so that no cell of a file and no
//! answer of a server can reach another endpoint.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Why text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a GUID (32 hexadecimal digits as 8-4-4-4-12)")]
pub struct IdError;

/// Reads a GUID as `8-4-4-4-12`, in any case, with or without braces; the nil GUID is none.
pub fn parse_guid(text: &str) -> Result<Uuid, IdError> {
    let bare = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    // `Uuid::try_parse` also takes 32 bare digits and URNs, which no system of ours writes.
    if bare.len() != 36 {
        return Err(IdError);
    }
    let id = Uuid::try_parse(bare).map_err(|_| IdError)?;
    if id.is_nil() { Err(IdError) } else { Ok(id) }
}

macro_rules! guid {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<$name, IdError> {
                parse_guid(text).map($name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(out)
            }
        }
    };
}

guid! {
    /// A customer's wallet at the provider.
    WalletId
}

guid! {
    /// A gift at the provider: what `Value.Id` of a create answer says. Belongs to one gift of the
    /// whole ledger, for ever.
    GiftId
}

/// The name under which a campaign is loaded, issued and reported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CampaignName(String);

/// Why text is no campaign's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing but space.
    #[error("a campaign's name cannot be empty")]
    Empty,
    /// Longer than [`CampaignName::MAX_CHARS`].
    #[error("a campaign's name has at most {} characters", CampaignName::MAX_CHARS)]
    TooLong,
    /// A control character, or space at an end: two names that look the same would differ.
    #[error("a campaign's name has no control characters and no space at its ends")]
    Unclean,
}

impl CampaignName {
    /// Characters that a name may have.
    pub const MAX_CHARS: usize = 100;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CampaignName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<CampaignName, NameError> {
        if text.trim().is_empty() {
            Err(NameError::Empty)
        } else if text.chars().count() > CampaignName::MAX_CHARS {
            Err(NameError::TooLong)
        } else if text.trim() != text || text.chars().any(char::is_control) {
            Err(NameError::Unclean)
        } else {
            Ok(CampaignName(text.to_owned()))
        }
    }
}

impl fmt::Display for CampaignName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_are_canonical_whatever_their_dress() {
        // Goal: one wallet has one spelling inside. Method: case and braces.
        let plain: WalletId = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap();
        for dressed in
            ["30BAC1C0-AD6B-4C50-A52E-1B34F9B487A7", "{30bac1c0-ad6b-4c50-a52e-1b34f9b487a7}"]
        {
            assert_eq!(dressed.parse(), Ok(plain));
        }
        assert_eq!(plain.to_string(), "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7");
    }

    #[test]
    fn what_is_no_guid_is_no_id() {
        // Goal: nothing else reaches a path. Method: near misses.
        for text in [
            "",
            "9,05E+11",
            "30bac1c0ad6b4c50a52e1b34f9b487a7",
            "30bac1c0-ad6b-4c50-a52e-1b34f9b487a",
            "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7/../x",
            "{30bac1c0-ad6b-4c50-a52e-1b34f9b487a7",
            "00000000-0000-0000-0000-000000000000",
            "urn:uuid:30bac1c0-ad6b-4c50-a52e-1b34f9b487a7",
        ] {
            assert_eq!(text.parse::<WalletId>(), Err(IdError), "{text:?}");
        }
    }

    #[test]
    fn campaign_names_are_what_they_look_like() {
        // Goal: no two names that read the same. Method: one good name, each fault once.
        assert!("Mayıs kuponu 2027".parse::<CampaignName>().is_ok());
        assert_eq!("  ".parse::<CampaignName>(), Err(NameError::Empty));
        assert_eq!("may ".parse::<CampaignName>(), Err(NameError::Unclean));
        assert_eq!("m\u{7}y".parse::<CampaignName>(), Err(NameError::Unclean));
        assert_eq!("x".repeat(101).parse::<CampaignName>(), Err(NameError::TooLong));
    }
}
