//! Log lines: to standard error, and never through a progress bar.
//!
//! A thread of its own writes them, since a terminal that was stopped, or a pipe that nobody reads, must
//! hold up nothing else.
//!
//! **Invariant:** no line is lost in silence: those for which there is no room are counted, and the count
//! is written; all others are written before the program ends.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, OnceLock};
use std::thread;

use chrono::{SecondsFormat, Utc};
use indicatif::ProgressBar;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::args::{ColorKind, LogFormat, OutputArgs};
use super::out::Level;

/// The bar that is being drawn, if any: the one thing that log lines and the display share.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// What waits to be written.
enum Line {
    Text(Vec<u8>),
    /// Whoever waits for all that came before.
    Flush(SyncSender<()>),
}

/// The way to the thread that writes, which begins with the first line.
static LINES: OnceLock<SyncSender<Line>> = OnceLock::new();

/// So many lines wait at most while nobody reads them.
const ROOM: usize = 10_000;

/// Lines for which there was no room.
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// Whether every line is to be a JSON object.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// Hands lines to the thread that writes.
struct Lines;

/// Names the bar that log lines must not tear.
pub(super) fn draw_around(bar: Option<ProgressBar>) {
    *BAR.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = bar;
}

/// Sets logging up, once.
pub(super) fn init(args: OutputArgs) {
    let level = match (args.quiet, args.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, _) => LevelFilter::DEBUG,
    };
    let colour = match args.color {
        ColorKind::Auto => io::stderr().is_terminal(),
        ColorKind::Always => true,
        ColorKind::Never => false,
    };
    let logs = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(colour)
        .with_target(false)
        .with_writer(MakeLines);
    IS_JSON.store(args.log_format == LogFormat::Json, Ordering::Relaxed);
    // Only a second call could fail, and the first one holds.
    let _ = match args.log_format {
        LogFormat::Text => logs.try_init(),
        LogFormat::Json => logs.json().try_init(),
    };
}

struct MakeLines;

impl<'w> MakeWriter<'w> for MakeLines {
    type Writer = Lines;

    fn make_writer(&'w self) -> Lines {
        Lines
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if lines().try_send(Line::Text(line.to_owned())).is_err() {
            LEFT_OUT.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a remark without waiting for it to be read.
pub(super) fn remark(text: &str) {
    // It never fails: see `write`.
    let _ = Lines.write(format!("{text}\n").as_bytes());
}

/// A text in the form that log lines have as JSON.
pub(super) fn json(level: Level, text: &str) -> String {
    let level = match level {
        Level::Info => "INFO",
        Level::Warn => "WARN",
        Level::Error => "ERROR",
    };
    let timestamp = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    serde_json::json!({"timestamp": timestamp, "level": level, "fields": {"message": text}})
        .to_string()
}

/// Waits until all lines are written.
pub(super) fn flush() {
    if let Some(lines) = LINES.get() {
        let (told, written) = sync_channel(1);
        // A thread that is not there has nothing to write.
        let _ = lines.send(Line::Flush(told)).map(|()| written.recv());
    }
}

fn lines() -> &'static SyncSender<Line> {
    LINES.get_or_init(|| {
        let (lines, waiting) = sync_channel(ROOM);
        // Without it lines are left out; a run that moves money is not ended for them.
        let _ = thread::Builder::new().name("logs".to_owned()).spawn(move || write(&waiting));
        lines
    })
}

fn write(waiting: &Receiver<Line>) {
    while let Ok(line) = waiting.recv() {
        match line {
            Line::Text(line) => write_around_bar(&line),
            Line::Flush(told) => {
                let _ = told.send(());
            }
        }
        let left_out = LEFT_OUT.swap(0, Ordering::Relaxed);
        if left_out > 0 {
            let text = format!("{left_out} log lines were left out: nobody read them");
            let is_json = IS_JSON.load(Ordering::Relaxed);
            let text = if is_json { json(Level::Warn, &text) } else { text };
            write_around_bar(format!("{text}\n").as_bytes());
        }
    }
}

/// Writes while the bar is away. A reader that went away is no reason to stop.
fn write_around_bar(line: &[u8]) {
    let bar = BAR.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    let _ = match bar {
        Some(bar) => bar.suspend(|| io::stderr().write_all(line)),
        None => io::stderr().write_all(line),
    };
}
