//! How the loads of a campaign read their files: kept with each of them, so that a later one which reads
//! another meaning into the same cells is noticed.
//!
//! It stands apart because the ledger only keeps it: what it says, and whether two go together, is for those
//! who load.

use super::error::Doing;
use super::{Ledger, LedgerError, Load, sql};

/// Loads of a campaign that read their files alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierLoads {
    /// How they did, as JSON; nothing where that is not known.
    pub reading_json: Option<String>,
    /// The number of the last of them.
    pub last: i64,
    /// Of those among them that had the very file: the most rows that one of them took.
    pub same_file_rows: Option<u64>,
}

impl Ledger {
    /// A campaign that was loaded from a file with these bytes.
    pub async fn loaded_from(&self, file_sha256: &str) -> Result<Option<String>, LedgerError> {
        sqlx::query_scalar(sql::LOAD_OF_FILE)
            .bind(file_sha256)
            .fetch_optional(&*self.reading())
            .await
            .doing("looking for what was loaded from a file")
    }

    /// How a campaign's loads read their files, the first ones first. `file_sha256` is that of a file which may
    /// have been among them.
    pub async fn earlier_loads(
        &self,
        campaign: i64,
        file_sha256: &str,
    ) -> Result<Vec<EarlierLoads>, LedgerError> {
        let loads: Vec<(Option<String>, Option<i64>, i64)> = sqlx::query_as(sql::LOAD_READINGS)
            .bind(campaign)
            .bind(file_sha256)
            .fetch_all(&*self.reading())
            .await
            .doing("reading a campaign's loads")?;
        let read = |(reading_json, rows, last): (Option<String>, Option<i64>, i64)| EarlierLoads {
            reading_json,
            last,
            same_file_rows: rows.map(i64::unsigned_abs),
        };
        Ok(loads.into_iter().map(read).collect())
    }
}

impl Load<'_> {
    /// Keeps how the file was read, as JSON; after [`Load::finish`].
    pub async fn keep_reading(&mut self, reading_json: &str) -> Result<(), LedgerError> {
        let (connection, campaign, number) = self.inside();
        sqlx::query(sql::LOAD_KEEP_READING)
            .bind(campaign)
            .bind(number)
            .bind(reading_json)
            .execute(connection)
            .await
            .map(drop)
            .doing("closing a load")
    }
}
