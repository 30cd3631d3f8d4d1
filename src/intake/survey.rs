//! The first pass: what must be known of the whole file before one row can be read.
//!
//! It stands apart from the second pass because it keeps nothing of a row: ten million rows leave
//! a count, a digest and the decimal mark behind.

use std::path::Path;

use super::cell::{check_description, trim};
use super::columns::{HEADER_COLUMNS, clean, count_known};
use super::dialect::DELIMITERS;
use super::evidence::Evidence;
use super::expires::Midnights;
use super::header::Header;
use super::letters::is_strange;
use super::record::Record;
use super::source::Source;
use super::{
    Charset, Columns, DecimalMark, Dialect, EncodingOrigin, IntakeError, Place, ReadOptions,
    TextEncoding,
};

/// Rows below the header that must not all have another delimiter.
const ROWS_LOOKED_AT: u64 = 20;

/// Rows below something unknown in which a header is looked for.
const HEADER_LOOK_ROWS: usize = 20;

/// Characters of the sample of letters.
const SAMPLE_CHARS: usize = 60;

/// What the first pass found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// How the file is written.
    pub dialect: Dialect,
    /// What text is encoded in; nothing for a workbook.
    pub encoding: Option<TextEncoding>,
    /// The first cell with letters beyond ASCII: it shows whether the encoding is right.
    pub sample: Option<String>,
    /// The workbook's other sheets that people see, of which nothing was read.
    pub other_sheets: Vec<String>,
    /// The header's cells, exact.
    pub header: Vec<String>,
    /// Which column is what.
    pub columns: Columns,
    /// The decimal mark of the amounts; nothing where all are plain digits.
    pub decimal: Option<DecimalMark>,
    /// Whether any row has a reference.
    pub has_references: bool,
    /// Every instant that names its zone is a midnight: a program may have made them of dates alone.
    pub asks_midnight: bool,
    /// Rows below the header that are not blank.
    pub rows: u64,
    /// The SHA-256 digest of all bytes of the file.
    pub sha256: [u8; 32],
}

/// Reads the whole file once. Faults of single rows are left to [`read`](super::read).
pub fn survey(path: &Path, options: &ReadOptions) -> Result<Survey, IntakeError> {
    check_defaults(options)?;
    let (source, header) = Source::open(path, None, options)?;
    survey_source(source, header, options)
}

/// The survey of rows below a header.
pub(super) fn survey_source(
    mut source: Source,
    header: Header,
    options: &ReadOptions,
) -> Result<Survey, IntakeError> {
    let guessed = source.encoding().filter(|found| found.origin == EncodingOrigin::Likely);
    let guessed = guessed.map(|found| found.encoding);
    // Before the names: one with a wrong letter is no name to be mapped.
    let strange = header.cells.iter().find(|cell| is_strange(cell));
    if let (Some(guessed), Some(cell)) = (guessed, strange) {
        return Err(strange_letters(header.place, cell, guessed));
    }
    let columns = match Columns::find(&header.cells, header.place, options) {
        Err(unknown @ IntakeError::NoKnownColumn { .. }) => {
            let error = header_below(&mut source, &header, options)?.unwrap_or(unknown);
            return Err(source.on_sheet(error, options));
        }
        found => found.map_err(|error| source.on_sheet(error, options))?,
    };
    let mut pass = Pass { is_guessed: guessed.is_some(), ..Pass::new(columns, &header, options) };
    let mut record = Record::default();
    while source.next(&mut record)? {
        if !record.is_blank() {
            pass.see(&record);
        }
    }
    if let (Some(guessed), Some((place, cell))) = (guessed, &pass.strange) {
        return Err(strange_letters(*place, cell, guessed));
    }
    if pass.rows == 0 {
        let error = IntakeError::HeaderAlone { path: source.path().into() };
        return Err(source.on_sheet(error, options));
    }
    pass.check_delimiter()?;
    let decimal = match (options.decimal, columns.amount) {
        (None, Some(amount)) => pass.evidence.decide(&clean(&header.cells[amount]))?,
        (told, _) => told,
    };
    Ok(Survey {
        dialect: header.dialect,
        encoding: source.encoding(),
        sample: pass.sample,
        other_sheets: source.other_sheets().to_vec(),
        header: header.cells,
        columns,
        decimal,
        has_references: pass.has_references,
        // What was exported has exact instants.
        asks_midnight: pass.midnights.is_all() && columns.gift_key.is_none(),
        rows: pass.rows,
        sha256: source.digest(),
    })
}

fn strange_letters(place: Place, cell: &str, guessed: Charset) -> IntakeError {
    let value = cell.trim().chars().take(SAMPLE_CHARS).collect();
    IntakeError::StrangeLetters { place, value, guessed }
}

/// What the rows show on their way.
struct Pass {
    columns: Columns,
    cells: usize,
    delimiter: u8,
    evidence: Evidence,
    rows: u64,
    has_references: bool,
    sample: Option<String>,
    /// The encoding was guessed: its letters are looked at.
    is_guessed: bool,
    /// The first text with letters that are not those of the language.
    strange: Option<(Place, String)>,
    midnights: Midnights,
    /// Delimiters under which every row so far has as many cells as the header.
    fitting: Vec<u8>,
}

impl Pass {
    fn new(columns: Columns, header: &Header, options: &ReadOptions) -> Pass {
        Pass {
            columns,
            cells: header.cells.len(),
            delimiter: header.dialect.delimiter,
            evidence: Evidence::new(options.currency.clone()),
            rows: 0,
            has_references: false,
            sample: header.cells.iter().find_map(|cell| letters_of(cell)),
            is_guessed: false,
            strange: None,
            midnights: Midnights::new(options.tz),
            fitting: DELIMITERS.to_vec(),
        }
    }

    fn see(&mut self, record: &Record) {
        self.rows += 1;
        if self.rows <= ROWS_LOOKED_AT {
            self.compare_delimiters(record);
        }
        // The cells of other rows may stand in the wrong columns.
        if record.broken().is_some() || record.len() != self.cells {
            return;
        }
        if let Some(index) = self.columns.amount {
            let amount = record.cell(index);
            match record.numbers().contains(&index) {
                true => self.evidence.see_number(amount),
                false => self.evidence.see(record.place().of_cell(index), amount),
            }
        }
        if let Some(index) = self.columns.expires_at {
            self.midnights.see(trim(record.cell(index)));
        }
        let texts = [self.columns.description, self.columns.reference].into_iter().flatten();
        if self.is_guessed
            && self.strange.is_none()
            && !record.text().is_ascii()
            && let Some(index) = texts.into_iter().find(|index| is_strange(record.cell(*index)))
        {
            self.strange = Some((record.place().of_cell(index), record.cell(index).to_owned()));
        }
        let reference = self.columns.reference.map_or("", |index| record.cell(index));
        self.has_references |= !trim(reference).is_empty();
        if self.sample.is_none() && !record.text().is_ascii() {
            self.sample = record.cells().find_map(letters_of);
        }
    }

    fn compare_delimiters(&mut self, record: &Record) {
        match record.len() == self.cells {
            true => self.fitting.clear(),
            false => self.fitting.retain(|one| record.len_with(*one) == Some(self.cells)),
        }
    }

    /// Refuses a file whose first rows all fit another delimiter, and none of them the header's.
    fn check_delimiter(&self) -> Result<(), IntakeError> {
        match self.fitting.first() {
            Some(&rows) => Err(IntakeError::OtherDelimiter { header: self.delimiter, rows }),
            None => Ok(()),
        }
    }
}

/// The beginning of a cell that has letters beyond ASCII.
fn letters_of(cell: &str) -> Option<String> {
    let has_letters = cell.chars().any(|char| !char.is_ascii() && char.is_alphabetic());
    has_letters.then(|| cell.trim().chars().take(SAMPLE_CHARS).collect())
}

/// The error of a header that stands below other text, if one does.
fn header_below(
    source: &mut Source,
    above: &Header,
    options: &ReadOptions,
) -> Result<Option<IntakeError>, IntakeError> {
    let mut record = Record::default();
    for _ in 0..HEADER_LOOK_ROWS {
        if !source.next(&mut record)? {
            break;
        }
        let known = |delimiter| {
            let text = record.text();
            count_known(Record::of(text, record.line(), delimiter).cells(), options)
        };
        let in_cells = count_known(record.cells(), options);
        if DELIMITERS.into_iter().map(known).fold(in_cells, usize::max) >= HEADER_COLUMNS {
            return Ok(Some(IntakeError::TextAboveHeader {
                place: above.place,
                header: record.place(),
                value: above.cells.iter().map(|cell| clean(cell)).collect::<Vec<_>>().join(" "),
            }));
        }
    }
    Ok(None)
}

/// What a person gave for empty cells must be as good as a cell.
fn check_defaults(options: &ReadOptions) -> Result<(), IntakeError> {
    if let Some(text) = &options.description {
        let problem = match check_description(text) {
            Ok(text) if text.is_empty() => Some("empty".to_owned()),
            Ok(_) => None,
            Err(problem) => Some(problem.problem),
        };
        if let Some(problem) = problem {
            return Err(IntakeError::DefaultDescription { problem });
        }
    }
    match options.expires {
        Some(expiry) if expiry.has_passed(options.now) => {
            Err(IntakeError::DefaultExpiry { expiry: expiry.to_string() })
        }
        _ => Ok(()),
    }
}
