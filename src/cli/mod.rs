//! The command line: the only place that prints, and that reads the environment.
//!
//! One file a command or a family of them; they parse nothing themselves and decide little: what a
//! command does is a few calls into the stages, in the order that the command's name says.
//!
//! **Invariant:** results on standard output, all else on standard error.
//! **Invariant:** nothing is sent before the plan was confirmed ([`confirm`]).

mod again;
mod args;
mod ask;
mod begun;
mod birthday_args;
mod birthdays;
mod cancel;
mod caps;
mod care;
mod check;
mod command;
mod commands;
mod confirm;
mod context;
mod corrected;
mod customers;
mod demo;
mod difference;
mod doctor;
mod dry_print;
mod dry_run;
mod earlier;
mod early;
mod eligibility;
mod ended;
mod exit;
mod export;
mod failure;
mod finish;
mod form_args;
mod give;
mod help;
mod history;
mod holding_args;
mod holdings;
mod hooks;
mod init;
mod issuing;
mod judge;
mod known_ledgers;
mod lapsed;
mod late;
mod ledger;
mod ledger_path;
mod levers;
mod live;
mod load;
mod logs;
mod look;
mod man;
mod minted;
mod misuse;
mod note;
mod out;
mod output;
mod pause;
mod person;
mod preflight;
mod preflight_args;
mod preview;
mod progress;
mod reading;
mod rebind;
mod recheck;
mod recollect;
mod reconcile;
mod rejects;
mod report;
mod report_args;
mod resolve;
mod retry;
mod revoke;
mod revoke_args;
mod roots;
mod sandbox;
mod secret;
mod seen;
mod settings;
mod settings_file;
mod sieve;
mod signals;
mod standing;
mod stream;
mod surplus;
mod task;
mod values;
mod view;
mod vouch;
mod wall;
mod wallet;
mod watch;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches};
use tokio::runtime::Builder;

use self::args::{Cli, Command};
use self::context::Context;
use self::exit::Exit;
use self::failure::Failure;
use self::hooks::{Hooks, Told};
use self::out::Out;
use self::settings::Settings;
use crate::crash;
use crate::report::Summary;

/// Parses the command line, runs the command, and says how it ended.
pub fn main() -> ExitCode {
    let started = Instant::now();
    let words = help::grammar().try_get_matches();
    let read = |words: ArgMatches| {
        let mut cli = Cli::from_arg_matches(&words)?;
        cli.settings.is_ledger_from_environment =
            words.value_source("ledger") == Some(ValueSource::EnvVariable);
        Ok(cli)
    };
    let cli = match words.and_then(read) {
        Ok(cli) => cli,
        Err(error) => return misuse::misused(&error),
    };
    let out = Out::new(cli.output);
    logs::init(cli.output);
    let command = cli.command.word();
    let campaign = cli.command.campaign();
    let elapsed_ms = || u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let told = Told::default();
    let exit = arm().and_then(|()| run(cli, out, &told));
    let exit = exit.unwrap_or_else(|failure| {
        let faults = told.faults();
        let document =
            finish::fail(out, command, campaign.as_deref(), &failure, elapsed_ms(), faults);
        told.failure(document);
        failure.exit
    });
    let exit = out.lost().map_or(exit, |why| lost(out, &told, exit, &why));
    told.pass_on(exit, elapsed_ms());
    logs::flush();
    ExitCode::from(exit.code())
}

/// Says what a command did whose result went nowhere: somebody waits for it.
fn lost(out: Out, told: &Told, exit: Exit, why: &str) -> Exit {
    // A failure was told, and with it why.
    if exit != Exit::Unexpected {
        out.complain(&format!("error: standard output could not be written: {why}"));
        told.texts().iter().for_each(|text| out.complain(text));
        let code = exit.code();
        out.complain(&format!(
            "hint: the command has done its work, which ended with exit code {code}; `giftbatch status` says how \
             campaigns stand"
        ));
    }
    Exit::Unexpected
}

/// A test of a debug build says where the program is to crash.
fn arm() -> Result<(), Failure> {
    if cfg!(debug_assertions)
        && let Ok(text) = std::env::var("GIFTBATCH_CRASH_AT")
    {
        crash::arm(text.parse().map_err(|error: crash::NoSuchPoint| {
            Failure::usage(format!("GIFTBATCH_CRASH_AT: {error}"))
        })?);
    }
    Ok(())
}

fn run(cli: Cli, out: Out, told: &Told) -> Result<Exit, Failure> {
    match &cli.command {
        Command::Completions { shell } => return Ok(man::completions(out, *shell)),
        Command::Man(args) => return man::man(out, args),
        _ => {}
    }
    let command = cli.command.word();
    // A rehearsal is no success that an alert should hear of.
    if !cli.command.is_dry_run() {
        let metrics_file = cli.settings.metrics_file.clone();
        let about = (cli.command.campaign(), cli.command.file().map(Path::to_owned));
        told.to(Hooks::of(command, about, metrics_file, out));
    }
    let settings = match &cli.command {
        // Both bring what they need, and a stranger's settings must not spoil a first look.
        Command::Demo(_) | Command::Sandbox(_) => Settings::default(),
        // It writes them.
        Command::Init => return init::init(out, cli.settings.config.as_deref()),
        _ => Settings::read(&cli.settings)?,
    };
    told.learn(&settings)?;
    let context = Context::new(command, settings, out, told.clone());
    let runtime = Builder::new_current_thread().global_queue_interval(1).enable_all().build()?;
    let exit = runtime.block_on(dispatch(context, cli.command));
    // Requests of an abandoned run are not waited for.
    runtime.shutdown_background();
    exit
}

async fn dispatch(context: Context, command: Command) -> Result<Exit, Failure> {
    signals::outlive_file_limits()?;
    match command {
        Command::Check(args) => check::check(&context, &args).await,
        Command::Load(args) => {
            let mut session = context.session_or_new().await?;
            let asks = confirm::can_ask(&context);
            let loaded = load::load(&context, &mut session, &args, false, asks).await?;
            let summary = Summary::read_still(&session.ledger, &loaded.campaign).await?;
            finish::tell_loaded(&context, &summary, Exit::Done, Some(loaded.preview.json()));
            session.close().await;
            Ok(Exit::Done)
        }
        Command::Issue(args) => give::issue(&context, &args).await,
        Command::Reconcile(args) => reconcile::reconcile(&context, &args).await,
        Command::Run(args) => give::run(&context, &args).await,
        Command::Revoke(args) => revoke::revoke(&context, &args).await,
        Command::Birthdays(args) => birthdays::birthdays(context, &args).await,
        Command::Retry(args) => retry::retry(&context, &args).await,
        Command::Resolve(args) => resolve::resolve(&context, &args).await,
        Command::Pause(args) => pause::pause(&context, &args).await,
        Command::Resume(args) => pause::resume(&context, &args).await,
        Command::Cancel(args) => cancel::cancel(&context, &args).await,
        Command::Status(args) => view::status(&context, &args).await,
        Command::Gifts(args) => view::gifts(&context, &args).await,
        Command::Show(args) => view::show(&context, &args).await,
        Command::Report(args) => report::report(&context, &args).await,
        Command::Wallet(args) => wallet::wallet(&context, &args).await,
        Command::Holdings(args) => holdings::holdings(&context, &args).await,
        Command::Export(args) => export::export(&context, &args).await,
        Command::Doctor => doctor::doctor(&context).await,
        Command::Ledger(command) => ledger::ledger(&context, &command).await,
        Command::Sandbox(args) => sandbox::sandbox(&context, &args).await,
        Command::Demo(args) => demo::demo(context, &args).await,
        Command::Init | Command::Man(_) | Command::Completions { .. } => {
            unreachable!("they need no settings, and have run already")
        }
    }
}
