//! A look ahead: what a run would send, and how much money that is at most.
//!
//! It stands apart because it is asked before anything is written: of a ledger as it is, or of a load that
//! nobody commits.
//!
//! **Invariant:** it changes nothing.

use std::ops::DerefMut;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, SqliteConnection};
use uuid::Uuid;

use super::error::Doing;
use super::rows::{gift_as_sent, money};
use super::side_file::forgotten_revoke;
use super::{Ledger, LedgerError, Load, sql};
use crate::domain::{Gift, Money, WalletId};
use crate::plan::{NAMED, Named, WalletDay};

/// A connection to look through.
#[derive(Debug)]
pub struct Glance<'c>(Connection<'c>);

#[derive(Debug)]
enum Connection<'c> {
    /// The ledger as it is.
    Reader(PoolConnection<Sqlite>),
    /// As it would be after a load.
    Load(&'c mut SqliteConnection),
}

/// Whose gifts a run would send.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'s> {
    /// The rows of the campaigns; where there are several, they are given one after the other.
    pub campaigns: &'s [i64],
    /// Classes of refusals that would be reopened, all where none is named; none: nothing is reopened.
    pub reopened: Option<&'s [String]>,
}

/// What a restored ledger may have forgotten of a campaign, and nobody has looked for yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgotten {
    /// Nothing.
    Nothing,
    /// Gifts: its rows may have been given before the ledger was restored.
    Gifts,
    /// That, and what people wanted of it: it may have been paused or cancelled.
    Wishes,
}

/// Where a walk through what would be sent stands.
#[derive(Clone, Debug)]
pub struct SendWalk<'s> {
    campaign: i64,
    reopened: Option<&'s [String]>,
    now: DateTime<Utc>,
    is_tagged: bool,
    /// Whether the gifts that are reopened are still to come.
    is_reopening: bool,
    after: (i64, i64),
}

impl Ledger {
    /// Looks at the ledger as it is.
    pub async fn glance(&self) -> Result<Glance<'static>, LedgerError> {
        let reader = self.reading().acquire().await.doing("looking ahead")?;
        Ok(Glance(Connection::Reader(reader)))
    }
}

impl Load<'_> {
    /// Looks at the ledger as it would be after the load.
    pub fn glance(&mut self) -> Glance<'_> {
        Glance(Connection::Load(self.inside().0))
    }
}

impl Glance<'_> {
    fn connection(&mut self) -> &mut SqliteConnection {
        match &mut self.0 {
            Connection::Reader(reader) => reader.deref_mut(),
            Connection::Load(load) => load,
        }
    }

    /// What a restored ledger may have forgotten of a campaign.
    pub async fn forgotten(&mut self, campaign: i64) -> Result<Forgotten, LedgerError> {
        let only_gifts: Option<bool> = sqlx::query_scalar(sql::CAMPAIGN_FORGOTTEN)
            .bind(campaign)
            .fetch_optional(self.connection())
            .await
            .doing("reading what it has forgotten")?;
        Ok(match only_gifts {
            None => Forgotten::Nothing,
            Some(true) => Forgotten::Gifts,
            Some(false) => Forgotten::Wishes,
        })
    }

    /// When gifts of a campaign were taken back, where the ledger at `path` is an older copy that knows nothing of that.
    pub async fn forgotten_revoke(
        &mut self,
        path: &Path,
        campaign: &str,
    ) -> Result<Option<DateTime<Utc>>, LedgerError> {
        forgotten_revoke(self.connection(), path, campaign).await
    }

    /// How many gifts a run of at most `limit` may send, and their money at most.
    pub async fn send_most(
        &mut self,
        sender: Sender<'_>,
        limit: u64,
    ) -> Result<(u64, Money), LedgerError> {
        let (gifts, minor): (i64, i64) = sqlx::query_as(sql::SEND_MOST)
            .bind(sender.rows())
            .bind(sender.classes())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_one(self.connection())
            .await
            .doing("adding up what may be sent")?;
        Ok((gifts.unsigned_abs(), money(minor)))
    }

    /// Money that was given since a moment by any campaign, or may have been, but for what may be sent now.
    pub async fn given_since(
        &mut self,
        since: DateTime<Utc>,
        sender: Sender<'_>,
    ) -> Result<Money, LedgerError> {
        let minor: i64 = sqlx::query_scalar(sql::CAPS_GIVEN)
            .bind(since.timestamp_millis())
            .bind(sender.rows())
            .fetch_one(self.connection())
            .await
            .doing("adding up what was given")?;
        Ok(money(minor))
    }

    /// The wallets that would have been given more than `cap` since a moment, those with the most first.
    pub async fn wallets_over(
        &mut self,
        cap: Money,
        since: DateTime<Utc>,
        sender: Sender<'_>,
    ) -> Result<Named<WalletDay>, LedgerError> {
        let rows: Vec<(Uuid, i64, i64, i64)> = sqlx::query_as(sql::CAPS_WALLETS)
            .bind(since.timestamp_millis())
            .bind(sender.rows())
            .bind(sender.classes())
            .bind(i64::try_from(NAMED).unwrap_or(i64::MAX))
            .bind(cap.minor())
            .fetch_all(self.connection())
            .await
            .doing("adding up what wallets were given")?;
        let count = rows.first().map_or(0, |row| row.3.unsigned_abs());
        let read = |(wallet, given, open, _): (Uuid, i64, i64, i64)| WalletDay {
            wallet: WalletId(wallet),
            given: money(given),
            open: money(open),
        };
        Ok(Named { named: rows.into_iter().map(read).collect(), count })
    }

    /// Begins before the first gift that a run of one campaign would send at `now`; `tag`: whether it is
    /// told to tag.
    pub async fn walk<'s>(
        &mut self,
        campaign: i64,
        reopened: Option<&'s [String]>,
        tag: bool,
        now: DateTime<Utc>,
    ) -> Result<SendWalk<'s>, LedgerError> {
        let is_tagged: bool = sqlx::query_scalar(sql::SEND_TAGGED)
            .bind(campaign)
            .bind(tag)
            .fetch_one(self.connection())
            .await
            .doing("looking for tags")?;
        let is_reopening = reopened.is_some();
        Ok(SendWalk { campaign, reopened, now, is_tagged, is_reopening, after: (0, 0) })
    }

    /// The next gifts, as they would be sent; none where there are no more.
    pub async fn next_to_send(
        &mut self,
        walk: &mut SendWalk<'_>,
        limit: u64,
    ) -> Result<Vec<Gift>, LedgerError> {
        let doing = "listing what would be sent";
        loop {
            let text = if walk.is_reopening { sql::SEND_REOPENED } else { sql::SEND_NEXT };
            let mut query = sqlx::query(text)
                .bind(walk.campaign)
                .bind(walk.after.0)
                .bind(walk.after.1)
                .bind(walk.now.timestamp_millis())
                .bind(i64::try_from(limit).unwrap_or(i64::MAX))
                .bind(walk.is_tagged);
            if walk.is_reopening {
                query = query.bind(classes(walk.reopened));
            }
            let rows = query.fetch_all(self.connection()).await.doing(doing)?;
            if rows.is_empty() && walk.is_reopening {
                // What was sent before comes last.
                (walk.is_reopening, walk.after) = (false, (0, i64::MAX));
                continue;
            }
            let turn = |row: &SqliteRow| Ok((row.try_get("turn")?, row.try_get("id")?));
            if let Some(last) = rows.last() {
                walk.after = turn(last).doing(doing)?;
            }
            let gifts: Result<Vec<Gift>, sqlx::Error> = rows.iter().map(gift_as_sent).collect();
            return gifts.doing(doing);
        }
    }
}

impl Sender<'_> {
    /// The campaigns as the statements take them.
    fn rows(&self) -> String {
        json!(self.campaigns).to_string()
    }

    fn classes(&self) -> Option<String> {
        classes(self.reopened)
    }
}

/// Classes as the statements take them.
fn classes(reopened: Option<&[String]>) -> Option<String> {
    reopened.map(|classes| json!(classes).to_string())
}
