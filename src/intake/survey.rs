//! The first pass: what must be known of the whole file before one row can be read.
//!
//! It stands apart from the second pass because it keeps nothing of a row: ten million rows leave
//! a count, a digest and the decimal mark behind.

use std::path::Path;

use super::cell::check_description;
use super::columns::clean;
use super::decode::{self, Lines};
use super::evidence::Evidence;
use super::header::read_header;
use super::split::{Record, next_record};
use super::{Columns, DecimalMark, Dialect, IntakeError, ReadOptions};

/// What the first pass found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// How the file is written.
    pub dialect: Dialect,
    /// The header's cells, exact.
    pub header: Vec<String>,
    /// Which column is what.
    pub columns: Columns,
    /// The decimal mark of the amounts; nothing where all are plain digits.
    pub decimal: Option<DecimalMark>,
    /// Whether any row has a reference.
    pub has_references: bool,
    /// Rows below the header that are not blank.
    pub rows: u64,
    /// The SHA-256 digest of all bytes of the file.
    pub sha256: [u8; 32],
}

/// Reads the whole file once. Faults of single rows are left to [`read`](super::read).
pub fn survey(path: &Path, options: &ReadOptions) -> Result<Survey, IntakeError> {
    check_defaults(options)?;
    survey_lines(decode::open(path)?, options)
}

/// The survey of lines, wherever they come from.
pub(super) fn survey_lines(mut lines: Lines, options: &ReadOptions) -> Result<Survey, IntakeError> {
    let header = read_header(&mut lines, options)?;
    let columns = Columns::find(&header.cells, header.line, options)?;
    let mut evidence = Evidence::new();
    let mut rows = 0;
    let mut has_references = false;
    let mut record = Record::default();
    while next_record(&mut lines, header.dialect.delimiter, &mut record)? {
        if record.is_blank() {
            continue;
        }
        rows += 1;
        // The cells of other rows may stand in the wrong columns.
        if record.broken().is_none() && record.len() == header.cells.len() {
            evidence.see(record.line(), record.cell(columns.amount));
            let reference = columns.reference.map_or("", |index| record.cell(index));
            has_references |= !reference.trim().is_empty();
        }
    }
    if rows == 0 {
        return Err(IntakeError::HeaderAlone { path: lines.path().into() });
    }
    let decimal = match options.decimal {
        Some(told) => Some(told),
        None => evidence.decide(&clean(&header.cells[columns.amount]))?,
    };
    Ok(Survey {
        dialect: header.dialect,
        header: header.cells,
        columns,
        decimal,
        has_references,
        rows,
        sha256: lines.digest(),
    })
}

/// What a person gave for empty cells must be as good as a cell.
fn check_defaults(options: &ReadOptions) -> Result<(), IntakeError> {
    if let Some(text) = &options.description {
        let problem = match check_description(text) {
            Ok(text) if text.is_empty() => Some("empty".to_owned()),
            Ok(_) => None,
            Err(problem) => Some(problem.problem),
        };
        if let Some(problem) = problem {
            return Err(IntakeError::DefaultDescription { problem });
        }
    }
    match options.expires {
        Some(expiry) if expiry.has_passed(options.now) => {
            Err(IntakeError::DefaultExpiry { expiry: expiry.to_string() })
        }
        _ => Ok(()),
    }
}
