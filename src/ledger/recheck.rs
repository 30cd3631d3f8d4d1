//! What looking for refused gifts reads and writes, and what may be reopened after it.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::error::Doing;
use super::rows::{instant, money};
use super::{Batch, Ledger, LedgerError, sql};
use crate::domain::{Money, WalletId};

impl Ledger {
    /// The next wallets with refused gifts of a campaign that were sent, each with the first row of those; `after` is
    /// the last row of the page before. All classes where none is named.
    pub async fn refused_wallets(
        &self,
        campaign: i64,
        after: i64,
        classes: &[String],
        limit: usize,
    ) -> Result<Vec<(i64, WalletId)>, LedgerError> {
        let rows: Vec<(i64, Uuid)> = sqlx::query_as(sql::RECHECK_WALLETS)
            .bind(campaign)
            .bind(after)
            .bind((!classes.is_empty()).then(|| json!(classes).to_string()))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&*self.reading())
            .await
            .doing("reading wallets of refused gifts")?;
        Ok(rows.into_iter().map(|(row, wallet)| (row, WalletId(wallet))).collect())
    }

    /// When the sender of a wallet's last attempt had surely let go; none where it was never sent anything.
    pub async fn let_go_at(&self, wallet: WalletId) -> Result<Option<DateTime<Utc>>, LedgerError> {
        let at: Option<i64> = sqlx::query_scalar(sql::RECHECK_LET_GO)
            .bind(wallet.0)
            .fetch_one(&*self.reading())
            .await
            .doing("reading when an attempt ended")?;
        Ok(at.map(instant))
    }

    /// The last moment that the ledger knew of, less a day, when it was noticed to be an old copy; none where it
    /// never was. What it believes unsent may have been sent since.
    pub async fn forgot_since(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        let since: Option<i64> = sqlx::query_scalar(sql::LEDGER_FORGOT_SINCE)
            .fetch_one(&*self.reading())
            .await
            .doing("reading what it has forgotten")?;
        Ok(since.map(instant))
    }
}

impl Batch<'_> {
    /// Forgets what an earlier recheck of this writer has found absent.
    pub async fn begin_recheck(&mut self) -> Result<(), LedgerError> {
        for statement in [sql::RECHECK_TABLE, sql::RECHECK_CLEAR] {
            sqlx::query(statement)
                .execute(self.transaction.now().await?)
                .await
                .doing("beginning to look for refused gifts")?;
        }
        Ok(())
    }

    /// How many refused gifts of some classes may be reopened, and their money, where at most `limit` are.
    pub async fn may_be_reopened(
        &mut self,
        campaign: i64,
        classes: &[String],
        limit: u64,
    ) -> Result<(u64, Money), LedgerError> {
        let (gifts, minor): (i64, i64) = sqlx::query_as(sql::RECHECK_SUMS)
            .bind(campaign)
            .bind((!classes.is_empty()).then(|| json!(classes).to_string()))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_one(self.transaction.now().await?)
            .await
            .doing("adding up what may be reopened")?;
        Ok((gifts.unsigned_abs(), money(minor)))
    }

    /// Which of some refused gifts an audit found all the same: those are never reopened.
    pub async fn marked(&mut self, rows: &[i64]) -> Result<HashSet<i64>, LedgerError> {
        if rows.is_empty() {
            return Ok(HashSet::new());
        }
        let marked: Vec<i64> = sqlx::query_scalar(sql::RECHECK_MARKED)
            .bind(json!(rows).to_string())
            .fetch_all(self.transaction.now().await?)
            .await
            .doing("reading what audits found of refused gifts")?;
        Ok(marked.into_iter().collect())
    }

    /// Remembers rows that two whole lists lack: those alone may be reopened by this writer.
    pub async fn add_rechecked(&mut self, rows: &[i64]) -> Result<(), LedgerError> {
        sqlx::query(sql::RECHECK_ADD)
            .bind(json!(rows).to_string())
            .execute(self.transaction.now().await?)
            .await
            .map(drop)
            .doing("remembering gifts that are not there")
    }
}
