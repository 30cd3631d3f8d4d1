//! `reconcile`, and the reconcile at the end of a run.

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::commands::ReconcileArgs;
use super::context::{self, Context, Session};
use super::ended::{self, PROVIDER, Why};
use super::exit::Exit;
use super::failure::Failure;
use super::finish::{self, Besides};
use super::give::{client, delta, pace, policy};
use super::history::history;
use super::live::Live;
use super::note::note;
use super::progress::Display;
use super::signals::Signals;
use super::task::in_own_task;
use crate::domain::number_of;
use crate::drive::Rules;
use crate::ledger::Campaign;
use crate::pace::Pace;
use crate::plan::Estimate;
use crate::provider::WalletClient;
use crate::reconcile::{ReconcileOptions, ReconcileProgress, Reconciled, run_reconcile};
use crate::report::Summary;

/// `giftbatch reconcile`.
pub(super) async fn reconcile(context: &Context, args: &ReconcileArgs) -> Result<Exit, Failure> {
    if let (Some(audit), Some(name)) = (args.history, &args.campaign) {
        return history(context, name, audit).await;
    }
    let client = client(context)?;
    let mut session = context.session().await?;
    let campaigns = match &args.campaign {
        Some(name) => vec![context::campaign(&session.ledger, name).await?],
        None => session.ledger.campaigns().await?,
    };
    let signals = Signals::listen(context.out)?;
    let mut pace = pace(context);
    let mut worst = Exit::Done;
    let mut documents = Vec::new();
    context.told.a_list(args.all);
    if args.balances {
        let mut wallets = 0;
        for campaign in &campaigns {
            wallets += session.ledger.wallets(campaign.id).await?;
        }
        context.out.note(&cost(wallets, context.settings.rate));
    }
    for campaign in &campaigns {
        let bounds = Bounds { balances: args.balances, ..Bounds::default() };
        let (back, paced, end) =
            reconcile_one(context, session, &client, campaign, (pace, bounds), &signals).await?;
        (session, pace) = (back, paced);
        let campaign = context::campaign(&session.ledger, &campaign.name).await?;
        let summary = Summary::read(&session.ledger, &campaign).await?;
        let exit = Exit::of_reconcile(&summary, &end, signals.first());
        let why = match &end {
            Reconciled::Finished => None,
            Reconciled::Forgetful => Some(Why::new(
                "some wallets could not be read for what this ledger has forgotten, or of several gifts alike one is \
                 with a person (see the warnings), so nothing of this campaign is given yet",
                "settle what is held, if anything is, and reconcile again",
            )),
            Reconciled::Early(ended) => Some(ended::why(ended, PROVIDER)),
        };
        why.iter().for_each(|why| why.tell(context.out));
        let besides = Besides { why, ..Besides::default() };
        if args.all && context.out.args.json {
            let document = finish::document_with(context, &summary, exit, besides);
            context.told.of(summary, &document);
            documents.push(document);
        } else {
            finish::tell_with(context, &summary, exit, besides);
        }
        worst = worst.worse(exit);
        if end.early().is_some() {
            break;
        }
    }
    if args.all && context.out.args.json {
        context.out.result(&format!("[{}]", documents.join(",")));
    }
    session.close().await;
    Ok(worst)
}

/// What balances cost, before it is begun.
fn cost(wallets: u64, rate: u32) -> String {
    let estimate = Estimate { gifts: wallets, wallets, rate };
    format!(
        "reconcile --balances: {}, a list and a balance each: {}, {estimate}",
        number_of(wallets, "wallet"),
        number_of(estimate.requests(), "request")
    )
}

/// How far a reconcile goes: nothing of this means all of the campaign, for as long as it takes.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    /// From then on nothing is asked.
    pub(super) deadline: Option<DateTime<Utc>>,
    /// The rows of the gifts whose wallets are read.
    pub(super) only: Option<Vec<i64>>,
    /// Whether balances are asked for as well.
    pub(super) balances: bool,
}

/// Holds one campaign against the lists of its wallets.
pub(super) async fn reconcile_one(
    context: &Context,
    mut session: Session,
    client: &WalletClient,
    campaign: &Campaign,
    (mut pace, bounds): (Pace, Bounds),
    signals: &Signals,
) -> Result<(Session, Pace, Reconciled), Failure> {
    let (progress, source) = watch::channel(ReconcileProgress::default());
    let live = Live::start(context, source.clone());
    let display = Display::start(context.out, source);
    let options = ReconcileOptions {
        command: context.command,
        note: note(context, None),
        client: client.clone(),
        rules: Rules { deadline: bounds.deadline, ..context.rules(signals.interrupt.clone()) },
        progress,
        window: delta(context.settings.settle),
        only: bounds.only,
        proof: policy(context, None).proof,
        balances: bounds.balances,
    };
    let (ledger, writer, campaign) = (session.ledger.clone(), session.writer, campaign.clone());
    let (reconciled, pace) = in_own_task(async move {
        let reconciled = run_reconcile(&ledger, writer, &mut pace, &campaign, &options).await;
        (reconciled, pace)
    })
    .await;
    drop(live);
    display.finish().await;
    let (writer, end) = reconciled?;
    session.writer = writer;
    Ok((session, pace, end))
}
