//! The grammars of the plainer cells: wallets and texts.
//!
//! **Invariant:** a text that passes has at most [`MAX_DESCRIPTION_CHARS`] characters and no control
//! characters; line breaks stand in descriptions alone.

use uuid::Uuid;

use super::Code;
use super::amount::is_exponent;
use super::fault::Problem;
use crate::domain::{GiftKey, WalletId, is_invisible, normalise_description};

/// Characters that a description or a reference may have.
pub const MAX_DESCRIPTION_CHARS: usize = 500;

/// Letters of UTF-8 as they look when somebody read them as windows-1252 or windows-1254. None of
/// these pairs begins or ends a word in Turkish or in English.
const MISREAD: [&str; 20] = [
    "Ã¼", "Ã¶", "Ã§", "Ã‡", "Ã–", "Ãœ", "Ä±", "Ä°", "ÄŸ", "Äž", "Ä\u{9e}", "ÅŸ", "Åž", "Å\u{9e}",
    "â€™", "â‚º", "Ã¢", "Ã®", "Ã»", "Ã©",
];

/// What a spreadsheet shows in place of a value that it cannot compute, in English and in Turkish.
const SHEET_ERRORS: [&str; 38] = [
    "#REF!",
    "#N/A",
    "#VALUE!",
    "#DIV/0!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "#BAŞV!",
    "#YOK",
    "#DEĞER!",
    "#SAYI/0!",
    "#AD?",
    "#SAYI!",
    "#BOŞ!",
    "#SPILL!",
    "#TAŞMA!",
    "#CALC!",
    "#HESAPLA!",
    "#HESAPLAMA!",
    "#FIELD!",
    "#ALAN!",
    "#BLOCKED!",
    "#ENGELLENDİ!",
    "#CONNECT!",
    "#BAĞLAN!",
    "#BAĞLANTI!",
    "#UNKNOWN!",
    "#BİLİNMEYEN!",
    "#BUSY!",
    "#MEŞGUL!",
    "#GETTING_DATA",
    "#VERİ_ALINIYOR",
    "#ERROR!",
    "#HATA!",
    "#PYTHON!",
    "#EXTERNAL!",
    "#S/A",
    "#ERROR",
];

/// What spreadsheets and programs write where they have no text.
const NO_TEXTS: [&str; 19] = [
    "undefined",
    "null",
    "(null)",
    "<null>",
    "\\n",
    "nan",
    "none",
    "nil",
    "n/a",
    "nat",
    "[object object]",
    "(blank)",
    "(boş)",
    "loading...",
    "loading…",
    "loading",
    "yükleniyor...",
    "yükleniyor…",
    "yükleniyor",
];

/// How the errors of a spreadsheet begin, in small letters; behind some stands a number.
const ERROR_WORDS: [&str; 2] = ["err:", "hata:"];

/// Pairs between which a program was to write a value.
const FIELDS: [(&str, &str); 6] =
    [("{{", "}}"), ("{%", "%}"), ("${", "}"), ("<%", "%>"), ("*|", "|*"), ("%%", "%%")];

/// Where rows of totals are named.
const TOTALS: [&str; 5] = ["toplam", "total", "genel", "sum", "ara"];

/// A cell without the space around it, of whatever kind: copied cells bring spaces of no width and
/// marks of direction along.
pub(super) fn trim(cell: &str) -> &str {
    cell.trim_matches(is_space)
}

/// Whether nobody sees a character: space, or what is invisible.
pub(super) fn is_space(char: char) -> bool {
    char.is_whitespace() || is_invisible(char)
}

/// Marks that turn the direction in which text is shown.
fn is_direction(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A description in its normal form, or why it cannot be one.
pub(super) fn check_description(text: &str) -> Result<String, Problem> {
    let text = normalise_description(text);
    // Most descriptions are plain, and twenty searches in each cost as much as all the rest.
    let misread = || MISREAD.iter().find(|pair| text.contains(**pair));
    if let Some(pair) = if text.is_ascii() { None } else { misread() } {
        return Err(Problem::new(
            Code::WrongEncoding,
            format!("letters that were read in a wrong encoding ({pair})"),
            "export the file again as UTF-8, and do not copy it through another program",
        ));
    }
    if text.contains(char::REPLACEMENT_CHARACTER) {
        return Err(Problem::new(
            Code::LostLetter,
            "a letter that was lost on the way (\u{fffd})",
            "write it again, or export the file again as UTF-8",
        ));
    }
    check(&text, |char| char == '\n').map(|()| text)
}

/// Whether a text can be shown on one line and is not too long.
pub(super) fn check_text(text: &str) -> Result<(), Problem> {
    check(text, |_| false)
}

fn check(text: &str, is_allowed: impl Fn(char) -> bool) -> Result<(), Problem> {
    if text.chars().any(|char| char.is_control() && !is_allowed(char)) {
        return Err(Problem::new(
            Code::ControlCharacter,
            "a control character or a line break inside",
            "remove it",
        ));
    }
    if text.chars().any(is_direction) {
        return Err(Problem::new(
            Code::DirectionMark,
            "a mark inside that turns the direction of text",
            "write it again",
        ));
    }
    if let Some(shown) = placeholder(text) {
        return Err(Problem::new(
            Code::Placeholder,
            format!("no text: {shown}"),
            "write what is meant, or leave the row out",
        ));
    }
    if is_sheet_error(text) {
        return Err(Problem::new(
            Code::SheetError,
            "an error of the spreadsheet",
            "mend the formula, or write the text",
        ));
    }
    if text.chars().count() > MAX_DESCRIPTION_CHARS {
        return Err(Problem::new(
            Code::TextTooLong,
            format!("more than {MAX_DESCRIPTION_CHARS} characters"),
            "shorten it",
        ));
    }
    Ok(())
}

/// Whether a spreadsheet shows this in place of a value.
fn is_sheet_error(text: &str) -> bool {
    let text = text.trim();
    if text.starts_with('#') {
        let is_too_narrow = text.len() > 1 && text.bytes().all(|byte| byte == b'#');
        return is_too_narrow || SHEET_ERRORS.contains(&text);
    }
    let is_error = |word: &str| {
        let head = text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
        head && text[word.len()..].trim().bytes().all(|byte| byte.is_ascii_digit())
    };
    ERROR_WORDS.iter().any(|word| is_error(word))
}

/// What stands where a program has left a text out.
fn placeholder(text: &str) -> Option<&'static str> {
    let is_between = |(open, close): &&(&str, &str)| {
        text.split_once(open).is_some_and(|(_, rest)| rest.contains(close))
    };
    if text.contains(['{', '%', '*']) && FIELDS.iter().any(|pair| is_between(&pair))
        || is_field(text)
    {
        return Some("a field that was not filled in");
    }
    let is_none = |word: &str| {
        word.len() == text.len()
            && (word.eq_ignore_ascii_case(text) || text.to_lowercase() == *word)
    };
    NO_TEXTS.iter().any(|word| is_none(word)).then_some("a program wrote it where it had none")
}

/// `{customer_name}`, a name in braces.
fn is_field(text: &str) -> bool {
    let name = text.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    name.is_some_and(|(name, _)| {
        let is_part = |char: char| char.is_alphanumeric() || "_.".contains(char);
        name.starts_with(char::is_alphabetic) && name.chars().all(is_part)
    })
}

/// The wallet of a trimmed cell: a GUID in any case, with or without braces and hyphens.
pub(super) fn read_wallet(text: &str) -> Result<WalletId, Problem> {
    let bare = || text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    // Thirty-two digits alone may be a number; with a letter among them they are a GUID.
    let is_simple = |text: &&str| text.len() == 32 && text.contains(|c: char| !c.is_ascii_digit());
    text.parse().or_else(|error| {
        let simple = Some(bare()).filter(is_simple).and_then(|text| Uuid::try_parse(text).ok());
        let wallet = simple.filter(|id| !id.is_nil()).map(WalletId);
        wallet.ok_or_else(|| explain(text, &format!("{error}")))
    })
}

/// The key of a trimmed cell; an empty one names no gift.
pub(super) fn read_key(text: &str) -> Result<Option<GiftKey>, Problem> {
    let mend = "leave it as the export wrote it, or empty it for a row of its own";
    match text {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| Problem::new(Code::KeyInvalid, "no key of a gift", mend)),
    }
}

/// What is wrong with an id, most likely.
fn explain(text: &str, error: &str) -> Problem {
    const WHOLE: &str = "copy the whole id of the wallet, as 30bac1c0-ad6b-4c50-a52e-1b34f9b487a7";
    if text.is_empty() {
        return Problem::new(Code::Empty, "empty", "write the wallet's id, or remove the row");
    }
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b".,".contains(&b));
    if is_exponent(text) || is_number(text) {
        return Problem::new(
            Code::WalletNumber,
            "a number, not a wallet's id: Excel damages ids in columns of numbers",
            "format the column as text and export the ids again",
        );
    }
    if text.bytes().all(|byte| b"0-{}".contains(&byte)) {
        return Problem::new(Code::WalletEmptyId, "the empty id, which no wallet has", WHOLE);
    }
    if TOTALS.iter().any(|word| text.to_lowercase().starts_with(word)) {
        return Problem::new(Code::TotalsRow, "no wallet: a row of totals?", "remove the row");
    }
    let groups: Vec<&str> = text.trim_matches(['{', '}']).split('-').collect();
    let is_hex = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if groups.len() == 5 && is_hex {
        return Problem::new(
            Code::WalletCut,
            "a GUID with digits too few or too many: was it cut?",
            WHOLE,
        );
    }
    Problem::new(Code::WalletInvalid, error, WHOLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_ids_are_explained() {
        // Goal: the words name what happened to the id. Method: near misses with their words.
        let problem = |text: &str| read_wallet(text).unwrap_err().problem;
        assert_eq!(problem(""), "empty");
        for text in ["9,05E+11", "9.05e+11", "905000000000", "905000000000.0"] {
            assert!(problem(text).contains("Excel"), "{text}");
        }
        assert!(problem("30bac1c0-ad6b").starts_with("not a GUID"));
        assert!(problem("30bac1c0-ad6b-4c50-a52e-b34f9b487a7").ends_with("was it cut?"));
        assert!(problem("00000000-0000-0000-0000-000000000000").starts_with("the empty id"));
        assert!(problem("Toplam").contains("totals"));
        assert!(problem("12345678901234567890123456789012").contains("Excel"));
        let wallet = read_wallet("30bac1c0-ad6b-4c50-a52e-1b34f9b487a7");
        for text in [
            "{30BAC1C0-AD6B-4C50-A52E-1B34F9B487A7}",
            "30BAC1C0AD6B4C50A52E1B34F9B487A7",
            "{30bac1c0ad6b4c50a52e1b34f9b487a7}",
        ] {
            assert_eq!(read_wallet(text), wallet, "{text}");
        }
    }

    #[test]
    fn descriptions_are_measured_in_their_normal_form() {
        // Goal: ş in two code points is one character. Method: the limit and one more; a bell.
        let decomposed = "s\u{327}".repeat(MAX_DESCRIPTION_CHARS);
        let composed = "ş".repeat(MAX_DESCRIPTION_CHARS);
        assert_eq!(check_description(&decomposed), Ok(composed));
        assert!(check_description(&(decomposed + "x")).is_err());
        assert!(check_description("a\u{7}b").is_err());
        assert_eq!(check_description("a\r\nb\rc"), Ok("a\nb\nc".to_owned()));
        assert!(check_text("a\nb").is_err());
        for text in [
            "#REF!",
            "#YOK",
            "#TAŞMA!",
            "#ERROR!",
            "########",
            "Err:508",
            "Hata:508",
            "Hata: 508",
            "a\u{202e}b",
            "Loading...",
            "LOADING…",
            "Yükleniyor...",
            "yükleniyor…",
            "yükleniyor",
            "undefined",
            "NULL",
            "nan",
            "None",
            "N/A",
            "{{customer.name}}",
            "Merhaba {{ad}}!",
            "Sevgili {ad}",
            "${name}",
            "*|FNAME|*",
            "[object Object]",
        ] {
            assert!(check_description(text).is_err(), "{text}");
        }
    }

    #[test]
    fn letters_that_were_damaged_before_are_seen() {
        // Goal: a customer never reads DoÄŸum. Method: texts read wrongly on purpose, and good ones.
        let good = "Doğum günün kutlu olsun, İyi ki varsın! Şölen, Ağrı, Çay; 50₺’lik";
        assert!(check_description(good).is_ok());
        for encoding in [encoding_rs::WINDOWS_1252, encoding_rs::WINDOWS_1254] {
            for word in ["Doğum", "günün", "İyi", "Şölen", "ışık", "Çay", "50₺’lik", "ÖZEL"]
            {
                let (misread, _, _) = encoding.decode(word.as_bytes());
                assert!(check_description(&misread).is_err(), "{misread}");
            }
        }
        assert!(check_description("Do\u{fffd}um").is_err());
    }

    #[test]
    fn space_of_every_kind_is_cut() {
        // Goal: what nobody sees changes nothing. Method: an id between spaces of each kind.
        assert_eq!(trim("\u{feff}\u{a0} \u{200b}\u{202f}a b\u{200e}\t\u{2060}\u{ad}"), "a b");
    }
}
