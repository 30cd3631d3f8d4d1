//! Wallets: pages of them, a read each, and groups of answers.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{PAGE, PreflightOptions, PreflightProgress, RECORD_EVERY};
use crate::crash::{self, Step};
use crate::domain::WalletId;
use crate::drive::{Asking, Ended, Pulse, Queue, Times, Unanswered as _, Worker, drive};
use crate::ledger::{
    Ledger, LedgerError, SeenWallet, WalletAnswer, WalletFacts, WantedWallets, Writer,
};
use crate::pace::Pace;
use crate::provider::{Reading, WalletRecord};

struct Wallets<'r> {
    ledger: &'r Ledger,
    writer: &'r mut Writer,
    options: &'r PreflightOptions,
    preflight: i64,
    /// The last wallet that was taken from the ledger; none once all were.
    cursor: Option<WalletId>,
    queue: Queue<WalletId>,
    answers: Vec<SeenWallet>,
    recorded_at: DateTime<Utc>,
    progress: PreflightProgress,
}

/// Asks for each wallet that a preflight wants to know of and that has no answer yet.
///
/// Comes back with why it ended early, where it did; some may have no answer without that, since they could not be
/// read: the progress counts them. Fails only where the ledger does. What was answered is recorded in any case.
pub async fn run_preflight(
    ledger: &Ledger,
    writer: &mut Writer,
    pace: &mut Pace,
    preflight: i64,
    wanted: WantedWallets,
    options: &PreflightOptions,
) -> Result<Option<Ended>, LedgerError> {
    let progress = PreflightProgress { wallets: wanted.to_ask, ..PreflightProgress::default() };
    let mut wallets = Wallets {
        ledger,
        writer,
        options,
        preflight,
        cursor: Some(WalletId(Uuid::nil())),
        queue: Queue::default(),
        answers: Vec::new(),
        recorded_at: options.rules.clock.now(),
        progress,
    };
    let ended = drive(&mut wallets, pace, &options.rules.briefly()).await?;
    wallets.record(options.rules.clock.now()).await?;
    Ok(ended)
}

impl Wallets<'_> {
    async fn read_page(&mut self) -> Result<(), LedgerError> {
        let Some(after) = self.cursor.filter(|_| self.queue.in_line() < PAGE) else {
            return Ok(());
        };
        let page = self.ledger.wallets_to_ask(self.preflight, after, PAGE).await?;
        self.cursor = page.last().copied().filter(|_| page.len() == PAGE);
        page.into_iter().for_each(|wallet| self.queue.push(wallet));
        Ok(())
    }

    /// Makes what was answered durable.
    async fn record(&mut self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        self.recorded_at = now;
        if self.answers.is_empty() {
            return Ok(());
        }
        let mut batch = self.writer.begin().await?;
        batch.record_wallets(&std::mem::take(&mut self.answers));
        crash::before(Step::Answers);
        batch.commit().await?;
        crash::after(Step::Answers);
        Ok(())
    }
}

impl Worker for Wallets<'_> {
    type Job = WalletId;
    type Reply = Reading<WalletRecord>;
    type Error = LedgerError;

    fn queue(&mut self) -> &mut Queue<WalletId> {
        &mut self.queue
    }

    fn has_more(&self) -> bool {
        self.cursor.is_some()
    }

    async fn turn(
        &mut self,
        now: DateTime<Utc>,
        is_ending: bool,
    ) -> Result<Option<DateTime<Utc>>, LedgerError> {
        if !is_ending {
            self.read_page().await?;
        }
        if self.answers.len() >= PAGE || now - self.recorded_at >= RECORD_EVERY {
            self.record(now).await?;
        }
        // Nobody knows how long a wait will be in the end.
        Ok((!self.answers.is_empty()).then_some(self.recorded_at + RECORD_EVERY))
    }

    fn ask(&mut self, wallet: &mut WalletId) -> Asking<Reading<WalletRecord>> {
        let (client, wallet) = (self.options.client.clone(), *wallet);
        Box::pin(async move {
            crash::before(Step::Read);
            let (reading, exchange) = client.wallet(wallet).await;
            crash::after(Step::Read);
            (reading, Times::of(&exchange))
        })
    }

    fn lost(&self, _: &WalletId, why: String) -> Reading<WalletRecord> {
        Reading::lost(why)
    }

    fn heard(&mut self, wallet: WalletId, reading: Reading<WalletRecord>, times: Times) {
        let Some(answer) = answer(reading) else {
            return self.unread(wallet);
        };
        self.progress.answered += 1;
        self.answers.push(SeenWallet { wallet, at: times.ended_at, answer });
    }

    fn unread(&mut self, wallet: WalletId) {
        self.progress.unread += 1;
        tracing::warn!(%wallet, "its record could not be read");
    }

    fn tell(&mut self, pulse: Pulse) {
        self.progress.pulse = pulse;
        self.options.progress.send_replace(self.progress);
    }
}

/// What is kept of an answer.
fn answer(reading: Reading<WalletRecord>) -> Option<WalletAnswer> {
    Some(match reading {
        Reading::Found(record) => {
            let WalletRecord { is_frozen, frozen_until, is_deleted, currency, .. } = record;
            WalletAnswer::Record(WalletFacts { is_frozen, frozen_until, is_deleted, currency })
        }
        Reading::Absent | Reading::Refused { status: 404 | 410, .. } => WalletAnswer::None,
        Reading::Refused { status, message } => {
            WalletAnswer::Refused(format!("{message} (HTTP {status})"))
        }
        Reading::Obstructed(_) | Reading::Unreadable { .. } => return None,
    })
}
