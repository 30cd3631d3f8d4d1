//! Figures as people read them: `12,345` gifts, `1,234.50`, `99 %`, a bar, an instant.
//!
//! **Invariant:** for people alone: programs get plain digits, without separators.
//! **Invariant:** parts are rounded down, so that nothing looks done before it is.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::domain::{Money, grouped, number_of};

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

/// The number with its noun: `1 gift`, `2 gifts`.
pub(super) fn gifts(number: u64) -> String {
    number_of(number, "gift")
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

/// A bar of what is done, and of the other parts, each drawn with its sign. What is done is rounded down, so that
/// it fills the bar only where it is all; each other part that there is has a sign at least.
pub(super) fn bar(done: (char, u64), others: &[(char, u64)]) -> String {
    let others: Vec<(char, u64)> =
        others.iter().copied().filter(|(_, number)| *number > 0).collect();
    let rest: u64 = others.iter().map(|(_, number)| number).sum();
    let kinds = others.len() as u64;
    let full = part(done.1, done.1 + rest, BAR_CHARS).min(BAR_CHARS.saturating_sub(kinds));
    let spare = BAR_CHARS.saturating_sub(full + kinds);
    let mut bar = String::from("[");
    bar.extend((0..full).map(|_| done.0));
    let mut seen = 0;
    for (sign, number) in &others {
        let before = part(seen, rest, spare);
        seen += number;
        bar.extend((0..=part(seen, rest, spare) - before).map(|_| *sign));
    }
    bar.push(']');
    bar
}

/// An id by its first and last four digits.
pub(super) fn shortened(id: &str) -> String {
    match (id.get(..4), id.get(id.len().saturating_sub(4)..)) {
        (Some(first), Some(last)) => format!("{first}…{last}"),
        _ => id.to_owned(),
    }
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
        let of = |done, others: &[(char, u64)]| bar(('#', done), others);
        assert_eq!(of(999_999, &[('-', 1)]), "[###################-]");
        assert_eq!(of(1, &[('-', 1)]), "[##########----------]");
        assert_eq!(of(1, &[]), "[####################]");
        assert_eq!(of(0, &[]), "[####################]");
        let all = of(1_000_000, &[('?', 1), ('!', 2), ('x', 0), ('-', 3)]);
        assert_eq!(all, "[#################?!-]");
        assert_eq!(of(50, &[('?', 10), ('!', 10), ('-', 30)]), "[##########??!!------]");
        assert_eq!(percent(u64::MAX, u64::MAX), "100 %");
        assert_eq!(percent(0, 0), "100 %");
    }
}
