//! What the provider last said of wallets, and which of them a preflight still has to ask.
//!
//! It stands apart because it is no part of the truth about gifts: it may be forgotten at any time, and is
//! then asked for again.
//!
//! **Invariant:** answers of one provider are never taken for another's.
//! **Invariant:** an answer counts from its commit on: what was killed before is asked again.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::error::Doing;
use super::many::{self, Many, bind, fill};
use super::rows::instant;
use super::{Batch, Ledger, LedgerError, sql};
use crate::domain::{GiftKey, WalletId};

/// What the provider said of a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WalletAnswer {
    /// It knows no such wallet.
    None,
    /// It refuses to show the wallet, in these words.
    Refused(String),
    /// The wallet's record.
    Record(WalletFacts),
}

/// What a wallet's record says that matters to a gift.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalletFacts {
    /// Whether it is frozen.
    pub is_frozen: bool,
    /// Until when it is frozen, where that is said.
    pub frozen_until: Option<DateTime<Utc>>,
    /// Whether it is deleted.
    pub is_deleted: bool,
    /// The currency of its money (ISO 4217), where that is said.
    pub currency: Option<String>,
}

/// An answer with its wallet and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenWallet {
    /// Whose it is.
    pub wallet: WalletId,
    /// When it came.
    pub at: DateTime<Utc>,
    /// What was said.
    pub answer: WalletAnswer,
}

/// The distinct wallets that a preflight wants to know of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WantedWallets {
    /// All of them.
    pub all: u64,
    /// Those that are to be asked: of the others an answer is there.
    pub to_ask: u64,
}

/// Wants wallets.
static WANT: Many = Many::new(&[sql::WALLET_WANT]);

/// Records answers.
static RECORD: Many = Many::new(&[sql::WALLET_RECORD]);

/// Looks answers up.
static SUSPECT: Many = Many::new(&[sql::WALLET_SUSPECT]);

/// Looks keys up.
static KNOWN: Many = Many::new(&[sql::GIFT_KNOWN]);

const READING: &str = "reading what is known of wallets";

impl Batch<'_> {
    /// Begins a preflight that takes answers since `reuse_from` for good, and says its number.
    pub async fn begin_preflight(
        &mut self,
        origin: &str,
        reuse_from: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<i64, LedgerError> {
        let doing = "beginning a preflight";
        self.check_provider(origin).await?;
        let connection = self.transaction.now().await?;
        let last: Option<String> = sqlx::query_scalar(sql::PREFLIGHT_LAST_ORIGIN)
            .fetch_optional(&mut *connection)
            .await
            .doing(doing)?;
        if last.is_some_and(|last| last != origin) {
            sqlx::query(sql::WALLET_FORGET).execute(&mut *connection).await.doing(doing)?;
        }
        sqlx::query_scalar(sql::PREFLIGHT_INSERT)
            .bind(origin)
            .bind(now.timestamp_millis())
            .bind(reuse_from.timestamp_millis())
            .fetch_one(connection)
            .await
            .doing(doing)
    }

    /// Wants to know of wallets, which may repeat.
    pub async fn want_wallets(
        &mut self,
        preflight: i64,
        wallets: &[WalletId],
    ) -> Result<(), LedgerError> {
        for group in wallets.chunks(many::ROWS) {
            let part = "noting which wallets are wanted";
            let arguments = self.transaction.add(&WANT.text(group.len()), &[part]);
            for wallet in group {
                bind(arguments, wallet.0);
                bind(arguments, preflight);
            }
            fill(arguments, group.len(), 2);
        }
        self.transaction.now().await.map(drop)
    }

    /// Forgets answers from before a moment, but what a preflight wants.
    pub async fn forget_wallets(
        &mut self,
        preflight: i64,
        before: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        sqlx::query(sql::WALLET_PRUNE)
            .bind(preflight)
            .bind(before.timestamp_millis())
            .execute(self.transaction.now().await?)
            .await
            .doing("forgetting old answers of wallets")?;
        Ok(())
    }

    /// Records answers of wallets that are wanted, with the next statement that is sent.
    pub fn record_wallets(&mut self, seen: &[SeenWallet]) {
        for group in seen.chunks(many::ROWS) {
            let part = "recording what was said of wallets";
            let arguments = self.transaction.add(&RECORD.text(group.len()), &[part]);
            group.iter().for_each(|seen| bind_seen(arguments, seen));
            fill(arguments, group.len(), 8);
        }
    }
}

impl Ledger {
    /// How many wallets a preflight wants to know of.
    pub async fn wanted_wallets(&self, preflight: i64) -> Result<WantedWallets, LedgerError> {
        let (all, to_ask): (i64, i64) = sqlx::query_as(sql::WALLET_COUNT)
            .bind(preflight)
            .fetch_one(&*self.reading())
            .await
            .doing(READING)?;
        Ok(WantedWallets { all: all.unsigned_abs(), to_ask: to_ask.unsigned_abs() })
    }

    /// The next wallets that a preflight has to ask, in their order, after one of them.
    pub async fn wallets_to_ask(
        &self,
        preflight: i64,
        after: WalletId,
        limit: usize,
    ) -> Result<Vec<WalletId>, LedgerError> {
        let wallets: Vec<Uuid> = sqlx::query_scalar(sql::WALLET_TO_ASK)
            .bind(preflight)
            .bind(after.0)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&*self.reading())
            .await
            .doing(READING)?;
        Ok(wallets.into_iter().map(WalletId).collect())
    }

    /// Of some wallets those of which the last answer is not a plain record in `currency`, and the answer.
    pub async fn suspect_wallets(
        &self,
        wallets: &[WalletId],
        currency: &str,
    ) -> Result<Vec<(WalletId, WalletAnswer)>, LedgerError> {
        let mut suspect = Vec::new();
        for group in wallets.chunks(many::ROWS) {
            let mut arguments = SqliteArguments::default();
            group.iter().for_each(|wallet| bind(&mut arguments, wallet.0));
            fill(&mut arguments, group.len(), 1);
            bind(&mut arguments, currency);
            let text = AssertSqlSafe(SUSPECT.text(group.len()).to_string());
            let rows = sqlx::query_with(text, arguments).fetch_all(&*self.reading()).await;
            for row in rows.doing(READING)? {
                suspect.push(read(&row).doing(READING)?);
            }
        }
        Ok(suspect)
    }

    /// Which of some keys have gifts, and whether those may still be sent.
    pub async fn known_keys(
        &self,
        keys: &[GiftKey],
    ) -> Result<HashMap<GiftKey, bool>, LedgerError> {
        let mut known = HashMap::new();
        for group in keys.chunks(many::ROWS) {
            let mut arguments = SqliteArguments::default();
            group.iter().for_each(|key| bind(&mut arguments, key.0));
            fill(&mut arguments, group.len(), 1);
            let text = AssertSqlSafe(KNOWN.text(group.len()).to_string());
            let found = sqlx::query_as_with::<_, (Uuid, bool), _>(text, arguments);
            let found = found.fetch_all(&*self.reading()).await.doing("looking for gifts")?;
            known.extend(found.into_iter().map(|(key, is_open)| (GiftKey(key), is_open)));
        }
        Ok(known)
    }
}

fn bind_seen(arguments: &mut SqliteArguments, seen: &SeenWallet) {
    let (answer, words, facts) = match &seen.answer {
        WalletAnswer::None => ("none", None, WalletFacts::default()),
        WalletAnswer::Refused(words) => ("refused", Some(words.clone()), WalletFacts::default()),
        WalletAnswer::Record(facts) => ("record", None, facts.clone()),
    };
    bind(arguments, seen.wallet.0);
    bind(arguments, seen.at.timestamp_millis());
    bind(arguments, answer);
    bind(arguments, words);
    bind(arguments, facts.is_frozen);
    bind(arguments, facts.frozen_until.map(|at| at.timestamp_millis()));
    bind(arguments, facts.is_deleted);
    bind(arguments, facts.currency);
}

fn read(row: &SqliteRow) -> Result<(WalletId, WalletAnswer), sqlx::Error> {
    let frozen_until: Option<i64> = row.try_get("frozen_until_ms")?;
    let words: Option<String> = row.try_get("words")?;
    let answer = match row.try_get("answer")? {
        "none" => WalletAnswer::None,
        "refused" => WalletAnswer::Refused(words.unwrap_or_default()),
        // The table allows no other word.
        _ => WalletAnswer::Record(WalletFacts {
            is_frozen: row.try_get("is_frozen")?,
            frozen_until: frozen_until.map(instant),
            is_deleted: row.try_get("is_deleted")?,
            currency: row.try_get("currency")?,
        }),
    };
    Ok((WalletId(row.try_get("wallet_id")?), answer))
}
