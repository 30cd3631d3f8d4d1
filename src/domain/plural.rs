//! Numbers of things, in words.

/// `1 gift`, `2,345 gifts`: a number and what it counts, which makes its plural with an `s`.
pub fn number_of(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(&number.to_string()))
}

/// Digits with thousands separators.
pub fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        // Goal: nobody reads of 1 gifts. Method: none, one, some and many.
        for (number, text) in
            [(0, "0 gifts"), (1, "1 gift"), (2, "2 gifts"), (1_234_567, "1,234,567 gifts")]
        {
            assert_eq!(number_of(number, "gift"), text);
        }
    }
}
