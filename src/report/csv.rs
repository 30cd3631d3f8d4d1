//! The CSV report: every row of the input as it came, and beside it what became of it.
//!
//! It stands apart because a customer's own columns come back in it: untrusted text in a file that
//! people open in a spreadsheet.
//!
//! **Invariant:** no cell is lost. A row that has fewer cells than the newest header is padded. One
//! that has more came with an earlier, wider file: the header grows by `column_5`, `column_6`, …,
//! which stand between the input's columns and ours.
//! **Invariant:** comma, `\n`, and quotes where RFC 4180 needs them.

use std::io;

use super::figures::instant;
use super::pages::Pages;
use super::{Cells, ReportError};
use crate::ledger::{Campaign, GiftRecord, Ledger};

/// What stands behind the input's columns.
const COLUMNS: [&str; 8] =
    ["gift_key", "state", "gift_id", "attempts", "error_class", "error", "issued_at", "reconciled"];

/// Writes the report of a whole campaign, page by page.
pub async fn write<W: io::Write>(
    ledger: &Ledger,
    campaign: &Campaign,
    out: &mut W,
    cells: Cells,
) -> Result<(), ReportError> {
    let width = width(ledger, campaign).await?;
    let mut writer = writer(out);
    let surplus = (campaign.header.len()..width).map(|place| format!("column_{}", place + 1));
    let header = campaign.header.iter().cloned().chain(surplus);
    write_row(&mut writer, cells, header.chain(COLUMNS.map(str::to_owned)))?;
    let mut pages = Pages::of(ledger, campaign, None);
    while let Some(page) = pages.next().await? {
        for gift in page {
            if gift.cells.len() > width {
                return Err(ReportError::Changed { campaign: campaign.name.clone() });
            }
            let padding = vec![String::new(); width - gift.cells.len()];
            let fate = fate(&gift);
            write_row(&mut writer, cells, gift.cells.into_iter().chain(padding).chain(fate))?;
        }
    }
    writer.flush()?;
    Ok(())
}

/// A writer in the dialect of our reports.
pub(super) fn writer<W: io::Write>(out: &mut W) -> ::csv::Writer<&mut W> {
    ::csv::WriterBuilder::new().terminator(::csv::Terminator::Any(b'\n')).from_writer(out)
}

/// Writes one row, each cell in its form.
pub(super) fn write_row<W: io::Write>(
    writer: &mut ::csv::Writer<W>,
    cells: Cells,
    row: impl IntoIterator<Item = String>,
) -> Result<(), ReportError> {
    for text in row {
        writer.write_field(cells.cell(&text).as_bytes())?;
    }
    writer.write_record(None::<&[u8]>)?;
    Ok(())
}

/// How many columns of the input the report needs. Rows of one file all fit its header, so that only
/// a campaign that was loaded again has to be looked through.
async fn width(ledger: &Ledger, campaign: &Campaign) -> Result<usize, ReportError> {
    let mut width = campaign.header.len();
    if campaign.first_loaded_at == campaign.last_loaded_at {
        return Ok(width);
    }
    let mut pages = Pages::of(ledger, campaign, None);
    while let Some(page) = pages.next().await? {
        width = page.iter().map(|gift| gift.cells.len()).fold(width, usize::max);
    }
    Ok(width)
}

/// What became of a gift, in the order of [`COLUMNS`].
fn fate(gift: &GiftRecord) -> [String; COLUMNS.len()] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        gift.key.to_string(),
        gift.state.to_string(),
        gift.gift_id.map(|id| id.to_string()).unwrap_or_default(),
        gift.attempts.to_string(),
        text(&gift.error_class),
        text(&gift.error),
        gift.issued_at.map(instant).unwrap_or_default(),
        text(&gift.reconciled),
    ]
}
