//! Audits: what each reconcile of a campaign counted, and what it found that is not as it should be.
//!
//! It stands apart because it is kept for whoever asks later; what the last reconcile says of a gift stands at the
//! gift itself.
//!
//! **Invariant:** what is found again by the next audit costs no row: a ledger grows by what is new.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row as _};

use super::error::Doing;
use super::many::{self, Many, bind, fill};
use super::rows::instant;
use super::{
    Batch, Discrepancy, Finding, FindingRecord, FoundOfGift, KeptFinding, Ledger, LedgerError,
    RunNote, sql,
};

/// The longest detail that is kept: a description that somebody changed may be of any length.
const DETAIL_CHARS: usize = 1_000;

/// What an audit counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditCounts {
    /// Wallets that were read, or tried often enough.
    pub wallets: u64,
    /// Gifts by finding.
    pub matched: u64,
    /// The same.
    pub missing: u64,
    /// The same.
    pub differs: u64,
    /// The same.
    pub duplicated: u64,
    /// The same.
    pub unexpected: u64,
    /// The same.
    pub unread: u64,
    /// Gifts whose time has passed and that are not shown any more.
    pub expired_unlisted: u64,
    /// Gifts whose time has passed, those included.
    pub expired: u64,
    /// Gifts of which something was used.
    pub used: u64,
    /// What the wallets' balances said; none where they were not asked for.
    pub balances: Option<BalanceCounts>,
}

/// Wallets by what their balance said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BalanceCounts {
    /// It is what the list adds up to.
    pub held: u64,
    /// It is not.
    pub differs: u64,
    /// Nobody can tell.
    pub unknown: u64,
}

impl AuditCounts {
    /// Counts a finding of some gifts.
    pub fn add(&mut self, finding: Finding, gifts: u64) {
        *match finding {
            Finding::Matched => &mut self.matched,
            Finding::Missing => &mut self.missing,
            Finding::Differs => &mut self.differs,
            Finding::Duplicated => &mut self.duplicated,
            Finding::Unexpected => &mut self.unexpected,
            Finding::Unread => &mut self.unread,
            Finding::Expired => &mut self.expired_unlisted,
        } += gifts;
    }

    /// How many there are of a kind.
    pub fn of(&self, kind: Discrepancy) -> u64 {
        match kind {
            Discrepancy::Missing => self.missing,
            Discrepancy::Differs => self.differs,
            Discrepancy::Duplicated => self.duplicated,
            Discrepancy::Unexpected => self.unexpected,
            Discrepancy::Balance => self.balances.map_or(0, |balances| balances.differs),
        }
    }
}

/// An audit that is under way.
#[derive(Clone, Copy, Debug)]
pub struct AuditMark {
    /// Its number.
    pub number: i64,
    /// The last one before it that read every wallet; what was found since then and is found again goes on.
    since: i64,
    /// The same of those that asked for balances.
    balances_since: i64,
}

/// An audit that began.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Its number; later ones have larger ones.
    pub number: i64,
    /// The command that a person gave.
    pub command: String,
    /// Who gave it, where the system says so.
    pub user: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended by itself; none while it runs, or where it was killed.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: Option<String>,
    /// What the provider said last, where it ended early for that.
    pub reason: Option<String>,
    /// Whether it asked for the wallets' balances.
    pub has_balances: bool,
    /// What it counted; none without an end, or where an older version of this program made it.
    pub counts: Option<AuditCounts>,
}

impl Audit {
    /// Whether it read every wallet.
    pub fn is_whole(&self) -> bool {
        matches!(self.outcome.as_deref(), Some("finished" | "forgetful"))
    }
}

/// Keeps findings.
static RECORD: Many = Many::new(&[sql::FINDING_RECORD]);

impl Batch<'_> {
    /// Writes down that a reconcile of a campaign begins.
    pub async fn begin_reconciliation(
        &mut self,
        campaign: i64,
        command: &str,
        note: &RunNote,
        has_balances: bool,
        now: DateTime<Utc>,
    ) -> Result<AuditMark, LedgerError> {
        let doing = "beginning a reconcile";
        let connection = self.transaction.now().await?;
        let number: i64 = sqlx::query_scalar(sql::RECONCILIATION_INSERT)
            .bind(campaign)
            .bind(command)
            .bind(i64::from(std::process::id()))
            .bind(now.timestamp_millis())
            .bind(&note.user)
            .bind(&note.settings_json)
            .bind(has_balances)
            .fetch_one(&mut *connection)
            .await
            .doing(doing)?;
        let (since, balances_since) = sqlx::query_as(sql::AUDIT_BEFORE)
            .bind(campaign)
            .bind(number)
            .fetch_one(connection)
            .await
            .doing(doing)?;
        Ok(AuditMark { number, since, balances_since })
    }

    /// Keeps what an audit found, with the next statement that is sent.
    pub fn keep_findings(&mut self, campaign: i64, audit: AuditMark, found: &[KeptFinding]) {
        let doing = "keeping what was found";
        for group in found.chunks(many::ROWS) {
            let arguments = self.transaction.add(&RECORD.text(group.len()), &[doing]);
            for finding in group {
                let is_balance = finding.kind == Discrepancy::Balance;
                let detail = finding.detail.as_deref();
                bind(arguments, campaign);
                bind(arguments, finding.row);
                bind(arguments, finding.kind.word());
                bind(arguments, audit.number);
                bind(arguments, if is_balance { audit.balances_since } else { audit.since });
                bind(
                    arguments,
                    detail.map(|text| text.chars().take(DETAIL_CHARS).collect::<String>()),
                );
            }
            fill(arguments, group.len(), 6);
        }
    }

    /// Writes down how a reconcile ended, and what it counted.
    pub async fn end_reconciliation(
        &mut self,
        number: i64,
        outcome: &str,
        reason: Option<String>,
        counts: AuditCounts,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let counts = serde_json::to_string(&counts).expect("numbers always make JSON");
        sqlx::query(sql::RECONCILIATION_END)
            .bind(number)
            .bind(now.timestamp_millis())
            .bind(outcome)
            .bind(counts)
            .bind(reason)
            .execute(self.transaction.now().await?)
            .await
            .map(drop)
            .doing("ending a reconcile")
    }
}

impl Ledger {
    /// The last audits of a campaign, the newest first.
    pub async fn audits(&self, campaign: i64, limit: i64) -> Result<Vec<Audit>, LedgerError> {
        sqlx::query_as(sql::AUDIT_ALL)
            .bind(campaign)
            .bind(limit)
            .fetch_all(&*self.reading())
            .await
            .doing("listing audits")
    }

    /// All that audits found of a gift, by its row.
    pub async fn found_of(&self, gift: i64) -> Result<Vec<FoundOfGift>, LedgerError> {
        sqlx::query_as(sql::FINDING_OF)
            .bind(gift)
            .fetch_all(&*self.reading())
            .await
            .doing("reading what audits found of a gift")
    }

    /// The next findings that stood at an audit, in the order of the campaign's rows; `after` is the last of the
    /// page before.
    pub async fn finding_page(
        &self,
        campaign: i64,
        audit: i64,
        kind: Option<Discrepancy>,
        after: Option<&FindingRecord>,
        limit: i64,
    ) -> Result<Vec<FindingRecord>, LedgerError> {
        self.finding_page_of(campaign, audit, kind, after, (limit, false)).await
    }

    pub(super) async fn finding_page_of(
        &self,
        campaign: i64,
        audit: i64,
        kind: Option<Discrepancy>,
        after: Option<&FindingRecord>,
        (limit, are_left): (i64, bool),
    ) -> Result<Vec<FindingRecord>, LedgerError> {
        let after = after.map(|last| (last.row, last.kind.word(), last.audits.0));
        let (row, word, first) = after.unwrap_or((0, "", 0));
        sqlx::query_as(sql::FINDING_PAGE)
            .bind(campaign)
            .bind(audit)
            .bind(kind.map(Discrepancy::word))
            .bind(row)
            .bind(word)
            .bind(first)
            .bind(limit)
            .bind(are_left)
            .fetch_all(&*self.reading())
            .await
            .doing("listing what was found")
    }
}

/// Counts as they were kept; what cannot be read is as good as not there.
pub(super) fn counts(row: &SqliteRow) -> Result<Option<AuditCounts>, sqlx::Error> {
    let text: Option<String> = row.try_get("counts_json")?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

impl FromRow<'_, SqliteRow> for Audit {
    fn from_row(row: &SqliteRow) -> Result<Audit, sqlx::Error> {
        Ok(Audit {
            number: row.try_get("id")?,
            command: row.try_get("command")?,
            user: row.try_get("os_user")?,
            started_at: instant(row.try_get("started_at_ms")?),
            ended_at: row.try_get::<Option<i64>, _>("ended_at_ms")?.map(instant),
            outcome: row.try_get("outcome")?,
            reason: row.try_get("reason")?,
            has_balances: row.try_get("has_balances")?,
            counts: counts(row)?,
        })
    }
}
