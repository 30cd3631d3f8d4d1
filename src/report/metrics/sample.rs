//! One line of a metrics file, written and read back.

use std::fmt;

/// A value with its name and labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) name: String,
    /// Name and value, in the order in which they are written.
    pub(super) labels: Vec<(String, String)>,
    /// Digits, perhaps with a sign and decimals.
    value: String,
}

impl Sample {
    pub(super) fn new(name: &str, labels: &[(&str, &str)], value: String) -> Sample {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Sample { name: name.to_owned(), labels: labels.iter().map(owned).collect(), value }
    }

    /// Reads a line as [`fmt::Display`] writes it; nothing where it is anything else.
    pub(super) fn parse(line: &str) -> Option<Sample> {
        let (head, value) = line.rsplit_once(' ')?;
        let digits = value.strip_prefix('-').unwrap_or(value);
        let is_number = digits.starts_with(|first: char| first.is_ascii_digit())
            && digits.chars().all(|char| char.is_ascii_digit() || char == '.')
            && digits.matches('.').count() < 2;
        let (name, labels) = match head.split_once('{') {
            Some((name, rest)) => (name, read_labels(rest.strip_suffix('}')?)?),
            None => (head, Vec::new()),
        };
        (is_number && is_name(name)).then(|| Sample {
            name: name.to_owned(),
            labels,
            value: value.to_owned(),
        })
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)?;
        for (place, (name, value)) in self.labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            write!(out, "{before}{name}=\"{}\"", escaped(value))?;
        }
        let after = if self.labels.is_empty() { "" } else { "}" };
        write!(out, "{after} {}", self.value)
    }
}

fn is_name(text: &str) -> bool {
    let is_begun = text.starts_with(|first: char| first.is_ascii_lowercase());
    is_begun && text.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// `a="x",b="y"`.
fn read_labels(mut text: &str) -> Option<Vec<(String, String)>> {
    let mut labels = Vec::new();
    loop {
        let (name, rest) = text.split_once("=\"")?;
        let (value, rest) = read_value(rest)?;
        if !is_name(name) {
            return None;
        }
        labels.push((name.to_owned(), value));
        match rest.strip_prefix(',') {
            Some(more) => text = more,
            None => return rest.is_empty().then_some(labels),
        }
    }
}

/// Up to the quote that closes it; what is left comes back too.
fn read_value(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((place, char)) = chars.next() {
        match char {
            '"' => return Some((value, &text[place + 1..])),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                other @ ('\\' | '"') => other,
                _ => return None,
            }),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        // Goal: no label can break out of its line. Method: samples with every character that is escaped,
        // there and back; and lines that are none.
        for value in ["", "may-drop", "a\"b", "a\\", "\\n\n", "} 1", "ş", "a=\"b\",c"] {
            let sample = Sample::new("gifts", &[("a", value), ("b", "x")], "-12.50".to_owned());
            let line = sample.to_string();
            assert_eq!(line.lines().count(), 1, "{line}");
            assert_eq!(Sample::parse(&line), Some(sample), "{line}");
        }
        let bare = Sample::new("lag", &[], "1".to_owned());
        assert_eq!((bare.to_string().as_str(), Sample::parse("lag 1")), ("lag 1", Some(bare)));
        for line in ["", "lag", "lag x", "lag 1.2.3", "# HELP lag 1", "lag{} 1", "lag{a=\"b} 1"] {
            assert_eq!(Sample::parse(line), None, "{line}");
        }
    }
}
