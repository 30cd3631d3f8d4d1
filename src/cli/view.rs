//! `status`, `gifts` and `show`: the commands that only read.

use std::io::{self, IsTerminal};

use super::begun::{Begun, read_to_the_end};
use super::commands::{GiftsArgs, ShowArgs, StatusArgs};
use super::context::{self, Context};
use super::exit::Exit;
use super::failure::Failure;
use super::finish;
use super::watch::watch;
use crate::domain::{GiftKey, WalletId, parse_guid};
use crate::report::{self, Cells, Summary, list};

/// `giftbatch status`.
pub(super) async fn status(context: &Context, args: &StatusArgs) -> Result<Exit, Failure> {
    if args.watch {
        match watch(context, args).await? {}
    }
    let ledger = context.ledger().await?;
    if let Some(name) = &args.campaign {
        let campaign = context::campaign(&ledger, name).await?;
        let summary = Summary::read(&ledger, &campaign).await?;
        finish::tell(context, &summary, Exit::Done);
        return Ok(Exit::Done);
    }
    let mut summaries = Vec::new();
    for campaign in ledger.campaigns().await? {
        summaries.push(Summary::read(&ledger, &campaign).await?);
    }
    if context.out.args.json {
        let documents: Vec<String> = summaries
            .iter()
            .map(|summary| finish::document(context, summary, Exit::Done))
            .collect();
        context.out.result(&format!("[{}]", documents.join(",")));
    } else if summaries.is_empty() {
        context.out.people("the ledger has no campaign yet: giftbatch load FILE --campaign NAME");
    } else {
        context.out.people(&report::overview(&summaries));
    }
    Ok(Exit::Done)
}

/// `giftbatch gifts`.
pub(super) async fn gifts(context: &Context, args: &GiftsArgs) -> Result<Exit, Failure> {
    let ledger = context.ledger().await?;
    let campaign = context::campaign(&ledger, &args.campaign).await?;
    let form = match (context.out.args.json, args.csv) {
        (true, _) => list::ListForm::Json,
        (false, true) => list::ListForm::Csv(Cells::Spreadsheet),
        (false, false) => table(),
    };
    let mut out = Begun::new(io::stdout());
    let written = list::write(&ledger, &campaign, args.state, form, &mut out).await.map(drop);
    out.end(context, written)
}

/// `giftbatch show`.
pub(super) async fn show(context: &Context, args: &ShowArgs) -> Result<Exit, Failure> {
    let id = parse_guid(&args.id)
        .map_err(|error| Failure::usage(format!("{:?} is {error}", args.id)))?;
    let ledger = context.ledger().await?;
    if let Some(gift) = ledger.gift(GiftKey(id)).await? {
        let history = ledger.history(gift.row).await?;
        context.out.result(&if context.out.args.json {
            report::story_json(&gift, &history)
        } else {
            report::story(&gift, &history)
        });
        return Ok(Exit::Done);
    }
    let gifts = ledger.gifts_of_wallet(WalletId(id)).await?;
    if gifts.is_empty() {
        return Err(Failure::usage(format!("the ledger has no gift and no wallet {id}"))
            .hint("wallets are listed by `giftbatch gifts NAME`, keys with its --csv or --json"));
    }
    if context.out.args.json {
        let mut out = io::stdout().lock();
        let written = list::write_gifts(&gifts, list::ListForm::Json, &mut out);
        return read_to_the_end(written.map(drop));
    }
    for gift in &gifts {
        let history = ledger.history(gift.row).await?;
        context.out.result(&report::story(gift, &history));
    }
    Ok(Exit::Done)
}

fn table() -> list::ListForm {
    list::ListForm::Table { width: width() }
}

/// How wide the screen is; wide enough for all, where there is none.
pub(super) fn width() -> u16 {
    io::stdout()
        .is_terminal()
        .then(terminal_size::terminal_size)
        .flatten()
        .map_or(160, |(width, _)| width.0)
}
