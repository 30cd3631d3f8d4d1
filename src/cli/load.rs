//! `check` and `load`: a file's rows on their way into a ledger, all or none.
//!
//! `check` goes the same way into a ledger of its own that is thrown away, so that the two never
//! disagree about a file.

use chrono::{SubsecRound, TimeDelta};

use super::commands::{CheckArgs, FileArgs, LoadArgs};
use super::context::{Context, Session};
use super::exit::Exit;
use super::failure::Failure;
use super::preview::{Loaded, Seen};
use crate::crash::{self, Step};
use crate::domain::{CampaignName, Money};
use crate::intake::{Fault, Place, ReadOptions, Row, RowOutcome, Survey, read, survey};
use crate::ledger::{AddedRow, Ledger, Load, LoadHeader, LoadTotals, NewRow, RowFate, RunLock};
use crate::plan::Limits;

/// Rows that go to the ledger at once.
const GROUP: usize = 1_000;

/// The same content under another name is suspicious for this long.
const SAME_CONTENT_DAYS: i64 = 30;

/// `giftbatch check`.
pub(super) async fn check(context: &Context, args: &CheckArgs) -> Result<Exit, Failure> {
    let folder = tempfile::tempdir()?;
    let ledger = Ledger::open(&folder.path().join("check.db")).await?;
    let lock = RunLock::take(ledger.path(), context.command, context.now())?;
    let mut session = Session::of(ledger, lock, context.now()).await?;
    let name = "check".parse().expect("a plain word is a campaign's name");
    let loaded = load_file(context, &mut session, &args.file, &name, args.max_total).await?;
    if context.out.args.json {
        context.out.result(&loaded.to_json());
    } else {
        context.out.people(&loaded.figures());
        context.out.people("the file is good; nothing was stored or sent");
    }
    Ok(Exit::Done)
}

/// `giftbatch load`, without its report.
pub(super) async fn load(
    context: &Context,
    session: &mut Session,
    args: &LoadArgs,
) -> Result<Loaded, Failure> {
    let loaded = load_file(context, session, &args.file, &args.campaign, args.max_total).await?;
    if !context.out.args.json {
        context.out.note(&loaded.preview());
    }
    Ok(loaded)
}

async fn load_file(
    context: &Context,
    session: &mut Session,
    args: &FileArgs,
    name: &CampaignName,
    max_total: Option<Money>,
) -> Result<Loaded, Failure> {
    let known = session.ledger.campaign(name.as_str()).await?;
    // What a row means must not depend on the day: a campaign's days count from its first load.
    let today = context.now().trunc_subsecs(3);
    let first_load = known.as_ref().map_or(today, |known| known.first_loaded_at);
    let options = read_options(context, args, first_load);
    let survey = survey(&args.file, &options)?;
    let header = LoadHeader {
        campaign: name.clone(),
        header_json: serde_json::to_string(&survey.header)?,
        dialect_json: serde_json::to_string(&survey.dialect)?,
        file_sha256: survey.sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    let mut load = session.writer.begin().await?.load(&header, today).await?;
    let rows = read_rows(args, &survey, &options, &mut load).await;
    let since = today - TimeDelta::days(SAME_CONTENT_DAYS);
    let judged = match rows {
        Ok(seen) => {
            let totals = load.finish(since).await?;
            judge(context, args, max_total, seen, totals)
        }
        Err(failure) => Err(failure),
    };
    let (seen, totals) = match judged {
        Ok(good) => good,
        Err(failure) => {
            // Where the ledger failed, SQLite may have undone it already: the first failure is told.
            let _ = load.rollback().await;
            return Err(failure);
        }
    };
    crash::before(Step::Load);
    load.commit().await?;
    crash::after(Step::Load);
    let campaign = super::context::campaign(&session.ledger, name.as_str()).await?;
    let (wallets, _) = session.ledger.wallets(campaign.id).await?;
    Ok(Loaded { campaign, survey, totals: seen.totals, wallets, load: totals, seen })
}

fn read_options(
    context: &Context,
    args: &FileArgs,
    now: chrono::DateTime<chrono::Utc>,
) -> ReadOptions {
    let tz = context.settings.tz;
    ReadOptions {
        encoding: args.encoding,
        sheet: args.sheet.clone(),
        currency: args.currency.clone(),
        delimiter: args.delimiter,
        decimal: args.decimal,
        map: args.map.iter().map(|mapping| (mapping.0, mapping.1.clone())).collect(),
        description: args.description.clone(),
        expires: args.expires.as_ref().map(|expires| expires.resolve(now, tz)),
        tz,
        now,
    }
}

/// Streams the rows into the load; what is wrong with them is collected, not thrown.
async fn read_rows(
    args: &FileArgs,
    survey: &Survey,
    options: &ReadOptions,
    load: &mut Load<'_>,
) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    let mut group = Vec::with_capacity(GROUP);
    for outcome in read(&args.file, survey, options)? {
        match outcome? {
            RowOutcome::Good(row) => {
                seen.totals.add(row.line, &row.content);
                group.push(new_row(row)?);
            }
            RowOutcome::Bad(bad) => seen.faults.extend(bad.faults),
        }
        if group.len() == GROUP {
            seen.note(load.add(std::mem::take(&mut group)).await?);
        }
    }
    seen.note(load.add(group).await?);
    Ok(seen)
}

fn new_row(row: Row) -> Result<NewRow, Failure> {
    Ok(NewRow {
        line: row.line,
        cells_json: serde_json::to_string(&row.cells)?,
        content: row.content,
        reference: row.reference,
    })
}

/// Whether the file may be stored: its rows first, then what a person said about it.
fn judge(
    context: &Context,
    args: &FileArgs,
    max_total: Option<Money>,
    seen: Seen,
    totals: LoadTotals,
) -> Result<(Seen, LoadTotals), Failure> {
    if !seen.faults.is_empty() {
        context.out.complain(&seen.faults.to_string());
        let rows = if seen.faults.count() == 1 { "fault" } else { "faults" };
        return Err(Failure::new(
            Exit::FileRefused,
            format!("the file has {} {rows}; nothing was stored or sent", seen.faults.count()),
        ));
    }
    if seen.identical.count > 0 && !args.allow_duplicates {
        return Err(Failure::new(
            Exit::FileRefused,
            format!("{} repeat an identical row: {}", seen.identical.rows(), seen.identical),
        )
        .hint("if each is meant as a gift of its own, say --allow-duplicates"));
    }
    let limits = Limits {
        expect_rows: args.expect_rows,
        expect_total: args.expect_total,
        max_gift: args.max_gift,
        max_total,
    };
    let breaches: Vec<String> =
        limits.check(&seen.totals).iter().map(ToString::to_string).collect();
    if !breaches.is_empty() {
        return Err(Failure::new(Exit::NotConfirmed, breaches.join("; "))
            .hint("check the file, or correct the limit; nothing was stored or sent"));
    }
    // A campaign that goes on with its own rows was allowed once.
    let is_news = totals.added > 0 && !totals.same_content_as.is_empty();
    if is_news && !args.allow_same_content {
        let names = totals.same_content_as.join(", ");
        return Err(Failure::new(
            Exit::NotConfirmed,
            format!("the very same gifts were sent within {SAME_CONTENT_DAYS} days as: {names}"),
        )
        .hint("if they are to be given once more, say --allow-same-content"));
    }
    Ok((seen, totals))
}

impl Seen {
    fn note(&mut self, rows: Vec<AddedRow>) {
        for row in rows {
            if row.occurrence > 1 {
                self.identical.add(row.line);
            }
            match row.fate {
                RowFate::Added | RowFate::Known => {}
                RowFate::ChangedContent => self.changed.add(row.line),
                RowFate::ReferenceRepeated => self.faults.push(Fault {
                    place: Place::Line(row.line),
                    column: "reference".to_owned(),
                    value: row.reference.unwrap_or_default(),
                    problem: "this reference stands on an earlier line too".to_owned(),
                    mend: "give every row a reference of its own".to_owned(),
                }),
            }
        }
    }
}
