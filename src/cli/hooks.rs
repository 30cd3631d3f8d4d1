//! Who is told when a command has ended: a metrics file, and a web hook.
//!
//! It stands apart because it comes after everything else, and decides nothing: what watches a run must
//! never stop what gives.
//!
//! **Invariant:** a file that cannot be written, or a hook that fails, is said on standard error, with `-q`
//! too, and changes no exit code.
//! **Invariant:** what leaves this machine names no wallet.

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;

use serde_json::Value;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use super::exit::Exit;
use super::failure::Failure;
use super::out::Out;
use super::output::{refuse_kept, refuse_metrics, replace};
use super::settings::Settings;
use super::signals;
use crate::clock::{self, Clock};
use crate::domain::parse_guid;
use crate::notify::Hook;
use crate::report::metrics::{Ended, metrics};
use crate::report::{Document, Subject, Summary, text};

/// Whether a command's end is told: of those that give, take back or reconcile.
fn is_told(command: &str) -> bool {
    matches!(command, "issue" | "run" | "birthdays" | "retry" | "reconcile" | "revoke")
}

/// What a command has told of campaigns, and its document; shared by all that tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Told(Rc<RefCell<Telling>>);

#[derive(Debug, Default)]
struct Telling {
    /// Nobody until the command line is read.
    hooks: Option<Hooks>,
    summaries: Vec<Summary>,
    documents: Vec<String>,
    /// Whether they are told as a list, however many there are.
    is_list: bool,
    /// What is wrong with the file's rows, and how often each kind is.
    faults: Option<(Value, Value)>,
}

impl Told {
    /// Says who is told in the end.
    pub(super) fn to(&self, hooks: Hooks) {
        self.0.borrow_mut().hooks = Some(hooks);
    }

    /// Says what the settings know of those who are told.
    pub(super) fn learn(&self, settings: &Settings) -> Result<(), Failure> {
        let mut telling = self.0.borrow_mut();
        telling.hooks.as_mut().map_or(Ok(()), |hooks| hooks.learn(settings))
    }

    /// Says that the command is about a list of campaigns.
    pub(super) fn a_list(&self, is_list: bool) {
        self.0.borrow_mut().is_list = is_list;
    }

    /// Takes note of how a campaign stands: of what is told twice, the last counts.
    pub(super) fn of(&self, summary: Summary, document: &str) {
        let mut telling = self.0.borrow_mut();
        telling.summaries.retain(|earlier| earlier.campaign != summary.campaign);
        telling.summaries.push(summary);
        telling.documents.push(document.to_owned());
    }

    /// Takes note of a failure: its document is the one that was printed last.
    pub(super) fn failure(&self, document: String) {
        let mut telling = self.0.borrow_mut();
        telling.documents = vec![document];
        telling.is_list = false;
    }

    /// Takes note of what is wrong with the rows of a file.
    pub(super) fn of_file(&self, faults: Value, counts: Value) {
        self.0.borrow_mut().faults = Some((faults, counts));
    }

    /// What is wrong with the rows of the file, where one was read.
    pub(super) fn faults(&self) -> Option<(Value, Value)> {
        self.0.borrow().faults.clone()
    }

    /// What is told of the campaigns, for people.
    pub(super) fn texts(&self) -> Vec<String> {
        self.0.borrow().summaries.iter().map(|summary| text::summary_on(summary, None)).collect()
    }

    /// Where metrics go, if anywhere.
    pub(super) fn metrics_file(&self) -> Option<PathBuf> {
        self.0.borrow().hooks.as_ref()?.metrics_file.clone()
    }

    /// Passes on how the command ended, once, to all who are to be told.
    pub(super) fn pass_on(&self, exit: Exit, elapsed_ms: u64) {
        let telling = self.0.borrow();
        if let Some(hooks) = &telling.hooks {
            hooks.tell(exit, &telling, elapsed_ms);
        }
    }
}

/// Those who are told, and what they are told besides.
#[derive(Debug)]
pub(super) struct Hooks {
    command: &'static str,
    campaign: Option<String>,
    /// The file that the command reads.
    read: Option<PathBuf>,
    metrics_file: Option<PathBuf>,
    hook: Option<Hook>,
    /// The settle window, once it is known.
    settle_ms: Option<u64>,
    out: Out,
}

impl Hooks {
    /// Those that the command line and the environment name: settings that cannot be read are told as well.
    pub(super) fn of(
        command: &'static str,
        (campaign, read): (Option<String>, Option<PathBuf>),
        metrics_file: Option<PathBuf>,
        out: Out,
    ) -> Hooks {
        let metrics_file =
            metrics_file.filter(|path| is_told(command) && refuse_metrics(path).is_ok());
        Hooks { command, campaign, read, metrics_file, hook: None, settle_ms: None, out }
    }

    /// Those that the settings name. A URL or a secret that can never work is a usage error before
    /// anything is sent.
    fn learn(&mut self, settings: &Settings) -> Result<(), Failure> {
        self.settle_ms = u64::try_from(settings.settle.as_millis()).ok();
        if is_told(self.command) {
            self.metrics_file = None;
            if let Some(path) = &settings.metrics_file {
                refuse_metrics(path)?;
                if path.metadata().is_ok() {
                    refuse_kept(settings, self.read.as_deref(), path)?;
                }
                self.metrics_file = Some(path.clone());
            }
            self.hook = settings.hook()?;
        }
        Ok(())
    }

    fn tell(&self, exit: Exit, telling: &Telling, elapsed_ms: u64) {
        let clock = clock::system();
        if let Some(path) = &self.metrics_file {
            let ended = Ended {
                command: self.command,
                exit_code: exit.code(),
                at: clock.now(),
                elapsed_ms,
                settle_ms: self.settle_ms,
            };
            let anew = |before: &str| metrics(&ended, &telling.summaries, before);
            if let Err(error) = replace(path, anew) {
                self.warn(&format!("cannot write the metrics to {}: {error}", path.display()));
            }
        }
        if let Some(hook) = &self.hook {
            let body = self.body(exit, telling, elapsed_ms);
            if let Err(why) = deliver(hook, &body, &clock) {
                self.warn(&format!("nobody was notified: {why}"));
            }
        }
    }

    fn warn(&self, text: &str) {
        self.out.complain(&format!("warning: {text}; what the command did is not changed by it"));
    }

    /// What is posted: the document that `--json` prints.
    fn body(&self, exit: Exit, telling: &Telling, elapsed_ms: u64) -> String {
        if telling.is_list {
            let all: Vec<String> =
                telling.documents.iter().map(|document| without_wallets(document)).collect();
            return format!("[{}]", all.join(","));
        }
        match telling.documents.last() {
            Some(document) => without_wallets(document),
            // A command that tells of no campaign has ended all the same.
            None => {
                let subject = self.campaign.as_deref().map_or(Subject::Nothing, Subject::Named);
                let status = exit.status(None);
                Document::of(self.command, subject, status, exit.code(), elapsed_ms).to_json()
            }
        }
    }
}

/// The document without its preview of a file, without the faults of rows and without a GUID in any text: it goes to other people's
/// machines, which have no need to know who was given something.
fn without_wallets(document: &str) -> String {
    let mut value: Value = serde_json::from_str(document).expect("it was made as JSON");
    for name in ["preview", "faults"] {
        if let Some(part) = value.get_mut(name) {
            *part = Value::Null;
        }
    }
    hide_guids(&mut value);
    value.to_string()
}

fn hide_guids(value: &mut Value) {
    match value {
        Value::String(text) => *text = hidden(text),
        Value::Array(values) => values.iter_mut().for_each(hide_guids),
        Value::Object(fields) => fields.values_mut().for_each(hide_guids),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// How long a GUID is as text.
const GUID_CHARS: usize = 36;

/// The text with a mark for each GUID.
fn hidden(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match rest.get(..GUID_CHARS).filter(|part| parse_guid(part).is_ok()) {
            Some(_) => {
                safe.push_str("(hidden)");
                rest = &rest[GUID_CHARS..];
            }
            None => {
                safe.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    safe
}

/// Posts it, unless a person wants to go. It has a runtime of its own: what an abandoned run left behind
/// must not go on in it.
fn deliver(hook: &Hook, body: &str, clock: &Clock) -> Result<(), String> {
    if signals::was_abandoned() {
        return Err("told to stop at once".to_owned());
    }
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let told = runtime.block_on(async {
        let mut interrupts = signal(SignalKind::interrupt())?;
        let mut terminates = signal(SignalKind::terminate())?;
        Ok::<_, io::Error>(tokio::select! {
            told = hook.deliver(body, clock) => told.map_err(|error| error.to_string()),
            _ = interrupts.recv() => Err("interrupted".to_owned()),
            _ = terminates.recv() => Err("interrupted".to_owned()),
        })
    });
    runtime.shutdown_background();
    told.unwrap_or_else(|error| Err(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_wallet_leaves_the_machine() {
        // Goal: whoever is notified learns no wallet. Method: a document with wallets in its preview and in
        // the words of its error, beside texts that must stay.
        let wallet = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7";
        let upper = wallet.to_uppercase();
        let document = serde_json::json!({
            "plan": "p-1", "campaign": "ş-may", "amounts": {"total": "33.75"}, "exit_code": 7,
            "error": {"message": format!("ş{wallet} gets 5, {upper}: too much"), "hint": null},
            "preview": {"largest_rows": [{"wallet": wallet}]},
        });
        let safe: Value = serde_json::from_str(&without_wallets(&document.to_string())).unwrap();
        assert!(!safe.to_string().to_lowercase().contains(wallet), "{safe}");
        assert_eq!(safe["error"]["message"], "ş(hidden) gets 5, (hidden): too much");
        assert_eq!(safe["preview"], Value::Null);
        for field in ["plan", "campaign", "amounts", "exit_code"] {
            assert_eq!(safe[field], document[field]);
        }
    }
}
