//! What an answer shows of who gives it, whatever it says about a gift. Pure.

use crate::pace::Health;
use crate::provider::{Balances, ListReading, Obstacle, Reading, Removal, Trouble, Verdict};

/// What an answer shows of who gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign<'a> {
    /// It is the API's, and says something about what was asked: a yes, a no, a list, a record.
    Useful,
    /// What was asked for was surely not done.
    Obstacle(&'a Obstacle),
    /// It says nothing about what was asked.
    Trouble(Trouble, &'a str),
}

/// An answer that shows something of who gives it.
pub trait Shows {
    /// What it shows.
    fn sign(&self) -> Sign<'_>;
}

impl<'a> Sign<'a> {
    /// What the pace makes of it.
    pub fn health(self) -> Health {
        match self {
            Sign::Useful => Health::Well,
            Sign::Obstacle(Obstacle::Throttled { wait }) => Health::Throttled(*wait),
            Sign::Obstacle(Obstacle::NeverSent { .. }) => Health::Down,
            Sign::Obstacle(Obstacle::CredentialsRejected { .. } | Obstacle::Forbidden(_)) => {
                Health::Odd
            }
            Sign::Trouble(Trouble::TimedOut | Trouble::Overloaded, _) => Health::Strained,
            Sign::Trouble(Trouble::Cut | Trouble::ServerError, _) => Health::Down,
            Sign::Trouble(Trouble::Redirected | Trouble::Odd, _) => Health::Odd,
        }
    }

    /// What a balance shows that was asked for beside a list, which was read: where none is told, that is so of balances
    /// alone, and no reason to end.
    pub fn of_balance(reading: &'a Reading<Balances>) -> Sign<'a> {
        if reading.is_untold() { Sign::Useful } else { reading.sign() }
    }

    /// What came instead of a useful answer, in words.
    pub fn words(self) -> String {
        match self {
            Sign::Useful => String::new(),
            Sign::Obstacle(Obstacle::Throttled { .. }) => {
                "the provider asks to slow down (HTTP 429)".to_owned()
            }
            Sign::Obstacle(
                Obstacle::NeverSent { why, .. } | Obstacle::CredentialsRejected { why },
            ) => why.clone(),
            Sign::Obstacle(Obstacle::Forbidden(refusal)) => refusal.message.clone(),
            Sign::Trouble(_, why) => why.to_owned(),
        }
    }
}

impl Shows for Verdict {
    fn sign(&self) -> Sign<'_> {
        match self {
            Verdict::Accepted { .. } | Verdict::Declined(_) => Sign::Useful,
            Verdict::NotProcessed(obstacle) => Sign::Obstacle(obstacle),
            Verdict::Unknown { why, trouble } => Sign::Trouble(*trouble, why),
        }
    }
}

impl Shows for ListReading {
    fn sign(&self) -> Sign<'_> {
        match self {
            ListReading::Whole(_) | ListReading::Partial { .. } | ListReading::NoList => {
                Sign::Useful
            }
            ListReading::Obstructed(obstacle) => Sign::Obstacle(obstacle),
            ListReading::Unreadable { why, trouble } => Sign::Trouble(*trouble, why),
        }
    }
}

impl Shows for Removal {
    fn sign(&self) -> Sign<'_> {
        match self {
            Removal::Done | Removal::Declined(_) => Sign::Useful,
            Removal::NotProcessed(obstacle) => Sign::Obstacle(obstacle),
            Removal::Unknown { why, trouble } => Sign::Trouble(*trouble, why),
        }
    }
}

impl<T> Shows for Reading<T> {
    fn sign(&self) -> Sign<'_> {
        match self {
            // Whatever it says with these, it is no word about what was asked.
            Reading::Refused { status: 408 | 425, message } => {
                Sign::Trouble(Trouble::TimedOut, message)
            }
            Reading::Found(_) | Reading::Absent | Reading::Refused { .. } => Sign::Useful,
            Reading::Obstructed(obstacle) => Sign::Obstacle(obstacle),
            Reading::Unreadable { why, trouble } => Sign::Trouble(*trouble, why),
        }
    }
}
