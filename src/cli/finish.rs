//! The end of a command: its document or its text.

use chrono::SecondsFormat;

use super::context::Context;
use super::exit::{Exit, Signal};
use super::failure::Failure;
use super::issuing::named;
use super::out::Out;
use super::view::screen;
use crate::domain::GiftState;
use crate::issue::Stop;
use crate::ledger::Standing;
use crate::reconcile::Reconciled;
use crate::report::{self, Document, Subject, Summary, count, text};

/// How a run ended, besides its figures.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) stop: Option<Stop>,
    pub(super) reconciled: Option<Reconciled>,
    pub(super) signal: Option<Signal>,
    /// Somebody paused or cancelled the campaign while it ran.
    pub(super) is_withheld: bool,
}

impl Ending {
    /// Says why it ended early, where it did.
    pub(super) fn explain(&self, out: Out, summary: &Summary) {
        if self.is_withheld {
            out.complain(&format!("error: {}", withheld(summary)));
        }
        if let Some(Stop::Limit { gifts }) = &self.stop {
            let left =
                GiftState::SENDABLE.map(|state| summary.states.gifts(state)).into_iter().sum();
            out.note(&format!(
                "stopped at --limit {gifts}, and {} left: the same command goes on",
                if left == 1 {
                    "1 gift is".to_owned()
                } else {
                    format!("{} gifts are", count(left))
                }
            ));
        } else if let Some(words) = self.stop.as_ref().and_then(words) {
            out.complain(&format!("error: {words}"));
        }
        self.reconciled.iter().for_each(|end| explain_reconciled(out, end));
    }
}

/// Says why a reconcile ended early, where the findings alone do not say it.
pub(super) fn explain_reconciled(out: Out, end: &Reconciled) {
    match end {
        Reconciled::CredentialsRejected { why } => {
            out.complain(&format!("error: the provider rejects the credentials ({why})"));
        }
        Reconciled::OutOfTime => out.complain(
            "error: the deadline came before every wallet was read back: run the same command again",
        ),
        _ => {}
    }
}

/// The document of a command that ended this way.
pub(super) fn document(context: &Context, summary: &Summary, exit: Exit) -> String {
    loaded_document(context, summary, exit, None)
}

fn loaded_document(
    context: &Context,
    summary: &Summary,
    exit: Exit,
    preview: Option<serde_json::Value>,
) -> String {
    let subject = Subject::Campaign(summary);
    let status = exit.status(Some(summary));
    let elapsed_ms = context.elapsed_ms();
    let document = Document::of(context.command, subject, status, exit.code(), elapsed_ms);
    document.with_preview(preview).to_json()
}

/// Prints where the campaign stands: the document, or the text.
pub(super) fn tell(context: &Context, summary: &Summary, exit: Exit) {
    tell_loaded(context, summary, exit, None);
}

/// The same, and in the document what the file said that was loaded.
pub(super) fn tell_loaded(
    context: &Context,
    summary: &Summary,
    exit: Exit,
    preview: Option<serde_json::Value>,
) {
    print(context, summary, exit, &loaded_document(context, summary, exit, preview));
}

/// The same, and at the end of the document something more under a name.
pub(super) fn tell_with(
    context: &Context,
    summary: &Summary,
    exit: Exit,
    (name, more): (&str, serde_json::Value),
) {
    let document = document(context, summary, exit);
    let open = document.strip_suffix('}').unwrap_or(&document);
    print(context, summary, exit, &format!("{open},\"{name}\":{more}}}"));
}

fn print(context: &Context, summary: &Summary, exit: Exit, document: &str) {
    context.told.of(summary.clone(), document);
    if context.out.args.json {
        context.out.result(document);
    } else if exit == Exit::Done {
        context.out.people(&text::summary_on(summary, screen()));
    } else {
        // `-q` is silent on success alone.
        context.out.result(&text::summary_on(summary, screen()));
    }
}

/// Prints where it stands for who only looks.
pub(super) fn tell_briefly(context: &Context, summary: &Summary) {
    if context.out.args.json {
        tell(context, summary, Exit::Done);
    } else {
        context.out.people(&text::glance_on(summary, screen()));
    }
}

/// Prints why a command sends nothing, and where its campaign stands.
pub(super) fn refuse(context: &Context, summary: &Summary, failure: &Failure) {
    context.out.complain(&format!("error: {}", failure.error));
    let hint = failure.hint.iter();
    hint.for_each(|hint| context.out.complain(&format!("hint: {hint}")));
    if context.out.args.json {
        let error =
            report::Failure { message: failure.error.to_string(), hint: failure.hint.clone() };
        let status = failure.exit.status(Some(summary));
        let subject = Subject::Campaign(summary);
        let (code, elapsed_ms) = (failure.exit.code(), context.elapsed_ms());
        let document = Document::of(context.command, subject, status, code, elapsed_ms);
        context.out.result(&document.with_error(error).to_json());
    }
}

/// Prints why a command failed, and its document where one was asked for; gives the document.
pub(super) fn fail(
    out: Out,
    command: &str,
    campaign: Option<&str>,
    failure: &Failure,
    elapsed_ms: u64,
) -> String {
    complain(out, failure);
    let document = failed_document(command, campaign, failure, elapsed_ms);
    if out.args.json {
        out.result(&document);
    }
    document
}

/// Says why a command failed, and what helps.
pub(super) fn complain(out: Out, failure: &Failure) {
    out.complain(&format!("error: {}", failure.error));
    for cause in failure.causes() {
        out.complain(&format!("caused by: {cause}"));
    }
    if let Some(hint) = &failure.hint {
        out.complain(&format!("hint: {hint}"));
    }
}

/// The document of a command that could not do its part.
pub(super) fn failed_document(
    command: &str,
    campaign: Option<&str>,
    failure: &Failure,
    elapsed_ms: u64,
) -> String {
    // With its causes: what failed is often said by them alone.
    let message: Vec<String> =
        [failure.error.to_string()].into_iter().chain(failure.causes()).collect();
    let message = message.join(": ");
    let error = report::Failure { message, hint: failure.hint.clone() };
    let subject = campaign.map_or(Subject::Nothing, Subject::Named);
    let status = failure.exit.status(None);
    let document = Document::of(command, subject, status, failure.exit.code(), elapsed_ms);
    document.with_error(error).to_json()
}

/// Why a run ended that somebody paused or cancelled, and what to do.
fn withheld(summary: &Summary) -> String {
    let (campaign, name) = (&summary.campaign, report::shell_word(&summary.campaign));
    match &summary.standing {
        Standing::Cancelled(wished) => format!(
            "{campaign:?} was cancelled by {}: what was not sent is withdrawn, and nothing more is sent",
            wished.by
        ),
        Standing::Paused(wished) => format!(
            "{campaign:?} was paused by {}: nothing new is sent; go on with `giftbatch resume {name}`, then \
             the same command again",
            wished.by
        ),
        Standing::Open => {
            format!("{campaign:?} was paused, and resumed since: run the same command again")
        }
    }
}

/// Why a run stopped and what to do, where the exit code alone does not say it.
fn words(stop: &Stop) -> Option<String> {
    Some(match stop {
        Stop::Interrupted | Stop::Withheld | Stop::Limit { .. } => return None,
        Stop::Silence { silent_for } => format!(
            "no usable answer from the provider for {} s: gave up; run the same command again later",
            silent_for.num_seconds()
        ),
        Stop::CredentialsRejected { why } => format!(
            "the provider rejects the credentials ({why}); no gift was refused by it: mend \
             GIFTBATCH_API_KEY and GIFTBATCH_API_CLIENT and run the same command again"
        ),
        Stop::Redirected => {
            "the provider redirects: the wallet URL is wrong; correct it and run again".to_owned()
        }
        Stop::Odd { in_a_row } => format!(
            "{in_a_row} answers in a row were none that the wallet API gives: is the wallet URL \
             right? Correct it and run the same command again"
        ),
        Stop::ClockJumped { by } => format!(
            "the machine's clock jumped by {} s, since it slept or was set: nothing more was sent; run the same \
             command again",
            by.num_seconds()
        ),
        Stop::Deadline { at } => format!(
            "the deadline has come ({}): nothing more was sent; run the same command again",
            at.to_rfc3339_opts(SecondsFormat::Secs, true)
        ),
        Stop::Canary { gifts, wrong } => format!(
            "canary: of {} not every one is in its wallet as it was sent, so nothing more was sent:{}\n\
             look at each with `giftbatch show KEY`; once that is mended, the same command sends the next \
             {gifts} first",
            if *gifts == 1 { "1 gift".to_owned() } else { format!("{gifts} gifts") },
            named(wrong)
        ),
        Stop::Refusals { class, in_a_row } => format!(
            "{in_a_row} gifts in a row were refused as {class}: stopped; look at `giftbatch gifts \
             NAME --state refused`, mend the cause, then `giftbatch retry NAME`"
        ),
    })
}
