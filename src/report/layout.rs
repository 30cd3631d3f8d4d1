//! Aligned columns without lines, for people.

use comfy_table::{CellAlignment, Table, presets};

/// Which side the cells of a column stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
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
