//! The levers that a test pulls while the sandbox runs.
//!
//! **Invariant:** a control acts at once: a request that arrives after it returned sees it.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::Sandbox;
use super::book::{BookGift, Sighting, Source};
use super::config::{Outage, RefusalKind, SandboxHolding, WalletFacts};
use super::gift_request::GiftRequest;
use super::kind::Commit;
use super::profile::FaultProfile;
use super::state::State;
use super::tally::Endpoint;

/// A foreign gift that a test puts into a wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedGift {
    /// The wallet that gets it.
    pub wallet: Uuid,
    /// Its amount in minor units.
    pub amount_minor: i64,
    /// When it expires; never, if absent.
    pub expires_at: Option<DateTime<Utc>>,
    /// Its description.
    pub description: String,
    /// Its `ExternalReference`.
    pub reference: Option<Uuid>,
    /// When it was credited, by the server's clock.
    pub created_at: DateTime<Utc>,
}

/// No gift has that id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the book has no gift {0}")]
pub struct NoSuchGift(pub Uuid);

impl Sandbox {
    /// Sets which faults happen from now on. Lags of gifts credited before follow it too.
    pub fn set_profile(&self, profile: FaultProfile) {
        self.app.lock().config.faults = profile;
    }

    /// Sets the request limit.
    pub fn set_limit(&self, per_second: Option<u32>) {
        self.app.lock().config.limit_per_second = per_second;
    }

    /// Refuses every gift for this wallet, until it is mended.
    pub fn refuse_wallet(&self, wallet: Uuid, kind: RefusalKind) {
        self.app.lock().refused.insert(wallet, (kind, Commit::Never));
    }

    /// Credits every gift for this wallet and refuses it all the same, until it is mended: a notification fails, say.
    pub fn refuse_after_commit(&self, wallet: Uuid, kind: RefusalKind) {
        self.app.lock().refused.insert(wallet, (kind, Commit::Now));
    }

    /// Ends every list after so many of its oldest gifts.
    pub fn cap_lists(&self, most: Option<usize>) {
        self.app.lock().list_cap = most;
    }

    /// From now on a proxy answers one endpoint with a page of that HTTP status; none lets it through again.
    pub fn block(&self, endpoint: Endpoint, status: Option<u16>) {
        let blocked = &mut self.app.lock().blocked;
        match status {
            Some(status) => blocked.insert(endpoint, status),
            None => blocked.remove(&endpoint),
        };
    }

    /// Lets a refused wallet receive gifts again.
    pub fn mend_wallet(&self, wallet: Uuid) {
        self.app.lock().refused.remove(&wallet);
    }

    /// Describes a wallet, which thereby exists.
    pub fn set_wallet(&self, wallet: Uuid, facts: WalletFacts) {
        self.app.lock().facts.insert(wallet, facts);
    }

    /// Says what a customer of Minted Connect holds.
    pub fn set_holdings(&self, customer: &str, holdings: Vec<SandboxHolding>) {
        self.app.lock().holdings.insert(customer.to_owned(), holdings);
    }

    /// Puts a foreign gift into a wallet, and returns its id. Lists show it at once.
    pub fn seed_gift(&self, seed: SeedGift) -> Uuid {
        let request = GiftRequest {
            wallet: seed.wallet,
            amount_minor: seed.amount_minor,
            expires_at: seed.expires_at,
            description: seed.description,
            reference: seed.reference,
        };
        let gift = BookGift::of(request, seed.created_at, Source::Seeded);
        put(&mut self.app.lock(), gift)
    }

    /// Credits a gift a second time, now, and returns the new gift's id.
    pub fn double_gift(&self, gift: Uuid) -> Result<Uuid, NoSuchGift> {
        let mut state = self.app.lock();
        let original = state.ledger.get(gift).ok_or(NoSuchGift(gift))?.clone();
        let double = BookGift {
            id: Uuid::new_v4(),
            spent_minor: 0,
            created_at: state.now(),
            source: Source::Doubled { of: gift },
            deleted: false,
            ..original
        };
        Ok(put(&mut state, double))
    }

    /// Deletes a gift behind the client's back.
    pub fn delete_gift(&self, gift: Uuid) -> Result<(), NoSuchGift> {
        let mut state = self.app.lock();
        state.ledger.get_mut(gift).ok_or(NoSuchGift(gift))?.deleted = true;
        Ok(())
    }

    /// Changes the amount or the expiry of a gift behind the client's back.
    pub fn change_gift(
        &self,
        gift: Uuid,
        amount_minor: i64,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<(), NoSuchGift> {
        let mut state = self.app.lock();
        let changed = state.ledger.get_mut(gift).ok_or(NoSuchGift(gift))?;
        (changed.amount_minor, changed.expires_at) = (amount_minor, expires_at);
        Ok(())
    }

    /// Marks a gift as wholly used.
    pub fn mark_used(&self, gift: Uuid) -> Result<(), NoSuchGift> {
        let mut state = self.app.lock();
        let gift = state.ledger.get_mut(gift).ok_or(NoSuchGift(gift))?;
        gift.spent_minor = gift.amount_minor;
        Ok(())
    }

    /// Spends a part of a gift, at most what remains of it.
    pub fn spend(&self, gift: Uuid, minor: i64) -> Result<(), NoSuchGift> {
        let mut state = self.app.lock();
        let gift = state.ledger.get_mut(gift).ok_or(NoSuchGift(gift))?;
        gift.spent_minor = (gift.spent_minor + minor).clamp(0, gift.amount_minor);
        Ok(())
    }

    /// Answers every request with 401 from now on.
    pub fn revoke_keys(&self) {
        self.app.lock().revoked = true;
    }

    /// Takes the keys again.
    pub fn restore_keys(&self) {
        self.app.lock().revoked = false;
    }

    /// Sets how far the server's clock is off: its `Date` header, its `CreatedAt`, and what it
    /// takes for the past.
    pub fn set_clock_skew(&self, skew: TimeDelta) {
        self.app.lock().skew = skew;
    }

    /// Begins or ends an outage.
    pub fn set_outage(&self, outage: Outage) {
        self.app.lock().outage = outage;
    }
}

/// Writes down a gift that never lags.
fn put(state: &mut State, gift: BookGift) -> Uuid {
    let sighting = Sighting::at_once(&gift);
    state.ledger.credit(gift, sighting).id
}
