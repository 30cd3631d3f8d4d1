//! Reporting: what the ledger knows, as people and programs read it.
//!
//! It stands apart because a report must be able to contradict the run that came before it: it reads
//! the ledger and nothing else, and believes no run's own counters.
//!
//! | what is asked | who answers |
//! | --- | --- |
//! | how one campaign stands | [`Summary`], then [`text::summary`] or a [`Document`] |
//! | how all campaigns stand | [`overview()`] |
//! | what became of each row of the file | [`csv::write`] |
//! | which gifts are in a state | [`list::write`] |
//! | all of it, for whoever asks a month later | [`html::write`] |
//! | what happened to one gift | [`story()`] and [`story_json`] |
//! | what audits found, and what deals with it | [`history`], [`write_findings`] |
//! | what alerting rules watch | [`metrics::metrics`] |
//!
//! **Invariant:** no total is shown that its parts do not add up to: [`Summary::read`] fails instead.
//! **Invariant:** no headline claims success while a gift is not issued.
//! **Invariant:** lists stream page by page: memory does not grow with the campaign.
//! **Invariant:** it knows the domain, the ledger and a plan's id. It changes nothing, asks no
//! provider, reads no clock and prints nothing: text goes where the caller says.

mod advice;
mod audit_document;
mod audits;
mod cells;
pub mod csv;
mod document;
mod error;
mod figures;
mod headline;
pub mod html;
mod layout;
pub mod list;
pub mod metrics;
mod next;
mod overview;
mod pages;
mod statement;
mod status;
mod story;
mod summary;
mod tally;
#[cfg(test)]
mod tests;
pub mod text;
mod under_way;

pub use audit_document::audit_json;
pub use audits::{history, write_findings};
pub use cells::{Cells, clean};
pub use document::{Document, Failure, Subject};
pub use error::ReportError;
pub use figures::{count, instant, money, second};
pub use layout::{Screen, Side, fold, records, table};
pub use next::shell_word;
pub use overview::overview;
pub use statement::{StatementError, read_statement, statement_text};
pub use status::Status;
pub use story::{StoryLook, story, story_json};
pub use summary::{Refusals, Summary};
pub use tally::{Amounts, Findings, States};
