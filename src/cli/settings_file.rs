//! The settings file: where it is, and what stands in it.

use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};
use serde::Deserialize;

use super::caps::Amount;
use super::commands::{AbsenceKind, InDoubtKind};
use super::failure::Failure;

/// giftbatch.toml. Keys are the flags' names; secrets are never in it, only files that hold them and
/// commands that tell them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsFile {
    pub(super) ledger: Option<PathBuf>,
    pub(super) wallet_url: Option<String>,
    pub(super) api_key_file: Option<PathBuf>,
    pub(super) api_client_file: Option<PathBuf>,
    pub(super) api_key_command: Option<Vec<String>>,
    pub(super) api_client_command: Option<Vec<String>>,
    pub(super) rate: Option<u32>,
    pub(super) concurrency: Option<usize>,
    pub(super) timeout: Option<String>,
    pub(super) settle: Option<String>,
    pub(super) give_up_after: Option<String>,
    pub(super) proxy: Option<String>,
    pub(super) tz: Option<String>,
    pub(super) max_in_doubt: Option<usize>,
    pub(super) max_attempts: Option<i64>,
    pub(super) in_doubt: Option<InDoubtKind>,
    pub(super) absence: Option<AbsenceKind>,
    pub(super) tag: Option<bool>,
    pub(super) minted_url: Option<String>,
    pub(super) minted_username: Option<String>,
    pub(super) minted_password_file: Option<PathBuf>,
    pub(super) minted_password_command: Option<Vec<String>>,
    pub(super) minted_api_version: Option<String>,
    pub(super) minted_rate: Option<u32>,
    pub(super) metrics_file: Option<PathBuf>,
    pub(super) notify: Option<String>,
    pub(super) notify_secret_file: Option<PathBuf>,
    pub(super) max_per_day: Option<Amount>,
    pub(super) max_per_wallet_per_day: Option<Amount>,
}

/// The name of a settings file.
pub(super) const FILE_NAME: &str = "giftbatch.toml";

impl SettingsFile {
    pub(super) fn find(named: Option<&Path>) -> Result<(Option<PathBuf>, SettingsFile), Failure> {
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
            Failure::usage(format!(
                "the settings file {}: {}",
                path.display(),
                wrong(&text, &error)
            ))
        })?;
        file.root_at(path.parent().unwrap_or(Path::new("")));
        Ok((Some(path), file))
    }

    /// Paths in a settings file count from the file: the same campaign must meet the same ledger,
    /// wherever below it the program is started.
    fn root_at(&mut self, folder: &Path) {
        let keys = [
            &mut self.api_key_file,
            &mut self.api_client_file,
            &mut self.minted_password_file,
            &mut self.notify_secret_file,
        ];
        let paths = [&mut self.ledger, &mut self.metrics_file].into_iter().chain(keys);
        for path in paths.flatten() {
            *path = folder.join(&*path);
        }
        let commands = [
            &mut self.api_key_command,
            &mut self.api_client_command,
            &mut self.minted_password_command,
        ];
        for program in commands.into_iter().flatten().filter_map(|words| words.first_mut()) {
            // A plain name is looked for where the system looks for programs.
            if program.contains('/') {
                *program = folder.join(&*program).to_string_lossy().into_owned();
            }
        }
    }
}

/// Where a settings file is wrong, and how; its own text is not repeated, since a key may stand in it.
fn wrong(text: &str, error: &toml::de::Error) -> String {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = 1 + text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count();
    let message = error.message();
    if message.starts_with("unknown field `api_key`")
        || message.starts_with("unknown field `api_client`")
    {
        return format!(
            "line {line}: a key itself never stands in a settings file: name a file that holds it \
             (api_key_file, api_client_file) or a command that tells it (api_key_command, …)"
        );
    }
    format!("line {line}: {message}")
}

fn upwards() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join(FILE_NAME)).find(|path| path.is_file())
}

fn users_own() -> Option<PathBuf> {
    let folder = choose_base_strategy().ok()?.config_dir();
    Some(folder.join("giftbatch").join(FILE_NAME))
}
