//! What a row asks for.

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::{Expiry, GiftKey, Money, WalletId, fold_text};

/// What is given to whom: all that the provider is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GiftContent {
    /// The wallet that receives it.
    pub wallet: WalletId,
    /// How much; greater than zero.
    pub amount: Money,
    /// Until when it can be spent.
    pub expiry: Expiry,
    /// What the customer reads; in the form of [`normalise_description`].
    pub description: String,
}

/// One gift to be given: its content under the key by which it is known for ever.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Gift {
    /// Unique in the ledger; sent as `ExternalReference`.
    pub key: GiftKey,
    /// What is given.
    pub content: GiftContent,
}

impl Gift {
    /// The same gift with its tag in the description, so that a list can tell it from its twins.
    #[must_use]
    pub fn tagged(mut self) -> Gift {
        let text = format!("{} {}", self.content.description, self.key.tag());
        self.content.description = normalise_description(&text);
        self
    }

    /// Whether its description carries its tag.
    pub fn is_tagged(&self) -> bool {
        self.key.is_tag_of(&self.content.description)
    }

    /// What it has in common with its twins, whether it carries a tag or not.
    pub fn twin(&self) -> Twin {
        let description = &self.content.description;
        match description.strip_suffix(&self.key.tag()) {
            None => self.content.twin(),
            Some(text) => {
                let description = text.trim_end().to_owned();
                GiftContent { description, ..self.content.clone() }.twin()
            }
        }
    }
}

/// What gifts have in common that no list of the provider can tell apart.
///
/// Two gifts of one twin are never open at the same time, so that no doubt about one can claim the
/// answer of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Twin(pub [u8; 16]);

/// Trims, brings line breaks to `\n` and letters to Unicode's composed form (NFC): servers and
/// spreadsheets write `ş` in one code point or two, and mean the same.
pub fn normalise_description(text: &str) -> String {
    if text.contains('\r') {
        return normalise_description(&text.replace("\r\n", "\n").replace('\r', "\n"));
    }
    match text.is_ascii() {
        true => text.trim().to_owned(),
        false => text.trim().nfc().collect(),
    }
}

impl GiftContent {
    /// Whether a person sees no difference: texts as they are seen, expiries in whole seconds.
    pub fn looks_like(&self, other: &GiftContent) -> bool {
        let texts = [self, other].map(|content| fold_text(&content.description));
        (self.wallet, self.amount, self.second()) == (other.wallet, other.amount, other.second())
            && texts[0] == texts[1]
    }

    /// The second in which it expires; the largest number: never.
    pub fn second(&self) -> i64 {
        self.expiry.as_ms().map_or(i64::MAX, |ms| ms.div_euclid(1_000))
    }

    /// The twin of this content. Expiries count in whole seconds, since a server may drop fractions.
    pub fn twin(&self) -> Twin {
        let mut hash = Sha256::new();
        hash.update(self.wallet.0.as_bytes());
        hash.update(self.amount.minor().to_be_bytes());
        hash.update(self.second().to_be_bytes());
        hash.update(self.description.as_bytes());
        let digest = hash.finalize();
        let mut twin = [0; 16];
        twin.copy_from_slice(&digest[..16]);
        Twin(twin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> GiftContent {
        GiftContent {
            wallet: "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap(),
            amount: Money::from_minor(5_000),
            expiry: Expiry::from_ms(Some(1_900_000_000_250)),
            description: "KUPON100".to_owned(),
        }
    }

    #[test]
    fn twins_are_what_a_list_cannot_tell_apart() {
        // Goal: each part of the content counts, fractions of a second do not. Method: change one
        // part at a time.
        let one = content();
        let fraction =
            GiftContent { expiry: Expiry::from_ms(Some(1_900_000_000_999)), ..content() };
        assert_eq!(one.twin(), fraction.twin());
        assert!(one.looks_like(&fraction));
        let others = [
            GiftContent { amount: Money::from_minor(5_001), ..content() },
            GiftContent { expiry: Expiry::Never, ..content() },
            GiftContent { description: "KUPON101".to_owned(), ..content() },
            GiftContent {
                wallet: "30bac1c0-ad6b-4c50-a52e-1b34f9b487a8".parse().unwrap(),
                ..content()
            },
        ];
        for other in others {
            assert_ne!(one.twin(), other.twin(), "{other:?}");
            assert!(!one.looks_like(&other) && !other.looks_like(&one), "{other:?}");
        }
        let unseen = GiftContent { description: " KUPON100\u{ad}".to_owned(), ..content() };
        assert!(one.looks_like(&unseen) && one.twin() != unseen.twin());
    }

    #[test]
    fn a_tag_tells_a_gift_from_its_twin() {
        // Goal: a tagged description is one gift's alone, and the customer's text comes first. Method:
        // tag a gift with a text and one without.
        let key = GiftKey(uuid::Uuid::from_u128(0x7f3a_9c21 << 96));
        let gift = Gift { key, content: content() };
        assert!(!gift.is_tagged());
        assert_eq!(gift.twin(), gift.content.twin());
        let tagged = gift.clone().tagged();
        assert_eq!(tagged.content.description, "KUPON100 #7f3a9c21");
        assert_eq!(tagged.twin(), gift.twin());
        assert!(tagged.is_tagged());
        assert!(!Gift { key: GiftKey(uuid::Uuid::nil()), ..tagged }.is_tagged());
        let bare = Gift { key, content: GiftContent { description: String::new(), ..content() } };
        assert_eq!(bare.tagged().content.description, "#7f3a9c21");
    }

    #[test]
    fn descriptions_have_one_form() {
        // Goal: looks the same, is the same. Method: composed and decomposed ş, and outer space.
        assert_eq!(normalise_description("  s\u{327}eker "), "\u{15f}eker");
    }
}
