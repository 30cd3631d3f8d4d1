//! The end of a command: its document or its text.

use serde_json::{Value, json};

use super::context::Context;
use super::ended::{self, PROVIDER, Why};
use super::exit::Exit;
use super::failure::Failure;
use super::issuing::named;
use super::out::Out;
use super::view::screen;
use crate::domain::{GiftState, number_of};
use crate::intake::IntakeError;
use crate::issue::Stop;
use crate::ledger::Standing;
use crate::reconcile::Reconciled;
use crate::report::{self, Document, Subject, Summary, count, second, text};

/// How a run ended, besides its figures.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) stop: Option<Stop>,
    pub(super) reconciled: Option<Reconciled>,
    /// Somebody paused or cancelled the campaign while it ran.
    pub(super) is_withheld: bool,
}

impl Ending {
    /// Why it ended early, where it did.
    pub(super) fn why(&self, summary: &Summary) -> Option<Why> {
        if self.is_withheld {
            return Some(withheld(summary));
        }
        match (&self.stop, self.reconciled.as_ref().and_then(Reconciled::early)) {
            (Some(stop), _) => Some(stopped(stop, summary)),
            (None, Some(ended)) => Some(ended::why(ended, PROVIDER)),
            (None, None) => None,
        }
    }
}

/// What a document says besides how its campaign stands.
#[derive(Debug, Default)]
pub(super) struct Besides {
    /// Why the command ended early.
    pub(super) why: Option<Why>,
    /// What the file said that was loaded.
    pub(super) preview: Option<Value>,
    /// Something more under a name, at the end.
    pub(super) more: Option<(&'static str, Value)>,
}

/// The document of a command that ended this way.
pub(super) fn document(context: &Context, summary: &Summary, exit: Exit) -> String {
    document_with(context, summary, exit, Besides::default())
}

/// The same, and what else there is to say.
pub(super) fn document_with(
    context: &Context,
    summary: &Summary,
    exit: Exit,
    besides: Besides,
) -> String {
    let Besides { why, preview, more } = besides;
    let subject = Subject::Campaign(summary);
    let status = exit.status(Some(summary));
    let elapsed_ms = context.elapsed_ms();
    let document = Document::of(context.command, subject, status, exit.code(), elapsed_ms);
    let document = document.with_preview(preview).with_faults(context.told.faults());
    let document = match why.or_else(|| half_revoked(summary, exit)) {
        Some(Why { message, hint, .. }) => document.with_error(report::Failure { message, hint }),
        None => document,
    };
    let document = document.to_json();
    match more {
        None => document,
        Some((name, more)) => {
            let open = document.strip_suffix('}').unwrap_or(&document);
            format!("{open},\"{name}\":{more}}}")
        }
    }
}

/// Prints where the campaign stands: the document, or the text.
pub(super) fn tell(context: &Context, summary: &Summary, exit: Exit) {
    tell_with(context, summary, exit, Besides::default());
}

/// The same, and in the document what the file said that was loaded.
pub(super) fn tell_loaded(
    context: &Context,
    summary: &Summary,
    exit: Exit,
    preview: Option<serde_json::Value>,
) {
    tell_with(context, summary, exit, Besides { preview, ..Besides::default() });
}

/// The same, and whatever else there is to say.
pub(super) fn tell_with(context: &Context, summary: &Summary, exit: Exit, besides: Besides) {
    let document = document_with(context, summary, exit, besides);
    context.told.of(summary.clone(), &document);
    if context.out.args.json {
        context.out.result(&document);
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
    faults: Option<(Value, Value)>,
) -> String {
    complain(out, failure);
    let faults = faults.or_else(|| file_fault(failure));
    let document = failed_document(command, campaign, failure, elapsed_ms, faults);
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
    faults: Option<(Value, Value)>,
) -> String {
    // With its causes: what failed is often said by them alone.
    let message: Vec<String> =
        [failure.error.to_string()].into_iter().chain(failure.causes()).collect();
    let message = message.join(": ");
    let error = report::Failure { message, hint: failure.hint.clone() };
    let subject = campaign.map_or(Subject::Nothing, Subject::Named);
    let status = failure.exit.status(None);
    let document = Document::of(command, subject, status, failure.exit.code(), elapsed_ms);
    document.with_faults(faults).with_error(error).to_json()
}

/// What is wrong with a file that could not be read, as the one fault that it has.
fn file_fault(failure: &Failure) -> Option<(Value, Value)> {
    let error = failure.error.downcast_ref::<IntakeError>()?;
    Some((json!([error.json()]), json!({ error.code(): 1 })))
}

/// What is open where a revocation was cut off, and nothing else ended early.
fn half_revoked(summary: &Summary, exit: Exit) -> Option<Why> {
    let gifts = summary.states.gifts(GiftState::Revoking);
    let name = report::shell_word(&summary.campaign);
    (gifts > 0 && exit == Exit::Attention).then(|| {
        let message = format!(
            "nobody knows yet whether {} of it {} taken back: a revocation was begun and not ended",
            number_of(gifts, "gift"),
            if gifts == 1 { "was" } else { "were" },
        );
        Why::new(
            message,
            format!("giftbatch revoke {name} goes on; with --state revoking it begins no more"),
        )
    })
}

/// Why a run ended that somebody paused or cancelled, and what to do.
fn withheld(summary: &Summary) -> Why {
    let (campaign, name) = (&summary.campaign, report::shell_word(&summary.campaign));
    match &summary.standing {
        Standing::Cancelled(wished) => Why::alone(format!(
            "{campaign:?} was cancelled by {}: what was not sent is withdrawn, and nothing more is sent",
            wished.by
        )),
        Standing::Paused(wished) => Why::new(
            format!("{campaign:?} was paused by {}: nothing new is sent", wished.by),
            format!("go on with `giftbatch resume {name}`, then the same command again"),
        ),
        Standing::Open => Why::new(
            format!("{campaign:?} was paused, and resumed since"),
            "run the same command again",
        ),
    }
}

/// Why a run stopped, and what to do.
fn stopped(stop: &Stop, summary: &Summary) -> Why {
    match stop {
        Stop::Early(ended) => ended::why(ended, PROVIDER),
        Stop::Limit { gifts } => {
            let left =
                GiftState::SENDABLE.map(|state| summary.states.gifts(state)).into_iter().sum();
            let are = if left == 1 { "gift is" } else { "gifts are" };
            let message = format!("stopped at --limit {gifts}, and {} {are} left", count(left));
            Why::new(message, "the same command goes on").wanted()
        }
        Stop::Doubts { gifts } => Why::new(
            format!(
                "{} of this ledger are in doubt, of other campaigns too, and their wallets tell nothing now: \
                 nothing more is sent meanwhile",
                number_of(*gifts, "gift")
            ),
            "run the same command again after the settle window; `giftbatch gifts NAME --state in_doubt` lists \
             them",
        ),
        Stop::Canary { gifts, wrong } => Why::new(
            format!(
                "canary: of {} not every one is in its wallet as it was sent, so nothing more was sent:{}",
                number_of(*gifts, "gift"),
                named(wrong)
            ),
            format!(
                "look at each with `giftbatch show KEY`; once that is mended, the same command sends the next \
                 {gifts} first"
            ),
        ),
        Stop::Refusals { class, in_a_row } => Why::new(
            format!("{in_a_row} gifts in a row were refused as {class}: stopped"),
            "look at `giftbatch gifts NAME --state refused`, mend the cause, then `giftbatch retry NAME`, which looks \
             into the wallets first",
        ),
        Stop::WrongClock { ours, theirs } => Why::new(
            format!(
                "this machine's clock shows {}, and the provider's {}: nothing was sent or refused as expired",
                second(*ours),
                second(*theirs)
            ),
            "set the machine's clock and run the same command again",
        ),
    }
}
