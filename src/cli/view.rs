//! `status`, `gifts` and `show`: the commands that only read.

use std::io;

use super::begun::{Begun, read_to_the_end};
use super::commands::{GiftsArgs, ShowArgs, StatusArgs};
use super::context::{self, Context};
use super::exit::Exit;
use super::failure::Failure;
use super::finish;
use super::out::screen_of;
use super::watch::watch;
use crate::domain::{GiftKey, WalletId, parse_guid};
use crate::report::{self, Cells, Screen, StoryLook, Summary, list};

/// `giftbatch status`.
pub(super) async fn status(context: &Context, args: &StatusArgs) -> Result<Exit, Failure> {
    if args.watch {
        match watch(context, args).await? {}
    }
    if args.campaign.is_none() && !context.settings.ledger.exists() {
        return Ok(no_ledger_yet(context));
    }
    let ledger = context.ledger().await?;
    if let Some(name) = &args.campaign {
        let campaign = context::campaign(&ledger, name).await?;
        let summary = Summary::read(&ledger, &campaign).await?;
        finish::tell_briefly(context, &summary);
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
        context.out.people(&report::overview(&summaries, screen()));
    }
    Ok(Exit::Done)
}

/// Where there is no ledger there is no campaign, which is no failure; the path is told, in case it is wrong.
fn no_ledger_yet(context: &Context) -> Exit {
    let path = context.settings.ledger.display();
    context.out.complain(&format!(
        "there is no ledger at {path} yet: the first `giftbatch load`, `run` or `birthdays` makes it"
    ));
    if context.out.args.json {
        context.out.result("[]");
    }
    Exit::Done
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
    let look = StoryLook { tz: context.settings.tz, screen: screen() };
    let ledger = context.ledger().await?;
    if let Some(gift) = ledger.gift(GiftKey(id)).await? {
        let history = ledger.history(gift.row).await?;
        let found = ledger.found_of(gift.row).await?;
        context.out.result(&if context.out.args.json {
            report::story_json(&gift, &history, &found)
        } else {
            report::story(&gift, &history, &found, look)
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
    for (place, gift) in gifts.iter().enumerate() {
        let history = ledger.history(gift.row).await?;
        let found = ledger.found_of(gift.row).await?;
        let gap = if place > 0 { "\n" } else { "" };
        context.out.result(&format!("{gap}{}", report::story(gift, &history, &found, look)));
    }
    Ok(Exit::Done)
}

fn table() -> list::ListForm {
    list::ListForm::Table { screen: screen() }
}

/// How wide the screen is that results go to; none where they go into a file or a pipe.
pub(super) fn screen() -> Screen {
    screen_of(&io::stdout())
}
