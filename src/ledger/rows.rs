//! How stored rows become what the ledger tells its readers.
//!
//! **Invariant:** a stored word that we never wrote is an error, never a guess.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use super::model::{
    Campaign, GiftRecord, HistoryLine, KnownGift, Lists, Provider, RunRecord, StateTally,
};
use crate::domain::{Expiry, Gift, GiftContent, GiftId, GiftKey, Money, RowDigest, WalletId};

/// An instant from the ledger's milliseconds.
pub(super) fn instant(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Money from the ledger's minor units.
pub(super) fn money(minor: i64) -> Money {
    Money::from_minor(minor)
}

/// Reads a stored word, or says that the ledger holds one that we never wrote.
pub(super) fn word<T: FromStr>(row: &SqliteRow, column: &str) -> Result<T, sqlx::Error>
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

pub(super) fn content(row: &SqliteRow) -> Result<GiftContent, sqlx::Error> {
    Ok(GiftContent {
        wallet: WalletId(row.try_get("wallet_id")?),
        amount: money(row.try_get("amount_minor")?),
        expiry: Expiry::from_ms(row.try_get("expires_at_ms")?),
        description: row.try_get("description")?,
    })
}

/// A gift as it is sent, and shown by lists: with its tag, where its campaign is tagged.
pub(super) fn gift_as_sent(row: &SqliteRow) -> Result<Gift, sqlx::Error> {
    let gift = Gift { key: GiftKey(row.try_get("key")?), content: content(row)? };
    Ok(if row.try_get("is_tagged")? { gift.tagged() } else { gift })
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

impl FromRow<'_, SqliteRow> for Provider {
    fn from_row(row: &SqliteRow) -> Result<Provider, sqlx::Error> {
        let lag: Option<i64> = row.try_get("longest_lag_ms")?;
        let lists = Lists {
            show_gifts: row.try_get("show_gifts")?,
            show_tags: row.try_get("show_tags")?,
            show_references: row.try_get("show_references")?,
            show_used: row.try_get("show_used")?,
            hide_used: row.try_get("hide_used")?,
            leave_out: row.try_get("leave_out")?,
            balance_without_expired: row.try_get("balance_without_expired")?,
            balance_with_expired: row.try_get("balance_with_expired")?,
            longest_lag: lag.map(TimeDelta::milliseconds),
            ..Lists::default()
        };
        Ok(Provider { origin: row.try_get("origin")?, lists })
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
            reason: row.try_get("reason")?,
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
        let Gift { key, content } = gift_as_sent(row)?;
        Ok(KnownGift {
            row: row.try_get("id")?,
            campaign: row.try_get("campaign_id")?,
            key,
            content,
            state: word(row, "state")?,
            attempts: row.try_get("attempt_count")?,
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
            took_ms: row.try_get("took_ms")?,
        })
    }
}
