//! Counts what happened: requests by endpoint, faults by kind, and how hard the sandbox was asked.
//!
//! It is pure: instants come in. Requests for the sandbox's own pages are not counted.
//!
//! **Invariant:** counters only grow.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use axum::http::Method;
use chrono::{DateTime, Utc};

use super::kind::FaultKind;

macro_rules! endpoints {
    ($($(#[doc = $doc:literal])+ $endpoint:ident = $name:literal,)+) => {
        /// What a request asks for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Endpoint {
            $($(#[doc = $doc])+ $endpoint,)+
        }

        impl Endpoint {
            /// Every endpoint, in the order of their counters.
            pub const ALL: &'static [Endpoint] = &[$(Endpoint::$endpoint,)+];

            /// The endpoint's word in statistics.
            pub fn name(self) -> &'static str {
                match self { $(Endpoint::$endpoint => $name,)+ }
            }
        }
    };
}

endpoints! {
    /// `POST /api/v1/balance/gift`.
    Create = "create",
    /// `GET /api/v1/balance/gift/by/wallet/{id}`.
    WalletGifts = "wallet_gifts",
    /// `GET /api/v1/balance/gift/{id}`.
    Gift = "gift",
    /// `DELETE /api/v1/balance/gift`.
    Delete = "delete",
    /// `GET /api/v1/wallet/by/id/{id}`.
    Wallet = "wallet",
    /// `GET /api/v1/wallet/balances`.
    Balances = "balances",
    /// `GET /partner/walletable/balance` of Minted Connect.
    Holdings = "holdings",
    /// Anything else: a client that comes here has a wrong path.
    Other = "other",
}

impl Endpoint {
    /// The endpoint of a request.
    pub(super) fn of(method: &Method, path: &str) -> Self {
        if (method, path) == (&Method::GET, "/partner/walletable/balance") {
            return Endpoint::Holdings;
        }
        let Some(path) = path.strip_prefix("/api/v1/") else {
            return Endpoint::Other;
        };
        match (method.as_str(), path) {
            ("POST", "balance/gift") => Endpoint::Create,
            ("DELETE", "balance/gift") => Endpoint::Delete,
            ("GET", "wallet/balances") => Endpoint::Balances,
            ("GET", path) if path.starts_with("balance/gift/by/wallet/") => Endpoint::WalletGifts,
            ("GET", path) if path.starts_with("balance/gift/") => Endpoint::Gift,
            ("GET", path) if path.starts_with("wallet/by/id/") => Endpoint::Wallet,
            _ => Endpoint::Other,
        }
    }
}

/// A snapshot of the counters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stats {
    /// How many requests each endpoint got, whatever became of them.
    pub requests: BTreeMap<Endpoint, u64>,
    /// How often each kind of fault happened; kinds that never did are absent.
    pub faults: BTreeMap<FaultKind, u64>,
    /// When the first POST arrived, by the machine's clock.
    pub first_post_at: Option<DateTime<Utc>>,
    /// When the last POST arrived so far, by the machine's clock.
    pub last_post_at: Option<DateTime<Utc>>,
    /// The most requests that any one-second window held.
    pub max_per_second: u64,
    /// The most requests that were under way at once.
    pub max_concurrent: u64,
    /// How many requests are under way.
    pub concurrent: u64,
    /// How many late commits are still to come.
    pub late_commits_pending: u64,
}

impl Stats {
    /// How often a kind of fault happened.
    pub fn fault(&self, kind: FaultKind) -> u64 {
        self.faults.get(&kind).copied().unwrap_or(0)
    }

    /// How many requests an endpoint got.
    pub fn requests_of(&self, endpoint: Endpoint) -> u64 {
        self.requests.get(&endpoint).copied().unwrap_or(0)
    }
}

/// The counters.
#[derive(Debug, Default)]
pub(super) struct Tally {
    requests: [u64; Endpoint::ALL.len()],
    faults: FaultCounts,
    first_post_at: Option<DateTime<Utc>>,
    last_post_at: Option<DateTime<Utc>>,
    window: Window,
    max_per_second: usize,
    max_concurrent: u64,
    concurrent: u64,
    late_commits_pending: u64,
}

impl Tally {
    /// Counts the arrival of a request.
    pub(super) fn arrived(&mut self, endpoint: Endpoint, at: Instant, clock: DateTime<Utc>) {
        self.requests[endpoint as usize] += 1;
        self.max_per_second = self.max_per_second.max(self.window.push(at));
        self.concurrent += 1;
        self.max_concurrent = self.max_concurrent.max(self.concurrent);
        if endpoint == Endpoint::Create {
            self.first_post_at.get_or_insert(clock);
            self.last_post_at = Some(clock);
        }
    }

    /// Counts the end of a request, answered or abandoned.
    pub(super) fn left(&mut self) {
        self.concurrent -= 1;
    }

    pub(super) fn fault(&mut self, kind: FaultKind) {
        self.faults.0[kind as usize] += 1;
    }

    pub(super) fn late_commit_begins(&mut self) {
        self.late_commits_pending += 1;
    }

    pub(super) fn late_commit_ends(&mut self) {
        self.late_commits_pending -= 1;
    }

    pub(super) fn snapshot(&self) -> Stats {
        let requests = Endpoint::ALL.iter().map(|&kind| (kind, self.requests[kind as usize]));
        let faults = FaultKind::ALL.iter().map(|&kind| (kind, self.faults.0[kind as usize]));
        Stats {
            requests: requests.collect(),
            faults: faults.filter(|&(_, count)| count > 0).collect(),
            first_post_at: self.first_post_at,
            last_post_at: self.last_post_at,
            max_per_second: self.max_per_second as u64,
            max_concurrent: self.max_concurrent,
            concurrent: self.concurrent,
            late_commits_pending: self.late_commits_pending,
        }
    }
}

/// A counter for each kind; arrays as long as this have no `Default` of their own.
#[derive(Debug)]
struct FaultCounts([u64; FaultKind::ALL.len()]);

impl Default for FaultCounts {
    fn default() -> Self {
        Self([0; FaultKind::ALL.len()])
    }
}

/// The instants of the last second.
#[derive(Debug, Default)]
pub(super) struct Window(VecDeque<Instant>);

impl Window {
    /// Adds an instant, and says how many the second that ends with it holds.
    pub(super) fn push(&mut self, at: Instant) -> usize {
        self.forget_before(at);
        self.0.push_back(at);
        self.0.len()
    }

    /// Adds an instant if the second that ends with it then holds no more than `limit`.
    pub(super) fn admit(&mut self, at: Instant, limit: u32) -> bool {
        self.forget_before(at);
        let fits = self.0.len() < limit as usize;
        if fits {
            self.0.push_back(at);
        }
        fits
    }

    fn forget_before(&mut self, at: Instant) {
        let second = Duration::from_secs(1);
        while self.0.front().is_some_and(|&old| at.saturating_duration_since(old) >= second) {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the window is exactly one second. Method: instants around its edges.
    #[test]
    fn the_window_holds_one_second() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut window = Window::default();
        assert_eq!([at(0), at(500), at(999)].map(|at| window.push(at)), [1, 2, 3]);
        assert_eq!([at(1_000), at(1_999), at(9_000)].map(|at| window.push(at)), [3, 2, 1]);
    }

    /// Goal: the limit admits its number and no more, and those turned away do not count. Method:
    /// a limit of two, asked five times.
    #[test]
    fn the_limit_admits_its_number() {
        let start = Instant::now();
        let mut window = Window::default();
        let mut admit = |millis| window.admit(start + Duration::from_millis(millis), 2);
        assert_eq!([0, 1, 2, 999, 1_000].map(&mut admit), [true, true, false, false, true]);
    }

    /// Goal: every path is counted where it belongs. Method: a table of requests.
    #[test]
    fn paths_are_told_apart() {
        let table = [
            (Method::POST, "/api/v1/balance/gift", Endpoint::Create),
            (Method::DELETE, "/api/v1/balance/gift", Endpoint::Delete),
            (Method::DELETE, "/api/v1/balance/gift/by/wallet", Endpoint::Other),
            (Method::GET, "/api/v1/balance/gift/by/wallet/x", Endpoint::WalletGifts),
            (Method::GET, "/api/v1/balance/gift/x", Endpoint::Gift),
            (Method::GET, "/api/v1/wallet/by/id/x", Endpoint::Wallet),
            (Method::GET, "/api/v1/wallet/balances", Endpoint::Balances),
            (Method::GET, "/partner/walletable/balance", Endpoint::Holdings),
            (Method::GET, "/balance/gift/x", Endpoint::Other),
        ];
        for (method, path, endpoint) in table {
            assert_eq!(Endpoint::of(&method, path), endpoint, "{method} {path}");
        }
    }
}
