//! A list as one JSON array, an object a line, so that it can be read as it comes.

use std::io;

use super::super::ReportError;
use super::ListedGift;
use crate::ledger::GiftRecord;

/// Writes objects behind those that are `written` already.
pub(super) fn write_page<W: io::Write>(
    out: &mut W,
    written: u64,
    gifts: &[GiftRecord],
) -> Result<(), ReportError> {
    let mut is_first = written == 0;
    for gift in gifts {
        out.write_all(if is_first { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &ListedGift::of(gift)).map_err(io::Error::from)?;
        is_first = false;
    }
    Ok(())
}
