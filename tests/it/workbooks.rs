//! Stories of workbooks: what reaches the provider is what a person sees in the cells, or the file is refused
//! with the place, the value and the mend.

use std::io::{Cursor, Write};

use rstest::rstest;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::world::World;

const WALLET: &str = "c54ab16d-aa9c-44a1-a130-f06cd513208e";
const OTHER: &str = "48d90a40-d5f8-4ef8-afe0-3a730241dceb";

/// The formats of the styles from 1 on; 0 has none.
const FORMATS: [&str; 9] = [
    "#,##0,",
    "dd.mm.yyyy",
    "dd.mm.yyyy hh:mm:ss",
    "mmm yyyy",
    "mm/yy",
    "yyyy",
    "dddd",
    "0",
    ";;;",
];

/// An archive with these parts.
fn archive(parts: &[(String, String)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(name.as_str(), SimpleFileOptions::default()).expect("a part");
        writer.write_all(text.as_bytes()).expect("memory");
    }
    writer.finish().expect("an archive").into_inner()
}

/// A workbook with these sheets, each as the XML of its rows.
fn workbook(sheets: &[(&str, &str)]) -> Vec<u8> {
    const TYPES: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let numbered = || sheets.iter().enumerate().map(|(at, sheet)| (at + 1, sheet));
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"{TYPES}/{kind}\" Target=\"{target}\"/>")
    };
    let list: String = numbered()
        .map(|(id, (name, _))| format!("<sheet name=\"{name}\" sheetId=\"{id}\" r:id=\"s{id}\"/>"))
        .collect();
    let mut relations: String = numbered()
        .map(|(id, _)| {
            relation(&format!("s{id}"), "worksheet", &format!("worksheets/sheet{id}.xml"))
        })
        .collect();
    relations += &relation("styles", "styles", "styles.xml");
    let codes: String = (200..)
        .zip(FORMATS)
        .map(|(id, code)| format!("<numFmt numFmtId=\"{id}\" formatCode=\"{code}\"/>"))
        .collect();
    let styles: String =
        (200..).take(FORMATS.len()).map(|id| format!("<xf numFmtId=\"{id}\"/>")).collect();
    let part = |name: &str, text: String| (name.to_owned(), text);
    let mut parts = vec![
        part(
            "_rels/.rels",
            format!(
                "<Relationships>{}</Relationships>",
                relation("b", "officeDocument", "xl/workbook.xml")
            ),
        ),
        part("xl/workbook.xml", format!("<workbook><sheets>{list}</sheets></workbook>")),
        part("xl/_rels/workbook.xml.rels", format!("<Relationships>{relations}</Relationships>")),
        part(
            "xl/styles.xml",
            format!(
                "<styleSheet><numFmts>{codes}</numFmts><cellXfs><xf numFmtId=\"0\"/>{styles}</cellXfs></styleSheet>"
            ),
        ),
    ];
    parts.extend(numbered().map(|(id, (_, rows))| {
        part(
            &format!("xl/worksheets/sheet{id}.xml"),
            format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"),
        )
    }));
    archive(&parts)
}

fn text(text: &str) -> String {
    format!("<c t=\"inlineStr\"><is><t xml:space=\"preserve\">{text}</t></is></c>")
}

fn header() -> String {
    let names = ["wallet_id", "amount", "expires_at", "description", "note"];
    format!("<row r=\"1\">{}</row>", names.map(text).concat())
}

/// A row with these cells as XML.
fn row(wallet: &str, amount: &str, expiry: &str, description: &str, note: &str) -> String {
    format!("<row>{}{amount}{expiry}{description}{note}</row>", text(wallet))
}

/// One row with an amount and an expiry of their own.
fn sheet(amount: &str, expiry: &str) -> String {
    header() + &row(WALLET, amount, expiry, &text("Hediye"), &text("x"))
}

const TEN: &str = "<c><v>10</v></c>";

fn day() -> String {
    text("2031-05-31")
}

#[rstest]
#[case("<c s=\"2\"><v>47999</v></c>", "2031-05-31T20:59:59Z")]
#[case("<c s=\"3\"><v>47999</v></c>", "2031-05-31T20:59:59Z")]
#[case("<c s=\"3\"><v>47999.75</v></c>", "2031-05-31T15:00:00Z")]
#[case("<c s=\"3\"><v>47999.999999988424</v></c>", "2031-05-31T20:59:59.999Z")]
#[case("<c s=\"2\"><v>47999.999999988424</v></c>", "2031-05-31T20:59:59Z")]
#[case("<c s=\"2\" t=\"d\"><v>2031-05-31T00:00:00.000Z</v></c>", "2031-05-31T20:59:59Z")]
#[case("<c s=\"2\"><f>TODAY()</f><v>47999</v></c>", "2031-05-31T20:59:59Z")]
#[tokio::test(flavor = "multi_thread")]
async fn an_expiry_is_the_day_that_the_cell_shows(#[case] cell: &str, #[case] expiry: &str) {
    // Goal: no gift ends a day early or late. Method: cells as programs write them, with the instant.
    let world = World::new();
    let file = world.file("may.xlsx", workbook(&[("Mayıs", &sheet(TEN, cell))]));
    world.run(&["load", &file, "--campaign", "may"]).expect(0);
    let gifts = world.run(&["gifts", "may", "--json"]).expect(0).json();
    assert_eq!(gifts[0]["expires_at"], expiry);
}

#[rstest]
#[case("<c s=\"1\"><v>100000</v></c>", &day(), "number_scaled", &["cell B2", "\"100000\"", "shown in thousands"])]
#[case("<c s=\"8\"><v>99.99</v></c>", &day(), "number_rounded", &["cell B2", "\"99.99\"", "decimals"])]
#[case("<c s=\"9\"><v>10</v></c>", &day(), "cell_hidden", &["cell B2", "\"10\"", "shows nothing"])]
#[case("<c><f>50*2</f></c>", &day(), "formula_not_computed", &["cell B2", "open the file in Excel and save it"])]
#[case("<c t=\"e\"><v>#SPILL!</v></c>", &day(), "sheet_error", &["cell B2", "#SPILL!"])]
#[case(TEN, "<c><f>TODAY()+30</f></c>", "formula_not_computed", &["cell C2", "open the file in Excel"])]
#[case(TEN, "<c s=\"4\"><v>47969</v></c>", "date_without_day", &["cell C2", "2031-05-01", "shows no day"])]
#[case(TEN, "<c s=\"5\"><v>47969</v></c>", "date_without_day", &["cell C2", "shows no day"])]
#[case(TEN, "<c s=\"6\"><v>47969</v></c>", "date_without_day", &["cell C2", "shows no day"])]
#[case(TEN, "<c s=\"7\"><v>47969</v></c>", "date_without_day", &["cell C2", "shows no day"])]
#[case(TEN, "<c s=\"3\" t=\"d\"><v>2031-05-31T00:00:00Z</v></c>", "date_midnight", &["cell C2", "midnight"])]
#[tokio::test(flavor = "multi_thread")]
async fn a_cell_that_does_not_show_what_it_holds_is_a_fault(
    #[case] amount: &str,
    #[case] expiry: &str,
    #[case] code: &str,
    #[case] words: &[&str],
) {
    // Goal: nothing is given that nobody saw, whatever default stands beside the file. Method: one such cell,
    // with a default for what is empty; the code of the fault is in the document.
    let world = World::new();
    let file = world.file("may.xlsx", workbook(&[("Mayıs", &sheet(amount, expiry))]));
    let done = world.run(&["load", &file, "--campaign", "may", "--expires", "never", "--json"]);
    let done = done.expect(3);
    for word in words {
        assert!(done.stderr.contains(word), "{word:?} is missing: {}", done.stderr);
    }
    let document = done.json();
    assert_eq!(document["faults"][0]["code"], code);
    assert_eq!(document["fault_counts"][code], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_means_nothing_does_no_harm() {
    // Goal: an error beside the data refuses nothing, and an empty text that a formula gave is empty. Method: a
    // sheet with both; the default expiry stands in for the empty one.
    let world = World::new();
    let error = "<c t=\"e\"><v>#SPILL!</v></c>";
    let empty = "<c t=\"str\"><f>IF(A2=1,1,\"\")</f><v></v></c>";
    let rows = header()
        + &row(WALLET, TEN, &day(), &text("Hediye"), error)
        + &row(OTHER, TEN, empty, &text("Hediye"), "<c><f>NOW()</f></c>");
    let file = world.file("may.xlsx", workbook(&[("Mayıs", &rows)]));
    world.run(&["load", &file, "--campaign", "may"]).expect(3);
    let done = world.run(&["load", &file, "--campaign", "may", "--expires", "never", "--json"]);
    let document = done.expect(0).json();
    assert_eq!(document["gifts"]["total"], 2);
    assert_eq!(
        (&document["faults"], &document["fault_counts"]),
        (&serde_json::json!([]), &serde_json::json!({}))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cover_is_named_with_the_sheet_behind_it() {
    // Goal: a person knows which sheet was read, and what to say. Method: covers of three kinds before a good
    // sheet, and that sheet by its name.
    let world = World::new();
    let good = sheet(TEN, &day());
    let alone = format!("<row>{}</row>", text("Lütfen ikinci sayfayı doldurun"));
    for cover in [&alone, "", &header()] {
        let file = world.file("may.xlsx", workbook(&[("Kapak", cover), ("Liste", &good)]));
        let done = world.run(&["check", &file, "--json"]).expect(3);
        for word in ["\"Kapak\"", "\"Liste\"", "--sheet"] {
            assert!(done.stderr.contains(word), "{word} is missing: {}", done.stderr);
        }
        assert_eq!(done.json()["faults"].as_array().map(Vec::len), Some(1));
        world.run(&["check", &file, "--sheet", "Liste"]).expect(0);
    }
}

#[rstest]
#[case("may.ods", &[("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", "<a/>")], ".ods")]
#[case("may.zip", &[("may.csv", "wallet_id,amount\n")], "unpack")]
#[case("may.numbers", &[("Index/Document.iwa", "x")], "Numbers")]
#[case("may.xlsx", &[("xl/workbook.bin", "x")], ".xlsb")]
#[tokio::test(flavor = "multi_thread")]
async fn an_archive_of_another_kind_is_named(
    #[case] name: &str,
    #[case] parts: &[(&str, &str)],
    #[case] word: &str,
) {
    // Goal: the message says what the file is. Method: an archive of each kind.
    let world = World::new();
    let parts: Vec<(String, String)> =
        parts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let file = world.file(name, archive(&parts));
    let done = world.run(&["check", &file]).expect(3);
    assert!(done.stderr.contains(word), "{}", done.stderr);
}
