//! One row: its cells, whether they come from lines of text or from a sheet.
//!
//! It is written by hand since money hangs on two things that general CSV readers do not tell: the
//! line as an editor shows it, and where a quote opened that swallows the rows after it.
//!
//! **Invariant:** a row holds at most [`MAX_CELLS`] cells.
//! **Invariant:** no text is dropped silently: what cannot be a cell marks the whole row as broken.

use super::flaw::Flaw;
use super::sheet::SheetRow;
use super::split::cut;
use super::{Currency, Place};

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
    /// It has quotes, which its text has lost.
    is_quoted: bool,
    /// The row of a sheet, not the line of a text.
    is_sheet: bool,
    /// Cells of a sheet that hold numbers, not text.
    numbers: Vec<usize>,
    /// Cells of a sheet that do not show what they hold.
    flaws: Vec<(usize, Flaw)>,
    /// A row with quotes as it stands in the file.
    raw: String,
}

/// Whether a row is whole after a line, or goes on inside quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Whole,
    Open,
}

impl Record {
    /// The row of a text that is known to be one row.
    pub(super) fn of(text: &str, line: u64, delimiter: u8) -> Record {
        let mut record = Record::default();
        record.clear(line);
        let end = if text.contains('\n') { '\n' } else { '\r' };
        for (number, part) in (line..).zip(text.split_inclusive(end)) {
            if record.push(part, number, delimiter) == Progress::Whole {
                break;
            }
        }
        record.finish();
        record
    }

    /// The number of its first line, or of its row in a sheet.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        match self.is_sheet {
            true => Place::Row(self.line),
            false => Place::Line(self.line),
        }
    }

    /// The cells that hold numbers of a sheet: plain digits with a decimal point, whatever the texts
    /// around them use.
    pub(super) fn numbers(&self) -> &[usize] {
        &self.numbers
    }

    /// What a cell of a sheet does not show of what it holds.
    pub(super) fn flaw(&self, index: usize) -> Option<Flaw> {
        self.flaws.iter().find(|(column, _)| *column == index).map(|(_, flaw)| *flaw)
    }

    /// The row as it stands in the file, where it has quotes.
    pub(super) fn raw(&self) -> &str {
        &self.raw
    }

    /// Its cells' text, with the delimiters where it has no quotes.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Takes the cells of a sheet's row, and as many empty ones as its header has columns.
    pub(super) fn fill(&mut self, row: SheetRow, columns: usize, currency: &Currency) {
        self.clear(row.number);
        self.is_sheet = true;
        for (column, cell) in row.cells {
            while self.count < column && self.count < MAX_CELLS {
                self.end_cell();
            }
            // A cell beyond the last that is kept is only counted.
            self.count = self.count.max(column);
            let cell = cell.in_currency(currency);
            if cell.is_number {
                self.numbers.push(column);
            }
            self.flaws.extend(cell.flaw.map(|flaw| (column, flaw)));
            self.text.push_str(&cell.text);
            self.end_cell();
        }
        while self.count < columns {
            self.end_cell();
        }
    }

    /// How many cells its text would have with another delimiter; nothing where quotes or a sheet
    /// leave no text to look at.
    pub(super) fn len_with(&self, delimiter: u8) -> Option<usize> {
        let is_plain = !self.is_sheet && self.broken.is_none() && !self.is_quoted;
        is_plain.then(|| self.text.bytes().filter(|byte| *byte == delimiter).count() + 1)
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

    /// Whether nothing but space is in it, or the mark by which DOS ended texts.
    pub(super) fn is_blank(&self) -> bool {
        let is_space = |char: char| char.is_whitespace() || char == '\u{1a}';
        let is_computed = self.flaws.iter().all(|(_, flaw)| *flaw != Flaw::NotComputed);
        self.broken.is_none() && is_computed && self.cells().all(|cell| cell.chars().all(is_space))
    }

    /// Why its cells cannot be told apart, if so.
    pub(super) fn broken(&self) -> Option<Broken> {
        self.broken
    }

    /// Cells that go over several lines, with the line on which their quotes opened.
    pub(super) fn spans(&self) -> &[(usize, u64)] {
        &self.spans
    }

    /// Empties it for the row that begins on this line.
    pub(super) fn clear(&mut self, line: u64) {
        self.line = line;
        self.text.clear();
        self.cells.clear();
        self.count = 0;
        self.start = 0;
        self.open = None;
        self.spans.clear();
        self.broken = None;
        self.is_sheet = false;
        self.is_quoted = false;
        self.numbers.clear();
        self.flaws.clear();
        self.raw.clear();
    }

    /// Adds one line of the file.
    pub(super) fn push(&mut self, line: &str, number: u64, delimiter: u8) -> Progress {
        let body = line.strip_suffix('\n').unwrap_or(line);
        let body = body.strip_suffix('\r').unwrap_or(body);
        if self.open.is_none() && !body.as_bytes().contains(&b'"') {
            self.push_plain(body, delimiter);
            return Progress::Whole;
        }
        self.is_quoted = true;
        self.raw.push_str(line);
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

    /// The line on which the quotes opened that are still open.
    pub(super) fn open(&self) -> Option<u64> {
        self.open
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
    pub(super) fn finish(&mut self) {
        if let Some(opened) = self.open.take() {
            self.end_cell();
            self.broken = Some(Broken::Unclosed(opened));
        }
    }
}
