//! Figures for a report with plots: what SQLite adds up of a campaign, some gifts at a time.
//!
//! It stands apart because it walks all that ever happened to a campaign. What comes back is as large as
//! the plots are, and not as the campaign is.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row as _, Sqlite, Transaction};
use uuid::Uuid;

use super::error::Doing;
use super::rows::{instant, money, word};
use super::{AuditCounts, GiftRecord, Ledger, LedgerError, RunNote, audits, sql};
use crate::domain::{GiftState, Money};

/// Gifts that one statement looks at: so few that SQLite sorts them in memory. Fewer in tests, so that what is
/// added up there comes in parts too.
const LOOKED_AT_ONCE: i64 = if cfg!(test) { 2 } else { 25_000 };

const DOING: &str = "adding up what happened";

/// What was done with a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeedKind {
    /// A file was loaded.
    Load,
    /// A process sent gifts.
    Run,
    /// Every wallet was read.
    Reconcile,
    /// A person paused, resumed or cancelled it.
    Wish,
}

/// Something that somebody did with a campaign.
#[derive(Clone, Debug)]
pub struct Deed {
    /// What.
    pub kind: DeedKind,
    /// The command that a person gave.
    pub command: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended by itself; none while it runs, or where it was killed.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: Option<String>,
    /// Who, and by which settings.
    pub note: RunNote,
    /// A load's file: its SHA-256, and its rows.
    pub file: Option<(String, u64)>,
    /// A run's id.
    pub run: Option<Uuid>,
    /// What a reconcile counted.
    pub counts: Option<AuditCounts>,
}

/// What a run sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// How many requests that give.
    pub attempts: u64,
    /// When the first of them was written down.
    pub first_at: DateTime<Utc>,
    /// When the last.
    pub last_at: DateTime<Utc>,
}

/// Gifts of one state whose amounts begin with the same two digits and have as many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountCell {
    /// Their state.
    pub state: GiftState,
    /// How many.
    pub gifts: u64,
    /// What they add up to.
    pub amount: Money,
    /// The smallest.
    pub least: Money,
    /// The largest.
    pub most: Money,
}

/// Events that happened at about the same time, and took about as long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// Which stretch of time, counted from the first.
    pub place: i64,
    /// What happened.
    pub word: String,
    /// The shortest that it can have taken, and what it took less than: both in milliseconds. None where
    /// it took no time.
    pub took: Option<(u64, u64)>,
    /// How many.
    pub events: u64,
    /// The longest of them, in milliseconds.
    pub longest: u64,
}

impl Ledger {
    /// What was done with a campaign, in order.
    pub async fn deeds(&self, campaign: i64) -> Result<Vec<Deed>, LedgerError> {
        sqlx::query_as(sql::FIGURES_RUNS)
            .bind(campaign)
            .fetch_all(&*self.reading())
            .await
            .doing("reading who did what")
    }

    /// What each run of a campaign sent.
    pub async fn sent_by_run(&self, campaign: i64) -> Result<BTreeMap<Uuid, Sent>, LedgerError> {
        let mut runs: BTreeMap<Uuid, Sent> = BTreeMap::new();
        self.in_parts(campaign, sql::FIGURES_ATTEMPTS, &[], |row| {
            let attempts: i64 = row.try_get(1)?;
            let sent = Sent {
                attempts: attempts.unsigned_abs(),
                first_at: instant(row.try_get(2)?),
                last_at: instant(row.try_get(3)?),
            };
            let entry = runs.entry(row.try_get(0)?);
            entry
                .and_modify(|all| {
                    all.attempts += sent.attempts;
                    all.first_at = all.first_at.min(sent.first_at);
                    all.last_at = all.last_at.max(sent.last_at);
                })
                .or_insert(sent);
            Ok(())
        })
        .await?;
        Ok(runs)
    }

    /// A campaign's gifts by state and amount, the smallest amounts first.
    pub async fn amount_cells(&self, campaign: i64) -> Result<Vec<AmountCell>, LedgerError> {
        let mut cells: BTreeMap<(i64, GiftState), AmountCell> = BTreeMap::new();
        self.in_parts(campaign, sql::FIGURES_AMOUNTS, &[], |row| {
            let state: GiftState = word(row, "state")?;
            let gifts: i64 = row.try_get(2)?;
            let part = AmountCell {
                state,
                gifts: gifts.unsigned_abs(),
                amount: money(row.try_get(3)?),
                least: money(row.try_get(4)?),
                most: money(row.try_get(5)?),
            };
            cells
                .entry((row.try_get(1)?, state))
                .and_modify(|all| {
                    all.gifts += part.gifts;
                    all.amount += part.amount;
                    all.least = all.least.min(part.least);
                    all.most = all.most.max(part.most);
                })
                .or_insert(part);
            Ok(())
        })
        .await?;
        Ok(cells.into_values().collect())
    }

    /// What happened to a campaign's gifts, by stretches of `width_ms` from `since` on.
    pub async fn happened(
        &self,
        campaign: i64,
        since: DateTime<Utc>,
        width_ms: i64,
    ) -> Result<Vec<Happened>, LedgerError> {
        let mut all: BTreeMap<(i64, String, i64), (u64, u64)> = BTreeMap::new();
        let more = [since.timestamp_millis(), width_ms.max(1)];
        self.in_parts(campaign, sql::FIGURES_EVENTS, &more, |row| {
            let (events, longest): (i64, i64) = (row.try_get(3)?, row.try_get(4)?);
            let sum = all.entry((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)).or_default();
            sum.0 += events.unsigned_abs();
            sum.1 = sum.1.max(u64::try_from(longest).unwrap_or(0));
            Ok(())
        })
        .await?;
        let told = all.into_iter().map(|((place, word, cell), (events, longest))| Happened {
            place,
            word,
            took: took(cell),
            events,
            longest,
        });
        Ok(told.collect())
    }

    /// The first gifts of which the last reconcile found something else than a match.
    pub async fn found(&self, campaign: i64, limit: i64) -> Result<Vec<GiftRecord>, LedgerError> {
        sqlx::query_as(sql::GIFT_FOUND)
            .bind(campaign)
            .bind(limit)
            .fetch_all(&*self.reading())
            .await
            .doing("listing what was found")
    }

    /// What the provider said of one refused gift of a class.
    pub async fn refused_words(
        &self,
        campaign: i64,
        class: &str,
    ) -> Result<Option<String>, LedgerError> {
        sqlx::query_scalar(sql::GIFT_REFUSED_WORDS)
            .bind(campaign)
            .bind(class)
            .fetch_optional(&*self.reading())
            .await
            .doing("reading a refusal")
    }

    /// Carries a statement out for some gifts at a time, all at one moment, and hands over its rows.
    async fn in_parts(
        &self,
        campaign: i64,
        statement: &'static str,
        more: &[i64],
        mut take: impl FnMut(&SqliteRow) -> Result<(), sqlx::Error>,
    ) -> Result<(), LedgerError> {
        let reading = self.reading();
        let mut moment: Transaction<'_, Sqlite> = reading.begin().await.doing(DOING)?;
        let range: (Option<i64>, Option<i64>) = sqlx::query_as(sql::TALLY_RANGE)
            .bind(campaign)
            .fetch_one(&mut *moment)
            .await
            .doing(DOING)?;
        if let (Some(mut first), Some(last)) = range {
            while first <= last {
                let until = last.min(first + LOOKED_AT_ONCE - 1);
                let mut query = sqlx::query(statement).bind(campaign).bind(first).bind(until);
                for value in more {
                    query = query.bind(*value);
                }
                for row in query.fetch_all(&mut *moment).await.doing(DOING)? {
                    take(&row).doing(DOING)?;
                }
                first = until + 1;
            }
        }
        moment.commit().await.doing(DOING)
    }
}

/// The times of a cell: as many digits as its tens say, of which the first is its last.
fn took(cell: i64) -> Option<(u64, u64)> {
    let cell = u64::try_from(cell).ok()?;
    let unit = 10_u64.checked_pow(u32::try_from(cell / 10).ok()?.checked_sub(1)?)?;
    let least = unit.checked_mul(cell % 10)?;
    Some((least, least.saturating_add(unit)))
}

impl FromRow<'_, SqliteRow> for Deed {
    fn from_row(row: &SqliteRow) -> Result<Deed, sqlx::Error> {
        let kind: String = row.try_get("kind")?;
        let file: Option<String> = row.try_get("file_sha256")?;
        let rows: Option<i64> = row.try_get("row_count")?;
        Ok(Deed {
            kind: match kind.as_str() {
                "load" => DeedKind::Load,
                "run" => DeedKind::Run,
                "wish" => DeedKind::Wish,
                _ => DeedKind::Reconcile,
            },
            command: row.try_get("command")?,
            started_at: instant(row.try_get("started_at_ms")?),
            ended_at: row.try_get::<Option<i64>, _>("ended_at_ms")?.map(instant),
            outcome: row.try_get("outcome")?,
            note: RunNote {
                user: row.try_get("os_user")?,
                settings_json: row.try_get("settings_json")?,
            },
            file: file.zip(rows.map(i64::unsigned_abs)),
            run: row.try_get("run_id")?,
            counts: audits::counts(row)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_between_its_digits() {
        // Goal: no time is told shorter than it was. Method: cells of both ends of a digit, and none.
        assert_eq!(took(-1), None);
        assert_eq!(took(10), Some((0, 1)));
        assert_eq!(took(19), Some((9, 10)));
        assert_eq!(took(31), Some((100, 200)));
        assert_eq!(took(59), Some((90_000, 100_000)));
    }
}
