//! One group: what was found becomes durable, and the next wallets are read from the ledger.
//!
//! It stands apart because it goes on beside the sweep, which asks the provider meanwhile. Both are one task
//! of the one writer, so that no two calls of the ledger race: a sweep can be replayed. And its connection
//! alone keeps what it has read of the file over a commit, a reader does not.
//!
//! **Invariant:** what a group takes from the sweep is committed as a whole, or the reconcile fails.

use chrono::{DateTime, Utc};

use crate::crash::{self, Step};
use crate::ledger::{AuditedGift, KnownWallet, LedgerError, Lists, Outcome, Writer};

/// What is to be written, and read.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) campaign: i64,
    /// Gifts that were forgotten and found.
    pub(super) recalled: Vec<Outcome>,
    pub(super) found: Vec<AuditedGift>,
    /// What was learned of lists.
    pub(super) seen: Lists,
    pub(super) now: DateTime<Utc>,
    /// After which row more wallets are wanted, and how many.
    pub(super) next: Option<(i64, usize)>,
}

/// Writes and reads a group. The writer always comes back.
pub(super) async fn commit(
    mut writer: Writer,
    group: Group,
) -> (Writer, Result<Option<Vec<KnownWallet>>, LedgerError>) {
    let page = write(&mut writer, group).await;
    (writer, page)
}

async fn write(writer: &mut Writer, group: Group) -> Result<Option<Vec<KnownWallet>>, LedgerError> {
    let Group { campaign, recalled, found, seen, now, next } = group;
    let mut batch = writer.begin().await?;
    batch.record_with_next(None, &recalled)?;
    batch.record_findings(&found);
    let page = match next {
        Some((after, limit)) => Some(batch.wallet_page(campaign, after, limit).await?),
        None => None,
    };
    if seen != Lists::default() {
        batch.learn(seen, now).await?;
    }
    if recalled.is_empty() && found.is_empty() && seen == Lists::default() {
        batch.rollback().await?;
        return Ok(page);
    }
    crash::before(Step::Findings);
    batch.commit().await?;
    crash::after(Step::Findings);
    Ok(page)
}
