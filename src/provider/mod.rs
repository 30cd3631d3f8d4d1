//! The provider: what is asked of the wallet API and of Minted Connect, and what their answers mean.
//!
//! It stands apart because the API documents no idempotency key: what an answer proves, and what it
//! leaves open, is decided here, in one place, and by no other stage.
//!
//! | [`WalletClient`] does | this module decides |
//! | --- | --- |
//! | sends one request, once, and reads at most a capped answer | [`classify()`]: what a POST's reply proves |
//! | keeps the [`Reply`], whatever it is | [`read_list`]: whether a list was answered whole |
//!
//! **Invariant:** only this module and `notify` name reqwest. The client never retries, follows no redirect
//! and takes no proxy from the environment.
//! **Invariant:** a server's no is data, never an `Err`; what is not understood is *unknown*.

mod barrier;
mod base_url;
mod classify;
mod client;
mod credit;
mod envelope;
mod exact;
mod hide;
mod http;
mod line;
mod list;
mod minted;
mod removal;
mod reply;
mod transport;
mod wallet;
mod wire;

pub use barrier::Barrier;
pub use base_url::{BaseUrl, BaseUrlError, is_safe_way};
pub use classify::{BLOCKED, Obstacle, REFUSAL_CLASSES, Trouble, Verdict, classify};
pub use client::{Preview, WalletClient};
pub use credit::{Closeness, Credit, SeenExpiry, moment};
pub use exact::sum as exact_sum;
pub use http::{ClientError, Credentials};
pub use line::{Line, ProxyUrl};
pub use list::{ListReading, read_gift, read_list};
pub use minted::{Holding, Holdings, Login, Manner, MintedClient, Question};
pub use removal::{Removal, read_removal};
pub use reply::{Answer, Exchange, Loss, Reply};
pub use transport::{Delivery, Method, Request, Sending, Transport, Url};
pub use wallet::{Balances, Reading, WalletRecord};
