//! The command line's grammar. Nothing is decided here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::birthday_args::BirthdaysArgs;
use super::care::{ExportArgs, LedgerCommand};
use super::commands::{
    CheckArgs, DemoArgs, GiftsArgs, IssueArgs, LoadArgs, ReconcileArgs, RetryArgs, RunArgs,
    SandboxArgs, ShowArgs, StatusArgs,
};
use super::holdings::HoldingsArgs;
use super::man::ManArgs;
use super::person::{CampaignArgs, CancelArgs, ResolveArgs};
use super::report_args::ReportArgs;
use super::revoke_args::RevokeArgs;
use super::values;
use super::wallet::WalletArgs;
use crate::provider::ProxyUrl;

/// Gives gift balances to many wallets, exactly once each.
#[derive(Debug, Parser)]
#[command(name = "giftbatch", version, max_term_width = 100)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Settings: flag, then environment, then giftbatch.toml, then default.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "Settings")]
pub(super) struct SettingsArgs {
    /// The settings file [default: giftbatch.toml from here upwards, then the user's own].
    #[arg(long, global = true, value_name = "FILE", env = "GIFTBATCH_CONFIG")]
    pub(super) config: Option<PathBuf>,
    /// The ledger [default: giftbatch/ledger.db in the user's data folder].
    #[arg(long, global = true, value_name = "FILE", env = "GIFTBATCH_LEDGER")]
    pub(super) ledger: Option<PathBuf>,
    /// Make a new ledger where another one is known for the same provider.
    #[arg(long, global = true)]
    pub(super) new_ledger: bool,
    #[arg(skip)]
    pub(super) is_ledger_from_environment: bool,
    /// Base URL of the wallet API; keys come from GIFTBATCH_API_KEY and GIFTBATCH_API_CLIENT.
    #[arg(long, global = true, value_name = "URL", env = "GIFTBATCH_WALLET_URL")]
    pub(super) wallet_url: Option<String>,
    /// Base URL of Minted Connect; the login comes from GIFTBATCH_MINTED_USERNAME and _PASSWORD.
    #[arg(long, global = true, value_name = "URL", env = "GIFTBATCH_MINTED_URL")]
    pub(super) minted_url: Option<String>,
    /// Requests a second to Minted Connect, counted apart; 0: no limit [default: 10].
    #[arg(long, global = true, value_name = "N", env = "GIFTBATCH_MINTED_RATE",
          value_parser = values::rate)]
    pub(super) minted_rate: Option<u32>,
    /// Requests a second, all kinds together; 0: no limit [default: 10].
    #[arg(long, global = true, value_name = "N", env = "GIFTBATCH_RATE",
          value_parser = values::rate)]
    pub(super) rate: Option<u32>,
    /// Requests in flight at most [default: 32].
    #[arg(long, global = true, value_name = "N", env = "GIFTBATCH_CONCURRENCY",
          value_parser = values::concurrency)]
    pub(super) concurrency: Option<usize>,
    /// Time for one request [default: 30s].
    #[arg(long, global = true, value_name = "DUR", env = "GIFTBATCH_TIMEOUT",
          value_parser = values::positive_duration)]
    pub(super) timeout: Option<std::time::Duration>,
    /// The settle window: how long after a lost answer the provider may still act [default: 5m].
    #[arg(long, global = true, value_name = "DUR", env = "GIFTBATCH_SETTLE",
          value_parser = values::positive_duration)]
    pub(super) settle: Option<std::time::Duration>,
    /// Give up after so long without one useful answer [default: 15m].
    #[arg(long, global = true, value_name = "DUR", env = "GIFTBATCH_GIVE_UP_AFTER",
          value_parser = values::positive_duration)]
    pub(super) give_up_after: Option<std::time::Duration>,
    /// Sends through the proxy at this URL [default: straight, whatever HTTPS_PROXY says].
    #[arg(long, global = true, value_name = "URL", env = "GIFTBATCH_PROXY")]
    pub(super) proxy: Option<ProxyUrl>,
    /// Writes metrics for Prometheus' textfile collector when a command that gives or reconciles ends.
    #[arg(long, global = true, value_name = "FILE", env = "GIFTBATCH_METRICS_FILE")]
    pub(super) metrics_file: Option<PathBuf>,
    /// Posts the JSON document there when a command that gives or reconciles ends; it is signed with what
    /// GIFTBATCH_NOTIFY_SECRET_FILE holds.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "GIFTBATCH_NOTIFY",
        hide_env_values = true
    )]
    pub(super) notify: Option<String>,
    /// Zone of dates without one [default: Europe/Istanbul].
    #[arg(long, global = true, value_name = "ZONE", env = "GIFTBATCH_TZ")]
    pub(super) tz: Option<chrono_tz::Tz>,
}

/// What is printed, and how.
#[derive(Clone, Copy, Debug, Args, Default)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// Print one JSON document.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// How progress is shown.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(super) progress: ProgressKind,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(super) color: ColorKind,
    /// Never ask; what is not confirmed is not sent.
    #[arg(long, global = true)]
    pub(super) no_input: bool,
    /// Print nothing on success.
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Say more; twice: everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Form of log lines.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(super) log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ProgressKind {
    /// A bar on a terminal, lines off one.
    #[default]
    Auto,
    Bar,
    Plain,
    None,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorKind {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Parse and validate a file; no ledger, no network.
    Check(CheckArgs),
    /// Freeze a file's rows into the ledger; prints totals and the plan id.
    Load(LoadArgs),
    /// Issue what is not issued; settles doubts first; resumes.
    Issue(IssueArgs),
    /// Hold every gift against its wallet's gift list.
    Reconcile(ReconcileArgs),
    /// Load, issue, reconcile and report in one.
    Run(RunArgs),
    /// Give to customers whose birthday it is; then as run.
    Birthdays(BirthdaysArgs),
    /// Reopen refused gifts, and issue them.
    Retry(RetryArgs),
    /// Delete unspent gifts of a campaign at the provider.
    Revoke(RevokeArgs),
    /// Settle a held gift by hand: say what became of it.
    Resolve(ResolveArgs),
    /// Send nothing of a campaign until it is resumed; a live run ends.
    Pause(CampaignArgs),
    /// Allow a paused campaign to be sent again.
    Resume(CampaignArgs),
    /// Withdraw what was never sent of a campaign, for good; a live run ends.
    Cancel(CancelArgs),
    /// One screen: all campaigns, or one.
    Status(StatusArgs),
    /// List gifts.
    Gifts(GiftsArgs),
    /// One gift's whole history.
    Show(ShowArgs),
    /// A campaign's report.
    Report(ReportArgs),
    /// One wallet at the provider: its record, balances and gifts, and which of them this ledger gave.
    Wallet(WalletArgs),
    /// What a customer holds in precious metal (Minted Connect).
    Holdings(HoldingsArgs),
    /// Rows of a campaign in the form of their file, ready to load again.
    Export(ExportArgs),
    /// Write a settings file with every setting in it, explained; replaces nothing.
    Init,
    /// Look at settings, keys, TLS, clocks and the ledger; changes nothing.
    Doctor,
    /// Care for the ledger: info, backup, verify.
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// A pretend provider on loopback.
    Sandbox(SandboxArgs),
    /// The whole job on the sandbox, with a sample file.
    Demo(DemoArgs),
    /// The man page, or those of all commands.
    Man(ManArgs),
    /// Completions for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}
