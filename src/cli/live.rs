//! Signs of life while a long command goes on: in the metrics file, and until when nothing is asked since the provider throttles, for
//! whoever looks at the ledger meanwhile.
//!
//! It has a thread of its own, as the display has: a folder that hangs must hold up no answer.
//!
//! **Invariant:** it has ended before the command's own end is written.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::context::Context;
use super::output::replace;
use super::progress::Shown;
use crate::clock::Clock;
use crate::ledger::say_wait;
use crate::report::metrics::{Alive, alive};

/// How often one is given in the metrics file: what takes less gives none.
const EVERY: u32 = 15;

/// How often it is looked whether the provider throttles.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Signs that are given until it is dropped.
#[derive(Debug)]
pub(super) struct Live {
    /// Nothing comes through it: it is dropped when the signs are to end.
    running: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Live {
    /// Gives signs of what comes through the channel.
    pub(super) fn start<T: Shown>(context: &Context, source: watch::Receiver<T>) -> Live {
        let (running, stopped) = channel();
        let metrics = context.told.metrics_file();
        let ledger = context.settings.ledger.canonicalize().ok();
        let (command, clock) = (context.command, context.clock.clone());
        let beat = move || {
            let (mut looks, mut said) = (0, None);
            while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                looks += 1;
                let shown = *source.borrow();
                say(ledger.as_deref(), shown.pulse().waits_until, &mut said);
                if let Some(path) = metrics.as_ref().filter(|_| looks % EVERY == 0) {
                    give_sign(path, command, &clock, shown);
                }
            }
            say(ledger.as_deref(), None, &mut said);
        };
        // A run goes on where there is no thread for it.
        let thread = thread::Builder::new().name("signs".to_owned()).spawn(beat).ok();
        Live { running: Some(running), thread }
    }
}

/// Says until when nothing is asked since the provider throttles, where that is news.
fn say(ledger: Option<&Path>, until: Option<DateTime<Utc>>, said: &mut Option<DateTime<Utc>>) {
    if let Some(ledger) = ledger.filter(|_| *said != until) {
        *said = until;
        if let Err(error) = say_wait(ledger, until) {
            tracing::debug!(%error, "cannot say that the provider throttles");
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        drop(self.running.take());
        if let Some(thread) = self.thread.take() {
            // A thread that failed has nothing left to write.
            let _ = thread.join();
        }
    }
}

fn give_sign<T: Shown>(path: &PathBuf, command: &str, clock: &Clock, shown: T) {
    let (total, done) = shown.of();
    let at = clock.now();
    let sign = Alive { command, at, what: T::WHAT, total, done };
    if let Err(error) = replace(Path::new(path), |before| alive(&sign, before)) {
        // The command's end says it, once.
        tracing::debug!(%error, "no sign of life in the metrics file");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::issue::Progress;

    #[test]
    fn a_sign_leaves_the_rest_of_the_file_as_it_was() {
        // Goal: while a run goes on, alerts on earlier ones stay. Method: a file of before, two signs.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("giftbatch.prom");
        let before = "giftbatch_last_success_timestamp_seconds{command=\"run\"} 100.005";
        std::fs::write(&path, format!("{before}\n")).unwrap();
        for issued in [3, 4] {
            let progress = Progress { gifts: 10, issued, ..Progress::default() };
            give_sign(&path, "run", &clock::system(), progress);
            let text = std::fs::read_to_string(&path).unwrap();
            for line in [
                before,
                "giftbatch_active{command=\"run\"} 1",
                "giftbatch_progress_items{command=\"run\",what=\"gifts\"} 10",
                &format!(
                    "giftbatch_progress_done_items{{command=\"run\",what=\"gifts\"}} {issued}"
                ),
            ] {
                assert!(text.lines().any(|found| found == line), "{line}\n{text}");
            }
        }
    }
}
