//! The XML of a workbook's parts, one tag or text at a time.
//!
//! It is written by hand since readers of XML remember what is open, and make room for whatever comes: an
//! archive of a few hundred kilobytes can hold gigabytes of tags that nothing closes. The parts of a workbook
//! use little of XML; what they do not use is refused.
//!
//! **Invariant:** one tag or one text alone is in memory, and it is never longer than [`MAX_TOKEN_BYTES`].

use std::io::{BufRead, BufReader, Read};

/// The longest tag, and the longest text between two tags: a cell has at most 32,767 characters.
const MAX_TOKEN_BYTES: usize = 1024 * 1024;

/// Bytes asked of the part at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// What stands in a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'x> {
    /// A tag that begins something.
    Start(Tag<'x>),
    /// The name of what ends.
    End(&'x str),
    /// What stands between two tags, as it is written.
    Text(&'x str),
}

/// A tag that begins something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag<'x> {
    /// Its name without a namespace.
    pub(super) name: &'x str,
    attributes: &'x str,
    /// It ends at once.
    pub(super) is_empty: bool,
}

/// A part that is read.
pub(super) struct Xml<R> {
    part: BufReader<R>,
    token: Vec<u8>,
    left: u64,
    limit: u64,
}

impl<R: Read> Xml<R> {
    /// A part that may have so many bytes.
    pub(super) fn new(part: R, limit: u64) -> Xml<R> {
        let part = BufReader::with_capacity(CHUNK_BYTES, part);
        Xml { part, token: Vec::new(), left: limit, limit }
    }

    /// The next tag or text; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token<'_>>, String> {
        loop {
            self.token.clear();
            let is_tag = match self.fill()?.first() {
                None => return Ok(None),
                Some(first) => *first == b'<',
            };
            if is_tag {
                self.read_tag()?;
                if self.token[1..].starts_with(b"?") {
                    continue;
                }
            } else {
                self.read_while(|byte| byte != b'<')?;
            }
            break;
        }
        let text = str::from_utf8(&self.token).map_err(|_| "text that is not UTF-8".to_owned())?;
        let Some(tag) = text.strip_prefix('<') else {
            return Ok(Some(Token::Text(text)));
        };
        let tag = tag.strip_suffix('>').unwrap_or(tag);
        if let Some(name) = tag.strip_prefix('/') {
            return Ok(Some(Token::End(local(name.trim_ascii_end()))));
        }
        if tag.starts_with('!') {
            // Comments and declarations of types: no program writes them into a workbook.
            return Err("a comment or a declaration".to_owned());
        }
        let (tag, is_empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let end = tag.find(|char: char| char.is_ascii_whitespace()).unwrap_or(tag.len());
        let (name, attributes) = tag.split_at(end);
        Ok(Some(Token::Start(Tag { name: local(name), attributes, is_empty })))
    }

    fn fill(&mut self) -> Result<&[u8], String> {
        self.part.fill_buf().map_err(|error| error.to_string())
    }

    /// A tag up to its end, which may stand in the value of an attribute too.
    fn read_tag(&mut self) -> Result<(), String> {
        let mut quote = None;
        let mut is_over = false;
        self.read_while(|byte| {
            let goes_on = !is_over;
            match (quote, byte) {
                (Some(open), byte) if byte == open => quote = None,
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'>') => is_over = true,
                _ => {}
            }
            goes_on
        })?;
        match self.token.ends_with(b">") && is_over {
            true => Ok(()),
            false => Err("a tag that is not closed".to_owned()),
        }
    }

    fn read_while(&mut self, mut is_part: impl FnMut(u8) -> bool) -> Result<(), String> {
        loop {
            let bytes = self.part.fill_buf().map_err(|error| error.to_string())?;
            let count = bytes.iter().position(|byte| !is_part(*byte)).unwrap_or(bytes.len());
            let is_over = bytes.is_empty() || count < bytes.len();
            if self.token.len() + count > MAX_TOKEN_BYTES {
                return Err("a tag or a text of more than 1 MiB".to_owned());
            }
            self.left = self
                .left
                .checked_sub(count as u64)
                .ok_or_else(|| format!("more than {} MiB", self.limit / 1024 / 1024))?;
            self.token.extend_from_slice(&bytes[..count]);
            self.part.consume(count);
            if is_over {
                return Ok(());
            }
        }
    }
}

impl<'x> Tag<'x> {
    /// The tag that ends something, which has a name alone.
    pub(super) fn of_end(name: &'x str) -> Tag<'x> {
        Tag { name, attributes: "", is_empty: false }
    }

    /// The value of an attribute, as it is written; its name counts without a namespace.
    pub(super) fn attribute(&self, wanted: &str) -> Option<&'x str> {
        let mut rest = self.attributes;
        loop {
            let (name, after) = rest.split_once('=')?;
            let after = after.trim_ascii_start();
            let quote = after.chars().next().filter(|char| ['"', '\''].contains(char))?;
            let (value, after) = after[1..].split_once(quote)?;
            if local(name.trim_ascii()) == wanted {
                return Some(value);
            }
            rest = after;
        }
    }

    /// The same as text.
    pub(super) fn text(&self, wanted: &str) -> Result<Option<String>, String> {
        let mut text = String::new();
        match self.attribute(wanted) {
            Some(value) => unescape(value, &mut text).map(|()| Some(text)),
            None => Ok(None),
        }
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Adds a text as it is meant: entities as their characters, line ends as one.
pub(super) fn unescape(text: &str, into: &mut String) -> Result<(), String> {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '\r']) {
        into.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix('\r') {
            into.push('\n');
            rest = after.strip_prefix('\n').unwrap_or(after);
            continue;
        }
        let unknown = || "an entity that is not known".to_owned();
        let (entity, after) = rest[1..].split_once(';').ok_or_else(unknown)?;
        into.push(entity_of(entity).ok_or_else(unknown)?);
        rest = after;
    }
    into.push_str(rest);
    Ok(())
}

fn entity_of(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        name => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    })
}

/// What Excel writes as `_x000D_`: characters that XML cannot hold, as units of UTF-16.
pub(super) fn unescape_units(text: &str) -> String {
    let mut units: Vec<u16> = Vec::new();
    let mut found = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(unit) = unit_of(rest) {
            units.push(unit);
            rest = &rest[7..];
            continue;
        }
        found.push_str(&String::from_utf16_lossy(&std::mem::take(&mut units)));
        let end = rest[1..].find('_').map_or(rest.len(), |at| at + 1);
        let end = if rest.is_char_boundary(end) { end } else { rest.len() };
        found.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    found.push_str(&String::from_utf16_lossy(&units));
    found
}

fn unit_of(text: &str) -> Option<u16> {
    let unit = text.strip_prefix("_x")?.get(..5)?.strip_suffix('_')?;
    let is_hex = unit.bytes().all(|byte| byte.is_ascii_hexdigit());
    u16::from_str_radix(unit, 16).ok().filter(|_| is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str, limit: u64) -> Result<Vec<String>, String> {
        let mut xml = Xml::new(text.as_bytes(), limit);
        let mut all = Vec::new();
        while let Some(token) = xml.next()? {
            all.push(match token {
                Token::Start(tag) => format!("{}{}", tag.name, if tag.is_empty { "/" } else { "" }),
                Token::End(name) => format!("/{name}"),
                Token::Text(text) => format!("{text:?}"),
            });
        }
        Ok(all)
    }

    #[test]
    fn tags_and_texts_come_in_order() {
        // Goal: what programs write is read, with or without a namespace. Method: each thing once.
        let text = "<?xml version=\"1.0\" a='>'?>\r\n<x:c r=\"A1\" t='a>\"b'><v >1</v\n></x:c><e/>";
        assert_eq!(
            tokens(text, 1_000).unwrap(),
            ["\"\\r\\n\"", "c", "v", "\"1\"", "/v", "/c", "e/"]
        );
        let mut xml = Xml::new(&b"<sheet sheetId = '7' r:id=\"rId1\" name=\"A &amp; B\"/>"[..], 99);
        let Some(Token::Start(tag)) = xml.next().unwrap() else { panic!("no tag") };
        assert_eq!((tag.attribute("sheetId"), tag.attribute("id")), (Some("7"), Some("rId1")));
        assert_eq!(
            (tag.text("name").unwrap().as_deref(), tag.attribute("x")),
            (Some("A & B"), None)
        );
    }

    #[test]
    fn what_grows_without_end_is_refused() {
        // Goal: memory is bounded whatever a part holds. Method: each way to make one token, or the whole,
        // grow; millions of tags that nothing closes are read in passing.
        let long = "x".repeat(MAX_TOKEN_BYTES);
        let refused = |text: &str| tokens(text, u64::MAX).unwrap_err();
        for text in [long.clone() + "x", format!("<a b='{long}'>"), format!("<a b='>{long}")] {
            assert!(refused(&text).contains("1 MiB"));
        }
        assert!(refused("<row><!-- <<<<< -->").contains("comment"));
        assert!(refused("<a b='>").contains("not closed"));
        assert!(tokens(&"<si>".repeat(100_000), 1_000).unwrap_err().contains("more than"));
        assert_eq!(tokens(&"<si>".repeat(100_000), 400_000).unwrap().len(), 100_000);
        assert!(tokens(&long, u64::MAX).is_ok());
    }

    #[test]
    fn characters_come_back() {
        // Goal: a text is what the spreadsheet shows. Method: each way to write one.
        let text = |text: &str| {
            let mut into = String::new();
            unescape(text, &mut into).map(|()| into)
        };
        assert_eq!(text("a &lt;&#231;&#xE7;&quot;\r\nb\rc").as_deref(), Ok("a <çç\"\nb\nc"));
        assert!(text("&nbsp;").is_err() && text("a & b").is_err());
        assert_eq!(unescape_units("a_x000D__x000a_b_x"), "a\r\nb_x");
        assert_eq!(unescape_units("_xD83C__xDF81_ ş_x005F_x000D_"), "🎁 ş_x000D_");
        assert_eq!(unescape_units("_x00zz_ _ü_"), "_x00zz_ _ü_");
    }
}
