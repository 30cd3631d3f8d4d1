//! The rows of a file, whatever kind of file it is.
//!
//! It stands apart so that no later step asks what a row came from: text in any encoding and the
//! sheets of a workbook end here as records.

use std::path::Path;

use super::columns::{HEADER_COLUMNS, count_known};
use super::decode::Lines;
use super::encoding::find_encoding;
use super::format::{Format, format_of, head, open};
use super::header::{Header, read_header, read_sheet_header};
use super::record::Record;
use super::sheet::{self, Sheet};
use super::split::next_record;
use super::{Currency, IntakeError, ReadOptions, TextEncoding};

/// Rows below a header.
pub(super) enum Source {
    /// Lines of text with the delimiter of their cells.
    Text { lines: Box<Lines>, delimiter: u8 },
    /// A sheet with the number of its header's cells, and the currency of its numbers.
    Sheet { sheet: Sheet, columns: usize, currency: Currency },
}

/// How text was read before, or nothing in the first pass.
pub(super) type Known = Option<TextEncoding>;

impl Source {
    /// Opens a file and reads its header.
    pub(super) fn open(
        path: &Path,
        known: Known,
        options: &ReadOptions,
    ) -> Result<(Source, Header), IntakeError> {
        let head = head(path)?;
        match format_of(path, &head)? {
            Format::Workbook => {
                let mut sheet = sheet::open(path, options.sheet.as_deref())?;
                let header = match read_sheet_header(&mut sheet, options) {
                    Ok(header) => header,
                    Err(error) => return Err(on_sheet(error, &sheet, options)),
                };
                let columns = header.cells.len();
                let currency = options.currency.clone();
                Ok((Source::Sheet { sheet, columns, currency }, header))
            }
            Format::Text if options.sheet.is_some() => {
                Err(IntakeError::SheetOfText { path: path.into() })
            }
            Format::Text => {
                let encoding = match known {
                    Some(encoding) => encoding,
                    None => find_encoding(path, &head, options.encoding)?,
                };
                let lines = Lines::new(path, encoding, Box::new(open(path)?))?;
                Source::of_lines(lines, options)
            }
        }
    }

    /// The rows of lines, wherever they come from.
    pub(super) fn of_lines(
        mut lines: Lines,
        options: &ReadOptions,
    ) -> Result<(Source, Header), IntakeError> {
        let header = read_header(&mut lines, options)?;
        let delimiter = header.dialect.delimiter;
        Ok((Source::Text { lines: Box::new(lines), delimiter }, header))
    }

    /// Reads the next row into `record`; `false` at the end of the file.
    pub(super) fn next(&mut self, record: &mut Record) -> Result<bool, IntakeError> {
        match self {
            Source::Text { lines, delimiter } => next_record(lines, *delimiter, record),
            Source::Sheet { sheet, columns, currency } => {
                let row = sheet.next()?;
                let is_row = row.is_some();
                record.fill(row.unwrap_or_default(), *columns, currency);
                Ok(is_row)
            }
        }
    }

    /// What text is encoded in; nothing for a workbook.
    pub(super) fn encoding(&self) -> Known {
        match self {
            Source::Text { lines, .. } => Some(lines.encoding()),
            Source::Sheet { .. } => None,
        }
    }

    /// The workbook's other sheets that people see.
    pub(super) fn other_sheets(&self) -> &[String] {
        match self {
            Source::Text { .. } => &[],
            Source::Sheet { sheet, .. } => sheet.others(),
        }
    }

    /// An error of the header, with the sheet where the workbook has others.
    pub(super) fn on_sheet(&self, error: IntakeError, options: &ReadOptions) -> IntakeError {
        match self {
            Source::Text { .. } => error,
            Source::Sheet { sheet, .. } => on_sheet(error, sheet, options),
        }
    }

    /// The digest of all bytes that were read.
    pub(super) fn digest(&self) -> [u8; 32] {
        match self {
            Source::Text { lines, .. } => lines.digest(),
            Source::Sheet { sheet, .. } => sheet.digest(),
        }
    }

    /// What the file is called in messages.
    pub(super) fn path(&self) -> &Path {
        match self {
            Source::Text { lines, .. } => lines.path(),
            Source::Sheet { sheet, .. } => sheet.path(),
        }
    }
}

/// Sheets that are looked at for our columns.
const SHEETS_LOOKED_AT: usize = 10;

/// People put a cover before their sheet, and programs do: the error says which sheet was read, and which has
/// our columns.
fn on_sheet(error: IntakeError, sheet: &Sheet, options: &ReadOptions) -> IntakeError {
    let others = sheet.others().to_vec();
    if others.is_empty() {
        return error;
    }
    let has_columns = |name: &&String| {
        let opened = sheet::open(sheet.path(), Some(name));
        let header = opened.and_then(|mut other| read_sheet_header(&mut other, options));
        header.is_ok_and(|header| {
            count_known(header.cells.iter().map(String::as_str), options) >= HEADER_COLUMNS
        })
    };
    let fitting = others.iter().take(SHEETS_LOOKED_AT).filter(has_columns).cloned().collect();
    IntakeError::OnSheet { error: Box::new(error), sheet: sheet.name().to_owned(), others, fitting }
}
