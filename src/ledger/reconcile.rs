//! What the reconcile stage reads and writes.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow as _, Row as _};

use super::error::Doing;
use super::many::{self, Many, bind, fill};
use super::rows::instant;
use super::{Batch, Finding, KnownGift, LedgerError, sql};
use crate::domain::{GiftId, WalletId};

/// A wallet of a campaign, and all that the ledger knows of it.
#[derive(Clone, Debug)]
pub struct KnownWallet {
    /// The first of the campaign's rows that gives to it.
    pub row: i64,
    /// The wallet.
    pub wallet: WalletId,
    /// Its gifts, of any campaign, in the order of their rows.
    pub gifts: Vec<KnownGift>,
}

/// Gifts that one statement changes. So few in tests that campaigns there come in parts too.
const CHANGED_AT_ONCE: i64 = if cfg!(test) { 2 } else { 8_192 };

/// What an audit found of one gift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditedGift {
    /// The gift's row in the ledger.
    pub row: i64,
    /// What was found.
    pub finding: Finding,
    /// What differs, or the provider's ids of the duplicates.
    pub detail: Option<String>,
}

/// Whether a gift that was found against all expectation is there no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// Its wallet's list does not show it: it may have been used.
    Perhaps,
    /// The provider, asked by its id, has none.
    Proved,
}

/// A gift that should not be there, or not so often, and may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// An audit found it, or further ones like it, under these ids of the provider's.
    pub found_as: Vec<GiftId>,
    /// It was sent, and refused then, or was taken back, a short while ago: lists may not show yet what was made all the
    /// same, or show what is gone.
    pub over_at: Option<DateTime<Utc>>,
}

impl Batch<'_> {
    /// Forgets what an earlier reconcile found of some gifts, with the next statement that is sent; of those that were
    /// found against all expectation only where they are `gone`.
    pub fn clear_findings(&mut self, rows: &[i64], gone: Gone) {
        if rows.is_empty() {
            return;
        }
        let arguments = self.transaction.add(sql::RECONCILE_CLEAR, &["recording a reconcile"]);
        bind(arguments, serde_json::json!(rows).to_string());
        bind(arguments, gone == Gone::Proved);
    }

    /// Forgets what an earlier reconcile saw of the use of some gifts, with the next statement that is sent.
    pub fn clear_uses(&mut self, rows: &[i64]) {
        if !rows.is_empty() {
            let arguments = self.transaction.add(sql::USE_CLEAR, &["recording what was used"]);
            bind(arguments, serde_json::json!(rows).to_string());
        }
    }

    /// Gifts of a campaign that may be there against all expectation, or too often, by their rows: those that an audit
    /// found so, and those that were refused, or taken back, since a moment.
    pub async fn suspects(
        &mut self,
        campaign: i64,
        since: DateTime<Utc>,
    ) -> Result<HashMap<i64, Suspect>, LedgerError> {
        let doing = "reading what audits found";
        let connection = self.transaction.now().await?;
        let mut rows = sqlx::query_as(sql::RECONCILE_MARKED).bind(campaign).fetch(connection);
        let mut suspects = HashMap::new();
        while let Some(row) = rows.try_next().await.doing(doing)? {
            let (row, found, over): (i64, Option<String>, Option<i64>) = row;
            let found = found.unwrap_or_default();
            let found_as: Vec<GiftId> =
                found.split_whitespace().filter_map(|id| id.parse().ok()).collect();
            let over_at = over.map(instant).filter(|at| *at >= since);
            if !found_as.is_empty() || over_at.is_some() {
                suspects.insert(row, Suspect { found_as, over_at });
            }
        }
        Ok(suspects)
    }

    /// The next wallets of a campaign, each with what is known of it; `after` is the row of the last
    /// wallet of the page before. Fewer than `limit` come back only where there are no more.
    pub async fn wallet_page(
        &mut self,
        campaign: i64,
        after: i64,
        limit: usize,
    ) -> Result<Vec<KnownWallet>, LedgerError> {
        let doing = "reading the campaign's wallets";
        let arguments = self.transaction.add(sql::WALLET_PAGE, &[doing]);
        bind(arguments, campaign);
        bind(arguments, after);
        bind(arguments, i64::try_from(limit).unwrap_or(i64::MAX));
        self.known_wallets(doing).await
    }

    /// The wallets of some gifts, each with what is known of it.
    pub async fn wallets_of(&mut self, rows: &[i64]) -> Result<Vec<KnownWallet>, LedgerError> {
        let doing = "reading the wallets of some gifts";
        let arguments = self.transaction.add(sql::WALLET_OF, &[doing]);
        bind(arguments, serde_json::json!(rows).to_string());
        self.known_wallets(doing).await
    }

    async fn known_wallets(
        &mut self,
        doing: &'static str,
    ) -> Result<Vec<KnownWallet>, LedgerError> {
        let rows = self.transaction.send().await?;
        let read = |row: &SqliteRow| Ok((row.try_get(0)?, KnownGift::from_row(row)?));
        let gifts: Result<Vec<(i64, KnownGift)>, sqlx::Error> = rows.iter().map(read).collect();
        Ok(by_wallet(gifts.doing(doing)?))
    }

    /// Records what was found of a group of gifts, with the next statement that is sent.
    pub fn record_findings(&mut self, found: &[AuditedGift]) {
        let doing = "recording a reconcile";
        let (matched, others): (Vec<&AuditedGift>, Vec<&AuditedGift>) =
            found.iter().partition(|gift| gift.is_plain_match());
        for group in matched.chunks(many::ROWS) {
            let arguments = self.transaction.add(&MATCHED.text(group.len()), &[doing]);
            for gift in group {
                bind(arguments, gift.row);
            }
            fill(arguments, group.len(), 1);
        }
        for group in others.chunks(many::ROWS) {
            let arguments = self.transaction.add(&RECORD.text(group.len()), &[doing]);
            for gift in group {
                bind(arguments, gift.row);
                bind(arguments, gift.finding.word());
                bind(arguments, gift.detail.clone());
            }
            fill(arguments, group.len(), 3);
        }
    }

    /// Given gifts of which no audit has found anything, this one neither, are unread; says how many.
    pub async fn rest_is_unread(&mut self, campaign: i64) -> Result<u64, LedgerError> {
        self.in_parts(sql::RECONCILE_REST, campaign, "ending a reconcile").await
    }

    /// Carries a change out for some gifts of a campaign at a time; says how many it changed. What SQLite needs to
    /// undo one statement it keeps in memory: a statement for all would take more of it the larger a campaign is.
    async fn in_parts(
        &mut self,
        statement: &'static str,
        campaign: i64,
        doing: &'static str,
    ) -> Result<u64, LedgerError> {
        let connection = self.transaction.now().await?;
        let range: (Option<i64>, Option<i64>) = sqlx::query_as(sql::TALLY_RANGE)
            .bind(campaign)
            .fetch_one(&mut *connection)
            .await
            .doing(doing)?;
        let (first, last) = (range.0.unwrap_or(1), range.1.unwrap_or(0));
        let (mut first, mut changed) = (first, 0);
        while first <= last {
            let until = last.min(first + CHANGED_AT_ONCE - 1);
            let done = sqlx::query(statement)
                .bind(campaign)
                .bind(first)
                .bind(until)
                .execute(&mut *connection)
                .await
                .doing(doing)?;
            changed += done.rows_affected();
            first = until + 1;
        }
        Ok(changed)
    }

    /// Remembers that every wallet of the campaign was read.
    pub async fn reconcile_ended(
        &mut self,
        campaign: i64,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        sqlx::query(sql::CAMPAIGN_RECONCILED)
            .bind(campaign)
            .bind(now.timestamp_millis())
            .execute(self.transaction.now().await?)
            .await
            .map(drop)
            .doing("ending a reconcile")
    }
}

impl AuditedGift {
    /// It is there as it was sent, and there is no more to say.
    fn is_plain_match(&self) -> bool {
        self.finding == Finding::Matched && self.detail.is_none()
    }
}

/// Records matches.
static MATCHED: Many = Many::new(&[sql::RECONCILE_MATCHED]);

/// Records any other finding.
static RECORD: Many = Many::new(&[sql::RECONCILE_RECORD]);

/// Puts gifts together that have the same first row of their wallet, in the order of rows.
fn by_wallet(mut gifts: Vec<(i64, KnownGift)>) -> Vec<KnownWallet> {
    gifts.sort_unstable_by_key(|(first_row, gift)| (*first_row, gift.row));
    let mut wallets: Vec<KnownWallet> = Vec::new();
    for (row, gift) in gifts {
        match wallets.last_mut().filter(|wallet| wallet.row == row) {
            Some(wallet) => wallet.gifts.push(gift),
            None => {
                let wallet = gift.content.wallet;
                wallets.push(KnownWallet { row, wallet, gifts: vec![gift] });
            }
        }
    }
    wallets
}
