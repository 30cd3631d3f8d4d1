//! Reconciling: every gift of a campaign is held against its wallet's own list.
//!
//! It stands apart because it trusts nothing that issuing has written: it asks again, and compares.
//!
//! | [`run_reconcile`] does | this module decides |
//! | --- | --- |
//! | reads every wallet once, failed reads again at growing gaps | [`audit`]: what one list shows of one wallet's gifts |
//! | looks again for what is missing until lists have had their time | when a finding is final |
//!
//! **Invariant:** a wallet that could not be read is unread, never matched.
//! **Invariant:** it sends nothing but reads, and counts them against the run's pace.

mod audit;
mod queue;
mod sweep;

pub use audit::{Since, audit};
pub use sweep::{ReconcileOptions, ReconcileProgress, Reconciled, run_reconcile};
