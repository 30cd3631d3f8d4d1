//! One request in a task of its own, which comes back whatever happens in it.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use chrono::{DateTime, Utc};

use crate::clock::Clock;
use crate::provider::{Exchange, ListReading, Reading, Removal, Trouble, Verdict};

/// Why there is no answer where the task that asked has died.
pub(super) const DIED: &str =
    "this program failed while it asked, and nobody knows what came of it";

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

/// An answer that can be lost.
pub trait Unanswered {
    /// What it is where nobody knows.
    fn lost(why: String) -> Self;
}

/// Asks the provider, and says when; where asking fails on our side, the answer is lost.
pub async fn asked<R: Unanswered>(
    clock: &Clock,
    asking: impl Future<Output = (R, Exchange)>,
) -> (R, Times) {
    let sent_at = clock.now();
    match caught(asking).await {
        Some((reply, exchange)) => (reply, Times::of(&exchange)),
        None => (R::lost(DIED.to_owned()), Times::between(sent_at, clock.now())),
    }
}

impl Unanswered for Verdict {
    fn lost(why: String) -> Verdict {
        Verdict::Unknown { why, trouble: Trouble::Cut }
    }
}

impl Unanswered for ListReading {
    fn lost(why: String) -> ListReading {
        ListReading::Unreadable { why, trouble: Trouble::Cut }
    }
}

impl Unanswered for Removal {
    fn lost(why: String) -> Removal {
        Removal::Unknown { why, trouble: Trouble::Cut }
    }
}

impl<T> Unanswered for Reading<T> {
    fn lost(why: String) -> Reading<T> {
        Reading::Unreadable { why, trouble: Trouble::Cut }
    }
}

/// Waits for what may panic; then it brings nothing.
pub(super) async fn caught<T>(work: impl Future<Output = T>) -> Option<T> {
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
