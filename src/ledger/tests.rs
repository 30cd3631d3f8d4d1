//! The ledger's promises, held against a real file: who may be claimed, what a record demands, and
//! what can never be changed.

mod audits;
mod chain;
mod difference;
mod glance;
mod keys;
mod model;
mod plans;
mod random;
mod reconcile;
mod replace;
mod sample;
mod surplus;
mod wish;

use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::domain::{
    Event, Expiry, GiftContent, GiftId, GiftKey, GiftState, KeyRule, Money, Refusal,
};

/// A ledger in a folder of its own, with the lock and the writer.
struct Bench {
    ledger: Ledger,
    writer: Writer,
    _lock: RunLock,
    _folder: TempDir,
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_000, 0).unwrap()
}

fn content(wallet: u128, minor: i64) -> GiftContent {
    GiftContent {
        wallet: crate::domain::WalletId(Uuid::from_u128(wallet)),
        amount: Money::from_minor(minor),
        expiry: Expiry::Never,
        description: "KUPON".into(),
    }
}

impl Bench {
    async fn new() -> Bench {
        Bench::open(tempfile::tempdir().unwrap()).await
    }

    async fn open(folder: TempDir) -> Bench {
        let ledger = Ledger::open(&folder.path().join("ledger.db")).await.unwrap();
        let lock = RunLock::take(ledger.path(), "test", now()).unwrap();
        let writer = ledger.writer(&lock).await.unwrap();
        Bench { ledger, writer, _lock: lock, _folder: folder }
    }

    /// Loads rows under a campaign's name; gives the campaign's row.
    async fn load(&mut self, name: &str, contents: &[GiftContent]) -> i64 {
        let header = LoadHeader {
            campaign: name.parse().unwrap(),
            header_json: "[]".into(),
            dialect_json: "{}".into(),
            file_sha256: "0".repeat(64),
        };
        let mut load = self.writer.begin().await.unwrap().load(&header, now()).await.unwrap();
        let row = |(line, content): (usize, &GiftContent)| NewRow {
            line: line as u64 + 2,
            content: content.clone(),
            reference: None,
            gift_key: None,
            cells_json: "[]".into(),
        };
        load.add(contents.iter().enumerate().map(row).collect()).await.unwrap();
        load.finish(now()).await.unwrap();
        load.commit().await.unwrap();
        self.ledger.campaign(name).await.unwrap().unwrap().id
    }

    /// Begins a run of the campaign.
    async fn begin(&mut self, campaign: i64) -> Uuid {
        let run = Uuid::now_v7();
        let mut batch = self.writer.begin().await.unwrap();
        batch.begin_run(run, campaign, "test", now()).await.unwrap();
        batch.commit().await.unwrap();
        run
    }

    async fn claim(&mut self, campaign: i64, run: Uuid, at: DateTime<Utc>) -> Vec<Claimed> {
        let mut batch = self.writer.begin().await.unwrap();
        let claimed = batch.claim(campaign, run, 100, at).await.unwrap();
        batch.commit().await.unwrap();
        claimed
    }

    async fn record(&mut self, outcome: Outcome) -> Result<(), LedgerError> {
        let mut batch = self.writer.begin().await.unwrap();
        batch.record(None, &[outcome]).await?;
        batch.commit().await
    }
}

fn outcome(claimed: &Claimed, state: GiftState, event: Event) -> Outcome {
    Outcome::of((claimed.row, state, claimed.attempt), event, now())
}

fn lost() -> Event {
    Event::AnswerLost { why: "time-out".into() }
}

fn gift_id(number: u128) -> GiftId {
    GiftId(Uuid::from_u128(number))
}

#[tokio::test]
async fn a_restored_ledger_forgot_nothing_from_before_its_last_load() {
    // Goal: last year's gift is no forgotten one of a ledger that was loaded yesterday. Method: a ledger in which nothing
    // was run, beside a file that names a run it does not know.
    let mut bench = Bench::new().await;
    let may = bench.load("may", &[content(1, 500)]).await;
    let path = bench.ledger.path().to_owned();
    bench.writer.name_run(&path, Uuid::now_v7(), Milestone::Begun).await.unwrap();
    bench.writer.notice_age(&path, now() + TimeDelta::days(9)).await.unwrap();
    let mut batch = bench.writer.begin().await.unwrap();
    let since = batch.forgot_since(may).await.unwrap();
    assert_eq!(since, Some(now() - TimeDelta::days(1)));
    batch.rollback().await.unwrap();
}

#[tokio::test]
async fn twins_go_one_at_a_time_across_campaigns() {
    // Goal: no doubt can claim a twin's answer. Method: two identical rows and the same in another
    // campaign; claim, and claim again as the first one's fate is settled.
    let mut bench = Bench::new().await;
    let may = bench.load("may", &[content(1, 500), content(1, 500), content(2, 500)]).await;
    let june = bench.load("june", &[content(1, 500)]).await;
    let run = bench.begin(may).await;
    let first = bench.claim(may, run, now()).await;
    let wallets: Vec<u128> =
        first.iter().map(|gift| gift.gift.content.wallet.0.as_u128()).collect();
    assert_eq!(wallets, [1, 2], "of twins in one group the first goes");
    assert!(bench.claim(june, run, now()).await.is_empty(), "its twin is in flight");
    bench.record(outcome(&first[0], GiftState::InFlight, lost())).await.unwrap();
    assert!(bench.claim(may, run, now()).await.is_empty(), "its twin is in doubt");
    let held = Event::StayedUnclear { why: "two could be it".into() };
    bench.record(outcome(&first[0], GiftState::InDoubt, held)).await.unwrap();
    assert!(bench.claim(may, run, now()).await.is_empty(), "its twin is held");
    let found = Event::ResolvedIssued { gift: gift_id(7), note: "ann: seen".into() };
    bench.record(outcome(&first[0], GiftState::Held, found)).await.unwrap();
    assert_eq!(bench.claim(may, run, now()).await.len(), 1);
}

#[tokio::test]
async fn a_wallet_with_a_doubt_gets_nothing_new() {
    // Goal: what is sent to a doubtful wallet could be taken for the answer. Method: two different
    // gifts for one wallet, the first in doubt, then found absent.
    let mut bench = Bench::new().await;
    let may = bench.load("may", &[content(1, 500), content(1, 700)]).await;
    let run = bench.begin(may).await;
    let mut batch = bench.writer.begin().await.unwrap();
    let first = batch.claim(may, run, 1, now()).await.unwrap();
    batch.commit().await.unwrap();
    bench.record(outcome(&first[0], GiftState::InFlight, lost())).await.unwrap();
    assert!(bench.claim(may, run, now()).await.is_empty());
    bench.record(outcome(&first[0], GiftState::InDoubt, Event::FoundAbsent)).await.unwrap();
    assert_eq!(bench.claim(may, run, now()).await.len(), 2);
}

#[tokio::test]
async fn what_is_deferred_waits_and_what_expired_is_not_sent() {
    // Goal: times are kept. Method: a gift deferred by a minute; a gift that expires in a minute.
    let mut bench = Bench::new().await;
    let soon = Expiry::at(now() + TimeDelta::minutes(1));
    let expiring = GiftContent { expiry: soon, ..content(2, 500) };
    let may = bench.load("may", &[content(1, 500), expiring]).await;
    let run = bench.begin(may).await;
    let claimed = bench.claim(may, run, now()).await;
    let later = now() + TimeDelta::minutes(1);
    for gift in &claimed {
        let event = Event::Undelivered { retry_at: later, why: "429".into() };
        bench.record(outcome(gift, GiftState::InFlight, event)).await.unwrap();
    }
    assert!(bench.claim(may, run, later - TimeDelta::milliseconds(1)).await.is_empty());
    let mut batch = bench.writer.begin().await.unwrap();
    let waiting = batch.waiting(may, now()).await.unwrap();
    assert_eq!((waiting.gifts, waiting.next_ready_at), (2, Some(later)));
    let expired = batch.expired(may, 10, later).await.unwrap();
    assert_eq!(expired.iter().map(|gift| gift.row).collect::<Vec<_>>(), [2]);
    drop(batch);
    let again = bench.claim(may, run, later).await;
    assert_eq!(again.iter().map(|gift| (gift.row, gift.attempt)).collect::<Vec<_>>(), [(1, 2)]);
}

#[tokio::test]
async fn an_outcome_needs_the_state_that_it_expects() {
    // Goal: compare and set. Method: confirm a gift twice; the second leaves no trace.
    let mut bench = Bench::new().await;
    let may = bench.load("may", &[content(1, 500)]).await;
    let run = bench.begin(may).await;
    let claimed = bench.claim(may, run, now()).await.remove(0);
    let confirmed =
        |number| outcome(&claimed, GiftState::InFlight, Event::Confirmed { gift: gift_id(number) });
    bench.record(confirmed(7)).await.unwrap();
    let raced = bench.record(confirmed(8)).await.unwrap_err();
    assert!(matches!(raced, LedgerError::Raced { .. }), "{raced}");
    let gift = bench.ledger.gift_page(may, None, 0, 10).await.unwrap().remove(0);
    assert_eq!((gift.state, gift.gift_id), (GiftState::Issued, Some(gift_id(7))));
    let story: Vec<String> =
        bench.ledger.history(gift.row).await.unwrap().into_iter().map(|line| line.word).collect();
    assert_eq!(story, ["started", "confirmed"]);
}

#[tokio::test]
async fn a_group_with_one_outcome_too_late_is_not_committed() {
    // Goal: what must not be committed undoes its group. Method: a group that names a gift twice, then one of two
    // outcomes, one of a gift that has its own already; nothing of it is there afterwards, nor with the next group.
    let mut bench = Bench::new().await;
    let may = bench.load("may", &[content(1, 500), content(2, 500)]).await;
    let run = bench.begin(may).await;
    let claimed = bench.claim(may, run, now()).await;
    let confirm = |gift: usize, number| {
        let event = Event::Confirmed { gift: gift_id(number) };
        outcome(&claimed[gift], GiftState::InFlight, event)
    };
    bench.record(confirm(1, 7)).await.unwrap();
    let mut batch = bench.writer.begin().await.unwrap();
    let twice = batch.record_with_next(Some(run), &[confirm(0, 8), confirm(0, 9)]).unwrap_err();
    assert!(matches!(twice, LedgerError::Raced { .. }), "{twice}");
    drop(batch);
    let mut batch = bench.writer.begin().await.unwrap();
    batch.record_with_next(Some(run), &[confirm(0, 8), confirm(1, 9)]).unwrap();
    let raced = batch.commit().await.unwrap_err();
    assert!(matches!(raced, LedgerError::Raced { .. }), "{raced}");
    bench.begin(may).await;
    let gifts = bench.ledger.gift_page(may, None, 0, 10).await.unwrap();
    assert_eq!((gifts[0].state, gifts[0].gift_id), (GiftState::InFlight, None));
    assert_eq!(gifts[1].gift_id, Some(gift_id(7)));
    for (gift, lines) in gifts.iter().zip([1, 2]) {
        assert_eq!(bench.ledger.history(gift.row).await.unwrap().len(), lines);
    }
}

#[tokio::test]
async fn a_providers_id_belongs_to_one_gift() {
    // Goal: one id, one gift, for ever. Method: give the same id to two gifts.
    let mut bench = Bench::new().await;
    let may = bench.load("may", &[content(1, 500), content(2, 500)]).await;
    let run = bench.begin(may).await;
    let claimed = bench.claim(may, run, now()).await;
    let confirm = |gift| outcome(gift, GiftState::InFlight, Event::Confirmed { gift: gift_id(7) });
    bench.record(confirm(&claimed[0])).await.unwrap();
    let taken = bench.record(confirm(&claimed[1])).await.unwrap_err();
    assert!(matches!(taken, LedgerError::GiftIdTaken), "{taken}");
    let mut batch = bench.writer.begin().await.unwrap();
    let owned = batch.claimed_ids([gift_id(7), gift_id(8)].into_iter()).await.unwrap();
    assert_eq!(owned.into_iter().collect::<Vec<_>>(), [gift_id(7)]);
}

#[tokio::test]
async fn history_and_content_cannot_be_changed() {
    // Goal: what happened stays as it was, whoever tries. Method: statements that must fail, each on
    // a ledger with a gift that was sent and declined.
    let mut bench = Bench::new().await;
    let may = bench.load("may", &[content(1, 500)]).await;
    let run = bench.begin(may).await;
    let claimed = bench.claim(may, run, now()).await.remove(0);
    let refusal = Refusal { class: "gone".into(), message: "no".into() };
    bench.record(outcome(&claimed, GiftState::InFlight, Event::Declined(refusal))).await.unwrap();
    let mut connection = bench.ledger.connect_writer().await.unwrap();
    for (statement, why) in [
        ("update attempt set number = 2", "attempts are append-only"),
        ("delete from attempt", "attempts are append-only"),
        ("update event set word = 'confirmed'", "events are append-only"),
        ("delete from event", "events are append-only"),
        ("delete from gift", "a gift is never deleted"),
        ("update gift set amount_minor = 1", "the content of a gift is frozen"),
        ("update gift set wallet_id = zeroblob(16)", "the content of a gift is frozen"),
        ("update gift set state = 'issued'", "gift_id_iff_given"),
        ("update gift set state = 'planned', error_class = null", "ready_iff_sendable"),
        ("update gift set error_class = null", "error_class_iff_refused"),
        ("update gift set settle_from_ms = 1", "settle_from_iff_in_doubt"),
        ("update gift set state = 'lost'", "CHECK"),
    ] {
        let error = sqlx::query(statement).execute(&mut connection).await.unwrap_err().to_string();
        assert!(error.contains(why), "{statement}: {error}");
    }
}

#[tokio::test]
async fn what_was_not_committed_did_not_happen() {
    // Goal: a group is all or nothing. Method: drop a batch after a claim.
    let mut bench = Bench::new().await;
    let may = bench.load("may", &[content(1, 500)]).await;
    let run = bench.begin(may).await;
    let mut batch = bench.writer.begin().await.unwrap();
    assert_eq!(batch.claim(may, run, 10, now()).await.unwrap().len(), 1);
    drop(batch);
    assert_eq!(bench.claim(may, run, now()).await.remove(0).attempt, 1);
}

#[tokio::test]
async fn many_identical_rows_get_a_key_each() {
    // Goal: occurrences count on, within a group and across groups, and again on a reload. Method:
    // fifty identical rows in groups of seven, twice.
    let mut bench = Bench::new().await;
    let header = LoadHeader {
        campaign: "may".parse().unwrap(),
        header_json: "[]".into(),
        dialect_json: "{}".into(),
        file_sha256: "0".repeat(64),
    };
    for (turn, fate) in [RowFate::Added, RowFate::Known].into_iter().enumerate() {
        let mut load = bench.writer.begin().await.unwrap().load(&header, now()).await.unwrap();
        let mut occurrences = Vec::new();
        for group in (0..50).collect::<Vec<u64>>().chunks(7) {
            let rows = group.iter().map(|line| NewRow {
                line: *line,
                content: content(1, 500),
                reference: None,
                gift_key: None,
                cells_json: "[]".into(),
            });
            for row in load.add(rows.collect()).await.unwrap() {
                assert_eq!(row.fate, fate);
                occurrences.push(row.occurrence);
            }
        }
        occurrences.sort_unstable();
        assert_eq!(occurrences, (1..=50).collect::<Vec<u32>>(), "load {turn}");
        load.finish(now()).await.unwrap();
        load.commit().await.unwrap();
    }
    assert_eq!(bench.ledger.campaign("may").await.unwrap().unwrap().gifts, 50);
}
