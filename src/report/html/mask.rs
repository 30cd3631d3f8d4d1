//! Wallet ids, shortened: a report goes further than the ledger does.

use super::super::figures::shortened;
use crate::domain::WalletId;

/// Whether wallets are told whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wallets {
    /// By their first and last four digits.
    #[default]
    Short,
    /// As they are.
    Whole,
}

impl Wallets {
    /// A wallet's id.
    pub(super) fn id(self, wallet: WalletId) -> String {
        let whole = wallet.to_string();
        match self {
            Wallets::Whole => whole,
            Wallets::Short => shortened(&whole),
        }
    }

    /// A text in which this wallet's id may stand.
    pub(super) fn text(self, wallet: WalletId, text: &str) -> String {
        if self == Wallets::Whole {
            return text.to_owned();
        }
        let (whole, plain) = (wallet.0.hyphenated().to_string(), wallet.0.simple().to_string());
        replaced(&replaced(text, &whole), &plain)
    }

    /// A text in which some wallet's id may stand: every GUID in it is shortened.
    pub(super) fn words(self, text: &str) -> String {
        if self == Wallets::Whole {
            return text.to_owned();
        }
        let mut short_of = text.to_owned();
        let is_part = |char: char| char.is_ascii_hexdigit() || char == '-';
        for word in text.split(|char| !is_part(char)) {
            let digits = word.chars().filter(char::is_ascii_hexdigit).count();
            if digits >= 32 {
                short_of = short_of.replace(word, &shortened(word));
            }
        }
        short_of
    }
}

/// The text with an id shortened, in capitals or not.
fn replaced(text: &str, id: &str) -> String {
    let mut done = String::new();
    let mut rest = text;
    // Letters of the alphabet of ids alone change, so that places stay.
    while let Some(place) = rest.to_ascii_lowercase().find(id) {
        done += &rest[..place];
        done += &shortened(id);
        rest = &rest[place + id.len()..];
    }
    done + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallet_is_shortened_wherever_it_stands() {
        // Goal: no whole id is left in a page for others. Method: an id alone, in texts, in capitals, without
        // hyphens, beside another id.
        let text = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7";
        let wallet: WalletId = text.parse().unwrap();
        assert_eq!(Wallets::Short.id(wallet), "30ba…87a7");
        assert_eq!(Wallets::Whole.id(wallet), text);
        let other = "6a623f97-c376-44ea-8995-09dfacd0ddcf";
        let said =
            format!("Wallet {} ({}) or {other}?", text.to_uppercase(), text.replace('-', ""));
        assert_eq!(
            Wallets::Short.text(wallet, &said),
            format!("Wallet 30ba…87a7 (30ba…87a7) or {other}?")
        );
        assert_eq!(Wallets::Short.words(&said), "Wallet 30BA…87A7 (30ba…87a7) or 6a62…ddcf?");
        assert_eq!(Wallets::Whole.words(&said), said);
    }
}
