//! Where something stands in a file, in the words of the program that people mend it with.

use std::fmt;

/// A place in a file, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line of a text file, as an editor counts.
    Line(u64),
    /// A row of a sheet, as a spreadsheet counts.
    Row(u64),
    /// A cell of a sheet: its row, and its column counted from 0.
    Cell(u64, u16),
}

impl Place {
    /// The line or the row.
    pub const fn number(self) -> u64 {
        match self {
            Place::Line(number) | Place::Row(number) | Place::Cell(number, _) => number,
        }
    }

    /// The place of a cell in this line or row; a line has no better name for it.
    pub fn of_cell(self, column: usize) -> Place {
        match self {
            Place::Line(line) => Place::Line(line),
            Place::Row(row) | Place::Cell(row, _) => {
                Place::Cell(row, u16::try_from(column).unwrap_or(u16::MAX))
            }
        }
    }
}

impl Place {
    /// A cell's name, as `B7`; nothing for a line or a row.
    pub fn cell_name(self) -> Option<String> {
        match self {
            Place::Line(_) | Place::Row(_) => None,
            Place::Cell(row, column) => Some(format!("{}{row}", letters(column))),
        }
    }
}

/// `line 7`, `row 7`, `cell B7`.
impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Place::Line(line) => write!(out, "line {line}"),
            Place::Row(row) => write!(out, "row {row}"),
            Place::Cell(row, column) => write!(out, "cell {}{row}", letters(column)),
        }
    }
}

/// A sheet's column as letters: A to Z, then AA. There is no zero among them.
fn letters(column: u16) -> String {
    let mut letters = Vec::new();
    let mut rest = u32::from(column) + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_as_the_persons_program_does() {
        // Goal: the address can be typed into the spreadsheet. Method: columns around each carry.
        assert_eq!(Place::Line(7).of_cell(1).to_string(), "line 7");
        assert_eq!(Place::Row(7).to_string(), "row 7");
        for (column, name) in
            [(0, "A7"), (25, "Z7"), (26, "AA7"), (701, "ZZ7"), (702, "AAA7"), (16_383, "XFD7")]
        {
            assert_eq!(Place::Row(7).of_cell(column).to_string(), format!("cell {name}"));
        }
    }
}
