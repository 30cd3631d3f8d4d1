//! What the rows of a file showed on their way into the ledger.

use super::failure::Failure;
use super::rejects::Rejects;
use crate::intake::{BadRow, Dialect, Fault, FaultList, Survey};
use crate::ledger::{AddedRow, RowFate};
use crate::plan::{Named, Totals};

/// What the rows showed.
#[derive(Debug)]
pub(super) struct Seen {
    /// The name of the column of references.
    reference: String,
    dialect: Dialect,
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
    /// Of a surveyed file, before its first row.
    pub(super) fn of(survey: &Survey) -> Seen {
        let reference = survey.columns.reference.map(|column| survey.header[column].trim());
        Seen {
            reference: reference.unwrap_or_default().to_owned(),
            dialect: survey.dialect.clone(),
            totals: Totals::default(),
            faults: FaultList::default(),
            rejected: 0,
            identical: Named::default(),
            changed: Named::default(),
        }
    }

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
                let place = self.dialect.place(row.line);
                let fault = Fault {
                    place,
                    column: self.reference.clone(),
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
