//! The driver: asks the provider one question after another for whoever has questions, and says why it ended.
//!
//! It stands apart so that the rules of asking stand once for all commands: a turn before each request, a task for
//! each, what an answer says about who gives it, trying again, silence, deadline and interrupt.
//!
//! | [`drive`] does | is decided by |
//! | --- | --- |
//! | gives each job of a [`Worker`] a turn and a task | [`Pace`](crate::pace::Pace), [`Queue`] |
//! | hands useful answers on, and tries again what failed | [`Sign`]: what an answer shows of who gives it |
//! | ends early | [`Answers`]: silence, a wrong URL, bad keys; and the [`Rules`] |
//!
//! **Invariant:** each job that was begun comes back, also where its task dies: nothing waits for ever.
//! **Invariant:** what is a reading of the provider's words and what is done about them is the worker's.

mod answers;
mod ended;
mod queue;
mod run;
mod sign;
mod task;
#[cfg(test)]
mod tests;

use std::future::{Future, pending};
use std::pin::Pin;

use chrono::{DateTime, TimeDelta, Utc};

pub use answers::Answers;
pub use ended::Ended;
pub use queue::Queue;
pub use run::drive;
pub use sign::{Shows, Sign};
pub use task::{Times, Unanswered, asked};

use crate::clock::Clock;
use crate::interrupt::Interrupt;

/// An outage keeps a command that can be run again at any time no longer than this.
const LONGEST_SILENCE: TimeDelta = TimeDelta::minutes(1);

/// What holds for a drive from its beginning to its end.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Tells the time.
    pub clock: Clock,
    /// Ends it early.
    pub interrupt: Interrupt,
    /// Without one useful answer for this long it ends.
    pub patience: TimeDelta,
    /// From then on nothing is asked.
    pub deadline: Option<DateTime<Utc>>,
}

impl Rules {
    /// The same for a command that only looks, or that can be run again at any time.
    #[must_use]
    pub fn briefly(&self) -> Rules {
        Rules { patience: self.patience.min(LONGEST_SILENCE), ..self.clone() }
    }
}

/// How the provider is, for whoever watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// It is not answering, and is only probed.
    pub is_down: bool,
    /// It asked to be left alone until then.
    pub waits_until: Option<DateTime<Utc>>,
}

/// A question that is on its way.
pub type Asking<R> = Pin<Box<dyn Future<Output = (R, Times)> + Send>>;

/// Has questions, and knows what the answers mean.
pub trait Worker: Send {
    /// A question with all that belongs to it.
    type Job: Send + 'static;
    /// An answer.
    type Reply: Shows + Send + 'static;
    /// What may go wrong on our side.
    type Error;

    /// What is to be asked.
    fn queue(&mut self) -> &mut Queue<Self::Job>;

    /// Whether jobs may come that are not in the queue yet.
    fn has_more(&self) -> bool;

    /// Before then nothing is asked.
    fn opens_at(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// Once in each turn: brings more jobs, while it does not end, and makes durable what is known; says by when it
    /// wants another turn, where something waits for it.
    fn turn(
        &mut self,
        now: DateTime<Utc>,
        is_ending: bool,
    ) -> impl Future<Output = Result<Option<DateTime<Utc>>, Self::Error>> + Send;

    /// What goes on beside the requests; it may be dropped at any wait, and is asked for again.
    fn beside(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        pending()
    }

    /// Asks; what it needs of the job it takes along.
    fn ask(&mut self, job: &mut Self::Job) -> Asking<Self::Reply>;

    /// The answer to a job whose task has died: nobody knows.
    fn lost(&self, job: &Self::Job, why: String) -> Self::Reply;

    /// Whether a job only reads: then an answer that tells nothing is asked for again.
    fn is_read(&self, _job: &Self::Job) -> bool {
        true
    }

    /// Nothing was sent for a job that had been begun, or the provider has surely done nothing: it goes again.
    fn unsent(&mut self, _job: &mut Self::Job) {}

    /// An answer came. Of a read it is a useful one.
    fn heard(&mut self, job: Self::Job, reply: Self::Reply, times: Times);

    /// A read has failed as often as it may.
    fn unread(&mut self, job: Self::Job);

    /// How it goes.
    fn tell(&mut self, pulse: Pulse);
}
