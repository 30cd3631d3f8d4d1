//! What kind of file it is, by its first bytes: a name's ending proves nothing.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::IntakeError;

/// Bytes that are looked at.
const HEAD_BYTES: u64 = 64 * 1024;

/// What can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Text in some encoding.
    Text,
    /// A zip archive; Excel's workbooks are such.
    Workbook,
}

/// Files that people take for a CSV file or a workbook, by how they begin.
const OTHERS: [(&[u8], &str); 7] = [
    (b"\xD0\xCF\x11\xE0", "an old Excel workbook (.xls), or one that a password protects"),
    (b"%PDF", "a PDF file"),
    (b"\x1F\x8B", "a compressed file"),
    (b"7z\xBC\xAF", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"SQLite format 3\0", "a database"),
    (b"\xFF\xFE\0\0", "text in UTF-32"),
];

/// How web pages and XML begin, which some programs give out under the name of Excel files.
const MARKUP: [&str; 5] = ["<!doctype", "<html", "<table", "<?xml", "<workbook"];

/// Opens a file that can be read more than once.
pub(super) fn open(path: &Path) -> Result<File, IntakeError> {
    let read_error = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => IntakeError::NotFound { path: path.into() },
        _ => IntakeError::Io { path: path.into(), source },
    };
    // Asked before opening: to open a pipe may wait for ever.
    let about = std::fs::metadata(path).map_err(read_error)?;
    if about.is_dir() {
        return Err(IntakeError::Folder { path: path.into() });
    }
    if !about.is_file() {
        return Err(IntakeError::NotRegular { path: path.into() });
    }
    File::open(path).map_err(read_error)
}

/// The first bytes of a file.
pub(super) fn head(path: &Path) -> Result<Vec<u8>, IntakeError> {
    let mut head = Vec::new();
    open(path)?
        .take(HEAD_BYTES)
        .read_to_end(&mut head)
        .map_err(|source| IntakeError::Io { path: path.into(), source })?;
    Ok(head)
}

/// The format of a file that begins so.
pub(super) fn format_of(path: &Path, head: &[u8]) -> Result<Format, IntakeError> {
    if head.is_empty() {
        return Err(IntakeError::Empty { path: path.into() });
    }
    if head.starts_with(b"PK\x03\x04") {
        return Ok(Format::Workbook);
    }
    if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(IntakeError::OtherFormat { path: path.into(), what });
    }
    let start = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let start = start[..start.len().min(20)].to_ascii_lowercase();
    if MARKUP.iter().any(|tag| start.starts_with(tag.as_bytes())) {
        let what = "a web page or XML that only pretends to be a table";
        return Err(IntakeError::OtherFormat { path: path.into(), what });
    }
    Ok(Format::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_table_are_named() {
        // Goal: the message says what the file is. Method: first bytes of each kind.
        let of = |head: &[u8]| format_of(Path::new("f.csv"), head);
        assert_eq!(of(b"PK\x03\x04..").unwrap(), Format::Workbook);
        assert_eq!(of(b"wallet;amount").unwrap(), Format::Text);
        assert_eq!(of(b"\xFF\xFEa\0").unwrap(), Format::Text);
        assert!(matches!(of(b""), Err(IntakeError::Empty { .. })));
        for (head, word) in [
            (&b"\xD0\xCF\x11\xE0\xA1"[..], "password"),
            (b"%PDF-1.7", "PDF"),
            (b"\x1F\x8B\x08", "compressed"),
            (b"SQLite format 3\0", "database"),
            (b"\xFF\xFE\0\0a\0\0\0", "UTF-32"),
            (b"\xEF\xBB\xBF <HTML>", "web page"),
            (b"\r\n<table border=0>", "web page"),
        ] {
            let text = of(head).unwrap_err().to_string();
            assert!(text.contains(word), "{text}");
        }
    }
}
