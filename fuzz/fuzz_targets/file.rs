//! Any bytes as a campaign file: rows, faults or an error, never a panic, and rows that keep what
//! the pages promise.

#![no_main]

mod reading;

use giftbatch::domain::{Expiry, Money};
use giftbatch::intake::{MAX_AMOUNT, MAX_DESCRIPTION_CHARS, RowOutcome};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok((survey, rows)) = reading::outcomes(bytes, None, Some(Expiry::Never)) else {
        return;
    };
    assert_eq!(survey.rows, rows.len() as u64);
    let mut last = 0;
    for row in rows {
        match row {
            RowOutcome::Good(row) => {
                assert!(row.line > last, "rows come in order");
                last = row.line;
                assert!(row.content.amount > Money::ZERO && row.content.amount <= MAX_AMOUNT);
                assert!(row.content.description.chars().count() <= MAX_DESCRIPTION_CHARS);
                assert_eq!(row.cells.len(), survey.header.len());
            }
            RowOutcome::Bad(row) => assert!(!row.faults.is_empty()),
        }
    }
});
