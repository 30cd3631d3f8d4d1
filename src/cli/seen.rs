//! What the rows of a file showed on their way into the ledger.

use crate::intake::{Fault, FaultList, Place};
use crate::ledger::{AddedRow, RowFate};
use crate::plan::{Named, Totals};

/// What the rows showed.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) totals: Totals,
    pub(super) faults: FaultList,
    /// Rows that have faults, and were left out.
    pub(super) rejected: u64,
    /// Lines of rows that repeat an identical one.
    pub(super) identical: Named<u64>,
    /// Rows that the ledger has with another content.
    pub(super) changed: Named<AddedRow>,
}

impl Seen {
    /// Takes in what became of some rows.
    pub(super) fn note(&mut self, rows: Vec<AddedRow>) {
        for row in rows {
            if row.occurrence > 1 {
                self.identical.add(row.line);
            }
            match row.fate {
                RowFate::Added | RowFate::Known => {}
                RowFate::ChangedContent => self.changed.add(row),
                RowFate::ReferenceRepeated => self.faults.push(Fault {
                    place: Place::Line(row.line),
                    column: "reference".to_owned(),
                    value: row.reference.unwrap_or_default(),
                    problem: "this reference stands on an earlier line too".to_owned(),
                    mend: "give every row a reference of its own".to_owned(),
                }),
            }
        }
    }
}

/// `2 rows: line 5, 9`, and how many more; `word` says what a place in the file is called.
pub(super) fn lines(some: &Named<u64>, word: &str) -> String {
    let named: Vec<String> = some.named.iter().map(ToString::to_string).collect();
    let noun = if some.count == 1 { "row" } else { "rows" };
    let more = match some.others() {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    format!("{} {noun}: {word} {}{more}", some.count, named.join(", "))
}
