//! Loading: the rows of a file become planned gifts, each under its key, all or none.
//!
//! **Invariant:** nothing is held in memory but one group of rows and what repeats in the file.
//! **Invariant:** a gift that is there already is not touched, whatever the file says now, but for a refused one
//! whose mended row comes: that is withdrawn.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::add::Stored;
use super::countable::stay_countable;
use super::error::Doing;
use super::file_row::{AddedRow, LoadHeader, LoadTotals, NewRow, RowFate};
use super::here::Here;
use super::keyed_row::{KeyedRow, ROWS_AT_ONCE, RowGroup, RowKeys};
use super::repeated::Repeated;
use super::replace::Met;
use super::room::Room;
use super::transaction::Open;
use super::{Batch, ChainHead, LedgerError, sql};
use crate::domain::{KeyRule, RowDigest};

/// A load in progress: a transaction that nobody sees until it is committed.
#[derive(Debug)]
pub struct Load<'w> {
    pub(super) transaction: Open<'w>,
    pub(super) keys: RowKeys,
    campaign_id: i64,
    pub(super) load_number: i64,
    pub(super) loaded_at: DateTime<Utc>,
    file_sha256: String,
    plan: RowDigest,
    /// Of the file's rows, those included that were there already.
    content: RowDigest,
    rows: i64,
    /// Gifts that the campaign had before.
    pub(super) gifts_before: i64,
    pub(super) totals: LoadTotals,
    /// Where mended rows stand that were added.
    pub(super) mended: HashSet<u64>,
    /// Refused gifts of other campaigns that were withdrawn.
    pub(super) moved: u64,
    /// Campaigns whose refused gifts rows come from, and nobody has looked for.
    pub(super) unlooked: BTreeSet<String>,
    /// Campaigns that gave, or will give, what rows come from.
    pub(super) again_as: BTreeSet<String>,
    pub(super) repeated: Repeated,
    /// Gifts of earlier loads that the file has.
    pub(super) here: Here,
    /// The file has all of them; known once the load is finished.
    pub(super) has_all: bool,
    pub(super) room: Room,
    /// How far the chain of events reaches with what this load adds to it.
    pub(super) head: ChainHead,
    kept_head: &'w mut Option<ChainHead>,
}

impl<'w> Batch<'w> {
    /// Turns the batch into a load of one file.
    pub async fn load(
        self,
        header: &LoadHeader,
        now: DateTime<Utc>,
    ) -> Result<Load<'w>, LedgerError> {
        let heads = (self.head, self.kept_head);
        Load::of(self.transaction.open().await?, heads, header, now).await
    }
}

impl<'w> Load<'w> {
    async fn of(
        mut transaction: Open<'w>,
        (head, kept_head): (ChainHead, &'w mut Option<ChainHead>),
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
            mended: HashSet::new(),
            moved: 0,
            unlooked: BTreeSet::new(),
            again_as: BTreeSet::new(),
            repeated: Repeated::default(),
            here: Here::default(),
            has_all: false,
            room: Room::default(),
            head,
            kept_head,
            transaction,
        })
    }

    /// The same load before its first row. Nothing of what was added is left.
    pub async fn start_over(mut self, header: &LoadHeader) -> Result<Load<'w>, LedgerError> {
        self.leave_room().await?;
        // Only a load into a new ledger begins anew: it has withdrawn nothing.
        let (now, heads) = (self.loaded_at, (self.head, self.kept_head));
        Load::of(self.transaction.begin_anew().await?, heads, header, now).await
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
    pub async fn add_group(&mut self, group: RowGroup) -> Result<Vec<AddedRow>, LedgerError> {
        self.repeated.forget_too_many();
        let (mut group, mut fates) = self.take_named(group).await?;
        while !group.rows.is_empty() {
            let mut news = self.insert(&mut group).await?;
            let (mut again, mut elsewhere, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
            for row in group.rows {
                match news.take(&row.key) {
                    Some(Stored::Added) => {
                        self.added_row(&row).await?;
                        fates.push(row.into_fate(RowFate::Added));
                    }
                    Some(Stored::Same) => {
                        self.take_in(&row);
                        fates.push(row.into_fate(RowFate::Known));
                    }
                    Some(Stored::Before(old)) => match self.meet(row, old).await? {
                        Met::Again(row) => again.push(row),
                        Met::Fate(row, fate) => {
                            if !matches!(fate, RowFate::NotReplaced(_)) {
                                self.take_in(&row);
                            }
                            fates.push(row.into_fate(fate));
                        }
                    },
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

    /// Counts a row of the file.
    pub(super) fn take_in(&mut self, row: &KeyedRow) {
        self.content = self.content.plus(row.content);
        self.rows += 1;
    }

    /// Counts a row that was added.
    async fn added_row(&mut self, row: &KeyedRow) -> Result<(), LedgerError> {
        self.take_in(row);
        self.plan = self.plan.plus(row.plan);
        self.totals.added += 1;
        self.totals.added_amount += row.row.content.amount;
        self.totals.again += u64::from(row.is_again);
        self.replaced(row).await
    }

    /// Closes the load's sums and looks around, still without committing.
    pub async fn finish(&mut self, since: DateTime<Utc>) -> Result<LoadTotals, LedgerError> {
        let doing = "closing a load";
        self.make_index().await?;
        self.mark_here().await?;
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
        let new = self.totals.added - (self.totals.replaced - self.moved);
        let kept = self.rows - i64::try_from(new).expect("rows fit 63 bits");
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
        // Of a commit that failed nobody knows whether it happened: the next batch looks.
        *self.kept_head = None;
        self.transaction.commit("committing a load").await?;
        *self.kept_head = Some(self.head);
        Ok(())
    }

    /// Leaves the ledger as it was.
    pub async fn rollback(mut self) -> Result<(), LedgerError> {
        self.leave_room().await?;
        self.transaction.rollback("undoing a load").await
    }

    /// Campaigns that have to be reconciled before rows can come from their refused gifts.
    pub fn unlooked(&self) -> impl Iterator<Item = &str> {
        self.unlooked.iter().map(String::as_str)
    }

    /// Campaigns that gave, or will give, what rows come from.
    pub fn again_as(&self) -> impl Iterator<Item = &str> {
        self.again_as.iter().map(String::as_str)
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
        NewRow { line, content, reference: None, gift_key: None, cells_json: "[]".to_owned() }
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
    async fn a_group_costs_the_same_however_large_its_campaign_is() {
        // Goal: a file that comes again costs what its rows cost. Method: campaigns of a thousand and of twenty
        // thousand gifts; SQLite's steps for three hundred rows of each that are there already, and three new ones.
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).await.unwrap();
        let now = Utc::now();
        let lock = RunLock::take(ledger.path(), "test", now).unwrap();
        let mut writer = ledger.writer(&lock).await.unwrap();
        let mut costs = Vec::new();
        for (campaign, gifts) in [("small", 1_000_u64), ("large", 20_000)] {
            let header = LoadHeader { campaign: campaign.parse().unwrap(), ..header() };
            let rows = |from: u64, to: u64| (from..to).map(|line| row(line, line.into())).collect();
            let mut load = writer.begin().await.unwrap().load(&header, now).await.unwrap();
            load.add(rows(0, gifts)).await.unwrap();
            load.finish(now).await.unwrap();
            load.commit().await.unwrap();
            let mut load = writer.begin().await.unwrap().load(&header, now).await.unwrap();
            let steps = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
            let counted = std::sync::Arc::clone(&steps);
            let count = move || {
                counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                true
            };
            load.transaction.lock_handle().await.unwrap().set_progress_handler(10, count);
            let mut again: Vec<NewRow> = rows(200, 500);
            again.extend(rows(gifts, gifts + 3));
            let fates = load.add(again).await.unwrap();
            assert_eq!(fates.iter().filter(|row| row.fate == RowFate::Added).count(), 3);
            load.transaction.lock_handle().await.unwrap().remove_progress_handler();
            load.rollback().await.unwrap();
            costs.push(steps.load(std::sync::atomic::Ordering::Relaxed));
        }
        assert!(costs[0] > 100 && costs[1] * 10 < costs[0] * 12, "{costs:?}");
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
