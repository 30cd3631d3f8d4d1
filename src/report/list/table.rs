//! A list as a table for people.
//!
//! On a screen a gift has a line of what one looks for, and below it what explains it; in a pipe it has one line,
//! whole, for `grep` and `less -S`.
//!
//! **Invariant:** the widths come from the screen and never from the gifts, so that the pages of a list stand
//! below each other. A key and an amount are never shortened: people copy them.

use std::io;

use super::super::figures::{money, shortened};
use super::super::layout::Side::{Left, Right};
use super::super::layout::{Screen, Side, fold, push_line};
use super::super::{ReportError, clean};
use crate::ledger::{Finding, GiftRecord};

/// A column: its name, its side, and its width.
type Column = (&'static str, Side, usize);

const FIRST: [Column; 2] = [("line", Right, 6), ("key", Left, 36)];
const SHORT_WALLET: Column = ("wallet", Left, 9);
const WALLET: Column = ("wallet", Left, 36);
const MONEY: [Column; 2] = [("amount", Right, 12), ("state", Left, 9)];
const REST: [Column; 4] =
    [("attempts", Right, 8), ("expires", Left, 20), ("description", Left, 24), ("note", Left, 0)];

/// From this width on a wallet's id is whole.
const WHOLE_WALLET: u16 = 108;

/// From this width on the expiry stands on the first line.
const WITH_EXPIRY: u16 = 132;

/// Where the second line begins.
const INDENT: usize = 8;

fn columns(screen: Screen) -> Vec<Column> {
    let wallet = if screen.is_some_and(|wide| wide < WHOLE_WALLET) { SHORT_WALLET } else { WALLET };
    let rest = match screen {
        None => &REST[..],
        Some(WITH_EXPIRY..) => &REST[1..2],
        Some(_) => &[],
    };
    FIRST.iter().chain([&wallet]).chain(&MONEY).chain(rest).copied().collect()
}

pub(super) fn write_header<W: io::Write>(out: &mut W, screen: Screen) -> Result<(), ReportError> {
    let columns = columns(screen);
    let names = columns.iter().map(|(name, ..)| (*name).to_owned());
    Ok(out.write_all(line(&columns, names).as_bytes())?)
}

pub(super) fn write_page<W: io::Write>(
    out: &mut W,
    screen: Screen,
    gifts: &[GiftRecord],
) -> Result<(), ReportError> {
    let columns = columns(screen);
    for gift in gifts {
        let cells = columns.iter().map(|(name, _, wide)| cell(gift, name, *wide));
        out.write_all(line(&columns, cells).as_bytes())?;
        if screen.is_some() {
            let told = format!("{:INDENT$}{}", "", explained(gift, &columns));
            writeln!(out, "{}", fold(told.trim_end(), screen, INDENT))?;
        }
    }
    Ok(())
}

fn line(columns: &[Column], cells: impl Iterator<Item = String>) -> String {
    let sides: Vec<Side> = columns.iter().map(|(_, side, _)| *side).collect();
    let widths: Vec<usize> = columns.iter().map(|(.., wide)| *wide).collect();
    let mut text = String::new();
    push_line(&mut text, &sides, &widths, cells);
    text
}

fn cell(gift: &GiftRecord, name: &str, wide: usize) -> String {
    let content = &gift.content;
    match name {
        "line" => gift.line.to_string(),
        "key" => gift.key.to_string(),
        "wallet" if wide == SHORT_WALLET.2 => shortened(&content.wallet.to_string()),
        "wallet" => content.wallet.to_string(),
        "amount" => money(content.amount),
        "state" => gift.state.to_string(),
        "attempts" => gift.attempts.to_string(),
        "expires" => content.expiry.to_string(),
        "description" => clean(&content.description).into_owned(),
        _ => clean(&note(gift)).into_owned(),
    }
}

/// The second line of a gift: what the first has no room for.
fn explained(gift: &GiftRecord, columns: &[Column]) -> String {
    let has_expiry = columns.iter().any(|(name, ..)| *name == "expires");
    let expiry = (!has_expiry).then(|| format!("expires {}", gift.content.expiry));
    let attempts = (gift.attempts > 1).then(|| format!("{} attempts", gift.attempts));
    let description = cell(gift, "description", 0);
    let note = cell(gift, "note", 0);
    let parts = [Some(note), Some(description), expiry, attempts].into_iter().flatten();
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
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
