//! What a person says about a preflight.

use std::time::Duration;

use clap::Args;

use super::values;

#[derive(Clone, Debug, Default, Args)]
pub(super) struct PreflightArgs {
    /// Ask the provider for each wallet first: one that is missing, deleted, frozen or in another currency is
    /// a fault of its rows.
    #[arg(long)]
    pub(super) preflight: bool,
    /// Answers of earlier preflights that are not older are not asked for again; 0s: all are.
    #[arg(long, value_name = "DUR", default_value = "1h", requires = "preflight",
          value_parser = values::duration)]
    pub(super) preflight_max_age: Duration,
}
