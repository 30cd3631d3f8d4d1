//! What the reconcile stage reads and writes.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::error::Doing;
use super::{Batch, Finding, Ledger, LedgerError, sql};
use crate::domain::WalletId;

/// What an audit found of one gift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditedGift {
    /// The gift's row in the ledger.
    pub row: i64,
    /// What was found.
    pub finding: Finding,
    /// What differs, or the provider's ids of the duplicates.
    pub detail: Option<String>,
}

impl Ledger {
    /// The next wallets of a campaign, each with the first of its rows; `after` is the row of the
    /// last wallet of the page before.
    pub async fn wallet_page(
        &self,
        campaign: i64,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, WalletId)>, LedgerError> {
        let page: Vec<(i64, uuid::Uuid)> = sqlx::query_as(sql::WALLET_PAGE)
            .bind(campaign)
            .bind(after)
            .bind(limit)
            .fetch_all(&*self.reading())
            .await
            .doing("reading the campaign's wallets")?;
        Ok(page.into_iter().map(|(row, wallet)| (row, WalletId(wallet))).collect())
    }
}

impl Batch<'_> {
    /// Forgets what an earlier reconcile of the campaign found.
    pub async fn clear_findings(&mut self, campaign: i64) -> Result<(), LedgerError> {
        sqlx::query(sql::RECONCILE_CLEAR)
            .bind(campaign)
            .execute(self.transaction.now().await?)
            .await
            .map(drop)
            .doing("beginning a reconcile")
    }

    /// Records what was found of a group of gifts.
    pub async fn record_findings(&mut self, found: &[AuditedGift]) -> Result<(), LedgerError> {
        let rows: Vec<_> = found
            .iter()
            .map(|gift| {
                json!({
                    "row": gift.row,
                    "finding": gift.finding.word(),
                    "detail": gift.detail,
                })
            })
            .collect();
        sqlx::query(sql::RECONCILE_RECORD)
            .bind(serde_json::Value::from(rows).to_string())
            .execute(self.transaction.now().await?)
            .await
            .map(drop)
            .doing("recording a reconcile")
    }

    /// Given gifts that the reconcile did not come to are unread.
    pub async fn rest_is_unread(&mut self, campaign: i64) -> Result<(), LedgerError> {
        sqlx::query(sql::RECONCILE_REST)
            .bind(campaign)
            .execute(self.transaction.now().await?)
            .await
            .map(drop)
            .doing("ending a reconcile")
    }

    /// Remembers that every wallet of the campaign was read.
    pub async fn reconcile_ended(
        &mut self,
        campaign: i64,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        sqlx::query(sql::CAMPAIGN_RECONCILED)
            .bind(campaign)
            .bind(now.timestamp_millis())
            .execute(self.transaction.now().await?)
            .await
            .map(drop)
            .doing("ending a reconcile")
    }
}
