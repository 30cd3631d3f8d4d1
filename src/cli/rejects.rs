//! Rows that a load leaves out, back in the form of the file that they came from.
//!
//! It stands apart since it writes beside the ledger: rows that are in neither would be lost, so the
//! file gets its name only once the rest is stored, and until then nobody sees it.
//!
//! **Invariant:** each row of the file is in the ledger or among the rejects, never in both.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::exit::Exit;
use super::failure::Failure;
use crate::intake::{BadRow, Fault, RowWriter, Survey};

/// The name of the column that says why.
const REASON: &str = "reason";

/// Rejects on their way into a file.
pub(super) struct Rejects {
    path: PathBuf,
    unnamed: TempPath,
    writer: RowWriter<BufWriter<File>>,
    columns: usize,
    /// The file is one of mended rejects: its reasons are old.
    has_reasons: bool,
    count: u64,
}

impl Rejects {
    /// A file of rejects in the form of a surveyed file; it has no name yet.
    pub(super) fn create(path: &Path, input: &Path, survey: &Survey) -> Result<Rejects, Failure> {
        if is_same(path, input) {
            return Err(Failure::usage("--rejects names the campaign file itself")
                .hint("name another file: the campaign file stays as it is"));
        }
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let failed = |error: io::Error| Failure { exit: Exit::Usage, ..cannot_write(path, error) };
        let (file, unnamed) = NamedTempFile::new_in(folder).map_err(failed)?.into_parts();
        let writer = RowWriter::new(BufWriter::new(file), &survey.dialect).map_err(failed)?;
        let has_reasons = survey.header.last().is_some_and(|last| last.trim() == REASON);
        let columns = survey.header.len() - usize::from(has_reasons);
        let mut rejects =
            Rejects { path: path.into(), unnamed, writer, columns, has_reasons, count: 0 };
        let header = survey.header[..columns].iter().map(String::as_str);
        rejects.writer.row(header.chain([REASON]), &[]).map_err(failed)?;
        Ok(rejects)
    }

    /// Adds a row with all that is wrong with it.
    pub(super) fn add(&mut self, row: &BadRow) -> Result<(), Failure> {
        let BadRow { cells, numbers, faults, .. } = row;
        // A row may be longer than the header: its own cells all come first.
        let is_whole = cells.len() == self.columns + usize::from(self.has_reasons);
        let own = if is_whole { &cells[..self.columns] } else { &cells[..] };
        let missing = self.columns.saturating_sub(own.len());
        let reason: Vec<String> = faults.iter().map(reason).collect();
        let reason = reason.join("; ");
        let row = own
            .iter()
            .map(String::as_str)
            .chain(std::iter::repeat_n("", missing))
            .chain([reason.as_str()]);
        self.writer.row(row, numbers).map_err(|error| cannot_write(&self.path, error))?;
        self.count += 1;
        Ok(())
    }

    /// Writes all of it to the disk, still without a name.
    pub(super) fn finish(self) -> Result<Finished, Failure> {
        let Rejects { path, unnamed, writer, count, .. } = self;
        let failed = |error: io::Error| cannot_write(&path, error);
        let file = writer.finish().map_err(failed)?;
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        Ok(Finished { path, unnamed, count })
    }
}

/// Rejects that are on the disk.
#[derive(Debug)]
pub(super) struct Finished {
    path: PathBuf,
    unnamed: TempPath,
    count: u64,
}

impl Finished {
    /// Gives the file its name, now that the rest is stored; says where it is and how many rows it has.
    /// Where no row was rejected there is no file.
    pub(super) fn keep(self) -> Result<Option<(PathBuf, u64)>, Failure> {
        if self.count == 0 {
            return Ok(None);
        }
        let failed = |error: io::Error| {
            cannot_write(&self.path, error)
                .hint("the good rows are stored; run the same command again for the others")
        };
        self.unnamed.persist(&self.path).map_err(|error| failed(error.error))?;
        Ok(Some((self.path, self.count)))
    }
}

/// One fault, without its place: the row stands beside it.
fn reason(fault: &Fault) -> String {
    match fault.column.as_str() {
        "" => format!("{} ({})", fault.problem, fault.mend),
        column => format!("{column}: {} ({})", fault.problem, fault.mend),
    }
}

fn is_same(one: &Path, two: &Path) -> bool {
    match (one.canonicalize(), two.canonicalize()) {
        (Ok(one), Ok(two)) => one == two,
        _ => false,
    }
}

fn cannot_write(path: &Path, error: io::Error) -> Failure {
    let message = format!("cannot write the rejects to {}", path.display());
    Failure {
        exit: Exit::Unexpected,
        error: anyhow::Error::new(error).context(message),
        hint: None,
    }
}
