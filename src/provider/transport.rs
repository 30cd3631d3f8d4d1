//! How a request reaches the provider: the seam between what is asked and what carries it.
//!
//! It stands apart so that the whole of a run can be held against a pretend network. What comes back
//! is raw: its status, three headers as text, its bytes. Whatever has a meaning is read above.
//!
//! **Invariant:** a request is carried at most once, and its answer is read up to its cap.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

pub use reqwest::Url;

use super::barrier::Barrier;
use super::reply::Loss;

/// What is to be done with what a URL names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// It is read.
    Get,
    /// Something new is made there.
    Post,
    /// What the body names is deleted.
    Delete,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is to be done.
    pub method: Method,
    /// Where to, with path and query; parsed, so that what is asked again and again costs no parsing.
    pub url: Url,
    /// The JSON of a POST or a DELETE; none for a GET.
    pub body: Option<String>,
    /// A longer answer, in bytes, is not read to its end.
    pub cap: usize,
}

/// What came back, unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A whole answer.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The header `Date`.
        date: Option<String>,
        /// The header `Retry-After`.
        retry_after: Option<String>,
        /// The header `Age`.
        age: Option<String>,
        /// The body, decoded and within its cap.
        body: Vec<u8>,
    },
    /// The connection was never made: the request cannot have reached the server.
    NeverSent {
        /// Of which kind the trouble is.
        barrier: Barrier,
        /// What stood in the way.
        why: String,
    },
    /// The request may have reached the server; its answer did not reach us.
    Lost {
        /// How.
        loss: Loss,
        /// In the words of the layer that noticed.
        why: String,
    },
}

/// A request on its way.
pub type Sending = Pin<Box<dyn Future<Output = Delivery> + Send>>;

/// Carries requests.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Carries one request, once.
    fn send(&self, request: Request) -> Sending;

    /// The headers with which it would carry a request, secrets hidden; a transport that is no HTTP has
    /// none. Nothing is sent.
    fn headers(&self, _request: Request) -> Vec<(String, String)> {
        Vec::new()
    }
}
