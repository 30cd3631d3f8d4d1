//! The JSON document that commands print: version 1.
//!
//! It stands apart because it is a contract with other programs.
//!
//! **Invariant:** within version 1 fields are only added, at the end; none is renamed, moved or left
//! out. What is not known is null.

use serde::Serialize;
use serde_json::json;

use super::audit_document::last_json;
use super::figures::instant;
use super::{Amounts, Findings, States, Status, Summary, under_way};
use crate::ledger::RunRecord;

/// What a document is about.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A campaign, and how it stands.
    Campaign(&'a Summary),
    /// A campaign of which nothing could be read.
    Named(&'a str),
    /// No campaign.
    Nothing,
}

/// What went wrong, for programs that hand it on to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What.
    pub message: String,
    /// What would mend it.
    pub hint: Option<String>,
}

/// One command's result.
#[derive(Clone, Debug, Serialize)]
pub struct Document<'a> {
    version: u32,
    command: &'a str,
    campaign: Option<&'a str>,
    plan: Option<&'a str>,
    status: Status,
    exit_code: u8,
    gifts: Option<&'a States>,
    amounts: Option<Amounts>,
    reconciled: Option<Findings>,
    elapsed_ms: u64,
    error: Option<Failure>,
    preview: Option<serde_json::Value>,
    standing: Option<&'a str>,
    audit: Option<serde_json::Value>,
    under_way: Option<serde_json::Value>,
    last_run: Option<serde_json::Value>,
    faults: Option<serde_json::Value>,
    fault_counts: Option<serde_json::Value>,
}

/// The last run, and why it ended.
fn last_run(run: &RunRecord) -> serde_json::Value {
    json!({
        "command": run.command,
        "started_at": instant(run.started_at),
        "ended_at": run.ended_at.map(instant),
        "outcome": run.outcome,
        "reason": run.reason,
    })
}

impl<'a> Document<'a> {
    /// The document of a command that ended with this status and code.
    pub fn of(
        command: &'a str,
        subject: Subject<'a>,
        status: Status,
        exit_code: u8,
        elapsed_ms: u64,
    ) -> Document<'a> {
        let summary = match subject {
            Subject::Campaign(summary) => Some(summary),
            Subject::Named(_) | Subject::Nothing => None,
        };
        let campaign = match subject {
            Subject::Campaign(summary) => Some(summary.campaign.as_str()),
            Subject::Named(name) => Some(name),
            Subject::Nothing => None,
        };
        Document {
            version: 1,
            command,
            campaign,
            plan: summary.map(|summary| summary.plan.as_str()),
            status,
            exit_code,
            gifts: summary.map(|summary| &summary.states),
            amounts: summary.map(|summary| summary.amounts),
            reconciled: summary.and_then(|summary| summary.reconciled),
            elapsed_ms,
            error: None,
            preview: None,
            standing: summary.map(|summary| summary.standing.word()),
            audit: summary.and_then(last_json),
            under_way: summary.and_then(under_way::json),
            last_run: summary.and_then(|summary| summary.last_run.as_ref()).map(last_run),
            faults: None,
            fault_counts: None,
        }
    }

    /// The same with what the file said that was loaded.
    #[must_use]
    pub fn with_preview(self, preview: Option<serde_json::Value>) -> Document<'a> {
        Document { preview, ..self }
    }

    /// The same with what is wrong with the rows of a file, and how often each kind is.
    #[must_use]
    pub fn with_faults(
        self,
        faults: Option<(serde_json::Value, serde_json::Value)>,
    ) -> Document<'a> {
        let (faults, fault_counts) = faults.unzip();
        Document { faults, fault_counts, ..self }
    }

    /// The same with what went wrong.
    #[must_use]
    pub fn with_error(self, error: Failure) -> Document<'a> {
        Document { error: Some(error), ..self }
    }

    /// One line of JSON, without its line break.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers always make JSON")
    }
}
