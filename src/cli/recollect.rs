//! A restored ledger remembers before it gives: what it may have forgotten of a campaign is looked for in the
//! campaign's wallets.
//!
//! It stands apart because whatever gives or takes back does it first, and nobody need ask for it: a campaign that
//! began after the restore would otherwise wait for a person each day.
//!
//! **Invariant:** of a campaign that an old copy knew, a person says first that it may go on: the copy may have
//! forgotten that it was paused or cancelled.

use super::context::{Context, Session};
use super::ended::{self, PROVIDER, Why};
use super::failure::Failure;
use super::give::pace;
use super::reconcile::{Bounds, reconcile_one};
use super::signals::Signals;
use crate::domain::number_of;
use crate::ledger::{Campaign, Forgotten, Glance, LedgerError};
use crate::provider::WalletClient;
use crate::reconcile::Reconciled;

/// Looks for what was forgotten of a campaign, where something may be; fails where that could not tell, before
/// anybody is asked.
pub(super) async fn recollect(
    context: &Context,
    session: Session,
    client: &WalletClient,
    campaign: &Campaign,
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
    let paced = (pace(context), Bounds::default());
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
