//! Adding a campaign up: gifts and money, by state and by fate.
//!
//! It stands apart because it reads every row of a campaign, and a run that begins waits for it: rows are
//! added up some at a time, so that SQLite sorts them in memory, and in two halves at once where nothing
//! changes meanwhile.
//!
//! **Invariant:** all sums of one call belong to one moment.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use futures_util::future::try_join;

use super::error::Doing;
use super::rows::money;
use super::{FateTally, Ledger, LedgerError, StateTally, sql};
use crate::domain::UnknownState;

/// What may happen to a ledger while it is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meanwhile {
    /// Nothing: whoever asks holds the run lock, and does not write.
    Still,
    /// A run, or a load.
    Written,
}

/// The words of a state, of a class of refusals, and of what a reconcile found.
type Fate = (String, Option<String>, Option<String>);

/// How many gifts, and their money in minor units.
#[derive(Clone, Copy, Default)]
struct Sum {
    gifts: u64,
    minor: i64,
}

impl Sum {
    /// Stays at the largest number where the sum is larger: then it is not what was loaded, which
    /// whoever asked finds out.
    fn add(&mut self, other: Sum) {
        self.gifts = self.gifts.saturating_add(other.gifts);
        self.minor = self.minor.saturating_add(other.minor);
    }
}

/// Rows that one statement adds up: SQLite sorts them, and sorts more than some ten thousands in a file.
/// So few in tests that what is added up there comes in parts too.
const ADDED_UP_AT_ONCE: i64 = if cfg!(test) { 2 } else { 25_000 };

const ADDING_UP: &str = "adding up a campaign";

impl Ledger {
    /// Gifts and money of a campaign by state.
    pub async fn tally(
        &self,
        campaign: i64,
        meanwhile: Meanwhile,
    ) -> Result<Vec<StateTally>, LedgerError> {
        let fates = self.add_up(sql::TALLY_STATES, campaign, meanwhile).await?;
        Ok(fates.into_iter().map(|fate| fate.tally).collect())
    }

    /// The same by state, class of refusal, and what the last reconcile found, in that order.
    pub async fn tally_fates(
        &self,
        campaign: i64,
        meanwhile: Meanwhile,
    ) -> Result<Vec<FateTally>, LedgerError> {
        self.add_up(sql::TALLY_FATES, campaign, meanwhile).await
    }

    async fn add_up(
        &self,
        statement: &'static str,
        campaign: i64,
        meanwhile: Meanwhile,
    ) -> Result<Vec<FateTally>, LedgerError> {
        let range: (Option<i64>, Option<i64>) = sqlx::query_as(sql::TALLY_RANGE)
            .bind(campaign)
            .fetch_one(&*self.reading())
            .await
            .doing(ADDING_UP)?;
        let (Some(first), Some(last)) = range else {
            return Ok(Vec::new());
        };
        let is_split = meanwhile == Meanwhile::Still && last - first > ADDED_UP_AT_ONCE;
        let middle = if is_split { first.midpoint(last) } else { last };
        let (mut sums, others) = try_join(
            self.add_up_rows(statement, campaign, first..=middle),
            self.add_up_rows(statement, campaign, middle + 1..=last),
        )
        .await?;
        for (fate, sum) in others {
            sums.entry(fate).or_default().add(sum);
        }
        let read = |((word, class, found), Sum { gifts, minor }): (Fate, Sum)| {
            let tally = StateTally { state: word.parse()?, gifts, amount: money(minor) };
            Ok(FateTally { tally, class, found })
        };
        let read: Result<_, UnknownState> = sums.into_iter().map(read).collect();
        read.map_err(|error| sqlx::Error::Decode(Box::new(error))).doing(ADDING_UP)
    }

    /// Adds up some rows as they stand at one moment.
    async fn add_up_rows(
        &self,
        statement: &'static str,
        campaign: i64,
        rows: RangeInclusive<i64>,
    ) -> Result<BTreeMap<Fate, Sum>, LedgerError> {
        let mut sums: BTreeMap<Fate, Sum> = BTreeMap::new();
        if rows.is_empty() {
            return Ok(sums);
        }
        let reading = self.reading();
        // All of its statements see the ledger as the first one does.
        let mut moment = reading.begin().await.doing(ADDING_UP)?;
        let (mut first, last) = rows.into_inner();
        while first <= last {
            let until = last.min(first + ADDED_UP_AT_ONCE - 1);
            type Row = (String, i64, i64, Option<String>, Option<String>);
            let added: Vec<Row> = sqlx::query_as(statement)
                .bind(campaign)
                .bind(first)
                .bind(until)
                .fetch_all(&mut *moment)
                .await
                .doing(ADDING_UP)?;
            for (word, gifts, minor, class, found) in added {
                let sum = Sum { gifts: gifts.unsigned_abs(), minor };
                sums.entry((word, class, found)).or_default().add(sum);
            }
            first = until + 1;
        }
        moment.commit().await.doing(ADDING_UP)?;
        Ok(sums)
    }
}
