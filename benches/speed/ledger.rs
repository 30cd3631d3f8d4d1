//! Intents and outcomes in groups, through the library's batches, over the same rows by SQLite bare.
//!
//! A group is one commit: the outcomes of the group before, and the next intents. The bare loop knows
//! its rows beforehand and looks for nothing; its tables, indexes, triggers and settings are the
//! ledger's own.

use std::path::Path;

use giftbatch::domain::{Event, GiftId, GiftState};
use giftbatch::ledger::{ClaimFrom, Claimed, Outcome};
use rusqlite::{Connection, Statement, params};
use uuid::Uuid;

use super::inside::{self, Open};
use super::line::{Line, Unit};
use super::rounds::{number, rounds, seconds};
use super::stored;
use super::world::World;

/// Gifts of a group: as many as the program has in flight.
const GROUP: usize = 32;

pub(crate) fn measure(world: &mut World) -> Vec<Line> {
    let count = world.scale.gifts;
    let ledger = world.loaded(count).ledger;
    let scale = world.scale;
    let world = std::cell::RefCell::new(world);
    let measured = |work: fn(&Path) -> f64| {
        let copied = world.borrow_mut().copy(&ledger);
        let took = work(&copied.ledger());
        check(&copied.ledger(), count);
        number(count) / took
    };
    let [ours, bare] =
        rounds(scale.rounds, [&mut || measured(by_batches), &mut || measured(by_sqlite)]);
    vec![Line {
        claim: "ledger",
        what: "gifts a second, intent and outcome, 32 a commit".to_owned(),
        unit: Unit::Rate,
        ours,
        limit: bare,
        over: "the same rows by SQLite bare, its rows known beforehand".to_owned(),
        aim: "1",
    }]
}

/// Every gift was given, and both of its rows are there.
fn check(ledger: &Path, gifts: u64) {
    assert_eq!(stored::in_state(ledger, "issued"), gifts);
    assert_eq!(stored::count(ledger, "select count(*) from attempt"), gifts);
    assert_eq!(stored::count(ledger, "select count(*) from event"), gifts);
}

/// Seconds that the library takes, from the first group to the last.
fn by_batches(ledger: &Path) -> f64 {
    let runtime = inside::runtime();
    let mut open = runtime.block_on(Open::at(ledger));
    let run = Uuid::now_v7();
    runtime.block_on(begin_run(&mut open, run));
    let took = seconds(|| runtime.block_on(give(&mut open, run)));
    runtime.block_on(async {
        open.ledger.close().await;
        open.writer.close().await.expect("a ledger can be closed");
    });
    took
}

async fn begin_run(open: &mut Open, run: Uuid) {
    let (campaign, now) = (open.campaign.id, open.clock.now());
    let mut batch = open.writer.begin().await.expect("a group can be begun");
    batch.begin_run(run, campaign, "bench", now).await.expect("a run can be begun");
    batch.commit().await.expect("a group can be committed");
}

async fn give(open: &mut Open, run: Uuid) {
    let mut claimed = Vec::new();
    loop {
        let now = open.clock.now();
        let outcomes: Vec<Outcome> =
            claimed.iter().map(|claimed: &Claimed| confirmed(claimed, now)).collect();
        let mut batch = open.writer.begin().await.expect("a group can be begun");
        batch.record_with_next(Some(run), &outcomes).expect("outcomes can be recorded");
        let from = ClaimFrom::Campaign(open.campaign.id);
        let committed = batch.commit_claiming(from, run, GROUP, now, now).await;
        claimed = committed.expect("a group can be committed");
        if claimed.is_empty() {
            return;
        }
    }
}

fn confirmed(claimed: &Claimed, at: chrono::DateTime<chrono::Utc>) -> Outcome {
    Outcome {
        row: claimed.row,
        state: GiftState::InFlight,
        attempt: claimed.attempt,
        event: Event::Confirmed { gift: GiftId(Uuid::new_v4()) },
        at,
        took_ms: Some(5),
    }
}

/// Seconds that SQLite takes for the same rows.
fn by_sqlite(ledger: &Path) -> f64 {
    let connection = stored::open(ledger);
    for pragma in ["journal_mode = wal", "synchronous = full", "foreign_keys = on"] {
        connection.execute_batch(&format!("pragma {pragma}")).expect("a setting");
    }
    let run = Uuid::now_v7();
    connection
        .execute(
            "insert into run (id, campaign_id, command, process_id, started_at_ms) \
             values (?1, 1, 'bench', 1, 1)",
            params![run.as_bytes()],
        )
        .expect("a run can be begun");
    let rows: Vec<i64> = {
        let mut statement = connection.prepare("select id from gift order by id").expect("a table");
        let rows = statement.query_map([], |row| row.get(0)).expect("it can be read");
        rows.map(|row| row.expect("an id")).collect()
    };
    seconds(|| write(&connection, run, &rows).expect("SQLite writes"))
}

/// The statements of a group, prepared once.
struct Statements<'c> {
    begin: Statement<'c>,
    issued: Statement<'c>,
    event: Statement<'c>,
    in_flight: Statement<'c>,
    attempt: Statement<'c>,
    commit: Statement<'c>,
}

impl Statements<'_> {
    fn of(connection: &Connection) -> rusqlite::Result<Statements<'_>> {
        Ok(Statements {
            begin: connection.prepare("begin immediate")?,
            issued: connection.prepare(
                "update gift set state = 'issued', gift_id = ?2, issued_at_ms = ?3 where id = ?1",
            )?,
            event: connection.prepare(
                "insert into event (gift_row, attempt_number, run_id, at_ms, word, detail, took_ms) \
                 values (?1, 1, ?2, ?3, 'confirmed', ?4, 5)",
            )?,
            in_flight: connection.prepare(
                "update gift set state = 'in_flight', ready_at_ms = null, attempt_count = 1, \
                 first_sent_at_ms = ?2 where id = ?1",
            )?,
            attempt: connection.prepare(
                "insert into attempt (gift_row, number, run_id, started_at_ms) \
                 values (?1, 1, ?2, ?3)",
            )?,
            commit: connection.prepare("commit")?,
        })
    }

    fn outcomes(&mut self, run: Uuid, rows: &[i64], now: i64) -> rusqlite::Result<()> {
        for row in rows {
            let id = Uuid::new_v4();
            self.issued.execute(params![row, id.as_bytes(), now])?;
            self.event.execute(params![row, run.as_bytes(), now, id.to_string()])?;
        }
        Ok(())
    }

    fn intents(&mut self, run: Uuid, rows: &[i64], now: i64) -> rusqlite::Result<()> {
        for row in rows {
            self.in_flight.execute(params![row, now])?;
            self.attempt.execute(params![row, run.as_bytes(), now])?;
        }
        Ok(())
    }
}

fn write(connection: &Connection, run: Uuid, rows: &[i64]) -> rusqlite::Result<()> {
    let mut statements = Statements::of(connection)?;
    let mut before: &[i64] = &[];
    for group in rows.chunks(GROUP).chain([&[][..]]) {
        let now = chrono::Utc::now().timestamp_millis();
        statements.begin.execute([])?;
        statements.outcomes(run, before, now)?;
        statements.intents(run, group, now)?;
        statements.commit.execute([])?;
        before = group;
    }
    Ok(())
}
