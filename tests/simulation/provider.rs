//! The pretend provider: wallets, their gifts as they really are, and how it writes about them.
//!
//! It shares no code with the program: it reads the request's JSON and writes the answer's by itself.
//!
//! **Invariant:** the book is the truth. What lists show may lag behind it or leave something out.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use giftbatch::provider::Delivery;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::dice::Dice;
use crate::manners::Kind;
use crate::terms::{Dates, References, Terms};
use crate::world::instant;

/// A gift as it really is. Times are microseconds of the true clock.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: Uuid,
    pub(crate) wallet: Uuid,
    pub(crate) minor: i64,
    pub(crate) expires: Option<DateTime<Utc>>,
    pub(crate) description: String,
    /// The reference that came with it; a stranger's where `is_ours` is false.
    pub(crate) reference: Uuid,
    pub(crate) is_ours: bool,
    pub(crate) committed_at: i64,
    /// By the server's own clock.
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) used_at: Option<i64>,
    pub(crate) deleted_at: Option<i64>,
    /// What every list shows instead of its time of creation.
    pub(crate) odd_created_at: Option<&'static str>,
    /// Whether no list shows it in a form that can be read.
    pub(crate) is_unreadable: bool,
}

/// A create as it arrived.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Create {
    pub(crate) wallet_id: Uuid,
    amount: Box<serde_json::value::RawValue>,
    expiration_date: Option<DateTime<Utc>>,
    description: String,
    external_reference: Uuid,
}

impl Create {
    pub(crate) fn reference(&self) -> Uuid {
        self.external_reference
    }

    pub(crate) fn expires_ms(&self) -> Option<i64> {
        self.expiration_date.map(|at| at.timestamp_millis())
    }

    /// Minor units; digits only, never through a float.
    pub(crate) fn minor(&self) -> i64 {
        let text = self.amount.get();
        let (whole, cents) = text.split_once('.').unwrap_or((text, "00"));
        let digits = format!("{whole}{cents:0<2}");
        digits.parse().expect("a create carries a plain number")
    }
}

impl Entry {
    /// Whether the books have it at that moment.
    pub(crate) fn is_there(&self, as_of: i64) -> bool {
        self.committed_at <= as_of && self.deleted_at.is_none_or(|deleted| deleted > as_of)
    }
}

/// What the server made of a delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deleted {
    Gone,
    Used,
    NotThere,
}

/// What the server made of a create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// A new gift, at this place of the book.
    New(usize),
    /// It has this reference already.
    Duplicate,
}

/// The provider's state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Provider {
    pub(crate) book: Vec<Entry>,
    /// References that the API said no to, for good.
    pub(crate) refused: Vec<Uuid>,
    /// References that met revoked keys in the API's own words, or in a page's.
    pub(crate) forbidden: Vec<Uuid>,
    /// References of gifts whose success reached us, and which run it reached.
    pub(crate) told: Vec<(Uuid, u64)>,
    /// The server's clock less the true one, microseconds.
    pub(crate) skew: i64,
    /// References that left after the campaign was cancelled, and the run that lived then had ended.
    pub(crate) sent_after_cancel: Vec<Uuid>,
    /// References that left after they had expired, by the true clock.
    pub(crate) sent_expired: Vec<Uuid>,
    /// Gifts that were made and then refused, one after another.
    pub(crate) refused_in_a_row: u64,
    /// Two wallets that have become one.
    pub(crate) merged: Option<(Uuid, Uuid)>,
}

impl Provider {
    pub(crate) fn clock(&self, now: i64) -> DateTime<Utc> {
        instant(now + self.skew)
    }

    /// Takes a create: from here on the gift exists.
    pub(crate) fn commit(
        &mut self,
        terms: &Terms,
        create: &Create,
        now: i64,
        dice: &mut Dice,
    ) -> Made {
        let reference = create.reference();
        let known = self.book.iter().any(|entry| entry.reference == reference);
        if known && terms.references == References::Enforced {
            return Made::Duplicate;
        }
        self.book.push(Entry {
            id: self.new_id(terms, create.wallet_id, dice),
            wallet: create.wallet_id,
            minor: create.minor(),
            expires: create.expiration_date,
            description: create.description.clone(),
            reference,
            is_ours: true,
            committed_at: now,
            created_at: self.clock(now),
            used_at: None,
            deleted_at: None,
            odd_created_at: None,
            is_unreadable: false,
        });
        Made::New(self.book.len() - 1)
    }

    /// An id for a gift of this wallet.
    pub(crate) fn new_id(&self, terms: &Terms, wallet: Uuid, dice: &mut Dice) -> Uuid {
        let id = dice.guid();
        if !terms.manners.has(Kind::IdsOfWallets) {
            return id;
        }
        let count = self.book.iter().filter(|entry| entry.wallet == wallet).count();
        Uuid::from_u128(0x0a0b_0c0d_0000_4000_8000_0000_0000_0001 + count as u128)
    }

    /// Whether a gift is in a wallet: its own, or one that has become one with it.
    pub(crate) fn is_in(&self, entry: &Entry, wallet: Uuid) -> bool {
        self.one_of(entry.wallet) == self.one_of(wallet)
    }

    /// One name for all wallets that have become one.
    pub(crate) fn one_of(&self, wallet: Uuid) -> Uuid {
        self.merged.filter(|(_, other)| *other == wallet).map_or(wallet, |(one, _)| one)
    }

    /// The gifts of a wallet that a list of that moment shows, the oldest first.
    pub(crate) fn list(&self, terms: &Terms, wallet: Uuid, as_of: i64) -> Vec<&Entry> {
        let is_shown = |entry: &&Entry| {
            let is_hidden = terms.hides_used && entry.used_at.is_some_and(|used| used <= as_of);
            self.is_in(entry, wallet) && entry.is_there(as_of) && !is_hidden
        };
        let mut shown: Vec<&Entry> = self.book.iter().filter(is_shown).collect();
        shown.sort_by_key(|entry| entry.committed_at);
        shown
    }

    /// A gift by its id.
    pub(crate) fn one(&self, gift: Uuid, now: i64) -> Option<&Entry> {
        self.book.iter().find(|entry| entry.id == gift && entry.is_there(now))
    }

    /// Deletes a gift that was not used; whether it did.
    pub(crate) fn delete(&mut self, gift: Uuid, now: i64) -> Deleted {
        let is_it = |entry: &&mut Entry| entry.id == gift && entry.is_there(now);
        match self.book.iter_mut().find(is_it) {
            None => Deleted::NotThere,
            Some(entry) if entry.used_at.is_some() => Deleted::Used,
            Some(entry) => {
                entry.deleted_at = Some(now);
                Deleted::Gone
            }
        }
    }

    /// The balances of a wallet: what is left of its gifts, and money of its own.
    pub(crate) fn balances(&self, terms: &Terms, wallet: Uuid, as_of: i64) -> Value {
        let clock = self.clock(as_of);
        let is_left = |entry: &&Entry| {
            let is_used = entry.used_at.is_some_and(|used| used <= as_of);
            let is_over = entry.expires.is_some_and(|expires| expires <= clock);
            let counts = !is_over || terms.manners.counts_expired;
            self.is_in(entry, wallet) && entry.is_there(as_of) && !is_used && counts
        };
        let gifts = self.book.iter().filter(is_left).map(|entry| entry.minor).sum();
        json!({
            "Id": wallet,
            "WalletBalance": amount(terms, 500),
            "TotalGiftBalance": amount(terms, gifts),
            "BlockedBalance": amount(terms, 0),
            "TotalBalance": amount(terms, gifts + 500),
            "AvailableBalance": amount(terms, gifts + 500),
        })
    }

    /// The success that answers a create.
    pub(crate) fn success(&self, terms: &Terms, place: usize) -> Value {
        let entry = &self.book[place];
        envelope(terms, self.write(terms, entry, entry.wallet, entry.committed_at), true)
    }

    /// A gift as the list of this wallet shows it.
    pub(crate) fn write(&self, terms: &Terms, entry: &Entry, wallet: Uuid, as_of: i64) -> Value {
        let is_used = entry.used_at.is_some_and(|used| used <= as_of);
        let remaining = if is_used { 0 } else { entry.minor };
        let mut gift = Map::new();
        gift.insert("Id".into(), json!(entry.id));
        gift.insert("WalletId".into(), json!(wallet.to_string().to_uppercase()));
        gift.insert("Amount".into(), amount(terms, entry.minor));
        gift.insert("RemainingAmount".into(), amount(terms, remaining));
        let expires = entry.expires.map(|at| date(terms, at));
        gift.insert("IsUnlimited".into(), json!(expires.is_none()));
        gift.insert("ExpirationDate".into(), json!(expires));
        gift.insert("Description".into(), json!(entry.description));
        gift.insert("IsUsed".into(), json!(is_used));
        let created_at = entry.odd_created_at.map(str::to_owned);
        let created_at = created_at.unwrap_or_else(|| date(terms, entry.created_at));
        gift.insert("CreatedAt".into(), json!(created_at));
        match terms.references {
            References::Absent => {}
            References::Blank => drop(gift.insert("ExternalReference".into(), json!(""))),
            References::Echoed | References::Enforced => {
                gift.insert("ExternalReference".into(), json!(entry.reference));
            }
        }
        Value::Object(gift)
    }

    /// An answer with the headers of this server.
    pub(crate) fn answer(&self, terms: &Terms, now: i64, status: u16, body: String) -> Delivery {
        Delivery::Answered {
            status,
            date: terms.shows_its_clock.then(|| http_date(self.clock(now))),
            retry_after: None,
            age: None,
            body: body.into_bytes(),
        }
    }
}

/// The same, and how long a cache has kept it.
pub(crate) fn with_age(mut page: Delivery, seconds: i64) -> Delivery {
    if let Delivery::Answered { age, .. } = &mut page {
        *age = Some(seconds.to_string());
    }
    page
}

pub(crate) fn http_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

pub(crate) fn envelope(terms: &Terms, value: Value, is_success: bool) -> Value {
    let mut envelope = json!({ "Value": value, "IsSuccess": is_success, "IsFailure": !is_success });
    if !terms.errors_absent {
        envelope["Errors"] = json!([]);
    }
    envelope
}

pub(crate) fn failure(words: &str) -> String {
    json!({ "Value": null, "Errors": [words], "IsSuccess": false, "IsFailure": true }).to_string()
}

pub(crate) fn amount(terms: &Terms, minor: i64) -> Value {
    let text = format!("{}.{:02}", minor / 100, minor % 100);
    if terms.amounts_as_text {
        return json!(text);
    }
    let raw = serde_json::value::RawValue::from_string(text).expect("digits are a number");
    serde_json::to_value(raw).expect("a number is a value")
}

fn date(terms: &Terms, at: DateTime<Utc>) -> String {
    match terms.dates {
        Dates::Millis => at.to_rfc3339_opts(SecondsFormat::Millis, true),
        Dates::SevenDigits => at.format("%Y-%m-%dT%H:%M:%S%.6f0Z").to_string(),
        Dates::Offset => {
            let there = at + TimeDelta::hours(3);
            there.format("%Y-%m-%dT%H:%M:%S%.3f+03:00").to_string()
        }
        Dates::NoZone => at.format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
        Dates::WholeSeconds => at.to_rfc3339_opts(SecondsFormat::Secs, true),
    }
}
