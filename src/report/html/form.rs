//! Numbers, money and times in the reader's form: English or Turkish.
//!
//! **Invariant:** parts are rounded down, so that nothing looks done before it is; times are rounded up, so
//! that nothing looks faster than it was.

use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Tz;

use super::super::figures;
use crate::domain::Money;

/// The language of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English: 1,234.56 and 21 Nov 2026.
    #[default]
    En,
    /// Turkish: 1.234,56 and 21.11.2026.
    Tr,
}

/// How a report tells what it tells.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) lang: Lang,
    pub(super) tz: Tz,
    /// The code of the currency; empty where it is not known.
    pub(super) currency: String,
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Form {
    /// The one of two texts that is in the reader's language.
    pub(super) fn say<'t>(&self, english: &'t str, turkish: &'t str) -> &'t str {
        match self.lang {
            Lang::En => english,
            Lang::Tr => turkish,
        }
    }

    /// The language's code, for programs that read pages aloud.
    pub(super) fn code(&self) -> &'static str {
        match self.lang {
            Lang::En => "en",
            Lang::Tr => "tr",
        }
    }

    /// A text of an English number in the reader's form: each mark for the other.
    pub(super) fn marks(&self, english: &str) -> String {
        let swap = |char| match (self.lang, char) {
            (Lang::Tr, ',') => '.',
            (Lang::Tr, '.') => ',',
            (_, char) => char,
        };
        english.chars().map(swap).collect()
    }

    /// A whole number.
    pub(super) fn count(&self, number: u64) -> String {
        self.marks(&figures::count(number))
    }

    /// The noun behind a number of gifts.
    pub(super) fn gifts(&self, number: u64) -> &'static str {
        match self.lang {
            Lang::En if number == 1 => "gift",
            Lang::En => "gifts",
            Lang::Tr => "hediye",
        }
    }

    /// An amount without its currency.
    pub(super) fn amount(&self, amount: Money) -> String {
        self.marks(&figures::money(amount))
    }

    /// An amount with its currency.
    pub(super) fn money(&self, amount: Money) -> String {
        let amount = self.amount(amount);
        if self.currency.is_empty() { amount } else { format!("{amount} {}", self.currency) }
    }

    /// An amount on an axis: without decimals where it has none.
    pub(super) fn short(&self, amount: Money) -> String {
        let text = figures::money(amount);
        self.marks(text.strip_suffix(".00").unwrap_or(&text))
    }

    /// A part of a whole in percent, with one decimal.
    pub(super) fn percent(&self, part: u64, whole: u64) -> String {
        let mille = u128::from(part.min(whole)) * 1_000;
        let mille = mille.checked_div(u128::from(whole)).unwrap_or(0);
        let number = match mille {
            0 if part > 0 => "< 0.1".to_owned(),
            1_000 => "100".to_owned(),
            mille => format!("{}.{}", mille / 10, mille % 10),
        };
        match self.lang {
            Lang::En => format!("{number}%"),
            Lang::Tr if number.starts_with('<') => "< %0,1".to_owned(),
            Lang::Tr => format!("%{}", self.marks(&number)),
        }
    }

    /// A day.
    pub(super) fn day(&self, at: DateTime<Utc>) -> String {
        let at = at.with_timezone(&self.tz);
        match self.lang {
            Lang::En => {
                format!("{} {} {}", at.day(), MONTHS[at.month0() as usize % 12], at.year())
            }
            Lang::Tr => at.format("%d.%m.%Y").to_string(),
        }
    }

    /// A time of day, to the second.
    pub(super) fn clock(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.tz).format("%H:%M:%S").to_string()
    }

    /// A time of day on an axis: to the minute, where stretches are no shorter.
    pub(super) fn tick(&self, at: DateTime<Utc>, width_ms: i64) -> String {
        let at = at.with_timezone(&self.tz);
        let has_seconds = width_ms < 60_000 && at.second() != 0;
        at.format(if has_seconds { "%H:%M:%S" } else { "%H:%M" }).to_string()
    }

    /// A day and a time, to the second.
    pub(super) fn moment(&self, at: DateTime<Utc>) -> String {
        format!("{} {}", self.day(at), self.clock(at))
    }

    /// From one moment to another; the day stands twice only where it is another.
    pub(super) fn stretch(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> String {
        let same = self.day(from) == self.day(to);
        let to = if same { self.clock(to) } else { self.moment(to) };
        format!("{} – {to}", self.moment(from))
    }

    /// From one time to another; the unit stands twice only where it is another.
    pub(super) fn spans(&self, from: u64, to: u64) -> String {
        let (from, to) = (self.span(from), self.span(to));
        match (from.split_once(' '), to.split_once(' ')) {
            (Some((number, unit)), Some((_, same))) if unit == same => format!("{number}–{to}"),
            _ => format!("{from} – {to}"),
        }
    }

    /// How long something took, in at most two units.
    pub(super) fn span(&self, ms: u64) -> String {
        let [second, minute, hour, day] = match self.lang {
            Lang::En => ["s", "min", "h", "d"],
            Lang::Tr => ["sn", "dk", "sa", "gün"],
        };
        let two = |large: u64, unit: &str, small: u64, less: &str| match small {
            0 => format!("{} {unit}", self.count(large)),
            _ => format!("{} {unit} {small} {less}", self.count(large)),
        };
        let seconds = ms.div_ceil(1_000);
        match ms {
            0..1_000 => format!("{ms} ms"),
            1_000..10_000 if !ms.is_multiple_of(1_000) => {
                let tenths = ms.div_ceil(100);
                if tenths == 100 {
                    return format!("10 {second}");
                }
                let number = self.marks(&format!("{}.{}", tenths / 10, tenths % 10));
                format!("{number} {second}")
            }
            1_000..60_000 => format!("{seconds} {second}"),
            60_000..3_600_000 => two(seconds / 60, minute, seconds % 60, second),
            3_600_000..86_400_000 => two(seconds / 3_600, hour, seconds % 3_600 / 60, minute),
            _ => two(seconds / 86_400, day, seconds % 86_400 / 3_600, hour),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(lang: Lang) -> Form {
        Form { lang, tz: chrono_tz::Europe::Istanbul, currency: "TRY".into() }
    }

    #[test]
    fn each_language_has_its_own_figures() {
        // Goal: a reader of either language reads the same numbers. Method: each figure in both.
        let (en, tr) = (form(Lang::En), form(Lang::Tr));
        let money = Money::from_minor(123_456_789);
        assert_eq!(en.money(money), "1,234,567.89 TRY");
        assert_eq!(tr.money(money), "1.234.567,89 TRY");
        assert_eq!([en.count(12_345), tr.count(12_345)], ["12,345", "12.345"]);
        assert_eq!(
            [en.short(Money::from_minor(250_000)), tr.short(Money::from_minor(1_250))],
            ["2,500", "12,50"]
        );
        let at = "2026-11-20T21:04:05Z".parse().unwrap();
        assert_eq!(en.moment(at), "21 Nov 2026 00:04:05");
        assert_eq!(tr.moment(at), "21.11.2026 00:04:05");
        assert_eq!(en.stretch(at, at), "21 Nov 2026 00:04:05 – 00:04:05");
    }

    #[test]
    fn parts_are_rounded_down_and_times_up() {
        // Goal: nothing looks done, or fast, before it is. Method: one short of all, next to nothing, all;
        // times just above a unit.
        let (en, tr) = (form(Lang::En), form(Lang::Tr));
        assert_eq!([en.percent(9_999, 10_000), tr.percent(9_999, 10_000)], ["99.9%", "%99,9"]);
        assert_eq!([en.percent(1, 10_000), tr.percent(1, 10_000)], ["< 0.1%", "< %0,1"]);
        assert_eq!([en.percent(3, 3), tr.percent(0, 3)], ["100%", "%0,0"]);
        let spans = [0, 999, 1_001, 2_000, 59_001, 61_000, 3_600_000, 90_000_000];
        assert_eq!(
            spans.map(|ms| en.span(ms)),
            ["0 ms", "999 ms", "1.1 s", "2 s", "60 s", "1 min 1 s", "1 h", "1 d 1 h"]
        );
        assert_eq!(tr.span(1_001), "1,1 sn");
        assert_eq!(en.span(9_950), "10 s");
        assert_eq!([en.spans(200, 500), en.spans(500, 1_000)], ["200–500 ms", "500 ms – 1 s"]);
    }
}
