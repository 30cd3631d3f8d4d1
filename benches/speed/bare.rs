//! Bare loops over HTTP: the same client library, the same requests, and nothing else.
//!
//! Answers are read whole, their status is looked at, and they are thrown away.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::runtime::Builder;

use super::rounds::seconds;

/// As many as the program has at most.
const CONNECTIONS: usize = 32;

/// Posts each body once; in how many seconds.
pub(crate) fn post_all(base: &str, bodies: &[String]) -> f64 {
    let url = format!("{base}/api/v1/balance/gift");
    all(bodies, move |client, body| {
        client.post(&url).header(CONTENT_TYPE, "application/json").body(body)
    })
}

/// Gets each page once; in how many seconds.
pub(crate) fn get_all(urls: &[String]) -> f64 {
    all(urls, |client, url| client.get(url))
}

/// One request for each text, 32 at once, on one thread.
fn all(
    texts: &[String],
    request: impl Fn(&Client, String) -> reqwest::RequestBuilder + Send + Sync + 'static,
) -> f64 {
    let texts: Arc<[String]> = texts.into();
    let request = Arc::new(request);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    seconds(|| {
        let client = client();
        let next = Arc::new(AtomicUsize::new(0));
        runtime.block_on(async {
            let one = |_| {
                let (client, next) = (client.clone(), Arc::clone(&next));
                let (texts, request) = (Arc::clone(&texts), Arc::clone(&request));
                tokio::spawn(async move {
                    while let Some(text) = texts.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let answer = request(&client, text.clone()).send().await;
                        let answer = answer.expect("the server answers");
                        assert!(answer.status().is_success(), "HTTP {}", answer.status());
                        answer.bytes().await.expect("the answer is whole");
                    }
                })
            };
            for task in (0..CONNECTIONS).map(one).collect::<Vec<_>>() {
                task.await.expect("a task ends by itself");
            }
        });
    })
}

/// Set up as the program sets up its own.
fn client() -> Client {
    let any = HeaderValue::from_static("any");
    let headers = [("apikeypublic", any.clone()), ("apiclientpublic", any)];
    let headers = headers.map(|(name, value)| (name.parse().expect("it is a name"), value));
    Client::builder()
        .default_headers(HeaderMap::from_iter(headers))
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .tcp_nodelay(true)
        .timeout(Duration::from_secs(30))
        .build()
        .expect("the client can be set up")
}

/// One page of the sandbox's own.
pub(crate) fn get(url: &str) -> Vec<u8> {
    let rest = url.strip_prefix("http://").expect("the sandbox speaks plain HTTP");
    let (host, path) = rest.split_once('/').expect("it has a path");
    let mut stream = TcpStream::connect(host).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time that is no zero");
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
        .expect("the server reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the server answers");
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head");
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer[..end]));
    answer.split_off(end + 4)
}
