//! Adding a group of rows with one statement, and what stands under the keys of those that were there.

use std::collections::{HashMap, HashSet};

use sqlx::sqlite::{SqliteQueryResult, SqliteRow};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::error::Doing;
use super::keyed_row::{KeyedRow, ROWS_AT_ONCE, RowGroup};
use super::load::Load;
use super::rows::{content, word};
use super::{LedgerError, sql};
use crate::domain::{GiftContent, GiftKey, GiftState, Twin};

/// Gifts that are marked with one statement.
const MARKED_AT_ONCE: usize = 20_000;

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
    /// A gift of an earlier load that asks for the very same.
    Same,
    /// Another gift of an earlier load.
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

/// A gift of an earlier load that this one has met.
struct Known {
    row: i64,
    key: GiftKey,
    twin: Twin,
}

impl Load<'_> {
    /// Writes what is new of a group; which of its keys this load had not seen before, and what they hold.
    pub(super) async fn insert(&mut self, group: &mut RowGroup) -> Result<News, LedgerError> {
        let mut stored = self.before(&group.rows).await?;
        let rest: Vec<&KeyedRow> =
            group.rows.iter().filter(|row| !stored.contains_key(&row.key)).collect();
        if rest.is_empty() {
            return Ok(News::Some(stored));
        }
        let (statement, arguments) = match stored.is_empty() {
            true => (group.statement.clone(), std::mem::take(&mut group.arguments)),
            false => self.keys.adding(&rest),
        };
        let done = sqlx::query_with(AssertSqlSafe(statement), arguments)
            .persistent(rest.len() == ROWS_AT_ONCE)
            .execute(&mut *self.transaction)
            .await
            .doing("loading rows")?;
        if done.rows_affected() < rest.len() as u64 {
            let added = self.added(&done).await?;
            stored.extend(added.into_iter().map(|key| (key, Stored::Added)));
        } else if stored.is_empty() {
            return Ok(News::AllAdded);
        } else {
            stored.extend(rest.iter().map(|row| (row.key, Stored::Added)));
        }
        Ok(News::Some(stored))
    }

    /// What earlier loads of the campaign have under the keys of some rows, where this one has not met it yet.
    async fn before(&mut self, rows: &[KeyedRow]) -> Result<HashMap<GiftKey, Stored>, LedgerError> {
        if self.gifts_before == 0 {
            return Ok(HashMap::new());
        }
        let met = self.meet_keys(rows.iter().map(|row| row.key)).await?;
        let twins: HashMap<GiftKey, (Twin, bool)> =
            rows.iter().map(|row| (row.key, (row.twin, row.replaces.is_some()))).collect();
        let (same, other): (Vec<Known>, Vec<Known>) =
            met.into_iter().partition(|met| twins.get(&met.key) == Some(&(met.twin, false)));
        let other = self.old_gifts(&other).await?;
        let other = other.into_iter().map(|(key, old)| (key, Stored::Before(old)));
        Ok(same.into_iter().map(|met| (met.key, Stored::Same)).chain(other).collect())
    }

    /// Gifts of earlier loads of the campaign by their keys; those that this load had met before do not come back.
    pub(super) async fn see(
        &mut self,
        keys: impl Iterator<Item = GiftKey>,
    ) -> Result<HashMap<GiftKey, OldGift>, LedgerError> {
        let met = self.meet_keys(keys).await?;
        self.old_gifts(&met).await
    }

    async fn meet_keys(
        &mut self,
        keys: impl Iterator<Item = GiftKey>,
    ) -> Result<Vec<Known>, LedgerError> {
        let doing = "loading rows";
        let keys: Vec<String> = keys.map(|key| key.0.simple().to_string()).collect();
        let (connection, campaign, load) = self.inside();
        let found: Vec<(i64, Uuid, Vec<u8>)> = sqlx::query_as(sql::GIFT_SEEN)
            .bind(serde_json::Value::from(keys).to_string())
            .bind(campaign)
            .bind(load)
            .fetch_all(connection)
            .await
            .doing(doing)?;
        let mut met = Vec::with_capacity(found.len());
        for (row, key, twin) in found {
            let twin = twin.try_into().map_err(|_| sqlx::Error::Decode("a twin's length".into()));
            if self.here.add(row) {
                met.push(Known { row, key: GiftKey(key), twin: Twin(twin.doing(doing)?) });
            }
        }
        Ok(met)
    }

    async fn old_gifts(&mut self, met: &[Known]) -> Result<HashMap<GiftKey, OldGift>, LedgerError> {
        let doing = "loading rows";
        if met.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<i64> = met.iter().map(|met| met.row).collect();
        let gifts = sqlx::query(sql::GIFT_BEFORE)
            .bind(serde_json::Value::from(rows).to_string())
            .fetch_all(&mut *self.transaction)
            .await
            .doing(doing)?;
        let gifts = gifts.iter().map(|row| OldGift::of(row).map(|gift| (gift.key, gift)));
        gifts.collect::<Result<_, _>>().doing(doing)
    }

    /// Marks the rows of earlier loads that the file still has, where it lacks some: what looks at the load tells
    /// those apart.
    pub(super) async fn mark_here(&mut self) -> Result<(), LedgerError> {
        self.has_all = self.here.count() >= self.gifts_before;
        if self.has_all {
            return Ok(());
        }
        let rows: Vec<i64> = self.here.rows().collect();
        let (connection, _, load) = self.inside();
        for rows in rows.chunks(MARKED_AT_ONCE) {
            sqlx::query(sql::GIFT_MARK_HERE)
                .bind(serde_json::Value::from(rows).to_string())
                .bind(load)
                .execute(&mut *connection)
                .await
                .doing("closing a load")?;
        }
        Ok(())
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
