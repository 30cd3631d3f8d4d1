//! What stands before the first row: Excel's `sep=;`, blank lines, and the header itself.
//!
//! It stands apart because both passes must leave the file at the same place.

use super::columns::count_known;
use super::decode::Lines;
use super::dialect::{LineEnding, is_delimiter, sep_line, sniff};
use super::record::{MAX_CELLS, Record};
use super::sheet::Sheet;
use super::split::MAX_RECORD_BYTES;
use super::swallowed::swallowed;
use super::{Dialect, IntakeError, Place, ReadOptions};

/// The header as it stands in the file.
pub(super) struct Header {
    /// Its first line or its row.
    pub(super) place: Place,
    /// Its cells, exact.
    pub(super) cells: Vec<String>,
    /// The form of the file, as far as the header shows it.
    pub(super) dialect: Dialect,
}

/// Reads up to and with the header.
pub(super) fn read_header(lines: &mut Lines, options: &ReadOptions) -> Result<Header, IntakeError> {
    if let Some(byte) = options.delimiter.filter(|&byte| !is_delimiter(byte)) {
        return Err(IntakeError::BadDelimiter { byte });
    }
    let (mut line, mut text) = first_row(lines)?;
    let sep = sep_line(&text).filter(|&byte| line == 1 && is_delimiter(byte));
    if sep.is_some() {
        (line, text) = first_row(lines)?;
    }
    let delimiter = options.delimiter.or(sep).unwrap_or_else(|| sniff(&text, line, options));
    if let Some(said) = sep
        && options.delimiter.is_none()
        && count_known(Record::of(&text, line, said).cells(), options) == 0
    {
        let found = sniff(&text, line, options);
        if count_known(Record::of(&text, line, found).cells(), options) > 0 {
            return Err(IntakeError::WrongSepLine { said, found });
        }
    }
    let record = Record::of(&text, line, delimiter);
    if record.broken().is_some() {
        return Err(IntakeError::BrokenHeader { line });
    }
    if let Some((_, line)) = swallowed(&record, char::from(delimiter), record.len()) {
        return Err(IntakeError::HeaderHoldsRows { line });
    }
    Ok(Header {
        place: record.place(),
        cells: cells_of(&record)?,
        dialect: Dialect {
            encoding: lines.encoding().encoding.name().to_owned(),
            currency: options.currency.clone(),
            sheet: None,
            delimiter,
            bom: lines.has_bom(),
            line_ending: LineEnding::of(&text),
            sep_line: sep.is_some(),
        },
    })
}

/// Reads the first row of a sheet that is not blank.
pub(super) fn read_sheet_header(
    sheet: &mut Sheet,
    options: &ReadOptions,
) -> Result<Header, IntakeError> {
    let mut record = Record::default();
    while let Some(row) = sheet.next()? {
        record.fill(row, 0, &options.currency);
        if !record.is_blank() {
            return Ok(Header {
                place: record.place(),
                cells: cells_of(&record)?,
                dialect: Dialect::of_sheet(sheet.name(), &options.currency),
            });
        }
    }
    Err(IntakeError::Empty { path: sheet.path().into() })
}

fn cells_of(header: &Record) -> Result<Vec<String>, IntakeError> {
    match header.len() > MAX_CELLS {
        true => Err(IntakeError::TooManyColumns { place: header.place(), cells: header.len() }),
        false => Ok(header.cells().map(str::to_owned).collect()),
    }
}

/// The first text that is not blank, with further lines while quotes are open.
fn first_row(lines: &mut Lines) -> Result<(u64, String), IntakeError> {
    let mut text = String::new();
    let mut first = 0;
    let mut is_open = false;
    loop {
        let room = MAX_RECORD_BYTES - text.len();
        let Some(line) = lines.next(room)? else {
            return Err(match text.as_str() {
                "" => IntakeError::Empty { path: lines.path().into() },
                _ => IntakeError::BrokenHeader { line: first },
            });
        };
        if text.is_empty() && line.trim().is_empty() {
            continue;
        }
        // The delimiter is not known yet, but an odd number of quotes is open under each.
        let quotes = line.bytes().filter(|&byte| byte == b'"').count();
        is_open ^= quotes % 2 == 1;
        text.push_str(line);
        if first == 0 {
            first = lines.number();
        }
        if !is_open {
            return Ok((first, text));
        }
    }
}
