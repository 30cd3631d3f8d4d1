//! What every command works with.

use std::path::Path;
use std::time::Instant;

use chrono::{DateTime, Utc};

use super::failure::Failure;
use super::give::delta;
use super::hooks::Told;
use super::known_ledgers::announce_new;
use super::out::Out;
use super::settings::Settings;
use crate::clock::{self, Clock};
use crate::domain::CampaignName;
use crate::drive::Rules;
use crate::interrupt::Interrupt;
use crate::ledger::{Campaign, Ledger, RunLock, Writer, is_remembered};

/// The command that runs, its settings, and the time.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) command: &'static str,
    pub(super) settings: Settings,
    pub(super) out: Out,
    pub(super) clock: Clock,
    /// What the command has told, for those who are told when it has ended.
    pub(super) told: Told,
    started: Instant,
}

/// The ledger with the right to write to it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) ledger: Ledger,
    pub(super) writer: Writer,
    _lock: RunLock,
}

impl Session {
    /// A session on a ledger whose lock is taken.
    pub(super) async fn of(
        ledger: Ledger,
        lock: RunLock,
        now: DateTime<Utc>,
    ) -> Result<Session, Failure> {
        let mut writer = ledger.writer(&lock).await?;
        writer.notice_age(ledger.path(), now).await?;
        Ok(Session { ledger, writer, _lock: lock })
    }

    /// Ends the session: the write-ahead log is folded into the ledger's file, so that a copy of that
    /// file alone is a copy of the ledger.
    pub(super) async fn close(self) {
        // Whoever closes last folds the log, and readers cannot.
        self.ledger.close().await;
        if let Err(error) = self.writer.close().await {
            tracing::debug!(%error, "the write-ahead log stays beside the ledger");
        }
    }
}

impl Context {
    pub(super) fn new(command: &'static str, settings: Settings, out: Out, told: Told) -> Context {
        let (clock, started) = (clock::system(), Instant::now());
        Context { command, settings, out, clock, told, started }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// When the command started.
    pub(super) fn started_at(&self) -> DateTime<Utc> {
        self.now() - self.started.elapsed()
    }

    /// What holds for whatever is asked of the provider.
    pub(super) fn rules(&self, interrupt: Interrupt) -> Rules {
        let (clock, patience) = (self.clock.clone(), delta(self.settings.give_up_after));
        Rules { clock, interrupt, patience, deadline: None }
    }

    pub(super) fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Opens the ledger for reading. It must be there: a path with a slip of the pen must not become an empty
    /// ledger that says all is well.
    pub(super) async fn ledger(&self) -> Result<Ledger, Failure> {
        refuse_missing(&self.settings.ledger)?;
        Ok(Ledger::look(&self.settings.ledger).await?)
    }

    /// Opens the ledger for writing, which must be there, or says who holds it.
    pub(super) async fn session(&self) -> Result<Session, Failure> {
        refuse_missing(&self.settings.ledger)?;
        self.session_or_new().await
    }

    /// The same, and makes the ledger where there is none: for the commands that bring rows into it.
    pub(super) async fn session_or_new(&self) -> Result<Session, Failure> {
        announce_new(self)?;
        let ledger = Ledger::open(&self.settings.ledger).await?;
        let lock = RunLock::take(ledger.path(), self.command, self.now())?;
        Session::of(ledger, lock, self.now()).await
    }
}

/// Says that there is no ledger, and what makes one.
pub(super) fn refuse_missing(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        return Ok(());
    }
    let failure = Failure::usage(format!("there is no ledger at {}", path.display()));
    Err(failure.hint(if is_remembered(path) {
        "one was there, as the .run file beside it says: put it back, or a backup of it"
    } else {
        "name it with --ledger or GIFTBATCH_LEDGER; the first `giftbatch load`, `run` or `birthdays` makes one"
    }))
}

/// A campaign that must be there.
pub(super) async fn campaign(ledger: &Ledger, name: &str) -> Result<Campaign, Failure> {
    if let Some(campaign) = ledger.campaign(name).await? {
        return Ok(campaign);
    }
    check_new(&CampaignName::as_stored(name))?;
    let known: Vec<String> =
        ledger.campaigns().await?.into_iter().take(5).map(|campaign| campaign.name).collect();
    let failure = Failure::usage(format!("the ledger has no campaign {name:?}"));
    Err(if known.is_empty() {
        failure.hint("load one first: giftbatch load FILE --campaign NAME")
    } else {
        failure.hint(format!("it has: {}", known.join(", ")))
    })
}

/// Passes where a campaign, or a series of them, may begin under this name.
pub(super) fn check_new(name: &CampaignName) -> Result<(), Failure> {
    name.check_new().map_err(|error| Failure::usage(error.to_string()))
}
