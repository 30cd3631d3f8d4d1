//! Rows that come back mended: the refused gift that a row comes from is withdrawn, and the row takes its place.
//!
//! It stands apart because it is the only way in which a load changes a gift. A row says which gift it comes from
//! by the key that an export wrote beside it, or by its reference.
//!
//! **Invariant:** only a gift that was refused, and that nobody has found, is withdrawn; and if it was sent, only
//! after a reconcile has looked for it since.
//! **Invariant:** each gift is replaced once. Its last event names what took its place, so that the same row is
//! known again.

use std::collections::HashSet;

use super::add::OldGift;
use super::error::Doing;
use super::file_row::{AddedRow, KeyFault, RowFate};
use super::keyed_row::{KeyedRow, RowGroup};
use super::load::Load;
use super::record::{Outcome, record_at_once};
use super::stranger::Origin;
use super::{LedgerError, sql};
use crate::domain::{Event, GiftContent, GiftKey, GiftState, fold_reference};

/// What becomes of a row whose gift is there already.
pub(super) enum Met {
    /// It was told apart.
    Fate(KeyedRow, RowFate),
    /// It is a row under another key.
    Again(KeyedRow),
}

/// What a row means for the gift that it comes from.
enum Successor {
    /// It is that gift, or the one that took its place.
    Same,
    /// It may take the place of this one.
    Of(OldGift),
    /// It may not.
    Barred(KeyFault),
}

/// What becomes of a row that names a gift.
enum Placed {
    /// It is a row of this load.
    Here(KeyedRow),
    /// It adds nothing.
    Told(AddedRow),
}

impl Placed {
    fn barred(row: KeyedRow, fault: KeyFault) -> Placed {
        Placed::Told(row.into_fate(RowFate::NotReplaced(fault)))
    }
}

impl Load<'_> {
    /// Takes the rows out of a group that name the gifts they come from, and tells what became of them; those that
    /// take a place come back in the group. In a campaign without gifts a name that nobody has means nothing.
    pub(super) async fn take_named(
        &mut self,
        group: RowGroup,
    ) -> Result<(RowGroup, Vec<AddedRow>), LedgerError> {
        let is_named = |row: &KeyedRow| row.row.gift_key.is_some();
        if !group.rows.iter().any(is_named) {
            return Ok((group, Vec::new()));
        }
        let (named, mut rest): (Vec<_>, Vec<_>) = group.rows.into_iter().partition(is_named);
        let mut first = self.see(named.iter().filter_map(|row| row.row.gift_key)).await?;
        let others = named.iter().filter_map(|row| row.row.gift_key);
        let others: HashSet<GiftKey> = others.filter(|key| !first.contains_key(key)).collect();
        let origins = self.origins(others.into_iter()).await?;
        let mut used = HashSet::new();
        let mut fates = Vec::new();
        for row in named {
            let key = row.row.gift_key.expect("it is named");
            let placed = match (first.remove(&key), origins.get(&key)) {
                _ if used.contains(&key) => Placed::barred(row, KeyFault::Repeated),
                (Some(old), _) => self.placed(row, old).await?,
                (None, Some(Origin::Heir(heir))) => {
                    match self.see([*heir].into_iter()).await?.remove(heir) {
                        Some(old) => self.placed(row, old).await?,
                        None => Placed::barred(row, KeyFault::Repeated),
                    }
                }
                (None, Some(Origin::Barred(fault))) => Placed::barred(row, *fault),
                (None, Some(Origin::Of(old))) => {
                    Placed::Here(KeyedRow { replaces: Some(old.clone()), ..row })
                }
                (None, Some(origin @ (Origin::Plain | Origin::Again))) => {
                    let is_again = matches!(origin, Origin::Again);
                    rest.push(KeyedRow { is_again, ..row });
                    continue;
                }
                (None, None) if self.gifts_before == 0 => Placed::Here(row),
                (None, None) => Placed::barred(row, KeyFault::Unknown),
            };
            used.insert(key);
            match placed {
                Placed::Here(row) => rest.push(row),
                Placed::Told(row) => fates.push(row),
            }
        }
        Ok((self.keys.group_of(rest), fates))
    }

    /// What becomes of a row that comes from this gift of the campaign.
    async fn placed(&mut self, row: KeyedRow, old: OldGift) -> Result<Placed, LedgerError> {
        Ok(match self.successor(old, &row.row.content).await? {
            Successor::Same => {
                self.take_in(&row);
                Placed::Told(row.into_fate(RowFate::Known))
            }
            Successor::Of(old) => Placed::Here(self.renamed(row, old)),
            Successor::Barred(fault) => Placed::barred(row, fault),
        })
    }

    /// What becomes of a row whose key is that of a gift of an earlier load.
    pub(super) async fn meet(&mut self, row: KeyedRow, old: OldGift) -> Result<Met, LedgerError> {
        let looks_like = old.content.looks_like(&row.row.content);
        if let Some(replaced) = row.replaces.clone() {
            return Ok(if old.state == GiftState::Cancelled {
                Met::Again(self.in_place_of(row, &replaced))
            } else if looks_like {
                self.withdraw(&replaced, old.key).await?;
                Met::Fate(row, RowFate::Known)
            } else {
                Met::Fate(row, RowFate::NotReplaced(KeyFault::ReferenceTaken))
            });
        }
        // Keys of birthdays say nothing of what is given.
        if looks_like || self.keys.series.is_some() {
            let fate = if looks_like { RowFate::Known } else { RowFate::ChangedContent };
            return Ok(Met::Fate(row, fate));
        }
        Ok(match self.successor(old, &row.row.content).await? {
            Successor::Same => Met::Fate(row, RowFate::Known),
            Successor::Of(old) => Met::Again(self.in_place_of(row, &old)),
            Successor::Barred(_) => Met::Fate(row, RowFate::ChangedContent),
        })
    }

    /// A row was added that takes a place.
    pub(super) async fn replaced(&mut self, row: &KeyedRow) -> Result<(), LedgerError> {
        let Some(old) = &row.replaces else {
            return Ok(());
        };
        self.moved += u64::from(old.campaign != self.inside().1);
        self.totals.replaced += 1;
        self.totals.replaced_amount += old.content.amount;
        self.mended.insert(row.row.line);
        self.withdraw(old, row.key).await
    }

    /// Follows a gift to what took its place last.
    async fn successor(
        &mut self,
        mut old: OldGift,
        content: &GiftContent,
    ) -> Result<Successor, LedgerError> {
        let doing = "looking for what took a gift's place";
        while !old.content.looks_like(content) {
            if old.state == GiftState::Cancelled {
                let (connection, campaign, _) = self.inside();
                let next = sqlx::query(sql::GIFT_SUCCESSOR)
                    .bind(old.row)
                    .bind(campaign)
                    .fetch_optional(connection)
                    .await
                    .doing(doing)?;
                if let Some(next) = next {
                    old = OldGift::of(&next).doing(doing)?;
                    self.here.add(old.row);
                    continue;
                }
            }
            return Ok(match old.state {
                GiftState::Refused if old.is_unexpected => Successor::Barred(KeyFault::Unexpected),
                GiftState::Refused if !self.was_looked_for(&old).await? => {
                    let name = self.name().to_owned();
                    self.unlooked.insert(name);
                    Successor::Barred(KeyFault::NotLookedFor)
                }
                GiftState::Refused => Successor::Of(old),
                state => Successor::Barred(KeyFault::NotRefused(state)),
            });
        }
        Ok(Successor::Same)
    }

    /// Whether a reconcile of the campaign has ended since the gift was refused; what was never sent is nowhere.
    async fn was_looked_for(&mut self, old: &OldGift) -> Result<bool, LedgerError> {
        if old.attempts == 0 {
            return Ok(true);
        }
        let (connection, campaign, _) = self.inside();
        sqlx::query_scalar(sql::GIFT_LOOKED_FOR)
            .bind(old.row)
            .bind(campaign)
            .fetch_one(connection)
            .await
            .doing("reading when a gift was looked for")
    }

    /// A row that takes a gift's place, under the key that it would have by itself: so it is known again without
    /// the other's name. Where both have one reference, that key is taken.
    fn renamed(&self, row: KeyedRow, old: OldGift) -> KeyedRow {
        let name = |reference: &Option<String>| {
            reference.as_deref().map(|reference| fold_reference(reference).into_owned())
        };
        match (name(&row.row.reference), name(&old.reference)) {
            (Some(new), Some(was)) if new == was => self.in_place_of(row, &old),
            _ => KeyedRow { replaces: Some(old), ..row },
        }
    }

    fn in_place_of(&self, row: KeyedRow, old: &OldGift) -> KeyedRow {
        let key = GiftKey::in_place_of(old.key);
        KeyedRow { replaces: Some(old.clone()), ..row.under(key) }
    }

    async fn withdraw(&mut self, old: &OldGift, by: GiftKey) -> Result<(), LedgerError> {
        let gift = (old.row, old.state, old.attempts);
        let outcome = Outcome::of(gift, Event::Withdrawn { by: Some(by) }, self.loaded_at);
        self.head = record_at_once(&mut self.transaction, self.head, &outcome).await?;
        Ok(())
    }
}
