//! `--require-holding`: Minted Connect is asked what each customer of a file holds, before any row is loaded.
//!
//! As with the wallets of a preflight, the file is read twice: first its customers are noted in the ledger,
//! and those are asked for of whom there is no recent answer; then, while the rows are loaded, the answers are
//! looked up group by group.
//!
//! **Invariant:** only a group of rows is in memory, however long the file is.
//! **Invariant:** nothing of the file is loaded before there is an answer about each of its customers.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use chrono::SubsecRound;
use tokio::sync::{mpsc, watch};

use super::commands::FileArgs;
use super::context::{Context, Session};
use super::early::Early;
use super::ended::{MINTED, Why, not_loaded};
use super::exit::Signal;
use super::failure::Failure;
use super::give::delta;
use super::progress::{Display, Shown};
use crate::domain::duration_text;
use crate::drive::{Ended, Pulse};
use crate::intake::{Code, Fault, ReadOptions, RowOutcome, Rows, Survey, customer_of, read};
use crate::ledger::{HoldingAnswer, Ledger, RowGroup, WantedCustomers, Writer};
use crate::pace::Pace;
use crate::plan::Estimate;
use crate::preflight::{HolderOptions, HolderProgress, Lack, Requirement, ask_for_holdings};
use crate::provider::MintedClient;
use crate::report::count;

/// Distinct customers that are noted with one commit.
const GROUP: usize = 8_192;

/// Groups that are read ahead.
const GROUPS_AHEAD: usize = 2;

/// The language of refusals, as that of `holdings`.
const LANGUAGE: &str = "tr";

/// What is known of the customers of a file.
pub(super) struct Holders {
    ledger: Ledger,
    requirement: Requirement,
    survey: Survey,
    /// Where the customers are.
    column: usize,
}

/// A client where holdings are asked for: what it lacks is told before anything is done.
pub(super) fn minted_client(
    context: &Context,
    args: &FileArgs,
) -> Result<Option<MintedClient>, Failure> {
    let is_asked_for = args.holding.require_holding.is_some();
    let client = || context.settings.minted.client(LANGUAGE, context.settings.line());
    is_asked_for.then(client).transpose()
}

/// Asks for the customers of a surveyed file, where something has to be held. The answers are kept in the
/// ledger of the session.
pub(super) async fn eligibility(
    context: &Context,
    session: &mut Session,
    client: MintedClient,
    args: &FileArgs,
    survey: &Survey,
    options: &ReadOptions,
) -> Result<Option<Holders>, Failure> {
    let Some((requirement, column)) =
        args.holding.require_holding.clone().zip(survey.columns.customer)
    else {
        return Ok(None);
    };
    let metals = requirement.metals_text();
    let begun_at = context.now().trunc_subsecs(3);
    let max_age = args.holding.holding_max_age;
    let mut batch = session.writer.begin().await?;
    let reuse_from = begun_at - delta(max_age);
    let check = batch.begin_holding_check(client.account(), reuse_from, begun_at).await?;
    batch.commit().await?;
    let early = Early::listen(context.out)?;
    let rows = read(&args.file, survey, options)?;
    want(&mut session.writer, (check, &metals), rows, column).await?;
    let wanted = session.ledger.wanted_customers(check).await?;
    let rate = context.settings.minted.rate();
    context.out.note(&cost(rate, wanted, &duration_text(max_age)));
    let (progress, source) = watch::channel(HolderProgress::default());
    let options = HolderOptions {
        check,
        metals: requirement.metals().to_vec(),
        rules: context.rules(early.interrupt.clone()),
        progress,
    };
    let display = Display::start(context.out, source.clone());
    let (ledger, writer) = (&session.ledger, &mut session.writer);
    // A service of its own has a pace of its own.
    let mut pace = Pace::new(rate, 1);
    let ended = ask_for_holdings(ledger, writer, &mut pace, client, wanted, &options).await;
    display.finish().await;
    let progress = *source.borrow();
    early.leave();
    let ended = ended?;
    if ended.is_some() || progress.unread > 0 {
        return Err(stopped(ended.as_ref(), progress, early.first()));
    }
    let (ledger, survey) = (session.ledger.clone(), survey.clone());
    Ok(Some(Holders { ledger, requirement, survey, column }))
}

/// What it will take, before it is begun.
fn cost(rate: u32, wanted: WantedCustomers, max_age: &str) -> String {
    let WantedCustomers { all, to_ask } = wanted;
    let estimate = Estimate { gifts: to_ask, wallets: 0, rate };
    let customers = if to_ask == 1 { "customer" } else { "customers" };
    let reused = match all - to_ask.min(all) {
        0 => String::new(),
        reused => format!("; {} answers of the last {max_age} are reused", count(reused)),
    };
    match to_ask {
        0 => format!("holdings: nothing to ask{reused}"),
        _ => format!("holdings: {} {customers} to ask for, {estimate}{reused}", count(to_ask)),
    }
}

/// Notes the customers of all good rows: what is wrong with the others is told by the load.
async fn want(
    writer: &mut Writer,
    (check, metals): (i64, &str),
    rows: Rows,
    column: usize,
) -> Result<(), Failure> {
    let (to, mut groups) = mpsc::channel(GROUPS_AHEAD);
    let reading = tokio::task::spawn_blocking(move || read_customers(rows, column, &to));
    while let Some(group) = groups.recv().await {
        let mut batch = writer.begin().await?;
        batch.want_customers(check, metals, &group);
        batch.commit().await?;
    }
    reading.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

fn read_customers(
    rows: Rows,
    column: usize,
    to: &mpsc::Sender<Vec<String>>,
) -> Result<(), Failure> {
    // A million rows may be those of a few customers.
    let mut group = BTreeSet::new();
    let send = |group: &mut BTreeSet<String>| {
        to.blocking_send(std::mem::take(group).into_iter().collect()).is_ok()
    };
    for outcome in rows {
        let RowOutcome::Good(row) = outcome? else {
            continue;
        };
        let customer = row.cells.get(column).map_or("", |cell| customer_of(cell));
        if !group.contains(customer) {
            group.insert(customer.to_owned());
        }
        if group.len() == GROUP && !send(&mut group) {
            return Ok(());
        }
    }
    // Nobody takes it any more only where the ledger failed, which is told there.
    send(&mut group);
    Ok(())
}

/// Why nothing is loaded, where of some customers there is no answer.
fn stopped(ended: Option<&Ended>, progress: HolderProgress, signal: Option<Signal>) -> Failure {
    let HolderProgress { customers, answered, unread, .. } = progress;
    let what = if unread == 1 { "customer" } else { "customers" };
    let unread = Why::new(
        format!("{} {what} could not be read", count(unread)),
        "giftbatch holdings CUSTOMER says why",
    );
    not_loaded("holdings", MINTED, (ended, unread), (answered, customers), signal)
}

impl Holders {
    /// The rows of a group whose customers lack something, by their lines.
    pub(super) async fn faults(&self, group: &RowGroup) -> Result<Vec<(u64, Fault)>, Failure> {
        let mut rows = Vec::new();
        for (row, _) in group.rows() {
            let cells: Vec<Cow<'_, str>> = serde_json::from_str(&row.cells_json)?;
            let customer = cells.get(self.column).map_or("", |cell| customer_of(cell));
            rows.push((row.line, customer.to_owned()));
        }
        let customers: BTreeSet<&str> =
            rows.iter().map(|(_, customer)| customer.as_str()).collect();
        let asked: Vec<&str> = customers.into_iter().collect();
        let metals = self.requirement.metals_text();
        let answers = self.ledger.holdings_of(&metals, &asked).await?;
        let answers: HashMap<String, HoldingAnswer> = answers.into_iter().collect();
        let fault = |(line, customer): &(u64, String)| {
            let lack = self.requirement.lack(answers.get(customer))?;
            Some((*line, self.fault(*line, customer, lack)))
        };
        Ok(rows.iter().filter_map(fault).collect())
    }

    fn fault(&self, line: u64, customer: &str, lack: Lack) -> Fault {
        Fault {
            place: self.survey.dialect.place(line).of_cell(self.column),
            column: self.survey.header[self.column].trim().to_owned(),
            value: customer.to_owned(),
            code: Code::HoldingMissing,
            problem: lack.problem,
            mend: lack.mend,
        }
    }
}

impl Shown for HolderProgress {
    const WHAT: &'static str = "customers asked for";

    fn of(&self) -> (u64, u64) {
        (self.customers, self.answered + self.unread)
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
