//! What a sandbox is started with, and the choices that can be changed while it runs.
//!
//! It holds values only: nothing here acts.

use uuid::Uuid;

use super::digest::DigestHash;
use super::profile::FaultProfile;

/// How a sandbox starts. [`Default`] is a provider without faults that knows every wallet.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// The port on 127.0.0.1; 0 lets the system choose one.
    pub port: u16,
    /// The seed of all faults.
    pub seed: u64,
    /// Which faults happen, and how often.
    pub faults: FaultProfile,
    /// Which keys a request must carry.
    pub keys: ExpectedKeys,
    /// Which wallets exist.
    pub wallets: Wallets,
    /// Whether gifts are answered with the `ExternalReference` that they were sent with.
    pub echo_references: bool,
    /// Whether a second gift with the same `ExternalReference` is refused.
    pub unique_references: bool,
    /// Whether the fractions of a second are dropped from expiry instants.
    pub whole_second_expiry: bool,
    /// How many requests any one-second window may hold; further ones get 429.
    pub limit_per_second: Option<u32>,
    /// What a 429 from the request limit says about when to come back.
    pub retry_after: RetryAfter,
    /// How Minted Connect is to be spoken to.
    pub minted: MintedService,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            port: 0,
            seed: 0,
            faults: FaultProfile::none(),
            keys: ExpectedKeys::AnyNonEmpty,
            wallets: Wallets::Any,
            echo_references: false,
            unique_references: false,
            whole_second_expiry: false,
            limit_per_second: None,
            retry_after: RetryAfter::Seconds,
            minted: MintedService::default(),
        }
    }
}

/// How Minted Connect is to be spoken to. [`Default`] asks for what is hardest to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MintedService {
    /// The user's name.
    pub username: String,
    /// The user's password.
    pub password: String,
    /// The realm of its challenges.
    pub realm: String,
    /// The hashes that it offers, a challenge each.
    pub hashes: Vec<DigestHash>,
    /// Whether its challenges have a `qop`.
    pub has_qop: bool,
    /// How many requests a nonce lets in before it is stale.
    pub nonce_uses: u32,
    /// Whether customers that nobody described hold a sample (those whose ids begin with `none` nothing, and those
    /// with `unknown` are refused); else they are refused with 422.
    pub knows_everybody: bool,
}

impl Default for MintedService {
    fn default() -> Self {
        Self {
            username: "sandbox".to_owned(),
            password: "sandbox".to_owned(),
            realm: "Minted, the \"sandbox\"".to_owned(),
            hashes: vec![DigestHash::Md5, DigestHash::Sha256],
            has_qop: true,
            nonce_uses: u32::MAX,
            knows_everybody: true,
        }
    }
}

/// One product that a customer of Minted Connect holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxHolding {
    /// `gold` or `silver`; answers do not say it.
    pub metal: &'static str,
    /// What it is called.
    pub product_name: String,
    /// Its number in the shop.
    pub sku: String,
    /// How many.
    pub quantity: u32,
    /// The price of one, in minor units.
    pub price_minor: i64,
    /// The price of all, in minor units.
    pub total_minor: i64,
    /// Whether it can be delivered.
    pub is_deliverable: bool,
}

impl SandboxHolding {
    /// What a customer holds that nobody has described.
    pub fn sample() -> Vec<Self> {
        let row = |metal, name: &str, sku: &str, quantity: u32, price_minor, is_deliverable| Self {
            metal,
            product_name: name.to_owned(),
            sku: sku.to_owned(),
            quantity,
            price_minor,
            total_minor: i64::from(quantity) * price_minor,
            is_deliverable,
        };
        vec![
            row("gold", "Kum Külçe 5 gr", "SBX0001", 5, 140_634_950, false),
            row("gold", "Kale Küpe", "SBX0002", 2, 1_162_500_000, true),
            row("silver", "Kova Gümüş 10 gr", "SBX0003", 5, 2_447_900, false),
        ]
    }
}

/// Which keys a request must carry in `apikeypublic` and `apiclientpublic`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedKeys {
    /// Any two keys that are not empty.
    AnyNonEmpty,
    /// Exactly this pair.
    Pair {
        /// The value of `apikeypublic`.
        api_key: String,
        /// The value of `apiclientpublic`.
        api_client: String,
    },
}

/// Which wallets exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wallets {
    /// Every GUID is a wallet.
    Any,
    /// Only these, and those described later with [`super::Sandbox::set_wallet`].
    Only(Vec<Uuid>),
}

/// What a 429 says about when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// `Retry-After: 1`.
    Seconds,
    /// `Retry-After` with the HTTP date of one second from now.
    Date,
    /// No such header.
    Absent,
}

/// How a gift is refused for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// 200 with `IsFailure: true`.
    IsFailure200,
    /// 400 in the envelope.
    BadRequest400,
    /// 404 in the envelope.
    NotFound404,
    /// 422 in the envelope.
    Unprocessable422,
}

/// What happens to every request for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// Requests are served.
    None,
    /// Connections are reset as soon as a request's head was read.
    Reset,
    /// 503 with a proxy's page.
    Unavailable,
}

/// What the wallet record says about one wallet. Other wallets get [`WalletFacts::default`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletFacts {
    /// The wallet's name.
    pub name: String,
    /// The currency of the wallet, and so of its gifts.
    pub currency_code: String,
    /// The wallet's own money, without gifts, in minor units.
    pub balance_minor: i64,
    /// What of it is blocked, in minor units.
    pub blocked_minor: i64,
    /// Whether the wallet is frozen.
    pub is_frozen: bool,
    /// Until when, as answers write it; the first day of all, if absent.
    pub frozen_until: Option<String>,
    /// Whether the wallet is deleted.
    pub is_deleted: bool,
    /// How far its `TotalGiftBalance` is off from what its gifts come to, in minor units.
    pub gift_balance_off_minor: i64,
}

impl Default for WalletFacts {
    fn default() -> Self {
        Self {
            name: "Sandbox".to_owned(),
            currency_code: "TRY".to_owned(),
            balance_minor: 0,
            blocked_minor: 0,
            is_frozen: false,
            frozen_until: None,
            is_deleted: false,
            gift_balance_off_minor: 0,
        }
    }
}
