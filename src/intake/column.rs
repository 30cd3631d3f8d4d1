//! The columns that mean something, and their names in files.
//!
//! It stands apart so that names are compared in one way only: folded, since a person who writes
//! `CÜZDAN_NO`, `cuzdan no` or `Cüzdan No` means the same.
//!
//! **Invariant:** no name belongs to two columns.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::cell::is_space;

/// A column that means something to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// Who receives the gift.
    WalletId,
    /// How much.
    Amount,
    /// Until when it can be spent.
    ExpiresAt,
    /// What the customer reads.
    Description,
    /// The file's own name for the row.
    Reference,
    /// The currency of the amount, which has to be the campaign's.
    Currency,
    /// When the customer was born: in files of customers, of whom some have a birthday.
    BirthDate,
    /// The key of the gift that the row was exported from.
    GiftKey,
    /// The customer's id at the partner, where one is asked about: it is never guessed from the wallet.
    ExternalCustomerId,
}

impl Column {
    /// Every column.
    pub const ALL: [Column; 9] = [
        Column::WalletId,
        Column::Amount,
        Column::ExpiresAt,
        Column::Description,
        Column::Reference,
        Column::Currency,
        Column::BirthDate,
        Column::GiftKey,
        Column::ExternalCustomerId,
    ];

    /// Its own name, which is always understood.
    pub const fn word(self) -> &'static str {
        match self {
            Column::WalletId => "wallet_id",
            Column::Amount => "amount",
            Column::ExpiresAt => "expires_at",
            Column::Description => "description",
            Column::Reference => "reference",
            Column::Currency => "currency",
            Column::BirthDate => "birth_date",
            Column::GiftKey => "gift_key",
            Column::ExternalCustomerId => "external_customer_id",
        }
    }

    /// Its names in files, folded.
    pub(super) const fn aliases(self) -> &'static [&'static str] {
        match self {
            Column::WalletId => {
                &["walletid", "wallet", "cuzdanno", "cuzdanid", "cuzdannumarasi", "cuzdan"]
            }
            Column::Amount => &["amount", "tutar", "miktar", "hediyetutari", "giftamount"],
            Column::ExpiresAt => &[
                "expiresat",
                "expirationdate",
                "expires",
                "expiry",
                "expiration",
                "sonkullanma",
                "sonkullanmatarihi",
                "sonkullanim",
                "sonkullanimtarihi",
                "expirydate",
                "skt",
                "bitistarihi",
                "gecerliliktarihi",
                "songecerliliktarihi",
            ],
            Column::Description => &["description", "aciklama"],
            Column::Reference => {
                &["reference", "ref", "referans", "referansno", "externalreference"]
            }
            Column::Currency => &["currency", "currencycode", "parabirimi", "doviz", "dovizcinsi"],
            Column::BirthDate => {
                &["birthdate", "birthday", "dateofbirth", "dob", "dogumtarihi", "dogumgunu"]
            }
            // By its own name alone: exports write it, and nobody means it by chance.
            Column::GiftKey => &[],
            // Not "customer" or "müşteri" alone: mostly their names stand there.
            Column::ExternalCustomerId => &[
                "externalcustomerid",
                "externalcustomerno",
                "customerid",
                "customerno",
                "customernumber",
                "musteriid",
                "musterino",
                "musterinumarasi",
                "haricimusteriid",
            ],
        }
    }

    /// The column that a folded header names.
    pub(super) fn of_header(folded: &str) -> Option<Column> {
        Column::ALL.into_iter().find(|column| column.aliases().contains(&folded))
    }
}

impl fmt::Display for Column {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// A word that names no column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no column: write wallet_id, amount, expires_at, description, reference, currency, \
     birth_date or external_customer_id"
)]
pub struct UnknownColumn(String);

impl FromStr for Column {
    type Err = UnknownColumn;

    fn from_str(word: &str) -> Result<Column, UnknownColumn> {
        Column::of_header(&fold(word)).ok_or_else(|| UnknownColumn(word.to_owned()))
    }
}

/// A header's name without case, marks, the four Turkish i's, space, brackets, `_`, `-`, `.` and `:`.
pub(super) fn fold(name: &str) -> String {
    // İ becomes I and a mark, which falls away; ı has no mark and is folded by hand.
    name.nfkd()
        .filter(|&c| !is_combining_mark(c) && !is_space(c) && !"_-.:()[]".contains(c))
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'ı' { 'i' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_however_they_are_written() {
        // Goal: case, marks, the four i's and joints do not matter. Method: one column, many names.
        for (name, column) in [
            ("WalletId", Column::WalletId),
            ("WALLET İD", Column::WalletId),
            ("wallet_ıd", Column::WalletId),
            ("CÜZDAN NUMARASI", Column::WalletId),
            ("Cüzdan Numarası", Column::WalletId),
            ("Cu\u{308}zdan\u{a0}No.", Column::WalletId),
            ("TUTAR", Column::Amount),
            ("MİKTAR", Column::Amount),
            ("Hediye Tutarı", Column::Amount),
            ("Para Birimi", Column::Currency),
            ("ExpirationDate", Column::ExpiresAt),
            ("Bitiş-Tarihi", Column::ExpiresAt),
            ("GEÇERLİLİK TARİHİ", Column::ExpiresAt),
            ("Son Kullanım Tarihi:", Column::ExpiresAt),
            ("\u{200b}expiry date", Column::ExpiresAt),
            ("açıklama", Column::Description),
            ("AÇIKLAMA", Column::Description),
            ("External Reference", Column::Reference),
            ("DOĞUM TARİHİ", Column::BirthDate),
            ("Date of Birth", Column::BirthDate),
            ("External Customer ID", Column::ExternalCustomerId),
            ("external_customer_id", Column::ExternalCustomerId),
            ("Müşteri No", Column::ExternalCustomerId),
            ("MÜŞTERİ NUMARASI", Column::ExternalCustomerId),
        ] {
            assert_eq!(name.parse(), Ok(column), "{name}");
        }
        assert!("telefon".parse::<Column>().is_err());
    }

    #[test]
    fn no_name_belongs_to_two_columns() {
        // Goal: the order of columns in the code decides nothing. Method: all names, and each is
        // folded already.
        let mut names: Vec<&str> =
            Column::ALL.iter().flat_map(|one| one.aliases()).copied().collect();
        assert!(names.iter().all(|name| fold(name) == *name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
