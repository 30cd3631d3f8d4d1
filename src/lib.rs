//! `giftbatch` gives gift balances to many wallets, exactly once each.

pub mod domain;
/// Reads campaign files: rows that can be trusted, or faults that can be mended.
pub mod intake;
