//! The lines before the first row: Excel's `sep=;`, blank lines, and the header itself.
//!
//! It stands apart because both passes must leave the file at the same place.

use super::decode::Lines;
use super::dialect::{LineEnding, is_delimiter, sep_line, sniff};
use super::split::{MAX_CELLS, MAX_RECORD_BYTES, Record};
use super::{Dialect, IntakeError, ReadOptions};

/// The header as it stands in the file.
pub(super) struct Header {
    /// The number of its first line.
    pub(super) line: u64,
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
    let record = Record::of(&text, line, delimiter);
    if record.broken().is_some() {
        return Err(IntakeError::BrokenHeader { line });
    }
    if record.len() > MAX_CELLS {
        let cells = record.len();
        return Err(IntakeError::TooManyColumns { line, cells });
    }
    Ok(Header {
        line,
        cells: record.cells().map(str::to_owned).collect(),
        dialect: Dialect {
            delimiter,
            bom: lines.has_bom(),
            line_ending: LineEnding::of(&text),
            sep_line: sep.is_some(),
        },
    })
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
