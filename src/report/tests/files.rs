//! What goes into files: the CSV report and the lists, read back by a reader of their own.

use super::fixture::{Fixture, row};
use crate::domain::GiftState as S;
use crate::ledger::Finding;
use crate::report::csv::CsvForm;
use crate::report::list::{self, ListForm};
use crate::report::pages::PAGE_GIFTS;
use crate::report::{Cells, csv};

/// The report as text, and as rows of cells.
async fn report(fixture: &Fixture, cells: Cells) -> (String, Vec<Vec<String>>) {
    let mut bytes = Vec::new();
    csv::write(&fixture.ledger, &fixture.campaign().await, &mut bytes, &CsvForm::plain(cells))
        .await
        .unwrap();
    (String::from_utf8(bytes.clone()).unwrap(), rows(&bytes))
}

fn rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    let cells = |row: ::csv::StringRecord| row.iter().map(str::to_owned).collect();
    reader.records().map(|row| cells(row.unwrap())).collect()
}

async fn list(fixture: &Fixture, state: Option<S>, form: ListForm) -> (u64, String) {
    let mut bytes = Vec::new();
    let campaign = fixture.campaign().await;
    let written = list::write(&fixture.ledger, &campaign, state, form, &mut bytes).await.unwrap();
    (written, String::from_utf8(bytes).unwrap())
}

#[tokio::test]
async fn the_csv_report_is_the_input_and_its_fate() {
    // Goal: a customer's row comes back with what became of it. Method: the whole text of a small
    // campaign, in both forms of cells.
    let mut fixture = Fixture::of(&[S::Issued, S::Refused]).await;
    fixture.reconcile(&[(1, Finding::Matched, None)]).await;
    let (text, _) = report(&fixture, Cells::Spreadsheet).await;
    insta::assert_snapshot!("report_csv", text);
    let (raw, _) = report(&fixture, Cells::Raw).await;
    assert_eq!(raw, text.replace("'=1+1", "=1+1").replace('\u{fffd}', "\u{1b}"));
    assert!(!text.contains('\r'));
}

#[tokio::test]
async fn cells_come_back_exactly_or_neutralised() {
    // Goal: no cell can run, break its row or be lost. Method: hostile cells, read back.
    let hostile = ["=1+1", "+1", "-5", "@a", "\tx", "\rx", "a,b", "a\"b", "a\nb", "", " ş ", "'"];
    let header: Vec<String> =
        ["wallet_id", "=amount"].into_iter().map(str::to_owned).chain(numbered(&hostile)).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut fixture = Fixture::empty().await;
    fixture.load(&header, vec![row(1, "KUPON100", &hostile)], 0).await;
    let (_, raw) = report(&fixture, Cells::Raw).await;
    assert_eq!(raw[0][..header.len()], header);
    assert_eq!(raw[1][2..2 + hostile.len()], hostile);
    let (_, safe) = report(&fixture, Cells::Spreadsheet).await;
    assert_eq!(safe[0][1], "'=amount");
    let expected =
        ["'=1+1", "'+1", "'-5", "'@a", "'\tx", "'\rx", "a,b", "a\"b", "a\nb", "", " ş ", "'"];
    assert_eq!(safe[1][2..2 + hostile.len()], expected);
}

fn numbered(cells: &[&str]) -> Vec<String> {
    (0..cells.len()).map(|place| format!("c{place}")).collect()
}

#[tokio::test]
async fn a_wider_and_a_narrower_file_lose_no_cell() {
    // Goal: rows of earlier files stay whole below the newest header. Method: load a wide file, then
    // a narrow one, then one between; each row's cells stand under the first columns.
    let mut fixture = Fixture::empty().await;
    let wide = ["wallet_id", "amount", "a", "b"];
    fixture.load(&wide, vec![row(1, "K", &["a1", "b1"])], 0).await;
    fixture.load(&wide[..2], vec![row(2, "K", &[])], 1).await;
    fixture.load(&["wallet_id", "amount", "note"], vec![row(3, "K", &["n3"])], 2).await;
    let (_, rows) = report(&fixture, Cells::Raw).await;
    assert_eq!(rows[0][..5], ["wallet_id", "amount", "note", "column_4", "gift_key"]);
    let more: Vec<&[String]> = rows[1..].iter().map(|row| &row[2..4]).collect();
    assert_eq!(more, [["a1", "b1"], ["", ""], ["n3", ""]]);
}

#[tokio::test]
async fn lists_filter_and_agree() {
    // Goal: the three forms show the same gifts. Method: the text of each, of some and of no gifts.
    let mut fixture = Fixture::of(&S::ALL).await;
    fixture.reconcile(&[(6, Finding::Missing, None)]).await;
    let (written, table) = list(&fixture, None, ListForm::Table { screen: None }).await;
    assert_eq!(written, 10);
    insta::assert_snapshot!("gifts_table", table);
    let (_, narrow) = list(&fixture, Some(S::Held), ListForm::Table { screen: Some(80) }).await;
    insta::assert_snapshot!("gifts_table_narrow", narrow);
    let (written, json) = list(&fixture, Some(S::Refused), ListForm::Json).await;
    assert_eq!(written, 1);
    insta::assert_snapshot!("gifts_json", json);
    let (_, csv) = list(&fixture, Some(S::Refused), ListForm::Csv(Cells::Spreadsheet)).await;
    insta::assert_snapshot!("gifts_csv", csv);
    let none = Fixture::of(&[S::Issued]).await;
    let empty = list(&none, Some(S::Held), ListForm::Json).await;
    assert_eq!(empty, (0, "[]\n".to_owned()));
}

#[tokio::test]
async fn every_page_is_written_once() {
    // Goal: no gift is lost or doubled between pages. Method: two pages and one gift more, counted
    // in every form.
    let gifts = 2 * u64::try_from(PAGE_GIFTS).unwrap() + 1;
    let mut fixture = Fixture::empty().await;
    let rows = (1..=gifts).map(|number| row(number, "K", &[])).collect();
    fixture.load(&["wallet_id", "amount"], rows, 0).await;
    let (_, report) = report(&fixture, Cells::Raw).await;
    let keys: std::collections::HashSet<_> = report[1..].iter().map(|row| &row[2]).collect();
    assert_eq!((report.len() as u64 - 1, keys.len() as u64), (gifts, gifts));
    let (written, json) = list(&fixture, None, ListForm::Json).await;
    let read: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!((written, read.len() as u64), (gifts, gifts));
    let (_, csv) = list(&fixture, None, ListForm::Csv(Cells::Raw)).await;
    assert_eq!(rows_of(&csv), gifts);
    let (_, table) = list(&fixture, None, ListForm::Table { screen: None }).await;
    assert_eq!(table.lines().count() as u64 - 1, gifts);
    let (_, screen) = list(&fixture, None, ListForm::Table { screen: Some(80) }).await;
    assert_eq!(screen.lines().count() as u64 - 1, 2 * gifts);
}

fn rows_of(csv: &str) -> u64 {
    rows(csv.as_bytes()).len() as u64 - 1
}
