//! From cells to a row's content, or to all that is wrong with it.
//!
//! **Invariant:** a row is whole or bad: no part of a bad row is given away as content.
//! **Invariant:** every cell is judged even after another was bad, so that one reading of the file
//! names all faults.

use super::amount::{Origin, other_currency, read_amount};
use super::cell::{check_description, check_text, read_wallet, trim};
use super::columns::{Columns, clean};
use super::date::read_expiry;
use super::fault::{Fault, Problem};
use super::record::{Broken, Record};
use super::{DecimalMark, Place, ReadOptions};
use crate::domain::{Expiry, GiftContent, Money, WalletId, normalise_description};

/// A row that can become a gift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The row's first line, as an editor counts.
    pub line: u64,
    /// What the row asks for.
    pub content: GiftContent,
    /// The file's own name for the row, where the file has them.
    pub reference: Option<String>,
    /// The cells of all columns, exact.
    pub cells: Vec<String>,
}

/// A row that cannot become a gift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Where it stands.
    pub place: Place,
    /// The cells as far as they can be told apart; there may be more or fewer than headers.
    pub cells: Vec<String>,
    /// Which of the cells hold numbers of a sheet, not text.
    pub numbers: Vec<usize>,
    /// All that is wrong, at least one.
    pub faults: Vec<Fault>,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowOutcome {
    /// It can become a gift.
    Good(Row),
    /// It must be mended first.
    Bad(BadRow),
}

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
    fn cells(&self, record: &Record) -> Vec<String> {
        let mut cells: Vec<String> = record.cells().map(str::to_owned).collect();
        let amount = self.columns.amount;
        if self.mark == DecimalMark::Comma && record.is_number(amount) {
            cells[amount] = cells[amount].replace('.', ",");
        }
        cells
    }

    fn content(&mut self, record: &Record) -> Result<(GiftContent, Option<String>), Vec<Fault>> {
        if let Some(problem) = self.shape_problem(record) {
            let value = trim(record.cells().next().unwrap_or(""));
            return Err(vec![Fault::at(record.place(), "", value, problem)]);
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
        let text = trim(record.cell(index));
        read(text).map_err(|problem| {
            let header = self.headers.get(index).map_or("", String::as_str);
            let place = record.place();
            Fault::at(column.map_or(place, |index| place.of_cell(index)), header, text, problem)
        })
    }

    fn amount(&self, record: &Record) -> Result<Money, Fault> {
        let index = self.columns.amount;
        // The digits of a sheet's number are exact, whatever mark the texts around it have.
        let (mark, origin) = match record.is_number(index) {
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
    fn shape_problem(&self, record: &Record) -> Option<Problem> {
        match record.broken() {
            Some(Broken::Unclosed(opened)) => Some(Problem::new(
                format!("the quote that opened on line {opened} is not closed"),
                "close it, or remove it",
            )),
            Some(Broken::TextAfterQuote(opened)) => Some(Problem::new(
                format!("the quote that opened on line {opened} does not close before a delimiter"),
                "close it, remove it, or double a quote inside quotes",
            )),
            None if record.len() != self.headers.len() => Some(self.length_problem(record)),
            None => self.swallowed_problem(record),
        }
    }

    fn length_problem(&self, record: &Record) -> Problem {
        let (cells, columns) = (record.len(), self.headers.len());
        let problem = format!("{cells} cells, the header has {columns}");
        if record.is_of_sheet() {
            return Problem::new(problem, "remove what stands to the right of the last column");
        }
        let mend = match cells < columns {
            true => "fill the row up: programs leave out empty cells at its end".to_owned(),
            false => {
                format!("put values that hold a {:?} in quotes, or mend the row", self.delimiter)
            }
        };
        Problem::new(problem, mend)
    }

    /// A cell of several lines with a wallet in them has most likely swallowed rows.
    fn swallowed_problem(&self, record: &Record) -> Option<Problem> {
        let is_wallet = |part: &str| part.trim().parse::<WalletId>().is_ok();
        let mut spans = record.spans().iter();
        let is_row = |line: &str| {
            let cells = line.split(self.delimiter);
            cells.clone().any(is_wallet)
                || self.headers.len() > 2 && cells.count() == self.headers.len()
        };
        let (_, opened) =
            spans.find(|(index, _)| record.cell(*index).lines().skip(1).any(is_row))?;
        Some(Problem::new(
            format!("the quote that opened on line {opened} holds other rows"),
            "close it, or remove it",
        ))
    }

    fn expiry(&mut self, record: &Record) -> Result<Expiry, Fault> {
        let text = trim(record.cell(self.columns.expires_at.unwrap_or(usize::MAX)));
        if let Some((last, expiry)) = &self.last_expiry
            && last == text
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
            match expiry.has_passed(options.now) {
                true => Err(Problem::new("has passed", "give it a later expiry")),
                false => Ok(expiry),
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
