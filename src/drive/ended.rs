//! Why asking ended before everything was asked.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// Why asking ended early. All of it can be run again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A person, or the system, asked for it.
    Interrupted,
    /// A person paused or cancelled the campaign.
    Withheld,
    /// It had until then.
    Deadline {
        /// When that was.
        at: DateTime<Utc>,
    },
    /// The machine's clock jumped: it slept, or was set. Nobody knows how late it is.
    ClockJumped {
        /// How far.
        by: TimeDelta,
    },
    /// The provider gave no useful answer for too long.
    Silence {
        /// For how long.
        silent_for: TimeDelta,
        /// What came instead, last.
        why: String,
        /// Until when the provider asked to be left alone, where that is longer than we wait.
        waits_until: Option<DateTime<Utc>>,
    },
    /// The certificate of whoever answers is not trusted: waiting mends nothing.
    Untrusted {
        /// What is wrong with it.
        why: String,
    },
    /// Too many answers in a row that the API does not document: the URL is wrong.
    Odd {
        /// How many in a row.
        in_a_row: u32,
        /// What the last of them was.
        why: String,
    },
    /// The provider redirects: the URL is wrong.
    Redirected {
        /// What came.
        why: String,
    },
    /// The provider does not take our keys.
    KeysRejected {
        /// What it said.
        why: String,
    },
}

impl Ended {
    /// The word for the record.
    pub const fn word(&self) -> &'static str {
        match self {
            Ended::Interrupted => "interrupted",
            Ended::Withheld => "withheld",
            Ended::Deadline { .. } => "deadline",
            Ended::ClockJumped { .. } => "clock jumped",
            Ended::Silence { .. } => "silence",
            Ended::Untrusted { .. } => "certificate",
            Ended::Odd { .. } => "odd answers",
            Ended::Redirected { .. } => "redirected",
            Ended::KeysRejected { .. } => "credentials rejected",
        }
    }

    /// What the provider said last, or what stood in the way, where that is why.
    pub fn reason(&self) -> Option<String> {
        match self {
            Ended::Interrupted
            | Ended::Withheld
            | Ended::Deadline { .. }
            | Ended::ClockJumped { .. } => None,
            Ended::Silence { why, waits_until: Some(until), .. } => {
                let until = until.to_rfc3339_opts(SecondsFormat::Secs, true);
                Some(format!("{why}: until {until}"))
            }
            Ended::Silence { why, waits_until: None, .. }
            | Ended::Untrusted { why }
            | Ended::Odd { why, .. }
            | Ended::Redirected { why }
            | Ended::KeysRejected { why } => Some(why.clone()),
        }
    }
}
