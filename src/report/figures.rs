//! Figures as people read them: `12,345` gifts, `1,234.50`, `99 %`, a bar, an instant.
//!
//! **Invariant:** for people alone: programs get plain digits, without separators.
//! **Invariant:** parts are rounded down, so that nothing looks done before it is.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::domain::Money;

/// How wide a bar is.
const BAR_CHARS: u64 = 20;

/// A whole number with thousands separators.
pub fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// An amount with thousands separators.
pub fn money(amount: Money) -> String {
    let plain = amount.to_string();
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", plain.as_str()),
    };
    match digits.split_once('.') {
        Some((whole, minor)) => format!("{sign}{}.{minor}", grouped(whole)),
        None => plain,
    }
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The number with its noun: `1 gift`, `2 gifts`.
pub(super) fn gifts(number: u64) -> String {
    format!("{} {}", count(number), if number == 1 { "gift" } else { "gifts" })
}

/// How many parts of `scale` are done; all of them where there is nothing to do.
fn part(done: u64, total: u64, scale: u64) -> u64 {
    let scaled = u128::from(done.min(total)) * u128::from(scale);
    // The quotient is at most `scale`, so that it always fits.
    scaled.checked_div(total.into()).map_or(scale, |part| u64::try_from(part).unwrap_or(scale))
}

/// Percent, rounded down.
pub(super) fn percent(done: u64, total: u64) -> String {
    format!("{} %", part(done, total, 100))
}

/// A bar that is full only where all is done.
pub(super) fn bar(done: u64, total: u64) -> String {
    let full = part(done, total, BAR_CHARS);
    let mut bar = String::from("[");
    bar.extend((0..BAR_CHARS).map(|place| if place < full { '#' } else { '-' }));
    bar.push(']');
    bar
}

/// An instant for people: whole seconds, UTC.
pub fn second(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// An instant for programs: exact, UTC.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_by_thousands() {
        // Goal: large sums can be read at a glance. Method: both sides of each separator.
        for (minor, text) in [
            (0, "0.00"),
            (99_999, "999.99"),
            (100_000, "1,000.00"),
            (-123_456_789, "-1,234,567.89"),
            (i64::MAX, "92,233,720,368,547,758.07"),
        ] {
            assert_eq!(money(Money::from_minor(minor)), text);
        }
        assert_eq!([count(999), count(1_000)], ["999", "1,000"]);
        assert_eq!([gifts(0), gifts(1), gifts(1_200)], ["0 gifts", "1 gift", "1,200 gifts"]);
    }

    #[test]
    fn nothing_looks_done_before_it_is() {
        // Goal: 100 % and a full bar mean all. Method: one short of very many, all, and none of none.
        assert_eq!(percent(999_999, 1_000_000), "99 %");
        assert_eq!(bar(999_999, 1_000_000), "[###################-]");
        assert_eq!(bar(1, 2), "[##########----------]");
        assert_eq!(percent(u64::MAX, u64::MAX), "100 %");
        assert_eq!(percent(0, 0), "100 %");
    }
}
