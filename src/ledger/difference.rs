//! What a load that is not committed yet would make of its campaign: how it would stand, what is
//! different from the files before, and what is suspicious about the new rows.
//!
//! It stands apart because it only looks: nothing here changes a row.
//!
//! **Invariant:** rows are named up to a limit and counted beyond it: memory does not grow with the file.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::error::Doing;
use super::rows::money;
use super::{Campaign, GiftRecord, LedgerError, Load, StateTally, sql};
use crate::domain::{Money, WalletId};
use crate::plan::{Median, NAMED, Named, Outlier, Standing, WalletSum};

impl Load<'_> {
    /// The campaign as the load would leave it.
    pub async fn campaign(&mut self) -> Result<Campaign, LedgerError> {
        let name = self.name().to_owned();
        let (connection, _, _) = self.inside();
        sqlx::query_as(sql::CAMPAIGN_BY_NAME)
            .bind(name)
            .fetch_one(connection)
            .await
            .doing("reading the campaign of a load")
    }

    /// What the campaign would be, of all its files together.
    pub async fn standing(&mut self) -> Result<Standing, LedgerError> {
        let Campaign { gifts, total, .. } = self.campaign().await?;
        let (connection, campaign, _) = self.inside();
        let median: Option<i64> = sqlx::query_scalar(sql::CAMPAIGN_MEDIAN)
            .bind(campaign)
            .bind(i64::try_from(gifts.saturating_sub(1) / 2).expect("gifts fit 63 bits"))
            .fetch_optional(connection)
            .await
            .doing("looking for a campaign's median")?;
        let exact = |minor| Median { amount: Money::from_minor(minor), is_exact: true };
        Ok(Standing { rows: gifts, total, median: median.map(exact) })
    }

    /// How many wallets the file's rows have.
    pub async fn wallets(&mut self) -> Result<u64, LedgerError> {
        let has_all = self.has_all;
        let (connection, campaign, load) = self.inside();
        if has_all {
            return self.campaign_wallets().await;
        }
        let wallets: i64 = sqlx::query_scalar(sql::LOAD_WALLETS)
            .bind(campaign)
            .bind(load)
            .fetch_one(connection)
            .await
            .doing("counting a file's wallets")?;
        Ok(wallets.unsigned_abs())
    }

    /// How many wallets the whole campaign has.
    pub async fn campaign_wallets(&mut self) -> Result<u64, LedgerError> {
        let (connection, campaign, _) = self.inside();
        let wallets: i64 = sqlx::query_scalar(sql::TALLY_WALLETS)
            .bind(campaign)
            .fetch_one(connection)
            .await
            .doing("counting wallets")?;
        Ok(wallets.unsigned_abs())
    }

    /// Gifts and money of the whole campaign by state.
    pub async fn tally(&mut self) -> Result<Vec<StateTally>, LedgerError> {
        let (connection, campaign, _) = self.inside();
        sqlx::query_as(sql::TALLY_STATES)
            .bind(campaign)
            .bind(i64::MIN)
            .bind(i64::MAX)
            .fetch_all(connection)
            .await
            .doing("adding up a campaign")
    }

    /// Rows that earlier files had and this one has not, by state.
    pub async fn left_out(&mut self) -> Result<Vec<StateTally>, LedgerError> {
        if self.has_all {
            return Ok(Vec::new());
        }
        let (connection, campaign, load) = self.inside();
        sqlx::query_as(sql::LOAD_LEFT_OUT)
            .bind(campaign)
            .bind(load)
            .fetch_all(connection)
            .await
            .doing("adding up the rows that left a file")
    }

    /// What was loaded under a reference.
    pub async fn loaded_as(&mut self, reference: &str) -> Result<Option<GiftRecord>, LedgerError> {
        let key = self.keys.of_reference(reference);
        let (connection, _, _) = self.inside();
        sqlx::query_as(sql::GIFT_BY_KEY)
            .bind(key.0)
            .fetch_optional(connection)
            .await
            .doing("reading a gift")
    }

    /// New rows that give more than a limit, the largest first; `written` is the cell of this column.
    pub async fn outliers(
        &mut self,
        limit: Money,
        column: usize,
    ) -> Result<Named<Outlier>, LedgerError> {
        let doing = "looking for outliers";
        let (connection, campaign, load) = self.inside();
        let rows = sqlx::query(sql::LOAD_OUTLIERS)
            .bind(campaign)
            .bind(load)
            .bind(limit.minor())
            .bind(NAMED as i64)
            .fetch_all(connection)
            .await
            .doing(doing)?;
        let found = |row: &SqliteRow| {
            let cells: Vec<String> = json(row, "cells_json")?;
            Ok(Outlier {
                line: count(row, "line")?,
                wallet: WalletId(row.try_get("wallet_id")?),
                amount: money(row.try_get("amount_minor")?),
                written: cells.into_iter().nth(column).unwrap_or_default(),
            })
        };
        named(&rows, "outliers", found).doing(doing)
    }

    /// Wallets to which the file's rows give more than a limit, the most first.
    pub async fn wallets_beyond(&mut self, limit: Money) -> Result<Named<WalletSum>, LedgerError> {
        let doing = "adding up wallets";
        let has_all = self.has_all;
        let (connection, campaign, load) = self.inside();
        let rows = sqlx::query(sql::LOAD_WALLET_SUMS)
            .bind(campaign)
            .bind(load)
            .bind(limit.minor())
            .bind(NAMED as i64)
            .bind(has_all)
            .fetch_all(connection)
            .await
            .doing(doing)?;
        let found = |row: &SqliteRow| {
            Ok(WalletSum {
                wallet: WalletId(row.try_get("wallet_id")?),
                amount: money(row.try_get("minor")?),
                rows: count(row, "gifts")?,
                lines: json(row, "lines")?,
            })
        };
        named(&rows, "wallets", found).doing(doing)
    }
}

fn count(row: &SqliteRow, column: &str) -> Result<u64, sqlx::Error> {
    row.try_get::<i64, _>(column).map(i64::unsigned_abs)
}

fn json<T: serde::de::DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<T, sqlx::Error> {
    let text: String = row.try_get(column)?;
    serde_json::from_str(&text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// Rows with the count of all of them, which each carries in this column.
fn named<T>(
    rows: &[SqliteRow],
    counted: &str,
    read: impl Fn(&SqliteRow) -> Result<T, sqlx::Error>,
) -> Result<Named<T>, sqlx::Error> {
    Ok(Named {
        named: rows.iter().map(read).collect::<Result<_, _>>()?,
        count: rows.first().map_or(Ok(0), |row| count(row, counted))?,
    })
}
