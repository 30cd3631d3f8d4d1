//! Any text as an amount: where one is read, its digits are those of the text, and the mark that a
//! person said stands before the decimals.

#![no_main]

mod reading;

use giftbatch::intake::{DecimalMark, RowOutcome};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, &str)| {
    let (is_comma, text) = input;
    let mark = if is_comma { DecimalMark::Comma } else { DecimalMark::Point };
    let Some(RowOutcome::Good(row)) = reading::only_row(text, "never", Some(mark)) else {
        return;
    };
    // Written another way than the grammar: the digits before and behind the last such mark.
    let of = |part: &str| part.chars().filter(char::is_ascii_digit).collect::<String>();
    let (whole, fraction) = text.rsplit_once(mark.as_char()).unwrap_or((text, ""));
    let fraction = of(fraction);
    let fraction = fraction.trim_end_matches('0');
    assert!(fraction.len() <= 2, "no coin is cut off");
    let minor: i64 = format!("{}{fraction:0<2}", of(whole)).parse().expect("digits");
    assert_eq!(row.content.amount.minor(), minor);
    assert!(!text.contains(['-', '+', 'e', 'E']), "no sign and no exponent");
});
