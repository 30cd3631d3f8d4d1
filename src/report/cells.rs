//! Text that others wrote, made safe for where it goes: a terminal, or a spreadsheet.
//!
//! It stands apart because descriptions, extra columns and a provider's words are untrusted, and one
//! forgotten place is enough.
//!
//! **Invariant:** nothing is removed silently: a replaced character leaves a mark.

use std::borrow::Cow;

/// What stands for a character that a terminal would obey instead of showing it.
const REPLACED: char = '\u{FFFD}';

/// How cells of a CSV file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cells {
    /// For people: a cell that a spreadsheet would run as a formula begins with `'`, and control
    /// characters are replaced, but for tabs and line breaks.
    Spreadsheet,
    /// For machines: every cell exactly as it is.
    Raw,
}

impl Cells {
    /// The text of one cell.
    pub(super) fn cell(self, text: &str) -> Cow<'_, str> {
        match self {
            Cells::Spreadsheet if is_formula(text) => Cow::Owned(format!("'{}", shown(text))),
            Cells::Spreadsheet => shown(text),
            Cells::Raw => Cow::Borrowed(text),
        }
    }
}

/// The text of a cell that people look at, perhaps on a terminal; a cell may have several lines.
fn shown(text: &str) -> Cow<'_, str> {
    replace(text, |char| char.is_control() && !matches!(char, '\t' | '\r' | '\n'))
}

/// Whether a spreadsheet might run it. Strict on purpose: `-5` is a number, `-5+cmd|…` is not, and no
/// rule tells them apart in every program.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0'])
}

/// The text with a mark for each character that would steer a terminal or reorder the line: control
/// characters, line and paragraph separators, and changes of writing direction.
pub fn clean(text: &str) -> Cow<'_, str> {
    replace(text, steers)
}

fn replace(text: &str, is_replaced: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().any(&is_replaced) {
        let marked = |char| if is_replaced(char) { REPLACED } else { char };
        Cow::Owned(text.chars().map(marked).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn steers(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        // Goal: the strict rule, and not one cell more. Method: each first character, in both forms.
        for first in ['=', '+', '-', '@', '\t', '\r', '\n', '\0'] {
            let text = format!("{first}5");
            let safe = format!("'{text}").replace('\0', "\u{fffd}");
            assert_eq!(Cells::Spreadsheet.cell(&text), safe, "{text:?}");
            assert_eq!(Cells::Raw.cell(&text), text);
        }
        for text in ["", "5", "a=b", "'=1", " =1", "ş"] {
            assert_eq!(Cells::Spreadsheet.cell(text), text);
        }
    }

    #[test]
    fn nothing_steers_a_terminal() {
        // Goal: a text shows, and does nothing. Method: an escape, a line break, a turned direction.
        assert_eq!(clean("a\u{1b}[31mb\nc\u{202e}d"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}d");
        assert_eq!(Cells::Spreadsheet.cell("a\u{1b}[31mb\n"), "a\u{fffd}[31mb\n");
        assert!(matches!(clean("Mayıs kuponu"), Cow::Borrowed(_)));
    }
}
