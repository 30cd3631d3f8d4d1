//! What the rows of a file showed on their way into the ledger.

use super::customers::Customers;
use super::failure::Failure;
use super::rejects::Rejects;
use crate::intake::{BadRow, Dialect, Fault, FaultList, Survey, Used};
use crate::ledger::{AddedRow, Corrected, EarlierRow, RowFate};
use crate::plan::{Named, Totals};

/// What the rows showed.
#[derive(Debug)]
pub(super) struct Seen {
    /// The name of the column of references, or of birth dates.
    reference: String,
    dialect: Dialect,
    pub(super) totals: Totals,
    pub(super) faults: FaultList,
    /// Rows that have faults, and were left out.
    pub(super) rejected: u64,
    /// Rows of faulty wallets that could not be left out: the ledger has their gifts.
    pub(super) kept: u64,
    /// Rows that repeat an identical one.
    pub(super) identical: Named<AddedRow>,
    /// Rows that the ledger has with another content.
    pub(super) changed: Named<AddedRow>,
    /// New rows that look like corrected copies.
    pub(super) corrected: Named<Corrected>,
    /// What the rows took from beside the file.
    pub(super) used: Used,
    /// Of a file of customers; only those are in the totals whose gift is new.
    pub(super) customers: Option<Customers>,
}

impl Seen {
    /// Of a surveyed file, before its first row.
    pub(super) fn of(survey: &Survey) -> Seen {
        let column = survey.columns.reference.or(survey.columns.birth_date);
        let reference = column.map(|column| survey.header[column].trim());
        let customers = |column| Customers::new(column, survey.rows);
        Seen {
            reference: reference.unwrap_or_default().to_owned(),
            dialect: survey.dialect.clone(),
            totals: Totals::default(),
            faults: FaultList::default(),
            rejected: 0,
            kept: 0,
            identical: Named::default(),
            changed: Named::default(),
            corrected: Named::default(),
            used: Used::default(),
            customers: survey.columns.birth_date.map(customers),
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
                let row = self.repeated(row)?;
                self.reject(row, rejects.as_deref_mut())?;
                continue;
            }
            if let Some(customers) = &mut self.customers
                && !customers.note(row.fate)
            {
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

    /// A row that has the reference, or in a file of customers the wallet, of an earlier one.
    fn repeated(&self, row: AddedRow) -> Result<BadRow, Failure> {
        let cells: Vec<String> = serde_json::from_str(&row.cells_json)?;
        let place = self.dialect.place(row.line);
        let (value, problem, mend) = match &self.customers {
            Some(customers) => (
                cells.get(customers.column).cloned(),
                "this wallet stands on an earlier line with another birthday",
                "keep the right one".to_owned(),
            ),
            None => {
                let mend = "give every row a reference of its own";
                let mend = match row.earlier {
                    Some(earlier) if earlier.reference == row.reference => {
                        format!("{} has it: {mend}", self.dialect.place(earlier.line))
                    }
                    Some(EarlierRow { line, reference: Some(as_what), .. }) => {
                        format!("{} has it as {as_what}: {mend}", self.dialect.place(line))
                    }
                    _ => mend.to_owned(),
                };
                (row.reference, "this reference stands on an earlier line too", mend)
            }
        };
        let fault = Fault {
            place,
            column: self.reference.clone(),
            value: value.unwrap_or_default(),
            problem: problem.to_owned(),
            mend,
        };
        Ok(BadRow { place, cells, numbers: Vec::new(), faults: vec![fault] })
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
