//! Identical rows of one file: which occurrence a row is.
//!
//! **Invariant:** what is remembered only saves asking, so that it can be forgotten at any moment; what
//! it does not know is looked for.

use std::collections::HashMap;

use super::error::Doing;
use super::keyed_row::KeyedRow;
use super::load::Load;
use super::{LedgerError, sql};
use crate::domain::GiftKey;

/// Contents that are remembered, at most.
const AT_MOST: usize = 50_000;

/// Contents that a file has had twice or more, by their first key.
#[derive(Debug)]
pub(super) struct Repeated {
    pub(super) known: HashMap<GiftKey, Known>,
    pub(super) at_most: usize,
}

/// What is known of one content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// The last occurrence that was tried.
    last: u32,
    /// It was looked for; else it is only what was counted here.
    is_sure: bool,
}

impl Default for Repeated {
    fn default() -> Repeated {
        Repeated { known: HashMap::new(), at_most: AT_MOST }
    }
}

impl Repeated {
    /// Keeps memory flat.
    pub(super) fn forget_too_many(&mut self) {
        if self.known.len() > self.at_most {
            self.known.clear();
        }
    }
}

impl Load<'_> {
    /// Counts a row on that this load has seen as what it was tried as.
    pub(super) async fn next_occurrence(&mut self, row: KeyedRow) -> Result<KeyedRow, LedgerError> {
        let first = match row.occurrence {
            1 => row.key,
            _ => self.keys.of_occurrence(&row.row, 1),
        };
        let known = self.repeated.known.get(&first).copied();
        let mut known = known.unwrap_or(Known { last: 1, is_sure: false });
        if row.occurrence > 1 && !known.is_sure {
            known = Known { last: self.last_occurrence(&row).await?, is_sure: true };
        }
        known.last += 1;
        self.repeated.known.insert(first, known);
        Ok(self.keys.counted(row, known.last))
    }

    /// The last occurrence that this load has seen of a content: found by doubling steps and then
    /// halving them, since occurrences have no gaps.
    async fn last_occurrence(&mut self, row: &KeyedRow) -> Result<u32, LedgerError> {
        let (mut seen, mut step) = (row.occurrence, 1);
        while self.has_seen(row, seen + step).await? {
            seen += step;
            step *= 2;
        }
        let mut free = seen + step;
        while free - seen > 1 {
            let middle = seen + (free - seen) / 2;
            match self.has_seen(row, middle).await? {
                true => seen = middle,
                false => free = middle,
            }
        }
        Ok(seen)
    }

    async fn has_seen(&mut self, row: &KeyedRow, occurrence: u32) -> Result<bool, LedgerError> {
        sqlx::query_scalar(sql::GIFT_IS_TAKEN)
            .bind(self.keys.of_occurrence(&row.row, occurrence).0)
            .bind(self.load_number)
            .fetch_one(&mut *self.transaction)
            .await
            .doing("counting identical rows")
    }
}
