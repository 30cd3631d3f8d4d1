//! What came back from one request, before anybody says what it means.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// A whole answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How long the server asks us to wait (`Retry-After`, seconds or a date; RFC 9110, 10.2.3).
    pub retry_after: Option<Duration>,
    /// The server's clock (`Date`), in whole seconds.
    pub server_time: Option<DateTime<Utc>>,
    /// The body, decoded and within its cap.
    pub body: Vec<u8>,
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
    /// The moment of which the answer surely speaks.
    pub fn as_of(&self) -> DateTime<Utc> {
        self.sent_at
    }

    /// How far the server's clock is ahead of ours at least, in milliseconds; none without a `Date`.
    ///
    /// `Date` was written before the answer was whole, and its fractions were cut off: held against
    /// the end of the exchange it is a lower bound, however slow the answer was.
    pub fn skew_ms(&self) -> Option<i64> {
        let server = self.reply.answer()?.server_time?;
        Some((server - self.ended_at).num_milliseconds())
    }
}
