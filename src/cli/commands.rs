//! The arguments of each command. Nothing is decided here.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::form_args::FormArgs;
use super::holding_args::HoldingArgs;
use super::levers::Levers;
use super::preflight_args::PreflightArgs;
use super::values;
use crate::domain::{CampaignName, GiftState, Money};
use crate::intake::DefaultExpiry;

#[derive(Debug, Args)]
pub(super) struct FileArgs {
    /// The campaign file.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) form: FormArgs,
    /// The description of rows that have none.
    #[arg(long, value_name = "TEXT")]
    pub(super) description: Option<String>,
    /// The expiry of rows that have none: a date, a duration from the first load, or `never`.
    #[arg(long, value_name = "DATE|DUR|never")]
    pub(super) expires: Option<DefaultExpiry>,
    /// The file must have exactly so many rows.
    #[arg(long, value_name = "N")]
    pub(super) expect_rows: Option<u64>,
    /// The file must add up to exactly this.
    #[arg(long, value_name = "AMOUNT", value_parser = values::money)]
    pub(super) expect_total: Option<Money>,
    /// No gift may be larger.
    #[arg(long, value_name = "AMOUNT", value_parser = values::money)]
    pub(super) max_gift: Option<Money>,
    /// No wallet may get more from this file.
    #[arg(long, value_name = "AMOUNT", value_parser = values::money)]
    pub(super) max_per_wallet: Option<Money>,
    /// What becomes of bad rows: they stop the load, or are left out of it and go to --rejects.
    #[arg(long, value_enum, value_name = "stop|skip", default_value_t)]
    pub(super) on_invalid: OnInvalid,
    /// Where bad rows go, in the form of the campaign file, with a column that says why.
    #[arg(long, value_name = "FILE", required_if_eq("on_invalid", "skip"))]
    pub(super) rejects: Option<PathBuf>,
    /// Accept rows that are identical: each is a gift of its own.
    #[arg(long)]
    pub(super) allow_duplicates: bool,
    /// Accept what another campaign has given within 30 days.
    #[arg(long)]
    pub(super) allow_same_content: bool,
    /// Accept rows that look like corrected copies of rows that the campaign gives: each is a gift of its own.
    #[arg(long)]
    pub(super) allow_corrected: bool,
    /// Accept rows over 100 times the median, and a total over 10 times those of the series.
    #[arg(long)]
    pub(super) allow_outliers: bool,
    #[command(flatten)]
    pub(super) preflight: PreflightArgs,
    #[command(flatten)]
    pub(super) holding: HoldingArgs,
}

/// What becomes of rows that cannot become gifts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum OnInvalid {
    #[default]
    Stop,
    Skip,
}

#[derive(Debug, Args)]
pub(super) struct ConfirmArgs {
    /// Confirms the plan with this id.
    #[arg(long, value_name = "PLAN-ID")]
    pub(super) confirm: Option<String>,
    /// Confirms without a question; needs --max-total.
    #[arg(long)]
    pub(super) yes: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct RunLimits {
    /// While more gifts are in doubt, nothing new is sent.
    #[arg(long, value_name = "N", value_parser = values::at_least_one)]
    pub(super) max_in_doubt: Option<usize>,
    /// Attempts of one gift that may end in doubt.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub(super) max_attempts: Option<i64>,
    /// What becomes of doubts: settled by looking, or held for a person.
    #[arg(long, value_enum, value_name = "settle|hold")]
    pub(super) in_doubt: Option<InDoubtKind>,
    /// Tag each gift's description with eight digits of its key, which customers may read: a list then
    /// tells every gift from every other. For campaigns of which nothing was sent yet.
    #[arg(long)]
    pub(super) tag: bool,
    /// So many refusals of one class in a row stop the run; 0: never.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) stop_after_refusals: u32,
    /// Give what a restored ledger has not given, though gifts of the campaign were revoked after its copy was made.
    #[arg(long)]
    pub(super) allow_revoked: bool,
    #[command(flatten)]
    pub(super) levers: Levers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum InDoubtKind {
    Settle,
    Hold,
}

/// What proves that a gift is not there; no flag, since it is the provider's nature and no run's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum AbsenceKind {
    Balance,
    List,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub(super) file: FileArgs,
    /// The file may add up to no more.
    #[arg(long, value_name = "AMOUNT", value_parser = values::money)]
    pub(super) max_total: Option<Money>,
}

#[derive(Debug, Args)]
pub(super) struct LoadArgs {
    #[command(flatten)]
    pub(super) file: FileArgs,
    /// The campaign that the rows go to.
    #[arg(long, value_name = "NAME")]
    pub(super) campaign: CampaignName,
    /// The file may add up to no more.
    #[arg(long, value_name = "AMOUNT", value_parser = values::money)]
    pub(super) max_total: Option<Money>,
}

#[derive(Debug, Args)]
pub(super) struct IssueArgs {
    /// The campaign.
    #[arg(value_name = "NAME")]
    pub(super) campaign: String,
    #[command(flatten)]
    pub(super) confirm: ConfirmArgs,
    /// The campaign may give no more than this in all, whenever it gave it.
    #[arg(long, value_name = "AMOUNT", value_parser = values::money)]
    pub(super) max_total: Option<Money>,
    #[command(flatten)]
    pub(super) limits: RunLimits,
}

#[derive(Debug, Args)]
pub(super) struct ReconcileArgs {
    /// The campaign.
    #[arg(value_name = "NAME", required_unless_present = "all")]
    pub(super) campaign: Option<String>,
    /// Every campaign of the ledger.
    #[arg(long, conflicts_with = "campaign")]
    pub(super) all: bool,
    /// Hold each wallet's TotalGiftBalance against its list too: one more request a wallet.
    #[arg(long)]
    pub(super) balances: bool,
    /// Ask nothing: show the earlier audits, or all that one of them found.
    #[arg(long, value_name = "AUDIT", num_args = 0..=1, require_equals = true,
          conflicts_with_all = ["all", "balances"])]
    pub(super) history: Option<Option<i64>>,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) load: LoadArgs,
    #[command(flatten)]
    pub(super) confirm: ConfirmArgs,
    #[command(flatten)]
    pub(super) limits: RunLimits,
    /// Do not reconcile at the end.
    #[arg(long)]
    pub(super) no_reconcile: bool,
}

#[derive(Debug, Args)]
pub(super) struct RetryArgs {
    #[command(flatten)]
    pub(super) issue: IssueArgs,
    /// Only refusals of these classes [default: all but those that a person resolved so].
    #[arg(long, value_name = "CLASS", value_delimiter = ',')]
    pub(super) class: Vec<String>,
    /// Do not reconcile at the end.
    #[arg(long)]
    pub(super) no_reconcile: bool,
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// The campaign; all where none is named.
    #[arg(value_name = "NAME")]
    pub(super) campaign: Option<String>,
    /// Again and again, with how fast it goes, until Ctrl-C.
    #[arg(long, conflicts_with = "json")]
    pub(super) watch: bool,
}

#[derive(Debug, Args)]
pub(super) struct GiftsArgs {
    /// The campaign.
    #[arg(value_name = "NAME")]
    pub(super) campaign: String,
    /// Only gifts in this state.
    #[arg(long, value_name = "STATE")]
    pub(super) state: Option<GiftState>,
    /// Print CSV.
    #[arg(long, conflicts_with = "json")]
    pub(super) csv: bool,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// A gift's key, or a wallet's id.
    #[arg(value_name = "KEY|WALLET")]
    pub(super) id: String,
}

#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// The port on loopback; 0: any.
    #[arg(long, default_value_t = 8787)]
    pub(super) port: u16,
    /// The seed of its faults.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Which faults.
    #[arg(long, value_name = "PROFILE", default_value = "none", value_parser = values::profile())]
    pub(super) faults: String,
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// The seed of the sandbox's faults.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
}

impl FileArgs {
    /// Whether a provider is asked about it before it is loaded.
    pub(super) fn asks(&self) -> bool {
        self.preflight.preflight || self.holding.require_holding.is_some()
    }

    /// A file that speaks for itself.
    pub(super) fn plain(file: PathBuf) -> FileArgs {
        FileArgs {
            file,
            form: FormArgs::default(),
            description: None,
            expires: None,
            expect_rows: None,
            expect_total: None,
            max_gift: None,
            max_per_wallet: None,
            on_invalid: OnInvalid::Stop,
            rejects: None,
            allow_duplicates: false,
            allow_same_content: false,
            allow_corrected: false,
            allow_outliers: false,
            preflight: PreflightArgs::default(),
            holding: HoldingArgs::none(),
        }
    }
}
