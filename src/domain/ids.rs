//! Names of things: wallets and gifts by GUID, campaigns by a name that people choose.
//!
//! **Invariant:** an id that enters an URL's path is a GUID, so that no cell of a file and no
//! answer of a server can reach another endpoint.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use super::{fold_text, is_invisible};

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

/// The name under which a campaign is loaded, issued and reported, in Unicode's composed form (NFC): keyboards
/// write `ş` in one code point or two, and mean the same campaign.
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
    /// Something that nobody sees: another name would look the same.
    #[error(
        "character {place} of the campaign's name cannot be told by looking (U+{:04X}): write the name without it",
        u32::from(*char)
    )]
    Unseen {
        /// Where it stands, counted from 1.
        place: usize,
        /// What it is.
        char: char,
    },
}

impl CampaignName {
    /// Characters that a name may have.
    pub const MAX_CHARS: usize = 100;

    /// The name of a campaign that a ledger has, to the letter: its keys are made of it.
    pub fn as_stored(name: &str) -> CampaignName {
        CampaignName(name.to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a person sees this name in that text.
    pub fn looks_like(&self, other: &str) -> bool {
        fold_text(&self.0) == fold_text(other)
    }

    /// Whether it is this series that is meant by a name: nobody has two that differ in capital letters alone, and each
    /// would give.
    pub fn is_series(&self, other: &str) -> bool {
        fold_case(&self.0) == fold_case(other)
    }

    /// Passes where it may be the name of a new campaign: nothing in it is invisible, and its spaces are the
    /// usual ones. Names from before this rule are still known.
    pub fn check_new(&self) -> Result<(), NameError> {
        let is_unseen = |char: char| is_invisible(char) || (char.is_whitespace() && char != ' ');
        match self.0.chars().enumerate().find(|(_, char)| is_unseen(*char)) {
            Some((before, char)) => Err(NameError::Unseen { place: before + 1, char }),
            None => Ok(()),
        }
    }
}

/// A name as one reads it aloud. An i is an i with a dot or without: which of the two a capital letter is, only its
/// language says.
fn fold_case(name: &str) -> String {
    let folded = fold_text(name).to_lowercase();
    folded
        .chars()
        .filter(|char| *char != '\u{307}')
        .map(|char| if char == 'ı' { 'i' } else { char })
        .collect()
}

impl FromStr for CampaignName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<CampaignName, NameError> {
        let name: String = text.nfc().collect();
        if name.trim().is_empty() {
            Err(NameError::Empty)
        } else if name.chars().count() > CampaignName::MAX_CHARS {
            Err(NameError::TooLong)
        } else if name.trim() != name || name.chars().any(char::is_control) {
            Err(NameError::Unclean)
        } else {
            Ok(CampaignName(name))
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
        let name = |text: &str| text.parse::<CampaignName>().unwrap();
        assert_eq!(name("S\u{327}eker"), name("Şeker"));
        assert_eq!(name(&"s\u{327}".repeat(100)), name(&"ş".repeat(100)));
        assert_eq!(name("Şeker 2").check_new(), Ok(()));
        for (text, place, char) in [
            ("Ş\u{200b}eker", 2, '\u{200b}'),
            ("\u{202e}Şeker", 1, '\u{202e}'),
            ("Şeker\u{a0}2", 6, '\u{a0}'),
            ("Şeker\u{feff}", 6, '\u{feff}'),
        ] {
            let unseen = name(text).check_new();
            assert_eq!(unseen, Err(NameError::Unseen { place, char }), "{text:?}");
            assert!(
                unseen.unwrap_err().to_string().contains(&format!("U+{:04X}", u32::from(char)))
            );
            assert_eq!(name(text).looks_like("S\u{327}eker"), !text.contains('2'));
        }
        assert!(!name("Şeker").looks_like("Seker"));
        assert_eq!(CampaignName::as_stored("S\u{327}eker").as_str(), "S\u{327}eker");
    }
}
