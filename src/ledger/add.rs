//! Adding a group of rows with one statement, and what stands under the keys of those that were there.

use std::collections::{HashMap, HashSet};

use sqlx::sqlite::{SqliteQueryResult, SqliteRow};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::error::Doing;
use super::keyed_row::{ROWS_AT_ONCE, RowGroup};
use super::load::Load;
use super::rows::{content, word};
use super::{LedgerError, sql};
use crate::domain::{GiftContent, GiftKey, GiftState};

/// What a statement found that this load had not seen before.
pub(super) enum News {
    /// Every row of the group, none of which was there.
    AllAdded,
    /// These keys, each for one row.
    Some(HashMap<GiftKey, Stored>),
}

/// What stands under a key.
pub(super) enum Stored {
    /// The row that was just added.
    Added,
    /// A gift of an earlier load.
    Before(OldGift),
}

/// A gift that an earlier load brought.
#[derive(Clone, Debug)]
pub(super) struct OldGift {
    pub(super) row: i64,
    pub(super) campaign: i64,
    pub(super) key: GiftKey,
    pub(super) reference: Option<String>,
    pub(super) content: GiftContent,
    pub(super) state: GiftState,
    pub(super) attempts: i64,
    /// It was refused or withdrawn, and a reconcile found it all the same.
    pub(super) is_unexpected: bool,
}

impl News {
    pub(super) fn take(&mut self, key: &GiftKey) -> Option<Stored> {
        match self {
            News::AllAdded => Some(Stored::Added),
            News::Some(keys) => keys.remove(key),
        }
    }
}

impl OldGift {
    pub(super) fn of(row: &SqliteRow) -> Result<OldGift, sqlx::Error> {
        Ok(OldGift {
            row: row.try_get("id")?,
            campaign: row.try_get("campaign_id")?,
            key: GiftKey(row.try_get("key")?),
            reference: row.try_get("reference")?,
            content: content(row)?,
            state: word(row, "state")?,
            attempts: row.try_get("attempt_count")?,
            is_unexpected: row.try_get("is_unexpected")?,
        })
    }
}

impl Load<'_> {
    /// Writes a group; which of its keys this load had not seen before, and what they hold.
    pub(super) async fn insert(&mut self, group: &mut RowGroup) -> Result<News, LedgerError> {
        let arguments = std::mem::take(&mut group.arguments);
        let done = sqlx::query_with(AssertSqlSafe(group.statement.clone()), arguments)
            .persistent(group.rows.len() == ROWS_AT_ONCE)
            .execute(&mut *self.transaction)
            .await
            .doing("loading rows")?;
        if done.rows_affected() == group.rows.len() as u64 {
            return Ok(News::AllAdded);
        }
        let added = self.added(&done).await?;
        let others = group.rows.iter().map(|row| row.key).filter(|key| !added.contains(key));
        let before = self.see(others).await?;
        let added = added.into_iter().map(|key| (key, Stored::Added));
        let before = before.into_iter().map(|(key, old)| (key, Stored::Before(old)));
        Ok(News::Some(added.chain(before).collect()))
    }

    /// Marks gifts of the campaign as seen by this load; those that it had seen before do not come back.
    pub(super) async fn see(
        &mut self,
        keys: impl Iterator<Item = GiftKey>,
    ) -> Result<HashMap<GiftKey, OldGift>, LedgerError> {
        let doing = "loading rows";
        let keys: Vec<String> = keys.map(|key| key.0.simple().to_string()).collect();
        let (connection, campaign, load) = self.inside();
        let marked = sqlx::query(sql::GIFT_SEEN)
            .bind(serde_json::Value::from(keys).to_string())
            .bind(load)
            .bind(campaign)
            .fetch_all(connection)
            .await
            .doing(doing)?;
        let gifts = marked.iter().map(|row| OldGift::of(row).map(|gift| (gift.key, gift)));
        gifts.collect::<Result<_, _>>().doing(doing)
    }

    /// The keys that a statement added.
    async fn added(&mut self, done: &SqliteQueryResult) -> Result<HashSet<GiftKey>, LedgerError> {
        let count = i64::try_from(done.rows_affected()).expect("a group is small");
        if count == 0 {
            return Ok(HashSet::new());
        }
        // SQLite counts ids up from the largest.
        let keys: Vec<Uuid> = sqlx::query_scalar(sql::GIFT_ADDED)
            .bind(done.last_insert_rowid() - count)
            .fetch_all(&mut *self.transaction)
            .await
            .doing("looking for the rows that were added")?;
        Ok(keys.into_iter().map(GiftKey).collect())
    }
}
