//! Any text as an expiry: where an instant is read, its year stands in the text with four digits,
//! or the one beside it where a zone moves the instant over the year's end.

#![no_main]

mod reading;

use chrono::{DateTime, Datelike};
use giftbatch::intake::RowOutcome;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some(RowOutcome::Good(row)) = reading::only_row("5", text, None) else {
        return;
    };
    let Some(ms) = row.content.expiry.as_ms() else {
        return;
    };
    let year = DateTime::from_timestamp_millis(ms).expect("an instant").year();
    let is_there = (year - 1..=year + 1).any(|year| text.contains(&format!("{year:04}")));
    assert!(is_there, "{text:?} became {year}");
});
