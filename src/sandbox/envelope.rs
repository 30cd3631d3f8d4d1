//! The envelope that every answer of the provider comes in.
//!
//! No failing sample is published, so refusals come in all four forms of `Errors` that a client
//! must understand.
//!
//! **Invariant:** `IsSuccess` and `IsFailure` always contradict each other.

use serde::Serialize;

use super::gift_request::Complaint;

/// The forms in which `Errors` may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorForm {
    Objects,
    Strings,
    Empty,
    Absent,
}

impl ErrorForm {
    /// One of the forms, chosen by a number.
    pub(super) fn by(variety: u64) -> Self {
        match variety % 4 {
            0 => ErrorForm::Objects,
            1 => ErrorForm::Strings,
            2 => ErrorForm::Empty,
            _ => ErrorForm::Absent,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope<T> {
    value: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Errors>,
    is_success: bool,
    is_failure: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Errors {
    Strings(Vec<&'static str>),
    Objects([ErrorObject; 1]),
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorObject {
    code: &'static str,
    message: &'static str,
}

/// A "no" in the envelope.
pub(super) fn failure(complaint: Complaint, form: ErrorForm) -> Vec<u8> {
    let Complaint { code, message } = complaint;
    let errors = match form {
        ErrorForm::Objects => Some(Errors::Objects([ErrorObject { code, message }])),
        ErrorForm::Strings => Some(Errors::Strings(vec![message])),
        ErrorForm::Empty => Some(Errors::Strings(Vec::new())),
        ErrorForm::Absent => None,
    };
    json(&Envelope { value: (), errors, is_success: false, is_failure: true })
}

/// Success without a value, which no right answer has.
pub(super) fn null_value() -> Vec<u8> {
    success(())
}

/// A value in the envelope.
pub(super) fn success<T: Serialize>(value: T) -> Vec<u8> {
    let errors = Some(Errors::Strings(Vec::new()));
    json(&Envelope { value, errors, is_success: true, is_failure: false })
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("these types have no maps and no fallible parts")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: every form of `Errors` that a client must understand. Method: one failure in each.
    #[test]
    fn failures_have_four_forms() {
        let complaint = Complaint { code: "C", message: "M" };
        let end = r#""IsSuccess":false,"IsFailure":true}"#;
        let forms = [
            (ErrorForm::Objects, r#""Errors":[{"Code":"C","Message":"M"}],"#),
            (ErrorForm::Strings, r#""Errors":["M"],"#),
            (ErrorForm::Empty, r#""Errors":[],"#),
            (ErrorForm::Absent, ""),
        ];
        for (number, (form, errors)) in (0..).zip(forms) {
            assert_eq!(ErrorForm::by(number), form);
            let text = String::from_utf8(failure(complaint, form)).unwrap();
            assert_eq!(text, format!(r#"{{"Value":null,{errors}{end}"#));
        }
    }
}
