//! The tests of the whole program, in one binary, so that they are linked once.

mod birthdays;
mod care;
mod cli;
mod crash;
mod echo;
mod export;
mod files;
mod guards;
mod issue;
mod ledger_failure;
mod levers;
mod lifecycle;
mod load;
mod machines;
mod power_loss;
mod preview;
mod provider;
mod reconcile;
mod report;
mod resolve;
mod retry;
mod revoke;
mod secrets;
mod statement;
mod tidy;
mod world;
