//! A list as a table for people.
//!
//! **Invariant:** the widths come from the screen and never from the gifts, so that the pages of a
//! list stand below each other. A wallet's id is never broken: people copy it.

use std::io;

use comfy_table::{ColumnConstraint, Row, Table, Width, presets};

use super::super::layout::Side::{Left, Right};
use super::super::layout::{Side, apply_sides};
use super::super::{ReportError, clean, figures};
use crate::ledger::{Finding, GiftRecord};

const HEADER: [&str; 8] =
    ["line", "wallet", "amount", "expires", "description", "state", "attempts", "note"];

const SIDES: [Side; 8] = [Right, Left, Right, Left, Left, Left, Right, Left];

/// Widths of the columns, with the two spaces behind each; 0 shares what the screen has left.
const WIDTHS: [u16; 8] = [9, 38, 15, 22, 0, 11, 10, 0];

/// A column that shares is never narrower than this, even where the screen is.
const LEAST_SHARED: u16 = 16;

pub(super) fn write_header<W: io::Write>(out: &mut W, width: u16) -> Result<(), ReportError> {
    write_rows(out, width, vec![Row::from(HEADER)])
}

pub(super) fn write_page<W: io::Write>(
    out: &mut W,
    width: u16,
    gifts: &[GiftRecord],
) -> Result<(), ReportError> {
    write_rows(out, width, gifts.iter().map(row).collect())
}

fn write_rows<W: io::Write>(out: &mut W, width: u16, rows: Vec<Row>) -> Result<(), ReportError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.add_rows(rows);
    table.set_constraints(constraints(width));
    apply_sides(&mut table, &SIDES);
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn constraints(width: u16) -> impl Iterator<Item = ColumnConstraint> {
    let fixed: u16 = WIDTHS.iter().sum();
    let sharing = WIDTHS.iter().filter(|width| **width == 0).count();
    // Two columns share; a screen that is too narrow for them is overrun, so that nothing is lost.
    let share = width.saturating_sub(fixed) / u16::try_from(sharing).unwrap_or(1).max(1);
    let shared = share.max(LEAST_SHARED);
    WIDTHS.into_iter().map(move |width| {
        let width = if width == 0 { shared } else { width };
        ColumnConstraint::Absolute(Width::Fixed(width))
    })
}

fn row(gift: &GiftRecord) -> Row {
    let content = &gift.content;
    Row::from([
        gift.line.to_string(),
        content.wallet.to_string(),
        figures::money(content.amount),
        content.expiry.to_string(),
        clean(&content.description).into_owned(),
        gift.state.to_string(),
        gift.attempts.to_string(),
        clean(&note(gift)).into_owned(),
    ])
}

/// What a person should know: what stands in the way, and what a reconcile found.
fn note(gift: &GiftRecord) -> String {
    let error = match (&gift.error_class, &gift.error) {
        (Some(class), Some(error)) if !error.is_empty() => Some(format!("{class}: {error}")),
        (Some(class), _) => Some(class.clone()),
        (None, error) => error.clone(),
    };
    let is_fine = gift.reconciled.as_deref() == Some(Finding::Matched.word());
    let found = gift.reconciled.as_ref().filter(|_| !is_fine).map(|word| {
        let detail = gift.reconciled_detail.as_ref();
        detail.map_or_else(|| word.clone(), |detail| format!("{word}: {detail}"))
    });
    [error, found].into_iter().flatten().collect::<Vec<_>>().join("; ")
}
