//! A text as a person sees it: what is invisible folded away, so that texts that look the same compare as
//! the same.
//!
//! It stands apart because a folded text is for comparing alone: what is sent stays as it was written, an
//! emoji's parts included.
//!
//! **Invariant:** a folded text folds to itself.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Whether nobody sees a character: joiners, marks of direction and of variation, soft hyphens and their
/// like. These are Unicode's `Default_Ignorable_Code_Point`.
pub const fn is_invisible(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// A text without what is invisible, in Unicode's composed form (NFC), each run of space as one blank, and
/// none at its ends.
pub fn fold_text(text: &str) -> Cow<'_, str> {
    if is_folded(text) {
        return Cow::Borrowed(text);
    }
    let composed: String = text.chars().filter(|char| !is_invisible(*char)).nfc().collect();
    Cow::Owned(composed.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A reference in the same form. One that a spreadsheet took for a number and wrote as `2409.0` is `2409`;
/// three zeros are thousands, and stay.
pub fn fold_reference(reference: &str) -> Cow<'_, str> {
    let folded = fold_text(reference);
    let has_only = |text: &str, is_such: fn(&u8) -> bool| {
        !text.is_empty() && text.as_bytes().iter().all(is_such)
    };
    let whole = folded.split_once(['.', ',']).filter(|(digits, zeros)| {
        has_only(digits, u8::is_ascii_digit)
            && has_only(zeros, |byte| *byte == b'0')
            && zeros.len() != 3
    });
    match whole.map(|(digits, _)| digits.len()) {
        Some(length) => Cow::Owned(folded[..length].to_owned()),
        None => folded,
    }
}

/// Most texts are as they are seen, and are not copied.
fn is_folded(text: &str) -> bool {
    let mut was_space = true;
    let is_plain = |char: char| {
        let is_space = char.is_whitespace();
        let is_single = !is_space || (char == ' ' && !was_space);
        was_space = is_space;
        is_single && !is_invisible(char)
    };
    text.chars().all(is_plain) && !text.ends_with(' ') && (text.is_ascii() || is_nfc(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_that_look_the_same_fold_to_the_same() {
        // Goal: whatever a program adds that nobody sees is gone. Method: one text in many dresses.
        for dressed in [
            "Hediye çeki",
            "Hediye c\u{327}eki",
            "Hediye çeki\u{200b}",
            "\u{feff}Hediye çeki",
            "Hediye\u{a0}çeki",
            "Hediye \u{2009} çeki",
            " Hediye\t çeki \n",
            "Hedi\u{ad}ye çeki",
            "Hediye \u{200d}\u{2060}çeki\u{fe0f}",
            "Hediye\u{200b} \u{200b}çeki",
            "\u{202a}Hediye çeki\u{202c}",
            "Hediye c\u{200c}\u{327}eki",
        ] {
            assert_eq!(fold_text(dressed), "Hediye çeki", "{dressed:?}");
        }
        for (one, other) in [("Hediye çeki", "Hediye ceki"), ("a b", "ab"), ("A", "a")] {
            assert_ne!(fold_text(one), fold_text(other));
        }
        assert!(matches!(fold_text("İyi bayramlar"), Cow::Borrowed(_)));
        assert_eq!(fold_text("\u{200b} \u{feff}"), "");
    }

    #[test]
    fn a_number_that_became_a_float_is_the_number() {
        // Goal: a spreadsheet's `.0` is no other reference. Method: its spellings, and what only looks so.
        for same in ["2409", "2409.0", "2409,0", "2409.00", " 2409.0\u{200b}", "2409.000000"] {
            assert_eq!(fold_reference(same), "2409", "{same:?}");
        }
        for other in
            ["2409.5", "2409.05", "2409.000", "A2409.0", "2409.", ".0", "2409.0.0", "2.409,0"]
        {
            assert_eq!(fold_reference(other), other);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_invisible_changes_a_folded_text(
            text in "\\PC{0,12}",
            places in prop::collection::vec((any::<prop::sample::Index>(), 0..INVISIBLE.len()), 0..6),
        ) {
            // Goal: folding is the same however much is strewn in, and folds to itself. Method: random texts,
            // with invisible characters at random places of them.
            let folded = fold_text(&text).into_owned();
            prop_assert_eq!(fold_text(&folded), folded.as_str());
            prop_assert!(matches!(fold_text(&folded), Cow::Borrowed(_)));
            let mut strewn: Vec<char> = text.chars().collect();
            for (place, which) in places {
                strewn.insert(place.index(strewn.len() + 1), INVISIBLE[which]);
            }
            let strewn: String = strewn.into_iter().collect();
            prop_assert_eq!(fold_text(&strewn), folded);
        }
    }

    const INVISIBLE: [char; 8] = [
        '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{ad}', '\u{fe0f}',
        '\u{200e}',
    ];
}
