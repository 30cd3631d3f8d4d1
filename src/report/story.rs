//! One gift's whole history.
//!
//! It stands apart because it is what a person reads before settling a gift by hand.
//!
//! **Invariant:** every line that the ledger has is shown, in its order, also one whose word is not
//! known here.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::clean;
use super::figures::{instant, money};
use super::layout::Side::{Left, Right};
use super::layout::{Screen, Side, fold, table, width};
use super::list::ListedGift;
use crate::ledger::{FoundOfGift, GiftRecord, HistoryLine};

/// How a history is shown to people.
#[derive(Clone, Copy, Debug)]
pub struct StoryLook {
    /// The zone of its times.
    pub tz: Tz,
    /// What it is shown on.
    pub screen: Screen,
}

impl StoryLook {
    /// A moment with its distance from UTC, so that no clock change makes it two.
    fn moment(self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.tz).format("%Y-%m-%d %H:%M:%S%.3f %:z").to_string();
        local.strip_suffix(":00").map(str::to_owned).unwrap_or(local)
    }
}

/// The history for people, with its last line break.
pub fn story(
    gift: &GiftRecord,
    history: &[HistoryLine],
    found: &[FoundOfGift],
    look: StoryLook,
) -> String {
    let facts = facts(gift, look)
        .into_iter()
        .filter_map(|(name, value)| Some(vec![name.to_owned(), clean(&value?).into_owned()]))
        .collect();
    let facts = table(&[Left, Left], facts, look.screen, 1);
    if history.is_empty() {
        return format!("{facts}\nnothing happened to it yet\n");
    }
    let time = format!("time ({})", look.tz.name());
    let title = [time.as_str(), "try", "event", "what it says"].map(str::to_owned).to_vec();
    let lines = history.iter().map(|one| line(gift, one, look));
    let rows = [title].into_iter().chain(lines).collect();
    let told = told(&[Left, Right, Left, Left], rows, look.screen);
    format!("{facts}\n{told}{}", audits(found, look))
}

/// What audits found of it; nothing where none found anything.
fn audits(found: &[FoundOfGift], look: StoryLook) -> String {
    if found.is_empty() {
        return String::new();
    }
    let title = ["audits", "first found", "last found", "what was found"].map(str::to_owned);
    let lines = found.iter().map(|found| {
        let (first, last) = (found.first.0, found.last.0);
        let numbers = if first == last { first.to_string() } else { format!("{first}-{last}") };
        let what = found.detail.as_ref().map(|detail| format!("{}: {detail}", found.finding));
        let what = clean(what.as_deref().unwrap_or(&found.finding)).into_owned();
        vec![numbers, look.moment(found.first.1), look.moment(found.last.1), what]
    });
    let rows = [title.to_vec()].into_iter().chain(lines).collect();
    format!("\n{}", told(&[Left; 4], rows, look.screen))
}

/// A table whose last column tells: where an id in it does not fit the screen, it stands below the others.
fn told(sides: &[Side], rows: Vec<Vec<String>>, screen: Screen) -> String {
    let plain = table(sides, rows.clone(), screen, sides.len() - 1);
    let is_wide = |screen: u16| plain.lines().any(|line| width(line) > usize::from(screen));
    if !screen.is_some_and(is_wide) {
        return plain;
    }
    let (heads, tails): (Vec<Vec<String>>, Vec<String>) = rows.into_iter().map(last_apart).unzip();
    let heads = table(&sides[..sides.len() - 1], heads, screen, 0);
    let lines = heads.lines().zip(tails).enumerate();
    lines.fold(String::new(), |text, (place, (head, tail))| match place {
        // The title of what tells for itself is not missed.
        0 => text + head + "\n",
        _ => text + head + "\n" + &fold(&format!("    {tail}"), screen, 4) + "\n",
    })
}

fn last_apart(mut row: Vec<String>) -> (Vec<String>, String) {
    let last = row.pop().unwrap_or_default();
    (row, last)
}

/// What it is and where it stands; what it has not is none.
fn facts(gift: &GiftRecord, look: StoryLook) -> [(&'static str, Option<String>); 13] {
    let content = &gift.content;
    let finding = gift.reconciled.as_ref().map(|word| match &gift.reconciled_detail {
        Some(detail) => format!("{word}: {detail}"),
        None => word.clone(),
    });
    [
        ("gift", Some(gift.key.to_string())),
        ("campaign", Some(format!("{}, line {}", gift.campaign, gift.line))),
        ("wallet", Some(content.wallet.to_string())),
        ("amount", Some(money(content.amount))),
        ("expires", Some(content.expiry.to_string())),
        ("description", Some(content.description.clone())),
        ("reference", gift.reference.clone()),
        ("state", Some(format!("{}, attempts: {}", gift.state, gift.attempts))),
        ("gift id", gift.gift_id.map(|id| id.to_string())),
        ("issued at", gift.issued_at.map(|at| look.moment(at))),
        ("error class", gift.error_class.clone()),
        ("error", gift.error.clone()),
        ("reconciled", finding),
    ]
}

fn line(gift: &GiftRecord, line: &HistoryLine, look: StoryLook) -> Vec<String> {
    let attempt = if line.attempt == 0 { "-".to_owned() } else { line.attempt.to_string() };
    let gloss = match line.word.as_str() {
        "started" => {
            let (amount, expiry) = (money(gift.content.amount), gift.content.expiry);
            format!("the intent to give {amount}, expiry {expiry}, was written")
        }
        "withdrawn" if line.detail.is_some() => "a mended row took its place".to_owned(),
        word => gloss(word).to_owned(),
    };
    let took = line.took_ms.map(|ms| format!("(after {ms} ms)"));
    let told = match (gloss.as_str(), line.detail.as_deref()) {
        ("", detail) => detail.unwrap_or_default().to_owned(),
        (gloss, None | Some("")) => gloss.to_owned(),
        (gloss, Some(detail)) => format!("{gloss}: {detail}"),
    };
    let told = [told].into_iter().chain(took).collect::<Vec<_>>().join(" ");
    vec![look.moment(line.at), attempt, clean(&line.word).into_owned(), clean(&told).into_owned()]
}

/// What a word means, for somebody who has not read the contract; empty where it is not known.
fn gloss(word: &str) -> &'static str {
    match word {
        "withdrawn" => "cancelled before it was sent",
        "expired" => "its expiry passed before it was sent",
        "confirmed" => "the provider answered that it exists",
        "declined" => "the provider refused it",
        "undelivered" => "certainly not given, to be sent again",
        "answer_lost" => "it may have been given",
        "orphaned" => "the run that sent it ended before the answer came",
        "found_issued" => "found in the wallet's list",
        "found_absent" => "not in the wallet's list, to be sent again",
        "stayed_unclear" => "looking cannot tell, a person must decide",
        "resolved_issued" => "a person found it at the provider",
        "resolved_refused" => "a person decided that it is not to be given",
        "resolved_retry" => "a person wants it sent again",
        "reopened" => "a person wants the refused gift tried again",
        "revoke_started" => "the intent to delete it was written",
        "deleted" => "the provider's list shows that it is gone",
        "still_there" => "the provider's list still shows it",
        "surplus_begun" => "the intent to delete one too many like it was written",
        "surplus_gone" => "one too many like it was taken back",
        "surplus_stays" => "one too many like it was not taken back",
        _ => "",
    }
}

#[derive(Serialize)]
struct Story<'g> {
    version: u32,
    #[serde(flatten)]
    gift: ListedGift<'g>,
    reconciled_detail: Option<&'g str>,
    history: Vec<StoryLine<'g>>,
    audits: Vec<StoryFinding<'g>>,
}

#[derive(Serialize)]
struct StoryFinding<'g> {
    finding: &'g str,
    detail: Option<&'g str>,
    first_audit: i64,
    first_at: String,
    last_audit: i64,
    last_at: String,
}

impl<'g> StoryFinding<'g> {
    fn of(found: &'g FoundOfGift) -> StoryFinding<'g> {
        StoryFinding {
            finding: &found.finding,
            detail: found.detail.as_deref(),
            first_audit: found.first.0,
            first_at: instant(found.first.1),
            last_audit: found.last.0,
            last_at: instant(found.last.1),
        }
    }
}

#[derive(Serialize)]
struct StoryLine<'g> {
    at: String,
    attempt: i64,
    word: &'g str,
    detail: Option<&'g str>,
    took_ms: Option<i64>,
}

impl<'g> StoryLine<'g> {
    fn of(line: &'g HistoryLine) -> StoryLine<'g> {
        StoryLine {
            at: instant(line.at),
            attempt: line.attempt,
            word: &line.word,
            detail: line.detail.as_deref(),
            took_ms: line.took_ms,
        }
    }
}

/// The history for programs: one line of JSON, without its line break.
pub fn story_json(gift: &GiftRecord, history: &[HistoryLine], found: &[FoundOfGift]) -> String {
    let story = Story {
        version: 1,
        gift: ListedGift::of(gift),
        reconciled_detail: gift.reconciled_detail.as_deref(),
        history: history.iter().map(StoryLine::of).collect(),
        audits: found.iter().map(StoryFinding::of).collect(),
    };
    serde_json::to_string(&story).expect("texts and numbers always make JSON")
}
