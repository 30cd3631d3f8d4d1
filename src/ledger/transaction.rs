//! A transaction whose statements travel together: what needs no answer waits for the next that does.
//!
//! It stands apart because SQLite works on a thread of its own, and each trip there and back costs two
//! changes of threads: as much as writing some gifts. A group that is issued takes one trip.
//!
//! **Invariant:** what waits is sent before anything else is asked, in the order in which it came.
//! **Invariant:** a transaction that was dropped is undone before the next one begins.

use std::ops::{Deref, DerefMut};
use std::pin::pin;

use futures_util::TryStreamExt as _;
use sqlx::error::ErrorKind;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Either, Executor, SqliteConnection};

use super::LedgerError;
use super::error::Doing;

/// The connection that writes.
#[derive(Debug)]
pub(super) struct Connection {
    sqlite: SqliteConnection,
    /// A transaction was begun, and nobody has seen its end.
    is_open: bool,
}

/// A transaction, with what waits to be sent.
#[derive(Debug)]
pub(super) struct Transaction<'w> {
    open: Open<'w>,
    /// The statements that wait, one after another.
    text: String,
    arguments: SqliteArguments,
    /// What each of them does, for an error.
    parts: Vec<&'static str>,
}

/// A transaction in which nothing waits.
#[derive(Debug)]
pub(super) struct Open<'w>(&'w mut Connection);

/// A group of up to 128 confirmed gifts, some other outcomes, and a claim.
const USUAL_PARTS: usize = 12;

impl Connection {
    pub(super) fn new(sqlite: SqliteConnection) -> Connection {
        Connection { sqlite, is_open: false }
    }

    /// Begins a transaction, which holds the right to write from the first statement on that is sent.
    pub(super) async fn begin(&mut self) -> Transaction<'_> {
        self.idle().await;
        let (text, arguments) = (String::new(), SqliteArguments::default());
        let mut begun = Transaction { open: Open(self), text, arguments, parts: Vec::new() };
        begun.add("begin immediate", &["beginning a group"]);
        begun
    }

    /// The connection itself, in no transaction.
    pub(super) async fn idle(&mut self) -> &mut SqliteConnection {
        if std::mem::take(&mut self.is_open) {
            // It fails where SQLite has undone the last one by itself.
            let _ = self.sqlite.execute("rollback").await;
        }
        &mut self.sqlite
    }

    pub(super) fn into_sqlite(self) -> SqliteConnection {
        self.sqlite
    }
}

impl<'w> Transaction<'w> {
    /// Lets statements wait for the next trip. Comes back with the place for their values, in the order
    /// of their question marks.
    pub(super) fn add(&mut self, text: &str, parts: &[&'static str]) -> &mut SqliteArguments {
        self.text.push_str(text);
        self.text.push_str(";\n");
        self.parts.extend_from_slice(parts);
        &mut self.arguments
    }

    /// Sends what waits. Comes back with the rows of all of it.
    ///
    /// After an error the transaction must be dropped.
    pub(super) async fn send(&mut self) -> Result<Vec<SqliteRow>, LedgerError> {
        let (text, arguments) =
            (std::mem::take(&mut self.text), std::mem::take(&mut self.arguments));
        let parts = std::mem::take(&mut self.parts);
        let is_usual = parts.len() <= USUAL_PARTS;
        let mut done = 0;
        let doing = |done: usize| parts.get(done).or(parts.last()).copied().unwrap_or_default();
        self.open.0.is_open = true;
        // Long chains hardly come again, and SQLite would keep each of them.
        let query = sqlx::query_with(AssertSqlSafe(text), arguments).persistent(is_usual);
        let mut answers = pin!(self.open.fetch_many(query));
        let mut rows = Vec::new();
        while let Some(answer) =
            answers.try_next().await.map_err(|error| failed(error, doing(done)))?
        {
            match answer {
                Either::Right(row) => rows.push(row),
                Either::Left(_) => done += 1,
            }
        }
        if done < parts.len() {
            // SQLite's thread is gone, and only its silence tells: what came last may be the commit.
            return Err(failed(sqlx::Error::WorkerCrashed, doing(done)));
        }
        Ok(rows)
    }

    /// The connection, once what waits was sent.
    pub(super) async fn now(&mut self) -> Result<&mut SqliteConnection, LedgerError> {
        if !self.parts.is_empty() {
            self.send().await?;
        }
        Ok(&mut self.open)
    }

    /// The transaction, once what waits was sent.
    pub(super) async fn open(mut self) -> Result<Open<'w>, LedgerError> {
        self.now().await?;
        Ok(self.open)
    }

    /// Makes it durable, with what waits. Comes back with the rows of that.
    ///
    /// SQLite's thread goes on from one statement to the next unless it failed, and waits for nobody to look:
    /// what must not be committed has to fail by itself.
    pub(super) async fn commit(
        mut self,
        doing: &'static str,
    ) -> Result<Vec<SqliteRow>, LedgerError> {
        self.add("commit", &[doing]);
        let rows = self.send().await?;
        self.open.0.is_open = false;
        Ok(rows)
    }

    /// Undoes it.
    pub(super) async fn rollback(self, doing: &'static str) -> Result<(), LedgerError> {
        if self.open.0.is_open { self.open.rollback(doing).await } else { Ok(()) }
    }
}

impl Open<'_> {
    /// Undoes it, and begins another one.
    pub(super) async fn begin_anew(self) -> Result<Self, LedgerError> {
        self.0.sqlite.execute("rollback").await.doing("undoing a group")?;
        self.0.sqlite.execute("begin immediate").await.doing("beginning a group")?;
        Ok(self)
    }

    /// Makes it durable.
    pub(super) async fn commit(self, doing: &'static str) -> Result<(), LedgerError> {
        self.0.sqlite.execute("commit").await.doing(doing)?;
        self.0.is_open = false;
        Ok(())
    }

    /// Undoes it.
    pub(super) async fn rollback(self, doing: &'static str) -> Result<(), LedgerError> {
        self.0.sqlite.execute("rollback").await.doing(doing)?;
        self.0.is_open = false;
        Ok(())
    }
}

impl Deref for Open<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.0.sqlite
    }
}

impl DerefMut for Open<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.0.sqlite
    }
}

/// Tells an id of the provider that some gift has already, and a gift that is in another state than was
/// expected, from what is SQLite's fault.
fn failed(source: sqlx::Error, doing: &'static str) -> LedgerError {
    let broken = source.as_database_error().map(|error| (error.kind(), error.message()));
    match broken {
        Some((ErrorKind::UniqueViolation, words)) if words.contains("gift.gift_id") => {
            LedgerError::GiftIdTaken
        }
        Some((ErrorKind::NotNullViolation, words)) if words.contains("gift.state") => {
            LedgerError::Raced { doing }
        }
        _ => LedgerError::Database { doing, source },
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use crate::ledger::{Ledger, RunLock};

    #[tokio::test]
    async fn what_was_dropped_is_undone_before_the_next_begins() {
        // Goal: no half of a group is ever committed with another. Method: a batch that wrote a run and
        // was dropped, one whose statement failed, then one that is committed; the runs that are there.
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).await.unwrap();
        let lock = RunLock::take(ledger.path(), "test", Utc::now()).unwrap();
        let mut writer = ledger.writer(&lock).await.unwrap();
        let learned = crate::ledger::Lists::default();
        let mut dropped = writer.begin().await.unwrap();
        dropped.bind_provider("https://one.example", Utc::now()).await.unwrap();
        drop(dropped);
        let mut failed = writer.begin().await.unwrap();
        let no_campaign = failed.begin_run(uuid::Uuid::now_v7(), 7, "issue", Utc::now()).await;
        assert!(no_campaign.is_err());
        drop(failed);
        let mut kept = writer.begin().await.unwrap();
        assert_eq!(kept.bind_provider("https://two.example", Utc::now()).await.unwrap(), learned);
        kept.commit().await.unwrap();
        let mut later = writer.begin().await.unwrap();
        assert!(later.check_provider("https://two.example").await.is_ok());
        assert!(later.check_provider("https://one.example").await.is_err());
    }

    #[tokio::test]
    async fn what_sqlite_did_not_say_is_not_taken_for_done() {
        // Goal: a group whose commit nobody has answered is never taken for durable, as where SQLite's thread ended
        // in its middle. Method: wait for the answers of one statement more than is sent.
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).await.unwrap();
        let lock = RunLock::take(ledger.path(), "test", Utc::now()).unwrap();
        let mut writer = ledger.writer(&lock).await.unwrap();
        let mut batch = writer.begin().await.unwrap();
        batch.transaction.add("select 1", &["asking", "committing"]);
        let error = batch.transaction.send().await.unwrap_err();
        assert_eq!(error.to_string(), "the ledger failed while committing");
    }
}
