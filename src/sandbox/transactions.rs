//! The look-up of transactions by an external reference. The wallet API's pages name it and show a transaction
//! elsewhere; whether creates of gifts are among its answers they do not say, so the sandbox can do either.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use chrono::SecondsFormat;
use serde::Serialize;
use uuid::Uuid;

use super::amount::{Amount, Digits};
use super::app::App;
use super::book::BookGift;
use super::config::{RetryAfter, Transactions};
use super::envelope::success;
use super::gift_request::GiftRequest;
use super::reply;
use super::routes;
use super::state::State as Memory;

/// A create as the look-up knows it: of a gift, or of nothing.
#[derive(Debug, Clone)]
pub(super) struct Trace {
    reference: Uuid,
    wallet: Uuid,
    amount_minor: i64,
    gift: Option<Uuid>,
    created_at: Option<String>,
}

impl Trace {
    /// The trace of a create that was read, whatever became of it.
    pub(super) fn of_request(request: &GiftRequest) -> Option<Self> {
        Some(Self {
            reference: request.reference?,
            wallet: request.wallet,
            amount_minor: request.amount_minor,
            gift: None,
            created_at: None,
        })
    }

    fn of_gift(gift: &BookGift) -> Option<Self> {
        Some(Self {
            reference: gift.reference?,
            wallet: gift.wallet,
            amount_minor: gift.amount_minor,
            gift: Some(gift.id),
            created_at: Some(gift.created_at.to_rfc3339_opts(SecondsFormat::Micros, true)),
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    id: Uuid,
    wallet_id: Uuid,
    transaction_type: &'static str,
    amount: Amount,
    gift_amount: Option<Amount>,
    description: Option<String>,
    external_reference: Uuid,
    created_at: Option<String>,
    updated_at: Option<String>,
    gift_balance_id: Option<Uuid>,
}

impl Body {
    fn of(trace: &Trace) -> Self {
        Self {
            id: Uuid::from_u128(!trace.reference.as_u128()),
            wallet_id: trace.wallet,
            transaction_type: "Deposit",
            amount: Amount { minor: trace.amount_minor, digits: Digits::TwoPlaces },
            gift_amount: None,
            description: None,
            external_reference: trace.reference,
            created_at: trace.created_at.clone(),
            updated_at: None,
            gift_balance_id: trace.gift,
        }
    }
}

/// `GET /api/v1/wallet/transaction/by/external-reference/{reference}`.
pub(super) async fn look_up(
    State(app): State<Arc<App>>,
    Path(reference): Path<String>,
    uri: Uri,
) -> Response {
    let shown = app.lock().config.transactions;
    match shown {
        Transactions::NotServed => return reply::page(StatusCode::NOT_FOUND),
        Transactions::Throttled => {
            let now = app.lock().now();
            return reply::limited(RetryAfter::Seconds, now);
        }
        _ => {}
    }
    routes::read(&app, &uri, &reference, |state, reference| {
        let traces = traces(state, reference);
        Ok(Box::new(move || success(traces.iter().map(Body::of).collect::<Vec<_>>())))
    })
}

/// What the look-up shows now.
fn traces(state: &Memory, reference: Uuid) -> Vec<Trace> {
    let credited = || state.ledger.with_reference(reference).filter_map(Trace::of_gift);
    match state.config.transactions {
        Transactions::NotServed | Transactions::Throttled | Transactions::Silent => Vec::new(),
        Transactions::Shown => credited().collect(),
        Transactions::Requests => {
            state.traces.iter().filter(|trace| trace.reference == reference).cloned().collect()
        }
        Transactions::Late(lag) => {
            let since = state.now() - lag;
            let is_old = |gift: &&BookGift| gift.created_at <= since;
            state
                .ledger
                .with_reference(reference)
                .filter(is_old)
                .filter_map(Trace::of_gift)
                .collect()
        }
    }
}
