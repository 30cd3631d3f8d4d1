//! Whether a text in a guessed encoding has the letters of its language.
//!
//! Every byte is some letter in most encodings, so a wrong guess is quiet: `Doğum günü` of an old Mac is `DoÛum gŸnŸ`
//! to Windows. Only the letters themselves give it away: they are none of Turkish or English, or stand where
//! these have none.

use super::{Charset, encoding_of};

/// Letters beyond ASCII that Turkish uses.
const TURKISH: &str = "çğıöşüâîûÇĞİÖŞÜÂÎÛ";

/// Marks that may stand before a letter.
const OPENING: &str = "\u{a0}\u{202f}‘’“«–—·•´°©®£₺¡¿";

/// Marks that are hardly ever meant.
const RARE: &str = "˜ˆ‚ƒ¦†‡";

/// Encodings that Turkish files come in.
const USUAL: [&str; 3] = ["windows-1254", "x-mac-turkish", "IBM857"];

/// Whether a text has letters that its language has not.
pub(super) fn is_strange(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let is_letter = |char: Option<char>| char.is_some_and(char::is_alphabetic);
        let after = chars.peek().copied();
        let is_strange = match char {
            char if char.is_ascii() => false,
            char if char.is_alphabetic() => {
                // A capital inside a word.
                let is_small = |char: Option<char>| char.is_some_and(char::is_lowercase);
                let is_inside = char.is_uppercase()
                    && is_letter(before)
                    && (is_small(before) || is_small(after));
                !TURKISH.contains(char) || is_inside
            }
            char if char.is_control() || RARE.contains(char) => true,
            '§' | '“' if is_letter(before) => true,
            char if OPENING.contains(char) => false,
            _ => is_letter(after),
        };
        if is_strange {
            return true;
        }
        before = Some(char);
    }
    false
}

/// What a text would be in the other encodings that Turkish files come in, where its letters would fit.
pub(super) fn other_readings(text: &str, guessed: Charset) -> Vec<(Charset, String)> {
    let bytes = guessed.encode(text);
    let usual = USUAL.into_iter().filter_map(|name| encoding_of(name).ok());
    usual
        .filter(|charset| *charset != guessed)
        .filter_map(|charset| Some((charset, charset.decode(&bytes)?)))
        .filter(|(_, text)| !is_strange(text))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 8] = [
        "Doğum günü hediyesi",
        "İyi bayramlar, iyi ki varsın!",
        "HOŞ GELDİN",
        "Yılbaşı çekilişi ödülü",
        "Şimdi al, ağustosta öde",
        "Kış indirimi",
        "Kâğıt – 20 € hediye, 50₺’lik “özel” fırsat…",
        "Thank you, it’s for you",
    ];

    #[test]
    fn letters_of_the_language_are_not_strange() {
        // Goal: a right guess asks nothing. Method: texts that customers read.
        for word in WORDS {
            assert!(!is_strange(word), "{word}");
        }
    }

    #[test]
    fn a_wrong_guess_is_strange() {
        // Goal: no customer reads a text that an old program wrote and we misread. Method: texts in the
        // old sets, read as Windows would; what it would be otherwise is told.
        let windows = encoding_of("windows-1254").unwrap();
        for charset in [Charset::MacTurkish, Charset::Dos857] {
            for word in [WORDS[0], WORDS[3], WORDS[4], WORDS[5]] {
                let misread = windows.decode(&charset.encode(word)).unwrap();
                assert!(is_strange(&misread), "{word} as {misread}");
                let readings = other_readings(&misread, windows);
                assert!(readings.contains(&(charset, word.to_owned())), "{readings:?}");
            }
        }
        for text in ["caffé", "Кофе", "gŸnŸ", "Kİs", "a”b"] {
            assert!(is_strange(text), "{text}");
        }
    }
}
