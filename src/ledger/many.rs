//! Statements for many rows at once: to hand SQLite a group by its bound values is half the work of
//! handing it over as JSON, and one statement is one trip to its thread.
//!
//! It stands apart because a statement is prepared once for each number of rows: groups are filled up with
//! empty rows, so that few numbers serve all.

use std::sync::{Arc, OnceLock};

use sqlx::sqlite::SqliteArguments;

/// Rows of a group that one statement takes at most; a power of two.
pub(super) const ROWS: usize = 64;

/// How many texts serve all groups: for 1, 2, 4 rows and so on.
const TEXTS: usize = ROWS.ilog2() as usize + 1;

/// Statements for a group of rows, carried out one after another in one go.
#[derive(Debug)]
pub(super) struct Many {
    statements: &'static [&'static str],
    texts: [OnceLock<Arc<str>>; TEXTS],
}

impl Many {
    pub(super) const fn new(statements: &'static [&'static str]) -> Many {
        Many { statements, texts: [const { OnceLock::new() }; TEXTS] }
    }

    /// The text that takes `filled(rows)` rows, and is the same each time.
    pub(super) fn text(&self, rows: usize) -> Arc<str> {
        let rows = filled(rows);
        let text = || {
            let one: Vec<String> = self.statements.iter().map(|one| with_rows(one, rows)).collect();
            one.join(";\n").into()
        };
        Arc::clone(self.texts[rows.ilog2() as usize].get_or_init(text))
    }
}

/// How many rows a statement takes where so many are given: the rest are empty, and change nothing.
pub(super) fn filled(rows: usize) -> usize {
    rows.next_power_of_two()
}

/// Fills a group of `rows` rows up with empty ones of so many columns.
pub(super) fn fill(arguments: &mut SqliteArguments, rows: usize, columns: usize) {
    for _ in rows * columns..filled(rows) * columns {
        bind(arguments, None::<i64>);
    }
}

/// Adds a value.
pub(super) fn bind<'v, T>(arguments: &mut SqliteArguments, value: T)
where
    T: sqlx::Encode<'v, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    use sqlx::Arguments as _;
    arguments.add(value).expect("numbers, texts and bytes can always be bound");
}

/// The statement with its row of `values`, which is a line of its own, so many times.
pub(super) fn with_rows(statement: &str, rows: usize) -> String {
    let one = statement.lines().find(|line| line.starts_with("values "));
    let one = one.expect("the statement has its row on a line of its own");
    let more = one.replacen("values ", ",\n", 1).repeat(rows.saturating_sub(1));
    statement.replacen(one, &format!("{one}{more}"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sql;

    #[test]
    fn a_group_is_filled_up_to_the_next_size() {
        // Goal: each number of rows has a statement that takes them. Method: the rows of every text.
        static MANY: Many = Many::new(&[sql::EVENT_INSERT]);
        for rows in 1..=ROWS {
            let taken = MANY.text(rows).matches("(?, ?, ?, ?, ?, ?, ?, ?)").count();
            assert_eq!(taken, filled(rows));
            assert!(taken >= rows && taken < rows * 2);
        }
    }

    #[test]
    fn the_row_is_repeated_in_its_place() {
        // Goal: what stands around the rows stays. Method: the text for two rows.
        assert_eq!(with_rows("a (\nvalues (?, 1)\n) b", 2), "a (\nvalues (?, 1),\n(?, 1)\n) b");
        assert_eq!(with_rows("a\nvalues (?)", 1), "a\nvalues (?)");
    }
}
