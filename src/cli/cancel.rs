//! `cancel`: what was never sent of a campaign is withdrawn, for good.
//!
//! First the wish, which holds at once and for ever; then, under the run lock, the gifts. A live run ends
//! meanwhile and may withdraw them itself. Killed at any moment, the same command goes on.

use std::io::{self, BufRead, Write};
use std::time::Duration;

use super::confirm::can_ask;
use super::context::{self, Context, Session};
use super::exit::Exit;
use super::failure::Failure;
use super::give::delta;
use super::person::CancelArgs;
use super::standing::{self, who};
use super::{finish, logs};
use crate::domain::{GiftState, Money};
use crate::ledger::{Campaign, Forgotten, Ledger, LedgerError, RunLock, Standing, Wish};
use crate::report::{States, Status, Summary, count, money, shell_word};

/// How often the run lock is tried.
const TRY_EVERY: Duration = Duration::from_millis(100);

/// What a run needs to end, besides the requests that are in flight: looks, commits, a summary.
const ENDING: Duration = Duration::from_secs(10);

/// `giftbatch cancel`.
pub(super) async fn cancel(context: &Context, args: &CancelArgs) -> Result<Exit, Failure> {
    let ledger = context.ledger().await?;
    let campaign = context::campaign(&ledger, &args.campaign).await?;
    let before = Summary::read(&ledger, &campaign).await?;
    if !matches!(before.standing, Standing::Cancelled(_)) {
        context.out.note(&preview(&before.states));
        confirm(context, args, &campaign)?;
        ledger.wish(campaign.id, Wish::Cancel, &who(), context.now()).await?;
    }
    let mut session = session(context, ledger, &campaign).await?;
    // What it forgot may have been given: nothing of it is sent, and nothing is called cancelled yet.
    let forgotten = session.ledger.glance().await?.forgotten(campaign.id).await?;
    if forgotten != Forgotten::Nothing {
        let name = shell_word(&campaign.name);
        return Err(Failure::from(LedgerError::Restored).hint(format!(
            "the cancelling is kept: nothing of this campaign is sent any more; once `giftbatch reconcile \
             {name}` has found what the old copy forgot, the same command withdraws the rest"
        )));
    }
    standing::withdraw(context, &mut session).await?;
    let summary = Summary::read_still(&session.ledger, &campaign).await?;
    context.out.note(&told(&summary.states));
    let in_flight = summary.states.gifts(GiftState::InFlight);
    let is_settled = summary.status() != Status::Attention && in_flight == 0;
    let exit = if is_settled { Exit::Done } else { Exit::Attention };
    finish::tell(context, &summary, exit);
    session.close().await;
    Ok(exit)
}

/// Takes the run lock, once the run that was told to end has ended.
async fn session(
    context: &Context,
    ledger: Ledger,
    campaign: &Campaign,
) -> Result<Session, Failure> {
    let patience = delta(context.settings.timeout + ENDING);
    let began = context.now();
    let mut is_told = false;
    loop {
        match RunLock::take(ledger.path(), context.command, context.now()) {
            Ok(lock) => return Session::of(ledger, lock, context.now()).await,
            Err(LedgerError::Busy { .. }) if context.now() - began < patience => {
                if !is_told {
                    context.out.note("waiting for the run that holds the ledger to end");
                    is_told = true;
                }
                context.clock.sleep(TRY_EVERY).await;
            }
            Err(busy @ LedgerError::Busy { .. }) => {
                let (campaign, name) = (&campaign.name, shell_word(&campaign.name));
                return Err(Failure::from(busy).hint(format!(
                    "{campaign:?} is cancelled and sends nothing more; that run writes its gifts down as \
                     cancelled when it ends, or `giftbatch cancel {name}` does"
                )));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn confirm(context: &Context, args: &CancelArgs, campaign: &Campaign) -> Result<(), Failure> {
    if args.yes {
        return Ok(());
    }
    let refused = |message: String| Err(Failure::new(Exit::NotConfirmed, message));
    if !can_ask(context) {
        return refused("nobody confirmed the cancelling; nothing was changed".to_owned())
            .map_err(|failure| failure.hint("look at the figures, then say --yes"));
    }
    logs::flush();
    let mut screen = anstream::stderr().lock();
    write!(screen, "This cannot be undone. Type the campaign's name to cancel it: ")?;
    screen.flush()?;
    let mut typed = String::new();
    io::stdin().lock().read_line(&mut typed)?;
    if typed.trim() == campaign.name {
        return Ok(());
    }
    refused(format!("{:?} is not its name; nothing was changed", typed.trim()))
}

/// Gifts in any of these states, with their money.
fn sum(states: &States, which: &[GiftState]) -> (u64, Money) {
    let gifts = which.iter().map(|state| states.gifts(*state)).sum();
    (gifts, which.iter().map(|state| states.amount(*state)).sum())
}

fn line(words: &str, (gifts, amount): (u64, Money)) -> String {
    let noun = if gifts == 1 { "gift" } else { "gifts" };
    format!("  {words:<24} {} {noun}, {}\n", count(gifts), money(amount))
}

const GIVEN: [GiftState; 3] = [GiftState::Issued, GiftState::Revoking, GiftState::Revoked];
const UNKNOWN: [GiftState; 3] = [GiftState::InFlight, GiftState::InDoubt, GiftState::Held];

/// What cancelling would do.
fn preview(states: &States) -> String {
    line("to be withdrawn", sum(states, &GiftState::SENDABLE)) + &sent(states)
}

/// What it did.
fn told(states: &States) -> String {
    let withdrawn = line("withdrawn", sum(states, &[GiftState::Cancelled]));
    let more = sum(states, &UNKNOWN).0 > 0;
    let settle = "what may have been given is settled by `giftbatch issue`, which sends nothing of a \
                  cancelled campaign, and by `giftbatch resolve` where it is held\n";
    withdrawn + &sent(states) + if more { settle } else { "" }
}

fn sent(states: &States) -> String {
    let unknown = sum(states, &UNKNOWN);
    let mut text = line("given, and stays given", sum(states, &GIVEN));
    if unknown.0 > 0 {
        text += &line("sent, and may be given", unknown);
    }
    text
}
