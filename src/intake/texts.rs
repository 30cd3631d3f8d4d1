//! The table of texts that the cells of a workbook share.
//!
//! It stands apart since it is the one part of a workbook that stays in memory: all texts in one piece, with
//! the place where each ends.

use std::io::Read;

use super::cells::read_string;
use super::xml::{Token, Xml};

/// The most that the table may take in memory.
const MAX_BYTES: usize = 96 * 1024 * 1024;

/// The texts, in order.
#[derive(Debug, Default)]
pub(super) struct Texts {
    all: String,
    ends: Vec<u32>,
}

impl Texts {
    /// Reads the table.
    pub(super) fn read(xml: &mut Xml<impl Read>) -> Result<Texts, String> {
        let mut texts = Texts::default();
        while let Some(token) = xml.next()? {
            match token {
                Token::Start(tag) if tag.name == "si" => {
                    if !tag.is_empty {
                        read_string(xml, "si", &mut texts.all)?;
                    }
                    texts.end()?;
                }
                _ => {}
            }
        }
        Ok(texts)
    }

    /// A text by its place in the table.
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.all.get(start..end)
    }

    fn end(&mut self) -> Result<(), String> {
        let too_many = || format!("more than {} MiB of texts", MAX_BYTES / 1024 / 1024);
        if self.all.len() + self.ends.len() * size_of::<u32>() > MAX_BYTES {
            return Err(too_many());
        }
        self.ends.push(u32::try_from(self.all.len()).map_err(|_| too_many())?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Texts, String> {
        Texts::read(&mut Xml::new(text.as_bytes(), u64::MAX))
    }

    #[test]
    fn texts_are_found_by_their_place() {
        // Goal: each cell gets its own text. Method: plain, empty, rich and spoken ones.
        let texts = read(
            "<sst uniqueCount=\"999999999\"><si><t>Cüzdan</t></si><si/><si><t xml:space=\"preserve\"> a </t>\
             </si><si><t> b\n</t></si><si><r><t>iyi</t></r><r><rPr><b/></rPr><t xml:space='preserve'> ki\
             </t></r><rPh><t>x</t></rPh></si></sst>",
        )
        .unwrap();
        let all: Vec<&str> = (0..6).map_while(|index| texts.get(index)).collect();
        assert_eq!(all, ["Cüzdan", "", " a ", "b", "iyi ki"]);
    }

    #[test]
    fn a_table_without_end_is_refused() {
        // Goal: memory is bounded, whatever the table is made of. Method: empty texts, and long ones.
        let empty = "<si>".to_owned() + &"</si><si>".repeat(10);
        assert!(read(&empty).is_err());
        let long = format!("<si><t>{}</t></si>", "x".repeat(1_000_000)).repeat(101);
        assert!(read(&long).unwrap_err().contains("of texts"));
    }
}
