//! The time: the only place that reads it, and that waits for it.
//!
//! It stands apart so that a run can be given another clock than the machine's.
//!
//! **Invariant:** pure deciders never come here; they take `now` as a value.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// A wait that has begun.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A source of time.
pub trait Time: fmt::Debug + Send + Sync {
    /// The current instant.
    fn now(&self) -> DateTime<Utc>;
    /// Waits for a while.
    fn sleep(&self, wait: Duration) -> Sleep;
}

/// The clock that a run goes by; cheap to clone.
pub type Clock = Arc<dyn Time>;

/// The machine's own clock, read once; from there on it counts.
///
/// So a clock that is set meanwhile, by a person or by the network, neither shortens a settle window
/// nor stretches a wait.
#[derive(Clone, Copy, Debug)]
struct SteadyClock {
    started_at: DateTime<Utc>,
    started: Instant,
}

impl Time for SteadyClock {
    fn now(&self) -> DateTime<Utc> {
        let elapsed = TimeDelta::from_std(self.started.elapsed());
        self.started_at + elapsed.expect("a process does not live for ages")
    }

    fn sleep(&self, wait: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(wait))
    }
}

/// The machine's own clock, ready to be handed on.
pub fn system() -> Clock {
    Arc::new(SteadyClock { started_at: Utc::now(), started: Instant::now() })
}
