//! The cells of a sheet, one after the other, as its XML has them.
//!
//! It stands apart from what they mean: here is what is written, there what a person sees.

use std::io::Read;

use super::xml::{Tag, Token, Xml, unescape, unescape_units};

/// The most of one text, with all its runs: a cell has at most 32,767 characters.
const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// What kind of value is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Number,
    /// A place in the table of texts.
    Shared,
    /// A text that a formula gave.
    Formula,
    Inline,
    Bool,
    Error,
    /// A date as ISO text.
    Date,
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RawCell {
    /// Its row, as a spreadsheet counts.
    pub(super) row: u64,
    /// Its column, counted from 0.
    pub(super) column: usize,
    pub(super) style: usize,
    pub(super) kind: Kind,
    pub(super) has_formula: bool,
    /// There is a value, which may be empty.
    pub(super) has_value: bool,
    pub(super) value: String,
}

/// The cells of a sheet.
pub(super) struct Cells<R> {
    xml: Xml<R>,
    cell: RawCell,
    /// Where a cell that does not say it stands.
    next: (u64, usize),
}

impl<R: Read> Cells<R> {
    /// The cells of a sheet; they begin where its data does.
    pub(super) fn new(mut xml: Xml<R>) -> Result<Cells<R>, String> {
        let mut is_sheet = false;
        loop {
            match xml.next()? {
                Some(Token::Start(tag)) if tag.name == "sheetData" => {
                    let next = (if tag.is_empty { 0 } else { 1 }, 0);
                    return Ok(Cells { xml, cell: RawCell::default(), next });
                }
                Some(Token::Start(tag)) => is_sheet |= tag.name == "worksheet",
                Some(_) => {}
                None if is_sheet => return Err("its sheet has no data".to_owned()),
                None => return Err("what should be its sheet is none".to_owned()),
            }
        }
    }

    /// The next cell; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<&RawCell>, String> {
        if self.next.0 == 0 {
            return Ok(None);
        }
        loop {
            match self.xml.next()?.ok_or("its rows end early")? {
                Token::Start(tag) if tag.name == "row" => {
                    if let Some(number) = tag.attribute("r") {
                        self.next.0 = number.parse().map_err(|_| odd("row", number))?;
                    }
                    self.next.1 = 0;
                    if tag.is_empty {
                        self.next.0 += 1;
                    }
                }
                Token::End("row") => self.next = (self.next.0 + 1, 0),
                Token::End("sheetData") => return Ok(None),
                Token::Start(tag) if tag.name == "c" => {
                    begin(&mut self.cell, tag, self.next)?;
                    let is_empty = tag.is_empty;
                    self.next.1 = self.cell.column + 1;
                    if !is_empty {
                        self.fill()?;
                    }
                    return Ok(Some(&self.cell));
                }
                _ => {}
            }
        }
    }

    /// Reads what is in a cell.
    fn fill(&mut self) -> Result<(), String> {
        let cell = &mut self.cell;
        loop {
            match self.xml.next()?.ok_or("a cell that does not end")? {
                Token::End("c") => return Ok(()),
                Token::Start(tag) => match (tag.name, tag.is_empty) {
                    ("f", is_empty) => {
                        cell.has_formula = true;
                        if !is_empty {
                            skip(&mut self.xml, "f")?;
                        }
                    }
                    ("v", true) => cell.has_value = true,
                    ("v", false) => {
                        cell.has_value = true;
                        // A text that stands here itself has a copy that counts for nothing.
                        match cell.kind {
                            Kind::Inline => skip(&mut self.xml, "v")?,
                            _ => read_value(&mut self.xml, &mut cell.value)?,
                        }
                    }
                    ("is", false) => {
                        cell.has_value = true;
                        cell.kind = Kind::Inline;
                        read_string(&mut self.xml, "is", &mut cell.value)?;
                    }
                    _ => {}
                },
                _ => {}
            }
        }
    }
}

/// Makes a cell of its tag.
fn begin(cell: &mut RawCell, tag: Tag<'_>, next: (u64, usize)) -> Result<(), String> {
    (cell.row, cell.column) = match tag.attribute("r") {
        Some(place) => position(place).ok_or_else(|| odd("cell", place))?,
        None => next,
    };
    cell.style = tag.attribute("s").and_then(|style| style.parse().ok()).unwrap_or(0);
    cell.kind = match tag.attribute("t") {
        None | Some("n") => Kind::Number,
        Some("s") => Kind::Shared,
        Some("str") => Kind::Formula,
        Some("inlineStr" | "is") => Kind::Inline,
        Some("b") => Kind::Bool,
        Some("e") => Kind::Error,
        Some("d") => Kind::Date,
        Some(other) => return Err(odd("kind of cell", other)),
    };
    (cell.has_formula, cell.has_value) = (false, false);
    cell.value.clear();
    Ok(())
}

/// `B7` as its row and its column.
fn position(place: &str) -> Option<(u64, usize)> {
    let end = place.find(|char: char| char.is_ascii_digit())?;
    let (letters, row) = place.split_at(end);
    let mut column = 0;
    for letter in letters.bytes() {
        let letter = letter.to_ascii_uppercase();
        if !letter.is_ascii_uppercase() || letters.len() > 3 {
            return None;
        }
        column = column * 26 + usize::from(letter - b'A') + 1;
    }
    Some((row.parse().ok().filter(|row| *row > 0)?, column.checked_sub(1)?))
}

fn odd(what: &str, text: &str) -> String {
    format!("no {what}: {:?}", text.chars().take(20).collect::<String>())
}

/// Reads a value up to its end.
fn read_value(xml: &mut Xml<impl Read>, into: &mut String) -> Result<(), String> {
    loop {
        match xml.next()?.ok_or("a value that does not end")? {
            Token::Text(text) => unescape(text, into)?,
            Token::End("v") => break,
            _ => {}
        }
    }
    Ok(())
}

/// Reads a text with its runs up to the end of what it stands in. How it is spoken is left out.
pub(super) fn read_string(
    xml: &mut Xml<impl Read>,
    end: &str,
    into: &mut String,
) -> Result<(), String> {
    let start = into.len();
    let (mut is_spoken, mut is_kept) = (false, None);
    loop {
        match xml.next()?.ok_or("a text that does not end")? {
            Token::Start(tag) if tag.name == "rPh" => is_spoken = !tag.is_empty,
            Token::End("rPh") => is_spoken = false,
            Token::Start(tag) if tag.name == "t" && !tag.is_empty && !is_spoken => {
                is_kept = Some(tag.attribute("space") == Some("preserve"));
            }
            Token::End("t") => is_kept = None,
            Token::End(name) if name == end => return Ok(()),
            Token::Text(text) => {
                let Some(is_kept) = is_kept else { continue };
                let mut run = String::new();
                unescape(text, &mut run)?;
                let run = if is_kept { &run } else { run.trim_ascii() };
                match run.contains("_x") {
                    true => into.push_str(&unescape_units(run)),
                    false => into.push_str(run),
                }
            }
            _ => {}
        }
        if into.len() - start > MAX_TEXT_BYTES {
            return Err("a cell of more than 1 MiB".to_owned());
        }
    }
}

fn skip(xml: &mut Xml<impl Read>, end: &str) -> Result<(), String> {
    while xml.next()?.ok_or("a cell that does not end")? != Token::End(end) {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data: &str) -> Result<Vec<RawCell>, String> {
        let text =
            format!("<worksheet><dimension ref='A1'/><sheetData>{data}</sheetData></worksheet>");
        let mut cells = Cells::new(Xml::new(text.as_bytes(), u64::MAX))?;
        let mut all = Vec::new();
        while let Some(cell) = cells.next()? {
            all.push(cell.clone());
        }
        Ok(all)
    }

    #[test]
    fn cells_are_read_as_programs_write_them() {
        // Goal: place, kind, formula and value of each cell. Method: cells of each kind, with and without
        // their places.
        let all = read(
            "<row r='2'><c r='B2' s='3'><v>1</v></c><c t='s'><v>7</v></c></row><row/><row><c t='inlineStr'>\
             <is><t>a</t></is></c><c t='str'><f>A1&amp;\"x\"</f><v>b &lt;</v></c><c><f/></c>\
             <c><f>1</f><v></v></c><c t='d'><v>2031-05-31</v></c></row>",
        )
        .unwrap();
        let brief = |cell: &RawCell| {
            let RawCell { row, column, kind, has_formula, has_value, value, .. } = cell;
            format!("{row},{column} {kind:?} {has_formula} {has_value} {value}")
        };
        assert_eq!(
            all.iter().map(brief).collect::<Vec<_>>(),
            [
                "2,1 Number false true 1",
                "2,2 Shared false true 7",
                "4,0 Inline false true a",
                "4,1 Formula true true b <",
                "4,2 Number true false ",
                "4,3 Number true true ",
                "4,4 Date false true 2031-05-31",
            ]
        );
        assert_eq!(all[0].style, 3);
        assert_eq!(position("XFD1048576"), Some((1_048_576, 16_383)));
    }

    #[test]
    fn what_is_no_sheet_is_refused() {
        // Goal: a damaged sheet is never half a file. Method: each damage once.
        for data in ["<row r='x'>", "<row><c r='7'/>", "<row><c r='A0'/>", "<row><c t='?'/>"] {
            assert!(read(data).is_err(), "{data}");
        }
        let open = |text: &'static str| Cells::new(Xml::new(text.as_bytes(), u64::MAX));
        assert!(open("<chartsheet/>").is_err() && open("<worksheet/>").is_err());
        assert!(open("<worksheet><sheetData/></worksheet>").unwrap().next().unwrap().is_none());
        assert!(open("<worksheet><sheetData><row>").unwrap().next().is_err());
        let long = format!("<t>{}</t>", "x".repeat(400_000)).repeat(3);
        assert!(read(&format!("<row><c t='inlineStr'><is>{long}</is></c></row>")).is_err());
    }
}
