//! The arguments of the commands that care for the ledger, and of `export`. Nothing is decided here.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::domain::GiftState;
use crate::ledger::Discrepancy;

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The campaign.
    #[arg(value_name = "NAME")]
    pub(super) campaign: String,
    /// Gifts in these states.
    #[arg(long, value_name = "STATE", value_delimiter = ',', required_unless_present = "found")]
    pub(super) state: Vec<GiftState>,
    /// Gifts of which the last reconcile found this: missing, differs, duplicated, unexpected.
    #[arg(long, value_name = "FINDING", value_delimiter = ',')]
    pub(super) found: Vec<Discrepancy>,
    /// Where to write it [default: standard output].
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

/// Care for the ledger's file.
#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// What the ledger is and holds.
    Info,
    /// Copy it, also while a run goes on; replaces nothing.
    Backup(BackupArgs),
    /// Check its pages, tell every gift's story again, add everything up.
    Verify(VerifyArgs),
    /// Go on at the provider's new address, once our gifts were found there by their ids.
    Rebind,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// A statement that the ledger must still agree with.
    #[arg(long, value_name = "FILE")]
    pub(super) statement: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// Where the copy goes; nothing may be there yet.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
}
