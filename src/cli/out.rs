//! What is printed: results on standard output, all else on standard error.
//!
//! **Invariant:** a reader that went away (a closed pipe) ends the printing, never the job.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::OnceLock;

use super::args::{ColorKind, LogFormat, OutputArgs};
use super::logs;
use crate::report::{Screen, fold};

/// Why a result was not written.
static LOST: OnceLock<String> = OnceLock::new();

/// How much it matters, in the words of log lines.
#[derive(Clone, Copy, Debug)]
pub(super) enum Level {
    Info,
    Warn,
    Error,
}

/// How to print.
#[derive(Clone, Copy, Debug)]
pub(super) struct Out {
    pub(super) args: OutputArgs,
    /// Results are held back: whoever asked for parts of a command tells its end.
    is_partial: bool,
}

impl Out {
    pub(super) fn new(args: OutputArgs) -> Out {
        match args.color {
            ColorKind::Auto => {}
            ColorKind::Always => anstream::ColorChoice::Always.write_global(),
            ColorKind::Never => anstream::ColorChoice::Never.write_global(),
        }
        Out { args, is_partial: false }
    }

    /// The same for a part of a command, whose result is not the command's.
    pub(super) fn without_results(self) -> Out {
        Out { is_partial: true, ..self }
    }

    /// The same for the command itself.
    pub(super) fn with_results(self) -> Out {
        Out { is_partial: false, ..self }
    }

    /// A result for people; silent with `-q`, and where a document is printed instead.
    pub(super) fn people(self, text: &str) {
        if !self.args.json && !self.args.quiet {
            self.result(text);
        }
    }

    /// A result, whatever else.
    pub(super) fn result(self, text: &str) {
        if self.is_partial {
            return;
        }
        let mut out = anstream::stdout().lock();
        let end = if text.ends_with('\n') { "" } else { "\n" };
        let written = [text, end].iter().try_for_each(|part| out.write_all(part.as_bytes()));
        match written.and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                // The first failure says why.
                let _ = LOST.set(error.to_string());
            }
            _ => {}
        }
    }

    /// Why a result, or a document that somebody waits for, was not written, where it was not.
    pub(super) fn lost(self) -> Option<String> {
        let closed = || (self.args.json && was_closed()).then(|| "it is closed".to_owned());
        LOST.get().cloned().or_else(closed)
    }

    /// A remark; silent with `-q`.
    pub(super) fn note(self, text: &str) {
        if !self.args.quiet {
            self.say(Level::Info, text);
        }
    }

    /// A remark while a run goes on, which must not wait for whoever reads it.
    pub(super) fn note_meanwhile(self, text: &str) {
        if !self.args.quiet {
            logs::remark(&self.line(Level::Info, text));
        }
    }

    /// Something that must be seen.
    pub(super) fn complain(self, text: &str) {
        self.say(Level::Error, text);
    }

    fn say(self, level: Level, text: &str) {
        // What was logged before comes before.
        logs::flush();
        let line = match self.args.log_format {
            LogFormat::Text => on_screen(text.trim_end_matches('\n'), screen_of(&io::stderr())),
            LogFormat::Json => self.line(level, text),
        };
        let mut out = anstream::stderr().lock();
        let _ = writeln!(out, "{line}");
    }

    /// The text as it goes to standard error: for a shipper of logs in one JSON object, as long as it may
    /// be, of the form that log lines have.
    fn line(self, level: Level, text: &str) -> String {
        let text = text.trim_end_matches('\n');
        match self.args.log_format {
            LogFormat::Text => text.to_owned(),
            LogFormat::Json => logs::json(level, text),
        }
    }
}

/// Where the second column of a remark begins, which is of names and what they are.
const SECOND: usize = 13;

/// Whether whoever started the program closed its standard output. It is opened again before anything of ours runs, on
/// the null device and for both ways, so that no file gets its number; who wants no output opens that for writing.
fn was_closed() -> bool {
    use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat, makedev};
    let stdout = io::stdout();
    let is_null = fstat(&stdout).is_ok_and(|found| {
        FileType::from_raw_mode(found.st_mode).is_char_device() && found.st_rdev == makedev(1, 3)
    });
    let both_ways = |flags: OFlags| flags.contains(OFlags::RDWR);
    is_null && fcntl_getfl(&stdout).is_ok_and(both_ways)
}

/// How wide the screen is that a stream goes to; none where it goes into a file or a pipe.
pub(super) fn screen_of(stream: &(impl IsTerminal + AsFd)) -> Screen {
    let size = stream.is_terminal().then(|| terminal_size::terminal_size_of(stream)).flatten();
    size.map(|(width, _)| width.0)
}

/// A remark's lines on a screen. One that holds a command stays as it is: it is copied.
fn on_screen(text: &str, screen: Screen) -> String {
    let folded = |line: &str| match line {
        line if line.contains("giftbatch") || line.contains("--") => line.to_owned(),
        line if line.starts_with("  ") => fold(line, screen, SECOND),
        line => fold(line, screen, 2),
    };
    text.split('\n').map(folded).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_is_folded_and_a_command_is_not() {
        // Goal: words are not broken by the edge of the screen, and commands can be copied. Method: a name with
        // what it is, a sentence and a command, on a narrow screen and on none.
        let text = "  takes      as long as it needs\nwhat is in flight ends first\nnow: giftbatch issue may-drop";
        assert_eq!(on_screen(text, None), text);
        assert_eq!(
            on_screen(text, Some(24)),
            "  takes      as long as it\n             needs\nwhat is in flight ends\n  first\n\
             now: giftbatch issue may-drop"
        );
    }
}
