//! What is wrong with a row as a whole: cells that cannot be told apart, too few or too many of them, the
//! header once more.
//!
//! It stands apart because such a row is not read any further: its cells may stand in other columns.

use super::Place;
use super::cell::trim;
use super::columns::clean;
use super::fault::{Fault, Problem};
use super::record::{Broken, Record};
use super::row::RowReader;
use super::swallowed::swallowed;

impl RowReader {
    /// What is wrong with the row before any cell is read.
    pub(super) fn shape_fault(&self, record: &Record) -> Option<Fault> {
        let columns = self.headers.len();
        let quoted = |index: usize, opened: u64, words: &str, mend: &str| {
            let problem = format!("the quote that opened on line {opened} {words}");
            Some(self.fault(record, index, Problem::new(problem, mend)))
        };
        let last = record.len().saturating_sub(1);
        if let Some(broken) = record.broken() {
            return match broken {
                Broken::Unclosed(opened) => {
                    quoted(last, opened, "is not closed", "close it, or remove it")
                }
                Broken::TextAfterQuote(opened) => quoted(
                    last,
                    opened,
                    "does not close before a delimiter",
                    "close it, remove it, or double a quote inside quotes",
                ),
            };
        }
        if let Some((index, opened)) = swallowed(record, self.delimiter, columns) {
            return quoted(index, opened, "holds other rows", "close it, or remove it");
        }
        if record.len() != columns {
            return Some(self.length_fault(record));
        }
        let is_header = |(cell, header): (&str, &String)| clean(cell) == *header;
        record
            .cells()
            .zip(&self.headers)
            .all(is_header)
            .then(|| self.fault(record, 0, Problem::new("the header once more", "remove the row")))
    }

    /// A fault of a cell, whatever the cell says.
    fn fault(&self, record: &Record, index: usize, problem: Problem) -> Fault {
        let header = self.headers.get(index).map_or("", String::as_str);
        Fault::at(record.place().of_cell(index), header, trim(record.cell(index)), problem)
    }

    /// A row with fewer or more cells than the header.
    fn length_fault(&self, record: &Record) -> Fault {
        let (cells, columns) = (record.len(), self.headers.len());
        let noun = if cells == 1 { "cell" } else { "cells" };
        let problem = format!("{cells} {noun}, the header has {columns}");
        if cells < columns {
            let missing: Vec<&str> =
                self.headers[cells..].iter().take(5).map(String::as_str).collect();
            let mend = format!("nothing stands for {}: fill the row up", missing.join(", "));
            let value = trim(record.cell(0));
            return Fault::at(record.place(), "", value, Problem::new(problem, mend));
        }
        let mend = match record.place() {
            Place::Line(_) => {
                format!("put values that hold a {:?} in quotes, or mend the row", self.delimiter)
            }
            _ => "remove what stands to the right of the last column".to_owned(),
        };
        // The first value that has no column.
        let beyond = (columns..cells).find(|index| !trim(record.cell(*index)).is_empty());
        self.fault(record, beyond.unwrap_or(columns), Problem::new(problem, mend))
    }
}
