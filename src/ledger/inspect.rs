//! Looking at a ledger without touching it: no file is made, nothing is migrated, nothing is written.
//!
//! It stands apart from [`Ledger`](super::Ledger), which makes what is missing: who asks how a ledger is
//! must not change the answer.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};
use uuid::Uuid;

use super::error::Doing;
use super::lock::beside;
use super::open::{migrations, options};
use super::rows::instant;
use super::side_file::is_old;
use super::{GiftRecord, LedgerError, Provider, RunRecord, StateTally, sql};
use crate::domain::WalletId;

/// A ledger's file, or a copy of one, that is only looked at.
#[derive(Debug)]
pub struct Inspection {
    pub(super) connection: SqliteConnection,
    pub(super) path: PathBuf,
    /// The file as it was, where it is read as one that nobody changes.
    stamp: Option<Stamp>,
}

/// Tells a file that was changed.
type Stamp = (u64, Option<SystemTime>);

/// The form of a ledger's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerForm {
    /// This program's own.
    Current,
    /// That of an older version; the next command that uses the ledger brings it up to date.
    Older,
    /// That of a newer version, which this program cannot use.
    Newer,
}

/// How closely a ledger's health is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// In a moment: indexes are not compared with their tables.
    Quick,
    /// Everything that SQLite can compare.
    Full,
}

/// What a ledger says of itself.
#[derive(Clone, Debug)]
pub struct LedgerFacts {
    /// Tells it from every other ledger.
    pub id: Uuid,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Whether it is a copy that was never put to use.
    pub is_copy: bool,
    /// Whether the file beside it, or its want of one, shows that it is older than what was sent.
    pub is_old: bool,
    /// When it was last noticed to be an old copy.
    pub restored_at: Option<DateTime<Utc>>,
    /// Campaigns that give nothing until they are reconciled, for the same reason.
    pub forgotten: u64,
    /// How many campaigns it has.
    pub campaigns: u64,
    /// Gifts and money by state; states that no gift is in are left out.
    pub states: Vec<StateTally>,
    /// The provider of its gifts.
    pub provider: Option<Provider>,
    /// When it was first used.
    pub first_used_at: Option<DateTime<Utc>>,
    /// When its lists were first seen to show what exists.
    pub lists_proven_at: Option<DateTime<Utc>>,
    /// The last run, and the name of its campaign.
    pub last_run: Option<(String, RunRecord)>,
}

const LOOKING: &str = "looking at it";

impl Inspection {
    /// Looks at a file that is there, and leaves no trace beside it where nobody uses it.
    ///
    /// SQLite makes two files beside a ledger that it reads, unless it is told that nobody changes it. So
    /// that is what it is told where no log is there; and where somebody has begun to change it meanwhile,
    /// what was seen counts for nothing, and is looked at again beside them.
    pub async fn look<T, E: From<LedgerError>>(
        path: &Path,
        look: impl AsyncFn(&mut Inspection) -> Result<T, E>,
    ) -> Result<T, E> {
        let path = find(path)?;
        if let Some(stamp) = stamp(&path) {
            let connection = open(&path, true).await?;
            let mut ledger = Inspection { connection, path: path.clone(), stamp: Some(stamp) };
            let seen = look(&mut ledger).await;
            let is_still = ledger.stamp == self::stamp(&path);
            ledger.close().await?;
            if is_still {
                return seen;
            }
        }
        let mut ledger = Inspection::open(&path).await?;
        let seen = look(&mut ledger).await;
        ledger.close().await?;
        seen
    }

    /// Opens a file that is there, beside others that may change it.
    pub async fn open(path: &Path) -> Result<Inspection, LedgerError> {
        let path = find(path)?;
        let connection = open(&path, false).await?;
        Ok(Inspection { connection, path, stamp: None })
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes the file and the log beside it have.
    pub fn bytes(&self) -> (u64, u64) {
        let bytes = |path: &Path| path.metadata().map_or(0, |found| found.len());
        (bytes(&self.path), bytes(&beside(&self.path, "-wal")))
    }

    /// The number of steps that made its tables, and their form.
    pub async fn form(&mut self) -> Result<(u64, LedgerForm), LedgerError> {
        let steps: i64 = sqlx::query_scalar(sql::INSPECT_STEPS)
            .fetch_one(&mut self.connection)
            .await
            .doing("reading its form: is it a ledger of this program?")?;
        let wanted = migrations().iter().count() as i64;
        let form = match steps.cmp(&wanted) {
            std::cmp::Ordering::Equal => LedgerForm::Current,
            std::cmp::Ordering::Less => LedgerForm::Older,
            std::cmp::Ordering::Greater => LedgerForm::Newer,
        };
        Ok((steps.unsigned_abs(), form))
    }

    /// What it holds; its form must be current.
    pub async fn facts(&mut self) -> Result<LedgerFacts, LedgerError> {
        let is_old = is_old(&mut self.connection, &self.path).await?;
        let mut moment = self.connection.begin().await.doing(LOOKING)?;
        let states: Vec<StateTally> =
            sqlx::query_as(sql::INSPECT_STATES).fetch_all(&mut *moment).await.doing(LOOKING)?;
        let provider: Option<Provider> = sqlx::query_as(sql::PROVIDER_SELECT)
            .fetch_optional(&mut *moment)
            .await
            .doing(LOOKING)?;
        let run = sqlx::query(sql::INSPECT_RUN)
            .fetch_optional(&mut *moment)
            .await
            .doing(LOOKING)?
            .map(|row| Ok((row.try_get("name")?, sqlx::FromRow::from_row(&row)?)))
            .transpose()
            .doing(LOOKING)?;
        let row = sqlx::query(sql::INSPECT_LEDGER).fetch_one(&mut *moment).await.doing(LOOKING)?;
        let number = |column| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
        let at = |column| row.try_get::<Option<i64>, _>(column).map(|at| at.map(instant));
        let read = || {
            Ok(LedgerFacts {
                id: row.try_get("ledger_id")?,
                created_at: instant(row.try_get("created_at_ms")?),
                is_copy: row.try_get("is_copy")?,
                is_old,
                restored_at: at("restored_at_ms")?,
                forgotten: number("forgotten")?,
                campaigns: number("campaigns")?,
                states,
                provider,
                first_used_at: at("first_used_at_ms")?,
                lists_proven_at: at("lists_proven_at_ms")?,
                last_run: run,
            })
        };
        let facts = read().doing(LOOKING)?;
        moment.commit().await.doing(LOOKING)?;
        Ok(facts)
    }

    /// All gifts of one wallet, of any campaign.
    pub async fn gifts_of_wallet(
        &mut self,
        wallet: WalletId,
    ) -> Result<Vec<GiftRecord>, LedgerError> {
        sqlx::query_as(sql::GIFT_BY_WALLET)
            .bind(wallet.0)
            .fetch_all(&mut self.connection)
            .await
            .doing("reading a wallet's gifts")
    }

    /// What SQLite finds wrong with the file; nothing where it is whole.
    pub async fn health(&mut self, depth: Depth) -> Result<Vec<String>, LedgerError> {
        health(&mut self.connection, depth).await
    }

    /// Lets go of the file.
    pub async fn close(self) -> Result<(), LedgerError> {
        self.connection.close().await.doing("closing it")
    }
}

fn find(path: &Path) -> Result<PathBuf, LedgerError> {
    let doing = "find the ledger";
    path.canonicalize().map_err(|source| LedgerError::File { doing, path: path.into(), source })
}

async fn open(path: &Path, is_still: bool) -> Result<SqliteConnection, LedgerError> {
    let options = options(path).read_only(true).immutable(is_still);
    options.connect().await.doing("opening it for reading")
}

/// The file as it is; none where a log beside it holds a part of it.
fn stamp(path: &Path) -> Option<Stamp> {
    if beside(path, "-wal").exists() {
        return None;
    }
    let found = path.metadata().ok()?;
    Some((found.len(), found.modified().ok()))
}

/// What SQLite finds wrong with the file of a connection.
pub(super) async fn health(
    connection: &mut SqliteConnection,
    depth: Depth,
) -> Result<Vec<String>, LedgerError> {
    let statement = match depth {
        Depth::Quick => sql::INSPECT_HEALTH_QUICK,
        Depth::Full => sql::INSPECT_HEALTH,
    };
    let mut found: Vec<String> =
        sqlx::query_scalar(statement).fetch_all(connection).await.doing("checking its pages")?;
    found.retain(|line| line != "ok");
    Ok(found)
}
