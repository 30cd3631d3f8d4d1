//! From a workbook to rows of cells.
//!
//! Everything about Excel's own format is left to a library; what its numbers and dates mean as text
//! is decided here, since a number is exact only as the fifteen digits that Excel shows.
//!
//! **Invariant:** the bytes that are hashed are the bytes that are parsed: they are read once.
//! **Invariant:** rows stream; the file's own bytes and its table of texts alone are in memory.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use chrono::{NaiveTime, SubsecRound};
use sha2::{Digest, Sha256};

use super::archive::check_archive;
use super::column::fold;
use super::record::MAX_CELLS;
use super::split::MAX_RECORD_BYTES;
use super::{IntakeError, format};

/// The largest workbook; a full sheet of a million rows takes about half of it.
const MAX_WORKBOOK_BYTES: u64 = 128 * 1024 * 1024;

/// Rows that cross to the reader at once.
const GROUP: usize = 256;

/// A row of a sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SheetRow {
    /// Its number, as a spreadsheet counts.
    pub(super) number: u64,
    /// The cells that are not empty, from left to right, each with its column counted from 0.
    pub(super) cells: Vec<(usize, SheetCell)>,
}

/// What a cell holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SheetCell {
    /// A text, a date as ISO text, or what else is no number.
    Text(String),
    /// A number, as plain digits with a decimal point.
    Number(String),
}

/// The rows of one sheet, as they are asked for.
pub(super) struct Sheet {
    path: PathBuf,
    sha256: [u8; 32],
    name: String,
    rows: Receiver<Result<Vec<SheetRow>, IntakeError>>,
    group: std::vec::IntoIter<SheetRow>,
}

/// Opens the sheet of this name, or the first that people see.
pub(super) fn open(path: &Path, wanted: Option<&str>) -> Result<Sheet, IntakeError> {
    let bytes = read_all(path)?;
    let sha256 = Sha256::digest(&bytes).into();
    let bad = |reason: String| IntakeError::BadWorkbook { path: path.into(), reason };
    check_archive(&bytes).map_err(bad)?;
    // The library's reader of cells borrows the workbook: a thread of its own holds both.
    let (names, name) = sync_channel(1);
    let (rows, receiver) = sync_channel(2);
    let (place, wanted) = (path.to_owned(), wanted.map(str::to_owned));
    thread::spawn(move || {
        let opened = open_book(&place, bytes).and_then(|book| {
            let name = choose(&place, &book, wanted.as_deref())?;
            Ok((book, name))
        });
        match opened {
            Ok((mut book, name)) => {
                // A reader that is gone wants no more.
                let _ = names.send(Ok(name.clone()));
                if let Err(error) = send_rows(&place, &mut book, &name, &rows) {
                    let _ = rows.send(Err(error));
                }
            }
            Err(error) => {
                let _ = names.send(Err(error));
            }
        }
    });
    // Whatever the library may have stumbled over, the channel ends and the file is refused.
    let name = name.recv().map_err(|_| bad("its structure cannot be read".to_owned()))??;
    let group = Vec::new().into_iter();
    Ok(Sheet { path: path.into(), sha256, name, rows: receiver, group })
}

impl Sheet {
    /// The next row that has a cell, or nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<SheetRow>, IntakeError> {
        loop {
            if let Some(row) = self.group.next() {
                return Ok(Some(row));
            }
            let group = self.rows.recv().map_err(|_| IntakeError::BadWorkbook {
                path: self.path.clone(),
                reason: "its rows cannot be read".to_owned(),
            })??;
            if group.is_empty() {
                return Ok(None);
            }
            self.group = group.into_iter();
        }
    }

    /// What the sheet is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What the file is called in messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The digest of all bytes of the file.
    pub(super) fn digest(&self) -> [u8; 32] {
        self.sha256
    }
}

fn read_all(path: &Path) -> Result<Vec<u8>, IntakeError> {
    let file: File = format::open(path)?;
    let mut bytes = Vec::new();
    file.take(MAX_WORKBOOK_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| IntakeError::Io { path: path.into(), source })?;
    match bytes.len() as u64 > MAX_WORKBOOK_BYTES {
        true => Err(IntakeError::BadWorkbook {
            path: path.into(),
            reason: "larger than 128 MiB".to_owned(),
        }),
        false => Ok(bytes),
    }
}

type Book = Xlsx<Cursor<Vec<u8>>>;

fn open_book(path: &Path, bytes: Vec<u8>) -> Result<Book, IntakeError> {
    Xlsx::new(Cursor::new(bytes)).map_err(|error| bad_book(path, &error))
}

fn bad_book(path: &Path, error: &XlsxError) -> IntakeError {
    IntakeError::BadWorkbook { path: path.into(), reason: error.to_string() }
}

/// The sheet of this name, however it is written; else the first that is not hidden.
fn choose(path: &Path, book: &Book, wanted: Option<&str>) -> Result<String, IntakeError> {
    let sheets: Vec<_> =
        book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).collect();
    let found = match wanted {
        Some(wanted) => sheets
            .iter()
            .find(|sheet| sheet.name == wanted)
            .or_else(|| sheets.iter().find(|sheet| fold(&sheet.name) == fold(wanted))),
        None => sheets.iter().find(|sheet| sheet.visible == SheetVisible::Visible),
    };
    found.map(|sheet| sheet.name.clone()).ok_or_else(|| IntakeError::NoSheet {
        path: path.into(),
        wanted: wanted.map(str::to_owned),
        sheets: sheets.iter().take(20).map(|sheet| sheet.name.clone()).collect(),
    })
}

/// Sends all rows, and an empty group at the end.
fn send_rows(
    path: &Path,
    book: &mut Book,
    name: &str,
    rows: &SyncSender<Result<Vec<SheetRow>, IntakeError>>,
) -> Result<(), IntakeError> {
    let bad = |error: XlsxError| bad_book(path, &error);
    let disorder = || IntakeError::BadWorkbook {
        path: path.into(),
        reason: "its cells do not stand in order".to_owned(),
    };
    let mut cells = book.worksheet_cells_reader(name).map_err(bad)?;
    let mut group = Vec::with_capacity(GROUP);
    let mut row = SheetRow::default();
    let mut length = 0;
    while let Some(cell) = cells.next_cell().map_err(bad)? {
        let (number, column) = cell.get_position();
        let (number, column) = (u64::from(number) + 1, column as usize);
        if number != row.number {
            if number < row.number {
                return Err(disorder());
            }
            let next = SheetRow { number, cells: Vec::new() };
            push(&mut group, std::mem::replace(&mut row, next));
            length = 0;
            if group.len() == GROUP && rows.send(Ok(std::mem::take(&mut group))).is_err() {
                return Ok(());
            }
        }
        let Some(value) = read_cell(cell.get_value()) else {
            continue;
        };
        length += value.text().len();
        if length > MAX_RECORD_BYTES || row.cells.len() > MAX_CELLS {
            return Err(IntakeError::RecordTooLong { line: number, opened: None });
        }
        if row.cells.last().is_some_and(|(last, _)| column <= *last) {
            return Err(disorder());
        }
        row.cells.push((column, value));
    }
    push(&mut group, row);
    for last in [group, Vec::new()] {
        if rows.send(Ok(last)).is_err() {
            break;
        }
    }
    Ok(())
}

fn push(group: &mut Vec<SheetRow>, row: SheetRow) {
    if !row.cells.is_empty() {
        group.push(row);
    }
}

impl SheetCell {
    /// The cell as text.
    pub(super) fn text(&self) -> &str {
        match self {
            SheetCell::Text(text) | SheetCell::Number(text) => text,
        }
    }
}

/// What a cell holds; nothing where it is empty.
fn read_cell(value: &DataRef<'_>) -> Option<SheetCell> {
    let text = |text: &str| SheetCell::Text(text.to_owned());
    Some(match value {
        DataRef::Empty => return None,
        DataRef::SharedString(shared) => text(shared),
        DataRef::String(own) | DataRef::DateTimeIso(own) | DataRef::DurationIso(own) => text(own),
        DataRef::Int(number) => SheetCell::Number(number.to_string()),
        DataRef::Float(number) => SheetCell::Number(plain_digits(*number)),
        DataRef::Bool(yes) => text(if *yes { "TRUE" } else { "FALSE" }),
        DataRef::Error(error) => SheetCell::Text(error.to_string()),
        DataRef::DateTime(at) => SheetCell::Text(date_text(at)),
    })
}

/// A date as ISO text: alone where it is midnight, as a date cell is, else to the second.
fn date_text(at: &ExcelDateTime) -> String {
    match at.as_datetime() {
        Some(date) if !at.is_duration() => {
            // A fraction of a day is never an exact second.
            let date = date.round_subsecs(0);
            match date.time() == NaiveTime::MIN {
                true => date.format("%Y-%m-%d").to_string(),
                false => date.format("%Y-%m-%d %H:%M:%S").to_string(),
            }
        }
        _ => plain_digits(at.as_f64()),
    }
}

/// A number as plain digits, rounded to the fifteen that Excel holds and shows.
///
/// Fifteen are Excel's documented precision ("Excel specifications and limits"); the binary number
/// behind them has digits beyond, as 0.30000000000000004 for 0.1 + 0.2, that nobody wrote.
fn plain_digits(number: f64) -> String {
    let scientific = format!("{number:.14e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits = mantissa.replace('.', "");
    let digits = digits.trim_end_matches('0');
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if digits.is_empty() {
        return "0".to_owned();
    }
    let point = usize::try_from(exponent + 1).unwrap_or(0);
    let zeros = usize::try_from(-(exponent + 1)).unwrap_or(0);
    let digits = format!("{}{digits}", "0".repeat(zeros));
    let (whole, fraction) = match digits.split_at_checked(point) {
        Some((whole, fraction)) => (whole.to_owned(), fraction),
        None => (format!("{digits:0<point$}"), ""),
    };
    let whole = if whole.is_empty() { "0" } else { whole.as_str() };
    match fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_the_digits_that_excel_shows() {
        // Goal: no digit is added or lost. Method: numbers with their digits, by hand.
        for (number, digits) in [
            (0.0, "0"),
            (100.0, "100"),
            (1250.5, "1250.5"),
            (19.99, "19.99"),
            (0.1 + 0.2, "0.3"),
            (0.01, "0.01"),
            (0.05, "0.05"),
            (-75.5, "-75.5"),
            (1e9, "1000000000"),
            (123_456_789_012_345.0, "123456789012345"),
            (905_000_000_000.0, "905000000000"),
            (1e20, "100000000000000000000"),
            (1.005, "1.005"),
            (1e-7, "0.0000001"),
        ] {
            assert_eq!(plain_digits(number), digits);
        }
        // As Excel writes 19.99 into its files.
        assert_eq!(plain_digits("19.989999999999998".parse().unwrap()), "19.99");
        assert_eq!(plain_digits(f64::NAN), "NaN");
    }

    #[test]
    fn dates_are_iso_texts() {
        // Goal: a date cell is a date alone, one with a time an instant to the second. Method: serial
        // numbers with their dates, counted from 1899-12-30, and from 1904 on.
        let text = |value: f64, is_1904| {
            date_text(&ExcelDateTime::new(value, ExcelDateTimeType::DateTime, is_1904))
        };
        assert_eq!(text(46_538.0, false), "2027-05-31");
        assert_eq!(text(46_538.0 + 86_399.0 / 86_400.0, false), "2027-05-31 23:59:59");
        assert_eq!(text(46_538.5, false), "2027-05-31 12:00:00");
        assert_eq!(text(45_076.0, true), "2027-05-31");
        assert_eq!(text(1e300, false).len(), 301);
        let span = ExcelDateTime::new(1.5, ExcelDateTimeType::TimeDelta, false);
        assert_eq!(date_text(&span), "1.5");
    }

    proptest! {
        #[test]
        fn amounts_survive_a_spreadsheet(minor in 0_i64..=100_000_000_000) {
            // Goal: each amount that can be given comes back to the coin. Method: through the nearest
            // binary number, as a spreadsheet stores it.
            let written = format!("{}.{:02}", minor / 100, minor % 100);
            let digits = plain_digits(written.parse().unwrap());
            let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
            prop_assert_eq!(format!("{whole}.{fraction:0<2}"), written);
        }
    }
}
