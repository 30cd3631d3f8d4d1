//! Settings: flag, then environment (both through the command line's parser), then
//! giftbatch.toml, then default.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono_tz::Tz;

use super::args::SettingsArgs;
use super::caps;
use super::commands::{AbsenceKind, InDoubtKind};
use super::failure::Failure;
use super::ledger_path;
use super::minted::Minted;
use super::secret::{self, Source};
use super::settings_file::SettingsFile;
use super::values;
use crate::domain::{duration_text, parse_duration};
use crate::notify::{Hook, HookUrlError};
use crate::plan::Caps;
use crate::provider::{BaseUrl, Credentials, Line, ProxyUrl};

/// What a command goes by.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) ledger: PathBuf,
    /// Another ledger of the same provider stands in the way of no new one.
    pub(super) new_ledger: bool,
    pub(super) rate: u32,
    pub(super) concurrency: usize,
    pub(super) timeout: Duration,
    pub(super) settle: Duration,
    pub(super) give_up_after: Duration,
    pub(super) proxy: Option<ProxyUrl>,
    pub(super) tz: Tz,
    pub(super) max_in_doubt: usize,
    pub(super) max_attempts: i64,
    pub(super) in_doubt: InDoubtKind,
    pub(super) absence: AbsenceKind,
    pub(super) tag: bool,
    pub(super) minted: Minted,
    pub(super) metrics_file: Option<PathBuf>,
    notify: Option<String>,
    /// What may be given in a day; no flag lifts it.
    pub(super) caps: Caps,
    wallet_url: Option<String>,
    file: SettingsFile,
    /// Where that file is.
    path: Option<PathBuf>,
    /// Keys that are no secret: the sandbox takes any.
    is_rehearsal: bool,
}

/// What mends keys that the provider rejects.
pub(super) const KEYS: &str = "mend GIFTBATCH_API_KEY and GIFTBATCH_API_CLIENT";

/// The shortest settle window of a provider that is not on this machine.
const LEAST_SETTLE: Duration = Duration::from_secs(30);

/// Where the secret that messages are signed with comes from.
const NOTIFY_SECRET: &str = "GIFTBATCH_NOTIFY_SECRET";
const NOTIFY_SECRET_FILE: &str = "GIFTBATCH_NOTIFY_SECRET_FILE";

impl Settings {
    /// Puts the layers on top of each other.
    pub(super) fn read(args: &SettingsArgs) -> Result<Settings, Failure> {
        let (path, file) = SettingsFile::find(args.config.as_deref())?;
        let named = |key: &str, why: String| {
            let place = path.as_deref().map(Path::display).map(|path| path.to_string());
            Failure::usage(format!("{}: {key}: {why}", place.unwrap_or_default()))
        };
        let duration = |flag: Option<Duration>, key, text: &Option<String>, default: Duration| {
            let text = text.as_deref();
            let written =
                text.map(|text| parse_duration(text).map_err(|e| named(key, e.to_string())));
            let written = written.transpose()?;
            if written.is_some_and(|written| written.is_zero()) {
                return Err(named(key, "longer than nothing".to_owned()));
            }
            Ok(flag.or(written).unwrap_or(default))
        };
        let tz = file.tz.as_deref().map(str::parse::<Tz>).transpose();
        let tz = tz.map_err(|error| named("tz", error.to_string()))?;
        let proxy = file.proxy.as_deref().map(str::parse::<ProxyUrl>).transpose();
        let proxy = proxy.map_err(|error| named("proxy", error.to_string()))?;
        if file.max_in_doubt == Some(0) {
            return Err(named("max_in_doubt", "at least 1".to_owned()));
        }
        if file.concurrency.is_some_and(|many| !(1..=values::MAX_CONCURRENCY).contains(&many)) {
            return Err(named("concurrency", format!("1 to {}", values::MAX_CONCURRENCY)));
        }
        for (key, rate) in [("rate", file.rate), ("minted_rate", file.minted_rate)] {
            if rate.is_some_and(|rate| rate > values::MAX_RATE) {
                return Err(named(key, format!("at most {}", values::MAX_RATE)));
            }
        }
        let default = Settings::default();
        Ok(Settings {
            ledger: ledger_path::find(args, &file, path.as_deref())?,
            new_ledger: args.new_ledger,
            rate: args.rate.or(file.rate).unwrap_or(default.rate),
            concurrency: args.concurrency.or(file.concurrency).unwrap_or(default.concurrency),
            timeout: duration(args.timeout, "timeout", &file.timeout, default.timeout)?,
            settle: duration(args.settle, "settle", &file.settle, default.settle)?,
            give_up_after: duration(
                args.give_up_after,
                "give_up_after",
                &file.give_up_after,
                default.give_up_after,
            )?,
            proxy: args.proxy.clone().or(proxy),
            tz: args.tz.or(tz).unwrap_or(default.tz),
            max_in_doubt: file.max_in_doubt.unwrap_or(default.max_in_doubt),
            max_attempts: file.max_attempts.unwrap_or(default.max_attempts).max(1),
            in_doubt: file.in_doubt.unwrap_or(default.in_doubt),
            absence: file.absence.unwrap_or(default.absence),
            tag: file.tag.unwrap_or(default.tag),
            minted: Minted::of(args, &file, path.as_deref()),
            metrics_file: args.metrics_file.clone().or_else(|| file.metrics_file.clone()),
            notify: args.notify.clone().or_else(|| file.notify.clone()),
            caps: caps::read(&file.max_per_day, &file.max_per_wallet_per_day, named)?,
            wallet_url: args.wallet_url.clone().or_else(|| file.wallet_url.clone()),
            file,
            path,
            is_rehearsal: false,
        })
    }

    /// The demo's own, whatever the machine is set to.
    pub(super) fn demo(
        folder: &Path,
        wallet_url: &str,
        rate: u32,
        timeout: Duration,
        settle: Duration,
    ) -> Settings {
        Settings {
            ledger: folder.join("ledger.db"),
            wallet_url: Some(wallet_url.to_owned()),
            rate,
            timeout,
            settle,
            is_rehearsal: true,
            ..Settings::default()
        }
    }

    /// Whether it is the demo's, which nobody keeps.
    pub(super) fn is_rehearsal(&self) -> bool {
        self.is_rehearsal
    }

    /// How requests travel.
    pub(super) fn line(&self) -> Line {
        Line {
            timeout: self.timeout,
            proxy: self.proxy.clone(),
            unused_proxy: proxy_of_others().filter(|_| self.proxy.is_none()),
        }
    }

    /// The wallet API's base URL; without one nothing can be asked.
    pub(super) fn wallet_url(&self) -> Result<BaseUrl, Failure> {
        let Some(url) = &self.wallet_url else {
            return Err(Failure::usage("no wallet URL is set").hint(
                "set GIFTBATCH_WALLET_URL, or --wallet-url, to the base URL of your wallet API",
            ));
        };
        let hint = "correct GIFTBATCH_WALLET_URL, --wallet-url or wallet_url, as https://wallet.example/base";
        url.parse::<BaseUrl>().map_err(|error| Failure::from(error).hint(hint))
    }

    /// The same, for a command that sends or judges what is not there: a settle window that is shorter than
    /// servers need takes what is on its way for absent, and gives it twice.
    pub(super) fn giving_url(&self) -> Result<BaseUrl, Failure> {
        let url = self.wallet_url()?;
        let too_short = if self.settle < self.timeout {
            let timeout = duration_text(self.timeout);
            format!("--timeout {timeout}: an answer may still come when absence counts already")
        } else if self.settle < LEAST_SETTLE {
            let least = duration_text(LEAST_SETTLE);
            format!("{least}: a server may still act on a request whose answer was lost")
        } else {
            return Ok(url);
        };
        if url.is_loopback() {
            return Ok(url);
        }
        let settle = duration_text(self.settle);
        Err(Failure::usage(format!("--settle {settle} is shorter than {too_short}"))
            .hint("nothing was sent; raise --settle, GIFTBATCH_SETTLE or settle: too long costs only time"))
    }

    /// The two keys.
    pub(super) fn credentials(&self) -> Result<Credentials, Failure> {
        if self.is_rehearsal {
            return Ok(Credentials { api_key: "any".into(), api_client: "any".into() });
        }
        Ok(Credentials {
            api_key: self.secret_source("GIFTBATCH_API_KEY")?.read()?,
            api_client: self.secret_source("GIFTBATCH_API_CLIENT")?.read()?,
        })
    }

    /// Where one of the two keys comes from: the environment wins, whatever form it names.
    pub(super) fn secret_source(&self, variable: &'static str) -> Result<Source, Failure> {
        let (file, command) = match variable {
            "GIFTBATCH_API_KEY" => (&self.file.api_key_file, &self.file.api_key_command),
            _ => (&self.file.api_client_file, &self.file.api_client_command),
        };
        let settings = self.path.as_deref();
        secret::source(variable, file.as_deref(), command.as_deref(), settings)
    }

    /// The settings file that was read, and what it says.
    pub(super) fn file(&self) -> (Option<&Path>, &SettingsFile) {
        (self.path.as_deref(), &self.file)
    }
}

impl Settings {
    /// Whom to tell how a command ended, if anybody; a secret that is named must be there.
    pub(super) fn hook(&self) -> Result<Option<Hook>, Failure> {
        // Said and empty is off: one job may do without what the settings file names.
        let Some(url) = self.notify.as_ref().filter(|url| !url.trim().is_empty()) else {
            return Ok(None);
        };
        let url = url.parse().map_err(|error: HookUrlError| Failure::usage(error.to_string()))?;
        let file = self.file.notify_secret_file.as_deref();
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_named = file.is_some() || is_set(NOTIFY_SECRET) || is_set(NOTIFY_SECRET_FILE);
        let secret = is_named
            .then(|| secret::source(NOTIFY_SECRET, file, None, self.path.as_deref())?.read());
        let secret = secret.transpose()?;
        Ok(Some(Hook { url, secret }))
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            ledger: PathBuf::new(),
            new_ledger: false,
            rate: 10,
            concurrency: 32,
            timeout: Duration::from_secs(30),
            settle: Duration::from_secs(300),
            give_up_after: Duration::from_secs(900),
            proxy: None,
            tz: chrono_tz::Europe::Istanbul,
            max_in_doubt: 100,
            max_attempts: 5,
            in_doubt: InDoubtKind::Settle,
            absence: AbsenceKind::Balance,
            tag: false,
            minted: Minted::default(),
            metrics_file: None,
            notify: None,
            caps: Caps::default(),
            wallet_url: None,
            file: SettingsFile::default(),
            path: None,
            is_rehearsal: false,
        }
    }
}

/// The variable by which other programs would send through a proxy, where one is set.
fn proxy_of_others() -> Option<&'static str> {
    ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .find(|name| std::env::var_os(name).is_some_and(|url| !url.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;

    #[test]
    fn a_settle_window_is_longer_than_a_request_and_than_servers_take() {
        // Goal: absence never counts while a request may still be on its way. Method: windows about the time-out
        // and about the least one, for a provider elsewhere, and for addresses of this machine.
        let refused = |url: &str, settle, timeout| {
            let seconds = Duration::from_secs;
            let settings = Settings::demo(Path::new(""), url, 1, seconds(timeout), seconds(settle));
            settings.giving_url().err().map(|failure| (failure.exit, failure.error.to_string()))
        };
        let there = "https://wallet.example/base";
        assert_eq!(refused(there, 30, 30), None);
        for (settle, timeout, words) in [
            (29, 10, "--settle 29s is shorter than 30s"),
            (59, 60, "--settle 59s is shorter than --timeout 1m"),
        ] {
            let (exit, why) = refused(there, settle, timeout).unwrap();
            assert!(exit == Exit::Usage && why.starts_with(words), "{why}");
        }
        for here in ["http://127.9.9.9:1", "http://[::1]:1", "http://localhost:1"] {
            assert_eq!(refused(here, 1, 30), None);
        }
        assert!(refused("https://127.0.0.1.example", 1, 30).is_some());
    }
}
