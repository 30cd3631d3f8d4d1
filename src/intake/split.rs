//! From lines to rows of cells.
//!
//! It is written by hand since money hangs on two things that general CSV readers do not tell: the
//! line as an editor shows it, and where a quote opened that swallows the rows after it.
//!
//! **Invariant:** a row holds at most [`MAX_RECORD_BYTES`] of text and [`MAX_CELLS`] cells.
//! **Invariant:** no text is dropped silently: what cannot be a cell marks the whole row as broken.

use super::IntakeError;
use super::decode::Lines;

/// The longest row, with its line breaks.
pub(super) const MAX_RECORD_BYTES: usize = 1024 * 1024;

/// The most cells of a row; more are counted and not kept.
pub(super) const MAX_CELLS: usize = 1_000;

const QUOTE: char = '"';

/// Why a row's cells cannot be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// The file ends inside the quotes that opened on this line.
    Unclosed(u64),
    /// Text follows the end of the quotes that opened on this line.
    TextAfterQuote(u64),
}

/// One row of the file; made to be filled again and again.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    line: u64,
    text: String,
    cells: Vec<(usize, usize)>,
    count: usize,
    start: usize,
    open: Option<u64>,
    /// Cells that go over several lines, with the line on which their quotes opened.
    spans: Vec<(usize, u64)>,
    broken: Option<Broken>,
}

/// Whether a row is whole after a line, or goes on inside quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Whole,
    Open,
}

impl Record {
    /// The row of a text that is known to be one row.
    pub(super) fn of(text: &str, line: u64, delimiter: u8) -> Record {
        let mut record = Record::default();
        record.clear(line);
        for (number, part) in (line..).zip(text.split_inclusive('\n')) {
            if record.push(part, number, delimiter) == Progress::Whole {
                break;
            }
        }
        record.finish();
        record
    }

    /// The number of its first line.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// How many cells it has in the file.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The text of a cell without its quotes; empty where there is no such cell.
    pub(super) fn cell(&self, index: usize) -> &str {
        self.cells.get(index).map_or("", |&(start, end)| &self.text[start..end])
    }

    /// The cells that are kept, in order.
    pub(super) fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(|&(start, end)| &self.text[start..end])
    }

    /// Whether nothing but space is in it.
    pub(super) fn is_blank(&self) -> bool {
        self.broken.is_none() && self.cells().all(|cell| cell.trim().is_empty())
    }

    /// Why its cells cannot be told apart, if so.
    pub(super) fn broken(&self) -> Option<Broken> {
        self.broken
    }

    /// Cells that go over several lines, with the line on which their quotes opened.
    pub(super) fn spans(&self) -> &[(usize, u64)] {
        &self.spans
    }

    fn clear(&mut self, line: u64) {
        self.line = line;
        self.text.clear();
        self.cells.clear();
        self.count = 0;
        self.start = 0;
        self.open = None;
        self.spans.clear();
        self.broken = None;
    }

    /// Adds one line of the file.
    fn push(&mut self, line: &str, number: u64, delimiter: u8) -> Progress {
        let body = line.strip_suffix('\n').unwrap_or(line);
        let body = body.strip_suffix('\r').unwrap_or(body);
        if self.open.is_none() && !body.as_bytes().contains(&b'"') {
            self.push_plain(body, delimiter);
            return Progress::Whole;
        }
        let delimiter = char::from(delimiter);
        let mut rest = body;
        loop {
            if self.open.is_none() {
                match rest.trim_start_matches(' ').strip_prefix(QUOTE) {
                    Some(inside) => (self.open, rest) = (Some(number), inside),
                    None => {
                        let (cell, after) = cut(rest, delimiter);
                        self.text.push_str(cell);
                        self.end_cell();
                        match after {
                            Some(after) => rest = after,
                            None => return Progress::Whole,
                        }
                        continue;
                    }
                }
            }
            let Some(after) = self.push_quoted(rest) else {
                self.text.push_str(&line[body.len()..]);
                return Progress::Open;
            };
            match self.close_quote(after, delimiter, number) {
                Some(after) => rest = after,
                None => return Progress::Whole,
            }
        }
    }

    /// The common case: a line without quotes goes in as a whole.
    fn push_plain(&mut self, body: &str, delimiter: u8) {
        let offset = self.text.len();
        self.text.push_str(body);
        for (at, byte) in body.bytes().enumerate() {
            if byte == delimiter {
                self.keep(self.start, offset + at);
                self.start = offset + at + 1;
            }
        }
        self.end_cell();
    }

    /// Adds text up to the closing quote and gives what follows; nothing where none closes.
    fn push_quoted<'a>(&mut self, mut rest: &'a str) -> Option<&'a str> {
        loop {
            let Some((before, after)) = rest.split_once(QUOTE) else {
                self.text.push_str(rest);
                return None;
            };
            self.text.push_str(before);
            match after.strip_prefix(QUOTE) {
                Some(after) => {
                    self.text.push(QUOTE);
                    rest = after;
                }
                None => return Some(after),
            }
        }
    }

    /// Ends a quoted cell and gives what follows the next delimiter, if there is one.
    fn close_quote<'a>(&mut self, after: &'a str, delimiter: char, number: u64) -> Option<&'a str> {
        let opened = self.open.take().unwrap_or(number);
        let (between, next) = cut(after, delimiter);
        if opened != number {
            self.spans.push((self.count, opened));
        }
        if between.trim().is_empty() {
            self.end_cell();
            return next;
        }
        // Nothing after this can be trusted: the row ends here, so that the next line is read.
        self.text.push_str(after);
        self.end_cell();
        self.broken = Some(Broken::TextAfterQuote(opened));
        None
    }

    fn end_cell(&mut self) {
        self.keep(self.start, self.text.len());
        self.start = self.text.len();
    }

    fn keep(&mut self, start: usize, end: usize) {
        if self.count < MAX_CELLS {
            self.cells.push((start, end));
        }
        self.count += 1;
    }

    /// Ends a row at the end of the file.
    fn finish(&mut self) {
        if let Some(opened) = self.open.take() {
            self.end_cell();
            self.broken = Some(Broken::Unclosed(opened));
        }
    }
}

/// What stands before the delimiter, and what after it where there is one.
fn cut(text: &str, delimiter: char) -> (&str, Option<&str>) {
    match text.split_once(delimiter) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

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
                let began = number != record.line;
                record.finish();
                return Ok(began);
            }
            Err(error) => return Err(error.in_quotes(record.line, record.open)),
        };
        room = room.saturating_sub(line.len());
        if record.push(line, number, delimiter) == Progress::Whole {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str) -> Lines {
        let bytes = text.as_bytes().to_vec();
        Lines::new(Path::new("f.csv"), Box::new(Cursor::new(bytes))).unwrap()
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
