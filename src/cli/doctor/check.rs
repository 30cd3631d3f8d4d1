//! One thing that was looked at, and what to do about it.

use std::fmt;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::report::{Screen, fold};

/// One line of what the doctor says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) verdict: Verdict,
    /// What was seen.
    pub(super) detail: String,
    /// What to do about it.
    pub(super) advice: Option<String>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// In its place.
    Ok,
    /// Worth knowing; a run would begin all the same.
    Warn,
    /// A run would end at once, and so.
    Fail(Exit),
}

impl Verdict {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail(_) => "fail",
        }
    }
}

impl Check {
    pub(super) fn ok(name: &str, detail: impl Into<String>) -> Check {
        Check { name: name.to_owned(), verdict: Verdict::Ok, detail: detail.into(), advice: None }
    }

    pub(super) fn warn(name: &str, detail: impl Into<String>, advice: impl Into<String>) -> Check {
        let advice = Some(advice.into());
        Check { verdict: Verdict::Warn, advice, ..Check::ok(name, detail) }
    }

    pub(super) fn fail(
        name: &str,
        exit: Exit,
        detail: impl Into<String>,
        advice: impl Into<String>,
    ) -> Check {
        Check { verdict: Verdict::Fail(exit), ..Check::warn(name, detail, advice) }
    }

    /// What a command would fail with.
    pub(super) fn failed(name: &str, failure: &Failure) -> Check {
        let detail: Vec<String> =
            [failure.error.to_string()].into_iter().chain(failure.causes()).collect();
        let verdict = Verdict::Fail(failure.exit);
        Check { verdict, advice: failure.hint.clone(), ..Check::ok(name, detail.join(": ")) }
    }

    /// Its lines on a screen, each part below its own column.
    pub(super) fn on(&self, screen: Screen) -> String {
        let lines = self.to_string();
        let folded = lines.lines().map(|line| match line.find(" -> ") {
            Some(arrow) if line.starts_with(' ') => fold(line, screen, arrow + 4),
            _ => fold(line, screen, 22),
        });
        folded.collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Check {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:<5} {:<15} {}", self.verdict.word(), self.name, self.detail)?;
        match &self.advice {
            Some(advice) => write!(out, "\n      {:<15} -> {advice}", ""),
            None => Ok(()),
        }
    }
}
