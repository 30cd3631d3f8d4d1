//! The sandbox's own pages: its book and its counters, for people and for tests of the program.
//!
//! They stand beside the gate: they need no keys, meet no faults and are not counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::amount::{Amount, Digits};
use super::app::App;
use super::book::{Book, BookGift, Source};
use super::reply;
use super::tally::Stats;

#[derive(Serialize)]
struct BookPage<'a> {
    gifts: Vec<GiftRow<'a>>,
    totals: TotalsRow,
}

#[derive(Serialize)]
struct GiftRow<'a> {
    id: Uuid,
    wallet: Uuid,
    amount: Amount,
    spent: Amount,
    expires_at: Option<DateTime<Utc>>,
    description: &'a str,
    reference: Option<Uuid>,
    created_at: DateTime<Utc>,
    source: &'static str,
    request: Option<u64>,
    attempt: Option<u32>,
    deleted: bool,
}

#[derive(Serialize)]
struct TotalsRow {
    gifts: u64,
    deleted: u64,
    wallets: u64,
    amount: Amount,
}

#[derive(Serialize)]
struct StatsPage {
    requests: BTreeMap<&'static str, u64>,
    faults: BTreeMap<&'static str, u64>,
    first_post_at: Option<DateTime<Utc>>,
    last_post_at: Option<DateTime<Utc>>,
    max_per_second: u64,
    max_concurrent: u64,
    concurrent: u64,
    late_commits_pending: u64,
}

/// `GET /sandbox/book`.
pub(super) async fn book(State(app): State<Arc<App>>) -> Response {
    let book = app.lock().ledger.snapshot();
    page(&BookPage::of(&book))
}

/// `GET /sandbox/stats`.
pub(super) async fn stats(State(app): State<Arc<App>>) -> Response {
    let stats = app.lock().tally.snapshot();
    page(&StatsPage::of(&stats))
}

fn page<T: Serialize>(value: &T) -> Response {
    let body = serde_json::to_vec(value).expect("these types have only text keys");
    reply::json(StatusCode::OK, body)
}

impl<'a> BookPage<'a> {
    fn of(book: &'a Book) -> Self {
        let totals = book.totals();
        Self {
            gifts: book.gifts.iter().map(GiftRow::of).collect(),
            totals: TotalsRow {
                gifts: totals.gifts,
                deleted: totals.deleted,
                wallets: totals.wallets,
                amount: plain(totals.amount_minor),
            },
        }
    }
}

impl<'a> GiftRow<'a> {
    fn of(gift: &'a BookGift) -> Self {
        let (source, request, attempt) = match gift.source {
            Source::Post { request, attempt } => ("post", Some(request), Some(attempt)),
            Source::Seeded => ("seeded", None, None),
            Source::Doubled { .. } => ("doubled", None, None),
        };
        Self {
            id: gift.id,
            wallet: gift.wallet,
            amount: plain(gift.amount_minor),
            spent: plain(gift.spent_minor),
            expires_at: gift.expires_at,
            description: &gift.description,
            reference: gift.reference,
            created_at: gift.created_at,
            source,
            request,
            attempt,
            deleted: gift.deleted,
        }
    }
}

impl StatsPage {
    fn of(stats: &Stats) -> Self {
        Self {
            requests: stats.requests.iter().map(|(kind, &count)| (kind.name(), count)).collect(),
            faults: stats.faults.iter().map(|(kind, &count)| (kind.name(), count)).collect(),
            first_post_at: stats.first_post_at,
            last_post_at: stats.last_post_at,
            max_per_second: stats.max_per_second,
            max_concurrent: stats.max_concurrent,
            concurrent: stats.concurrent,
            late_commits_pending: stats.late_commits_pending,
        }
    }
}

fn plain(minor: i64) -> Amount {
    Amount { minor, digits: Digits::TwoPlaces }
}
