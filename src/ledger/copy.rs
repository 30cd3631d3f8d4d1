//! Copies of a ledger that are whole, also while a run goes on.
//!
//! It stands apart because a copy of a live file made by other means may lack what the log beside it
//! holds, and because a copy that is put back has forgotten what was sent since.
//!
//! **Invariant:** a copy is marked as one. Put to use, it gives nothing until a reconcile has found what it
//! may have forgotten (see `side_file`), whatever stands beside it.
//! **Invariant:** under its name there is a whole copy that was read back, or none. No file is replaced.

use std::fs::File;
use std::path::{Path, PathBuf};

use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::error::Doing;
use super::inspect::{Depth, Inspection, health};
use super::open::options;
use super::{LedgerError, sql};

/// A copy that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerCopy {
    /// Where it is.
    pub path: PathBuf,
    /// How large it is.
    pub bytes: u64,
    /// How many gifts it holds.
    pub gifts: u64,
}

impl Inspection {
    /// Copies the ledger as it is at one moment into a new file that only its owner may read.
    pub async fn copy_to(&mut self, path: &Path) -> Result<LedgerCopy, LedgerError> {
        let failed =
            |source| LedgerError::File { doing: "write the copy", path: path.into(), source };
        if path.symlink_metadata().is_ok() {
            return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        // Made with mode 0600, and taken away where anything fails.
        let draft =
            tempfile::Builder::new().prefix(".copy-").tempfile_in(folder).map_err(failed)?;
        let name = draft.path().to_str().ok_or_else(|| {
            failed(std::io::Error::other("the name of its folder is no text that SQLite takes"))
        })?;
        sqlx::query(sql::COPY_WRITE)
            .bind(name)
            .execute(&mut self.connection)
            .await
            .doing("copying it")?;
        let gifts = finish(draft.path()).await?;
        draft.as_file().sync_all().map_err(failed)?;
        let file = draft.persist_noclobber(path).map_err(|error| failed(error.error))?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        Ok(LedgerCopy { path: path.into(), bytes, gifts })
    }
}

/// Marks a file as a copy, and reads it back; says how many gifts it holds.
async fn finish(path: &Path) -> Result<u64, LedgerError> {
    let doing = "reading the copy back";
    let mut copy = options(path).connect().await.doing(doing)?;
    let gifts = mark_and_read(&mut copy).await;
    copy.close().await.doing(doing)?;
    gifts
}

async fn mark_and_read(copy: &mut SqliteConnection) -> Result<u64, LedgerError> {
    let doing = "reading the copy back";
    sqlx::query(sql::COPY_MARK).execute(&mut *copy).await.doing("marking the copy")?;
    if let Some(fault) = health(copy, Depth::Full).await?.into_iter().next() {
        return Err(LedgerError::Corrupt(format!("the copy is not whole: {fault}")));
    }
    let gifts: i64 = sqlx::query_scalar(sql::LEDGER_GIFTS).fetch_one(copy).await.doing(doing)?;
    Ok(gifts.unsigned_abs())
}
