//! `check`: whether a file may be loaded.
//!
//! It goes the way of a load into a ledger of its own that is thrown away, so that the two never disagree about
//! a file. What providers say of it is kept in the user's ledger: whoever loads the file next need not ask again.

use super::commands::CheckArgs;
use super::context::{Context, Session};
use super::exit::Exit;
use super::failure::Failure;
use super::load::{Source, keep_rejects, prepare};
use crate::ledger::{Ledger, RunLock};

/// `giftbatch check`.
pub(super) async fn check(context: &Context, args: &CheckArgs) -> Result<Exit, Failure> {
    let folder = tempfile::tempdir()?;
    let ledger = Ledger::open(&folder.path().join("check.db")).await?;
    let lock = RunLock::take(ledger.path(), context.command, context.now())?;
    let mut session = Session::of(ledger, lock, context.now()).await?;
    let name = "check".parse().expect("a plain word is a campaign's name");
    let source = Source {
        args: &args.file,
        campaign: &name,
        max_total: args.max_total,
        gives: false,
        celebration: None,
        asks: false,
    };
    let mut aside = match args.file.asks() {
        true => Some(context.session_or_new().await?),
        false => None,
    };
    let (load, mut loaded) = prepare(context, &mut session, aside.as_mut(), &source).await?;
    load.rollback().await?;
    if let Some(aside) = aside {
        aside.close().await;
    }
    keep_rejects(context, &mut loaded)?;
    if context.out.args.json {
        let mut document = loaded.preview.json();
        document["version"] = 1.into();
        document["command"] = context.command.into();
        document["status"] = "complete".into();
        document["exit_code"] = Exit::Done.code().into();
        document["elapsed_ms"] = context.elapsed_ms().into();
        document["error"] = serde_json::Value::Null;
        let (faults, counts) = context.told.faults().unzip();
        document["faults"] = faults.into();
        document["fault_counts"] = counts.into();
        context.out.result(&document.to_string());
    } else {
        context.out.people(&loaded.preview.text());
        let what =
            if loaded.preview.seen.rejected > 0 { "the rest of the file" } else { "the file" };
        context.out.people(&format!("{what} is good; nothing was stored or sent"));
    }
    Ok(Exit::Done)
}
