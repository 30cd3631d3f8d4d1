//! `issue` and `run`: the commands that give, and what `retry` has in common with them.

use chrono::{NaiveTime, TimeDelta};

use super::caps::bound;
use super::commands::{AbsenceKind, ConfirmArgs, InDoubtKind, IssueArgs, RunArgs, RunLimits};
use super::confirm::{Question, can_ask, confirm};
use super::context::{self, Context, Session};
use super::dry_run;
use super::exit::Exit;
use super::failure::Failure;
use super::finish::{self, Besides, Ending};
use super::issuing::{Baton, Errand};
use super::known_ledgers;
use super::load::load;
use super::note::note;
use super::recollect::recollect_to_give;
use super::reconcile::{Bounds, reconcile_one};
use super::roots::check_roots;
use super::signals::Signals;
use super::standing::{self, Lookout};
use super::wall;
use crate::domain::{GiftState, Money};
use crate::drive::Ended;
use crate::issue::{IssueOptions, Progress, Sending, Stop};
use crate::ledger::{Campaign, Ledger, Sender, Standing};
use crate::pace::Pace;
use crate::provider::{BaseUrl, WalletClient};
use crate::reconcile::Reconciled;
use crate::report::{States, Summary};
use crate::settle::{AbsenceProof, InDoubt, Policy};

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

/// How a campaign was given.
pub(super) struct Given {
    pub(super) exit: Exit,
    /// Gifts that the limit leaves to be begun; none: there is no limit.
    pub(super) left: Option<u64>,
}

/// `giftbatch issue`.
pub(super) async fn issue(context: &Context, args: &IssueArgs) -> Result<Exit, Failure> {
    if args.limits.levers.dry_run {
        return dry_run::issue(context, args).await;
    }
    let client = client(context)?;
    let session = context.session().await?;
    let campaign = context::campaign(&session.ledger, &args.campaign).await?;
    let standing = session.ledger.standing(campaign.id).await?;
    if matches!(standing, Standing::Paused(_)) {
        return standing::refuse(context, session, &campaign, &standing).await;
    }
    let session = recollect_to_give(context, session, &client, &campaign, &args.limits).await?;
    let wishes = Wishes::of(args);
    let states = States::read_still(&session.ledger, &campaign).await?;
    // Of a cancelled campaign nothing is sent: its doubts are settled.
    if standing == Standing::Open {
        confirm_open(context, &session.ledger, &wishes, &campaign, &states).await?;
    }
    let given = give(context, session, client, (&campaign, &states), &wishes, false, None).await?;
    Ok(given.exit)
}

/// `giftbatch run`.
pub(super) async fn run(context: &Context, args: &RunArgs) -> Result<Exit, Failure> {
    if args.limits.levers.dry_run {
        return dry_run::run(context, args).await;
    }
    let client = client(context)?;
    let mut session = context.session_or_new().await?;
    if let Some(known) = session.ledger.campaign(args.load.campaign.as_str()).await? {
        let standing = session.ledger.standing(known.id).await?;
        if standing != Standing::Open {
            return standing::refuse(context, session, &known, &standing).await;
        }
    }
    let asks = can_ask(context) && !args.confirm.yes && args.confirm.confirm.is_none();
    let loaded = load(context, &mut session, &args.load, true, asks).await?;
    let session =
        recollect_to_give(context, session, &client, &loaded.campaign, &args.limits).await?;
    let max_total = args.load.max_total;
    let wishes = Wishes { confirm: &args.confirm, max_total, limits: &args.limits };
    let (campaign, preview) = (loaded.campaign, loaded.preview.json());
    let states = States::read_still(&session.ledger, &campaign).await?;
    confirm_open(context, &session.ledger, &wishes, &campaign, &states).await?;
    let (campaign, reconcile) = ((&campaign, &states), !args.no_reconcile);
    let given = give(context, session, client, campaign, &wishes, reconcile, Some(preview)).await?;
    Ok(given.exit)
}

/// A client for what sends, or judges what is not there.
pub(super) fn client(context: &Context) -> Result<WalletClient, Failure> {
    client_at(context, context.settings.giving_url()?)
}

/// A client for what only looks.
pub(super) fn reader(context: &Context) -> Result<WalletClient, Failure> {
    client_at(context, context.settings.wallet_url()?)
}

pub(super) fn client_at(context: &Context, url: BaseUrl) -> Result<WalletClient, Failure> {
    let settings = &context.settings;
    check_roots(&url.to_string())?;
    let credentials = settings.credentials()?;
    Ok(WalletClient::new(url, &credentials, settings.line(), context.clock.clone())?)
}

pub(super) fn pace(context: &Context) -> Pace {
    Pace::new(context.settings.rate, context.settings.concurrency)
}

/// Asks for what is open: all of it may be sent in this run, but for what its limit holds back.
pub(super) async fn confirm_open(
    context: &Context,
    ledger: &Ledger,
    wishes: &Wishes<'_>,
    campaign: &Campaign,
    states: &States,
) -> Result<(), Failure> {
    let sender = Sender { campaigns: &[campaign.id], reopened: None };
    let (limit, open) = (wishes.limits.levers.limit, to_send(states));
    let (gifts, amount) = bound(context, &mut ledger.glance().await?, sender, limit, open).await?;
    let question = Question {
        campaign: &campaign.name,
        plan: &campaign.plan_id(),
        what: "will be sent now",
        gifts,
        amount,
        is_limited: gifts < open.0,
        exposure: exposure(states, Money::ZERO),
        max_total: wishes.max_total,
    };
    confirm(context, wishes.confirm, &question)
}

/// What `--max-total` is held against: what a campaign will have given at most. That is what it gave, may have
/// given, and may still give, and `more` that is reopened.
pub(super) fn exposure(states: &States, more: Money) -> Money {
    let given = [GiftState::Issued, GiftState::Held, GiftState::Revoking];
    more + to_send(states).1 + given.map(|state| states.amount(state)).into_iter().sum()
}

/// Gifts that a run may send, those included that a dead run left open, and their money.
pub(super) fn to_send(states: &States) -> (u64, Money) {
    let gifts = OPEN.map(|state| states.gifts(state)).into_iter().sum();
    (gifts, OPEN.map(|state| states.amount(state)).into_iter().sum())
}

/// How far the machine's clock may be from the provider's: less than the hour by which one is off in another zone or
/// in summer, and more than a clock drifts unnoticed.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(30);

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
    session: Session,
    client: WalletClient,
    (campaign, states): (&Campaign, &States),
    wishes: &Wishes<'_>,
    reconcile: bool,
    preview: Option<serde_json::Value>,
) -> Result<Given, Failure> {
    let sending = match session.ledger.standing(campaign.id).await? {
        Standing::Cancelled(_) => Sending::Nothing,
        Standing::Open | Standing::Paused(_) => Sending::Gifts,
    };
    if sending == Sending::Gifts {
        // Where several campaigns are given one after the other, each meets what the one before gave.
        let sender = Sender { campaigns: &[campaign.id], reopened: None };
        let (limit, open) = (wishes.limits.levers.limit, to_send(states));
        bound(context, &mut session.ledger.glance().await?, sender, limit, open).await?;
    }
    let mut session = session;
    session.writer.fold().await;
    if !context.settings.is_rehearsal() {
        known_ledgers::remember(&client.base().to_string(), session.ledger.path());
    }
    let signals = Signals::listen(context.out)?;
    let lookout = Lookout::start(context, &session.ledger, campaign, sending, &signals);
    let progress = Progress::of(campaign, states.iter());
    let left = wishes.limits.levers.limit;
    let baton = Baton { session, pace: pace(context), progress, left };
    let errand = Errand { context, client: &client, campaign, signals: &signals };
    let options = IssueOptions { sending, ..options(context, wishes.limits) };
    let deadline = options.deadline;
    let (baton, stop) = errand.issue(baton, options, wishes.limits.levers.canary).await?;
    let Baton { mut session, pace, left, .. } = baton;
    let mut reconciled = None;
    // A run that has sent as much as it may has done its part.
    if reconcile && matches!(stop, None | Some(Stop::Limit { .. })) {
        if deadline.is_some_and(|at| at <= context.now()) {
            reconciled = deadline.map(|at| Reconciled::Early(Ended::Deadline { at }));
        } else {
            let bounds = Bounds { deadline, ..Bounds::default() };
            let (back, _, end) =
                reconcile_one(context, session, &client, campaign, (pace, bounds), &signals)
                    .await?;
            session = back;
            reconciled = Some(end);
        }
    }
    lookout.end().await;
    standing::withdraw(context, &mut session).await?;
    let campaign = context::campaign(&session.ledger, &campaign.name).await?;
    let summary = Summary::read_still(&session.ledger, &campaign).await?;
    let is_early = stop.is_some() || reconciled == Some(Reconciled::Early(Ended::Interrupted));
    let is_withheld = is_early
        && (signals.interrupt.withhold.is_cancelled()
            || stop == Some(Stop::Early(Ended::Withheld)));
    let exit = Exit::of_run(&summary, stop.as_ref(), reconciled.as_ref(), signals.first());
    let why = Ending { stop, reconciled, is_withheld }.why(&summary);
    why.iter().for_each(|why| why.tell(context.out));
    let besides = Besides { why, preview, ..Besides::default() };
    finish::tell_with(context, &summary, exit, besides);
    session.close().await;
    Ok(Given { exit, left })
}

fn options(context: &Context, limits: &RunLimits) -> IssueOptions {
    let settings = &context.settings;
    IssueOptions {
        command: context.command,
        sending: Sending::Gifts,
        note: note(context, Some(limits)),
        tag: limits.tag || settings.tag,
        policy: policy(context, Some(limits)),
        max_in_doubt: limits.max_in_doubt.unwrap_or(settings.max_in_doubt),
        give_up_after: delta(settings.give_up_after),
        stop_after_refusals: limits.stop_after_refusals,
        limit: limits.levers.limit,
        names_gifts: false,
        deadline: limits.levers.deadline.map(|it| it.resolve(context.started_at(), settings.tz)),
        clock_tolerance: Some(CLOCK_TOLERANCE),
        day_ends_at: (!settings.caps.is_none())
            .then(|| wall::next(NaiveTime::MIN, context.now(), settings.tz)),
    }
}

/// How doubts are settled: by what a command was told, else by the settings.
pub(super) fn policy(context: &Context, limits: Option<&RunLimits>) -> Policy {
    let settings = &context.settings;
    let in_doubt = limits.and_then(|limits| limits.in_doubt).unwrap_or(settings.in_doubt);
    let max_attempts = limits.and_then(|limits| limits.max_attempts);
    Policy {
        window: delta(settings.settle),
        max_attempts: max_attempts.unwrap_or(settings.max_attempts),
        in_doubt: match in_doubt {
            InDoubtKind::Settle => InDoubt::Settle,
            InDoubtKind::Hold => InDoubt::Hold,
        },
        proof: match settings.absence {
            AbsenceKind::Balance => AbsenceProof::Balance,
            AbsenceKind::List => AbsenceProof::Lists,
        },
    }
}

pub(super) fn delta(duration: std::time::Duration) -> TimeDelta {
    // A century is for ever, and every instant that far ahead is one that a calendar has.
    let century = TimeDelta::days(36_500);
    TimeDelta::from_std(duration).unwrap_or(century).min(century)
}
