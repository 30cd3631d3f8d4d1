//! The start of a run: what a dead run left behind becomes doubts, before anything is sent.
//!
//! **Invariant:** it runs under the run lock, so that whoever sent what is in flight is surely dead;
//! the settle window of those gifts begins now, never at the time of their intent. So does that of
//! older doubts: the machine's clock may have been set between two runs, and then nobody knows how
//! long ago their senders let go.

use uuid::Uuid;

use super::group::{Committed, Facts, Move, hold};
use super::{IssueOptions, Tools};
use crate::crash::{self, Step};
use crate::domain::WalletId;
use crate::ledger::{Campaign, Doubt, LedgerError, Lists, Writer};
use crate::settle::{InDoubt, Skew};

/// What a run finds when it begins.
#[derive(Debug)]
pub(super) struct Start {
    /// Every doubt of the ledger: whatever their campaign, they stand in the way of their wallets.
    pub(super) doubts: Vec<Doubt>,
    /// What is known of the provider's lists.
    pub(super) lists: Lists,
    /// The wallet of a gift that is known to exist.
    pub(super) given: Option<WalletId>,
    /// Doubts that were handed to a person.
    pub(super) held: Vec<Move>,
}

/// Begins the run in the ledger, unless that has forgotten what was sent, and marks what was in flight
/// as orphaned.
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
    if batch.forgot_since(campaign.id).await?.is_some() {
        return Err(LedgerError::Restored);
    }
    batch.begin_run(run, campaign.id, options.command, now).await?;
    batch.note_run(run, &options.note).await?;
    if options.tag && !batch.tag(campaign.id).await? {
        tracing::warn!("some of this campaign was sent without tags: it goes on without them");
    }
    batch.ready_now(campaign.id, now).await?;
    let orphans = batch.orphan(Some(run), now).await?;
    let mut doubts = batch.doubts().await?;
    for doubt in &mut doubts {
        doubt.settle_from = now;
    }
    let mut done = Committed::default();
    if options.policy.in_doubt == InDoubt::Hold {
        let facts = Facts {
            run,
            campaign: campaign.id,
            policy: options.policy,
            skew: Skew::default(),
            lists,
            now,
            latest: now,
        };
        hold(&mut batch, &facts, &doubts, &mut done).await?;
        doubts.clear();
    }
    let given = batch.given().await?;
    let steps = [(Step::Beginning, true), (Step::Orphans, orphans > 0)];
    crash::before_all(&steps);
    batch.commit().await?;
    crash::after_all(&steps);
    if orphans > 0 {
        tracing::warn!(gifts = orphans, "an earlier run left gifts in flight; settling them");
    }
    Ok(Start { doubts, lists, given, held: done.moves })
}
