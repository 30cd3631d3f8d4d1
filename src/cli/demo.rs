//! `giftbatch demo`: the whole job against the sandbox with mixed faults, and then the comparison of
//! the campaign with the sandbox's own book.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::commands::{ConfirmArgs, DemoArgs, FileArgs, LoadArgs, RunArgs, RunLimits};
use super::context::{self, Context};
use super::exit::Exit;
use super::failure::Failure;
use super::give;
use super::levers::Levers;
use super::settings::Settings;
use crate::domain::{
    Expiry, GiftContent, GiftState, Money, WalletId, normalise_description, number_of,
};
use crate::ledger::Ledger;
use crate::sandbox::{BookGift, FaultKind, FaultProfile, Sandbox, SandboxConfig, Stats};

/// The sample that the demo issues.
const SAMPLE: &str = include_str!("../../samples/coupon-drop.csv");

const CAMPAIGN: &str = "demo";

/// The demo's settle window: the sandbox's late commits and lagging lists stay well within it.
const SETTLE: Duration = Duration::from_secs(3);

const TIMEOUT: Duration = Duration::from_millis(600);

/// Gifts that the demo may issue in a second: slow enough to be watched.
const RATE: u32 = 100;

/// Runs the demo.
pub(super) async fn demo(mut context: Context, args: &DemoArgs) -> Result<Exit, Failure> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("coupon-drop.csv");
    std::fs::write(&file, SAMPLE)?;
    let sandbox = Sandbox::start(SandboxConfig {
        seed: args.seed,
        faults: FaultProfile::mixed(),
        ..SandboxConfig::default()
    })?;
    context.settings = Settings::demo(folder.path(), &sandbox.url(), RATE, TIMEOUT, SETTLE);
    context.out.people(&format!(
        "A pretend provider that loses about one answer in six (seed {}), and 300 gifts for it.\n",
        args.seed
    ));
    let exit = give::run(&context, &run_args(file)).await?;
    sandbox.settled().await;
    let ledger = context.ledger().await?;
    let verdict = compare(&ledger, &sandbox).await?;
    let stats = sandbox.stats();
    sandbox.stop().await;
    ledger.close().await;
    if context.out.args.json {
        context.out.note(&verdict.text);
    } else {
        context.out.people(&format!("\n{}{}", verdict.text, faults(&stats)));
    }
    if verdict.is_exact { Ok(exit.without_refusals()) } else { Ok(Exit::Unexpected) }
}

fn run_args(file: std::path::PathBuf) -> RunArgs {
    RunArgs {
        load: LoadArgs {
            file: FileArgs::plain(file),
            campaign: CAMPAIGN.parse().expect("a plain word is a campaign's name"),
            max_total: Some(Money::from_minor(i64::MAX)),
        },
        confirm: ConfirmArgs { confirm: None, yes: true },
        limits: RunLimits {
            tag: false,
            max_in_doubt: None,
            max_attempts: None,
            in_doubt: None,
            stop_after_refusals: 20,
            allow_revoked: false,
            levers: Levers::default(),
        },
        no_reconcile: false,
    }
}

struct Verdict {
    text: String,
    is_exact: bool,
}

/// Holds the campaign against what the sandbox really credited: every issued gift once, nothing else.
async fn compare(ledger: &Ledger, sandbox: &Sandbox) -> Result<Verdict, Failure> {
    let mut credited: HashMap<GiftContent, u64> = HashMap::new();
    for gift in sandbox.book().gifts.iter().filter(|gift| !gift.deleted) {
        *credited.entry(content(gift)).or_default() += 1;
    }
    let campaign = context::campaign(ledger, CAMPAIGN).await?;
    let (mut once, mut lost, mut twice, mut unexpected, mut not_given) = (0, 0, 0, 0, 0);
    let mut after = 0;
    loop {
        let page = ledger.gift_page(campaign.id, None, after, 1_000).await?;
        let Some(last) = page.last() else { break };
        after = last.row;
        for gift in &page {
            let times = credited.remove(&gift.content).unwrap_or(0);
            match (gift.state, times) {
                (GiftState::Issued, 0) => lost += 1,
                (GiftState::Issued, 1) => once += 1,
                (_, 0) => not_given += 1,
                (_, 1) => unexpected += 1,
                (_, _) => twice += 1,
            }
        }
    }
    // What is left was credited, and no row asked for it.
    unexpected += credited.len();
    let mut text = String::new();
    let _ = writeln!(text, "The pretend provider's own book says:");
    for (count, words) in [
        (once, "given exactly once"),
        (not_given, "refused, and not given"),
        (twice, "given twice"),
        (lost, "reported as given, and lost"),
        (unexpected, "given, and not reported"),
    ] {
        let _ = writeln!(text, "  {count:>5} {words}");
    }
    Ok(Verdict { text, is_exact: twice == 0 && lost == 0 && unexpected == 0 && once > 0 })
}

fn content(gift: &BookGift) -> GiftContent {
    GiftContent {
        wallet: WalletId(gift.wallet),
        amount: Money::from_minor(gift.amount_minor),
        expiry: Expiry::from_ms(gift.expires_at.map(|instant| instant.timestamp_millis())),
        description: normalise_description(&gift.description),
    }
}

/// Which faults the requests went through, most frequent first, in lines that fit a screen.
fn faults(stats: &Stats) -> String {
    let mut happened: Vec<(u64, &str)> = FaultKind::ALL
        .iter()
        .map(|kind| (stats.fault(*kind), kind.name()))
        .filter(|(count, _)| *count > 0)
        .collect();
    happened.sort_by_key(|(count, name)| (Reverse(*count), *name));
    let total: u64 = happened.iter().map(|(count, _)| count).sum();
    let mut text = format!("\n{} went wrong on the way:\n", number_of(total, "request"));
    for line in happened.chunks(3) {
        for (count, name) in line {
            let _ = write!(text, "  {count:>4} {:<24}", name.replace('_', " "));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}
