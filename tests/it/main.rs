//! The tests of the whole program, in one binary, so that they are linked once.

mod cli;
mod issue;
mod load;
mod provider;
mod reconcile;
mod tidy;
mod world;
