//! How single values of the command line are read.

use std::time::Duration;

use clap::builder::PossibleValuesParser;

use crate::domain::{GiftState, Money, parse_duration};
use crate::intake::{Charset, Column, encoding_of};
use crate::sandbox::FaultProfile;

/// `COLUMN=HEADER`.
#[derive(Clone, Debug)]
pub(super) struct Mapping(pub(super) Column, pub(super) String);

pub(super) fn mapping(text: &str) -> Result<Mapping, String> {
    let (column, header) =
        text.split_once('=').ok_or("write it as COLUMN=HEADER, as amount=Tutar")?;
    let column = column.trim().parse().map_err(|error| format!("{error}"))?;
    Ok(Mapping(column, header.trim().to_owned()))
}

pub(super) fn money(text: &str) -> Result<Money, String> {
    // One mark before at most two digits stands before the decimals, whichever mark it is. Anything else
    // could be thousands.
    let plain = match text.split_once([',', '.']) {
        Some((whole, decimals)) if decimals.len() <= 2 => format!("{whole}.{decimals}"),
        Some(_) => return Err("could be thousands; write it as 12500 or 12500.50".to_owned()),
        None => text.to_owned(),
    };
    plain.parse().map_err(|error| format!("{error}; write it as 12500 or 12500.50"))
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

pub(super) fn positive_duration(text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    if duration.is_zero() { Err("longer than nothing".to_owned()) } else { Ok(duration) }
}

pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a whole number, at least 1".to_owned()),
        Ok(number) => Ok(number),
    }
}

/// A number of gifts.
pub(super) fn gifts(text: &str) -> Result<u64, String> {
    at_least_one(text).map(|gifts| gifts as u64)
}

/// Requests a second that can be asked for: beyond it, no limit (0) is what is meant.
pub(super) const MAX_RATE: u32 = 100_000;

/// Requests in flight that can be asked for: more connections than any provider allows.
pub(super) const MAX_CONCURRENCY: usize = 4_096;

pub(super) fn rate(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(rate) if rate <= MAX_RATE => Ok(rate),
        _ => Err(format!("a whole number of requests a second, at most {MAX_RATE}; 0: no limit")),
    }
}

pub(super) fn concurrency(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(many) if (1..=MAX_CONCURRENCY).contains(&many) => Ok(many),
        _ => Err(format!("a whole number from 1 to {MAX_CONCURRENCY}")),
    }
}

pub(super) fn encoding(text: &str) -> Result<Charset, String> {
    encoding_of(text).map_err(|error| error.to_string())
}

pub(super) fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "tab" | "\\t" | "\t" => Ok(b'\t'),
        ";" | "," | "|" => Ok(text.as_bytes()[0]),
        _ => Err("one of ; , | or tab".to_owned()),
    }
}

/// A state, or a word for several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct States(pub(super) Vec<GiftState>);

pub(super) fn states(text: &str) -> Result<States, String> {
    use GiftState as S;
    Ok(States(match text.trim() {
        "doubtful" => vec![S::InFlight, S::InDoubt, S::Held, S::Revoking],
        "unsent" => vec![S::Planned, S::Deferred],
        word => vec![word.parse().map_err(|_| {
            let known = GiftState::ALL.map(GiftState::word).join(", ");
            format!("one of {known}, doubtful, unsent")
        })?],
    }))
}

/// A customer's id: any text that is one line and not empty.
pub(super) fn customer(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("an id, and not nothing".to_owned()),
        id if id.chars().any(char::is_control) => Err("an id of one line".to_owned()),
        id => Ok(id.to_owned()),
    }
}

/// A metal's name: the commas between them are the list's own.
pub(super) fn metal(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if text.is_empty() || !text.bytes().all(is_word) {
        return Err("metals as gold,silver".to_owned());
    }
    Ok(text.to_ascii_lowercase())
}

/// A language as `tr` or `en-GB`.
pub(super) fn language(text: &str) -> Result<String, String> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if text.is_empty() || !text.bytes().all(is_letter) {
        return Err("a language as tr or en-GB".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn profile() -> PossibleValuesParser {
    PossibleValuesParser::new(FaultProfile::NAMES.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_flags_have_one_reading() {
        // Goal: a limit is never a thousand times too small. Method: spellings with their value, and those
        // that have two.
        for (text, minor) in [("12500", 1_250_000), ("60,50", 6_050), ("60.5", 6_050), ("0.01", 1)]
        {
            assert_eq!(money(text), Ok(Money::from_minor(minor)), "{text}");
        }
        for text in ["1.000", "1,000", "1.270,50", "1,270.50", "1.", "", "-5", "1e3"] {
            assert!(money(text).is_err(), "{text}");
        }
    }
}
