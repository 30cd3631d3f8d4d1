//! `giftbatch` gives gift balances to many wallets, exactly once each.

pub mod domain;
pub mod intake;
