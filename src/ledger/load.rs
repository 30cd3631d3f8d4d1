//! Loading: the rows of a file become planned gifts, each under its key, all or none.
//!
//! **Invariant:** nothing is held in memory but one group of rows and what repeats in the file.
//! **Invariant:** a gift that is there already is not touched, whatever the file says now.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::{Row, Sqlite, SqliteConnection, Transaction};
use uuid::Uuid;

use super::error::Doing;
use super::file_row::{AddedRow, LoadHeader, LoadTotals, NewRow, RowFate};
use super::{Batch, LedgerError, sql};
use crate::domain::{CampaignName, GiftKey, RowDigest, Twin};

/// A load in progress: a transaction that nobody sees until it is committed.
#[derive(Debug)]
pub struct Load<'w> {
    transaction: Transaction<'w, Sqlite>,
    campaign: CampaignName,
    campaign_id: i64,
    load_number: i64,
    loaded_at: DateTime<Utc>,
    file_sha256: String,
    plan: RowDigest,
    /// Of the file's rows, those included that were there already.
    content: RowDigest,
    rows: i64,
    totals: LoadTotals,
    /// The next occurrence of contents that this file has had twice or more.
    repeated: HashMap<GiftKey, u32>,
}

/// A row on its way in, under the key that is tried next.
struct Candidate {
    row: NewRow,
    occurrence: u32,
    key: GiftKey,
    twin: Twin,
}

impl<'w> Batch<'w> {
    /// Turns the batch into a load of one file.
    pub async fn load(
        mut self,
        header: &LoadHeader,
        now: DateTime<Utc>,
    ) -> Result<Load<'w>, LedgerError> {
        let doing = "opening a load";
        let row = sqlx::query(sql::CAMPAIGN_BEGIN_LOAD)
            .bind(header.campaign.as_str())
            .bind(now.timestamp_millis())
            .bind(&header.header_json)
            .bind(&header.dialect_json)
            .bind(&header.file_sha256)
            .fetch_one(&mut *self.transaction)
            .await
            .doing(doing)?;
        let plan: Uuid = row.try_get("plan_digest").doing(doing)?;
        Ok(Load {
            campaign: header.campaign.clone(),
            campaign_id: row.try_get("id").doing(doing)?,
            load_number: row.try_get("load_count").doing(doing)?,
            plan: RowDigest(plan.as_u128()),
            content: RowDigest::default(),
            rows: 0,
            loaded_at: now,
            file_sha256: header.file_sha256.clone(),
            totals: LoadTotals::default(),
            repeated: HashMap::new(),
            transaction: self.transaction,
        })
    }
}

impl Load<'_> {
    /// Adds a group of rows; their fates come back in the order of the rows.
    ///
    /// A row without a reference is tried as the first of its kind; where this file has had that one
    /// before, as the second, and so on.
    pub async fn add(&mut self, rows: Vec<NewRow>) -> Result<Vec<AddedRow>, LedgerError> {
        let mut fates = Vec::with_capacity(rows.len());
        let mut waiting: Vec<Candidate> = rows.into_iter().map(|row| self.candidate(row)).collect();
        while !waiting.is_empty() {
            let mut seen = self.upsert(&waiting).await?;
            let mut again = Vec::new();
            for mut candidate in waiting {
                match seen.remove(&candidate.key) {
                    Some(stored) => {
                        let fate = self.settle(&candidate, stored);
                        fates.push(candidate.into_fate(fate));
                    }
                    None if candidate.row.reference.is_some() => {
                        fates.push(candidate.into_fate(RowFate::ReferenceRepeated));
                    }
                    None => {
                        self.next_occurrence(&mut candidate);
                        again.push(candidate);
                    }
                }
            }
            waiting = again;
        }
        fates.sort_by_key(|row| row.line);
        Ok(fates)
    }

    fn candidate(&self, row: NewRow) -> Candidate {
        let key = match &row.reference {
            Some(reference) => GiftKey::from_reference(&self.campaign, reference),
            None => GiftKey::from_content(&self.campaign, &row.content, 1),
        };
        Candidate { twin: row.content.twin(), occurrence: 1, key, row }
    }

    fn next_occurrence(&mut self, candidate: &mut Candidate) {
        let first = GiftKey::from_content(&self.campaign, &candidate.row.content, 1);
        let next = self.repeated.entry(first).or_insert(1);
        *next += 1;
        candidate.occurrence = *next;
        candidate.key = GiftKey::from_content(&self.campaign, &candidate.row.content, *next);
    }

    /// Writes the candidates; which keys this load had not seen before, and what they hold.
    async fn upsert(
        &mut self,
        candidates: &[Candidate],
    ) -> Result<HashMap<GiftKey, (i64, Vec<u8>)>, LedgerError> {
        let doing = "loading rows";
        // One statement must not meet a key twice: the second could not be told from the first.
        let mut keys = HashSet::new();
        let rows: Vec<_> = candidates
            .iter()
            .filter(|candidate| keys.insert(candidate.key))
            .map(Candidate::to_json)
            .collect();
        let stored = sqlx::query(sql::GIFT_UPSERT)
            .bind(self.campaign_id)
            .bind(self.load_number)
            .bind(serde_json::Value::from(rows).to_string())
            .fetch_all(&mut *self.transaction)
            .await
            .doing(doing)?;
        let read = |row: sqlx::sqlite::SqliteRow| {
            let key = GiftKey(row.try_get("key")?);
            Ok((key, (row.try_get("first_load")?, row.try_get("twin")?)))
        };
        stored.into_iter().map(read).collect::<Result<_, sqlx::Error>>().doing(doing)
    }

    fn settle(&mut self, candidate: &Candidate, (first_load, twin): (i64, Vec<u8>)) -> RowFate {
        let content = &candidate.row.content;
        self.content = self.content.with(b"", content);
        self.rows += 1;
        if first_load == self.load_number {
            self.plan = self.plan.with(candidate.key.0.as_bytes(), content);
            self.totals.added += 1;
            self.totals.added_amount += content.amount;
            RowFate::Added
        } else if twin == candidate.twin.0 {
            RowFate::Known
        } else {
            RowFate::ChangedContent
        }
    }

    /// Closes the load's sums and looks around, still without committing.
    pub async fn finish(&mut self, since: DateTime<Utc>) -> Result<LoadTotals, LedgerError> {
        let doing = "closing a load";
        sqlx::query(sql::CAMPAIGN_END_LOAD)
            .bind(self.campaign_id)
            .bind(i64::try_from(self.totals.added).expect("rows of a file fit 63 bits"))
            .bind(self.totals.added_amount.minor())
            .bind(Uuid::from_u128(self.plan.0))
            .execute(&mut *self.transaction)
            .await
            .doing(doing)?;
        sqlx::query(sql::LOAD_INSERT)
            .bind(self.campaign_id)
            .bind(self.load_number)
            .bind(self.loaded_at.timestamp_millis())
            .bind(&self.file_sha256)
            .bind(self.rows)
            .bind(Uuid::from_u128(self.content.0))
            .execute(&mut *self.transaction)
            .await
            .doing(doing)?;
        let (left_out, _): (i64, i64) = sqlx::query_as(sql::CAMPAIGN_LEFT_OUT)
            .bind(self.campaign_id)
            .bind(self.load_number)
            .fetch_one(&mut *self.transaction)
            .await
            .doing(doing)?;
        self.totals.left_out = left_out.unsigned_abs();
        self.totals.same_content_as = sqlx::query_scalar(sql::CAMPAIGN_SAME_CONTENT)
            .bind(Uuid::from_u128(self.content.0))
            .bind(self.campaign_id)
            .bind(since.timestamp_millis())
            .fetch_all(&mut *self.transaction)
            .await
            .doing(doing)?;
        Ok(self.totals.clone())
    }

    /// Makes the load durable.
    pub async fn commit(self) -> Result<(), LedgerError> {
        self.transaction.commit().await.doing("committing a load")
    }

    /// Leaves the ledger as it was.
    pub async fn rollback(self) -> Result<(), LedgerError> {
        self.transaction.rollback().await.doing("undoing a load")
    }

    /// What questions about the load need: its connection, its campaign's row, and its number.
    pub(super) fn inside(&mut self) -> (&mut SqliteConnection, i64, i64) {
        (&mut self.transaction, self.campaign_id, self.load_number)
    }

    /// The campaign's name.
    pub fn name(&self) -> &str {
        self.campaign.as_str()
    }

    /// The key of a row with this reference.
    pub(super) fn key_of(&self, reference: &str) -> GiftKey {
        GiftKey::from_reference(&self.campaign, reference)
    }
}

impl Candidate {
    fn into_fate(self, fate: RowFate) -> AddedRow {
        let Candidate { row, occurrence, .. } = self;
        let NewRow { line, content, reference, .. } = row;
        AddedRow { line, fate, occurrence, reference, content }
    }

    fn to_json(&self) -> serde_json::Value {
        let content = &self.row.content;
        json!({
            "key": self.key.0.simple().to_string(),
            "reference": self.row.reference,
            "line": self.row.line,
            "wallet": content.wallet.0.simple().to_string(),
            "amount": content.amount.minor(),
            "expires": content.expiry.as_ms(),
            "description": content.description,
            "cells": self.row.cells_json,
            "twin": Uuid::from_bytes(self.twin.0).simple().to_string(),
        })
    }
}
