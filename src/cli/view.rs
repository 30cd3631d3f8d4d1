//! `status`, `gifts`, `show` and `report`: the commands that only read.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use super::begun::{Begun, read_to_the_end};
use super::commands::{GiftsArgs, ReportArgs, ReportFormat, ShowArgs, StatusArgs};
use super::context::{self, Context};
use super::exit::Exit;
use super::failure::Failure;
use super::finish;
use super::watch::watch;
use crate::domain::{GiftKey, WalletId, parse_guid};
use crate::ledger::{Campaign, Ledger};
use crate::report::{self, Cells, ReportError, Summary, list};

/// `giftbatch status`.
pub(super) async fn status(context: &Context, args: &StatusArgs) -> Result<Exit, Failure> {
    if args.watch {
        match watch(context, args).await? {}
    }
    let ledger = context.ledger().await?;
    if let Some(name) = &args.campaign {
        let campaign = context::campaign(&ledger, name).await?;
        let summary = Summary::read(&ledger, &campaign).await?;
        finish::tell(context, &summary, Exit::Done);
        return Ok(Exit::Done);
    }
    let mut summaries = Vec::new();
    for campaign in ledger.campaigns().await? {
        summaries.push(Summary::read(&ledger, &campaign).await?);
    }
    if context.out.args.json {
        let documents: Vec<String> = summaries
            .iter()
            .map(|summary| finish::document(context, summary, Exit::Done))
            .collect();
        context.out.result(&format!("[{}]", documents.join(",")));
    } else if summaries.is_empty() {
        context.out.people("the ledger has no campaign yet: giftbatch load FILE --campaign NAME");
    } else {
        context.out.people(&report::overview(&summaries));
    }
    Ok(Exit::Done)
}

/// `giftbatch gifts`.
pub(super) async fn gifts(context: &Context, args: &GiftsArgs) -> Result<Exit, Failure> {
    let ledger = context.ledger().await?;
    let campaign = context::campaign(&ledger, &args.campaign).await?;
    let form = match (context.out.args.json, args.csv) {
        (true, _) => list::ListForm::Json,
        (false, true) => list::ListForm::Csv(Cells::Spreadsheet),
        (false, false) => table(),
    };
    let mut out = Begun::new(io::stdout());
    let written = list::write(&ledger, &campaign, args.state, form, &mut out).await.map(drop);
    out.end(context, written)
}

/// `giftbatch show`.
pub(super) async fn show(context: &Context, args: &ShowArgs) -> Result<Exit, Failure> {
    let id = parse_guid(&args.id)
        .map_err(|error| Failure::usage(format!("{:?} is {error}", args.id)))?;
    let ledger = context.ledger().await?;
    if let Some(gift) = ledger.gift(GiftKey(id)).await? {
        let history = ledger.history(gift.row).await?;
        context.out.result(&if context.out.args.json {
            report::story_json(&gift, &history)
        } else {
            report::story(&gift, &history)
        });
        return Ok(Exit::Done);
    }
    let gifts = ledger.gifts_of_wallet(WalletId(id)).await?;
    if gifts.is_empty() {
        return Err(Failure::usage(format!("the ledger has no gift and no wallet {id}"))
            .hint("keys and wallets are listed by: giftbatch gifts NAME"));
    }
    if context.out.args.json {
        let mut out = io::stdout().lock();
        let written = list::write_gifts(&gifts, list::ListForm::Json, &mut out);
        return read_to_the_end(written.map(drop));
    }
    for gift in &gifts {
        let history = ledger.history(gift.row).await?;
        context.out.result(&report::story(gift, &history));
    }
    Ok(Exit::Done)
}

/// `giftbatch report`.
pub(super) async fn report(context: &Context, args: &ReportArgs) -> Result<Exit, Failure> {
    let ledger = context.ledger().await?;
    let campaign = context::campaign(&ledger, &args.campaign).await?;
    let format = format(context, args)?;
    let Some(path) = &args.output else {
        let mut out = Begun::new(io::stdout());
        let written = write(context, args, format, &ledger, &campaign, &mut out).await;
        return out.end(context, written);
    };
    let failed =
        |error: io::Error| Failure::usage(format!("cannot write {}: {error}", path.display()));
    // Written beside it and then moved there: nobody ever reads half a report.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file =
        tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
    let mut to = io::BufWriter::new(file.as_file_mut());
    write(context, args, format, &ledger, &campaign, &mut to).await?;
    drop(to);
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    context.out.note(&format!("wrote {}", path.display()));
    if context.out.args.json {
        let summary = Summary::read(&ledger, &campaign).await?;
        context.out.result(&finish::document(context, &summary, Exit::Done));
    }
    Ok(Exit::Done)
}

/// Standard output holds one document with `--json`; a file takes any form.
fn format(context: &Context, args: &ReportArgs) -> Result<ReportFormat, Failure> {
    match args.format {
        format if !context.out.args.json || args.output.is_some() => Ok(format),
        ReportFormat::Text | ReportFormat::Json => Ok(ReportFormat::Json),
        _ => Err(Failure::usage("--json and --format both want standard output")
            .hint("leave one of them out, or name a file for the report with -o")),
    }
}

async fn write<W: Write>(
    context: &Context,
    args: &ReportArgs,
    format: ReportFormat,
    ledger: &Ledger,
    campaign: &Campaign,
    out: &mut W,
) -> Result<(), ReportError> {
    match format {
        ReportFormat::Csv => {
            let cells = if args.raw { Cells::Raw } else { Cells::Spreadsheet };
            report::csv::write(ledger, campaign, out, cells).await?;
        }
        ReportFormat::Text => {
            let summary = Summary::read(ledger, campaign).await?;
            out.write_all(report::text::summary(&summary).as_bytes())?;
        }
        ReportFormat::Json => {
            let summary = Summary::read(ledger, campaign).await?;
            writeln!(out, "{}", finish::document(context, &summary, Exit::Done))?;
        }
    }
    Ok(out.flush()?)
}

fn table() -> list::ListForm {
    let width = io::stdout()
        .is_terminal()
        .then(terminal_size::terminal_size)
        .flatten()
        .map_or(160, |(width, _)| width.0);
    list::ListForm::Table { width }
}
