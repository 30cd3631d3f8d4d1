//! `pause` and `resume`: a campaign is stopped, and allowed again, from any terminal.
//!
//! Neither takes the run lock: a live run holds it.

use super::context::{self, Context};
use super::exit::Exit;
use super::failure::Failure;
use super::finish;
use super::person::CampaignArgs;
use super::standing::{self, who};
use crate::ledger::{Standing, Wish};
use crate::report::{Summary, shell_word};

/// `giftbatch pause`.
pub(super) async fn pause(context: &Context, args: &CampaignArgs) -> Result<Exit, Failure> {
    wish(context, args, Wish::Pause).await
}

/// `giftbatch resume`. It starts no run.
pub(super) async fn resume(context: &Context, args: &CampaignArgs) -> Result<Exit, Failure> {
    wish(context, args, Wish::Resume).await
}

async fn wish(context: &Context, args: &CampaignArgs, wish: Wish) -> Result<Exit, Failure> {
    let ledger = context.ledger().await?;
    let campaign = context::campaign(&ledger, &args.campaign).await?;
    let is_new = ledger.wish(campaign.id, wish, &who(), context.now()).await?;
    let standing = ledger.standing(campaign.id).await?;
    if let (Standing::Cancelled(_), Wish::Resume) = (&standing, wish) {
        return Err(standing::failure(&campaign, &standing));
    }
    let (campaign_name, word) = (&campaign.name, standing.word());
    let name = shell_word(campaign_name);
    context.out.note(&match (&standing, is_new) {
        (Standing::Paused(_), true) => format!(
            "{campaign_name:?} is paused: a live run of it ends within a second, once what is in flight is done; \
             `giftbatch resume {name}` allows it again"
        ),
        (Standing::Open, true) => {
            format!("{campaign_name:?} may be sent again: giftbatch issue {name}")
        }
        (Standing::Open, false) => format!("{campaign_name:?} is not paused"),
        (_, _) => format!("{campaign_name:?} is {word} already: nothing of it is sent"),
    });
    let summary = Summary::read(&ledger, &campaign).await?;
    finish::tell(context, &summary, Exit::Done);
    Ok(Exit::Done)
}
