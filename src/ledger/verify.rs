//! Whether a ledger is what it says: its pages, its stories, their chain and its sums.
//!
//! It stands apart because nothing else reads all of a ledger, and because it believes none of its parts:
//! what was only ever added to is held against what was changed, and both against what was added up.
//!
//! **Invariant:** all that is compared belongs to one moment, whatever a run writes meanwhile.
//! **Invariant:** only one page of gifts is in memory, and of the faults only the first ones.

use std::collections::BTreeMap;

use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row, SqliteConnection};
use uuid::Uuid;

use super::chain::{ChainHead, walk};
use super::error::Doing;
use super::inspect::{Depth, Inspection, health};
use super::replay::{Replay, Standing};
use super::rows::{content, word};
use super::statement::contradictions;
use super::{LedgerError, Statement, kept, moved, sql};
use crate::domain::{GiftId, GiftKey, RowDigest, number_of};

/// Gifts that are read at once.
const PAGE_GIFTS: i64 = if cfg!(test) { 2 } else { 1_000 };

/// Faults that are told one by one; the others are counted.
const TOLD: usize = 100;

const VERIFYING: &str = "verifying it";

/// Something that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In which table; empty where it is the file.
    pub table: &'static str,
    /// Of which row: a gift's key or a campaign's name.
    pub key: Option<String>,
    /// What is wrong.
    pub what: String,
}

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Campaigns that were added up.
    pub campaigns: u64,
    /// Gifts whose stories were told again.
    pub gifts: u64,
    /// Attempts and events that were read.
    pub steps: u64,
    /// The hash that covers all events.
    pub chain: ChainHead,
    /// The first faults.
    pub faults: Vec<Fault>,
    /// How many there are in all.
    pub fault_count: u64,
}

impl Verified {
    fn find(&mut self, table: &'static str, key: Option<String>, what: String) {
        self.fault_count += 1;
        if self.faults.len() < TOLD {
            self.faults.push(Fault { table, key, what });
        }
    }
}

/// What the rows of a campaign add up to.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    gifts: i64,
    minor: i128,
    plan: RowDigest,
}

impl Inspection {
    /// Verifies all of the ledger, whose form must be current, and holds a statement against it.
    pub async fn verify(&mut self, statement: Option<&Statement>) -> Result<Verified, LedgerError> {
        let mut verified = Verified::default();
        let mut moment = self.connection.begin().await.doing(VERIFYING)?;
        for what in health(&mut moment, Depth::Full).await? {
            verified.find("", None, what);
        }
        // Pages that cannot be trusted would only bring faults of faults.
        if verified.fault_count == 0 {
            references(&mut moment, &mut verified).await?;
            gift_ids(&mut moment, &mut verified).await?;
            chain(&mut moment, statement, &mut verified).await?;
            if let Some(what) = moved::disagreement(&mut moment).await? {
                verified.find("provider", None, what);
            }
            let sums = gifts(&mut moment, &mut verified).await?;
            campaigns(&mut moment, &sums, &mut verified).await?;
            audits(&mut moment, &mut verified).await?;
        }
        moment.rollback().await.doing(VERIFYING)?;
        Ok(verified)
    }
}

/// Rows that belong to rows which are not there.
async fn references(
    connection: &mut SqliteConnection,
    verified: &mut Verified,
) -> Result<(), LedgerError> {
    let rows =
        sqlx::query(sql::INSPECT_FOREIGN_KEYS).fetch_all(connection).await.doing(VERIFYING)?;
    for row in rows {
        let read = || Ok((row.try_get::<String, _>(0)?, row.try_get::<String, _>(2)?));
        let (table, parent) = read().doing(VERIFYING)?;
        let table =
            ["load", "run", "wish", "gift", "attempt", "event", "finding", "reconciliation"]
                .into_iter()
                .find(|known| *known == table)
                .unwrap_or_default();
        verified.find(
            table,
            None,
            format!("a row of it names a row of {parent} that is not there"),
        );
    }
    Ok(())
}

/// Ids of the provider that two gifts have.
async fn gift_ids(
    connection: &mut SqliteConnection,
    verified: &mut Verified,
) -> Result<(), LedgerError> {
    let rows: Vec<(Uuid, i64)> =
        sqlx::query_as(sql::VERIFY_GIFT_IDS).fetch_all(connection).await.doing(VERIFYING)?;
    for (key, count) in rows {
        let what = format!("{count} gifts have the same id at the provider");
        verified.find("gift", Some(GiftKey(key).to_string()), what);
    }
    Ok(())
}

/// Follows the hashes of all events, and holds a statement against them.
async fn chain(
    connection: &mut SqliteConnection,
    statement: Option<&Statement>,
    verified: &mut Verified,
) -> Result<(), LedgerError> {
    let chain = walk(connection, statement.map(|statement| statement.events)).await?;
    if let Some(row) = chain.broken_at {
        let what =
            format!("the chain of hashes breaks at row {row}: it or one before it was changed");
        verified.find("event", None, what);
    }
    if let Some(statement) = statement {
        for what in contradictions(connection, statement, &chain).await? {
            verified.find("statement", Some(statement.campaign.clone()), what);
        }
    }
    verified.chain = chain.head;
    Ok(())
}

/// Tells every gift's story again, and adds the gifts up by campaign.
async fn gifts(
    connection: &mut SqliteConnection,
    verified: &mut Verified,
) -> Result<BTreeMap<i64, Sums>, LedgerError> {
    let mut sums: BTreeMap<i64, Sums> = BTreeMap::new();
    let mut after = 0_i64;
    loop {
        let page = sqlx::query(sql::VERIFY_GIFTS)
            .bind(after)
            .bind(PAGE_GIFTS)
            .fetch_all(&mut *connection)
            .await
            .doing(VERIFYING)?;
        let page: Result<Vec<Read>, sqlx::Error> = page.iter().map(Read::of).collect();
        let page = page.doing(VERIFYING)?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            return Ok(sums);
        };
        let mut replays = stories(connection, first.row, last.row, verified).await?;
        after = last.row;
        for gift in page {
            let sum = sums.entry(gift.campaign).or_default();
            sum.gifts += 1;
            sum.minor += i128::from(gift.minor);
            sum.plan = sum.plan.plus(gift.plan);
            let replay = replays.remove(&gift.row).unwrap_or_else(Replay::new);
            if let Some(what) = replay.disagrees(&gift.standing) {
                verified.find("gift", Some(gift.key.to_string()), what);
            }
            verified.gifts += 1;
        }
    }
}

/// A gift as its row says.
struct Read {
    row: i64,
    campaign: i64,
    key: GiftKey,
    minor: i64,
    plan: RowDigest,
    standing: Standing,
}

impl Read {
    fn of(row: &SqliteRow) -> Result<Read, sqlx::Error> {
        let key = GiftKey(row.try_get("key")?);
        let content = content(row)?;
        Ok(Read {
            row: row.try_get("id")?,
            campaign: row.try_get("campaign_id")?,
            key,
            minor: content.amount.minor(),
            plan: RowDigest::default().with(key.0.as_bytes(), &content),
            standing: Standing {
                state: word(row, "state")?,
                attempts: row.try_get("attempt_count")?,
                first_sent_ms: row.try_get("first_sent_at_ms")?,
                gift_id: row.try_get::<Option<Uuid>, _>("gift_id")?.map(GiftId),
            },
        })
    }
}

/// The stories of some gifts by their rows.
async fn stories(
    connection: &mut SqliteConnection,
    first: i64,
    last: i64,
    verified: &mut Verified,
) -> Result<BTreeMap<i64, Replay>, LedgerError> {
    let rows = sqlx::query(sql::VERIFY_STORIES)
        .bind(first)
        .bind(last)
        .fetch_all(connection)
        .await
        .doing(VERIFYING)?;
    let mut replays: BTreeMap<i64, Replay> = BTreeMap::new();
    for row in rows {
        let read = || {
            let gift: i64 = row.try_get("gift_row")?;
            let (at, word): (i64, String) = (row.try_get("at_ms")?, row.try_get("word")?);
            Ok((gift, at, word, row.try_get::<Option<String>, _>("detail")?))
        };
        let (gift, at, word, detail) = read().doing(VERIFYING)?;
        let replay = replays.entry(gift).or_insert_with(Replay::new);
        replay.step(at, &word, detail.as_deref());
        verified.steps += 1;
    }
    Ok(replays)
}

/// Holds what each audit counted against the findings that are kept of it.
async fn audits(
    connection: &mut SqliteConnection,
    verified: &mut Verified,
) -> Result<(), LedgerError> {
    for (campaign, what) in kept::disagreements(connection).await.doing(VERIFYING)? {
        verified.find("audit", Some(campaign), what);
    }
    Ok(())
}

/// Holds what each campaign is said to hold against what its rows add up to.
async fn campaigns(
    connection: &mut SqliteConnection,
    sums: &BTreeMap<i64, Sums>,
    verified: &mut Verified,
) -> Result<(), LedgerError> {
    let rows: Vec<(i64, String, i64, i64, Uuid)> =
        sqlx::query_as(sql::VERIFY_CAMPAIGNS).fetch_all(connection).await.doing(VERIFYING)?;
    for (id, name, gifts, minor, plan) in rows {
        let said = Sums { gifts, minor: i128::from(minor), plan: RowDigest(plan.as_u128()) };
        let found = sums.get(&id).copied().unwrap_or_default();
        let what = if said.gifts != found.gifts {
            let counted = number_of(gifts.unsigned_abs(), "gift");
            Some(format!("it counts {counted}, but has {}", found.gifts))
        } else if said.minor != found.minor {
            Some(format!("it adds up to {minor} minor units, but its gifts to {}", found.minor))
        } else {
            (said.plan != found.plan).then(|| "its gifts are not those of its plan".to_owned())
        };
        if let Some(what) = what {
            verified.find("campaign", Some(name), what);
        }
        verified.campaigns += 1;
    }
    Ok(())
}
