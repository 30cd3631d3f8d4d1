//! Reading: what reports, lists and deciders ask of the ledger. Each query is one named function.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::error::Doing;
use super::rows::{instant, money};
use super::{
    Batch, Campaign, GiftRecord, HistoryLine, KnownGift, Ledger, LedgerError, Provider,
    RefusalTally, RunRecord, sql,
};
use crate::domain::{CampaignName, GiftKey, GiftState, WalletId};

/// Gifts of a campaign that wait to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub gifts: u64,
    /// When the next of those may be sent that may not be yet.
    pub next_ready_at: Option<DateTime<Utc>>,
}

impl Ledger {
    /// One campaign by its name; where none has it to the letter, the newest whose name looks the same.
    pub async fn campaign(&self, name: &str) -> Result<Option<Campaign>, LedgerError> {
        let exact = sqlx::query_as(sql::CAMPAIGN_BY_NAME)
            .bind(name)
            .fetch_optional(&*self.reading())
            .await
            .doing("reading a campaign")?;
        if exact.is_some() {
            return Ok(exact);
        }
        let name = CampaignName::as_stored(name);
        let campaigns = self.campaigns().await?;
        Ok(campaigns.into_iter().find(|campaign| name.looks_like(&campaign.name)))
    }

    /// All campaigns, the newest first.
    pub async fn campaigns(&self) -> Result<Vec<Campaign>, LedgerError> {
        sqlx::query_as(sql::CAMPAIGN_ALL)
            .fetch_all(&*self.reading())
            .await
            .doing("reading the campaigns")
    }

    /// The provider that this ledger issues to, once it has issued.
    pub async fn provider(&self) -> Result<Option<Provider>, LedgerError> {
        sqlx::query_as(sql::PROVIDER_SELECT)
            .fetch_optional(&*self.reading())
            .await
            .doing("reading its provider")
    }

    /// How many wallets a campaign has.
    pub async fn wallets(&self, campaign: i64) -> Result<u64, LedgerError> {
        let wallets: i64 = sqlx::query_scalar(sql::TALLY_WALLETS)
            .bind(campaign)
            .fetch_one(&*self.reading())
            .await
            .doing("counting wallets")?;
        Ok(wallets.unsigned_abs())
    }

    /// When the first gift of a campaign was sent.
    pub async fn first_sent(&self, campaign: i64) -> Result<Option<DateTime<Utc>>, LedgerError> {
        let first: Option<i64> = sqlx::query_scalar(sql::CAMPAIGN_FIRST_SENT)
            .bind(campaign)
            .fetch_one(&*self.reading())
            .await
            .doing("looking for the first attempt")?;
        Ok(first.map(instant))
    }

    /// The last run of a campaign.
    pub async fn last_run(&self, campaign: i64) -> Result<Option<RunRecord>, LedgerError> {
        sqlx::query_as(sql::RUN_LAST)
            .bind(campaign)
            .fetch_optional(&*self.reading())
            .await
            .doing("reading the last run")
    }

    /// The last gift of a campaign that was taken back, or whose deletion was begun; 0: none.
    pub async fn last_revoked(&self, campaign: i64) -> Result<i64, LedgerError> {
        let last: Option<i64> = sqlx::query_scalar(sql::GIVEN_LAST_REVOKED)
            .bind(campaign)
            .fetch_optional(&*self.reading())
            .await
            .doing("reading what was taken back")?;
        Ok(last.unwrap_or(0))
    }

    /// The next gifts of a campaign in a state, in the order of its rows, after the first of `rows` up to the
    /// second.
    pub async fn given_page(
        &self,
        campaign: i64,
        state: GiftState,
        rows: (i64, i64),
        limit: usize,
    ) -> Result<Vec<KnownGift>, LedgerError> {
        sqlx::query_as(sql::GIVEN_PAGE)
            .bind(campaign)
            .bind(rows.0)
            .bind(rows.1)
            .bind(state.to_string())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&*self.reading())
            .await
            .doing("reading what was given")
    }

    /// The next gifts of a campaign in the order of its rows, after row `after`.
    pub async fn gift_page(
        &self,
        campaign: i64,
        state: Option<GiftState>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<GiftRecord>, LedgerError> {
        sqlx::query_as(sql::GIFT_PAGE)
            .bind(campaign)
            .bind(state.map(GiftState::word))
            .bind(after)
            .bind(limit)
            .fetch_all(&*self.reading())
            .await
            .doing("listing gifts")
    }

    /// Those of some gifts that are not known to be in their wallets as they were sent.
    pub async fn not_matched(&self, rows: &[i64]) -> Result<Vec<GiftRecord>, LedgerError> {
        sqlx::query_as(sql::GIFT_NOT_MATCHED)
            .bind(json!(rows).to_string())
            .fetch_all(&*self.reading())
            .await
            .doing("listing gifts")
    }

    /// One gift by its key.
    pub async fn gift(&self, key: GiftKey) -> Result<Option<GiftRecord>, LedgerError> {
        sqlx::query_as(sql::GIFT_BY_KEY)
            .bind(key.0)
            .fetch_optional(&*self.reading())
            .await
            .doing("reading a gift")
    }

    /// All gifts of one wallet, of any campaign, for people.
    pub async fn gifts_of_wallet(&self, wallet: WalletId) -> Result<Vec<GiftRecord>, LedgerError> {
        sqlx::query_as(sql::GIFT_BY_WALLET)
            .bind(wallet.0)
            .fetch_all(&*self.reading())
            .await
            .doing("reading a wallet's gifts")
    }

    /// A gift's whole story in order.
    pub async fn history(&self, row: i64) -> Result<Vec<HistoryLine>, LedgerError> {
        sqlx::query_as(sql::HISTORY)
            .bind(row)
            .fetch_all(&*self.reading())
            .await
            .doing("reading a gift's story")
    }

    /// Refused gifts by class.
    pub async fn refusals(&self, campaign: i64) -> Result<Vec<RefusalTally>, LedgerError> {
        let rows: Vec<(String, i64, i64, i64, i64)> = sqlx::query_as(sql::GIFT_REFUSED_CLASSES)
            .bind(campaign)
            .fetch_all(&*self.reading())
            .await
            .doing("adding up refusals")?;
        let read = |(class, gifts, minor, there, there_minor): (String, i64, i64, i64, i64)| {
            RefusalTally {
                class,
                gifts: gifts.unsigned_abs(),
                amount: money(minor),
                there: there.unsigned_abs(),
                there_amount: money(there_minor),
            }
        };
        Ok(rows.into_iter().map(read).collect())
    }
}

impl Batch<'_> {
    /// All gifts of one wallet, of any campaign, as the batch sees them.
    pub async fn known_gifts(&mut self, wallet: WalletId) -> Result<Vec<KnownGift>, LedgerError> {
        sqlx::query_as(sql::WALLET_GIFTS)
            .bind(wallet.0)
            .fetch_all(self.transaction.now().await?)
            .await
            .doing("reading a wallet's gifts")
    }

    /// How many gifts of a campaign wait to be sent, and when more of them may be.
    pub async fn waiting(
        &mut self,
        campaign: i64,
        now: DateTime<Utc>,
    ) -> Result<Waiting, LedgerError> {
        let (gifts, next): (i64, Option<i64>) = sqlx::query_as(sql::GIFT_NEXT_READY)
            .bind(campaign)
            .bind(now.timestamp_millis())
            .fetch_one(self.transaction.now().await?)
            .await
            .doing("counting what waits")?;
        Ok(Waiting { gifts: gifts.unsigned_abs(), next_ready_at: next.map(instant) })
    }

    /// The same of some rows.
    pub async fn waiting_of(
        &mut self,
        rows: &[i64],
        now: DateTime<Utc>,
    ) -> Result<Waiting, LedgerError> {
        let (gifts, next): (i64, Option<i64>) = sqlx::query_as(sql::GIFT_NEXT_READY_OF)
            .bind(json!(rows).to_string())
            .bind(now.timestamp_millis())
            .fetch_one(self.transaction.now().await?)
            .await
            .doing("counting what waits")?;
        Ok(Waiting { gifts: gifts.unsigned_abs(), next_ready_at: next.map(instant) })
    }

    /// The wallet of a gift that is known to exist, to see whether lists show what exists.
    pub async fn given(&mut self) -> Result<Option<WalletId>, LedgerError> {
        let given: Option<uuid::Uuid> = sqlx::query_scalar(sql::GIFT_SIGHTING)
            .fetch_optional(self.transaction.now().await?)
            .await
            .doing("looking for a gift that exists")?;
        Ok(given.map(WalletId))
    }
}
