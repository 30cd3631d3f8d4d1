//! What audits found, kept: each audit's own findings come back, and what is found again costs no row.

use super::*;
use crate::ledger::{AuditCounts, AuditMark, Discrepancy, FindingRecord, KeptFinding, RunNote};

/// What an audit finds, by row, kind and detail.
type Found = Vec<(i64, Discrepancy, Option<String>)>;

async fn begin(bench: &mut Bench, campaign: i64, has_balances: bool) -> AuditMark {
    let mut batch = bench.writer.begin().await.unwrap();
    let note = RunNote::default();
    let mark = batch.begin_reconciliation(campaign, "reconcile", &note, has_balances, now()).await;
    batch.commit().await.unwrap();
    mark.unwrap()
}

/// An audit that found this and ended in this way; without a word it has no end.
async fn audit(
    bench: &mut Bench,
    campaign: i64,
    has_balances: bool,
    found: &Found,
    end: Option<&str>,
) -> i64 {
    let mark = begin(bench, campaign, has_balances).await;
    let kept = |(row, kind, detail): &(i64, Discrepancy, Option<String>)| KeptFinding {
        row: *row,
        kind: *kind,
        detail: detail.clone(),
    };
    let mut batch = bench.writer.begin().await.unwrap();
    batch.keep_findings(campaign, mark, &found.iter().map(kept).collect::<Vec<_>>());
    if let Some(end) = end {
        let counts = AuditCounts { matched: 7, ..AuditCounts::default() };
        batch.end_reconciliation(mark.number, end, None, counts, now()).await.unwrap();
    }
    batch.commit().await.unwrap();
    mark.number
}

/// All that stood at an audit, read by pages of three.
async fn stood(bench: &Bench, campaign: i64, number: i64) -> Vec<FindingRecord> {
    let mut all: Vec<FindingRecord> = Vec::new();
    loop {
        let page = bench.ledger.finding_page(campaign, number, None, all.last(), 3).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

async fn rows_kept(bench: &mut Bench, campaign: i64) -> usize {
    let last = begin(bench, campaign, true).await.number;
    let mut seen = std::collections::BTreeSet::new();
    for number in 1..last {
        for finding in stood(bench, campaign, number).await {
            seen.insert((finding.row, finding.kind, finding.audits.0));
        }
    }
    seen.len()
}

#[tokio::test]
async fn each_audit_has_what_it_found_and_nothing_else() {
    // Goal: no audit is told of what another found, and a ledger grows by what is new. Method: thirty audits of
    // twenty gifts whose findings come, stay, change and go by a seed; what stood at each, against what it was
    // given; then the same audit again and again.
    let seed = 7_u64;
    let mut bench = Bench::new().await;
    let contents: Vec<_> = (0..20).map(|number| content(number, 500)).collect();
    let may = bench.load("may", &contents).await;
    let june = bench.load("june", &contents[..1]).await;
    let page = bench.ledger.gift_page(may, None, 0, 100).await.unwrap();
    let rows: Vec<i64> = page.into_iter().map(|gift| gift.row).collect();
    let mut state = seed;
    let mut draw = move |end: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % end
    };
    let mut audits: Vec<(i64, Found)> = Vec::new();
    for _ in 0..30 {
        let mut found = audits.last().map_or_else(Vec::new, |(_, found)| found.clone());
        found.retain(|_| draw(4) > 0);
        for row in &rows {
            let kind = Discrepancy::ALL[draw(5) as usize];
            if draw(5) == 0 && !found.iter().any(|it| it.0 == *row && it.1 == kind) {
                let detail = (draw(2) == 0).then(|| format!("{}", draw(3)));
                found.push((*row, kind, detail));
            }
        }
        found.sort_unstable_by_key(|(row, kind, _)| (*row, kind.word()));
        let number = audit(&mut bench, may, true, &found, Some("finished")).await;
        audits.push((number, found));
        audit(&mut bench, june, true, &Vec::new(), Some("finished")).await;
    }
    for (number, found) in &audits {
        let told = stood(&bench, may, *number).await;
        let told: Found = told.into_iter().map(|it| (it.row, it.kind, it.detail)).collect();
        assert_eq!(told, *found, "audit {number}, seed {seed}");
    }
    let before = rows_kept(&mut bench, may).await;
    let (_, last) = audits.last().unwrap().clone();
    for _ in 0..5 {
        audit(&mut bench, may, true, &last, Some("finished")).await;
    }
    assert_eq!(rows_kept(&mut bench, may).await, before);
    let list = bench.ledger.audits(may, 2).await.unwrap();
    assert!(list[0].number > list[1].number && list[1].is_whole() && !list[0].is_whole());
    assert_eq!(list[1].counts.map(|counts| counts.matched), Some(7));
}

#[tokio::test]
async fn what_an_audit_did_not_look_at_is_not_gone() {
    // Goal: neither an audit that was cut short nor one without balances ends what it did not look for. Method: one
    // finding of each sort; an audit that died, one without balances, then a whole one that finds both again; and
    // one that finds neither, after which both begin anew.
    let mut bench = Bench::new().await;
    let may = bench.load("may", &[content(1, 500)]).await;
    let row = bench.ledger.gift_page(may, None, 0, 1).await.unwrap()[0].row;
    let both: Found = vec![
        (row, Discrepancy::Balance, Some("6.00 instead of 5.00 (1.00 more)".into())),
        (row, Discrepancy::Missing, None),
    ];
    let nothing = Found::new();
    let first = audit(&mut bench, may, true, &both, Some("finished")).await;
    audit(&mut bench, may, true, &nothing, None).await;
    audit(&mut bench, may, false, &both[1..].to_vec(), Some("finished")).await;
    let third = audit(&mut bench, may, true, &both, Some("silence")).await;
    let spans = |found: Vec<FindingRecord>| found.iter().map(|it| it.audits).collect::<Vec<_>>();
    assert_eq!(spans(stood(&bench, may, third).await), [(first, third); 2]);
    audit(&mut bench, may, true, &nothing, Some("finished")).await;
    let last = audit(&mut bench, may, true, &both, Some("finished")).await;
    assert_eq!(spans(stood(&bench, may, last).await), [(last, last); 2]);
    assert_eq!(spans(stood(&bench, may, first).await), [(first, third); 2]);
}
