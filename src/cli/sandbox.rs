//! `giftbatch sandbox`: the pretend provider as a program of its own.

use std::fmt::Write as _;

use super::commands::SandboxArgs;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::signals::Signals;
use crate::sandbox::{FaultProfile, Sandbox, SandboxConfig};

/// Serves until a signal comes.
pub(super) async fn sandbox(context: &Context, args: &SandboxArgs) -> Result<Exit, Failure> {
    let config = SandboxConfig {
        port: args.port,
        seed: args.seed,
        faults: FaultProfile::named(&args.faults)
            .ok_or_else(|| Failure::usage(format!("no fault profile {:?}", args.faults)))?,
        ..SandboxConfig::default()
    };
    let sandbox = Sandbox::start(config).map_err(|error| {
        Failure::usage(format!("cannot listen on port {}: {error}", args.port))
            .hint("choose another port with --port; 0 takes any")
    })?;
    let url = sandbox.url();
    if context.out.args.json {
        let document = serde_json::json!({
            "version": 1, "command": context.command, "url": url, "faults": args.faults,
            "seed": args.seed,
        });
        context.out.result(&document.to_string());
    } else {
        context.out.result(&words(&url, args));
    }
    let signals = Signals::listen(context.out)?;
    signals.interrupt.drain.cancelled().await;
    sandbox.stop().await;
    Ok(Exit::Done)
}

/// Where it is, and how to use it.
fn words(url: &str, args: &SandboxArgs) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "listening on {url} (faults: {}, seed {})", args.faults, args.seed);
    let _ = writeln!(text, "  export GIFTBATCH_WALLET_URL={url}");
    let _ = writeln!(text, "  export GIFTBATCH_API_KEY=any GIFTBATCH_API_CLIENT=any");
    let _ = writeln!(text, "  export GIFTBATCH_MINTED_URL={url}");
    let _ = writeln!(
        text,
        "  export GIFTBATCH_MINTED_USERNAME=sandbox GIFTBATCH_MINTED_PASSWORD=sandbox"
    );
    let _ = writeln!(text, "what was really credited: {url}/sandbox/book");
    let _ = writeln!(text, "requests and faults:      {url}/sandbox/stats");
    text
}
