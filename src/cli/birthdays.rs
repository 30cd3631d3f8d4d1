//! `birthdays`: customers whose birthday it is become the campaign of the day, which then goes the way of
//! `run`.
//!
//! **Invariant:** a wallet gets one gift of a series for each year's birthday: the key that says so is of the
//! whole ledger, so neither the day of a run nor what it gives can make a second one.
//! **Invariant:** nobody is forgotten in silence: what a campaign of an earlier day has left open is given
//! where `--catch-up` reaches back to it, and told where it does not.

use chrono::{Days, NaiveDate};

use super::birthday_args::BirthdaysArgs;
use super::commands::FileArgs;
use super::context::{Context, Session, check_new};
use super::dry_run;
use super::exit::Exit;
use super::failure::Failure;
use super::finish;
use super::give::{self, Wishes};
use super::late::{self, Open};
use super::load::{Celebration, Loaded, Source, keep_rejects, prepare, show, store};
use super::preview::Preview;
use super::reading::Validity;
use super::recollect::recollect_to_give;
use super::standing;
use crate::domain::{BirthdayWindow, CampaignName, Money, number_of};
use crate::intake::{Birthdays, DefaultExpiry};
use crate::ledger::{Ledger, Standing};
use crate::report::{Summary, count};

/// What the name of a day's campaign has behind that of its series.
const DATE: &str = "-2027-03-01";

/// The longest that a gift of today can be valid.
const LONGEST: Days = Days::new(36_525);

/// Nobody prepares birthdays for longer: a day that is further ahead is a slip, mostly in its year.
const FAR_AHEAD: Days = Days::new(7);

/// How far `--catch-up` reaches, and `--on` with it: before that, a birthday has come again since.
const FAR_BACK: Days = Days::new(BirthdayWindow::MOST_CAUGHT_UP);

/// The day that is celebrated.
pub(super) struct Day {
    campaign: CampaignName,
    pub(super) window: BirthdayWindow,
    celebration: Celebration,
}

/// `giftbatch birthdays`.
pub(super) async fn birthdays(mut context: Context, args: &BirthdaysArgs) -> Result<Exit, Failure> {
    let day = Day::of(&context, args)?;
    if args.limits.levers.dry_run {
        return dry_run::birthdays(&context, args, day).await;
    }
    let client = give::client(&context)?;
    let mut session = context.session_or_new().await?;
    let day = day.spelled_as_in(&session.ledger).await?;
    if let Some(known) = session.ledger.campaign(day.campaign.as_str()).await? {
        let standing = session.ledger.standing(known.id).await?;
        if standing != Standing::Open {
            return standing::refuse(&context, session, &known, &standing).await;
        }
    }
    let preview = celebrate(&context, &mut session, args, &day).await?;
    for campaign in late::to_give(&session.ledger, &day).await? {
        session = recollect_to_give(&context, session, &client, &campaign, &args.limits).await?;
    }
    let today = match session.ledger.campaign(day.campaign.as_str()).await? {
        Some(campaign) => Some(Open::of(&session.ledger, campaign).await?),
        None => None,
    };
    let late = late::find(&context, &session.ledger, &day).await?;
    let wishes = Wishes { confirm: &args.confirm, max_total: args.max_total, limits: &args.limits };
    let late = late::meant(&context, &wishes, late);
    late::confirm_all(&context, &session.ledger, &wishes, today.as_ref(), &late).await?;
    // What they come to is told together, at the end.
    context.out = context.out.without_results();
    let all: Vec<&Open> = late.iter().chain(&today).collect();
    let exits =
        late::give_all(&context, session, &client, &wishes, &all, !args.no_reconcile).await?;
    context.out = context.out.with_results();
    let late: Vec<(&Open, Exit)> = late.iter().zip(exits.iter().copied()).collect();
    let worst = exits.into_iter().fold(Exit::Done, Exit::worse);
    tell(&context, &day, &late, &preview, worst).await?;
    Ok(worst)
}

impl Day {
    fn of(context: &Context, args: &BirthdaysArgs) -> Result<Day, Failure> {
        let (now, tz) = (context.now(), context.settings.tz);
        let today = now.with_timezone(&tz).date_naive();
        let on = args.on.unwrap_or(today);
        if on > today + FAR_AHEAD {
            context.out.complain(&format!(
                "warning: {on} is more than a week ahead: its gifts are given now, and none when the day comes"
            ));
        }
        let last = on.checked_add_days(Days::new(args.valid_for));
        let last = last.filter(|last| *last <= today + LONGEST).ok_or_else(|| {
            Failure::usage(format!("gifts of {on} would be valid for more than a hundred years"))
                .hint("check --on and --valid-for")
        })?;
        let expiry = DefaultExpiry::Date(last).resolve(now, tz);
        let name = args.campaign(on);
        if expiry.has_passed(now) {
            return Err(Failure::usage(format!(
                "gifts of {on} that are valid for {} have expired: {expiry}",
                number_of(args.valid_for, "day")
            ))
            .hint(
                "give --valid-for more days, or leave --on out and reach back with --catch-up; nothing \
                 was stored or sent",
            ));
        }
        if on < today - FAR_BACK {
            return Err(Failure::usage(format!(
                "{on} is more than {} days ago, and those birthdays have come again since",
                BirthdayWindow::MOST_CAUGHT_UP
            ))
            .hint("check the year of --on; nothing was stored or sent"));
        }
        let campaign = name.parse().map_err(|error| Failure::usage(format!("{error}")))?;
        let window = BirthdayWindow::new(on, args.catch_up);
        let birthdays = Birthdays { window, leap_day: args.leap_day(), amount: args.amount };
        let said = format!("--valid-for {}d", args.valid_for);
        let validity = Validity { said, needs_zone: true };
        let celebration = Celebration { series: args.series.clone(), birthdays, expiry, validity };
        Ok(Day { campaign, window, celebration })
    }

    /// How its campaign is loaded.
    pub(super) fn source<'a>(&'a self, file: &'a FileArgs, max_total: Option<Money>) -> Source<'a> {
        let (campaign, celebration) = (&self.campaign, Some(&self.celebration));
        Source { args: file, campaign, max_total, gives: true, celebration, asks: false }
    }

    /// The same day of the series as the ledger spells its name: its keys are made of that.
    pub(super) async fn spelled_as_in(mut self, ledger: &Ledger) -> Result<Day, Failure> {
        let campaigns = ledger.campaigns().await?;
        let known = || campaigns.iter().filter_map(|campaign| self.of_series(&campaign.name));
        // A ledger of before may have two that differ in capital letters alone.
        let exact = known().find(|(series, _)| self.celebration.series.looks_like(series));
        let known = exact.or_else(|| known().next());
        match known {
            Some((series, _)) => {
                let series = CampaignName::as_stored(series);
                let name = format!("{series}-{}", self.window.on());
                self.campaign = CampaignName::as_stored(&name);
                self.celebration.series = series;
            }
            None => check_new(&self.celebration.series)?,
        }
        Ok(self)
    }

    /// The series' name and the day of a campaign of this series.
    pub(super) fn of_series<'c>(&self, campaign: &'c str) -> Option<(&'c str, NaiveDate)> {
        let (series, date) = campaign.split_at_checked(campaign.len().checked_sub(DATE.len())?)?;
        let date = date.strip_prefix('-')?;
        let day: NaiveDate = date.parse().ok()?;
        // One name a day: dates are read in more spellings than we write.
        let is_ours = date == day.to_string() && self.celebration.series.is_series(series);
        is_ours.then_some((series, day))
    }
}

/// Loads who has a birthday and no gift for it yet. A day that brings nothing new leaves no trace.
async fn celebrate(
    context: &Context,
    session: &mut Session,
    args: &BirthdaysArgs,
    day: &Day,
) -> Result<Preview, Failure> {
    let file = args.file_args();
    let source = day.source(&file, args.max_total);
    let (load, mut loaded) = prepare(context, session, None, &source).await?;
    if loaded.added > 0 {
        show(context, &loaded);
        store(context, load).await?;
    } else {
        load.rollback().await?;
        let words = nothing_new(&loaded).unwrap_or_default();
        context.out.note(&format!("{}: {words}", day.campaign));
    }
    keep_rejects(context, &mut loaded)?;
    let rejected = loaded.preview.seen.rejected;
    if rejected > 0 && args.rejects.is_none() {
        let rows = if rejected == 1 { "row was" } else { "rows were" };
        context.out.complain(&format!(
            "{} {rows} left out: once the file is right, --catch-up reaches back to their birthdays",
            count(rejected)
        ));
    }
    Ok(loaded.preview)
}

/// What is said of a file of customers that brings nothing new.
pub(super) fn nothing_new(loaded: &Loaded) -> Option<String> {
    let customers = loaded.preview.seen.customers.as_ref().filter(|_| loaded.added == 0);
    customers.map(|customers| customers.nothing_new())
}

/// Prints how the day's campaign stands, and those that were caught up.
async fn tell(
    context: &Context,
    day: &Day,
    late: &[(&Open, Exit)],
    preview: &Preview,
    exit: Exit,
) -> Result<(), Failure> {
    let ledger = context.ledger().await?;
    let mut caught_up = Vec::new();
    for (open, exit) in late {
        let summary = Summary::read(&ledger, &open.campaign).await?;
        if context.out.args.json {
            let document = finish::document(context, &summary, *exit);
            caught_up.push(serde_json::from_str::<serde_json::Value>(&document)?);
        } else {
            finish::tell(context, &summary, *exit);
        }
    }
    let mut document = preview.json();
    document["caught_up"] = caught_up.into();
    match ledger.campaign(day.campaign.as_str()).await? {
        Some(campaign) => {
            let summary = Summary::read(&ledger, &campaign).await?;
            finish::tell_loaded(context, &summary, exit, Some(document));
        }
        None if context.out.args.json => {
            let summary = Summary::of_nothing(day.campaign.as_str(), context.now());
            finish::tell_loaded(context, &summary, exit, Some(document));
        }
        None => {}
    }
    ledger.close().await;
    Ok(())
}
