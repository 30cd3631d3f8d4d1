//! The sweep: asks for every wallet of a campaign, and records what was found.

use std::collections::{HashMap, HashSet, VecDeque};
use std::future::pending;

use chrono::{DateTime, Utc};
use tokio::task::JoinHandle;

use super::group::Ended;
use super::placed::Unplaced;
use super::question::{Heard, Question};
use super::{ReconcileOptions, ReconcileProgress, Reconciled};
use crate::crash::{self, Step};
use crate::domain::{GiftId, WalletId};
use crate::drive::{Asking, Pulse, Queue, Times, Worker, drive};
use crate::ledger::{
    AuditCounts, AuditMark, AuditedGift, Campaign, KeptFinding, KnownGift, Ledger, LedgerError,
    Lists, Outcome, SeenUse, Suspect, Writer,
};
use crate::pace::Pace;
use crate::settle::Skew;

/// One wallet to read.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) row: i64,
    pub(super) wallet: WalletId,
    pub(super) known: Vec<KnownGift>,
    pub(super) looks: u32,
    /// The API said last that it has no list of it.
    pub(super) has_no_list: bool,
}

pub(super) struct Sweep<'r> {
    /// Either here or in the one group that is under way.
    pub(super) writer: Option<Writer>,
    pub(super) group: Option<JoinHandle<Ended>>,
    pub(super) options: &'r ReconcileOptions,
    pub(super) campaign: i64,
    /// Of the row that says that it began; none where only some gifts are looked at, which no record is kept of.
    pub(super) audit: Option<AuditMark>,
    /// What it counted.
    pub(super) counts: AuditCounts,
    /// Wallets whose lists could not be read.
    pub(super) unread_wallets: u64,
    pub(super) began_at: DateTime<Utc>,
    pub(super) first_attempt: Option<DateTime<Utc>>,
    /// The last moment that a restored ledger knows of.
    pub(super) forgot_since: Option<DateTime<Utc>>,
    /// Gifts of which a person said since then that they were not given.
    pub(super) vouched: HashSet<i64>,
    /// What was known of the provider's lists when it began.
    pub(super) lists: Lists,
    /// Lists asked for earlier may lack what was sent last.
    not_before: Option<DateTime<Utc>>,
    /// What became of gifts that were forgotten: found, or left to a person.
    pub(super) recalled: Vec<Outcome>,
    pub(super) recalled_gifts: u64,
    /// Whether they carry tags, of which the ledger has forgotten that its campaign has them.
    pub(super) recalls_tags: bool,
    /// Their ids: no other wallet's gift has them.
    pub(super) taken: HashSet<GiftId>,
    /// Lists with entries that may be gifts of ours in other wallets.
    pub(super) unplaced: Vec<Unplaced>,
    /// Whether every wallet could be read so far.
    pub(super) is_whole: bool,
    pub(super) skew: Skew,
    /// The last row of the page before; none after the last page.
    pub(super) cursor: Option<i64>,
    /// The rows whose wallets are still to be read, where those alone are.
    pub(super) only: Option<VecDeque<i64>>,
    pub(super) queue: Queue<Question>,
    pub(super) found: Vec<AuditedGift>,
    /// What is kept beside it: what is wrong with balances.
    pub(super) kept: Vec<KeptFinding>,
    /// Gifts that should not be there, and may be.
    pub(super) suspects: HashMap<i64, Suspect>,
    /// The campaign's gifts of wallets that were read.
    pub(super) read_rows: Vec<i64>,
    /// Of those: nothing was found of them.
    pub(super) unfound: Vec<i64>,
    /// Gifts that were there against all expectation, and are there no more.
    pub(super) gone: Vec<i64>,
    /// What was seen of the use of gifts.
    pub(super) uses: Vec<SeenUse>,
    /// What was learned of lists since it was last written.
    pub(super) seen: Lists,
    pub(super) progress: ReconcileProgress,
}

/// Holds every gift of a campaign against its wallet's list; of a restored ledger it first takes back,
/// from two reads of each wallet, what that has forgotten.
pub async fn run_reconcile(
    ledger: &Ledger,
    mut writer: Writer,
    pace: &mut Pace,
    campaign: &Campaign,
    options: &ReconcileOptions,
) -> Result<(Writer, Reconciled), LedgerError> {
    let mut batch = writer.begin().await?;
    let lists = batch.check_provider(&options.client.base().to_string()).await?;
    let mut audit = None;
    if options.only.is_none() {
        let (command, now) = (options.command, options.rules.clock.now());
        let (note, balances) = (&options.note, options.balances);
        let begun = batch.begin_reconciliation(campaign.id, command, note, balances, now).await?;
        audit = Some(begun);
    }
    let forgot_since = batch.forgot_since(campaign.id).await?;
    if forgot_since.is_some() {
        tracing::warn!(
            "reading every wallet after the settle window, to find what this ledger has forgotten"
        );
        batch.orphan(None, options.rules.clock.now()).await?;
    }
    let vouched = batch.vouched(campaign.id).await?;
    let suspects = match options.only {
        Some(_) => HashMap::new(),
        None => {
            let lately = options.rules.clock.now() - options.window;
            batch.suspects(campaign.id, lately).await?
        }
    };
    crash::before(Step::ReconcileBeginning);
    batch.commit().await?;
    crash::after(Step::ReconcileBeginning);
    let wallets = match &options.only {
        Some(rows) => rows.len() as u64,
        None => ledger.wallets(campaign.id).await?,
    };
    let first_attempt = ledger.first_sent(campaign.id).await?;
    let mut sweep = Sweep {
        writer: Some(writer),
        group: None,
        options,
        campaign: campaign.id,
        audit,
        counts: AuditCounts::default(),
        unread_wallets: 0,
        began_at: options.rules.clock.now(),
        first_attempt: first_attempt.into_iter().chain(forgot_since).min(),
        forgot_since,
        vouched,
        lists,
        // Whoever sent what was forgotten is dead since the lock was taken: see `settle_from`.
        not_before: forgot_since.map(|_| options.rules.clock.now() + options.window),
        recalled: Vec::new(),
        recalled_gifts: 0,
        recalls_tags: false,
        taken: HashSet::new(),
        unplaced: Vec::new(),
        is_whole: true,
        skew: Skew::default(),
        cursor: Some(0),
        only: options.only.clone().map(VecDeque::from),
        queue: Queue::default(),
        found: Vec::new(),
        kept: Vec::new(),
        suspects,
        read_rows: Vec::new(),
        unfound: Vec::new(),
        gone: Vec::new(),
        uses: Vec::new(),
        seen: Lists::default(),
        progress: ReconcileProgress { wallets, ..ReconcileProgress::default() },
    };
    let ended = drive(&mut sweep, pace, &options.rules.briefly()).await?;
    sweep.finish(ended).await
}

impl Worker for Sweep<'_> {
    type Job = Question;
    type Reply = Heard;
    type Error = LedgerError;

    fn queue(&mut self) -> &mut Queue<Question> {
        &mut self.queue
    }

    fn has_more(&self) -> bool {
        self.cursor.is_some() || !self.unplaced.is_empty()
    }

    fn opens_at(&self) -> Option<DateTime<Utc>> {
        self.not_before
    }

    async fn turn(
        &mut self,
        now: DateTime<Utc>,
        is_ending: bool,
    ) -> Result<Option<DateTime<Utc>>, LedgerError> {
        self.place().await?;
        self.start_group(now, is_ending);
        Ok(None)
    }

    async fn beside(&mut self) -> Result<(), LedgerError> {
        let Some(group) = &mut self.group else {
            return pending().await;
        };
        let ended = group.await;
        self.group = None;
        self.group_ended(ended)
    }

    fn ask(&mut self, question: &mut Question) -> Asking<Heard> {
        question.ask(self.options.client.clone())
    }

    fn lost(&self, _: &Question, why: String) -> Heard {
        Heard::nothing(why)
    }

    fn heard(&mut self, question: Question, heard: Heard, times: Times) {
        self.skew.saw_ms(times.skew_ms);
        self.told_of(question, heard, times);
    }

    fn unread(&mut self, question: Question) {
        self.untold(question);
    }

    fn tell(&mut self, pulse: Pulse) {
        (self.progress.waiting, self.progress.pulse) = (self.queue.waiting() as u64, pulse);
        self.options.progress.send_if_modified(|shown| {
            let is_new = *shown != self.progress;
            *shown = self.progress;
            is_new
        });
    }
}
