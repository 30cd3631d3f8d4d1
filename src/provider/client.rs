//! The client: what is asked of the wallet API, and the times of each exchange.
//!
//! **Invariant:** each call is one request, carried once by the [`Transport`].

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Datelike, Utc};

use super::BaseUrl;
use super::classify::{Verdict, classify};
use super::http::{ClientError, Credentials, Http};
use super::line::Line;
use super::list::{ListReading, read_gift, read_list};
use super::removal::{Removal, read_removal};
use super::reply::{Answer, Exchange, Reply};
use super::transport::{Delivery, Method, Request, Transport, Url};
use super::wallet::{Balances, Reading, WalletRecord, read_balances, read_record};
use super::wire::{create_body, delete_body};
use crate::clock::Clock;
use crate::domain::{Gift, GiftId, WalletId};

/// The largest answer that is read, but for lists.
pub(super) const ANSWER_BYTES: usize = 1 << 20;

/// The largest list that is read: some 250,000 gifts.
const LIST_BYTES: usize = 128 << 20;

/// A client of the wallet API; cheap to clone.
#[derive(Clone, Debug)]
pub struct WalletClient(Arc<Inner>);

/// A request as it would be sent, but for its secrets.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Preview {
    /// The HTTP method.
    pub method: &'static str,
    /// Where to.
    pub url: String,
    /// Names and values, in the order of their names; secrets are hidden.
    #[serde(serialize_with = "as_map")]
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: String,
}

fn as_map<S: serde::Serializer>(headers: &[(String, String)], out: S) -> Result<S::Ok, S::Error> {
    out.collect_map(headers.iter().map(|(name, value)| (name, value)))
}

#[derive(Debug)]
struct Inner {
    transport: Arc<dyn Transport>,
    base: BaseUrl,
    create_url: Url,
    clock: Clock,
}

impl WalletClient {
    /// A client for the API at `base`, over HTTP.
    pub fn new(
        base: BaseUrl,
        credentials: &Credentials,
        line: impl Into<Line>,
        clock: Clock,
    ) -> Result<WalletClient, ClientError> {
        let http = Http::new(&base, credentials, &line.into())?;
        Ok(WalletClient::over(Arc::new(http), base, clock))
    }

    /// A client for the API at `base`, over any transport.
    pub fn over(transport: Arc<dyn Transport>, base: BaseUrl, clock: Clock) -> WalletClient {
        let create_url = base.join("/api/v1/balance/gift");
        WalletClient(Arc::new(Inner { transport, base, create_url, clock }))
    }

    /// Where it sends to.
    pub fn base(&self) -> &BaseUrl {
        &self.0.base
    }

    /// Sends one create, once, and says what the reply proves.
    pub async fn create_gift(&self, gift: &Gift) -> (Verdict, Exchange) {
        let exchange = self.exchange(self.create(gift)).await;
        (classify(gift, &exchange.reply), exchange)
    }

    /// The request of a create as it would be sent, with its secrets hidden. Nothing is sent.
    pub fn preview_gift(&self, gift: &Gift) -> Preview {
        let request = self.create(gift);
        let headers = self.0.transport.headers(request.clone());
        let Request { url, body, .. } = request;
        Preview { method: "POST", url: url.into(), headers, body: body.unwrap_or_default() }
    }

    fn create(&self, gift: &Gift) -> Request {
        let url = self.0.create_url.clone();
        Request { method: Method::Post, url, body: Some(create_body(gift)), cap: ANSWER_BYTES }
    }

    /// Deletes one gift by the provider's id, once, and says what the reply proves.
    ///
    /// Never by a wallet's id: the API has such a call too, and it takes all of a wallet's gifts.
    pub async fn delete_gift(&self, id: GiftId) -> (Removal, Exchange) {
        let url = self.0.create_url.clone();
        let body = Some(delete_body(id));
        let request = Request { method: Method::Delete, url, body, cap: ANSWER_BYTES };
        let exchange = self.exchange(request).await;
        (read_removal(&exchange.reply), exchange)
    }

    /// Reads the gift list of a wallet.
    pub async fn gifts_of(&self, wallet: WalletId) -> (ListReading, Exchange) {
        let exchange =
            self.get(&format!("/api/v1/balance/gift/by/wallet/{wallet}"), LIST_BYTES).await;
        (read_list(wallet, &exchange.reply), exchange)
    }

    /// Reads one gift of a wallet by the provider's id, as a list of that gift alone.
    pub async fn gift(&self, wallet: WalletId, id: GiftId) -> (ListReading, Exchange) {
        let exchange = self.get(&format!("/api/v1/balance/gift/{id}"), ANSWER_BYTES).await;
        (read_gift(wallet, id, &exchange.reply), exchange)
    }

    /// Reads a wallet's record.
    pub async fn wallet(&self, id: WalletId) -> (Reading<WalletRecord>, Exchange) {
        let exchange = self.get(&format!("/api/v1/wallet/by/id/{id}"), ANSWER_BYTES).await;
        (read_record(id, &exchange.reply), exchange)
    }

    /// Reads a wallet's balances.
    pub async fn balances(&self, id: WalletId) -> (Reading<Balances>, Exchange) {
        let mut url = self.0.base.join("/api/v1/wallet/balances");
        url.set_query(Some(&format!("Id={id}")));
        let request = Request { method: Method::Get, url, body: None, cap: ANSWER_BYTES };
        let exchange = self.exchange(request).await;
        (read_balances(id, &exchange.reply), exchange)
    }

    async fn get(&self, path: &str, cap: usize) -> Exchange {
        let url = self.0.base.join(path);
        self.exchange(Request { method: Method::Get, url, body: None, cap }).await
    }

    async fn exchange(&self, request: Request) -> Exchange {
        let Inner { transport, clock, .. } = &*self.0;
        let sent_at = clock.now();
        let reply = reply(transport.send(request).await);
        Exchange { reply, sent_at, ended_at: clock.now() }
    }
}

/// Reads the headers of what was delivered; the body is left to who asked.
pub(super) fn reply(delivery: Delivery) -> Reply {
    match delivery {
        Delivery::Answered { status, date, retry_after: wait, age, body } => {
            let server_time = date.as_deref().and_then(http_date).filter(is_shown_by_a_clock);
            let retry_after = wait.and_then(|text| retry_after(&text, server_time));
            let age = age.as_deref().and_then(age_of);
            Reply::Answered(Answer {
                status,
                retry_after,
                server_time,
                age,
                body,
                ..Answer::default()
            })
        }
        Delivery::NeverSent { barrier, why } => Reply::NeverSent { barrier, why },
        Delivery::Lost { loss, why } => Reply::Lost { loss, why },
    }
}

fn http_date(text: &str) -> Option<DateTime<Utc>> {
    httpdate::parse_http_date(text).ok().map(DateTime::from)
}

/// A clock that was never set shows 1970, and none shows the last year that can be written.
fn is_shown_by_a_clock(instant: &DateTime<Utc>) -> bool {
    (1971..9999).contains(&instant.year())
}

/// Whole seconds; of several members the first counts, and what is longer than 68 years is that long (RFC 9111,
/// 1.2.2 and 5.1).
fn age_of(text: &str) -> Option<Duration> {
    let first = text.split(',').next()?.trim();
    let is_number = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Duration::from_secs(first.parse().unwrap_or(u64::MAX).min(1 << 31)))
}

/// Seconds, or a date by the server's own clock. Where the server does not show its clock, a date
/// says nothing: the two may be hours apart.
fn retry_after(text: &str, server_time: Option<DateTime<Utc>>) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = http_date(text)?;
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
        let wait = |text: &str| retry_after(text, now);
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Mon, 01 Mar 2027 09:00:09 GMT"), Some(Duration::from_secs(9)));
        assert_eq!(wait("Mon, 01 Mar 2027 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
        assert_eq!(retry_after("Mon, 01 Mar 2027 09:00:09 GMT", None), None);
        assert_eq!(retry_after("7", None), Some(Duration::from_secs(7)));
    }
}
