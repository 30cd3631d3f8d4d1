//! What the rows of a file showed on their way into the ledger.

use super::failure::Failure;
use super::rejects::Rejects;
use crate::intake::{BadRow, Fault, FaultList, Place};
use crate::ledger::{AddedRow, RowFate};
use crate::plan::{Named, Totals};

/// What the rows showed.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) totals: Totals,
    pub(super) faults: FaultList,
    /// Rows that have faults, and were left out.
    pub(super) rejected: u64,
    /// Rows that repeat an identical one.
    pub(super) identical: Named<AddedRow>,
    /// Rows that the ledger has with another content.
    pub(super) changed: Named<AddedRow>,
}

impl Seen {
    /// Takes in a row that was left out, with all that is wrong with it.
    pub(super) fn reject(
        &mut self,
        row: BadRow,
        rejects: Option<&mut Rejects>,
    ) -> Result<(), Failure> {
        self.rejected += 1;
        if let Some(rejects) = rejects {
            rejects.add(&row)?;
        }
        self.faults.extend(row.faults);
        Ok(())
    }

    /// Takes in what became of some rows.
    pub(super) fn note(
        &mut self,
        rows: Vec<AddedRow>,
        mut rejects: Option<&mut Rejects>,
    ) -> Result<(), Failure> {
        for row in rows {
            if row.fate == RowFate::ReferenceRepeated {
                let cells = serde_json::from_str(&row.cells_json)?;
                let place = Place::Line(row.line);
                let fault = Fault {
                    place,
                    column: "reference".to_owned(),
                    value: row.reference.unwrap_or_default(),
                    problem: "this reference stands on an earlier line too".to_owned(),
                    mend: "give every row a reference of its own".to_owned(),
                };
                let row = BadRow { place, cells, numbers: Vec::new(), faults: vec![fault] };
                self.reject(row, rejects.as_deref_mut())?;
                continue;
            }
            self.totals.add(row.line, &row.content);
            if row.occurrence > 1 {
                self.identical.add(row);
            } else if row.fate == RowFate::ChangedContent {
                self.changed.add(row);
            }
        }
        Ok(())
    }
}

/// `2 rows: line 5, 9`, and how many more; `word` says what a place in the file is called.
pub(super) fn lines(some: &Named<AddedRow>, word: &str) -> String {
    let named: Vec<String> = some.named.iter().map(|row| row.line.to_string()).collect();
    let noun = if some.count == 1 { "row" } else { "rows" };
    let more = match some.others() {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    format!("{} {noun}: {word} {}{more}", some.count, named.join(", "))
}
