//! Rows of one file that repeat: which occurrence a row is, and which row it repeats.
//!
//! **Invariant:** what is remembered only saves asking, so that it can be forgotten at any moment; what
//! it does not know is looked for.

use std::collections::HashMap;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::error::Doing;
use super::file_row::{AddedRow, EarlierRow, RowFate};
use super::keyed_row::KeyedRow;
use super::load::Load;
use super::{LedgerError, sql};
use crate::domain::GiftKey;

/// Contents that are remembered, at most.
const AT_MOST: usize = 50_000;

/// Contents that a file has had twice or more, by their first key.
#[derive(Debug)]
pub(super) struct Repeated {
    pub(super) known: HashMap<GiftKey, Known>,
    pub(super) at_most: usize,
}

/// What is known of one content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// The last occurrence that was tried.
    last: u32,
    /// It was looked for; else it is only what was counted here.
    is_sure: bool,
}

impl Default for Repeated {
    fn default() -> Repeated {
        Repeated { known: HashMap::new(), at_most: AT_MOST }
    }
}

impl Repeated {
    /// Keeps memory flat.
    pub(super) fn forget_too_many(&mut self) {
        if self.known.len() > self.at_most {
            self.known.clear();
        }
    }
}

impl Load<'_> {
    /// Counts a row on that this load has seen as what it was tried as.
    pub(super) async fn next_occurrence(&mut self, row: KeyedRow) -> Result<KeyedRow, LedgerError> {
        let first = match row.occurrence {
            1 => row.key,
            _ => self.keys.of_occurrence(&row.row, 1),
        };
        let known = self.repeated.known.get(&first).copied();
        let mut known = known.unwrap_or(Known { last: 1, is_sure: false });
        if row.occurrence > 1 && !known.is_sure {
            known = Known { last: self.last_occurrence(&row).await?, is_sure: true };
        }
        known.last += 1;
        self.repeated.known.insert(first, known);
        Ok(self.keys.counted(row, known.last))
    }

    /// The last occurrence that this load has seen of a content: found by doubling steps and then
    /// halving them, since occurrences have no gaps.
    async fn last_occurrence(&mut self, row: &KeyedRow) -> Result<u32, LedgerError> {
        let (mut seen, mut step) = (row.occurrence, 1);
        while self.has_seen(row, seen + step).await? {
            seen += step;
            step *= 2;
        }
        let mut free = seen + step;
        while free - seen > 1 {
            let middle = seen + (free - seen) / 2;
            match self.has_seen(row, middle).await? {
                true => seen = middle,
                false => free = middle,
            }
        }
        Ok(seen)
    }

    /// The row that this one repeats; nothing where an earlier file brought it.
    pub async fn earlier_row(&mut self, row: &AddedRow) -> Result<Option<EarlierRow>, LedgerError> {
        let key = self.keys.of_content(&row.content, row.occurrence.saturating_sub(1));
        Ok(self.rows_of_this_load(&[key]).await?.remove(&key))
    }

    /// What becomes of rows whose reference this file has had before.
    pub(super) async fn find_earlier(
        &mut self,
        rows: Vec<KeyedRow>,
    ) -> Result<Vec<AddedRow>, LedgerError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<GiftKey> = rows.iter().map(|row| row.key).collect();
        let earlier = self.rows_of_this_load(&keys).await?;
        let fate = |row: KeyedRow| {
            let earlier = earlier.get(&row.key).cloned();
            AddedRow { earlier, ..row.into_fate(RowFate::ReferenceRepeated) }
        };
        Ok(rows.into_iter().map(fate).collect())
    }

    async fn rows_of_this_load(
        &mut self,
        keys: &[GiftKey],
    ) -> Result<HashMap<GiftKey, EarlierRow>, LedgerError> {
        let doing = "looking for rows that are repeated";
        let keys: Vec<String> = keys.iter().map(|key| key.0.simple().to_string()).collect();
        let found = sqlx::query(sql::GIFT_LINES)
            .bind(serde_json::Value::from(keys).to_string())
            .bind(self.load_number)
            .fetch_all(&mut *self.transaction)
            .await
            .doing(doing)?;
        let read = |row: &SqliteRow| {
            let earlier = EarlierRow {
                line: row.try_get::<i64, _>("line")?.unsigned_abs(),
                reference: row.try_get("reference")?,
                description: row.try_get("description")?,
            };
            Ok((GiftKey(row.try_get("key")?), earlier))
        };
        found.iter().map(read).collect::<Result<_, sqlx::Error>>().doing(doing)
    }

    async fn has_seen(&mut self, row: &KeyedRow, occurrence: u32) -> Result<bool, LedgerError> {
        let gift: Option<(i64, bool)> = sqlx::query_as(sql::GIFT_IS_TAKEN)
            .bind(self.keys.of_occurrence(&row.row, occurrence).0)
            .bind(self.load_number)
            .fetch_optional(&mut *self.transaction)
            .await
            .doing("counting identical rows")?;
        Ok(gift.is_some_and(|(gift, is_new)| is_new || self.here.has(gift)))
    }
}
