//! What the handlers share: the locked state, and the tasks that outlive a request.
//!
//! **Invariant:** whoever waits in [`App::until`] is woken after every change of the counters.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::state::{LateGift, State};
use super::tally::Stats;

#[derive(Debug)]
pub(super) struct App {
    state: Mutex<State>,
    changed: Notify,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
}

impl App {
    pub(super) fn new(state: State) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(state),
            changed: Notify::new(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A test that panics in another thread must not hide the book from the others.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wake(&self) {
        self.changed.notify_waiters();
    }

    /// Waits until the counters meet a condition.
    pub(super) async fn until(&self, condition: impl Fn(&Stats) -> bool) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Listen before looking: a change in between must not be missed.
            changed.as_mut().enable();
            let stats = self.lock().tally.snapshot();
            if condition(&stats) {
                return;
            }
            changed.await;
        }
    }

    /// Credits a gift after a delay, in a task that the client's disconnect cannot cancel.
    pub(super) fn commit_later(self: &Arc<Self>, late: LateGift, delay: Duration) {
        let app = Arc::clone(self);
        let commit = async move {
            tokio::time::sleep(delay).await;
            app.lock().commit_late(late);
            app.wake();
        };
        self.tasks.spawn(self.stop.clone().run_until_cancelled_owned(commit));
    }
}
