//! What a reply to the delete of a gift proves. Pure.
//!
//! **Invariant:** only its wallet's list shows whether a gift is gone. What is said here decides what is done
//! next, never what is recorded.

use super::classify::{Obstacle, Trouble, Verdict, blocked, lost, refusal, throttled, unknown};
use super::envelope::{Envelope, Says};
use super::reply::Reply;
use crate::domain::Refusal;

/// What a reply to a delete says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// The gift was deleted.
    Done,
    /// The server said no: it was used, or is not there.
    Declined(Refusal),
    /// Certainly nothing happened.
    NotProcessed(Obstacle),
    /// The server may have acted.
    Unknown {
        /// What came instead of an answer.
        why: String,
        /// What it says about the server.
        trouble: Trouble,
    },
}

/// Says what the reply to a delete proves (API page: `Value` is `true`).
pub fn read_removal(reply: &Reply) -> Removal {
    let answer = match reply {
        Reply::Answered(answer) => answer,
        Reply::NeverSent { barrier, why } => {
            return Removal::NotProcessed(Obstacle::never_sent(*barrier, why));
        }
        Reply::Lost { loss, why } => return lost(*loss, why).into(),
    };
    let envelope = answer.envelope();
    match (answer.status, envelope.as_ref().map(Envelope::says)) {
        (200..=299, Some(Says::Done)) => Removal::Done,
        (status @ (200..=299 | 400 | 403 | 404 | 410 | 422), Some(Says::Failed)) => {
            Removal::Declined(refusal(status, envelope.as_ref()))
        }
        (429, _) => throttled(answer).into(),
        (status @ 403, _) if answer.is_page() => blocked(status).into(),
        (status @ (401 | 403), _) => {
            let why = refusal(status, envelope.as_ref()).message;
            Removal::NotProcessed(Obstacle::CredentialsRejected { why })
        }
        (status, _) => unknown(status).into(),
    }
}

impl From<Verdict> for Removal {
    /// What is proved of a create where nothing was answered holds for a delete too.
    fn from(verdict: Verdict) -> Removal {
        match verdict {
            Verdict::Accepted { .. } => Removal::Done,
            Verdict::Declined(refusal) => Removal::Declined(refusal),
            Verdict::NotProcessed(obstacle) => Removal::NotProcessed(obstacle),
            Verdict::Unknown { why, trouble } => Removal::Unknown { why, trouble },
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::provider::{Answer, Barrier, Loss};

    const DONE: &str = r#"{"Value":true,"Errors":[],"IsSuccess":true,"IsFailure":false}"#;
    const FAILED: &str =
        r#"{"Value":null,"Errors":["It was used."],"IsSuccess":false,"IsFailure":true}"#;

    #[rstest]
    #[case(200, DONE, "done")]
    #[case(204, "", "unknown")]
    #[case(200, "<html>", "unknown")]
    #[case(200, FAILED, "declined")]
    #[case(404, FAILED, "declined")]
    #[case(404, "<html>", "unknown")]
    #[case(422, FAILED, "declined")]
    #[case(403, FAILED, "declined")]
    #[case(403, "", "keys")]
    #[case(403, "<html>", "unknown")]
    #[case(401, FAILED, "keys")]
    #[case(429, "", "throttled")]
    #[case(302, "", "unknown")]
    #[case(500, FAILED, "unknown")]
    #[case(503, "", "unknown")]
    fn each_answer_has_its_meaning(#[case] status: u16, #[case] body: &str, #[case] word: &str) {
        // Goal: only the API's own words are taken for a yes or a no. Method: statuses with bodies of the
        // API and of others.
        let answer = Answer { status, body: body.as_bytes().to_vec(), ..Answer::default() };
        assert_eq!(said(&read_removal(&Reply::Answered(answer))), word);
    }

    #[test]
    fn what_brought_no_answer_may_have_happened() {
        // Goal: a lost answer is no failure. Method: the two ways in which none comes.
        let lost = Reply::Lost { loss: Loss::TimedOut, why: String::new() };
        assert_eq!(said(&read_removal(&lost)), "unknown");
        let never = Reply::NeverSent { barrier: Barrier::Refused, why: "refused".into() };
        assert_eq!(said(&read_removal(&never)), "never sent");
    }

    fn said(removal: &Removal) -> &'static str {
        match removal {
            Removal::Done => "done",
            Removal::Declined(_) => "declined",
            Removal::NotProcessed(Obstacle::Throttled { .. }) => "throttled",
            Removal::NotProcessed(Obstacle::NeverSent { .. }) => "never sent",
            Removal::NotProcessed(_) => "keys",
            Removal::Unknown { .. } => "unknown",
        }
    }
}
