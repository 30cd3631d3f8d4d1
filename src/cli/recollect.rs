//! A restored ledger remembers before it gives: what it may have forgotten of a campaign is looked for in the
//! campaign's wallets.
//!
//! It stands apart because whatever gives or takes back does it first, and nobody need ask for it: a campaign that
//! began after the restore would otherwise wait for a person each day.
//!
//! **Invariant:** of a campaign that an old copy knew, a person says first that it may go on: the copy may have
//! forgotten that it was paused or cancelled.

use chrono::{DateTime, Utc};

use super::commands::RunLimits;
use super::context::{Context, Session};
use super::ended::{self, PROVIDER, Why};
use super::exit::Exit;
use super::failure::Failure;
use super::give::pace;
use super::reconcile::{Bounds, reconcile_one};
use super::signals::Signals;
use crate::domain::{GiftState, number_of};
use crate::ledger::{Campaign, Forgotten, Glance, LedgerError};
use crate::provider::WalletClient;
use crate::reconcile::Reconciled;
use crate::report::{States, second, shell_word};

/// What [`recollect`] says for a command that gives, beside what it does for all: fails as well where what was taken back
/// since the copy was made would be given again.
pub(super) async fn recollect_to_give(
    context: &Context,
    session: Session,
    client: &WalletClient,
    campaign: &Campaign,
    limits: &RunLimits,
) -> Result<Session, Failure> {
    let deadline = limits.levers.deadline;
    let deadline = deadline.map(|it| it.resolve(context.started_at(), context.settings.tz));
    let session = recollect(context, session, client, campaign, deadline).await?;
    let path = session.ledger.path().to_owned();
    let mut glance = session.ledger.glance().await?;
    let revoked_at = glance.forgotten_revoke(&path, &campaign.name).await?;
    drop(glance);
    let Some(at) = revoked_at.filter(|_| !limits.allow_revoked) else {
        return Ok(session);
    };
    let states = States::read_still(&session.ledger, campaign).await?;
    let may_be_given = GiftState::SENDABLE.into_iter().chain([GiftState::Refused]);
    if may_be_given.map(|state| states.gifts(state)).sum::<u64>() == 0 {
        return Ok(session);
    }
    let (name, word) = (&campaign.name, shell_word(&campaign.name));
    let message = format!(
        "{name}: gifts of it were revoked at {}, and this ledger is an old copy that knows nothing of that: what was \
         given and taken back since would be given again",
        second(at)
    );
    Err(Failure::new(Exit::NotConfirmed, message).hint(format!(
        "nothing was sent; put a later copy back, or withdraw what is open with `giftbatch cancel {word}`; if all that \
         this ledger has not given is to be given, say --allow-revoked"
    )))
}

/// Looks for what was forgotten of a campaign, where something may be; fails where that could not tell, before
/// anybody is asked. From `deadline` on nothing is asked.
pub(super) async fn recollect(
    context: &Context,
    session: Session,
    client: &WalletClient,
    campaign: &Campaign,
    deadline: Option<DateTime<Utc>>,
) -> Result<Session, Failure> {
    match session.ledger.glance().await?.forgotten(campaign.id).await? {
        Forgotten::Nothing => return Ok(session),
        Forgotten::Wishes => return Err(LedgerError::Restored.into()),
        Forgotten::Gifts => {}
    }
    let wallets = number_of(session.ledger.wallets(campaign.id).await?, "wallet");
    context.out.complain(&format!(
        "{}: this ledger is an old copy that was restored; first it looks in {wallets} for what it has \
         forgotten, twice, over the settle window",
        campaign.name
    ));
    let signals = Signals::listen(context.out)?;
    let paced = (pace(context), Bounds { deadline, ..Bounds::default() });
    let (session, _, end) =
        reconcile_one(context, session, client, campaign, paced, &signals).await?;
    match end {
        Reconciled::Finished => {
            match session.ledger.glance().await?.forgotten(campaign.id).await? {
                Forgotten::Nothing => Ok(session),
                Forgotten::Gifts | Forgotten::Wishes => Err(LedgerError::Restored.into()),
            }
        }
        Reconciled::Forgetful => Err(LedgerError::Restored.into()),
        Reconciled::Early(ended) => {
            let Why { message, hint, .. } = ended::why(&ended, PROVIDER);
            let failure = Failure::new(ended::exit(&ended, signals.first()), message);
            let hint = hint.unwrap_or_default();
            Err(failure.hint(format!("nothing was sent; {hint}")))
        }
    }
}

/// Says what a run would do first.
pub(super) async fn foretell(
    context: &Context,
    glance: &mut Glance<'_>,
    campaign: &Campaign,
) -> Result<(), Failure> {
    let revoked_at = glance.forgotten_revoke(&context.settings.ledger, &campaign.name).await?;
    if let Some(at) = revoked_at {
        context.out.complain(&format!(
            "{}: a run that gives would be refused (7) without --allow-revoked: gifts of it were revoked at {}, and this \
             restored ledger knows nothing of that",
            campaign.name,
            second(at)
        ));
    }
    let words = match glance.forgotten(campaign.id).await? {
        Forgotten::Nothing => return Ok(()),
        Forgotten::Gifts => {
            "a run would first look in its wallets for what this restored ledger has forgotten"
        }
        Forgotten::Wishes => {
            "a run would be refused (7): this restored ledger has to reconcile it first, and may have forgotten \
             that it was paused or cancelled"
        }
    };
    context.out.complain(&format!("{}: {words}", campaign.name));
    Ok(())
}
