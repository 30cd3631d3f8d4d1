//! The envelope in which every answer of the wallet API comes.
//!
//! **Invariant:** only what has the envelope's marks is the API's word; a proxy's page is not.

use serde::Deserialize;
use serde_json::value::RawValue;

/// `{"Value": …, "Errors": …, "IsSuccess": …, "IsFailure": …}` (API page, samples).
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<'b> {
    #[serde(rename = "Value", borrow, default)]
    pub(super) value: Option<&'b RawValue>,
    #[serde(rename = "Errors", borrow, default)]
    errors: Option<&'b RawValue>,
    #[serde(rename = "IsSuccess", default)]
    is_success: Option<bool>,
    #[serde(rename = "IsFailure", default)]
    is_failure: Option<bool>,
}

/// Whether the API says that it did what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// `IsSuccess` and not `IsFailure`.
    Done,
    /// `IsFailure` and not `IsSuccess`.
    Failed,
    /// Both, or neither: no word at all.
    Nothing,
}

/// A message of a failure may be as long as this many characters; the rest is cut off.
const MESSAGE_CHARS: usize = 300;

impl<'b> Envelope<'b> {
    /// Reads a body as an envelope; none where it has not the marks of one.
    pub(super) fn read(body: &'b [u8]) -> Option<Envelope<'b>> {
        let envelope: Envelope<'b> = serde_json::from_slice(body).ok()?;
        (envelope.is_success.is_some() || envelope.is_failure.is_some()).then_some(envelope)
    }

    pub(super) fn says(&self) -> Says {
        match (self.is_success, self.is_failure) {
            (Some(true), Some(false)) => Says::Done,
            (Some(false) | None, Some(true)) | (Some(false), None) => Says::Failed,
            _ => Says::Nothing,
        }
    }

    /// The `Value` as a type; none where it is null or does not fit.
    pub(super) fn value<T: Deserialize<'b>>(&self) -> Option<T> {
        serde_json::from_str(self.value?.get()).ok()
    }

    /// All errors in one line: `Errors` may be absent, texts, or objects (API page).
    pub(super) fn message(&self) -> String {
        let errors: Vec<WireError> =
            self.errors.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        let texts: Vec<String> = errors.into_iter().map(WireError::into_text).collect();
        clean(&texts.join("; "))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WireError {
    Text(String),
    Object {
        #[serde(rename = "Code", alias = "code", default)]
        code: Option<Code>,
        #[serde(rename = "Message", alias = "message", default)]
        message: Option<String>,
    },
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Code {
    Word(String),
    Number(i64),
}

impl Code {
    fn into_text(self) -> String {
        match self {
            Code::Word(word) => word,
            Code::Number(number) => number.to_string(),
        }
    }
}

impl WireError {
    fn into_text(self) -> String {
        match self {
            WireError::Text(text) => text,
            WireError::Object { code: Some(code), message: Some(message) } => {
                format!("{}: {message}", code.into_text())
            }
            WireError::Object { code, message } => {
                code.map(Code::into_text).or(message).unwrap_or_default()
            }
            WireError::Other(_) => "an error in a form that is not known".to_owned(),
        }
    }
}

/// Takes control characters out (they would reach a terminal) and cuts what is too long.
pub(super) fn clean(text: &str) -> String {
    let mut clean: String = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .take(MESSAGE_CHARS)
        .collect();
    if text.chars().count() > MESSAGE_CHARS {
        clean.push('…');
    }
    clean.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(errors: &str) -> String {
        let body = format!(r#"{{"Errors":{errors},"IsSuccess":false,"IsFailure":true}}"#);
        Envelope::read(body.as_bytes()).unwrap().message()
    }

    #[test]
    fn errors_are_read_in_every_form_that_may_come() {
        // Goal: the server's words reach people. Method: each form of `Errors` of the API page.
        assert_eq!(message("[]"), "");
        assert_eq!(message("null"), "");
        assert_eq!(message(r#"["no such wallet","x"]"#), "no such wallet; x");
        assert_eq!(message(r#"[{"Code":"W4","Message":"frozen"}]"#), "W4: frozen");
        assert_eq!(message(r#"[{"Code":4,"Message":"frozen"}]"#), "4: frozen");
        assert_eq!(message(r#"[{"Message":"frozen"}]"#), "frozen");
        assert_eq!(message("[7]"), "an error in a form that is not known");
        assert_eq!(message("[\"a\\u001b[31mb\"]"), "a [31mb");
        let absent = Envelope::read(br#"{"IsFailure":true}"#).unwrap();
        assert_eq!((absent.message().as_str(), absent.says()), ("", Says::Failed));
    }

    #[test]
    fn a_long_message_is_cut_and_says_so() {
        // Goal: a page of words does not fill the record. Method: the longest that fits, and one more.
        let longest = "x".repeat(MESSAGE_CHARS);
        assert_eq!(clean(&longest), longest);
        assert_eq!(clean(&format!("{longest}x")), format!("{longest}…"));
        assert_eq!(clean("short"), "short");
    }

    #[test]
    fn what_has_no_marks_is_no_envelope() {
        // Goal: a proxy's page or another service's JSON is never the API's word. Method: examples.
        for body in ["", "<html>", "{}", "[]", r#"{"error":"x"}"#, r#"{"Value":1,"Errors":[]}"#] {
            assert!(Envelope::read(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[test]
    fn both_marks_or_a_success_alone_say_nothing() {
        // Goal: success is believed only when both marks agree. Method: the pairs.
        let says = |body: &str| Envelope::read(body.as_bytes()).unwrap().says();
        assert_eq!(says(r#"{"IsSuccess":true,"IsFailure":false}"#), Says::Done);
        assert_eq!(says(r#"{"IsSuccess":false,"IsFailure":true}"#), Says::Failed);
        assert_eq!(says(r#"{"IsSuccess":true,"IsFailure":true}"#), Says::Nothing);
        assert_eq!(says(r#"{"IsSuccess":false,"IsFailure":false}"#), Says::Nothing);
        assert_eq!(says(r#"{"IsSuccess":true}"#), Says::Nothing);
    }
}
