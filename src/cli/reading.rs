//! How a load reads its file: what is around the file and has a part in what its rows mean.
//!
//! It stands apart because keys are made of what rows mean. The same cells read in another way are other gifts:
//! each wallet would have both. So a campaign keeps how its loads read, and takes no other reading.
//!
//! **Invariant:** just that counts which a row depended on: another setting that changes nothing refuses nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::again::Said;
use super::commands::FileArgs;
use super::context::Context;
use super::load::Celebration;
use crate::domain::normalise_description;
use crate::intake::{Column, Currency, DecimalMark, ReadOptions, Survey, Used};
use crate::report::shell_word;

/// The first of 2020.
const BEFORE_ALL_EXPIRIES: i64 = 1_577_836_800;

/// How a load read its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reading {
    pub(super) currency: Currency,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) zone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<SaidExpiry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) decimal: Option<DecimalMark>,
    /// Nothing of loads from before this was kept: of them the currency alone is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) form: Option<Form>,
    /// What the file said, where each of its rows was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) said: Option<Said>,
}

/// The default expiry: as it was said, and the instant that this is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SaidExpiry {
    said: String,
    pub(super) at: String,
}

/// Where in the bytes of a file its rows were found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Form {
    /// Nothing where all is ASCII.
    encoding: Option<String>,
    sheet: Option<String>,
    delimiter: Option<char>,
    /// The header of each column that means something.
    columns: BTreeMap<String, String>,
}

/// What a person says of the expiry of rows that have none.
#[derive(Clone, Debug, Default)]
pub(super) struct Validity {
    /// As on the command line.
    pub(super) said: String,
    /// Whether the zone decides which instant it is.
    pub(super) needs_zone: bool,
}

/// Something that is read in two ways.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    pub(super) had: String,
    pub(super) has: String,
    pub(super) mend: String,
}

/// What was said of the expiry of rows that have none.
pub(super) fn validity(args: &FileArgs, celebration: Option<&Celebration>) -> Validity {
    match (celebration, &args.expires) {
        (Some(celebration), _) => celebration.validity.clone(),
        (None, Some(expires)) => {
            Validity { said: format!("--expires {expires}"), needs_zone: expires.needs_zone() }
        }
        (None, None) => Validity::default(),
    }
}

/// How a file is read, a campaign's days being counted from `now`.
pub(super) fn options(
    context: &Context,
    args: &FileArgs,
    now: DateTime<Utc>,
    celebration: Option<&Celebration>,
) -> ReadOptions {
    let tz = context.settings.tz;
    ReadOptions {
        encoding: args.form.encoding,
        sheet: args.form.sheet.clone(),
        currency: args.form.currency.clone(),
        delimiter: args.form.delimiter,
        decimal: args.form.decimal,
        map: args.form.map.iter().map(|mapping| (mapping.0, mapping.1.clone())).collect(),
        description: args.description.clone(),
        expires: match celebration {
            Some(celebration) => Some(celebration.expiry),
            None => args.expires.as_ref().map(|expires| expires.resolve(now, tz)),
        },
        tz,
        now,
        birthdays: celebration.map(|celebration| celebration.birthdays),
        customers: args.holding.require_holding.is_some(),
    }
}

impl Reading {
    /// How a file is read with these options, of which its rows used so much.
    pub(super) fn of(
        survey: &Survey,
        options: &ReadOptions,
        used: Used,
        validity: &Validity,
    ) -> Reading {
        let uses_zone = used.zone || (used.expiry && validity.needs_zone);
        let expires = options.expires.filter(|_| used.expiry);
        Reading {
            currency: options.currency.clone(),
            zone: uses_zone.then(|| options.tz.name().to_owned()),
            description: options
                .description
                .as_deref()
                .filter(|_| used.description)
                .map(normalise_description),
            expires: expires
                .map(|at| SaidExpiry { said: validity.said.clone(), at: at.to_string() }),
            decimal: options.decimal.filter(|_| used.decimal),
            form: Some(Form::of(survey)),
            said: None,
        }
    }

    /// Whether all of it is known.
    pub(super) fn is_whole(&self) -> bool {
        self.form.is_some()
    }

    /// The same of a load from which the rest cannot be told.
    pub(super) fn bare(&self) -> Reading {
        let currency = self.currency.clone();
        Reading {
            currency,
            zone: None,
            description: None,
            expires: None,
            decimal: None,
            form: None,
            said: None,
        }
    }

    /// What an earlier load read in another way; of the very file also where its rows stand.
    pub(super) fn conflict(&self, earlier: &Reading, is_same_file: bool) -> Option<Conflict> {
        let forms = (self.form.as_ref(), earlier.form.as_ref());
        other_currency(&earlier.currency, &self.currency)
            .or_else(|| zone(earlier.zone.as_ref()?, self.zone.as_ref()?))
            .or_else(|| description(earlier.description.as_ref()?, self.description.as_ref()?))
            .or_else(|| expires(earlier.expires.as_ref()?, self.expires.as_ref()?))
            .or_else(|| decimal(earlier.decimal?, self.decimal?))
            .or_else(|| match forms {
                (Some(has), Some(had)) if is_same_file => had.conflict(has),
                _ => None,
            })
    }
}

/// What comes of another currency.
pub(super) fn other_currency(had: &Currency, has: &Currency) -> Option<Conflict> {
    (had != has).then(|| Conflict {
        had: format!("gives {had}"),
        has: has.to_string(),
        mend: format!("say --currency {had}"),
    })
}

impl Form {
    pub(super) fn of(survey: &Survey) -> Form {
        let is_text = survey.dialect.sheet.is_none();
        let columns = survey.columns;
        let named = [
            (Column::WalletId, Some(columns.wallet_id)),
            (Column::Amount, columns.amount),
            (Column::ExpiresAt, columns.expires_at),
            (Column::Description, columns.description),
            (Column::Reference, columns.reference),
            (Column::BirthDate, columns.birth_date),
        ];
        let header = |place: usize| survey.header[place].trim().to_owned();
        let named = named.into_iter().filter_map(|(column, place)| {
            place.map(|place| (column.word().to_owned(), header(place)))
        });
        Form {
            encoding: survey.sample.as_ref().map(|_| survey.dialect.encoding.clone()),
            sheet: survey.dialect.sheet.clone(),
            delimiter: is_text.then(|| char::from(survey.dialect.delimiter)),
            columns: named.collect(),
        }
    }

    fn conflict(&self, now: &Form) -> Option<Conflict> {
        let differ = |what: &str, had: &Option<String>, has: &Option<String>, flag: &str| {
            let (Some(had), Some(has)) = (had, has) else {
                return None;
            };
            (had != has).then(|| Conflict {
                had: format!("reads this file with the {what} {had}"),
                has: format!("with {has}"),
                mend: format!("say --{flag} {}", shell_word(had)),
            })
        };
        let delimiter = |form: &Form| form.delimiter.map(|char| char.to_string());
        let column = || {
            let names = |form: &Form| {
                let names =
                    form.columns.iter().map(|(column, header)| format!("{column}={header}"));
                names.collect::<Vec<_>>().join(", ")
            };
            (self.columns != now.columns).then(|| Conflict {
                had: format!("reads these columns of this file: {}", names(self)),
                has: names(now),
                mend: "say --map as on its first load".to_owned(),
            })
        };
        differ("encoding", &self.encoding, &now.encoding, "encoding")
            .or_else(|| differ("sheet", &self.sheet, &now.sheet, "sheet"))
            .or_else(|| differ("delimiter", &delimiter(self), &delimiter(now), "delimiter"))
            .or_else(column)
    }
}

fn zone(had: &str, has: &str) -> Option<Conflict> {
    (had != has && !are_one_zone(had, has)).then(|| Conflict {
        had: format!("reads dates in the zone {had}"),
        has: format!("in {has}"),
        mend: format!("say --tz {had}, or GIFTBATCH_TZ, or tz in the settings file"),
    })
}

/// Whether clocks go alike in two zones: many have several names.
fn are_one_zone(one: &str, other: &str) -> bool {
    let zones = (one.parse::<Tz>(), other.parse::<Tz>());
    let (Ok(one), Ok(other)) = zones else {
        return false;
    };
    let fortnights = (0..26 * 130).map(|number| TimeDelta::days(14 * number));
    let from = DateTime::from_timestamp(BEFORE_ALL_EXPIRIES, 0).unwrap_or_default().naive_utc();
    let offset = |tz: Tz, at| tz.offset_from_utc_datetime(&at).fix();
    fortnights.map(|after| from + after).all(|at| offset(one, at) == offset(other, at))
}

fn description(had: &str, has: &str) -> Option<Conflict> {
    (had != has).then(|| Conflict {
        had: format!("describes rows without a description as {had:?}"),
        has: format!("as {has:?}"),
        mend: format!("say --description {}", shell_word(had)),
    })
}

fn expires(had: &SaidExpiry, has: &SaidExpiry) -> Option<Conflict> {
    (had.at != has.at).then(|| Conflict {
        had: format!("lets rows without an expiry end by {} ({})", had.said, had.at),
        has: format!("by {} ({})", has.said, has.at),
        mend: format!("say {}", had.said),
    })
}

fn decimal(had: DecimalMark, has: DecimalMark) -> Option<Conflict> {
    (had != has).then(|| Conflict {
        had: format!("reads amounts with a decimal {had}"),
        has: format!("with a decimal {has}"),
        mend: format!("say --decimal {had}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reading of which every part counts.
    fn reading() -> Reading {
        let columns = [("wallet_id", "Kart"), ("amount", "Tutar")];
        let columns = columns.map(|(column, header)| (column.to_owned(), header.to_owned()));
        Reading {
            currency: Currency::default(),
            zone: Some("Europe/Istanbul".to_owned()),
            description: Some("A".to_owned()),
            expires: Some(SaidExpiry {
                said: "--expires 30d".to_owned(),
                at: "2027-06-01T20:59:59Z".to_owned(),
            }),
            decimal: Some(DecimalMark::Comma),
            form: Some(Form {
                encoding: Some("windows-1254".to_owned()),
                sheet: None,
                delimiter: Some(';'),
                columns: BTreeMap::from(columns),
            }),
            said: None,
        }
    }

    fn form() -> Form {
        reading().form.unwrap()
    }

    #[test]
    fn whatever_is_read_in_another_way_is_named_with_both_ways_and_the_mend() {
        // Goal: one message for each thing around a file. Method: change one part at a time; the words for both
        // ways and the mend. Where in the file its rows stand matters for the same bytes alone.
        let expiry = |said: &str, at: &str| SaidExpiry { said: said.to_owned(), at: at.to_owned() };
        let of_form = |form| Reading { form: Some(form), ..reading() };
        let columns = BTreeMap::from([("wallet_id".to_owned(), "Cüzdan".to_owned())]);
        for (other, is_of_form, words) in [
            (
                Reading { currency: "EUR".parse().unwrap(), ..reading() },
                false,
                ["TRY", "EUR", "--currency TRY"],
            ),
            (
                Reading { zone: Some("UTC".to_owned()), ..reading() },
                false,
                ["Europe/Istanbul", "in UTC", "GIFTBATCH_TZ"],
            ),
            (
                Reading { description: Some("B".to_owned()), ..reading() },
                false,
                ["\"A\"", "\"B\"", "--description A"],
            ),
            (
                Reading {
                    expires: Some(expiry("--expires 31d", "2027-06-02T20:59:59Z")),
                    ..reading()
                },
                false,
                ["30d (2027-06-01T20:59:59Z)", "31d (2027-06-02T20:59:59Z)", "say --expires 30d"],
            ),
            (
                Reading { decimal: Some(DecimalMark::Point), ..reading() },
                false,
                ["comma", "point", "--decimal comma"],
            ),
            (
                of_form(Form { encoding: Some("UTF-8".to_owned()), ..form() }),
                true,
                ["windows-1254", "UTF-8", "--encoding windows-1254"],
            ),
            (
                of_form(Form { delimiter: Some(','), ..form() }),
                true,
                ["delimiter ;", "with ,", "--delimiter ';'"],
            ),
            (
                of_form(Form { columns, ..form() }),
                true,
                ["wallet_id=Kart", "wallet_id=Cüzdan", "--map"],
            ),
        ] {
            let told = other.conflict(&reading(), true).unwrap();
            for (word, text) in words.iter().zip([&told.had, &told.has, &told.mend]) {
                assert!(text.contains(word), "{word}: {told:?}");
            }
            assert_eq!(other.conflict(&reading(), false).is_some(), !is_of_form, "{told:?}");
        }
    }

    #[test]
    fn what_no_row_depended_on_is_no_conflict() {
        // Goal: another setting that changes nothing refuses nothing. Method: nothing used on either side; the
        // same instant said in other words; the same zone by another name.
        let none = reading().bare();
        assert!(!none.is_whole() && reading().is_whole());
        assert_eq!(none.conflict(&reading(), true), None);
        assert_eq!(reading().conflict(&none, true), None);
        let mut same = reading();
        same.expires.as_mut().unwrap().said = "--expires 720h".to_owned();
        same.zone = Some("Turkey".to_owned());
        assert_eq!(same.conflict(&reading(), true), None);
        same.zone = Some("Europe/Berlin".to_owned());
        assert!(same.conflict(&reading(), false).is_some());
        let json = serde_json::to_string(&reading()).unwrap();
        assert_eq!(serde_json::from_str::<Reading>(&json).unwrap(), reading());
        let old: Reading = serde_json::from_str(r#"{"currency":"TRY"}"#).unwrap();
        assert_eq!(old, none);
    }
}
