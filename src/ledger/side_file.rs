//! The file beside the ledger that tells an old copy of it from the ledger.
//!
//! It stands apart because a ledger that was restored from a backup has forgotten intents, and must
//! not give those gifts again. The file names the ledger and its last run. It is written after the
//! run's row is durable and before the run sends anything, and once more when the run has ended, so that
//! a ledger which does not know that much of the run is older than what was sent. Revocations are named in it as well: what was
//! given and taken back since a copy was made looks to that copy as if it was never given.
//!
//! **Invariant:** the file is never ahead of a ledger that was not replaced.

use std::collections::HashSet;
use std::io::{Error, ErrorKind, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::error::Doing;
use super::lock::{beside, open_private};
use super::rows::instant;
use super::{Batch, LedgerError, Writer, sql};
use crate::domain::fold_text;

/// The ledger's last moment was told by a clock that may have been ahead then, and right since.
const CLOCKS_ARE_SET_MS: i64 = 24 * 60 * 60 * 1_000;

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
struct SideFile {
    /// Which ledger it stands beside.
    ledger: Uuid,
    /// When that was made: no gift of it is older.
    created_at_ms: i64,
    /// The last run that may have sent something, or the mark of a ledger that was noticed to be old;
    /// none before the first run.
    mark: Option<Uuid>,
    /// Whether that run has ended.
    has_ended: bool,
    /// Revocations of each campaign: the last one, and those that the ledger did not know when that began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    revokes: Vec<Revoke>,
}

/// A revocation that was begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Revoke {
    campaign: String,
    run: Uuid,
    at_ms: i64,
}

/// Who a ledger is, and how much it knows.
struct Age {
    ledger: Uuid,
    created_at_ms: i64,
    knows_mark: bool,
    is_copy: bool,
    has_campaign: bool,
    newest_ms: i64,
}

/// How far a run has come that the file is to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// It may send from now on.
    Begun,
    /// It sends nothing more.
    Ended,
}

impl Writer {
    /// Looks whether the ledger at `path` is older than the file beside it, and remembers it where it
    /// is: see [`Batch::forgot_since`].
    pub async fn notice_age(&mut self, path: &Path, now: DateTime<Utc>) -> Result<(), LedgerError> {
        let file = SideFile::read(&side_path(path))?;
        let mut batch = self.begin().await?;
        let age = batch.age(file.as_ref()).await?;
        let Some(forgot_since_ms) = age.forgot_since_ms(file.as_ref()) else {
            batch.rollback().await?;
            return if file.is_none() { age.write(path, None, false) } else { Ok(()) };
        };
        tracing::warn!("the ledger is older than what was sent: was an old copy of it restored?");
        let mark = Uuid::new_v4();
        sqlx::query(sql::LEDGER_RESTORED)
            .bind(now.timestamp_millis())
            .bind(forgot_since_ms.min(now.timestamp_millis()) - CLOCKS_ARE_SET_MS)
            .bind(mark)
            .execute(batch.transaction.now().await?)
            .await
            .doing("noticing its age")?;
        sqlx::query(sql::COPY_UNMARK)
            .execute(batch.transaction.now().await?)
            .await
            .doing("noticing its age")?;
        batch.commit().await?;
        age.write(path, Some(mark), false)
    }

    /// Names a run beside the ledger at `path`, before it sends anything and after it has ended; what
    /// the ledger holds of that is durable.
    pub async fn name_run(
        &mut self,
        path: &Path,
        run: Uuid,
        milestone: Milestone,
    ) -> Result<(), LedgerError> {
        let mut batch = self.begin().await?;
        let age = batch.age(None).await?;
        batch.rollback().await?;
        age.write(path, Some(run), milestone == Milestone::Ended)
    }

    /// Notes beside the ledger at `path`, before anything is deleted, that gifts of a campaign are taken back by this
    /// run: an older copy of the ledger must not give them again.
    pub async fn note_revoke(
        &mut self,
        path: &Path,
        (campaign, run): (&str, Uuid),
        at: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let side = side_path(path);
        // It was written when the ledger was opened.
        let Some(mut file) = SideFile::read(&side)? else { return Ok(()) };
        let mut batch = self.begin().await?;
        let unknown = unknown(batch.transaction.now().await?, &file.revokes).await?;
        batch.rollback().await?;
        file.revokes.retain(|revoke| revoke.campaign != campaign || unknown.contains(&revoke.run));
        let campaign = campaign.to_owned();
        file.revokes.push(Revoke { campaign, run, at_ms: at.timestamp_millis() });
        file.write(&side).map_err(|source| LedgerError::File { doing: "write", path: side, source })
    }
}

impl Batch<'_> {
    /// The last moment that a restored ledger knows of, less a day, where what was sent of the campaign
    /// since was not looked for yet: nothing of it may be sent.
    pub async fn forgot_since(
        &mut self,
        campaign: i64,
    ) -> Result<Option<DateTime<Utc>>, LedgerError> {
        let since: Option<i64> = sqlx::query_scalar(sql::CAMPAIGN_FORGOT_SINCE)
            .bind(campaign)
            .fetch_optional(self.transaction.now().await?)
            .await
            .doing("reading what it has forgotten")?;
        Ok(since.map(instant))
    }

    /// Rows of unsent gifts of which a person said since then that they were not given.
    pub async fn vouched(&mut self, campaign: i64) -> Result<HashSet<i64>, LedgerError> {
        let rows: Vec<i64> = sqlx::query_scalar(sql::GIFT_VOUCHED)
            .bind(campaign)
            .fetch_all(self.transaction.now().await?)
            .await
            .doing("reading what a person said of gifts")?;
        Ok(rows.into_iter().collect())
    }

    /// Remembers that every wallet of the campaign was read to find what was forgotten.
    pub async fn recalled(&mut self, campaign: i64) -> Result<(), LedgerError> {
        sqlx::query(sql::CAMPAIGN_RECALLED)
            .bind(campaign)
            .execute(self.transaction.now().await?)
            .await
            .map(drop)
            .doing("remembering what was forgotten")
    }

    async fn age(&mut self, file: Option<&SideFile>) -> Result<Age, LedgerError> {
        Age::read(self.transaction.now().await?, file).await
    }
}

/// When the last revocation of a campaign began that the ledger at `path` does not know of, since it is an older copy.
pub(super) async fn forgotten_revoke(
    connection: &mut SqliteConnection,
    path: &Path,
    campaign: &str,
) -> Result<Option<DateTime<Utc>>, LedgerError> {
    let Some(file) = SideFile::read(&side_path(path))? else { return Ok(None) };
    let of_it = file
        .revokes
        .into_iter()
        .filter(|revoke| fold_text(&revoke.campaign) == fold_text(campaign));
    let of_it: Vec<Revoke> = of_it.collect();
    let unknown = unknown(connection, &of_it).await?;
    let forgotten = of_it.iter().filter(|revoke| unknown.contains(&revoke.run));
    Ok(forgotten.map(|revoke| revoke.at_ms).max().map(instant))
}

/// The runs among these that the ledger does not know.
async fn unknown(
    connection: &mut SqliteConnection,
    revokes: &[Revoke],
) -> Result<HashSet<Uuid>, LedgerError> {
    let runs: Vec<String> = revokes.iter().map(|revoke| revoke.run.simple().to_string()).collect();
    let known: Vec<Uuid> = sqlx::query_scalar(sql::RUN_KNOWN)
        .bind(serde_json::Value::from(runs).to_string())
        .fetch_all(connection)
        .await
        .doing("looking for revocations that it has forgotten")?;
    let runs = revokes.iter().map(|revoke| revoke.run);
    Ok(runs.filter(|run| !known.contains(run)).collect())
}

/// Whether a ledger that is put to use as it stands would be noticed to be old.
pub(super) async fn is_old(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<bool, LedgerError> {
    let file = SideFile::read(&side_path(path))?;
    let age = Age::read(connection, file.as_ref()).await?;
    Ok(age.forgot_since_ms(file.as_ref()).is_some())
}

impl Age {
    /// How much a ledger knows of what the file beside it names.
    async fn read(
        connection: &mut SqliteConnection,
        file: Option<&SideFile>,
    ) -> Result<Age, LedgerError> {
        let doing = "reading its age";
        let row = sqlx::query(sql::LEDGER_AGE)
            .bind(file.and_then(|file| file.mark))
            .bind(file.is_some_and(|file| file.has_ended))
            .fetch_one(connection)
            .await
            .doing(doing)?;
        let read = || {
            Ok(Age {
                ledger: row.try_get("ledger_id")?,
                created_at_ms: row.try_get("created_at_ms")?,
                knows_mark: row.try_get("knows_mark")?,
                is_copy: row.try_get("is_copy")?,
                has_campaign: row.try_get("has_campaign")?,
                newest_ms: row.try_get("newest_ms")?,
            })
        };
        read().doing(doing)
    }

    /// The last moment that the ledger knows of, where something may have been sent since.
    fn forgot_since_ms(&self, file: Option<&SideFile>) -> Option<i64> {
        match file {
            // A run that went on when the copy was made, and was killed, is known to it by name alone.
            _ if self.is_copy => Some(self.newest_ms),
            // It stands there before the first load: the ledger was moved without it, or restored, and
            // nobody knows what was sent since.
            None => self.has_campaign.then_some(self.newest_ms),
            Some(file) if file.ledger != self.ledger => {
                Some(file.created_at_ms.min(self.newest_ms))
            }
            Some(file) => (file.mark.is_some() && !self.knows_mark).then_some(self.newest_ms),
        }
    }

    fn write(&self, ledger: &Path, mark: Option<Uuid>, has_ended: bool) -> Result<(), LedgerError> {
        let (id, created_at_ms) = (self.ledger, self.created_at_ms);
        let path = side_path(ledger);
        let revokes = SideFile::read(&path)?.map(|file| file.revokes).unwrap_or_default();
        let file = SideFile { ledger: id, created_at_ms, mark, has_ended, revokes };
        file.write(&path).map_err(|source| LedgerError::File { doing: "write", path, source })
    }
}

impl SideFile {
    fn read(path: &Path) -> Result<Option<SideFile>, LedgerError> {
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text,
        };
        text.and_then(|text| serde_json::from_str(&text).map(Some).map_err(Error::other))
            .map_err(|source| LedgerError::File { doing: "read", path: path.to_owned(), source })
    }

    /// Whole or not at all: written under another name, synced, renamed, and the folder synced.
    fn write(&self, path: &Path) -> std::io::Result<()> {
        let draft = path.with_extension("run-new");
        let mut file = open_private(&draft)?;
        file.set_len(0)?;
        serde_json::to_writer(&mut file, self)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(&draft, path)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::File::open(folder)?.sync_all()
    }
}

/// Whether the file stands beside this path: a ledger was there, or is.
pub fn is_remembered(ledger: &Path) -> bool {
    side_path(ledger).exists()
}

fn side_path(ledger: &Path) -> PathBuf {
    beside(ledger, ".run")
}
