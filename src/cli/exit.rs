//! How a command ends: the exit codes of the command line's contract.

use super::ended;
use crate::domain::GiftState;
use crate::issue::Stop;
use crate::reconcile::Reconciled;
use crate::report::{Status, Summary};

/// An exit code with its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Done,
    Unexpected,
    Usage,
    FileRefused,
    SomeRefused,
    Stopped,
    Attention,
    NotConfirmed,
    CredentialsRejected,
    Busy,
    Interrupted,
    Terminated,
}

/// Which signal ended a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Interrupt,
    Terminate,
}

impl Exit {
    /// The number that the system is told.
    pub(super) const fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Unexpected => 1,
            Exit::Usage => 2,
            Exit::FileRefused => 3,
            Exit::SomeRefused => 4,
            Exit::Stopped => 5,
            Exit::Attention => 6,
            Exit::NotConfirmed => 7,
            Exit::CredentialsRejected => 8,
            Exit::Busy => 9,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }

    /// The word for the document; `summary` where the campaign is known.
    pub(super) fn status(self, summary: Option<&Summary>) -> Status {
        match self {
            Exit::Done => summary.map_or(Status::Complete, Summary::status),
            Exit::SomeRefused => Status::Partial,
            Exit::Stopped | Exit::Interrupted | Exit::Terminated => Status::Stopped,
            Exit::Attention => Status::Attention,
            Exit::FileRefused | Exit::NotConfirmed => Status::Refused,
            Exit::CredentialsRejected => Status::Rejected,
            Exit::Busy => Status::Busy,
            Exit::Unexpected | Exit::Usage => Status::Failed,
        }
    }

    /// How a run ended, where several reasons apply: a signal, then what needs a look, then the
    /// keys, then an early stop, then refusals.
    pub(super) fn of_run(
        summary: &Summary,
        stop: Option<&Stop>,
        reconciled: Option<&Reconciled>,
        signal: Option<Signal>,
    ) -> Exit {
        let ended = stop.and_then(Stop::early);
        let ended = ended.or_else(|| reconciled.and_then(Reconciled::early));
        let early = ended.map(|ended| ended::exit(ended, signal));
        let gifts = |state| summary.states.gifts(state);
        let in_flight = gifts(GiftState::InFlight);
        let waiting: u64 = GiftState::SENDABLE.map(gifts).into_iter().sum();
        let refused = gifts(GiftState::Refused);
        // A canary that was the whole campaign holds nothing back.
        let is_stopped = !matches!(stop, None | Some(Stop::Canary { .. }));
        match early {
            Some(exit @ (Exit::Interrupted | Exit::Terminated)) => exit,
            _ if summary.status() == Status::Attention || in_flight > 0 => Exit::Attention,
            Some(exit) => exit,
            None if is_stopped || waiting > 0 => Exit::Stopped,
            None if refused > 0 => Exit::SomeRefused,
            None => Exit::Done,
        }
    }

    /// How a reconcile ended: what was refused is no difference.
    pub(super) fn of_reconcile(
        summary: &Summary,
        end: &Reconciled,
        signal: Option<Signal>,
    ) -> Exit {
        let early = end.early().map(|ended| ended::exit(ended, signal));
        match early {
            Some(exit @ (Exit::Interrupted | Exit::Terminated)) => exit,
            _ if *end == Reconciled::Forgetful => Exit::Attention,
            _ if summary.status() == Status::Attention => Exit::Attention,
            early => early.unwrap_or(Exit::Done),
        }
    }

    /// The same, where refusals were wanted: the demo's provider refuses some.
    pub(super) fn without_refusals(self) -> Exit {
        if self == Exit::SomeRefused { Exit::Done } else { self }
    }

    /// The one of two that is said of both.
    pub(super) fn worse(self, other: Exit) -> Exit {
        let rank = |exit: Exit| match exit {
            Exit::Done => 0,
            Exit::SomeRefused => 1,
            Exit::Stopped => 2,
            Exit::CredentialsRejected => 3,
            Exit::Attention => 4,
            _ => 5,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}
