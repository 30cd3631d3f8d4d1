//! How the ledger is: its file, its health, who uses it, and how much room its disk has.

use std::path::Path;

use super::check::Check;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::ledger::{age_words, human};
use crate::ledger::{
    Depth, Inspection, LedgerError, LedgerFacts, LedgerForm, holder, is_mounted_alone,
};
use crate::provider::BaseUrl;

/// Less room than this is worth a word.
const LITTLE_ROOM: u64 = 200_000_000;

/// A log that is larger was not folded into its file for long.
const LARGE_LOG: u64 = 200_000_000;

/// What a row takes once it is given, with its story: 500 were measured of rows of five cells. Others are
/// longer, and the log beside the ledger needs room too.
const ROW_BYTES: u64 = 1_000;

/// Looks at the ledger of the settings, whether or not it is there.
pub(super) async fn look(context: &Context, url: Option<&BaseUrl>) -> Vec<Check> {
    let path = &context.settings.ledger;
    let mut checks = Vec::new();
    if path.exists() {
        checks.extend(file(path));
        match Inspection::look(path, async |ledger| contents(ledger, url).await).await {
            Ok(found) => checks.extend(found),
            Err(error) => checks.push(damaged(error)),
        }
        checks.push(match holder(path) {
            Ok(None) => Check::ok("lock", "free"),
            Ok(Some(holder)) => Check::ok("lock", format!("held by {holder}")),
            Err(error) => Check::failed("lock", &Failure::from(error)),
        });
    } else {
        let detail = format!("none at {} yet: the first load makes it", path.display());
        checks.push(Check::ok("ledger file", detail));
    }
    checks.extend(room(path));
    checks
}

/// Who may read the file.
fn file(path: &Path) -> Vec<Check> {
    let mut checks = Vec::new();
    let name = "ledger file";
    let mode = |path: &Path| {
        use std::os::unix::fs::PermissionsExt;
        path.metadata().map(|found| found.permissions().mode() & 0o777)
    };
    checks.push(match mode(path) {
        Ok(mode) if mode & 0o077 == 0 => {
            Check::ok(name, format!("{}, mode {mode:04o}", path.display()))
        }
        Ok(mode) => Check::warn(
            name,
            format!("{}: others may read it (mode {mode:04o})", path.display()),
            format!("chmod 600 {}", path.display()),
        ),
        Err(error) => Check::fail(name, Exit::Unexpected, error.to_string(), "check the path"),
    });
    if is_mounted_alone(path) {
        let failure = Failure::from(LedgerError::MountedAlone { path: path.to_owned() });
        checks.push(Check::failed("ledger place", &failure));
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
        && let Ok(mode) = mode(folder)
        && mode & 0o022 != 0
        && mode & 0o1000 == 0
    {
        checks.push(Check::warn(
            "ledger folder",
            format!("others may replace the ledger (mode {mode:04o})"),
            format!("chmod go-w {}", folder.display()),
        ));
    }
    checks
}

/// What is in it.
async fn contents(
    ledger: &mut Inspection,
    url: Option<&BaseUrl>,
) -> Result<Vec<Check>, LedgerError> {
    let mut checks = Vec::new();
    let (steps, form) = ledger.form().await?;
    let (_, log_bytes) = ledger.bytes();
    checks.push(match form {
        LedgerForm::Current => {
            Check::ok("ledger form", format!("step {steps}, this version's own"))
        }
        LedgerForm::Older => Check::ok(
            "ledger form",
            format!("step {steps}, an older version's: the next command brings it up to date"),
        ),
        LedgerForm::Newer => Check::fail(
            "ledger form",
            Exit::Unexpected,
            format!("step {steps}, a newer version's"),
            "use the giftbatch that wrote it, or a newer one",
        ),
    });
    let faults = ledger.health(Depth::Quick).await?;
    checks.push(match faults.first() {
        None => Check::ok("ledger health", "whole, as far as a quick look tells"),
        Some(fault) => not_whole(fault),
    });
    if log_bytes > LARGE_LOG {
        checks.push(Check::warn(
            "ledger log",
            format!("{} wait beside the ledger", human(log_bytes)),
            "a run that ends by itself folds them in; end programs that read the ledger",
        ));
    }
    if form == LedgerForm::Current && faults.is_empty() {
        let facts = ledger.facts().await?;
        checks.extend(age(&facts));
        checks.extend(provider(&facts, url));
    }
    Ok(checks)
}

fn not_whole(fault: &str) -> Check {
    Check::fail(
        "ledger health",
        Exit::Attention,
        fault,
        "send nothing by it; see `giftbatch ledger verify`, and put a backup back",
    )
}

/// A file that cannot even be read as a ledger.
fn damaged(error: LedgerError) -> Check {
    let failure = Failure::from(error);
    let causes = failure.causes().join(": ");
    let cannot_read = causes.contains("malformed") || causes.contains("not a database");
    match cannot_read {
        true => not_whole(&format!("{}: {causes}", failure.error)),
        false => Check::failed("ledger health", &failure),
    }
}

fn age(facts: &LedgerFacts) -> Option<Check> {
    let advice = "giftbatch reconcile NAME, for each of its campaigns";
    Some(Check::warn("ledger age", age_words(facts)?, advice))
}

/// A ledger belongs to one provider.
fn provider(facts: &LedgerFacts, url: Option<&BaseUrl>) -> Option<Check> {
    let (known, asked) = (&facts.provider.as_ref()?.origin, url?.to_string());
    let name = "ledger provider";
    Some(match *known == asked {
        true => Check::ok(name, known.clone()),
        false => Check::fail(
            name,
            Exit::Usage,
            format!("its gifts were given through {known}, not through {asked}"),
            "correct the wallet URL; where the provider has moved: giftbatch ledger rebind",
        ),
    })
}

/// How much room the disk has, in rows too.
fn room(path: &Path) -> Option<Check> {
    // The folder may not be there yet.
    let folder = path.ancestors().skip(1).find(|folder| folder.is_dir());
    let folder = folder.unwrap_or(Path::new("."));
    let disk = rustix::fs::statvfs(folder).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let rows = free / ROW_BYTES;
    let detail = format!("{} free, room for about {rows} rows", human(free));
    Some(match free < LITTLE_ROOM {
        true => Check::warn("disk", detail, format!("make room beside {}", path.display())),
        false => Check::ok("disk", detail),
    })
}
