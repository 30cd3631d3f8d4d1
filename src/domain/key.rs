//! One row, one key: how a row is known again, whatever its file looks like today.
//!
//! **Invariant:** a key depends on what a row means and never on its place, its file's form or the
//! day. So the order of rows, the delimiter, `100` or `100,00` change nothing, and a file that is
//! loaded twice adds nothing.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{CampaignName, GiftContent, IdError, WalletId, fold_reference, fold_text, parse_guid};

/// The namespace of our version 5 UUIDs (RFC 9562, section 5.5); must never change.
const NAMESPACE: Uuid = Uuid::from_u128(0x9b1d_5f0e_53a7_4c1e_8e0b_67e2_0b4a_77c1);

/// So many of a key's digits make its tag.
const TAG_DIGITS: usize = 8;

/// The key of a gift: unique in the ledger, sent as `ExternalReference`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GiftKey(pub Uuid);

/// How the texts of a row enter its key: a campaign keeps the rule of its first load for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRule {
    /// As they were written: campaigns from before texts were folded.
    AsWritten,
    /// As a person sees them.
    AsSeen,
}

impl KeyRule {
    /// The rule of a campaign, by the number that its ledger keeps.
    pub const fn of_number(number: i64) -> KeyRule {
        if number == 1 { KeyRule::AsWritten } else { KeyRule::AsSeen }
    }

    fn text(self, text: &str) -> Cow<'_, str> {
        match self {
            KeyRule::AsWritten => Cow::Borrowed(text),
            KeyRule::AsSeen => fold_text(text),
        }
    }

    fn reference(self, reference: &str) -> Cow<'_, str> {
        match self {
            KeyRule::AsWritten => Cow::Borrowed(reference),
            KeyRule::AsSeen => fold_reference(reference),
        }
    }
}

impl GiftKey {
    /// The key of a row that carries its own reference, unique within its campaign.
    pub fn from_reference(rule: KeyRule, campaign: &CampaignName, reference: &str) -> GiftKey {
        GiftKey::of(&["reference", campaign.as_str(), &rule.reference(reference)])
    }

    /// The key of a row without one. `occurrence` counts identical rows of one file from 1: two
    /// identical rows stay two gifts.
    pub fn from_content(
        rule: KeyRule,
        campaign: &CampaignName,
        content: &GiftContent,
        occurrence: u32,
    ) -> GiftKey {
        GiftKey::of(&[
            "content",
            campaign.as_str(),
            &content.wallet.to_string(),
            &content.amount.to_string(),
            &content.expiry.to_string(),
            &rule.text(&content.description),
            &occurrence.to_string(),
        ])
    }

    /// The key of a birthday's gift: one for a wallet, a series and a year, whatever campaign brings it and
    /// whatever it gives. `year` is that of the birthday, as `2027`.
    pub fn from_birthday(series: &CampaignName, wallet: WalletId, year: &str) -> GiftKey {
        GiftKey::of(&["birthday", series.as_str(), &wallet.to_string(), year])
    }

    /// The key of a mended row that would have the key of the gift whose place it takes: each gift is replaced
    /// once.
    pub fn in_place_of(old: GiftKey) -> GiftKey {
        GiftKey::of(&["in place of", &old.to_string()])
    }

    /// What a description ends with where a campaign tags its gifts: the key's first eight digits,
    /// which no other gift of the wallet shares.
    pub fn tag(&self) -> String {
        let digits = self.0.simple().to_string();
        format!("#{}", &digits[..TAG_DIGITS])
    }

    /// Whether a description ends with the tag of this key.
    pub fn is_tag_of(&self, description: &str) -> bool {
        // Asked of every gift that is given, and few have a tag: it is made only where one could be.
        description.bytes().rev().nth(TAG_DIGITS) == Some(b'#')
            && description.ends_with(&self.tag())
    }

    fn of(parts: &[&str]) -> GiftKey {
        // Each part goes with its length, so that no two lists of parts run into the same bytes.
        let mut name = Vec::with_capacity(160);
        for part in parts {
            name.extend_from_slice(&(part.len() as u64).to_be_bytes());
            name.extend_from_slice(part.as_bytes());
        }
        GiftKey(Uuid::new_v5(&NAMESPACE, &name))
    }
}

impl FromStr for GiftKey {
    type Err = IdError;

    fn from_str(text: &str) -> Result<GiftKey, IdError> {
        parse_guid(text).map(GiftKey)
    }
}

impl fmt::Display for GiftKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(out)
    }
}

/// A digest of many rows that does not depend on their order, and grows row by row.
///
/// It is the sum of the rows' SHA-256 digests, cut to 128 bits. It guards against mistakes (another
/// file, a changed cell), not against somebody who looks for collisions on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowDigest(pub u128);

impl RowDigest {
    /// The digest of these rows and those.
    #[must_use]
    pub fn plus(self, others: RowDigest) -> RowDigest {
        RowDigest(self.0.wrapping_add(others.0))
    }

    /// The digest of these rows and one more, to the letter.
    #[must_use]
    pub fn with(self, label: &[u8], content: &GiftContent) -> RowDigest {
        self.with_text(label, content, &content.description)
    }

    /// The same of a row as a person sees it.
    #[must_use]
    pub fn with_seen(self, content: &GiftContent) -> RowDigest {
        self.with_text(b"", content, &fold_text(&content.description))
    }

    fn with_text(self, label: &[u8], content: &GiftContent, text: &str) -> RowDigest {
        let mut hash = Sha256::new();
        hash.update((label.len() as u64).to_be_bytes());
        hash.update(label);
        hash.update(content.wallet.0.as_bytes());
        hash.update(content.amount.minor().to_be_bytes());
        hash.update(content.expiry.as_ms().unwrap_or(i64::MAX).to_be_bytes());
        hash.update(text.as_bytes());
        let digest = hash.finalize();
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        self.plus(RowDigest(u128::from_be_bytes(half)))
    }
}

#[cfg(test)]
mod tests {
    use super::KeyRule::{AsSeen, AsWritten};
    use super::*;
    use crate::domain::{Expiry, Money};

    fn campaign() -> CampaignName {
        "may-drop".parse().unwrap()
    }

    fn content(minor: i64) -> GiftContent {
        GiftContent {
            wallet: "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap(),
            amount: Money::from_minor(minor),
            expiry: Expiry::Never,
            description: "KUPON100".to_owned(),
        }
    }

    #[test]
    fn keys_are_the_same_for_ever() {
        // Goal: a later version still knows the rows of an old ledger. Method: keys written down
        // when the first ledger was made; changing them would give every gift again.
        for rule in [AsWritten, AsSeen] {
            let content = GiftKey::from_content(rule, &campaign(), &content(10_000), 1);
            assert_eq!(content.to_string(), "81ab6a10-6391-5822-9973-2529b99a2452");
            let reference = GiftKey::from_reference(rule, &campaign(), "TR-1");
            assert_eq!(reference.to_string(), "60b2db58-8263-51ff-bc66-626c55ecb85f");
        }
        let birthday = birthday("birthday", "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7", "2027");
        assert_eq!(birthday.to_string(), "a27f8dcc-787e-5797-9052-6b281663e5f0");
        let replacement = GiftKey::in_place_of(birthday);
        assert_eq!(replacement.to_string(), "5effefe1-55a1-5f5e-a50c-3c773c593130");
    }

    #[test]
    fn keys_tell_rows_apart() {
        // Goal: whatever a row means is in its key. Method: change one part at a time.
        for rule in [AsWritten, AsSeen] {
            let key = GiftKey::from_content(rule, &campaign(), &content(10_000), 1);
            assert_ne!(key, GiftKey::from_content(rule, &campaign(), &content(10_000), 2));
            assert_ne!(key, GiftKey::from_content(rule, &campaign(), &content(10_001), 1));
            let other = "june-drop".parse().unwrap();
            assert_ne!(key, GiftKey::from_content(rule, &other, &content(10_000), 1));
            let text = GiftContent { description: "KUPON 100".to_owned(), ..content(10_000) };
            assert_ne!(key, GiftKey::from_content(rule, &campaign(), &text, 1));
            assert_eq!(key.to_string().parse(), Ok(key));
        }
    }

    #[test]
    fn what_nobody_sees_is_in_no_new_key_and_stays_in_old_ones() {
        // Goal: a row that another program exported is known again, and a campaign from before keeps the
        // keys that it has. Method: a text and a reference in two dresses under both rules, the old keys
        // written down.
        let dressed = GiftContent { description: "KUPON100\u{200b}".to_owned(), ..content(10_000) };
        let plain = content(10_000);
        let key = |rule, content| GiftKey::from_content(rule, &campaign(), content, 1);
        assert_eq!(key(AsSeen, &dressed), key(AsSeen, &plain));
        assert_eq!(key(AsWritten, &dressed).to_string(), "34093603-3f6b-59d7-a01c-1c1b110d5f9f");
        let key = |rule, text| GiftKey::from_reference(rule, &campaign(), text);
        assert_eq!(key(AsSeen, "2409.0"), key(AsSeen, "2409"));
        assert_eq!(key(AsWritten, "2409.0").to_string(), "0e4f5646-fa81-544b-b4ab-6c55035e4688");
        assert_ne!(key(AsWritten, "2409.0"), key(AsWritten, "2409"));
        let digest = |content: &GiftContent| RowDigest::default().with_seen(content);
        assert_eq!(digest(&dressed), digest(&plain));
        assert_eq!(digest(&dressed), RowDigest::default().with(b"", &plain));
        assert_eq!([1, 2].map(KeyRule::of_number), [AsWritten, AsSeen]);
    }

    fn birthday(series: &str, wallet: &str, year: &str) -> GiftKey {
        GiftKey::from_birthday(&series.parse().unwrap(), wallet.parse().unwrap(), year)
    }

    #[test]
    fn a_birthdays_key_is_of_series_wallet_and_year() {
        // Goal: one gift of each. Method: change one part at a time.
        let wallet = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7";
        let key = birthday("birthday", wallet, "2027");
        assert_eq!(key, birthday("birthday", &wallet.to_uppercase(), "2027"));
        assert_ne!(key, birthday("birthday", wallet, "2028"));
        assert_ne!(key, birthday("vip", wallet, "2027"));
        assert_ne!(key, birthday("birthday", "6a623f97-c376-44ea-8995-09dfacd0ddcf", "2027"));
    }

    #[test]
    fn the_digest_of_rows_forgets_their_order_and_nothing_else() {
        // Goal: a reshuffled file is the same plan, a changed cell is not. Method: two rows both
        // ways round, then one changed, then one twice.
        let (one, two) = (content(100), content(200));
        let forth = RowDigest::default().with(b"", &one).with(b"", &two);
        assert_eq!(forth, RowDigest::default().with(b"", &two).with(b"", &one));
        assert_ne!(forth, RowDigest::default().with(b"", &one).with(b"", &content(201)));
        assert_ne!(forth, forth.with(b"", &one));
        assert_ne!(forth, RowDigest::default().with(b"r", &one).with(b"", &two));
    }
}
