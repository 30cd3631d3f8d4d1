//! Takes our own keys out of what a server says when it refuses.
//!
//! It stands apart because the words of a refusal are kept in the ledger, logged and reported, and some
//! servers repeat in them the very keys that they reject.
//!
//! **Invariant:** an answer that says that it was done is never touched: gifts are recognised by it. What
//! is touched can only become harder to understand, and what is not understood is a doubt.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::envelope::{Envelope, Says};

/// What stands where a key stood.
const HIDDEN: &str = "[hidden]";

/// A shorter key is no secret, but may be a part of any word.
const SHORTEST: usize = 4;

/// The body of an answer without these keys, however its JSON writes them.
pub(super) fn hide(body: Vec<u8>, keys: &[SecretString]) -> Vec<u8> {
    // Nearly every answer: to understand it here as well would cost as much as to read it.
    if is_surely_clean(&body, keys) {
        return body;
    }
    let Some(envelope) = Envelope::read(&body) else {
        // No word of it is ever repeated.
        return body;
    };
    if envelope.says() == Says::Done {
        return body;
    }
    let Ok(mut value) = serde_json::from_slice::<Value>(&body) else {
        return Vec::new();
    };
    let keys: Vec<&str> = secrets(keys).collect();
    if hide_in(&mut value, &keys) { value.to_string().into_bytes() } else { body }
}

/// The keys that are secrets.
fn secrets(keys: &[SecretString]) -> impl Iterator<Item = &str> {
    keys.iter().map(ExposeSecret::expose_secret).filter(|key| key.len() >= SHORTEST)
}

/// Whether no key can stand in a body, in whatever spelling: JSON spells with a backslash what it does not
/// write as it is.
fn is_surely_clean(body: &[u8], keys: &[SecretString]) -> bool {
    !body.contains(&b'\\')
        && std::str::from_utf8(body).is_ok_and(|text| secrets(keys).all(|key| !text.contains(key)))
}

/// Hides the keys in all texts below; says whether there were any.
fn hide_in(value: &mut Value, keys: &[&str]) -> bool {
    match value {
        Value::String(text) => {
            let mut is_changed = false;
            for key in keys {
                if text.contains(key) {
                    *text = text.replace(key, HIDDEN);
                    is_changed = true;
                }
            }
            is_changed
        }
        Value::Array(items) => items.iter_mut().fold(false, |any, item| hide_in(item, keys) | any),
        Value::Object(fields) => {
            fields.values_mut().fold(false, |any, item| hide_in(item, keys) | any)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(body: &str) -> String {
        let keys = ["canary+key/1".into(), "client\"7".into(), "any".into()];
        String::from_utf8(hide(body.as_bytes().to_vec(), &keys)).unwrap()
    }

    #[test]
    fn a_refusal_loses_the_keys_and_nothing_else() {
        // Goal: no spelling of a key gets through, and the refusal stays one. Method: texts and objects,
        // with the escapes that servers write, two keys in one text, and a key too short to be one.
        for text in
            ["canary+key/1", r"canary\u002bkey\/1", r#"client\"7"#, r#"xclient\"7canary+key/1"#]
        {
            for errors in
                [format!(r#"["no {text}!"]"#), format!(r#"[{{"Code":"{text}","Message":"any"}}]"#)]
            {
                let body = format!(
                    r#"{{"Value":null,"Errors":{errors},"IsSuccess":false,"IsFailure":true}}"#
                );
                let hidden = hidden(&body);
                let left = Envelope::read(hidden.as_bytes()).unwrap();
                assert_eq!(left.says(), Says::Failed, "{hidden}");
                let message = left.message();
                assert!(message.contains(HIDDEN), "{hidden}");
                assert!(!hidden.contains("canary") && !hidden.contains("client"), "{hidden}");
                assert!(hidden.contains("no ") || message.ends_with(": any"), "{hidden}");
            }
        }
    }

    #[test]
    fn what_was_done_and_what_is_no_answer_stay_as_they_are() {
        // Goal: a gift is recognised, whatever its description says. Method: a success, a page, and a
        // refusal without a key, byte for byte.
        for body in [
            r#"{"Value":{"Description":"canary+key/1"},"Errors":[],"IsSuccess":true,"IsFailure":false}"#,
            "<html>canary+key/1</html>",
            r#"{"Value":null,"Errors":["no, any"],  "IsSuccess":false,"IsFailure":true}"#,
        ] {
            assert_eq!(hidden(body), body);
        }
    }
}
