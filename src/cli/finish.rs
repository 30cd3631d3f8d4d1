//! The end of a command: its document or its text.

use super::context::Context;
use super::exit::{Exit, Signal};
use super::failure::Failure;
use super::out::Out;
use crate::issue::Stop;
use crate::ledger::Standing;
use crate::reconcile::Reconciled;
use crate::report::{self, Document, Subject, Summary, text};

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
        if let Some(words) = self.stop.as_ref().and_then(words) {
            out.complain(&format!("error: {words}"));
        }
        self.reconciled.iter().for_each(|end| explain_reconciled(out, end));
    }
}

/// Says why a reconcile ended early, where the findings alone do not say it.
pub(super) fn explain_reconciled(out: Out, end: &Reconciled) {
    if let Reconciled::CredentialsRejected { why } = end {
        out.complain(&format!("error: the provider rejects the credentials ({why})"));
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
    let document = loaded_document(context, summary, exit, preview);
    context.told.of(summary.clone(), &document);
    if context.out.args.json {
        context.out.result(&document);
    } else if exit == Exit::Done {
        context.out.people(&text::summary(summary));
    } else {
        // `-q` is silent on success alone.
        context.out.result(&text::summary(summary));
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
        Stop::Interrupted | Stop::Withheld => return None,
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
        Stop::Refusals { class, in_a_row } => format!(
            "{in_a_row} gifts in a row were refused as {class}: stopped; look at `giftbatch gifts \
             NAME --state refused`, mend the cause, then `giftbatch retry NAME`"
        ),
    })
}
