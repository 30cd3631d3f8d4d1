//! Audits and their findings for programs.
//!
//! **Invariant:** fields are only added; what is not known, or means nothing of a finding, is null.

use serde_json::{Value, json};

use super::Summary;
use super::advice::{advice, command, commands, difference, remote_ids};
use super::figures::instant;
use crate::ledger::{Audit, Discrepancy, FindingRecord};

/// Findings of each kind that a document names.
pub(super) const NAMED_IN_JSON: i64 = 20;

/// An audit for programs.
pub fn audit_json(audit: &Audit) -> Value {
    json!({
        "number": audit.number,
        "command": audit.command,
        "user": audit.user,
        "started_at": instant(audit.started_at),
        "ended_at": audit.ended_at.map(instant),
        "outcome": audit.outcome,
        "has_balances": audit.has_balances,
        "counts": audit.counts,
        "reason": audit.reason,
    })
}

/// The same with what it found, kind by kind.
pub(super) fn last_json(summary: &Summary) -> Option<Value> {
    let audit = summary.audit.as_ref()?;
    let mut document = audit_json(audit);
    let kinds: Vec<Value> =
        Discrepancy::ALL.into_iter().filter_map(|kind| kind_json(summary, audit, kind)).collect();
    document["findings"] = Value::Array(kinds);
    Some(document)
}

fn kind_json(summary: &Summary, audit: &Audit, kind: Discrepancy) -> Option<Value> {
    let named: Vec<&FindingRecord> =
        summary.found.iter().filter(|finding| finding.kind == kind).collect();
    let first = named.first()?;
    let (wallet, key) = (first.wallet.to_string(), first.key.to_string());
    let named: Vec<Value> =
        named.iter().map(|finding| finding_json(finding, &summary.campaign)).collect();
    Some(json!({
        "finding": kind.word(),
        "count": summary.count_of(audit, kind, named.len()),
        "means": advice(kind).means[0],
        "act": advice(kind).act[0],
        "commands": commands(kind, &summary.campaign, (&wallet, &key)),
        "named": named,
    }))
}

/// A finding for programs.
pub(super) fn finding_json(finding: &FindingRecord, campaign: &str) -> Value {
    let is_gift = finding.kind != Discrepancy::Balance;
    json!({
        "finding": finding.kind.word(),
        "wallet_id": finding.wallet.to_string(),
        "key": is_gift.then(|| finding.key.to_string()),
        "line": is_gift.then_some(finding.line),
        "amount": is_gift.then(|| finding.amount.to_string()),
        "remote_ids": remote_ids(finding),
        "difference": difference(finding),
        "first_audit": finding.audits.0,
        "last_audit": finding.audits.1,
        "command": command(finding, campaign),
    })
}
