//! A workbook: its sheets, and what all of them share.
//!
//! It is read by hand, as far as a campaign needs it: a library that reads all of a workbook keeps all of it, and
//! stops at a cell that nobody asked about. The parts are those of ECMA-376, part 1, 12 and 18.

use std::collections::HashMap;

use super::archive::{Archive, Part};
use super::number_format::NumberFormat;
use super::sheet_cell::Shared;
use super::texts::Texts;
use super::xml::{Tag, Token, Xml};

/// The most of one sheet as XML: beyond any sheet's 1,048,576 rows.
const MAX_SHEET_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// The most of the table of texts as XML.
const MAX_TEXTS_BYTES: u64 = 512 * 1024 * 1024;

/// The most of any other part.
const MAX_OTHER_BYTES: u64 = 8 * 1024 * 1024;

/// The most styles, formats or sheets: Excel has 65,490 styles at most.
const MAX_COUNT: usize = 70_000;

/// The most of the code of a format: Excel's own limit is 255 characters.
const MAX_FORMAT_BYTES: usize = 4_096;

/// A workbook that is open.
pub(super) struct Book {
    archive: Archive,
    pub(super) sheets: Vec<SheetEntry>,
    /// What its cells share.
    pub(super) shared: Shared,
}

/// A sheet as the workbook lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SheetEntry {
    pub(super) name: String,
    pub(super) is_hidden: bool,
    path: String,
}

impl Book {
    /// Opens the workbook in an archive.
    pub(super) fn open(mut archive: Archive) -> Result<Book, String> {
        let main = relations(&mut archive, "_rels/.rels")?
            .into_iter()
            .find(|relation| relation.kind == "officeDocument")
            .ok_or("it has no workbook")?
            .target;
        let main = main.trim_start_matches('/').to_owned();
        let folder = main.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let name = main.rsplit('/').next().unwrap_or("");
        let relations = relations(&mut archive, &within(&folder, &format!("_rels/{name}.rels")))?;
        let path = |kind: &str| {
            let relation = relations.iter().find(|relation| relation.kind == kind)?;
            Some(within(&folder, &relation.target))
        };
        let targets: HashMap<&str, String> = relations
            .iter()
            .filter(|relation| relation.kind == "worksheet")
            .map(|relation| (relation.id.as_str(), within(&folder, &relation.target)))
            .collect();
        let (sheets, is_1904) = read_workbook(&mut archive, &main, &targets)?;
        let (formats, styles) = match path("styles") {
            Some(path) => read_styles(&mut archive, &path)?,
            None => (Vec::new(), Vec::new()),
        };
        let texts = match path("sharedStrings") {
            Some(path) => match archive.part(&path, MAX_TEXTS_BYTES)? {
                Some(mut part) => Texts::read(&mut part).map_err(within_part(&path))?,
                None => Texts::default(),
            },
            None => Texts::default(),
        };
        Ok(Book { archive, sheets, shared: Shared { texts, formats, styles, is_1904 } })
    }

    /// The XML of a sheet, and what its cells share.
    pub(super) fn sheet(&mut self, index: usize) -> Result<(Part<'_>, &Shared), String> {
        let path = &self.sheets[index].path;
        let part = self.archive.part(path, MAX_SHEET_BYTES)?;
        Ok((part.ok_or_else(|| format!("its part {path} is missing"))?, &self.shared))
    }
}

/// What one part says of another.
struct Relation {
    id: String,
    /// The last word of its type.
    kind: String,
    target: String,
}

fn relations(archive: &mut Archive, path: &str) -> Result<Vec<Relation>, String> {
    let mut relations = Vec::new();
    each_tag(archive, path, |tag, _| {
        if tag.name == "Relationship" {
            let text = |name| Ok::<_, String>(tag.text(name)?.unwrap_or_default());
            let kind = text("Type")?.rsplit('/').next().unwrap_or_default().to_owned();
            relations.push(Relation { id: text("Id")?, kind, target: text("Target")? });
        }
        check_count(relations.len())
    })?;
    Ok(relations)
}

/// The sheets with data, and whether days count from 1904.
fn read_workbook(
    archive: &mut Archive,
    path: &str,
    targets: &HashMap<&str, String>,
) -> Result<(Vec<SheetEntry>, bool), String> {
    let (mut sheets, mut is_1904) = (Vec::new(), false);
    each_tag(archive, path, |tag, _| {
        match tag.name {
            "sheet" => {
                // Charts and dialogues have sheets of their own kind.
                if let Some(path) = tag.attribute("id").and_then(|id| targets.get(id)) {
                    sheets.push(SheetEntry {
                        name: tag.text("name")?.unwrap_or_default(),
                        is_hidden: tag.attribute("state").is_some_and(|state| state != "visible"),
                        path: path.clone(),
                    });
                }
            }
            "workbookPr" => {
                if let Some(value) = tag.attribute("date1904") {
                    is_1904 = matches!(value, "1" | "true");
                }
            }
            _ => {}
        }
        check_count(sheets.len())
    })?;
    Ok((sheets, is_1904))
}

/// The formats, and which of them each style has.
fn read_styles(
    archive: &mut Archive,
    path: &str,
) -> Result<(Vec<NumberFormat>, Vec<usize>), String> {
    let mut codes: HashMap<String, String> = HashMap::new();
    let (mut ids, mut is_inside) = (Vec::new(), false);
    each_tag(archive, path, |tag, is_start| {
        match (tag.name, is_start) {
            ("numFmt", true) => {
                let code = tag.text("formatCode")?.unwrap_or_default();
                if code.len() > MAX_FORMAT_BYTES {
                    return Err("a format that is too long".to_owned());
                }
                codes.insert(tag.text("numFmtId")?.unwrap_or_default(), code);
            }
            ("cellXfs", is_start) => is_inside = is_start,
            ("xf", true) if is_inside => ids.push(tag.text("numFmtId")?.unwrap_or_default()),
            _ => {}
        }
        check_count(codes.len().max(ids.len()))
    })?;
    let (mut formats, mut places) = (Vec::new(), HashMap::new());
    let styles = ids.into_iter().map(|id| {
        *places.entry(id).or_insert_with_key(|id| {
            let code = codes.get(id).map(String::as_str).filter(|code| !code.is_empty());
            // A style without a format hides nothing.
            formats.push(NumberFormat::of(code.or_else(|| built_in(id)).unwrap_or("General")));
            formats.len() - 1
        })
    });
    let styles = styles.collect();
    Ok((formats, styles))
}

/// The codes that need not stand in a file, of ECMA-376, part 1, 18.8.30. Those of money and of East Asia differ
/// by place, and are not known.
fn built_in(id: &str) -> Option<&'static str> {
    Some(match id {
        "1" => "0",
        "2" => "0.00",
        "3" => "#,##0",
        "4" => "#,##0.00",
        "9" => "0%",
        "10" => "0.00%",
        "11" => "0.00E+00",
        "12" => "# ?/?",
        "13" => "# ??/??",
        "14" => "mm-dd-yy",
        "15" => "d-mmm-yy",
        "16" => "d-mmm",
        "17" => "mmm-yy",
        "18" => "h:mm AM/PM",
        "19" => "h:mm:ss AM/PM",
        "20" => "h:mm",
        "21" => "h:mm:ss",
        "22" => "m/d/yy h:mm",
        "37" | "38" => "#,##0 ;(#,##0)",
        "39" | "40" => "#,##0.00;(#,##0.00)",
        "41" => "_(* #,##0_);_(* (#,##0);_(* \"-\"_);_(@_)",
        "43" => "_(* #,##0.00_);_(* (#,##0.00);_(* \"-\"??_);_(@_)",
        "45" => "mm:ss",
        "46" => "[h]:mm:ss",
        "47" => "mmss.0",
        "48" => "##0.0E+0",
        "49" => "@",
        _ => return None,
    })
}

fn check_count(count: usize) -> Result<(), String> {
    match count > MAX_COUNT {
        true => Err(format!("more than {MAX_COUNT} entries")),
        false => Ok(()),
    }
}

/// Shows each tag of a part, and whether it begins something or ends it.
fn each_tag(
    archive: &mut Archive,
    path: &str,
    mut see: impl FnMut(Tag<'_>, bool) -> Result<(), String>,
) -> Result<(), String> {
    let part = archive.part(path, MAX_OTHER_BYTES)?;
    let mut part: Xml<_> = part.ok_or_else(|| format!("its part {path} is missing"))?;
    let mut step = || {
        while let Some(token) = part.next()? {
            match token {
                Token::Start(tag) => see(tag, true)?,
                Token::End(name) => see(Tag::of_end(name), false)?,
                Token::Text(_) => {}
            }
        }
        Ok(())
    };
    step().map_err(within_part(path))
}

fn within_part(path: &str) -> impl Fn(String) -> String {
    move |why| format!("{why} in its part {path}")
}

/// The path of a part that another in this folder names.
fn within(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}
