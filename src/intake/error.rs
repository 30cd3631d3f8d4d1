//! Why a file as a whole cannot be read, and what helps.
//!
//! **Invariant:** a bad row is never here: rows have faults, so that all of them are listed at once.

use std::io;
use std::path::PathBuf;

use super::{Charset, Column, Place};
use crate::domain::Money;

/// A file that is refused as a whole.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the messages say of them")]
pub enum IntakeError {
    /// No such file.
    #[error("there is no file {}", path.display())]
    NotFound { path: PathBuf },
    /// A folder in place of a file.
    #[error("{} is a folder, not a file", path.display())]
    Folder { path: PathBuf },
    /// A pipe or a device, which gives its bytes only once.
    #[error("{} is not a regular file, and it must be read twice", path.display())]
    NotRegular { path: PathBuf },
    /// The system could not read it.
    #[error("cannot read {}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Not one byte, or blank lines alone.
    #[error("{} is empty", path.display())]
    Empty { path: PathBuf },
    /// A header and no row below it.
    #[error("{} has a header and no rows", path.display())]
    HeaderAlone { path: PathBuf },
    /// Neither text nor a workbook.
    #[error("{} is {what}, not a CSV file or an Excel workbook (.xlsx)", path.display())]
    OtherFormat { path: PathBuf, what: &'static str, mend: Option<&'static str> },
    /// A workbook that cannot be read.
    #[error("{} is no Excel workbook that can be read: {reason}", path.display())]
    BadWorkbook { path: PathBuf, reason: String },
    /// A workbook without the sheet.
    #[error(
        "{} has no sheet {}; it has: {}", path.display(),
        wanted.as_deref().map_or("that is shown".to_owned(), |name| format!("{name:?}")),
        sheets.join(", ")
    )]
    NoSheet { path: PathBuf, wanted: Option<String>, sheets: Vec<String> },
    /// `-`, which people take for standard input.
    #[error("a campaign file is read twice, and standard input gives its bytes only once")]
    StandardInput,
    /// `--sheet` for a file without sheets.
    #[error("{} is text, and --sheet is for Excel workbooks", path.display())]
    SheetOfText { path: PathBuf },
    /// `--encoding` against the file's own mark.
    #[error("the file begins with the mark of {marked}, and --encoding says {told}")]
    OtherMark { told: &'static str, marked: &'static str },
    /// Bytes that are no UTF-8.
    #[error("line {line} is not UTF-8: its byte {position} is 0x{byte:02X}")]
    NotUtf8 { line: u64, position: usize, byte: u8 },
    /// Bytes that mean nothing in the file's encoding.
    #[error("line {line} has bytes that mean nothing in {encoding}")]
    NotInEncoding { line: u64, encoding: &'static str },
    /// A zero byte, which no text has.
    #[error("line {line} has a zero byte: the file is damaged, or no text")]
    ZeroByte { line: u64 },
    /// A guessed encoding whose letters are those of no language that we know.
    #[error(
        "{place} has letters that are neither Turkish nor English: {value:?}; that the file is in {} was a guess",
        guessed.name()
    )]
    StrangeLetters { place: Place, value: String, guessed: Charset },
    /// A delimiter that cannot part cells.
    #[error("{:?} cannot be a delimiter", char::from(*byte))]
    BadDelimiter { byte: u8 },
    /// The header's quotes do not match.
    #[error("the quotes in the header (line {line}) do not match")]
    BrokenHeader { line: u64 },
    /// The header's quotes go on into the rows.
    #[error("the quote that opened on line {line}, in the header, holds other rows")]
    HeaderHoldsRows { line: u64 },
    /// Excel's first line names a delimiter that the header does not have.
    #[error(
        "the first line says sep={}, and the header is parted by {}",
        char::from(*said).escape_default(), delimiter_text(*found)
    )]
    WrongSepLine { said: u8, found: u8 },
    /// A name that is nearly that of a column, which is then given to all rows or left out.
    #[error("column {header:?} is nearly {column}: was that meant?")]
    NearlyColumn { column: Column, header: String },
    /// A header that is not that of a campaign, on a sheet beside others.
    #[error("{error}; that is sheet {sheet:?}, and the workbook has {} too", quoted(others))]
    OnSheet {
        error: Box<IntakeError>,
        sheet: String,
        others: Vec<String>,
        /// Those of them that have our columns.
        fitting: Vec<String>,
    },
    /// A column of amounts whose name says that they are counted in something else.
    #[error(
        "the name of column {header:?} says {unit:?}: its numbers are no amounts in {currency}"
    )]
    AmountUnit { header: String, unit: String, currency: String },
    /// A column of amounts whose name is in another currency.
    #[error(
        "the amounts in column {header:?} are in {said}, and the campaign gives another currency"
    )]
    OtherCurrency { header: String, said: String },
    /// Data where the header should be.
    #[error("{place} has data where the header should be: {value:?}")]
    NoHeader { place: Place, value: String },
    /// Something else above the header.
    #[error("the header seems to be {header}, below other text on {place}: {value:?}")]
    TextAboveHeader { place: Place, header: Place, value: String },
    /// More columns than any campaign has.
    #[error("the header ({place}) has {cells} columns, more than 1000")]
    TooManyColumns { place: Place, cells: usize },
    /// Nothing in the header is known.
    #[error("no column of {place} is known: {}", headers.join(", "))]
    NoKnownColumn { place: Place, headers: Vec<String> },
    /// The rows have another delimiter than the header.
    #[error(
        "the header is parted by {}, and the rows below it by {}",
        delimiter_text(*header), delimiter_text(*rows)
    )]
    OtherDelimiter { header: u8, rows: u8 },
    /// A column that must be there is not.
    #[error("there is no column {column}{}", nearest_text(nearest.as_deref()))]
    MissingColumn { column: Column, nearest: Option<String> },
    /// Two headers mean the same column.
    #[error("two columns are {column}: {first:?} and {second:?}")]
    ColumnTwice { column: Column, first: String, second: String },
    /// `--map` names a header that is not there.
    #[error(
        "the file has no column {header:?} for {column}{}",
        nearest_text(nearest.as_deref())
    )]
    UnknownMapping { column: Column, header: String, nearest: Option<String> },
    /// `--map` gives one header two meanings, or one meaning two headers.
    #[error("{column} and {other} are both mapped to {header:?}")]
    MappedTwice { column: Column, other: Column, header: String },
    /// `--map` names a column that means nothing in such a file.
    #[error("{column} is mapped to {header:?}, and means nothing in a file of this kind")]
    MapsNothing { column: Column, header: String },
    /// Both marks are decimal marks.
    #[error(
        "the amounts in column {column:?} contradict each other: {} ({}) has a decimal comma, \
         {} ({}) a decimal point", comma.1, comma.0, point.1, point.0
    )]
    AmountsContradict { column: String, comma: (Place, String), point: (Place, String) },
    /// Nothing shows which mark is the decimal one, and it matters.
    #[error("{0}")]
    AmountsUndecided(Box<TwoReadings>),
    /// A row without end, mostly for want of a quote.
    #[error(
        "the row on line {line} is longer than 1 MiB{}",
        opened.map(|line| format!(": the quote that opened on line {line} is not closed"))
            .unwrap_or_default()
    )]
    RecordTooLong { line: u64, opened: Option<u64> },
    /// The description for empty cells cannot be one.
    #[error("the description for empty cells cannot be used: {problem}")]
    DefaultDescription { problem: String },
    /// The expiry for empty cells has passed.
    #[error("the expiry for empty cells, {expiry}, has passed")]
    DefaultExpiry { expiry: String },
    /// Somebody wrote to the file between the passes.
    #[error("{} changed while it was read", path.display())]
    Changed { path: PathBuf },
}

/// Amounts that can be read in two ways.
#[derive(Debug, thiserror::Error)]
#[error(
    "the amounts in column {column:?} can be read in two ways: with a decimal comma {value} \
     ({place}) is {} and the total {}, with a decimal point it is {} and the total {}",
    money_text(*comma), money_text(*comma_total), money_text(*point), money_text(*point_total)
)]
#[expect(missing_docs, reason = "the fields are what the message says of them")]
pub struct TwoReadings {
    pub column: String,
    /// Where the first such value stands.
    pub place: Place,
    pub value: String,
    pub comma: Option<Money>,
    pub point: Option<Money>,
    pub comma_total: Option<Money>,
    pub point_total: Option<Money>,
}

fn nearest_text(nearest: Option<&str>) -> String {
    match nearest {
        Some(header) => format!("; the nearest is {header:?}"),
        None => String::new(),
    }
}

fn delimiter_text(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "tabs".to_owned(),
        other => format!("{:?}", char::from(other)),
    }
}

fn money_text(money: Option<Money>) -> String {
    money.map_or_else(|| "no amount".to_owned(), |money| money.to_string())
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().take(10).map(|name| format!("{name:?}")).collect();
    names.join(", ")
}

impl IntakeError {
    /// A row that is too long, seen from the row: where it began and which quote is open.
    pub(super) fn in_quotes(self, line: u64, opened: Option<u64>) -> IntakeError {
        match self {
            IntakeError::RecordTooLong { .. } => IntakeError::RecordTooLong { line, opened },
            other => other,
        }
    }
}
