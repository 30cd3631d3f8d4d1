//! Rows that a load leaves out, back in the form of the file that they came from.
//!
//! It stands apart since it writes beside the ledger: rows that are in neither would be lost, so the
//! file gets its name only once the rest is stored, and until then nobody sees it.
//!
//! **Invariant:** each row of the file is in the ledger or among the rejects, never in both.
//! **Invariant:** a file that is there already stays: it may hold rows that a person is mending, or be no
//! file of rejects at all.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::failure::Failure;
use crate::intake::{BadRow, Fault, RowWriter, Survey};

/// The name of the column that says why.
const REASON: &str = "reason";

/// Rejects on their way into a file.
pub(super) struct Rejects {
    path: PathBuf,
    part: Part,
    writer: RowWriter<BufWriter<File>>,
    columns: usize,
    /// The file is one of mended rejects: its reasons are old.
    has_reasons: bool,
    count: u64,
}

impl Rejects {
    /// A file of rejects in the form of a surveyed file; it has no name yet.
    pub(super) fn create(path: &Path, survey: &Survey) -> Result<Rejects, Failure> {
        let failed = |error: io::Error| Failure { exit: Exit::Usage, ..cannot_write(path, error) };
        let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
        let part = Part(path.with_file_name(format!(".{}.part", name.to_string_lossy())));
        let file = File::create(&part.0).map_err(failed)?;
        let writer = RowWriter::new(BufWriter::new(file), &survey.dialect).map_err(failed)?;
        let has_reasons = survey.header.last().is_some_and(|last| last.trim() == REASON);
        let columns = survey.header.len() - usize::from(has_reasons);
        let mut rejects =
            Rejects { path: path.into(), part, writer, columns, has_reasons, count: 0 };
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

    /// Writes all of it to the disk, still without its name. A file of that name must hold the same.
    pub(super) fn finish(self) -> Result<Finished, Failure> {
        let Rejects { path, part, writer, count, .. } = self;
        let failed = |error: io::Error| cannot_write(&path, error);
        let file = writer.finish().map_err(failed)?;
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        if count > 0 && path.exists() && !holds_the_same(&path, &part.0).map_err(failed)? {
            let message = format!("{} is there already, with other contents", path.display());
            return Err(Failure::usage(message).hint(
                "rows in it may wait to be mended: move it away, or give --rejects another name; nothing \
                 was stored or sent",
            ));
        }
        Ok(Finished { path, part, count })
    }
}

/// A file that is written to, under a name of its own; it goes when nobody keeps it. One that a killed run
/// has left is written anew.
#[derive(Debug)]
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // Kept under its own name, it is not there any more.
        let _ = fs::remove_file(&self.0);
    }
}

/// Rejects that are on the disk.
#[derive(Debug)]
pub(super) struct Finished {
    path: PathBuf,
    part: Part,
    count: u64,
}

impl Finished {
    /// Gives the file its name, now that the rest is stored; says where it is and how many rows it has.
    /// Where no row was rejected there is no file.
    pub(super) fn keep(self) -> Result<Option<(PathBuf, u64)>, Failure> {
        if self.count == 0 {
            return Ok(None);
        }
        fs::rename(&self.part.0, &self.path).map_err(|error| {
            cannot_write(&self.path, error)
                .hint("the good rows are stored; run the same command again for the others")
        })?;
        Ok(Some((self.path.clone(), self.count)))
    }
}

fn holds_the_same(one: &Path, two: &Path) -> io::Result<bool> {
    if !fs::metadata(one)?.is_file() || fs::metadata(one)?.len() != fs::metadata(two)?.len() {
        return Ok(false);
    }
    let (mut one, mut two) = (BufReader::new(File::open(one)?), BufReader::new(File::open(two)?));
    loop {
        let (left, right) = (one.fill_buf()?, two.fill_buf()?);
        let count = left.len().min(right.len());
        if left[..count] != right[..count] {
            return Ok(false);
        }
        if count == 0 {
            return Ok(true);
        }
        one.consume(count);
        two.consume(count);
    }
}

/// One fault, without its place: the row stands beside it.
fn reason(fault: &Fault) -> String {
    match fault.column.as_str() {
        "" => format!("{} ({})", fault.problem, fault.mend),
        column => format!("{column}: {} ({})", fault.problem, fault.mend),
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
