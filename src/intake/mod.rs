//! Intake: a campaign's file becomes rows that can be trusted, or faults that can be mended.
//!
//! A wrong file is the dearest fault of this trade: amounts a thousand times too large, an expiry
//! a day early, rows that vanish. So the file is read exactly or not at all, and twice:
//!
//! | pass | what it reads | what it decides |
//! | --- | --- | --- |
//! | [`survey()`] | every byte, the amounts as text | the dialect, the columns, the decimal mark of the whole column, the digest of the bytes |
//! | [`read`] | every byte again | each row's content or all of its faults; at the end, that the file is still the one surveyed |
//!
//! Each pass goes through the same steps, each in a file of its own: `source` opens the file by its
//! `format`; for text, `encoding` finds what it is in, `decode` turns bytes into lines and `split`
//! lines into cells; for workbooks, `archive` unpacks the parts that `book` names, `cells` reads their
//! `xml`, and `sheet_cell` says what a cell means, or which `flaw` it has. Then `columns` says which cell is what, `shape` whether a row can be told apart, and `row`
//! reads its cells with the grammars of `cell`, `amount`, `date`, `birth_date` and `customer`.
//!
//! **Invariant:** nothing is guessed for one row: what a mark or a column means is decided once,
//! for the whole file.
//! **Invariant:** memory stays flat, whatever the size of the file or of a line.
//! **Invariant:** it knows the domain alone: no ledger, no network, no clock, nothing printed.

mod amount;
mod amount_name;
mod archive;
mod birth_date;
mod book;
mod cell;
mod cells;
mod charset;
mod code;
mod column;
mod columns;
mod currency;
mod customer;
mod date;
mod decode;
mod default_expiry;
mod dialect;
mod encoding;
mod error;
mod evidence;
mod expires;
mod fault;
mod flaw;
mod format;
mod format_section;
mod header;
mod hint;
mod letters;
mod near_miss;
mod nearest;
mod number_format;
mod options;
mod outcome;
mod place;
mod record;
mod rewrite;
mod row;
mod rows;
mod shape;
mod sheet;
mod sheet_cell;
mod source;
mod split;
mod survey;
mod swallowed;
#[cfg(test)]
mod tests;
mod texts;
mod used;
mod xml;
mod zone;

pub use amount::MAX_AMOUNT;
pub use cell::MAX_DESCRIPTION_CHARS;
pub use charset::{Charset, UnknownEncoding, encoding_of};
pub use code::Code;
pub use column::{Column, UnknownColumn};
pub use columns::Columns;
pub use currency::{Currency, UnknownCurrency};
pub use customer::customer_of;
pub use default_expiry::{DefaultExpiry, DefaultExpiryError};
pub use dialect::{Dialect, LineEnding};
pub use encoding::{EncodingOrigin, TextEncoding};
pub use error::{IntakeError, TwoReadings};
pub use fault::{Fault, FaultList};
pub use options::{Birthdays, DecimalMark, ReadOptions, UnknownMark};
pub use outcome::{BadRow, Row, RowOutcome};
pub use place::Place;
pub use rewrite::RowWriter;
pub use rows::{Rows, read};
pub use survey::{Survey, survey};
pub use used::Used;
