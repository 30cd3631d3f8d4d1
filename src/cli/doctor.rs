//! `doctor`: whether everything is in its place before money moves, each line with what to do about it.
//!
//! It asks the provider one question that costs nothing: the gift list of a wallet that nobody has; and Minted
//! Connect, where that is set, what a customer holds whom nobody has. The ledger is only looked at.
//!
//! **Invariant:** nothing is made, written or sent, and no key is shown.

mod check;
mod ledger;
mod minted;
mod provider;
mod settings;

use serde_json::{Value, json};

use self::check::{Check, Verdict};
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::view::screen;
use crate::domain::duration_text;

/// `giftbatch doctor`.
pub(super) async fn doctor(context: &Context) -> Result<Exit, Failure> {
    let mut checks = settings::look(context);
    let url = context.settings.wallet_url();
    if url.is_ok() {
        let window = duration_text(context.settings.settle);
        checks.push(match context.settings.giving_url() {
            Ok(_) => Check::ok("settle window", window),
            Err(failure) => Check::failed("settle window", &failure),
        });
    }
    match (&url, context.settings.credentials()) {
        (Ok(url), Ok(keys)) => checks.extend(provider::look(context, url, &keys).await),
        (url, keys) => {
            let keys = keys.err();
            let reasons = [("wallet API", url.as_ref().err()), ("keys", keys.as_ref())];
            for (name, failure) in reasons {
                checks.extend(failure.map(|failure| Check::failed(name, failure)));
            }
        }
    }
    checks.push(minted::look(context).await);
    checks.extend(ledger::look(context, url.ok().as_ref()).await);
    let exit = exit_of(&checks);
    if context.out.args.json {
        context.out.result(&document(&checks, exit).to_string());
    } else {
        let is_quiet = |check: &&Check| !context.out.args.quiet || check.verdict != Verdict::Ok;
        let lines = checks.iter().filter(is_quiet).map(|check| check.on(screen()));
        lines.for_each(|lines| context.out.result(&lines));
    }
    Ok(exit)
}

/// What cannot work comes first, then what must be looked at, the keys, and what may pass by itself.
fn exit_of(checks: &[Check]) -> Exit {
    let order = [Exit::Unexpected, Exit::Usage, Exit::Attention, Exit::CredentialsRejected];
    let failed = |exit: &Exit| checks.iter().any(|check| check.verdict == Verdict::Fail(*exit));
    let first = order.into_iter().chain([Exit::Stopped]).find(failed);
    first.unwrap_or(Exit::Done)
}

fn document(checks: &[Check], exit: Exit) -> Value {
    let checks: Vec<Value> = checks
        .iter()
        .map(|Check { name, verdict, detail, advice }| {
            json!({ "name": name, "result": verdict.word(), "detail": detail, "advice": advice })
        })
        .collect();
    json!({
        "version": 1,
        "command": "doctor",
        "status": exit.status(None).word(),
        "exit_code": exit.code(),
        "checks": checks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_finding_is_the_exit_code() {
        // Goal: a warning is no failure, and of several failures the one to mend first is told. Method:
        // more and more of them.
        let check = |verdict| Check { verdict, ..Check::ok("a", "") };
        let mut checks = vec![check(Verdict::Ok), check(Verdict::Warn)];
        assert_eq!(exit_of(&checks), Exit::Done);
        for exit in [Exit::Stopped, Exit::CredentialsRejected, Exit::Attention, Exit::Usage] {
            checks.push(check(Verdict::Fail(exit)));
            assert_eq!(exit_of(&checks), exit);
        }
    }
}
