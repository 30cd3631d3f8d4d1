//! A provider in this process that answers at once: what is left of a run when HTTP costs nothing.
//!
//! **Invariant:** it keeps every reference that it was sent, so that a gift that is sent twice is seen.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Instant, SystemTime};

use giftbatch::interrupt::Interrupt;
use giftbatch::provider::{Delivery, Request, Sending, Transport};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

/// It stands in for HTTP.
#[derive(Default)]
pub(crate) struct Echo {
    /// The answers to reads, by wallet.
    lists: HashMap<Uuid, Vec<u8>>,
    /// After so many requests the run is asked to end.
    stop_after: Option<u64>,
    pub(crate) interrupt: Interrupt,
    heard: Mutex<Heard>,
}

/// What it was asked.
#[derive(Default)]
struct Heard {
    given: HashSet<Uuid>,
    bodies: Option<Vec<String>>,
    requests: u64,
    first: Option<Instant>,
    /// When the last request that counts came.
    last: Option<Instant>,
}

/// A gift for an answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Shown<'a> {
    pub(crate) wallet_id: Uuid,
    #[serde(borrow)]
    pub(crate) amount: &'a RawValue,
    #[serde(borrow)]
    pub(crate) expiration_date: &'a RawValue,
    #[serde(borrow)]
    pub(crate) description: &'a RawValue,
    pub(crate) external_reference: Uuid,
}

impl Echo {
    /// One that knows these lists, and ends the run after so many requests.
    pub(crate) fn new(lists: HashMap<Uuid, Vec<u8>>, stop_after: Option<u64>) -> Arc<Echo> {
        Arc::new(Echo { lists, stop_after, ..Echo::default() })
    }

    /// One that also keeps the bodies that it is sent.
    pub(crate) fn recorder() -> Arc<Echo> {
        let heard = Heard { bodies: Some(Vec::new()), ..Heard::default() };
        Arc::new(Echo { heard: Mutex::new(heard), ..Echo::default() })
    }

    /// The bodies that it was sent.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.heard().bodies.take().expect("it is a recorder")
    }

    /// How many gifts it was sent.
    pub(crate) fn given(&self) -> u64 {
        self.heard().given.len() as u64
    }

    /// Seconds from the first request to the last one that counts.
    pub(crate) fn seconds(&self) -> f64 {
        let heard = self.heard();
        let (first, last) = (heard.first.expect("it was asked"), heard.last.expect("to the end"));
        last.duration_since(first).as_secs_f64()
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().expect("nobody panics while holding it")
    }

    fn count(&self) {
        let mut heard = self.heard();
        heard.requests += 1;
        heard.first.get_or_insert_with(Instant::now);
        if Some(heard.requests) == self.stop_after {
            heard.last = Some(Instant::now());
            self.interrupt.drain.cancel();
        }
    }

    fn give(&self, body: String) -> Vec<u8> {
        let shown: Shown<'_> = serde_json::from_str(&body).expect("a create is JSON");
        let answer = envelope(&shown.gift(gift_id(shown.external_reference)));
        let is_new = self.heard().given.insert(shown.external_reference);
        assert!(is_new, "a gift was sent twice");
        if let Some(bodies) = &mut self.heard().bodies {
            bodies.push(body);
        }
        answer
    }

    fn list(&self, url: &str) -> Vec<u8> {
        let wallet = url.rsplit('/').next().and_then(|id| id.parse().ok());
        let known = wallet.and_then(|wallet: Uuid| self.lists.get(&wallet));
        known.cloned().unwrap_or_else(|| envelope("[]"))
    }
}

impl Transport for Echo {
    fn send(&self, request: Request) -> Sending {
        self.count();
        let body = match request.body {
            Some(json) => self.give(json),
            None => self.list(request.url.as_str()),
        };
        let date = Some(httpdate::fmt_http_date(SystemTime::now()));
        let answered = Delivery::Answered { status: 200, date, retry_after: None, age: None, body };
        Box::pin(std::future::ready(answered))
    }
}

impl fmt::Debug for Echo {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Echo")
    }
}

impl Shown<'_> {
    /// The gift as answers show it.
    pub(crate) fn gift(&self, id: Uuid) -> String {
        let Shown { wallet_id: wallet, amount, expiration_date: expiry, description, .. } = self;
        format!(
            "{{\"Id\":\"{id}\",\"WalletId\":\"{wallet}\",\"Amount\":{amount},\
             \"RemainingAmount\":{amount},\"ExpirationDate\":{expiry},\"IsUnlimited\":false,\
             \"Description\":{description},\"IsUsed\":false,\"IsFullyUsed\":false,\
             \"IsPartiallyUsed\":false,\"LastTransactionId\":null,\
             \"CreatedAt\":\"2026-05-30T11:11:07.516534Z\",\"UpdatedAt\":null}}"
        )
    }
}

/// The provider's id of the gift with this reference: another, and always the same.
fn gift_id(reference: Uuid) -> Uuid {
    Uuid::from_u128(!reference.as_u128())
}

/// A yes with this in it.
pub(crate) fn envelope(value: &str) -> Vec<u8> {
    format!("{{\"Value\":{value},\"Errors\":[],\"IsSuccess\":true,\"IsFailure\":false}}")
        .into_bytes()
}
