//! What the name of a column of amounts says of them: a unit that is no amount, or a currency.
//!
//! It stands apart since a name that a person maps says as much as one that is known: `balance_cents` is in cents,
//! whatever it is mapped to.

use super::column::fold;
use super::{Currency, IntakeError};

/// Words of units in which a number is no amount of money.
const UNITS: [&str; 28] = [
    "cent",
    "cents",
    "kurus",
    "krs",
    "pence",
    "penny",
    "kopek",
    "kopeks",
    "kopecks",
    "qepik",
    "tiyin",
    "minor",
    "minors",
    "minorunit",
    "minorunits",
    "subunits",
    "thousand",
    "thousands",
    "bin",
    "k",
    "mn",
    "million",
    "millions",
    "milyon",
    "percent",
    "pct",
    "yuzde",
    "milli",
];

/// Marks of such units.
const MARKS: [char; 3] = ['%', '‰', '¢'];

/// Words of currencies beside their signs and codes.
const WORDS: [(&str, &str); 12] = [
    ("dolar", "USD"),
    ("dollar", "USD"),
    ("dollars", "USD"),
    ("us$", "USD"),
    ("euro", "EUR"),
    ("euros", "EUR"),
    ("avro", "EUR"),
    ("sterlin", "GBP"),
    ("pound", "GBP"),
    ("pounds", "GBP"),
    ("lira", "TRY"),
    ("liras", "TRY"),
];

/// Codes of ISO 4217 that are no words of English or Turkish.
const CODES: [&str; 34] = [
    "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "RUB", "AZN", "KZT", "UAH", "GEL", "SAR", "AED",
    "QAR", "KWD", "BHD", "OMR", "IRR", "IQD", "ILS", "EGP", "BGN", "RON", "PLN", "CZK", "HUF",
    "SEK", "NOK", "DKK", "CAD", "AUD", "NZD", "INR", "TRY",
];

/// Passes where the numbers below this name may be amounts in the campaign's currency.
pub(super) fn check_amount_name(header: &str, currency: &Currency) -> Result<(), IntakeError> {
    let words = words(header);
    let named = |unit: &str| IntakeError::AmountUnit {
        header: super::columns::clean(header),
        unit: unit.to_owned(),
        currency: currency.to_string(),
    };
    if let Some(mark) = header.chars().find(|char| MARKS.contains(char)) {
        return Err(named(&mark.to_string()));
    }
    if let Some(unit) = words.iter().find(|word| UNITS.contains(&fold(word).as_str())) {
        return Err(named(unit));
    }
    let other = words.iter().filter_map(|word| currency_of(word)).find(|code| code != currency);
    match other {
        Some(code) => Err(IntakeError::OtherCurrency {
            header: super::columns::clean(header),
            said: code.to_string(),
        }),
        None => Ok(()),
    }
}

/// Whether some word of a name is one of these.
pub(super) fn has_word(header: &str, names: &[&str]) -> bool {
    words(header).iter().any(|word| names.contains(&fold(word).as_str()))
}

/// The words of a name: `balanceCents`, `balance_cents` and `Balance (cents)` have the same two. A sign of money is a
/// word of its own.
fn words(header: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for char in header.chars() {
        let is_sign = "$€£₺".contains(char);
        let begins = is_sign
            || "$€£₺".contains(before)
            || before.is_lowercase() && char.is_uppercase()
            || !char.is_alphanumeric();
        // `US$` is one word.
        if begins && !(char == '$' && words.last().is_some_and(|last| last == "US")) {
            words.push(String::new());
        }
        if (char.is_alphanumeric() || is_sign)
            && let Some(last) = words.last_mut()
        {
            last.push(char);
        }
        before = char;
    }
    words.retain(|word| !word.is_empty());
    words
}

fn currency_of(word: &str) -> Option<Currency> {
    let folded = word.to_lowercase();
    let by_word = WORDS.iter().find(|(name, _)| *name == folded).map(|(_, code)| *code);
    let by_code = || CODES.into_iter().find(|code| code.eq_ignore_ascii_case(word));
    let code = by_word.or_else(by_code).and_then(|code| code.parse().ok());
    code.or_else(|| Currency::known().find(|currency| currency.is_named(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_its_numbers_are() {
        // Goal: kuruş are never given as liras, nor dollars. Method: names with what they say, and names that
        // say nothing.
        let lira = Currency::default();
        let check = |header: &str| match check_amount_name(header, &lira) {
            Ok(()) => String::new(),
            Err(IntakeError::AmountUnit { unit, .. }) => unit,
            Err(IntakeError::OtherCurrency { said, .. }) => said,
            Err(other) => panic!("{other}"),
        };
        for (header, said) in [
            ("balance_cents", "cents"),
            ("balanceCents", "Cents"),
            ("Tutar (kuruş)", "kuruş"),
            ("TUTAR_KURUŞ", "KURUŞ"),
            ("amount minor", "minor"),
            ("Bin TL", "Bin"),
            ("Oran %", "%"),
            ("Bedel (USD)", "USD"),
            ("Bedel ($)", "USD"),
            ("bedel_eur", "EUR"),
            ("Bedel€", "EUR"),
            ("Tutar Dolar", "USD"),
            ("Bedel US$", "USD"),
            ("Bedel (CHF)", "CHF"),
        ] {
            assert_eq!(check(header), said, "{header}");
        }
        for header in ["Bedel", "Tutar (TL)", "Bedel ₺", "amount_try", "Tutar lira", "Bakiye"] {
            assert_eq!(check(header), "", "{header}");
        }
        assert!(check_amount_name("Bedel (USD)", &"USD".parse().unwrap()).is_ok());
        assert!(check_amount_name("Tutar (TL)", &"USD".parse().unwrap()).is_err());
    }
}
