//! What Minted Connect last said of customers, and for which of them it still has to be asked.
//!
//! It stands apart because it is no part of the truth about gifts: it may be forgotten at any time, and is
//! then asked for again. Nobody looks at it after a while, so it is thrown away then.
//!
//! **Invariant:** answers to one account are never taken for another's.
//! **Invariant:** an answer counts from its commit on: what was killed before is asked again.
//! **Invariant:** a total keeps every digit: it is text, never a float.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::error::Doing;
use super::many::{self, Many, bind, fill};
use super::{Batch, Ledger, LedgerError, sql};

/// What Minted Connect said of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldingAnswer {
    /// It refuses to show the customer, in these words: mostly it knows no such one.
    Refused(String),
    /// What the customer holds of the metals that were asked for.
    Held {
        /// The sum of the products' totals.
        total: Decimal,
        /// Whether there is any product with a quantity above nothing.
        has_any: bool,
    },
}

/// An answer with its customer and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenHolding {
    /// The customer's id at the partner.
    pub customer: String,
    /// When it came.
    pub at: DateTime<Utc>,
    /// What was said.
    pub answer: HoldingAnswer,
}

/// The distinct customers that an asking wants to know of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WantedCustomers {
    /// All of them.
    pub all: u64,
    /// Those that are to be asked for: of the others an answer is there.
    pub to_ask: u64,
}

/// So long answers are kept at least, whatever age of them the next one still takes for good.
const KEPT: TimeDelta = TimeDelta::days(30);

/// Wants customers.
static WANT: Many = Many::new(&[sql::HOLDING_WANT]);

/// Records answers.
static RECORD: Many = Many::new(&[sql::HOLDING_RECORD]);

/// Looks answers up.
static OF: Many = Many::new(&[sql::HOLDING_OF]);

const READING: &str = "reading what is known of customers";

impl Batch<'_> {
    /// Begins an asking that takes answers since `reuse_from` for good, and says its number. `account` names
    /// whom it asks, and as who.
    pub async fn begin_holding_check(
        &mut self,
        account: Uuid,
        reuse_from: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<i64, LedgerError> {
        let doing = "beginning to ask for holdings";
        let account = account.to_string();
        let connection = self.transaction.now().await?;
        let last: Option<String> = sqlx::query_scalar(sql::HOLDING_CHECK_LAST_ACCOUNT)
            .fetch_optional(&mut *connection)
            .await
            .doing(doing)?;
        if last.is_some_and(|last| last != account) {
            sqlx::query(sql::HOLDING_FORGET).execute(&mut *connection).await.doing(doing)?;
        }
        sqlx::query(sql::HOLDING_PRUNE)
            .bind(reuse_from.min(now - KEPT).timestamp_millis())
            .execute(&mut *connection)
            .await
            .doing(doing)?;
        sqlx::query_scalar(sql::HOLDING_CHECK_INSERT)
            .bind(account)
            .bind(now.timestamp_millis())
            .bind(reuse_from.timestamp_millis())
            .fetch_one(connection)
            .await
            .doing(doing)
    }

    /// Wants to know which of the metals customers hold, who may repeat; with the next statement that is sent.
    pub fn want_customers(&mut self, check: i64, metals: &str, customers: &[String]) {
        for group in customers.chunks(many::ROWS) {
            let part = "noting which customers are wanted";
            let arguments = self.transaction.add(&WANT.text(group.len()), &[part]);
            for customer in group {
                bind(arguments, customer.clone());
                bind(arguments, metals.to_owned());
                bind(arguments, check);
            }
            fill(arguments, group.len(), 3);
        }
    }

    /// Records answers about customers who are wanted, with the next statement that is sent.
    pub fn record_holdings(&mut self, metals: &str, seen: &[SeenHolding]) {
        for group in seen.chunks(many::ROWS) {
            let part = "recording what was said of customers";
            let arguments = self.transaction.add(&RECORD.text(group.len()), &[part]);
            group.iter().for_each(|seen| bind_seen(arguments, metals, seen));
            fill(arguments, group.len(), 6);
        }
    }
}

impl Ledger {
    /// How many customers an asking wants to know of.
    pub async fn wanted_customers(&self, check: i64) -> Result<WantedCustomers, LedgerError> {
        let (all, to_ask): (i64, i64) = sqlx::query_as(sql::HOLDING_COUNT)
            .bind(check)
            .fetch_one(&*self.reading())
            .await
            .doing(READING)?;
        Ok(WantedCustomers { all: all.unsigned_abs(), to_ask: to_ask.unsigned_abs() })
    }

    /// The next customers whom an asking has to ask for, in their order, after one of them.
    pub async fn customers_to_ask(
        &self,
        check: i64,
        after: &str,
        limit: usize,
    ) -> Result<Vec<String>, LedgerError> {
        sqlx::query_scalar(sql::HOLDING_TO_ASK)
            .bind(check)
            .bind(after)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&*self.reading())
            .await
            .doing(READING)
    }

    /// The last answers about some customers and these metals; nothing of those whom nobody asked for.
    pub async fn holdings_of(
        &self,
        metals: &str,
        customers: &[&str],
    ) -> Result<Vec<(String, HoldingAnswer)>, LedgerError> {
        let mut answers = Vec::with_capacity(customers.len());
        for group in customers.chunks(many::ROWS) {
            let mut arguments = SqliteArguments::default();
            group.iter().for_each(|&customer| bind(&mut arguments, customer.to_owned()));
            fill(&mut arguments, group.len(), 1);
            bind(&mut arguments, metals.to_owned());
            let text = AssertSqlSafe(OF.text(group.len()).to_string());
            let rows = sqlx::query_with(text, arguments).fetch_all(&*self.reading()).await;
            for row in rows.doing(READING)? {
                answers.push(read(&row)?);
            }
        }
        Ok(answers)
    }
}

fn bind_seen(arguments: &mut SqliteArguments, metals: &str, seen: &SeenHolding) {
    let (total, has_any, words) = match &seen.answer {
        HoldingAnswer::Refused(words) => (None, false, Some(words.clone())),
        HoldingAnswer::Held { total, has_any } => (Some(total.to_string()), *has_any, None),
    };
    bind(arguments, seen.customer.clone());
    bind(arguments, metals.to_owned());
    bind(arguments, seen.at.timestamp_millis());
    bind(arguments, total);
    bind(arguments, has_any);
    bind(arguments, words);
}

fn read(row: &SqliteRow) -> Result<(String, HoldingAnswer), LedgerError> {
    let customer: String = row.try_get("customer").doing(READING)?;
    let total: Option<String> = row.try_get("total").doing(READING)?;
    let words: Option<String> = row.try_get("words").doing(READING)?;
    let answer = match total {
        None => HoldingAnswer::Refused(words.unwrap_or_default()),
        Some(total) => HoldingAnswer::Held {
            total: Decimal::from_str_exact(&total)
                .map_err(|_| LedgerError::Corrupt(format!("a total of holdings is {total:?}")))?,
            has_any: row.try_get("has_any").doing(READING)?,
        },
    };
    Ok((customer, answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{RunLock, Writer};

    fn day(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000 + day)
    }

    /// Asks on a day for a and b, with answers of the last `max_age` days reused; who is to be asked.
    async fn ask(
        (ledger, writer): (&Ledger, &mut Writer),
        account: u128,
        metals: &str,
        on: i64,
        max_age: i64,
    ) -> Vec<String> {
        let account = Uuid::from_u128(account);
        let mut batch = writer.begin().await.unwrap();
        let check = batch.begin_holding_check(account, day(on - max_age), day(on)).await.unwrap();
        batch.want_customers(check, metals, &["b".into(), "a".into(), "b".into()]);
        batch.commit().await.unwrap();
        let to_ask = ledger.customers_to_ask(check, "", 9).await.unwrap();
        let wanted = ledger.wanted_customers(check).await.unwrap();
        assert_eq!((wanted.all, wanted.to_ask), (2, to_ask.len() as u64));
        assert_eq!(ledger.customers_to_ask(check, "a", 9).await.unwrap().len(), to_ask.len() / 2);
        to_ask
    }

    async fn answer(writer: &mut Writer, metals: &str, on: i64) {
        let held = |total| HoldingAnswer::Held { total, has_any: true };
        let long = Decimal::from_str_exact("0.0000000000000000000000000001").unwrap();
        let seen = [
            SeenHolding { customer: "a".into(), at: day(on), answer: held(long) },
            SeenHolding {
                customer: "b".into(),
                at: day(on),
                answer: HoldingAnswer::Refused("unknown".into()),
            },
        ];
        let mut batch = writer.begin().await.unwrap();
        batch.record_holdings(metals, &seen);
        batch.commit().await.unwrap();
    }

    #[tokio::test]
    async fn answers_serve_while_they_are_young_and_go_when_they_are_old() {
        // Goal: nobody is asked for twice in vain or judged by an old answer, and the table does not grow for
        // ever. Method: askings on several days, with several ages, other metals and another account; what is
        // to be asked, what is known, and how many rows there are.
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).await.unwrap();
        let lock = RunLock::take(ledger.path(), "a test", day(0)).unwrap();
        let mut writer = ledger.writer(&lock).await.unwrap();
        let both = ["a", "b"];
        assert_eq!(ask((&ledger, &mut writer), 1, "gold", 1, 1).await, both);
        assert_eq!(ledger.holdings_of("gold", &both).await.unwrap(), []);
        answer(&mut writer, "gold", 1).await;
        let known = ledger.holdings_of("gold", &["b", "a", "c"]).await.unwrap();
        assert_eq!(known.len(), 2);
        let long = Decimal::from_str_exact("0.0000000000000000000000000001").unwrap();
        let held = HoldingAnswer::Held { total: long, has_any: true };
        assert!(known.contains(&("a".into(), held)), "{known:?}");
        assert!(known.contains(&("b".into(), HoldingAnswer::Refused("unknown".into()))));
        assert!(ask((&ledger, &mut writer), 1, "gold", 2, 1).await.is_empty());
        assert_eq!(ask((&ledger, &mut writer), 1, "gold,silver", 2, 1).await, both);
        assert_eq!(ask((&ledger, &mut writer), 1, "gold", 3, 1).await, both, "too old");
        answer(&mut writer, "gold", 3).await;
        assert_eq!(ask((&ledger, &mut writer), 1, "gold", 2, 9).await, both, "of a time to come");
        answer(&mut writer, "gold", 2).await;
        // On day 33 what is from before day 3 goes: but not where such answers are still taken for good.
        let rows = async || {
            let rows = sqlx::query_scalar::<_, i64>("select count(*) from holding_seen");
            rows.fetch_one(&*ledger.reading()).await.unwrap()
        };
        assert!(ask((&ledger, &mut writer), 1, "gold", 33, 31).await.is_empty());
        assert_eq!(rows().await, 4);
        assert_eq!(ask((&ledger, &mut writer), 1, "silver", 33, 1).await, both);
        assert_eq!(rows().await, 2, "those that were never asked for went too");
        answer(&mut writer, "silver", 33).await;
        assert_eq!(ask((&ledger, &mut writer), 2, "silver", 33, 1).await, both, "another account");
        assert_eq!(rows().await, 2);
    }
}
