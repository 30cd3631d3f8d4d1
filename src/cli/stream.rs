//! A file's rows on their way into a load: read and named in one thread, written in another.
//!
//! **Invariant:** only a few groups of rows are in memory, however long the file is.

use tokio::sync::{mpsc, watch};

use super::context::Context;
use super::failure::Failure;
use super::progress::{Display, Shown};
use super::seen::Seen;
use crate::intake::{Fault, Row, RowOutcome, Rows};
use crate::ledger::{Load, NewRow, RowGroup, RowKeys};
use crate::plan::Totals;

/// Groups that are read ahead.
const GROUPS_AHEAD: usize = 4;

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

/// What was read together: rows, and what is wrong with others.
struct Read {
    group: RowGroup,
    faults: Vec<Fault>,
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

/// Streams the rows into the load; what is wrong with them is collected, not thrown.
pub(super) async fn stream(
    rows: Rows,
    load: &mut Load<'_>,
    meter: &Meter,
) -> Result<Seen, Failure> {
    let (to, mut groups) = mpsc::channel(GROUPS_AHEAD);
    let keys = load.keys();
    let reading = tokio::task::spawn_blocking(move || read_on(rows, &keys, &to));
    let mut seen = Seen::default();
    while let Some(read) = groups.recv().await {
        seen.faults.extend(read.faults);
        seen.note(load.add_group(read.group).await?);
        meter.loading.send_modify(|loading| loading.done += read.lines);
    }
    seen.totals = match reading.await {
        Ok(totals) => totals?,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    };
    Ok(seen)
}

/// Reads to the end of the file, or until nobody takes its rows any more.
fn read_on(rows: Rows, keys: &RowKeys, to: &mpsc::Sender<Read>) -> Result<Totals, Failure> {
    let mut totals = Totals::default();
    let (mut good, mut faults, mut lines) = (Vec::new(), Vec::new(), 0);
    let send = |good: &mut Vec<NewRow>, faults: &mut Vec<Fault>, lines: &mut usize| {
        let (group, faults) = (keys.group(std::mem::take(good)), std::mem::take(faults));
        let read = Read { group, faults, lines: std::mem::take(lines) as u64 };
        to.blocking_send(read).is_ok()
    };
    for outcome in rows {
        match outcome? {
            RowOutcome::Good(row) => {
                totals.add(row.line, &row.content);
                good.push(new_row(row)?);
            }
            RowOutcome::Bad(bad) => faults.extend(bad.faults),
        }
        lines += 1;
        if lines == RowKeys::AT_ONCE && !send(&mut good, &mut faults, &mut lines) {
            return Ok(totals);
        }
    }
    send(&mut good, &mut faults, &mut lines);
    Ok(totals)
}

fn new_row(row: Row) -> Result<NewRow, Failure> {
    Ok(NewRow {
        line: row.line,
        cells_json: serde_json::to_string(&row.cells)?,
        content: row.content,
        reference: row.reference,
    })
}
