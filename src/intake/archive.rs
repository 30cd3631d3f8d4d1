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

/// The most of one part that is kept in memory: all but the sheets are.
const MAX_KEPT_BYTES: u64 = 256 * 1024 * 1024;

/// The most between two tags: one cell's text has at most 32,767 characters.
const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// Digits that the count of texts can have; the library makes room for so many.
const MAX_COUNT_DIGITS: usize = 8;

/// Where the count of texts would stand.
const COUNT_LOOK_BYTES: usize = 4 * 1024;

/// Why an archive cannot be unpacked, or `Ok` where it can.
pub(super) fn check_archive(bytes: &[u8]) -> Result<(), String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let mut unpacked = 0;
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|error| error.to_string())?;
        // Excel's names of parts do not differ by case.
        let name = part.name().map_err(|error| error.to_string())?.to_ascii_lowercase();
        if !name.ends_with(".xml") && !name.ends_with(".rels") {
            continue;
        }
        let is_sheet = name.contains("worksheets/");
        let limit = if is_sheet { MAX_UNPACKED_BYTES } else { MAX_KEPT_BYTES };
        unpacked += measure(&mut part, limit).map_err(|why| format!("{why} in its part {name}"))?;
        if unpacked > MAX_UNPACKED_BYTES {
            return Err("more than 4 GiB".to_owned());
        }
    }
    Ok(())
}

/// How long a part is, if it stays within its limits.
fn measure(part: &mut impl Read, limit: u64) -> Result<u64, String> {
    let mut buffer = vec![0; 64 * 1024];
    let mut length = 0;
    let mut text = 0;
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
        let mut between = bytes.split(|&byte| byte == b'<').map(<[u8]>::len);
        text += between.next().unwrap_or(0);
        let longest = between.clone().max().unwrap_or(0).max(text);
        if longest > MAX_TEXT_BYTES {
            return Err("a text of more than 1 MiB".to_owned());
        }
        if let Some(last) = between.next_back() {
            text = last;
        }
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
        // Goal: memory is bounded whatever an archive holds. Method: a text, a part and a count too
        // large, each alone, and the same within its limit.
        let check = |name: &str, bytes: &[u8]| check_archive(&archive(&[(name, bytes)]));
        let long = vec![b' '; MAX_TEXT_BYTES + 1];
        assert!(check("xl/sharedStrings.xml", &long).unwrap_err().contains("1 MiB"));
        assert!(check("xl/worksheets/sheet1.xml", &long).is_err());
        assert_eq!(check("xl/worksheets/sheet1.xml", &long[..MAX_TEXT_BYTES]), Ok(()));
        // A picture is never unpacked.
        assert_eq!(check("xl/media/image1.png", &long), Ok(()));
        let tags = |count| std::io::repeat(b'<').take(count);
        assert_eq!(measure(&mut tags(1 << 20), 1 << 20), Ok(1 << 20));
        assert!(measure(&mut tags((1 << 20) + 1), 1 << 20).unwrap_err().contains("1 MiB"));
        let count = |digits: &str| format!("<sst uniqueCount=\"{digits}\">").into_bytes();
        assert!(check("xl/sharedStrings.xml", &count("999999999")).is_err());
        assert_eq!(check("xl/sharedStrings.xml", &count("99999999")), Ok(()));
        assert!(check_archive(b"PK\x03\x04 and nothing more").is_err());
    }
}
