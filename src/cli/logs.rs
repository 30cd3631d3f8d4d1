//! Log lines: to standard error, and never through a progress bar.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;

use indicatif::ProgressBar;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::args::{ColorKind, LogFormat, OutputArgs};

/// The bar that is being drawn, if any: the one thing that log lines and the display share.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Writes log lines while the bar is away.
struct AroundBar;

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
        .with_writer(MakeAroundBar);
    // Only a second call could fail, and the first one holds.
    let _ = match args.log_format {
        LogFormat::Text => logs.try_init(),
        LogFormat::Json => logs.json().try_init(),
    };
}

struct MakeAroundBar;

impl<'w> MakeWriter<'w> for MakeAroundBar {
    type Writer = AroundBar;

    fn make_writer(&'w self) -> AroundBar {
        AroundBar
    }
}

impl Write for AroundBar {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let bar = BAR.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        match bar {
            Some(bar) => bar.suspend(|| io::stderr().write(line)),
            None => io::stderr().write(line),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
