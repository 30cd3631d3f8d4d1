//! One section of the format of a sheet's cell.

/// Names of the format that shows a number as it is.
const GENERAL: [&str; 3] = ["general", "standard", "genel"];

/// What is shown of some numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    /// Which numbers it is for, where it says so.
    pub(super) condition: Option<Condition>,
    /// What is shown beside the number, as `USD`, `kuruş` or `%`; nothing for space alone.
    pub(super) unit: Option<String>,
    /// What is shown of it.
    pub(super) shows: Shows,
}

/// What is shown of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shows {
    /// The number as it is.
    #[default]
    General,
    /// Digits.
    Digits(Digits),
    /// A date or a time of day.
    Date(Shown),
    /// Hours, minutes or seconds that are counted.
    Span,
    /// None of its digits.
    Nothing,
}

/// Which digits of a number are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Digits {
    /// At most so many behind the decimal mark.
    pub(super) decimals: usize,
    /// It is divided by a thousand so often.
    pub(super) thousands: usize,
    /// At least so many before the mark.
    pub(super) whole: usize,
    /// Thousands are parted.
    pub(super) is_grouped: bool,
    pub(super) has_exponent: bool,
}

/// Which parts of a date are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) day: bool,
    pub(super) year: bool,
    pub(super) time: bool,
}

/// `[>=1000]`, with the number as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    sign: String,
    number: String,
}

impl Condition {
    fn of(text: &str) -> Option<Condition> {
        let end = text.find(|char| !"<>=".contains(char))?;
        let (sign, number) = text.split_at(end);
        (!sign.is_empty()).then(|| Condition { sign: sign.to_owned(), number: number.to_owned() })
    }

    /// Whether a number meets it.
    pub(super) fn holds(&self, number: f64) -> bool {
        let Ok(limit) = self.number.trim().parse::<f64>() else {
            return false;
        };
        match self.sign.as_str() {
            "<" => number < limit,
            "<=" => number <= limit,
            ">" => number > limit,
            ">=" => number >= limit,
            "=" => number.total_cmp(&limit).is_eq(),
            _ => number.total_cmp(&limit).is_ne(),
        }
    }
}

/// A section, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Parts {
    condition: Option<Condition>,
    /// What is shown as it stands, before the digits or the text and behind them.
    pub(super) before: String,
    pub(super) after: String,
    /// What was shown since the last digit.
    between: String,
    /// Placeholders of digits with their marks: `#,##0.00`.
    digits: String,
    /// The letters of dates, each run as its letter and its length.
    letters: Vec<(char, usize)>,
    is_general: bool,
    pub(super) has_text: bool,
    has_exponent: bool,
    is_span: bool,
}

/// What is left of a code.
pub(super) type Chars<'c> = std::iter::Peekable<std::str::Chars<'c>>;

impl Parts {
    /// Reads one section; whether another follows.
    pub(super) fn read(chars: &mut Chars<'_>) -> (Parts, bool) {
        let mut parts = Parts::default();
        while let Some(char) = chars.next() {
            match char {
                ';' => return (parts, true),
                '"' => {
                    let text: String = chars.by_ref().take_while(|&char| char != '"').collect();
                    parts.show(&text);
                }
                '\\' => parts.show(&chars.next().map(String::from).unwrap_or_default()),
                // The width of a character, and one that fills the cell.
                '_' | '*' => drop(chars.next()),
                '[' => {
                    let inside: String = chars.by_ref().take_while(|&char| char != ']').collect();
                    parts.bracket(&inside);
                }
                '@' => parts.has_text = true,
                '0' | '#' | '?' => parts.placeholder(char),
                '.' | ',' if parts.letters.is_empty() => parts.digits.push(char),
                'E' | 'e' if chars.next_if(|next| "+-".contains(*next)).is_some() => {
                    parts.has_exponent = true;
                }
                letter if letter.is_ascii_alphabetic() => parts.word(letter, chars),
                // The mark of a fraction, or between the parts of a date.
                '/' | ':' | '.' | ',' => {}
                other => parts.show(&other.to_string()),
            }
        }
        (parts, false)
    }

    /// Letters without quotes: those of a date, a keyword, or what is shown as it is.
    fn word(&mut self, letter: char, chars: &mut Chars<'_>) {
        let mut word = letter.to_string();
        while let Some(next) = chars.next_if(|next| next.is_ascii_alphabetic()) {
            word.push(next);
        }
        let folded = word.to_ascii_lowercase();
        if GENERAL.contains(&folded.as_str()) {
            self.is_general = true;
        } else if ["a", "am"].contains(&folded.as_str()) && chars.next_if_eq(&'/').is_some() {
            while chars.next_if(|next| "pPmM".contains(*next)).is_some() {}
            self.letters.push(('h', 1));
        } else if folded.bytes().all(|byte| b"dmyhsebg".contains(&byte)) {
            for char in folded.chars() {
                match self.letters.last_mut() {
                    Some((last, count)) if *last == char => *count += 1,
                    _ => self.letters.push((char, 1)),
                }
            }
        } else {
            self.show(&word);
        }
    }

    fn bracket(&mut self, inside: &str) {
        let is_span = |letter| !inside.is_empty() && inside.chars().all(|char| char == letter);
        if let Some(symbol) = inside.strip_prefix('$') {
            self.show(symbol.split('-').next().unwrap_or(""));
        } else if let Some(condition) = Condition::of(inside) {
            self.condition = Some(condition);
        } else if ['h', 'm', 's', 'H', 'M', 'S'].into_iter().any(is_span) {
            self.is_span = true;
        }
        // Colours show nothing.
    }

    fn placeholder(&mut self, char: char) {
        // What parts digits changes what they say: `0","00` shows 12,34 of 1234.
        let between = std::mem::take(&mut self.between);
        self.before.push_str(between.trim());
        self.digits.push(char);
    }

    fn show(&mut self, text: &str) {
        let has_digits = self.digits.contains(['0', '#', '?']);
        match has_digits || self.has_text {
            true => {
                self.after.push_str(text);
                if has_digits {
                    self.between.push_str(text);
                }
            }
            false => self.before.push_str(text),
        }
    }

    /// What is shown of numbers.
    pub(super) fn into_section(self) -> Section {
        let shows = self.shows();
        let shown = format!("{} {}", self.before, self.after);
        let unit = shown.trim();
        Section {
            condition: self.condition,
            unit: (!unit.is_empty() && !matches!(shows, Shows::Date(_))).then(|| unit.to_owned()),
            shows,
        }
    }

    fn shows(&self) -> Shows {
        if self.is_span {
            return Shows::Span;
        }
        if !self.letters.is_empty() {
            return Shows::Date(self.shown());
        }
        if self.is_general || self.has_text {
            return Shows::General;
        }
        let is_digit = |char: &char| "0#?".contains(*char);
        let (whole, decimals) = self.digits.split_once('.').unwrap_or((&self.digits, ""));
        if !self.digits.contains(['0', '#', '?']) {
            return Shows::Nothing;
        }
        // A comma behind the last digit divides by a thousand, one between digits parts them.
        let scale = |part: &str| part.chars().rev().take_while(|char| *char == ',').count();
        let inner = whole.trim_end_matches(',').trim_start_matches(',');
        Shows::Digits(Digits {
            decimals: decimals.chars().filter(is_digit).count(),
            thousands: scale(whole) + scale(decimals),
            whole: whole.chars().filter(|char| *char == '0').count(),
            is_grouped: inner.contains(','),
            has_exponent: self.has_exponent,
        })
    }

    /// A `d` or two are the day, three or more its name.
    fn shown(&self) -> Shown {
        let mut shown = Shown::default();
        for &(letter, count) in &self.letters {
            match letter {
                'd' if count <= 2 => shown.day = true,
                'y' | 'e' | 'b' => shown.year = true,
                'h' | 's' => shown.time = true,
                _ => {}
            }
        }
        shown
    }
}
