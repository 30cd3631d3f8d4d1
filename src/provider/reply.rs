//! What came back from one request, before anybody says what it means.

use std::sync::OnceLock;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::barrier::Barrier;
use super::envelope::Envelope;

/// A whole answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How long the server asks us to wait (`Retry-After`, seconds or a date; RFC 9110, 10.2.3).
    pub retry_after: Option<Duration>,
    /// The server's clock (`Date`), in whole seconds.
    pub server_time: Option<DateTime<Utc>>,
    /// How long ago a cache had it from the server (`Age`; RFC 9111, 5.1); none where it came directly.
    pub age: Option<Duration>,
    /// The body, decoded and within its cap.
    pub body: Vec<u8>,
    /// Whether the body has the API's envelope, once somebody has read it.
    pub(super) is_enveloped: OnceLock<bool>,
}

/// How an answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing came within the time-out.
    TimedOut,
    /// The connection ended, or what came was no HTTP.
    Cut,
    /// The answer was larger than any that we expect.
    TooLarge,
}

/// What came back from one request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A whole answer, whatever it says.
    Answered(Answer),
    /// The connection was never made: the request cannot have reached the server.
    NeverSent {
        /// Of which kind the trouble is.
        barrier: Barrier,
        /// What stood in the way.
        why: String,
    },
    /// The request may have reached the server; its answer did not reach us.
    Lost {
        /// How.
        loss: Loss,
        /// In the words of the layer that noticed.
        why: String,
    },
}

/// One request with its times.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What came back.
    pub reply: Reply,
    /// When it was sent, by our clock.
    pub sent_at: DateTime<Utc>,
    /// When the reply was whole, or when we let go; by our clock.
    pub ended_at: DateTime<Utc>,
}

impl Answer {
    /// An answer without the headers that are read.
    pub fn new(status: u16, body: Vec<u8>) -> Answer {
        Answer { status, body, ..Answer::default() }
    }

    /// Whether it is a page for people.
    pub(super) fn is_page(&self) -> bool {
        self.body.trim_ascii_start().starts_with(b"<")
    }

    /// The API's envelope; none where the answer is somebody else's page.
    pub(super) fn envelope(&self) -> Option<Envelope<'_>> {
        let envelope = Envelope::read(&self.body);
        self.is_enveloped.get_or_init(|| envelope.is_some());
        envelope
    }

    /// Whether it came in the API's envelope; what was read before is not read again.
    pub fn is_enveloped(&self) -> bool {
        *self.is_enveloped.get_or_init(|| Envelope::read(&self.body).is_some())
    }
}

impl Reply {
    /// The whole answer, if there was one.
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Reply::Answered(answer) => Some(answer),
            Reply::NeverSent { .. } | Reply::Lost { .. } => None,
        }
    }
}

impl Exchange {
    /// The moment, by our clock, of which the answer certainly speaks: what a cache had kept for a while is as
    /// old as that.
    pub fn as_of(&self) -> DateTime<Utc> {
        let age = self.reply.answer().and_then(|answer| answer.age).unwrap_or_default();
        let age = TimeDelta::from_std(age).unwrap_or(TimeDelta::MAX);
        self.sent_at.checked_sub_signed(age).unwrap_or(DateTime::<Utc>::MIN_UTC)
    }

    /// How far the server's clock is ahead of ours at least, in milliseconds; none without a `Date`.
    ///
    /// `Date` was written before the answer was whole, and its fractions were cut off: held against
    /// the end of the exchange it is a lower bound, however slow the answer was. Only the API's own answers
    /// measure, and none that a cache had kept: a page's clock is its proxy's.
    pub fn skew_ms(&self) -> Option<i64> {
        let answer = self.reply.answer()?;
        let is_fresh = answer.age.unwrap_or_default().is_zero();
        let server = answer.server_time.filter(|_| is_fresh && answer.is_enveloped())?;
        Some((server - self.ended_at).num_milliseconds())
    }
}
