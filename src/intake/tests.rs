//! Whole files, from bytes to rows.

use super::*;

/// Options of a person who says nothing, in Istanbul, at the end of 2026.
pub(super) fn options() -> ReadOptions {
    ReadOptions {
        delimiter: None,
        decimal: None,
        map: Vec::new(),
        description: None,
        expires: None,
        tz: chrono_tz::Europe::Istanbul,
        now: "2026-11-21T00:00:00Z".parse().unwrap(),
    }
}
