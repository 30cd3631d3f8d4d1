//! The transport that carries requests over HTTP.
//!
//! **Invariant:** a request is sent once. No retries (HTTP/2's own included), no redirects (307 and
//! 308 replay a POST, and our keys would be forwarded), no proxy from the environment.
//! **Invariant:** keys are in headers marked as sensitive, and in no error and no log; what a server's
//! refusal repeats of them is taken out before anybody reads it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};

use super::BaseUrl;
use super::hide::hide;
use super::reply::Loss;
use super::transport::{Delivery, Method, Request, Sending, Transport};

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
    #[error("the key for the header {0} holds a character that no HTTP header can carry")]
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
}

impl Http {
    /// For the API at `base`; `timeout` is for a whole request.
    pub(super) fn new(
        base: &BaseUrl,
        credentials: &Credentials,
        timeout: Duration,
    ) -> Result<Http, ClientError> {
        let mut headers = HeaderMap::new();
        headers.insert("apikeypublic", secret("apikeypublic", &credentials.api_key)?);
        headers.insert("apiclientpublic", secret("apiclientpublic", &credentials.api_client)?);
        let mut client = Client::builder();
        if !base.is_encrypted() {
            // Reading the system's certificates takes longer than all else of a start.
            client = client.tls_certs_only([]);
        }
        let client = client
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
        let keys = [&credentials.api_key, &credentials.api_client].map(Clone::clone);
        Ok(Http { client, keys: Arc::new(keys) })
    }
}

impl Transport for Http {
    fn send(&self, request: Request) -> Sending {
        let Request { method, url, body, cap } = request;
        let mut request = match method {
            Method::Get => self.client.get(url),
            Method::Post => self.client.post(url),
            Method::Delete => self.client.delete(url),
        };
        if let Some(json) = body {
            request = request.header(CONTENT_TYPE, JSON).body(json);
        }
        Box::pin(carry(request, cap, self.keys.clone()))
    }
}

async fn carry(request: RequestBuilder, cap: usize, keys: Arc<[SecretString]>) -> Delivery {
    let delivery = match request.send().await {
        Ok(response) => read(response, cap).await,
        Err(error) => failed(&error),
    };
    match delivery {
        Delivery::Answered { status, date, retry_after, body } => {
            Delivery::Answered { status, date, retry_after, body: hide(body, &keys) }
        }
        other => other,
    }
}

async fn read(mut response: Response, cap: usize) -> Delivery {
    let header = |name: HeaderName| {
        let text = response.headers().get(name)?.to_str().ok()?;
        Some(text.to_owned())
    };
    let (date, retry_after) = (header(DATE), header(RETRY_AFTER));
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
    Delivery::Answered { status, date, retry_after, body }
}

fn secret(header: &'static str, key: &SecretString) -> Result<HeaderValue, ClientError> {
    let mut value =
        HeaderValue::from_str(key.expose_secret()).map_err(|_| ClientError::Key(header))?;
    value.set_sensitive(true);
    Ok(value)
}

fn failed(error: &reqwest::Error) -> Delivery {
    // The only errors that prove that nothing was sent: refused, name not found, TLS not agreed on.
    if error.is_connect() { Delivery::NeverSent { why: words(error) } } else { lost(error) }
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

    #[test]
    fn keys_are_shown_nowhere() {
        // Goal: no debug output and no error repeats a key. Method: print what holds one.
        let credentials =
            Credentials { api_key: "canary\u{7f}".into(), api_client: "canary".into() };
        assert!(!format!("{credentials:?}").contains("canary"));
        let base = "https://wallet.example".parse().unwrap();
        let error = Http::new(&base, &credentials, Duration::from_secs(1)).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("canary"));
    }
}
