//! The settings of Minted Connect, which few commands need.

use std::path::{Path, PathBuf};

use super::args::SettingsArgs;
use super::failure::Failure;
use super::roots::check_roots;
use super::secret::{self, Source};
use super::settings_file::SettingsFile;
use crate::provider::{BaseUrl, ClientError, Line, Login, Manner, MintedClient};

/// What the flags and the settings file say of it; the environment is asked when it is needed.
#[derive(Clone, Debug, Default)]
pub(super) struct Minted {
    url: Option<String>,
    username: Option<String>,
    password_file: Option<PathBuf>,
    password_command: Option<Vec<String>>,
    api_version: Option<String>,
    rate: Option<u32>,
    /// Where the settings file is.
    path: Option<PathBuf>,
}

/// The version of the API where none is set.
const API_VERSION: &str = "3";

/// Requests a second where none are set: nothing is published about its limits.
const RATE: u32 = 10;

/// What mends a login that is rejected.
pub(super) const KEYS: &str = "mend GIFTBATCH_MINTED_USERNAME and GIFTBATCH_MINTED_PASSWORD";

impl Minted {
    /// What flags (or the environment, which they are read from) and a settings file say.
    pub(super) fn of(args: &SettingsArgs, file: &SettingsFile, path: Option<&Path>) -> Minted {
        Minted {
            url: args.minted_url.as_deref().map(str::to_owned).or_else(|| file.minted_url.clone()),
            username: file.minted_username.clone(),
            password_file: file.minted_password_file.clone(),
            password_command: file.minted_password_command.clone(),
            api_version: file.minted_api_version.clone(),
            rate: args.minted_rate.or(file.minted_rate),
            path: path.map(Path::to_owned),
        }
    }

    /// Requests a second; 0: no limit.
    pub(super) fn rate(&self) -> u32 {
        self.rate.unwrap_or(RATE)
    }

    /// Its URL as it is set, if it is.
    pub(super) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// The user's name, and where it comes from; the second is none where that is the settings file.
    pub(super) fn username(&self) -> Option<(String, Option<String>)> {
        let name = "GIFTBATCH_MINTED_USERNAME";
        match variable(name) {
            Some(said) => Some((said, Some(format!("environment, {name}")))),
            None => Some((self.username.clone()?, None)),
        }
    }

    /// Where the password comes from.
    pub(super) fn password_source(&self) -> Result<Source, Failure> {
        let (file, command) = (self.password_file.as_deref(), self.password_command.as_deref());
        secret::source("GIFTBATCH_MINTED_PASSWORD", file, command, self.path.as_deref())
    }

    /// A client that asks in a language.
    pub(super) fn client(&self, language: &str, line: Line) -> Result<MintedClient, Failure> {
        let Some(url) = &self.url else {
            return Err(Failure::usage("no URL of Minted Connect is set")
                .hint("set GIFTBATCH_MINTED_URL, or --minted-url, to its base URL"));
        };
        let hint = "correct GIFTBATCH_MINTED_URL, --minted-url or minted_url, as https://minted.example/base";
        let base: BaseUrl = url.parse().map_err(|error| Failure::from(error).hint(hint))?;
        let Some((username, _)) = self.username() else {
            return Err(Failure::usage("GIFTBATCH_MINTED_USERNAME is not set")
                .hint("set it, or minted_username in the settings file, to the user's name"));
        };
        check_roots(&base.to_string())?;
        let password = self.password_source()?.read()?;
        let api_version = variable("GIFTBATCH_MINTED_API_VERSION")
            .or_else(|| self.api_version.clone())
            .unwrap_or_else(|| API_VERSION.to_owned());
        let manner = Manner { api_version, language: language.to_owned() };
        let login = Login { username, password };
        MintedClient::new(base, login, &manner, line).map_err(|error| match error {
            // The language was looked at as a flag.
            ClientError::Key(_) => Failure::from(error).hint(
                "correct GIFTBATCH_MINTED_API_VERSION, or minted_api_version: a number, as 3",
            ),
            ClientError::Setup(_) => error.into(),
        })
    }
}

/// What a variable of the environment says, if anything.
fn variable(name: &str) -> Option<String> {
    let text = std::env::var(name).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}
