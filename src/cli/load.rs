//! `load`: a file's rows on their way into a ledger, all or none.

use chrono::{DateTime, TimeDelta, Utc};

use super::commands::{FileArgs, LoadArgs, OnInvalid};
use super::context::{Context, Session};
use super::exit::Exit;
use super::failure::Failure;
use super::give::exposure;
use super::judge::{Measure, SAME_CONTENT_DAYS, judge};
use super::look::Look;
use super::note::note;
use super::preview::{Before, Preview};
use super::reading::{self, Validity};
use super::rejects::{Finished, Rejects};
use super::seen::Seen;
use super::sieve::Sieve;
use super::stream::{Meter, stream};
use super::{again, corrected};
use crate::crash::{self, Step};
use crate::domain::{CampaignName, Expiry, Money};
use crate::intake::{Birthdays, DefaultExpiry, IntakeError, ReadOptions, Rows, Survey, read};
use crate::ledger::{Campaign, Load, LoadHeader, LoadTotals, Repeats};
use crate::plan::largest_of_series;
use crate::report::States;

/// What a file brought.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) campaign: Campaign,
    pub(super) preview: Preview,
    /// Gifts that are new.
    pub(super) added: u64,
    pub(super) rejects: Option<Finished>,
}

/// A file on its way into a campaign.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) args: &'a FileArgs,
    pub(super) campaign: &'a CampaignName,
    pub(super) max_total: Option<Money>,
    /// The limit is for all that the campaign gives, and not for the file.
    pub(super) gives: bool,
    /// It is a file of customers.
    pub(super) celebration: Option<&'a Celebration>,
    /// A person will be asked about rows that look like corrected ones.
    pub(super) asks: bool,
}

/// What a day's birthdays bring.
#[derive(Debug)]
pub(super) struct Celebration {
    pub(super) series: CampaignName,
    pub(super) birthdays: Birthdays,
    pub(super) expiry: Expiry,
    /// As it was said.
    pub(super) validity: Validity,
}

/// `giftbatch load`, without its report. What the file would change is shown before it is stored. `asks` where
/// a person is there to be asked.
pub(super) async fn load(
    context: &Context,
    session: &mut Session,
    args: &LoadArgs,
    gives: bool,
    asks: bool,
) -> Result<Loaded, Failure> {
    let source = Source {
        args: &args.file,
        campaign: &args.campaign,
        max_total: args.max_total,
        gives,
        celebration: None,
        asks,
    };
    let look = Look::at(context, &session.ledger, &source).await?;
    if let Some(loaded) = again::again(context, &session.ledger, &source, &look).await? {
        show(context, &loaded);
        return Ok(loaded);
    }
    let (load, mut loaded) = bring(context, session, None, &source, look).await?;
    show(context, &loaded);
    let corrected = &loaded.preview.seen.corrected;
    if corrected.count > 0
        && !args.file.allow_corrected
        && let Err(failure) = corrected::ask(corrected, "line")
    {
        load.rollback().await?;
        return Err(failure);
    }
    store(context, load).await?;
    session.writer.fold().await;
    keep_rejects(context, &mut loaded)?;
    Ok(loaded)
}

/// Shows what a load brings.
pub(super) fn show(context: &Context, loaded: &Loaded) {
    if !context.out.args.json {
        let text = loaded.preview.text();
        context.out.note(&format!("{text}  {:<10} {}", "plan", loaded.campaign.plan_id()));
    }
}

/// Stores a load.
pub(super) async fn store(context: &Context, mut load: Load<'_>) -> Result<(), Failure> {
    load.note(&note(context, None)).await?;
    crash::before(Step::Load);
    load.commit().await?;
    crash::after(Step::Load);
    Ok(())
}

pub(super) fn keep_rejects(context: &Context, loaded: &mut Loaded) -> Result<(), Failure> {
    let kept = loaded.rejects.take().map(Finished::keep).transpose()?;
    if let Some((path, count)) = kept.flatten() {
        let rows = if count == 1 { "1 row was".to_owned() } else { format!("{count} rows were") };
        context.out.complain(&format!(
            "{rows} left out and written to {}: mend them there and load that file",
            path.display()
        ));
    }
    Ok(())
}

/// Brings a file that may be stored to the point where one commit stores it. What providers say of
/// it is kept aside, where there is such a place.
pub(super) async fn prepare<'s>(
    context: &Context,
    session: &'s mut Session,
    aside: Option<&mut Session>,
    source: &Source<'_>,
) -> Result<(Load<'s>, Loaded), Failure> {
    let look = Look::at(context, &session.ledger, source).await?;
    bring(context, session, aside, source, look).await
}

/// The same of a file that was looked at.
async fn bring<'s>(
    context: &Context,
    session: &'s mut Session,
    aside: Option<&mut Session>,
    source: &Source<'_>,
    look: Look,
) -> Result<(Load<'s>, Loaded), Failure> {
    let Source { args, max_total, gives, celebration, asks, .. } = *source;
    let Look { name, known, today, options, survey, file_sha256, earlier } = look;
    let campaigns = session.ledger.campaigns().await?;
    let sieve = match aside {
        Some(aside) => Sieve::ask(context, aside, args, &survey, &options).await?,
        None => Sieve::ask(context, session, args, &survey, &options).await?,
    };
    let sieve = sieve.on(today, &survey, &options);
    let header = LoadHeader {
        campaign: name.clone(),
        header_json: serde_json::to_string(&survey.header)?,
        dialect_json: serde_json::to_string(&survey.dialect)?,
        file_sha256,
    };
    let others = campaigns.iter().map(|campaign| (campaign.name.as_str(), campaign.total));
    let exposed = match &known {
        Some(known) if gives => {
            exposure(&States::read_still(&session.ledger, known).await?, Money::ZERO)
        }
        _ => Money::ZERO,
    };
    let measure = Measure {
        args,
        max_total,
        exposed: gives.then_some(exposed),
        before: if known.is_some() { Before::Loaded } else { Before::Unknown },
        // How many have a birthday differs from day to day.
        largest_of_series: match celebration {
            Some(_) => None,
            None => largest_of_series(name.as_str(), others),
        },
        options: &options,
        validity: reading::validity(args, celebration),
        earlier,
        asks,
    };
    let file = File { survey, options: &options, sieve, today };
    let mut load = session.writer.begin().await?.load(&header, today).await?;
    let repeats = match celebration {
        Some(celebration) => {
            load.belong_to_series(&celebration.series);
            Repeats::EachRow
        }
        None => Repeats::AtTheEnd,
    };
    let mut filled = fill(context, &measure, &file, &mut load, repeats).await;
    if matches!(filled, Ok(None)) {
        load = load.start_over(&header).await?;
        filled = fill(context, &measure, &file, &mut load, Repeats::EachRow).await;
    }
    match filled {
        Ok(loaded) => Ok((load, loaded.expect("a load that looks at each row tells them apart"))),
        Err(failure) => {
            // Where the ledger failed, SQLite may have undone it already: the first failure is told.
            let _ = load.rollback().await;
            Err(failure)
        }
    }
}

/// A file that was surveyed, and how it is to be read.
struct File<'f> {
    survey: Survey,
    options: &'f ReadOptions,
    sieve: Sieve,
    today: DateTime<Utc>,
}

/// Reads the rows into the load, and looks at them. Nothing comes back where only the end showed that
/// rows repeat: then the load is to be made again, with a look at each row.
async fn fill(
    context: &Context,
    measure: &Measure<'_>,
    file: &File<'_>,
    load: &mut Load<'_>,
    repeats: Repeats,
) -> Result<Option<Loaded>, Failure> {
    let File { survey, options, sieve, today } = file;
    load.make_room(survey.rows, repeats).await?;
    let meter = Meter::start(context, survey.rows);
    let since = *today - TimeDelta::days(SAME_CONTENT_DAYS);
    let mut rejects = match (measure.args.on_invalid, &measure.args.rejects) {
        (OnInvalid::Skip, Some(path)) => Some(Rejects::create(path, survey)?),
        _ => None,
    };
    let rows = read(&measure.args.file, survey, options);
    let read = take_in(rows, load, sieve, Seen::of(survey), &mut rejects, &meter, since).await;
    meter.finish().await;
    let Some((mut seen, totals)) = read? else {
        return Ok(None);
    };
    if measure.before == Before::Loaded && totals.added > 0 && seen.customers.is_none() {
        seen.corrected = load.corrected().await?;
    }
    let (reading, breach) = match judge(context, measure, survey, &seen, &totals, load).await {
        Ok(reading) => (Some(reading), None),
        Err(failure) if failure.exit == Exit::NotConfirmed => (None, Some(failure)),
        Err(failure) => return Err(failure),
    };
    if measure.before == Before::Loaded && totals.added > 0 {
        warn_of_first_day(context, measure, &seen, *today);
    }
    let survey = survey.clone();
    let preview = Preview::of(context, survey, seen, &totals, measure.before, load).await?;
    if let Some(breach) = breach {
        // Which figure is wrong shows beside the others.
        if !context.out.args.json {
            context.out.note(&preview.text());
        }
        return Err(breach);
    }
    if let Some(reading) = reading {
        let reading = reading.saying(preview.said());
        load.keep_reading(&serde_json::to_string(&reading)?).await?;
    }
    let campaign = load.campaign().await?;
    let rejects = rejects.map(Rejects::finish).transpose()?;
    Ok(Some(Loaded { campaign, preview, added: totals.added, rejects }))
}

/// A span of time counts from the first load: rows that are new weeks later have less of it.
fn warn_of_first_day(context: &Context, measure: &Measure<'_>, seen: &Seen, today: DateTime<Utc>) {
    let options = measure.options;
    let is_span = matches!(measure.args.expires, Some(DefaultExpiry::After(_)));
    let day = |at: DateTime<Utc>| at.with_timezone(&options.tz).date_naive();
    if let Some(expiry) = options.expires.filter(|_| is_span && seen.used.expiry)
        && day(options.now) != day(today)
    {
        context.out.complain(&format!(
            "warning: {} counts from the campaign's first load on {}: new rows without a date expire {expiry}",
            measure.validity.said,
            day(options.now),
        ));
    }
}

/// Puts all rows into the load and closes its sums; nothing comes back where keys repeat after all.
async fn take_in(
    rows: Result<Rows, IntakeError>,
    load: &mut Load<'_>,
    sieve: &Sieve,
    seen: Seen,
    rejects: &mut Option<Rejects>,
    meter: &Meter,
    since: DateTime<Utc>,
) -> Result<Option<(Seen, LoadTotals)>, Failure> {
    let seen = stream(rows?, load, sieve, seen, rejects, meter).await?;
    if !load.has_distinct_keys().await? {
        return Ok(None);
    }
    Ok(Some((seen, load.finish(since).await?)))
}
