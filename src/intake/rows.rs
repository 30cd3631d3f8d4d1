//! The second pass: one row after the other.
//!
//! **Invariant:** the end is reached without an error only if the bytes of this pass are those of
//! the survey. What came before the end must not be acted upon until then.

use std::path::Path;

use super::decode::{self, Lines};
use super::header::read_header;
use super::row::RowReader;
use super::split::{Record, next_record};
use super::{IntakeError, ReadOptions, RowOutcome, Survey};

/// The rows of a surveyed file, in order, read as they are asked for.
///
/// An `Err` is the last item: the file cannot be read on, or it is not the file of the survey.
pub struct Rows {
    lines: Lines,
    reader: RowReader,
    record: Record,
    delimiter: u8,
    sha256: [u8; 32],
    is_over: bool,
}

/// Reads a surveyed file again, with the options of its survey.
pub fn read(path: &Path, survey: &Survey, options: &ReadOptions) -> Result<Rows, IntakeError> {
    read_lines(decode::open(path)?, survey, options)
}

/// The rows of lines, wherever they come from.
pub(super) fn read_lines(
    mut lines: Lines,
    survey: &Survey,
    options: &ReadOptions,
) -> Result<Rows, IntakeError> {
    let header = read_header(&mut lines, options)?;
    if header.cells != survey.header || header.dialect != survey.dialect {
        return Err(changed(&lines));
    }
    Ok(Rows {
        lines,
        reader: RowReader::new(survey, options),
        record: Record::default(),
        delimiter: survey.dialect.delimiter,
        sha256: survey.sha256,
        is_over: false,
    })
}

impl Rows {
    fn step(&mut self) -> Result<Option<RowOutcome>, IntakeError> {
        while next_record(&mut self.lines, self.delimiter, &mut self.record)? {
            if !self.record.is_blank() {
                return Ok(Some(self.reader.read(&self.record)));
            }
        }
        match self.lines.digest() == self.sha256 {
            true => Ok(None),
            false => Err(changed(&self.lines)),
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

fn changed(lines: &Lines) -> IntakeError {
    IntakeError::Changed { path: lines.path().into() }
}
