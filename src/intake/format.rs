//! What kind of file it is, by its first bytes: a name's ending proves nothing.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::IntakeError;
use super::archive::Archive;

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
const OTHERS: [(&[u8], &str); 10] = [
    (b"\xD0\xCF\x11\xE0", "an old Excel workbook (.xls), or one that a password protects"),
    (b"%PDF", "a PDF file"),
    (b"\x1F\x8B", "a compressed file"),
    (b"7z\xBC\xAF", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"SQLite format 3\0", "a database"),
    (b"\xFF\xFE\0\0", "text in UTF-32"),
    (b"\x89PNG", "a picture"),
    (b"\xFF\xD8\xFF", "a picture"),
    (b"PAR1", "a Parquet file"),
];

/// How web pages and XML begin, which some programs give out under the name of Excel files.
const MARKUP: [&str; 5] = ["<!doctype", "<html", "<table", "<?xml", "<workbook"];

/// What Excel puts before the name of a workbook while somebody has it open.
const OWNER_MARK: &str = "~$";

/// Opens a file that can be read more than once.
pub(super) fn open(path: &Path) -> Result<File, IntakeError> {
    let read_error = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => IntakeError::NotFound { path: path.into() },
        _ => IntakeError::Io { path: path.into(), source },
    };
    // Asked before opening: to open a pipe may wait for ever.
    let about = match std::fs::metadata(path) {
        Err(_) if path.as_os_str() == "-" => return Err(IntakeError::StandardInput),
        about => about.map_err(read_error)?,
    };
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
    let other = |what, mend| Err(IntakeError::OtherFormat { path: path.into(), what, mend });
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with(OWNER_MARK) {
        let what = "the mark that Excel leaves while somebody has a workbook open";
        return other(what, Some("name the workbook itself, without the ~$ before its name"));
    }
    if head.starts_with(b"PK\x03\x04") {
        return Ok(Format::Workbook);
    }
    if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return other(what, None);
    }
    let start = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let start = start[..start.len().min(200)].to_ascii_lowercase();
    if MARKUP.iter().any(|tag| start.starts_with(tag.as_bytes())) {
        let what = "a web page or XML that only pretends to be a table";
        return other(what, Some("open it in Excel, and save it as .xlsx or as \"CSV UTF-8\""));
    }
    if is_json(&start) {
        return other("JSON", Some("write its rows as CSV, with a header above them"));
    }
    Ok(Format::Text)
}

/// An object, or a list of objects or lists.
fn is_json(start: &[u8]) -> bool {
    let inside = |open: &[u8], first: &[u8]| {
        let inside = start.strip_prefix(open).map(<[u8]>::trim_ascii_start);
        inside.and_then(<[u8]>::first).is_some_and(|byte| first.contains(byte))
    };
    inside(b"{", b"\"}") || inside(b"[", b"{[]")
}

/// What a zip archive is that is no workbook, by the names in it and what it says of itself.
pub(super) fn other_archive(archive: &mut Archive) -> Option<(&'static str, &'static str)> {
    const SAVE_AS: &str = "save or export it as .xlsx, or as \"CSV UTF-8\"";
    const UNPACK: &str = "unpack it, and name the file inside";
    let kind = archive.head("mimetype");
    if kind.contains("opendocument.spreadsheet") {
        return Some(("an OpenDocument spreadsheet (.ods)", SAVE_AS));
    }
    let has = |wanted: &dyn Fn(&str) -> bool| archive.names().any(wanted);
    if has(&|name| name == "xl/workbook.bin") {
        Some(("a binary workbook (.xlsb)", SAVE_AS))
    } else if has(&|name| name.ends_with(".iwa") || name.ends_with("index.zip")) {
        Some(("a document of Apple Numbers", SAVE_AS))
    } else if has(&|name| name.starts_with("xl/")) {
        None
    } else if has(&|name| name.starts_with("word/") || name.starts_with("ppt/")) {
        Some(("a document of Word or PowerPoint", SAVE_AS))
    } else if has(&|name| [".csv", ".txt", ".tsv", ".xlsx"].iter().any(|end| name.ends_with(end))) {
        Some(("a zip archive with a file inside", UNPACK))
    } else if has(&|name| name == "_rels/.rels") {
        None
    } else {
        Some(("a zip archive", UNPACK))
    }
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
        assert_eq!(of(b"[wallet];{amount}").unwrap(), Format::Text);
        assert!(matches!(of(b""), Err(IntakeError::Empty { .. })));
        let mark = format_of(Path::new("a/~$may.xlsx"), b"x").unwrap_err();
        assert!(mark.hint().unwrap().contains("without the ~$"), "{mark}");
        for (head, word) in [
            (&b"\xD0\xCF\x11\xE0\xA1"[..], "password"),
            (b"%PDF-1.7", "PDF"),
            (b"\x1F\x8B\x08", "compressed"),
            (b"SQLite format 3\0", "database"),
            (b"\xFF\xFE\0\0a\0\0\0", "UTF-32"),
            (b"\xEF\xBB\xBF <HTML>", "web page"),
            (b"\r\n<table border=0>", "web page"),
            (b"[\n {\"wallet\": 1}]", "JSON"),
            (b"{\"rows\": []}", "JSON"),
        ] {
            let text = of(head).unwrap_err().to_string();
            assert!(text.contains(word), "{text}");
        }
    }
}
