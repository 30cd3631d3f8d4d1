//! The time: the only place that reads it, and that waits for it.
//!
//! It stands apart so that a run can be given another clock than the machine's.
//!
//! **Invariant:** pure deciders never come here; they take `now` as a value.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// A wait that has begun.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Who waits for longer looks at the clock meanwhile: a machine that slept does not shorten its waits.
pub const LONGEST_NAP: Duration = Duration::from_secs(10);

/// A source of time.
pub trait Time: fmt::Debug + Send + Sync {
    /// The current instant.
    fn now(&self) -> DateTime<Utc>;

    /// Waits for a while.
    fn sleep(&self, wait: Duration) -> Sleep;

    /// How far the machine's clock has jumped away from this one, where it ever did: it was set, or the machine
    /// slept. Then this one does not know the time any more.
    fn jumped(&self) -> Option<TimeDelta> {
        None
    }
}

/// The clock that a run goes by; cheap to clone.
pub type Clock = Arc<dyn Time>;

/// The machine's own clock, read once; from there on it counts.
///
/// So a clock that is set meanwhile, by a person or by the network, neither shortens a settle window
/// nor stretches a wait. It stands still while the machine sleeps.
#[derive(Debug)]
struct SteadyClock {
    started_at: DateTime<Utc>,
    started: Instant,
    jumps: Mutex<Jumps>,
}

impl Time for SteadyClock {
    fn now(&self) -> DateTime<Utc> {
        let elapsed = TimeDelta::from_std(self.started.elapsed());
        self.started_at + elapsed.expect("a process does not live for ages")
    }

    fn sleep(&self, wait: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(wait))
    }

    fn jumped(&self) -> Option<TimeDelta> {
        let (before, wall, after) = (self.now(), Utc::now(), self.now());
        let mut jumps = self.jumps.lock().unwrap_or_else(PoisonError::into_inner);
        // A process that was stopped between them has not read both at once.
        if after - before < TimeDelta::seconds(1) {
            jumps.look(wall - before);
        }
        jumps.jumped
    }
}

/// What was seen of how far two clocks are apart. Pure.
#[derive(Debug, Default)]
struct Jumps {
    apart: TimeDelta,
    jumped: Option<TimeDelta>,
}

/// Between two looks, which are seconds apart, a clock that is only slewed moves by less.
const MOST_SLEWED: TimeDelta = TimeDelta::seconds(5);

impl Jumps {
    fn look(&mut self, apart: TimeDelta) {
        let by = apart - self.apart;
        self.apart = apart;
        if by.abs() > MOST_SLEWED {
            self.jumped.get_or_insert(by);
        }
    }
}

/// The machine's own clock, ready to be handed on.
pub fn system() -> Clock {
    let (started_at, started) = (Utc::now(), Instant::now());
    Arc::new(SteadyClock { started_at, started, jumps: Mutex::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_told_from_a_drift_and_not_forgotten() {
        // Goal: who slept is found out, and a clock that is only put right slowly is not. Method: a long drift in
        // small steps either way, a jump forth, a jump back.
        let seconds = TimeDelta::seconds;
        for way in [1, -1] {
            let mut jumps = Jumps::default();
            for step in 0..100 {
                jumps.look(seconds(4 * way) * step);
            }
            assert_eq!(jumps.jumped, None);
            jumps.look(seconds(396 * way) + seconds(6));
            assert_eq!(jumps.jumped, Some(seconds(6)));
            jumps.look(seconds(0));
            assert_eq!(jumps.jumped, Some(seconds(6)), "the first is told");
        }
        let clock = system();
        assert_eq!(clock.jumped(), None);
    }
}
