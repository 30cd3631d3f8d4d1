//! `giftbatch` gives gift balances to many wallets, exactly once each.
//!
//! Data flows one way, and the stages meet only in the ledger, so that each is a command that can be
//! stopped and started again: file → intake → plan → ledger → issue → reconcile → report.
//!
//! | module | what it is for |
//! | --- | --- |
//! | [`domain`] | words that everyone shares: money, gifts and their keys, the states of a gift |
//! | [`intake`] | a campaign file becomes rows, or a list of everything that is wrong with it |
//! | [`plan`] | what the rows add up to, and whether that is what a person meant |
//! | [`ledger`] | one SQLite file: the only memory, and the only module that names sqlx |
//! | [`provider`] | the wallet API: a client that sends once, and what its answers prove |
//! | [`pace`] | when the next request may go: rate, concurrency, breaker |
//! | [`drive`] | asks one question after another by the pace, and says why it ended |
//! | [`settle`] | whether a gift went through whose answer was lost |
//! | [`issue`] | sends every gift that may be sent, once, and settles doubts on the way |
//! | [`preflight`] | looks at each wallet of a file before its gifts are loaded |
//! | [`reconcile`] | holds every gift against its wallet's own list |
//! | [`report`] | what the ledger knows, as people and programs read it |
//! | [`notify`] | tells a web hook how a command ended; nothing depends on whether it works |
//! | [`cli`] | the only place that prints, and that reads the environment |
//! | [`sandbox`] | a pretend provider with seeded faults and a book of its own |
//! | [`clock`], [`interrupt`] | the time, and how a run is ended early |
//! | [`crash`] | where tests end the program like `kill -9`; nothing in a release build |
//!
//! **Invariant:** a POST is sent only after its intent is durable, and only proof that nothing
//! happened, or a person, leads back to sending.
//! **Invariant:** the ledger has one writer, in one process.
//! **Invariant:** pure deciders stand apart from what reads and writes, and take the time as a value.

pub mod cli;
pub mod clock;
pub mod crash;
pub mod domain;
pub mod drive;
pub mod intake;
pub mod interrupt;
pub mod issue;
pub mod ledger;
pub mod notify;
pub mod pace;
pub mod plan;
pub mod preflight;
pub mod provider;
pub mod recheck;
pub mod reconcile;
pub mod report;
pub mod revoke;
pub mod sandbox;
pub mod settle;
