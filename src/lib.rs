//! Gives gift balances to many wallets, exactly once each.

/// The sandbox: a pretend provider with a book of what it really credited, and seeded faults.
pub mod sandbox;
