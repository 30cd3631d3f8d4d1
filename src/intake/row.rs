//! From cells to a row's content, or to all that is wrong with it.
//!
//! **Invariant:** a row is whole or bad: no part of a bad row is given away as content.
//! **Invariant:** every cell is judged even after another was bad, so that one reading of the file
//! names all faults.

use chrono::NaiveDate;

use super::amount::{Origin, other_currency, read_amount};
use super::birth_date::{check_birth_date, read_birth_date};
use super::cell::{check_description, check_text, read_key, read_wallet, trim};
use super::columns::{Columns, clean};
use super::customer::check_customer;
use super::date::{needs_zone, read_expiry};
use super::expires::{check_expiry, is_instant, midnight_of_all, no_expiry};
use super::fault::{Fault, Problem};
use super::record::Record;
use super::used::{LastExpiry, Used};
use super::{BadRow, Birthdays, Code, Column, DecimalMark, ReadOptions, Row, RowOutcome};
use crate::domain::{Expiry, GiftContent, GiftKey, Money, normalise_description};

/// All that is decided for the whole file and needed for each row.
pub(super) struct RowReader {
    pub(super) headers: Vec<String>,
    pub(super) columns: Columns,
    pub(super) delimiter: char,
    mark: DecimalMark,
    origin: Origin,
    has_references: bool,
    asks_midnight: bool,
    description: Option<String>,
    pub(super) options: ReadOptions,
    /// The day on which it is read.
    today: NaiveDate,
    /// The last cell with its expiry: a campaign has few, and zones are slow.
    last_expiry: Option<LastExpiry>,
    pub(super) used: Used,
}

/// What a row asks for, whether it does, and the gift that it names.
type Content = (GiftContent, Due, Option<GiftKey>);

/// Whether a row asks for a gift.
enum Due {
    /// It does, under this reference where it has one.
    As(Option<String>),
    /// It is of a customer who has no birthday.
    Not,
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
            asks_midnight: survey.asks_midnight,
            description: options.description.as_deref().map(normalise_description),
            options: options.clone(),
            today: options.now.with_timezone(&options.tz).date_naive(),
            last_expiry: None,
            used: Used::default(),
        }
    }

    /// Reads one row; nothing comes of a customer who has no birthday.
    pub(super) fn read(&mut self, record: &Record) -> Option<RowOutcome> {
        match self.content(record) {
            Ok((_, Due::Not, _)) => None,
            Ok((content, Due::As(reference), gift_key)) => {
                let (line, cells) = (record.line(), self.cells(record));
                let told = (self.origin == Origin::Told).then_some(&self.options.currency);
                self.used.note(record, self.columns, told, self.last_expiry.as_ref());
                Some(RowOutcome::Good(Row { line, content, reference, gift_key, cells }))
            }
            Err(faults) => {
                let (cells, numbers) = (self.cells(record), record.numbers().to_vec());
                let place = record.place();
                Some(RowOutcome::Bad(BadRow { place, cells, numbers, faults }))
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
        if let Some(amount) = self.columns.amount
            && self.mark == DecimalMark::Comma
            && record.numbers().contains(&amount)
        {
            cells[amount] = cells[amount].replace('.', ",");
        }
        cells
    }

    fn content(&mut self, record: &Record) -> Result<Content, Vec<Fault>> {
        if let Some(fault) = self.shape_fault(record) {
            return Err(vec![fault]);
        }
        let columns = self.columns;
        let wallet = self.cell(record, Some(columns.wallet_id), read_wallet);
        let amount = self.amount(record);
        let expiry = self.expiry(record);
        let description =
            self.read_cell(record, columns.description, |text| self.description(text));
        let due = match &self.options.birthdays {
            Some(birthdays) => self.birthday(record, birthdays),
            None => self.cell(record, columns.reference, |text| self.reference(text)).map(Due::As),
        };
        let key = self.cell(record, columns.gift_key, read_key);
        let others = (
            self.cell(record, columns.currency, |text| self.currency(text)),
            self.customer(record),
        );
        match (wallet, amount, expiry, description, due, key, others) {
            (
                Ok(wallet),
                Ok(amount),
                Ok(expiry),
                Ok(description),
                Ok(due),
                Ok(key),
                (Ok(()), Ok(())),
            ) => Ok((GiftContent { wallet, amount, expiry, description }, due, key)),
            (wallet, amount, expiry, description, due, key, (currency, customer)) => {
                let faults = [
                    wallet.err(),
                    amount.err(),
                    expiry.err(),
                    description.err(),
                    due.err(),
                    key.err(),
                    currency.err(),
                    customer.err(),
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
        // Marks that nobody sees are cut where they could change what a cell means. Texts keep theirs, unless
        // there is nothing else: what is sent stays as it was written.
        let is_text = [self.columns.description, self.columns.reference].contains(&column);
        let text = if is_text && !trim(text).is_empty() { text.trim() } else { trim(text) };
        let flaw = record.flaw(index).zip(self.columns.column_at(index));
        let flaw = flaw.and_then(|(flaw, column)| flaw.problem(column));
        flaw.map_or_else(|| read(text), Err).map_err(|problem| {
            let header = self.headers.get(index).map_or("", String::as_str);
            let place = record.place();
            Fault::at(column.map_or(place, |index| place.of_cell(index)), header, text, problem)
        })
    }

    fn amount(&self, record: &Record) -> Result<Money, Fault> {
        let index = self.columns.amount;
        // The digits of a sheet's number are exact, whatever mark the texts around it have.
        let (mark, origin) = match index.is_some_and(|index| record.numbers().contains(&index)) {
            true => (DecimalMark::Point, Origin::Told),
            false => (self.mark, self.origin),
        };
        let currency = &self.options.currency;
        self.cell(record, index, |text| match (text, &self.options.birthdays) {
            ("", Some(birthdays)) => Ok(birthdays.amount),
            (text, _) => read_amount(text, mark, origin, currency),
        })
    }

    fn currency(&self, text: &str) -> Result<(), Problem> {
        let currency = &self.options.currency;
        match text.is_empty() || currency.is_named(text) {
            true => Ok(()),
            false => Err(other_currency(currency)),
        }
    }

    /// Where each row has to name its customer, whether it does.
    fn customer(&self, record: &Record) -> Result<(), Fault> {
        let Some(index) = self.columns.customer else {
            return Ok(());
        };
        let is_number = record.numbers().contains(&index);
        self.cell(record, Some(index), |text| check_customer(text, is_number))
    }

    /// The birthday that a customer has, which names the gift together with the wallet.
    fn birthday(&self, record: &Record, birthdays: &Birthdays) -> Result<Due, Fault> {
        let index = self.columns.birth_date;
        let is_number = index.is_some_and(|index| record.numbers().contains(&index));
        let due = self.cell(record, index, |text| {
            let born = read_birth_date(text, is_number)?;
            check_birth_date(born, birthdays.window.on().max(self.today))?;
            Ok(born.due(birthdays.window, birthdays.leap_day))
        })?;
        Ok(due.map_or(Due::Not, |day| Due::As(Some(day.to_string()))))
    }

    fn expiry(&mut self, record: &Record) -> Result<Expiry, Fault> {
        let text = trim(record.cell(self.columns.expires_at.unwrap_or(usize::MAX)));
        let column = self.columns.expires_at;
        let is_spanned = record.spans().iter().any(|span| Some(span.0) == column);
        let flaw = column.and_then(|index| record.flaw(index));
        let is_flawed = flaw.is_some_and(|flaw| flaw.problem(Column::ExpiresAt).is_some());
        if let Some(last) = &self.last_expiry
            && last.text == text
            && !is_spanned
            && !is_flawed
        {
            return Ok(last.expiry);
        }
        let options = &self.options;
        let expiry = self.cell(record, self.columns.expires_at, |text| {
            let expiry = match (text, options.expires) {
                ("", Some(expiry)) => expiry,
                ("", None) => return Err(no_expiry()),
                (text, _) => read_expiry(text, options.tz)?,
            };
            if self.asks_midnight && is_instant(text) {
                return Err(midnight_of_all());
            }
            check_expiry(expiry, options.now)
        })?;
        let needs_zone = !self.used.zone && !text.is_empty() && needs_zone(text);
        self.last_expiry = Some(LastExpiry { text: text.to_owned(), expiry, needs_zone });
        Ok(expiry)
    }

    fn description(&self, text: &str) -> Result<String, Problem> {
        match (text, &self.description) {
            ("", Some(default)) => Ok(default.clone()),
            ("", None) => Err(Problem::new(
                Code::Empty,
                "empty",
                "write what the customer is to read, or say it for all with --description",
            )),
            (text, _) => check_description(text),
        }
    }

    fn reference(&self, text: &str) -> Result<Option<String>, Problem> {
        match text {
            "" if self.has_references => Err(Problem::new(
                Code::ReferenceMissing,
                "empty, while other rows have one",
                "fill the column or remove it",
            )),
            "" => Ok(None),
            text => check_text(text).map(|()| Some(text.to_owned())),
        }
    }
}

fn line_break(opened: u64) -> Problem {
    Problem::new(
        Code::LineBreak,
        format!("a line break inside the quote that opened on line {opened}"),
        "close the quote on its line, or remove it",
    )
}
