//! Minted Connect's endpoint: what a customer holds, behind a Digest challenge.
//!
//! **Invariant:** amounts are whole minor units, and never pass through a float.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::amount::{Amount, Digits};
use super::app::App;
use super::config::SandboxHolding;
use super::faults::{self, PathKey};
use super::kind::FaultKind;
use super::login::Denied;
use super::reply::{self, Context};
use super::state::State as Memory;

/// Customers whom nobody described hold a sample, so that a rehearsal needs no preparation: but those whose ids
/// begin so hold nothing, or are not known.
const POOR: &str = "none";
const UNKNOWN: &str = "unknown";

#[derive(Deserialize)]
pub(super) struct HoldingsQuery {
    #[serde(default)]
    metal_type: Option<String>,
    #[serde(default)]
    external_customer_id: Option<String>,
    #[serde(default)]
    is_deliverable: Option<String>,
}

#[derive(Serialize)]
struct Success<'h> {
    data: Vec<Row<'h>>,
    success: bool,
    code: u32,
    message: &'static str,
}

#[derive(Serialize)]
struct Row<'h> {
    #[serde(rename = "productName")]
    product_name: &'h str,
    images: [(); 0],
    sku: &'h str,
    series: [(); 0],
    quantity: u32,
    price: Amount,
    total: Amount,
    is_deliverable: bool,
    created_at: &'static str,
}

#[derive(Serialize)]
struct Failure {
    data: (),
    success: bool,
    code: u16,
    message: &'static str,
}

/// `GET /partner/walletable/balance`.
pub(super) async fn holdings(
    State(app): State<Arc<App>>,
    Query(query): Query<HoldingsQuery>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    let header = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let path = PathKey::of(target);
    let (right, fault, now) = {
        let mut state = app.lock();
        if let Err(challenges) = let_in(&mut state, target, header) {
            return unauthorized(&challenges);
        }
        let right = answer(&state, &query);
        // An answer that is a refusal anyway is not spoiled: its fault would be counted but never seen.
        let fault = if right.is_ok() { state.read(path) } else { None };
        if right.is_err() {
            state.tally.fault(FaultKind::InvalidRequest);
        }
        (right, fault, state.now())
    };
    app.wake();
    match (right, fault) {
        (Err(message), _) => failed(StatusCode::UNPROCESSABLE_ENTITY, message),
        (Ok(right), None) => reply::json(StatusCode::OK, right),
        (Ok(right), Some(fault)) => {
            let variety = path.variety();
            reply::spoil(fault, Context { right, now, variety })
        }
    }
}

/// Lets a request in, or gives the challenges of its 401.
fn let_in(state: &mut Memory, target: &str, header: Option<&str>) -> Result<(), Vec<String>> {
    let Memory { config, login, tally, .. } = state;
    let is_spoiled = |number| faults::is_stale(&config.faults, config.seed, number);
    let Err(denied) = login.check(&config.minted, target, header, is_spoiled) else {
        return Ok(());
    };
    match denied {
        Denied::Unasked => {}
        Denied::Wrong => tally.fault(FaultKind::Unauthorized),
        Denied::Stale => tally.fault(FaultKind::StaleNonce),
    }
    Err(login.challenges(&config.minted, denied))
}

/// The right body, or what is wrong with the question.
fn answer(state: &Memory, query: &HoldingsQuery) -> Result<Vec<u8>, &'static str> {
    let customer = query.external_customer_id.as_deref().unwrap_or_default();
    if customer.is_empty() {
        return Err("external_customer_id alanı zorunludur.");
    }
    let metals: Vec<&str> = query.metal_type.as_deref().unwrap_or_default().split(',').collect();
    if !metals.iter().all(|metal| ["gold", "silver"].contains(metal)) {
        return Err("metal_type alanı geçersiz.");
    }
    let deliverable = match query.is_deliverable.as_deref() {
        None => None,
        Some("true" | "1") => Some(true),
        Some("false" | "0") => Some(false),
        Some(_) => return Err("is_deliverable alanı geçersiz."),
    };
    let held = state.holdings.get(customer);
    let is_unknown = !state.config.minted.knows_everybody || customer.starts_with(UNKNOWN);
    if held.is_none() && is_unknown {
        return Err("Müşteri bulunamadı.");
    }
    let sample = match customer.starts_with(POOR) {
        true => Vec::new(),
        false => SandboxHolding::sample(),
    };
    let rows = held.unwrap_or(&sample).iter().filter(|row| {
        metals.contains(&row.metal) && deliverable.is_none_or(|wish| wish == row.is_deliverable)
    });
    let data = rows.map(Row::of).collect();
    let body = Success { data, success: true, code: 0, message: "" };
    Ok(serde_json::to_vec(&body).expect("these types have only text keys"))
}

impl<'h> Row<'h> {
    fn of(held: &'h SandboxHolding) -> Row<'h> {
        let short = |minor| Amount { minor, digits: Digits::Short };
        Row {
            product_name: &held.product_name,
            images: [],
            sku: &held.sku,
            series: [],
            quantity: held.quantity,
            price: short(held.price_minor),
            total: short(held.total_minor),
            is_deliverable: held.is_deliverable,
            created_at: "2026-01-11 08:55:22",
        }
    }
}

fn unauthorized(challenges: &[String]) -> Response {
    let mut response = failed(StatusCode::UNAUTHORIZED, "Kimlik doğrulanamadı.");
    for challenge in challenges {
        // A realm beyond ASCII is as good as none here: the header is left out, and nobody gets in.
        if let Ok(value) = HeaderValue::from_str(challenge) {
            response.headers_mut().append(WWW_AUTHENTICATE, value);
        }
    }
    response
}

fn failed(status: StatusCode, message: &'static str) -> Response {
    let body = Failure { data: (), success: false, code: status.as_u16(), message };
    reply::json(status, serde_json::to_vec(&body).expect("these types have only text keys"))
}
