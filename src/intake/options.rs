//! What a person says about a file beyond what the file says itself.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Charset, Column, Currency};
use crate::domain::{BirthdayWindow, Expiry, LeapDay, Money};

/// How to read a file.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The encoding of text; nothing looks for it in the file.
    pub encoding: Option<Charset>,
    /// The workbook's sheet; nothing takes the first that is not hidden.
    pub sheet: Option<String>,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The byte between cells; nothing looks for it in the header.
    pub delimiter: Option<u8>,
    /// The decimal mark of the amounts; nothing looks for it in the whole column.
    pub decimal: Option<DecimalMark>,
    /// Columns by the text of their header, where no alias fits.
    pub map: Vec<(Column, String)>,
    /// The description where the file has no such column or an empty cell.
    pub description: Option<String>,
    /// The expiry where the file has no such column or an empty cell.
    pub expires: Option<Expiry>,
    /// The zone of dates and times that name none.
    pub tz: Tz,
    /// The present: an expiry that has passed is a fault.
    pub now: DateTime<Utc>,
    /// It is a file of customers, of whom those have a row who have a birthday.
    pub birthdays: Option<Birthdays>,
    /// Each row has to name its customer at the partner.
    pub customers: bool,
}

/// Whose birthday counts, and what it brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Birthdays {
    /// Which birthdays.
    pub window: BirthdayWindow,
    /// When those born on 29 February have theirs.
    pub leap_day: LeapDay,
    /// The amount where the file has no such column or an empty cell.
    pub amount: Money,
}

impl ReadOptions {
    /// Whether a column means something in a file of this kind.
    pub(super) fn means(&self, column: Column) -> bool {
        match column {
            Column::BirthDate => self.birthdays.is_some(),
            // Whoever asks about nobody may have two such columns, or empty cells in it.
            Column::ExternalCustomerId => self.customers,
            // The campaign gives one expiry to all, and names each gift by its wallet and year.
            Column::ExpiresAt | Column::Reference | Column::GiftKey => self.birthdays.is_none(),
            Column::WalletId | Column::Amount | Column::Description | Column::Currency => true,
        }
    }
}

/// Which mark stands before the decimals; the other one may part thousands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    /// `1.250,50`, as in Türkiye.
    Comma,
    /// `1,250.50`, as in most programs.
    Point,
}

impl DecimalMark {
    /// The mark itself.
    pub const fn as_char(self) -> char {
        match self {
            DecimalMark::Comma => ',',
            DecimalMark::Point => '.',
        }
    }

    /// The mark that parts thousands.
    pub const fn other(self) -> DecimalMark {
        match self {
            DecimalMark::Comma => DecimalMark::Point,
            DecimalMark::Point => DecimalMark::Comma,
        }
    }
}

impl fmt::Display for DecimalMark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            DecimalMark::Comma => "comma",
            DecimalMark::Point => "point",
        })
    }
}

/// A word that names no decimal mark.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal mark: write comma or point")]
pub struct UnknownMark;

impl FromStr for DecimalMark {
    type Err = UnknownMark;

    fn from_str(word: &str) -> Result<DecimalMark, UnknownMark> {
        match word {
            "comma" | "," => Ok(DecimalMark::Comma),
            "point" | "." => Ok(DecimalMark::Point),
            _ => Err(UnknownMark),
        }
    }
}
