//! The currency that amounts are in, and its names in cells.
//!
//! Gifts carry no currency: the wallet's own decides. So a cell that names another one is a fault,
//! never a number.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A currency by its ISO 4217 code, as `TRY`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(String);

/// Codes with other names that people write.
const NAMES: [(&str, &[&str]); 4] = [
    ("TRY", &["₺", "TL", "TRY"]),
    ("USD", &["$", "USD"]),
    ("EUR", &["€", "EUR"]),
    ("GBP", &["£", "GBP"]),
];

/// A text that is no currency's code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a currency: write its code of three letters, as TRY")]
pub struct UnknownCurrency;

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Currency, UnknownCurrency> {
        let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
        is_code.then(|| Currency(code.to_ascii_uppercase())).ok_or(UnknownCurrency)
    }
}

impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;

    fn try_from(code: String) -> Result<Currency, UnknownCurrency> {
        code.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.0
    }
}

/// The Turkish lira.
impl Default for Currency {
    fn default() -> Currency {
        Currency("TRY".to_owned())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

impl Currency {
    /// A trimmed text without this currency's name at its start or end.
    pub(super) fn strip<'a>(&self, text: &'a str) -> &'a str {
        without(text, &self.names()).unwrap_or(text)
    }

    /// The currencies whose names are known.
    pub(super) fn known() -> impl Iterator<Item = Currency> {
        NAMES.iter().map(|(code, _)| Currency((*code).to_owned()))
    }

    /// Its names.
    fn names(&self) -> Vec<&str> {
        match NAMES.iter().find(|(code, _)| *code == self.0) {
            Some((_, names)) => names.to_vec(),
            None => vec![&self.0],
        }
    }

    /// A folded header without this currency's name at its end, as in `Tutar (TL)`.
    pub(super) fn strip_header<'h>(&self, folded: &'h str) -> &'h str {
        let names = self.names().into_iter().map(str::to_lowercase);
        names.filter_map(|name| folded.strip_suffix(&name)).next().unwrap_or(folded)
    }

    /// Whether a text names this currency and nothing else.
    pub(super) fn is_named(&self, text: &str) -> bool {
        self.strip(text).is_empty()
    }

    /// Whether a trimmed text has another currency's name at its start or end.
    pub(super) fn is_other(&self, text: &str) -> bool {
        let others = NAMES.iter().filter(|(code, _)| *code != self.0);
        others.into_iter().any(|(_, names)| without(text, names).is_some())
    }
}

/// The text without the first of these names that it begins or ends with.
fn without<'a>(text: &'a str, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        let prefix = || {
            let (head, rest) = text.split_at_checked(name.len())?;
            head.eq_ignore_ascii_case(name).then(|| rest.trim_start())
        };
        let suffix = || {
            let (rest, tail) = text.split_at_checked(text.len().checked_sub(name.len())?)?;
            tail.eq_ignore_ascii_case(name).then(|| rest.trim_end())
        };
        prefix().or_else(suffix)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_knows_its_own_names_and_those_of_others() {
        // Goal: dollars are never taken for liras. Method: names before and after, of two currencies.
        let lira = Currency::default();
        for text in ["₺75", "75 TL", "tl75", "75\u{a0}try", "75"] {
            assert_eq!(lira.strip(text), "75", "{text}");
            assert!(!lira.is_other(text), "{text}");
        }
        for text in ["$75", "75 EUR", "75€", "GBP 75"] {
            assert!(lira.is_other(text), "{text}");
        }
        let dollar: Currency = "usd".parse().unwrap();
        assert_eq!(dollar.strip("$75"), "75");
        assert!(dollar.is_other("75 TL") && dollar.is_named("USD") && !dollar.is_named("TRY"));
        let other: Currency = "AZN".parse().unwrap();
        assert_eq!(other.strip("75 AZN"), "75");
        for code in ["", "TL", "₺₺₺", "TRYY"] {
            assert_eq!(code.parse::<Currency>(), Err(UnknownCurrency));
        }
    }
}
