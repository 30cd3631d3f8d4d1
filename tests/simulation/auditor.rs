//! The auditor: holds what was reported against what really happened.
//!
//! **Invariant:** it shares no code with the program. It knows the plan, the provider's book, and what
//! the ledger says in words; nothing of how the ledger came to say it.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::manners::is_leftover;
use crate::provider::{Entry, Provider};
use crate::terms::{PlanRow, Terms};

/// What is reported of one row.
#[derive(Clone, Debug)]
pub(crate) struct Reported {
    pub(crate) line: u64,
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
        matches!(self.state, "issued" | "refused" | "held" | "cancelled")
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
    /// Left to a person for no cause that the world gives, with the reason.
    pub(crate) held: Vec<String>,
    /// Left to a person, for a cause.
    pub(crate) held_for_cause: u64,
}

impl Judgement {
    /// Whether the promise was kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.lost.is_empty() && self.duplicated.is_empty() && self.unexpected.is_empty()
    }
}

/// What makes gifts interchangeable.
type Content = (Uuid, i64, Option<i64>, String);

fn asked_for(terms: &Terms, row: &PlanRow) -> Content {
    (terms.manners.purse(row.wallet), row.minor, row.expires_ms, row.description.clone())
}

fn given(terms: &Terms, entry: &Entry) -> Content {
    let expires = entry.expires.map(|at| at.timestamp_millis());
    let wallet = terms.manners.purse(entry.wallet);
    (wallet, entry.minor, expires, without_tag(&entry.description).to_owned())
}

/// What the customer was to read: a tag is `#` and eight hexadecimal digits at the end.
fn without_tag(description: &str) -> &str {
    let tag = description
        .rsplit_once('#')
        .filter(|(_, tag)| tag.len() == 8 && tag.chars().all(|char| char.is_ascii_hexdigit()));
    tag.map_or(description, |(text, _)| text.trim_end())
}

/// How a story ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    /// A run never ended.
    pub(crate) is_stuck: bool,
    pub(crate) is_cancelled: bool,
    /// The ledger says that it has forgotten what was given.
    pub(crate) has_forgotten: bool,
}

/// Judges a story.
pub(crate) fn judge(
    terms: &Terms,
    provider: &Provider,
    rows: &[Reported],
    ending: Ending,
) -> Judgement {
    let Ending { is_stuck, is_cancelled, has_forgotten } = ending;
    let mut judgement = Judgement::default();
    for reference in &provider.sent_after_cancel {
        judgement.unexpected.push(format!("{reference} was sent after the cancel"));
    }
    for reference in &provider.sent_expired {
        judgement.unexpected.push(format!("{reference} was sent after its gift had expired"));
    }
    if !is_cancelled && rows.iter().any(|row| row.state == "cancelled") {
        judgement.lost.push("a gift was cancelled, and nobody wanted that".to_owned());
    }
    if is_stuck {
        judgement.unfinished.push("a run never ended".to_owned());
    }
    let causes = Causes::of(terms, provider);
    each_row(terms, provider, rows, &causes, &mut judgement);
    if causes.to_stay_open && !is_stuck {
        judgement.open_for_cause += std::mem::take(&mut judgement.unfinished).len() as u64;
    }
    if terms.hides_used {
        // A gift that a customer used is missing from the lists: the reconcile is right to say so.
        judgement.false_alarms.clear();
    }
    each_content(terms, provider, rows, has_forgotten, &mut judgement);
    judgement
}

/// What a world gives cause for, though it keeps its promises.
struct Causes {
    /// Wherever it is.
    to_hold: bool,
    /// In these wallets.
    to_hold_in: HashSet<Uuid>,
    /// Wallets whose lists may be read, and are not whole.
    unread: HashSet<Uuid>,
    /// Wallets with gifts whose times tell nothing.
    odd_times: HashSet<Uuid>,
    to_stay_open: bool,
}

impl Causes {
    fn of(terms: &Terms, provider: &Provider) -> Causes {
        let to_hold_in = odd_wallets(terms, provider);
        let sets_clocks = terms.local_jumps || !terms.server_jumps.is_empty();
        let forgets = terms.restores;
        let blurs = !terms.foreign_now.is_empty() || !to_hold_in.is_empty();
        Causes {
            // Lists that leave something out may hide what was used; clocks that are set blur what is older than a gift; a stranger's gift may be ours.
            to_hold: terms.hides_used
                || terms.manners.cut.is_some()
                || forgets
                || sets_clocks
                || !terms.foreign_now.is_empty(),
            to_hold_in,
            unread: left_out(terms, provider),
            odd_times: odd_times(terms, provider),
            // Lists that leave something out prove no absence, and strangers' gifts may be forgotten ones.
            to_stay_open: terms.hides_used || (forgets && blurs),
        }
    }
}

/// Wallets whose lists leave something out at the end of a story.
fn left_out(terms: &Terms, provider: &Provider) -> HashSet<Uuid> {
    let manners = &terms.manners;
    let mut entries: HashMap<Uuid, usize> = HashMap::new();
    for entry in &provider.book {
        *entries.entry(manners.purse(entry.wallet)).or_default() += 1;
    }
    let is_cut = |wallet: &Uuid| {
        let count = entries.get(&manners.purse(*wallet)).copied().unwrap_or_default();
        manners.cut.is_some_and(|cut| cut.most() < count)
    };
    let all = terms.rows.iter().map(|row| row.wallet);
    let smudged = manners.smudges.iter().filter(|smudge| smudge.is_for_ever());
    all.filter(is_cut).chain(smudged.map(|smudge| smudge.wallet)).collect()
}

/// Wallets with gifts whose times no clock can show.
fn odd_times(terms: &Terms, provider: &Provider) -> HashSet<Uuid> {
    let odd = provider.book.iter().filter(|entry| entry.odd_time.is_some());
    let of_next_year = terms.manners.of_next_year.iter().map(|row| terms.rows[*row].wallet);
    odd.map(|entry| entry.wallet).chain(of_next_year).collect()
}

/// Wallets of which nobody can know everything, whatever their lists show.
fn odd_wallets(terms: &Terms, provider: &Provider) -> HashSet<Uuid> {
    let manners = &terms.manners;
    let mut wallets: HashSet<Uuid> = HashSet::new();
    for entry in &provider.book {
        // A gift that was made and refused may be any like it.
        if provider.refused_committed.contains(&entry.reference) {
            wallets.insert(entry.wallet);
        }
        // Leftovers that count in balances cannot be told from gifts that a list lacks.
        if is_leftover(entry) && !manners.drops_expired {
            wallets.insert(entry.wallet);
        }
    }
    wallets.extend(left_out(terms, provider));
    wallets.extend(odd_times(terms, provider));
    wallets.extend(manners.denied.iter().map(|(of, ..)| *of));
    wallets.extend(manners.smudges.iter().map(|smudge| smudge.wallet));
    wallets.extend(manners.merged.iter().flat_map(|(one, other, _)| [*one, *other]));
    wallets
}

fn each_row(
    terms: &Terms,
    provider: &Provider,
    rows: &[Reported],
    causes: &Causes,
    found: &mut Judgement,
) {
    let ours: HashMap<Uuid, &Entry> =
        provider.book.iter().filter(|entry| entry.is_ours).map(|entry| (entry.id, entry)).collect();
    let mut claimed = HashSet::new();
    let mut burnt = 0;
    for plan in &terms.rows {
        let line = plan.line;
        let Some(row) = rows.iter().find(|row| row.line == line) else {
            found.lost.push(format!("line {line} is not in the ledger"));
            continue;
        };
        match (row.state, row.gift) {
            ("issued", Some(gift)) => {
                found.issued += 1;
                let entry = ours.get(&gift);
                if entry.is_none_or(|entry| given(terms, entry) != asked_for(terms, plan)) {
                    found.lost.push(format!("line {line}: {gift} is not the gift it asked for"));
                } else if !claimed.insert(gift) {
                    found.lost.push(format!("line {line}: {gift} is another line's too"));
                } else if row.was_in_doubt {
                    found.recovered += 1;
                }
            }
            ("refused", None) => {
                found.refused += 1;
                let expired = row.error_class.as_deref() == Some("expired") && plan.expires_soon;
                let is_at_the_edge = provider.forbidden.contains(&row.key);
                burnt += usize::from(is_at_the_edge);
                if !expired && !is_at_the_edge && !provider.refused.contains(&row.key) {
                    found
                        .unexpected
                        .push(format!("line {line} was never refused: {:?}", row.error));
                }
            }
            ("cancelled", None) => found.cancelled += 1,
            ("held", None) if causes.to_hold || causes.to_hold_in.contains(&plan.wallet) => {
                found.held_for_cause += 1;
            }
            ("held", None) => found.held.push(row.error.clone().unwrap_or_default()),
            // Of gifts that no list can tell apart one waits while the other is with a person.
            ("planned" | "deferred", None) if has_held_twin(terms, plan, rows) => {
                found.open_for_cause += 1;
            }
            (state, _) => found.unfinished.push(format!("line {line} is {state}: {:?}", row.error)),
        }
        let is_unread =
            row.reconciled.as_deref() == Some("unread") && causes.unread.contains(&plan.wallet);
        let is_whole = is_unread
            || row.state != "issued"
            || row.reconciled.as_deref() == Some("matched")
            // Of times that no clock can show nobody can say what is too many.
            || (row.reconciled.as_deref() == Some("duplicated") && causes.odd_times.contains(&plan.wallet));
        let is_alarm = row.reconciled.as_deref() == Some("unexpected");
        // What was given and refused is there, and is said to be.
        if !is_whole || (is_alarm && !provider.refused_committed.contains(&row.key)) {
            found.false_alarms.push(format!("line {line}: reconciled as {:?}", row.reconciled));
        }
    }
    // A gift whose no came just before the keys were mended looks like one that is not allowed: those
    // that were in flight together may, and no more.
    if burnt > terms.concurrency {
        found.unexpected.push(format!("{burnt} gifts were refused for revoked keys"));
    }
}

fn has_held_twin(terms: &Terms, plan: &PlanRow, rows: &[Reported]) -> bool {
    let twins = terms.rows.iter().filter(|other| asked_for(terms, other) == asked_for(terms, plan));
    let is_held = |line: u64| rows.iter().any(|row| row.line == line && row.state == "held");
    twins.map(|twin| twin.line).any(is_held)
}

fn each_content(
    terms: &Terms,
    provider: &Provider,
    rows: &[Reported],
    has_forgotten: bool,
    found: &mut Judgement,
) {
    let mut lines: HashMap<Content, Vec<u64>> = HashMap::new();
    for plan in &terms.rows {
        lines.entry(asked_for(terms, plan)).or_default().push(plan.line);
    }
    let mut given_to: HashMap<Content, u64> = HashMap::new();
    for entry in provider.book.iter().filter(|entry| entry.is_ours) {
        if !lines.contains_key(&given(terms, entry)) {
            found.unexpected.push(format!("{} was given to nobody's order", entry.id));
        }
        *given_to.entry(given(terms, entry)).or_default() += 1;
    }
    for (content, lines) in &lines {
        let count = given_to.get(content).copied().unwrap_or_default();
        if count > lines.len() as u64 {
            found.duplicated.push(format!("lines {lines:?} were given {count} times"));
            continue;
        }
        // What is given and refused nobody can know of where lists leave it out.
        let is_refused = |entry: &Entry| {
            given(terms, entry) == *content && provider.refused_committed.contains(&entry.reference)
        };
        let is_left_out = terms.manners.leaves_out() && provider.book.iter().any(is_refused);
        // A ledger that says so does not know what was given, and sends nothing.
        // What is reported as "maybe" may be in the book; what is reported as "no" may not.
        let may_be = |row: &&Reported| {
            lines.contains(&row.line)
                && (row.reconciled.as_deref() == Some("unexpected")
                    || is_left_out
                    || has_forgotten
                    || !matches!(row.state, "refused" | "planned" | "deferred" | "cancelled"))
        };
        let most = rows.iter().filter(may_be).count() as u64;
        if count > most {
            found
                .unexpected
                .push(format!("lines {lines:?}: {count} given, {most} at most reported"));
        }
    }
}
