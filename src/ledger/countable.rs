//! Whether the gifts of a ledger can be added up, with those that a load brings.
//!
//! **Invariant:** what all gifts add up to fits 64 bits of minor units: so does every sum over some of them.

use sqlx::SqliteConnection;

use super::error::Doing;
use super::{LedgerError, sql};
use crate::domain::Money;

/// Refuses gifts with which some sum would not fit: later, each statement that adds up would fail.
pub(super) async fn stay_countable(
    ledger: &mut SqliteConnection,
    added: Money,
) -> Result<(), LedgerError> {
    let total: i64 = sqlx::query_scalar(sql::LEDGER_TOTAL)
        .fetch_one(ledger)
        .await
        .doing("adding the ledger up")?;
    match Money::from_minor(total).checked_add(added) {
        Some(_) => Ok(()),
        None => Err(LedgerError::BeyondCounting),
    }
}
