//! How a person, or the system, ends a run early.

use tokio_util::sync::CancellationToken;

/// Two wishes, the second stronger; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    /// Send nothing new; wait for what is in flight.
    pub drain: CancellationToken,
    /// Wait for nothing: the next run settles what was in flight.
    pub abandon: CancellationToken,
}
