//! What a file of customers showed: who has a birthday, and who has the gift already.

use serde_json::{Value, json};

use crate::ledger::RowFate;
use crate::report::count;

/// Customers who have a birthday.
#[derive(Clone, Debug)]
pub(super) struct Customers {
    /// Where the birth dates are.
    pub(super) column: usize,
    /// All rows of the file.
    rows: u64,
    /// Those who have a birthday and get a gift for it.
    new: u64,
    /// Those who have their gift of the year already, of this campaign or of another.
    given: u64,
    /// Rows that repeat another one of these.
    repeated: u64,
}

impl Customers {
    /// Before the first row of a file of so many.
    pub(super) fn new(column: usize, rows: u64) -> Customers {
        Customers { column, rows, new: 0, given: 0, repeated: 0 }
    }

    /// Takes in what became of a row; says whether it is a gift that is new.
    pub(super) fn note(&mut self, fate: RowFate) -> bool {
        match fate {
            RowFate::Added => self.new += 1,
            RowFate::Repeated => self.repeated += 1,
            RowFate::Known
            | RowFate::ChangedContent
            | RowFate::GivenElsewhere
            | RowFate::ReferenceRepeated
            | RowFate::NotReplaced(_) => self.given += 1,
        }
        fate == RowFate::Added
    }

    /// Why nothing is new, in words.
    pub(super) fn nothing_new(&self) -> String {
        let noun = if self.rows == 1 { "customer" } else { "customers" };
        let rows = count(self.rows);
        match self.given {
            0 => format!("nobody of {rows} {noun} has a birthday; nothing new to give"),
            1 => format!(
                "1 of {rows} {noun} has a birthday, and a gift for it already; nothing new to give"
            ),
            given => format!(
                "{} of {rows} {noun} have a birthday, and a gift for it already; nothing new to give",
                count(given)
            ),
        }
    }

    /// Names and values for the preview.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![("customers", count(self.rows))];
        if self.given > 0 {
            let verb = if self.given == 1 { "has" } else { "have" };
            lines.push(("known", format!("{} {verb} a gift already", count(self.given))));
        }
        if self.repeated > 0 {
            let noun = if self.repeated == 1 { "row adds" } else { "rows add" };
            lines.push(("repeated", format!("{} {noun} nothing", count(self.repeated))));
        }
        lines
    }

    /// The same for programs.
    pub(super) fn json(&self) -> Value {
        json!({
            "customers": self.rows,
            "new": self.new,
            "already_given": self.given,
            "repeated": self.repeated,
        })
    }
}
