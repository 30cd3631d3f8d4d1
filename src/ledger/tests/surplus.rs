//! Gifts too many that are taken back: one intent at a time, ended once, told in the gift's story.

use super::*;
use crate::ledger::{AuditCounts, Discrepancy, KeptFinding, RunNote};

fn deed(row: i64, number: u128, step: SurplusStep) -> SurplusDeed {
    SurplusDeed { row, id: gift_id(number), step, at: now() }
}

fn stays() -> SurplusStep {
    SurplusStep::Stays { why: "used".to_owned() }
}

/// Records deeds, and says whether that was possible.
async fn record(bench: &mut Bench, run: Uuid, deeds: &[SurplusDeed]) -> bool {
    let mut batch = bench.writer.begin().await.unwrap();
    let recorded = batch.record_surplus(run, deeds).await.is_ok();
    match recorded {
        true => batch.commit().await.unwrap(),
        false => batch.rollback().await.unwrap(),
    }
    recorded
}

#[tokio::test]
async fn an_intent_is_written_once_and_ended_once() {
    // Goal: nothing of what was deleted can be changed or forgotten. Method: end what was not begun, begin twice, end
    // twice, begin again what stayed; what is open at each step; then statements of another program's.
    let mut bench = Bench::new().await;
    let may = bench.load("may", &[content(1, 500)]).await;
    let june = bench.load("june", &[content(2, 500)]).await;
    let run = bench.begin(may).await;
    let begun = || deed(1, 7, SurplusStep::Begun);
    let gone = || deed(1, 7, SurplusStep::Gone);
    assert!(!record(&mut bench, run, &[gone()]).await);
    assert!(record(&mut bench, run, &[begun()]).await);
    assert!(!record(&mut bench, run, &[begun()]).await);
    let wallet = content(1, 500).wallet;
    let open = SurplusGift { row: 1, wallet, id: gift_id(7), is_begun: true };
    assert_eq!(bench.ledger.begun_surplus(may).await.unwrap(), [open]);
    assert_eq!(bench.ledger.begun_surplus(june).await.unwrap(), []);
    assert!(record(&mut bench, run, &[deed(1, 7, stays())]).await);
    assert_eq!(bench.ledger.begun_surplus(may).await.unwrap(), []);
    assert!(!record(&mut bench, run, &[gone()]).await);
    assert!(record(&mut bench, run, &[begun(), gone()]).await);
    let mut other = bench.ledger.connect_writer().await.unwrap();
    for statement in [
        "delete from surplus",
        "update surplus set word = 'stays'",
        "update surplus set ended_at_ms = null, word = null",
        "update surplus set gift_row = 2",
    ] {
        let changed = sqlx::query(statement).execute(&mut other).await;
        assert!(changed.is_err(), "{statement}");
    }
    let story: Vec<_> = bench.ledger.history(1).await.unwrap();
    let told: Vec<_> = story.iter().map(|line| line.word.as_str()).collect();
    assert_eq!(told, ["surplus_begun", "surplus_stays", "surplus_begun", "surplus_gone"]);
    assert_eq!(story[1].detail, Some(format!("{}: used", gift_id(7))));
}

#[tokio::test]
async fn a_story_has_it_between_what_came_before_and_after() {
    // Goal: who reads a gift's story sees the order of things. Method: a gift that was given, a double taken back, and
    // the gift itself revoked later.
    let mut bench = Bench::new().await;
    let may = bench.load("may", &[content(1, 500)]).await;
    let run = bench.begin(may).await;
    let claimed = bench.claim(may, run, now()).await.remove(0);
    let event = Event::Confirmed { gift: gift_id(1) };
    bench.record(outcome(&claimed, GiftState::InFlight, event)).await.unwrap();
    let deeds = [deed(1, 7, SurplusStep::Begun), deed(1, 7, SurplusStep::Gone)];
    assert!(record(&mut bench, run, &deeds).await);
    let later = Outcome {
        at: now() + TimeDelta::seconds(1),
        ..outcome(&claimed, GiftState::Issued, Event::RevokeStarted)
    };
    bench.record(later).await.unwrap();
    let story = bench.ledger.history(1).await.unwrap();
    let told: Vec<_> = story.iter().map(|line| line.word.as_str()).collect();
    let expected = ["started", "confirmed", "surplus_begun", "surplus_gone", "revoke_started"];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn what_an_audit_named_is_to_be_looked_at_once() {
    // Goal: no double is overlooked, and none comes up again that is gone. Method: an audit that names five ids of
    // three gifts, one of them cut off, beside another kind of finding; one begun, one gone after the audit, one gone
    // before it.
    let mut bench = Bench::new().await;
    let contents: Vec<_> = (1..=4).map(|wallet| content(wallet, 500)).collect();
    let may = bench.load("may", &contents).await;
    let run = bench.begin(may).await;
    let mut batch = bench.writer.begin().await.unwrap();
    let note = RunNote::default();
    let mark = batch.begin_reconciliation(may, "reconcile", &note, false, now()).await.unwrap();
    let found = |row, kind, detail: String| KeptFinding { row, kind, detail: Some(detail) };
    let (twice, ids) = (Discrepancy::Duplicated, |one, two| format!("{one} {two}"));
    batch.keep_findings(
        may,
        mark,
        &[
            found(1, twice, ids(gift_id(11), gift_id(12))),
            found(2, twice, ids(gift_id(21), gift_id(22))),
            found(3, twice, format!("{} 0000", gift_id(31))),
            found(4, Discrepancy::Unexpected, gift_id(41).to_string()),
        ],
    );
    batch
        .end_reconciliation(mark.number, "finished", None, AuditCounts::default(), now())
        .await
        .unwrap();
    batch.commit().await.unwrap();
    let earlier = now() - TimeDelta::seconds(1);
    let ended = |row, number, at| {
        [SurplusStep::Begun, SurplusStep::Gone]
            .map(|step| SurplusDeed { at, ..deed(row, number, step) })
    };
    let begun = [deed(1, 12, SurplusStep::Begun)];
    assert!(record(&mut bench, run, &begun).await);
    assert!(record(&mut bench, run, &ended(2, 21, now())).await);
    assert!(record(&mut bench, run, &ended(2, 22, earlier)).await);
    let named = bench.ledger.surplus_found(may, mark.number, now()).await.unwrap();
    let told: Vec<_> = named.iter().map(|gift| (gift.row, gift.id, gift.is_begun)).collect();
    let expected = [(1, 11), (2, 22), (3, 31)].map(|(row, id)| (row, gift_id(id), false));
    assert_eq!(told, expected);
}
