//! A campaign's gifts page by page, in the order of its rows.
//!
//! **Invariant:** one page is in memory at a time.

use super::ReportError;
use crate::domain::GiftState;
use crate::ledger::{Campaign, GiftRecord, Ledger};

/// Gifts that are read at once.
pub(super) const PAGE_GIFTS: i64 = 500;

/// Where a walk through a campaign stands.
#[derive(Debug)]
pub(super) struct Pages<'l> {
    ledger: &'l Ledger,
    campaign: i64,
    state: Option<GiftState>,
    after: i64,
}

impl<'l> Pages<'l> {
    /// Begins before the first gift; all states where none is named.
    pub(super) fn of(
        ledger: &'l Ledger,
        campaign: &Campaign,
        state: Option<GiftState>,
    ) -> Pages<'l> {
        Pages { ledger, campaign: campaign.id, state, after: 0 }
    }

    /// The next gifts; none where there are no more.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<GiftRecord>>, ReportError> {
        let page = self.ledger.gift_page(self.campaign, self.state, self.after, PAGE_GIFTS).await?;
        let last = page.last().map(|gift| gift.row);
        self.after = last.unwrap_or(self.after);
        Ok(last.map(|_| page))
    }
}
