//! Audits: what each found, what became of it, and what deals with it; for people and for programs.
//!
//! **Invariant:** of a large number of findings a few are named and all are counted; only
//! [`write_findings`] names all, and it writes as it reads.

use std::io;

use serde_json::json;

use super::advice::{advice, command, commands, difference, remote_ids};
use super::audit_document::{audit_json, finding_json};
use super::figures::{count, money, second};
use super::layout::Side::Left;
use super::layout::{Screen, table};
use super::next::shell_word;
use super::{ReportError, Summary, clean, text};
use crate::domain::number_of;
use crate::ledger::{Audit, AuditCounts, Campaign, Discrepancy, FindingRecord, Ledger};

/// Findings of each kind that are named on a screen.
const NAMED: usize = 3;

/// Findings that are read at once.
const PAGE: i64 = 500;

/// How wide a screen is that whole sentences are set for.
const LINE_CHARS: usize = 78;

/// What the last audit found, kind by kind, and what to do about it; nothing where all is well.
pub(super) fn last(summary: &Summary) -> String {
    let Some(audit) = &summary.audit else {
        return String::new();
    };
    let blocks: Vec<String> =
        Discrepancy::ALL.into_iter().filter_map(|kind| block(summary, audit, kind)).collect();
    blocks.join("\n")
}

/// The command that lists all that the last audit found, each with what deals with it; none where all is well.
pub(super) fn where_found(summary: &Summary) -> Option<String> {
    let audit = summary.audit.as_ref().filter(|_| !summary.found.is_empty())?;
    let (name, number) = (shell_word(&summary.campaign), audit.number);
    Some(format!("giftbatch reconcile {name} --history={number}"))
}

fn block(summary: &Summary, audit: &Audit, kind: Discrepancy) -> Option<String> {
    let named: Vec<&FindingRecord> =
        summary.found.iter().filter(|finding| finding.kind == kind).collect();
    let first = named.first()?;
    let all = summary.count_of(audit, kind, named.len());
    let advice = advice(kind);
    let mut text = wrapped(&format!("{} ({}): {}", kind.word(), count(all), advice.means[0]), "");
    for finding in named.iter().take(NAMED) {
        text += &lines(finding);
    }
    let more = all.saturating_sub(named.len().min(NAMED) as u64);
    if more > 0 {
        let all = where_found(summary).unwrap_or_default();
        text += &format!("  and {} more: {all}\n", count(more));
    }
    text += &wrapped(advice.act[0], "  ");
    let (wallet, key) = (first.wallet.to_string(), first.key.to_string());
    for command in commands(kind, &summary.campaign, (&wallet, &key)) {
        text += &format!("    {command}\n");
    }
    Some(text)
}

/// A finding on lines of its own, so that ids stay whole on a narrow screen.
fn lines(finding: &FindingRecord) -> String {
    let mut text = format!("  wallet {}  {}\n", finding.wallet, money(finding.amount));
    if finding.kind == Discrepancy::Balance {
        text = format!("  wallet {}\n", finding.wallet);
    } else {
        text += &format!("    key    {}\n", finding.key);
    }
    let word = match finding.kind {
        Discrepancy::Duplicated => "extra ",
        _ => "gift  ",
    };
    for id in remote_ids(finding) {
        text += &format!("    {word} {id}\n");
    }
    if let Some(difference) = difference(finding) {
        text += &format!("    {}\n", clean(difference));
    }
    text
}

/// A sentence over as many lines as it takes, each behind `indent`.
fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = String::new();
    let mut line = indent.to_owned();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let is_begun = line.chars().count() > indent.chars().count();
        if is_begun && line.chars().count() + 1 + word.chars().count() > LINE_CHARS {
            lines += &line;
            lines.push('\n');
            line = indent.to_owned();
        } else if is_begun {
            line.push(' ');
        }
        line += word;
    }
    lines + &line + "\n"
}

/// What an audit counted, in a few words.
pub(super) fn counted(counts: &AuditCounts) -> String {
    let AuditCounts { matched, missing, differs, duplicated, unexpected, unread, .. } = *counts;
    let some = [
        (matched, "matched"),
        (missing, "missing"),
        (differs, "differs"),
        (duplicated, "duplicated"),
        (unexpected, "unexpected"),
        (unread, "unread"),
        (counts.used, "used"),
        (counts.expired, "expired"),
    ];
    let some = some.into_iter().filter(|(gifts, word)| *gifts > 0 || *word == "matched");
    let mut text: Vec<String> =
        some.map(|(gifts, word)| format!("{} {word}", count(gifts))).collect();
    text.extend(counts.balances.map(|balances| {
        let parts = [
            (balances.held, "hold"),
            (balances.differs, "differ"),
            (balances.unknown, "not known"),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(wallets, word)| *wallets > 0 || *word == "hold")
            .map(|(wallets, word)| format!("{} {word}", count(wallets)))
            .collect();
        format!("balances: {}", parts.join(", "))
    }));
    text.join(", ")
}

/// How an audit ended, or that it did not.
fn ended(audit: &Audit) -> String {
    match &audit.outcome {
        Some(outcome) => text::ended(outcome, audit.reason.as_deref()),
        None => "no end (running, or killed)".to_owned(),
    }
}

/// What it counted, or why nobody can tell.
fn found_by(audit: &Audit) -> String {
    match (&audit.counts, &audit.outcome) {
        (Some(counts), _) => counted(counts),
        (None, Some(_)) => "not kept (by an older version)".to_owned(),
        (None, None) => "-".to_owned(),
    }
}

/// The audits of a campaign on a screen so wide, the newest first.
pub fn history(campaign: &str, audits: &[Audit], screen: Screen) -> String {
    if audits.is_empty() {
        let name = shell_word(campaign);
        return format!("{}: no audit yet: giftbatch reconcile {name}\n", clean(campaign));
    }
    let mut rows = vec![["audit", "began", "by", "ended", "found"].map(str::to_owned).to_vec()];
    for audit in audits {
        rows.push(vec![
            audit.number.to_string(),
            second(audit.started_at),
            clean(audit.user.as_deref().unwrap_or("-")).into_owned(),
            ended(audit),
            found_by(audit),
        ]);
    }
    table(&[Left; 5], rows, screen, 4)
}

/// Whether what an audit found is still so, as far as the audits since can tell.
#[derive(Clone, Copy, Debug)]
struct Since<'a> {
    audits: &'a [Audit],
}

impl Since<'_> {
    /// The first whole audit that looked for it later and did not find it.
    fn gone_by(self, finding: &FindingRecord) -> Option<i64> {
        let looked = |audit: &&Audit| {
            audit.number > finding.audits.1
                && audit.is_whole()
                && (audit.has_balances || finding.kind != Discrepancy::Balance)
        };
        self.audits.iter().filter(looked).map(|audit| audit.number).min()
    }

    fn words(self, finding: &FindingRecord) -> String {
        let (first, last) = finding.audits;
        match self.gone_by(finding) {
            Some(by) => format!("found by audits {first} to {last}, gone in audit {by}"),
            None if first == last => format!("found by audit {first}"),
            None => format!("found since audit {first}, still there in audit {last}"),
        }
    }
}

/// Writes all that one audit found, and what became of each of it; as JSON an object a line. `audits` are those of
/// the campaign.
pub async fn write_findings<W: io::Write>(
    ledger: &Ledger,
    campaign: &Campaign,
    audit: &Audit,
    audits: &[Audit],
    is_json: bool,
    out: &mut W,
) -> Result<(), ReportError> {
    let since = Since { audits };
    if is_json {
        let head = json!({
            "version": 1,
            "command": "reconcile",
            "campaign": campaign.name,
            "status": "complete",
            "exit_code": 0,
            "audit": audit_json(audit),
        });
        let head = head.to_string();
        // The object goes on with what is read as it is written.
        let open = head.strip_suffix('}').unwrap_or(&head);
        write!(out, "{open},\"findings\":[")?;
    } else {
        let user = audit.user.as_deref().map_or_else(String::new, |user| format!(" by {user}"));
        let (name, command) = (clean(&campaign.name), clean(&audit.command));
        let (number, at, ended) = (audit.number, second(audit.started_at), ended(audit));
        writeln!(out, "{name}, audit {number}: {command}{}, {at}, {ended}", clean(&user))?;
        if let Some(counts) = &audit.counts {
            let wallets = number_of(counts.wallets, "wallet");
            out.write_all(wrapped(&format!("{wallets}: {}", counted(counts)), "").as_bytes())?;
        }
    }
    let mut last: Option<FindingRecord> = None;
    let mut is_first = true;
    loop {
        let page =
            ledger.finding_page(campaign.id, audit.number, None, last.as_ref(), PAGE).await?;
        for finding in &page {
            if is_json {
                let mut object = finding_json(finding, &campaign.name);
                object["gone_in_audit"] = json!(since.gone_by(finding));
                write!(out, "{}\n{object}", if is_first { "" } else { "," })?;
            } else {
                write!(out, "\n{}\n{}", finding.kind.word(), lines(finding))?;
                writeln!(out, "    {}", since.words(finding))?;
                writeln!(out, "    {}", command(finding, &campaign.name))?;
            }
            is_first = false;
        }
        match page.into_iter().next_back() {
            Some(finding) => last = Some(finding),
            None => break,
        }
    }
    if is_json {
        writeln!(out, "{}]}}", if is_first { "" } else { "\n" })?;
    }
    Ok(out.flush()?)
}
