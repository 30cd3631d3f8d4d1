//! What differs, and by how much, in words. Pure.

use std::time::Duration;

use rust_decimal::Decimal;

use crate::domain::{Expiry, GiftContent, duration_text};
use crate::provider::{Credit, SeenExpiry, exact_sum};

/// What is different about a gift: all of it.
pub(super) fn difference(credit: &Credit, content: &GiftContent) -> String {
    let mut parts = Vec::new();
    let amount = content.amount.to_decimal();
    if credit.amount != amount {
        parts.push(format!("amount {}", instead(credit.amount, amount)));
    }
    if !credit.expires_with(content) {
        let by = shift(credit.expiry, content.expiry);
        parts.push(format!("expiry {} instead of {}{by}", credit.expiry, content.expiry));
    }
    if credit.description != content.description {
        let (seen, sent) = (&credit.description, &content.description);
        parts.push(format!("description {seen:?} instead of {sent:?}"));
    }
    parts.join(", ")
}

/// As `120.00 instead of 100.00 (20.00 more)`.
pub(super) fn instead(seen: Decimal, expected: Decimal) -> String {
    format!("{} instead of {}{}", figure(seen), figure(expected), more(seen, expected))
}

/// By how much one is more or less than the other, in brackets; nothing where a decimal cannot hold it.
pub(super) fn more(seen: Decimal, expected: Decimal) -> String {
    let by = exact_sum([seen, -expected]);
    by.map_or_else(String::new, |by| {
        format!(" ({} {})", figure(by.abs()), if by.is_sign_negative() { "less" } else { "more" })
    })
}

/// All digits that there are, and two decimals at least.
pub(super) fn figure(amount: Decimal) -> String {
    let amount = amount.normalize();
    let decimals = amount.scale().max(2) as usize;
    format!("{amount:.decimals$}")
}

/// By how much an expiry is later or earlier, in brackets; nothing where a list does not tell it exactly.
fn shift(seen: SeenExpiry, sent: Expiry) -> String {
    let (SeenExpiry::Exact(Expiry::At(seen)), Expiry::At(sent)) = (seen, sent) else {
        return String::new();
    };
    let by = (seen - sent).num_milliseconds();
    let span = duration_text(Duration::from_millis(by.unsigned_abs()));
    format!(" ({span} {})", if by < 0 { "earlier" } else { "later" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_much_is_told_both_ways() {
        // Goal: a person sees which way and how far. Method: more, less, finer than money; later, earlier, and what
        // cannot be told exactly.
        let dec = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(instead(dec("120"), dec("100.00")), "120.00 instead of 100.00 (20.00 more)");
        assert_eq!(instead(dec("5"), dec("5.001")), "5.00 instead of 5.001 (0.001 less)");
        let at = |text: &str| Expiry::at(text.parse().unwrap());
        let sent = at("2027-05-31T20:59:59Z");
        let shift = |seen| shift(SeenExpiry::Exact(seen), sent);
        assert_eq!(shift(at("2027-06-01T21:59:59Z")), " (1d1h later)");
        assert_eq!(shift(at("2027-05-31T20:00:00Z")), " (59m59s earlier)");
        assert_eq!(shift(Expiry::Never), "");
    }
}
