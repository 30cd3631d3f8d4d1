//! Loading: the rows of a file become planned gifts, each under its key, all or none.
//!
//! **Invariant:** nothing is held in memory but one group of rows and what repeats in the file.
//! **Invariant:** a gift that is there already is not touched, whatever the file says now.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteQueryResult, SqliteRow};
use sqlx::{AssertSqlSafe, Row, SqliteConnection};
use uuid::Uuid;

use super::countable::stay_countable;
use super::error::Doing;
use super::file_row::{AddedRow, LoadHeader, LoadTotals, NewRow, RowFate};
use super::keyed_row::{KeyedRow, ROWS_AT_ONCE, RowGroup, RowKeys};
use super::repeated::Repeated;
use super::room::Room;
use super::rows::content;
use super::transaction::Open;
use super::{Batch, LedgerError, sql};
use crate::domain::{GiftContent, GiftKey, KeyRule, RowDigest};

/// A load in progress: a transaction that nobody sees until it is committed.
#[derive(Debug)]
pub struct Load<'w> {
    pub(super) transaction: Open<'w>,
    pub(super) keys: RowKeys,
    campaign_id: i64,
    pub(super) load_number: i64,
    loaded_at: DateTime<Utc>,
    file_sha256: String,
    plan: RowDigest,
    /// Of the file's rows, those included that were there already.
    content: RowDigest,
    rows: i64,
    /// Gifts that the campaign had before.
    pub(super) gifts_before: i64,
    totals: LoadTotals,
    pub(super) repeated: Repeated,
    pub(super) room: Room,
}

impl<'w> Batch<'w> {
    /// Turns the batch into a load of one file.
    pub async fn load(
        self,
        header: &LoadHeader,
        now: DateTime<Utc>,
    ) -> Result<Load<'w>, LedgerError> {
        Load::of(self.transaction.open().await?, header, now).await
    }
}

impl<'w> Load<'w> {
    async fn of(
        mut transaction: Open<'w>,
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
            .fetch_one(&mut *transaction)
            .await
            .doing(doing)?;
        let plan: Uuid = row.try_get("plan_digest").doing(doing)?;
        let campaign_id = row.try_get("id").doing(doing)?;
        let load_number = row.try_get("load_count").doing(doing)?;
        let rule = KeyRule::of_number(row.try_get("key_rule").doing(doing)?);
        Ok(Load {
            keys: RowKeys::new(header.campaign.clone(), rule, campaign_id, load_number),
            campaign_id,
            load_number,
            plan: RowDigest(plan.as_u128()),
            content: RowDigest::default(),
            rows: 0,
            gifts_before: row.try_get("gift_count").doing(doing)?,
            loaded_at: now,
            file_sha256: header.file_sha256.clone(),
            totals: LoadTotals::default(),
            repeated: Repeated::default(),
            room: Room::default(),
            transaction,
        })
    }

    /// The same load before its first row. Nothing of what was added is left.
    pub async fn start_over(mut self, header: &LoadHeader) -> Result<Load<'w>, LedgerError> {
        self.leave_room().await?;
        let now = self.loaded_at;
        Load::of(self.transaction.begin_anew().await?, header, now).await
    }
}

impl Load<'_> {
    /// What names the rows of this load, in any thread.
    pub fn keys(&self) -> RowKeys {
        self.keys.clone()
    }

    /// Adds rows; their fates come back in the order of the rows.
    pub async fn add(&mut self, rows: Vec<NewRow>) -> Result<Vec<AddedRow>, LedgerError> {
        let mut fates = Vec::with_capacity(rows.len());
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let group = self.keys.group(rows.by_ref().take(ROWS_AT_ONCE).collect());
            fates.extend(self.add_group(group).await?);
        }
        Ok(fates)
    }

    /// Adds a group of rows; their fates come back in the order of their lines.
    ///
    /// A row without a reference is tried as the first of its kind; where this file has had that one
    /// before, as the next.
    pub async fn add_group(&mut self, mut group: RowGroup) -> Result<Vec<AddedRow>, LedgerError> {
        self.repeated.forget_too_many();
        let mut fates = Vec::with_capacity(group.rows.len());
        while !group.rows.is_empty() {
            let mut news = self.insert(&mut group).await?;
            let (mut again, mut elsewhere, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
            for row in group.rows {
                match news.take(&row.key) {
                    Some(stored) => {
                        let fate = self.settle(&row, stored);
                        fates.push(row.into_fate(fate));
                    }
                    None if self.keys.series.is_some() => elsewhere.push(row),
                    None if row.row.reference.is_some() => repeated.push(row),
                    None => again.push(self.next_occurrence(row).await?),
                }
            }
            fates.extend(self.find_elsewhere(elsewhere).await?);
            fates.extend(self.find_earlier(repeated).await?);
            group = self.keys.group_of(again);
        }
        fates.sort_by_key(|row| row.line);
        Ok(fates)
    }

    /// Writes a group; which of its keys this load had not seen before, and what they hold.
    async fn insert(&mut self, group: &mut RowGroup) -> Result<News, LedgerError> {
        let doing = "loading rows";
        let arguments = std::mem::take(&mut group.arguments);
        let done = sqlx::query_with(AssertSqlSafe(group.statement.clone()), arguments)
            .persistent(group.rows.len() == ROWS_AT_ONCE)
            .execute(&mut *self.transaction)
            .await
            .doing(doing)?;
        if done.rows_affected() == group.rows.len() as u64 {
            return Ok(News::AllAdded);
        }
        let added = self.added(&done).await?;
        let others: Vec<String> = group
            .rows
            .iter()
            .filter(|row| !added.contains(&row.key))
            .map(|row| row.key.0.simple().to_string())
            .collect();
        let marked = sqlx::query(sql::GIFT_SEEN)
            .bind(serde_json::Value::from(others).to_string())
            .bind(self.load_number)
            .bind(self.campaign_id)
            .fetch_all(&mut *self.transaction)
            .await
            .doing(doing)?;
        let before =
            |row: &SqliteRow| Ok((GiftKey(row.try_get("key")?), Stored::Before(content(row)?)));
        let added = added.into_iter().map(|key| Ok((key, Stored::Added)));
        let all = added.chain(marked.iter().map(before)).collect::<Result<_, sqlx::Error>>();
        Ok(News::Some(all.doing(doing)?))
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

    fn settle(&mut self, row: &KeyedRow, stored: Stored) -> RowFate {
        self.content = self.content.plus(row.content);
        self.rows += 1;
        match stored {
            Stored::Added => {
                self.plan = self.plan.plus(row.plan);
                self.totals.added += 1;
                self.totals.added_amount += row.row.content.amount;
                RowFate::Added
            }
            Stored::Before(stored) if stored.looks_like(&row.row.content) => RowFate::Known,
            Stored::Before(_) => RowFate::ChangedContent,
        }
    }

    /// Closes the load's sums and looks around, still without committing.
    pub async fn finish(&mut self, since: DateTime<Utc>) -> Result<LoadTotals, LedgerError> {
        let doing = "closing a load";
        self.make_index().await?;
        stay_countable(&mut self.transaction, self.totals.added_amount).await?;
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
        // A row that was there before is a gift of its own among those.
        let kept = self.rows - i64::try_from(self.totals.added).expect("rows fit 63 bits");
        self.totals.left_out = (self.gifts_before - kept).unsigned_abs();
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
    pub async fn commit(mut self) -> Result<(), LedgerError> {
        self.make_index().await?;
        self.leave_room().await?;
        self.transaction.commit("committing a load").await
    }

    /// Leaves the ledger as it was.
    pub async fn rollback(mut self) -> Result<(), LedgerError> {
        self.leave_room().await?;
        self.transaction.rollback("undoing a load").await
    }

    /// What questions about the load need: its connection, its campaign's row, and its number.
    pub(super) fn inside(&mut self) -> (&mut SqliteConnection, i64, i64) {
        (&mut self.transaction, self.campaign_id, self.load_number)
    }

    /// The campaign's name.
    pub fn name(&self) -> &str {
        self.keys.campaign().as_str()
    }
}

/// What a statement found that this load had not seen before.
enum News {
    /// Every row of the group, none of which was there.
    AllAdded,
    /// These keys, each for one row.
    Some(HashMap<GiftKey, Stored>),
}

/// What stands under a key.
enum Stored {
    /// The row that was just added.
    Added,
    /// A gift of an earlier load, and what it asks for.
    Before(GiftContent),
}

impl News {
    fn take(&mut self, key: &GiftKey) -> Option<Stored> {
        match self {
            News::AllAdded => Some(Stored::Added),
            News::Some(keys) => keys.remove(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Expiry, GiftContent, Money, WalletId};
    use crate::ledger::{Ledger, RunLock};

    fn header() -> LoadHeader {
        LoadHeader {
            campaign: "may".parse().unwrap(),
            header_json: "[]".to_owned(),
            dialect_json: "{}".to_owned(),
            file_sha256: "0".repeat(64),
        }
    }

    fn row(line: u64, wallet: u128) -> NewRow {
        let content = GiftContent {
            wallet: WalletId(Uuid::from_u128(wallet + 1)),
            amount: Money::from_minor(500),
            expiry: Expiry::Never,
            description: "KUPON".to_owned(),
        };
        NewRow { line, content, reference: None, cells_json: "[]".to_owned() }
    }

    #[tokio::test]
    async fn what_cannot_be_counted_is_not_loaded() {
        // Goal: no sum of the ledger ever fails, nor lies. Method: a campaign up to the last coin but one that fits, then
        // two more, the last one, and one more.
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("full.db")).await.unwrap();
        let now = Utc::now();
        let lock = RunLock::take(ledger.path(), "test", now).unwrap();
        let mut writer = ledger.writer(&lock).await.unwrap();
        for (campaign, minor, fits) in
            [("may", i64::MAX - 1, true), ("june", 2, false), ("june", 1, true), ("july", 1, false)]
        {
            let header = LoadHeader { campaign: campaign.parse().unwrap(), ..header() };
            let mut load = writer.begin().await.unwrap().load(&header, now).await.unwrap();
            let mut row = row(2, 7);
            row.content.amount = Money::from_minor(minor);
            load.add(vec![row]).await.unwrap();
            let finished = load.finish(now).await;
            assert_eq!(finished.is_ok(), fits, "{campaign} {minor}: {finished:?}");
            match finished {
                Ok(_) => load.commit().await.unwrap(),
                Err(error) => {
                    assert!(matches!(error, LedgerError::BeyondCounting), "{error:?}");
                    load.rollback().await.unwrap();
                }
            }
        }
    }

    #[tokio::test]
    async fn rows_that_repeat_are_counted_without_being_remembered() {
        // Goal: what is remembered of repetitions saves time and decides nothing. Method: seven
        // contents in turn, in groups of all sizes, with a memory that forgets before each group, and
        // with one that does not; then the same rows again.
        let folder = tempfile::tempdir().unwrap();
        for at_most in [0, 1_000] {
            let ledger = Ledger::open(&folder.path().join(format!("{at_most}.db"))).await.unwrap();
            let now = Utc::now();
            let lock = RunLock::take(ledger.path(), "test", now).unwrap();
            let mut writer = ledger.writer(&lock).await.unwrap();
            for expected in [RowFate::Added, RowFate::Known] {
                let mut load = writer.begin().await.unwrap().load(&header(), now).await.unwrap();
                load.repeated.at_most = at_most;
                let mut lines = 0..400;
                let mut fates = Vec::new();
                for size in (1..).take_while(|size| (1..*size).sum::<usize>() < 400) {
                    let group =
                        lines.by_ref().take(size).map(|line| row(line, u128::from(line % 7)));
                    fates.extend(load.add(group.collect()).await.unwrap());
                    assert!(load.repeated.known.len() <= 7);
                }
                assert_eq!(fates.len(), 400);
                let mut counted = vec![Vec::new(); 7];
                for fate in fates {
                    assert_eq!(fate.fate, expected, "line {}", fate.line);
                    counted[usize::try_from(fate.line % 7).unwrap()].push(fate.occurrence);
                }
                for mut occurrences in counted {
                    let count = u32::try_from(occurrences.len()).unwrap();
                    occurrences.sort_unstable();
                    assert_eq!(occurrences, (1..=count).collect::<Vec<u32>>());
                }
                assert_eq!(load.finish(now).await.unwrap().left_out, 0);
                load.commit().await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn what_repeats_is_remembered_within_limits() {
        // Goal: a file of pairs does not fill the memory. Method: pairs, and a limit that is passed.
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).await.unwrap();
        let now = Utc::now();
        let lock = RunLock::take(ledger.path(), "test", now).unwrap();
        let mut writer = ledger.writer(&lock).await.unwrap();
        let mut load = writer.begin().await.unwrap().load(&header(), now).await.unwrap();
        load.repeated.at_most = 10;
        for turn in 0..2 {
            for wallets in (0..100).collect::<Vec<u128>>().chunks(20) {
                let rows = wallets.iter().map(|wallet| row(2, *wallet)).collect();
                let fates = load.add(rows).await.unwrap();
                assert!(fates.iter().all(|row| row.occurrence == turn + 1));
                assert!(load.repeated.known.len() <= 10 + 20);
            }
        }
        load.rollback().await.unwrap();
    }

    #[tokio::test]
    async fn what_left_the_file_is_counted() {
        // Goal: rows that a later file lacks are told. Method: ten rows, then four of them, one of
        // those twice, and two new ones.
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).await.unwrap();
        let now = Utc::now();
        let lock = RunLock::take(ledger.path(), "test", now).unwrap();
        let mut writer = ledger.writer(&lock).await.unwrap();
        let files: [(&[u128], u64, u64); 2] =
            [(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 10, 0), (&[3, 2, 1, 0, 3, 20, 21], 3, 6)];
        for (wallets, added, left_out) in files {
            let mut load = writer.begin().await.unwrap().load(&header(), now).await.unwrap();
            load.add(wallets.iter().map(|wallet| row(2, *wallet)).collect()).await.unwrap();
            let totals = load.finish(now).await.unwrap();
            assert_eq!((totals.added, totals.left_out), (added, left_out));
            load.commit().await.unwrap();
        }
    }
}
