//! `issue` and `run`: the commands that give, and what `retry` has in common with them.

use chrono::TimeDelta;
use tokio::sync::watch;

use super::commands::{ConfirmArgs, InDoubtKind, IssueArgs, RunArgs, RunLimits};
use super::confirm::{Question, confirm};
use super::context::{self, Context, Session};
use super::exit::Exit;
use super::failure::Failure;
use super::finish::{self, Ending};
use super::live::Live;
use super::load::load;
use super::progress::Display;
use super::reconcile::reconcile_one;
use super::signals::Signals;
use super::standing::{self, Lookout};
use super::task::in_own_task;
use crate::domain::{GiftState, Money};
use crate::issue::{IssueOptions, Progress, Sending, Stop, Tools, run_issue};
use crate::ledger::{Campaign, LedgerError, Standing};
use crate::pace::Pace;
use crate::provider::WalletClient;
use crate::reconcile::Reconciled;
use crate::report::{States, Summary};
use crate::settle::{InDoubt, Policy};

/// What a person said about a run.
pub(super) struct Wishes<'a> {
    pub(super) confirm: &'a ConfirmArgs,
    pub(super) max_total: Option<Money>,
    pub(super) limits: &'a RunLimits,
}

impl<'a> Wishes<'a> {
    pub(super) fn of(args: &'a IssueArgs) -> Wishes<'a> {
        Wishes { confirm: &args.confirm, max_total: args.max_total, limits: &args.limits }
    }
}

/// `giftbatch issue`.
pub(super) async fn issue(context: &Context, args: &IssueArgs) -> Result<Exit, Failure> {
    let client = client(context)?;
    let mut session = context.session().await?;
    let campaign = context::campaign(&session.ledger, &args.campaign).await?;
    let standing = session.ledger.standing(campaign.id).await?;
    if matches!(standing, Standing::Paused(_)) {
        return standing::refuse(context, session, &campaign, &standing).await;
    }
    refuse_forgotten(&mut session, &campaign).await?;
    let wishes = Wishes::of(args);
    let states = States::read_still(&session.ledger, &campaign).await?;
    // Of a cancelled campaign nothing is sent: its doubts are settled.
    if standing == Standing::Open {
        confirm_open(context, &wishes, &campaign, &states)?;
    }
    give(context, session, client, (&campaign, &states), &wishes, false, None).await
}

/// `giftbatch run`.
pub(super) async fn run(context: &Context, args: &RunArgs) -> Result<Exit, Failure> {
    let client = client(context)?;
    let mut session = context.session().await?;
    if let Some(known) = session.ledger.campaign(args.load.campaign.as_str()).await? {
        let standing = session.ledger.standing(known.id).await?;
        if standing != Standing::Open {
            return standing::refuse(context, session, &known, &standing).await;
        }
    }
    let loaded = load(context, &mut session, &args.load).await?;
    refuse_forgotten(&mut session, &loaded.campaign).await?;
    let max_total = args.load.max_total;
    let wishes = Wishes { confirm: &args.confirm, max_total, limits: &args.limits };
    let (campaign, preview) = (loaded.campaign, loaded.preview.json());
    let states = States::read_still(&session.ledger, &campaign).await?;
    confirm_open(context, &wishes, &campaign, &states)?;
    let reconcile = !args.no_reconcile;
    give(context, session, client, (&campaign, &states), &wishes, reconcile, Some(preview)).await
}

/// Refuses a campaign of which a restored ledger may have forgotten gifts, before anybody is asked.
pub(super) async fn refuse_forgotten(
    session: &mut Session,
    campaign: &Campaign,
) -> Result<(), Failure> {
    let mut batch = session.writer.begin().await?;
    let forgot_since = batch.forgot_since(campaign.id).await?;
    batch.rollback().await?;
    forgot_since.map_or(Ok(()), |_| Err(LedgerError::Restored.into()))
}

pub(super) fn client(context: &Context) -> Result<WalletClient, Failure> {
    let settings = &context.settings;
    let url = settings.wallet_url()?;
    let credentials = settings.credentials()?;
    Ok(WalletClient::new(url, &credentials, settings.timeout, context.clock.clone())?)
}

pub(super) fn pace(context: &Context) -> Pace {
    Pace::new(context.settings.rate, context.settings.concurrency)
}

/// Asks for what is open: all of it may be sent in this run.
pub(super) fn confirm_open(
    context: &Context,
    wishes: &Wishes<'_>,
    campaign: &Campaign,
    states: &States,
) -> Result<(), Failure> {
    let (gifts, amount) = to_send(states);
    let question = Question {
        campaign: &campaign.name,
        plan: &campaign.plan_id(),
        what: "will be sent now",
        gifts,
        amount,
        exposure: exposure(states),
        max_total: wishes.max_total,
    };
    confirm(context, wishes.confirm, &question)
}

/// What a campaign will have given at most: what it gave, may have given, and may still give.
pub(super) fn exposure(states: &States) -> Money {
    let given = [GiftState::Issued, GiftState::Held, GiftState::Revoking];
    to_send(states).1 + given.map(|state| states.amount(state)).into_iter().sum()
}

/// Gifts that a run may send, those included that a dead run left open, and their money.
pub(super) fn to_send(states: &States) -> (u64, Money) {
    let gifts = OPEN.map(|state| states.gifts(state)).into_iter().sum();
    (gifts, OPEN.map(|state| states.amount(state)).into_iter().sum())
}

/// States of which a run may send a gift, once doubts are settled.
const OPEN: [GiftState; 4] =
    [GiftState::Planned, GiftState::InFlight, GiftState::Deferred, GiftState::InDoubt];

/// Whether a run may send a gift in this state.
pub(super) fn is_open(state: GiftState) -> bool {
    OPEN.contains(&state)
}

/// Issues, reconciles where that is wished and possible, and says how it ended.
pub(super) async fn give(
    context: &Context,
    mut session: Session,
    client: WalletClient,
    (campaign, states): (&Campaign, &States),
    wishes: &Wishes<'_>,
    reconcile: bool,
    preview: Option<serde_json::Value>,
) -> Result<Exit, Failure> {
    let signals = Signals::listen(context.out)?;
    let mut pace = pace(context);
    let (progress, source) = watch::channel(Progress::of(campaign, states.iter()));
    let live = Live::start(context, source.clone());
    let display = Display::start(context.out, source);
    let tools = Tools {
        client: client.clone(),
        clock: context.clock.clone(),
        interrupt: signals.interrupt.clone(),
        progress,
    };
    let sending = match session.ledger.standing(campaign.id).await? {
        Standing::Cancelled(_) => Sending::Nothing,
        Standing::Open | Standing::Paused(_) => Sending::Gifts,
    };
    let lookout = Lookout::start(context, &session.ledger, campaign, sending, &signals);
    let options = IssueOptions { sending, ..options(context, wishes.limits) };
    let (ledger, writer, issued_of) = (session.ledger.clone(), session.writer, campaign.clone());
    let (issued, pace) = in_own_task(async move {
        let issued = run_issue(&ledger, writer, &mut pace, &tools, &issued_of, &options).await;
        (issued, pace)
    })
    .await;
    drop(live);
    display.finish().await;
    let (writer, stop) = issued?;
    session.writer = writer;
    let mut reconciled = None;
    if reconcile && stop.is_none() {
        let (back, _, end) =
            reconcile_one(context, session, &client, campaign, pace, &signals).await?;
        session = back;
        reconciled = Some(end);
    }
    lookout.end().await;
    standing::withdraw(context, &mut session).await?;
    let campaign = context::campaign(&session.ledger, &campaign.name).await?;
    let summary = Summary::read_still(&session.ledger, &campaign).await?;
    let is_early = stop.is_some() || reconciled == Some(Reconciled::Interrupted);
    let is_withheld =
        is_early && (signals.interrupt.withhold.is_cancelled() || stop == Some(Stop::Withheld));
    let ending = Ending { stop, reconciled, signal: signals.first(), is_withheld };
    let exit =
        Exit::of_run(&summary, ending.stop.as_ref(), ending.reconciled.as_ref(), ending.signal);
    ending.explain(context.out, &summary);
    finish::tell_loaded(context, &summary, exit, preview);
    session.close().await;
    Ok(exit)
}

fn options(context: &Context, limits: &RunLimits) -> IssueOptions {
    let settings = &context.settings;
    let in_doubt = match limits.in_doubt.unwrap_or(settings.in_doubt) {
        InDoubtKind::Settle => InDoubt::Settle,
        InDoubtKind::Hold => InDoubt::Hold,
    };
    IssueOptions {
        command: context.command,
        sending: Sending::Gifts,
        tag: limits.tag || settings.tag,
        policy: Policy {
            window: delta(settings.settle),
            max_attempts: limits.max_attempts.unwrap_or(settings.max_attempts),
            in_doubt,
        },
        max_in_doubt: limits.max_in_doubt.unwrap_or(settings.max_in_doubt),
        give_up_after: delta(settings.give_up_after),
        stop_after_refusals: limits.stop_after_refusals,
    }
}

pub(super) fn delta(duration: std::time::Duration) -> TimeDelta {
    // A century is for ever, and every instant that far ahead is one that a calendar has.
    let century = TimeDelta::days(36_500);
    TimeDelta::from_std(duration).unwrap_or(century).min(century)
}
