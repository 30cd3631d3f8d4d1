//! What every request of the wallet API passes: counting, outages, keys and the request limit.
//!
//! **Invariant:** a request that arrived is counted as gone exactly once, when its answer
//! is ready or its connection was cut.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::header::DATE;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};

use super::app::App;
use super::config::{ExpectedKeys, Outage, RetryAfter};
use super::gift_request::Complaint;
use super::kind::FaultKind;
use super::line::{self, Ending};
use super::reply;
use super::state::State as Memory;
use super::tally::Endpoint;

const UNAUTHORIZED: Complaint =
    Complaint { code: "Unauthorized", message: "The keys are missing or not valid." };

/// Lets a request pass, or answers it at once.
pub(super) async fn pass(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let visit = Visit::begin(app, &request);
    let mut response = match visit.turned_away {
        Some(reason) => reason.response(visit.now()),
        None => next.run(request).await,
    };
    if !visit.latency.is_zero() {
        tokio::time::sleep(visit.latency).await;
    }
    response.headers_mut().insert(DATE, reply::http_date(visit.now()));
    line::keep_until_cut(&mut response, visit);
    response
}

/// One request under way.
struct Visit {
    app: Arc<App>,
    skew: TimeDelta,
    latency: Duration,
    turned_away: Option<TurnedAway>,
}

/// Why a request does not reach its handler.
#[derive(Clone, Copy)]
enum TurnedAway {
    Outage(Outage),
    Unauthorized,
    OverLimit(RetryAfter),
    Blocked(StatusCode),
}

impl Visit {
    fn begin(app: Arc<App>, request: &Request) -> Self {
        let endpoint = Endpoint::of(request.method(), request.uri().path());
        let mut state = app.lock();
        state.tally.arrived(endpoint, Instant::now(), Utc::now());
        if !state.skew.is_zero() {
            state.tally.fault(FaultKind::SkewedClock);
        }
        let turned_away = turn_away(&mut state, endpoint, request.headers());
        let (skew, latency) = (state.skew, state.config.faults.latency);
        drop(state);
        app.wake();
        Self { app, skew, latency, turned_away }
    }

    fn now(&self) -> DateTime<Utc> {
        Utc::now() + self.skew
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.app.lock().tally.left();
        self.app.wake();
    }
}

fn turn_away(state: &mut Memory, endpoint: Endpoint, headers: &HeaderMap) -> Option<TurnedAway> {
    if let Some(kind) = FaultKind::of_outage(state.outage) {
        state.tally.fault(kind);
        return Some(TurnedAway::Outage(state.outage));
    }
    // Minted Connect has a login of its own.
    let is_known = endpoint == Endpoint::Holdings || has_keys(&state.config.keys, headers);
    if state.revoked || !is_known {
        state.tally.fault(FaultKind::Unauthorized);
        return Some(TurnedAway::Unauthorized);
    }
    if let Some(status) = state.blocked.get(&endpoint) {
        let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::NOT_FOUND);
        state.tally.fault(FaultKind::Blocked);
        return Some(TurnedAway::Blocked(status));
    }
    let limit = state.config.limit_per_second?;
    if state.limit.admit(Instant::now(), limit) {
        return None;
    }
    state.tally.fault(FaultKind::OverLimit);
    Some(TurnedAway::OverLimit(state.config.retry_after))
}

fn has_keys(expected: &ExpectedKeys, headers: &HeaderMap) -> bool {
    let sent = |name| headers.get(name).map(|value| value.as_bytes()).unwrap_or_default();
    let (key, client) = (sent("apikeypublic"), sent("apiclientpublic"));
    match expected {
        ExpectedKeys::AnyNonEmpty => !key.is_empty() && !client.is_empty(),
        ExpectedKeys::Pair { api_key, api_client } => {
            key == api_key.as_bytes() && client == api_client.as_bytes()
        }
    }
}

impl TurnedAway {
    fn response(self, now: DateTime<Utc>) -> Response {
        match self {
            TurnedAway::Outage(Outage::Unavailable) => reply::page(StatusCode::SERVICE_UNAVAILABLE),
            TurnedAway::Outage(Outage::Reset | Outage::None) => Ending::Reset.into_response(),
            TurnedAway::Unauthorized => reply::failed(StatusCode::UNAUTHORIZED, UNAUTHORIZED),
            TurnedAway::Blocked(status) => reply::page(status),
            TurnedAway::OverLimit(retry_after) => reply::limited(retry_after, now),
        }
    }
}
