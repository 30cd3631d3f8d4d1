//! What the ledger tells its readers.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use crate::domain::{Expiry, GiftContent, GiftId, GiftKey, GiftState, Money, RowDigest, WalletId};

/// A campaign as it was loaded.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// Its row in the ledger.
    pub id: i64,
    /// The name that people use.
    pub name: String,
    /// When it was first loaded; relative expiries count from here.
    pub first_loaded_at: DateTime<Utc>,
    /// When it was last loaded.
    pub last_loaded_at: DateTime<Utc>,
    /// Column names of the newest file.
    pub header: Vec<String>,
    /// How the newest file was written, as JSON.
    pub dialect_json: String,
    /// SHA-256 of the newest file's bytes, in hexadecimal.
    pub file_sha256: String,
    /// How many gifts it has.
    pub gifts: u64,
    /// What they add up to.
    pub total: Money,
    /// Digest of all its rows.
    pub plan_digest: RowDigest,
    /// When a reconcile of it last ended.
    pub reconciled_at: Option<DateTime<Utc>>,
}

/// The provider of this ledger's gifts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Scheme, host, port and base path of its wallet API.
    pub origin: String,
    /// Whether its lists were ever seen to show a gift that we know of.
    pub lists_are_proven: bool,
}

/// Gifts and money in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateTally {
    /// The state.
    pub state: GiftState,
    /// How many gifts are in it.
    pub gifts: u64,
    /// What they add up to.
    pub amount: Money,
}

/// The last run of a campaign.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// The command that started it.
    pub command: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended by itself; none while it runs, or where it was killed.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: Option<String>,
}

/// What reconciling can find of a gift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// Issued, and in the list as it was sent.
    Matched,
    /// Issued, and not in the list.
    Missing,
    /// Issued, and in the list with another amount, expiry or description.
    Differs,
    /// Issued, and there is one more like it that nobody of ours asked for.
    Duplicated,
    /// Refused or cancelled, and there all the same.
    Unexpected,
    /// The wallet's list could not be read.
    Unread,
}

impl Finding {
    /// Every finding, in the order in which reports list them.
    pub const ALL: [Finding; 6] = [
        Finding::Matched,
        Finding::Missing,
        Finding::Differs,
        Finding::Duplicated,
        Finding::Unexpected,
        Finding::Unread,
    ];

    /// The word under which it is stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Finding::Matched => "matched",
            Finding::Missing => "missing",
            Finding::Differs => "differs",
            Finding::Duplicated => "duplicated",
            Finding::Unexpected => "unexpected",
            Finding::Unread => "unread",
        }
    }
}

/// All that the ledger keeps of one gift, for lists and reports.
#[derive(Clone, Debug)]
pub struct GiftRecord {
    /// Its row in the ledger.
    pub row: i64,
    /// The campaign's name.
    pub campaign: String,
    /// Its key.
    pub key: GiftKey,
    /// Where it stood in the file that brought it.
    pub line: i64,
    /// The row's own reference.
    pub reference: Option<String>,
    /// What is given.
    pub content: GiftContent,
    /// The row's cells as they were in the file.
    pub cells: Vec<String>,
    /// Where it stands.
    pub state: GiftState,
    /// How many times it was sent.
    pub attempts: i64,
    /// The provider's id.
    pub gift_id: Option<GiftId>,
    /// When we learned that it was given.
    pub issued_at: Option<DateTime<Utc>>,
    /// Groups refusals.
    pub error_class: Option<String>,
    /// The last thing that stood in the way.
    pub error: Option<String>,
    /// What the last reconcile found.
    pub reconciled: Option<String>,
    /// More about that.
    pub reconciled_detail: Option<String>,
}

/// What the ledger knows of a gift in a wallet, to hold against the provider's list.
#[derive(Clone, Debug)]
pub struct KnownGift {
    /// Its row in the ledger.
    pub row: i64,
    /// Its campaign's row.
    pub campaign: i64,
    /// Its key.
    pub key: GiftKey,
    /// What was to be given.
    pub content: GiftContent,
    /// Where it stands.
    pub state: GiftState,
    /// The provider's id.
    pub gift_id: Option<GiftId>,
    /// When we learned that it was given.
    pub issued_at: Option<DateTime<Utc>>,
    /// When the first attempt was written down.
    pub first_sent_at: Option<DateTime<Utc>>,
}

/// One line of a gift's story.
#[derive(Clone, Debug)]
pub struct HistoryLine {
    /// When.
    pub at: DateTime<Utc>,
    /// Which attempt it is about; 0 before the first.
    pub attempt: i64,
    /// What happened.
    pub word: String,
    /// The provider's id, a refusal's words, or why.
    pub detail: Option<String>,
}

/// An instant from the ledger's milliseconds.
pub(super) fn instant(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Money from the ledger's minor units.
pub(super) fn money(minor: i64) -> Money {
    Money::from_minor(minor)
}

/// Reads a stored word, or says that the ledger holds one that we never wrote.
fn word<T: FromStr>(row: &SqliteRow, column: &str) -> Result<T, sqlx::Error>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.try_get(column)?;
    text.parse().map_err(|error: T::Err| sqlx::Error::Decode(Box::new(error)))
}

fn strings(row: &SqliteRow, column: &str) -> Result<Vec<String>, sqlx::Error> {
    let text: String = row.try_get(column)?;
    serde_json::from_str(&text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

fn content(row: &SqliteRow) -> Result<GiftContent, sqlx::Error> {
    Ok(GiftContent {
        wallet: WalletId(row.try_get("wallet_id")?),
        amount: money(row.try_get("amount_minor")?),
        expiry: Expiry::from_ms(row.try_get("expires_at_ms")?),
        description: row.try_get("description")?,
    })
}

impl FromRow<'_, SqliteRow> for Campaign {
    fn from_row(row: &SqliteRow) -> Result<Campaign, sqlx::Error> {
        let plan: Uuid = row.try_get("plan_digest")?;
        let gifts: i64 = row.try_get("gift_count")?;
        Ok(Campaign {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            first_loaded_at: instant(row.try_get("first_loaded_at_ms")?),
            last_loaded_at: instant(row.try_get("last_loaded_at_ms")?),
            header: strings(row, "header_json")?,
            dialect_json: row.try_get("dialect_json")?,
            file_sha256: row.try_get("file_sha256")?,
            gifts: gifts.unsigned_abs(),
            total: money(row.try_get("total_minor")?),
            plan_digest: RowDigest(plan.as_u128()),
            reconciled_at: row.try_get::<Option<i64>, _>("reconciled_at_ms")?.map(instant),
        })
    }
}

impl FromRow<'_, SqliteRow> for StateTally {
    fn from_row(row: &SqliteRow) -> Result<StateTally, sqlx::Error> {
        let gifts: i64 = row.try_get(1)?;
        let text: String = row.try_get(0)?;
        let state = text.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        Ok(StateTally { state, gifts: gifts.unsigned_abs(), amount: money(row.try_get(2)?) })
    }
}

impl FromRow<'_, SqliteRow> for RunRecord {
    fn from_row(row: &SqliteRow) -> Result<RunRecord, sqlx::Error> {
        Ok(RunRecord {
            command: row.try_get("command")?,
            started_at: instant(row.try_get("started_at_ms")?),
            ended_at: row.try_get::<Option<i64>, _>("ended_at_ms")?.map(instant),
            outcome: row.try_get("outcome")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for GiftRecord {
    fn from_row(row: &SqliteRow) -> Result<GiftRecord, sqlx::Error> {
        Ok(GiftRecord {
            row: row.try_get("id")?,
            campaign: row.try_get("campaign")?,
            key: GiftKey(row.try_get("key")?),
            line: row.try_get("line")?,
            reference: row.try_get("reference")?,
            content: content(row)?,
            cells: strings(row, "cells_json")?,
            state: word(row, "state")?,
            attempts: row.try_get("attempt_count")?,
            gift_id: row.try_get::<Option<Uuid>, _>("gift_id")?.map(GiftId),
            issued_at: row.try_get::<Option<i64>, _>("issued_at_ms")?.map(instant),
            error_class: row.try_get("error_class")?,
            error: row.try_get("error_text")?,
            reconciled: row.try_get("reconciled")?,
            reconciled_detail: row.try_get("reconciled_detail")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for KnownGift {
    fn from_row(row: &SqliteRow) -> Result<KnownGift, sqlx::Error> {
        Ok(KnownGift {
            row: row.try_get("id")?,
            campaign: row.try_get("campaign_id")?,
            key: GiftKey(row.try_get("key")?),
            content: content(row)?,
            state: word(row, "state")?,
            gift_id: row.try_get::<Option<Uuid>, _>("gift_id")?.map(GiftId),
            issued_at: row.try_get::<Option<i64>, _>("issued_at_ms")?.map(instant),
            first_sent_at: row.try_get::<Option<i64>, _>("first_sent_at_ms")?.map(instant),
        })
    }
}

impl FromRow<'_, SqliteRow> for HistoryLine {
    fn from_row(row: &SqliteRow) -> Result<HistoryLine, sqlx::Error> {
        Ok(HistoryLine {
            at: instant(row.try_get("at_ms")?),
            attempt: row.try_get("attempt_number")?,
            word: row.try_get("word")?,
            detail: row.try_get("detail")?,
        })
    }
}
