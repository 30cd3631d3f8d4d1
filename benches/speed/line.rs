//! The lines of the table, and how they are shown.

use std::fmt::Write as _;

use super::rounds::median;

/// What a number counts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unit {
    /// So many a second.
    Rate,
    /// Millions of bytes a second.
    MegabytesPerSecond,
    /// Millions of bytes.
    Megabytes,
    /// Bytes.
    Bytes,
    /// Thousandths of a second.
    Milliseconds,
    /// Millionths of a second.
    Microseconds,
    /// Hundredths.
    Percent,
}

/// One measured thing beside its limit, by rounds.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) claim: &'static str,
    /// What was measured.
    pub(crate) what: String,
    pub(crate) unit: Unit,
    pub(crate) ours: Vec<f64>,
    /// Of the same rounds; empty where there is none, or where it is absent here.
    pub(crate) limit: Vec<f64>,
    /// What the limit is.
    pub(crate) over: String,
    /// What the ratio, or the number without a limit, is to come to.
    pub(crate) aim: &'static str,
}

const HEAD: [&str; 7] = ["claim", "what", "ours", "limit", "ours / limit", "aim", "the limit is"];

/// The table for a terminal.
pub(crate) fn text(lines: &[Line]) -> String {
    table(lines, ["", "  ", "\n"], false)
}

/// The table as docs/performance.md keeps it.
pub(crate) fn markdown(lines: &[Line]) -> String {
    table(lines, ["| ", " | ", " |\n"], true)
}

fn table(lines: &[Line], [left, between, right]: [&str; 3], is_ruled: bool) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(lines.iter().map(Line::cells));
    let widths: [usize; HEAD.len()] = std::array::from_fn(|column| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
    });
    if is_ruled {
        rows.insert(1, widths.map(|width| "-".repeat(width)));
    }
    let mut text = String::new();
    for row in rows {
        let padded: [String; HEAD.len()] =
            std::array::from_fn(|column| format!("{:<1$}", row[column], widths[column]));
        let line = padded.join(between);
        let _ = write!(text, "{left}{}{right}", if is_ruled { &line } else { line.trim_end() });
    }
    text
}

impl Line {
    fn cells(&self) -> [String; HEAD.len()] {
        [
            self.claim.to_owned(),
            self.what.clone(),
            self.unit.show(median(&self.ours)),
            self.limit_cell(),
            self.ratio_cell(),
            self.aim.to_owned(),
            self.over.clone(),
        ]
    }

    fn limit_cell(&self) -> String {
        match self.limit.is_empty() {
            true => "none".to_owned(),
            false => self.unit.show(median(&self.limit)),
        }
    }

    /// The median of the rounds' ratios, and the smallest and the largest of them. Without a limit, the
    /// range of the numbers themselves.
    fn ratio_cell(&self) -> String {
        let ratios: Vec<f64> =
            self.ours.iter().zip(&self.limit).map(|(ours, limit)| ours / limit).collect();
        let show = |value: f64| match value {
            value if value < 0.1 => format!("{value:.3}"),
            value if value < 10.0 => format!("{value:.2}"),
            value => format!("{value:.0}"),
        };
        match ratios.len() {
            0 => String::new(),
            1 => show(ratios[0]),
            _ => {
                let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
                let most = ratios.iter().copied().fold(0.0, f64::max);
                format!("{} ({} to {})", show(median(&ratios)), show(least), show(most))
            }
        }
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Unit::Rate => format!("{}/s", grouped(value)),
            Unit::MegabytesPerSecond => format!("{value:.0} MB/s"),
            Unit::Megabytes => format!("{value:.1} MB"),
            Unit::Bytes => format!("{} B", grouped(value)),
            Unit::Milliseconds => format!("{value:.1} ms"),
            Unit::Microseconds => format!("{value:.1} µs"),
            Unit::Percent => format!("{value:.2} %"),
        }
    }
}

/// A whole number with a comma before every third digit.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
