//! The library's loops inside this process, over a provider that answers at once.

use std::path::Path;
use std::sync::Arc;

use chrono::TimeDelta;
use giftbatch::clock::{self, Clock};
use giftbatch::drive::Rules;
use giftbatch::issue::{IssueOptions, Progress, Sending, Tools, run_issue};
use giftbatch::ledger::{Campaign, Ledger, RunLock, RunNote, Writer};
use giftbatch::pace::Pace;
use giftbatch::provider::WalletClient;
use giftbatch::reconcile::{ReconcileOptions, ReconcileProgress, run_reconcile};
use giftbatch::settle::{AbsenceProof, InDoubt, Policy};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::campaign::NAME;
use super::echo::Echo;

/// As many requests at once as the program has at most.
const CONCURRENCY: usize = 32;

/// The provider of ledgers that were not issued to any other.
pub(crate) const NOWHERE: &str = "http://127.0.0.1:9";

/// A ledger, open to be worked on.
pub(crate) struct Open {
    pub(crate) ledger: Ledger,
    pub(crate) writer: Writer,
    pub(crate) campaign: Campaign,
    pub(crate) clock: Clock,
    _lock: RunLock,
}

/// A runtime as the program's.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().global_queue_interval(1).enable_all().build().expect("a runtime")
}

impl Open {
    /// Opens a ledger as the program does.
    pub(crate) async fn at(path: &Path) -> Open {
        let clock = clock::system();
        let ledger = Ledger::open(path).await.expect("a ledger can be opened");
        let lock = RunLock::take(ledger.path(), "bench", clock.now()).expect("nobody has it");
        let mut writer = ledger.writer(&lock).await.expect("it can be written to");
        writer.notice_age(ledger.path(), clock.now()).await.expect("it is no older copy");
        let campaign = ledger.campaign(NAME).await.expect("it can be read");
        let campaign = campaign.expect("the campaign was loaded");
        Open { ledger, writer, campaign, clock, _lock: lock }
    }
}

/// Issues until all is given, or until the provider asks it to end.
pub(crate) fn issue(path: &Path, origin: &str, echo: &Arc<Echo>) {
    runtime().block_on(async {
        let Open { ledger, writer, campaign, clock, _lock } = Open::at(path).await;
        let tools = Tools {
            client: client(origin, echo, &clock),
            clock,
            interrupt: echo.interrupt.clone(),
            progress: watch::channel(Progress::default()).0,
        };
        let policy = Policy {
            window: TimeDelta::minutes(5),
            max_attempts: 5,
            in_doubt: InDoubt::Settle,
            proof: AbsenceProof::Balance,
        };
        let options = IssueOptions {
            sending: Sending::Gifts,
            command: "bench",
            note: RunNote::default(),
            tag: false,
            policy,
            max_in_doubt: 100,
            give_up_after: TimeDelta::minutes(15),
            stop_after_refusals: 20,
            limit: None,
            names_gifts: false,
            deadline: None,
            clock_tolerance: None,
            day_ends_at: None,
        };
        let mut pace = Pace::new(0, CONCURRENCY);
        let issued = run_issue(&ledger, writer, &mut pace, &tools, &campaign, &options).await;
        let issued = issued.expect("the ledger works");
        ledger.close().await;
        issued.writer.close().await.expect("a ledger can be closed");
    });
}

/// Reads wallets until all are read, or until the provider asks it to end.
pub(crate) fn reconcile(path: &Path, origin: &str, echo: &Arc<Echo>) {
    runtime().block_on(async {
        let Open { ledger, writer, campaign, clock, _lock } = Open::at(path).await;
        let options = ReconcileOptions {
            command: "bench",
            note: RunNote::default(),
            client: client(origin, echo, &clock),
            rules: Rules {
                clock,
                interrupt: echo.interrupt.clone(),
                patience: TimeDelta::minutes(15),
                deadline: None,
            },
            progress: watch::channel(ReconcileProgress::default()).0,
            window: TimeDelta::minutes(5),
            only: None,
            proof: AbsenceProof::Balance,
            balances: false,
        };
        let mut pace = Pace::new(0, CONCURRENCY);
        let done = run_reconcile(&ledger, writer, &mut pace, &campaign, &options).await;
        let (writer, _) = done.expect("the ledger works");
        ledger.close().await;
        writer.close().await.expect("a ledger can be closed");
    });
}

/// The program's client, with the echo for HTTP.
pub(crate) fn client(origin: &str, echo: &Arc<Echo>, clock: &Clock) -> WalletClient {
    let transport = Arc::clone(echo);
    WalletClient::over(transport, origin.parse().expect("it is a URL"), Arc::clone(clock))
}
