//! What becomes of a row: a gift's content, or all that is wrong with it.

use super::{Fault, Place};
use crate::domain::{GiftContent, GiftKey};

/// A row that can become a gift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The row's first line, as an editor counts.
    pub line: u64,
    /// What the row asks for.
    pub content: GiftContent,
    /// The file's own name for the row, where the file has them.
    pub reference: Option<String>,
    /// The key of the gift that it was exported from, where the file has such a column.
    pub gift_key: Option<GiftKey>,
    /// The cells of all columns, exact.
    pub cells: Vec<String>,
}

/// A row that cannot become a gift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Where it stands.
    pub place: Place,
    /// The cells as far as they can be told apart; there may be more or fewer than headers.
    pub cells: Vec<String>,
    /// Which of the cells hold numbers of a sheet, not text.
    pub numbers: Vec<usize>,
    /// All that is wrong, at least one.
    pub faults: Vec<Fault>,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowOutcome {
    /// It can become a gift.
    Good(Row),
    /// It must be mended first.
    Bad(BadRow),
}
