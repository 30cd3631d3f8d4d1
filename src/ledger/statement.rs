//! Statements: what a campaign came to at one moment, so that a later look at the ledger's file alone shows
//! whether it still says the same.
//!
//! It stands apart because a statement leaves the ledger: it is kept, printed and sent on by people, and what
//! it holds of the chain of events is what binds the past.
//!
//! **Invariant:** a statement belongs to one moment, and nothing of it comes from what can be changed later.

use std::collections::BTreeMap;

use sqlx::{Connection as _, SqliteConnection};
use uuid::Uuid;

use super::chain::{Chain, ChainHead, walk};
use super::error::Doing;
use super::rows::money;
use super::{Ledger, LedgerError, StateTally, kept, sql};
use crate::domain::{Event, GiftState, Money, RowDigest};
use crate::plan::plan_id;

/// What a campaign came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Tells the ledger from every other.
    pub ledger: Uuid,
    /// The campaign's name.
    pub campaign: String,
    /// The id of its plan: of its rows and their sum.
    pub plan: String,
    /// SHA-256 of its newest file's bytes, in hexadecimal.
    pub file_sha256: String,
    /// How many times it had been loaded.
    pub loads: i64,
    /// How many gifts it had.
    pub gifts: u64,
    /// What they added up to.
    pub total: Money,
    /// Gifts and money by where they stood; what is in flight still counts as unsent. States that no gift
    /// was in are left out.
    pub stands: Vec<StateTally>,
    /// How many events the ledger had, of all its campaigns.
    pub events: u64,
    /// The hash that covers them.
    pub chain: ChainHead,
    /// The campaign's last audit that read every wallet, and a hash of all that is kept of it; none where there was
    /// none yet, or where an older version of this program stated it.
    pub audit: Option<(i64, ChainHead)>,
}

const STATING: &str = "stating what a campaign came to";

impl Ledger {
    /// States what a campaign came to; nothing where there is none of that name.
    ///
    /// Fails where the chain of events is broken: nothing can be stated by such a ledger.
    pub async fn statement(&self, campaign: &str) -> Result<Option<Statement>, LedgerError> {
        let mut connection = self.reading().acquire().await.doing(STATING)?;
        let mut moment = connection.begin().await.doing(STATING)?;
        let chain = walk(&mut moment, None).await?;
        if let Some(row) = chain.broken_at {
            return Err(LedgerError::Corrupt(format!(
                "the chain of events breaks at row {row}: `giftbatch ledger verify` says more"
            )));
        }
        let mut stated = state(&mut moment, campaign, None, &chain).await?;
        if let Some(stated) = &mut stated {
            stated.now.audit = kept::seal(&mut moment, stated.row, None).await.doing(STATING)?;
        }
        moment.rollback().await.doing(STATING)?;
        Ok(stated.map(|stated| stated.now))
    }
}

/// What a campaign comes to.
struct Stated {
    /// The campaign's row.
    row: i64,
    /// Without its audit.
    now: Statement,
    /// Whether the campaign has been loaded again since.
    was_loaded_since: bool,
}

/// States what a campaign came to after the chain's events, and after so many loads: all where none are
/// named.
async fn state(
    connection: &mut SqliteConnection,
    campaign: &str,
    loads: Option<i64>,
    chain: &Chain,
) -> Result<Option<Stated>, LedgerError> {
    type Row = (Uuid, i64, i64, String, i64, i64, Uuid);
    let row: Option<Row> = sqlx::query_as(sql::STATEMENT_CAMPAIGN)
        .bind(campaign)
        .fetch_optional(&mut *connection)
        .await
        .doing(STATING)?;
    let Some((ledger, id, load_count, file_sha256, gifts, minor, digest)) = row else {
        return Ok(None);
    };
    let loads = loads.unwrap_or(load_count).min(load_count);
    let events = chain.events;
    let words: Vec<(String, i64, i64)> = sqlx::query_as(sql::STATEMENT_STANDS)
        .bind(id)
        .bind(loads)
        .bind(i64::try_from(events).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await
        .doing(STATING)?;
    let mut stands: BTreeMap<GiftState, (u64, i64)> = BTreeMap::new();
    for (word, gifts, minor) in words {
        let state = Event::state_after(&word)
            .ok_or_else(|| LedgerError::Corrupt(format!("no event is called {word:?}")))?;
        let sum = stands.entry(state).or_default();
        (sum.0, sum.1) = (sum.0 + gifts.unsigned_abs(), sum.1 + minor);
    }
    let (gifts, total) = (gifts.unsigned_abs(), money(minor));
    let tally = |(state, (gifts, minor))| StateTally { state, gifts, amount: money(minor) };
    let now = Statement {
        ledger,
        plan: plan_id(campaign, RowDigest(digest.as_u128()), gifts, total),
        campaign: campaign.to_owned(),
        file_sha256,
        loads,
        gifts,
        total,
        stands: stands.into_iter().map(tally).collect(),
        events,
        chain: chain.head,
        audit: None,
    };
    Ok(Some(Stated { row: id, now, was_loaded_since: loads < load_count }))
}

/// What of a statement the ledger no longer says; `chain` was walked with its number of events asked for.
pub(super) async fn contradictions(
    connection: &mut SqliteConnection,
    statement: &Statement,
    chain: &Chain,
) -> Result<Vec<String>, LedgerError> {
    let mut found = Vec::new();
    match &chain.asked[..] {
        [] => found.push(format!(
            "it tells of {} events, and the ledger has {}: some are gone, or it is of an older copy",
            statement.events, chain.events
        )),
        heads if !heads.contains(&statement.chain) => found
            .push("what happened until then was changed since: the hash is another one".to_owned()),
        _ => {}
    }
    let then = Chain { events: statement.events, head: statement.chain, ..Chain::default() };
    let stated = state(&mut *connection, &statement.campaign, Some(statement.loads), &then).await?;
    let Some(Stated { row, now, was_loaded_since }) = stated else {
        found.push("the ledger has no campaign of its name".to_owned());
        return Ok(found);
    };
    if now.ledger != statement.ledger {
        found.push(format!("it is of another ledger: {}", statement.ledger));
    }
    if let Some((number, _)) = statement.audit {
        let seal = kept::seal(connection, row, Some(number)).await.doing(STATING)?;
        if seal != statement.audit {
            found.push(format!("what is kept of audit {number} was changed since"));
        }
    }
    if now.stands != statement.stands {
        found.push("gifts and money by state are others".to_owned());
    }
    let is_same_plan = (&now.plan, &now.file_sha256, now.gifts, now.total)
        == (&statement.plan, &statement.file_sha256, statement.gifts, statement.total);
    // What a later load added is not what it tells of: its gifts and their money are among those above.
    if !was_loaded_since && !is_same_plan {
        found.push("its plan, its file, its gifts or their total are others".to_owned());
    }
    Ok(found)
}
