//! What can go wrong with the ledger.

use std::path::PathBuf;

/// Why the ledger could not do its part. None of these is ever about a gift's fate.
///
/// What a commit did not confirm counts for nothing in this run. A later one may find it all the
/// same, where it was the sync that failed: an intent like that is a doubt like any other.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another process holds the run lock.
    #[error("another run holds the ledger {}: {holder}", path.display())]
    Busy {
        /// The ledger's file.
        path: PathBuf,
        /// Who holds it since when, as the holder wrote it.
        holder: String,
    },
    /// The file or its folder cannot be made or read.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// What is written would be read by nobody: the file under the ledger's name is another one.
    #[error("the ledger {} was removed or replaced while it was in use", path.display())]
    Moved {
        /// Where it was.
        path: PathBuf,
    },
    /// Only its file is mounted, and not its folder.
    #[error(
        "only the file {} is mounted, and not its folder: its log, its lock and its .run file stay outside of it",
        path.display()
    )]
    MountedAlone {
        /// The ledger's file.
        path: PathBuf,
    },
    /// A database, but none of this program.
    #[error("{} is a database of another program, and no ledger", path.display())]
    Stranger {
        /// The file.
        path: PathBuf,
    },
    /// Its tables are of another version of this program, and it may not be written to.
    #[error("the ledger {} is of another version, and may not be written to", path.display())]
    OtherForm {
        /// The ledger's file.
        path: PathBuf,
    },
    /// SQLite failed: disk full, busy, a broken file.
    #[error("the ledger failed while {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What SQLite said.
        #[source]
        source: sqlx::Error,
    },
    /// The file holds something that this program never writes.
    #[error("the ledger holds an unexpected value: {0}")]
    Corrupt(String),
    /// A gift was not in the state in which its outcome was to be recorded.
    #[error("a gift had moved on while {doing}: another writer?")]
    Raced {
        /// What was being done.
        doing: &'static str,
    },
    /// An answer names a gift of the provider that is another row's.
    #[error("the provider's id of a gift is another gift's already")]
    GiftIdTaken,
    /// The ledger's gifts live at another provider.
    #[error("this ledger's gifts were given through {known}, not through {asked}")]
    OtherProvider {
        /// Where they live.
        known: String,
        /// What the settings say now.
        asked: String,
    },
    /// An old copy of the ledger was restored, and what was sent since was not looked for yet.
    #[error(
        "this ledger is older than what was sent: an old copy of it was restored, or it was moved \
         without the .run file beside it"
    )]
    Restored,
    /// What its gifts add up to would not fit its sums.
    #[error("this ledger's gifts would add up to more than can be counted")]
    BeyondCounting,
    /// The transition table forbids what was to be recorded: a fault of this program.
    #[error(transparent)]
    Illegal(#[from] crate::domain::IllegalEvent),
    /// The bundled SQLite is older than the fix of a fault that loses commits.
    #[error("SQLite {0} is too old: 3.51.3 or newer is needed")]
    OldSqlite(String),
}

impl LedgerError {
    /// What would mend it, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        let words = match self {
            LedgerError::Moved { .. } => {
                "put the very file back, with its -wal beside it, and run the same command again"
            }
            LedgerError::MountedAlone { .. } => {
                "nothing was sent; mount the folder that holds it, as with docker run -v FOLDER:/data, and name the \
                 file in there"
            }
            LedgerError::Stranger { .. } => {
                "nothing was changed; name another file with --ledger or GIFTBATCH_LEDGER"
            }
            LedgerError::OtherForm { .. } => {
                "let somebody run `giftbatch status` who may write to it, with the newest giftbatch"
            }
            LedgerError::Busy { .. } => "wait for it to end; nothing was changed",
            LedgerError::OtherProvider { .. } => {
                "correct the wallet URL; where the provider has moved, `giftbatch ledger rebind` with the new \
                 --wallet-url looks for this ledger's gifts there and goes on with it"
            }
            LedgerError::Restored => {
                "nothing was sent; run `giftbatch reconcile NAME`, which finds what the ledger has \
                 forgotten, then the same command again"
            }
            LedgerError::BeyondCounting => {
                "nothing was added; are the amounts right, and is the decimal mark? Else use another ledger"
            }
            LedgerError::Database { source, .. } => mend(source),
            LedgerError::File { .. } => {
                "check that the path is right and may be written to, and run it again"
            }
            _ => return None,
        };
        Some(words)
    }
}

/// What mends a failure of SQLite, by its primary result code.
fn mend(error: &sqlx::Error) -> &'static str {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    match code.and_then(|code| code.parse::<u32>().ok()).map(|extended| extended & 0xff) {
        Some(5 | 6) => {
            "another program holds the ledger (a backup, a database browser): close it, and run the \
             same command again"
        }
        Some(8) => {
            "the ledger or its folder is read-only: correct that, and run the same command again"
        }
        Some(10) => {
            "its disk failed, or a limit keeps the file from growing (ulimit -f): mend that, and run \
             the same command again"
        }
        Some(11 | 26) => "the ledger is damaged: send nothing, and go back to a backup of it",
        Some(13) => "its disk is full: make room, and run the same command again",
        _ => "mend the cause (disk room, permissions) and run the same command again",
    }
}

/// Names what was being done when SQLite failed.
pub(super) trait Doing<T> {
    /// Wraps the error with what was being done.
    fn doing(self, doing: &'static str) -> Result<T, LedgerError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, doing: &'static str) -> Result<T, LedgerError> {
        self.map_err(|source| LedgerError::Database { doing, source })
    }
}
