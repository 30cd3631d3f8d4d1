//! Gifts too many that are taken back: the intent to delete each of them, and what came of it.
//!
//! It stands apart because such a gift is no row of any campaign's: nobody asked for it, and the gift that it doubles
//! stays as it is.
//!
//! **Invariant:** one intent at a time for one of the provider's ids, which is ended once.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::error::Doing;
use super::{Batch, Discrepancy, FindingRecord, KnownGift, Ledger, LedgerError, sql};
use crate::domain::{GiftId, WalletId};

/// Findings that are read at once.
const PAGE: i64 = if cfg!(test) { 2 } else { 1_000 };

/// A gift that is one too many, as far as the ledger knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SurplusGift {
    /// The row of the gift that it doubles.
    pub row: i64,
    /// Whose it is.
    pub wallet: WalletId,
    /// The provider's id of it.
    pub id: GiftId,
    /// Whether an earlier run wrote the intent to delete it, and did not learn what came of it.
    pub is_begun: bool,
}

/// Something that happened to a gift too many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurplusDeed {
    /// The row of the gift that it doubles.
    pub row: i64,
    /// The provider's id of it.
    pub id: GiftId,
    /// What.
    pub step: SurplusStep,
    /// When.
    pub at: DateTime<Utc>,
}

/// What can happen to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SurplusStep {
    /// It is to be deleted.
    Begun,
    /// The list does not show it any more.
    Gone,
    /// It is there, and stays.
    Stays {
        /// Why.
        why: String,
    },
}

impl Batch<'_> {
    /// Records what happened to gifts too many; what is gone is no finding any more. Fails, and must be dropped, where one is begun twice, or ended without
    /// having been begun.
    pub async fn record_surplus(
        &mut self,
        run: Uuid,
        deeds: &[SurplusDeed],
    ) -> Result<(), LedgerError> {
        let doing = "recording what became of gifts too many";
        for deed in deeds {
            let connection = self.transaction.now().await?;
            let (id, at) = (deed.id.to_string(), deed.at.timestamp_millis());
            let end = match &deed.step {
                SurplusStep::Begun => None,
                SurplusStep::Gone => Some(("gone", None)),
                SurplusStep::Stays { why } => Some(("stays", Some(why))),
            };
            let recorded = match end {
                None => sqlx::query(sql::SURPLUS_BEGIN).bind(deed.row).bind(id).bind(run).bind(at),
                Some((word, why)) => {
                    sqlx::query(sql::SURPLUS_END).bind(id).bind(at).bind(word).bind(why)
                }
            };
            let changed = recorded.execute(connection).await.doing(doing)?.rows_affected();
            if changed != 1 {
                return Err(LedgerError::Raced { doing });
            }
            if deed.step == SurplusStep::Gone {
                let connection = self.transaction.now().await?;
                let gone = sqlx::query(sql::SURPLUS_GONE).bind(deed.row).bind(deed.id.to_string());
                gone.execute(connection).await.doing(doing)?;
            }
        }
        Ok(())
    }
}

impl Ledger {
    /// All that the ledger knows of one wallet, in any campaign.
    pub async fn known_gifts(&self, wallet: WalletId) -> Result<Vec<KnownGift>, LedgerError> {
        sqlx::query_as(sql::WALLET_GIFTS)
            .bind(wallet.0)
            .fetch_all(&*self.reading())
            .await
            .doing("reading a wallet's gifts")
    }

    /// The gifts too many of a campaign whose deletion was begun, and nobody knows what came of it.
    pub async fn begun_surplus(&self, campaign: i64) -> Result<Vec<SurplusGift>, LedgerError> {
        let known = self.surplus_of(campaign, i64::MAX).await?;
        Ok(known.into_iter().filter(|gift| gift.is_begun).collect())
    }

    /// The gifts too many that an audit named, but for those that are gone since it began, or were begun.
    pub async fn surplus_found(
        &self,
        campaign: i64,
        audit: i64,
        began_at: DateTime<Utc>,
    ) -> Result<Vec<SurplusGift>, LedgerError> {
        let known = self.surplus_of(campaign, began_at.timestamp_millis()).await?;
        let mut seen: HashSet<GiftId> = known.into_iter().map(|gift| gift.id).collect();
        let (mut found, mut last) = (Vec::new(), None);
        loop {
            let kind = Some(Discrepancy::Duplicated);
            let page = self.finding_page(campaign, audit, kind, last.as_ref(), PAGE).await?;
            for finding in &page {
                // Of very many ids the last one that is kept may be cut off: the next audit names it.
                let ids = finding.detail.iter().flat_map(|ids| ids.split(' '));
                for id in ids.filter_map(|id| id.parse().ok()).filter(|id| seen.insert(*id)) {
                    let (row, wallet) = (finding.row, finding.wallet);
                    found.push(SurplusGift { row, wallet, id, is_begun: false });
                }
            }
            last = page.into_iter().last();
            if last.is_none() {
                return Ok(found);
            }
        }
    }

    /// The first findings of a kind that stood at the last audit, but for gifts too many that were taken back since.
    pub async fn findings_left(
        &self,
        campaign: i64,
        audit: i64,
        kind: Discrepancy,
        limit: i64,
    ) -> Result<Vec<FindingRecord>, LedgerError> {
        self.finding_page_of(campaign, audit, Some(kind), None, (limit, true)).await
    }

    async fn surplus_of(
        &self,
        campaign: i64,
        gone_since_ms: i64,
    ) -> Result<Vec<SurplusGift>, LedgerError> {
        let rows: Vec<(i64, String, Uuid, bool)> = sqlx::query_as(sql::SURPLUS_OF)
            .bind(campaign)
            .bind(gone_since_ms)
            .fetch_all(&*self.reading())
            .await
            .doing("reading which gifts too many were taken back")?;
        let read = |(row, id, wallet, is_begun): (i64, String, Uuid, bool)| {
            let id = id.parse().ok()?;
            Some(SurplusGift { row, wallet: WalletId(wallet), id, is_begun })
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }
}
