//! Where a cell of a sheet does not show what it holds.
//!
//! What reaches a customer is what a person saw in the file. So a cell that shows something else, or less, than
//! it holds is no value but a fault; which of the two was meant only the person knows.

use super::fault::Problem;
use super::{Code, Column};

/// What stands between a cell's value and its looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// A formula without a value: the program that wrote it left that to Excel.
    NotComputed,
    /// An error of the spreadsheet.
    Error,
    /// The format shows nothing of it.
    Hidden,
    /// It is shown divided by a thousand, so often.
    Scaled(usize),
    /// A number that is shown with an exponent.
    Exponent,
    /// A number that is shown as hours, minutes or seconds.
    Span,
    /// A number with more decimals than are shown.
    Rounded,
    /// A date of which no day is shown.
    NoDay,
    /// A date of which no year is shown.
    NoYear,
    /// No text: what is shown of it is the spreadsheet's own.
    NoText,
}

impl Flaw {
    /// What is wrong with such a cell in this column; nothing where the column is read by what the cell holds.
    pub(super) fn problem(self, column: Column) -> Option<Problem> {
        let is_text = matches!(column, Column::Description | Column::ExternalCustomerId);
        let problem = match self {
            Flaw::NotComputed => Problem::new(
                Code::FormulaNotComputed,
                "a formula without a value: the program that wrote the file did not compute it",
                "open the file in Excel and save it, or write the value",
            ),
            Flaw::Error => Problem::new(
                Code::SheetError,
                "an error of the spreadsheet",
                "mend the formula, or write the value",
            ),
            Flaw::Hidden => Problem::new(
                Code::CellHidden,
                "its format shows nothing of it",
                "give the cell another format, so that the value shows",
            ),
            Flaw::Scaled(thousands) => Problem::new(
                Code::NumberScaled,
                format!("shown in {}", scale(thousands)),
                "format the column as a plain number, and write the amounts in full",
            ),
            Flaw::Exponent => Problem::new(
                Code::NumberExponent,
                "a number that is shown with an exponent",
                "format the column as a plain number, or as text",
            ),
            Flaw::Span => Problem::new(
                Code::NumberAsTime,
                "a number that is shown as hours or minutes",
                "format the column as a plain number, or as dates",
            ),
            Flaw::Rounded => Problem::new(
                Code::NumberRounded,
                "the cell shows fewer decimals than it holds",
                "write the number as it is meant, or show all its decimals",
            ),
            Flaw::NoDay if column != Column::Amount => Problem::new(
                Code::DateWithoutDay,
                "the cell shows no day",
                "format the cells as dates with day, month and year, and check the day",
            ),
            Flaw::NoYear if column == Column::ExpiresAt => Problem::new(
                Code::DateWithoutYear,
                "the cell shows no year",
                "format the cells as dates with day, month and year, and check the year",
            ),
            Flaw::NoText | Flaw::NoYear if is_text => Problem::new(
                Code::NotAText,
                "no text, and its format decides how it looks",
                "format the column as text, and write it as it is to be read",
            ),
            Flaw::NoDay | Flaw::NoYear | Flaw::NoText => return None,
        };
        Some(problem)
    }
}

fn scale(thousands: usize) -> &'static str {
    match thousands {
        1 => "thousands",
        2 => "millions",
        _ => "billions",
    }
}
