//! Everything that the sandbox remembers, and the decisions that are made on it under one lock.
//!
//! **Invariant:** the lock is never held across an await.
//! **Invariant:** drawing a POST's fault and crediting its gift happen in one locked section.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::answer::Echo;
use super::book::{BookGift, Ledger, Sighting, Source};
use super::config::{Outage, RefusalKind, SandboxConfig, SandboxHolding, WalletFacts, Wallets};
use super::faults::{self, GiftKey, PathKey};
use super::gift_request::{Complaint, GiftRequest};
use super::kind::{Commit, FaultKind, Reply};
use super::login::Login;
use super::tally::{Endpoint, Tally, Window};

/// What the sandbox remembers.
#[derive(Debug)]
pub(super) struct State {
    pub(super) config: SandboxConfig,
    pub(super) skew: TimeDelta,
    pub(super) revoked: bool,
    pub(super) outage: Outage,
    pub(super) refused: HashMap<Uuid, (RefusalKind, Commit)>,
    pub(super) list_cap: Option<usize>,
    /// Endpoints that a proxy answers, with the HTTP status of its pages.
    pub(super) blocked: HashMap<Endpoint, u16>,
    pub(super) facts: HashMap<Uuid, WalletFacts>,
    /// What customers of Minted Connect hold.
    pub(super) holdings: HashMap<String, Vec<SandboxHolding>>,
    pub(super) login: Login,
    pub(super) ledger: Ledger,
    pub(super) tally: Tally,
    pub(super) limit: Window,
    known: Option<HashSet<Uuid>>,
    attempts: HashMap<GiftKey, u32>,
    reads: HashMap<PathKey, u32>,
    deletes: HashMap<Uuid, u32>,
    posts: u64,
}

/// What becomes of a valid POST.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The gift was credited; the answer may be spoiled.
    Credited(BookGift, Option<Reply>),
    /// The gift was not credited, and the answer is spoiled.
    Spoiled(Reply),
    /// The gift was not credited, and the answer says why.
    Refused(RefusalKind, Complaint),
    /// The gift will be credited after the delay, and there is no answer.
    Late(LateGift, Duration),
}

/// A gift that is still to be credited.
#[derive(Debug)]
pub(super) struct LateGift {
    request: GiftRequest,
    origin: Origin,
}

/// Which POST a gift comes from.
#[derive(Debug, Clone, Copy)]
struct Origin {
    key: GiftKey,
    request: u64,
    attempt: u32,
}

const UNKNOWN_WALLET: Complaint =
    Complaint { code: "WalletNotFound", message: "The wallet was not found." };
const REFUSED_WALLET: Complaint =
    Complaint { code: "WalletRefused", message: "The wallet cannot receive gifts." };
pub(super) const NO_GIFT: Complaint =
    Complaint { code: "GiftNotFound", message: "The gift was not found." };
const USED_GIFT: Complaint = Complaint { code: "GiftUsed", message: "The gift was used." };
const DUPLICATE: Complaint =
    Complaint { code: "DuplicateReference", message: "Duplicate reference." };

impl State {
    pub(super) fn new(config: SandboxConfig) -> Self {
        let known = match &config.wallets {
            Wallets::Any => None,
            Wallets::Only(wallets) => Some(wallets.iter().copied().collect()),
        };
        Self {
            config,
            skew: TimeDelta::zero(),
            revoked: false,
            outage: Outage::None,
            refused: HashMap::new(),
            list_cap: None,
            blocked: HashMap::new(),
            facts: HashMap::new(),
            holdings: HashMap::new(),
            login: Login::default(),
            ledger: Ledger::default(),
            tally: Tally::default(),
            limit: Window::default(),
            known,
            attempts: HashMap::new(),
            reads: HashMap::new(),
            deletes: HashMap::new(),
            posts: 0,
        }
    }

    /// The server's clock.
    pub(super) fn now(&self) -> DateTime<Utc> {
        Utc::now() + self.skew
    }

    pub(super) fn echo(&self) -> Echo {
        if self.config.echo_references { Echo::Reference } else { Echo::Nothing }
    }

    pub(super) fn knows(&self, wallet: Uuid) -> bool {
        let listed = |known: &HashSet<Uuid>| known.contains(&wallet);
        self.known.as_ref().is_none_or(listed) || self.facts.contains_key(&wallet)
    }

    /// Whether the wallet exists, counted where it does not.
    pub(super) fn check_wallet(&mut self, wallet: Uuid) -> Result<(), Complaint> {
        if self.knows(wallet) {
            return Ok(());
        }
        self.tally.fault(FaultKind::UnknownWallet);
        Err(UNKNOWN_WALLET)
    }

    /// Decides a valid POST, and credits its gift where that is due.
    pub(super) fn create(&mut self, request: GiftRequest) -> Outcome {
        let key = request.key();
        let origin = self.number(key);
        if let Err(complaint) = self.check_wallet(request.wallet) {
            return Outcome::Refused(RefusalKind::NotFound404, complaint);
        }
        match self.refused.get(&request.wallet) {
            Some(&(kind, Commit::Now)) => {
                self.tally.fault(FaultKind::RefusedAfterCommit);
                return Outcome::Credited(self.credit(request, origin), Some(Reply::Refused(kind)));
            }
            Some(&(kind, _)) => {
                self.tally.fault(FaultKind::RefusedWallet);
                return Outcome::Refused(kind, REFUSED_WALLET);
            }
            None => {}
        }
        let fault = faults::post_fault(&self.config.faults, self.config.seed, key, origin.attempt);
        let plan = fault.and_then(FaultKind::plan);
        if let Some((Commit::Never, reply)) = plan {
            self.count(fault);
            return Outcome::Spoiled(reply);
        }
        if self.is_duplicate(&request) {
            self.tally.fault(FaultKind::DuplicateReference);
            return Outcome::Refused(RefusalKind::Unprocessable422, DUPLICATE);
        }
        self.count(fault);
        if let Some((Commit::Late, _)) = plan {
            self.tally.late_commit_begins();
            let delay = self.config.faults.late_commit_delay;
            return Outcome::Late(LateGift { request, origin }, delay);
        }
        Outcome::Credited(self.credit(request, origin), plan.map(|(_, reply)| reply))
    }

    /// Credits a gift whose POST was not answered, some time after it was read.
    pub(super) fn commit_late(&mut self, late: LateGift) {
        if !self.is_duplicate(&late.request) {
            self.credit(late.request, late.origin);
        }
        self.tally.late_commit_ends();
    }

    /// Decides whether a read is spoiled.
    pub(super) fn read(&mut self, path: PathKey) -> Option<Reply> {
        let nth = self.reads.entry(path).or_default();
        *nth += 1;
        let fault = faults::read_fault(&self.config.faults, self.config.seed, path, *nth);
        self.count(fault);
        fault.and_then(FaultKind::plan).map(|(_, reply)| reply)
    }

    /// Decides a delete, and deletes the gift where that is due: what spoils the answer, or why the gift stays.
    pub(super) fn delete(&mut self, id: Uuid) -> Result<Option<Reply>, (StatusCode, Complaint)> {
        match self.ledger.get(id).filter(|gift| !gift.deleted) {
            None => return Err((StatusCode::NOT_FOUND, NO_GIFT)),
            Some(gift) if gift.spent_minor > 0 => {
                return Err((StatusCode::UNPROCESSABLE_ENTITY, USED_GIFT));
            }
            Some(_) => {}
        }
        let nth = self.deletes.entry(id).or_default();
        *nth += 1;
        let fault = faults::delete_fault(&self.config.faults, self.config.seed, id, *nth);
        self.count(fault);
        let plan = fault.and_then(FaultKind::plan);
        if let Some(gift) =
            self.ledger.get_mut(id).filter(|_| plan.map(|(at, _)| at) != Some(Commit::Never))
        {
            gift.deleted = true;
        }
        Ok(plan.map(|(_, reply)| reply))
    }

    /// The gifts that the wallet's list shows now.
    pub(super) fn listed(&mut self, wallet: Uuid) -> Vec<BookGift> {
        let at = Instant::now();
        let (mut shown, mut left_out) = (Vec::new(), Vec::new());
        for (gift, sighting) in self.ledger.of_wallet(wallet) {
            match self.left_out(gift, sighting, at) {
                Some(kind) => left_out.push(kind),
                None => shown.push(gift.clone()),
            }
        }
        if let Some(cap) = self.list_cap.filter(|cap| *cap < shown.len()) {
            shown.truncate(cap);
            left_out.push(FaultKind::CappedList);
        }
        left_out.sort_unstable();
        left_out.dedup();
        left_out.into_iter().for_each(|kind| self.tally.fault(kind));
        shown
    }

    /// What remains of the wallet's gifts, lagging and hidden ones included.
    pub(super) fn gift_balance(&self, wallet: Uuid) -> i64 {
        let now = self.now();
        let gifts = self.ledger.of_wallet(wallet).map(|(gift, _)| gift);
        let current = gifts.filter(|gift| gift.expires_at.is_none_or(|at| at > now));
        current.map(|gift| gift.amount_minor - gift.spent_minor).sum()
    }

    /// Which fault keeps a gift out of its wallet's list, if any.
    fn left_out(&self, gift: &BookGift, sighting: &Sighting, at: Instant) -> Option<FaultKind> {
        let profile = &self.config.faults;
        let is_fresh = |credited| at.saturating_duration_since(credited) < profile.list_lag;
        if profile.hides_used && gift.spent_minor > 0 {
            return Some(FaultKind::HiddenUsed);
        }
        let lags = sighting.credited.is_some_and(is_fresh)
            && faults::lags(profile, self.config.seed, sighting.key, sighting.attempt);
        lags.then_some(FaultKind::LaggingList)
    }

    /// Numbers a POST among all, and among those of the same gift.
    fn number(&mut self, key: GiftKey) -> Origin {
        let attempt = self.attempts.entry(key).or_default();
        *attempt += 1;
        self.posts += 1;
        Origin { key, request: self.posts, attempt: *attempt }
    }

    fn count(&mut self, fault: Option<FaultKind>) {
        if let Some(kind) = fault {
            self.tally.fault(kind);
        }
    }

    fn is_duplicate(&self, request: &GiftRequest) -> bool {
        let taken = request.reference.is_some_and(|reference| self.ledger.has_reference(reference));
        self.config.unique_references && taken
    }

    fn credit(&mut self, request: GiftRequest, origin: Origin) -> BookGift {
        let Origin { key, request: number, attempt } = origin;
        let source = Source::Post { request: number, attempt };
        let whole = self.config.whole_second_expiry;
        let request = if whole { request.with_whole_second_expiry() } else { request };
        let gift = BookGift::of(request, self.now(), source);
        let sighting = Sighting { credited: Some(Instant::now()), key, attempt };
        self.ledger.credit(gift, sighting).clone()
    }
}
