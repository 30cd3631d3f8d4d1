//! What all targets share: a file of given bytes, read as the program reads it.

#![allow(dead_code, reason = "each target takes what it needs")]

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::Write as _;

use chrono_tz::Europe::Istanbul;
use giftbatch::domain::Expiry;
use giftbatch::intake::{
    Currency, DecimalMark, IntakeError, ReadOptions, RowOutcome, Survey, read, survey,
};

/// A wallet that every target's rows go to.
pub const WALLET: &str = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7";

thread_local! {
    /// One file in memory, filled again for each run.
    static FILE: RefCell<tempfile::NamedTempFile> = RefCell::new(
        tempfile::NamedTempFile::new_in(if fs::exists("/dev/shm").is_ok_and(|yes| yes) {
            "/dev/shm".into()
        } else {
            std::env::temp_dir()
        })
        .expect("a temporary file"),
    );
}

/// Reads bytes in both passes: what the file is, and what became of each row.
pub fn outcomes(
    bytes: &[u8],
    decimal: Option<DecimalMark>,
    expires: Option<Expiry>,
) -> Result<(Survey, Vec<RowOutcome>), IntakeError> {
    let options = ReadOptions {
        birthdays: None,
        customers: false,
        encoding: None,
        sheet: None,
        currency: Currency::default(),
        delimiter: None,
        decimal,
        map: Vec::new(),
        description: Some("KUPON".to_owned()),
        expires,
        tz: Istanbul,
        now: chrono::DateTime::UNIX_EPOCH,
    };
    FILE.with_borrow(|file| {
        let mut out = File::create(file.path()).expect("the file can be written");
        out.write_all(bytes).expect("the file can be written");
        let found = survey(file.path(), &options)?;
        let rows = read(file.path(), &found, &options)?.collect::<Result<_, _>>()?;
        Ok((found, rows))
    })
}

/// The only row of a file with these two cells, each in quotes.
pub fn only_row(amount: &str, expiry: &str, decimal: Option<DecimalMark>) -> Option<RowOutcome> {
    let quoted = |cell: &str| cell.replace('"', "\"\"");
    let text = format!(
        "wallet_id;amount;expires_at\n{WALLET};\"{}\";\"{}\"\n",
        quoted(amount),
        quoted(expiry)
    );
    let (_, rows) = outcomes(text.as_bytes(), decimal, None).ok()?;
    assert_eq!(rows.len(), 1, "quotes keep a row together");
    rows.into_iter().next()
}
