//! What a load in progress tells of itself, held against a real file.

use super::*;
use crate::domain::WalletId;
use crate::plan::Named;

#[tokio::test]
async fn a_row_is_a_corrected_copy_by_its_looks() {
    // Goal: what looks like a row that left is noticed, and what is another gift is not. Method: a row that is
    // given, and files in its place with one other row each: what is alike changes in turn; then one in which
    // the row still stands, as it was and with an invisible mark, by both rules of keys.
    let mut bench = Bench::new().await;
    begin(&mut bench, &[(1, 100, "A")]).await.commit().await.unwrap();
    let mut count = async |rows: &[(u128, i64, &str)]| {
        let mut load = begin(&mut bench, rows).await;
        let count = load.corrected().await.unwrap().count;
        load.rollback().await.unwrap();
        count
    };
    for (row, expected) in [
        ((1, 100, "B"), 1),
        ((1, 200, "A"), 1),
        ((1, 200, "A\u{ad} "), 1),
        ((1, 200, "B"), 0),
        ((2, 100, "A"), 0),
    ] {
        assert_eq!(count(&[row]).await, expected, "{row:?}");
    }
    assert_eq!(count(&[(1, 100, "A"), (1, 200, "A"), (1, 100, "B")]).await, 0, "it is still there");
    let mut writer = bench.ledger.connect_writer().await.unwrap();
    sqlx::query("update campaign set key_rule = 1").execute(&mut writer).await.unwrap();
    for (row, expected) in [((1, 100, "A\u{ad}"), 1), ((1, 200, "A"), 0), ((1, 100, "B"), 0)] {
        let mut load = begin(&mut bench, &[(1, 100, "A"), row]).await;
        assert_eq!(load.corrected().await.unwrap().count, expected, "{row:?}");
        load.rollback().await.unwrap();
    }
}

/// A load that is not committed: what the rows are for, under references where they have one.
async fn begin<'b>(bench: &'b mut Bench, rows: &[(u128, i64, &str)]) -> Load<'b> {
    let header = LoadHeader {
        campaign: "may".parse().unwrap(),
        header_json: "[]".into(),
        dialect_json: "{}".into(),
        file_sha256: "0".repeat(64),
    };
    let mut load = bench.writer.begin().await.unwrap().load(&header, now()).await.unwrap();
    let row = |(line, (wallet, minor, description)): (u64, &(u128, i64, &str))| NewRow {
        line,
        content: GiftContent { description: (*description).to_owned(), ..content(*wallet, *minor) },
        reference: None,
        gift_key: None,
        cells_json: format!(r#"["x","{minor} kr"]"#),
    };
    load.add((2..).zip(rows).map(row).collect()).await.unwrap();
    load.finish(now()).await.unwrap();
    load
}

fn lines<T>(named: &Named<T>, line: impl Fn(&T) -> u64) -> (Vec<u64>, u64) {
    (named.named.iter().map(line).collect(), named.count)
}

#[tokio::test]
async fn a_wallets_sum_is_of_this_file_and_to_the_coin() {
    // Goal: known rows count, rows that left do not, and the limit itself passes. Method: a first file,
    // then one that keeps a row, leaves one out and adds one of the same wallet.
    let mut bench = Bench::new().await;
    let first = [(1, 500, "A"), (1, 700, "B"), (2, 1_200, "A")];
    begin(&mut bench, &first).await.commit().await.unwrap();
    let second = [(1, 500, "A"), (2, 1_200, "A"), (1, 701, "C")];
    let mut load = begin(&mut bench, &second).await;
    assert_eq!(load.wallets().await.unwrap(), 2);
    let none = load.wallets_beyond(Money::from_minor(1_201)).await.unwrap();
    assert_eq!(none, Named::default());
    let one = load.wallets_beyond(Money::from_minor(1_200)).await.unwrap();
    let sum = &one.named[0];
    assert_eq!((one.count, sum.amount, sum.rows), (1, Money::from_minor(1_201), 2));
    assert_eq!(sum.wallet, WalletId(Uuid::from_u128(1)));
    assert_eq!(sum.lines, [4], "the other row has the line of another file");
    load.rollback().await.unwrap();
}

#[tokio::test]
async fn outliers_are_new_rows_beyond_the_limit() {
    // Goal: what was allowed once is not named again. Method: fifteen new rows at and beyond the limit
    // beside one that was there before; the first ten are named, the largest first.
    let mut bench = Bench::new().await;
    begin(&mut bench, &[(99, 9_000, "A")]).await.commit().await.unwrap();
    let mut rows = vec![(99, 9_000, "A")];
    rows.extend((0..15_u128).map(|wallet| (wallet + 1, 1_000 + wallet as i64, "A")));
    let mut load = begin(&mut bench, &rows).await;
    let found = load.outliers(Money::from_minor(1_000), 1).await.unwrap();
    let (named, count) = lines(&found, |row| row.line);
    assert_eq!((named, count), ((8..=17).rev().collect(), 14));
    assert_eq!(found.named[0].written, "1014 kr");
    let none = load.outliers(Money::from_minor(1_014), 1).await.unwrap();
    assert_eq!((none.count, none.named.len()), (0, 0));
    load.rollback().await.unwrap();
}

#[tokio::test]
async fn a_corrected_row_is_paired_with_the_one_that_left() {
    // Goal: a person hears of every wallet that will have both. Method: a file in which one wallet's row
    // changes, one changes two, one only loses, one only gains, and one row left a load earlier.
    let mut bench = Bench::new().await;
    let zeroth = [(5, 100, "A"), (9, 100, "A")];
    begin(&mut bench, &zeroth).await.commit().await.unwrap();
    let first =
        [(1, 100, "A"), (2, 100, "A"), (2, 200, "B"), (3, 100, "A"), (6, 100, "A"), (9, 100, "A")];
    begin(&mut bench, &first).await.commit().await.unwrap();
    let campaign = bench.ledger.campaign("may").await.unwrap().unwrap().id;
    let run = bench.begin(campaign).await;
    let claimed = bench.claim(campaign, run, now()).await;
    let given = |wallet: u128| {
        claimed.iter().find(|gift| gift.gift.content.wallet.0.as_u128() == wallet).unwrap()
    };
    let confirmed = Event::Confirmed { gift: gift_id(1) };
    bench.record(outcome(given(1), GiftState::InFlight, confirmed)).await.unwrap();
    let refusal = Refusal { class: "gone".into(), message: String::new() };
    bench.record(outcome(given(6), GiftState::InFlight, Event::Declined(refusal))).await.unwrap();
    let second = [
        (9, 100, "A"),
        (1, 110, "A"),
        (2, 220, "B"),
        (2, 110, "A"),
        (4, 100, "A"),
        (5, 110, "A"),
        (6, 110, "A"),
    ];
    let mut load = begin(&mut bench, &second).await;
    let pairs = load.corrected().await.unwrap();
    let told: Vec<_> = pairs
        .named
        .iter()
        .map(|pair| (pair.line, pair.new.wallet.0.as_u128(), pair.old.amount, pair.new.amount))
        .map(|(line, wallet, old, new)| (line, wallet, old.minor(), new.minor()))
        .collect();
    // Of wallet 6 the old row was refused; of wallet 5 it left a file before, and is given all the same.
    let expected = [(3, 1, 100, 110), (4, 2, 200, 220), (5, 2, 100, 110), (7, 5, 100, 110)];
    assert_eq!(told, expected);
    assert_eq!(pairs.count, 4);
    assert_eq!(pairs.named[0].old_state, GiftState::Issued);
    let left_out: Vec<_> = load.left_out().await.unwrap();
    let gifts: u64 = left_out.iter().map(|tally| tally.gifts).sum();
    assert_eq!(gifts, 6, "{left_out:?}");
    assert_eq!(load.campaign_wallets().await.unwrap(), 7);
    load.rollback().await.unwrap();
    assert_eq!(bench.ledger.campaign("may").await.unwrap().unwrap().gifts, 7);
}
