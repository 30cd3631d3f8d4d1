//! Which column of a file is what.
//!
//! It stands apart from the names themselves because here the whole header is judged: a column that
//! is missing, or there twice, or a header that is none.
//!
//! **Invariant:** each known column is found at most once, and never by its place alone.

use super::amount::is_number_like;
use super::amount_name::{check_amount_name, has_word};
use super::column::fold;
use super::near_miss::refuse_near_misses;
use super::nearest::nearest;
use super::{Column, Currency, IntakeError, Place, ReadOptions};
use crate::domain::WalletId;

/// Known columns that make a header, where it is not the first row.
pub(super) const HEADER_COLUMNS: usize = 2;

/// Where the known columns stand, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Where the wallets are.
    pub wallet_id: usize,
    /// Where the amounts are; in a file of customers they may all have the same.
    pub amount: Option<usize>,
    /// Where the expiries are, if they are in the file.
    pub expires_at: Option<usize>,
    /// Where the descriptions are, if they are in the file.
    pub description: Option<usize>,
    /// Where the references are, if the file has them.
    pub reference: Option<usize>,
    /// Where the currencies are, if the file has them.
    pub currency: Option<usize>,
    /// Where the birth dates are, in a file of customers.
    pub birth_date: Option<usize>,
    /// Where the keys of gifts are, if the file was exported with them.
    pub gift_key: Option<usize>,
    /// Where the customers' ids at the partner are, where each row has to name one.
    pub customer: Option<usize>,
}

impl Columns {
    /// Finds the columns in a header, which stands here.
    pub(super) fn find(
        cells: &[String],
        header: Place,
        options: &ReadOptions,
    ) -> Result<Columns, IntakeError> {
        refuse_data(cells, header, |cell| cell.trim().parse::<WalletId>().is_ok())?;
        check_map(options)?;
        let mut places = [None; Column::ALL.len()];
        for (found, column) in places.iter_mut().zip(Column::ALL) {
            *found = place(column, cells, options)?;
        }
        if places.iter().all(Option::is_none) {
            refuse_data(cells, header, is_number_like)?;
            let headers = cells.iter().take(20).map(|cell| clean(cell)).collect();
            return Err(IntakeError::NoKnownColumn { place: header, headers });
        }
        let [
            wallet_id,
            amount,
            expires_at,
            description,
            reference,
            currency,
            birth_date,
            gift_key,
            customer,
        ] = places;
        let missing = |column| missing(column, cells, &places, options);
        let wallet_id = wallet_id.ok_or_else(|| missing(Column::WalletId))?;
        match &options.birthdays {
            None if amount.is_none() => return Err(missing(Column::Amount)),
            Some(_) if birth_date.is_none() => return Err(missing(Column::BirthDate)),
            _ => {}
        }
        if expires_at.is_none() && options.expires.is_none() {
            return Err(missing(Column::ExpiresAt));
        }
        if description.is_none() && options.description.is_none() {
            return Err(missing(Column::Description));
        }
        if customer.is_none() && options.customers {
            return Err(missing(Column::ExternalCustomerId));
        }
        refuse_near_misses(cells, &places, options)?;
        Ok(Columns {
            wallet_id,
            amount,
            expires_at,
            description,
            reference,
            currency,
            birth_date,
            gift_key,
            customer,
        })
    }
}

impl Columns {
    /// What stands in this place.
    pub(super) fn column_at(&self, index: usize) -> Option<Column> {
        let places = [
            (Column::WalletId, Some(self.wallet_id)),
            (Column::Amount, self.amount),
            (Column::ExpiresAt, self.expires_at),
            (Column::Description, self.description),
            (Column::Reference, self.reference),
            (Column::Currency, self.currency),
            (Column::BirthDate, self.birth_date),
            (Column::GiftKey, self.gift_key),
            (Column::ExternalCustomerId, self.customer),
        ];
        places.into_iter().find(|(_, place)| *place == Some(index)).map(|(column, _)| column)
    }
}

/// The column that a header names; an amount may have the campaign's currency behind it.
fn column_of(cell: &str, currency: &Currency) -> Option<Column> {
    if cell.trim() == Column::GiftKey.word() {
        return Some(Column::GiftKey);
    }
    let folded = fold(cell);
    let is_amount = || column_is(Column::Amount, currency.strip_header(&folded));
    Column::of_header(&folded).or_else(|| is_amount().then_some(Column::Amount))
}

/// The cells that are no column of ours.
pub(super) fn free<'c>(cells: &'c [String], places: &[Option<usize>]) -> Vec<&'c String> {
    let is_free = |(index, _): &(usize, &String)| !places.contains(&Some(*index));
    cells.iter().enumerate().filter(is_free).map(|(_, cell)| cell).collect()
}

/// How many cells of a header are columns that we know.
pub(super) fn count_known<'a>(
    cells: impl Iterator<Item = &'a str>,
    options: &ReadOptions,
) -> usize {
    let is_known = |cell: &&str| {
        let is_mapped = |(_, header): &(Column, String)| is_same(header, cell);
        column_of(cell, &options.currency).is_some() || options.map.iter().any(is_mapped)
    };
    cells.filter(is_known).count()
}

/// A header has names: where an id or a number stands, it was left out.
fn refuse_data(
    cells: &[String],
    place: Place,
    is_data: impl Fn(&str) -> bool,
) -> Result<(), IntakeError> {
    match cells.iter().find(|cell| is_data(cell)) {
        Some(cell) => Err(IntakeError::NoHeader { place, value: clean(cell) }),
        None => Ok(()),
    }
}

fn check_map(options: &ReadOptions) -> Result<(), IntakeError> {
    let map = &options.map;
    if let Some((column, header)) = map.iter().find(|(column, _)| !options.means(*column)) {
        return Err(IntakeError::MapsNothing { column: *column, header: header.clone() });
    }
    for (index, (column, header)) in map.iter().enumerate() {
        let clashes = |(other, text): &&(Column, String)| other == column || text == header;
        if let Some((other, _)) = map[..index].iter().find(clashes) {
            return Err(IntakeError::MappedTwice {
                column: *column,
                other: *other,
                header: header.clone(),
            });
        }
    }
    Ok(())
}

/// Where a column stands: where it is mapped to, or where one of its names is.
fn place(
    column: Column,
    cells: &[String],
    options: &ReadOptions,
) -> Result<Option<usize>, IntakeError> {
    if !options.means(column) {
        return Ok(None);
    }
    let map = &options.map;
    let is_mapped_elsewhere = |cell: &str| {
        let is_other =
            |(other, header): &(Column, String)| *other != column && is_same(header, cell);
        map.iter().any(is_other)
    };
    let mapped = map.iter().find(|(mapped, _)| *mapped == column);
    let places = match mapped {
        Some((_, header)) => places_of(cells, header),
        None => indexes(cells, |cell| {
            column_of(cell, &options.currency) == Some(column) && !is_mapped_elsewhere(cell)
        }),
    };
    match (places.as_slice(), mapped) {
        ([], Some((_, header))) => Err(IntakeError::UnknownMapping {
            column,
            header: header.clone(),
            nearest: nearest_header(&fold(header), cells.iter().map(String::as_str)),
        }),
        ([], None) => Ok(None),
        ([place], _) if column == Column::Amount => {
            check_amount_name(&cells[*place], &options.currency).map(|()| Some(*place))
        }
        ([place], _) => Ok(Some(*place)),
        ([first, second, ..], _) => Err(IntakeError::ColumnTwice {
            column,
            first: clean(&cells[*first]),
            second: clean(&cells[*second]),
        }),
    }
}

/// The cells with exactly this text; else those that are the same when folded.
fn places_of(cells: &[String], header: &str) -> Vec<usize> {
    let exact = indexes(cells, |cell| cell.trim() == header.trim());
    match exact.is_empty() {
        true => indexes(cells, |cell| is_same(header, cell)),
        false => exact,
    }
}

fn indexes(cells: &[String], is_wanted: impl Fn(&str) -> bool) -> Vec<usize> {
    let numbered = cells.iter().enumerate();
    numbered.filter(|(_, cell)| is_wanted(cell)).map(|(index, _)| index).collect()
}

fn is_same(one: &str, two: &str) -> bool {
    fold(one) == fold(two)
}

fn missing(
    column: Column,
    cells: &[String],
    places: &[Option<usize>],
    options: &ReadOptions,
) -> IntakeError {
    let free: Vec<(&String, String)> =
        free(cells, places).into_iter().map(|cell| (cell, fold(cell))).collect();
    // `Tutar (kuruş)` is no name to be mapped.
    let is_amount = |cell: &&&String| has_word(cell, Column::Amount.aliases());
    let named = free.iter().map(|(cell, _)| cell).filter(is_amount);
    let said = named.map(|cell| check_amount_name(cell, &options.currency)).find_map(Result::err);
    if let Some(error) = said.filter(|_| column == Column::Amount) {
        return error;
    }
    let by_name = column.aliases().iter().filter_map(|alias| {
        nearest(alias, free.iter().map(|(cell, folded)| (*cell, folded.as_str())))
    });
    IntakeError::MissingColumn {
        column,
        nearest: by_name.min_by_key(|&(_, edits)| edits).map(|(cell, _)| clean(cell)),
    }
}

fn column_is(column: Column, folded: &str) -> bool {
    column.aliases().contains(&folded)
}

fn nearest_header<'a>(folded: &str, cells: impl Iterator<Item = &'a str>) -> Option<String> {
    let cells: Vec<(&str, String)> = cells.map(|cell| (cell, fold(cell))).collect();
    nearest(folded, cells.iter().map(|(cell, name)| (*cell, name.as_str())))
        .map(|(cell, _)| clean(cell))
}

/// A header's text for messages: trimmed, and not without end.
pub(super) fn clean(cell: &str) -> String {
    cell.trim().chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::tests::options;

    fn find(header: &str, options: &ReadOptions) -> Result<Columns, IntakeError> {
        let cells: Vec<String> = header.split(';').map(str::to_owned).collect();
        Columns::find(&cells, Place::Line(1), options)
    }

    #[test]
    fn columns_stand_anywhere_among_others() {
        // Goal: place and order do not matter. Method: a header in odd order with strangers.
        let columns = find("Ad;Açıklama;Tutar;Şehir;Son Kullanma;Cüzdan No", &options()).unwrap();
        assert_eq!((columns.wallet_id, columns.amount), (5, Some(2)));
        assert_eq!((columns.expires_at, columns.description), (Some(4), Some(1)));
        assert_eq!(columns.reference, None);
    }

    #[test]
    fn a_map_names_columns_that_no_alias_does() {
        // Goal: the person's word goes first. Method: a map over a stranger and over an alias.
        let mut options = options();
        options.map = vec![(Column::WalletId, "Müşteri".into())];
        let columns = find("müşteri;amount;expires;description;wallet", &options).unwrap();
        assert_eq!(columns.wallet_id, 0);
        options.map = vec![(Column::WalletId, "Musteriler".into())];
        let error = find("müşteri;amount;expires;description", &options).unwrap_err();
        assert!(error.to_string().contains("the nearest is \"müşteri\""));
        options.map.push((Column::Amount, "Musteriler".into()));
        let error = find("müşteri;amount;expires;description", &options).unwrap_err();
        assert!(matches!(error, IntakeError::MappedTwice { .. }));
    }

    #[test]
    fn an_amounts_name_may_have_its_currency() {
        // Goal: the campaign's currency is part of the name, another one is not. Method: both.
        for header in ["Tutar (TL)", "TUTAR ₺", "amount_try"] {
            let columns = find(&format!("wallet;{header};expires;description"), &options());
            assert_eq!(columns.unwrap().amount, Some(1), "{header}");
        }
        let mut options = options();
        options.currency = "EUR".parse().unwrap();
        let columns = find("wallet;Tutar (EUR);expires;description", &options).unwrap();
        assert_eq!(columns.amount, Some(1));
    }

    #[test]
    fn customers_are_a_column_only_where_they_are_asked_for() {
        // Goal: a file that has such columns loads as it ever did, and one that has none says so where they
        // are needed. Method: none, one and two of them, with the wish and without; a map.
        let header = "wallet;amount;expires;description";
        let two = format!("{header};external_customer_id;Müşteri No");
        assert_eq!(find(&two, &options()).unwrap().customer, None);
        let mut wish = options();
        wish.customers = true;
        let one = find(&format!("customer_id;{header}"), &wish).unwrap();
        assert_eq!((one.customer, one.wallet_id), (Some(0), 1));
        assert!(matches!(find(&two, &wish), Err(IntakeError::ColumnTwice { .. })));
        let text =
            |header: &str, options: &ReadOptions| find(header, options).unwrap_err().to_string();
        assert_eq!(text(header, &wish), "there is no column external_customer_id");
        let near = text(&format!("{header};external_custmer_id"), &wish);
        assert!(near.ends_with("; the nearest is \"external_custmer_id\""), "{near}");
        let map = vec![(Column::ExternalCustomerId, "Kod".to_owned())];
        let kod = format!("{header};müşteri no;Kod");
        wish.map = map.clone();
        assert_eq!(find(&kod, &wish).unwrap().customer, Some(5));
        let useless = find(&kod, &ReadOptions { map, ..options() }).unwrap_err();
        assert!(useless.hint().unwrap().contains("--require-holding"));
    }

    #[test]
    fn a_mistyped_name_is_not_taken_for_a_stranger() {
        // Goal: cells of a column with a slip in its name are never left out in silence. Method: slips
        // in columns that may be missing, and strangers that are near enough only by chance.
        let mut options = options();
        options.expires = Some(crate::domain::Expiry::Never);
        options.description = Some("KUPON".into());
        for header in ["expres_at", "descripton", "refernce", "Para Brimi", "Açıklma"] {
            let error = find(&format!("wallet;amount;{header}"), &options).unwrap_err();
            assert!(matches!(error, IntakeError::NearlyColumn { .. }), "{header}: {error}");
        }
        for header in ["note", "ref2x", "subscription", "preference", "Şehir", "Segment"] {
            assert!(find(&format!("wallet;amount;{header}"), &options).is_ok(), "{header}");
        }
    }

    #[test]
    fn each_wrong_header_has_its_own_message() {
        // Goal: the message says what to mend. Method: each fault of a header once.
        let text = |header: &str| find(header, &options()).unwrap_err().to_string();
        assert_eq!(
            text("Cüzdn No;Tutar;expires;description"),
            "there is no column wallet_id; the nearest is \"Cüzdn No\""
        );
        assert_eq!(text("wallet;expires;description"), "there is no column amount");
        assert_eq!(
            text("wallet;Tutar;Miktar;expires;description"),
            "two columns are amount: \"Tutar\" and \"Miktar\""
        );
        assert_eq!(text("a;b"), "no column of line 1 is known: a, b");
        assert_eq!(
            text("30bac1c0-ad6b-4c50-a52e-1b34f9b487a7;5;never;x"),
            "line 1 has data where the header should be: \"30bac1c0-ad6b-4c50-a52e-1b34f9b487a7\""
        );
        assert_eq!(
            text("9,05E+11;75,00 TL;never;x"),
            "line 1 has data where the header should be: \"9,05E+11\""
        );
        assert_eq!(
            text("wallet;Tutar (USD);expires;description"),
            "the amounts in column \"Tutar (USD)\" are in USD, and the campaign gives another currency"
        );
        let error = find("wallet;amount;description", &options()).unwrap_err();
        assert!(error.hint().unwrap().contains("--expires"));
        let error = find("wallet;amount;expires", &options()).unwrap_err();
        assert!(error.hint().unwrap().contains("--description"));
    }
}
