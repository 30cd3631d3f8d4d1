//! Aligned columns without lines, and folded texts, for people.
//!
//! **Invariant:** where there is no screen, as in a pipe, nothing is folded or shortened.
//! **Invariant:** a width is counted in columns of the screen: a letter takes one, many signs take two.

use unicode_width::UnicodeWidthStr;

/// Which side the cells of a column stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// How many columns a screen has; none where there is no screen.
pub type Screen = Option<u16>;

/// Spaces between columns.
const GAP: usize = 2;

/// A column that gives way is never narrower than this, even where the screen is.
const LEAST: usize = 16;

/// How many columns of the screen a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Rows as aligned lines, each with its line break; as many sides as columns.
pub(super) fn aligned(sides: &[Side], rows: Vec<Vec<String>>) -> String {
    table(sides, rows, None, 0)
}

/// Rows as aligned lines on a screen: where they do not fit, the cells of one column, the yielding one, go over
/// several lines. A screen that is still too narrow is overrun, so that ids and figures can be copied.
pub fn table(sides: &[Side], rows: Vec<Vec<String>>, screen: Screen, yielding: usize) -> String {
    let widths = widths(sides, &rows, screen, yielding);
    let mut text = String::new();
    for row in &rows {
        push_row(&mut text, sides, &widths, row, yielding);
    }
    text
}

/// The same for rows that are wider than most screens, the first being their names: where they do not fit, each
/// has its first so many columns on a line, and the others by name below it.
pub fn records(
    sides: &[Side],
    rows: Vec<Vec<String>>,
    screen: Screen,
    yielding: usize,
    first: usize,
) -> String {
    let plain = table(sides, rows.clone(), screen, yielding);
    let is_wide = |screen: &u16| plain.lines().any(|line| width(line) > usize::from(*screen));
    let Some((names, rows)) = rows.split_first().filter(|_| screen.is_some_and(|it| is_wide(&it)))
    else {
        return plain;
    };
    let heads: Vec<Vec<String>> =
        [names].into_iter().chain(rows).map(|row| row[..first.min(row.len())].to_vec()).collect();
    let sides = &sides[..first];
    let widths = widths(sides, &heads, screen, yielding);
    let mut text = String::new();
    push_row(&mut text, sides, &widths, &heads[0], yielding);
    for (head, row) in heads[1..].iter().zip(rows) {
        push_row(&mut text, sides, &widths, head, yielding);
        let rest = names.iter().zip(row).skip(first).filter(|(_, cell)| !cell.is_empty());
        let rest: Vec<String> = rest.map(|(name, cell)| format!("{name} {cell}")).collect();
        if !rest.is_empty() {
            text += &(fold(&format!("  {}", rest.join("; ")), screen, 2) + "\n");
        }
    }
    text
}

/// How wide each column is.
fn widths(sides: &[Side], rows: &[Vec<String>], screen: Screen, yielding: usize) -> Vec<usize> {
    let widest = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..sides.len()).map(widest).collect();
    if let (Some(screen), Some(wide)) = (screen, widths.get(yielding).copied()) {
        let others = widths.iter().sum::<usize>() - wide + GAP * sides.len().saturating_sub(1);
        widths[yielding] = wide.min(usize::from(screen).saturating_sub(others).max(LEAST));
    }
    widths
}

fn push_row(text: &mut String, sides: &[Side], widths: &[usize], row: &[String], yielding: usize) {
    let lines = |(column, cell): (usize, &String)| match column == yielding {
        true if width(cell) > widths[column] => folded(cell, widths[column]),
        _ => vec![cell.clone()],
    };
    let cells: Vec<Vec<String>> = row.iter().enumerate().map(lines).collect();
    for line in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
        let cell = |column: &Vec<String>| column.get(line).cloned().unwrap_or_default();
        push_line(text, sides, widths, cells.iter().map(cell));
    }
}

/// Adds one line of a table.
pub(super) fn push_line(
    text: &mut String,
    sides: &[Side],
    widths: &[usize],
    cells: impl Iterator<Item = String>,
) {
    let mut line = String::new();
    for ((cell, side), wide) in cells.zip(sides).zip(widths) {
        let blank = " ".repeat(wide.saturating_sub(width(&cell)));
        match side {
            Side::Left => line.extend([cell.as_str(), &blank, "  "]),
            Side::Right => line.extend([blank.as_str(), &cell, "  "]),
        }
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

/// The text in lines that are no wider than that, broken between words; a word that is wider keeps whole, since
/// it is an id or a path that somebody copies.
pub(super) fn folded(text: &str, wide: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is a line from the beginning");
        if last.is_empty() {
            last.push_str(word);
        } else if width(last) + 1 + width(word) <= wide {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// A line of text on a screen, folded so that what follows stands below its `indent`th column.
pub fn fold(text: &str, screen: Screen, indent: usize) -> String {
    let Some(screen) = screen.map(usize::from).filter(|screen| width(text) > *screen) else {
        return text.to_owned();
    };
    let lead: String = text.chars().take(indent).collect();
    let rest = text.get(lead.len()..).unwrap_or_default();
    let lines = folded(rest, screen.saturating_sub(indent).max(LEAST));
    lead + &lines.join(&format!("\n{}", " ".repeat(indent)))
}

#[cfg(test)]
mod tests {
    use super::Side::{Left, Right};
    use super::*;

    #[test]
    fn one_column_gives_way_where_the_screen_is_narrow() {
        // Goal: figures and ids stay whole. Method: one table on no screen, a wide one, a narrow one, and one
        // that is too narrow for anything.
        let rows = || {
            vec![
                vec!["a bar of gold, one gram".to_owned(), "1406349.5".to_owned()],
                vec!["sum".to_owned(), "5.0".to_owned()],
            ]
        };
        let wide = "a bar of gold, one gram  1406349.5\nsum                            5.0\n";
        for screen in [None, Some(80), Some(34)] {
            assert_eq!(table(&[Left, Right], rows(), screen, 0), wide);
        }
        for screen in [30, 5] {
            let narrow = table(&[Left, Right], rows(), Some(screen), 0);
            assert!(narrow.lines().count() > 2, "{narrow}");
            assert!(narrow.contains("1406349.5\n") && narrow.contains("gram"), "{narrow}");
            assert!(narrow.lines().all(|line| width(line) <= usize::from(screen).max(27)));
        }
    }

    #[test]
    fn rows_that_are_wider_than_the_screen_take_two_lines() {
        // Goal: nothing is left out, and figures stand below each other. Method: three columns where they fit,
        // and where they do not.
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = || {
            vec![row(["id", "amount", "key"]), row(["a", "1.00", "k-1"]), row(["b", "22.00", ""])]
        };
        let sides = [Left, Right, Left];
        let wide = "id  amount  key\na     1.00  k-1\nb    22.00\n";
        for screen in [None, Some(40)] {
            assert_eq!(records(&sides, rows(), screen, 2, 2), wide);
        }
        let narrow = "id  amount\na     1.00\n  key k-1\nb    22.00\n";
        assert_eq!(records(&sides, rows(), Some(10), 2, 2), narrow);
    }

    #[test]
    fn wide_signs_do_not_push_what_follows() {
        // Goal: columns stand below each other whatever is written in them. Method: letters of one column, an
        // accent of none, and signs of two, before a figure.
        let names = ["İğdır şubesi", "Zoe\u{308}", "黄金一克", "🎁 hediye"];
        let rows = names.map(|name| vec![name.to_owned(), "1.00".to_owned()]).to_vec();
        let text = table(&[Left, Right], rows, None, 0);
        let ends: Vec<usize> = text.lines().map(width).collect();
        assert_eq!(ends, [18; 4], "{text}");
    }

    #[test]
    fn a_folded_line_loses_nothing() {
        // Goal: words and ids stay whole, and hang below their place. Method: a line on no screen, one that fits,
        // and narrow ones.
        let line = "name   a few words, and /a/path/which/is/much/wider/than/the/screen at its end";
        assert_eq!(fold(line, None, 7), line);
        assert_eq!(fold(line, Some(80), 7), line);
        let told = fold(line, Some(30), 7);
        assert_eq!(
            told,
            "name   a few words, and\n       /a/path/which/is/much/wider/than/the/screen\n       at its end"
        );
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&told), words(line));
    }
}
