//! Where a ledger's file is, and whether it is still the same file.
//!
//! It stands apart because SQLite goes on with a file that was removed or replaced under it, as the
//! system lets it: what is written then is forgotten with the process, and would be given again.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::LedgerError;
use super::lock::beside;

/// A path, and which file it named when the ledger was opened.
#[derive(Clone, Debug)]
pub(super) struct Place {
    path: PathBuf,
    device: u64,
    inode: u64,
}

/// The files that a ledger is made of, there or not: its own first, and those beside it.
pub fn files_of(ledger: &Path) -> Vec<PathBuf> {
    let own = ledger.canonicalize().unwrap_or_else(|_| ledger.to_owned());
    let endings = ["", "-wal", "-shm", "-journal", ".lock", ".run", ".run-new"];
    endings.iter().map(|ending| beside(&own, ending)).collect()
}

/// Whether a ledger's file is mounted without its folder: what stands beside it (its log, its lock, its `.run` file) is
/// then another's, or goes with the container.
pub fn is_mounted_alone(ledger: &Path) -> bool {
    let Ok(own) = ledger.canonicalize() else {
        return false;
    };
    let device = |path: &Path| path.metadata().map(|found| found.dev()).ok();
    own.parent().is_some_and(|folder| device(folder) != device(&own)) || is_mount(&own)
}

#[cfg(target_os = "linux")]
fn is_mount(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    statx(CWD, path, AtFlags::empty(), StatxFlags::BASIC_STATS)
        .is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(not(target_os = "linux"))]
fn is_mount(_path: &Path) -> bool {
    false
}

/// Finds that a ledger's file is mounted alone, where it is.
pub(super) fn refuse_mounted_alone(ledger: &Path) -> Result<(), LedgerError> {
    match is_mounted_alone(ledger) {
        true => Err(LedgerError::MountedAlone { path: ledger.to_owned() }),
        false => Ok(()),
    }
}

impl Place {
    /// The place of a ledger that is there; the path names the file itself, not a link to it.
    pub(super) fn of(path: &Path) -> Result<Place, LedgerError> {
        let found = path.metadata().map_err(|source| LedgerError::File {
            doing: "look at the ledger",
            path: path.to_owned(),
            source,
        })?;
        Ok(Place { path: path.to_owned(), device: found.dev(), inode: found.ino() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Finds that another file is there now, or none.
    pub(super) fn check(&self) -> Result<(), LedgerError> {
        let is_same = self
            .path
            .metadata()
            .is_ok_and(|found| (found.dev(), found.ino()) == (self.device, self.inode));
        if is_same { Ok(()) } else { Err(LedgerError::Moved { path: self.path.clone() }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_under_the_same_name_is_not_the_same() {
        // Goal: a ledger that was swapped is noticed. Method: the file itself, none, a copy of it,
        // and the file put back.
        let folder = tempfile::tempdir().unwrap();
        let (path, aside) = (folder.path().join("ledger.db"), folder.path().join("aside.db"));
        std::fs::write(&path, "the ledger").unwrap();
        let place = Place::of(&path).unwrap();
        assert!(place.check().is_ok());
        std::fs::rename(&path, &aside).unwrap();
        assert!(matches!(place.check(), Err(LedgerError::Moved { .. })));
        std::fs::copy(&aside, &path).unwrap();
        assert!(matches!(place.check(), Err(LedgerError::Moved { .. })));
        std::fs::rename(&aside, &path).unwrap();
        assert!(place.check().is_ok());
    }
}
