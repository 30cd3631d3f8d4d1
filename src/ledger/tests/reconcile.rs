//! What a reconcile reads and writes: findings by groups, wallets by pages.

use super::*;
use crate::ledger::Gone;

#[tokio::test]
async fn findings_of_any_number_are_recorded_each_with_its_own_words() {
    // Goal: no finding is lost or told of another gift where a group is filled up or cut in two. Method:
    // every kind in turn, in numbers around those that a statement takes; then all of them as matched.
    let mut bench = Bench::new().await;
    let contents: Vec<_> = (0..150).map(|number| content(number, 500)).collect();
    let may = bench.load("may", &contents).await;
    let rows: Vec<i64> = gifts(&bench, may).await.into_iter().map(|(row, ..)| row).collect();
    for count in [1, 2, 63, 64, 65, 128, 129, 150] {
        let finding = |place: usize| match Finding::ALL[place % Finding::ALL.len()] {
            finding @ (Finding::Differs | Finding::Duplicated) => {
                (finding, Some(format!("{place}")))
            }
            finding => (finding, None),
        };
        let audited = |place: usize| {
            let (finding, detail) = finding(place);
            AuditedGift { row: rows[place], finding, detail }
        };
        let mut batch = bench.writer.begin().await.unwrap();
        batch.clear_findings(&rows, Gone::Proved);
        batch.record_findings(&(0..count).map(audited).collect::<Vec<_>>());
        batch.commit().await.unwrap();
        let expected = |place: usize| {
            let found = (place < count).then(|| finding(place));
            let (finding, detail) = found.map_or((None, None), |(it, detail)| (Some(it), detail));
            (rows[place], finding.map(|it| it.word().to_owned()), detail)
        };
        assert_eq!(gifts(&bench, may).await, (0..150).map(expected).collect::<Vec<_>>());
    }
    let matched = |row: &i64| AuditedGift { row: *row, finding: Finding::Matched, detail: None };
    let mut batch = bench.writer.begin().await.unwrap();
    batch.record_findings(&rows.iter().map(matched).collect::<Vec<_>>());
    batch.commit().await.unwrap();
    let all = |row: &i64| (*row, Some("matched".to_owned()), None);
    assert_eq!(gifts(&bench, may).await, rows.iter().map(all).collect::<Vec<_>>());
}

/// The rows of a campaign, with what was found of each and more about that.
async fn gifts(bench: &Bench, campaign: i64) -> Vec<(i64, Option<String>, Option<String>)> {
    let page = bench.ledger.gift_page(campaign, None, 0, 1_000).await.unwrap();
    page.into_iter().map(|gift| (gift.row, gift.reconciled, gift.reconciled_detail)).collect()
}

#[tokio::test]
async fn pages_bring_every_wallet_once_with_all_its_gifts() {
    // Goal: no wallet is left out or read twice, whatever its rows' places, and gifts of other campaigns
    // are known with it. Method: a campaign whose wallets come again later, beside another; pages of
    // every size.
    let mut bench = Bench::new().await;
    let wallets = [1, 2, 1, 3, 4, 2, 5, 1, 6, 7, 3];
    let gift = |(minor, wallet): (i64, &u128)| content(*wallet, minor);
    let may: Vec<_> = (100..).zip(&wallets).map(gift).collect();
    let june: Vec<_> = (200..).zip(&[9, 2, 8, 6]).map(gift).collect();
    let may = bench.load("may", &may).await;
    bench.load("june", &june).await;
    let expected = [
        (1, vec![100, 102, 107]),
        (2, vec![101, 105, 201]),
        (3, vec![103, 110]),
        (4, vec![104]),
        (5, vec![106]),
        (6, vec![108, 203]),
        (7, vec![109]),
    ];
    let mut batch = bench.writer.begin().await.unwrap();
    for limit in 1..=8 {
        let (mut told, mut after) = (Vec::new(), 0);
        loop {
            let page = batch.wallet_page(may, after, limit).await.unwrap();
            assert!(page.len() <= limit);
            told.extend(page.iter().map(|known| {
                let minors = known.gifts.iter().map(|gift| gift.content.amount.minor());
                assert_eq!(known.row, known.gifts[0].row);
                (known.wallet.0.as_u128(), minors.collect::<Vec<_>>())
            }));
            match page.last() {
                Some(last) if page.len() == limit => after = last.row,
                _ => break,
            }
        }
        assert_eq!(told, expected, "pages of {limit}");
    }
}
