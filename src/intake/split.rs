//! From lines to rows.
//!
//! **Invariant:** a row takes at most [`MAX_RECORD_BYTES`] of a file, so that a quote that nothing
//! closes does not eat the memory.

use super::IntakeError;
use super::decode::Lines;
use super::record::{Progress, Record};

/// The longest row, with its line breaks.
pub(super) const MAX_RECORD_BYTES: usize = 1024 * 1024;

/// Reads the next row into `record`; `false` at the end of the file.
pub(super) fn next_record(
    lines: &mut Lines,
    delimiter: u8,
    record: &mut Record,
) -> Result<bool, IntakeError> {
    record.clear(lines.number() + 1);
    let mut room = MAX_RECORD_BYTES;
    loop {
        let number = lines.number() + 1;
        let line = match lines.next(room) {
            Ok(Some(line)) => line,
            Ok(None) => {
                let began = number != record.line();
                record.finish();
                return Ok(began);
            }
            Err(error) => return Err(error.in_quotes(record.line(), record.open())),
        };
        room = room.saturating_sub(line.len());
        if record.push(line, number, delimiter) == Progress::Whole {
            return Ok(true);
        }
    }
}

/// What stands before the delimiter, and what after it where there is one.
pub(super) fn cut(text: &str, delimiter: char) -> (&str, Option<&str>) {
    match text.split_once(delimiter) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::intake::TextEncoding;
    use crate::intake::record::{Broken, MAX_CELLS};

    fn lines(text: &str) -> Lines {
        let bytes = text.as_bytes().to_vec();
        let encoding = TextEncoding::utf8();
        Lines::new(Path::new("f.csv"), encoding, Box::new(Cursor::new(bytes))).unwrap()
    }

    type Flat = (u64, Vec<String>, Option<Broken>);

    fn split(text: &str) -> Vec<Flat> {
        let mut lines = lines(text);
        let mut record = Record::default();
        let mut all = Vec::new();
        while next_record(&mut lines, b',', &mut record).unwrap() {
            let cells = record.cells().map(str::to_owned).collect();
            all.push((record.line(), cells, record.broken()));
        }
        all
    }

    fn row(line: u64, cells: &[&str]) -> Flat {
        (line, cells.iter().map(|&cell| cell.to_owned()).collect(), None)
    }

    #[test]
    fn lines_are_those_of_an_editor() {
        // Goal: LF and CRLF count alike, through cells of two lines and blank lines. Method: the
        // same text with either ending.
        let text = "a,b\n\n\"1\n2\",x\nlast,\"y\"";
        for ending in ["\n", "\r\n"] {
            let two = format!("1{ending}2");
            assert_eq!(
                split(&text.replace('\n', ending)),
                [row(1, &["a", "b"]), row(2, &[""]), row(3, &[&two, "x"]), row(5, &["last", "y"]),]
            );
        }
    }

    #[test]
    fn quotes_are_read_as_spreadsheets_write_them() {
        // Goal: delimiters and quotes inside quotes are text. Method: one line of each kind.
        assert_eq!(split("\"a,b\",\"c\"\"d\""), [row(1, &["a,b", "c\"d"])]);
        assert_eq!(split("a, \"b\" ,\"\""), [row(1, &["a", "b", ""])]);
        assert_eq!(split("5\" pizza,b"), [row(1, &["5\" pizza", "b"])]);
    }

    #[test]
    fn an_unbalanced_quote_is_named_where_it_opened() {
        // Goal: rows do not vanish into a cell. Method: a quote that the next row's quote closes,
        // and one that nothing closes.
        let rows = split("a,b\n1,\"x\n2,\"y\"\n3,z\n");
        assert_eq!(rows[1].2, Some(Broken::TextAfterQuote(2)));
        assert_eq!(rows[2], row(4, &["3", "z"]));
        let rows = split("a,b\n1,\"x\n2,y\n");
        assert_eq!(rows[1].2, Some(Broken::Unclosed(2)));
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn a_row_without_end_is_an_error_that_names_its_quote() {
        // Goal: an open quote does not eat the memory. Method: two MiB of lines behind it.
        let mut lines = lines(&format!("a\n\"b\n{}", "xxxxxxx\n".repeat(300_000)));
        let mut record = Record::default();
        assert!(next_record(&mut lines, b',', &mut record).unwrap());
        let error = next_record(&mut lines, b',', &mut record).unwrap_err();
        assert!(matches!(error, IntakeError::RecordTooLong { line: 2, opened: Some(2) }));
    }

    #[test]
    fn cells_beyond_the_limit_are_counted_only() {
        // Goal: a million delimiters do not become a million cells. Method: many commas.
        let mut lines = lines(&",".repeat(5_000));
        let mut record = Record::default();
        assert!(next_record(&mut lines, b',', &mut record).unwrap());
        assert_eq!((record.len(), record.cells().count()), (5_001, MAX_CELLS));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(rows in prop::collection::vec(
            prop::collection::vec("[a,\"\n\r ş]{0,6}", 1..5), 1..6,
        )) {
            // Goal: any text survives quotes. Method: quote all cells, split, compare.
            let quote = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let line = |row: &Vec<String>| row.iter().map(quote).collect::<Vec<_>>().join(",");
            let text: String = rows.iter().map(|row| line(row) + "\n").collect();
            let read: Vec<_> = split(&text).into_iter().map(|(_, cells, _)| cells).collect();
            prop_assert_eq!(read, rows);
        }
    }
}
