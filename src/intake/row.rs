//! From cells to a row's content, or to all that is wrong with it.
//!
//! **Invariant:** a row is whole or bad: no part of a bad row is given away as content.
//! **Invariant:** every cell is judged even after another was bad, so that one reading of the file
//! names all faults.

use super::amount::{Origin, read_amount};
use super::cell::{check_description, check_text, read_wallet};
use super::columns::{Columns, clean};
use super::date::read_expiry;
use super::fault::{Fault, Problem};
use super::split::{Broken, Record};
use super::{DecimalMark, ReadOptions};
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
    /// The row's first line, as an editor counts.
    pub line: u64,
    /// The cells as far as they can be told apart; there may be more or fewer than headers.
    pub cells: Vec<String>,
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
        let line = record.line();
        let cells: Vec<String> = record.cells().map(str::to_owned).collect();
        match self.content(record) {
            Ok((content, reference)) => RowOutcome::Good(Row { line, content, reference, cells }),
            Err(faults) => RowOutcome::Bad(BadRow { line, cells, faults }),
        }
    }

    fn content(&mut self, record: &Record) -> Result<(GiftContent, Option<String>), Vec<Fault>> {
        if let Some(problem) = self.shape_problem(record) {
            let value = record.cells().next().unwrap_or("").trim();
            return Err(vec![Fault::at(record.line(), "", value, problem)]);
        }
        let columns = self.columns;
        let wallet = self.cell(record, Some(columns.wallet_id), read_wallet);
        let (mark, origin) = (self.mark, self.origin);
        let amount =
            self.cell(record, Some(columns.amount), |text| read_amount(text, mark, origin));
        let expiry = self.expiry(record);
        let description = self.cell(record, columns.description, |text| self.description(text));
        let reference = self.cell(record, columns.reference, |text| self.reference(text));
        match (wallet, amount, expiry, description, reference) {
            (Ok(wallet), Ok(amount), Ok(expiry), Ok(description), Ok(reference)) => {
                let content = content_of(wallet, amount, expiry, description);
                Ok((content, reference))
            }
            (wallet, amount, expiry, description, reference) => {
                let faults =
                    [wallet.err(), amount.err(), expiry.err(), description.err(), reference.err()];
                Err(faults.into_iter().flatten().collect())
            }
        }
    }

    /// Reads a cell that stands on one line; a missing column reads as an empty cell.
    fn cell<T>(
        &self,
        record: &Record,
        column: Option<usize>,
        read: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Result<T, Fault> {
        let index = column.unwrap_or(usize::MAX);
        let cell = record.cell(index);
        let one_line = || match record.spans().iter().find(|span| span.0 == index) {
            Some(&(_, opened)) => Err(line_break(opened)),
            None => read(cell.trim()),
        };
        one_line().map_err(|problem| {
            let header = self.headers.get(index).map_or("", String::as_str);
            Fault::at(record.line(), header, cell.trim(), problem)
        })
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
            None if record.len() != self.headers.len() => Some(Problem::new(
                format!("{} cells, the header has {}", record.len(), self.headers.len()),
                format!("put values that hold a {:?} in quotes, or mend the row", self.delimiter),
            )),
            None => self.swallowed_problem(record),
        }
    }

    /// A cell of several lines with a wallet in them has most likely swallowed rows.
    fn swallowed_problem(&self, record: &Record) -> Option<Problem> {
        let is_wallet = |part: &str| part.trim().parse::<WalletId>().is_ok();
        let mut spans = record.spans().iter();
        let (_, opened) = spans.find(|(index, _)| {
            let mut lines = record.cell(*index).lines().skip(1);
            lines.any(|line| line.split(self.delimiter).any(is_wallet))
        })?;
        Some(Problem::new(
            format!("the quote that opened on line {opened} holds other rows"),
            "close it, or remove it",
        ))
    }

    fn expiry(&mut self, record: &Record) -> Result<Expiry, Fault> {
        let text = record.cell(self.columns.expires_at.unwrap_or(usize::MAX)).trim();
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

fn content_of(wallet: WalletId, amount: Money, expiry: Expiry, description: String) -> GiftContent {
    GiftContent { wallet, amount, expiry, description }
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
