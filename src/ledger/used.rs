//! What a reconcile saw of the use of gifts.
//!
//! **Invariant:** only gifts that were used, or do not say, have a row: a campaign that nobody has used yet
//! costs a reconcile nothing.

use chrono::{DateTime, Utc};

use super::error::Doing;
use super::many::{self, Many, bind, fill};
use super::{Batch, Ledger, LedgerError, sql};
use crate::domain::Money;

/// What the provider shows of a gift of which something was used, or may have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenUse {
    /// The gift's row in the ledger.
    pub row: i64,
    /// How much is left of it; none where the provider does not say.
    pub remaining: Option<Money>,
    /// Whether some of it was used.
    pub is_used: bool,
    /// When this was seen.
    pub at: DateTime<Utc>,
}

/// What the last reconcile saw of the use of a campaign's gifts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UseTally {
    /// Gifts that are not whole, or do not say.
    pub gifts: u64,
    /// Of those: the provider does not say how much is left.
    pub untold: u64,
    /// Of those: nothing is left.
    pub spent: u64,
    /// Of those: something was used.
    pub used: u64,
    /// What was used, where the provider says how much is left.
    pub used_amount: Money,
    /// What the gifts add up to of which it does not say.
    pub untold_amount: Money,
}

/// Records uses.
static RECORD: Many = Many::new(&[sql::USE_RECORD]);

impl Batch<'_> {
    /// Records what was seen of the use of a campaign's gifts, with the next statement that is sent.
    pub fn record_uses(&mut self, campaign: i64, seen: &[SeenUse]) {
        let doing = "recording what was used";
        for group in seen.chunks(many::ROWS) {
            let arguments = self.transaction.add(&RECORD.text(group.len()), &[doing]);
            for gift in group {
                bind(arguments, campaign);
                bind(arguments, gift.row);
                bind(arguments, gift.remaining.map(Money::minor));
                bind(arguments, gift.is_used);
                bind(arguments, gift.at.timestamp_millis());
            }
            fill(arguments, group.len(), 5);
        }
    }
}

impl Ledger {
    /// What the last reconcile saw of the use of a campaign's gifts.
    pub async fn uses(&self, campaign: i64) -> Result<UseTally, LedgerError> {
        let sums: (i64, i64, i64, i64, i64, i64) = sqlx::query_as(sql::USE_SUMS)
            .bind(campaign)
            .fetch_one(&*self.reading())
            .await
            .doing("adding up what was used")?;
        let (gifts, untold, spent, used_minor, untold_minor, used) = sums;
        Ok(UseTally {
            gifts: gifts.unsigned_abs(),
            untold: untold.unsigned_abs(),
            spent: spent.unsigned_abs(),
            used: used.unsigned_abs(),
            used_amount: Money::from_minor(used_minor),
            untold_amount: Money::from_minor(untold_minor),
        })
    }
}
