//! Signals of the first stage: a preflight ends cleanly, and what comes after it ends at once, as if nobody had
//! ever listened.
//!
//! It stands apart because who has listened once can never give a signal back to the system: a load, or a
//! question on the terminal, would not hear Ctrl-C any more. So a thread of its own goes on listening until a
//! run does.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};

use super::exit::{Exit, Signal};
use super::out::Out;
use super::signals;
use crate::interrupt::Interrupt;

/// What signals ask of the first stage.
pub(super) struct Early {
    /// The wishes, for whoever sends requests.
    pub(super) interrupt: Interrupt,
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    first: OnceLock<Signal>,
    is_left: AtomicBool,
}

impl Early {
    /// From here on Ctrl-C and SIGTERM end the stage cleanly.
    pub(super) fn listen(out: Out) -> io::Result<Early> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let (interrupts, terminates) = {
            let _inside = runtime.enter();
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
        };
        let early = Early { interrupt: Interrupt::default(), heard: Arc::default() };
        let (interrupt, heard) = (early.interrupt.clone(), Arc::clone(&early.heard));
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            runtime.block_on(heed(out, (interrupts, terminates), interrupt, heard));
        })?;
        Ok(early)
    }

    /// The stage is over.
    pub(super) fn leave(&self) {
        self.heard.is_left.store(true, Ordering::SeqCst);
    }

    /// Which signal came first, if any did.
    pub(super) fn first(&self) -> Option<Signal> {
        self.heard.first.get().copied()
    }
}

async fn heed(
    out: Out,
    (mut interrupts, mut terminates): (Signals, Signals),
    interrupt: Interrupt,
    heard: Arc<Heard>,
) {
    loop {
        let (came, exit) = tokio::select! {
            _ = interrupts.recv() => (Signal::Interrupt, Exit::Interrupted),
            _ = terminates.recv() => (Signal::Terminate, Exit::Terminated),
        };
        if signals::are_heard() {
            return;
        }
        if heard.is_left.load(Ordering::SeqCst) {
            std::process::exit(exit.code().into());
        }
        if heard.first.set(came).is_ok() {
            out.note_meanwhile("stopping: waiting for what is in flight (again: stop now)");
            interrupt.drain.cancel();
        } else {
            interrupt.abandon.cancel();
        }
    }
}
