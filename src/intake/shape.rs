//! What is wrong with a row as a whole: cells that cannot be told apart, too few or too many of them, the
//! header once more.
//!
//! It stands apart because such a row is not read any further: its cells may stand in other columns.

use super::cell::{read_wallet, trim};
use super::column::fold;
use super::columns::{HEADER_COLUMNS, count_known};
use super::fault::{Fault, Problem};
use super::record::{Broken, Record};
use super::row::RowReader;
use super::swallowed::swallowed;
use super::{Code, Place};
use crate::domain::number_of;

impl RowReader {
    /// What is wrong with the row before any cell is read.
    pub(super) fn shape_fault(&self, record: &Record) -> Option<Fault> {
        let columns = self.headers.len();
        let quoted = |index: usize, opened: u64, code: Code, words: &str, mend: &str| {
            let problem = format!("the quote that opened on line {opened} {words}");
            Some(self.fault(record, index, Problem::new(code, problem, mend)))
        };
        let last = record.len().saturating_sub(1);
        if let Some(broken) = record.broken() {
            return match broken {
                Broken::Unclosed(opened) => quoted(
                    last,
                    opened,
                    Code::QuoteNotClosed,
                    "is not closed",
                    "close it, or remove it",
                ),
                Broken::TextAfterQuote(opened) => quoted(
                    last,
                    opened,
                    Code::QuoteNotClosed,
                    "does not close before a delimiter",
                    "close it, remove it, or double a quote inside quotes",
                ),
            };
        }
        if let Some((index, opened)) = swallowed(record, self.delimiter, columns) {
            let mend = "close it, or remove it";
            return quoted(index, opened, Code::QuoteHoldsRows, "holds other rows", mend);
        }
        if record.len() != columns {
            return Some(self.length_fault(record));
        }
        self.header_again(record)
    }

    /// A header in the middle: that of this file in any case, or of another that was joined to it.
    fn header_again(&self, record: &Record) -> Option<Fault> {
        // Nearly every row has a wallet, and names are slow to compare.
        if read_wallet(trim(record.cell(self.columns.wallet_id))).is_ok() {
            return None;
        }
        let is_same = |(cell, header): (&str, &String)| fold(cell) == fold(header);
        if record.cells().zip(&self.headers).all(is_same) {
            let problem = Problem::new(Code::HeaderAgain, "the header once more", "remove the row");
            return Some(self.fault(record, 0, problem));
        }
        (count_known(record.cells(), &self.options) >= HEADER_COLUMNS).then(|| {
            let problem = Problem::new(
                Code::HeaderAgain,
                "another header: were two files joined?",
                "load each file by itself",
            );
            self.fault(record, 0, problem)
        })
    }

    /// A fault of a cell, whatever the cell says.
    fn fault(&self, record: &Record, index: usize, problem: Problem) -> Fault {
        let header = self.headers.get(index).map_or("", String::as_str);
        Fault::at(record.place().of_cell(index), header, trim(record.cell(index)), problem)
    }

    /// A row with fewer or more cells than the header.
    fn length_fault(&self, record: &Record) -> Fault {
        let (cells, columns) = (record.len(), self.headers.len());
        let problem = format!("{}, the header has {columns}", number_of(cells as u64, "cell"));
        // What begins a file, inside a line: it was joined to one whose last line had no end.
        let is_joined = |index: &usize| record.cell(*index).contains('\u{feff}');
        if let Some(index) = (0..cells).find(is_joined) {
            let problem = Problem::new(
                Code::FilesJoined,
                "another file begins in the middle of this line",
                "load each file by itself, or part the lines and remove the second header",
            );
            return self.fault(record, index, problem);
        }
        if cells < columns {
            let missing: Vec<&str> =
                self.headers[cells..].iter().take(5).map(String::as_str).collect();
            let mend = format!("nothing stands for {}: fill the row up", missing.join(", "));
            let value = trim(record.cell(0));
            return Fault::at(
                record.place(),
                "",
                value,
                Problem::new(Code::CellCount, problem, mend),
            );
        }
        let mend = match record.place() {
            Place::Line(_) => {
                format!("put values that hold a {:?} in quotes, or mend the row", self.delimiter)
            }
            _ => "remove what stands to the right of the last column".to_owned(),
        };
        // The first value that has no column.
        let beyond = (columns..cells).find(|index| !trim(record.cell(*index)).is_empty());
        self.fault(record, beyond.unwrap_or(columns), Problem::new(Code::CellCount, problem, mend))
    }
}
