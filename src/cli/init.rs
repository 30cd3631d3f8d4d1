//! `init`: a settings file with every setting in it, explained, and each one commented out.
//!
//! **Invariant:** a file that is there stays as it is.

use std::io::{ErrorKind, Write};
use std::path::Path;

use serde_json::json;

use super::exit::Exit;
use super::failure::Failure;
use super::out::Out;
use super::settings_file::FILE_NAME;

const TEXT: &str = include_str!("giftbatch.toml");

const NEXT: &str = "\
next:
  1. set wallet_url in it, and where the two keys come from
  2. giftbatch doctor                              is everything in its place?
  3. giftbatch check FILE                          is the campaign file good? Nothing is sent.
  4. giftbatch run FILE --campaign NAME            shows what it adds up to, and asks";

/// `giftbatch init`.
pub(super) fn init(out: Out, named: Option<&Path>) -> Result<Exit, Failure> {
    let path = named.unwrap_or(Path::new(FILE_NAME));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    // Commands in it are run only where nobody else may write it, whatever the umask.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            Failure::usage(format!("{} is there already: nothing was written", path.display()))
                .hint("change it by hand, or name another with --config FILE")
        }
        _ => Failure::usage(format!("cannot write {}: {error}", path.display())),
    })?;
    file.write_all(TEXT.as_bytes()).and_then(|()| file.sync_all())?;
    if out.args.json {
        let document = json!({
            "version": 1, "command": "init", "status": "complete", "exit_code": 0, "path": path,
        });
        out.result(&document.to_string());
    } else {
        out.people(&format!("wrote {}\n{NEXT}", path.display()));
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::super::settings_file::SettingsFile;
    use super::*;

    #[test]
    fn every_setting_is_in_it_and_can_be_read() {
        // Goal: the file that people begin with is in step with what is read. Method: its settings without
        // their comment signs are settings; and it names each name that an unknown one is told of.
        let settings: String = TEXT
            .lines()
            .filter_map(|line| line.strip_prefix('#'))
            .filter(|line| !line.starts_with(' ') && line.contains(" = "))
            .flat_map(|line| [line, "\n"])
            .collect();
        toml::from_str::<SettingsFile>(&settings).unwrap();
        let error = toml::from_str::<SettingsFile>("no_such_setting = 1").unwrap_err();
        let names: Vec<&str> = error.message().split('`').skip(3).step_by(2).collect();
        assert!(names.len() > 15, "{names:?}");
        for name in names {
            let is_there = settings.lines().any(|line| line.starts_with(&format!("{name} = ")));
            assert!(is_there, "src/cli/giftbatch.toml lacks #{name} = …, with its default and why");
        }
        // As it stands it sets nothing.
        assert!(TEXT.parse::<toml::Table>().unwrap().is_empty());
    }
}
