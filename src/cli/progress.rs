//! Progress: a bar on a terminal, lines off one.
//!
//! It has a thread of its own: a terminal that was stopped, or a pipe that nobody reads, lets a write
//! wait for as long as it likes, and an answer that came meanwhile must be read.

use std::fmt;
use std::io::IsTerminal;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use tokio::sync::{oneshot, watch};

use super::args::{LogFormat, OutputArgs, ProgressKind};
use super::out::{Out, screen_of};
use crate::drive::Pulse;
use crate::issue::Progress;
use crate::reconcile::ReconcileProgress;
use crate::report::{count, money, second};

/// What can be shown as progress.
pub(super) trait Shown: Copy + Send + Sync + 'static {
    /// How many there are, and how many are done.
    fn of(&self) -> (u64, u64);
    /// The rest, in a few words.
    fn words(&self) -> String;
    /// How the provider is, where one is asked.
    fn pulse(&self) -> Pulse {
        Pulse::default()
    }
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
        let mut words = format!("{} issued", money(self.issued_amount));
        for (number, word) in [
            (self.in_doubt, "in doubt"),
            (self.refused, "refused"),
            (self.held, "held"),
            (self.in_flight, "in flight"),
        ] {
            if number > 0 {
                words.push_str(&format!(", {} {word}", count(number)));
            }
        }
        words
    }

    fn pulse(&self) -> Pulse {
        self.pulse
    }
}

/// How the provider is, where there is something to say.
fn pulse_words(pulse: Pulse) -> Option<String> {
    match pulse {
        Pulse { waits_until: Some(until), .. } => {
            Some(format!("the provider throttles, and nothing is asked until {}", second(until)))
        }
        Pulse { is_down: true, .. } => Some("the provider does not answer".to_owned()),
        Pulse { .. } => None,
    }
}

/// All that is said beside the numbers.
fn all_words<T: Shown>(shown: &T) -> String {
    let words = Some(shown.words()).filter(|words| !words.is_empty());
    words.into_iter().chain(pulse_words(shown.pulse())).collect::<Vec<_>>().join(", ")
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

    fn pulse(&self) -> Pulse {
        self.pulse
    }
}

/// A display that runs until it is told to stop.
#[derive(Debug)]
pub(super) struct Display {
    /// Nothing comes through it: it is dropped when the display is to end.
    running: Sender<()>,
    ended: oneshot::Receiver<()>,
}

/// How often a bar is drawn, where something has changed.
const TICK: Duration = Duration::from_millis(100);

/// Off a terminal a line comes at the latest after this time, or after a twentieth of long work.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// From this width on a screen has room for a long bar.
const WIDE: u16 = 110;

/// How long a display that does not end is waited for: what comes next must not wait for a terminal.
const PATIENCE: Duration = Duration::from_secs(1);

impl Display {
    /// Shows what comes through the channel.
    pub(super) fn start<T: Shown>(out: Out, source: watch::Receiver<T>) -> Display {
        let (running, stopped) = channel();
        let (end, ended) = oneshot::channel();
        let kind = kind(out.args);
        if matches!(kind, ProgressKind::Bar | ProgressKind::Plain) {
            let show = move || {
                match kind {
                    ProgressKind::Bar => draw(source, &stopped),
                    _ => write_lines(out, source, &stopped),
                }
                // Nobody waits where it took too long.
                let _ = end.send(());
            };
            // A run goes on where there is no thread for its display.
            let _ = thread::Builder::new().name("display".to_owned()).spawn(show);
        }
        Display { running, ended }
    }

    /// Takes the display away, or leaves it where it is stuck.
    pub(super) async fn finish(self) {
        drop(self.running);
        // A display that failed to draw must not fail the run.
        let _ = tokio::time::timeout(PATIENCE, self.ended).await;
    }
}

/// Waits for the next tick; says whether the display is to go on.
fn goes_on(stopped: &Receiver<()>) -> bool {
    stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout)
}

/// A terminal that cannot go back to the beginning of a line.
pub(super) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term == "dumb")
}

fn kind(args: OutputArgs) -> ProgressKind {
    match args.progress {
        _ if args.quiet => ProgressKind::None,
        // A bar is no JSON.
        ProgressKind::Auto | ProgressKind::Bar if args.log_format == LogFormat::Json => {
            ProgressKind::Plain
        }
        ProgressKind::Auto if std::io::stderr().is_terminal() && !is_dumb() => ProgressKind::Bar,
        ProgressKind::Auto => ProgressKind::Plain,
        chosen => chosen,
    }
}

/// What a bar shows. What there is to say comes before a long bar.
fn template() -> &'static str {
    let is_wide = screen_of(&std::io::stderr()).is_some_and(|width| width >= WIDE);
    match is_wide {
        true => "{bar:24.green} {human_pos}/{human_len} {prefix}, {speed}, ETA {eta}, {wide_msg}",
        false => "{bar:6.green} {human_pos}/{human_len}, {speed}, ETA {eta}, {wide_msg}",
    }
}

fn draw<T: Shown>(mut source: watch::Receiver<T>, stopped: &Receiver<()>) {
    let style = ProgressStyle::with_template(template());
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
    source.mark_changed();
    loop {
        // Where whoever told it has gone, nothing changes any more.
        if source.has_changed().unwrap_or_default() {
            let shown = *source.borrow_and_update();
            let (all, done) = shown.of();
            bar.set_length(all);
            bar.set_position(done);
            bar.set_message(all_words(&shown));
        }
        if !goes_on(stopped) {
            break;
        }
    }
    super::logs::draw_around(None);
    bar.finish_and_clear();
}

fn write_lines<T: Shown>(out: Out, source: watch::Receiver<T>, stopped: &Receiver<()>) {
    let mut shown_at = Instant::now();
    let mut shown_twentieths = 0;
    loop {
        let shown = *source.borrow();
        let (all, done) = shown.of();
        let twentieths = (done * 20).checked_div(all).unwrap_or(0);
        if T::IS_LONG && twentieths > shown_twentieths || shown_at.elapsed() >= LINE_EVERY {
            let words = all_words(&shown);
            let comma = if words.is_empty() { "" } else { ", " };
            out.note(&format!("{}/{} {}{comma}{words}", count(done), count(all), T::WHAT));
            shown_at = Instant::now();
            shown_twentieths = twentieths;
        }
        if !goes_on(stopped) {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Money;
    use crate::drive::Pulse;

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
        let pulse = Pulse { is_down: true, waits_until: None };
        let loud = Progress { in_doubt: 3, refused: 1, held: 2, pulse, ..quiet };
        assert_eq!(
            all_words(&loud),
            "10.50 issued, 3 in doubt, 1 refused, 2 held, 2 in flight, the provider does not answer"
        );
        assert_eq!(loud.of(), (10, 7));
    }

    #[test]
    fn the_bar_draws() {
        // Goal: the template is sound. Method: draw it once.
        let (_sender, source) = watch::channel(Progress::default());
        let (running, stopped) = channel();
        drop(running);
        draw(source, &stopped);
    }
}
