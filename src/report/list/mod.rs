//! Lists of gifts: a table for people, JSON and CSV for programs.
//!
//! **Invariant:** each gift is written as it is read; no form waits for the last one.
//! **Invariant:** all three forms show the same gifts in the same order.

mod csv;
mod json;
mod record;
mod table;

use std::io;

pub(super) use record::ListedGift;

use super::layout::Screen;
use super::pages::Pages;
use super::{Cells, ReportError};
use crate::domain::GiftState;
use crate::ledger::{Campaign, GiftRecord, Ledger};

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListForm {
    /// Aligned columns for people.
    Table {
        /// How wide their screen is.
        screen: Screen,
    },
    /// One JSON array, an object a line.
    Json,
    /// A header, and a row a gift.
    Csv(Cells),
}

/// Writes the gifts of a campaign that are in a state; all where none is named. Says how many.
pub async fn write<W: io::Write>(
    ledger: &Ledger,
    campaign: &Campaign,
    state: Option<GiftState>,
    form: ListForm,
    out: &mut W,
) -> Result<u64, ReportError> {
    let mut list = List::begin(form, out)?;
    let mut pages = Pages::of(ledger, campaign, state);
    while let Some(page) = pages.next().await? {
        list.add(&page)?;
    }
    list.end()
}

/// Writes gifts that are at hand, as those of one wallet. Says how many.
pub fn write_gifts<W: io::Write>(
    gifts: &[GiftRecord],
    form: ListForm,
    out: &mut W,
) -> Result<u64, ReportError> {
    let mut list = List::begin(form, out)?;
    list.add(gifts)?;
    list.end()
}

/// A list that is being written.
#[derive(Debug)]
struct List<'o, W> {
    form: ListForm,
    written: u64,
    out: &'o mut W,
}

impl<'o, W: io::Write> List<'o, W> {
    fn begin(form: ListForm, out: &'o mut W) -> Result<List<'o, W>, ReportError> {
        match form {
            ListForm::Table { screen } => table::write_header(out, screen)?,
            ListForm::Json => out.write_all(b"[")?,
            ListForm::Csv(_) => csv::write_header(out)?,
        }
        Ok(List { form, written: 0, out })
    }

    fn add(&mut self, gifts: &[GiftRecord]) -> Result<(), ReportError> {
        match self.form {
            ListForm::Table { screen } => table::write_page(self.out, screen, gifts)?,
            ListForm::Json => json::write_page(self.out, self.written, gifts)?,
            ListForm::Csv(cells) => csv::write_page(self.out, cells, gifts)?,
        }
        self.written += gifts.len() as u64;
        Ok(())
    }

    fn end(self) -> Result<u64, ReportError> {
        if self.form == ListForm::Json {
            self.out.write_all(if self.written == 0 { b"]\n" } else { b"\n]\n" })?;
        }
        self.out.flush()?;
        Ok(self.written)
    }
}
