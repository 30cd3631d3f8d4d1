//! Why a report cannot be given.

use std::io;

use crate::ledger::LedgerError;

/// A report that was not given, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Two figures of one campaign that must be the same are not.
    #[error("the {what} of campaign {campaign:?} disagree: {recorded} recorded, {counted} counted")]
    Disagree {
        /// The campaign's name.
        campaign: String,
        /// Which figures: `gifts` or `amounts`.
        what: &'static str,
        /// What its loads recorded.
        recorded: String,
        /// What its gifts add up to.
        counted: String,
    },
    /// The ledger holds a finding that this program never writes.
    #[error("campaign {campaign:?} holds an unknown finding {word:?}")]
    UnknownFinding {
        /// The campaign's name.
        campaign: String,
        /// The word.
        word: String,
    },
    /// A file with more columns was loaded while the report was written.
    #[error("campaign {campaign:?} was loaded again while its report was written")]
    Changed {
        /// The campaign's name.
        campaign: String,
    },
    /// What was to take the report does not.
    #[error("cannot write the report")]
    Write(#[from] io::Error),
}

impl ReportError {
    /// What would mend it, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            ReportError::Ledger(error) => error.hint(),
            ReportError::Disagree { .. } | ReportError::UnknownFinding { .. } => {
                Some("the ledger is damaged: send nothing, and go back to a backup of it")
            }
            ReportError::Changed { .. } => Some("run the same command again"),
            ReportError::Write(_) => None,
        }
    }

    /// Whether the reader went away, as `head` does: no failure of ours.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, ReportError::Write(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<::csv::Error> for ReportError {
    fn from(error: ::csv::Error) -> ReportError {
        // Its own way of making one hides what happened behind `Other`.
        ReportError::Write(match error.into_kind() {
            ::csv::ErrorKind::Io(error) => error,
            other => io::Error::other(format!("{other:?}")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe whose reader has gone away.
    struct Gone;

    impl io::Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_known_behind_csv() {
        // Goal: `report --format csv | head` is no failure. Method: a row that is larger than the writer's
        // buffer, into a pipe that nobody reads.
        let mut writer = ::csv::Writer::from_writer(Gone);
        let written = writer.write_record([&"x".repeat(1 << 16)]).map_err(ReportError::from);
        assert!(written.is_err_and(|error| error.is_broken_pipe()));
    }
}
