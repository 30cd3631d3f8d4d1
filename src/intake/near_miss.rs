//! Names of columns with a slip in them.
//!
//! It stands apart since such a column is not missed where it may be missing: its cells would count for nothing.

use super::column::fold;
use super::columns::{clean, free};
use super::nearest::nearest;
use super::{Column, IntakeError, ReadOptions};

/// A slip in a name of fewer letters than this makes another word; one slip more for as many letters.
const NEARLY_CHARS: usize = 6;

/// A mistyped name of a column that may be missing would be taken for a stranger, and its cells for
/// nothing.
pub(super) fn refuse_near_misses(
    cells: &[String],
    places: &[Option<usize>],
    options: &ReadOptions,
) -> Result<(), IntakeError> {
    let is_missing =
        |(column, place): &(Column, &Option<usize>)| place.is_none() && options.means(*column);
    let missing = Column::ALL.into_iter().zip(places).filter(is_missing);
    for (column, _) in missing {
        for cell in free(cells, places) {
            let folded = fold(cell);
            // Nobody mistypes the first letter, and another one makes another word: preference.
            let is_near = |alias: &&str| {
                let few = alias.len() / NEARLY_CHARS;
                few > 0
                    && alias.chars().next() == folded.chars().next()
                    && nearest(alias, [((), folded.as_str())])
                        .is_some_and(|(_, edits)| edits <= few)
            };
            if column.aliases().iter().any(is_near) {
                return Err(IntakeError::NearlyColumn { column, header: clean(cell) });
            }
        }
    }
    Ok(())
}
