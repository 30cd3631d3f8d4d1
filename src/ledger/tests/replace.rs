//! Mended rows and the refused gifts whose places they take, held against a real file.

use super::*;

fn mended(line: u64, minor: i64, reference: Option<&str>, key: Option<GiftKey>) -> NewRow {
    NewRow {
        line,
        content: content(1, minor),
        reference: reference.map(str::to_owned),
        gift_key: key,
        cells_json: "[]".into(),
    }
}

/// A load that is kept: what became of its rows, and how many gifts were withdrawn for them.
async fn load(bench: &mut Bench, name: &str, rows: Vec<NewRow>) -> (Vec<RowFate>, u64) {
    let header = LoadHeader {
        campaign: name.parse().unwrap(),
        header_json: "[]".into(),
        dialect_json: "{}".into(),
        file_sha256: "0".repeat(64),
    };
    let mut load = bench.writer.begin().await.unwrap().load(&header, now()).await.unwrap();
    let fates = load.add(rows).await.unwrap();
    let totals = load.finish(now()).await.unwrap();
    if totals.added == totals.replaced {
        let corrected = load.corrected().await.unwrap().count;
        assert_eq!(corrected, 0, "where a mended row comes from is known");
    }
    load.commit().await.unwrap();
    (fates.into_iter().map(|row| row.fate).collect(), totals.replaced)
}

async fn gifts(bench: &Bench) -> Vec<GiftRecord> {
    let campaign = bench.ledger.campaign("may").await.unwrap().unwrap();
    bench.ledger.gift_page(campaign.id, None, 0, 100).await.unwrap()
}

async fn states(bench: &Bench) -> Vec<GiftState> {
    gifts(bench).await.into_iter().map(|gift| gift.state).collect()
}

/// Sends what is planned, and has all of it refused.
async fn refuse_all(bench: &mut Bench) {
    let campaign = bench.ledger.campaign("may").await.unwrap().unwrap().id;
    let run = bench.begin(campaign).await;
    let refusal = Refusal { class: "gone".into(), message: String::new() };
    for claimed in bench.claim(campaign, run, now()).await {
        let declined = Event::Declined(refusal.clone());
        bench.record(outcome(&claimed, GiftState::InFlight, declined)).await.unwrap();
    }
}

/// The same, and then a reconcile.
async fn refuse(bench: &mut Bench) {
    refuse_all(bench).await;
    reconcile(bench).await;
}

async fn reconcile(bench: &mut Bench) {
    let campaign = bench.ledger.campaign("may").await.unwrap().unwrap().id;
    let mut batch = bench.writer.begin().await.unwrap();
    batch.reconcile_ended(campaign, now()).await.unwrap();
    batch.commit().await.unwrap();
}

#[tokio::test]
async fn a_mended_row_takes_the_place_of_the_refused_one_it_comes_from() {
    // Goal: one row, one gift, however often it is refused and mended, and whatever file comes again. Method: a
    // row with and one without a reference, refused, mended, refused, mended back and once more; after each
    // every file so far again; the story of each gift, and the chain of events.
    for reference in [None, Some("A-1")] {
        let mut bench = Bench::new().await;
        load(&mut bench, "may", vec![mended(2, 500, reference, None)]).await;
        let mut files = vec![(500, None)];
        for (round, minor) in [(1, 700), (2, 500), (3, 900)] {
            refuse(&mut bench).await;
            let last = gifts(&bench).await.pop().unwrap();
            let row = (minor, Some(last.key));
            let by = |key| if reference.is_some() && round != 2 { None } else { key };
            let (fates, withdrawn) =
                load(&mut bench, "may", vec![mended(2, row.0, reference, by(row.1))]).await;
            assert_eq!((fates, withdrawn), (vec![RowFate::Added], 1), "{reference:?} {round}");
            files.push(row);
            for (minor, key) in &files {
                let again = vec![mended(2, *minor, reference, *key)];
                let known = (vec![RowFate::Known], 0);
                assert_eq!(load(&mut bench, "may", again).await, known, "{round}: {minor}");
            }
        }
        let mut expected = vec![GiftState::Cancelled; 3];
        expected.push(GiftState::Planned);
        assert_eq!(states(&bench).await, expected);
        let all = gifts(&bench).await;
        let story = bench.ledger.history(all[0].row).await.unwrap();
        assert_eq!(story.last().unwrap().detail, Some(all[1].key.to_string()));
        assert_eq!(bench.ledger.chain(None).await.unwrap().broken_at, None);
        assert!(all.iter().all(|gift| gift.error_class.is_none()));
    }
}

#[tokio::test]
async fn nothing_but_a_refused_gift_that_nobody_found_is_replaced() {
    // Goal: what may have been given, or will be, stays. Method: rows that name gifts in other states, one that was
    // found all the same, one that nobody looked for, one twice, none, and one of another campaign; by reference
    // the same gifts stay without a fault.
    let mut bench = Bench::new().await;
    let first = (1..=2)
        .map(|number| mended(number + 1, 400 + number as i64, Some(&format!("A-{number}")), None));
    load(&mut bench, "may", first.collect()).await;
    let keys: Vec<GiftKey> = gifts(&bench).await.iter().map(|gift| gift.key).collect();
    let try_it = |key: GiftKey| vec![mended(2, 800, None, Some(key))];
    let barred = |fault| (vec![RowFate::NotReplaced(fault)], 0);
    let planned = load(&mut bench, "may", try_it(keys[0])).await;
    assert_eq!(planned, barred(KeyFault::NotRefused(GiftState::Planned)));
    refuse_all(&mut bench).await;
    let unseen = load(&mut bench, "may", try_it(keys[0])).await;
    assert_eq!(unseen, barred(KeyFault::NotLookedFor));
    reconcile(&mut bench).await;
    let row = gifts(&bench).await[0].row;
    let mut batch = bench.writer.begin().await.unwrap();
    let found = AuditedGift { row, finding: Finding::Unexpected, detail: None };
    batch.record_findings(&[found]);
    batch.commit().await.unwrap();
    assert_eq!(load(&mut bench, "may", try_it(keys[0])).await, barred(KeyFault::Unexpected));
    let by_reference = vec![mended(2, 800, Some("A-1"), None)];
    let stays = load(&mut bench, "may", by_reference).await;
    assert_eq!(stays, (vec![RowFate::ChangedContent], 0));
    let nobodys = GiftKey(Uuid::from_u128(9));
    assert_eq!(load(&mut bench, "may", try_it(nobodys)).await, barred(KeyFault::Unknown));
    let elsewhere = load(&mut bench, "june", try_it(nobodys)).await;
    assert_eq!(elsewhere, (vec![RowFate::Added], 0), "a campaign without gifts asks nobody");
    let taken = vec![mended(2, 800, Some("A-1"), Some(keys[1]))];
    assert_eq!(load(&mut bench, "may", taken).await, barred(KeyFault::ReferenceTaken));
    let twice = vec![mended(2, 800, None, Some(keys[1])), mended(3, 900, None, Some(keys[1]))];
    let twice = load(&mut bench, "may", twice).await;
    let repeated = RowFate::NotReplaced(KeyFault::Repeated);
    assert_eq!(twice, (vec![RowFate::Added, repeated], 1));
    let of_june = gifts_of(&bench, "june").await;
    let other = load(&mut bench, "may", vec![mended(2, 950, None, Some(of_june))]).await;
    assert_eq!(other, (vec![RowFate::Added], 0), "what is planned elsewhere is wanted once more");
}

#[tokio::test]
async fn what_another_campaign_refused_is_withdrawn_there() {
    // Goal: rows that are exported and loaded under another name are given once. Method: a gift that was refused, not
    // looked for, found all the same, and neither; its row as it was and mended, in a campaign without gifts, once more,
    // twice in a file, in a third campaign, and in its own.
    let mut bench = Bench::new().await;
    load(&mut bench, "may", vec![mended(2, 500, None, None)]).await;
    let key = gifts(&bench).await[0].key;
    let again = |minor| vec![mended(2, minor, None, Some(key))];
    let barred = |fault| (vec![RowFate::NotReplaced(fault)], 0);
    let campaign = bench.ledger.campaign("may").await.unwrap().unwrap().id;
    let run = bench.begin(campaign).await;
    let claimed = bench.claim(campaign, run, now()).await.remove(0);
    let refusal = Refusal { class: "gone".into(), message: String::new() };
    bench.record(outcome(&claimed, GiftState::InFlight, Event::Declined(refusal))).await.unwrap();
    assert_eq!(load(&mut bench, "june", again(500)).await, barred(KeyFault::NotLookedFor));
    reconcile(&mut bench).await;
    let twice = [again(500), vec![mended(3, 700, None, Some(key))]].concat();
    let (fates, withdrawn) = load(&mut bench, "june", twice.clone()).await;
    let repeated = RowFate::NotReplaced(KeyFault::Repeated);
    assert_eq!((fates, withdrawn), (vec![RowFate::Added, repeated], 1));
    assert_eq!(states(&bench).await, [GiftState::Cancelled]);
    let heir = gifts_of(&bench, "june").await;
    let story = bench.ledger.history(gifts(&bench).await[0].row).await.unwrap();
    assert_eq!(story.last().unwrap().detail, Some(heir.to_string()));
    assert_eq!(load(&mut bench, "june", again(500)).await, (vec![RowFate::Known], 0));
    let sent = barred(KeyFault::NotRefused(GiftState::Planned));
    assert_eq!(load(&mut bench, "june", again(700)).await, sent, "its heir is given yet");
    assert_eq!(load(&mut bench, "july", again(500)).await, barred(KeyFault::Replaced));
    let own = (vec![RowFate::Known], 0);
    assert_eq!(load(&mut bench, "may", vec![mended(2, 500, None, None)]).await, own);
    let own = barred(KeyFault::NotRefused(GiftState::Cancelled));
    assert_eq!(load(&mut bench, "may", again(900)).await, own);
    assert_eq!(bench.ledger.chain(None).await.unwrap().broken_at, None);
}

async fn gifts_of(bench: &Bench, name: &str) -> GiftKey {
    let campaign = bench.ledger.campaign(name).await.unwrap().unwrap();
    bench.ledger.gift_page(campaign.id, None, 0, 1).await.unwrap()[0].key
}

#[tokio::test]
async fn a_row_that_was_corrected_in_its_own_file_first_is_not_added_again() {
    // Goal: the corrected file and the mended export mean one gift. Method: the corrected file, then the export with
    // the key of the refused gift; the refused one is withdrawn, and nothing is new.
    let mut bench = Bench::new().await;
    load(&mut bench, "may", vec![mended(2, 500, None, None)]).await;
    refuse(&mut bench).await;
    let key = gifts(&bench).await[0].key;
    let corrected = load(&mut bench, "may", vec![mended(2, 700, None, None)]).await;
    assert_eq!(corrected, (vec![RowFate::Added], 0));
    let export = load(&mut bench, "may", vec![mended(2, 700, None, Some(key))]).await;
    assert_eq!(export, (vec![RowFate::Known], 0));
    assert_eq!(states(&bench).await, [GiftState::Cancelled, GiftState::Planned]);
}
