//! What helps where a file as a whole cannot be read, and the word that programs know it by.

use super::letters::other_readings;
use super::{Charset, Column, DecimalMark, IntakeError, Place};

impl IntakeError {
    /// What to do about it, in a sentence.
    pub fn hint(&self) -> Option<String> {
        self.form_hint().or_else(|| self.names_hint())
    }

    /// The same where the file's form is at fault.
    fn form_hint(&self) -> Option<String> {
        use IntakeError as E;
        Some(match self {
            E::NotFound { .. } => "check the path".to_owned(),
            E::Folder { .. } => "name a file in the folder".to_owned(),
            E::NotRegular { .. } | E::StandardInput => "save it as a file first".to_owned(),
            E::Empty { .. } | E::HeaderAlone { .. } => {
                "check the export: a campaign has a header and at least one row".to_owned()
            }
            E::OtherFormat { mend: Some(mend), .. } => (*mend).to_owned(),
            E::StrangeLetters { value, guessed, .. } => letters_hint(value, *guessed),
            E::OnSheet { error, fitting, others, .. } => match fitting.first().or(others.first()) {
                Some(sheet) if !fitting.is_empty() => {
                    format!("sheet {sheet:?} has such columns: say --sheet {sheet:?}")
                }
                Some(sheet) => {
                    let hint = error.hint().unwrap_or_default();
                    format!("name the sheet, as --sheet {sheet:?}; or {hint}")
                }
                None => return error.hint(),
            },
            E::OtherFormat { .. }
            | E::NotUtf8 { .. }
            | E::NotInEncoding { .. }
            | E::ZeroByte { .. } => {
                "save it as \"CSV UTF-8\" or as a workbook (in Excel: Save As, CSV UTF-8 or .xlsx); \
                 if it is in another encoding, say which with --encoding"
                    .to_owned()
            }
            E::BadWorkbook { .. } => {
                "open it in Excel and save it again as .xlsx, or as \"CSV UTF-8\"".to_owned()
            }
            E::NoSheet { .. } => "name one of them with --sheet".to_owned(),
            E::SheetOfText { .. } => "leave --sheet out".to_owned(),
            E::OtherMark { .. } => "leave --encoding out: the mark says what it is".to_owned(),
            E::TextAboveHeader { .. } => "remove what stands above the header".to_owned(),
            E::OtherDelimiter { .. } => {
                "save the file again with one delimiter for all of it".to_owned()
            }
            E::BadDelimiter { .. } => "use one of ; , | or a tab".to_owned(),
            E::HeaderHoldsRows { .. } => "close the quote, or remove it".to_owned(),
            E::WrongSepLine { .. } => {
                "correct the first line or remove it, or say which it is with --delimiter".to_owned()
            }
            E::RecordTooLong { .. } => "close the quote, or shorten the row".to_owned(),
            E::DefaultDescription { .. } => "mend --description".to_owned(),
            E::DefaultExpiry { .. } => "give --expires a later time".to_owned(),
            E::Changed { .. } => "run it again when nobody writes to the file".to_owned(),
            _ => return None,
        })
    }

    /// The same where the names of its columns are, or its amounts.
    fn names_hint(&self) -> Option<String> {
        use IntakeError as E;
        Some(match self {
            E::AmountUnit { .. } => {
                "write the amounts in whole units of the currency, and name the column amount; if the name is wrong, \
                 rename it"
                    .to_owned()
            }
            E::NearlyColumn { column, header } => format!(
                "rename it to {column}, or say --map {column}={header:?}; if it is something else, \
                 give it a name that is further away"
            ),
            E::OtherCurrency { said, .. } => format!("if that is meant, say --currency {said}"),
            E::BrokenHeader { .. } => "close each quote, and double a quote inside one".to_owned(),
            E::NoHeader { .. } => {
                "put a header above it: wallet_id, amount, expires_at, description".to_owned()
            }
            E::TooManyColumns { .. } => "check the delimiter, or remove columns".to_owned(),
            E::NoKnownColumn { .. } => {
                "name the columns wallet_id, amount, expires_at and description, or say which is \
                 which with --map wallet_id=…,amount=…; --delimiter sets the delimiter"
                    .to_owned()
            }
            E::MissingColumn { column, nearest } => missing_hint(*column, nearest.as_deref()),
            E::ColumnTwice { column, second, .. } => {
                format!("rename one of them, or choose with --map {column}={second}")
            }
            E::UnknownMapping { .. } => "write the header as it stands in the file".to_owned(),
            E::MappedTwice { .. } => "map each column to a header of its own".to_owned(),
            E::MapsNothing { column: Column::ExternalCustomerId, .. } => {
                "leave it out of --map: only --require-holding asks for customers".to_owned()
            }
            E::MapsNothing { .. } => "leave it out of --map".to_owned(),
            E::AmountsContradict { .. } => {
                "write all amounts with the same decimal mark".to_owned()
            }
            E::AmountsUndecided(_) => format!(
                "say which it is: --decimal {} or --decimal {}",
                DecimalMark::Comma,
                DecimalMark::Point
            ),
            _ => return None,
        })
    }

    /// A word that never changes; docs/campaign-files.md lists them.
    pub fn code(&self) -> &'static str {
        use IntakeError as E;
        match self {
            E::NotFound { .. } => "file_not_found",
            E::Folder { .. } => "file_is_folder",
            E::NotRegular { .. } => "file_not_regular",
            E::Io { .. } => "file_unreadable",
            E::Empty { .. } => "file_empty",
            E::HeaderAlone { .. } => "header_alone",
            E::OtherFormat { .. } => "file_format",
            E::BadWorkbook { .. } => "workbook_damaged",
            E::NoSheet { .. } => "sheet_missing",
            E::StandardInput => "standard_input",
            E::SheetOfText { .. } => "sheet_of_text",
            E::OtherMark { .. } => "encoding_mark",
            E::NotUtf8 { .. } => "not_utf8",
            E::NotInEncoding { .. } => "not_in_encoding",
            E::ZeroByte { .. } => "zero_byte",
            E::StrangeLetters { .. } => "strange_letters",
            E::BadDelimiter { .. } => "delimiter_invalid",
            E::BrokenHeader { .. } => "header_quotes",
            E::HeaderHoldsRows { .. } => "header_holds_rows",
            E::WrongSepLine { .. } => "delimiter_sep_line",
            E::NearlyColumn { .. } => "column_nearly",
            E::OnSheet { error, .. } => error.code(),
            E::AmountUnit { .. } => "amount_unit",
            E::OtherCurrency { .. } => "amounts_other_currency",
            E::NoHeader { .. } => "header_missing",
            E::TextAboveHeader { .. } => "text_above_header",
            E::TooManyColumns { .. } => "columns_too_many",
            E::NoKnownColumn { .. } => "columns_unknown",
            E::OtherDelimiter { .. } => "delimiter_of_rows",
            E::MissingColumn { .. } => "column_missing",
            E::ColumnTwice { .. } => "column_twice",
            E::UnknownMapping { .. } => "map_unknown",
            E::MappedTwice { .. } => "map_twice",
            E::MapsNothing { .. } => "map_useless",
            E::AmountsContradict { .. } => "amounts_contradict",
            E::AmountsUndecided(_) => "amounts_undecided",
            E::RecordTooLong { .. } => "row_too_long",
            E::DefaultDescription { .. } => "default_description",
            E::DefaultExpiry { .. } => "default_expiry",
            E::Changed { .. } => "file_changed",
        }
    }

    /// Where it stands, if it stands somewhere.
    fn place(&self) -> Option<Place> {
        use IntakeError as E;
        match self {
            E::NotUtf8 { line, .. }
            | E::NotInEncoding { line, .. }
            | E::ZeroByte { line }
            | E::BrokenHeader { line }
            | E::HeaderHoldsRows { line }
            | E::RecordTooLong { line, .. } => Some(Place::Line(*line)),
            E::NoHeader { place, .. }
            | E::TextAboveHeader { place, .. }
            | E::TooManyColumns { place, .. }
            | E::NoKnownColumn { place, .. }
            | E::StrangeLetters { place, .. } => Some(*place),
            E::AmountsUndecided(readings) => Some(readings.place),
            E::OnSheet { error, .. } => error.place(),
            _ => None,
        }
    }

    /// The same for programs, as the one fault of its file.
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "code": self.code(),
            "line": self.place().map(Place::number),
            "cell": self.place().and_then(Place::cell_name),
            "column": null,
            "value": null,
            "problem": self.to_string(),
            "mend": self.hint(),
        })
    }
}

fn letters_hint(value: &str, guessed: Charset) -> String {
    let readings = other_readings(value, guessed);
    let readings: Vec<String> = readings
        .into_iter()
        .map(|(charset, text)| format!("--encoding {} reads it as {text:?}", charset.name()))
        .collect();
    let guess = format!("--encoding {} where it is right as it is", guessed.name());
    match readings.is_empty() {
        true => format!("say what it is: {guess}; or save the file again as \"CSV UTF-8\""),
        false => format!("say what it is: {}; {guess}", readings.join("; ")),
    }
}

fn missing_hint(column: Column, nearest: Option<&str>) -> String {
    let rename = match nearest {
        Some(header) => format!("rename it to {column}, or say --map {column}={header:?}"),
        None => format!("add a column {column}, or say which it is with --map {column}=…"),
    };
    match column {
        Column::ExpiresAt => format!("{rename}; or give all rows one with --expires"),
        Column::Description => format!("{rename}; or give all rows one with --description"),
        Column::ExternalCustomerId => {
            format!("{rename}; --require-holding asks for what each row's customer holds")
        }
        _ => rename,
    }
}
