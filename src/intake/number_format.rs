//! What the format of a sheet's cell shows beside the value: a unit, a time of day.
//!
//! The grammar is that of ECMA-376, part 1, 18.8.31: texts in quotes or behind a backslash are shown as they
//! are, a bracket that begins with `$` holds a symbol and, behind a hyphen, a language.

/// A format, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NumberFormat {
    /// What is shown beside the number, as `USD`, `kuruş` or `%`; nothing for marks and space alone.
    pub(super) unit: Option<String>,
    /// It shows a time of day, where it shows a date.
    pub(super) has_time: bool,
}

impl NumberFormat {
    /// The format of this code; what follows its first part is for other values than positive ones.
    pub(super) fn of(code: &str) -> NumberFormat {
        let (mut shown, mut codes) = (String::new(), String::new());
        let mut chars = code.chars();
        while let Some(char) = chars.next() {
            match char {
                ';' => break,
                '"' => shown.extend(chars.by_ref().take_while(|&char| char != '"')),
                '\\' => shown.extend(chars.next()),
                // The width of a character, and one that fills the cell.
                '_' | '*' => drop(chars.next()),
                '[' => {
                    let inside: String = chars.by_ref().take_while(|&char| char != ']').collect();
                    match inside.strip_prefix('$') {
                        Some(symbol) => shown.push_str(symbol.split('-').next().unwrap_or("")),
                        // `[h]` counts hours; colours and conditions show nothing.
                        None if inside.len() <= 2 => codes.push_str(&inside),
                        None => {}
                    }
                }
                '%' => shown.push('%'),
                symbol if "$€£₺¥₽₼₾₹".contains(symbol) => shown.push(symbol),
                other => codes.push(other),
            }
        }
        let unit = shown.trim();
        let is_unit = |char: char| char.is_alphanumeric() || "%$€£₺¥₽₼₾₹".contains(char);
        NumberFormat {
            unit: unit.contains(is_unit).then(|| unit.to_owned()),
            has_time: codes.contains(['h', 'H', 's', 'S']),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_show_a_unit_or_none() {
        // Goal: a cell that shows dollars, or thousands, is not taken for liras. Method: formats as Excel
        // writes them.
        for (code, unit) in [
            ("General", None),
            ("#,##0.00", None),
            ("[$-41F]#,##0.00", None),
            ("[Red][>100]0.00", None),
            ("_-* #,##0.00_-;\\-* #,##0.00_-;_-* \"-\"??_-;_-@_-", None),
            ("#,##0.00\\ \"TL\"", Some("TL")),
            ("[$₺-41F]#,##0.00", Some("₺")),
            ("_-* #,##0.00\\ [$₺-41F]_-;\\-* #,##0.00", Some("₺")),
            ("[$$-409]#,##0.00", Some("$")),
            ("$#,##0.00", Some("$")),
            ("\"$\"#,##0.00", Some("$")),
            ("[$€-2]\\ #,##0.00", Some("€")),
            ("[$CHF] #,##0.00", Some("CHF")),
            ("#,##0.00 \"AZN\"", Some("AZN")),
            ("#,##0\\ \"kuruş\"", Some("kuruş")),
            ("0\\ \\T\\L", Some("TL")),
            ("0%", Some("%")),
        ] {
            assert_eq!(NumberFormat::of(code).unit.as_deref(), unit, "{code}");
        }
    }

    #[test]
    fn a_time_is_shown_or_not() {
        // Goal: a date that shows no time is a date alone. Method: codes with and without, and letters in
        // texts that are no codes.
        for (code, has_time) in [
            ("dd.mm.yyyy", false),
            ("[$-x-sysdate]dddd, mmmm dd, yyyy", false),
            ("\"Son gün\" dd.mm.yyyy", false),
            ("dd.mm.yyyy\\s", false),
            ("dd.mm.yyyy hh:mm", true),
            ("yyyy-mm-dd\\Thh:mm:ss", true),
            ("[h]:mm", true),
        ] {
            assert_eq!(NumberFormat::of(code).has_time, has_time, "{code}");
        }
    }
}
