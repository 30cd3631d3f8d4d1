//! Whether the findings that are kept of each audit are as many as it counted, and the seal that a statement sets
//! on an audit.
//!
//! It stands apart because findings are no events: their chain does not cover them, so that one that was taken away
//! would leave no trace but this.
//!
//! **Invariant:** only audits that read every wallet are asked: others have no counts of what they did not read, and
//! a later audit may find again, over them, what they did not see.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::SqliteConnection;

use super::chain::ChainHead;
use super::{AuditCounts, Discrepancy, sql};

/// Its campaign; its number; whether it asked for balances; its counts; a kind, and how many are kept of that.
type Row = (String, i64, bool, String, Option<String>, i64);

/// The audits of which more or fewer findings are kept than they counted: their campaign, and what is wrong.
pub(super) async fn disagreements(
    connection: &mut SqliteConnection,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(sql::VERIFY_AUDITS).fetch_all(connection).await?;
    let mut audits: BTreeMap<i64, (String, bool, String)> = BTreeMap::new();
    let mut kept: BTreeMap<(i64, Discrepancy), u64> = BTreeMap::new();
    for (campaign, number, has_balances, counts, word, findings) in rows {
        if let Some(kind) = word.and_then(|word| word.parse().ok()) {
            kept.insert((number, kind), findings.unsigned_abs());
        }
        audits.insert(number, (campaign, has_balances, counts));
    }
    let mut wrong = Vec::new();
    for (number, (campaign, has_balances, counts)) in audits {
        let Ok(counts) = serde_json::from_str::<AuditCounts>(&counts) else {
            wrong.push((campaign, format!("what audit {number} counted cannot be read")));
            continue;
        };
        // One that did not ask for balances says nothing of those that stood before and after it.
        let is_asked = |kind: &Discrepancy| *kind != Discrepancy::Balance || has_balances;
        for kind in Discrepancy::ALL.into_iter().filter(is_asked) {
            let (counted, kept) =
                (counts.of(kind), kept.get(&(number, kind)).copied().unwrap_or(0));
            if counted != kept {
                let word = kind.word();
                let what = format!("audit {number} counted {counted} {word}, but {kept} are kept");
                wrong.push((campaign.clone(), what));
            }
        }
    }
    Ok(wrong)
}

/// The seal of an audit of a campaign, the one of that number or the last one: SHA-256 of all that is kept of it, each
/// text behind its length. Its number too; nothing where there is no such audit.
pub(super) async fn seal(
    connection: &mut SqliteConnection,
    campaign: i64,
    number: Option<i64>,
) -> Result<Option<(i64, ChainHead)>, sqlx::Error> {
    type AuditRow = (i64, i64, i64, String, bool, String);
    let audit: Option<AuditRow> = sqlx::query_as(sql::STATEMENT_AUDIT)
        .bind(campaign)
        .bind(number)
        .fetch_optional(&mut *connection)
        .await?;
    let Some((number, started, ended, outcome, has_balances, counts)) = audit else {
        return Ok(None);
    };
    let mut hash = Sha256::new();
    let text = |hash: &mut Sha256, text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    for figure in [number, started, ended] {
        hash.update(figure.to_be_bytes());
    }
    text(&mut hash, &outcome);
    text(&mut hash, &counts);
    let mut findings = sqlx::query_as(sql::STATEMENT_FINDINGS)
        .bind(campaign)
        .bind(number)
        .bind(has_balances)
        .fetch(connection);
    while let Some(finding) = findings.try_next().await? {
        let (row, word, first, detail): (i64, String, i64, Option<String>) = finding;
        hash.update(row.to_be_bytes());
        hash.update(first.to_be_bytes());
        text(&mut hash, &word);
        hash.update([u8::from(detail.is_some())]);
        text(&mut hash, detail.as_deref().unwrap_or_default());
    }
    Ok(Some((number, ChainHead(hash.finalize().into()))))
}
