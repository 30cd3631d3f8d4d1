//! The transport that carries requests over HTTP.
//!
//! **Invariant:** a request is sent once. No retries (HTTP/2's own included), no redirects (307 and
//! 308 replay a POST, and our keys would be forwarded), no proxy from the environment.
//! **Invariant:** keys are in headers marked as sensitive, and in no error and no log; what a server's
//! refusal repeats of them is taken out before anybody reads it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    AGE, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue,
    PRAGMA, RETRY_AFTER, USER_AGENT, WWW_AUTHENTICATE,
};
use reqwest::{Client, Proxy, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};

use super::BaseUrl;
use super::barrier::barrier;
use super::hide::hide;
use super::line::Line;
use super::reply::Loss;
use super::transport::{Delivery, Method, Request, Sending, Transport, Url};

/// An idle connection is closed by us before most servers close it: each one that the server closes
/// while a request is on its way costs a doubt.
const IDLE: Duration = Duration::from_secs(4);

/// A connection is made within this time, or within the request's time-out where that is less.
const CONNECT: Duration = Duration::from_secs(10);

const JSON: HeaderValue = HeaderValue::from_static("application/json");

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
    #[error("what is set for the header {0} holds a character that no HTTP header can carry")]
    Key(&'static str),
    /// TLS could not be set up.
    #[error("cannot set up the HTTP client")]
    Setup(#[source] reqwest::Error),
}

/// Carries requests over HTTP; one pool of connections.
#[derive(Clone, Debug)]
pub(super) struct Http {
    client: Client,
    /// The keys, to be taken out of what the server says.
    keys: Arc<[SecretString]>,
    /// What names a proxy to other programs, and is not used here.
    unused_proxy: Option<&'static str>,
    /// What every request carries.
    headers: HeaderMap,
}

/// What is shown of a secret.
const HIDDEN: &str = "********";

/// What the HTTP library adds to every request by itself, beside the host and the length.
const ADDED: [(&str, &str); 2] = [("accept", "*/*"), ("accept-encoding", "gzip")];

impl Http {
    /// For the wallet API at `base`.
    pub(super) fn new(
        base: &BaseUrl,
        credentials: &Credentials,
        line: &Line,
    ) -> Result<Http, ClientError> {
        let mut headers = HeaderMap::new();
        headers.insert("apikeypublic", secret("apikeypublic", &credentials.api_key)?);
        headers.insert("apiclientpublic", secret("apiclientpublic", &credentials.api_client)?);
        let keys = [&credentials.api_key, &credentials.api_client].map(Clone::clone);
        Http::with(base, headers, line, Arc::new(keys))
    }

    /// For any API at `base`, with headers that every request carries, and keys that no answer may repeat.
    pub(super) fn with(
        base: &BaseUrl,
        mut headers: HeaderMap,
        line: &Line,
        keys: Arc<[SecretString]>,
    ) -> Result<Http, ClientError> {
        let agent = concat!("giftbatch/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        let mut client = Client::builder();
        if !base.is_encrypted() {
            // Reading the system's certificates takes longer than all else of a start.
            client = client.tls_certs_only([]);
        }
        let client = client
            .default_headers(headers.clone())
            // None at all: so it keeps no copy of a request either.
            .retry(reqwest::retry::never().max_retries_per_request(0))
            .redirect(reqwest::redirect::Policy::none())
            // Whoever stands between sees what is sent: nobody does whom nobody chose.
            .no_proxy()
            .referer(false)
            .tcp_nodelay(true)
            .connect_timeout(line.timeout.min(CONNECT))
            .timeout(line.timeout)
            .pool_idle_timeout(IDLE);
        let client = match &line.proxy {
            Some(url) => {
                client.proxy(Proxy::all(url.as_url().clone()).map_err(ClientError::Setup)?)
            }
            None => client,
        };
        let client = client.build().map_err(ClientError::Setup)?;
        let unused_proxy = line.unused_proxy.filter(|_| !base.is_loopback());
        Ok(Http { client, keys, headers, unused_proxy })
    }

    fn request(&self, request: Request) -> RequestBuilder {
        let Request { method, url, body, .. } = request;
        let request = match method {
            Method::Get => fresh(self.client.get(url)),
            Method::Post => self.client.post(url),
            Method::Delete => self.client.delete(url),
        };
        match body {
            Some(json) => request.header(CONTENT_TYPE, JSON).body(json),
            None => request,
        }
    }

    /// Sends one GET, with proof of who we are where there is one; and hands over what the answer asks
    /// for to log in.
    pub(super) async fn get(
        &self,
        url: Url,
        authorization: Option<HeaderValue>,
        cap: usize,
    ) -> (Delivery, Vec<Vec<u8>>) {
        let mut request = fresh(self.client.get(url));
        if let Some(mut proof) = authorization {
            proof.set_sensitive(true);
            request = request.header(AUTHORIZATION, proof);
        }
        match request.send().await {
            Ok(response) => {
                let asked = response.headers().get_all(WWW_AUTHENTICATE).iter();
                let asked = asked.map(|header| header.as_bytes().to_vec()).collect();
                (read(response, cap).await, asked)
            }
            Err(error) => (failed(&error, self.unused_proxy), Vec::new()),
        }
    }
}

/// What is read has to be the server's own word, not what a cache has kept (RFC 9111, 5.2.1.4 and 5.4).
fn fresh(request: RequestBuilder) -> RequestBuilder {
    request.header(CACHE_CONTROL, "no-cache").header(PRAGMA, "no-cache")
}

impl Transport for Http {
    fn send(&self, request: Request) -> Sending {
        let cap = request.cap;
        Box::pin(carry(self.request(request), cap, self.keys.clone(), self.unused_proxy))
    }

    fn headers(&self, request: Request) -> Vec<(String, String)> {
        let length = request.body.as_ref().map(|json| json.len().to_string());
        let host = request.url.authority().to_owned();
        let own = self.request(request).build().map(|built| built.headers().clone());
        let all = self.headers.iter().chain(own.iter().flatten());
        let mut headers: Vec<(String, String)> =
            all.map(|(name, value)| (name.to_string(), shown(value))).collect();
        headers.extend(ADDED.map(|(name, value)| (name.to_owned(), value.to_owned())));
        headers.push(("host".to_owned(), host));
        headers.extend(length.map(|length| ("content-length".to_owned(), length)));
        headers.sort();
        headers
    }
}

async fn carry(
    request: RequestBuilder,
    cap: usize,
    keys: Arc<[SecretString]>,
    unused_proxy: Option<&'static str>,
) -> Delivery {
    let delivery = match request.send().await {
        Ok(response) => read(response, cap).await,
        Err(error) => failed(&error, unused_proxy),
    };
    match delivery {
        Delivery::Answered { status, date, retry_after, age, body } => {
            Delivery::Answered { status, date, retry_after, age, body: hide(body, &keys) }
        }
        other => other,
    }
}

async fn read(mut response: Response, cap: usize) -> Delivery {
    let header = |name: HeaderName| {
        let text = response.headers().get(name)?.to_str().ok()?;
        Some(text.to_owned())
    };
    let (date, retry_after, age) = (header(DATE), header(RETRY_AFTER), header(AGE));
    let expected = response.content_length().and_then(|bytes| usize::try_from(bytes).ok());
    let mut body = Vec::with_capacity(expected.unwrap_or(0).min(cap));
    loop {
        match response.chunk().await {
            Ok(None) => break,
            Ok(Some(chunk)) if body.len() + chunk.len() <= cap => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => {
                let why = format!("the answer is larger than {cap} bytes");
                return Delivery::Lost { loss: Loss::TooLarge, why };
            }
            // The status arrived, so that the request did: whatever broke now is a loss.
            Err(error) => return lost(&error),
        }
    }
    let status = response.status().as_u16();
    Delivery::Answered { status, date, retry_after, age, body }
}

/// A header's value for people.
fn shown(value: &HeaderValue) -> String {
    if value.is_sensitive() {
        return HIDDEN.to_owned();
    }
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn secret(header: &'static str, key: &SecretString) -> Result<HeaderValue, ClientError> {
    let mut value =
        HeaderValue::from_str(key.expose_secret()).map_err(|_| ClientError::Key(header))?;
    value.set_sensitive(true);
    Ok(value)
}

fn failed(error: &reqwest::Error, unused_proxy: Option<&'static str>) -> Delivery {
    // The only errors that prove that nothing was sent: refused, name not found, TLS not agreed on.
    if !error.is_connect() {
        return lost(error);
    }
    let host = error.url().map_or("the server", Url::authority);
    let (barrier, mut why) = barrier(error, host);
    if let Some(name) = unused_proxy {
        why.push_str(&format!(" ({name} is set and not used: --proxy URL uses a proxy)"));
    }
    Delivery::NeverSent { barrier, why }
}

fn lost(error: &reqwest::Error) -> Delivery {
    let loss = if error.is_timeout() { Loss::TimedOut } else { Loss::Cut };
    let why = match loss {
        Loss::TimedOut => "no answer within the time-out".to_owned(),
        _ => words(error),
    };
    Delivery::Lost { loss, why }
}

/// The innermost cause: the layers above it only repeat the URL.
fn words(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_headers_that_are_shown_are_those_that_are_sent() {
        // Goal: a dry run shows what would be sent, but for the keys. Method: what a socket receives of a
        // POST and of a GET, beside what was shown.
        use tokio::io::AsyncReadExt as _;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let credentials = Credentials { api_key: "canary".into(), api_client: "bird".into() };
        let timeout = Duration::from_millis(500);
        let http = Http::new(&base.parse().unwrap(), &credentials, &timeout.into()).unwrap();
        for body in [Some("{\"Amount\":1}".to_owned()), None] {
            let url: reqwest::Url = format!("{base}/api/gift").parse().unwrap();
            let method = if body.is_some() { Method::Post } else { Method::Get };
            let request = Request { method, url, body: body.clone(), cap: 9 };
            let shown = http.headers(request.clone());
            assert!(!format!("{shown:?}").contains("canary"));
            let sending = tokio::spawn(http.send(request));
            let (mut socket, _) = listener.accept().await.unwrap();
            let (mut text, mut part) = (String::new(), [0; 4096]);
            while !text.contains("\r\n\r\n") || !text.ends_with(body.as_deref().unwrap_or("")) {
                let count = socket.read(&mut part).await.unwrap();
                text.push_str(std::str::from_utf8(&part[..count]).unwrap());
            }
            drop(socket);
            let _ = sending.await.unwrap();
            let head = text.split("\r\n\r\n").next().unwrap();
            let hidden = head.replace("canary", HIDDEN).replace("bird", HIDDEN);
            let mut sent: Vec<String> = hidden.lines().skip(1).map(str::to_lowercase).collect();
            sent.sort();
            let mut shown: Vec<String> =
                shown.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
            shown.sort();
            assert_eq!(sent, shown);
        }
    }

    #[test]
    fn keys_are_shown_nowhere() {
        // Goal: no debug output and no error repeats a key. Method: print what holds one.
        let credentials =
            Credentials { api_key: "canary\u{7f}".into(), api_client: "canary".into() };
        assert!(!format!("{credentials:?}").contains("canary"));
        let base = "https://wallet.example".parse().unwrap();
        let error = Http::new(&base, &credentials, &Duration::from_secs(1).into()).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("canary"));
    }
}
