//! From cells to a row's content, or to all that is wrong with it.
//!
//! **Invariant:** a row is whole or bad: no part of a bad row is given away as content.
//! **Invariant:** every cell is judged even after another was bad, so that one reading of the file
//! names all faults.

use chrono::TimeDelta;

use super::amount::{Origin, other_currency, read_amount};
use super::cell::{check_description, check_text, read_wallet, trim};
use super::columns::{Columns, clean};
use super::date::read_expiry;
use super::fault::{Fault, Problem};
use super::record::{Broken, Record};
use super::swallowed::swallowed;
use super::{BadRow, DecimalMark, Place, ReadOptions, Row, RowOutcome};
use crate::domain::{Expiry, GiftContent, Money, normalise_description};

/// An instant further away is a slip, or stands for one that never comes.
const LONGEST_DAYS: i64 = 36_525;

/// All that is decided for the whole file and needed for each row.
pub(super) struct RowReader {
    headers: Vec<String>,
    columns: Columns,
    delimiter: char,
    mark: DecimalMark,
    origin: Origin,
    has_references: bool,
    description: Option<String>,
    options: ReadOptions,
    /// The last cell with its expiry: a campaign has few, and zones are slow.
    last_expiry: Option<(String, Expiry)>,
}

impl RowReader {
    /// A reader for the rows of a surveyed file.
    pub(super) fn new(survey: &super::Survey, options: &ReadOptions) -> RowReader {
        RowReader {
            headers: survey.header.iter().map(|cell| clean(cell)).collect(),
            columns: survey.columns,
            delimiter: char::from(survey.dialect.delimiter),
            // Without a mark in any amount, both read the same.
            mark: survey.decimal.unwrap_or(DecimalMark::Point),
            origin: match options.decimal {
                Some(_) => Origin::Told,
                None => Origin::Shown,
            },
            has_references: survey.has_references,
            description: options.description.as_deref().map(normalise_description),
            options: options.clone(),
            last_expiry: None,
        }
    }

    /// Reads one row.
    pub(super) fn read(&mut self, record: &Record) -> RowOutcome {
        let cells = self.cells(record);
        match self.content(record) {
            Ok((content, reference)) => {
                RowOutcome::Good(Row { line: record.line(), content, reference, cells })
            }
            Err(faults) => {
                let numbers = record.numbers().to_vec();
                RowOutcome::Bad(BadRow { place: record.place(), cells, numbers, faults })
            }
        }
    }

    /// The cells as text. A sheet's number becomes an amount like those around it, so that the
    /// column still has one decimal mark where the cells go back into a text.
    ///
    /// A row whose cells cannot be told apart goes back as it stands in the file, in one cell: as cells it
    /// would be another row, and perhaps a good one.
    fn cells(&self, record: &Record) -> Vec<String> {
        if record.broken().is_some() {
            return vec![record.raw().trim_end_matches(['\r', '\n']).to_owned()];
        }
        let mut cells: Vec<String> = record.cells().map(str::to_owned).collect();
        let amount = self.columns.amount;
        if self.mark == DecimalMark::Comma && record.numbers().contains(&amount) {
            cells[amount] = cells[amount].replace('.', ",");
        }
        cells
    }

    fn content(&mut self, record: &Record) -> Result<(GiftContent, Option<String>), Vec<Fault>> {
        if let Some(fault) = self.shape_fault(record) {
            return Err(vec![fault]);
        }
        let columns = self.columns;
        let wallet = self.cell(record, Some(columns.wallet_id), read_wallet);
        let amount = self.amount(record);
        let expiry = self.expiry(record);
        let description =
            self.read_cell(record, columns.description, |text| self.description(text));
        let reference = self.cell(record, columns.reference, |text| self.reference(text));
        let currency = self.cell(record, columns.currency, |text| self.currency(text));
        match (wallet, amount, expiry, description, reference, currency) {
            (Ok(wallet), Ok(amount), Ok(expiry), Ok(description), Ok(reference), Ok(())) => {
                Ok((GiftContent { wallet, amount, expiry, description }, reference))
            }
            (wallet, amount, expiry, description, reference, currency) => {
                let faults = [
                    wallet.err(),
                    amount.err(),
                    expiry.err(),
                    description.err(),
                    reference.err(),
                    currency.err(),
                ];
                Err(faults.into_iter().flatten().collect())
            }
        }
    }

    /// Reads a cell that stands on one line.
    fn cell<T>(
        &self,
        record: &Record,
        column: Option<usize>,
        read: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Result<T, Fault> {
        let span = record.spans().iter().find(|span| Some(span.0) == column);
        self.read_cell(record, column, |text| match span {
            Some(&(_, opened)) => Err(line_break(opened)),
            None => read(text),
        })
    }

    /// Reads a cell; a missing column reads as an empty one.
    fn read_cell<T>(
        &self,
        record: &Record,
        column: Option<usize>,
        read: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Result<T, Fault> {
        let index = column.unwrap_or(usize::MAX);
        let text = record.cell(index);
        // Marks that nobody sees are cut where they could change what a cell means. Texts keep theirs: a
        // row's key is made of them, and stays the same for ever.
        let is_text = [self.columns.description, self.columns.reference].contains(&column);
        let text = if is_text { text.trim() } else { trim(text) };
        read(text).map_err(|problem| {
            let header = self.headers.get(index).map_or("", String::as_str);
            let place = record.place();
            Fault::at(column.map_or(place, |index| place.of_cell(index)), header, text, problem)
        })
    }

    fn amount(&self, record: &Record) -> Result<Money, Fault> {
        let index = self.columns.amount;
        // The digits of a sheet's number are exact, whatever mark the texts around it have.
        let (mark, origin) = match record.numbers().contains(&index) {
            true => (DecimalMark::Point, Origin::Told),
            false => (self.mark, self.origin),
        };
        let currency = &self.options.currency;
        self.cell(record, Some(index), |text| read_amount(text, mark, origin, currency))
    }

    fn currency(&self, text: &str) -> Result<(), Problem> {
        let currency = &self.options.currency;
        match text.is_empty() || currency.is_named(text) {
            true => Ok(()),
            false => Err(other_currency(currency)),
        }
    }

    /// What is wrong with the row before any cell is read.
    fn shape_fault(&self, record: &Record) -> Option<Fault> {
        let columns = self.headers.len();
        let quoted = |index: usize, opened: u64, words: &str, mend: &str| {
            let problem = format!("the quote that opened on line {opened} {words}");
            Some(self.fault(record, index, Problem::new(problem, mend)))
        };
        let last = record.len().saturating_sub(1);
        if let Some(broken) = record.broken() {
            return match broken {
                Broken::Unclosed(opened) => {
                    quoted(last, opened, "is not closed", "close it, or remove it")
                }
                Broken::TextAfterQuote(opened) => quoted(
                    last,
                    opened,
                    "does not close before a delimiter",
                    "close it, remove it, or double a quote inside quotes",
                ),
            };
        }
        if let Some((index, opened)) = swallowed(record, self.delimiter, columns) {
            return quoted(index, opened, "holds other rows", "close it, or remove it");
        }
        if record.len() != columns {
            return Some(self.length_fault(record));
        }
        let is_header = |(cell, header): (&str, &String)| clean(cell) == *header;
        record
            .cells()
            .zip(&self.headers)
            .all(is_header)
            .then(|| self.fault(record, 0, Problem::new("the header once more", "remove the row")))
    }

    /// A fault of a cell, whatever the cell says.
    fn fault(&self, record: &Record, index: usize, problem: Problem) -> Fault {
        let header = self.headers.get(index).map_or("", String::as_str);
        Fault::at(record.place().of_cell(index), header, trim(record.cell(index)), problem)
    }

    /// A row with fewer or more cells than the header.
    fn length_fault(&self, record: &Record) -> Fault {
        let (cells, columns) = (record.len(), self.headers.len());
        let noun = if cells == 1 { "cell" } else { "cells" };
        let problem = format!("{cells} {noun}, the header has {columns}");
        if cells < columns {
            let missing: Vec<&str> =
                self.headers[cells..].iter().take(5).map(String::as_str).collect();
            let mend = format!("nothing stands for {}: fill the row up", missing.join(", "));
            let value = trim(record.cell(0));
            return Fault::at(record.place(), "", value, Problem::new(problem, mend));
        }
        let mend = match record.place() {
            Place::Line(_) => {
                format!("put values that hold a {:?} in quotes, or mend the row", self.delimiter)
            }
            _ => "remove what stands to the right of the last column".to_owned(),
        };
        // The first value that has no column.
        let beyond = (columns..cells).find(|index| !trim(record.cell(*index)).is_empty());
        self.fault(record, beyond.unwrap_or(columns), Problem::new(problem, mend))
    }

    fn expiry(&mut self, record: &Record) -> Result<Expiry, Fault> {
        let text = trim(record.cell(self.columns.expires_at.unwrap_or(usize::MAX)));
        let column = self.columns.expires_at;
        let is_spanned = record.spans().iter().any(|span| Some(span.0) == column);
        if let Some((last, expiry)) = &self.last_expiry
            && last == text
            && !is_spanned
        {
            return Ok(*expiry);
        }
        let options = &self.options;
        let expiry = self.cell(record, self.columns.expires_at, |text| {
            let expiry = match (text, options.expires) {
                ("", Some(expiry)) => expiry,
                ("", None) => return Err(no_expiry()),
                (text, _) => read_expiry(text, options.tz)?,
            };
            let latest = options.now + TimeDelta::days(LONGEST_DAYS);
            match expiry {
                Expiry::At(at) if at <= options.now => {
                    Err(Problem::new("has passed", "give it a later expiry"))
                }
                Expiry::At(at) if at > latest => Err(Problem::new(
                    "more than a hundred years from now",
                    "check the year, or write never",
                )),
                expiry => Ok(expiry),
            }
        })?;
        self.last_expiry = Some((text.to_owned(), expiry));
        Ok(expiry)
    }

    fn description(&self, text: &str) -> Result<String, Problem> {
        match (text, &self.description) {
            ("", Some(default)) => Ok(default.clone()),
            ("", None) => Err(Problem::new(
                "empty",
                "write what the customer is to read, or say it for all with --description",
            )),
            (text, _) => check_description(text),
        }
    }

    fn reference(&self, text: &str) -> Result<Option<String>, Problem> {
        match text {
            "" if self.has_references => Err(Problem::new(
                "empty, while other rows have one",
                "fill the column or remove it",
            )),
            "" => Ok(None),
            text => check_text(text).map(|()| Some(text.to_owned())),
        }
    }
}

fn no_expiry() -> Problem {
    Problem::new("empty", "write a date or never, or say it for all such rows with --expires")
}

fn line_break(opened: u64) -> Problem {
    Problem::new(
        format!("a line break inside the quote that opened on line {opened}"),
        "close the quote on its line, or remove it",
    )
}
