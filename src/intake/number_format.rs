//! What the format of a sheet's cell shows of the value: its digits, a unit, a day, a time of day.
//!
//! The grammar is that of ECMA-376, part 1, 18.8.31: up to four sections, for numbers above zero, below, zero and
//! texts; texts in quotes or behind a backslash are shown as they are, a bracket that begins with `$` holds a
//! symbol and, behind a hyphen, a language.

use super::format_section::{Parts, Section};

/// A format, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NumberFormat {
    /// For numbers; nothing where the code has none.
    numbers: Vec<Section>,
    /// What stands around a text; nothing where texts are shown as they are.
    text: Option<TextSection>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct TextSection {
    before: String,
    after: String,
    /// The text itself is shown.
    shows_it: bool,
}

impl NumberFormat {
    /// The format of this code.
    pub(super) fn of(code: &str) -> NumberFormat {
        let mut sections: Vec<Parts> = Vec::new();
        let mut chars = code.chars().peekable();
        loop {
            let (parts, goes_on) = Parts::read(&mut chars);
            sections.push(parts);
            if !goes_on || sections.len() == 4 {
                break;
            }
        }
        let is_text = sections.len() == 4 || sections.last().is_some_and(|last| last.has_text);
        let text = is_text.then(|| sections.pop()).flatten().map(|parts| TextSection {
            before: parts.before,
            after: parts.after,
            shows_it: parts.has_text,
        });
        // A bare `@` shows numbers as they are, too.
        NumberFormat { numbers: sections.into_iter().map(Parts::into_section).collect(), text }
    }

    /// The section that shows this number.
    pub(super) fn section(&self, number: f64) -> Section {
        let count = self.numbers.len();
        let is_for = |(index, section): &(usize, &Section)| match &section.condition {
            Some(condition) => condition.holds(number),
            None => match (index, count) {
                (0, 1) | (2.., _) => true,
                (0, 2) => number >= 0.0,
                (0, _) => number > 0.0,
                (_, 2) => true,
                _ => number < 0.0,
            },
        };
        let mut sections = self.numbers.iter().enumerate();
        let found = sections.find(is_for).map(|(_, section)| section).or(self.numbers.last());
        found.cloned().unwrap_or_default()
    }

    /// A text as it is shown; nothing where it is not.
    pub(super) fn shown_text(&self, text: &str) -> Option<String> {
        match &self.text {
            None => Some(text.to_owned()),
            Some(section) if section.shows_it => {
                Some([section.before.as_str(), text, &section.after].concat())
            }
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::format_section::{Digits, Shows};
    use super::*;

    fn digits(code: &str) -> Digits {
        match NumberFormat::of(code).section(1.0).shows {
            Shows::Digits(digits) => digits,
            other => panic!("{code}: {other:?}"),
        }
    }

    #[test]
    fn formats_show_a_unit_or_none() {
        // Goal: a cell that shows dollars, or thousands, is not taken for liras. Method: formats as Excel
        // writes them.
        for (code, unit) in [
            ("General", None),
            ("#,##0.00", None),
            ("# ##0.00", None),
            ("[$-41F]#,##0.00", None),
            ("[Red][>100]0.00", None),
            ("_-* #,##0.00_-;\\-* #,##0.00_-;_-* \"-\"??_-;_-@_-", None),
            ("_(* #,##0.00_);_(* (#,##0.00);_(* \"-\"??_);_(@_)", None),
            ("#,##0.00\\ \"TL\"", Some("TL")),
            ("#,##0.00 TL", Some("TL")),
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
            ("\\-0", Some("-")),
            ("0\",\"00", Some(", ,")),
            ("[>=1000]0.0,\"K\";0", None),
            ("General\" TL\"", Some("TL")),
        ] {
            assert_eq!(NumberFormat::of(code).section(1.0).unit.as_deref(), unit, "{code}");
        }
    }

    #[test]
    fn the_section_is_that_of_the_number() {
        // Goal: what is shown of one number says nothing of another. Method: codes of several sections with
        // the unit or the scale that a number has in them.
        let unit = |code: &str, number| NumberFormat::of(code).section(number).unit;
        assert_eq!(unit("0;0\"-\";\"yok\"", 1.0), None);
        assert_eq!(unit("0;0\"-\";\"yok\"", -1.0).as_deref(), Some("-"));
        assert_eq!(unit("0;0\"-\";\"yok\"", 0.0).as_deref(), Some("yok"));
        assert_eq!(unit("0;\"x\"0", 0.0), None);
        let scaled = "[>=1000000]0.0,,\"M\";[>=1000]0.0,\"K\";0";
        assert_eq!(unit(scaled, 2e6).as_deref(), Some("M"));
        assert_eq!(unit(scaled, 2e3).as_deref(), Some("K"));
        assert_eq!(unit(scaled, 2.0), None);
        assert_eq!(NumberFormat::of(";;;").section(1.0).shows, Shows::Nothing);
        assert_eq!(NumberFormat::of("").section(1.0).shows, Shows::Nothing);
        assert_eq!(NumberFormat::of("@").section(1.0).shows, Shows::General);
    }

    #[test]
    fn commas_behind_the_digits_divide() {
        // Goal: a hundred thousand that is shown as a hundred is not given. Method: codes with the number of
        // divisions, decimals and least digits.
        for (code, thousands, decimals, whole) in [
            ("#,##0", 0, 0, 1),
            ("#,##0.00", 0, 2, 1),
            ("#,##0,", 1, 0, 1),
            ("#,##0,,", 2, 0, 1),
            ("0.0,", 1, 1, 1),
            ("0,.00", 1, 2, 1),
            ("#,##0,\\ \"B\"", 1, 0, 1),
            ("00000", 0, 0, 5),
            ("#.##", 0, 2, 0),
        ] {
            let found = digits(code);
            let found = (found.thousands, found.decimals, found.whole);
            assert_eq!(found, (thousands, decimals, whole), "{code}");
        }
        assert!(digits("0.00E+00").has_exponent && digits("#,##0").is_grouped);
        assert!(!digits("0,").is_grouped);
    }

    #[test]
    fn a_day_a_year_and_a_time_are_shown_or_not() {
        // Goal: a date that shows no time is a date alone, and one that shows no day is none. Method: codes
        // with what they show, and letters in texts that are no codes.
        for (code, shown) in [
            ("dd.mm.yyyy", "dy"),
            ("mm-dd-yy", "dy"),
            ("[$-x-sysdate]dddd, mmmm dd, yyyy", "dy"),
            ("[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "dy"),
            ("\"Son gün\" dd.mm.yyyy", "dy"),
            ("dd.mm.yyyy\\s", "dy"),
            ("dd.mm.yyyy;@", "dy"),
            ("DD/MM/YYYY", "dy"),
            ("dd.mm.yyyy hh:mm", "dyt"),
            ("yyyy-mm-dd\\Thh:mm:ss.000", "dyt"),
            ("m/d/yy h:mm AM/PM", "dyt"),
            ("mmm yyyy", "y"),
            ("mm/yy", "y"),
            ("yyyy", "y"),
            ("dddd", ""),
            ("d-mmm", "d"),
            ("h:mm", "t"),
            ("mm:ss", "t"),
        ] {
            let Shows::Date(found) = NumberFormat::of(code).section(1.0).shows else {
                panic!("{code} is no date");
            };
            let parts = [(found.day, 'd'), (found.year, 'y'), (found.time, 't')];
            let parts: String = parts.into_iter().filter_map(|(is, it)| is.then_some(it)).collect();
            assert_eq!(parts, shown, "{code}");
        }
        assert_eq!(NumberFormat::of("[h]:mm").section(1.0).shows, Shows::Span);
    }

    #[test]
    fn texts_are_shown_with_what_stands_around_them() {
        // Goal: a text is read as it is seen. Method: codes with and without a place for texts.
        let shown = |code: &str| NumberFormat::of(code).shown_text("100");
        assert_eq!(shown("General").as_deref(), Some("100"));
        assert_eq!(shown("0.00;-0.00").as_deref(), Some("100"));
        assert_eq!(shown("@").as_deref(), Some("100"));
        assert_eq!(shown("0;0;0;@\" USD\"").as_deref(), Some("100 USD"));
        assert_eq!(shown("\"USD \"@").as_deref(), Some("USD 100"));
        assert_eq!(shown(";;;"), None);
    }
}
