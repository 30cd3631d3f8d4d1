//! Answers as responses, right ones and spoiled ones.
//!
//! It decides nothing: which reply a request gets was decided under the lock.
//!
//! **Invariant:** a spoiled reply says nothing that tells whether the gift was credited.

use std::time::SystemTime;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, StatusCode};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};

use super::config::{RefusalKind, RetryAfter};
use super::envelope::{self, ErrorForm};
use super::gift_request::Complaint;
use super::kind::Reply;
use super::line::Ending;

/// More than a careful client reads of one answer.
const OVERSIZED_BYTES: usize = 2 * 1024 * 1024;

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html";
const REFUSED: Complaint = Complaint { code: "GiftRefused", message: "The gift was refused." };

/// What a spoiled reply is made of besides its kind.
#[derive(Debug)]
pub(super) struct Context {
    /// The right body; empty where nothing was done.
    pub(super) right: Vec<u8>,
    /// The server's clock.
    pub(super) now: DateTime<Utc>,
    /// A number that differs from request to request, for choices without a rate.
    pub(super) variety: u64,
}

/// Makes the response of a spoiled reply.
pub(super) fn spoil(reply: Reply, context: Context) -> Response {
    let Context { mut right, now, variety } = context;
    match reply {
        Reply::Silence => Ending::Silence.into_response(),
        Reply::Reset => Ending::Reset.into_response(),
        Reply::Fin => Ending::Fin.into_response(),
        Reply::CutStatusLine => Ending::After(Bytes::from_static(b"HTTP/1.1 20")).into_response(),
        Reply::CutBody => Ending::After(cut_body(&right)).into_response(),
        Reply::Garbled => json(StatusCode::OK, garble(right)),
        Reply::Empty => json(StatusCode::OK, Vec::new()),
        Reply::NullValue => json(StatusCode::OK, envelope::null_value()),
        Reply::Oversized => {
            // White space is JSON too: only a limit on bytes tells this answer from a right one.
            right.resize(OVERSIZED_BYTES, b' ');
            json(StatusCode::OK, right)
        }
        Reply::Html => page(StatusCode::BAD_GATEWAY),
        Reply::ServerError if variety.is_multiple_of(2) => {
            with_type(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", "Internal Server Error")
        }
        Reply::ServerError => with_type(StatusCode::SERVICE_UNAVAILABLE, "text/plain", ""),
        Reply::Redirect => with_header(
            with_type(StatusCode::TEMPORARY_REDIRECT, HTML, ""),
            LOCATION,
            HeaderValue::from_static("/api/v1/balance/gift"),
        ),
        Reply::Limited(retry_after) => limited(retry_after, now),
        Reply::Refused(kind) => refused(kind, REFUSED, ErrorForm::by(variety / 2)),
    }
}

/// A refusal in the envelope.
pub(super) fn refused(kind: RefusalKind, complaint: Complaint, form: ErrorForm) -> Response {
    let status = match kind {
        RefusalKind::IsFailure200 => StatusCode::OK,
        RefusalKind::BadRequest400 => StatusCode::BAD_REQUEST,
        RefusalKind::NotFound404 => StatusCode::NOT_FOUND,
        RefusalKind::Unprocessable422 => StatusCode::UNPROCESSABLE_ENTITY,
    };
    json(status, envelope::failure(complaint, form))
}

/// A failure in the envelope, with its objects of code and message.
pub(super) fn failed(status: StatusCode, complaint: Complaint) -> Response {
    json(status, envelope::failure(complaint, ErrorForm::Objects))
}

/// 429, with what it says about when to come back.
pub(super) fn limited(retry_after: RetryAfter, now: DateTime<Utc>) -> Response {
    let response = with_type(StatusCode::TOO_MANY_REQUESTS, "text/plain", "Too Many Requests");
    match retry_after {
        RetryAfter::Absent => response,
        RetryAfter::Seconds => with_header(response, RETRY_AFTER, HeaderValue::from_static("1")),
        RetryAfter::Date => {
            with_header(response, RETRY_AFTER, http_date(now + TimeDelta::seconds(1)))
        }
    }
}

/// A proxy's page.
pub(super) fn page(status: StatusCode) -> Response {
    let head = format!("<html>\r\n<head><title>{status}</title></head>");
    let body = format!("<body>\r\n<center><h1>{status}</h1></center>\r\n<hr></body>");
    with_type(status, HTML, format!("{head}\r\n{body}\r\n</html>\r\n"))
}

/// A JSON body.
pub(super) fn json(status: StatusCode, body: Vec<u8>) -> Response {
    with_type(status, JSON, body)
}

/// An instant as HTTP headers write it.
pub(super) fn http_date(at: DateTime<Utc>) -> HeaderValue {
    let text = httpdate::fmt_http_date(SystemTime::from(at));
    HeaderValue::from_str(&text).expect("an HTTP date is plain ASCII")
}

fn with_type(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    with_header(response, CONTENT_TYPE, HeaderValue::from_static(content_type))
}

fn with_header(mut response: Response, name: HeaderName, value: HeaderValue) -> Response {
    response.headers_mut().insert(name, value);
    response
}

/// The start of a 200 whose `Content-Length` promises the whole body.
fn cut_body(right: &[u8]) -> Bytes {
    let length = right.len();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: {JSON}\r\ncontent-length: {length}\r\n\r\n");
    Bytes::from([head.as_bytes(), &right[..length / 2]].concat())
}

/// The right body with its second half overwritten, so that it is no longer JSON.
fn garble(mut right: Vec<u8>) -> Vec<u8> {
    let half = right.len() / 2;
    right[half..].fill(b'#');
    right
}
