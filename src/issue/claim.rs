//! Claiming: what may be sent becomes intents, with the group's commit.

use super::group::{Committed, Facts, Seen};
use crate::domain::Event;
use crate::ledger::{Batch, LedgerError, Outcome, Standing};

/// Gifts that expired are refused in groups of this many.
const EXPIRED_AT_ONCE: usize = 500;

/// Claims what may be sent, of some rows where only those may be; what expired unsent is refused on the way.
pub(super) async fn claim(
    batch: &mut Batch<'_>,
    facts: &Facts,
    wanted: usize,
    only: Option<&[i64]>,
    done: &mut Committed,
) -> Result<(), LedgerError> {
    done.claimed = match only {
        Some(rows) => batch.claim_of(rows, facts.run, wanted, facts.now).await?,
        None => batch.claim(facts.campaign, facts.run, wanted, facts.now).await?,
    };
    if !done.claimed.is_empty() {
        return Ok(());
    }
    done.is_withheld = batch.standing(facts.campaign).await? != Standing::Open;
    if done.is_withheld {
        return Ok(());
    }
    done.waiting = Some(match only {
        Some(rows) => batch.waiting_of(rows, facts.now).await?,
        None => {
            expire(batch, facts, done).await?;
            batch.waiting(facts.campaign, facts.now).await?
        }
    });
    Ok(())
}

async fn expire(
    batch: &mut Batch<'_>,
    facts: &Facts,
    done: &mut Committed,
) -> Result<(), LedgerError> {
    loop {
        let expired = batch.expired(facts.campaign, EXPIRED_AT_ONCE, facts.now).await?;
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
