//! Why a command stopped asking, for people and for the system: the one place that gives it a code and a sentence.

use super::exit::{Exit, Signal};
use super::failure::Failure;
use super::out::Out;
use super::{minted, settings};
use crate::drive::Ended;
use crate::report::{count, second};

/// Whom a command asked, in the words of who set it up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    who: &'static str,
    api: &'static str,
    url: &'static str,
    keys: &'static str,
}

/// The provider of wallets and gifts.
pub(super) const PROVIDER: Asked = Asked {
    who: "the provider",
    api: "the wallet API",
    url: "the wallet URL",
    keys: settings::KEYS,
};

/// The service that knows what customers hold.
pub(super) const MINTED: Asked = Asked {
    who: "Minted Connect",
    api: "Minted Connect",
    url: "GIFTBATCH_MINTED_URL",
    keys: minted::KEYS,
};

/// A sentence that says why, and what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Why {
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// Whoever gave the command wanted it so: it is no error.
    is_wanted: bool,
}

impl Why {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Why {
        Why { hint: Some(hint.into()), ..Why::alone(message) }
    }

    /// Nothing helps.
    pub(super) fn alone(message: impl Into<String>) -> Why {
        Why { message: message.into(), hint: None, is_wanted: false }
    }

    /// It was wanted so.
    pub(super) fn wanted(self) -> Why {
        Why { is_wanted: true, ..self }
    }

    /// Tells people.
    pub(super) fn tell(&self, out: Out) {
        let Why { message, hint, is_wanted } = self;
        if *is_wanted {
            let hint = hint.as_ref().map(|hint| format!(": {hint}")).unwrap_or_default();
            return out.note(&format!("{message}{hint}"));
        }
        out.complain(&format!("error: {message}"));
        hint.iter().for_each(|hint| out.complain(&format!("hint: {hint}")));
    }
}

/// The code, where nothing else is worse.
pub(super) fn exit(ended: &Ended, signal: Option<Signal>) -> Exit {
    match (ended, signal) {
        (Ended::Interrupted, Some(Signal::Interrupt)) => Exit::Interrupted,
        (Ended::Interrupted, Some(Signal::Terminate)) => Exit::Terminated,
        (Ended::KeysRejected { .. }, _) => Exit::CredentialsRejected,
        _ => Exit::Stopped,
    }
}

/// Why it ended, and what to do.
pub(super) fn why(ended: &Ended, asked: Asked) -> Why {
    let Asked { who, api, url, keys } = asked;
    let again = "run the same command again";
    match ended {
        Ended::Interrupted => Why::new("interrupted", again).wanted(),
        Ended::Withheld => Why::new("paused or cancelled", again),
        Ended::Deadline { at } => Why::new(
            format!("the deadline has come ({}): nothing more was asked", second(*at)),
            again,
        ),
        Ended::ClockJumped { by } => Why::new(
            format!(
                "the machine's clock jumped by {} s, since it slept or was set: nothing more was asked",
                by.num_seconds()
            ),
            again,
        ),
        Ended::Silence { why, waits_until: Some(until), .. } => Why::new(
            format!(
                "{who} throttles, and nothing is asked until {}: gave up ({why})",
                second(*until)
            ),
            format!("{again} then"),
        ),
        Ended::Silence { silent_for, why, waits_until: None } => Why::new(
            format!(
                "no useful answer from {who} for {} s: gave up (the last: {why})",
                silent_for.num_seconds()
            ),
            format!("{again} later"),
        ),
        Ended::Untrusted { why } => Why::new(
            format!("no connection to {who}: {why}"),
            format!("does a proxy stand in between, and is {url} right? Mend it and {again}"),
        ),
        Ended::Odd { in_a_row, why } => Why::new(
            format!("{in_a_row} answers in a row were none of {api}'s ({why})"),
            format!("is {url} right? Correct it and {again}"),
        ),
        Ended::Redirected { why } => Why::new(
            format!("{who} redirects ({why})"),
            format!("{url} is wrong: correct it and {again}"),
        ),
        Ended::KeysRejected { why } => Why::new(
            format!("{who} rejects the credentials ({why})"),
            format!("{keys} and {again}"),
        ),
    }
}

/// Why nothing of a file is loaded, where what it names was not all answered for: asking `ended` early, or some could
/// not be read; so many have `answers` of so many.
pub(super) fn not_loaded(
    stage: &str,
    asked: Asked,
    (ended, unread): (Option<&Ended>, Why),
    answers: (u64, u64),
    signal: Option<Signal>,
) -> Failure {
    let exit = ended.map_or(Exit::Stopped, |ended| exit(ended, signal));
    let Why { message, hint, .. } = ended.map_or(unread, |ended| why(ended, asked));
    let (answered, all) = (count(answers.0), count(answers.1));
    let kept = format!("{answered} of {all} answers are kept: the same command asks for the rest");
    let hint = hint.into_iter().chain([kept]).collect::<Vec<_>>().join("; ");
    Failure::new(exit, format!("{stage}: {message}; nothing was stored or sent")).hint(hint)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    #[test]
    fn each_end_has_its_code_and_its_sentence() {
        // Goal: a person reads why and what to do, and a program the code. Method: every end, as it is told.
        let at = DateTime::from_timestamp(1_900_000_000, 0).unwrap();
        let why = || "what came last".to_owned();
        let silent_for = TimeDelta::seconds(61);
        let all = [
            Ended::Interrupted,
            Ended::Withheld,
            Ended::Deadline { at },
            Ended::ClockJumped { by: silent_for },
            Ended::Silence { silent_for, why: why(), waits_until: None },
            Ended::Silence { silent_for, why: why(), waits_until: Some(at) },
            Ended::Untrusted { why: why() },
            Ended::Odd { in_a_row: 20, why: why() },
            Ended::Redirected { why: why() },
            Ended::KeysRejected { why: why() },
        ];
        let told = |ended: &Ended| {
            let code = exit(ended, Some(Signal::Terminate)).code();
            let why = super::why(ended, PROVIDER);
            format!("{code} {}: {}; {}", ended.word(), why.message, why.hint.unwrap())
        };
        insta::assert_snapshot!(all.iter().map(told).collect::<Vec<_>>().join("\n"));
    }
}
