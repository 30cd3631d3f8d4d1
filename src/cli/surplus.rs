//! `revoke --duplicates`: gifts too many, which an audit named, are taken back.
//!
//! It stands apart because these gifts are in no ledger: what is deleted is looked up and shown before anybody is
//! asked, and nothing else than what was shown is deleted.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::confirm::{Question, confirm};
use super::context::{self, Context, Session};
use super::ended::{self, PROVIDER};
use super::exit::Exit;
use super::failure::Failure;
use super::finish::{self, Besides};
use super::give::{client, delta, pace};
use super::live::Live;
use super::note::note;
use super::progress::Display;
use super::recollect::recollect;
use super::revoke;
use super::revoke_args::RevokeArgs;
use super::signals::Signals;
use super::task::in_own_task;
use crate::domain::{Money, number_of};
use crate::interrupt::Interrupt;
use crate::ledger::{Campaign, Ledger, SurplusGift};
use crate::provider::WalletClient;
use crate::reconcile::{Since, audit};
use crate::report::{self, Summary, count, money};
use crate::revoke::{
    LeftGift, Proof, Proposal, Reach, Revocation, RevokeOptions, RevokeProgress, Surplus,
    look_for_surplus, run_revoke,
};

/// What was found longer ago is found anew first.
const OLDEST_AUDIT: TimeDelta = TimeDelta::days(1);

/// Audits among which the last whole one is looked for.
const AUDITS: i64 = 1_000;

/// Gifts that are shown before anybody is asked.
const SHOWN: usize = 20;

/// `giftbatch revoke --duplicates`.
pub(super) async fn revoke_surplus(context: &Context, args: &RevokeArgs) -> Result<Exit, Failure> {
    let client = client(context)?;
    let session = context.session().await?;
    let campaign = context::campaign(&session.ledger, &args.campaign).await?;
    let mut session = recollect(context, session, &client, &campaign, None).await?;
    let named = named(context, &session.ledger, &campaign).await?;
    let errand = Errand { context, client: &client, campaign: &campaign, args };
    let (back, looked) = errand.go(session, named, None).await?;
    session = back;
    show(context, &campaign, &looked);
    let amount: Money = looked.proposed.iter().map(|proposal| proposal.amount).sum();
    let mut done = Revocation::default();
    let mut signal = None;
    if looked.ended.is_none() {
        let question = Question {
            campaign: &campaign.name,
            plan: &campaign.plan_id(),
            what: "are too many and will be deleted now",
            gifts: looked.proposed.len() as u64,
            amount,
            is_limited: false,
            exposure: amount,
            max_total: args.max_total,
        };
        confirm(context, &args.confirm, &question)?;
        let proposed = looked.proposed.iter().map(|proposal| proposal.gift);
        let chosen: Vec<SurplusGift> = proposed.chain(looked.to_settle.iter().copied()).collect();
        if !chosen.is_empty() {
            let signals = Signals::listen(context.out)?;
            (session, done) = errand.go(session, chosen, Some(&signals)).await?;
            signal = signals.first();
        }
    }
    let done = all_of(done, &looked);
    let open = session.ledger.begun_surplus(campaign.id).await?.len();
    let exit = revoke::exit(&done, open as u64, signal);
    tell(context, &campaign, (&looked, &done), open);
    let campaign = context::campaign(&session.ledger, &campaign.name).await?;
    let summary = Summary::read_still(&session.ledger, &campaign).await?;
    let why = done.ended.as_ref().map(|ended| ended::why(ended, PROVIDER));
    why.iter().for_each(|why| why.tell(context.out));
    let more = Some(("surplus", document(&looked, &done)));
    finish::tell_with(context, &summary, exit, Besides { why, more, ..Besides::default() });
    session.close().await;
    Ok(exit)
}

/// Gifts too many that are to be looked at: what an earlier run began, and what the last whole audit named.
async fn named(
    context: &Context,
    ledger: &Ledger,
    campaign: &Campaign,
) -> Result<Vec<SurplusGift>, Failure> {
    let begun = ledger.begun_surplus(campaign.id).await?;
    let hint = format!("giftbatch reconcile {} first", report::shell_word(&campaign.name));
    let audits = ledger.audits(campaign.id, AUDITS).await?;
    let last = audits.into_iter().find(|audit| audit.is_whole());
    let refused = match &last {
        None => "no reconcile of this campaign has read every wallet yet",
        Some(audit) if audit.ended_at.is_none_or(|at| context.now() - at > OLDEST_AUDIT) => {
            "the last reconcile of this campaign that read every wallet is older than a day"
        }
        Some(audit) => {
            let found = ledger.surplus_found(campaign.id, audit.number, audit.started_at).await?;
            return Ok(begun.into_iter().chain(found).collect());
        }
    };
    if begun.is_empty() {
        return Err(Failure::new(Exit::NotConfirmed, refused).hint(hint));
    }
    // What was confirmed and begun is ended, however long ago it was.
    context.out.note(&format!("{refused}: only what was begun is ended; for more, {hint}"));
    Ok(begun)
}

/// What both looks at the wallets need.
struct Errand<'e> {
    context: &'e Context,
    client: &'e WalletClient,
    campaign: &'e Campaign,
    args: &'e RevokeArgs,
}

impl Errand<'_> {
    /// Deletes what is still too many of these gifts; without signals it only looks.
    async fn go(
        &self,
        mut session: Session,
        gifts: Vec<SurplusGift>,
        signals: Option<&Signals>,
    ) -> Result<(Session, Revocation), Failure> {
        let context = self.context;
        let all = RevokeProgress { gifts: gifts.len() as u64, ..RevokeProgress::default() };
        let (progress, source) = watch::channel(all);
        let live = signals.map(|_| Live::start(context, source.clone()));
        let display = Display::start(context.out, source);
        let surplus = Surplus {
            gifts,
            look_alikes: self.args.look_alikes,
            judge: |campaign, known, credits, elsewhere, first_attempt| {
                audit(campaign, known, credits, elsewhere, Since { first_attempt })
            },
        };
        let options = RevokeOptions {
            note: note(context, None),
            client: self.client.clone(),
            rules: context
                .rules(signals.map_or_else(Interrupt::default, |it| it.interrupt.clone())),
            progress,
            window: delta(context.settings.settle),
            reach: Reach::Surplus(surplus),
        };
        let (mut pace, of, only_looks) = (pace(context), self.campaign.clone(), signals.is_none());
        let (ledger, writer) = (session.ledger.clone(), session.writer);
        let ended = in_own_task(async move {
            let (pace, options) = (&mut pace, &options);
            match only_looks {
                true => look_for_surplus(&ledger, writer, pace, &of, options).await,
                false => run_revoke(&ledger, writer, pace, &of, all.gifts, options).await,
            }
        })
        .await;
        drop(live);
        display.finish().await;
        let (writer, done) = ended?;
        session.writer = writer;
        Ok((session, done))
    }
}

/// Shows what may be taken back, before anybody is asked.
fn show(context: &Context, campaign: &Campaign, looked: &Revocation) {
    let proposed = &looked.proposed;
    let out = context.out;
    if proposed.is_empty() {
        out.note(&format!("{}: no gift too many that may be taken back", campaign.name));
        return;
    }
    let all: Money = proposed.iter().map(|proposal| proposal.amount).sum();
    let alike = proposed.iter().filter(|proposal| proposal.proof == Proof::Looks).count();
    out.note(&format!(
        "{}: {} too many that may be taken back, {}: {} proven to be ours, {} only by their looks",
        campaign.name,
        gifts(proposed.len()),
        money(all),
        count((proposed.len() - alike) as u64),
        count(alike as u64),
    ));
    for proposal in proposed.iter().take(SHOWN) {
        out.note(&line(proposal));
    }
    if proposed.len() > SHOWN {
        out.note(&format!("  and {} more", count((proposed.len() - SHOWN) as u64)));
    }
}

fn line(proposal: &Proposal) -> String {
    let Proposal { gift, key, amount, proof } = proposal;
    let proof = match proof {
        Proof::Reference => "ours: it has our reference",
        Proof::Tag => "ours: it has our tag",
        Proof::Looks => "looks like ours, may be somebody else's",
    };
    let (wallet, amount, id) = (gift.wallet, money(*amount), gift.id);
    format!("  wallet {wallet}  {amount}\n    key    {key}\n    extra  {id}\n    {proof}")
}

fn gifts(number: usize) -> String {
    number_of(number as u64, "gift")
}

/// Both looks as one: what the first one left, the second one did not come to.
fn all_of(mut done: Revocation, looked: &Revocation) -> Revocation {
    done.left += looked.left;
    done.unread += looked.unread;
    done.named.extend(looked.named.iter().cloned());
    done.ended = done.ended.or_else(|| looked.ended.clone());
    done
}

/// Says what was done, and what was left.
fn tell(
    context: &Context,
    campaign: &Campaign,
    (looked, done): (&Revocation, &Revocation),
    open: usize,
) {
    let (out, name) = (context.out, report::shell_word(&campaign.name));
    let taken = usize::try_from(done.revoked).unwrap_or(usize::MAX);
    if done.revoked > 0 || !looked.proposed.is_empty() {
        out.note(&format!("taken back: {} too many, {}", gifts(taken), money(done.amount)));
    }
    let left = done.left + done.unread;
    if left > 0 {
        out.complain(&format!("left as they are: {}", count(left)));
        for gift in &done.named {
            let LeftGift { key, id, wallet, why } = gift;
            out.complain(&format!(
                "  wallet {wallet}\n    key    {key}\n    extra  {id}\n    {why}"
            ));
        }
        let more = left - (done.named.len() as u64).min(left);
        if more > 0 {
            out.complain(&format!("  and {} more", count(more)));
        }
    }
    if open > 0 {
        out.complain(&format!(
            "nobody knows yet what came of {}: giftbatch revoke {name} --duplicates looks again",
            gifts(open)
        ));
    } else if done.revoked > 0 {
        out.note(&format!("giftbatch reconcile {name} shows how its gifts stand now"));
    }
}

/// What is added to the document.
fn document(looked: &Revocation, done: &Revocation) -> Value {
    let proposed = looked.proposed.iter().take(SHOWN).map(|proposal| {
        json!({
            "key": proposal.key.to_string(),
            "wallet_id": proposal.gift.wallet.to_string(),
            "remote_id": proposal.gift.id.to_string(),
            "amount": proposal.amount.to_string(),
            "proof": proposal.proof.word(),
        })
    });
    let left = done.named.iter().map(|gift| {
        json!({
            "key": gift.key.to_string(),
            "wallet_id": gift.wallet.to_string(),
            "remote_id": gift.id.to_string(),
            "why": gift.why.to_string(),
        })
    });
    json!({
        "found": looked.proposed.len(),
        "revoked": done.revoked,
        "amount": done.amount.to_string(),
        "left": done.left,
        "unread": done.unread,
        "proposed": proposed.collect::<Vec<_>>(),
        "named": left.collect::<Vec<_>>(),
    })
}
