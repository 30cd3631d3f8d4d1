//! What the rows of a file showed on their way into the ledger.

use serde_json::{Map, Value};

use super::customers::Customers;
use super::failure::Failure;
use super::rejects::Rejects;
use crate::domain::number_of;
use crate::intake::{BadRow, Code, Column, Dialect, Fault, FaultList, Survey, Used};
use crate::ledger::{AddedRow, Corrected, EarlierRow, KeyFault, RowFate};
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
    /// Rows among those that come from refused gifts which nobody has looked for.
    pub(super) unlooked: u64,
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
            unlooked: 0,
            kept: 0,
            identical: Named::default(),
            changed: Named::default(),
            corrected: Named::default(),
            used: Used::default(),
            customers: survey.columns.birth_date.map(customers),
        }
    }

    /// The faults for programs, and how many there are of each kind. Rows that repeat others are faults unless
    /// each is meant.
    pub(super) fn faults_json(&self, are_copies_meant: bool) -> (Value, Value) {
        let mut faults: Vec<Value> = self.faults.kept().iter().map(Fault::json).collect();
        let counts = self.faults.counts().iter();
        let mut counts: Map<String, Value> =
            counts.map(|(code, count)| (code.to_string(), (*count).into())).collect();
        if self.identical.count > 0 && !are_copies_meant {
            counts.insert(Code::IdenticalRow.to_string(), self.identical.count.into());
            let copies = self.identical.named.iter().map(|row| self.copy(row.line).json());
            faults.extend(copies.take(FaultList::KEPT.saturating_sub(self.faults.kept().len())));
        }
        (faults.into(), counts.into())
    }

    fn copy(&self, line: u64) -> Fault {
        Fault {
            place: self.dialect.place(line),
            column: String::new(),
            value: String::new(),
            code: Code::IdenticalRow,
            problem: "the same as an earlier row".to_owned(),
            mend: "remove it, or say --allow-duplicates if each is meant".to_owned(),
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
            if let RowFate::NotReplaced(fault) = row.fate {
                self.unlooked += u64::from(fault == KeyFault::NotLookedFor);
                let row = self.not_replaced(row, fault)?;
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

    /// A row that names a gift whose place it cannot take.
    fn not_replaced(&self, row: AddedRow, fault: KeyFault) -> Result<BadRow, Failure> {
        let place = self.dialect.place(row.line);
        let (code, problem, mend) = key_fault(fault);
        let fault = Fault {
            place,
            column: Column::GiftKey.word().to_owned(),
            value: row.gift_key.map(|key| key.to_string()).unwrap_or_default(),
            code,
            problem,
            mend: mend.to_owned(),
        };
        let cells = serde_json::from_str(&row.cells_json)?;
        Ok(BadRow { place, cells, numbers: Vec::new(), faults: vec![fault] })
    }

    /// A row that has the reference, or in a file of customers the wallet, of an earlier one.
    fn repeated(&self, row: AddedRow) -> Result<BadRow, Failure> {
        let cells: Vec<String> = serde_json::from_str(&row.cells_json)?;
        let place = self.dialect.place(row.line);
        let (value, code, problem, mend) = match &self.customers {
            Some(customers) => (
                cells.get(customers.column).cloned(),
                Code::BirthDateTwice,
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
                let problem = "this reference stands on an earlier line too";
                (row.reference, Code::ReferenceTwice, problem, mend)
            }
        };
        let fault = Fault {
            place,
            column: self.reference.clone(),
            value: value.unwrap_or_default(),
            code,
            problem: problem.to_owned(),
            mend,
        };
        Ok(BadRow { place, cells, numbers: Vec::new(), faults: vec![fault] })
    }
}

/// What is wrong with the key of a gift, and the mend.
fn key_fault(fault: KeyFault) -> (Code, String, &'static str) {
    const TAKE_OUT: &str = "take the row out; for a gift beside that one, empty this cell";
    match fault {
        KeyFault::Unknown => (
            Code::KeyUnknown,
            "no gift of the ledger has this key".to_owned(),
            "leave it as the export wrote it, or empty it for a row of its own",
        ),
        KeyFault::Repeated => (
            Code::KeyTwice,
            "an earlier row has this key too".to_owned(),
            "keep one of them; for a gift beside it, empty this cell",
        ),
        KeyFault::NotRefused(state) => (
            Code::KeyNotRefused,
            format!("this gift is {state}, and only the place of a refused one can be taken"),
            TAKE_OUT,
        ),
        KeyFault::Unexpected => (
            Code::KeyInWallet,
            "this gift was refused or cancelled, and is in its wallet all the same".to_owned(),
            TAKE_OUT,
        ),
        KeyFault::Replaced => (
            Code::KeyReplaced,
            "another row took this gift's place already, in another campaign".to_owned(),
            TAKE_OUT,
        ),
        KeyFault::NotLookedFor => (
            Code::KeyNotLookedFor,
            "nobody has looked yet whether this refused gift is in its wallet all the same"
                .to_owned(),
            "run giftbatch reconcile for its campaign, then the same command again",
        ),
        KeyFault::ReferenceTaken => (
            Code::KeyReferenceTaken,
            "the reference of this row is that of another gift".to_owned(),
            "give it a reference of its own, or the one that it had",
        ),
    }
}

/// `2 rows: line 5, 9`, and how many more; `word` says what a place in the file is called.
pub(super) fn lines(some: &Named<AddedRow>, word: &str) -> String {
    let named: Vec<String> = some.named.iter().map(|row| row.line.to_string()).collect();
    let more = match some.others() {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    format!("{}: {word} {}{more}", number_of(some.count, "row"), named.join(", "))
}
