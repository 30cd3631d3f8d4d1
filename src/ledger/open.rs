//! Opening a ledger: private files, migrations, and connections that cannot lose a commit.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqlSafeStr, SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::error::Doing;
use super::lock::{self, RunLock, beside};
use super::place::{Place, refuse_mounted_alone};
use super::watch::{AtWork, Watch, Watched};
use super::{LedgerError, Writer, sql};
use crate::crash::{self, Step};

/// A ledger that is open for reading. Writing needs the [`RunLock`].
#[derive(Clone, Debug)]
pub struct Ledger {
    place: Place,
    readers: SqlitePool,
    watched: Watched,
}

/// The readers, for one call.
pub(super) struct Reading<'l> {
    readers: &'l SqlitePool,
    _work: AtWork,
}

impl Deref for Reading<'_> {
    type Target = SqlitePool;

    fn deref(&self) -> &SqlitePool {
        self.readers
    }
}

/// Connections that only read, at most.
const READERS: u32 = 4;

/// How long a statement waits for another process that writes (a migration, a backup).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

impl Ledger {
    /// Opens the ledger at `path`, makes it where there is none, and brings its form up to date.
    ///
    /// The folder is made for its owner alone (0700), and so is the file (0600): it holds customers'
    /// wallets and amounts.
    pub async fn open(path: &Path) -> Result<Ledger, LedgerError> {
        make_private(path)?;
        // One file, one lock: SQLite follows links, and so must the name of the lock.
        let path = &path.canonicalize().map_err(|source| LedgerError::File {
            doing: "find the ledger",
            path: path.to_owned(),
            source,
        })?;
        let place = Place::of(path)?;
        if path.metadata().is_ok_and(|found| found.len() == 0) {
            refuse_mounted_alone(path)?;
        }
        // Not as a writer: what a migration sorts may be larger than the memory.
        let mut connection = options(path).connect().await.doing("opening it")?;
        refuse_stranger(path, &mut connection).await?;
        sqlx::query("pragma journal_mode = wal")
            .execute(&mut connection)
            .await
            .doing("opening it")?;
        let version: String = sqlx::query_scalar("select sqlite_version()")
            .fetch_one(&mut connection)
            .await
            .doing("reading SQLite's version")?;
        if numbers(&version) < vec![3, 51, 3] {
            return Err(LedgerError::OldSqlite(version));
        }
        migrate(path, &mut connection).await?;
        connection.close().await.doing("closing it after opening")?;
        let options = options(path).read_only(true);
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options)
            .await
            .doing("opening it for reading")?;
        Ok(Ledger { place, readers, watched: None })
    }

    /// Opens the ledger at `path` for who only looks: as [`Ledger::open`] does, and where it may not be written to, as
    /// it is. A file with no log beside it is then read as one that nobody changes, since SQLite would have to make its
    /// own files beside it; what a run writes meanwhile is seen by the next look.
    pub async fn look(path: &Path) -> Result<Ledger, LedgerError> {
        let may_write =
            |path: &Path| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
        let found = path.canonicalize();
        match found {
            Ok(found) if !may_write(&found) || !found.parent().is_some_and(may_write) => {
                Ledger::open_as_it_is(&found).await
            }
            _ => Ledger::open(path).await,
        }
    }

    async fn open_as_it_is(path: &Path) -> Result<Ledger, LedgerError> {
        let place = Place::of(path)?;
        let has_log = beside(path, "-wal").metadata().is_ok_and(|found| found.len() > 0);
        let options = options(path).read_only(true).immutable(!has_log);
        let doing = "opening it for reading";
        let mut connection = options.connect().await.doing(doing)?;
        refuse_stranger(path, &mut connection).await?;
        let steps: i64 =
            sqlx::query_scalar(sql::INSPECT_STEPS).fetch_one(&mut connection).await.doing(doing)?;
        connection.close().await.doing(doing)?;
        if steps != migrations().iter().count() as i64 {
            return Err(LedgerError::OtherForm { path: path.to_owned() });
        }
        let readers = SqlitePoolOptions::new().max_connections(READERS);
        let readers = readers.connect_with(options).await.doing(doing)?;
        Ok(Ledger { place, readers, watched: None })
    }

    /// The same ledger, whose work is watched from now on.
    pub fn watched(self, watch: Arc<dyn Watch>) -> Ledger {
        Ledger { watched: Some(watch), ..self }
    }

    /// The readers, for one call: what this gives is held until its answer is there.
    pub(super) fn reading(&self) -> Reading<'_> {
        Reading { readers: &self.readers, _work: AtWork::begin(&self.watched) }
    }

    /// Where the ledger lies.
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// The one writer. The lock is asked for so that nobody writes without it.
    pub async fn writer(&self, _lock: &RunLock) -> Result<Writer, LedgerError> {
        let connection = self.connect_writer().await?;
        Ok(Writer::new(connection, self.place.clone(), self.watched.clone()))
    }

    pub(super) async fn connect_writer(&self) -> Result<SqliteConnection, LedgerError> {
        connect(self.path()).await.doing("opening it for writing")
    }

    /// A connection for one short transaction beside the writer's, which is waited for so long.
    pub(super) async fn connect_beside(
        &self,
        patience: Duration,
    ) -> Result<SqliteConnection, LedgerError> {
        refuse_mounted_alone(self.path())?;
        let options = options(self.path()).busy_timeout(patience);
        options.journal_mode(SqliteJournalMode::Wal).connect().await.doing("opening it for a wish")
    }

    pub(super) fn watch(&self) -> &Watched {
        &self.watched
    }

    /// Closes the readers, so that the file can be moved or removed.
    pub async fn close(self) {
        self.readers.close().await;
    }
}

fn make_private(path: &Path) -> Result<(), LedgerError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.exists()) {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|source| LedgerError::File {
            doing: "make the ledger's folder",
            path: folder.to_owned(),
            source,
        })?;
    }
    // SQLite would make the file readable by all; its -wal and -shm files follow the file's mode.
    lock::open_private(path).map(drop).map_err(|source| LedgerError::File {
        doing: "open the ledger",
        path: path.to_owned(),
        source,
    })
}

pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("trusted_schema", "OFF")
        .pragma("mmap_size", "0")
        .disable_statement_logging()
}

async fn connect(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    options(path)
        .journal_mode(SqliteJournalMode::Wal)
        // Else a statement of many rows copies each page that it changes to a temporary file.
        .pragma("temp_store", "MEMORY")
        // Gifts' ids come in no order: the more pages the log holds, the fewer are written back twice.
        .pragma("wal_autocheckpoint", "8000")
        .connect()
        .await
}

pub(super) fn migrations() -> Migrator {
    let step = |version, description: &'static str, text: &'static str| {
        let text = text.into_sql_str();
        Migration::new(version, description.into(), MigrationType::Simple, text, false)
    };
    Migrator::with_migrations(vec![
        step(1, "campaign", include_str!("../../migrations/0001_campaign.sql")),
        step(2, "gift", include_str!("../../migrations/0002_gift.sql")),
        step(3, "history", include_str!("../../migrations/0003_history.sql")),
        step(4, "lists", include_str!("../../migrations/0004_lists.sql")),
        step(5, "tag", include_str!("../../migrations/0005_tag.sql")),
        step(6, "restored", include_str!("../../migrations/0006_restored.sql")),
        step(7, "checks", include_str!("../../migrations/0007_checks.sql")),
        step(8, "indexes", include_str!("../../migrations/0008_indexes.sql")),
        step(10, "wish", include_str!("../../migrations/0010_wish.sql")),
        step(14, "report", include_str!("../../migrations/0014_report.sql")),
        step(15, "chain", include_str!("../../migrations/0015_chain.sql")),
        step(17, "wallet_seen", include_str!("../../migrations/0017_wallet_seen.sql")),
        step(18, "holding_seen", include_str!("../../migrations/0018_holding_seen.sql")),
        step(19, "finding", include_str!("../../migrations/0019_finding.sql")),
        step(21, "took", include_str!("../../migrations/0021_took.sql")),
        step(22, "surplus", include_str!("../../migrations/0022_surplus.sql")),
        step(23, "id_length", include_str!("../../migrations/0023_id_length.sql")),
        step(24, "balances", include_str!("../../migrations/0024_balances.sql")),
        step(25, "reason", include_str!("../../migrations/0025_reason.sql")),
        step(26, "meaning", include_str!("../../migrations/0026_meaning.sql")),
        step(28, "move", include_str!("../../migrations/0028_move.sql")),
    ])
}

/// Finds that a file is a database of another program. An empty one is nobody's.
async fn refuse_stranger(
    path: &Path,
    connection: &mut SqliteConnection,
) -> Result<(), LedgerError> {
    let doing = "looking whether it is a ledger";
    let (tables, of_steps): (i64, i64) =
        sqlx::query_as(sql::INSPECT_TABLES).fetch_one(&mut *connection).await.doing(doing)?;
    let first: Option<String> = match of_steps {
        0 => None,
        _ => sqlx::query_scalar(sql::INSPECT_FIRST_STEP)
            .fetch_optional(&mut *connection)
            .await
            .doing(doing)?,
    };
    let is_ours = match first {
        Some(first) => migrations().iter().next().is_some_and(|step| step.description == first),
        // A crash may have come before the first step.
        None => tables == of_steps,
    };
    if is_ours { Ok(()) } else { Err(LedgerError::Stranger { path: path.to_owned() }) }
}

async fn migrate(path: &Path, connection: &mut SqliteConnection) -> Result<(), LedgerError> {
    let steps = migrations();
    let wanted = steps.iter().count() as i64;
    let done = sqlx::query_scalar::<_, i64>(sql::LEDGER_STEPS).fetch_one(&mut *connection).await;
    // A new file has no such tables, which is the only error that can be expected here.
    if done.is_ok_and(|done| done == wanted) {
        return Ok(());
    }
    let _lock = RunLock::take(path, "opening the ledger", Utc::now())?;
    crash::before(Step::Tables);
    steps.run(&mut *connection).await.map_err(|source| LedgerError::Database {
        doing: "bringing its form up to date",
        source: source.into(),
    })?;
    crash::after(Step::Tables);
    crash::before(Step::Identity);
    sqlx::query(sql::LEDGER_INSERT)
        .bind(Uuid::new_v4())
        .bind(Utc::now().timestamp_millis())
        .execute(connection)
        .await
        .doing("giving it its identity")?;
    crash::after(Step::Identity);
    Ok(())
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_new_ledger_is_durable_and_private() {
        // Goal: the settings that the promise rests on. Method: ask SQLite and the file system.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inner").join("ledger.db");
        let ledger = Ledger::open(&path).await.unwrap();
        let mut writer = ledger.connect_writer().await.unwrap();
        for (pragma, expected) in [
            ("pragma journal_mode", "wal"),
            ("pragma synchronous", "2"),
            ("pragma foreign_keys", "1"),
            ("pragma trusted_schema", "0"),
        ] {
            let row: (String,) = sqlx::query_as::<_, (String,)>(pragma)
                .fetch_one(&mut writer)
                .await
                .or_else(|_| Ok::<_, sqlx::Error>((String::new(),)))
                .unwrap();
            let value = if row.0.is_empty() {
                let number: i64 = sqlx::query_scalar(pragma).fetch_one(&mut writer).await.unwrap();
                number.to_string()
            } else {
                row.0
            };
            assert_eq!(value, expected, "{pragma}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            assert_eq!(mode(path.parent().unwrap()), 0o700);
            assert_eq!(mode(&lock::lock_path(&path)), 0o600);
        }
    }

    #[tokio::test]
    async fn a_ledger_that_a_crash_left_nameless_gets_its_identity() {
        // Goal: a crash between the tables and the identity is mended. Method: tables without the
        // row, as such a crash leaves them; open again.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let ledger = Ledger::open(&path).await.unwrap();
        let mut writer = ledger.connect_writer().await.unwrap();
        sqlx::query("delete from ledger").execute(&mut writer).await.unwrap();
        writer.close().await.unwrap();
        let ledger = Ledger::open(&path).await.unwrap();
        let rows: i64 = sqlx::query_scalar("select count(*) from ledger")
            .fetch_one(&ledger.readers)
            .await
            .unwrap();
        assert_eq!(rows, 1);
    }

    #[tokio::test]
    async fn an_old_ledger_gets_the_form_of_a_new_one() {
        // Goal: old ledgers are as fast and as strict as new ones, and keep their rows. Method: two gifts
        // in ledgers of each form since the checks were first rewritten; open them, compare their form
        // with a new one's, and break the checks and what must be unique.
        let folder = tempfile::tempdir().unwrap();
        let new = form_of(&folder.path().join("new.db")).await;
        let lists = new.iter().flatten().filter(|text| text.matches(" in (").count() > 1);
        assert_eq!(lists.count(), 0, "a list is made anew for each row: {new:?}");
        for steps in [6, 7] {
            let old = folder.path().join(format!("{steps}.db"));
            make_old(&old, steps).await;
            assert_eq!(form_of(&old).await, new, "after {steps} steps");
            let mut writer = connect(&old).await.unwrap();
            let health: String =
                sqlx::query_scalar("pragma integrity_check").fetch_one(&mut writer).await.unwrap();
            assert_eq!(health, "ok");
            for (broken, what) in [
                ("state = 'lost'", "CHECK"),
                ("reconciled = 'lost'", "CHECK"),
                ("state = 'issued'", "CHECK"),
                ("gift_id = x'00112233445566778899aabbccddeeff', issued_at_ms = 1, state = 'issued',
                  ready_at_ms = null where id = 1", "gift.gift_id"),
                ("key = (select key from gift where id = 2) where id = 1", "frozen"),
            ] {
                let update = sqlx::AssertSqlSafe(format!("update gift set {broken}"));
                let refused = sqlx::query(update).execute(&mut writer).await.unwrap_err();
                assert!(refused.to_string().contains(what), "{broken}: {refused}");
            }
            let again = "insert into gift select null, campaign_id, key, reference, line, first_load,
                last_load, wallet_id, amount_minor, expires_at_ms, description, cells_json, twin,
                'planned', 0, 0, 0, null, null, null, null, null, null, null, null from gift where id = 2";
            let refused = sqlx::query(again).execute(&mut writer).await.unwrap_err();
            assert!(refused.to_string().contains("gift.key"), "{refused}");
        }
    }

    /// A ledger of so many steps, with a gift that was given and one that was not.
    async fn make_old(path: &Path, steps: usize) {
        make_private(path).unwrap();
        let mut connection = connect(path).await.unwrap();
        let steps: Vec<_> = migrations().iter().take(steps).cloned().collect();
        Migrator::with_migrations(steps).run(&mut connection).await.unwrap();
        let filled = "insert into campaign values (1, 'may', 1, 1, 1, '[]', '{}', printf('%064d', 0), 1,
                          5, zeroblob(16), null, 0, 0);
            insert into gift (campaign_id, key, line, first_load, last_load, wallet_id, amount_minor,
                              description, cells_json, twin, state, ready_at_ms)
            values (1, randomblob(16), 2, 1, 1, randomblob(16), 5, 'A', '[]', randomblob(16), 'planned', 0);
            insert into gift (campaign_id, key, line, first_load, last_load, wallet_id, amount_minor,
                              description, cells_json, twin, state, attempt_count, first_sent_at_ms,
                              gift_id, issued_at_ms)
            values (1, randomblob(16), 3, 1, 1, randomblob(16), 5, 'A', '[]', randomblob(16), 'issued', 1, 1,
                    x'00112233445566778899aabbccddeeff', 1)";
        sqlx::raw_sql(filled).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// What the schema says of the table and its indexes, once the ledger was opened.
    async fn form_of(path: &Path) -> Vec<Option<String>> {
        let ledger = Ledger::open(path).await.unwrap();
        let form = "select sql from sqlite_schema where tbl_name = 'gift' order by name";
        sqlx::query_scalar(form).fetch_all(&ledger.readers).await.unwrap()
    }

    #[tokio::test]
    async fn opening_again_changes_nothing() {
        // Goal: the ledger keeps its identity. Method: open twice, compare the id.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let mut ids = Vec::new();
        for _ in 0..2 {
            let ledger = Ledger::open(&path).await.unwrap();
            let id: Uuid = sqlx::query_scalar("select ledger_id from ledger")
                .fetch_one(&ledger.readers)
                .await
                .unwrap();
            ids.push(id);
        }
        assert_eq!(ids[0], ids[1]);
    }
}
