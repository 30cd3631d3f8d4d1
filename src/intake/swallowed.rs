//! Rows that vanished into a cell.
//!
//! A quote too many is closed by the next one, some rows below: the rows between become the text of one
//! cell, and no reader of CSV sees anything wrong. Only what that text looks like gives it away.

use super::amount::is_number_like;
use super::cell::{read_wallet, trim};
use super::record::Record;

/// The first cell of several lines that holds other rows, with the line on which its quotes opened.
pub(super) fn swallowed(record: &Record, delimiter: char, columns: usize) -> Option<(usize, u64)> {
    let is_row = |line: &str| {
        let cells = line.split(delimiter);
        cells.clone().any(|cell| read_wallet(trim(cell)).is_ok())
            || cells.clone().filter(|cell| is_number_like(cell)).count() > 1
            || columns > 2 && cells.count() == columns
    };
    // Files of old Macs end their lines with CR alone.
    let has_rows = |cell: &str| cell.split(['\n', '\r']).any(is_row);
    record.spans().iter().copied().find(|(index, _)| has_rows(record.cell(*index)))
}
