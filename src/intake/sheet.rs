//! From a workbook to rows of cells.
//!
//! `book` opens the workbook and `cells` reads its XML; what a cell means as text is decided in `sheet_cell`.
//!
//! **Invariant:** the bytes that are hashed are the bytes that are parsed: they are read once.
//! **Invariant:** rows stream; the file's own bytes and its table of texts alone are in memory.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use sha2::{Digest, Sha256};

use super::archive::Archive;
use super::book::{Book, SheetEntry};
use super::cells::Cells;
use super::column::fold;
use super::format::other_archive;
use super::record::MAX_CELLS;
use super::sheet_cell::{SheetCell, read_cell};
use super::split::MAX_RECORD_BYTES;
use super::{IntakeError, format};

/// The largest workbook; a full sheet of a million rows takes about half of it.
const MAX_WORKBOOK_BYTES: u64 = 128 * 1024 * 1024;

/// Rows that cross to the reader at once.
const GROUP: usize = 256;

/// What they may weigh: some groups are in memory at a time.
const GROUP_BYTES: usize = 1024 * 1024;

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
    // The rows borrow the workbook: a thread of its own holds both.
    let (choices, choice) = sync_channel(1);
    let (rows, receiver) = sync_channel(2);
    let (place, wanted) = (path.to_owned(), wanted.map(str::to_owned));
    thread::spawn(move || match open_book(&place, bytes, wanted.as_deref()) {
        Ok((mut book, index, choice)) => {
            // A reader that is gone wants no more.
            let _ = choices.send(Ok(choice));
            if let Err(End::Failed(error)) = send_rows(&place, &mut book, index, &rows) {
                let _ = rows.send(Err(error));
            }
        }
        Err(error) => {
            let _ = choices.send(Err(error));
        }
    });
    // Whatever goes wrong in there, the channel ends and the file is refused.
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

/// Opens the workbook, and finds the sheet.
fn open_book(
    path: &Path,
    bytes: Vec<u8>,
    wanted: Option<&str>,
) -> Result<(Book, usize, Choice), IntakeError> {
    let bad = |reason| IntakeError::BadWorkbook { path: path.into(), reason };
    let mut archive = Archive::new(bytes).map_err(bad)?;
    if let Some((what, mend)) = other_archive(&mut archive) {
        return Err(IntakeError::OtherFormat { path: path.into(), what, mend: Some(mend) });
    }
    let book = Book::open(archive).map_err(bad)?;
    let (index, choice) = choose(path, &book.sheets, wanted)?;
    Ok((book, index, choice))
}

/// The sheet of this name, however it is written; else the first that is not hidden.
fn choose(
    path: &Path,
    sheets: &[SheetEntry],
    wanted: Option<&str>,
) -> Result<(usize, Choice), IntakeError> {
    let find = |is_wanted: &dyn Fn(&SheetEntry) -> bool| sheets.iter().position(is_wanted);
    let found = match wanted {
        Some(wanted) => find(&|sheet| sheet.name == wanted)
            .or_else(|| find(&|sheet| fold(&sheet.name) == fold(wanted))),
        None => find(&|sheet| !sheet.is_hidden),
    };
    let index = found.ok_or_else(|| IntakeError::NoSheet {
        path: path.into(),
        wanted: wanted.map(str::to_owned),
        sheets: sheets.iter().take(20).map(|sheet| sheet.name.clone()).collect(),
    })?;
    let name = sheets[index].name.clone();
    let others = sheets.iter().enumerate().filter(|(at, sheet)| *at != index && !sheet.is_hidden);
    let others = others.map(|(_, sheet)| sheet.name.clone()).collect();
    Ok((index, Choice { name, others }))
}

/// Why the rows end.
enum End {
    /// Nobody wants more.
    Gone,
    Failed(IntakeError),
}

/// Rows on their way to the reader.
struct Sending<'s> {
    rows: &'s SyncSender<Result<Vec<SheetRow>, IntakeError>>,
    group: Vec<SheetRow>,
    /// Bytes in the group, about.
    weight: usize,
    row: SheetRow,
    /// Bytes of text in the row.
    length: usize,
}

/// Sends all rows, and an empty group at the end.
fn send_rows(
    path: &Path,
    book: &mut Book,
    index: usize,
    rows: &SyncSender<Result<Vec<SheetRow>, IntakeError>>,
) -> Result<(), End> {
    let bad = |reason| End::Failed(IntakeError::BadWorkbook { path: path.into(), reason });
    let (xml, shared) = book.sheet(index).map_err(bad)?;
    let mut cells = Cells::new(xml).map_err(bad)?;
    let (group, row) = (Vec::new(), SheetRow::default());
    let mut sending = Sending { rows, group, weight: 0, row, length: 0 };
    while let Some(cell) = cells.next().map_err(bad)? {
        let disorder = || bad("its cells do not stand in order".to_owned());
        if cell.row != sending.row.number {
            if cell.row < sending.row.number {
                return Err(disorder());
            }
            sending.begin(cell.row)?;
        }
        let Some(value) = read_cell(cell, shared).map_err(bad)? else {
            continue;
        };
        if sending.row.cells.last().is_some_and(|(last, _)| cell.column <= *last) {
            return Err(disorder());
        }
        sending.push(cell.column, value).map_err(End::Failed)?;
    }
    sending.begin(0)?;
    if !sending.group.is_empty() {
        sending.send()?;
    }
    sending.send()
}

impl Sending<'_> {
    /// Adds a cell to the row.
    fn push(&mut self, column: usize, cell: SheetCell) -> Result<(), IntakeError> {
        self.length += cell.text.len();
        if self.length > MAX_RECORD_BYTES || self.row.cells.len() > MAX_CELLS {
            return Err(IntakeError::RecordTooLong { line: self.row.number, opened: None });
        }
        self.weight += size_of::<(usize, SheetCell)>() + cell.text.len();
        self.row.cells.push((column, cell));
        Ok(())
    }

    /// Ends the row and begins the next.
    fn begin(&mut self, number: u64) -> Result<(), End> {
        let next = SheetRow { number, cells: Vec::new() };
        let row = std::mem::replace(&mut self.row, next);
        self.length = 0;
        if !row.cells.is_empty() {
            self.group.push(row);
        }
        match self.group.len() >= GROUP || self.weight >= GROUP_BYTES {
            true => self.send(),
            false => Ok(()),
        }
    }

    /// Sends the group; an empty one says that there is no more.
    fn send(&mut self) -> Result<(), End> {
        self.weight = 0;
        self.rows.send(Ok(std::mem::take(&mut self.group))).map_err(|_| End::Gone)
    }
}
