//! `revoke`: what was given and not used yet is taken back.

use tokio::sync::watch;

use super::confirm::{Question, confirm};
use super::context::{self, Context};
use super::ended::{self, PROVIDER};
use super::exit::{Exit, Signal};
use super::failure::Failure;
use super::finish::{self, Besides};
use super::give::{client, delta, pace};
use super::live::Live;
use super::note::note;
use super::progress::{Display, Shown};
use super::recollect::recollect;
use super::revoke_args::RevokeArgs;
use super::signals::Signals;
use super::surplus::revoke_surplus;
use super::task::in_own_task;
use crate::domain::{GiftState, Money};
use crate::drive::Pulse;
use crate::report::{self, States, Summary};
use crate::revoke::{Reach, Revocation, RevokeOptions, RevokeProgress, run_revoke};

/// `giftbatch revoke`.
pub(super) async fn revoke(context: &Context, args: &RevokeArgs) -> Result<Exit, Failure> {
    if args.duplicates {
        return revoke_surplus(context, args).await;
    }
    let reach = reach(&args.state, &args.campaign)?;
    let client = client(context)?;
    let session = context.session().await?;
    let campaign = context::campaign(&session.ledger, &args.campaign).await?;
    let mut session = recollect(context, session, &client, &campaign, None).await?;
    let states = States::read_still(&session.ledger, &campaign).await?;
    let (given, word): (&[GiftState], _) = match reach {
        Reach::Begun => (&[GiftState::Revoking], "being revoked"),
        _ => (&[GiftState::Issued, GiftState::Revoking], "given"),
    };
    let gifts = given.iter().map(|state| states.gifts(*state)).sum();
    let amount: Money = given.iter().map(|state| states.amount(*state)).sum();
    context.out.note(&format!(
        "{}: {gifts} {word}, {}; what is wholly unspent of that will be deleted at the provider",
        campaign.name,
        report::money(amount)
    ));
    let plan = campaign.plan_id();
    let question = Question {
        campaign: &campaign.name,
        plan: &plan,
        what: "will be deleted now, where nothing of them was used",
        gifts,
        amount,
        is_limited: false,
        exposure: amount,
        max_total: args.max_total,
    };
    confirm(context, &args.confirm, &question)?;
    let signals = Signals::listen(context.out)?;
    let mut pace = pace(context);
    let (progress, source) = watch::channel(RevokeProgress { gifts, ..RevokeProgress::default() });
    let live = Live::start(context, source.clone());
    let display = Display::start(context.out, source);
    let options = RevokeOptions {
        note: note(context, None),
        client,
        rules: context.rules(signals.interrupt.clone()),
        progress,
        window: delta(context.settings.settle),
        reach,
    };
    let (ledger, writer, of) = (session.ledger.clone(), session.writer, campaign.clone());
    let ended =
        in_own_task(
            async move { run_revoke(&ledger, writer, &mut pace, &of, gifts, &options).await },
        )
        .await;
    drop(live);
    display.finish().await;
    let (writer, done) = ended?;
    session.writer = writer;
    let campaign = context::campaign(&session.ledger, &campaign.name).await?;
    let summary = Summary::read_still(&session.ledger, &campaign).await?;
    let exit = exit(&done, summary.states.gifts(GiftState::Revoking), signals.first());
    tell(context, &summary, &done);
    let why = done.ended.as_ref().map(|ended| ended::why(ended, PROVIDER));
    why.iter().for_each(|why| why.tell(context.out));
    finish::tell_with(context, &summary, exit, Besides { why, ..Besides::default() });
    session.close().await;
    Ok(exit)
}

/// What gifts of those states can be revoked; the others are nothing that the provider has, as far as we know.
fn reach(states: &[GiftState], campaign: &str) -> Result<Reach, Failure> {
    let name = report::shell_word(campaign);
    for state in states {
        let hint = match state {
            GiftState::Issued | GiftState::Revoking => continue,
            GiftState::Planned | GiftState::Deferred => {
                format!("giftbatch cancel {name} withdraws what was not sent")
            }
            GiftState::InFlight | GiftState::InDoubt => {
                format!("giftbatch issue {name} settles them first")
            }
            GiftState::Held => {
                format!(
                    "giftbatch gifts {name} --state held lists them; a person resolves them first"
                )
            }
            GiftState::Refused | GiftState::Cancelled | GiftState::Revoked => {
                "the provider has none of them".to_owned()
            }
        };
        let message =
            format!("gifts that are {state} cannot be revoked: only issued and revoking ones");
        return Err(Failure::usage(message).hint(hint));
    }
    Ok(match states.contains(&GiftState::Issued) {
        true => Reach::Given,
        false => Reach::Begun,
    })
}

/// Says what was done, and what was left.
fn tell(context: &Context, summary: &Summary, done: &Revocation) {
    let out = context.out;
    let gifts = if done.revoked == 1 { "gift" } else { "gifts" };
    out.note(&format!("revoked: {} {gifts}, {}", done.revoked, report::money(done.amount)));
    let left = done.left + done.unread;
    if left > 0 {
        let were = if left == 1 { "gift was left as it is" } else { "gifts were left as they are" };
        out.complain(&format!("{left} {were}:"));
        for gift in &done.named {
            out.complain(&format!("  {}  wallet {}  {}", gift.key, gift.wallet, gift.why));
        }
        let more = left - (done.named.len() as u64).min(left);
        if more > 0 {
            let name = report::shell_word(&summary.campaign);
            out.complain(&format!(
                "  and {more} more: giftbatch gifts {name} --state issued lists what is still given"
            ));
        }
    }
    if GiftState::SENDABLE.into_iter().any(|state| summary.states.gifts(state) > 0) {
        out.note(&format!(
            "hint: some gifts of it were never sent and may still be: giftbatch cancel {} withdraws them",
            report::shell_word(&summary.campaign)
        ));
    }
}

/// How it ended, where several reasons apply: a signal, then what is open, then an early end, then gifts that were
/// left.
pub(super) fn exit(done: &Revocation, open: u64, signal: Option<Signal>) -> Exit {
    let early = done.ended.as_ref().map(|ended| ended::exit(ended, signal));
    match early {
        Some(exit @ (Exit::Interrupted | Exit::Terminated)) => exit,
        _ if open > 0 => Exit::Attention,
        Some(exit) => exit,
        None if done.unread > 0 => Exit::Stopped,
        None if done.left > 0 => Exit::SomeRefused,
        None => Exit::Done,
    }
}

impl Shown for RevokeProgress {
    const WHAT: &'static str = "gifts";

    fn of(&self) -> (u64, u64) {
        (self.gifts, self.done)
    }

    fn words(&self) -> String {
        format!("{} revoked, {}", self.revoked, self.amount)
    }

    fn pulse(&self) -> Pulse {
        self.pulse
    }
}
