//! Claiming: what may be sent becomes intents, with the group's commit; and why nothing did.

use super::group::{Committed, Facts, Seen};
use crate::domain::Event;
use crate::ledger::{Batch, ClaimFrom, Claimed, LedgerError, Outcome, Standing, Writer};

/// Gifts that expired are refused in groups of this many.
const EXPIRED_AT_ONCE: usize = 500;

/// Commits a group, and claims with it what may be sent; of some rows, where only those may be.
pub(super) async fn commit_claiming(
    batch: Batch<'_>,
    facts: &Facts,
    wanted: usize,
    only: Option<&[i64]>,
) -> Result<Vec<Claimed>, LedgerError> {
    if wanted == 0 {
        return batch.commit().await.map(|()| Vec::new());
    }
    let from = only.map_or(ClaimFrom::Campaign(facts.campaign), ClaimFrom::Rows);
    batch.commit_claiming(from, facts.run, wanted, facts.now, facts.latest).await
}

/// Says why nothing could be claimed, and what waits; what expired unsent is refused on the way.
///
/// It looks a moment after the claim: of a campaign that was paused then and is resumed by now, the gifts wait for
/// the next run.
pub(super) async fn none_claimed(
    writer: &mut Writer,
    facts: &Facts,
    only: Option<&[i64]>,
    done: &mut Committed,
) -> Result<(), LedgerError> {
    let mut batch = writer.begin().await?;
    done.is_withheld = batch.standing(facts.campaign).await? != Standing::Open;
    if done.is_withheld {
        return batch.rollback().await;
    }
    expire(&mut batch, facts, done).await?;
    done.waiting = Some(match only {
        Some(rows) => batch.waiting_of(rows, facts.now).await?,
        None => batch.waiting(facts.campaign, facts.now).await?,
    });
    batch.commit().await
}

async fn expire(
    batch: &mut Batch<'_>,
    facts: &Facts,
    done: &mut Committed,
) -> Result<(), LedgerError> {
    loop {
        let expired = batch.expired(facts.campaign, EXPIRED_AT_ONCE, facts.latest).await?;
        if expired.is_empty() {
            return Ok(());
        }
        let mut outcomes = Vec::with_capacity(expired.len());
        for unsent in expired {
            let campaign = facts.campaign;
            let seen = Seen { row: unsent.row, campaign, amount: unsent.amount };
            done.saw(seen, unsent.state, &Event::Expired)?;
            let gift = (unsent.row, unsent.state, unsent.attempt);
            outcomes.push(Outcome::of(gift, Event::Expired, facts.now));
        }
        batch.record(Some(facts.run), &outcomes).await?;
    }
}
