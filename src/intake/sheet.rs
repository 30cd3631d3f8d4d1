//! From a workbook to rows of cells.
//!
//! Everything about Excel's own format is left to a library; what a cell means as text is decided in
//! `sheet_cell`.
//!
//! **Invariant:** the bytes that are hashed are the bytes that are parsed: they are read once.
//! **Invariant:** rows stream; the file's own bytes and its table of texts alone are in memory.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use calamine::{Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use sha2::{Digest, Sha256};

use super::archive::check_archive;
use super::column::fold;
use super::number_format::NumberFormat;
use super::record::MAX_CELLS;
use super::sheet_cell::{SheetCell, format_of, read_cell};
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

/// The rows of one sheet, as they are asked for.
pub(super) struct Sheet {
    path: PathBuf,
    sha256: [u8; 32],
    choice: Choice,
    rows: Receiver<Result<Vec<SheetRow>, IntakeError>>,
    group: std::vec::IntoIter<SheetRow>,
}

/// The sheet that was chosen, and those that were not.
#[derive(Clone, Debug)]
struct Choice {
    name: String,
    /// The others that people see.
    others: Vec<String>,
}

/// Opens the sheet of this name, or the first that people see.
pub(super) fn open(path: &Path, wanted: Option<&str>) -> Result<Sheet, IntakeError> {
    let bytes = read_all(path)?;
    let sha256 = Sha256::digest(&bytes).into();
    let bad = |reason: String| IntakeError::BadWorkbook { path: path.into(), reason };
    check_archive(&bytes).map_err(bad)?;
    // The library's reader of cells borrows the workbook: a thread of its own holds both.
    let (choices, choice) = sync_channel(1);
    let (rows, receiver) = sync_channel(2);
    let (place, wanted) = (path.to_owned(), wanted.map(str::to_owned));
    thread::spawn(move || {
        let opened = open_book(&place, bytes).and_then(|book| {
            let choice = choose(&place, &book, wanted.as_deref())?;
            Ok((book, choice))
        });
        match opened {
            Ok((mut book, choice)) => {
                // A reader that is gone wants no more.
                let _ = choices.send(Ok(choice.clone()));
                if let Err(error) = send_rows(&place, &mut book, &choice.name, &rows) {
                    let _ = rows.send(Err(error));
                }
            }
            Err(error) => {
                let _ = choices.send(Err(error));
            }
        }
    });
    // Whatever the library may have stumbled over, the channel ends and the file is refused.
    let choice = choice.recv().map_err(|_| bad("its structure cannot be read".to_owned()))??;
    let group = Vec::new().into_iter();
    Ok(Sheet { path: path.into(), sha256, choice, rows: receiver, group })
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
        &self.choice.name
    }

    /// The other sheets that people see.
    pub(super) fn others(&self) -> &[String] {
        &self.choice.others
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
fn choose(path: &Path, book: &Book, wanted: Option<&str>) -> Result<Choice, IntakeError> {
    let sheets: Vec<_> =
        book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).collect();
    let found = match wanted {
        Some(wanted) => sheets
            .iter()
            .find(|sheet| sheet.name == wanted)
            .or_else(|| sheets.iter().find(|sheet| fold(&sheet.name) == fold(wanted))),
        None => sheets.iter().find(|sheet| sheet.visible == SheetVisible::Visible),
    };
    let others = |name: &str| {
        let is_other = |sheet: &&&calamine::Sheet| {
            sheet.name != name && sheet.visible == SheetVisible::Visible
        };
        sheets.iter().filter(is_other).map(|sheet| sheet.name.clone()).collect()
    };
    let choice = |name: &str| Choice { name: name.to_owned(), others: others(name) };
    found.map(|sheet| choice(&sheet.name)).ok_or_else(|| IntakeError::NoSheet {
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
    let formats: Vec<NumberFormat> = cells.styles().iter().map(format_of).collect();
    let plain = NumberFormat { unit: None, has_time: true };
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(bad)? {
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
        let format = formats.get(style).unwrap_or(&plain);
        let Some(value) = read_cell(cell.get_value(), format) else {
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
