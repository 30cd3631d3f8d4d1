//! What is wrong with a row, and a list of that which stays short.
//!
//! **Invariant:** a list holds at most [`FaultList::KEPT`] faults and [`FaultList::GROUPS`] groups,
//! whatever it is told: ten million bad rows are counted, not kept.

use std::collections::BTreeMap;
use std::fmt;

use super::{Code, Place};

/// Characters of a bad cell that are kept: enough to find it, far more than an id has.
const VALUE_CHARS: usize = 200;

/// One thing that is wrong with one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The row's first line, or the cell of a sheet.
    pub place: Place,
    /// The text of the column's header; empty where the whole row is meant.
    pub column: String,
    /// The cell as it stands, or its beginning where it is very long.
    pub value: String,
    /// The kind of the fault.
    pub code: Code,
    /// What is wrong; the same words for the same kind of fault.
    pub problem: String,
    /// What to do about it.
    pub mend: String,
}

/// What is wrong with a value, before it is known where the value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) code: Code,
    pub(super) problem: String,
    pub(super) mend: String,
}

impl Problem {
    pub(super) fn new(code: Code, problem: impl Into<String>, mend: impl Into<String>) -> Problem {
        Problem { code, problem: problem.into(), mend: mend.into() }
    }
}

impl Fault {
    /// The fault of a problem at its place.
    pub(super) fn at(place: Place, column: &str, value: &str, problem: Problem) -> Fault {
        Fault {
            place,
            column: column.to_owned(),
            value: shorten(value),
            code: problem.code,
            problem: problem.problem,
            mend: problem.mend,
        }
    }
}

fn shorten(value: &str) -> String {
    match value.char_indices().nth(VALUE_CHARS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

/// One line: where, what, why, and the mend.
impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.place)?;
        if !self.column.is_empty() {
            write!(out, ", column {}", self.column.escape_debug())?;
        }
        if !self.value.is_empty() || !self.column.is_empty() {
            write!(out, ", {:?}", self.value)?;
        }
        write!(out, ": {} ({})", self.problem, self.mend)
    }
}

impl Fault {
    /// The same for programs.
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "code": self.code.word(),
            "line": self.place.number(),
            "cell": self.place.cell_name(),
            "column": (!self.column.is_empty()).then_some(&self.column),
            "value": self.value,
            "problem": self.problem,
            "mend": self.mend,
        })
    }
}

/// Faults of one kind that are counted only.
#[derive(Clone, Debug)]
struct Group {
    column: String,
    problem: String,
    first: Place,
    count: u64,
}

/// The faults of a file: the first in full, the rest counted by column and problem.
#[derive(Clone, Debug, Default)]
pub struct FaultList {
    kept: Vec<Fault>,
    groups: Vec<Group>,
    ungrouped: u64,
    count: u64,
    counts: BTreeMap<Code, u64>,
}

impl FaultList {
    /// Faults that are kept in full.
    pub const KEPT: usize = 1_000;
    /// Faults that the text shows in full.
    pub const SHOWN: usize = 20;
    /// Kinds of faults that are told apart beyond those shown.
    pub const GROUPS: usize = 100;

    /// Adds a fault.
    pub fn push(&mut self, fault: Fault) {
        self.count += 1;
        *self.counts.entry(fault.code).or_default() += 1;
        if self.kept.len() >= FaultList::SHOWN {
            self.group(&fault);
        }
        if self.kept.len() < FaultList::KEPT {
            self.kept.push(fault);
        }
    }

    fn group(&mut self, fault: &Fault) {
        let is_same =
            |group: &&mut Group| group.problem == fault.problem && group.column == fault.column;
        if let Some(group) = self.groups.iter_mut().find(is_same) {
            group.count += 1;
        } else if self.groups.len() < FaultList::GROUPS {
            self.groups.push(Group {
                column: fault.column.clone(),
                problem: fault.problem.clone(),
                first: fault.place,
                count: 1,
            });
        } else {
            self.ungrouped += 1;
        }
    }

    /// How many faults there are, kept or not.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many there are of each kind, kept or not.
    pub fn counts(&self) -> &BTreeMap<Code, u64> {
        &self.counts
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The faults that are kept in full, in the order of the file.
    pub fn kept(&self) -> &[Fault] {
        &self.kept
    }
}

impl Extend<Fault> for FaultList {
    fn extend<I: IntoIterator<Item = Fault>>(&mut self, faults: I) {
        faults.into_iter().for_each(|fault| self.push(fault));
    }
}

/// The first faults in full, a line each; then a line for each kind among the rest.
impl fmt::Display for FaultList {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in self.kept.iter().take(FaultList::SHOWN) {
            writeln!(out, "{fault}")?;
        }
        for group in &self.groups {
            write!(out, "… and {} more", group.count)?;
            match group.column.as_str() {
                "" => write!(out, " in whole rows")?,
                column => write!(out, " in column {}", column.escape_debug())?,
            }
            writeln!(out, ": {} (first: {})", group.problem, group.first)?;
        }
        if self.ungrouped > 0 {
            writeln!(out, "… and {} more of other kinds", self.ungrouped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(line: u64, problem: &str) -> Fault {
        let problem = Problem::new(Code::AmountInvalid, problem, "write digits");
        Fault::at(Place::Line(line), "Tutar", "abc", problem)
    }

    #[test]
    fn a_fault_is_one_line_that_names_all() {
        // Goal: the line alone is enough to mend it. Method: a fault with a line break inside.
        let at = Place::Line(7);
        let odd = Fault::at(
            at,
            "Tutar",
            "1\n2",
            Problem::new(Code::AmountInvalid, "not a number", "write digits"),
        );
        assert_eq!(odd.to_string(), "line 7, column Tutar, \"1\\n2\": not a number (write digits)");
        let whole = Fault::at(at, "", "", Problem::new(Code::QuoteNotClosed, "broken", "close it"));
        assert_eq!(whole.to_string(), "line 7: broken (close it)");
    }

    #[test]
    fn many_faults_are_counted_and_grouped() {
        // Goal: the list and its text stay short. Method: thousands of two kinds.
        let mut list = FaultList::default();
        list.extend((1..=5_000).map(|line| fault(line, "not a number")));
        list.extend((1..=5).map(|line| fault(line, "is zero")));
        assert_eq!((list.count(), list.kept().len()), (5_005, 1_000));
        assert_eq!(list.counts().get(&Code::AmountInvalid), Some(&5_005));
        let text = list.to_string();
        assert_eq!(text.lines().count(), 22);
        assert!(text.contains("… and 4980 more in column Tutar: not a number (first: line 21)"));
        assert!(text.contains("… and 5 more in column Tutar: is zero (first: line 1)"));
    }

    #[test]
    fn kinds_beyond_the_limit_are_counted_together() {
        // Goal: no input makes the list grow. Method: each fault of its own kind, a long value.
        let mut list = FaultList::default();
        list.extend((0..2_000).map(|line| fault(line, &format!("problem {line}"))));
        assert_eq!(list.groups.len(), FaultList::GROUPS);
        assert!(list.to_string().contains("… and 1880 more of other kinds"));
        let long =
            Fault::at(Place::Line(1), "", &"ş".repeat(10_000), Problem::new(Code::Empty, "", ""));
        assert_eq!(long.value.chars().count(), VALUE_CHARS + 1);
    }
}
