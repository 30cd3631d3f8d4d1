//! The arguments of `revoke`. Nothing is decided here.

use clap::Args;

use super::commands::ConfirmArgs;
use super::values;
use crate::domain::{GiftState, Money};

#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    /// The campaign.
    #[arg(value_name = "NAME")]
    pub(super) campaign: String,
    /// Which of its gifts, as a list with commas: issued, with what was begun; or revoking, which only ends
    /// what was begun.
    #[arg(long, value_name = "STATE,…", value_delimiter = ',', default_value = "issued")]
    pub(super) state: Vec<GiftState>,
    /// Not what was given, but the gifts too many like it that the last reconcile named, where that is no
    /// older than a day.
    #[arg(long, conflicts_with = "state")]
    pub(super) duplicates: bool,
    /// With --duplicates: also gifts that only look like ours, since no reference and no tag is shown with
    /// them. They may be somebody else's.
    #[arg(long, requires = "duplicates")]
    pub(super) look_alikes: bool,
    #[command(flatten)]
    pub(super) confirm: ConfirmArgs,
    /// No more than this may be taken back.
    #[arg(long, value_name = "AMOUNT", value_parser = values::money)]
    pub(super) max_total: Option<Money>,
}
