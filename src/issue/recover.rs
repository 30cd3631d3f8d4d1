//! The start of a run: what a dead run left behind becomes doubts, before anything is sent.
//!
//! **Invariant:** it runs under the run lock, so that whoever sent what is in flight is surely dead;
//! the settle window of those gifts begins now, never at the time of their intent. So does that of
//! older doubts: the machine's clock may have been set between two runs, and then nobody knows how
//! long ago their senders let go.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::group::{Committed, Facts, hold};
use super::{IssueOptions, Tools};
use crate::domain::{Event, GiftState, WalletId};
use crate::ledger::{Campaign, Doubt, LedgerError, Lists, Outcome, Writer};
use crate::settle::{InDoubt, Skew};

/// What a run finds when it begins.
#[derive(Debug)]
pub(super) struct Start {
    /// Every doubt of the ledger: whatever their campaign, they stand in the way of their wallets.
    pub(super) doubts: Vec<Doubt>,
    /// What is known of the provider's lists.
    pub(super) lists: Lists,
    /// A wallet that is known to have a gift.
    pub(super) sighting: Option<WalletId>,
}

/// Begins the run in the ledger, and marks what was in flight as orphaned.
pub(super) async fn recover(
    writer: &mut Writer,
    run: Uuid,
    tools: &Tools,
    campaign: &Campaign,
    options: &IssueOptions,
) -> Result<Start, LedgerError> {
    let now = tools.clock.now();
    let mut batch = writer.begin().await?;
    let origin = tools.client.base().to_string();
    let lists = batch.bind_provider(&origin, now).await?;
    batch.begin_run(run, campaign.id, options.command, now).await?;
    if options.tag && !batch.tag(campaign.id).await? {
        tracing::warn!("some of this campaign was sent without tags: it goes on without them");
    }
    let orphans: Vec<Outcome> =
        batch.in_flight().await?.into_iter().map(|gift| orphaned(gift, now)).collect();
    batch.record(Some(run), &orphans).await?;
    let mut doubts = batch.doubts().await?;
    for doubt in &mut doubts {
        doubt.settle_from = now;
    }
    if options.policy.in_doubt == InDoubt::Hold {
        let facts = Facts {
            run,
            campaign: campaign.id,
            policy: options.policy,
            skew: Skew::default(),
            lists,
            now,
        };
        hold(&mut batch, &facts, &doubts, &mut Committed::default()).await?;
        doubts.clear();
    }
    let sighting = batch.sighting().await?;
    batch.commit().await?;
    if !orphans.is_empty() {
        tracing::warn!(gifts = orphans.len(), "an earlier run left gifts in flight; settling them");
    }
    Ok(Start { doubts, lists, sighting })
}

fn orphaned((row, attempt): (i64, i64), at: DateTime<Utc>) -> Outcome {
    Outcome { row, state: GiftState::InFlight, attempt, event: Event::Orphaned, at }
}
