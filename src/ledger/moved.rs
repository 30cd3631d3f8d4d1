//! Moves of the provider: the same gifts at another address.
//!
//! It stands apart because it is the one thing that changes where the ledger's gifts live. Whoever moves it has
//! looked for them there; what is kept of that is a link of the chain of events.
//!
//! **Invariant:** the provider's address and the last move say the same.

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::chain::{ChainHead, stored_head};
use super::error::Doing;
use super::{Batch, Ledger, LedgerError, Provider, sql};
use crate::domain::WalletId;

const MOVING: &str = "moving its provider";

/// A move as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Moved {
    pub(super) at_ms: i64,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) gifts_seen: i64,
    /// The last event before it; 0 where there was none.
    pub(super) after_event: i64,
}

impl Ledger {
    /// The wallets that were given to last, the newest first.
    pub async fn wallets_given_last(&self, limit: u32) -> Result<Vec<WalletId>, LedgerError> {
        let wallets: Vec<Uuid> = sqlx::query_scalar(sql::MOVE_WALLETS)
            .bind(limit)
            .fetch_all(&*self.reading())
            .await
            .doing("looking for wallets that were given to")?;
        Ok(wallets.into_iter().map(WalletId).collect())
    }
}

impl Batch<'_> {
    /// Moves the provider to another address, at which so many of the ledger's gifts were seen.
    pub async fn move_provider(
        &mut self,
        from: &str,
        to: &str,
        gifts_seen: u64,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let mut head = self.head;
        let connection = self.transaction.now().await?;
        let after_event =
            sqlx::query_scalar(sql::MOVE_PLACE).fetch_one(&mut *connection).await.doing(MOVING)?;
        let moved = Moved {
            at_ms: now.timestamp_millis(),
            from: from.to_owned(),
            to: to.to_owned(),
            gifts_seen: i64::try_from(gifts_seen).unwrap_or(i64::MAX),
            after_event,
        };
        head = head.then_moved(&moved);
        sqlx::query(sql::MOVE_INSERT)
            .bind(moved.at_ms)
            .bind(from)
            .bind(to)
            .bind(moved.gifts_seen)
            .bind(after_event)
            .bind(&head.0[..])
            .execute(&mut *connection)
            .await
            .doing(MOVING)?;
        sqlx::query(sql::PROVIDER_MOVE)
            .bind(to)
            .bind(moved.at_ms)
            .execute(connection)
            .await
            .doing(MOVING)?;
        self.head = head;
        Ok(())
    }
}

/// All moves with their hashes, in the order of the chain.
pub(super) async fn all(
    connection: &mut SqliteConnection,
) -> Result<Vec<(Moved, ChainHead)>, LedgerError> {
    let rows = sqlx::query(sql::MOVE_ALL).fetch_all(connection).await.doing(MOVING)?;
    let read = |row: &SqliteRow| {
        let moved = Moved {
            at_ms: row.try_get("at_ms")?,
            from: row.try_get("from_origin")?,
            to: row.try_get("to_origin")?,
            gifts_seen: row.try_get("gifts_seen")?,
            after_event: row.try_get("after_event")?,
        };
        Ok((moved, stored_head(row)?.unwrap_or_default()))
    };
    let all: Result<Vec<_>, sqlx::Error> = rows.iter().map(read).collect();
    all.doing(MOVING)
}

/// Where the moves do not lead to the address at which the ledger's gifts are said to live.
pub(super) async fn disagreement(
    connection: &mut SqliteConnection,
) -> Result<Option<String>, LedgerError> {
    let moves = all(&mut *connection).await?;
    let Some((last, _)) = moves.last() else {
        return Ok(None);
    };
    let provider: Option<Provider> =
        sqlx::query_as(sql::PROVIDER_SELECT).fetch_optional(connection).await.doing(MOVING)?;
    let known = provider.map(|provider| provider.origin).unwrap_or_default();
    let is_one_way = moves.windows(2).all(|pair| pair[0].0.to == pair[1].0.from);
    Ok((!is_one_way || known != last.to)
        .then(|| format!("its address is {known:?}, and it was moved to {:?}", last.to)))
}
