//! Room for a large load: more pages at hand; or, in a new ledger, the indexes of keys and wallets made at
//! the end.
//!
//! It stands apart because a load is right without it. Wallets and keys come in no order: with few pages
//! at hand nearly each row reads and writes a page again that it shares with no row near it. To sort them
//! at the end takes a fraction of that.
//!
//! **Invariant:** the memory that this takes does not depend on how many rows there are.

use sqlx::SqliteConnection;

use super::error::Doing;
use super::load::Load;
use super::{LedgerError, sql};

/// From so many rows on a load is large.
const LARGE: u64 = 20_000;

/// What a large load was given.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Room {
    /// Settings are to be given back.
    is_made: bool,
    /// The index of wallets is to be made.
    lacks_wallets: bool,
    /// The index of keys is to be made.
    pub(super) lacks_keys: bool,
}

/// When a load finds out whether a file's rows repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// With each row.
    EachRow,
    /// At the end, where the ledger is new and the file large: few files have identical rows, and this is
    /// the quicker way.
    AtTheEnd,
}

/// Pages at hand while rows are added that come in no order.
const WIDE: &str = "pragma cache_size = -49152";

/// Pages at hand while rows are sorted: more of them make the sorter's portions larger, and slower.
const FOR_SORTING: &str = "pragma cache_size = -4096";

/// What SQLite has without being told.
const USUAL: &str = "pragma cache_size = -2000";

impl Load<'_> {
    /// Makes room for a file of so many rows.
    pub async fn make_room(&mut self, rows: u64, repeats: Repeats) -> Result<(), LedgerError> {
        // What looks at the load in the end sorts the rows of earlier files too.
        if rows.max(self.gifts_before.unsigned_abs()) < LARGE {
            return Ok(());
        }
        let doing = "making room for a load";
        // On a connection that has claimed gifts this fails, since its claims' table is in memory: load first.
        // What is sorted and does not fit goes to disk. What undoes a statement stays in memory: SQLite
        // has chosen that when the transaction began.
        run(&mut self.transaction, "pragma temp_store = file").await?;
        run(&mut self.transaction, "pragma threads = 1").await?;
        self.room.is_made = true;
        let gifts: i64 = sqlx::query_scalar(sql::LEDGER_GIFTS)
            .fetch_one(&mut *self.transaction)
            .await
            .doing(doing)?;
        // SQLite keeps the pages of an index that it drops until the statement is done: in a ledger with
        // gifts that would be as much memory as it has wallets.
        if gifts == 0 {
            run(&mut self.transaction, sql::WALLET_INDEX_DROP).await?;
            self.room.lacks_wallets = true;
        }
        if gifts == 0 && repeats == Repeats::AtTheEnd {
            run(&mut self.transaction, sql::KEY_INDEX_DROP).await?;
            self.room.lacks_keys = true;
            self.keys = self.keys.clone().unchecked();
            // Rows come in the order of the pages now.
            return run(&mut self.transaction, FOR_SORTING).await;
        }
        run(&mut self.transaction, WIDE).await
    }

    /// Makes the index of keys that [`Load::make_room`] took away; says whether all keys differ. Where
    /// they do not, nothing but [`Load::start_over`] and [`Load::rollback`] makes sense.
    pub async fn has_distinct_keys(&mut self) -> Result<bool, LedgerError> {
        if !std::mem::take(&mut self.room.lacks_keys) {
            return Ok(true);
        }
        let made = run(&mut self.transaction, sql::KEY_INDEX_CREATE).await;
        match made {
            Err(LedgerError::Database { source, .. })
                if source.as_database_error().is_some_and(|error| error.is_unique_violation()) =>
            {
                Ok(false)
            }
            made => made.map(|()| true),
        }
    }

    /// Makes what [`Load::make_room`] took away. What looks at the load needs few pages.
    pub(super) async fn make_index(&mut self) -> Result<(), LedgerError> {
        if self.room.is_made {
            run(&mut self.transaction, FOR_SORTING).await?;
        }
        if std::mem::take(&mut self.room.lacks_keys) {
            run(&mut self.transaction, sql::KEY_INDEX_CREATE).await?;
        }
        if std::mem::take(&mut self.room.lacks_wallets) {
            run(&mut self.transaction, sql::WALLET_INDEX_CREATE).await?;
        }
        Ok(())
    }

    /// Gives back the rest. The indexes come back by themselves where the load is undone.
    pub(super) async fn leave_room(&mut self) -> Result<(), LedgerError> {
        if std::mem::take(&mut self.room.is_made) {
            run(&mut self.transaction, USUAL).await?;
            run(&mut self.transaction, "pragma threads = 0").await?;
            run(&mut self.transaction, "pragma temp_store = memory").await?;
        }
        Ok(())
    }
}

async fn run(
    connection: &mut SqliteConnection,
    statement: &'static str,
) -> Result<(), LedgerError> {
    let done = sqlx::query(statement).persistent(false).execute(connection).await;
    done.map(drop).doing("making room for a load")
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;
    use crate::ledger::{Ledger, LoadHeader, RunLock, Writer};

    #[tokio::test]
    async fn a_large_load_leaves_the_ledger_as_a_small_one_does() {
        // Goal: the room is given back, whether the load is stored or not. Method: what SQLite says of
        // its indexes and its pages, before and after large loads of both kinds that are undone, and one
        // that is kept.
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).await.unwrap();
        let lock = RunLock::take(ledger.path(), "test", Utc::now()).unwrap();
        let mut writer = ledger.writer(&lock).await.unwrap();
        let before = look_between(&mut writer).await;
        assert!(before.0.contains("(wallet_id, campaign_id)") && before.0.contains("(key)"));
        for (repeats, is_kept) in
            [(Repeats::EachRow, false), (Repeats::AtTheEnd, false), (Repeats::AtTheEnd, true)]
        {
            let header = LoadHeader {
                campaign: "may".parse().unwrap(),
                header_json: "[]".to_owned(),
                dialect_json: "{}".to_owned(),
                file_sha256: "0".repeat(64),
            };
            let mut load = writer.begin().await.unwrap().load(&header, Utc::now()).await.unwrap();
            load.make_room(LARGE, repeats).await.unwrap();
            let meanwhile = look(&mut load.transaction).await;
            let is_other = meanwhile.1.iter().zip(before.1).all(|(now, then)| *now != then);
            assert!(meanwhile.0 != before.0 && is_other, "{meanwhile:?}");
            if is_kept {
                load.finish(Utc::now()).await.unwrap();
                load.commit().await.unwrap();
            } else {
                load.rollback().await.unwrap();
            }
            assert_eq!(look_between(&mut writer).await, before, "{repeats:?}, kept: {is_kept}");
        }
    }

    async fn look_between(writer: &mut Writer) -> (String, [i64; 3]) {
        let mut batch = writer.begin().await.unwrap();
        let seen = look(batch.transaction.now().await.unwrap()).await;
        batch.rollback().await.unwrap();
        seen
    }

    /// The indexes of keys and wallets, and the settings: pages, where temporary things go, and threads.
    async fn look(connection: &mut SqliteConnection) -> (String, [i64; 3]) {
        let indexes = "select group_concat(sql) from (select sql from sqlite_schema
                       where name in ('gift_key', 'gift_of_wallet') order by name)";
        let indexes: Option<String> =
            sqlx::query_scalar(indexes).fetch_one(&mut *connection).await.unwrap();
        let mut settings = [0; 3];
        for (setting, pragma) in settings.iter_mut().zip(["cache_size", "temp_store", "threads"]) {
            let pragma = sqlx::AssertSqlSafe(format!("pragma {pragma}"));
            *setting = sqlx::query_scalar(pragma).fetch_one(&mut *connection).await.unwrap();
        }
        (indexes.unwrap_or_default(), settings)
    }
}
