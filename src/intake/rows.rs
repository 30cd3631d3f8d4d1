//! The second pass: one row after the other.
//!
//! **Invariant:** the end is reached without an error only if the bytes of this pass are those of
//! the survey. What came before the end must not be acted upon until then.

use std::path::Path;

use super::header::Header;
use super::record::Record;
use super::row::RowReader;
use super::source::Source;
use super::{IntakeError, ReadOptions, RowOutcome, Survey, Used};

/// The rows of a surveyed file, in order, read as they are asked for. Customers without a birthday have
/// none.
///
/// An `Err` is the last item: the file cannot be read on, or it is not the file of the survey.
pub struct Rows {
    source: Source,
    reader: RowReader,
    record: Record,
    sha256: [u8; 32],
    seen: u64,
    is_over: bool,
}

/// Reads a surveyed file again, with the options of its survey.
pub fn read(path: &Path, survey: &Survey, options: &ReadOptions) -> Result<Rows, IntakeError> {
    let (source, header) = Source::open(path, survey.encoding, options)?;
    read_source(source, &header, survey, options)
}

/// The rows below a header that was surveyed.
pub(super) fn read_source(
    source: Source,
    header: &Header,
    survey: &Survey,
    options: &ReadOptions,
) -> Result<Rows, IntakeError> {
    if header.cells != survey.header || header.dialect != survey.dialect {
        return Err(changed(&source));
    }
    Ok(Rows {
        source,
        reader: RowReader::new(survey, options),
        record: Record::default(),
        sha256: survey.sha256,
        seen: 0,
        is_over: false,
    })
}

impl Rows {
    /// How many rows were read, those included that are nobody's today.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// What the good rows so far took from what was said beside the file.
    pub fn used(&self) -> Used {
        self.reader.used
    }

    fn step(&mut self) -> Result<Option<RowOutcome>, IntakeError> {
        while self.source.next(&mut self.record)? {
            if self.record.is_blank() {
                continue;
            }
            self.seen += 1;
            if let Some(outcome) = self.reader.read(&self.record) {
                return Ok(Some(outcome));
            }
        }
        match self.source.digest() == self.sha256 {
            true => Ok(None),
            false => Err(changed(&self.source)),
        }
    }
}

impl Iterator for Rows {
    type Item = Result<RowOutcome, IntakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let step = self.step().transpose();
        self.is_over = !matches!(step, Some(Ok(_)));
        step
    }
}

fn changed(source: &Source) -> IntakeError {
    IntakeError::Changed { path: source.path().into() }
}
