//! One request in a task of its own, which comes back whatever happens in it.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use chrono::{DateTime, Utc};

use crate::provider::Exchange;

/// Why there is no answer where the task that asked has died.
pub const DIED: &str = "this program failed while it asked, and nobody knows what came of it";

/// When a request was on its way, and what it showed.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// When it was sent, by our clock.
    pub sent_at: DateTime<Utc>,
    /// The moment of which its answer surely speaks.
    pub as_of: DateTime<Utc>,
    /// When its answer was whole, or when we let go.
    pub ended_at: DateTime<Utc>,
    /// How far the server's clock is ahead of ours at least.
    pub skew_ms: Option<i64>,
    /// How many requests it took.
    pub requests: u32,
}

impl Times {
    /// Of one request of which nothing else is known.
    pub fn between(sent_at: DateTime<Utc>, ended_at: DateTime<Utc>) -> Times {
        Times { sent_at, as_of: sent_at, ended_at, skew_ms: None, requests: 1 }
    }

    /// Of one exchange with the provider.
    pub fn of(exchange: &Exchange) -> Times {
        let (as_of, skew_ms) = (exchange.as_of(), exchange.skew_ms());
        Times { as_of, skew_ms, ..Times::between(exchange.sent_at, exchange.ended_at) }
    }

    /// For how long it was on its way; a clock that was set back meanwhile makes it nothing.
    pub fn took_ms(self) -> i64 {
        (self.ended_at - self.sent_at).num_milliseconds().max(0)
    }
}

/// Waits for what may panic; then it brings nothing.
pub async fn caught<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| {
        // What has panicked is dropped and never looked at again.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(Poll::Ready(done)) => Poll::Ready(Some(done)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}
