//! Where a key comes from, and how it is read: the environment, a file, or a command.
//!
//! It stands apart because what is read here must never be shown: no error of this file repeats what it
//! has read, nor what a command has printed.
//!
//! **Invariant:** a file that others may read, and a command that others could have written, are refused.
//! **Invariant:** a command runs without a shell: no word of it means anything but itself.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

use super::failure::Failure;

/// How long a command may take: long enough to unlock a password store by hand.
const PATIENCE: Duration = Duration::from_secs(60);

/// A key is shorter than this, in bytes; more is not read.
const LONGEST: u64 = 16 * 1024;

/// How often a command is looked at that has closed its output and goes on.
const LOOK: Duration = Duration::from_millis(10);

/// Where a key comes from.
#[derive(Debug)]
pub(super) struct Source {
    variable: &'static str,
    from: From,
}

enum From {
    Environment(SecretString),
    File(PathBuf),
    Command { words: Vec<String>, settings: PathBuf },
}

impl fmt::Debug for From {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The words of a command may say more than its name does.
        match self {
            From::Environment(_) => out.write_str("environment"),
            From::File(path) => write!(out, "file {}", path.display()),
            From::Command { words, .. } => {
                write!(out, "command {}", words.first().map_or("", String::as_str))
            }
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.from {
            From::Environment(_) => write!(out, "set (environment, {})", self.variable),
            From::File(path) => match mode(path) {
                Some(mode) => write!(out, "file {}, mode {mode:04o}", path.display()),
                None => write!(out, "file {}", path.display()),
            },
            From::Command { words, settings } => {
                let program = words.first().map_or("", String::as_str);
                write!(out, "command {program} ({})", settings.display())
            }
        }
    }
}

/// The source of the key that `variable` is named for: its value, `…_FILE`, then the settings file's own.
pub(super) fn source(
    variable: &'static str,
    file: Option<&Path>,
    command: Option<&[String]>,
    settings: Option<&Path>,
) -> Result<Source, Failure> {
    let value = std::env::var(variable).ok().filter(|value| !value.trim().is_empty());
    let named = std::env::var_os(format!("{variable}_FILE")).filter(|path| !path.is_empty());
    let from = match (value, named, file, command) {
        (Some(value), ..) => From::Environment(value.trim().to_owned().into()),
        (None, Some(path), ..) => From::File(path.into()),
        (None, None, Some(_), Some(_)) => {
            let key = variable.trim_start_matches("GIFTBATCH_").to_lowercase();
            let settings = settings.map(Path::display).map(|path| path.to_string());
            return Err(Failure::usage(format!(
                "{}: {key}_file and {key}_command are both set",
                settings.unwrap_or_default()
            ))
            .hint("keep one of them"));
        }
        (None, None, Some(path), None) => From::File(path.to_owned()),
        (None, None, None, Some(words)) => From::Command {
            words: words.to_vec(),
            settings: settings.map(Path::to_owned).unwrap_or_default(),
        },
        (None, None, None, None) => {
            return Err(Failure::usage(format!("{variable} is not set"))
                .hint(format!("set {variable}, or {variable}_FILE to a file that holds it")));
        }
    };
    Ok(Source { variable, from })
}

impl Source {
    /// Why a text cannot be what is wanted.
    fn odd(&self, text: &str) -> Option<&'static str> {
        match self.variable.ends_with("PASSWORD") {
            true => odd_password(text),
            false => odd_key(text),
        }
    }

    /// Reads the key.
    pub(super) fn read(&self) -> Result<SecretString, Failure> {
        let (text, what) = match &self.from {
            From::Environment(secret) => {
                (secret.expose_secret().to_owned(), self.variable.to_owned())
            }
            From::File(path) => (read_file(path)?, format!("{}: the file", path.display())),
            From::Command { words, settings } => {
                let program = words.first().map_or("", String::as_str);
                let text = refuse_foreign(settings)
                    .and_then(|()| run(words, PATIENCE))
                    .map_err(|why| Failure::usage(format!("the command {program:?} {why}")))?;
                (text, format!("the command {program:?}"))
            }
        };
        match text.trim() {
            "" => Err(Failure::usage(format!("{what} gives no key"))),
            key => match self.odd(key) {
                Some(why) => Err(Failure::usage(format!("{what}: {why}"))
                    .hint("write the key itself there, and nothing else")),
                None => Ok(key.to_owned().into()),
            },
        }
    }
}

/// Why a text is no password as it stands: one may have any letters and marks.
fn odd_password(password: &str) -> Option<&'static str> {
    let is_variable = password.starts_with("${") && password.ends_with('}');
    let is_odd = password.starts_with('\u{feff}') || password.lines().count() > 1 || is_variable;
    odd_key(password).filter(|_| is_odd)
}

/// Why a text is no key as it stands: it is never sent to find that out.
fn odd_key(key: &str) -> Option<&'static str> {
    let is_quoted = |mark| key.len() > 1 && key.starts_with(mark) && key.ends_with(mark);
    let is_name = |name: &str| {
        let name = name.strip_prefix("export ").unwrap_or(name);
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        !name.is_empty() && !name.as_bytes()[0].is_ascii_digit() && name.bytes().all(is_part)
    };
    // Keys in base64 end with marks of equality; nothing stands behind them.
    let is_setting = || {
        let parts = key.split_once('=');
        parts.is_some_and(|(name, value)| is_name(name) && !value.trim_matches('=').is_empty())
    };
    if key.starts_with('\u{feff}') {
        Some("a byte order mark stands before the key: save it as UTF-8 without one")
    } else if ['"', '\'', '`'].into_iter().any(is_quoted) {
        Some("quotes stand around the key")
    } else if key.lines().count() > 1 {
        Some("it holds more than one line")
    } else if is_setting() {
        Some("it holds NAME=value, and not the value alone")
    } else if key.contains("${") || key.strip_prefix('$').is_some_and(is_name) {
        Some("it names a variable that nothing has filled in")
    } else if key.chars().any(|char| !(' '..='~').contains(&char)) {
        Some("it holds characters that no key has")
    } else {
        None
    }
}

fn read_file(path: &Path) -> Result<String, Failure> {
    let failed = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    // Of the open file: what is looked at is what is read.
    refuse_shared(&file).map_err(failed)?;
    let mut text = String::new();
    match file.take(LONGEST).read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// What a command prints, where it ends well within its time.
fn run(words: &[String], patience: Duration) -> Result<String, String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err("has no words: write it as [\"pass\", \"show\", \"giftbatch/key\"]".to_owned());
    };
    let until = Instant::now() + patience;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // It may hold what it should not.
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot be started: {error}"))?;
    let mut output = child.stdout.take().ok_or("has no output")?.take(LONGEST);
    let (told, text) = mpsc::channel();
    // A thread of its own: what the command has started may keep its output open for ever.
    thread::spawn(move || {
        let mut text = String::new();
        let _ = told.send(output.read_to_string(&mut text).map(|_| text));
    });
    let text = text.recv_timeout(patience);
    let status = text.is_ok().then(|| end(&mut child, until)).flatten();
    match (text, status) {
        (_, None) => {
            // It may have ended by itself meanwhile.
            let _ = child.kill();
            let _ = child.wait();
            Err(format!("gave no answer within {} s", patience.as_secs()))
        }
        (Ok(Ok(text)), Some(status)) if status.success() => Ok(text),
        (_, Some(status)) if !status.success() => {
            Err(format!("failed ({status}); run it by hand to see why"))
        }
        _ => Err("printed what is no text".to_owned()),
    }
}

/// How a command ended whose output is closed; none where it does not end in time.
fn end(child: &mut Child, until: Instant) -> Option<std::process::ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until => thread::sleep(LOOK),
            _ => return None,
        }
    }
}

/// A file that others may read keeps no secret.
#[cfg(unix)]
fn refuse_shared(file: &File) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_err(|error| error.to_string())?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(format!("others may read this key (mode {:04o}); run: chmod 600 FILE", mode & 0o777))
}

#[cfg(not(unix))]
fn refuse_shared(_file: &File) -> Result<(), String> {
    Ok(())
}

/// A settings file is found from the current folder upwards: one that somebody else has written there
/// must not make us run what they like.
fn refuse_foreign(settings: &Path) -> Result<(), String> {
    if !is_foreign(settings).map_err(|error| error.to_string())? {
        return Ok(());
    }
    Err(format!(
        "is not run: others may write {}, which names it; run: chmod go-w FILE, as its owner",
        settings.display()
    ))
}

/// Whether others may write a file, or have.
#[cfg(unix)]
pub(super) fn is_foreign(path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let found = path.metadata()?;
    let own = [0, rustix::process::geteuid().as_raw()];
    Ok(found.mode() & 0o022 != 0 || !own.contains(&found.uid()))
}

#[cfg(not(unix))]
pub(super) fn is_foreign(_path: &Path) -> std::io::Result<bool> {
    Ok(false)
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(path.metadata().ok()?.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode(_path: &Path) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, patience: Duration) -> Result<String, String> {
        run(&["sh", "-c", script].map(str::to_owned), patience)
    }

    #[test]
    fn what_is_no_key_is_not_sent() {
        // Goal: a key file that a program or a person has dressed up is refused with the reason. Method: each
        // dress, keys of many forms, and a password, which may have any letters.
        for (text, why) in [
            ("\u{feff}abc", "byte order mark"),
            ("\"abc\"", "quotes"),
            ("'abc'", "quotes"),
            ("API_KEY=abc", "NAME=value"),
            ("export KEY=abc", "NAME=value"),
            ("${API_KEY}", "variable"),
            ("$API_KEY", "variable"),
            ("abc\nabc", "one line"),
            ("şifre", "characters"),
        ] {
            assert!(odd_key(text).is_some_and(|found| found.contains(why)), "{text}");
        }
        for key in
            ["abc", "YWJjZA==", "a.b-c_d/e+f=", "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7", "a b"]
        {
            assert_eq!(odd_key(key), None, "{key}");
        }
        for (password, is_odd) in
            [("a=b", false), ("şi$fre", false), ("${PASS}", true), ("\u{feff}a", true)]
        {
            assert_eq!(odd_password(password).is_some(), is_odd, "{password}");
        }
    }

    #[test]
    fn a_command_tells_a_key_or_why_not() {
        // Goal: only a command that ends well gives a key, and no error repeats what it printed. Method:
        // one that does, one that fails, one that prints no text, one that is not there, no words.
        let long = Duration::from_secs(30);
        assert_eq!(shell("printf ' key \\n'", long).unwrap(), " key \n");
        for (script, words) in [
            ("echo canary; echo canary >&2; exit 3", "exit status: 3"),
            ("printf '\\377canary'", "no text"),
            ("echo canary; kill -9 $$", "signal: 9"),
        ] {
            let why = shell(script, long).unwrap_err();
            assert!(why.contains(words) && !why.contains("canary"), "{script}: {why}");
        }
        assert!(run(&["no-such-program".to_owned()], long).unwrap_err().contains("started"));
        assert!(run(&[], long).unwrap_err().contains("no words"));
    }

    #[test]
    fn a_command_is_not_waited_for_for_ever() {
        // Goal: neither a silent command nor one that goes on behind its output holds up a run. Method:
        // both, with little patience.
        for script in
            ["exec tail -f /dev/null", "echo key; exec >/dev/null; exec tail -f /dev/null"]
        {
            let why = shell(script, Duration::from_millis(200)).unwrap_err();
            assert!(why.contains("no answer within"), "{script}: {why}");
        }
    }
}
