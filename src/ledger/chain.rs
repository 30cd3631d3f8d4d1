//! The chain of events: a hash of each event covers the one before it, so that whoever has kept a late hash,
//! as a statement does, sees whether anything of the past was changed since.
//!
//! It stands apart because it is what an auditor relies on: the triggers of the tables keep this program from
//! changing what happened, the chain shows it where another program did.
//!
//! **Invariant:** the hash is of what is stored, as it is stored, and of nothing else: it can be computed anew
//! from the file alone.

use std::fmt;
use std::str::FromStr;

use futures_util::TryStreamExt as _;
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::error::Doing;
use super::moved::{self, Moved};
use super::{Ledger, LedgerError, sql};

/// A hash that covers an event and all before it: SHA-256 of the hash before, then of the event's columns.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct ChainHead(pub [u8; 32]);

/// An event as it is stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link<'e> {
    pub(super) gift_row: i64,
    pub(super) attempt: i64,
    pub(super) run: Option<Uuid>,
    pub(super) at_ms: i64,
    pub(super) word: &'e str,
    pub(super) detail: Option<&'e str>,
    pub(super) took_ms: Option<i64>,
}

/// What a walk along the chain found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// How many events there are.
    pub events: u64,
    /// The hash of all of them; zeros where there are none.
    pub head: ChainHead,
    /// The first event, by its row, at which what is stored is not what its events come to: it, or one since
    /// the last hash before it, was changed, added or left out.
    pub broken_at: Option<i64>,
    /// The hashes after as many events as was asked for: more than one where the provider moved there, none
    /// where there are fewer.
    pub asked: Vec<ChainHead>,
}

impl ChainHead {
    /// The hash that follows.
    ///
    /// Each text is preceded by its length, and what may be missing by whether it is there: no two events
    /// are the same bytes.
    pub(super) fn then(self, link: &Link<'_>) -> ChainHead {
        let mut hash = Sha256::new();
        hash.update(self.0);
        for number in [link.gift_row, link.attempt, link.at_ms] {
            hash.update(number.to_be_bytes());
        }
        let run = link.run.map(Uuid::into_bytes);
        let texts = [run.as_ref().map(<[u8; 16]>::as_slice), Some(link.word.as_bytes())];
        for bytes in texts.into_iter().chain([link.detail.map(str::as_bytes)]) {
            hash.update([u8::from(bytes.is_some())]);
            let bytes = bytes.unwrap_or_default();
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
        // Nothing where there is none: so were the events of before it was measured. All before it tells its own
        // length, so that no other event is these bytes.
        if let Some(took_ms) = link.took_ms {
            hash.update(took_ms.to_be_bytes());
        }
        ChainHead(hash.finalize().into())
    }

    /// The hash that follows a move of the provider. The word at its place tells it from every event.
    pub(super) fn then_moved(self, moved: &Moved) -> ChainHead {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(b"provider moved");
        for number in [moved.at_ms, moved.gifts_seen, moved.after_event] {
            hash.update(number.to_be_bytes());
        }
        for text in [&moved.from, &moved.to] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        ChainHead(hash.finalize().into())
    }
}

/// A text is no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 hexadecimal digits")]
pub struct NoHash;

impl FromStr for ChainHead {
    type Err = NoHash;

    fn from_str(text: &str) -> Result<ChainHead, NoHash> {
        let mut head = ChainHead::default();
        let digits = text.as_bytes();
        if digits.len() != 2 * head.0.len() || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(NoHash);
        }
        for (place, byte) in head.0.iter_mut().enumerate() {
            let pair = &text[2 * place..2 * place + 2];
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NoHash)?;
        }
        Ok(head)
    }
}

impl fmt::Display for ChainHead {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHead {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ChainHead({self})")
    }
}

impl Ledger {
    /// Walks along all events; holds each hash that is stored against what the events come to, and says the
    /// hash after the first `asked` events.
    pub async fn chain(&self, asked: Option<u64>) -> Result<Chain, LedgerError> {
        walk(&mut *self.reading().acquire().await.doing(WALKING)?, asked).await
    }
}

const WALKING: &str = "walking along its events";

/// How far the chain reaches, for whoever adds to it.
pub(super) async fn head(connection: &mut SqliteConnection) -> Result<ChainHead, LedgerError> {
    let doing = "looking for the end of its events";
    let last: Option<SqliteRow> =
        sqlx::query(sql::CHAIN_HEAD).fetch_optional(&mut *connection).await.doing(doing)?;
    match last.map(|row| stored_head(&row)).transpose().doing(doing)? {
        None => Ok(ChainHead::default()),
        Some(Some(head)) => Ok(head),
        // Events of a time before the chain.
        Some(None) => Ok(walk(connection, None).await?.head),
    }
}

/// Walks along the events as a connection sees them, and along the moves of the provider between them.
pub(super) async fn walk(
    connection: &mut SqliteConnection,
    asked: Option<u64>,
) -> Result<Chain, LedgerError> {
    let mut moves = moved::all(connection).await?.into_iter().peekable();
    let mut events = sqlx::query(sql::CHAIN_WALK).fetch(connection);
    let mut chain = Chain::default();
    let mut is_covered = true;
    let mut was_begun = false;
    let mut last = 0;
    while let Some(row) = events.try_next().await.doing(WALKING)? {
        let id = row.try_get("id").doing(WALKING)?;
        while let Some((moved, stored)) = moves.next_if(|(moved, _)| moved.after_event < id) {
            chain.pass(&moved, stored, asked);
            was_begun = true;
        }
        chain.stop_at(asked);
        let stored = step(&row, &mut chain).doing(WALKING)?;
        last = id;
        is_covered = stored.is_some();
        was_begun |= is_covered;
        if stored.is_some_and(|stored| stored != chain.head) {
            chain.broken_at.get_or_insert(last);
        }
    }
    for (moved, stored) in moves {
        chain.pass(&moved, stored, asked);
        is_covered = true;
    }
    chain.stop_at(asked);
    // Whoever records events gives the last of them its hash.
    if was_begun && !is_covered {
        chain.broken_at.get_or_insert(last);
    }
    Ok(chain)
}

impl Chain {
    /// Keeps the hash of this place, where it is the one that was asked for.
    fn stop_at(&mut self, asked: Option<u64>) {
        if asked == Some(self.events) {
            self.asked.push(self.head);
        }
    }

    /// Goes on by a move, which is no event: it stands behind one.
    fn pass(&mut self, moved: &Moved, stored: ChainHead, asked: Option<u64>) {
        self.stop_at(asked);
        self.head = self.head.then_moved(moved);
        if stored != self.head {
            self.broken_at.get_or_insert(moved.after_event);
        }
    }
}

/// Goes on by one event; the hash that is stored with it.
fn step(row: &SqliteRow, chain: &mut Chain) -> Result<Option<ChainHead>, sqlx::Error> {
    let link = Link {
        gift_row: row.try_get("gift_row")?,
        attempt: row.try_get("attempt_number")?,
        run: row.try_get("run_id")?,
        at_ms: row.try_get("at_ms")?,
        word: row.try_get("word")?,
        detail: row.try_get("detail")?,
        took_ms: row.try_get("took_ms")?,
    };
    chain.head = chain.head.then(&link);
    chain.events += 1;
    stored_head(row)
}

pub(super) fn stored_head(row: &SqliteRow) -> Result<Option<ChainHead>, sqlx::Error> {
    let bytes: Option<Vec<u8>> = row.try_get("head")?;
    let head = bytes.map(|bytes| <[u8; 32]>::try_from(bytes).map(ChainHead));
    head.transpose().map_err(|_| sqlx::Error::ColumnDecode {
        index: "head".into(),
        source: "a hash has 32 bytes".into(),
    })
}
