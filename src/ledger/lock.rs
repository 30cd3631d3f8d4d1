//! One process at a time: an operating system's lock on a file beside the ledger.
//!
//! It stands apart because exactly-once hangs on it: who holds it *knows* that every earlier run is
//! dead. The system frees it when its holder dies, however it dies, and keeps it while the holder is
//! merely stopped; a lease in a table could do neither.
//!
//! **Invariant:** the file is never removed: a lock on a removed file would guard nothing.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

use super::LedgerError;
use super::place::refuse_mounted_alone;

/// Proof that this process alone may write to the ledger, for as long as it lives.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

/// A look at the lock takes no longer than this, and no more than so many follow one another.
const LOOK: Duration = Duration::from_millis(5);
const LOOKS: u32 = 4;

/// The file beside the ledger that is locked.
pub(super) fn lock_path(ledger: &Path) -> PathBuf {
    beside(ledger, ".lock")
}

/// A file beside the ledger, named as it with this at its end.
pub(super) fn beside(ledger: &Path, ending: &str) -> PathBuf {
    let mut name = ledger.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    ledger.with_file_name(name)
}

impl RunLock {
    /// Takes the lock, or says who has it, as good as at once.
    pub fn take(ledger: &Path, command: &str, now: DateTime<Utc>) -> Result<RunLock, LedgerError> {
        refuse_mounted_alone(ledger)?;
        let path = lock_path(ledger);
        let failed = |source| LedgerError::File { doing: "lock", path: path.clone(), source };
        let mut file = open_private(&path).map_err(failed)?;
        let mut tried = file.try_lock();
        // Who merely looks whether somebody has it ([`holder`]) has it for a moment, and must stop no run.
        for _ in 0..LOOKS {
            if !matches!(tried, Err(TryLockError::WouldBlock)) {
                break;
            }
            std::thread::sleep(LOOK);
            tried = file.try_lock();
        }
        match tried {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // What the holder wrote is a courtesy; the lock itself is what counts.
                let _ = file.read_to_string(&mut holder);
                let holder = holder.trim().to_owned();
                return Err(LedgerError::Busy { path: ledger.to_owned(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let since = now.to_rfc3339_opts(SecondsFormat::Secs, true);
        let process = std::process::id();
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        writeln!(file, "`{command}`, process {process}, since {since}").map_err(failed)?;
        Ok(RunLock { _file: file })
    }
}

/// What is said between who holds a ledger and until when the provider wants to be left alone.
const WAITS: &str = "; the provider throttles, and nothing is asked until ";

/// The longest that is said of it.
const WAITS_LONG: usize = WAITS.len() + 20;

/// Says beside who holds a ledger until when the provider asked to be left alone, or that it did not: for whoever looks
/// meanwhile. Only the holder may say so.
pub fn say_wait(ledger: &Path, until: Option<DateTime<Utc>>) -> std::io::Result<()> {
    let mut file = open_private(&lock_path(ledger))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let told = text.split(WAITS).next().unwrap_or_default().trim_end().len();
    let until = until.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
    let words = until.map(|at| format!("{WAITS}{at}")).unwrap_or_default();
    file.seek(std::io::SeekFrom::Start(told as u64))?;
    // Written over in one go: whoever reads it at that moment still finds who holds it.
    file.write_all(format!("{words:WAITS_LONG$}\n").as_bytes())
}

/// Until when the provider asked to be left alone, by what its holder wrote.
pub(super) fn waits_until(holder: &str) -> Option<DateTime<Utc>> {
    holder.split_once(WAITS)?.1.trim().parse().ok()
}

/// Who holds a ledger since when, as the holder wrote it; none where nobody does. Makes no file, and holds
/// the lock for no longer than it takes to see that nobody else does.
pub fn holder(ledger: &Path) -> Result<Option<String>, LedgerError> {
    let path = lock_path(ledger);
    let failed =
        |source| LedgerError::File { doing: "look at the lock", path: path.clone(), source };
    let mut file = match File::open(&path) {
        // Who may only read the ledger does not see who holds it.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
            return Ok(None);
        }
        file => file.map_err(failed)?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            Ok(Some(holder.trim().to_owned()))
        }
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Opens a file for reading and writing that only its owner may read, making it where needed.
pub(super) fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_holds_it() {
        // Goal: two runs never meet. Method: take it twice, let go, take it again.
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("ledger.db");
        let now = "2027-03-01T09:00:00Z".parse().unwrap();
        let first = RunLock::take(&ledger, "run", now).unwrap();
        let refused = RunLock::take(&ledger, "issue", now).unwrap_err().to_string();
        assert!(refused.contains("`run`, process "), "{refused}");
        assert!(refused.contains("since 2027-03-01T09:00:00Z"), "{refused}");
        let told = holder(&ledger).unwrap().unwrap();
        assert!(refused.ends_with(&told), "{told}");
        drop(first);
        assert_eq!(holder(&ledger).unwrap(), None);
        assert_eq!(holder(&folder.path().join("another.db")).unwrap(), None);
        assert!(RunLock::take(&ledger, "issue", now).is_ok());
    }

    #[test]
    fn who_waits_for_the_provider_says_until_when() {
        // Goal: whoever looks at a run that does nothing sees why. Method: a wait that is said, another, none; and
        // the next holder.
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("ledger.db");
        let now: DateTime<Utc> = "2027-03-01T09:00:00Z".parse().unwrap();
        let lock = RunLock::take(&ledger, "run", now).unwrap();
        let plain = holder(&ledger).unwrap().unwrap();
        for minutes in [1, 600] {
            let until = now + chrono::TimeDelta::minutes(minutes);
            say_wait(&ledger, Some(until)).unwrap();
            let told = holder(&ledger).unwrap().unwrap();
            assert_eq!(waits_until(&told), Some(until), "{told}");
            assert!(told.starts_with(&plain), "{told}");
        }
        say_wait(&ledger, None).unwrap();
        assert_eq!(holder(&ledger).unwrap().unwrap(), plain);
        drop(lock);
        say_wait(&ledger, Some(now)).unwrap();
        let _lock = RunLock::take(&ledger, "run", now).unwrap();
        assert_eq!(holder(&ledger).unwrap().unwrap(), plain);
    }
}
