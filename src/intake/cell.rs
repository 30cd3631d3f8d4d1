//! The grammars of the plainer cells: wallets and texts.
//!
//! **Invariant:** a text that passes is one line of at most [`MAX_DESCRIPTION_CHARS`] characters.

use super::amount::is_exponent;
use super::fault::Problem;
use crate::domain::{WalletId, normalise_description};

/// Characters that a description or a reference may have.
pub const MAX_DESCRIPTION_CHARS: usize = 500;

/// A description in its normal form, or why it cannot be one.
pub(super) fn check_description(text: &str) -> Result<String, Problem> {
    let text = normalise_description(text);
    check_text(&text).map(|()| text)
}

/// Whether a text can be shown on one line and is not too long.
pub(super) fn check_text(text: &str) -> Result<(), Problem> {
    if text.chars().any(char::is_control) {
        return Err(Problem::new("a control character or a line break inside", "remove it"));
    }
    if text.chars().count() > MAX_DESCRIPTION_CHARS {
        return Err(Problem::new(
            format!("more than {MAX_DESCRIPTION_CHARS} characters"),
            "shorten it",
        ));
    }
    Ok(())
}

/// The wallet of a trimmed cell.
pub(super) fn read_wallet(text: &str) -> Result<WalletId, Problem> {
    text.parse().map_err(|error| {
        if text.is_empty() {
            return Problem::new("empty", "write the wallet's id, or remove the row");
        }
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        if is_exponent(text) || digits == text.len() {
            return Problem::new(
                "a number, not a wallet's id: Excel damages ids in columns of numbers",
                "format the column as text and export the ids again",
            );
        }
        Problem::new(
            format!("{error}"),
            "copy the whole id of the wallet, as 30bac1c0-ad6b-4c50-a52e-1b34f9b487a7",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_ids_are_explained() {
        // Goal: the words name what happened to the id. Method: near misses with their words.
        let problem = |text: &str| read_wallet(text).unwrap_err().problem;
        assert_eq!(problem(""), "empty");
        for text in ["9,05E+11", "9.05e+11", "905000000000"] {
            assert!(problem(text).contains("Excel"), "{text}");
        }
        assert!(problem("30bac1c0-ad6b").starts_with("not a GUID"));
        assert!(read_wallet("{30BAC1C0-AD6B-4C50-A52E-1B34F9B487A7}").is_ok());
    }

    #[test]
    fn descriptions_are_measured_in_their_normal_form() {
        // Goal: ş in two code points is one character. Method: the limit and one more; a bell.
        let decomposed = "s\u{327}".repeat(MAX_DESCRIPTION_CHARS);
        let composed = "ş".repeat(MAX_DESCRIPTION_CHARS);
        assert_eq!(check_description(&decomposed), Ok(composed));
        assert!(check_description(&(decomposed + "x")).is_err());
        assert!(check_description("a\u{7}b").is_err());
    }
}
