//! Who is told when the ledger is at work: the seam by which a simulation keeps its own time still
//! meanwhile, and lets a commit take a while of it.
//!
//! It stands apart because SQLite works on threads of its own, by the machine's time, and nothing else
//! would tell that it does. A ledger that nobody watches pays nothing for it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A side of the end of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Nothing of the group is durable yet.
    Before,
    /// All of it is durable, and nobody was told yet.
    After,
    /// It was undone, and nobody was told yet.
    Undone,
}

/// Is told when the ledger works.
pub trait Watch: fmt::Debug + Send + Sync {
    /// A call begins.
    fn begins(&self);
    /// A call has ended, or was dropped.
    fn ends(&self);
    /// What the end of a group waits for on each side of it.
    fn pause(&self, side: Side) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The watch of a ledger, where there is one.
pub(super) type Watched = Option<Arc<dyn Watch>>;

/// A call that is under way.
#[derive(Debug)]
pub(super) struct AtWork {
    watched: Watched,
}

impl AtWork {
    /// A call that begins now, and ends when this is dropped.
    pub(super) fn begin(watched: &Watched) -> AtWork {
        if let Some(watch) = watched {
            watch.begins();
        }
        AtWork { watched: watched.clone() }
    }

    /// Ends it; who watched it, for the next.
    pub(super) fn end(self) -> Watched {
        self.watched.clone()
    }
}

/// Rests on one side of the end of a group, where there is a watch that wants it.
pub(super) async fn rest(watched: &Watched, side: Side) {
    if let Some(watch) = watched {
        watch.pause(side).await;
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        if let Some(watch) = &self.watched {
            watch.ends();
        }
    }
}
