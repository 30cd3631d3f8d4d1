//! Which gifts of earlier loads a load has met in its file: a bit each.
//!
//! It stands apart because it saves writing: a mark in each gift would write the whole campaign anew with every load,
//! and nearly every load has all that was there before.
//!
//! **Invariant:** memory is a bit for each gift between the first and the last that were met, and no more.

use std::collections::BTreeMap;

/// Gifts of a block, whose rows lie side by side.
const BLOCK: i64 = 4_096;

/// Rows that were met.
#[derive(Debug, Default)]
pub(super) struct Here {
    blocks: BTreeMap<i64, Box<[u64; (BLOCK / 64) as usize]>>,
    count: i64,
}

impl Here {
    /// Remembers a row; says whether it was not met before.
    pub(super) fn add(&mut self, row: i64) -> bool {
        let (block, word, bit) = place(row);
        let empty = || Box::new([0; (BLOCK / 64) as usize]);
        let word = &mut self.blocks.entry(block).or_insert_with(empty)[word];
        let is_new = *word & bit == 0;
        *word |= bit;
        self.count += i64::from(is_new);
        is_new
    }

    /// Whether a row was met.
    pub(super) fn has(&self, row: i64) -> bool {
        let (block, word, bit) = place(row);
        self.blocks.get(&block).is_some_and(|words| words[word] & bit != 0)
    }

    /// How many were met.
    pub(super) fn count(&self) -> i64 {
        self.count
    }

    /// All that were met, in their order.
    pub(super) fn rows(&self) -> impl Iterator<Item = i64> {
        let of_block = |(block, _): (&i64, _)| block * BLOCK..(block + 1) * BLOCK;
        self.blocks.iter().flat_map(of_block).filter(|row| self.has(*row))
    }
}

/// The block of a row, and its bit in there.
fn place(row: i64) -> (i64, usize, u64) {
    let within = row.rem_euclid(BLOCK).unsigned_abs();
    let word = usize::try_from(within / 64).expect("a block is small");
    (row.div_euclid(BLOCK), word, 1 << (within % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_met_is_remembered() {
        // Goal: a set of numbers, no more and no less. Method: rows about the edges of words and blocks, some twice.
        let mut here = Here::default();
        let rows = [1, 63, 64, 4_095, 4_096, 1 << 40, 63, 2];
        let new: Vec<bool> = rows.iter().map(|row| here.add(*row)).collect();
        assert_eq!(new, [true, true, true, true, true, true, false, true]);
        assert_eq!(here.rows().collect::<Vec<_>>(), [1, 2, 63, 64, 4_095, 4_096, 1 << 40]);
        assert_eq!(here.count(), 7);
        assert!(here.has(64) && !here.has(65) && !here.has(8_192));
    }
}
