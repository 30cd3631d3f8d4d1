//! Stories of campaign files: every file of `samples/forms` asks for the same six gifts, and every
//! file of `samples/faults` is refused with words that lead to its fault.

use std::path::{Path, PathBuf};

use rstest::rstest;

use crate::world::{Done, World};

fn sample(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    folder.join(name).to_str().expect("plain characters").to_owned()
}

/// The names of the samples in a folder.
fn samples(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(sample(folder)).expect("the samples are there");
    let name = |path: PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).expect("plain characters");
        format!("{folder}/{name}")
    };
    let mut names: Vec<String> =
        entries.map(|entry| name(entry.expect("an entry").path())).collect();
    names.sort();
    names
}

fn load(file: &str, more: &[&str]) -> Done {
    let world = World::new();
    let file = sample(file);
    let mut args = vec!["load", &file, "--campaign", "forms", "--json"];
    args.extend(more);
    world.run(&args)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_asks_for_the_same_gifts() {
    // Goal: encoding, shape, names and spellings change nothing of what a file asks for. Method: load
    // each form into a ledger of its own; the plan's id is a digest of all rows.
    let first = load("forms/utf-8.csv", &[]).expect(0).json();
    assert_eq!(
        (&first["gifts"]["total"], &first["amounts"]["total"]),
        (&6.into(), &"2460.49".into())
    );
    let forms = samples("forms");
    assert!(forms.len() >= 14, "{forms:?}");
    for form in forms {
        let done = load(&form, &[]).expect(0);
        assert_eq!(done.json()["plan"], first["plan"], "{form}: {}", done.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_word_names_encoding_and_sheet() {
    // Goal: what is found out can be said instead, and a wrong word is refused. Method: the same
    // files with words that fit and words that do not.
    let plan = |file: &str, more: &[&str]| load(file, more).expect(0).json()["plan"].clone();
    let first = plan("forms/utf-8.csv", &[]);
    let windows = "forms/windows-1254-excel-tr.csv";
    assert_eq!(plan(windows, &["--encoding", "windows-1254"]), first);
    assert_eq!(plan(windows, &["--encoding", "latin5"]), first);
    for (file, encoding) in [("letters-of-mac.csv", "x-mac-turkish"), ("letters-of-dos.csv", "857")]
    {
        let done = load(&format!("faults/{file}"), &["--encoding", encoding]).expect(0);
        assert_eq!(done.gifts("total"), 6);
    }
    assert_eq!(plan("forms/workbook.xlsx", &["--sheet", "MAYIS"]), first);
    for (file, flag, word, said) in [
        (windows, "--encoding", "utf-8", "is not UTF-8"),
        ("forms/utf-16-be.csv", "--encoding", "windows-1254", "UTF-16BE"),
        ("forms/workbook.xlsx", "--sheet", "Haziran", "Mayıs"),
        ("forms/workbook.xlsx", "--sheet", "Notlar", "no column"),
        ("forms/utf-8.csv", "--sheet", "Mayıs", "--sheet"),
    ] {
        let done = load(file, &[flag, word]).expect(3);
        assert!(done.stderr.contains(said), "{file} {word}: {}", done.stderr);
    }
    load("forms/utf-8.csv", &["--encoding", "klingon"]).expect(2);
    let world = World::new();
    let file =
        world.file("euros.csv", "wallet_id,amount\n30bac1c0-ad6b-4c50-a52e-1b34f9b487a7,€10.50\n");
    let shared = ["--campaign", "euros", "--expires", "never", "--description", "KUPON"];
    let load_as = |currency: &str| {
        world.run(&[&["load", &file, "--currency", currency], &shared[..]].concat())
    };
    load_as("EUR").expect(0);
    let liras = load_as("TRY").expect(7);
    assert!(liras.stderr.contains("--currency EUR"), "{}", liras.stderr);
    let euros = load("forms/lira-signs.csv", &["--currency", "EUR"]).expect(3);
    assert!(euros.stderr.contains("are in TRY"), "{}", euros.stderr);
}

/// What leads a person to the fault of each file: where it stands, and what is wrong.
#[rstest]
#[case("amount-exponent.csv", &["line 3", "amount", "1,2E+05", "exponent"])]
#[case("amount-in-dollars.csv", &["line 3", "amount", "$10,00", "TRY"])]
#[case("amount-in-kurus.csv", &["Tutar (kuruş)", "whole units"])]
#[case("amount-missing.csv", &["line 3", "amount", "\"\"", "empty"])]
#[case("amount-negative.csv", &["line 3", "amount", "-10,00", "sign"])]
#[case("amount-three-decimals.csv", &["line 3", "amount", "1.000", "thousands"])]
#[case("amount-too-large.csv", &["line 3", "amount", "9.999.999.999,00", "too large"])]
#[case("amount-zero.csv", &["line 3", "amount", "0,00", "zero"])]
#[case("amounts-in-two-styles.csv", &["line 2", "line 3", "amount", "75,50", "75.50"])]
#[case("column-missing.csv", &["wallet_id", "Cüzdn No", "--map"])]
#[case("column-twice.csv", &["amount", "Tutar", "Miktar"])]
#[case("currency-column.csv", &["line 3", "Para Birimi", "EUR", "TRY"])]
#[case("date-empty.csv", &["line 2", "expires_at", "\"\"", "--expires"])]
#[case("date-midnight.csv", &["line 2", "expires_at", "31.05.2036 00:00", "midnight"])]
#[case("date-midnights.csv", &["line 2", "line 3", "expires_at", "2036-05-31T00:00:00.000Z", "midnight"])]
#[case("date-no-such-day.csv", &["line 2", "expires_at", "31.06.2036", "30 days"])]
#[case("date-past.csv", &["line 2", "expires_at", "31.05.2020", "passed"])]
#[case("date-slashes.csv", &["line 2", "expires_at", "05/06/2036", "swapped"])]
#[case("date-two-digit-year.csv", &["line 2", "expires_at", "31.05.36", "four digits"])]
#[case("description-misread.csv", &["line 2", "description", "DoÄŸum", "encoding"])]
#[case("description-placeholder.csv", &["line 2", "Loading...", "line 3", "{{customer.name}}", "not filled in"])]
#[case("empty.csv", &["empty"])]
#[case("files-joined.csv", &["line 3", "header once more"])]
#[case("files-joined-on-a-line.csv", &["line 2", "another file begins"])]
#[case("header-alone.csv", &["no rows"])]
#[case("id-cut.csv", &["line 2", "wallet_id", "6513270e-269e-4d37-b2a7-4de452e6b43", "cut"])]
#[case("id-empty-guid.csv", &["line 2", "wallet_id", "00000000-0000", "no wallet"])]
#[case("id-exponent.csv", &["line 2", "wallet_id", "9,05E+11", "Excel"])]
#[case("identical-rows.csv", &["line 4", "line 2", "1250.50", "--allow-duplicates"])]
#[case("letters-of-dos.csv", &["line 1", "guess", "--encoding IBM857", "Cüzdan No"])]
#[case("letters-of-dos-in-a-row.csv", &["line 2", "--encoding IBM857", "İyi bayramlar"])]
#[case("letters-of-mac.csv", &["line 1", "guess", "--encoding x-mac-turkish", "Cüzdan No"])]
#[case("letters-of-mac-in-a-row.csv", &["line 2", "--encoding x-mac-turkish", "Doğum günü"])]
#[case("line-break-in-amount.csv", &["line 2", "amount", "75\\n50", "quote"])]
#[case("no-header.csv", &["line 1", "6513270e-269e-4d37-b2a7-4de452e6b438", "header"])]
#[case("old-workbook.xls", &[".xls", "password"])]
#[case("quote-not-closed.csv", &["line 2", "quote", "not closed"])]
#[case("quote-swallows-rows.csv", &["line 2", "quote", "other rows"])]
#[case("reference-missing.csv", &["line 3", "reference", "empty"])]
#[case("reference-twice.csv", &["line 4", "reference", "A-1"])]
#[case("row-long.csv", &["line 3", "5 cells"])]
#[case("row-short.csv", &["line 3", "3 cells"])]
#[case("title-above-header.csv", &["line 2", "Mayıs kampanyası", "above the header"])]
#[case("rows.json", &["JSON", "CSV"])]
#[case("totals-row.csv", &["line 5", "TOPLAM", "totals"])]
#[case("two-delimiters.csv", &["','", "';'", "delimiter"])]
#[case("two-encodings.csv", &["line 8", "UTF-8", "0xFE"])]
#[case("~$may.xlsx", &["open", "~$"])]
#[case("web-page.xls", &["web page"])]
#[case("workbook-cells.xlsx", &[
    "cell A3", "905000000000", "cell B4", "elli", "cell B5", "50.005", "cell B6", "cell B7",
    "cell C8", "46538", "cell C9", "31.06.2036", "cell B10", "#DIV/0!", "cell F11", "cell C12",
])]
#[case("workbook-units.xlsx", &[
    "cell B3", "100 $", "not in TRY", "cell B4", "0.15 %", "percentage", "cell B5", "100 CHF",
    "cell B6", "10000 kuruş",
])]
#[case("workbook-damaged.xlsx", &["workbook", "save it again"])]
#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_named_with_its_place_and_its_value(
    #[case] file: &str,
    #[case] words: &[&str],
) {
    // Goal: a person finds the fault and knows what to do. Method: load each file, look for the words,
    // and see that the ledger knows no such campaign.
    let world = World::new();
    let path = sample(&format!("faults/{file}"));
    let done = world.run(&["load", &path, "--campaign", "faults", "--json"]).expect(3);
    for word in words {
        assert!(done.stderr.contains(word), "{word:?} is missing: {}", done.stderr);
    }
    assert_eq!(done.json()["status"], "refused");
    world.run(&["status", "faults"]).expect(2);
    assert!(world.book().gifts.is_empty());
}

#[test]
fn no_fault_is_without_its_story() {
    // Goal: a sample that nobody tests proves nothing. Method: the folder's names in this file.
    let source = include_str!("files.rs");
    for name in samples("faults") {
        let name = name.trim_start_matches("faults/");
        assert!(source.contains(&format!("\"{name}\"")), "{name} has no case");
    }
}

/// A file of four rows: one good, two bad in a cell, one too short. Written as Excel in Turkish does.
fn four_rows() -> Vec<u8> {
    let text = "Cüzdan No;Tutar;Son Kullanma;Açıklama\r\n\
        30bac1c0-ad6b-4c50-a52e-1b34f9b487a7;75,50;31.05.2036;Doğum günü\r\n\
        6a623f97-c376-44ea-8995-09dfacd0ddcf;elli;31.05.2036;\"Kış; \"\"özel\"\"\"\r\n\
        9,05E+11;10,00;31.05.36;KUPON\r\n\
        d23f0824-128b-4f33-8c5c-7fd0a6a3a450;20,00;31.05.2036\r\n";
    windows_1254(text)
}

fn place(world: &World, name: &str) -> String {
    world.path(name).to_str().expect("plain characters").to_owned()
}

fn windows_1254(text: &str) -> Vec<u8> {
    let (bytes, _, is_lossy) = encoding_rs::WINDOWS_1254.encode(text);
    assert!(!is_lossy);
    bytes.into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_come_back_ready_to_mend() {
    // Goal: good rows are loaded, bad ones come back in the form of their file, and mended they complete
    // the campaign. Method: skip, look at the bytes, mend them as a person would, load them again, and
    // then both files once more.
    let world = World::new();
    let file = world.file("may.csv", four_rows());
    let rejects = place(&world, "rejects.csv");
    let load = |file: &str| {
        let more = ["--on-invalid", "skip", "--rejects", &rejects];
        world.run(&[&["load", file, "--campaign", "may", "--json"], &more[..]].concat())
    };
    world.run(&["load", &file, "--campaign", "may"]).expect(3);
    assert!(!Path::new(&rejects).exists());
    let done = load(&file).expect(0);
    assert_eq!((done.gifts("total"), &done.json()["preview"]["rejected"]), (1, &3.into()));
    for word in ["line 3", "elli", "line 4", "9,05E+11", "line 5", "rejects.csv"] {
        assert!(done.stderr.contains(word), "{word}: {}", done.stderr);
    }
    let bytes = std::fs::read(&rejects).expect("the rejects are there");
    let (text, _, is_broken) = encoding_rs::WINDOWS_1254.decode(&bytes);
    assert!(!is_broken);
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines[0], "Cüzdan No;Tutar;Son Kullanma;Açıklama;reason");
    let row = "6a623f97-c376-44ea-8995-09dfacd0ddcf;elli;31.05.2036;\"Kış; \"\"özel\"\"\";Tutar: ";
    assert!(lines[1].starts_with(row), "{}", lines[1]);
    assert!(
        lines[2].contains("Cüzdan No: ") && lines[2].contains("Son Kullanma: "),
        "{}",
        lines[2]
    );
    assert!(lines[3].starts_with("d23f0824-128b-4f33-8c5c-7fd0a6a3a450;20,00;31.05.2036;;"));
    assert_eq!((lines[4], lines.len()), ("", 5));

    let mended = text
        .replace("elli", "50,00")
        .replace("9,05E+11;10,00;31.05.36", "36f675cc-81e7-4ef5-a8e2-5d940ed90475;10,00;31.05.2036")
        .replace("20,00;31.05.2036;;", "20,00;31.05.2036;KUPON;");
    let mended = world.file("mended.csv", windows_1254(&mended));
    let done = load(&mended).expect(0);
    assert_eq!((done.gifts("total"), &done.json()["preview"]["rejected"]), (4, &0.into()));
    assert_eq!(done.json()["amounts"]["total"], "155.50");
    for again in [&file, &mended] {
        assert_eq!(load(again).expect(0).gifts("total"), 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_of_rejects_have_one_reason() {
    // Goal: a file that goes round does not grow. Method: load the rejects as they are, into a file of
    // rejects of their own.
    let world = World::new();
    let file = world.file("may.csv", four_rows());
    let [first, second] = ["first.csv", "second.csv"].map(|name| place(&world, name));
    let skip = |file: &str, rejects: &str, code: i32| {
        let args =
            ["load", file, "--campaign", "may", "--on-invalid", "skip", "--rejects", rejects];
        world.run(&args).expect(code)
    };
    skip(&file, &first, 0);
    // No row of it is good: it is refused like any file without rows.
    let none = skip(&first, &second, 3);
    assert!(none.stderr.contains("no row"), "{}", none.stderr);
    let mut bytes = std::fs::read(&first).expect("the rejects are there");
    bytes.extend(windows_1254("36f675cc-81e7-4ef5-a8e2-5d940ed90475;1,00;31.05.2036;KUPON;\r\n"));
    let more = world.file("more.csv", bytes);
    skip(&more, &second, 0);
    let third = place(&world, "third.csv");
    let mut bytes = std::fs::read(&second).expect("the rejects are there");
    bytes.extend(windows_1254("6b0d549b-6f03-475a-9600-a35a099950d8;1,00;31.05.2036;KUPON;\r\n"));
    skip(&world.file("more.csv", bytes), &third, 0);
    let text = |path: &str| {
        let bytes = std::fs::read(path).expect("the rejects are there");
        encoding_rs::WINDOWS_1254.decode(&bytes).0.into_owned()
    };
    // A row that was too short is whole now, and lacks a description.
    assert!(text(&second).starts_with("Cüzdan No;Tutar;Son Kullanma;Açıklama;reason\r\n"));
    assert_eq!(text(&second), text(&third));
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_of_a_workbook_are_a_workbook() {
    // Goal: a person mends the rejects in the program that wrote the file. Method: skip the sample's
    // faults, and check what comes back; then a reference that stands twice, in text.
    let world = World::new();
    let rejects = place(&world, "rejects.xlsx");
    let file = sample("faults/workbook-cells.xlsx");
    let skip = ["--on-invalid", "skip", "--rejects", &rejects];
    let args = [&["load", &file, "--campaign", "may", "--json"], &skip[..]].concat();
    assert_eq!(world.run(&args).expect(0).gifts("total"), 1);
    let again = world.run(&["check", &rejects]).expect(3);
    for word in ["cell A2", "905000000000", "cell B3", "elli", "cell B4", "50.005", "cell C7"] {
        assert!(again.stderr.contains(word), "{word}: {}", again.stderr);
    }
    let rejects = place(&world, "twice.csv");
    let file = sample("faults/reference-twice.csv");
    let skip = ["--on-invalid", "skip", "--rejects", &rejects];
    let args = [&["load", &file, "--campaign", "june", "--json"], &skip[..]].concat();
    assert_eq!(world.run(&args).expect(0).gifts("total"), 2);
    let text = std::fs::read_to_string(&rejects).expect("the rejects are there");
    assert_eq!(text.lines().count(), 2);
    assert!(text.contains(",A-1,reference: "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_never_replace_what_is_there() {
    // Goal: no word loses a file, and rows that wait to be mended stay. Method: the campaign file itself,
    // the ledger and its lock, a folder, a folder that is not there, no file at all; then the same command
    // again over its own rejects, and over mended ones.
    let world = World::new();
    let file = world.file("may.csv", four_rows());
    world.run(&["load", &sample("forms/utf-8.csv"), "--campaign", "june"]).expect(0);
    let ledger = world.ledger().to_str().expect("plain characters").to_owned();
    let lock = ledger.clone() + ".lock";
    let load = |rejects: &str| {
        let skip = ["--on-invalid", "skip", "--rejects", rejects];
        world.run(&[&["load", &file, "--campaign", "may"], &skip[..]].concat())
    };
    let [folder, missing] = ["", "no-such-folder/rejects.csv"].map(|name| place(&world, name));
    for rejects in [&file, &ledger, &lock, &folder, &missing] {
        load(rejects).expect(2);
        world.run(&["status", "may"]).expect(2);
    }
    world.run(&["load", &file, "--campaign", "may", "--on-invalid", "skip"]).expect(2);
    world.run(&["load", &file, "--campaign", "may", "--rejects", &missing]).expect(2);
    assert_eq!(std::fs::read(&file).expect("the file is there"), four_rows());
    world.run(&["status", "june"]).expect(0);

    let rejects = place(&world, "rejects.csv");
    load(&rejects).expect(0);
    load(&rejects).expect(0);
    std::fs::write(&rejects, "mended").expect("a file can be written");
    let refused = load(&rejects).expect(2);
    assert!(refused.stderr.contains("mended: move it away"), "{}", refused.stderr);
    assert_eq!(std::fs::read(&rejects).expect("the file is there"), b"mended");
    let left = std::fs::read_dir(world.path("")).expect("the folder is there");
    let names =
        left.map(|entry| entry.expect("an entry").file_name().into_string().expect("plain"));
    assert_eq!(names.filter(|name| name.ends_with(".part")).count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_that_nobody_mended_are_never_good() {
    // Goal: a row that was rejected becomes a gift only by somebody's hand. Method: rows that would be
    // good if a quote, a unit or a mark were lost on the way; their rejects are checked as they are.
    let world = World::new();
    let wallet = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7";
    let row = |amount: &str, text: &str| format!("{wallet};{amount};2036-05-31;{text}\n");
    let text = ["wallet_id;amount;expires_at;description\n".to_owned(), row("5", "good")].concat()
        + &row("\"100\"0", "B")
        + &row("7", "\"C\" D")
        + &row("8", "\"open");
    let book = sample("faults/workbook-units.xlsx");
    for (file, rejects) in
        [(world.file("quotes.csv", text), "quotes-rejects.csv"), (book, "units-rejects.xlsx")]
    {
        let rejects = place(&world, rejects);
        let skip = ["--on-invalid", "skip", "--rejects", &rejects];
        let args = [
            &["load", &file, "--campaign", rejects.rsplit('/').next().unwrap_or("may")],
            &skip[..],
        ];
        let first = world.run(&args.concat()).expect(0);
        let again = place(&world, "again");
        let unmended = ["check", &rejects, "--on-invalid", "skip", "--rejects", &again];
        let unmended = world.run(&unmended).expect(3);
        assert!(unmended.stderr.contains("no row"), "{}: {}", first.stderr, unmended.stderr);
    }
}
