//! Minted Connect, where it is set: whether it can be reached and takes the login. One question, about a customer
//! whom nobody has.

use std::time::Duration;

use super::check::Check;
use super::provider::unreachable;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::minted::KEYS;
use crate::provider::{Holdings, Obstacle, Question, Reading, Trouble};

const NAME: &str = "Minted Connect";

/// Nobody waits longer for a first look.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks it once; where no URL of it is set, that is all there is to say.
pub(super) async fn look(context: &Context) -> Check {
    let settings = &context.settings.minted;
    if settings.url().is_none() {
        return Check::ok(NAME, "not set");
    }
    let mut line = context.settings.line();
    line.timeout = line.timeout.min(PATIENCE);
    let mut client = match settings.client("tr", line) {
        Ok(client) => client,
        Err(failure) => return Check::failed(NAME, &failure),
    };
    let question = Question {
        customer: uuid::Uuid::new_v4().to_string(),
        metals: vec!["gold".to_owned(), "silver".to_owned()],
        deliverable: None,
    };
    check(&client.holdings(&question).await)
}

fn check(reading: &Reading<Holdings>) -> Check {
    let fail = |exit, detail: String, advice: &str| Check::fail(NAME, exit, detail, advice);
    let rejected = |why: &str| fail(Exit::CredentialsRejected, format!("rejected ({why})"), KEYS);
    match reading {
        // That it knows no such customer is its answer, not a fault.
        Reading::Found(_) | Reading::Absent | Reading::Refused { status: 404 | 422, .. } => {
            Check::ok(NAME, "the login is accepted")
        }
        Reading::Refused { status, message } => {
            let advice = "check minted_api_version, and ask the provider";
            Check::warn(
                NAME,
                format!("it answers with a refusal: {message} (HTTP {status})"),
                advice,
            )
        }
        Reading::Obstructed(Obstacle::CredentialsRejected { why }) => rejected(why),
        Reading::Obstructed(Obstacle::Forbidden(refusal)) => rejected(&refusal.message),
        Reading::Obstructed(Obstacle::Throttled { .. }) => {
            Check::warn(NAME, "not known: it asks to slow down (429)", "try again later")
        }
        Reading::Obstructed(Obstacle::NeverSent { barrier, why }) => {
            Check { name: NAME.to_owned(), ..unreachable(*barrier, why) }
        }
        Reading::Unreadable { why, trouble: Trouble::Redirected | Trouble::Odd } => {
            let advice = "check the URL of Minted Connect: its base path may be another";
            fail(Exit::Stopped, format!("not known: {why}"), advice)
        }
        Reading::Unreadable { why, .. } => {
            fail(Exit::Stopped, format!("not known: {why}"), "try again later")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;
    use crate::provider::Barrier;

    #[test]
    fn each_answer_has_its_line() {
        // Goal: nobody takes a rejected login for one that works, or the other way round. Method: a table.
        let refused = |status| Reading::Refused { status, message: "no such customer".to_owned() };
        let obstructed = Reading::Obstructed;
        let odd = |trouble| Reading::Unreadable { why: "odd".to_owned(), trouble };
        let why = || "wrong".to_owned();
        let fail = Verdict::Fail;
        for (reading, verdict, words) in [
            (Reading::Absent, Verdict::Ok, "accepted"),
            (refused(422), Verdict::Ok, "accepted"),
            (refused(400), Verdict::Warn, "no such customer (HTTP 400)"),
            (
                obstructed(Obstacle::CredentialsRejected { why: why() }),
                fail(Exit::CredentialsRejected),
                "rejected (wrong)",
            ),
            (obstructed(Obstacle::Throttled { wait: None }), Verdict::Warn, "429"),
            (
                obstructed(Obstacle::NeverSent { barrier: Barrier::Other, why: why() }),
                fail(Exit::Stopped),
                "wrong",
            ),
            (odd(Trouble::Odd), fail(Exit::Stopped), "not known"),
            (odd(Trouble::TimedOut), fail(Exit::Stopped), "not known"),
        ] {
            let check = check(&reading);
            assert_eq!(check.verdict, verdict, "{reading:?}");
            assert!(check.name == NAME && check.detail.contains(words), "{check:?}");
        }
    }
}
