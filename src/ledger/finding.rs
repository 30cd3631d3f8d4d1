//! What an audit finds that is not as it should be, one by one, as it is kept.
//!
//! It stands apart from [`Finding`], which says of every gift where it stands: a balance is no gift's, and a match is
//! not worth keeping.

use std::str::FromStr as _;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row as _};
use uuid::Uuid;

use super::Finding;
use super::rows::{instant, money};
use crate::domain::{GiftId, GiftKey, Money, WalletId};

/// What is kept of an audit: whatever is not as it should be, one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Discrepancy {
    /// As [`Finding::Missing`].
    Missing,
    /// As [`Finding::Differs`].
    Differs,
    /// As [`Finding::Duplicated`].
    Duplicated,
    /// As [`Finding::Unexpected`].
    Unexpected,
    /// A wallet's `TotalGiftBalance` is not what its gift list adds up to.
    Balance,
}

impl Discrepancy {
    /// All of them, in the order in which reports list them.
    pub const ALL: [Discrepancy; 5] = [
        Discrepancy::Missing,
        Discrepancy::Differs,
        Discrepancy::Duplicated,
        Discrepancy::Unexpected,
        Discrepancy::Balance,
    ];

    /// That of what was found of a gift; none where it is fine, or is not known.
    pub const fn of(finding: Finding) -> Option<Discrepancy> {
        match finding {
            Finding::Missing => Some(Discrepancy::Missing),
            Finding::Differs => Some(Discrepancy::Differs),
            Finding::Duplicated => Some(Discrepancy::Duplicated),
            Finding::Unexpected => Some(Discrepancy::Unexpected),
            Finding::Matched | Finding::Unread | Finding::Expired => None,
        }
    }

    /// The word under which it is stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Discrepancy::Missing => "missing",
            Discrepancy::Differs => "differs",
            Discrepancy::Duplicated => "duplicated",
            Discrepancy::Unexpected => "unexpected",
            Discrepancy::Balance => "balance",
        }
    }
}

/// A word that names no discrepancy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no finding is called {0:?}: missing, differs, duplicated, unexpected, balance")]
pub struct UnknownDiscrepancy(String);

impl std::str::FromStr for Discrepancy {
    type Err = UnknownDiscrepancy;

    fn from_str(word: &str) -> Result<Discrepancy, UnknownDiscrepancy> {
        let found = Discrepancy::ALL.into_iter().find(|kind| kind.word() == word);
        found.ok_or_else(|| UnknownDiscrepancy(word.to_owned()))
    }
}

/// Something that an audit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFinding {
    /// The gift's row; of a balance the wallet's first in the campaign.
    pub row: i64,
    /// What.
    pub kind: Discrepancy,
    /// What differs, or the provider's ids.
    pub detail: Option<String>,
}

/// A finding that was kept, and the gift that it is about.
#[derive(Clone, Debug)]
pub struct FindingRecord {
    /// The gift's row; of a balance the wallet's first in the campaign.
    pub row: i64,
    /// What.
    pub kind: Discrepancy,
    /// What differs, or the provider's ids.
    pub detail: Option<String>,
    /// The first audit in a row that found it, and the last.
    pub audits: (i64, i64),
    /// The gift's key.
    pub key: GiftKey,
    /// The gift's wallet.
    pub wallet: WalletId,
    /// What it gives.
    pub amount: Money,
    /// The provider's id of it.
    pub gift_id: Option<GiftId>,
    /// Where it stood in the file that brought it.
    pub line: i64,
}

impl FromRow<'_, SqliteRow> for FindingRecord {
    fn from_row(row: &SqliteRow) -> Result<FindingRecord, sqlx::Error> {
        let word: String = row.try_get("word")?;
        Ok(FindingRecord {
            row: row.try_get("gift_row")?,
            kind: Discrepancy::from_str(&word)
                .map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            detail: row.try_get("detail")?,
            audits: (row.try_get("first_audit")?, row.try_get("last_audit")?),
            key: GiftKey(row.try_get("key")?),
            wallet: WalletId(row.try_get("wallet_id")?),
            amount: money(row.try_get("amount_minor")?),
            gift_id: row.try_get::<Option<Uuid>, _>("gift_id")?.map(GiftId),
            line: row.try_get("line")?,
        })
    }
}

/// What audits in a row found of a gift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundOfGift {
    /// What.
    pub finding: String,
    /// What differs, or the provider's ids.
    pub detail: Option<String>,
    /// The first audit that found it, and when that began.
    pub first: (i64, DateTime<Utc>),
    /// The last one.
    pub last: (i64, DateTime<Utc>),
}

impl FromRow<'_, SqliteRow> for FoundOfGift {
    fn from_row(row: &SqliteRow) -> Result<FoundOfGift, sqlx::Error> {
        let audit = |number, at| -> Result<(i64, DateTime<Utc>), sqlx::Error> {
            Ok((row.try_get(number)?, instant(row.try_get(at)?)))
        };
        Ok(FoundOfGift {
            finding: row.try_get("word")?,
            detail: row.try_get("detail")?,
            first: audit("first_audit", "first_at_ms")?,
            last: audit("last_audit", "last_at_ms")?,
        })
    }
}
