//! `ledger info`, `ledger backup` and `ledger verify`: care for the ledger's file, which changes nothing.
//!
//! **Invariant:** none of them takes the run lock, makes a ledger, or writes to the one it looks at.

use std::path::Path;

use serde_json::{Value, json};

use super::care::{BackupArgs, LedgerCommand, VerifyArgs};
use super::context::{Context, refuse_missing};
use super::exit::Exit;
use super::failure::Failure;
use super::rebind::rebind;
use super::view::screen;
use crate::domain::{GiftState, number_of};
use crate::ledger::{
    Fault, Inspection, LedgerCopy, LedgerError, LedgerFacts, LedgerForm, RunRecord, Statement,
    Verified, holder,
};
use crate::report::{count, fold, instant, money, read_statement};

/// `giftbatch ledger …`.
pub(super) async fn ledger(context: &Context, command: &LedgerCommand) -> Result<Exit, Failure> {
    match command {
        LedgerCommand::Info => info(context).await,
        LedgerCommand::Backup(args) => backup(context, args).await,
        LedgerCommand::Verify(args) => verify(context, args).await,
        LedgerCommand::Rebind => rebind(context).await,
    }
}

/// Looks at the ledger of the settings, which must be there and of this program's form.
async fn inspect<T>(
    context: &Context,
    look: impl AsyncFn(&mut Inspection) -> Result<T, LedgerError>,
) -> Result<T, Failure> {
    let path = &context.settings.ledger;
    refuse_missing(path)?;
    let checked = async |ledger: &mut Inspection| match ledger.form().await?.1 {
        LedgerForm::Current => Ok(look(ledger).await?),
        LedgerForm::Older => {
            Err(Failure::new(Exit::Unexpected, "the ledger is of an older version")
                .hint("any command that uses it, as `giftbatch status`, brings it up to date"))
        }
        LedgerForm::Newer => Err(newer()),
    };
    Inspection::look(path, checked).await
}

fn newer() -> Failure {
    Failure::new(Exit::Unexpected, "the ledger is of a newer version than this program")
        .hint("use the giftbatch that wrote it, or a newer one")
}

async fn info(context: &Context) -> Result<Exit, Failure> {
    let is_json = context.out.args.json;
    let told = inspect(context, async |ledger| {
        let (steps, _) = ledger.form().await?;
        let facts = ledger.facts().await?;
        Ok(match is_json {
            true => info_json(ledger, steps, &facts).to_string(),
            false => info_text(ledger, steps, &facts),
        })
    });
    context.out.result(&told.await?);
    Ok(Exit::Done)
}

fn info_json(ledger: &Inspection, steps: u64, facts: &LedgerFacts) -> Value {
    let (bytes, log_bytes) = ledger.bytes();
    let mut gifts = serde_json::Map::new();
    let mut amounts = serde_json::Map::new();
    for state in GiftState::ALL {
        let tally = facts.states.iter().find(|tally| tally.state == state);
        gifts.insert(state.word().to_owned(), tally.map_or(0, |tally| tally.gifts).into());
        let amount = tally.map(|tally| tally.amount).unwrap_or_default();
        amounts.insert(state.word().to_owned(), amount.to_string().into());
    }
    let last_run = facts.last_run.as_ref().map(|(campaign, run)| {
        json!({
            "campaign": campaign,
            "command": run.command,
            "started_at": instant(run.started_at),
            "ended_at": run.ended_at.map(instant),
            "outcome": run.outcome,
            "reason": run.reason,
        })
    });
    json!({
        "version": 1,
        "command": "ledger info",
        "status": "complete",
        "exit_code": 0,
        "path": ledger.path(),
        "id": facts.id,
        "schema": steps,
        "created_at": instant(facts.created_at),
        "bytes": bytes,
        "log_bytes": log_bytes,
        "is_copy": facts.is_copy,
        "is_old": facts.is_old,
        "restored_at": facts.restored_at.map(instant),
        "campaigns": facts.campaigns,
        "campaigns_to_reconcile": facts.forgotten,
        "gifts": gifts,
        "amounts": amounts,
        "provider": facts.provider.as_ref().map(|provider| &provider.origin),
        "provider_first_used_at": facts.first_used_at.map(instant),
        "lists_proven_at": facts.lists_proven_at.map(instant),
        "last_run": last_run,
    })
}

fn info_text(ledger: &Inspection, steps: u64, facts: &LedgerFacts) -> String {
    let (bytes, log_bytes) = ledger.bytes();
    let mut lines = vec![
        ("ledger", ledger.path().display().to_string()),
        ("id", facts.id.to_string()),
        ("form", format!("step {steps}, made {}", instant(facts.created_at))),
        ("size", format!("{}, and {} in its log", human(bytes), human(log_bytes))),
        ("campaigns", facts.campaigns.to_string()),
    ];
    let gifts: u64 = facts.states.iter().map(|tally| tally.gifts).sum();
    lines.push(("gifts", gifts.to_string()));
    for state in GiftState::ALL {
        if let Some(tally) = facts.states.iter().find(|tally| tally.state == state) {
            lines.push((
                "",
                format!("{:<10} {:>10}  {:>16}", state, count(tally.gifts), money(tally.amount)),
            ));
        }
    }
    lines.push(match (&facts.provider, facts.first_used_at) {
        (Some(provider), Some(since)) => {
            ("provider", format!("{}, since {}", provider.origin, instant(since)))
        }
        _ => ("provider", "none yet: the first gift binds it to one".to_owned()),
    });
    lines.push(match facts.lists_proven_at {
        Some(at) => ("its lists", format!("seen to show what exists, first {}", instant(at))),
        None => ("its lists", "not yet seen to show what exists".to_owned()),
    });
    lines.push(match &facts.last_run {
        Some((campaign, run)) => ("last run", run_words(ledger.path(), campaign, run)),
        None => ("last run", "none yet".to_owned()),
    });
    let age = age_words(facts);
    if let Some(age) = age {
        lines.push(("age", age));
    }
    let line = |(name, value): &(&str, String)| format!("{name:<10} {value}");
    lines.iter().map(|each| fold(&line(each), screen(), 11) + "\n").collect()
}

fn run_words(ledger: &Path, campaign: &str, run: &RunRecord) -> String {
    let end = match (&run.outcome, run.ended_at, holder(ledger)) {
        (Some(outcome), Some(at), _) => format!("ended {} ({outcome})", instant(at)),
        (_, _, Ok(None)) => "was killed: it has no end".to_owned(),
        (_, _, Ok(Some(holder))) => format!("no end yet; the ledger is held by {holder}"),
        (_, _, Err(_)) => "no end: it goes on, or was killed".to_owned(),
    };
    format!("`{}` of {campaign}, began {}, {end}", run.command, instant(run.started_at))
}

/// What is to be known of a ledger that may have forgotten something.
pub(super) fn age_words(facts: &LedgerFacts) -> Option<String> {
    if facts.is_copy {
        return Some("a copy: put to use, it gives nothing until it is reconciled".to_owned());
    }
    if facts.is_old {
        return Some(
            "older than what was sent: it gives nothing until it is reconciled".to_owned(),
        );
    }
    (facts.forgotten > 0).then(|| {
        format!(
            "an old copy was restored: nothing is given of {} until reconciled",
            number_of(facts.forgotten, "campaign")
        )
    })
}

/// Bytes for people.
pub(super) fn human(bytes: u64) -> String {
    match bytes {
        0..=99_999 => format!("{bytes} bytes"),
        100_000..=999_999_999 => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10),
    }
}

async fn backup(context: &Context, args: &BackupArgs) -> Result<Exit, Failure> {
    if args.file.symlink_metadata().is_ok() {
        return Err(Failure::usage(format!("{} is there already", args.file.display()))
            .hint("a backup replaces nothing: give it another name, or move that file away"));
    }
    refuse_missing(&context.settings.ledger)?;
    // Beside others at once: a run may begin while a large ledger is copied.
    let mut ledger = Inspection::open(&context.settings.ledger).await?;
    if ledger.form().await?.1 == LedgerForm::Newer {
        return Err(newer());
    }
    let copy = ledger.copy_to(&args.file).await.map_err(|error| match error {
        // The folder is not there, or may not be written to: nothing is wrong with the ledger.
        error @ LedgerError::File { .. } => Failure { exit: Exit::Usage, ..error.into() },
        error => error.into(),
    })?;
    ledger.close().await?;
    let LedgerCopy { path, bytes, gifts } = copy;
    if context.out.args.json {
        let document = json!({
            "version": 1, "command": "ledger backup", "status": "complete", "exit_code": 0,
            "file": path, "bytes": bytes, "gifts": gifts,
        });
        context.out.result(&document.to_string());
    } else {
        context.out.people(&format!(
            "wrote {}: {}, {}, read back and whole",
            path.display(),
            number_of(gifts, "gift"),
            human(bytes)
        ));
    }
    Ok(Exit::Done)
}

async fn verify(context: &Context, args: &VerifyArgs) -> Result<Exit, Failure> {
    let statement = args.statement.as_deref().map(read).transpose()?;
    let look = async |ledger: &mut Inspection| ledger.verify(statement.as_ref()).await;
    let verified = inspect(context, look).await?;
    let exit = if verified.fault_count == 0 { Exit::Done } else { Exit::Attention };
    if context.out.args.json {
        context.out.result(&verified_json(context, &verified, exit).to_string());
    } else {
        tell_verified(context, &verified, statement.is_some());
    }
    Ok(exit)
}

fn read(path: &Path) -> Result<Statement, Failure> {
    let failed = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    read_statement(&text).map_err(|error| {
        failed(error.to_string())
            .hint("a statement is what `giftbatch report NAME --format statement` writes")
    })
}

fn verified_json(context: &Context, verified: &Verified, exit: Exit) -> Value {
    let faults: Vec<Value> = verified
        .faults
        .iter()
        .map(|Fault { table, key, what }| json!({ "table": table, "key": key, "what": what }))
        .collect();
    json!({
        "version": 1,
        "command": "ledger verify",
        "status": exit.status(None).word(),
        "exit_code": exit.code(),
        "path": context.settings.ledger,
        "campaigns": verified.campaigns,
        "gifts": verified.gifts,
        "steps": verified.steps,
        "chain": verified.chain.to_string(),
        "findings": verified.fault_count,
        "found": faults,
    })
}

fn tell_verified(context: &Context, verified: &Verified, has_statement: bool) {
    let path = context.settings.ledger.display();
    let Verified { campaigns, gifts, steps, faults, fault_count, .. } = verified;
    if *fault_count == 0 {
        let (campaigns, stand) = (number_of(*campaigns, "campaign"), number_of(*gifts, "gift"));
        let (stand, steps) =
            (stand + if *gifts == 1 { " stands" } else { " stand" }, number_of(*steps, "step"));
        context.out.people(&format!(
            "{path} is whole: {stand} where {steps} of attempts and events lead, and the \
             sums of {campaigns} are theirs{}",
            if has_statement { "; it says what the statement says" } else { "" }
        ));
        return;
    }
    for Fault { table, key, what } in faults {
        let table = if table.is_empty() { "file" } else { table };
        let key = key.as_deref().map(|key| format!(" {key}")).unwrap_or_default();
        context.out.result(&format!("{table}{key}: {what}"));
    }
    let more = fault_count.saturating_sub(faults.len() as u64);
    if more > 0 {
        context.out.result(&format!("and {more} more"));
    }
    let noun = if *fault_count == 1 { "finding" } else { "findings" };
    context.out.complain(&format!(
        "error: {path} is not what it should be ({fault_count} {noun})\nhint: send nothing by it; put a \
         backup back, which `giftbatch ledger verify --ledger BACKUP` finds whole, and reconcile"
    ));
}
