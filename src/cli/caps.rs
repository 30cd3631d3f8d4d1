//! How much a run may give: what its limit leaves of the campaign, and whether a day's caps allow that.
//!
//! **Invariant:** a run that begins could give all of this and pass no cap, on this day or, where it goes on
//! over midnight, on the next: nobody else gives while it holds the ledger.

use serde::Deserialize;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::values;
use super::wall::day_start;
use crate::domain::Money;
use crate::ledger::{Glance, Sender};
use crate::plan::{CapBreach, Caps};

/// An amount of money; text where it has decimals, since TOML's would be rounded.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "an amount: 12500, or in quotes \"12500.50\"")]
pub(super) enum Amount {
    Whole(u64),
    Text(String),
}

/// The caps of the environment, or of the settings file; `named` says that a key of the latter is wrong.
pub(super) fn read(
    per_day: &Option<Amount>,
    per_wallet_per_day: &Option<Amount>,
    named: impl Fn(&str, String) -> Failure,
) -> Result<Caps, Failure> {
    let cap = |key: &str, written: &Option<Amount>| {
        let variable = format!("GIFTBATCH_{}", key.to_uppercase());
        let set = std::env::var(&variable).unwrap_or_default();
        if !set.trim().is_empty() {
            let wrong = |why| Failure::usage(format!("{variable}: {why}"));
            return values::money(set.trim()).map(Some).map_err(wrong);
        }
        let text = match written {
            None => return Ok(None),
            Some(Amount::Whole(whole)) => whole.to_string(),
            Some(Amount::Text(text)) => text.clone(),
        };
        values::money(&text).map(Some).map_err(|why| named(key, why))
    };
    Ok(Caps {
        per_day: cap("max_per_day", per_day)?,
        per_wallet_per_day: cap("max_per_wallet_per_day", per_wallet_per_day)?,
    })
}

/// Gifts and money that a run may send at most, of so much that is open of all its campaigns together;
/// fails with code 7 where a cap forbids it, and nothing was sent.
pub(super) async fn bound(
    context: &Context,
    glance: &mut Glance<'_>,
    sender: Sender<'_>,
    limit: Option<u64>,
    open: (u64, Money),
) -> Result<(u64, Money), Failure> {
    let (gifts, amount) = match limit {
        Some(limit) if limit < open.0 => glance.send_most(sender, limit).await?,
        _ => open,
    };
    let caps = context.settings.caps;
    if caps.is_none() || gifts == 0 {
        return Ok((gifts, amount));
    }
    let today = day_start(context.now(), context.settings.tz);
    let mut breaches = Vec::new();
    if caps.per_day.is_some() {
        let given = glance.given_since(today, sender).await?;
        breaches.extend(caps.check_day(given, amount));
    }
    if let Some(cap) = caps.per_wallet_per_day {
        let wallets = glance.wallets_over(cap, today, sender).await?;
        breaches.extend((wallets.count > 0).then_some(CapBreach::Wallets { cap, wallets }));
    }
    let messages: Vec<String> = breaches.iter().map(ToString::to_string).collect();
    if messages.is_empty() {
        return Ok((gifts, amount));
    }
    let hint = match &breaches[..] {
        [CapBreach::Day { .. }] => {
            "nothing was sent; send fewer with --limit, or the rest tomorrow"
        }
        _ => "nothing was sent; give less to these wallets, or raise the cap in the settings",
    };
    Err(Failure::new(Exit::NotConfirmed, messages.join("\n")).hint(hint))
}
