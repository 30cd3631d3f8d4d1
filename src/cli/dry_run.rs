//! `--dry-run`: the requests that a run would send, as they would be sent, and nothing else.
//!
//! **Invariant:** nothing is sent and nothing stays stored: a file is loaded into a transaction that is
//! undone, or where there is no ledger yet into one that is thrown away.

use std::io::{self, Write};

use serde_json::json;
use tempfile::TempDir;

use super::caps::bound;
use super::commands::{IssueArgs, RetryArgs, RunArgs, RunLimits};
use super::confirm::{refuse_beyond, refuse_other_plan};
use super::context::{self, Context, Session};
use super::exit::Exit;
use super::failure::Failure;
use super::give::{exposure, to_send};
use super::load::{Source, prepare};
use super::retry::Selection;
use super::standing;
use crate::domain::{GiftState, Money};
use crate::ledger::{
    Campaign, Glance, Ledger, RefusalTally, RunLock, Sender, Standing, StateTally,
};
use crate::provider::{Credentials, Preview, WalletClient};
use crate::report::{Amounts, Document, States, Subject, Summary, count, money};

/// Gifts that are read at once.
const PAGE: u64 = 500;

/// What would be sent, and of whom.
struct Plan<'p> {
    context: &'p Context,
    limits: &'p RunLimits,
    sender: Sender<'p>,
    /// In doubt or in flight: looked up before anything is sent.
    unclear: u64,
    /// The document up to its requests.
    document: String,
}

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
    let sender = Sender { campaign: campaign.id, reopened };
    let mut glance = ledger.glance().await?;
    let open = match reopened {
        Some(_) => glance.send_most(sender, u64::MAX).await?,
        None => to_send(&summary.states),
    };
    // What a retry reopens was not given: its limit is on what it gives.
    let exposure = if selection.is_some() { open.1 } else { exposure(&summary.states) };
    refuse_beyond(args.max_total, exposure)?;
    bound(context, &mut glance, sender, args.limits.levers.limit, open).await?;
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
    let client = client(context)?;
    let (ledger, _folder) = ledger(context).await?;
    let lock = RunLock::take(ledger.path(), context.command, context.now())?;
    let mut session = Session::of(ledger, lock, context.now()).await?;
    if let Some(known) = session.ledger.campaign(args.load.campaign.as_str()).await? {
        refuse_closed(&session.ledger, &known).await?;
    }
    let max_total = args.load.max_total;
    let (file, name) = (&args.load.file, &args.load.campaign);
    let source = Source { args: file, campaign: name, max_total, celebration: None };
    let (mut load, loaded) = prepare(context, &mut session, &source).await?;
    if !context.out.args.json {
        let (text, plan) = (loaded.preview.text(), loaded.campaign.plan_id());
        context.out.note(&format!("{text}  {:<10} {plan}", "plan"));
    }
    let campaign = &loaded.campaign;
    let summary = summary(campaign, &load.tally().await?, load.campaign_wallets().await?)?;
    let states = &summary.states;
    let sender = Sender { campaign: campaign.id, reopened: None };
    let printed = async {
        refuse_beyond(max_total, exposure(states))?;
        let mut glance = load.glance();
        let open = to_send(states);
        bound(context, &mut glance, sender, args.limits.levers.limit, open).await?;
        refuse_other_plan(&args.confirm, &campaign.plan_id())?;
        let document = document(context, &summary, Some(loaded.preview.json()));
        let (limits, unclear) = (&args.limits, unclear(states));
        let plan = Plan { context, limits, sender, unclear, document };
        plan.print(&client, &mut glance).await
    };
    let printed = printed.await;
    load.rollback().await?;
    session.close().await;
    printed
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
    let (url, timeout) = (settings.wallet_url()?, settings.timeout);
    Ok(WalletClient::new(url, &credentials, timeout, context.clock.clone())?)
}

fn unclear(states: &States) -> u64 {
    states.gifts(GiftState::InDoubt) + states.gifts(GiftState::InFlight)
}

fn document(context: &Context, summary: &Summary, preview: Option<serde_json::Value>) -> String {
    let (subject, status, code) = (Subject::Campaign(summary), summary.status(), Exit::Done.code());
    let elapsed_ms = context.elapsed_ms();
    let document = Document::of(context.command, subject, status, code, elapsed_ms);
    document.with_preview(preview).to_json()
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

impl Plan<'_> {
    /// Prints each request as it is read.
    async fn print(&self, client: &WalletClient, glance: &mut Glance<'_>) -> Result<Exit, Failure> {
        let mut out = Printer::of(self.context, io::BufWriter::new(io::stdout()));
        match self.write(client, glance, &mut out).await? {
            // A reader that went away (a closed pipe) has read all that it wanted.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Done),
            written => written?,
        }
        let Printer { requests, amount, .. } = out;
        let note = |text: &str| self.context.out.note(text);
        let noun = if requests == 1 { "request" } else { "requests" };
        note(&format!("{} {noun}, {} in all; nothing was sent", count(requests), money(amount)));
        if self.unclear > 0 {
            note(&format!(
                "a run would first look up {} gifts whose fate is not known, and send those again that \
                 were not given",
                count(self.unclear)
            ));
        }
        Ok(Exit::Done)
    }

    /// The outer error is the ledger's, the inner one the printer's.
    async fn write<W: Write>(
        &self,
        client: &WalletClient,
        glance: &mut Glance<'_>,
        out: &mut Printer<W>,
    ) -> Result<io::Result<()>, Failure> {
        let mut left = self.limits.levers.limit.unwrap_or(u64::MAX);
        let tag = self.limits.tag || self.context.settings.tag;
        let mut walk = glance.walk(self.sender, tag, self.context.now()).await?;
        if let Err(error) = out.begin(&self.document) {
            return Ok(Err(error));
        }
        while left > 0 {
            let gifts = glance.next_to_send(&mut walk, left.min(PAGE)).await?;
            if gifts.is_empty() {
                break;
            }
            left -= gifts.len() as u64;
            for gift in &gifts {
                out.amount += gift.content.amount;
                if let Err(error) = out.add(&client.preview_gift(gift)) {
                    return Ok(Err(error));
                }
            }
        }
        Ok(out.end())
    }
}

/// Writes requests as text, or as the last field of the document.
struct Printer<W> {
    is_json: bool,
    requests: u64,
    amount: Money,
    out: W,
}

impl<W: Write> Printer<W> {
    fn of(context: &Context, out: W) -> Printer<W> {
        Printer { is_json: context.out.args.json, requests: 0, amount: Money::ZERO, out }
    }

    fn begin(&mut self, document: &str) -> io::Result<()> {
        if !self.is_json {
            return Ok(());
        }
        let open = document.strip_suffix('}').unwrap_or(document);
        write!(self.out, "{open},\"dry_run\":true,\"requests\":[")
    }

    fn add(&mut self, request: &Preview) -> io::Result<()> {
        let is_first = self.requests == 0;
        self.requests += 1;
        if self.is_json {
            let comma = if is_first { "" } else { "," };
            return write!(self.out, "{comma}\n{}", json!(request));
        }
        writeln!(self.out, "{} {}", request.method, request.url)?;
        for (name, value) in &request.headers {
            writeln!(self.out, "{name}: {value}")?;
        }
        writeln!(self.out, "\n{}\n", request.body)
    }

    fn end(&mut self) -> io::Result<()> {
        if self.is_json {
            self.out.write_all(b"\n]}\n")?;
        }
        self.out.flush()
    }
}
