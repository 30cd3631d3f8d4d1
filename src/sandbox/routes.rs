//! The endpoints: the wallet API's here, Minted Connect's in [`minted`].
//!
//! Each handler asks the state under its lock, and turns what it hears into a response outside it.
//!
//! **Invariant:** nothing is awaited between reading a create's body and deciding on it, so a
//! client that goes away cannot undo what the server has read.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use axum::middleware;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use uuid::Uuid;

use super::answer;
use super::app::App;
use super::envelope::ErrorForm;
use super::faults::PathKey;
use super::gate;
use super::gift_request::{Complaint, GiftRequest, parse_guid};
use super::inspect;
use super::kind::{FaultKind, Reply};
use super::minted;
use super::reply::{self, Context, failed};
use super::state::{NO_GIFT, Outcome, State as Memory};

const BAD_GUID: Complaint = Complaint { code: "InvalidId", message: "The id is not a GUID." };

/// All paths: the API's, behind the gate, and the sandbox's own pages, beside it.
pub(super) fn router(app: Arc<App>) -> Router {
    let api = Router::new()
        .route("/api/v1/balance/gift", post(create).delete(delete))
        .route("/api/v1/balance/gift/by/wallet/{wallet}", get(wallet_gifts))
        .route("/api/v1/balance/gift/{gift}", get(gift))
        .route("/api/v1/wallet/by/id/{wallet}", get(wallet))
        .route("/api/v1/wallet/balances", get(balances))
        .route("/partner/walletable/balance", get(minted::holdings))
        .fallback(nowhere)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), gate::pass));
    let pages = Router::new()
        .route("/sandbox/book", get(inspect::book))
        .route("/sandbox/stats", get(inspect::stats));
    api.merge(pages).with_state(app)
}

async fn create(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let (now, echo) = {
        let state = app.lock();
        (state.now(), state.echo())
    };
    let request = match GiftRequest::read(&body, now) {
        Ok(request) => request,
        Err(complaint) => {
            app.lock().tally.fault(FaultKind::InvalidRequest);
            return failed(StatusCode::BAD_REQUEST, complaint);
        }
    };
    let variety = request.key().variety();
    let outcome = app.lock().create(request);
    app.wake();
    let context = |right| Context { right, now, variety };
    match outcome {
        Outcome::Credited(gift, None) => reply::json(StatusCode::OK, answer::created(&gift, echo)),
        Outcome::Credited(gift, Some(reply)) => {
            reply::spoil(reply, context(answer::created(&gift, echo)))
        }
        Outcome::Spoiled(reply) => reply::spoil(reply, context(Vec::new())),
        Outcome::Refused(kind, complaint) => reply::refused(kind, complaint, ErrorForm::Objects),
        Outcome::Late(late, delay) => {
            app.commit_later(late, delay);
            reply::spoil(Reply::Silence, context(Vec::new()))
        }
    }
}

async fn wallet_gifts(
    State(app): State<Arc<App>>,
    Path(wallet): Path<String>,
    uri: Uri,
) -> Response {
    read_wallet(&app, &uri, &wallet, |state, wallet| {
        let listed = state.listed(wallet);
        let echo = state.echo();
        Box::new(move || answer::gifts(&listed, echo))
    })
}

async fn wallet(State(app): State<Arc<App>>, Path(id): Path<String>, uri: Uri) -> Response {
    read_wallet(&app, &uri, &id, |state, wallet| {
        let facts = state.facts.get(&wallet).cloned().unwrap_or_default();
        let gift_minor = state.gift_balance(wallet) + facts.gift_balance_off_minor;
        Box::new(move || answer::wallet(wallet, &facts, gift_minor))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BalancesQuery {
    id: String,
}

async fn balances(
    State(app): State<Arc<App>>,
    Query(query): Query<BalancesQuery>,
    uri: Uri,
) -> Response {
    read_wallet(&app, &uri, &query.id, |state, wallet| {
        let facts = state.facts.get(&wallet).cloned().unwrap_or_default();
        let gifts = state.listed(wallet);
        let gift_minor = state.gift_balance(wallet) + facts.gift_balance_off_minor;
        let echo = state.echo();
        Box::new(move || answer::balances(wallet, &facts, &gifts, gift_minor, echo))
    })
}

async fn gift(State(app): State<Arc<App>>, Path(gift): Path<String>, uri: Uri) -> Response {
    read(&app, &uri, &gift, |state, id| {
        let gift = state.ledger.get(id).filter(|gift| !gift.deleted).cloned();
        let (gift, echo) = (gift.ok_or(NO_GIFT)?, state.echo());
        Ok(Box::new(move || answer::gift(&gift, echo)))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteBody {
    id: Uuid,
}

async fn delete(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let Ok(DeleteBody { id }) = serde_json::from_slice(&body) else {
        return failed(StatusCode::BAD_REQUEST, BAD_GUID);
    };
    let (deleted, now) = {
        let mut state = app.lock();
        (state.delete(id), state.now())
    };
    app.wake();
    match deleted {
        Err((status, complaint)) => failed(status, complaint),
        Ok(None) => reply::json(StatusCode::OK, answer::deleted()),
        Ok(Some(fault)) => {
            let variety = id.as_u64_pair().0;
            reply::spoil(fault, Context { right: answer::deleted(), now, variety })
        }
    }
}

async fn nowhere() -> Response {
    reply::page(StatusCode::NOT_FOUND)
}

/// Writes a body from what was copied under the lock.
pub(super) type Render = Box<dyn FnOnce() -> Vec<u8> + Send>;

/// Reads something of a wallet.
fn read_wallet(
    app: &App,
    uri: &Uri,
    wallet: &str,
    look: impl FnOnce(&mut Memory, Uuid) -> Render,
) -> Response {
    read(app, uri, wallet, |state, wallet| {
        state.check_wallet(wallet)?;
        Ok(look(state, wallet))
    })
}

/// Reads something, unless this read's fault comes first.
pub(super) fn read(
    app: &App,
    uri: &Uri,
    id: &str,
    look: impl FnOnce(&mut Memory, Uuid) -> Result<Render, Complaint>,
) -> Response {
    let Some(id) = parse_guid(id) else {
        return failed(StatusCode::BAD_REQUEST, BAD_GUID);
    };
    let path = PathKey::of(uri.path_and_query().map_or("", |path| path.as_str()));
    let (render, fault, now) = {
        let mut state = app.lock();
        let render = look(&mut state, id);
        // A read that fails anyway is not spoiled: its fault would be counted but never seen.
        let fault = if render.is_ok() { state.read(path) } else { None };
        (render, fault, state.now())
    };
    app.wake();
    let right = match render {
        Ok(render) => render(),
        Err(complaint) => return failed(StatusCode::NOT_FOUND, complaint),
    };
    match fault {
        None => reply::json(StatusCode::OK, right),
        Some(fault) => {
            let variety = path.variety();
            reply::spoil(fault, Context { right, now, variety })
        }
    }
}
