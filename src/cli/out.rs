//! What is printed: results on standard output, all else on standard error.
//!
//! **Invariant:** a reader that went away (a closed pipe) ends the printing, never the job.

use std::io::Write;

use super::args::{ColorKind, OutputArgs};
use super::logs;

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
        let _ = out.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = out.write_all(b"\n");
        }
        let _ = out.flush();
    }

    /// A remark; silent with `-q`.
    pub(super) fn note(self, text: &str) {
        if !self.args.quiet {
            self.complain(text);
        }
    }

    /// A remark while a run goes on, which must not wait for whoever reads it.
    pub(super) fn note_meanwhile(self, text: &str) {
        if !self.args.quiet {
            logs::remark(text);
        }
    }

    /// Something that must be seen.
    pub(super) fn complain(self, text: &str) {
        // What was logged before comes before.
        logs::flush();
        let mut out = anstream::stderr().lock();
        let _ = writeln!(out, "{}", text.trim_end_matches('\n'));
    }
}
