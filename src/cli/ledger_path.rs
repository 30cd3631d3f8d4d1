//! Where the ledger is: one place, wherever the program is started.
//!
//! It stands apart because the ledger is the only memory: a path that means another file in each folder makes a ledger
//! in each, and each gives all of it.

use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};

use super::args::SettingsArgs;
use super::failure::Failure;
use super::settings_file::SettingsFile;

/// The variable that names the ledger.
const VARIABLE: &str = "GIFTBATCH_LEDGER";

/// The ledger's path by the command line, the environment, the settings file, or by default.
pub(super) fn find(
    args: &SettingsArgs,
    file: &SettingsFile,
    settings: Option<&Path>,
) -> Result<PathBuf, Failure> {
    if let Some(path) = &args.ledger {
        let is_from_environment = args.is_ledger_from_environment;
        let name = if is_from_environment { VARIABLE } else { "--ledger" };
        refuse_unexpanded(name, path)?;
        if is_from_environment && path.is_relative() {
            let failure = Failure::usage(format!(
                "{VARIABLE} is {path:?}, which is another ledger in each folder, and each would give all of it"
            ));
            let meant = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            return Err(
                failure.hint(format!("nothing was sent; name it whole: {}", meant.display()))
            );
        }
        return Ok(path.clone());
    }
    if let Some(path) = &file.ledger {
        let folder = settings.and_then(Path::parent).unwrap_or(Path::new(""));
        refuse_unexpanded(
            "ledger in the settings file",
            path.strip_prefix(folder).unwrap_or(path),
        )?;
        return Ok(path.clone());
    }
    let strategy = choose_base_strategy().map_err(|_| {
        Failure::usage("no home folder to keep the ledger in").hint("name one with --ledger")
    })?;
    Ok(strategy.data_dir().join("giftbatch").join("ledger.db"))
}

/// Refuses what a shell would have read, and none has: a crontab and an environment file hand it over as it stands.
fn refuse_unexpanded(name: &str, path: &Path) -> Result<(), Failure> {
    let text = path.to_string_lossy();
    if !text.starts_with('~') && !text.contains('$') {
        return Ok(());
    }
    let failure = Failure::usage(format!("{name} is {text:?}: nobody has expanded its ~ or $"));
    let home = std::env::var("HOME").unwrap_or_default();
    let meant = text.replace("${HOME}", &home).replace("$HOME", &home);
    let meant = match meant.strip_prefix("~/") {
        Some(rest) => format!("{home}/{rest}"),
        None => meant,
    };
    let is_whole = meant.starts_with('/') && !meant.contains('$');
    Err(failure.hint(match is_whole {
        true => format!("nothing was sent; name it whole: {meant}"),
        false => "nothing was sent; name it whole, from / on".to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_depends_on_where_one_stands_is_refused() {
        // Goal: one ledger, wherever the program is started. Method: paths of the flag, of the environment and of a
        // settings file; the words for those that are refused.
        let flag = |path: &str, is_ledger_from_environment| {
            let ledger = Some(PathBuf::from(path));
            let args = SettingsArgs { ledger, is_ledger_from_environment, ..Default::default() };
            find(&args, &SettingsFile::default(), None)
        };
        for path in ["~/x.db", "~me/x.db", "$HOME/x.db", "/a/${B}/x.db", "~"] {
            for is_from_environment in [false, true] {
                assert!(flag(path, is_from_environment).is_err(), "{path}");
            }
            let file =
                SettingsFile { ledger: Some(Path::new("/etc").join(path)), ..Default::default() };
            let settings = Some(Path::new("/etc/giftbatch.toml"));
            let found = find(&SettingsArgs::default(), &file, settings);
            assert_eq!(found.is_err(), !path.starts_with('/') || path.contains('$'), "{path}");
        }
        assert_eq!(flag("x.db", false).unwrap(), Path::new("x.db"));
        assert!(flag("x.db", true).is_err() && flag("/a/x~1.db", true).is_ok());
    }
}
