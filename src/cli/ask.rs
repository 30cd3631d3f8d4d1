//! One question to a provider, asked within the pace, and again where the answer was lost.
//!
//! It stands apart because a command that only looks must neither give up at the first lost answer nor knock
//! for a quarter of an hour: somebody waits for it.
//!
//! **Invariant:** only for questions: whatever is asked here may be asked twice.

use std::time::Duration;

use chrono::TimeDelta;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use crate::drive::Shows as _;
use crate::pace::{Pace, Permit};
use crate::provider::{Obstacle, Reading, Trouble};

/// So often a question is asked.
const TRIES: u32 = 3;

/// The pause after the first lost answer; the next one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);

/// A longer wait that a provider asks for is left to the person who waits.
const PATIENCE: TimeDelta = TimeDelta::seconds(30);

/// What is asked, in words for people.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'w> {
    /// As in "cannot read …".
    pub(super) what: &'w str,
    /// What to mend where the provider rejects who asks.
    pub(super) keys: &'w str,
}

/// Asks until there is an answer: the thing, or why there is none.
pub(super) async fn ask<T>(
    context: &Context,
    pace: &mut Pace,
    subject: Subject<'_>,
    mut question: impl AsyncFnMut() -> Reading<T>,
) -> Result<T, Failure> {
    let mut pause = PAUSE;
    for tries_left in (0..TRIES).rev() {
        turn(context, pace, subject).await?;
        let sent_at = context.now();
        let reading = question().await;
        pace.ended(reading.sign().health(), sent_at, context.now());
        match reading {
            Reading::Found(thing) => return Ok(thing),
            reading if tries_left == 0 || !is_worth_another(&reading) => {
                return Err(subject.failure(reading));
            }
            _ => {
                tracing::debug!(what = subject.what, tries_left, "no answer, asking again");
                context.clock.sleep(pause).await;
                pause *= 2;
            }
        }
    }
    unreachable!("the last try returns")
}

/// Waits until the next request may go.
async fn turn(context: &Context, pace: &mut Pace, subject: Subject<'_>) -> Result<(), Failure> {
    loop {
        let now = context.now();
        match pace.permit(now) {
            Permit::Now => return Ok(()),
            Permit::At(at) if at - now <= PATIENCE => {
                context.clock.sleep((at - now).to_std().unwrap_or_default()).await;
            }
            Permit::At(at) => {
                let seconds = (at - now).num_seconds();
                let why = format!("the provider asks for a wait of {seconds} s");
                return Err(subject.unread(&why));
            }
            Permit::Later => unreachable!("one question at a time: nothing else is in flight"),
        }
    }
}

/// Whether the same question may bring another answer soon.
fn is_worth_another<T>(reading: &Reading<T>) -> bool {
    match reading {
        Reading::Found(_) | Reading::Absent | Reading::Refused { .. } => false,
        Reading::Obstructed(obstacle) => {
            matches!(obstacle, Obstacle::Throttled { .. } | Obstacle::NeverSent { .. })
        }
        Reading::Unreadable { trouble, .. } => *trouble != Trouble::Redirected,
    }
}

impl Subject<'_> {
    /// Why the question has no answer.
    fn failure<T>(self, reading: Reading<T>) -> Failure {
        match reading {
            Reading::Absent => {
                let message = format!("the provider knows no {}", self.what);
                Failure::new(Exit::SomeRefused, message)
            }
            Reading::Refused { status, message } => {
                let what = self.what;
                let message = format!("the provider refuses {what} (HTTP {status}): {message}");
                Failure::new(Exit::SomeRefused, message)
            }
            Reading::Obstructed(Obstacle::CredentialsRejected { why }) => {
                let message = format!("the provider rejects the credentials ({why})");
                Failure::new(Exit::CredentialsRejected, message).hint(self.keys)
            }
            Reading::Obstructed(Obstacle::Forbidden(refusal)) => {
                let message = format!("the provider forbids it ({})", refusal.message);
                Failure::new(Exit::CredentialsRejected, message).hint(self.keys)
            }
            Reading::Obstructed(Obstacle::Throttled { .. }) => {
                self.unread("the provider asks to slow down (HTTP 429)")
            }
            Reading::Obstructed(Obstacle::NeverSent { why, .. }) => self.unread(&why),
            Reading::Unreadable { why, trouble: Trouble::Redirected | Trouble::Odd } => {
                self.unread(&why).hint("is the URL right? If so, run the same command again later")
            }
            Reading::Unreadable { why, .. } => self.unread(&why),
            Reading::Found(_) => self.unread("it was read, and lost again"),
        }
    }

    fn unread(self, why: &str) -> Failure {
        let message = format!("cannot read {}: {why}", self.what);
        Failure::new(Exit::Stopped, message)
            .hint("nothing was changed; run the same command again later")
    }
}
