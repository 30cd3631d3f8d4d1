//! `--preflight`: the wallets of a file are asked for before any row of it is loaded.
//!
//! The file is read twice: first its wallets are noted in the ledger, and those are asked for that have no
//! recent answer; then, while the rows are loaded, the answers are looked up group by group.
//!
//! **Invariant:** only a group of rows is in memory, however long the file is and however many wallets are
//! faulty.
//! **Invariant:** nothing of the file is loaded before each of its wallets has an answer.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use tokio::sync::{mpsc, watch};

use super::commands::FileArgs;
use super::context::{Context, Session};
use super::early::Early;
use super::ended::{PROVIDER, Why, not_loaded};
use super::exit::Signal;
use super::failure::Failure;
use super::give::{delta, pace, reader};
use super::progress::{Display, Shown};
use crate::domain::{WalletId, duration_text};
use crate::drive::{Ended, Pulse};
use crate::intake::{Code, Fault, ReadOptions, RowOutcome, Rows, Survey, read};
use crate::ledger::{Ledger, NewRow, RowGroup, WantedWallets, Writer};
use crate::plan::Estimate;
use crate::preflight::{
    FaultKind, PreflightOptions, PreflightProgress, WalletFault, fault_of, run_preflight,
};
use crate::report::count;

/// Answers that are older are forgotten: nobody takes them for good, and the wallets of all files add up.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Wallets that are noted with one commit, in their order: 4 MB of them. In no order each lies on a page of its own,
/// and all those pages are written with every commit.
const GROUP: usize = 1 << 18;

/// Wallets of a group that are handed over at once.
const AT_ONCE: usize = 4_096;

/// Groups that are read ahead.
const GROUPS_AHEAD: usize = 1;

/// What a preflight knows of the wallets of a file.
pub(super) struct Wallets {
    ledger: Ledger,
    now: DateTime<Utc>,
    survey: Survey,
}

/// Asks for the wallets of a surveyed file, where that is wished. The answers are kept in the ledger of the
/// session.
pub(super) async fn preflight(
    context: &Context,
    session: &mut Session,
    args: &FileArgs,
    survey: &Survey,
    options: &ReadOptions,
) -> Result<Option<Wallets>, Failure> {
    if !args.preflight.preflight {
        return Ok(None);
    }
    let client = reader(context)?;
    let begun_at = context.now().trunc_subsecs(3);
    let max_age = args.preflight.preflight_max_age;
    let mut batch = session.writer.begin().await?;
    let origin = client.base().to_string();
    let number = batch.begin_preflight(&origin, begun_at - delta(max_age), begun_at).await?;
    batch.commit().await?;
    let early = Early::listen(context.out)?;
    want(&mut session.writer, number, read(&args.file, survey, options)?).await?;
    let wanted = session.ledger.wanted_wallets(number).await?;
    context.out.note(&cost(context, wanted, &duration_text(max_age)));
    let (progress, source) = watch::channel(PreflightProgress::default());
    let options =
        PreflightOptions { client, rules: context.rules(early.interrupt.clone()), progress };
    let display = Display::start(context.out, source.clone());
    let (ledger, writer) = (&session.ledger, &mut session.writer);
    let ended = run_preflight(ledger, writer, &mut pace(context), number, wanted, &options).await;
    display.finish().await;
    let progress = *source.borrow();
    early.leave();
    let mut batch = session.writer.begin().await?;
    batch.forget_wallets(number, begun_at - delta(KEPT.max(max_age))).await?;
    batch.commit().await?;
    let ended = ended?;
    if ended.is_some() || progress.unread > 0 {
        return Err(stopped(ended.as_ref(), progress, early.first()));
    }
    let (ledger, survey) = (session.ledger.clone(), survey.clone());
    Ok(Some(Wallets { ledger, now: context.now(), survey }))
}

/// What it will take, before it is begun.
fn cost(context: &Context, wanted: WantedWallets, max_age: &str) -> String {
    let WantedWallets { all, to_ask } = wanted;
    let estimate = Estimate { gifts: to_ask, wallets: 0, rate: context.settings.rate };
    let wallets = if to_ask == 1 { "wallet" } else { "wallets" };
    let reused = match all - to_ask.min(all) {
        0 => String::new(),
        reused => {
            format!("; {} answers of the last {max_age} are reused", count(reused))
        }
    };
    match to_ask {
        0 => format!("preflight: nothing to ask{reused}"),
        _ => format!("preflight: {} {wallets} to ask, {estimate}{reused}", count(to_ask)),
    }
}

/// Notes the wallets of all good rows: what is wrong with the others is told by the load.
async fn want(writer: &mut Writer, number: i64, rows: Rows) -> Result<(), Failure> {
    let (to, mut groups) = mpsc::channel(GROUPS_AHEAD);
    let reading = tokio::task::spawn_blocking(move || read_wallets(rows, &to));
    while let Some(group) = groups.recv().await {
        let mut batch = writer.begin().await?;
        for some in group.chunks(AT_ONCE) {
            batch.want_wallets(number, some).await?;
        }
        batch.commit().await?;
    }
    reading.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

fn read_wallets(rows: Rows, to: &mpsc::Sender<Vec<WalletId>>) -> Result<(), Failure> {
    let mut group = Vec::new();
    // Nobody takes them any more only where the ledger failed, which is told there.
    let send = |mut group: Vec<WalletId>| {
        group.sort_unstable();
        group.dedup();
        to.blocking_send(group).is_ok()
    };
    for outcome in rows {
        if let RowOutcome::Good(row) = outcome? {
            group.push(row.content.wallet);
        }
        if group.len() == GROUP && !send(std::mem::take(&mut group)) {
            return Ok(());
        }
    }
    send(group);
    Ok(())
}

/// Why nothing is loaded, where some wallets have no answer.
fn stopped(ended: Option<&Ended>, progress: PreflightProgress, signal: Option<Signal>) -> Failure {
    let PreflightProgress { wallets, answered, unread, .. } = progress;
    let what = if unread == 1 { "wallet" } else { "wallets" };
    let unread = Why::new(
        format!("{} {what} could not be read", count(unread)),
        "giftbatch wallet ID says why",
    );
    not_loaded("preflight", PROVIDER, (ended, unread), (answered, wallets), signal)
}

impl Wallets {
    /// The rows of a group whose wallets are faulty, by their lines.
    pub(super) async fn faults(&self, group: &RowGroup) -> Result<Vec<(u64, Fault)>, Failure> {
        let wallets: BTreeSet<WalletId> = group.rows().map(|(row, _)| row.content.wallet).collect();
        let wallets: Vec<WalletId> = wallets.into_iter().collect();
        let currency = &self.survey.dialect.currency.to_string();
        let suspect = self.ledger.suspect_wallets(&wallets, currency).await?;
        let faulty: HashMap<WalletId, WalletFault> = suspect
            .into_iter()
            .filter_map(|(wallet, answer)| Some((wallet, fault_of(&answer, currency, self.now)?)))
            .collect();
        let mut faults = Vec::new();
        for (row, _) in group.rows() {
            if let Some(fault) = faulty.get(&row.content.wallet) {
                faults.push((row.line, self.fault(row, fault)?));
            }
        }
        Ok(faults)
    }

    fn fault(&self, row: &NewRow, fault: &WalletFault) -> Result<Fault, Failure> {
        let cells: Vec<String> = serde_json::from_str(&row.cells_json)?;
        let column = self.survey.columns.wallet_id;
        Ok(Fault {
            place: self.survey.dialect.place(row.line).of_cell(column),
            column: self.survey.header[column].trim().to_owned(),
            value: cells.get(column).map(|cell| cell.trim().to_owned()).unwrap_or_default(),
            code: match fault.kind {
                FaultKind::Unknown => Code::WalletUnknown,
                FaultKind::Deleted => Code::WalletDeleted,
                FaultKind::Frozen => Code::WalletFrozen,
                FaultKind::OtherCurrency => Code::WalletCurrency,
            },
            problem: fault.problem.clone(),
            mend: fault.mend.clone(),
        })
    }
}

impl Shown for PreflightProgress {
    const WHAT: &'static str = "wallets asked";

    fn of(&self) -> (u64, u64) {
        (self.wallets, self.answered + self.unread)
    }

    fn words(&self) -> String {
        match self.unread {
            0 => String::new(),
            unread => format!("{} could not be read", count(unread)),
        }
    }

    fn pulse(&self) -> Pulse {
        self.pulse
    }
}
