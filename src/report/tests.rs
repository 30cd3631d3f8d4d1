//! Reports of real ledgers: SQLite files in folders of their own, filled as a run fills them.

mod files;
mod fixture;
mod page;
mod screens;
mod totals;
