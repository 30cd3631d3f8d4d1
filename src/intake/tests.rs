//! Whole files, from bytes to rows.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::domain::{Expiry, Money};

mod birthdays;
mod forms;
mod quotes;

/// Options of a person who says nothing, in Istanbul, at the end of 2026.
pub(super) fn options() -> ReadOptions {
    ReadOptions {
        encoding: None,
        sheet: None,
        currency: Currency::default(),
        delimiter: None,
        decimal: None,
        map: Vec::new(),
        description: None,
        expires: None,
        tz: chrono_tz::Europe::Istanbul,
        now: "2026-11-21T00:00:00Z".parse().unwrap(),
        birthdays: None,
        customers: false,
    }
}

const W1: &str = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7";
const W2: &str = "6a623f97-c376-44ea-8995-09dfacd0ddcf";

fn lines(bytes: &[u8]) -> Result<decode::Lines, IntakeError> {
    let reader = Box::new(Cursor::new(bytes.to_vec()));
    decode::Lines::new(Path::new("f.csv"), TextEncoding::utf8(), reader)
}

/// The first pass over bytes.
fn survey_of(bytes: &[u8], options: &ReadOptions) -> Result<Survey, IntakeError> {
    let (source, header) = source::Source::of_lines(lines(bytes)?, options)?;
    survey::survey_source(source, header, options)
}

/// The second pass over bytes.
fn rows_of(bytes: &[u8], survey: &Survey, options: &ReadOptions) -> Result<Rows, IntakeError> {
    let (source, header) = source::Source::of_lines(lines(bytes)?, options)?;
    rows::read_source(source, &header, survey, options)
}

/// Both passes over bytes.
fn outcomes(bytes: &[u8], options: &ReadOptions) -> Result<Vec<RowOutcome>, IntakeError> {
    let survey = survey_of(bytes, options)?;
    let all: Vec<RowOutcome> = rows_of(bytes, &survey, options)?.collect::<Result<_, _>>()?;
    assert_eq!(all.len() as u64, survey.rows);
    Ok(all)
}

/// What the good rows of a text took from beside it.
pub(super) fn used_of(text: &str, options: &ReadOptions) -> Used {
    let survey = survey_of(text.as_bytes(), options).unwrap();
    let mut rows = rows_of(text.as_bytes(), &survey, options).unwrap();
    for row in rows.by_ref() {
        row.unwrap();
    }
    rows.used()
}

fn good(outcomes: Vec<RowOutcome>) -> Vec<Row> {
    let row = |outcome| match outcome {
        RowOutcome::Good(row) => row,
        RowOutcome::Bad(bad) => panic!("{:?}", bad.faults),
    };
    outcomes.into_iter().map(row).collect()
}

/// The first line and the words of each fault.
fn faults(outcomes: Vec<RowOutcome>) -> Vec<(u64, String, String)> {
    let of = |outcome| match outcome {
        RowOutcome::Good(_) => Vec::new(),
        RowOutcome::Bad(bad) => bad.faults,
    };
    let short = |fault: Fault| (fault.place.number(), fault.column, fault.problem);
    outcomes.into_iter().flat_map(of).map(short).collect()
}

fn refusal(text: &str) -> String {
    let error = outcomes(text.as_bytes(), &options()).unwrap_err();
    error.to_string()
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

fn read_sample(name: &str, options: &ReadOptions) -> (Survey, Vec<RowOutcome>) {
    let survey = survey(&sample(name), options).unwrap();
    let rows = read(&sample(name), &survey, options).unwrap();
    (survey, rows.collect::<Result<_, _>>().unwrap())
}

#[test]
fn both_coupon_samples_say_the_same() {
    // Goal: the form of a file changes nothing of what it asks for. Method: sorted contents of the
    // English and the Turkish sample, and their dialects.
    let (english, one) = read_sample("coupon-drop.csv", &options());
    let (turkish, two) = read_sample("coupon-drop-excel-tr.csv", &options());
    let contents = |outcomes: Vec<RowOutcome>| {
        let mut all: Vec<String> =
            good(outcomes).iter().map(|row| format!("{:?}", row.content)).collect();
        all.sort();
        all
    };
    let (one, two) = (contents(one), contents(two));
    assert_eq!(one, two);
    let different: BTreeSet<&String> = one.iter().collect();
    assert_eq!((one.len(), different.len()), (300, 300));
    assert_eq!(english.decimal, Some(DecimalMark::Point));
    assert_eq!(turkish.decimal, Some(DecimalMark::Comma));
    let excel = Dialect {
        encoding: "UTF-8".to_owned(),
        currency: Currency::default(),
        sheet: None,
        delimiter: b';',
        bom: true,
        line_ending: LineEnding::CrLf,
        sep_line: false,
    };
    assert_eq!(turkish.dialect, excel);
    let json = serde_json::to_string(&excel).unwrap();
    assert_eq!(serde_json::from_str::<Dialect>(&json).unwrap(), excel);
}

#[test]
fn each_bad_row_of_the_sample_has_its_own_fault() {
    // Goal: all faults at once, each with its line. Method: the sample's lines and words.
    let (_, outcomes) = read_sample("bad-rows.csv", &options());
    let found = faults(outcomes);
    let lines: Vec<u64> = found.iter().map(|fault| fault.0).collect();
    assert_eq!(lines, (3..=16).collect::<Vec<u64>>());
    let words: Vec<&str> = found.iter().map(|fault| fault.2.as_str()).collect();
    assert_eq!(
        words,
        [
            "a number, not a wallet's id: Excel damages ids in columns of numbers",
            "a number, not a wallet's id: Excel damages ids in columns of numbers",
            "a GUID with digits too few or too many: was it cut?",
            "a signed amount",
            "zero",
            "three decimals, or thousands with the wrong mark",
            "not a number",
            "no day of the calendar",
            "a year without four digits",
            "has passed",
            "empty",
            "empty",
            "3 cells, the header has 4",
            "the quote that opened on line 16 is not closed",
        ]
    );
}

#[test]
fn the_ambiguous_sample_waits_for_a_word() {
    // Goal: a thousand or one is never guessed. Method: the sample without and with the word.
    let path = sample("ambiguous-amounts.csv");
    let error = survey(&path, &options()).unwrap_err();
    let IntakeError::AmountsUndecided(readings) = &error else {
        panic!("{error}");
    };
    assert_eq!(readings.place, Place::Line(3));
    assert!(error.hint().unwrap().contains("--decimal comma"));
    for (mark, minor) in [(DecimalMark::Comma, 100_000), (DecimalMark::Point, 100)] {
        let mut options = options();
        options.decimal = Some(mark);
        let (_, outcomes) = read_sample("ambiguous-amounts.csv", &options);
        assert_eq!(good(outcomes)[1].content.amount, Money::from_minor(minor));
    }
}

#[test]
fn references_and_other_columns_are_kept() {
    // Goal: nothing of a row is lost. Method: the sample's first row.
    let (survey, outcomes) = read_sample("references.csv", &options());
    let rows = good(outcomes);
    assert!(survey.has_references);
    assert_eq!(survey.header[5..], ["City", "Segment"]);
    assert_eq!(rows[0].reference.as_deref(), Some("ORD-2036-0001"));
    assert_eq!(rows[0].cells[5..], ["Ankara", "gold"]);
}

#[test]
fn references_are_in_all_rows_or_in_none() {
    // Goal: a forgotten reference is seen. Method: an empty column, and one with a hole.
    let file = |one: &str| {
        let head = "wallet,amount,expires,description,ref";
        format!("{head}\n{W1},5,never,a,{one}\n{W2},5,never,a,\n")
    };
    let rows = good(outcomes(file("").as_bytes(), &options()).unwrap());
    assert!(rows.iter().all(|row| row.reference.is_none()));
    let found = faults(outcomes(file("A-1").as_bytes(), &options()).unwrap());
    assert_eq!(found, [(3, "ref".into(), "empty, while other rows have one".into())]);
}

#[test]
fn all_faults_of_a_row_come_together() {
    // Goal: one reading names all. Method: a row with a fault in each cell.
    let long = "x".repeat(MAX_DESCRIPTION_CHARS + 1);
    let text = format!("wallet;amount;expires;description\nabc;;01/02/2036;{long}\n");
    let found = faults(outcomes(text.as_bytes(), &options()).unwrap());
    let columns: Vec<&str> = found.iter().map(|fault| fault.1.as_str()).collect();
    assert_eq!(columns, ["wallet", "amount", "expires", "description"]);
}

#[test]
fn defaults_fill_empty_cells_and_missing_columns() {
    // Goal: what the person says holds where the file says nothing. Method: with and without.
    let mut options = options();
    options.expires = Some(Expiry::Never);
    options.description = Some(" KUPON ".into());
    for text in [
        format!("wallet,amount\n\u{a0}{{{W1}}} ,5\n"),
        format!("wallet,amount,expires,description\n{W1},5, ,\u{202f}\n"),
    ] {
        let rows = good(outcomes(text.as_bytes(), &options).unwrap());
        assert_eq!(rows[0].content.expiry, Expiry::Never);
        assert_eq!(rows[0].content.description, "KUPON");
    }
    let path = sample("coupon-drop.csv");
    options.expires = Some(Expiry::at(options.now));
    let error = survey(&path, &options).unwrap_err();
    assert!(matches!(error, IntakeError::DefaultExpiry { .. }));
    options.expires = None;
    options.description = Some("a\u{7}b".into());
    let error = survey(&path, &options).unwrap_err();
    assert!(matches!(error, IntakeError::DefaultDescription { .. }));
}

#[test]
fn texts_keep_the_marks_that_keys_are_made_of() {
    // Goal: a file that was loaded years ago still has the same keys. Method: a description and a reference
    // with marks of no width around them; ids, amounts and dates lose theirs.
    let text = format!(
        "wallet,amount,expires,description,ref\n\u{200b}{W1},\u{200b}5,never\u{feff},\u{200b}K\u{200b} ,\u{feff}R\n"
    );
    let rows = good(outcomes(text.as_bytes(), &options()).unwrap());
    assert_eq!(rows[0].content.description, "\u{200b}K\u{200b}");
    assert_eq!(rows[0].reference.as_deref(), Some("\u{feff}R"));
}

#[test]
fn files_without_rows_are_refused() {
    // Goal: nothing to do is a mistake of the export. Method: each empty file.
    assert_eq!(refusal(""), "f.csv is empty");
    assert_eq!(refusal("\n \r\n"), "f.csv is empty");
    assert_eq!(
        refusal("wallet;amount;expires;description\n;;;\n\n"),
        "f.csv has a header and no rows"
    );
    let missing = survey(Path::new("no-such.csv"), &options()).unwrap_err();
    assert_eq!(missing.to_string(), "there is no file no-such.csv");
    let folder = survey(&sample(""), &options()).unwrap_err();
    assert!(matches!(folder, IntakeError::Folder { .. }));
    assert!(folder.hint().is_some());
}

#[test]
fn a_file_that_changes_between_the_passes_is_refused() {
    // Goal: the bytes that were surveyed are the bytes that were read. Method: append a row, then
    // change the header.
    let head = "wallet,amount,expires,description\n";
    let one = format!("{head}{W1},5,never,a\n");
    let survey = survey_of(one.as_bytes(), &options()).unwrap();
    let two = format!("{one}{W2},5,never,a\n");
    let mut rows = rows_of(two.as_bytes(), &survey, &options()).unwrap();
    assert!(matches!(rows.next(), Some(Ok(_))));
    assert!(matches!(rows.next(), Some(Ok(_))));
    assert!(matches!(rows.next(), Some(Err(IntakeError::Changed { .. }))));
    assert!(rows.next().is_none());
    let other = one.replace("wallet", "Wallet");
    let error = rows_of(other.as_bytes(), &survey, &options()).err();
    assert!(matches!(error, Some(IntakeError::Changed { .. })));
}

proptest! {
    #[test]
    fn any_bytes_are_rows_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        text in "([,;\"\n\r \t0-9.a-zİı]|never|walletid|\u{a0}){0,80}",
    ) {
        // Goal: no file panics. Method: any bytes alone and below a good header; any text, too.
        let mut options = options();
        options.expires = Some(Expiry::Never);
        let head = format!("wallet;amount;description;ref\n{W1};7,5;x;1\n");
        let _ = outcomes(&bytes, &options);
        let _ = outcomes(&[head.as_bytes(), &bytes].concat(), &options);
        let _ = outcomes(text.as_bytes(), &options);
        let _ = outcomes((head + &text).as_bytes(), &options);
    }
}
