//! What a campaign's earlier loads were, and whether the next one goes with them.
//!
//! **Invariant:** the bytes of a file are given once: whatever is said beside them, they bring nothing new but
//! rows that were left out of each load of them.

use super::again::Said;
use super::exit::Exit;
use super::failure::Failure;
use super::look::Look;
use super::reading::{Conflict, Reading, other_currency};
use crate::intake::Currency;
use crate::ledger::{Campaign, EarlierLoads, Ledger};

/// How the campaign's loads have read their files so far.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// Each with whether it was of the very file.
    readings: Vec<(Reading, bool)>,
    /// That of the last load, where it had the very file.
    newest: Option<Reading>,
    is_loaded: bool,
    /// The most rows that one of them took of the very file.
    taken: Option<u64>,
}

/// What a load would do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effect {
    /// Rows of the file.
    pub(super) rows: u64,
    /// Gifts that are new.
    pub(super) added: u64,
    /// Rows whose reference has another content.
    pub(super) changed: u64,
}

impl Earlier {
    /// What a ledger keeps of a campaign's loads, and of those among them that had this file.
    pub(super) async fn read(
        ledger: &Ledger,
        known: Option<&Campaign>,
        file_sha256: &str,
    ) -> Result<Earlier, Failure> {
        match known {
            Some(known) => Earlier::of(&ledger.earlier_loads(known.id, file_sha256).await?),
            None => Ok(Earlier::default()),
        }
    }

    fn of(loads: &[EarlierLoads]) -> Result<Earlier, Failure> {
        let last = loads.iter().map(|load| load.last).max();
        let mut earlier = Earlier { is_loaded: !loads.is_empty(), ..Earlier::default() };
        for load in loads {
            earlier.taken = earlier.taken.max(load.same_file_rows);
            if let Some(json) = &load.reading_json {
                let reading: Reading = serde_json::from_str(json)?;
                if load.same_file_rows.is_some() && Some(load.last) == last {
                    earlier.newest = Some(reading.clone());
                }
                earlier.readings.push((reading, load.same_file_rows.is_some()));
            }
        }
        Ok(earlier)
    }

    /// What the file said, where it is the campaign's newest, is read as it was, and is all that the campaign holds.
    pub(super) fn said(&self, campaign: &Campaign, look: &Look) -> Option<&Said> {
        let said = self.newest.as_ref()?.said_of(&look.survey, &look.options)?;
        let is_all = said.rows() == campaign.gifts && said.rows() == look.survey.rows;
        (is_all && campaign.file_sha256 == look.file_sha256).then_some(said)
    }

    /// Fails with code 7 where the currency is another one: of all that may differ it is known before a row
    /// is read, and each amount would be a fault.
    pub(super) fn check_currency(&self, name: &str, has: &Currency) -> Result<(), Failure> {
        let found = self.readings.iter().find_map(|(had, _)| other_currency(&had.currency, has));
        found.map_or(Ok(()), |conflict| Err(conflict.into_failure(name)))
    }

    /// Fails with code 7 where a file would become other rows than it was, or where its new rows would mean
    /// something else than those that the campaign has.
    pub(super) fn check(
        &self,
        name: &str,
        reading: &Reading,
        effect: Effect,
    ) -> Result<(), Failure> {
        if effect.added + effect.changed == 0 {
            return Ok(());
        }
        let mut readings = self.readings.iter();
        if let Some(conflict) = readings.find_map(|(had, is_same)| reading.conflict(had, *is_same))
        {
            return Err(conflict.into_failure(name));
        }
        match self.taken.map(|taken| (taken, effect.rows.saturating_sub(taken))) {
            Some((taken, left_out)) if effect.added > left_out => Err(Failure::new(
                Exit::NotConfirmed,
                format!(
                    "campaign {name:?} has had this very file: it took {taken} of its {} rows then, and {} \
                     would be new now",
                    effect.rows, effect.added
                ),
            )
            .hint(
                "something around the file makes other rows of it: give the command of its first load; \
                 nothing was stored or sent",
            )),
            _ => Ok(()),
        }
    }

    /// What is kept of a load. Of a campaign that began before readings were kept nobody knows how its rows
    /// were read: a load that changes nothing shows it, and one that adds rows does not.
    pub(super) fn to_keep(&self, reading: &Reading, effect: Effect) -> Reading {
        let is_known = self.readings.iter().any(|(reading, _)| reading.is_whole());
        match !self.is_loaded || is_known || effect.added + effect.changed == 0 {
            true => reading.clone(),
            false => reading.bare(),
        }
    }
}

impl Conflict {
    fn into_failure(self, name: &str) -> Failure {
        let Conflict { had, has, mend } = self;
        let message = format!("campaign {name:?} {had}, and this load {has}");
        Failure::new(Exit::NotConfirmed, message).hint(format!(
            "{mend}; or load it into a campaign of its own; nothing was stored or sent"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loads(readings: &[(&str, Option<u64>)]) -> Earlier {
        let load = |(zone, rows): &(&str, Option<u64>)| {
            let whole = format!(
                r#"{{"currency":"TRY","zone":"{zone}","form":{{"encoding":null,"sheet":null,"delimiter":null,"columns":{{}}}}}}"#
            );
            let bare = r#"{"currency":"TRY"}"#.to_owned();
            let reading_json = Some(if zone.is_empty() { bare } else { whole });
            EarlierLoads { reading_json, last: 1, same_file_rows: *rows }
        };
        Earlier::of(&readings.iter().map(load).collect::<Vec<_>>()).unwrap()
    }

    fn reading(zone: &str) -> Reading {
        loads(&[(zone, None)]).readings.remove(0).0
    }

    fn exit(earlier: &Earlier, zone: &str, added: u64, changed: u64) -> Option<Exit> {
        let effect = Effect { rows: 10, added, changed };
        earlier.check("may", &reading(zone), effect).err().map(|failure| failure.exit)
    }

    #[test]
    fn another_reading_is_refused_where_it_would_change_something() {
        // Goal: rows mean one thing in a campaign, and what changes nothing is always right. Method: loads under
        // the same and another zone, that add, change, or do neither; a campaign of which only the currency is
        // known; another currency.
        let earlier = loads(&[("", None), ("Asia/Tokyo", None)]);
        assert_eq!(exit(&earlier, "Asia/Tokyo", 3, 1), None);
        assert_eq!(exit(&earlier, "UTC", 1, 0), Some(Exit::NotConfirmed));
        assert_eq!(exit(&earlier, "UTC", 0, 1), Some(Exit::NotConfirmed));
        assert_eq!(exit(&earlier, "UTC", 0, 0), None);
        assert_eq!(exit(&loads(&[("", None)]), "UTC", 1, 0), None);
        assert_eq!(exit(&Earlier::default(), "UTC", 1, 0), None);
        let euros = "EUR".parse().unwrap();
        assert!(earlier.check_currency("may", &euros).is_err());
        assert!(earlier.check_currency("may", &Currency::default()).is_ok());
        assert!(Earlier::default().check_currency("may", &euros).is_ok());
    }

    #[test]
    fn bytes_that_were_taken_bring_only_what_was_left_out() {
        // Goal: a file is given once, whatever stands around it. Method: ten rows of which the best of two loads
        // took eight; of which all were taken; and a file that is new, in a campaign of which nothing is known.
        let earlier = loads(&[("", Some(5)), ("Asia/Tokyo", Some(8)), ("Asia/Tokyo", None)]);
        assert_eq!(exit(&earlier, "Asia/Tokyo", 2, 0), None);
        assert_eq!(exit(&earlier, "Asia/Tokyo", 3, 0), Some(Exit::NotConfirmed));
        assert_eq!(exit(&loads(&[("", Some(10))]), "UTC", 1, 0), Some(Exit::NotConfirmed));
        assert_eq!(exit(&loads(&[("", None)]), "UTC", 10, 0), None);
    }

    #[test]
    fn a_campaign_from_before_is_known_once_a_load_changes_nothing() {
        // Goal: of old rows nobody guesses how they were read. Method: what is kept of loads that add and that do
        // not, in a new campaign, in one of which nothing is known, and in one that is known.
        let kept = |earlier: &Earlier, added| {
            let effect = Effect { rows: 10, added, changed: 0 };
            earlier.to_keep(&reading("UTC"), effect).is_whole()
        };
        assert!(kept(&Earlier::default(), 10));
        assert!(!kept(&loads(&[("", None)]), 1) && kept(&loads(&[("", None)]), 0));
        assert!(kept(&loads(&[("", None), ("UTC", None)]), 1));
        let unknown = [EarlierLoads { reading_json: None, last: 1, same_file_rows: None }];
        assert!(!kept(&Earlier::of(&unknown).unwrap(), 1));
    }
}
