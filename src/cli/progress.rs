//! Progress: a bar on a terminal, lines off one.

use std::fmt;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::args::{OutputArgs, ProgressKind};
use super::out::Out;
use crate::issue::Progress;
use crate::reconcile::ReconcileProgress;

/// What can be shown as progress.
pub(super) trait Shown: Copy + Send + Sync + 'static {
    /// How many there are, and how many are done.
    fn of(&self) -> (u64, u64);
    /// The rest, in a few words.
    fn words(&self) -> String;
    /// What is counted.
    const WHAT: &'static str;
    /// Off a terminal each twentieth of the work is worth a line.
    const IS_LONG: bool = true;
}

impl Shown for Progress {
    const WHAT: &'static str = "gifts";

    fn of(&self) -> (u64, u64) {
        (self.gifts, self.done())
    }

    fn words(&self) -> String {
        let mut words = format!("{} issued, {} in flight", self.issued_amount, self.in_flight);
        for (count, word) in
            [(self.in_doubt, "in doubt"), (self.refused, "refused"), (self.held, "held")]
        {
            if count > 0 {
                words.push_str(&format!(", {count} {word}"));
            }
        }
        if self.is_asked_to_wait {
            words.push_str(", the provider asks to wait");
        }
        if self.is_down {
            words.push_str(", the provider does not answer");
        }
        words
    }
}

impl Shown for ReconcileProgress {
    const WHAT: &'static str = "wallets read";

    fn of(&self) -> (u64, u64) {
        (self.wallets, self.read)
    }

    fn words(&self) -> String {
        match self.waiting {
            0 => String::new(),
            waiting => format!("{waiting} to be read again"),
        }
    }
}

/// A display that runs until it is told to stop.
#[derive(Debug)]
pub(super) struct Display {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// How often a bar is drawn.
const TICK: Duration = Duration::from_millis(100);

/// Off a terminal a line comes at the latest after this time, or after a twentieth of long work.
const LINE_EVERY: Duration = Duration::from_secs(30);

impl Display {
    /// Shows what comes through the channel.
    pub(super) fn start<T: Shown>(out: Out, source: watch::Receiver<T>) -> Display {
        let stop = CancellationToken::new();
        let task = match kind(out.args) {
            ProgressKind::Bar => tokio::spawn(draw(source, stop.clone())),
            ProgressKind::Plain => tokio::spawn(write_lines(out, source, stop.clone())),
            ProgressKind::Auto | ProgressKind::None => tokio::spawn(async {}),
        };
        Display { stop, task }
    }

    /// Takes the display away.
    pub(super) async fn finish(self) {
        self.stop.cancel();
        // A display that failed to draw must not fail the run.
        let _ = self.task.await;
    }
}

fn kind(args: OutputArgs) -> ProgressKind {
    match args.progress {
        _ if args.quiet => ProgressKind::None,
        ProgressKind::Auto if std::io::stderr().is_terminal() => ProgressKind::Bar,
        ProgressKind::Auto => ProgressKind::Plain,
        chosen => chosen,
    }
}

async fn draw<T: Shown>(source: watch::Receiver<T>, stop: CancellationToken) {
    let style = ProgressStyle::with_template(
        "{bar:24.green} {pos}/{len} {prefix} {speed}, {wide_msg} ETA {eta}",
    );
    let target = ProgressDrawTarget::stderr_with_hz(10);
    let bar = ProgressBar::with_draw_target(Some(0), target)
        .with_style(style.expect("the template is a constant that a test draws").with_key(
            "speed",
            // A reader who went away is no reason to stop a run.
            |state: &ProgressState, out: &mut dyn fmt::Write| {
                let _ = write!(out, "{:.1}/s", state.per_sec());
            },
        ))
        .with_prefix(T::WHAT);
    // Gifts of an earlier run are no speed of this one.
    let (_, done) = source.borrow().of();
    bar.set_position(done);
    bar.reset_eta();
    super::logs::draw_around(Some(bar.clone()));
    while !stop.is_cancelled() {
        let shown = *source.borrow();
        let (all, done) = shown.of();
        bar.set_length(all);
        bar.set_position(done);
        bar.set_message(shown.words());
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = stop.cancelled() => {}
        }
    }
    super::logs::draw_around(None);
    bar.finish_and_clear();
}

async fn write_lines<T: Shown>(out: Out, source: watch::Receiver<T>, stop: CancellationToken) {
    let mut shown_at = Instant::now();
    let mut shown_twentieths = 0;
    while !stop.is_cancelled() {
        let shown = *source.borrow();
        let (all, done) = shown.of();
        let twentieths = (done * 20).checked_div(all).unwrap_or(0);
        if T::IS_LONG && twentieths > shown_twentieths || shown_at.elapsed() >= LINE_EVERY {
            let words = shown.words();
            let comma = if words.is_empty() { "" } else { ", " };
            out.note(&format!("{done}/{all} {}{comma}{words}", T::WHAT));
            shown_at = Instant::now();
            shown_twentieths = twentieths;
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = stop.cancelled() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Money;

    #[test]
    fn words_name_what_is_not_as_it_should_be() {
        // Goal: a look tells whether all is well. Method: a quiet run, and one with everything.
        let quiet = Progress {
            gifts: 10,
            issued: 4,
            issued_amount: Money::from_minor(1_050),
            in_flight: 2,
            ..Progress::default()
        };
        assert_eq!(quiet.words(), "10.50 issued, 2 in flight");
        let loud = Progress { in_doubt: 3, refused: 1, held: 2, is_down: true, ..quiet };
        assert_eq!(
            loud.words(),
            "10.50 issued, 2 in flight, 3 in doubt, 1 refused, 2 held, the provider does not answer"
        );
        assert_eq!(loud.of(), (10, 7));
    }

    #[tokio::test]
    async fn the_bar_draws() {
        // Goal: the template is sound. Method: draw it once.
        let (_sender, source) = watch::channel(Progress::default());
        let stop = CancellationToken::new();
        stop.cancel();
        draw(source, stop).await;
    }
}
