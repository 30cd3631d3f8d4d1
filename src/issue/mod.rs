//! Issuing: every gift of a campaign that may be sent is sent, once, and settled.
//!
//! It stands apart because this is where money moves. One task, the dispatcher, owns the run's state
//! and is the ledger's only writer; requests run beside it and tell it what came back.
//!
//! ```text
//!  ledger ──claim──▶ dispatcher ──one task a request──▶ provider
//!    ▲                 │     ▲                             │
//!    └─one group a commit    └──────────one channel────────┘
//! ```
//!
//! | the dispatcher does | is decided by |
//! | --- | --- |
//! | commits intents, then sends, then commits outcomes | [`decide`](decide::decide): what a verdict does to a gift |
//! | asks for a turn before each request | [`Pace`]: rate, then concurrency, then the breaker |
//! | asks for a wallet's balance before a gift counts as absent | [`Look::wants_balance`](crate::settle::Look::wants_balance) |
//! | looks at wallets with doubts while others are sent | [`DoubtBook`](crate::settle::DoubtBook), [`settle`](crate::settle::settle) |
//!
//! **Invariant:** a POST is sent only after the commit of its intent has returned.
//! **Invariant:** a request never sees the ledger, and no ledger call is ever cancelled.
//! **Invariant:** what a dead run left in flight is in doubt before anything new is sent.

mod claim;
mod clocks;
mod decide;
mod dispatcher;
mod ending;
mod evidence;
mod group;
mod inbox;
mod look;
mod progress;
mod quota;
mod recover;
mod request;
mod requests;
mod supply;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use uuid::Uuid;

pub use decide::Stop;
pub use progress::Progress;
pub use supply::Sending;

use self::clocks::ClockCheck;
use crate::clock::Clock;
use crate::crash::{self, Step};
use crate::drive::Ended;
use crate::interrupt::Interrupt;
use crate::ledger::{Campaign, Ledger, LedgerError, Milestone, RunNote, Standing, Writer};
use crate::pace::Pace;
use crate::provider::WalletClient;
use crate::settle::Policy;

/// How a run is to be made.
#[derive(Clone, Debug)]
pub struct IssueOptions {
    /// The command that a person gave, for the record.
    pub command: &'static str,
    /// Whether gifts are sent, or doubts settled and nothing else.
    pub sending: Sending,
    /// Who gave it, and by which settings, for the record.
    pub note: RunNote,
    /// Whether the gifts of a campaign that begins carry a tag in their descriptions.
    pub tag: bool,
    /// How doubts are settled.
    pub policy: Policy,
    /// While more gifts are in doubt, nothing new is sent.
    pub max_in_doubt: usize,
    /// Without one usable answer for this long, the run ends.
    pub give_up_after: TimeDelta,
    /// So many refusals of one class in a row stop the run.
    pub stop_after_refusals: u32,
    /// So many gifts are begun at most; one that is tried again counts once.
    pub limit: Option<u64>,
    /// Whether [`Issued::begun`] is wanted, of a run with a limit.
    pub names_gifts: bool,
    /// From then on no request is begun.
    pub deadline: Option<DateTime<Utc>>,
    /// Before a first gift is sent or refused as expired, the provider's clock is looked at: where it and ours are
    /// further apart, neither is done; else what has expired by either is not sent. None: it is not looked at.
    pub clock_tolerance: Option<TimeDelta>,
    /// What was claimed before then is sent before then, or claimed again: a gift counts on the day of its claim.
    pub day_ends_at: Option<DateTime<Utc>>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Issued {
    /// The writer, back again.
    pub writer: Writer,
    /// The reason, where it ended before everything was issued.
    pub stop: Option<Stop>,
    /// Gifts that its limit leaves to be begun; none: it has no limit.
    pub left: Option<u64>,
    /// The rows of the gifts that it began, in the order of their intents.
    pub begun: Vec<i64>,
}

/// What a run needs besides its options.
#[derive(Debug)]
pub struct Tools {
    /// Asks the provider.
    pub client: WalletClient,
    /// Tells the time.
    pub clock: Clock,
    /// Ends the run early.
    pub interrupt: Interrupt,
    /// Hears how it goes. What it holds at first is where the campaign stands ([`Progress::of`]).
    pub progress: watch::Sender<Progress>,
}

/// Issues what is not issued of a campaign, and settles every doubt of the ledger on the way.
///
/// Fails only where the ledger does, and then nothing more was sent. It must not be dropped before its end: it may be in
/// the middle of a commit.
pub async fn run_issue(
    ledger: &Ledger,
    mut writer: Writer,
    pace: &mut Pace,
    tools: &Tools,
    campaign: &Campaign,
    options: &IssueOptions,
) -> Result<Issued, LedgerError> {
    let run = Uuid::now_v7();
    let start = recover::recover(&mut writer, run, tools, campaign, options).await?;
    crash::before(Step::Naming);
    writer.name_run(ledger.path(), run, Milestone::Begun).await?;
    crash::after(Step::Naming);
    let clocks = match options.clock_tolerance {
        Some(_) => ledger.gift_page(campaign.id, None, 0, 1).await?.pop(),
        None => None,
    };
    let start = (start, ClockCheck::by(clocks.map(|gift| gift.content.wallet)));
    let mut dispatcher =
        dispatcher::Dispatcher::new(run, writer, pace, tools, campaign, options, start);
    let stop = dispatcher.run().await?;
    let (mut writer, quota) = dispatcher.into_parts();
    let mut batch = writer.begin().await?;
    let outcome = match &stop {
        Some(Stop::Early(Ended::Withheld)) => match batch.standing(campaign.id).await? {
            Standing::Cancelled(_) => "cancelled",
            // It may have been resumed meanwhile.
            Standing::Paused(_) | Standing::Open => "paused",
        },
        stop => stop.as_ref().map_or("finished", Stop::word),
    };
    let reason = stop.as_ref().and_then(Stop::early).and_then(Ended::reason);
    batch.end_run(run, outcome, reason, tools.clock.now()).await?;
    crash::before(Step::Ending);
    batch.commit().await?;
    crash::after(Step::Ending);
    writer.name_run(ledger.path(), run, Milestone::Ended).await?;
    Ok(Issued { writer, stop, left: quota.left(), begun: quota.into_begun() })
}
