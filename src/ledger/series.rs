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
        if rows.is_empty() {
            return Ok(Vec::new());
        }
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

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Expiry, GiftContent, Money, WalletId};
    use crate::ledger::{LoadHeader, LoadTotals, Meanwhile, NewRow, RunLock, Writer};

    fn row(line: u64, wallet: u128, day: &str, minor: i64) -> NewRow {
        let content = GiftContent {
            wallet: WalletId(Uuid::from_u128(wallet)),
            amount: Money::from_minor(minor),
            expiry: Expiry::Never,
            description: "KUPON".to_owned(),
        };
        let reference = Some(day.to_owned());
        NewRow { line, content, reference, gift_key: None, cells_json: "[]".to_owned() }
    }

    async fn load(
        writer: &mut Writer,
        campaign: &str,
        series: &str,
        rows: Vec<NewRow>,
    ) -> (Vec<RowFate>, LoadTotals) {
        let header = LoadHeader {
            campaign: campaign.parse().unwrap(),
            header_json: "[]".to_owned(),
            dialect_json: "{}".to_owned(),
            file_sha256: "0".repeat(64),
        };
        let now: DateTime<Utc> = Utc::now();
        let mut load = writer.begin().await.unwrap().load(&header, now).await.unwrap();
        load.belong_to_series(&series.parse().unwrap());
        let fates = load.add(rows).await.unwrap();
        let totals = load.finish(now - TimeDelta::days(30)).await.unwrap();
        load.commit().await.unwrap();
        (fates.into_iter().map(|row| row.fate).collect(), totals)
    }

    #[tokio::test]
    async fn a_series_gives_a_wallet_one_gift_a_year_in_all_its_campaigns() {
        // Goal: whichever campaign comes, and whatever it would give, the first one counts. Method: loads
        // of two campaigns that overlap, in one file and between files; another year and another series;
        // the sums of the first campaign afterwards.
        use RowFate::{Added, ChangedContent, GivenElsewhere, Known, ReferenceRepeated, Repeated};
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).await.unwrap();
        let lock = RunLock::take(ledger.path(), "test", Utc::now()).unwrap();
        let mut writer = ledger.writer(&lock).await.unwrap();
        let day = "2027-03-01";
        let first = vec![
            row(2, 1, day, 500),
            row(3, 2, day, 500),
            row(4, 1, day, 700),
            row(5, 2, "2027-02-28", 500),
        ];
        let (fates, totals) = load(&mut writer, "b-1", "b", first).await;
        assert_eq!(fates, [Added, Added, Repeated, ReferenceRepeated]);
        assert_eq!((totals.added, totals.added_amount), (2, Money::from_minor(1_000)));
        let second = vec![
            row(2, 1, day, 500),
            row(3, 2, "2027-02-28", 900),
            row(4, 3, day, 500),
            row(5, 3, day, 500),
            row(6, 1, "2028-03-01", 500),
        ];
        let (fates, _) = load(&mut writer, "b-2", "b", second.clone()).await;
        assert_eq!(fates, [GivenElsewhere, GivenElsewhere, Added, Repeated, Added]);
        let (fates, totals) = load(&mut writer, "b-2", "b", second).await;
        assert_eq!(fates, [GivenElsewhere, GivenElsewhere, Known, Repeated, Known]);
        assert_eq!(totals.added, 0);
        let again = vec![row(2, 1, day, 800), row(3, 2, day, 500)];
        let (fates, _) = load(&mut writer, "b-1", "b", again.clone()).await;
        assert_eq!(fates, [ChangedContent, Known]);
        let (fates, _) = load(&mut writer, "c-1", "c", again).await;
        assert_eq!(fates, [Added, Added]);
        let campaign = ledger.campaign("b-1").await.unwrap().unwrap();
        assert_eq!((campaign.gifts, campaign.total), (2, Money::from_minor(1_000)));
        let tally = ledger.tally(campaign.id, Meanwhile::Still).await.unwrap();
        assert_eq!(tally[0].gifts, 2);
        let open = ledger.open_campaigns().await.unwrap();
        let names: Vec<&str> = open.iter().map(|campaign| campaign.name.as_str()).collect();
        assert_eq!(names, ["b-1", "b-2", "c-1"]);
    }
}
