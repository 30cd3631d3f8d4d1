//! `--dry-run`: the requests that a run would send, as they would be sent, and nothing else.
//!
//! **Invariant:** nothing is sent and nothing stays stored: a file is loaded into a transaction that is
//! undone, or where there is no ledger yet into one that is thrown away.

use tempfile::TempDir;

use super::birthday_args::BirthdaysArgs;
use super::birthdays::{Day, nothing_new};
use super::caps::bound;
use super::commands::{IssueArgs, RetryArgs, RunArgs};
use super::confirm::{refuse_beyond, refuse_other_plan};
use super::context::{self, Context, Session};
use super::dry_print::Plan;
use super::exit::Exit;
use super::failure::Failure;
use super::give::{Wishes, exposure, to_send};
use super::late::{self, Days, Open};
use super::load::{Loaded, Source, prepare};
use super::recollect::foretell;
use super::retry::Selection;
use super::standing;
use crate::domain::{GiftState, Money};
use crate::ledger::{Campaign, Ledger, RefusalTally, RunLock, Sender, Standing, StateTally};
use crate::provider::{Credentials, WalletClient};
use crate::report::{Amounts, Document, States, Subject, Summary};

/// `issue --dry-run`.
pub(super) async fn issue(context: &Context, args: &IssueArgs) -> Result<Exit, Failure> {
    of_campaign(context, args, |_| Ok(None)).await
}

/// `retry --dry-run`.
pub(super) async fn retry(context: &Context, args: &RetryArgs) -> Result<Exit, Failure> {
    let select = |refusals: &[RefusalTally]| Selection::of(refusals, &args.class).map(Some);
    of_campaign(context, &args.issue, select).await
}

async fn of_campaign(
    context: &Context,
    args: &IssueArgs,
    select: impl Fn(&[RefusalTally]) -> Result<Option<Selection>, Failure>,
) -> Result<Exit, Failure> {
    let client = client(context)?;
    let (ledger, _folder) = ledger(context).await?;
    let campaign = context::campaign(&ledger, &args.campaign).await?;
    refuse_closed(&ledger, &campaign).await?;
    let selection = select(&ledger.refusals(campaign.id).await?)?;
    let reopened = selection.as_ref().and_then(Selection::reopened);
    let summary = Summary::read(&ledger, &campaign).await?;
    let sender = Sender { campaigns: &[campaign.id], reopened };
    let mut glance = ledger.glance().await?;
    foretell(context, &mut glance, &campaign).await?;
    let open = match reopened {
        Some(_) => glance.send_most(sender, u64::MAX).await?,
        None => to_send(&summary.states),
    };
    let limit = args.limits.levers.limit;
    let (_, most) = bound(context, &mut glance, sender, limit, open).await?;
    let (planned, planned_amount) = to_send(&summary.states);
    // A limit keeps refused gifts from being reopened, and what is open already from nothing but this run.
    let reopens = limit.is_none_or(|limit| limit > planned);
    let reopened = if reopens { most - planned_amount } else { Money::ZERO };
    refuse_beyond(args.max_total, exposure(&summary.states, reopened))?;
    refuse_other_plan(&args.confirm, &campaign.plan_id())?;
    let plan = Plan {
        context,
        limits: &args.limits,
        sender,
        unclear: unclear(&summary.states),
        document: document(context, &summary, None),
    };
    plan.print(&client, &mut glance).await
}

/// `run --dry-run`.
pub(super) async fn run(context: &Context, args: &RunArgs) -> Result<Exit, Failure> {
    if args.load.file.asks() {
        let failure = Failure::usage(
            "a dry run asks the providers nothing: it has no --preflight and no --require-holding",
        );
        return Err(failure.hint("giftbatch check FILE takes both, and only looks"));
    }
    let max_total = args.load.max_total;
    let (file, name) = (&args.load.file, &args.load.campaign);
    let celebration = None;
    let source =
        Source { args: file, campaign: name, max_total, gives: true, celebration, asks: false };
    let wishes = Wishes { confirm: &args.confirm, max_total, limits: &args.limits };
    of_file(context, &source, &wishes, None).await
}

/// `birthdays --dry-run`.
pub(super) async fn birthdays(
    context: &Context,
    args: &BirthdaysArgs,
    day: Day,
) -> Result<Exit, Failure> {
    let (known, _folder) = ledger(context).await?;
    let day = day.spelled_as_in(&known).await?;
    known.close().await;
    let file = args.file_args();
    let wishes = Wishes { confirm: &args.confirm, max_total: args.max_total, limits: &args.limits };
    of_file(context, &day.source(&file, args.max_total), &wishes, Some(&day)).await
}

/// What a file would bring, were it loaded now, behind what earlier days have left open.
async fn of_file(
    context: &Context,
    source: &Source<'_>,
    wishes: &Wishes<'_>,
    day: Option<&Day>,
) -> Result<Exit, Failure> {
    let client = client(context)?;
    let (ledger, _folder) = ledger(context).await?;
    let lock = RunLock::take(ledger.path(), context.command, context.now())?;
    let mut session = Session::of(ledger, lock, context.now()).await?;
    if let Some(known) = session.ledger.campaign(source.campaign.as_str()).await? {
        refuse_closed(&session.ledger, &known).await?;
    }
    let late = match day {
        Some(day) => late::find(context, &session.ledger, day).await?,
        None => Vec::new(),
    };
    let late = late::meant(context, wishes, late);
    let mut caught_up = Vec::new();
    for open in &late {
        let summary = Summary::read(&session.ledger, &open.campaign).await?;
        caught_up.push(serde_json::from_str(&document(context, &summary, None))?);
    }
    let (mut load, loaded) = prepare(context, &mut session, None, source).await?;
    show(context, &loaded);
    let summary = summary(&loaded.campaign, &load.tally().await?, load.campaign_wallets().await?)?;
    let mut preview = loaded.preview.json();
    if day.is_some() {
        preview["caught_up"] = serde_json::Value::Array(caught_up);
    }
    let document = document(context, &summary, Some(preview));
    let today = Open::with(loaded.campaign, summary.states);
    let printed = async {
        let mut glance = load.glance();
        for open in late.iter().chain([&today]) {
            foretell(context, &mut glance, &open.campaign).await?;
        }
        let days = Days::of(context, &mut glance, wishes, Some(&today), &late).await?;
        let campaigns: Vec<i64> = days.all.iter().map(|open| open.campaign.id).collect();
        let sender = Sender { campaigns: &campaigns, reopened: None };
        let unclear = days.all.iter().map(|open| unclear(&open.states)).sum();
        let plan = Plan { context, limits: wishes.limits, sender, unclear, document };
        plan.print(&client, &mut glance).await
    };
    let printed = printed.await;
    load.rollback().await?;
    session.close().await;
    printed
}

/// Shows what a file would bring.
fn show(context: &Context, loaded: &Loaded) {
    match nothing_new(loaded) {
        Some(words) => context.out.note(&format!("{}: {words}", loaded.campaign.name)),
        None if context.out.args.json => {}
        None => {
            let (text, plan) = (loaded.preview.text(), loaded.campaign.plan_id());
            context.out.note(&format!("{text}  {:<10} {plan}", "plan"));
        }
    }
}

/// Of a campaign that was paused or cancelled nothing would be sent.
async fn refuse_closed(ledger: &Ledger, campaign: &Campaign) -> Result<(), Failure> {
    match ledger.standing(campaign.id).await? {
        Standing::Open => Ok(()),
        closed => Err(standing::failure(campaign, &closed)),
    }
}

/// The ledger; an empty one of its own where there is none yet.
async fn ledger(context: &Context) -> Result<(Ledger, Option<TempDir>), Failure> {
    if context.settings.ledger.exists() {
        return Ok((context.ledger().await?, None));
    }
    let folder = tempfile::tempdir()?;
    Ok((Ledger::open(&folder.path().join("dry.db")).await?, Some(folder)))
}

/// A client that is only asked what it would send: it shows no keys, and needs none.
fn client(context: &Context) -> Result<WalletClient, Failure> {
    let settings = &context.settings;
    let credentials = settings.credentials().unwrap_or_else(|failure| {
        context.out.note(&format!("a run would need its keys: {}", failure.error));
        Credentials { api_key: "none".into(), api_client: "none".into() }
    });
    let url = settings.giving_url()?;
    Ok(WalletClient::new(url, &credentials, settings.line(), context.clock.clone())?)
}

fn unclear(states: &States) -> u64 {
    states.gifts(GiftState::InDoubt) + states.gifts(GiftState::InFlight)
}

fn document(context: &Context, summary: &Summary, preview: Option<serde_json::Value>) -> String {
    let (subject, status, code) = (Subject::Campaign(summary), summary.status(), Exit::Done.code());
    let elapsed_ms = context.elapsed_ms();
    let document = Document::of(context.command, subject, status, code, elapsed_ms);
    document.with_preview(preview).with_faults(context.told.faults()).to_json()
}

/// How a campaign would stand, were its file loaded.
fn summary(campaign: &Campaign, tallies: &[StateTally], wallets: u64) -> Result<Summary, Failure> {
    let states = States::of(tallies).ok_or_else(|| {
        Failure::new(Exit::Unexpected, "the amounts are more than can be counted")
    })?;
    Ok(Summary {
        plan: campaign.plan_id(),
        amounts: Amounts::of(&states),
        states,
        reconciled_at: campaign.reconciled_at,
        wallets,
        last_loaded_at: campaign.last_loaded_at,
        ..Summary::of_nothing(&campaign.name, campaign.first_loaded_at)
    })
}
