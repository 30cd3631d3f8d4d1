//! How a file is written, beside what it says: kept, so that rows can go back in the same form.

use serde::{Deserialize, Serialize};

use super::columns::count_known;
use super::options::ReadOptions;
use super::record::Record;
use super::{Currency, Place};

/// The delimiters that are looked for, the likelier first.
pub(super) const DELIMITERS: [u8; 4] = *b";,\t|";

/// The form of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// The name of its encoding in the WHATWG Encoding Standard.
    #[serde(default = "utf8")]
    pub encoding: String,
    /// The currency of its amounts.
    #[serde(default)]
    pub currency: Currency,
    /// The workbook's sheet that was read; nothing for text.
    #[serde(default)]
    pub sheet: Option<String>,
    /// The byte between cells; always ASCII.
    pub delimiter: u8,
    /// Whether the file begins with a byte order mark.
    pub bom: bool,
    /// How the header's line ends.
    pub line_ending: LineEnding,
    /// Whether the first line is Excel's `sep=;`.
    pub sep_line: bool,
}

/// What older ledgers do not say of their files.
fn utf8() -> String {
    encoding_rs::UTF_8.name().to_owned()
}

impl Dialect {
    /// What a place in the file is called by the program that people mend it with.
    pub fn line_word(&self) -> &'static str {
        if self.sheet.is_some() { "row" } else { "line" }
    }

    /// The place of a row, by its line or its number.
    pub fn place(&self, number: u64) -> Place {
        match self.sheet {
            Some(_) => Place::Row(number),
            None => Place::Line(number),
        }
    }

    /// The form of rows of a sheet where they have to be text: as Excel in Turkish saves them.
    pub(super) fn of_sheet(name: &str, currency: &Currency) -> Dialect {
        Dialect {
            encoding: utf8(),
            currency: currency.clone(),
            sheet: Some(name.to_owned()),
            delimiter: b';',
            bom: true,
            line_ending: LineEnding::CrLf,
            sep_line: false,
        }
    }
}

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineEnding {
    /// `\n`.
    Lf,
    /// `\r\n`, as Windows writes.
    CrLf,
    /// `\r`, as very old Macs wrote.
    Cr,
}

impl LineEnding {
    /// The bytes themselves.
    pub const fn as_str(self) -> &'static str {
        match self {
            LineEnding::Lf => "\n",
            LineEnding::CrLf => "\r\n",
            LineEnding::Cr => "\r",
        }
    }

    /// How a line ends.
    pub(super) fn of(line: &str) -> LineEnding {
        if line.ends_with("\r\n") {
            LineEnding::CrLf
        } else if line.ends_with('\r') {
            LineEnding::Cr
        } else {
            LineEnding::Lf
        }
    }
}

/// The delimiter that Excel's first line `sep=;` names, if the line is one.
pub(super) fn sep_line(line: &str) -> Option<u8> {
    let line = line.trim_end_matches(['\r', '\n']);
    let line = line.strip_prefix('"').unwrap_or(line);
    let line = line.strip_suffix('"').unwrap_or(line);
    match line.as_bytes() {
        [s, e, p, b'=', delimiter] if [*s, *e, *p].eq_ignore_ascii_case(b"sep") => Some(*delimiter),
        _ => None,
    }
}

/// The delimiter under which the header has the most columns that we know, then the most cells.
pub(super) fn sniff(header: &str, line: u64, options: &ReadOptions) -> u8 {
    let score = |delimiter: u8| {
        let record = Record::of(header, line, delimiter);
        (count_known(record.cells(), options), record.len())
    };
    let best = DELIMITERS.into_iter().rev().max_by_key(|&one| score(one));
    match best {
        Some(delimiter) if score(delimiter).1 > 1 => delimiter,
        // One column alone: any delimiter gives the same cells.
        _ => b',',
    }
}

/// Whether a byte can stand between cells.
pub(super) fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n\0 ".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::tests::options;

    #[test]
    fn the_delimiter_is_the_one_that_makes_sense_of_the_header() {
        // Goal: a mark inside a name does not decide. Method: a header for each delimiter.
        for (header, delimiter) in [
            ("WalletId;Amount;Description", b';'),
            ("WalletId,Amount,Description", b','),
            ("WalletId\tAmount\tDescription", b'\t'),
            ("WalletId|Amount|Description", b'|'),
            ("Cüzdan No;Tutar;a,b,c,d,e,f", b';'),
            ("\"a;b;c;d\",wallet,amount", b','),
            ("WalletId", b','),
        ] {
            assert_eq!(sniff(header, 1, &options()), delimiter, "{header}");
        }
    }

    #[test]
    fn excels_first_line_names_the_delimiter() {
        // Goal: `sep=` is no header. Method: the spellings Excel reads, and near misses.
        assert_eq!(sep_line("sep=;\r\n"), Some(b';'));
        assert_eq!(sep_line("\"SEP=|\"\n"), Some(b'|'));
        assert_eq!(sep_line("sep=\t\n"), Some(b'\t'));
        assert_eq!(sep_line("sep,amount\n"), None);
        assert_eq!(sep_line("sep="), None);
    }
}
