//! How a person, or the system, ends a run early.

use tokio_util::sync::CancellationToken;

/// Wishes, from the weakest to the strongest; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    /// The campaign was paused or cancelled: as `drain`, and the run says why it ended.
    pub withhold: CancellationToken,
    /// Send nothing new; wait for what is in flight.
    pub drain: CancellationToken,
    /// Wait for nothing: the next run settles what was in flight.
    pub abandon: CancellationToken,
}
