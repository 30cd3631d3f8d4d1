//! Rows with all that can be said of them before the ledger is asked.
//!
//! It stands apart so that another thread may do it: keys and digests cost about as much as reading the
//! row, and the ledger works meanwhile.

use std::sync::Arc;

use sqlx::Arguments;
use sqlx::sqlite::SqliteArguments;

use super::add::OldGift;
use super::file_row::{AddedRow, NewRow, RowFate};
use super::many::{bind, with_rows};
use super::sql;
use crate::domain::{CampaignName, GiftContent, GiftKey, KeyRule, RowDigest, Twin};

/// Rows that go to SQLite at once. More would save little, and statements have a limit of parameters.
pub(super) const ROWS_AT_ONCE: usize = 2_000;

/// Names the rows of one load.
#[derive(Clone, Debug)]
pub struct RowKeys {
    campaign: CampaignName,
    rule: KeyRule,
    /// What names the rows instead of the campaign, where it belongs to one.
    pub(super) series: Option<CampaignName>,
    campaign_id: i64,
    load_number: i64,
    /// What adds a row, and leaves out one whose key is there: but where no index tells.
    add: Arc<str>,
    /// The statement for a full group.
    statement: Arc<str>,
}

/// Some rows of a file, ready to be added.
#[derive(Debug)]
pub struct RowGroup {
    pub(super) rows: Vec<KeyedRow>,
    pub(super) statement: Arc<str>,
    pub(super) arguments: SqliteArguments,
}

/// A row on its way in, under the key that is tried next.
#[derive(Debug)]
pub(super) struct KeyedRow {
    pub(super) row: NewRow,
    pub(super) occurrence: u32,
    pub(super) key: GiftKey,
    pub(super) twin: Twin,
    /// The row's part of the plan's digest, under its key.
    pub(super) plan: RowDigest,
    /// The row's part of the file's digest.
    pub(super) content: RowDigest,
    /// The gift whose place it takes.
    pub(super) replaces: Option<OldGift>,
    /// It comes from a gift that another campaign gave, or will give.
    pub(super) is_again: bool,
}

impl RowKeys {
    /// Rows that are added at once, at most.
    pub const AT_ONCE: usize = ROWS_AT_ONCE;

    pub(super) fn new(
        campaign: CampaignName,
        rule: KeyRule,
        campaign_id: i64,
        load_number: i64,
    ) -> RowKeys {
        let add = Arc::from(sql::GIFT_ADD);
        let statement = statement(&add, campaign_id, load_number, ROWS_AT_ONCE);
        RowKeys { campaign, rule, series: None, campaign_id, load_number, add, statement }
    }

    /// For a load that looks at the end whether keys repeat.
    pub(super) fn unchecked(self) -> RowKeys {
        let (add, _) = self.add.split_once("\non conflict").expect("it says what to leave out");
        // A row that fails ends the load: so SQLite need not note down what would undo its statement.
        let add = Arc::from(add.replacen("insert into", "insert or fail into", 1));
        let statement = statement(&add, self.campaign_id, self.load_number, ROWS_AT_ONCE);
        RowKeys { add, statement, ..self }
    }

    /// Names rows, of which there may be up to [`RowKeys::AT_ONCE`].
    pub fn group(&self, rows: Vec<NewRow>) -> RowGroup {
        self.group_of(rows.into_iter().map(|row| self.keyed(row)).collect())
    }

    /// Takes rows out of a group.
    pub fn take_out(
        &self,
        group: RowGroup,
        is_out: impl Fn(&NewRow, GiftKey) -> bool,
    ) -> (RowGroup, Vec<NewRow>) {
        let (out, rest): (Vec<_>, Vec<_>) =
            group.rows.into_iter().partition(|keyed| is_out(&keyed.row, keyed.key));
        (self.group_of(rest), out.into_iter().map(|keyed| keyed.row).collect())
    }

    pub(super) fn rule(&self) -> KeyRule {
        self.rule
    }

    pub(super) fn campaign(&self) -> &CampaignName {
        &self.campaign
    }

    pub(super) fn group_of(&self, rows: Vec<KeyedRow>) -> RowGroup {
        let statement = match rows.len() {
            ROWS_AT_ONCE => Arc::clone(&self.statement),
            count => statement(&self.add, self.campaign_id, self.load_number, count),
        };
        RowGroup { statement, arguments: arguments(rows.iter()), rows }
    }

    /// What adds some rows of a group.
    pub(super) fn adding(&self, rows: &[&KeyedRow]) -> (Arc<str>, SqliteArguments) {
        let statement = statement(&self.add, self.campaign_id, self.load_number, rows.len());
        (statement, arguments(rows.iter().copied()))
    }

    /// The key of a row without a reference of which the file has had `occurrence - 1`.
    pub(super) fn of_occurrence(&self, row: &NewRow, occurrence: u32) -> GiftKey {
        self.of_content(&row.content, occurrence)
    }

    /// The same of what such a row asks for.
    pub(super) fn of_content(&self, content: &GiftContent, occurrence: u32) -> GiftKey {
        GiftKey::from_content(self.rule, &self.campaign, content, occurrence)
    }

    /// The key of a row with this reference.
    pub(super) fn of_reference(&self, reference: &str) -> GiftKey {
        GiftKey::from_reference(self.rule, &self.campaign, reference)
    }

    /// The same row as a later one of its kind.
    pub(super) fn counted(&self, row: KeyedRow, occurrence: u32) -> KeyedRow {
        let key = self.of_occurrence(&row.row, occurrence);
        KeyedRow { occurrence, ..row.under(key) }
    }

    /// The key of the `nth` row of a file that asks for the same; `first` is that of the first. What has a name
    /// of its own has no copies.
    pub fn of_copy(&self, row: &NewRow, first: GiftKey, nth: u32) -> GiftKey {
        match row.reference {
            Some(_) => first,
            None => self.of_occurrence(row, nth),
        }
    }

    fn keyed(&self, row: NewRow) -> KeyedRow {
        let key = self.of_series(&row).unwrap_or_else(|| match &row.reference {
            Some(reference) => self.of_reference(reference),
            None => self.of_occurrence(&row, 1),
        });
        KeyedRow {
            key,
            occurrence: 1,
            twin: row.content.twin(),
            plan: RowDigest::default().with(key.0.as_bytes(), &row.content),
            content: RowDigest::default().with_seen(&row.content),
            replaces: None,
            is_again: false,
            row,
        }
    }
}

impl RowGroup {
    /// Its rows, each under the key that is tried first.
    pub fn rows(&self) -> impl Iterator<Item = (&NewRow, GiftKey)> {
        self.rows.iter().map(|keyed| (&keyed.row, keyed.key))
    }
}

impl KeyedRow {
    /// The same row under another key.
    pub(super) fn under(self, key: GiftKey) -> KeyedRow {
        let plan = RowDigest::default().with(key.0.as_bytes(), &self.row.content);
        KeyedRow { key, plan, ..self }
    }

    pub(super) fn into_fate(self, fate: RowFate) -> AddedRow {
        let KeyedRow { row, occurrence, .. } = self;
        let NewRow { line, content, reference, gift_key, cells_json } = row;
        AddedRow { line, fate, occurrence, reference, gift_key, earlier: None, content, cells_json }
    }
}

/// What the statement's rows hold, in their order.
fn arguments<'r>(rows: impl ExactSizeIterator<Item = &'r KeyedRow>) -> SqliteArguments {
    let mut all = SqliteArguments::default();
    all.reserve(rows.len() * 9, 0);
    for KeyedRow { row, key, twin, .. } in rows {
        let content = &row.content;
        bind(&mut all, key.0);
        bind(&mut all, row.reference.as_deref());
        bind(&mut all, i64::try_from(row.line).expect("lines of a file fit 63 bits"));
        bind(&mut all, content.wallet.0);
        bind(&mut all, content.amount.minor());
        bind(&mut all, content.expiry.as_ms());
        bind(&mut all, Arc::<str>::from(content.description.as_str()));
        bind(&mut all, Arc::<str>::from(row.cells_json.as_str()));
        bind(&mut all, twin.0.as_slice());
    }
    all
}

/// The statement that adds so many rows. What all rows share is written into it.
fn statement(add: &str, campaign_id: i64, load_number: i64, rows: usize) -> Arc<str> {
    let shared = format!("values ({campaign_id}, {load_number}, {load_number}, ");
    with_rows(&add.replacen("values (?1, ?2, ?2, ", &shared, 1), rows).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_has_a_row_for_each() {
        // Goal: what is bound meets its column. Method: the text for two rows.
        let text = statement(sql::GIFT_ADD, 7, 3, 2);
        let row = "(7, 3, 3, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'planned', 0)";
        assert!(text.contains(&format!("values {row},\n{row}\non conflict")), "{text}");
    }
}
