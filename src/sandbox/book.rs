//! The book: which gifts were really credited. It is the truth that tests hold a client against.
//!
//! **Invariant:** a gift never leaves the book; a deleted one is marked.
//! **Invariant:** a gift is written when its money moves, never when its answer is sent.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::faults::GiftKey;
use super::gift_request::GiftRequest;

/// A snapshot of all gifts, in the order in which they were credited.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Book {
    /// Every gift, deleted ones included.
    pub gifts: Vec<BookGift>,
}

/// One gift that was really credited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookGift {
    /// The gift's id.
    pub id: Uuid,
    /// The wallet that holds it.
    pub wallet: Uuid,
    /// Its amount in minor units.
    pub amount_minor: i64,
    /// How much of it was spent, in minor units.
    pub spent_minor: i64,
    /// When it expires; never, if absent.
    pub expires_at: Option<DateTime<Utc>>,
    /// Its description.
    pub description: String,
    /// The `ExternalReference` that it was sent with.
    pub reference: Option<Uuid>,
    /// When it was credited, by the server's clock.
    pub created_at: DateTime<Utc>,
    /// Where it came from.
    pub source: Source,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// Where a gift came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A POST credited it.
    Post {
        /// The POST's number among all POSTs, from 1, in the order of their arrival.
        request: u64,
        /// The POST's number among those with the same content and reference, from 1.
        attempt: u32,
    },
    /// A test put it there.
    Seeded,
    /// A test doubled another gift.
    Doubled {
        /// The other gift.
        of: Uuid,
    },
}

/// The sums over all gifts that are not deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// How many gifts there are.
    pub gifts: u64,
    /// How many of all gifts were deleted.
    pub deleted: u64,
    /// How many wallets hold a gift.
    pub wallets: u64,
    /// The sum of the amounts, in minor units.
    pub amount_minor: i64,
}

impl Book {
    /// The sums over all gifts that are not deleted.
    pub fn totals(&self) -> Totals {
        let live = || self.gifts.iter().filter(|gift| !gift.deleted);
        let count = live().count();
        let wallets: HashSet<Uuid> = live().map(|gift| gift.wallet).collect();
        Totals {
            gifts: count as u64,
            deleted: (self.gifts.len() - count) as u64,
            wallets: wallets.len() as u64,
            amount_minor: live().map(|gift| gift.amount_minor).sum(),
        }
    }
}

/// What a list needs to know of a gift besides what it shows: whether it lags, and since when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting {
    /// When it was credited, by a clock that cannot be skewed. Absent: it never lags.
    pub(super) credited: Option<Instant>,
    pub(super) key: GiftKey,
    pub(super) attempt: u32,
}

impl Sighting {
    /// The sighting of a gift that never lags.
    pub(super) fn at_once(gift: &BookGift) -> Self {
        Self { credited: None, key: gift.key(), attempt: 0 }
    }
}

/// The book as it is kept: the gifts with their indexes.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    gifts: Vec<BookGift>,
    sightings: Vec<Sighting>,
    by_id: HashMap<Uuid, usize>,
    by_wallet: HashMap<Uuid, Vec<usize>>,
    references: HashSet<Uuid>,
}

impl Ledger {
    /// Writes a gift down, and hands it back.
    pub(super) fn credit(&mut self, gift: BookGift, sighting: Sighting) -> &BookGift {
        let at = self.gifts.len();
        self.by_id.insert(gift.id, at);
        self.by_wallet.entry(gift.wallet).or_default().push(at);
        self.references.extend(gift.reference);
        self.sightings.push(sighting);
        self.gifts.push(gift);
        &self.gifts[at]
    }

    pub(super) fn get(&self, id: Uuid) -> Option<&BookGift> {
        self.by_id.get(&id).map(|&at| &self.gifts[at])
    }

    pub(super) fn get_mut(&mut self, id: Uuid) -> Option<&mut BookGift> {
        self.by_id.get(&id).map(|&at| &mut self.gifts[at])
    }

    /// The wallet's gifts that are not deleted, oldest first.
    pub(super) fn of_wallet(&self, wallet: Uuid) -> impl Iterator<Item = (&BookGift, &Sighting)> {
        let places = self.by_wallet.get(&wallet).map(Vec::as_slice).unwrap_or_default();
        let gifts = places.iter().map(|&at| (&self.gifts[at], &self.sightings[at]));
        gifts.filter(|(gift, _)| !gift.deleted)
    }

    /// Whether a gift with that reference was ever credited.
    pub(super) fn has_reference(&self, reference: Uuid) -> bool {
        self.references.contains(&reference)
    }

    pub(super) fn snapshot(&self) -> Book {
        Book { gifts: self.gifts.clone() }
    }
}

impl BookGift {
    fn key(&self) -> GiftKey {
        let expires_at_ms = self.expires_at.map(|at| at.timestamp_millis());
        let Self { wallet, amount_minor, description, reference, .. } = self;
        GiftKey::of(*wallet, *amount_minor, expires_at_ms, description, *reference)
    }

    /// The gift that a valid request asks for.
    pub(super) fn of(request: GiftRequest, created_at: DateTime<Utc>, source: Source) -> Self {
        Self {
            id: Uuid::new_v4(),
            wallet: request.wallet,
            amount_minor: request.amount_minor,
            spent_minor: 0,
            expires_at: request.expires_at,
            description: request.description,
            reference: request.reference,
            created_at,
            source,
            deleted: false,
        }
    }
}
