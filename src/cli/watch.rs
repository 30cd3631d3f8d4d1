//! `status --watch`: the same screen again and again.

use std::convert::Infallible;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use super::commands::StatusArgs;
use super::context::{self, Context};
use super::failure::Failure;
use super::progress::is_dumb;
use super::view::screen;
use crate::ledger::Ledger;
use crate::report::{self, Summary, text};

/// How often the ledger is read; less often where reading it takes long.
const EVERY: Duration = Duration::from_secs(1);

/// Of its time, a watch spends no more than this part reading: a run may go on beside it.
const PART: u32 = 10;

/// Moves to the first place of the screen, and empties it.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

/// Shows where campaigns stand until a signal ends it.
pub(super) async fn watch(context: &Context, args: &StatusArgs) -> Result<Infallible, Failure> {
    let ledger = context.ledger().await?;
    let mut shown = String::new();
    loop {
        let began = Instant::now();
        let summaries = read(&ledger, args).await?;
        let text = match (&args.campaign, &summaries[..]) {
            (Some(_), [summary]) => text::glance_on(summary, screen()),
            _ => report::overview(&summaries, screen()),
        };
        if text != shown {
            if !shown.is_empty() {
                part(context);
            }
            context.out.result(&text);
            shown = text;
        }
        tokio::time::sleep(EVERY.max(began.elapsed() * PART)).await;
    }
}

/// Takes the screen before away; where nothing can be taken away, a line without words parts the two.
fn part(context: &Context) {
    if io::stdout().is_terminal() && !is_dumb() {
        // Not by way of what prints results: without colours it leaves this out too.
        let _ = io::stdout().write_all(CLEAR.as_bytes());
    } else {
        context.out.result("\n");
    }
}

async fn read(ledger: &Ledger, args: &StatusArgs) -> Result<Vec<Summary>, Failure> {
    let campaigns = match &args.campaign {
        Some(name) => vec![context::campaign(ledger, name).await?],
        None => ledger.campaigns().await?,
    };
    let mut summaries = Vec::new();
    for campaign in &campaigns {
        summaries.push(Summary::read(ledger, campaign).await?);
    }
    Ok(summaries)
}
