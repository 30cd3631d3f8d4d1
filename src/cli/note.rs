//! Who gives a command, and by which settings: kept with what it does, for the report a month later.
//!
//! **Invariant:** no secret and no path is in it.

use super::commands::{InDoubtKind, RunLimits};
use super::context::Context;
use crate::ledger::RunNote;

/// Whoever gives the command, and what it goes by; `limits` where it gives.
pub(super) fn note(context: &Context, limits: Option<&RunLimits>) -> RunNote {
    let settings = &context.settings;
    let ms = |duration: std::time::Duration| {
        serde_json::Value::from(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    };
    let mut kept = serde_json::Map::new();
    kept.insert("version".into(), env!("CARGO_PKG_VERSION").into());
    kept.insert("rate".into(), settings.rate.into());
    kept.insert("concurrency".into(), settings.concurrency.into());
    kept.insert("timeout_ms".into(), ms(settings.timeout));
    kept.insert("settle_ms".into(), ms(settings.settle));
    kept.insert("give_up_after_ms".into(), ms(settings.give_up_after));
    if let Some(limits) = limits {
        let in_doubt = match limits.in_doubt.unwrap_or(settings.in_doubt) {
            InDoubtKind::Settle => "settle",
            InDoubtKind::Hold => "hold",
        };
        kept.insert(
            "max_in_doubt".into(),
            limits.max_in_doubt.unwrap_or(settings.max_in_doubt).into(),
        );
        kept.insert(
            "max_attempts".into(),
            limits.max_attempts.unwrap_or(settings.max_attempts).into(),
        );
        kept.insert("in_doubt".into(), in_doubt.into());
        kept.insert("tag".into(), (limits.tag || settings.tag).into());
        kept.insert("stop_after_refusals".into(), limits.stop_after_refusals.into());
    }
    let settings_json = Some(serde_json::Value::Object(kept).to_string());
    RunNote { user: user(), settings_json }
}

/// The user of this process, as the system names it; behind `sudo`, who called for it.
fn user() -> Option<String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let user = by_id().or_else(|| variable("USER")).or_else(|| variable("LOGNAME"))?;
    Some(match variable("SUDO_USER").filter(|caller| *caller != user) {
        Some(caller) => format!("{user} (sudo: {caller})"),
        None => user,
    })
}

/// The name that the list of users has for this process, where the system keeps both as files.
#[cfg(unix)]
fn by_id() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let id = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let mut fields = users.lines().map(|line| line.split(':'));
    fields.find_map(|mut line| {
        let name = line.next()?;
        (line.nth(1)? == id).then(|| name.to_owned())
    })
}

#[cfg(not(unix))]
fn by_id() -> Option<String> {
    None
}
