//! Rows that come from gifts of other campaigns, as an export of those wrote their keys.
//!
//! It stands apart because such a gift stays where it is: the row is a gift of this campaign, and what was refused there
//! is withdrawn for it, so that a `retry` there gives nothing twice.
//!
//! **Invariant:** a row adds nothing where nobody knows whether the other campaign gave its gift.

use std::collections::HashMap;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::add::OldGift;
use super::error::Doing;
use super::file_row::KeyFault;
use super::load::Load;
use super::{LedgerError, sql};
use crate::domain::{GiftKey, GiftState};

/// A gift of another campaign.
#[derive(Debug)]
pub(super) struct Stranger {
    old: OldGift,
    name: String,
    is_looked_for: bool,
    /// It was given, and the last audit did not find it.
    is_missing: bool,
    /// What took its place, and the campaign of that.
    heir: Option<(GiftKey, i64)>,
}

/// What a row is that comes from such a gift.
#[derive(Debug)]
pub(super) enum Origin {
    /// A row like any other.
    Plain,
    /// One that is given once more: another campaign gave it, or will.
    Again,
    /// It comes from this gift of the load's own campaign, which took that one's place.
    Heir(GiftKey),
    /// It takes the place of this one, which is refused.
    Of(OldGift),
    /// It adds nothing.
    Barred(KeyFault),
}

impl Stranger {
    fn of(row: &SqliteRow) -> Result<Stranger, sqlx::Error> {
        let heir: Option<Uuid> = row.try_get("heir_key")?;
        let place: Option<i64> = row.try_get("heir_campaign")?;
        Ok(Stranger {
            old: OldGift::of(row)?,
            name: row.try_get("name")?,
            is_looked_for: row.try_get("is_looked_for")?,
            is_missing: row.try_get("is_missing")?,
            heir: heir.map(GiftKey).zip(place),
        })
    }

    /// What a row of this campaign is that comes from it.
    fn origin(self, campaign: i64) -> Origin {
        match self.old.state {
            // One that this load had not seen before would not be asked for.
            _ if self.old.campaign == campaign => Origin::Barred(KeyFault::Repeated),
            GiftState::Refused | GiftState::Cancelled if self.old.is_unexpected => {
                Origin::Barred(KeyFault::Unexpected)
            }
            GiftState::Refused if !self.is_looked_for => Origin::Barred(KeyFault::NotLookedFor),
            GiftState::Refused => Origin::Of(self.old),
            GiftState::Cancelled => match self.heir {
                Some((heir, place)) if place == campaign => Origin::Heir(heir),
                Some(_) => Origin::Barred(KeyFault::Replaced),
                None => Origin::Plain,
            },
            GiftState::Issued if self.is_missing => Origin::Plain,
            GiftState::Planned | GiftState::Deferred | GiftState::Issued => Origin::Again,
            GiftState::Revoked => Origin::Plain,
            state => Origin::Barred(KeyFault::NotRefused(state)),
        }
    }
}

impl Load<'_> {
    /// What rows are that come from gifts of other campaigns, by the keys of those.
    pub(super) async fn origins(
        &mut self,
        keys: impl Iterator<Item = GiftKey>,
    ) -> Result<HashMap<GiftKey, Origin>, LedgerError> {
        let doing = "looking for the gifts that rows come from";
        let keys: Vec<String> = keys.map(|key| key.0.simple().to_string()).collect();
        // A ledger without an index of keys had no gift before.
        if keys.is_empty() || self.room.lacks_keys {
            return Ok(HashMap::new());
        }
        let (connection, campaign, _) = self.inside();
        let found = sqlx::query(sql::GIFT_STRANGER)
            .bind(serde_json::Value::from(keys).to_string())
            .fetch_all(connection)
            .await
            .doing(doing)?;
        let strangers = found.iter().map(Stranger::of).collect::<Result<Vec<_>, _>>();
        let mut origins = HashMap::new();
        for stranger in strangers.doing(doing)? {
            let (key, name) = (stranger.old.key, stranger.name.clone());
            let origin = stranger.origin(campaign);
            match origin {
                Origin::Barred(KeyFault::NotLookedFor) => self.unlooked.insert(name),
                Origin::Again => self.again_as.insert(name),
                _ => false,
            };
            origins.insert(key, origin);
        }
        Ok(origins)
    }
}
