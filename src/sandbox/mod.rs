//! A pretend provider of gifts, to rehearse against and to test against.
//!
//! It answers the wallet API and Minted Connect on 127.0.0.1 as their pages describe them, spoils requests
//! with seeded faults, and keeps a book of what it really credited. A client is right if, after
//! whatever happened, the book says what its campaign asked for.
//!
//! A request walks: [`mod@line`] (its connection) → [`gate`] (counting, outage, keys, limit) →
//! [`routes`] (the endpoint) → [`state`] (the decision, under the lock, with the fault that
//! [`faults`] draws) → [`reply`] (the response, right or spoiled) → [`mod@line`] (sent or cut).
//!
//! **Invariant:** it imports nothing of the rest of the crate, so that no mistake is made twice.
//! **Invariant:** it listens on the loopback address only.

mod amount;
mod answer;
mod app;
mod book;
mod config;
mod controls;
mod digest;
mod envelope;
mod faults;
mod gate;
mod gift_request;
mod inspect;
mod kind;
mod line;
mod login;
mod minted;
mod profile;
mod reply;
mod routes;
mod state;
mod tally;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpSocket;

pub use self::book::{Book, BookGift, Source, Totals};
pub use self::config::{
    ExpectedKeys, MintedService, Outage, RefusalKind, RetryAfter, SandboxConfig, SandboxHolding,
    WalletFacts, Wallets,
};
pub use self::controls::{NoSuchGift, SeedGift};
pub use self::digest::DigestHash;
pub use self::kind::{FaultKind, Place};
pub use self::profile::FaultProfile;
pub use self::tally::{Endpoint, Stats};

use self::app::App;
use self::state::State;

/// Connections that may wait to be accepted: more than a client opens at once.
const BACKLOG: u32 = 1024;

/// No condition is waited for longer: what leads to it has gone.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A running sandbox. It stops when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    app: Arc<App>,
    address: SocketAddr,
}

impl Sandbox {
    /// Binds the port, and serves in tasks of the tokio runtime that this is called in.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn start(config: SandboxConfig) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        // A sandbox that was just stopped leaves its port in TIME_WAIT.
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, config.port)))?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let app = App::new(State::new(config));
        let router = routes::router(Arc::clone(&app));
        app.tasks.spawn(line::accept(listener, router, app.tasks.clone(), app.stop.clone()));
        Ok(Self { app, address })
    }

    /// The base URL, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A snapshot of what was really credited.
    pub fn book(&self) -> Book {
        self.app.lock().ledger.snapshot()
    }

    /// A snapshot of the counters.
    pub fn stats(&self) -> Stats {
        self.app.lock().tally.snapshot()
    }

    /// How many requests an endpoint got so far.
    pub fn requests_of(&self, endpoint: Endpoint) -> u64 {
        self.stats().requests_of(endpoint)
    }

    /// Waits until the counters meet a condition: `condition` is asked after each request.
    ///
    /// # Panics
    ///
    /// Where they do not for [`PATIENCE`].
    pub async fn until(&self, condition: impl Fn(&Stats) -> bool) {
        let met = tokio::time::timeout(PATIENCE, self.app.until(condition)).await;
        assert!(met.is_ok(), "a condition is not met after {PATIENCE:?}: {:?}", self.stats());
    }

    /// Waits until no late commit is pending, so that the book is final for the POSTs so far. Those come by
    /// themselves.
    pub async fn settled(&self) {
        self.app.until(|stats| stats.late_commits_pending == 0).await;
    }

    /// Stops listening, drops all connections and pending late commits, and waits until they are
    /// gone; the book stays readable.
    pub async fn stop(&self) {
        self.app.stop.cancel();
        self.app.tasks.close();
        self.app.tasks.wait().await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.app.stop.cancel();
    }
}
