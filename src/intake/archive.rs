//! Whether a workbook's archive is safe to unpack.
//!
//! A zip archive of a megabyte can hold a gigabyte of blanks. The library that reads workbooks keeps
//! some of their parts in memory, so every part is unpacked once before it and measured, not kept.
//!
//! **Invariant:** nothing of the archive is kept here.

use std::io::{Cursor, Read};

use zip::ZipArchive;

/// The most that all parts together may unpack to: beyond any sheet's 1,048,576 rows.
const MAX_UNPACKED_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// The most of the table of texts, which is kept in memory.
const MAX_TEXTS_BYTES: u64 = 256 * 1024 * 1024;

/// The most of any other part but a sheet: styles and names are kept in memory, and take many times
/// what they have as XML.
const MAX_OTHER_BYTES: u64 = 8 * 1024 * 1024;

/// The most of a picture, which nobody unpacks unless it pretends to be a sheet.
const MAX_PICTURE_BYTES: u64 = 64 * 1024 * 1024;

/// The most of one cell or text, with its XML: a cell has at most 32,767 characters.
const MAX_CELL_BYTES: usize = 1024 * 1024;

/// Digits that the count of texts can have; the library makes room for so many.
const MAX_COUNT_DIGITS: usize = 8;

/// Where the count of texts would stand.
const COUNT_LOOK_BYTES: usize = 4 * 1024;

/// What holds text of any length: cells, and the texts that they share.
const HOLDERS: [&[u8]; 2] = [b"c", b"si"];

/// What ends a cell that had no end of its own.
const AROUND: [&[u8]; 2] = [b"row", b"sheetData"];

/// Why an archive cannot be unpacked, or `Ok` where it can.
pub(super) fn check_archive(bytes: &[u8]) -> Result<(), String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let mut unpacked = 0;
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|error| error.to_string())?;
        // Excel's names of parts do not differ by case.
        let name = part.name().map_err(|error| error.to_string())?.to_ascii_lowercase();
        let is_xml = name.ends_with(".xml");
        let limit = match is_xml {
            true if name.contains("worksheets/") => MAX_UNPACKED_BYTES,
            true if name.contains("sharedstrings") => MAX_TEXTS_BYTES,
            false if name.contains("media/") => MAX_PICTURE_BYTES,
            _ => MAX_OTHER_BYTES,
        };
        let kind = if is_xml { Kind::Xml } else { Kind::Other };
        unpacked +=
            measure(&mut part, limit, kind).map_err(|why| format!("{why} in its part {name}"))?;
        if unpacked > MAX_UNPACKED_BYTES {
            return Err("more than 4 GiB".to_owned());
        }
    }
    Ok(())
}

/// Whether a part is read as XML.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Xml,
    Other,
}

/// How long a part is, if it stays within its limits.
fn measure(part: &mut impl Read, limit: u64, kind: Kind) -> Result<u64, String> {
    let mut buffer = vec![0; 64 * 1024];
    let mut length = 0;
    let mut tags = Tags::default();
    loop {
        let count = part.read(&mut buffer).map_err(|error| error.to_string())?;
        if count == 0 {
            return Ok(length);
        }
        let bytes = &buffer[..count];
        if length < COUNT_LOOK_BYTES as u64 {
            check_count(bytes)?;
        }
        length += count as u64;
        if length > limit {
            return Err(format!("more than {} MiB", limit / 1024 / 1024));
        }
        if kind == Kind::Xml {
            tags.see(bytes)?;
        }
    }
}

/// Where the tags of a part are, as far as it was read.
#[derive(Default)]
struct Tags {
    /// The name of the tag that is being read; nothing between tags.
    name: Option<Vec<u8>>,
    /// Bytes since a cell or a text began; nothing outside of them.
    run: Option<usize>,
}

impl Tags {
    fn see(&mut self, bytes: &[u8]) -> Result<(), String> {
        for &byte in bytes {
            self.run = self.run.map(|run| run + 1);
            match (&mut self.name, byte) {
                (_, b'<') => self.name = Some(Vec::new()),
                // Comments and declarations of types: no program writes them into a sheet.
                (Some(name), b'!') if name.is_empty() => {
                    return Err("a comment or a declaration".to_owned());
                }
                (Some(name), b' ' | b'>' | b'\t' | b'\r' | b'\n') => {
                    // With or without the namespace, and the slash of an end.
                    let local = name.rsplit(|byte| b":/".contains(byte)).find(|it| !it.is_empty());
                    let local = local.unwrap_or(b"");
                    if HOLDERS.contains(&local) {
                        self.run = (!name.starts_with(b"/")).then_some(0);
                    } else if AROUND.contains(&local) {
                        self.run = None;
                    }
                    self.name = None;
                }
                (Some(name), byte) if name.len() < 64 => name.push(byte),
                _ => {}
            }
            if self.run.is_some_and(|run| run > MAX_CELL_BYTES) {
                return Err("a cell of more than 1 MiB".to_owned());
            }
        }
        Ok(())
    }
}

fn check_count(bytes: &[u8]) -> Result<(), String> {
    let name = b"uniqueCount=\"";
    let places = bytes.windows(name.len()).take(COUNT_LOOK_BYTES);
    let digits = match places.enumerate().find(|(_, window)| window == name) {
        Some((at, _)) => bytes[at + name.len()..].iter().take_while(|b| **b != b'"').count(),
        None => 0,
    };
    match digits > MAX_COUNT_DIGITS {
        true => Err("an impossible count of texts".to_owned()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;

    fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn archives_that_grow_without_end_are_refused() {
        // Goal: memory is bounded whatever an archive holds. Method: each way to make it grow, and the
        // same within its limit.
        let check = |name: &str, bytes: &[u8]| check_archive(&archive(&[(name, bytes)]));
        let cell = |bytes: usize| ["<c><is><t>", &" ".repeat(bytes), "</t></is></c>"].concat();
        let sheet = "xl/worksheets/sheet1.xml";
        assert_eq!(check(sheet, cell(MAX_CELL_BYTES - 100).repeat(3).as_bytes()), Ok(()));
        for name in [sheet, "xl/SharedStrings.XML"] {
            let error = check(name, cell(MAX_CELL_BYTES).as_bytes()).unwrap_err();
            assert!(error.contains("1 MiB"), "{error}");
        }
        // Runs of one text that are each within the limit.
        let run = ["<x:r><t>", &" ".repeat(MAX_CELL_BYTES / 4), "</t></x:r>"].concat();
        assert!(
            check("xl/sharedStrings.xml", format!("<x:si>{}", run.repeat(5)).as_bytes()).is_err()
        );
        let texts = format!("<x:si>{}</x:si>", run.repeat(2)).repeat(3);
        assert_eq!(check("xl/sharedStrings.xml", texts.as_bytes()), Ok(()));
        assert!(check(sheet, b"<row><!-- <<<<< -->").unwrap_err().contains("comment"));
        // Empty rows and cells hold nothing.
        assert_eq!(check(sheet, "<row r='7' ht='15'/>".repeat(100_000).as_bytes()), Ok(()));
        assert_eq!(check(sheet, "<c r='A7' s='1'/>".repeat(100_000).as_bytes()), Ok(()));
        let large = vec![b'x'; usize::try_from(MAX_OTHER_BYTES).unwrap() + 1];
        for name in ["xl/worksheets/sheet1.dat", "xl/styles.xml"] {
            assert!(check(name, &large).unwrap_err().contains("8 MiB"), "{name}");
            assert_eq!(check(name, &large[1..]), Ok(()), "{name}");
        }
        assert_eq!(check("xl/media/image1.png", &large), Ok(()));
        // What stands below the cells may be long.
        let links =
            "<c><v>1</v></c></row></sheetData>".to_owned() + &"<hyperlink r='A1'/>".repeat(100_000);
        assert_eq!(check(sheet, links.as_bytes()), Ok(()));
        let count = |digits: &str| format!("<sst uniqueCount=\"{digits}\">").into_bytes();
        assert!(check("xl/sharedStrings.xml", &count("999999999")).is_err());
        assert_eq!(check("xl/sharedStrings.xml", &count("99999999")), Ok(()));
        assert!(check_archive(b"PK\x03\x04 and nothing more").is_err());
    }
}
