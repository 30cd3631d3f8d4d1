//! A file's rows on their way into a load: read and named in one thread, written in another.
//!
//! **Invariant:** only a few groups of rows are in memory, however long the file is.

use tokio::sync::{mpsc, watch};

use super::context::Context;
use super::failure::Failure;
use super::progress::{Display, Shown};
use super::rejects::Rejects;
use super::seen::Seen;
use super::sieve::{Copies, Sieve};
use crate::intake::{BadRow, Row, RowOutcome, Rows, Used};
use crate::ledger::{Load, NewRow, RowGroup, RowKeys};

/// Groups that are read ahead.
const GROUPS_AHEAD: usize = 4;

/// Bytes of cells that are read ahead in one group, but for its last row: rows may be long.
const GROUP_BYTES: usize = 1024 * 1024;

/// From so many rows on a load takes long enough to show how far it is.
const SHOWN_FROM: u64 = 50_000;

/// How far a load is.
#[derive(Clone, Copy, Debug)]
struct Loading {
    rows: u64,
    done: u64,
}

impl Shown for Loading {
    const WHAT: &'static str = "rows checked";
    const IS_LONG: bool = false;

    fn of(&self) -> (u64, u64) {
        (self.rows, self.done)
    }

    fn words(&self) -> String {
        let is_read = self.done >= self.rows;
        if is_read { "putting them in order".to_owned() } else { String::new() }
    }
}

/// What was read together.
struct Read {
    group: RowGroup,
    bad: Vec<BadRow>,
    lines: u64,
}

/// How far a load is, for whoever looks.
pub(super) struct Meter {
    loading: watch::Sender<Loading>,
    display: Option<Display>,
}

impl Meter {
    /// Shows how far the load of a file of so many rows is, where that takes a while.
    pub(super) fn start(context: &Context, rows: u64) -> Meter {
        let (loading, source) = watch::channel(Loading { rows, done: 0 });
        let display = (rows >= SHOWN_FROM).then(|| Display::start(context.out, source));
        Meter { loading, display }
    }

    /// Takes the display away.
    pub(super) async fn finish(self) {
        if let Some(display) = self.display {
            display.finish().await;
        }
    }
}

/// Streams the rows into the load; what is wrong with them is collected, not thrown, and the rows go to
/// the rejects where there are any.
pub(super) async fn stream(
    rows: Rows,
    load: &mut Load<'_>,
    sieve: &Sieve,
    mut seen: Seen,
    rejects: &mut Option<Rejects>,
    meter: &Meter,
) -> Result<Seen, Failure> {
    let (to, mut groups) = mpsc::channel(GROUPS_AHEAD);
    let keys = load.keys();
    let mut copies = Copies::default();
    let reading = tokio::task::spawn_blocking({
        let keys = keys.clone();
        move || read_on(rows, &keys, &to)
    });
    while let Some(mut read) = groups.recv().await {
        let sorted = sieve.sort_out(&keys, read.group, &mut copies).await?;
        read.group = sorted.group;
        seen.kept += sorted.kept;
        if !sorted.bad.is_empty() {
            read.bad.extend(sorted.bad);
            read.bad.sort_by_key(|row| row.place.number());
        }
        for bad in read.bad {
            seen.reject(bad, rejects.as_mut())?;
        }
        seen.note(load.add_group(read.group).await?, rejects.as_mut())?;
        meter.loading.send_modify(|loading| loading.done += read.lines);
    }
    match reading.await {
        Ok(used) => {
            seen.used = used?;
            Ok(seen)
        }
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Reads to the end of the file, or until nobody takes its rows any more.
/// What the rows took from beside it.
fn read_on(mut rows: Rows, keys: &RowKeys, to: &mpsc::Sender<Read>) -> Result<Used, Failure> {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    let mut told = 0;
    let mut send = |good: &mut Vec<NewRow>, bad: &mut Vec<BadRow>, seen: u64| {
        let lines = seen - std::mem::replace(&mut told, seen);
        let group = keys.group(std::mem::take(good));
        to.blocking_send(Read { group, bad: std::mem::take(bad), lines }).is_ok()
    };
    while let Some(outcome) = rows.next() {
        match outcome? {
            RowOutcome::Good(row) => {
                let row = new_row(row)?;
                bytes += row.cells_json.len();
                good.push(row);
            }
            RowOutcome::Bad(row) => {
                bytes += row.cells.iter().map(String::len).sum::<usize>();
                bad.push(row);
            }
        }
        if good.len() + bad.len() == RowKeys::AT_ONCE || bytes > GROUP_BYTES {
            bytes = 0;
            if !send(&mut good, &mut bad, rows.seen()) {
                break;
            }
        }
    }
    send(&mut good, &mut bad, rows.seen());
    Ok(rows.used())
}

fn new_row(row: Row) -> Result<NewRow, Failure> {
    Ok(NewRow {
        line: row.line,
        cells_json: serde_json::to_string(&row.cells)?,
        content: row.content,
        reference: row.reference,
        gift_key: row.gift_key,
    })
}
