//! Settings: flag, then environment (both through the command line's parser), then
//! giftbatch.toml, then default.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono_tz::Tz;
use etcetera::{BaseStrategy, choose_base_strategy};
use secrecy::SecretString;
use serde::Deserialize;

use super::args::SettingsArgs;
use super::commands::InDoubtKind;
use super::failure::Failure;
use super::values;
use crate::domain::parse_duration;
use crate::notify::{Hook, HookUrlError};
use crate::provider::{BaseUrl, Credentials};

/// What a command goes by.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) ledger: PathBuf,
    pub(super) rate: u32,
    pub(super) concurrency: usize,
    pub(super) timeout: Duration,
    pub(super) settle: Duration,
    pub(super) give_up_after: Duration,
    pub(super) tz: Tz,
    pub(super) max_in_doubt: usize,
    pub(super) max_attempts: i64,
    pub(super) in_doubt: InDoubtKind,
    pub(super) tag: bool,
    pub(super) metrics_file: Option<PathBuf>,
    notify: Option<String>,
    wallet_url: Option<String>,
    file: SettingsFile,
    /// Keys that are no secret: the sandbox takes any.
    is_rehearsal: bool,
}

/// giftbatch.toml. Keys are the flags' names; secrets are never in it, only files that hold them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsFile {
    ledger: Option<PathBuf>,
    wallet_url: Option<String>,
    api_key_file: Option<PathBuf>,
    api_client_file: Option<PathBuf>,
    rate: Option<u32>,
    concurrency: Option<usize>,
    timeout: Option<String>,
    settle: Option<String>,
    give_up_after: Option<String>,
    tz: Option<String>,
    max_in_doubt: Option<usize>,
    max_attempts: Option<i64>,
    in_doubt: Option<InDoubtKind>,
    tag: Option<bool>,
    metrics_file: Option<PathBuf>,
    notify: Option<String>,
    notify_secret_file: Option<PathBuf>,
}

/// Where the secret that messages are signed with comes from.
const NOTIFY_SECRET: &str = "GIFTBATCH_NOTIFY_SECRET";
const NOTIFY_SECRET_FILE: &str = "GIFTBATCH_NOTIFY_SECRET_FILE";

/// The name of a settings file.
const FILE_NAME: &str = "giftbatch.toml";

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
        if file.max_in_doubt == Some(0) {
            return Err(named("max_in_doubt", "at least 1".to_owned()));
        }
        if file.concurrency.is_some_and(|many| !(1..=values::MAX_CONCURRENCY).contains(&many)) {
            return Err(named("concurrency", format!("1 to {}", values::MAX_CONCURRENCY)));
        }
        if file.rate.is_some_and(|rate| rate > values::MAX_RATE) {
            return Err(named("rate", format!("at most {}", values::MAX_RATE)));
        }
        let default = Settings::default();
        Ok(Settings {
            ledger: match args.ledger.clone().or_else(|| file.ledger.clone()) {
                Some(path) => path,
                None => default_ledger()?,
            },
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
            tz: args.tz.or(tz).unwrap_or(default.tz),
            max_in_doubt: file.max_in_doubt.unwrap_or(default.max_in_doubt),
            max_attempts: file.max_attempts.unwrap_or(default.max_attempts).max(1),
            in_doubt: file.in_doubt.unwrap_or(default.in_doubt),
            tag: file.tag.unwrap_or(default.tag),
            metrics_file: args.metrics_file.clone().or_else(|| file.metrics_file.clone()),
            notify: args.notify.clone().or_else(|| file.notify.clone()),
            wallet_url: args.wallet_url.clone().or_else(|| file.wallet_url.clone()),
            file,
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

    /// The wallet API's base URL; without one nothing can be asked.
    pub(super) fn wallet_url(&self) -> Result<BaseUrl, Failure> {
        let Some(url) = &self.wallet_url else {
            return Err(Failure::usage("no wallet URL is set").hint(
                "set GIFTBATCH_WALLET_URL, or --wallet-url, to the base URL of your wallet API",
            ));
        };
        Ok(url.parse::<BaseUrl>()?)
    }

    /// The two keys.
    pub(super) fn credentials(&self) -> Result<Credentials, Failure> {
        if self.is_rehearsal {
            return Ok(Credentials { api_key: "any".into(), api_client: "any".into() });
        }
        Ok(Credentials {
            api_key: secret("GIFTBATCH_API_KEY", self.file.api_key_file.as_deref())?,
            api_client: secret("GIFTBATCH_API_CLIENT", self.file.api_client_file.as_deref())?,
        })
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
        let secret = is_named.then(|| secret(NOTIFY_SECRET, file)).transpose()?;
        Ok(Some(Hook { url, secret }))
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            ledger: PathBuf::new(),
            rate: 10,
            concurrency: 32,
            timeout: Duration::from_secs(30),
            settle: Duration::from_secs(300),
            give_up_after: Duration::from_secs(900),
            tz: chrono_tz::Europe::Istanbul,
            max_in_doubt: 100,
            max_attempts: 5,
            in_doubt: InDoubtKind::Settle,
            tag: false,
            metrics_file: None,
            notify: None,
            wallet_url: None,
            file: SettingsFile::default(),
            is_rehearsal: false,
        }
    }
}

impl SettingsFile {
    fn find(named: Option<&Path>) -> Result<(Option<PathBuf>, SettingsFile), Failure> {
        let path = match named {
            Some(path) => Some(path.to_owned()),
            None => upwards().or_else(users_own).filter(|path| path.is_file()),
        };
        let Some(path) = path else {
            return Ok((None, SettingsFile::default()));
        };
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Failure::usage(format!("cannot read the settings file {}: {error}", path.display()))
        })?;
        let mut file: SettingsFile = toml::from_str(&text).map_err(|error| {
            Failure::usage(format!("the settings file {} is wrong: {error}", path.display()))
        })?;
        file.root_at(path.parent().unwrap_or(Path::new("")));
        Ok((Some(path), file))
    }

    /// Paths in a settings file count from the file: the same campaign must meet the same ledger,
    /// wherever below it the program is started.
    fn root_at(&mut self, folder: &Path) {
        let keys =
            [&mut self.api_key_file, &mut self.api_client_file, &mut self.notify_secret_file];
        let paths = [&mut self.ledger, &mut self.metrics_file].into_iter().chain(keys);
        for path in paths.flatten() {
            *path = folder.join(&*path);
        }
    }
}

fn upwards() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join(FILE_NAME)).find(|path| path.is_file())
}

fn users_own() -> Option<PathBuf> {
    let folder = choose_base_strategy().ok()?.config_dir();
    Some(folder.join("giftbatch").join(FILE_NAME))
}

fn default_ledger() -> Result<PathBuf, Failure> {
    let strategy = choose_base_strategy().map_err(|_| {
        Failure::usage("no home folder to keep the ledger in").hint("name one with --ledger")
    })?;
    Ok(strategy.data_dir().join("giftbatch").join("ledger.db"))
}

/// A secret from the environment, or from the file that the environment or the settings name.
fn secret(variable: &str, settings_file: Option<&Path>) -> Result<SecretString, Failure> {
    if let Ok(value) = std::env::var(variable)
        && !value.trim().is_empty()
    {
        return Ok(value.trim().to_owned().into());
    }
    let named = std::env::var_os(format!("{variable}_FILE")).map(PathBuf::from);
    let Some(path) = named.or_else(|| settings_file.map(Path::to_owned)) else {
        return Err(Failure::usage(format!("{variable} is not set"))
            .hint(format!("set {variable}, or {variable}_FILE to a file that holds it")));
    };
    let failed = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    refuse_shared(&path).map_err(failed)?;
    let text = std::fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
    match text.trim() {
        "" => Err(failed("the file holds no key".to_owned())),
        key => Ok(key.to_owned().into()),
    }
}

/// A file that others may read keeps no secret.
#[cfg(unix)]
fn refuse_shared(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = path.metadata().map_err(|error| error.to_string())?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(format!("others may read this key (mode {:04o}); run: chmod 600 FILE", mode & 0o777))
}

#[cfg(not(unix))]
fn refuse_shared(_path: &Path) -> Result<(), String> {
    Ok(())
}
