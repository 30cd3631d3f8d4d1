//! One row, one key: how a row is known again, whatever its file looks like today.
//!
//! **Invariant:** a key depends on what a row means and never on its place, its file's form or the
//! day. So the order of rows, the delimiter, `100` or `100,00` change nothing, and a file that is
//! loaded twice adds nothing.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{CampaignName, GiftContent, IdError, WalletId, parse_guid};

/// The namespace of our version 5 UUIDs (RFC 9562, section 5.5); must never change.
const NAMESPACE: Uuid = Uuid::from_u128(0x9b1d_5f0e_53a7_4c1e_8e0b_67e2_0b4a_77c1);

/// So many of a key's digits make its tag.
const TAG_DIGITS: usize = 8;

/// The key of a gift: unique in the ledger, sent as `ExternalReference`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GiftKey(pub Uuid);

impl GiftKey {
    /// The key of a row that carries its own reference, unique within its campaign.
    pub fn from_reference(campaign: &CampaignName, reference: &str) -> GiftKey {
        GiftKey::of(&["reference", campaign.as_str(), reference])
    }

    /// The key of a row without one. `occurrence` counts identical rows of one file from 1: two
    /// identical rows stay two gifts.
    pub fn from_content(
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
            &content.description,
            &occurrence.to_string(),
        ])
    }

    /// The key of a birthday's gift: one for a wallet, a series and a year, whatever campaign brings it and
    /// whatever it gives. `year` is that of the birthday, as `2027`.
    pub fn from_birthday(series: &CampaignName, wallet: WalletId, year: &str) -> GiftKey {
        GiftKey::of(&["birthday", series.as_str(), &wallet.to_string(), year])
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

    /// The digest of these rows and one more.
    #[must_use]
    pub fn with(self, label: &[u8], content: &GiftContent) -> RowDigest {
        let mut hash = Sha256::new();
        hash.update((label.len() as u64).to_be_bytes());
        hash.update(label);
        hash.update(content.wallet.0.as_bytes());
        hash.update(content.amount.minor().to_be_bytes());
        hash.update(content.expiry.as_ms().unwrap_or(i64::MAX).to_be_bytes());
        hash.update(content.description.as_bytes());
        let digest = hash.finalize();
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        self.plus(RowDigest(u128::from_be_bytes(half)))
    }
}

#[cfg(test)]
mod tests {
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
        let content = GiftKey::from_content(&campaign(), &content(10_000), 1);
        assert_eq!(content.to_string(), "81ab6a10-6391-5822-9973-2529b99a2452");
        let reference = GiftKey::from_reference(&campaign(), "TR-1");
        assert_eq!(reference.to_string(), "60b2db58-8263-51ff-bc66-626c55ecb85f");
        let birthday = birthday("birthday", "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7", "2027");
        assert_eq!(birthday.to_string(), "a27f8dcc-787e-5797-9052-6b281663e5f0");
    }

    #[test]
    fn keys_tell_rows_apart() {
        // Goal: whatever a row means is in its key. Method: change one part at a time.
        let key = GiftKey::from_content(&campaign(), &content(10_000), 1);
        assert_ne!(key, GiftKey::from_content(&campaign(), &content(10_000), 2));
        assert_ne!(key, GiftKey::from_content(&campaign(), &content(10_001), 1));
        let other = "june-drop".parse().unwrap();
        assert_ne!(key, GiftKey::from_content(&other, &content(10_000), 1));
        assert_eq!(key.to_string().parse(), Ok(key));
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
