//! `reconcile NAME --history`: what earlier audits found, and what became of it.
//!
//! **Invariant:** it asks the provider nothing, and changes nothing.

use std::io;

use super::begun::Begun;
use super::context::{self, Context};
use super::exit::Exit;
use super::failure::Failure;
use super::view::screen;
use crate::ledger::{Audit, Campaign};
use crate::report::{self, audit_json, shell_word, write_findings};

/// Audits that are read: one a day for some decades.
const MOST: i64 = 10_000;

/// Shows the audits of a campaign, or all that one of them found.
pub(super) async fn history(
    context: &Context,
    name: &str,
    number: Option<i64>,
) -> Result<Exit, Failure> {
    let ledger = context.ledger().await?;
    let campaign = context::campaign(&ledger, name).await?;
    let audits = ledger.audits(campaign.id, MOST).await?;
    let Some(number) = number else {
        return Ok(list(context, &campaign, &audits));
    };
    let audit = audits.iter().find(|audit| audit.number == number);
    let audit = audit.ok_or_else(|| {
        let name = shell_word(name);
        Failure::usage(format!("{name} has no audit {number}"))
            .hint(format!("its audits: giftbatch reconcile {name} --history"))
    })?;
    let mut out = Begun::new(io::stdout());
    let is_json = context.out.args.json;
    let written = write_findings(&ledger, &campaign, audit, &audits, is_json, &mut out).await;
    out.end(context, written)
}

fn list(context: &Context, campaign: &Campaign, audits: &[Audit]) -> Exit {
    if context.out.args.json {
        let audits: Vec<_> = audits.iter().map(audit_json).collect();
        let document = serde_json::json!({
            "version": 1,
            "command": context.command,
            "campaign": campaign.name,
            "status": "complete",
            "exit_code": 0,
            "audits": audits,
        });
        context.out.result(&document.to_string());
    } else {
        context.out.result(&report::history(&campaign.name, audits, screen()));
    }
    Exit::Done
}
