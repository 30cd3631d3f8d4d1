//! The CSV report: every row of the input as it came, and beside it what became of it.
//!
//! It stands apart because a customer's own columns come back in it: untrusted text in a file that
//! people open in a spreadsheet.
//!
//! **Invariant:** no cell is lost. A row that has fewer cells than the newest header is padded. One
//! that has more came with an earlier, wider file: the header grows by `column_5`, `column_6`, …,
//! which stand between the input's columns and ours.
//! **Invariant:** quotes where RFC 4180 needs them. The plain form has comma and `\n`, and cells as they came.
//! For Excel in Turkish ([`Sheet::ExcelTr`]) amounts have a decimal comma: it would read 1.12 as the first of
//! December.

use std::io;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::figures::instant;
use super::pages::Pages;
use super::{Cells, ReportError};
use crate::domain::{GiftState, Money};
use crate::ledger::{Campaign, GiftRecord, Ledger};

/// What stands behind the input's columns.
const COLUMNS: [&str; 8] =
    ["gift_key", "state", "gift_id", "attempts", "error_class", "error", "issued_at", "reconciled"];

/// Which program opens the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// Any: comma, `\n`, UTC.
    Plain,
    /// Excel in Turkish: a byte order mark, semicolons, `\r\n`, decimal commas in amounts, and times as it
    /// reads them.
    ExcelTr {
        /// The zone of its times.
        tz: Tz,
    },
}

/// How a report is to be written, and of which rows.
#[derive(Clone, Debug)]
pub struct CsvForm {
    /// How cells are written.
    pub cells: Cells,
    /// What opens it.
    pub sheet: Sheet,
    /// Only rows in these states; all where none is named.
    pub states: Vec<GiftState>,
}

impl CsvForm {
    /// All rows, for any program.
    pub fn plain(cells: Cells) -> CsvForm {
        CsvForm { cells, sheet: Sheet::Plain, states: Vec::new() }
    }

    fn wants(&self, state: GiftState) -> bool {
        self.states.is_empty() || self.states.contains(&state)
    }

    /// A cell of the input. Only one that is the row's amount is written in another way, and means the same.
    fn own_cell(&self, cell: String, amount: Money) -> String {
        let is_rewritten = self.cells == Cells::Spreadsheet && self.sheet != Sheet::Plain;
        if is_rewritten && is_amount(&cell, amount) {
            amount.to_string().replace('.', ",")
        } else {
            cell
        }
    }

    fn time(&self, at: DateTime<Utc>) -> String {
        match self.sheet {
            Sheet::Plain => instant(at),
            Sheet::ExcelTr { tz } => at.with_timezone(&tz).format("%d.%m.%Y %H:%M:%S").to_string(),
        }
    }
}

/// Whether a cell says this amount with decimals or marks that another program might read otherwise.
fn is_amount(cell: &str, amount: Money) -> bool {
    let bare = cell.trim_end_matches(['₺', 'T', 'L', 'R', 'Y']).trim();
    let bare = bare.trim_start_matches('₺').trim();
    // What has no mark is read alike by all.
    if !bare.contains(['.', ','])
        || !bare.chars().all(|char| char.is_ascii_digit() || ".,\u{a0} ".contains(char))
    {
        return false;
    }
    let digits: String = bare.chars().filter(char::is_ascii_digit).collect();
    let minor = amount.minor().to_string();
    let decimals = bare.rfind(['.', ',']).map_or(0, |mark| bare.len() - mark - 1);
    match decimals {
        1 => format!("{digits}0") == minor,
        2 => digits == minor,
        _ => format!("{digits}00") == minor,
    }
}

/// Writes the report of a campaign, page by page.
pub async fn write<W: io::Write>(
    ledger: &Ledger,
    campaign: &Campaign,
    out: &mut W,
    form: &CsvForm,
) -> Result<(), ReportError> {
    let width = width(ledger, campaign).await?;
    let cells = form.cells;
    let mut writer = match form.sheet {
        Sheet::Plain => writer(out),
        Sheet::ExcelTr { .. } => {
            out.write_all("\u{feff}".as_bytes())?;
            ::csv::WriterBuilder::new()
                .delimiter(b';')
                .terminator(::csv::Terminator::CRLF)
                .from_writer(out)
        }
    };
    let surplus = (campaign.header.len()..width).map(|place| format!("column_{}", place + 1));
    let header = campaign.header.iter().cloned().chain(surplus);
    write_row(&mut writer, cells, header.chain(COLUMNS.map(str::to_owned)))?;
    let mut pages = Pages::of(ledger, campaign, None);
    while let Some(page) = pages.next().await? {
        for gift in page.into_iter().filter(|gift| form.wants(gift.state)) {
            if gift.cells.len() > width {
                return Err(ReportError::Changed { campaign: campaign.name.clone() });
            }
            let padding = vec![String::new(); width - gift.cells.len()];
            let fate = fate(&gift, form);
            let amount = gift.content.amount;
            let own = gift.cells.into_iter().map(|cell| form.own_cell(cell, amount));
            write_row(&mut writer, cells, own.chain(padding).chain(fate))?;
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
fn fate(gift: &GiftRecord, form: &CsvForm) -> [String; COLUMNS.len()] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        gift.key.to_string(),
        gift.state.to_string(),
        gift.gift_id.map(|id| id.to_string()).unwrap_or_default(),
        gift.attempts.to_string(),
        text(&gift.error_class),
        text(&gift.error),
        gift.issued_at.map(|at| form.time(at)).unwrap_or_default(),
        text(&gift.reconciled),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_cell_that_is_the_amount_is_written_anew() {
        // Goal: in Excel no amount becomes a date, and no other cell changes. Method: spellings of an amount,
        // and cells that are none.
        let form = CsvForm {
            sheet: Sheet::ExcelTr { tz: chrono_tz::Europe::Istanbul },
            ..CsvForm::plain(Cells::Spreadsheet)
        };
        let amount = Money::from_minor(125_050);
        for cell in ["1250.50", "1250,50", "1.250,50", "1,250.50", "1.250,5 TL", "₺1250.50"] {
            assert_eq!(form.own_cell(cell.to_owned(), amount), "1250,50", "{cell}");
        }
        for cell in ["1250", "125050", "1250.51", "12.05.2050", "KUPON", "", "-1250.50", "1250.500"]
        {
            assert_eq!(form.own_cell(cell.to_owned(), amount), cell);
        }
        assert_eq!(form.own_cell("1.000".to_owned(), Money::from_minor(100_000)), "1000,00");
        let raw = CsvForm { cells: Cells::Raw, ..form };
        assert_eq!(raw.own_cell("1250.50".to_owned(), amount), "1250.50");
    }
}
