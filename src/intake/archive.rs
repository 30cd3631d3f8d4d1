//! The parts of a workbook's archive, by their names.
//!
//! A zip archive of a megabyte can hold a gigabyte of blanks. So nothing is unpacked but what is read, as it is
//! read, and each part has a limit.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::read::ZipFile;

use super::xml::Xml;

/// The most entries that are looked at: a workbook has some for each sheet and picture.
const MAX_ENTRIES: usize = 100_000;

type Bytes = Cursor<Vec<u8>>;

/// An archive in memory.
pub(super) struct Archive {
    zip: ZipArchive<Bytes>,
    /// Names in small letters with their place: Excel's names of parts do not differ by case.
    names: HashMap<String, usize>,
}

/// A part that is read.
pub(super) type Part<'a> = Xml<ZipFile<'a, Bytes>>;

impl Archive {
    /// The archive of these bytes.
    pub(super) fn new(bytes: Vec<u8>) -> Result<Archive, String> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
        if zip.len() > MAX_ENTRIES {
            return Err("more than 100,000 files in it".to_owned());
        }
        let name = |index| {
            let name = zip.name_for_index(index)?.ok()?;
            Some((name.trim_start_matches('/').to_ascii_lowercase(), index))
        };
        let names = (0..zip.len()).filter_map(name).collect();
        Ok(Archive { zip, names })
    }

    /// The names of all parts, in small letters.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// A part of at most so many bytes, if there is one of this name.
    pub(super) fn part(&mut self, name: &str, limit: u64) -> Result<Option<Part<'_>>, String> {
        let name = name.trim_start_matches('/').replace('\\', "/").to_ascii_lowercase();
        let Some(&index) = self.names.get(&name) else {
            return Ok(None);
        };
        let part = self.zip.by_index(index).map_err(|error| error.to_string())?;
        Ok(Some(Xml::new(part, limit)))
    }

    /// The first bytes of a part, as text.
    pub(super) fn head(&mut self, name: &str) -> String {
        let mut head = Vec::new();
        if let Some(&index) = self.names.get(name)
            && let Ok(part) = self.zip.by_index(index)
        {
            // What cannot be read says nothing.
            let _ = part.take(100).read_to_end(&mut head);
        }
        String::from_utf8_lossy(&head).into_owned()
    }
}
