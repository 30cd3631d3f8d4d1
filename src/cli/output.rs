//! Where a result goes that is named on the command line: a file, standard output, or what is neither.
//!
//! It stands apart because a slip in a name must not cost the only memory of what was given. A path is known by what it
//! leads to, not by its looks.
//!
//! **Invariant:** a file has the whole result or is not touched, and keeps its mode and its owner.
//! **Invariant:** nothing is written over the ledger, what belongs to it, the settings, or a file that was loaded.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::settings::Settings;
use crate::ledger::{Ledger, files_of};

/// Where a result goes.
#[derive(Debug)]
pub(super) enum Output {
    Standard,
    /// A file, behind all links to it; it may not be there yet.
    File(PathBuf),
    /// A pipe or a device, which are written into.
    Stream(PathBuf, File),
}

/// How long somebody may take who is to read a pipe.
const READER_COMES: Duration = Duration::from_secs(5);

/// Links that are followed.
const MOST_LINKS: usize = 40;

/// What a database of SQLite begins with.
const SQLITE: &[u8; 16] = b"SQLite format 3\0";

impl Output {
    /// Where `-o` leads; standard output where it is not said.
    pub(super) async fn find(
        context: &Context,
        ledger: &Ledger,
        path: Option<&Path>,
    ) -> Result<Output, Failure> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            return Ok(Output::Standard);
        };
        let failed = |error: io::Error| cannot_write(path, &error);
        let found = match path.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            found => Some(found.map_err(failed)?),
        };
        match &found {
            Some(found) if is_standard(found) => return Ok(Output::Standard),
            Some(found) if found.file_type().is_fifo() || found.file_type().is_char_device() => {
                return Ok(Output::Stream(path.to_owned(), open_stream(path).map_err(failed)?));
            }
            _ => {}
        }
        let file = refuse_kept(&context.settings, None, path)?;
        if found.is_some() {
            let digest = digest(&file).map_err(failed)?;
            if let Some(campaign) = ledger.loaded_from(&digest).await? {
                let what = format!("the file that campaign {campaign:?} was loaded from");
                return Err(refused(path, &what));
            }
        }
        Ok(Output::File(file))
    }

    pub(super) fn is_standard(&self) -> bool {
        matches!(self, Output::Standard)
    }

    /// A file that the result is written to first: nobody ever reads half of it.
    pub(super) fn draft(&self) -> Result<NamedTempFile, Failure> {
        match self {
            Output::File(path) => {
                NamedTempFile::new_in(folder(path)).map_err(|error| cannot_write(path, &error))
            }
            Output::Standard | Output::Stream(..) => Ok(NamedTempFile::new()?),
        }
    }

    /// Hands the result over.
    pub(super) fn keep(self, context: &Context, draft: NamedTempFile) -> Result<(), Failure> {
        match self {
            Output::Standard => read_to_its_end(copy(&draft, &mut io::stdout().lock())),
            Output::Stream(path, mut stream) => {
                read_to_its_end(copy(&draft, &mut stream)).map_err(|failure| Failure {
                    error: failure.error.context(format!("cannot write to {}", path.display())),
                    ..failure
                })
            }
            Output::File(path) => {
                let kept = like_the_old(&draft, &path).and_then(|()| draft.as_file().sync_all());
                kept.map_err(|error| cannot_write(&path, &error))?;
                draft.persist(&path).map_err(|error| cannot_write(&path, &error.error))?;
                context.out.note(&format!("wrote {}", path.display()));
                Ok(())
            }
        }
    }
}

/// Passes where a file may be replaced, and gives its path behind all links. `read` is what the command reads.
pub(super) fn refuse_kept(
    settings: &Settings,
    read: Option<&Path>,
    path: &Path,
) -> Result<PathBuf, Failure> {
    let file = behind_links(path).map_err(|error| cannot_write(path, &error))?;
    let found = file.metadata().ok();
    let ledger = files_of(&settings.ledger).into_iter().zip(0..);
    let ledger = ledger.map(|(file, nth)| {
        (file, if nth == 0 { "the ledger" } else { "a file that belongs to the ledger" })
    });
    let own = settings.file().0.map(|path| (path.to_owned(), "the settings file"));
    let read = read.map(|path| (path.to_owned(), "the file that is read"));
    let mut kept = ledger.chain(own).chain(read);
    if let Some((_, what)) = kept.find(|(kept, _)| is_same(&file, found.as_ref(), kept)) {
        return Err(refused(path, what));
    }
    match found {
        Some(found) if !found.is_file() => Err(refused(path, "no file")),
        Some(_) if begins_like_sqlite(&file) => Err(refused(path, "a database of SQLite")),
        _ => Ok(file),
    }
}

/// Passes where metrics may be written to a path: what collects them reads no other names.
pub(super) fn refuse_metrics(path: &Path) -> Result<(), Failure> {
    if path.extension().is_some_and(|ending| ending == "prom") && !begins_like_sqlite(path) {
        return Ok(());
    }
    let failure = Failure::usage(format!("{} is no metrics file", path.display()));
    Err(failure.hint("nothing was sent; its name must end in .prom: the collector reads no other"))
}

/// Writes a file anew, from what it was: beside it, and then moved there, so that nobody ever reads half of it.
pub(super) fn replace(path: &Path, anew: impl FnOnce(&str) -> String) -> io::Result<()> {
    let path = &behind_links(path)?;
    let before = match std::fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let mut file =
        tempfile::Builder::new().prefix(".giftbatch-").suffix(".tmp").tempfile_in(folder(path))?;
    file.write_all(anew(&before).as_bytes())?;
    // The collector runs as somebody else.
    file.as_file().set_permissions(PermissionsExt::from_mode(0o644))?;
    like_the_old(&file, path)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Gives a draft the mode and, where that may be, the owner of the file whose place it takes.
fn like_the_old(draft: &NamedTempFile, path: &Path) -> io::Result<()> {
    let Ok(old) = path.metadata() else {
        return Ok(());
    };
    if !old.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    // Only root may give files away; a mode is set after it, since an owner may take bits of it.
    let _ = std::os::unix::fs::fchown(draft.as_file(), Some(old.uid()), Some(old.gid()));
    draft.as_file().set_permissions(PermissionsExt::from_mode(old.mode() & 0o7777))
}

/// The file that a path names, there or not yet, behind all links; its folder must be there.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match std::fs::read_link(&path) {
            Ok(target) => path = folder(&path).join(target),
            Err(_) => {
                let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
                return Ok(folder(&path).canonicalize()?.join(name));
            }
        }
    }
    Err(io::Error::other("too many links"))
}

fn folder(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Whether two paths are one file: by device and inode, and where there is none yet, by its place.
fn is_same(file: &Path, found: Option<&Metadata>, other: &Path) -> bool {
    let by_name = behind_links(other).is_ok_and(|other| other == file);
    let other = other.metadata().map(|other| (other.dev(), other.ino())).ok();
    by_name || found.is_some_and(|found| Some((found.dev(), found.ino())) == other)
}

/// Whether a path leads to where standard output goes already.
fn is_standard(found: &Metadata) -> bool {
    rustix::fs::fstat(io::stdout())
        .is_ok_and(|standard| (found.dev(), found.ino()) == (standard.st_dev, standard.st_ino))
}

fn begins_like_sqlite(path: &Path) -> bool {
    let mut head = [0; SQLITE.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == *SQLITE
}

fn digest(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Opens a pipe or a device to write into it. A pipe that nobody reads is refused, and not waited for.
fn open_stream(path: &Path) -> io::Result<File> {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    let (started, at_once) = (Instant::now(), OFlags::NONBLOCK);
    let flags = i32::try_from(at_once.bits()).map_err(io::Error::other)?;
    let file = loop {
        match OpenOptions::new().write(true).custom_flags(flags).open(path) {
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
                if started.elapsed() > READER_COMES {
                    return Err(io::Error::other("nobody reads it"));
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            file => break file?,
        }
    };
    fcntl_setfl(&file, fcntl_getfl(&file)?.difference(at_once))?;
    Ok(file)
}

fn copy(draft: &NamedTempFile, to: &mut impl Write) -> io::Result<()> {
    io::copy(&mut draft.reopen()?, to)?;
    to.flush()
}

/// A reader that went away has read all that it wanted.
fn read_to_its_end(copied: io::Result<()>) -> Result<(), Failure> {
    match copied {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        copied => Ok(copied?),
    }
}

fn refused(path: &Path, what: &str) -> Failure {
    Failure::usage(format!("{} is {what}", path.display()))
        .hint("nothing was written; name another file")
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Usage, format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_what_it_is() {
        // Goal: no name hides the ledger or what belongs to it. Method: the files of a ledger that are there and that
        // are not, by their names, by links that lead to them, and by hard links; files that are free.
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut settings = Settings::default();
        settings.ledger = path("ledger.db");
        std::fs::write(path("ledger.db"), "").unwrap();
        std::fs::write(path("ledger.db.lock"), "").unwrap();
        std::fs::write(path("may.csv"), "").unwrap();
        std::fs::write(path("other.db"), b"SQLite format 3\0 and more").unwrap();
        std::os::unix::fs::symlink("ledger.db", path("link")).unwrap();
        std::os::unix::fs::symlink("ledger.db.run", path("to-nothing")).unwrap();
        std::fs::hard_link(path("ledger.db.lock"), path("hard")).unwrap();
        let read = path("may.csv");
        let refused = |name: &str| {
            refuse_kept(&settings, Some(&read), &path(name)).err().map(|it| it.error.to_string())
        };
        for name in ["ledger.db", "ledger.db.lock", "ledger.db.run", "ledger.db-wal", "link"] {
            assert!(refused(name).unwrap().contains("ledger"), "{name}");
        }
        for name in ["to-nothing", "hard", "may.csv", "other.db", "."] {
            assert!(refused(name).is_some(), "{name}");
        }
        for name in ["june.csv", "ledger.db.html", "lost"] {
            assert_eq!(refused(name), None, "{name}");
        }
    }

    #[test]
    fn metrics_have_the_name_that_a_collector_reads() {
        // Goal: a slip replaces no ledger and no report. Method: endings, and a database under the right one.
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("ledger.prom");
        std::fs::write(&database, b"SQLite format 3\0 and more").unwrap();
        for (path, is_good) in [("a.prom", true), ("a.prom.tmp", false), ("ledger.db", false)] {
            assert_eq!(refuse_metrics(Path::new(path)).is_ok(), is_good, "{path}");
        }
        assert!(refuse_metrics(&database).is_err());
    }

    #[test]
    fn what_is_replaced_keeps_its_mode_and_its_links() {
        // Goal: a file is written anew for those who could read it. Method: a mode, behind a link that stays.
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a.prom"), folder.path().join("link.prom"));
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("a.prom", &link).unwrap();
        replace(&link, |before| format!("{before} and new")).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "old and new");
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o640);
        assert!(link.symlink_metadata().unwrap().is_symlink());
        replace(&folder.path().join("new.prom"), |_| String::new()).unwrap();
        assert_eq!(folder.path().join("new.prom").metadata().unwrap().mode() & 0o777, 0o644);
    }
}
