//! What a look at a wallet's list is on its way from its answer to the ledger, and its judgement there.

use chrono::{DateTime, Utc};

use super::group::{Committed, Facts, Seen};
use crate::domain::{GiftState, WalletId};
use crate::ledger::{Batch, LedgerError, Outcome};
use crate::settle::{Look, OpenDoubt, Settled, settle};

/// What a look was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LookFor {
    /// The doubts of the wallet.
    Doubts,
    /// To see whether lists show a gift that we know of.
    Sighting,
}

/// A look that was answered.
#[derive(Debug)]
pub(super) struct DoneLook {
    pub(super) what_for: LookFor,
    pub(super) wallet: WalletId,
    pub(super) doubts: Vec<OpenDoubt>,
    pub(super) look: Look,
    /// How often the wallet's balance was asked for.
    pub(super) weighed: u32,
}

/// What a look proved.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) wallet: WalletId,
    pub(super) what_for: LookFor,
    pub(super) sent_at: DateTime<Utc>,
    pub(super) settled: Settled,
}

/// Judges one look by what the ledger knows of the wallet, and records what it proved.
pub(super) async fn judge(
    batch: &mut Batch<'_>,
    facts: &Facts,
    look: &mut DoneLook,
    done: &mut Committed,
) -> Result<(), LedgerError> {
    let known = batch.known_gifts(look.wallet).await?;
    look.look.elsewhere = batch.claimed_ids(look.look.strangers(&known)).await?;
    let mut lists = facts.lists;
    let settled = settle(&look.doubts, &known, &look.look, facts.skew, &facts.policy, lists);
    if lists.learn(settled.lists) {
        batch.learn(settled.lists, facts.now).await?;
    }
    let mut outcomes = Vec::new();
    for (place, event) in &settled.events {
        let claimed = &look.doubts[*place].doubt.claimed;
        let gift = (claimed.row, GiftState::InDoubt, claimed.attempt);
        outcomes.push(Outcome::of(gift, event.clone(), facts.now));
        done.saw(Seen::of(claimed), GiftState::InDoubt, event)?;
    }
    batch.record(Some(facts.run), &outcomes).await?;
    let DoneLook { what_for, wallet, look: Look { sent_at, .. }, .. } = *look;
    done.looked.push(Judged { wallet, what_for, sent_at, settled });
    Ok(())
}
