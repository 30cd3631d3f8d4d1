//! `birthdays`: customers whose birthday it is become the campaign of the day, which then goes the way of
//! `run`.
//!
//! **Invariant:** a wallet gets one gift of a series for each year's birthday: the key that says so is of the
//! whole ledger, so neither the day of a run nor what it gives can make a second one.
//! **Invariant:** nobody is forgotten in silence: what a campaign of an earlier day has left open is given
//! where `--catch-up` reaches back to it, and told where it does not.

use chrono::{Days, NaiveDate};

use super::birthday_args::BirthdaysArgs;
use super::confirm::{Question, confirm};
use super::context::{Context, Session};
use super::exit::Exit;
use super::failure::Failure;
use super::finish;
use super::give::{self, Wishes};
use super::load::{Celebration, Source, keep_rejects, prepare, store};
use super::preview::Preview;
use crate::domain::{BirthdayWindow, CampaignName, Money};
use crate::intake::{Birthdays, DefaultExpiry};
use crate::ledger::{Campaign, Ledger};
use crate::provider::WalletClient;
use crate::report::{self, States, Summary, count};

/// The longest that a gift of today can be valid.
const LONGEST: Days = Days::new(36_525);

/// The day that is celebrated.
struct Day {
    campaign: CampaignName,
    window: BirthdayWindow,
    celebration: Celebration,
}

/// A campaign with what of it may be sent now.
struct Open {
    campaign: Campaign,
    states: States,
    gifts: u64,
    amount: Money,
}

/// `giftbatch birthdays`.
pub(super) async fn birthdays(mut context: Context, args: &BirthdaysArgs) -> Result<Exit, Failure> {
    let day = Day::of(&context, args)?;
    let client = give::client(&context)?;
    let mut session = context.session().await?;
    let preview = celebrate(&context, &mut session, args, &day).await?;
    let today = match session.ledger.campaign(day.campaign.as_str()).await? {
        Some(campaign) => Some(Open::of(&session.ledger, campaign).await?),
        None => None,
    };
    let late = late(&context, &session.ledger, &day).await?;
    let wishes = Wishes { confirm: &args.confirm, max_total: args.max_total, limits: &args.limits };
    let late = confirm_all(&context, &wishes, today.as_ref(), late)?;
    for open in late.iter().chain(&today) {
        give::refuse_forgotten(&mut session, &open.campaign).await?;
    }
    // What they come to is told together, at the end.
    context.out = context.out.without_results();
    let all: Vec<&Open> = late.iter().chain(&today).collect();
    let exits = give_all(&context, session, &client, &wishes, &all, !args.no_reconcile).await?;
    context.out = context.out.with_results();
    let late: Vec<(&Open, Exit)> = late.iter().zip(exits.iter().copied()).collect();
    let worst = exits.into_iter().fold(Exit::Done, Exit::worse);
    tell(&context, &day, &late, &preview, worst).await?;
    Ok(worst)
}

/// Gives one campaign after the other, and says how each ended: an interrupt, or keys that are rejected, are
/// the end of all.
async fn give_all(
    context: &Context,
    session: Session,
    client: &WalletClient,
    wishes: &Wishes<'_>,
    all: &[&Open],
    reconcile: bool,
) -> Result<Vec<Exit>, Failure> {
    let mut exits = Vec::new();
    let mut first = Some(session);
    for open in all {
        let session = match first.take() {
            Some(session) => session,
            None => context.session().await?,
        };
        let campaign = (&open.campaign, &open.states);
        let exit =
            give::give(context, session, client.clone(), campaign, wishes, reconcile, None).await?;
        exits.push(exit);
        if matches!(exit, Exit::Interrupted | Exit::Terminated | Exit::CredentialsRejected) {
            break;
        }
    }
    if let Some(session) = first {
        session.close().await;
    }
    Ok(exits)
}

impl Day {
    fn of(context: &Context, args: &BirthdaysArgs) -> Result<Day, Failure> {
        let (now, tz) = (context.now(), context.settings.tz);
        let today = now.with_timezone(&tz).date_naive();
        let on = args.on.unwrap_or(today);
        let last = on.checked_add_days(Days::new(args.valid_for));
        let last = last.filter(|last| *last <= today + LONGEST).ok_or_else(|| {
            Failure::usage(format!("gifts of {on} would be valid for more than a hundred years"))
                .hint("check --on and --valid-for")
        })?;
        let expiry = DefaultExpiry::Date(last).resolve(now, tz);
        let name = args.campaign(on);
        if expiry.has_passed(now) {
            return Err(Failure::usage(format!(
                "gifts of {on} that are valid for {} days have expired: {expiry}",
                args.valid_for
            ))
            .hint(
                "give --valid-for more days, or leave --on out and reach back with --catch-up; nothing \
                 was stored or sent",
            ));
        }
        let campaign = name.parse().map_err(|error| Failure::usage(format!("{error}")))?;
        let window = BirthdayWindow::new(on, args.catch_up);
        let birthdays = Birthdays { window, leap_day: args.leap_day(), amount: args.amount };
        let celebration = Celebration { series: args.series.clone(), birthdays, expiry };
        Ok(Day { campaign, window, celebration })
    }

    /// The day of a campaign of this series.
    fn of_series(&self, campaign: &str) -> Option<NaiveDate> {
        let rest = campaign.strip_prefix(self.celebration.series.as_str())?;
        let date: NaiveDate = rest.strip_prefix('-')?.parse().ok()?;
        // One name a day: dates are read in more spellings than we write.
        (campaign == format!("{}-{date}", self.celebration.series)).then_some(date)
    }
}

impl Open {
    async fn of(ledger: &Ledger, campaign: Campaign) -> Result<Open, Failure> {
        let states = States::read_still(ledger, &campaign).await?;
        let (gifts, amount) = give::to_send(&states);
        Ok(Open { campaign, states, gifts, amount })
    }

    /// `2 gifts of birthday-2027-03-01, 200.00`
    fn words(&self) -> String {
        let noun = if self.gifts == 1 { "gift" } else { "gifts" };
        let (gifts, amount) = (count(self.gifts), report::money(self.amount));
        format!("{gifts} {noun} of {}, {amount}", self.campaign.name)
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
    let source = Source {
        args: &file,
        campaign: &day.campaign,
        max_total: args.max_total,
        celebration: Some(&day.celebration),
    };
    let (load, mut loaded) = prepare(context, session, &source).await?;
    if loaded.added > 0 {
        store(context, load, &loaded).await?;
    } else {
        load.rollback().await?;
        let customers = loaded.preview.seen.customers.as_ref();
        let words = customers.map(|customers| customers.nothing_new()).unwrap_or_default();
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

/// What campaigns of earlier days have left open and this one catches up, the oldest first; of others a
/// person is told.
async fn late(context: &Context, ledger: &Ledger, day: &Day) -> Result<Vec<Open>, Failure> {
    let mut late = Vec::new();
    for campaign in ledger.open_campaigns().await? {
        let Some(date) = day.of_series(&campaign.name).filter(|date| *date < day.window.on())
        else {
            continue;
        };
        let open = Open::of(ledger, campaign).await?;
        if day.window.has(date) {
            late.push((date, open));
        } else {
            tell_left(context, &open, "from before --catch-up");
        }
    }
    late.sort_by_key(|(date, _)| *date);
    Ok(late.into_iter().map(|(_, open)| open).collect())
}

fn tell_left(context: &Context, open: &Open, why: &str) {
    context.out.complain(&format!(
        "still open, {why}: {}; this gives them: giftbatch issue {}",
        open.words(),
        open.campaign.name
    ));
}

/// Passes where all that will be sent was confirmed; says which earlier days are part of it. A plan's id
/// confirms that plan alone.
fn confirm_all(
    context: &Context,
    wishes: &Wishes<'_>,
    today: Option<&Open>,
    late: Vec<Open>,
) -> Result<Vec<Open>, Failure> {
    let id = wishes.confirm.confirm.as_deref().map(str::trim);
    let is_meant = |open: &Open| id.is_none_or(|id| id == open.campaign.plan_id());
    let (late, left): (Vec<Open>, Vec<Open>) = late.into_iter().partition(is_meant);
    for open in &left {
        tell_left(context, open, "not confirmed");
    }
    if late.is_empty() || id.is_some() {
        let is_late_meant = !late.is_empty() && today.is_none_or(|open| open.gifts == 0);
        if let Some(open) = today.filter(|_| !is_late_meant) {
            give::confirm_open(context, wishes, &open.campaign, &open.states)?;
        }
        return Ok(late);
    }
    for open in &late {
        context.out.note(&format!("caught up: {}", open.words()));
    }
    let all: Vec<&Open> = late.iter().chain(today).filter(|open| open.gifts > 0).collect();
    let names: Vec<&str> = all.iter().map(|open| open.campaign.name.as_str()).collect();
    let amount: Money = all.iter().map(|open| open.amount).sum();
    let plan = all.last().map(|open| open.campaign.plan_id()).unwrap_or_default();
    let question = Question {
        campaign: &names.join(", "),
        plan: &plan,
        gifts: all.iter().map(|open| open.gifts).sum(),
        amount,
        exposure: amount + today.map_or(Money::ZERO, |open| give::given(&open.states)),
        max_total: wishes.max_total,
    };
    confirm(context, wishes.confirm, &question)?;
    Ok(late)
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
