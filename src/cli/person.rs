//! The arguments of the commands by which a person stops a campaign or settles a gift. Nothing is decided
//! here.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(super) struct ResolveArgs {
    /// The gift's key, as `gifts` and `show` print it.
    #[arg(value_name = "KEY")]
    pub(super) key: String,
    /// What became of it: given, not to be given, or not given and to be sent again.
    #[arg(long = "as", value_enum, value_name = "issued|refused|retry")]
    pub(super) outcome: Resolution,
    /// The provider's id of the gift; only for `--as issued`, and looked up in its wallet.
    #[arg(long, value_name = "ID", required_if_eq("outcome", "issued"))]
    pub(super) gift_id: Option<String>,
    /// How you know: kept with your name and the time.
    #[arg(long, value_name = "TEXT")]
    pub(super) note: String,
    /// Believe the note where what the provider shows speaks against it; both are kept.
    #[arg(long)]
    pub(super) despite_contradiction: bool,
}

/// What a person found out about a held gift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Resolution {
    Issued,
    Refused,
    Retry,
}

#[derive(Debug, Args)]
pub(super) struct CampaignArgs {
    /// The campaign.
    #[arg(value_name = "NAME")]
    pub(super) campaign: String,
}

#[derive(Debug, Args)]
pub(super) struct CancelArgs {
    /// The campaign.
    #[arg(value_name = "NAME")]
    pub(super) campaign: String,
    /// Confirms without a question.
    #[arg(long)]
    pub(super) yes: bool,
}
