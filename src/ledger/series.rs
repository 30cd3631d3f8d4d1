//! A series: campaigns that give each wallet one gift a year between them, each on another day.
//!
//! It stands apart because its keys belong to the whole ledger, not to one campaign: a row may find its
//! gift in the campaign of another day.
//!
//! **Invariant:** whatever a row says now, and whatever became of the gift that has its key, nothing is
//! added and nothing is changed.

use std::collections::{HashMap, HashSet};

use sqlx::Row;

use super::error::Doing;
use super::file_row::{AddedRow, RowFate};
use super::keyed_row::{KeyedRow, RowKeys};
use super::load::Load;
use super::{Campaign, Ledger, LedgerError, sql};
use crate::domain::{CampaignName, GiftKey};

impl RowKeys {
    /// Names rows as those of a series. Their references are the days that they celebrate, in ISO form.
    fn in_series(mut self, series: CampaignName) -> RowKeys {
        self.series = Some(series);
        self
    }

    /// The key of a row that celebrates this day, where there is a series.
    pub(super) fn of_series(&self, row: &super::NewRow) -> Option<GiftKey> {
        let (series, day) = (self.series.as_ref()?, row.reference.as_deref()?);
        let (year, _) = day.split_once('-').unwrap_or((day, ""));
        Some(GiftKey::from_birthday(series, row.content.wallet, year))
    }
}

impl Load<'_> {
    /// Makes it a load of a series, before its first row.
    pub fn belong_to_series(&mut self, series: &CampaignName) {
        self.keys = self.keys.clone().in_series(series.clone());
    }

    /// What became of rows whose keys neither were added nor belong to an earlier load of the campaign.
    pub(super) async fn find_elsewhere(
        &mut self,
        rows: Vec<KeyedRow>,
    ) -> Result<Vec<AddedRow>, LedgerError> {
        let doing = "looking for what a series has given";
        let distinct: HashSet<String> =
            rows.iter().map(|row| row.key.0.simple().to_string()).collect();
        let keys: Vec<String> = distinct.into_iter().collect();
        let (connection, campaign, _) = self.inside();
        let found = sqlx::query(sql::GIFT_ELSEWHERE)
            .bind(serde_json::Value::from(keys).to_string())
            .bind(campaign)
            .fetch_all(connection)
            .await
            .doing(doing)?;
        let mut known = HashMap::with_capacity(found.len());
        for row in &found {
            let key = GiftKey(row.try_get("key").doing(doing)?);
            let is_elsewhere: bool = row.try_get("is_elsewhere").doing(doing)?;
            let day: Option<String> = row.try_get("reference").doing(doing)?;
            known.insert(key, (is_elsewhere, day));
        }
        let fate = |row: &KeyedRow| match known.get(&row.key) {
            Some((true, _)) => RowFate::GivenElsewhere,
            Some((false, day)) if *day == row.row.reference => RowFate::Repeated,
            Some(_) | None => RowFate::ReferenceRepeated,
        };
        Ok(rows
            .into_iter()
            .map(|row| (fate(&row), row))
            .map(|(fate, row)| row.into_fate(fate))
            .collect())
    }
}

impl Ledger {
    /// Campaigns of which some gift may still be sent, or is not settled, the oldest first.
    pub async fn open_campaigns(&self) -> Result<Vec<Campaign>, LedgerError> {
        sqlx::query_as(sql::CAMPAIGN_OPEN)
            .fetch_all(&*self.reading())
            .await
            .doing("looking for campaigns that are not done")
    }
}
