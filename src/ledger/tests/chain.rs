//! The chain of events: it reaches as far as the events do, and shows whatever was changed behind its back.

use sqlx::{Connection as _, SqliteConnection};

use super::*;

/// A ledger in which gifts were given, refused and doubted, in groups of several sizes.
async fn lived() -> Bench {
    let mut bench = Bench::new().await;
    let contents: Vec<_> = (0..90).map(|number| content(number, 500)).collect();
    let may = bench.load("may", &contents).await;
    let run = bench.begin(may).await;
    for size in [1, 2, 70] {
        let mut batch = bench.writer.begin().await.unwrap();
        let claimed = batch.claim(may, run, size, now()).await.unwrap();
        batch.commit().await.unwrap();
        let event = |number: usize| match number % 3 {
            0 => Event::Confirmed { gift: GiftId(Uuid::now_v7()) },
            1 => Event::Declined(Refusal { class: "gone".into(), message: "ığü".into() }),
            _ => lost(),
        };
        let happened = |(number, gift)| {
            let took_ms = (number % 4 != 0).then_some(number as i64);
            Outcome { took_ms, ..outcome(gift, GiftState::InFlight, event(number)) }
        };
        let outcomes: Vec<Outcome> = claimed.iter().enumerate().map(happened).collect();
        let mut batch = bench.writer.begin().await.unwrap();
        batch.record(Some(run), &outcomes).await.unwrap();
        batch.commit().await.unwrap();
    }
    bench
}

/// What can happen to one of its doubts.
async fn absent(bench: &Bench) -> Outcome {
    let doubts = bench.ledger.gift_page(1, Some(GiftState::InDoubt), 0, 1).await.unwrap();
    let (row, state) = (doubts[0].row, GiftState::InDoubt);
    Outcome::of((row, state, 1), Event::FoundAbsent, now())
}

async fn behind_its_back(ledger: &Ledger, statements: &str) {
    let mut connection = ledger.connect_writer().await.unwrap();
    let statements = sqlx::AssertSqlSafe(format!(
        "drop trigger if exists event_is_append_only_update;
         drop trigger if exists event_is_append_only_delete; {statements}"
    ));
    sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
    SqliteConnection::close(connection).await.unwrap();
}

#[tokio::test]
async fn every_change_of_the_past_is_found() {
    // Goal: nothing that happened can be told otherwise later. Method: copies of a ledger with 73 events in
    // groups; each column of an event changed, events taken out, put in and swapped, at the beginning, in
    // the middle of a group and at the end. The walk names the first hash that does not fit, and comes to
    // another one at the end, wherever the events say something else.
    let Bench { ledger, writer, _folder: folder, .. } = lived().await;
    let sound = ledger.chain(None).await.unwrap();
    assert_eq!((sound.events, sound.broken_at), (73, None));
    ledger.close().await;
    writer.close().await.unwrap();
    let mut copies = 0;
    let mut change = |what: String| {
        copies += 1;
        let to = folder.path().join(format!("{copies}.db"));
        let from = folder.path().join("ledger.db");
        std::fs::copy(from, &to).unwrap();
        async move {
            let copy = Ledger::open(&to).await.unwrap();
            behind_its_back(&copy, &what).await;
            let chain = copy.chain(None).await.unwrap();
            copy.close().await;
            (chain.broken_at, chain.head)
        }
    };
    let (broken_at, head) =
        change("update event set head = randomblob(32) where id = 30".into()).await;
    assert_eq!((broken_at, head), (Some(30), sound.head));
    let added =
        "insert into event (gift_row, attempt_number, at_ms, word) values (1, 1, 5, 'issued')";
    assert_eq!(change(added.into()).await.0, Some(74));
    for what in [
        "update event set at_ms = at_ms + 1 where id = ID",
        "update event set word = 'confirmed ' where id = ID",
        "update event set detail = coalesce(detail, '') || ' ' where id = ID",
        "update event set took_ms = coalesce(took_ms, 0) + 1 where id = ID",
        "update event set run_id = null where id = ID",
        "update event set attempt_number = 7 where id = ID",
        "update event set gift_row = (select max(id) from gift) where id = ID",
        "delete from event where id = ID",
        "update event set id = 1000 where id = ID; update event set id = ID where id = ID - 1;
         update event set id = ID - 1 where id = 1000",
    ] {
        // The last event of its group has the hash that shows it.
        for (id, shown_by) in [(2, 3), (3, 67), (30, 67), (73, 73)] {
            let (broken_at, head) = change(what.replace("ID", &id.to_string())).await;
            let found = broken_at.unwrap_or_else(|| panic!("{what} of {id} is not seen"));
            assert!((id - 1..=shown_by).contains(&found), "{what} of {id}: {found}");
            assert_ne!(head, sound.head, "{what} of {id}");
        }
    }
}

#[tokio::test]
async fn whoever_goes_on_goes_on_from_what_is_durable() {
    // Goal: an undone group leaves no mark, another process goes on where the last one was, and an early
    // hash is found again. Method: a batch that is undone, one that is dropped, a new writer; the chain
    // after each, and the hash of the first events.
    let mut bench = lived().await;
    let before = bench.ledger.chain(None).await.unwrap();
    let absent = absent(&bench).await;
    let mut batch = bench.writer.begin().await.unwrap();
    batch.record(None, std::slice::from_ref(&absent)).await.unwrap();
    batch.rollback().await.unwrap();
    let mut batch = bench.writer.begin().await.unwrap();
    batch.record(None, std::slice::from_ref(&absent)).await.unwrap();
    drop(batch);
    bench.writer.close().await.unwrap();
    bench.writer = bench.ledger.writer(&bench._lock).await.unwrap();
    bench.record(absent).await.unwrap();
    let after = bench.ledger.chain(Some(before.events)).await.unwrap();
    assert_eq!((after.events, after.broken_at), (before.events + 1, None));
    assert_eq!(after.asked, [before.head]);
    assert_eq!(bench.ledger.chain(Some(1_000)).await.unwrap().asked, []);
}

#[tokio::test]
async fn events_from_before_the_chain_are_covered_by_its_first_hash() {
    // Goal: an old ledger's past is held too. Method: events without hashes, as an older program wrote
    // them, one more by this one; then one of the old ones is changed.
    let mut bench = lived().await;
    behind_its_back(&bench.ledger, "update event set head = null").await;
    assert_eq!(bench.ledger.chain(None).await.unwrap().broken_at, None);
    bench.writer = bench.ledger.writer(&bench._lock).await.unwrap();
    let absent = absent(&bench).await;
    bench.record(absent).await.unwrap();
    assert_eq!(bench.ledger.chain(None).await.unwrap().broken_at, None);
    behind_its_back(&bench.ledger, "update event set at_ms = 1 where id = 5").await;
    assert_eq!(bench.ledger.chain(None).await.unwrap().broken_at, Some(74));
}
