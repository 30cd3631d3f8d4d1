//! How rows are known again, held against a real file.

use super::*;

fn row(line: u64, reference: Option<&str>, description: &str) -> NewRow {
    NewRow {
        line,
        content: GiftContent { description: description.to_owned(), ..content(1, 500) },
        reference: reference.map(str::to_owned),
        gift_key: None,
        cells_json: "[]".into(),
    }
}

async fn load(bench: &mut Bench, rows: Vec<NewRow>) -> Vec<AddedRow> {
    let header = LoadHeader {
        campaign: "may".parse().unwrap(),
        header_json: "[]".into(),
        dialect_json: "{}".into(),
        file_sha256: "0".repeat(64),
    };
    let mut load = bench.writer.begin().await.unwrap().load(&header, now()).await.unwrap();
    let fates = load.add(rows).await.unwrap();
    load.finish(now()).await.unwrap();
    load.commit().await.unwrap();
    fates
}

fn fates(rows: &[AddedRow]) -> Vec<RowFate> {
    rows.iter().map(|row| row.fate).collect()
}

#[tokio::test]
async fn what_nobody_sees_makes_no_other_row_and_is_sent_as_it_was_written() {
    // Goal: a re-export that looks the same adds nothing, whatever program wrote it. Method: texts and
    // references in other dresses, in later files and in one; what is stored of the first.
    let mut bench = Bench::new().await;
    let family = "Aile \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{fe0f}";
    load(&mut bench, vec![row(2, None, family), row(3, Some("2409"), "KUPON")]).await;
    let dressed = vec![
        row(2, None, "Aile\u{a0}\u{1f468}\u{1f469}\u{1f467}"),
        row(3, Some("2409.0\u{200b}"), "\u{feff}KUPON"),
    ];
    assert_eq!(fates(&load(&mut bench, dressed).await), [RowFate::Known; 2]);
    let campaign = bench.ledger.campaign("may").await.unwrap().unwrap();
    let gifts = bench.ledger.gift_page(campaign.id, None, 0, 10).await.unwrap();
    assert_eq!(gifts.len(), 2);
    assert_eq!(gifts[0].content.description, family);
    let twice = vec![
        row(2, None, "YENI"),
        row(3, None, "YENI\u{ad}"),
        row(4, Some("7"), "A"),
        row(5, Some("7.00"), "B"),
    ];
    let twice = load(&mut bench, twice).await;
    assert_eq!(twice[1].occurrence, 2);
    assert_eq!(fates(&twice)[2..], [RowFate::Added, RowFate::ReferenceRepeated]);
    let earlier = twice[3].earlier.as_ref().unwrap();
    assert_eq!((earlier.line, earlier.reference.as_deref()), (4, Some("7")));
}

#[tokio::test]
async fn a_campaign_from_before_keeps_its_keys() {
    // Goal: no gift of an old ledger gets another key, so none is given again. Method: a campaign whose rule
    // is the old one; its rows, and dressed ones.
    let mut bench = Bench::new().await;
    bench.load("may", &[]).await;
    let mut writer = bench.ledger.connect_writer().await.unwrap();
    sqlx::query("update campaign set key_rule = 1").execute(&mut writer).await.unwrap();
    let rows = || vec![row(2, None, "A\u{200b}"), row(3, Some("2409.0"), "B")];
    load(&mut bench, rows()).await;
    assert_eq!(fates(&load(&mut bench, rows()).await), [RowFate::Known; 2]);
    let campaign = "may".parse().unwrap();
    let dressed = GiftContent { description: "A\u{200b}".to_owned(), ..content(1, 500) };
    let old = [
        GiftKey::from_content(KeyRule::AsWritten, &campaign, &dressed, 1),
        GiftKey::from_reference(KeyRule::AsWritten, &campaign, "2409.0"),
    ];
    for key in old {
        assert!(bench.ledger.gift(key).await.unwrap().is_some());
    }
    let plain = vec![row(2, None, "A"), row(3, Some("2409"), "B")];
    assert_eq!(fates(&load(&mut bench, plain).await), [RowFate::Added; 2]);
}

#[tokio::test]
async fn rows_are_looked_for_by_their_keys() {
    // Goal: a file that comes again costs what it did the first time, not its square. Method: SQLite's plan
    // of the statement that each group of known rows takes.
    let bench = Bench::new().await;
    let mut writer = bench.ledger.connect_writer().await.unwrap();
    let plan = sqlx::AssertSqlSafe(format!("explain query plan {}", sql::GIFT_SEEN));
    let steps: Vec<(i64, i64, i64, String)> =
        sqlx::query_as(plan).bind("[]").bind(1).bind(1).fetch_all(&mut writer).await.unwrap();
    assert!(steps.iter().any(|step| step.3.contains("gift_key (key=?)")), "{steps:?}");
}
