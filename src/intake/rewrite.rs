//! Rows back in the form of the file that they came from, for people who mend them in the program
//! that wrote it.
//!
//! It stands beside reading, since what it writes has to be read again as the very same cells.
//!
//! **Invariant:** a cell that came from the file goes back letter by letter.

use std::io::{self, Write};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use super::{Charset, Dialect, encoding_of};

/// Writes rows in the form of a file.
pub struct RowWriter<W: Write> {
    into: W,
    form: Form,
}

enum Form {
    Text { dialect: Dialect, encoding: Charset, line: String },
    Book { book: Box<Workbook>, sheet: String, rows: u32 },
}

impl<W: Write> RowWriter<W> {
    /// A writer that has written what stands above the header.
    pub fn new(mut into: W, dialect: &Dialect) -> io::Result<RowWriter<W>> {
        if let Some(sheet) = &dialect.sheet {
            let mut book = Box::new(Workbook::new());
            // The same rows give the same bytes, whenever they are written.
            let epoch = ExcelDateTime::from_ymd(2000, 1, 1).map_err(book_error)?;
            book.set_properties(&DocProperties::new().set_creation_datetime(&epoch));
            let page = book.add_worksheet_with_constant_memory().map_err(book_error)?;
            // Other programs allow names that Excel does not: then Excel's own has to do.
            let _ = page.set_name(sheet);
            let form = Form::Book { sheet: page.name(), book, rows: 0 };
            return Ok(RowWriter { into, form });
        }
        let encoding = encoding_of(&dialect.encoding).unwrap_or(Charset::UTF8);
        if dialect.bom {
            into.write_all(&encoding.encode("\u{feff}"))?;
        }
        let mut line = String::new();
        if dialect.sep_line {
            line = format!("sep={}{}", char::from(dialect.delimiter), dialect.line_ending.as_str());
            into.write_all(&encoding.encode(&line))?;
        }
        let form = Form::Text { dialect: dialect.clone(), encoding, line };
        Ok(RowWriter { into, form })
    }

    /// Writes one row; a workbook gets back as numbers the cells that were.
    pub fn row<'c>(
        &mut self,
        cells: impl Iterator<Item = &'c str>,
        numbers: &[usize],
    ) -> io::Result<()> {
        match &mut self.form {
            Form::Text { dialect, encoding, line } => {
                line.clear();
                for (index, cell) in cells.enumerate() {
                    if index > 0 {
                        line.push(char::from(dialect.delimiter));
                    }
                    push_cell(line, cell, dialect.delimiter);
                }
                line.push_str(dialect.line_ending.as_str());
                self.into.write_all(&encoding.encode(line))
            }
            Form::Book { book, sheet, rows } => {
                let sheet = book.worksheet_from_name(sheet).map_err(book_error)?;
                for (column, cell) in (0_u16..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                    // Plain digits, but the decimal mark may be that of the texts around them.
                    let number = numbers.contains(&column.into()).then(|| cell.replace(',', "."));
                    match number.and_then(|digits| digits.parse::<f64>().ok()) {
                        Some(number) => sheet.write_number(*rows, column, number),
                        None => sheet.write_string(*rows, column, cell),
                    }
                    .map_err(book_error)?;
                }
                *rows += 1;
                Ok(())
            }
        }
    }

    /// Writes what is left and gives back what was written to.
    pub fn finish(mut self) -> io::Result<W> {
        if let Form::Book { mut book, .. } = self.form {
            let bytes = book.save_to_buffer().map_err(book_error)?;
            self.into.write_all(&bytes)?;
        }
        self.into.flush()?;
        Ok(self.into)
    }
}

fn book_error(error: XlsxError) -> io::Error {
    io::Error::other(error)
}

/// Adds a cell, in quotes where it would be read as something else without.
fn push_cell(line: &mut String, cell: &str, delimiter: u8) {
    let needs_quotes = |byte: u8| byte == delimiter || b"\"\r\n".contains(&byte);
    let is_spaced = cell.starts_with(' ') || cell.ends_with(' ');
    if !is_spaced && !cell.bytes().any(needs_quotes) {
        line.push_str(cell);
        return;
    }
    line.push('"');
    line.push_str(&cell.replace('"', "\"\""));
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::tests::options;
    use crate::intake::{Currency, LineEnding, ReadOptions, RowOutcome, read, survey};

    const W1: &str = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7";

    fn text_dialect(encoding: &str) -> Dialect {
        Dialect {
            encoding: encoding.to_owned(),
            currency: Currency::default(),
            sheet: None,
            delimiter: b';',
            bom: encoding.starts_with("UTF"),
            line_ending: LineEnding::CrLf,
            sep_line: true,
        }
    }

    #[test]
    fn what_is_written_is_read_in_the_same_form() {
        // Goal: rows go out and come back with every cell and the same dialect. Method: write cells
        // with all that needs care in each kind of file, read them, compare.
        let header = ["Cüzdan No", "Tutar", "Son Kullanma", "Açıklama", "Not"];
        let rows = [
            [W1, "1.250,50", "never", "Doğum günü; \"özel\"", "iki\nsatır"],
            [W1, "75,00 TL", "31.05.2036", " İyi bayramlar ", ""],
        ];
        let sheet = Dialect { sheet: Some("Mayıs".to_owned()), ..text_dialect("UTF-8") };
        let dialects =
            ["UTF-8", "UTF-16LE", "UTF-16BE", "windows-1254", "IBM857"].map(text_dialect);
        for dialect in dialects.into_iter().chain([Dialect { sep_line: false, ..sheet }]) {
            let file = tempfile::NamedTempFile::new().unwrap();
            let mut writer = RowWriter::new(file.as_file(), &dialect).unwrap();
            writer.row(header.into_iter(), &[]).unwrap();
            rows.iter().for_each(|row| writer.row(row.iter().copied(), &[]).unwrap());
            writer.finish().unwrap();
            // Old sets of letters are not guessed.
            let told = (dialect.encoding == "IBM857").then_some(Charset::Dos857);
            let options = ReadOptions { encoding: told, ..options() };
            let found = survey(file.path(), &options).unwrap();
            assert_eq!(found.dialect, dialect);
            assert_eq!(found.header, header);
            let read = read(file.path(), &found, &options).unwrap();
            let cells = |outcome| match outcome {
                Ok(RowOutcome::Good(row)) => row.cells,
                other => panic!("{other:?}"),
            };
            let cells: Vec<Vec<String>> = read.map(cells).collect();
            assert_eq!(cells, rows, "{dialect:?}");
        }
    }
}
