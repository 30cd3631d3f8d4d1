//! New rows that look like corrected copies of rows which are given, or will be: both are gifts.
//!
//! Nothing ties a corrected row to the one that it was, but its looks: the same wallet, and the gift alike or
//! the text alike.
//!
//! **Invariant:** what is in memory are the rows of one wallet, and those that are named.

use std::collections::HashMap;

use futures_util::TryStreamExt as _;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::error::Doing;
use super::load::Load;
use super::rows::{content, word};
use super::{LedgerError, sql};
use crate::domain::{GiftContent, GiftState, KeyRule, Money, WalletId, fold_reference, fold_text};
use crate::plan::{NAMED, Named};

/// A new row that looks like a corrected copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrected {
    /// Where it stands in the file.
    pub line: u64,
    /// What it asks for.
    pub new: GiftContent,
    /// What the row asks for that it looks like.
    pub old: GiftContent,
    /// Where that one stands.
    pub old_state: GiftState,
    /// Whether their references differ.
    pub has_other_reference: bool,
}

/// A row of a wallet.
#[derive(Clone, Debug)]
struct Side {
    line: u64,
    content: GiftContent,
    reference: Option<String>,
    state: GiftState,
}

/// How much, and until which second.
type GiftLooks = (Money, i64);

/// What a wallet has of earlier files, by what may be alike.
#[derive(Debug, Default)]
struct Wallet {
    id: Option<WalletId>,
    old: Vec<Side>,
    by_gift: HashMap<GiftLooks, usize>,
    by_text: HashMap<String, usize>,
    /// Of what is still in the file: by all that a person sees of it.
    still_here: HashMap<(GiftLooks, String, Option<String>), usize>,
}

impl Load<'_> {
    /// New rows that look like corrected copies of what is given or may be, in the order of the file: of rows
    /// that left it; where keys tell texts apart that look the same, of rows too that are still in it.
    pub async fn corrected(&mut self) -> Result<Named<Corrected>, LedgerError> {
        let doing = "looking for corrected rows";
        let is_as_written = self.keys.rule() == KeyRule::AsWritten;
        // Of a mended row it is known which one it comes from.
        let mended = self.mended.clone();
        let has_all = self.has_all;
        if has_all && !is_as_written {
            return Ok(Named::default());
        }
        let (connection, campaign, load) = self.inside();
        let mut rows = sqlx::query(sql::LOAD_CORRECTED)
            .bind(campaign)
            .bind(load)
            .bind(is_as_written)
            .bind(has_all)
            .fetch(connection);
        let mut found = Named::default();
        let mut wallet = Wallet::default();
        while let Some(row) = rows.try_next().await.doing(doing)? {
            let side = Side::of(&row).doing(doing)?;
            if wallet.id != Some(side.content.wallet) {
                wallet = Wallet { id: Some(side.content.wallet), ..Wallet::default() };
            }
            let is_here = row.try_get("is_here").doing(doing)?;
            if !row.try_get::<bool, _>("is_new").doing(doing)? {
                wallet.add(side, is_here);
            } else if !mended.contains(&side.line)
                && let Some(corrected) = wallet.corrected_by(side)
            {
                found.count += 1;
                found.named.push(corrected);
                found.named.sort_by_key(|corrected| corrected.line);
                found.named.truncate(NAMED);
            }
        }
        Ok(found)
    }
}

impl Side {
    fn of(row: &SqliteRow) -> Result<Side, sqlx::Error> {
        Ok(Side {
            line: row.try_get::<i64, _>("line")?.unsigned_abs(),
            content: content(row)?,
            reference: row.try_get("reference")?,
            state: word(row, "state")?,
        })
    }

    fn gift(&self) -> GiftLooks {
        (self.content.amount, self.content.second())
    }

    fn text(&self) -> String {
        fold_text(&self.content.description).into_owned()
    }

    /// Its reference as a person sees it.
    fn name(&self) -> Option<String> {
        self.reference.as_deref().map(|reference| fold_reference(reference).into_owned())
    }
}

impl Wallet {
    fn add(&mut self, side: Side, is_here: bool) {
        let (gift, text) = (side.gift(), side.text());
        let place = self.old.len();
        if is_here {
            self.still_here.insert((gift, text, side.name()), place);
        } else {
            self.by_gift.entry(gift).or_insert(place);
            self.by_text.entry(text).or_insert(place);
        }
        self.old.push(side);
    }

    fn corrected_by(&self, new: Side) -> Option<Corrected> {
        let (gift, text) = (new.gift(), new.text());
        let left = self.by_text.get(&text).or_else(|| self.by_gift.get(&gift));
        let place = left.or_else(|| self.still_here.get(&(gift, text, new.name())))?;
        let old = &self.old[*place];
        Some(Corrected {
            line: new.line,
            has_other_reference: new.reference != old.reference,
            new: new.content,
            old: old.content.clone(),
            old_state: old.state,
        })
    }
}
