//! New rows of a later load whose expiry has passed since the campaign's first load.
//!
//! It stands apart because two days have a part in it: what a row means counts from the first load, so that its key
//! stays the same; whether it can still be given, from this one.

use chrono::{DateTime, Utc};

use super::failure::Failure;
use crate::domain::GiftKey;
use crate::intake::{Code, Dialect, Fault, Survey};
use crate::ledger::{Ledger, NewRow, RowGroup};

/// The day of a load, and where expiries stand in its file.
pub(super) struct Lapsed {
    today: DateTime<Utc>,
    dialect: Dialect,
    column: Option<(usize, String)>,
}

impl Lapsed {
    pub(super) fn new(today: DateTime<Utc>, survey: &Survey) -> Lapsed {
        let named = |column: usize| (column, survey.header[column].trim().to_owned());
        let column = survey.columns.expires_at.map(named);
        Lapsed { today, dialect: survey.dialect.clone(), column }
    }

    /// The rows that have passed and that the ledger has not, by their lines.
    pub(super) async fn faults(
        &self,
        ledger: &Ledger,
        group: &RowGroup,
    ) -> Result<Vec<(u64, Fault)>, Failure> {
        let passed = group.rows().filter(|(row, _)| row.content.expiry.has_passed(self.today));
        let passed: Vec<(&NewRow, GiftKey)> = passed.collect();
        if passed.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<GiftKey> = passed.iter().map(|(_, key)| *key).collect();
        let known = ledger.known_keys(&keys).await?;
        let new = passed.into_iter().filter(|(_, key)| !known.contains_key(key));
        new.map(|(row, _)| Ok((row.line, self.fault(row)?))).collect()
    }

    fn fault(&self, row: &NewRow) -> Result<Fault, Failure> {
        let cells: Vec<String> = serde_json::from_str(&row.cells_json)?;
        let place = self.dialect.place(row.line);
        let (place, column, value) = match &self.column {
            Some((at, name)) => {
                let cell = cells.get(*at).map(|cell| cell.trim().to_owned());
                (place.of_cell(*at), name.clone(), cell.unwrap_or_default())
            }
            None => (place, String::new(), String::new()),
        };
        let mend = match value.is_empty() {
            true => "--expires counts from the campaign's first load: write a date for this row, or load it as a \
                     campaign of its own"
                .to_owned(),
            false => "give it a later expiry".to_owned(),
        };
        let problem = format!("new in this load, and has passed ({})", row.content.expiry);
        Ok(Fault { place, column, value, code: Code::ExpiryPassed, problem, mend })
    }
}
