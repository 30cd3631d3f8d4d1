//! `report`: how a campaign stands, in the form that is asked for, on standard output or in a file.
//!
//! **Invariant:** a file has the whole report or is not touched.

use std::io::{self, Write};

use super::begun::Begun;
use super::context::{self, Context};
use super::exit::Exit;
use super::failure::Failure;
use super::finish;
use super::output::Output;
use super::report_args::{CsvDialect, ReportArgs, ReportFormat, ReportLang};
use super::view::screen;
use crate::ledger::{Campaign, Ledger};
use crate::report::csv::{CsvForm, Sheet};
use crate::report::html::{Lang, Look, Wallets};
use crate::report::{self, Cells, ReportError, Screen, Summary};

/// `giftbatch report`.
pub(super) async fn report(context: &Context, args: &ReportArgs) -> Result<Exit, Failure> {
    refuse_mixed(args)?;
    let ledger = context.ledger().await?;
    let campaign = context::campaign(&ledger, &args.campaign).await?;
    let output = Output::find(context, &ledger, args.output.as_deref()).await?;
    let format = format(context, args, &output)?;
    let form = (format, if output.is_standard() { screen() } else { None });
    if output.is_standard() {
        let mut out = Begun::new(io::stdout());
        let written = write(context, args, form, &ledger, &campaign, &mut out).await;
        return out.end(context, written);
    }
    let mut draft = output.draft()?;
    let mut to = io::BufWriter::new(draft.as_file_mut());
    write(context, args, form, &ledger, &campaign, &mut to).await?;
    drop(to);
    output.keep(context, draft)?;
    if context.out.args.json {
        let summary = Summary::read(&ledger, &campaign).await?;
        context.out.result(&finish::document(context, &summary, Exit::Done));
    }
    Ok(Exit::Done)
}

/// Standard output holds one document with `--json`; a file takes any form.
fn format(context: &Context, args: &ReportArgs, output: &Output) -> Result<ReportFormat, Failure> {
    match args.format {
        format if !context.out.args.json || !output.is_standard() => Ok(format),
        ReportFormat::Text | ReportFormat::Json => Ok(ReportFormat::Json),
        _ => Err(Failure::usage("--json and --format both want standard output")
            .hint("leave one of them out, or name a file for the report with -o")),
    }
}

/// A flag of another form would be overlooked, and somebody would think that it was heeded.
fn refuse_mixed(args: &ReportArgs) -> Result<(), Failure> {
    let flags = [
        ("--state", !args.state.is_empty(), ReportFormat::Csv, "csv"),
        ("--dialect", args.dialect.is_some(), ReportFormat::Csv, "csv"),
        ("--raw", args.raw, ReportFormat::Csv, "csv"),
        ("--lang", args.lang.is_some(), ReportFormat::Html, "html"),
        ("--full", args.full, ReportFormat::Html, "html"),
    ];
    let mixed = flags.into_iter().find(|(_, is_given, form, _)| *is_given && args.format != *form);
    mixed.map_or(Ok(()), |(flag, _, _, form)| {
        Err(Failure::usage(format!("{flag} is for --format {form}")))
    })
}

async fn write<W: Write>(
    context: &Context,
    args: &ReportArgs,
    // A file is for any screen.
    (format, screen): (ReportFormat, Screen),
    ledger: &Ledger,
    campaign: &Campaign,
    out: &mut W,
) -> Result<(), ReportError> {
    match format {
        ReportFormat::Csv => {
            report::csv::write(ledger, campaign, out, &csv_form(context, args)).await?;
        }
        ReportFormat::Text => {
            let summary = Summary::read(ledger, campaign).await?;
            out.write_all(report::text::summary_on(&summary, screen).as_bytes())?;
        }
        ReportFormat::Json => {
            let summary = Summary::read(ledger, campaign).await?;
            writeln!(out, "{}", finish::document(context, &summary, Exit::Done))?;
        }
        ReportFormat::Statement => {
            let stated = ledger.statement(&campaign.name).await?;
            let statement = stated.expect("a campaign is never deleted");
            out.write_all(report::statement_text(&statement, context.now()).as_bytes())?;
        }
        ReportFormat::Html => {
            let look = Look {
                lang: match args.lang {
                    Some(ReportLang::Tr) => Lang::Tr,
                    Some(ReportLang::En) | None => Lang::En,
                },
                tz: context.settings.tz,
                wallets: if args.full { Wallets::Whole } else { Wallets::Short },
                now: context.now(),
            };
            report::html::write(ledger, campaign, &look, out).await?;
        }
    }
    Ok(out.flush()?)
}

fn csv_form(context: &Context, args: &ReportArgs) -> CsvForm {
    CsvForm {
        cells: if args.raw { Cells::Raw } else { Cells::Spreadsheet },
        sheet: match args.dialect {
            Some(CsvDialect::ExcelTr) => Sheet::ExcelTr { tz: context.settings.tz },
            Some(CsvDialect::Plain) | None => Sheet::Plain,
        },
        states: args.state.iter().flat_map(|states| states.0.clone()).collect(),
    }
}
