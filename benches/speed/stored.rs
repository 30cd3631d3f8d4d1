//! What a ledger holds, read without the library: SQLite bare.

use std::collections::HashMap;
use std::path::Path;

use chrono::{DateTime, SecondsFormat};
use rusqlite::{Connection, Row};
use serde_json::json;
use uuid::Uuid;

use super::echo::{Shown, envelope};

/// Opens a ledger.
pub(crate) fn open(ledger: &Path) -> Connection {
    Connection::open(ledger).expect("a ledger can be opened")
}

/// One number.
pub(crate) fn count(ledger: &Path, sql: &str) -> u64 {
    let number: i64 = open(ledger).query_row(sql, [], |row| row.get(0)).expect("it is a number");
    number.unsigned_abs()
}

/// Gifts in a state.
pub(crate) fn in_state(ledger: &Path, state: &str) -> u64 {
    count(ledger, &format!("select count(*) from gift where state = '{state}'"))
}

/// The lists of the wallets of the first gifts that were issued, as a provider would show them.
pub(crate) fn lists(ledger: &Path, gifts: u64) -> HashMap<Uuid, Vec<u8>> {
    let connection = open(ledger);
    let mut statement = connection
        .prepare(
            "select wallet_id, amount_minor, expires_at_ms, description, key, gift_id \
             from gift where state = 'issued' order by id limit ?1",
        )
        .expect("the ledger has this form");
    let limit = i64::try_from(gifts).expect("it is small");
    let lists = statement.query_map([limit], list).expect("it can be read");
    lists.map(|list| list.expect("every row can be read")).collect()
}

fn list(row: &Row<'_>) -> rusqlite::Result<(Uuid, Vec<u8>)> {
    let minor: i64 = row.get(1)?;
    let expiry = DateTime::from_timestamp_millis(row.get(2)?).expect("it is an instant");
    let wallet = uuid(row.get(0)?);
    let create = json!({
        "WalletId": wallet,
        "ExpirationDate": expiry.to_rfc3339_opts(SecondsFormat::Millis, true),
        "Description": row.get::<_, String>(3)?,
        "ExternalReference": uuid(row.get(4)?),
    });
    let amount = format!("{}.{:02}", minor / 100, minor % 100);
    let create = create.to_string().replacen('{', &format!("{{\"Amount\":{amount},"), 1);
    let shown: Shown<'_> = serde_json::from_str(&create).expect("it was made just now");
    let gift = shown.gift(uuid(row.get(5)?));
    Ok((wallet, envelope(&format!("[{gift}]"))))
}

fn uuid(bytes: Vec<u8>) -> Uuid {
    Uuid::from_slice(&bytes).expect("ids have 16 bytes")
}
