//! What the settings are, and where each of them comes from.

use std::path::Path;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory};

use super::check::Check;
use crate::cli::args::Cli;
use crate::cli::context::Context;
use crate::cli::secret::is_foreign;
use crate::domain::{Money, duration_text};
use crate::provider::Line;
use crate::report::money;

/// All settings, in the order of the settings file.
pub(super) fn look(context: &Context) -> Vec<Check> {
    let settings = &context.settings;
    let (path, file) = settings.file();
    let matches = Cli::command().get_matches();
    let origins = Origins { matches: deepest(&matches), file: path };
    let mut checks = vec![match path {
        Some(path) if is_foreign(path).unwrap_or(false) => Check::warn(
            "settings file",
            format!("{}: others may write it, and say where the keys are sent", path.display()),
            format!("chmod go-w {}, as its owner", path.display()),
        ),
        Some(path) => Check::ok("settings file", path.display().to_string()),
        None => Check::ok("settings file", "none found; `giftbatch init` writes one"),
    }];
    let mut say = |name: &str, value: String, is_in_file: bool| {
        checks.push(Check::ok(name, format!("{value} ({})", origins.of(name, is_in_file))));
    };
    if let Ok(url) = settings.wallet_url() {
        say("wallet_url", url.to_string(), file.wallet_url.is_some());
    }
    say("ledger", settings.ledger.display().to_string(), file.ledger.is_some());
    let rate = if settings.rate == 0 { "no limit".to_owned() } else { settings.rate.to_string() };
    say("rate", rate, file.rate.is_some());
    let rate = settings.minted.rate();
    let rate = if rate == 0 { "no limit".to_owned() } else { rate.to_string() };
    say("minted_rate", rate, file.minted_rate.is_some());
    say("concurrency", settings.concurrency.to_string(), file.concurrency.is_some());
    say("timeout", duration_text(settings.timeout), file.timeout.is_some());
    say("settle", duration_text(settings.settle), file.settle.is_some());
    say("give_up_after", duration_text(settings.give_up_after), file.give_up_after.is_some());
    if let Some(proxy) = proxy(&settings.line()) {
        say("proxy", proxy, file.proxy.is_some());
    }
    say("tz", settings.tz.to_string(), file.tz.is_some());
    say("max_in_doubt", settings.max_in_doubt.to_string(), file.max_in_doubt.is_some());
    say("max_attempts", settings.max_attempts.to_string(), file.max_attempts.is_some());
    say("in_doubt", format!("{:?}", settings.in_doubt).to_lowercase(), file.in_doubt.is_some());
    say("absence", format!("{:?}", settings.absence).to_lowercase(), file.absence.is_some());
    say("tag", settings.tag.to_string(), file.tag.is_some());
    let cap = |cap: Option<Money>| cap.map_or("none".to_owned(), money);
    let caps = settings.caps;
    say("max_per_day", cap(caps.per_day), file.max_per_day.is_some());
    let is_in_file = file.max_per_wallet_per_day.is_some();
    say("max_per_wallet_per_day", cap(caps.per_wallet_per_day), is_in_file);
    if let Some(path) = &settings.metrics_file {
        say("metrics_file", path.display().to_string(), file.metrics_file.is_some());
    }
    if let Ok(Some(hook)) = settings.hook() {
        let signed = if hook.secret.is_some() { "signed" } else { "not signed" };
        say("notify", format!("{}, {signed}", hook.url), file.notify.is_some());
    }
    let minted = &settings.minted;
    if let Some(url) = minted.url() {
        say("minted_url", url.to_owned(), file.minted_url.is_some());
        checks.extend(minted.username().map(|(name, from)| {
            let from =
                path.filter(|_| from.is_none()).map(|path| path.display().to_string()).or(from);
            Check::ok("minted_username", format!("{name} ({})", from.unwrap_or_default()))
        }));
        let source = minted.password_source().ok();
        checks.extend(source.map(|source| Check::ok("minted_password", source.to_string())));
    }
    for (name, variable) in
        [("api_key", "GIFTBATCH_API_KEY"), ("api_client", "GIFTBATCH_API_CLIENT")]
    {
        // That one is missing is told by who needs it.
        if let Ok(source) = settings.secret_source(variable) {
            checks.push(Check::ok(name, source.to_string()));
        }
    }
    checks
}

fn deepest(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, below)| deepest(below))
}

/// The proxy that is used, or the one that is not.
fn proxy(line: &Line) -> Option<String> {
    let used = line.proxy.as_ref().map(ToString::to_string);
    let unused =
        |name| format!("none: {name} is set and not used; --proxy or GIFTBATCH_PROXY uses one");
    used.or_else(|| line.unused_proxy.map(unused))
}

struct Origins<'a> {
    matches: &'a ArgMatches,
    file: Option<&'a Path>,
}

impl Origins<'_> {
    /// Where a setting comes from that a flag, the environment or the settings file may say.
    fn of(&self, name: &str, is_in_file: bool) -> String {
        let said = self.matches.try_contains_id(name).ok();
        match said.and_then(|_| self.matches.value_source(name)) {
            Some(ValueSource::CommandLine) => format!("flag --{}", name.replace('_', "-")),
            Some(ValueSource::EnvVariable) => {
                format!("environment, GIFTBATCH_{}", name.to_uppercase())
            }
            _ if is_in_file => {
                self.file.map_or_else(String::new, |path| path.display().to_string())
            }
            _ => "default".to_owned(),
        }
    }
}
