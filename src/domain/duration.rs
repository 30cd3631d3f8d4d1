//! Spans of time as people write them in settings: `30s`, `5m`, `1h30m`, `2d`.

use std::time::Duration;

/// Why text is no span of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// It is written otherwise.
    #[error("not a duration: write a number with a unit, as 500ms, 30s, 5m, 2h, 1h30m or 30d")]
    Unreadable,
    /// Nobody waits for so long.
    #[error("longer than a hundred years")]
    TooLong,
}

/// A hundred years: no instant that is so far ahead is beyond what a calendar has.
const LONGEST: Duration = Duration::from_secs(36_525 * 86_400);

/// Reads one or more numbers with the units `ms`, `s`, `m`, `h`, `d`, `w`, the larger first.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    let mut last_unit = u64::MAX;
    if rest.is_empty() {
        return Err(DurationError::Unreadable);
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().map_err(|_| match digits {
            0 => DurationError::Unreadable,
            _ => DurationError::TooLong,
        })?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit_ms = unit_ms(&rest[..letters]).filter(|unit| *unit < last_unit);
        let unit_ms = unit_ms.ok_or(DurationError::Unreadable)?;
        rest = &rest[letters..];
        last_unit = unit_ms;
        let part = number.checked_mul(unit_ms).ok_or(DurationError::TooLong)?;
        let sum = total.checked_add(Duration::from_millis(part));
        total = sum.filter(|sum| *sum <= LONGEST).ok_or(DurationError::TooLong)?;
    }
    Ok(total)
}

/// A span of time as [`parse_duration`] reads it, in whole milliseconds: `1h30m`.
pub fn duration_text(span: Duration) -> String {
    let mut left = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for unit in ["d", "h", "m", "s", "ms"] {
        let unit_ms = unit_ms(unit).unwrap_or(1);
        if left >= unit_ms {
            text.push_str(&format!("{}{unit}", left / unit_ms));
            left %= unit_ms;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

fn unit_ms(unit: &str) -> Option<u64> {
    Some(match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        // Goal: the common spellings. Method: texts with their milliseconds.
        for (text, ms) in [
            ("500ms", 500),
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("30d", 2_592_000_000),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "{text}");
            assert_eq!(duration_text(Duration::from_millis(ms)), text);
        }
    }

    #[test]
    fn a_number_without_a_unit_is_no_duration() {
        // Goal: nobody's `30` becomes 30 ms or 30 days. Method: texts that leave something open.
        for text in ["", "30", "s", "5 m", "-5s", "1.5h", "30m1h", "5m5m"] {
            assert_eq!(parse_duration(text), Err(DurationError::Unreadable), "{text:?}");
        }
        assert!(parse_duration("36525d").is_ok());
        for text in ["36525d1ms", "900000d", "99999999999999999999s", "18446744073709551615w"] {
            assert_eq!(parse_duration(text), Err(DurationError::TooLong), "{text:?}");
        }
    }
}
