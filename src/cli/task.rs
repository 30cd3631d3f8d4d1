//! The long work of a command, in a task of its own.

use std::panic::resume_unwind;

/// Does the work in a task of its own: a runtime looks after the task that it was given at its start less
/// often. A panic goes on as if there were none.
pub(super) async fn in_own_task<W>(work: W) -> W::Output
where
    W: Future<Output: Send> + Send + 'static,
{
    tokio::spawn(work).await.unwrap_or_else(|error| resume_unwind(error.into_panic()))
}
