//! Signals: the first asks the run to end, the second ends it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::signal::unix::{SignalKind, signal};

use super::exit::Signal;
use super::out::Out;
use crate::interrupt::Interrupt;

/// What signals ask for.
#[derive(Clone, Debug)]
pub(super) struct Signals {
    /// The wishes, for whoever sends requests.
    pub(super) interrupt: Interrupt,
    first: Arc<OnceLock<Signal>>,
}

/// The signal of a file that may not grow any further: the same number on every system that we run
/// on, and tokio has no name for it.
const SIGXFSZ: std::ffi::c_int = 25;

/// A limit on the size of files (`ulimit -f`) makes a write fail, which the ledger can tell, instead
/// of ending the process.
pub(super) fn outlive_file_limits() -> std::io::Result<()> {
    // The handler stays for good; nobody has to listen to it.
    signal(SignalKind::from_raw(SIGXFSZ)).map(drop)
}

/// Whether a second signal came: whoever sent it wants to go now.
static WAS_ABANDONED: AtomicBool = AtomicBool::new(false);

/// Whether a run listens.
static ARE_HEARD: AtomicBool = AtomicBool::new(false);

/// Whether a run listens: then nobody else heeds signals.
pub(super) fn are_heard() -> bool {
    ARE_HEARD.load(Ordering::SeqCst)
}

/// Whether a second signal came.
pub(super) fn was_abandoned() -> bool {
    WAS_ABANDONED.load(Ordering::Relaxed)
}

impl Signals {
    /// From here on Ctrl-C and SIGTERM end the run cleanly, instead of the process at once.
    pub(super) fn listen(out: Out) -> std::io::Result<Signals> {
        let signals = Signals { interrupt: Interrupt::default(), first: Arc::default() };
        let mut interrupts = signal(SignalKind::interrupt())?;
        let mut terminates = signal(SignalKind::terminate())?;
        ARE_HEARD.store(true, Ordering::SeqCst);
        let heard = signals.clone();
        tokio::spawn(async move {
            loop {
                let came = tokio::select! {
                    _ = interrupts.recv() => Signal::Interrupt,
                    _ = terminates.recv() => Signal::Terminate,
                };
                if heard.first.set(came).is_ok() {
                    out.note_meanwhile("stopping: waiting for what is in flight (again: stop now)");
                    heard.interrupt.drain.cancel();
                } else {
                    WAS_ABANDONED.store(true, Ordering::Relaxed);
                    heard.interrupt.abandon.cancel();
                }
            }
        });
        Ok(signals)
    }

    /// Which signal came first, if any did.
    pub(super) fn first(&self) -> Option<Signal> {
        self.first.get().copied()
    }
}
