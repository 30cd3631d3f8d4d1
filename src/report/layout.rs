//! Aligned columns without lines, for people.

use comfy_table::{CellAlignment, ColumnConstraint, Table, Width, presets};

/// Which side the cells of a column stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// Rows as aligned lines, each with its line break; as many sides as columns.
pub(super) fn aligned(sides: &[Side], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.add_rows(rows);
    apply_sides(&mut table, sides);
    table.trim_fmt() + "\n"
}

/// Spaces behind a column.
const GAP: usize = 2;

/// A column that gives way is never narrower than this, even where the screen is.
const LEAST: usize = 16;

/// Rows as aligned lines on a screen of some width: where they do not fit, the cells of one column, the
/// yielding one, go over several lines. A screen that is still too narrow is overrun, so that ids and figures
/// can be copied.
pub fn table(sides: &[Side], rows: Vec<Vec<String>>, width: u16, yielding: usize) -> String {
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0) + GAP
    };
    let others: usize = (0..sides.len()).filter(|column| *column != yielding).map(widest).sum();
    let room = usize::from(width).saturating_sub(others).max(LEAST);
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let is_wide = widest(yielding) > room;
    table.add_rows(rows);
    apply_sides(&mut table, sides);
    if let Some(column) = table.column_mut(yielding).filter(|_| is_wide) {
        let room = u16::try_from(room).unwrap_or(u16::MAX);
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(room)));
    }
    table.trim_fmt() + "\n"
}

/// Gives the columns of a table their sides, with two spaces between them.
pub(super) fn apply_sides(table: &mut Table, sides: &[Side]) {
    for (column, side) in table.column_iter_mut().zip(sides) {
        column.set_padding((0, 2));
        column.set_cell_alignment(match side {
            Side::Left => CellAlignment::Left,
            Side::Right => CellAlignment::Right,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Side::{Left, Right};
    use super::*;

    #[test]
    fn one_column_gives_way_where_the_screen_is_narrow() {
        // Goal: figures and ids stay whole. Method: one table on a wide screen, a narrow one, and one that is
        // too narrow for anything.
        let rows = || {
            vec![
                vec!["a bar of gold, one gram".to_owned(), "1406349.5".to_owned()],
                vec!["sum".to_owned(), "5.0".to_owned()],
            ]
        };
        let wide = "a bar of gold, one gram  1406349.5\nsum                            5.0\n";
        assert_eq!(table(&[Left, Right], rows(), 80, 0), wide);
        for width in [30, 5] {
            let narrow = table(&[Left, Right], rows(), width, 0);
            assert!(narrow.lines().count() > 2, "{narrow}");
            assert!(narrow.contains("1406349.5\n") && narrow.contains("one gram"), "{narrow}");
        }
    }
}
