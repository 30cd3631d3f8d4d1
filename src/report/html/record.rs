//! The record: which file, which plan, which provider; who did what when, and by which settings.

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::facts::Facts;
use super::form::{Form, Lang};
use super::shown;
use super::words::{endless, finding, outcome};
use crate::ledger::{AuditCounts, Deed, DeedKind, Finding};

/// Deeds that are shown: the newest.
const SHOWN: usize = 60;

/// Sets of settings that are shown beside each other: the newest.
const SETS: usize = 3;

/// What identifies the campaign.
pub(super) fn identity(form: &Form, facts: &Facts) -> Markup {
    let campaign = &facts.campaign;
    html! {
        dl class="record" {
            div {
                dt { (form.say("plan id", "plan kimliği")) }
                dd { code { (facts.summary.plan) } }
            }
            div {
                dt { (form.say("newest file, SHA-256", "en son dosya, SHA-256")) }
                dd { code class="long" { (campaign.file_sha256) } }
            }
            div {
                dt { (form.say("rows and wallets", "satır ve cüzdan sayısı")) }
                dd { (form.count(campaign.gifts)) " · " (form.count(facts.summary.wallets)) }
            }
            div {
                dt { (form.say("first and last loaded", "ilk ve son yükleme")) }
                dd { (form.moment(campaign.first_loaded_at)) " · " (form.moment(campaign.last_loaded_at)) }
            }
            @if let Some(origin) = &facts.origin {
                div {
                    dt { (form.say("provider", "sağlayıcı")) }
                    // Without its scheme: no program is to make a link of it.
                    dd { code class="long" { (shown(origin.split_once("://").map_or(origin, |(_, rest)| rest))) } }
                }
            }
        }
    }
}

/// Who did what when.
pub(super) fn deeds(form: &Form, facts: &Facts) -> Markup {
    let left_out = facts.deeds.len().saturating_sub(SHOWN);
    // A wish comes while a run goes on, and says nothing of its end.
    let last_work = facts.deeds.iter().rposition(|deed| deed.kind != DeedKind::Wish);
    html! {
        div class="scroll" tabindex="0" {
            table id="deeds" {
                thead { tr {
                    th scope="col" { (form.say("began", "başlangıç")) }
                    th scope="col" { (form.say("what", "işlem")) }
                    th scope="col" { (form.say("who", "kim")) }
                    th scope="col" class="r" { (form.say("took", "süre")) }
                    th scope="col" class="r" { (form.say("requests", "istek")) }
                    th scope="col" { (form.say("how it ended", "nasıl bitti")) }
                } }
                tbody {
                    @for (place, deed) in facts.deeds.iter().enumerate().skip(left_out) {
                        (row(form, facts, deed, last_work == Some(place)))
                    }
                }
            }
        }
        @if left_out > 0 {
            p class="none-yet" {
                (form.say("Earlier entries that are not shown: ", "Gösterilmeyen daha eski kayıtlar: "))
                (form.count(left_out as u64))
            }
        }
    }
}

fn row(form: &Form, facts: &Facts, deed: &Deed, is_last: bool) -> Markup {
    let sent = deed.run.and_then(|run| facts.sent.get(&run));
    let is_work = !matches!(deed.kind, DeedKind::Load | DeedKind::Wish);
    let took = deed.ended_at.filter(|_| is_work);
    let took = took.map(|ended| (ended - deed.started_at).num_milliseconds());
    let what = match deed.kind {
        DeedKind::Load => form.say("file loaded", "dosya yüklendi"),
        DeedKind::Run if deed.command == "revoke" => {
            form.say("gifts taken back", "hediyeler geri alındı")
        }
        DeedKind::Run => form.say("gifts sent", "hediye gönderildi"),
        DeedKind::Reconcile => form.say("wallets checked", "mutabakat"),
        DeedKind::Wish if deed.command == "pause" => form.say("paused", "duraklatıldı"),
        DeedKind::Wish if deed.command == "resume" => form.say("resumed", "yeniden açıldı"),
        DeedKind::Wish => form.say("cancelled", "iptal edildi"),
    };
    let user = deed.note.user.as_deref();
    html! {
        tr {
            th scope="row" class="num" { (form.moment(deed.started_at)) }
            td {
                (what)
                @if is_work { " " code { (shown(&deed.command)) } }
                @if let Some((sha256, rows)) = &deed.file {
                    span class="means" {
                        (form.count(*rows)) " " (form.say("rows", "satır")) ", "
                        code { (sha256.get(..12).unwrap_or(sha256)) "…" }
                    }
                }
            }
            td { (shown(user.unwrap_or(form.say("not recorded", "kayıtlı değil")))) }
            td class="r" { @if let Some(took) = took { (form.span(took.max(0).unsigned_abs())) } @else { "–" } }
            td class="r" { @if let Some(sent) = sent { (form.count(sent.attempts)) } @else { "–" } }
            td {
                @if let Some(word) = &deed.outcome { (shown(outcome(form, word))) } @else { (endless(form, is_last)) }
                @if let Some(counts) = &deed.counts { span class="means" { (counted(form, counts)) } }
            }
        }
    }
}

/// What an audit counted; what there was none of is left out.
fn counted(form: &Form, counts: &AuditCounts) -> String {
    let balances = counts.balances.unwrap_or_default();
    let one = |one, many, number| match (form.lang, number) {
        (Lang::En, 1) => one,
        _ => many,
    };
    let parts = [
        (counts.matched, finding(form, Finding::Matched)),
        (counts.missing, finding(form, Finding::Missing)),
        (counts.differs, finding(form, Finding::Differs)),
        (counts.duplicated, finding(form, Finding::Duplicated)),
        (counts.unexpected, finding(form, Finding::Unexpected)),
        (counts.unread, finding(form, Finding::Unread)),
        (counts.used, form.say("used", "kullanıldı")),
        (counts.expired, finding(form, Finding::Expired)),
        (
            balances.held,
            one("balance holds", form.say("balances hold", "bakiye tutuyor"), balances.held),
        ),
        (
            balances.differs,
            one(
                "balance differs",
                form.say("balances differ", "bakiye tutmuyor"),
                balances.differs,
            ),
        ),
        (
            balances.unknown,
            one(
                "balance not known",
                form.say("balances not known", "bakiye bilinmiyor"),
                balances.unknown,
            ),
        ),
    ];
    let told = parts.into_iter().filter(|(number, _)| *number > 0);
    let told: Vec<String> =
        told.map(|(number, words)| format!("{} {words}", form.count(number))).collect();
    told.join(", ")
}

/// What a setting is called, and how its value is told.
fn named(form: &Form, key: &str) -> Option<&'static str> {
    Some(match key {
        "rate" => form.say("requests a second, at most", "saniyede istek, en çok"),
        "concurrency" => form.say("requests at once, at most", "aynı anda istek, en çok"),
        "timeout_ms" => form.say("time for one request", "bir istek için süre"),
        "settle_ms" => form.say("settle window", "netleştirme süresi"),
        "give_up_after_ms" => {
            form.say("gives up without answers after", "yanıtsız kalınca vazgeçme")
        }
        "max_in_doubt" => form.say("in doubt at once, at most", "aynı anda belirsiz, en çok"),
        "max_attempts" => form.say("attempts that may end in doubt", "belirsiz kalabilecek deneme"),
        "in_doubt" => form.say("doubts are", "belirsizler"),
        "tag" => form.say("descriptions tagged", "açıklamalar etiketli"),
        "stop_after_refusals" => {
            form.say("stops after refusals in a row", "art arda kaç rette durur")
        }
        "version" => form.say("program version", "program sürümü"),
        _ => return None,
    })
}

const KEYS: [&str; 11] = [
    "rate",
    "concurrency",
    "timeout_ms",
    "settle_ms",
    "give_up_after_ms",
    "max_in_doubt",
    "max_attempts",
    "in_doubt",
    "tag",
    "stop_after_refusals",
    "version",
];

fn value(form: &Form, key: &str, value: &Value) -> String {
    match (key, value) {
        ("rate", Value::Number(rate)) if rate.as_u64() == Some(0) => {
            form.say("no limit", "sınırsız").to_owned()
        }
        ("stop_after_refusals", Value::Number(many)) if many.as_u64() == Some(0) => {
            form.say("never", "hiçbir zaman").to_owned()
        }
        ("in_doubt", Value::String(word)) if word == "hold" => {
            form.say("held for a person", "bir kişiye bırakılır").to_owned()
        }
        ("in_doubt", Value::String(_)) => {
            form.say("settled by looking", "cüzdana bakarak netleştirilir").to_owned()
        }
        (key, Value::Number(number)) => match number.as_u64() {
            Some(ms) if key.ends_with("_ms") => form.span(ms),
            Some(number) => form.count(number),
            None => number.to_string(),
        },
        (_, Value::Bool(true)) => form.say("yes", "evet").to_owned(),
        (_, Value::Bool(false)) => form.say("no", "hayır").to_owned(),
        (_, Value::String(text)) => shown(text).into_owned(),
        (_, other) => other.to_string(),
    }
}

/// A set of settings, and how many runs went by it.
struct Set<'f> {
    kept: Map<String, Value>,
    text: &'f str,
    runs: u64,
}

/// What runs went by: a column for each set of settings, the newest first.
pub(super) fn settings(form: &Form, facts: &Facts) -> Markup {
    let mut sets: Vec<Set<'_>> = Vec::new();
    for deed in facts.deeds.iter().rev().filter(|deed| deed.kind == DeedKind::Run) {
        let Some(text) = deed.note.settings_json.as_deref() else {
            continue;
        };
        if let Some(set) = sets.iter_mut().find(|set| set.text == text) {
            set.runs += 1;
        } else if let Ok(kept) = serde_json::from_str(text) {
            sets.push(Set { kept, text, runs: 1 });
        }
    }
    let left_out = sets.len().saturating_sub(SETS);
    sets.truncate(SETS);
    if sets.is_empty() {
        return html! {
            p class="none-yet" { (form.say("No run has recorded its settings.", "Ayarlarını kaydeden bir çalıştırma yok.")) }
        };
    }
    html! {
        div class="scroll" tabindex="0" { table id="settings" {
            thead { tr {
                th scope="col" { (form.say("setting", "ayar")) }
                @for set in &sets { th scope="col" class="r" { (runs(form, set.runs)) } }
            } }
            tbody {
                @for (key, name) in KEYS.iter().filter_map(|key| Some((*key, named(form, key)?))) {
                    @if sets.iter().any(|set| set.kept.contains_key(key)) {
                        tr {
                            th scope="row" { (name) }
                            @for set in &sets {
                                td class="r" {
                                    @if let Some(kept) = set.kept.get(key) { (value(form, key, kept)) } @else { "–" }
                                }
                            }
                        }
                    }
                }
            }
        } }
        @if left_out > 0 {
            p class="none-yet" {
                (form.say("Older sets of settings that are not shown: ", "Gösterilmeyen eski ayarlar: "))
                (form.count(left_out as u64))
            }
        }
    }
}

fn runs(form: &Form, runs: u64) -> String {
    let number = form.count(runs);
    match (form.lang, runs) {
        (Lang::En, 1) => "1 run".to_owned(),
        (Lang::En, _) => format!("{number} runs"),
        (Lang::Tr, _) => format!("{number} çalıştırma"),
    }
}
