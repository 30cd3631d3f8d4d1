//! `giftbatch` gives gift balances to many wallets, exactly once each.

pub mod clock;
pub mod domain;
pub mod intake;
pub mod interrupt;
pub mod issue;
pub mod ledger;
pub mod pace;
pub mod plan;
pub mod provider;
pub mod reconcile;
pub mod report;
pub mod sandbox;
pub mod settle;
