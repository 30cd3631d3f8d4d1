//! The auditor: holds what was reported against what really happened.
//!
//! **Invariant:** it shares no code with the program. It knows the plan, the provider's book, and what
//! the ledger says in words; nothing of how the ledger came to say it.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::causes::Causes;
use crate::provider::{Entry, Provider};
use crate::terms::{PlanRow, Terms};

/// What is reported of one row.
#[derive(Clone, Debug)]
pub(crate) struct Reported {
    pub(crate) line: u64,
    /// Its row in the ledger, and how often it was sent: for who resolves it.
    pub(crate) row: i64,
    pub(crate) attempts: i64,
    pub(crate) key: Uuid,
    pub(crate) state: &'static str,
    pub(crate) gift: Option<Uuid>,
    pub(crate) was_in_doubt: bool,
    pub(crate) error_class: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) reconciled: Option<String>,
}

impl Reported {
    /// Whether nothing more will become of it by itself.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self.state, "issued" | "refused" | "held" | "cancelled" | "revoked")
    }
}

/// What the auditor found, in Jepsen's words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judgement {
    /// Reported as given, and not in the book; or neither given nor reported.
    pub(crate) lost: Vec<String>,
    /// More gifts in the book than rows that asked for them.
    pub(crate) duplicated: Vec<String>,
    /// In the book, and reported as not given; or refused for no reason of the server's.
    pub(crate) unexpected: Vec<String>,
    /// Reported as found right by a reconcile, and given more often than anybody asked.
    pub(crate) misreported: Vec<String>,
    /// Not settled though all faults have ended, for no cause that the world gives.
    pub(crate) unfinished: Vec<String>,
    /// Not settled, for a cause.
    pub(crate) open_for_cause: u64,
    /// What a reconcile said of a row that the book does not bear out.
    pub(crate) false_alarms: Vec<String>,
    /// Went through a doubt and ended right.
    pub(crate) recovered: u64,
    pub(crate) issued: u64,
    pub(crate) refused: u64,
    /// Withdrawn before it was sent.
    pub(crate) cancelled: u64,
    /// Given, and deleted again.
    pub(crate) revoked: u64,
    /// Left to a person for no cause that the world gives, with the reason.
    pub(crate) held: Vec<String>,
    /// Left to a person, for a cause.
    pub(crate) held_for_cause: u64,
}

impl Judgement {
    /// Whether the promise was kept.
    pub(crate) fn is_kept(&self) -> bool {
        let broken = [&self.lost, &self.duplicated, &self.unexpected, &self.misreported];
        broken.into_iter().all(Vec::is_empty)
    }
}

/// What makes gifts interchangeable. Wallets that have become one are one.
type Content = (Uuid, i64, Option<i64>, String);

fn asked_for(provider: &Provider, row: &PlanRow) -> Content {
    let wallet = provider.one_of(row.wallet);
    (wallet, row.minor, row.expires_ms, row.description.clone())
}

fn given(provider: &Provider, entry: &Entry) -> Content {
    let wallet = provider.one_of(entry.wallet);
    let expires = entry.expires.map(|at| at.timestamp_millis());
    (wallet, entry.minor, expires, without_tag(&entry.description).to_owned())
}

/// What the customer was to read: a tag is `#` and eight hexadecimal digits at the end.
fn without_tag(description: &str) -> &str {
    let tag = description
        .rsplit_once('#')
        .filter(|(_, tag)| tag.len() == 8 && tag.chars().all(|char| char.is_ascii_hexdigit()));
    tag.map_or(description, |(text, _)| text.trim_end())
}

/// An unclaimed gift of the book that a row may be: what a person finds who looks there.
pub(crate) fn in_the_book(provider: &Provider, plan: &PlanRow, rows: &[Reported]) -> Option<Uuid> {
    let claimed: HashSet<Uuid> = rows.iter().filter_map(|row| row.gift).collect();
    let fits = |entry: &&Entry| {
        entry.is_ours
            && entry.deleted_at.is_none()
            && !claimed.contains(&entry.id)
            && given(provider, entry) == asked_for(provider, plan)
    };
    provider.book.iter().find(fits).map(|entry| entry.id)
}

/// How a story ended, beside its rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// A run never ended.
    pub(crate) is_stuck: bool,
    /// A person cancelled the campaign.
    pub(crate) is_cancelled: bool,
    /// The ledger says that it has forgotten what it gave, and gives nothing.
    pub(crate) is_blocked: bool,
    /// When, by the true clock.
    pub(crate) ended_ms: i64,
}

/// Judges a story.
pub(crate) fn judge(
    terms: &Terms,
    provider: &Provider,
    rows: &[Reported],
    outcome: Outcome,
) -> Judgement {
    let mut judgement = Judgement::default();
    for reference in &provider.sent_after_cancel {
        judgement.unexpected.push(format!("{reference} was sent after the cancel"));
    }
    // A machine whose clock was set knows no better when a gift expires.
    for reference in provider.sent_expired.iter().filter(|_| !terms.local_jumps) {
        judgement.unexpected.push(format!("{reference} was sent after it had expired"));
    }
    if !outcome.is_cancelled && rows.iter().any(|row| row.state == "cancelled") {
        judgement.lost.push("a gift was cancelled, and nobody wanted that".to_owned());
    }
    let causes = Causes::of(terms, provider);
    each_row(terms, provider, rows, &causes, &mut judgement);
    for row in rows.iter().filter(|row| row.error_class.as_deref() == Some("expired")) {
        let plan = terms.rows.iter().find(|plan| plan.line == row.line);
        // A process whose clock is wrong believes it, yet.
        if !terms.local_jumps
            && plan.and_then(|plan| plan.expires_ms).is_none_or(|at| at > outcome.ended_ms)
        {
            let line = row.line;
            judgement.unexpected.push(format!("line {line} was refused as expired, and is not"));
        }
    }
    if outcome.is_blocked && causes.to_block {
        // What was given and is forgotten looks like a gift too many.
        judgement.false_alarms.retain(|alarm| !alarm.contains("duplicated"));
    }
    if causes.to_stay_open || (outcome.is_blocked && causes.to_block) {
        judgement.open_for_cause += std::mem::take(&mut judgement.unfinished).len() as u64;
    }
    if outcome.is_stuck {
        judgement.unfinished.push("a run never ended".to_owned());
    }
    let is_open = outcome.is_blocked && causes.to_block;
    each_content(terms, provider, rows, &causes, is_open, &mut judgement);
    judgement
}

fn each_row(
    terms: &Terms,
    provider: &Provider,
    rows: &[Reported],
    causes: &Causes,
    found: &mut Judgement,
) {
    let is_ours = |entry: &&Entry| entry.is_ours;
    let ours: HashMap<(Uuid, Uuid), &Entry> = provider
        .book
        .iter()
        .filter(is_ours)
        .map(|entry| ((provider.one_of(entry.wallet), entry.id), entry))
        .collect();
    let mut claimed = HashSet::new();
    let mut burnt = 0;
    for plan in &terms.rows {
        let line = plan.line;
        let Some(row) = rows.iter().find(|row| row.line == line) else {
            found.lost.push(format!("line {line} is not in the ledger"));
            continue;
        };
        match (row.state, row.gift) {
            ("issued" | "revoked" | "revoking", Some(gift)) => {
                let id = (provider.one_of(plan.wallet), gift);
                let entry = ours.get(&id);
                let fits = |entry: &&&Entry| given(provider, entry) == asked_for(provider, plan);
                match entry.filter(fits) {
                    None => {
                        found
                            .lost
                            .push(format!("line {line}: {gift} is not the gift it asked for"));
                    }
                    Some(_) if !claimed.insert(id) => {
                        found.lost.push(format!("line {line}: {gift} is another line's too"));
                    }
                    // Where nothing proves that it is gone, a person must look.
                    Some(_) if row.state == "revoking" && causes.to_hold(plan, "") => {
                        found.open_for_cause += 1;
                    }
                    Some(entry) => end_of_given(row, entry, found),
                }
            }
            ("refused", None) => {
                found.refused += 1;
                let class = row.error_class.as_deref();
                let expired = class == Some("expired") && plan.expires_soon;
                let is_at_the_edge = provider.forbidden.contains(&row.key);
                burnt += usize::from(is_at_the_edge && !provider.refused.contains(&row.key));
                let is_right = expired || is_at_the_edge || class == Some("resolved");
                if !is_right && !provider.refused.contains(&row.key) {
                    found
                        .unexpected
                        .push(format!("line {line} was never refused: {:?}", row.error));
                }
            }
            ("cancelled", None) => found.cancelled += 1,
            ("held", None) if causes.to_hold(plan, row.error.as_deref().unwrap_or_default()) => {
                found.held_for_cause += 1;
            }
            ("held", None) => found.held.push(row.error.clone().unwrap_or_default()),
            // Of gifts that no list can tell apart one waits while the other is with a person.
            ("planned" | "deferred", None) if has_held_twin(terms, provider, plan, rows) => {
                found.open_for_cause += 1;
            }
            (state, _) => found.unfinished.push(format!("line {line} is {state}: {:?}", row.error)),
        }
        let is_there = in_the_book(provider, plan, rows).is_some();
        if !causes.to_misread(plan.wallet) && is_false_alarm(row, is_there) {
            let (words, state) = (&row.reconciled, row.state);
            found
                .false_alarms
                .push(format!("line {line}: reconciled as {words:?}, and is {state}"));
        }
    }
    // A gift whose no came just before the keys were mended looks like one that is not allowed: those
    // that were in flight together may, and no more.
    if burnt > terms.concurrency {
        found.unexpected.push(format!("{burnt} gifts were refused for revoked keys"));
    }
}

/// A gift that was given as its row asked: whether it is still there, as its row says.
fn end_of_given(row: &Reported, entry: &Entry, found: &mut Judgement) {
    let line = row.line;
    match (row.state, entry.deleted_at) {
        ("issued", None) => {
            found.issued += 1;
            found.recovered += u64::from(row.was_in_doubt);
        }
        ("revoked", Some(_)) => found.revoked += 1,
        ("issued", Some(_)) => {
            found.lost.push(format!("line {line}: it was deleted, and is said to be given"));
        }
        ("revoked", None) => {
            let used = if entry.used_at.is_some() { ", and used" } else { "" };
            found
                .unexpected
                .push(format!("line {line}: it is said to be revoked, and alive{used}"));
        }
        (state, _) => found.unfinished.push(format!("line {line} is {state}: {:?}", row.error)),
    }
}

/// Whether the last reconcile should have said something else of a row; `is_there`: a gift that may be its own is in
/// the book.
fn is_false_alarm(row: &Reported, is_there: bool) -> bool {
    match row.state {
        "issued" => row.reconciled.as_deref() != Some("matched"),
        _ => row.reconciled.as_deref() == Some("unexpected") && !is_there,
    }
}

fn has_held_twin(terms: &Terms, provider: &Provider, plan: &PlanRow, rows: &[Reported]) -> bool {
    let is_twin = |other: &&PlanRow| asked_for(provider, other) == asked_for(provider, plan);
    let is_held = |line: u64| rows.iter().any(|row| row.line == line && row.state == "held");
    terms.rows.iter().filter(is_twin).map(|twin| twin.line).any(is_held)
}

fn each_content(
    terms: &Terms,
    provider: &Provider,
    rows: &[Reported],
    causes: &Causes,
    is_blocked: bool,
    found: &mut Judgement,
) {
    let mut lines: HashMap<Content, Vec<u64>> = HashMap::new();
    for plan in &terms.rows {
        lines.entry(asked_for(provider, plan)).or_default().push(plan.line);
    }
    // How many were ever made, and how many of them are there.
    let mut made: HashMap<Content, (u64, u64)> = HashMap::new();
    for entry in provider.book.iter().filter(|entry| entry.is_ours) {
        if !lines.contains_key(&given(provider, entry)) {
            found.unexpected.push(format!("{} was given to nobody's order", entry.id));
        }
        let (all, alive) = made.entry(given(provider, entry)).or_default();
        *all += 1;
        *alive += u64::from(entry.deleted_at.is_none());
    }
    for (content, lines) in &lines {
        let (all, alive) = made.get(content).copied().unwrap_or_default();
        let of_them = || rows.iter().filter(|row| lines.contains(&row.line));
        let is_matched = |row: &Reported| row.reconciled.as_deref() == Some("matched");
        if all > lines.len() as u64 {
            found.duplicated.push(format!("lines {lines:?} were given {all} times"));
            if alive > lines.len() as u64 && of_them().all(is_matched) {
                found
                    .misreported
                    .push(format!("lines {lines:?} are matched, and were given {alive} times"));
            }
            continue;
        }
        // What is reported as "maybe" may be in the book, and what is reported as "no, and yet there"; what is
        // reported as "no" may not.
        let may_be = |row: &&Reported| {
            let is_no =
                matches!(row.state, "refused" | "planned" | "deferred" | "cancelled" | "revoked");
            let is_told = row.reconciled.as_deref() == Some("unexpected")
                || (row.state == "refused" && causes.to_overlook(content.0));
            !is_no || is_told || (is_blocked && row.state != "cancelled")
        };
        let most = of_them().filter(may_be).count() as u64;
        if alive > most {
            found
                .unexpected
                .push(format!("lines {lines:?}: {alive} given, {most} at most reported"));
        }
    }
}
