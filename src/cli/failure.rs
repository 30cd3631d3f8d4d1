//! Why a command could not do its part: an exit code, a message, and what helps.

use super::exit::Exit;
use crate::intake::IntakeError;
use crate::ledger::LedgerError;
use crate::provider::{BaseUrlError, ClientError};
use crate::report::ReportError;

/// What ends a command early.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    /// The error with its causes.
    pub(super) error: anyhow::Error,
    /// What a person can do.
    pub(super) hint: Option<String>,
}

impl Failure {
    /// A failure with a message.
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Failure {
        Failure { exit, error: anyhow::Error::msg(message.into()), hint: None }
    }

    /// The same with what helps.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// What lies behind the error, but for what another has said already.
    pub(super) fn causes(&self) -> Vec<String> {
        let mut told = vec![self.error.to_string()];
        for cause in self.error.chain().skip(1).map(ToString::to_string) {
            if !told.iter().any(|told| told.contains(&cause)) {
                told.push(cause);
            }
        }
        told.split_off(1)
    }

    /// A usage error.
    pub(super) fn usage(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Usage, message)
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Failure {
        let exit = match &error {
            LedgerError::Busy { .. } => Exit::Busy,
            LedgerError::OtherProvider { .. }
            | LedgerError::BeyondCounting
            | LedgerError::MountedAlone { .. }
            | LedgerError::Stranger { .. } => Exit::Usage,
            LedgerError::Restored => Exit::NotConfirmed,
            LedgerError::File { .. }
            | LedgerError::Moved { .. }
            | LedgerError::Database { .. }
            | LedgerError::Corrupt(_)
            | LedgerError::GiftIdTaken
            | LedgerError::Raced { .. }
            | LedgerError::Illegal(_)
            | LedgerError::OtherForm { .. }
            | LedgerError::OldSqlite(_) => Exit::Unexpected,
        };
        let hint = error.hint().map(str::to_owned);
        Failure { exit, error: error.into(), hint }
    }
}

impl From<IntakeError> for Failure {
    fn from(error: IntakeError) -> Failure {
        let hint = error.hint();
        Failure { exit: Exit::FileRefused, error: error.into(), hint }
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Failure {
        match error {
            ReportError::Ledger(error) => error.into(),
            error => {
                let hint = error.hint().map(str::to_owned);
                Failure { exit: Exit::Unexpected, error: error.into(), hint }
            }
        }
    }
}

impl From<BaseUrlError> for Failure {
    fn from(error: BaseUrlError) -> Failure {
        Failure { exit: Exit::Usage, error: error.into(), hint: None }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Failure {
        Failure { exit: Exit::Usage, error: error.into(), hint: None }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure { exit: Exit::Unexpected, error: error.into(), hint: None }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Failure {
        Failure { exit: Exit::Unexpected, error: error.into(), hint: None }
    }
}
