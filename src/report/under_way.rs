//! What is under way, in words: how fast a run goes, and when it will be over.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Summary;
use super::figures::{instant, second};
use crate::domain::GiftState;
use crate::ledger::{Elsewhere, Speed, UnderWay};

/// A run from which nothing came for so long is worth a word, in seconds.
const QUIET_S: i64 = 15;

/// Who does what since when, and how fast; nothing where nobody does anything.
pub(super) fn now(summary: &Summary) -> Option<String> {
    if let Some(Elsewhere { campaign, command, since }) = &summary.elsewhere {
        let (command, campaign) = (super::clean(command), super::clean(campaign));
        let since = second(*since);
        return Some(format!(
            "`{command}` of \"{campaign}\" holds the ledger, since {since}; what is next here waits for its end"
        ));
    }
    let UnderWay { command, since, speed, waits_until } = summary.under_way.as_ref()?;
    let command = super::clean(command);
    let what = match speed {
        Some(_) => format!("`{command}` goes on"),
        None => format!("`{command}` reads the wallets back"),
    };
    let speed = speed.map(|speed| format!(": {}", pace(speed, open(summary)))).unwrap_or_default();
    Some(format!("{what}, since {}{speed}{}", second(*since), waits(*waits_until)))
}

/// The same in as few words as there are.
pub(super) fn brief(summary: &Summary) -> Option<String> {
    let UnderWay { command, speed, waits_until, .. } = summary.under_way.as_ref()?;
    let command = super::clean(command);
    let what = match speed {
        Some(speed) => format!("{command} goes on: {}", pace(*speed, open(summary))),
        None => format!("{command} reads the wallets back"),
    };
    Some(format!("{what}{}", waits(*waits_until)))
}

/// Until when the provider asked to be left alone, where it did.
fn waits(until: Option<DateTime<Utc>>) -> String {
    until
        .map(|at| format!("; the provider throttles, and nothing is asked until {}", second(at)))
        .unwrap_or_default()
}

/// The same for programs; null where nobody does anything. What is not known is null.
pub(super) fn json(summary: &Summary) -> Option<Value> {
    if let Some(Elsewhere { campaign, command, since }) = &summary.elsewhere {
        return Some(json!({
            "campaign": campaign,
            "command": command,
            "since": instant(*since),
            "gifts": null,
            "within_ms": null,
            "quiet_ms": null,
            "left_ms": null,
            "waits_until": null,
        }));
    }
    let UnderWay { command, since, speed, waits_until } = summary.under_way.as_ref()?;
    let is_fast = |speed: &Speed| speed.gifts > 0 && speed.quiet_for.num_seconds() < QUIET_S;
    Some(json!({
        "campaign": summary.campaign,
        "command": command,
        "since": instant(*since),
        "gifts": speed.map(|speed| speed.gifts),
        "within_ms": speed.map(|speed| speed.within_ms),
        "quiet_ms": speed.map(|speed| speed.quiet_for.num_milliseconds().max(0)),
        "left_ms": speed.filter(is_fast).map(|speed| left_ms(speed, open(summary))),
        "waits_until": waits_until.map(instant),
    }))
}

/// How long the rest takes at a speed of more than nothing.
fn left_ms(speed: Speed, open: u64) -> u64 {
    let left =
        u128::from(open) * u128::from(speed.within_ms.max(1)) / u128::from(speed.gifts.max(1));
    u64::try_from(left).unwrap_or(u64::MAX)
}

/// Gifts of which something may still become by itself.
fn open(summary: &Summary) -> u64 {
    let open = [GiftState::Planned, GiftState::InFlight, GiftState::Deferred, GiftState::InDoubt];
    open.map(|state| summary.states.gifts(state)).into_iter().sum()
}

/// How fast, and when it will be over at that speed.
fn pace(speed: Speed, open: u64) -> String {
    let quiet_s = speed.quiet_for.num_seconds();
    if speed.gifts == 0 || quiet_s >= QUIET_S {
        return match quiet_s {
            ..QUIET_S => "no gift yet".to_owned(),
            _ => format!("nothing has come back for {quiet_s} s"),
        };
    }
    let took = speed.within_ms.max(1);
    let tenths = speed.gifts * 10_000 / took;
    let (whole, tenth) = (tenths / 10, tenths % 10);
    let left = left_ms(speed, open) / 1_000;
    let left = match left {
        0 => return format!("{whole}.{tenth} gifts a second"),
        1..120 => format!("{left} s"),
        120..7_200 => format!("{} min", left / 60),
        _ => format!("{} h", left / 3_600),
    };
    format!("{whole}.{tenth} gifts a second, about {left} left")
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_speed_says_when_it_will_be_over() {
        // Goal: who looks sees when it will be over, and nothing made up. Method: a run that has just begun, one
        // that goes steadily, one that stands still.
        let pace = |gifts, within_ms, quiet_s, open| {
            let quiet_for = TimeDelta::seconds(quiet_s);
            super::pace(Speed { gifts, within_ms, quiet_for }, open)
        };
        assert_eq!(pace(0, 800, 0, 100), "no gift yet");
        assert_eq!(pace(300, 60_000, 0, 0), "5.0 gifts a second");
        assert_eq!(pace(300, 60_000, 1, 100), "5.0 gifts a second, about 20 s left");
        assert_eq!(pace(300, 60_000, 0, 1_500), "5.0 gifts a second, about 5 min left");
        assert_eq!(pace(300, 60_000, 0, 1_000_000), "5.0 gifts a second, about 55 h left");
        assert_eq!(pace(300, 60_000, 40, 100), "nothing has come back for 40 s");
        assert_eq!(pace(0, 60_000, 60, 100), "nothing has come back for 60 s");
    }
}
