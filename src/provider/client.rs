//! The client: one request, once, and at most a capped answer.
//!
//! **Invariant:** a request is sent once. No retries (HTTP/2's own included), no redirects (307 and
//! 308 replay a POST, and our keys would be forwarded), no proxy from the environment.
//! **Invariant:** keys are in headers marked as sensitive, and in no error and no log.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};

use super::BaseUrl;
use super::classify::{Verdict, classify};
use super::credit::{ListReading, read_gift, read_list};
use super::reply::{Answer, Exchange, Loss, Reply};
use super::wallet::{Balances, Reading, WalletRecord, read_balances, read_record};
use super::wire::create_body;
use crate::clock::Clock;
use crate::domain::{Gift, GiftId, WalletId};

/// The largest answer that is read, but for lists.
const ANSWER_BYTES: usize = 1 << 20;

/// The largest list that is read.
const LIST_BYTES: usize = 16 << 20;

/// An idle connection is closed by us before most servers close it: each one that the server closes
/// while a request is on its way costs a doubt.
const IDLE: Duration = Duration::from_secs(4);

/// A connection is made within this time, or within the request's time-out where that is less.
const CONNECT: Duration = Duration::from_secs(10);

/// The two keys that every call carries.
#[derive(Clone)]
pub struct Credentials {
    /// Header `apikeypublic`.
    pub api_key: SecretString,
    /// Header `apiclientpublic`.
    pub api_client: SecretString,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Credentials(hidden)")
    }
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A key holds what no header can carry. The key itself is not repeated.
    #[error("the key for the header {0} holds a character that no HTTP header can carry")]
    Key(&'static str),
    /// TLS could not be set up.
    #[error("cannot set up the HTTP client")]
    Setup(#[source] reqwest::Error),
}

/// A client of the wallet API; cheap to clone, one pool of connections.
#[derive(Clone, Debug)]
pub struct WalletClient {
    http: Client,
    base: BaseUrl,
    create_url: String,
    clock: Clock,
}

impl WalletClient {
    /// A client for the API at `base`; `timeout` is for a whole request.
    pub fn new(
        base: BaseUrl,
        credentials: &Credentials,
        timeout: Duration,
        clock: Clock,
    ) -> Result<WalletClient, ClientError> {
        let mut headers = HeaderMap::new();
        headers.insert("apikeypublic", secret("apikeypublic", &credentials.api_key)?);
        headers.insert("apiclientpublic", secret("apiclientpublic", &credentials.api_client)?);
        let http = Client::builder()
            .default_headers(headers)
            .user_agent(concat!("giftbatch/", env!("CARGO_PKG_VERSION")))
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .tcp_nodelay(true)
            .connect_timeout(timeout.min(CONNECT))
            .timeout(timeout)
            .pool_idle_timeout(IDLE)
            .build()
            .map_err(ClientError::Setup)?;
        let create_url = base.join("/api/v1/balance/gift");
        Ok(WalletClient { http, base, create_url, clock })
    }

    /// Where it sends to.
    pub fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// Sends one create, once, and says what the reply proves.
    pub async fn create_gift(&self, gift: &Gift) -> (Verdict, Exchange) {
        let request = self
            .http
            .post(&self.create_url)
            .header(CONTENT_TYPE, "application/json")
            .body(create_body(gift));
        let exchange = self.exchange(request, ANSWER_BYTES).await;
        (classify(gift, &exchange.reply), exchange)
    }

    /// Reads the gift list of a wallet.
    pub async fn gifts_of(&self, wallet: WalletId) -> (ListReading, Exchange) {
        let url = self.base.join(&format!("/api/v1/balance/gift/by/wallet/{wallet}"));
        let exchange = self.exchange(self.http.get(url), LIST_BYTES).await;
        (read_list(wallet, &exchange.reply), exchange)
    }

    /// Reads one gift of a wallet by the provider's id, as a list of that gift alone.
    pub async fn gift(&self, wallet: WalletId, id: GiftId) -> (ListReading, Exchange) {
        let url = self.base.join(&format!("/api/v1/balance/gift/{id}"));
        let exchange = self.exchange(self.http.get(url), ANSWER_BYTES).await;
        (read_gift(wallet, id, &exchange.reply), exchange)
    }

    /// Reads a wallet's record.
    pub async fn wallet(&self, id: WalletId) -> Reading<WalletRecord> {
        let url = self.base.join(&format!("/api/v1/wallet/by/id/{id}"));
        read_record(&self.exchange(self.http.get(url), ANSWER_BYTES).await.reply)
    }

    /// Reads a wallet's balances.
    pub async fn balances(&self, id: WalletId) -> Reading<Balances> {
        let url = self.base.join("/api/v1/wallet/balances");
        let request = self.http.get(url).query(&[("Id", id.to_string())]);
        read_balances(&self.exchange(request, ANSWER_BYTES).await.reply)
    }

    async fn exchange(&self, request: RequestBuilder, cap: usize) -> Exchange {
        let sent_at = self.clock.now();
        let reply = match request.send().await {
            Ok(response) => self.read(response, cap).await,
            Err(error) => failed(&error),
        };
        Exchange { reply, sent_at, ended_at: self.clock.now() }
    }

    async fn read(&self, mut response: Response, cap: usize) -> Reply {
        let server_time = response.headers().get(DATE).and_then(http_date);
        let retry_after =
            response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value, server_time));
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(None) => break,
                Ok(Some(chunk)) if body.len() + chunk.len() <= cap => {
                    body.extend_from_slice(&chunk);
                }
                Ok(Some(_)) => {
                    let why = format!("the answer is larger than {cap} bytes");
                    return Reply::Lost { loss: Loss::TooLarge, why };
                }
                // The status arrived, so that the request did: whatever broke now is a loss.
                Err(error) => return lost(&error),
            }
        }
        let status = response.status().as_u16();
        Reply::Answered(Answer { status, retry_after, server_time, body })
    }
}

fn secret(header: &'static str, key: &SecretString) -> Result<HeaderValue, ClientError> {
    let mut value =
        HeaderValue::from_str(key.expose_secret()).map_err(|_| ClientError::Key(header))?;
    value.set_sensitive(true);
    Ok(value)
}

fn failed(error: &reqwest::Error) -> Reply {
    // The only errors that prove that nothing was sent: refused, name not found, TLS not agreed on.
    if error.is_connect() { Reply::NeverSent { why: words(error) } } else { lost(error) }
}

fn lost(error: &reqwest::Error) -> Reply {
    let loss = if error.is_timeout() { Loss::TimedOut } else { Loss::Cut };
    let why = match loss {
        Loss::TimedOut => "no answer within the time-out".to_owned(),
        _ => words(error),
    };
    Reply::Lost { loss, why }
}

/// The innermost cause: the layers above it only repeat the URL.
fn words(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn http_date(value: &HeaderValue) -> Option<DateTime<Utc>> {
    httpdate::parse_http_date(value.to_str().ok()?).ok().map(DateTime::from)
}

/// Seconds, or a date by the server's own clock. Where the server does not show its clock, a date
/// says nothing: the two may be hours apart.
fn retry_after(value: &HeaderValue, server_time: Option<DateTime<Utc>>) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until: DateTime<Utc> = httpdate::parse_http_date(text).ok()?.into();
    Some((until - server_time?).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        // Goal: both forms of RFC 9110. Method: each, a date that has passed, nonsense, and a date
        // from a server that does not show its clock.
        let now = Some("2027-03-01T09:00:00Z".parse().unwrap());
        let wait = |text: &'static str| retry_after(&HeaderValue::from_static(text), now);
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Mon, 01 Mar 2027 09:00:09 GMT"), Some(Duration::from_secs(9)));
        assert_eq!(wait("Mon, 01 Mar 2027 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
        let date = HeaderValue::from_static("Mon, 01 Mar 2027 09:00:09 GMT");
        assert_eq!(retry_after(&date, None), None);
        assert_eq!(retry_after(&HeaderValue::from_static("7"), None), Some(Duration::from_secs(7)));
    }

    #[test]
    fn keys_are_shown_nowhere() {
        // Goal: no debug output and no error repeats a key. Method: print what holds one.
        let credentials =
            Credentials { api_key: "canary\u{7f}".into(), api_client: "canary".into() };
        assert!(!format!("{credentials:?}").contains("canary"));
        let base = "http://127.0.0.1:1".parse().unwrap();
        let second = Duration::from_secs(1);
        let error =
            WalletClient::new(base, &credentials, second, crate::clock::system()).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("canary"));
    }
}
