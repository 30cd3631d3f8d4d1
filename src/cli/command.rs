//! What a command is about, whichever it is: its word, its file, its campaign.

use std::path::Path;

use super::args::Command;
use super::care::LedgerCommand;

impl Command {
    /// The word that a person typed.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Command::Check(_) => "check",
            Command::Load(_) => "load",
            Command::Issue(_) => "issue",
            Command::Reconcile(_) => "reconcile",
            Command::Run(_) => "run",
            Command::Birthdays(_) => "birthdays",
            Command::Retry(_) => "retry",
            Command::Revoke(_) => "revoke",
            Command::Resolve(_) => "resolve",
            Command::Pause(_) => "pause",
            Command::Resume(_) => "resume",
            Command::Cancel(_) => "cancel",
            Command::Status(_) => "status",
            Command::Gifts(_) => "gifts",
            Command::Show(_) => "show",
            Command::Report(_) => "report",
            Command::Wallet(_) => "wallet",
            Command::Holdings(_) => "holdings",
            Command::Export(_) => "export",
            Command::Init => "init",
            Command::Doctor => "doctor",
            Command::Ledger(LedgerCommand::Info) => "ledger info",
            Command::Ledger(LedgerCommand::Backup(_)) => "ledger backup",
            Command::Ledger(LedgerCommand::Verify(_)) => "ledger verify",
            Command::Ledger(LedgerCommand::Rebind) => "ledger rebind",
            Command::Sandbox(_) => "sandbox",
            Command::Demo(_) => "demo",
            Command::Man(_) => "man",
            Command::Completions { .. } => "completions",
        }
    }

    /// Whether it only shows what it would send.
    pub(super) fn is_dry_run(&self) -> bool {
        let limits = match self {
            Command::Issue(args) => &args.limits,
            Command::Run(args) => &args.limits,
            Command::Retry(args) => &args.issue.limits,
            Command::Birthdays(args) => &args.limits,
            _ => return false,
        };
        limits.levers.dry_run
    }

    /// The campaign file that it reads.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Command::Check(args) => Some(&args.file.file),
            Command::Load(args) => Some(&args.file.file),
            Command::Run(args) => Some(&args.load.file.file),
            Command::Birthdays(args) => Some(&args.file),
            _ => None,
        }
    }

    /// The campaign that it is about, where it names one.
    pub(super) fn campaign(&self) -> Option<String> {
        match self {
            Command::Load(args) => Some(args.campaign.to_string()),
            Command::Run(args) => Some(args.load.campaign.to_string()),
            // Without a day it is that of the zone, which is not known yet.
            Command::Birthdays(args) => args.on.map(|on| args.campaign(on)),
            Command::Issue(args) => Some(args.campaign.clone()),
            Command::Retry(args) => Some(args.issue.campaign.clone()),
            Command::Revoke(args) => Some(args.campaign.clone()),
            Command::Pause(args) | Command::Resume(args) => Some(args.campaign.clone()),
            Command::Cancel(args) => Some(args.campaign.clone()),
            Command::Gifts(args) => Some(args.campaign.clone()),
            Command::Report(args) => Some(args.campaign.clone()),
            Command::Export(args) => Some(args.campaign.clone()),
            Command::Reconcile(args) => args.campaign.clone(),
            Command::Status(args) => args.campaign.clone(),
            Command::Check(_)
            | Command::Resolve(_)
            | Command::Show(_)
            | Command::Wallet(_)
            | Command::Holdings(_)
            | Command::Init
            | Command::Doctor
            | Command::Ledger(_)
            | Command::Sandbox(_)
            | Command::Demo(_)
            | Command::Man(_)
            | Command::Completions { .. } => None,
        }
    }
}
