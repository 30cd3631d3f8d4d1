//! A list as CSV, in the dialect of our reports.

use std::io;

use super::super::csv::{write_row, writer};
use super::super::{Cells, ReportError};
use super::record::{COLUMNS, ListedGift};
use crate::ledger::GiftRecord;

pub(super) fn write_header<W: io::Write>(out: &mut W) -> Result<(), ReportError> {
    let mut writer = writer(out);
    write_row(&mut writer, Cells::Raw, COLUMNS.map(str::to_owned))?;
    Ok(writer.flush()?)
}

pub(super) fn write_page<W: io::Write>(
    out: &mut W,
    cells: Cells,
    gifts: &[GiftRecord],
) -> Result<(), ReportError> {
    let mut writer = writer(out);
    for gift in gifts {
        write_row(&mut writer, cells, ListedGift::of(gift).cells())?;
    }
    Ok(writer.flush()?)
}
