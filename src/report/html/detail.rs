//! What differs of a gift, in the reader's form: it is kept in English, as a terminal shows it.
//!
//! **Invariant:** nothing is left out: what is not understood stays as it was kept.

use chrono::{DateTime, Utc};

use super::form::{Form, Lang};
use crate::domain::parse_duration;

/// How a description's part begins; it stands last, and may hold any signs.
const DESCRIPTION: &str = "description \"";

/// What differs, and by how much.
pub(super) fn difference(form: &Form, kept: &str) -> String {
    let (parts, description) = match kept.find(DESCRIPTION) {
        Some(place) => (kept[..place].trim_end_matches(", "), Some(&kept[place..])),
        None => (kept, None),
    };
    let parts = parts.split(", ").filter(|part| !part.is_empty());
    let told: Vec<String> = parts.chain(description).map(|part| told(form, part)).collect();
    told.join(", ")
}

/// One part, as `amount 98.75 instead of 100.00 (1.25 less)`; of a balance without its first word.
fn told(form: &Form, part: &str) -> String {
    let names = [
        ("amount ", form.say("amount ", "tutar: ")),
        ("balance ", form.say("balance ", "bakiye: ")),
        ("expiry ", form.say("expiry ", "son kullanma: ")),
        ("description ", form.say("description ", "açıklama: ")),
        ("", ""),
    ];
    let named = names.iter().find_map(|(kept, name)| Some((*name, part.strip_prefix(kept)?)));
    let (name, rest) = named.unwrap_or(("", part));
    // Within quotes a quote stands behind a backslash: this parts the two descriptions, and nothing else.
    let between = if rest.starts_with('"') { "\" instead of \"" } else { " instead of " };
    let Some(place) = rest.find(between) else {
        return part.to_owned();
    };
    let quote = usize::from(rest.starts_with('"'));
    let (seen, sent) = (&rest[..place + quote], &rest[place + between.len() - quote..]);
    let (sent, by) = match sent.strip_suffix(')').and_then(|sent| sent.split_once(" (")) {
        Some((sent, by)) if quote == 0 => (sent, format!(" ({})", shift(form, by))),
        _ => (sent, String::new()),
    };
    let (seen, sent) = (value(form, seen), value(form, sent));
    match form.lang {
        Lang::En => format!("{name}{seen} instead of {sent}{by}"),
        Lang::Tr => format!("{name}{sent} yerine {seen}{by}"),
    }
}

/// A moment, a number, or what it is.
fn value(form: &Form, kept: &str) -> String {
    if kept == "never" {
        return form.say("never", "süresiz").to_owned();
    }
    match DateTime::parse_from_rfc3339(kept) {
        Ok(at) => form.moment(at.with_timezone(&Utc)),
        Err(_) => number(form, kept),
    }
}

fn number(form: &Form, kept: &str) -> String {
    let is_number = kept.chars().all(|char| char.is_ascii_digit() || matches!(char, '.' | '-'));
    let is_day = kept.matches('-').count() > 1;
    if is_number && !is_day { form.marks(kept) } else { kept.to_owned() }
}

/// By how much, as `1.25 less` or `184d earlier`.
fn shift(form: &Form, kept: &str) -> String {
    let Some((by, word)) = kept.rsplit_once(' ') else {
        return kept.to_owned();
    };
    let word = match word {
        "less" => form.say("less", "eksik"),
        "more" => form.say("more", "fazla"),
        "earlier" => form.say("earlier", "erken"),
        "later" => form.say("later", "geç"),
        word => word,
    };
    let span = parse_duration(by).ok().and_then(|span| u64::try_from(span.as_millis()).ok());
    let by = span.map_or_else(|| number(form, by), |ms| form.span(ms));
    format!("{by} {word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told_in_either_language() {
        // Goal: a reader meets numbers and dates in their own form, and no sign of a description is lost. Method: each
        // part alone, all together, a description full of quotes, a balance, and what nobody wrote.
        let form = |lang| Form { lang, tz: chrono_tz::Europe::Istanbul, currency: String::new() };
        let told = |kept: &str| [Lang::En, Lang::Tr].map(|lang| difference(&form(lang), kept));
        assert_eq!(
            told("amount 98.75 instead of 1250.50 (1151.75 less)"),
            [
                "amount 98.75 instead of 1250.50 (1151.75 less)",
                "tutar: 1250,50 yerine 98,75 (1151,75 eksik)"
            ]
        );
        assert_eq!(
            told("expiry 2027-06-30T20:59:59Z instead of 2027-12-31T20:59:59Z (184d earlier)"),
            [
                "expiry 30 Jun 2027 23:59:59 instead of 31 Dec 2027 23:59:59 (184 d earlier)",
                "son kullanma: 31.12.2027 23:59:59 yerine 30.06.2027 23:59:59 (184 gün erken)"
            ]
        );
        assert_eq!(
            told("expiry 2027-06-30 instead of never")[1],
            "son kullanma: süresiz yerine 2027-06-30"
        );
        let text = r#"amount 2.00 instead of 1.00 (1.00 more), description "a, \" instead of \" (b)" instead of "c""#;
        assert_eq!(told(text)[0], text);
        assert_eq!(
            told(text)[1],
            r#"tutar: 1,00 yerine 2,00 (1,00 fazla), açıklama: "c" yerine "a, \" instead of \" (b)""#
        );
        assert_eq!(
            told("112.50 instead of 100.00 (12.50 more)")[1],
            "100,00 yerine 112,50 (12,50 fazla)"
        );
        assert_eq!(told("something else")[1], "something else");
    }
}
