//! Whether the provider can be reached, takes the keys, and shows the same time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::check::Check;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::roots::check_roots;
use crate::domain::WalletId;
use crate::provider::{
    Barrier, BaseUrl, Credentials, Exchange, ListReading, Obstacle, Trouble, WalletClient,
};

/// Nobody waits longer for a first look.
const PATIENCE: Duration = Duration::from_secs(10);

/// Clocks that are this far apart are not worth a word: `Date` has whole seconds.
const CLOSE: TimeDelta = TimeDelta::seconds(2);

/// Reads the gift list of a wallet that nobody has.
pub(super) async fn look(context: &Context, url: &BaseUrl, keys: &Credentials) -> Vec<Check> {
    if let Err(failure) = check_roots(&url.to_string()) {
        return vec![Check::failed("TLS", &failure)];
    }
    let mut line = context.settings.line();
    line.timeout = line.timeout.min(PATIENCE);
    let client = match WalletClient::new(url.clone(), keys, line, context.clock.clone()) {
        Ok(client) => client,
        Err(error) => return vec![Check::failed("keys", &Failure::from(error))],
    };
    let nobody = WalletId(uuid::Uuid::new_v4());
    let (reading, exchange) = client.gifts_of(nobody).await;
    let mut checks = connection(url, &exchange, &reading);
    checks.extend(credentials(&reading));
    checks.extend(clock(&exchange));
    checks
}

/// How far the request came.
fn connection(url: &BaseUrl, exchange: &Exchange, reading: &ListReading) -> Vec<Check> {
    let is_open = url.to_string().starts_with("http:");
    let tls = match is_open {
        true => Check::ok("TLS", "none: http, to this machine alone"),
        false => Check::ok("TLS", "the certificate is trusted"),
    };
    if exchange.reply.answer().is_some() {
        let took = (exchange.ended_at - exchange.sent_at).num_milliseconds();
        return vec![Check::ok("connection", format!("answered in {took} ms")), tls];
    }
    match reading {
        ListReading::Obstructed(Obstacle::NeverSent { barrier, why }) => {
            vec![unreachable(*barrier, why)]
        }
        ListReading::Unreadable { why, .. } => {
            let advice = "the connection was made, but nothing came back that is an answer: try again, or \
                          ask your provider";
            vec![Check::fail("connection", Exit::Stopped, why, advice), tls]
        }
        _ => Vec::new(),
    }
}

/// Why no connection was made, and what to do about it.
pub(super) fn unreachable(barrier: Barrier, why: &str) -> Check {
    let (name, advice) = match barrier {
        Barrier::Certificate => (
            "TLS",
            "check the host's name, this machine's clock and its certificates (ca-certificates); a proxy may stand \
             between",
        ),
        Barrier::Plain => ("TLS", "check the host and the port"),
        Barrier::Name => ("connection", "check the host, and this machine's DNS"),
        Barrier::Refused => ("connection", "check the host and the port"),
        Barrier::Late => ("connection", "check the host, the network and its firewalls"),
        Barrier::Other => ("connection", "check the URL and the network"),
    };
    Check::fail(name, Exit::Stopped, why, advice)
}

/// What the answer says of the keys; nothing where there was none.
fn credentials(reading: &ListReading) -> Option<Check> {
    let name = "credentials";
    let rejected = |why: &str| {
        let advice = "mend GIFTBATCH_API_KEY and GIFTBATCH_API_CLIENT, or where they come from";
        Check::fail(name, Exit::CredentialsRejected, format!("rejected ({why})"), advice)
    };
    let url = "check the wallet URL: its base path may be another";
    Some(match reading {
        ListReading::Whole(_) | ListReading::Partial { .. } | ListReading::NoList => {
            Check::ok(name, "accepted")
        }
        ListReading::Obstructed(Obstacle::CredentialsRejected { why }) => rejected(why),
        ListReading::Obstructed(Obstacle::Forbidden(refusal)) => rejected(&refusal.message),
        ListReading::Obstructed(Obstacle::Throttled { .. }) => {
            Check::warn(name, "not known: the provider asks to slow down (429)", "try again later")
        }
        ListReading::Unreadable { trouble: Trouble::TimedOut | Trouble::Cut, .. }
        | ListReading::Obstructed(Obstacle::NeverSent { .. }) => return None,
        ListReading::Unreadable { why, trouble: Trouble::Redirected | Trouble::Odd } => {
            Check::fail(name, Exit::Stopped, format!("not known: {why}"), url)
        }
        ListReading::Unreadable { why, .. } => {
            Check::fail(name, Exit::Stopped, format!("not known: {why}"), "try again later")
        }
    })
}

/// Compares the clocks, where the provider shows its own.
fn clock(exchange: &Exchange) -> Option<Check> {
    let answer = exchange.reply.answer()?;
    let Some(server) = answer.server_time else {
        let advice = "nothing to do: clocks are compared by the gifts themselves then";
        return Some(Check::warn("clock", "the provider does not show its time", advice));
    };
    Some(apart(server, exchange.sent_at, exchange.ended_at))
}

/// `server` was told, with its fractions cut off, at some moment between the two others.
fn apart(server: DateTime<Utc>, sent_at: DateTime<Utc>, ended_at: DateTime<Utc>) -> Check {
    let ahead = server - ended_at;
    let behind = sent_at - server - TimeDelta::seconds(1);
    let advice = "set this machine's clock (NTP): expiries and reports go by it; what was given is told \
                  by the provider's own clock all the same";
    if ahead > CLOSE {
        let detail = format!("the provider's clock is {} s ahead of ours", ahead.num_seconds());
        Check::warn("clock", detail, advice)
    } else if behind > CLOSE {
        let detail = format!("the provider's clock is {} s behind ours", behind.num_seconds());
        Check::warn("clock", detail, advice)
    } else {
        Check::ok("clock", format!("within {} s of the provider's", CLOSE.num_seconds()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;

    #[test]
    fn clocks_are_apart_only_where_that_is_certain() {
        // Goal: a slow answer and cut fractions raise no alarm. Method: the server's time against an
        // answer of three seconds, at both edges.
        let at = |text: &str| format!("2027-03-01T09:00:{text}Z").parse().unwrap();
        for (server, verdict) in [
            ("06.999", Verdict::Warn),
            ("07", Verdict::Ok),
            ("13", Verdict::Ok),
            ("15", Verdict::Ok),
            ("15.001", Verdict::Warn),
        ] {
            let check = apart(at(server), at("10"), at("13"));
            assert_eq!(check.verdict, verdict, "{check}");
        }
    }
}
