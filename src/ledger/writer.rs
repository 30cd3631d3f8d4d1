//! The one writer and its transactions.

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, SqliteConnection};
use uuid::Uuid;

use super::error::Doing;
use super::place::Place;
use super::transaction::{Connection, Transaction};
use super::watch::{AtWork, Side, Watched, rest};
use super::{ChainHead, LedgerError, Lists, Provider, chain, sql};

/// The connection that writes. Whoever owns it is the ledger's only writer.
#[derive(Debug)]
pub struct Writer {
    connection: Connection,
    place: Place,
    watched: Watched,
    /// How far the chain of events reaches; not known before the first batch.
    head: Option<ChainHead>,
}

/// A group of changes that become durable together, or not at all.
///
/// After an error the batch must be dropped: SQLite may have ended the transaction by itself, and what came
/// next would then be committed one by one. What was dropped is undone before the next batch begins, or
/// when the writer is closed; until then it keeps the right to write.
#[derive(Debug)]
pub struct Batch<'w> {
    pub(super) transaction: Transaction<'w>,
    work: AtWork,
    /// How far the chain of events reaches with what this batch adds to it.
    pub(super) head: ChainHead,
    pub(super) kept_head: &'w mut Option<ChainHead>,
}

impl Writer {
    pub(super) fn new(connection: SqliteConnection, place: Place, watched: Watched) -> Writer {
        Writer { connection: Connection::new(connection), place, watched, head: None }
    }

    /// Opens a batch that holds the right to write from its first statement on.
    ///
    /// Fails where the ledger's file is no longer in its place: SQLite would go on with it, and what
    /// is written would be forgotten.
    pub async fn begin(&mut self) -> Result<Batch<'_>, LedgerError> {
        self.place.check()?;
        let work = AtWork::begin(&self.watched);
        let mut transaction = self.connection.begin().await;
        let head = match self.head {
            Some(head) => head,
            None => chain::head(transaction.now().await?).await?,
        };
        Ok(Batch { transaction, work, head, kept_head: &mut self.head })
    }

    /// Folds the log into the file, so that the file alone knows what it holds: where it comes apart from what stands
    /// beside it, that is noticed.
    pub async fn fold(&mut self) {
        let folded = sqlx::query(sql::LEDGER_FOLD).execute(self.connection.idle().await).await;
        if let Err(error) = folded {
            tracing::debug!(%error, "the write-ahead log stays beside the ledger");
        }
    }

    /// Closes the connection, so that the write-ahead log is folded into the file.
    pub async fn close(self) -> Result<(), LedgerError> {
        self.connection.into_sqlite().close().await.doing("closing it")
    }
}

impl Batch<'_> {
    /// Makes the batch durable: when this returns, it survives a loss of power.
    pub async fn commit(self) -> Result<(), LedgerError> {
        self.commit_rows().await.map(drop)
    }

    /// The same; comes back with the rows of the statements that waited for it.
    pub(super) async fn commit_rows(self) -> Result<Vec<SqliteRow>, LedgerError> {
        let watched = self.work.end();
        rest(&watched, Side::Before).await;
        let work = AtWork::begin(&watched);
        // Of a commit that failed nobody knows whether it happened: the next batch looks.
        *self.kept_head = None;
        let rows = self.transaction.commit("committing a group").await?;
        *self.kept_head = Some(self.head);
        rest(&work.end(), Side::After).await;
        Ok(rows)
    }

    /// Undoes the batch.
    pub async fn rollback(self) -> Result<(), LedgerError> {
        self.transaction.rollback("undoing a group").await?;
        rest(&self.work.end(), Side::Undone).await;
        Ok(())
    }

    /// Binds the ledger to the provider that it issues to, or finds that it is another. Says what is
    /// known of that provider's lists.
    pub async fn bind_provider(
        &mut self,
        origin: &str,
        now: DateTime<Utc>,
    ) -> Result<Lists, LedgerError> {
        let doing = "naming its provider";
        sqlx::query(sql::PROVIDER_INSERT)
            .bind(origin)
            .bind(now.timestamp_millis())
            .execute(self.transaction.now().await?)
            .await
            .doing(doing)?;
        self.check_provider(origin).await
    }

    /// Finds that the ledger's gifts live at another provider, where they do. Says what is known of
    /// that provider's lists.
    pub async fn check_provider(&mut self, origin: &str) -> Result<Lists, LedgerError> {
        let known: Option<Provider> = sqlx::query_as(sql::PROVIDER_SELECT)
            .fetch_optional(self.transaction.now().await?)
            .await
            .doing("reading its provider")?;
        match known {
            None => Ok(Lists::default()),
            Some(known) if known.origin == origin => Ok(known.lists),
            Some(Provider { origin: known, .. }) => {
                Err(LedgerError::OtherProvider { known, asked: origin.to_owned() })
            }
        }
    }

    /// Remembers what a look showed of the provider's lists.
    pub async fn learn(&mut self, seen: Lists, now: DateTime<Utc>) -> Result<(), LedgerError> {
        sqlx::query(sql::PROVIDER_LEARN)
            .bind(now.timestamp_millis())
            .bind(seen.show_gifts)
            .bind(seen.show_tags)
            .bind(seen.show_used)
            .bind(seen.hide_used)
            .bind(seen.longest_lag.map_or(0, |lag| lag.num_milliseconds()))
            .bind(seen.show_references)
            .bind(seen.show_spent)
            .bind(seen.leave_out)
            .bind(seen.whole)
            .bind(seen.balance_without_expired)
            .bind(seen.balance_with_expired)
            .execute(self.transaction.now().await?)
            .await
            .map(drop)
            .doing("remembering what lists show")
    }

    /// Tags the gifts of a campaign from now on; says whether they are. A campaign of which something
    /// was sent stays as it is.
    pub async fn tag(&mut self, campaign: i64) -> Result<bool, LedgerError> {
        let done = sqlx::query(sql::CAMPAIGN_TAG)
            .bind(campaign)
            .execute(self.transaction.now().await?)
            .await
            .doing("tagging a campaign")?;
        Ok(done.rows_affected() == 1)
    }

    /// Lets whatever of the campaign waits for its time be sent from `now` on.
    pub async fn ready_now(
        &mut self,
        campaign: i64,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        sqlx::query(sql::GIFT_READY_NOW)
            .bind(campaign)
            .bind(now.timestamp_millis())
            .execute(self.transaction.now().await?)
            .await
            .map(drop)
            .doing("bringing forward what waits")
    }

    /// Writes down that a process begins that may send, and makes room in this connection's memory for its claims.
    /// Not when it is opened: while there is such room, a large load could not use the disk to sort.
    pub async fn begin_run(
        &mut self,
        run: Uuid,
        campaign: i64,
        command: &str,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        self.transaction.add(sql::CLAIM_TABLE, &["making room for claims"]);
        sqlx::query(sql::RUN_INSERT)
            .bind(run)
            .bind(campaign)
            .bind(command)
            .bind(i64::from(std::process::id()))
            .bind(now.timestamp_millis())
            .execute(self.transaction.now().await?)
            .await
            .map(drop)
            .doing("beginning a run")
    }

    /// Writes down how it ended; `reason`: for what, where it ended early for something that came from without.
    pub async fn end_run(
        &mut self,
        run: Uuid,
        outcome: &str,
        reason: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        sqlx::query(sql::RUN_END)
            .bind(run)
            .bind(now.timestamp_millis())
            .bind(outcome)
            .bind(reason)
            .execute(self.transaction.now().await?)
            .await
            .map(drop)
            .doing("ending a run")
    }
}
