//! A gift's story told again: where it must stand, if everything that is written down about it happened.
//!
//! It stands apart because it is the second opinion on every gift: it reads what was only ever added to,
//! and holds it against the one row that was changed.
//!
//! **Invariant:** it decides by [`GiftState::next`], as the ledger did; a word that we never wrote is a
//! fault, never a guess.

use std::time::UNIX_EPOCH;

use crate::domain::{Event, GiftId, GiftState, Refusal};

/// A gift as its row says that it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) state: GiftState,
    pub(super) attempts: i64,
    /// The intent of its first attempt.
    pub(super) first_sent_ms: Option<i64>,
    /// The provider's id.
    pub(super) gift_id: Option<GiftId>,
}

/// What its story says so far.
#[derive(Debug)]
pub(super) struct Replay {
    state: GiftState,
    attempts: i64,
    first_sent_ms: Option<i64>,
    /// What the last event that gave it an id says of that id.
    given: Option<String>,
    /// The first step that cannot have been.
    impossible: Option<String>,
}

impl Replay {
    /// A gift of which nothing is written yet.
    pub(super) fn new() -> Replay {
        Replay {
            state: GiftState::Planned,
            attempts: 0,
            first_sent_ms: None,
            given: None,
            impossible: None,
        }
    }

    /// The next thing that is written of it.
    pub(super) fn step(&mut self, at_ms: i64, word: &str, detail: Option<&str>) {
        if self.impossible.is_some() {
            return;
        }
        let Some(event) = event(word) else {
            self.impossible = Some(format!("its story holds the unknown word {word:?}"));
            return;
        };
        match self.state.next(&event) {
            Ok(next) => self.state = next,
            Err(error) => {
                self.impossible = Some(format!("its story is impossible: {error}"));
                return;
            }
        }
        if event == Event::Started {
            self.attempts += 1;
            self.first_sent_ms = self.first_sent_ms.or(Some(at_ms));
        }
        if brings_id(&event) {
            // Behind an id that a person gave stands who that was, and why.
            let id = detail.unwrap_or_default().split(',').next().unwrap_or_default();
            self.given = Some(id.to_owned());
        }
    }

    /// What is wrong with the row of a gift whose story this is; nothing where the two agree.
    pub(super) fn disagrees(&self, row: &Standing) -> Option<String> {
        if let Some(impossible) = &self.impossible {
            return Some(impossible.clone());
        }
        let (state, attempts) = (self.state, self.attempts);
        if state != row.state {
            return Some(format!("it is {}, but its story ends with {state}", row.state));
        }
        if attempts != row.attempts {
            let said = row.attempts;
            return Some(format!("it counts {said} attempts, but {attempts} are written down"));
        }
        if self.first_sent_ms != row.first_sent_ms {
            return Some("its first attempt is not when its row says".to_owned());
        }
        let id = row.gift_id.map(|id| id.to_string());
        match (&self.given, id) {
            (Some(given), Some(id)) if !given.contains(&id) => {
                Some(format!("its id at the provider is {id}, but its story names {given:?}"))
            }
            (None, Some(id)) => Some(format!("nothing in its story gives it the id {id}")),
            // The form of the table sees to it that each given gift has an id.
            _ => None,
        }
    }
}

fn brings_id(event: &Event) -> bool {
    matches!(
        event,
        Event::Confirmed { .. }
            | Event::FoundIssued { .. }
            | Event::Recalled { .. }
            | Event::ResolvedIssued { .. }
    )
}

/// The event of a stored word; what it carries decides nothing.
fn event(word: &str) -> Option<Event> {
    let gift = GiftId(uuid::Uuid::nil());
    let refusal = || Refusal { class: String::new(), message: String::new() };
    let why = String::new();
    Some(match word {
        "started" => Event::Started,
        "withdrawn" => Event::Withdrawn { by: None },
        "expired" => Event::Expired,
        "confirmed" => Event::Confirmed { gift },
        "declined" => Event::Declined(refusal()),
        "undelivered" => Event::Undelivered { retry_at: UNIX_EPOCH.into(), why },
        "answer_lost" => Event::AnswerLost { why },
        "orphaned" => Event::Orphaned,
        "found_issued" => Event::FoundIssued { gift },
        "recalled" => Event::Recalled { gift },
        "found_absent" => Event::FoundAbsent,
        "stayed_unclear" => Event::StayedUnclear { why },
        "resolved_issued" => Event::ResolvedIssued { gift, note: why },
        "resolved_refused" => Event::ResolvedRefused(refusal()),
        "resolved_retry" => Event::ResolvedRetry { note: why },
        "reopened" => Event::Reopened,
        "revoke_started" => Event::RevokeStarted,
        "deleted" => Event::Deleted,
        "still_there" => Event::StillThere { why },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6a623f97-c376-44ea-8995-09dfacd0ddcf";

    fn told(story: &[(&str, Option<&str>)]) -> Replay {
        let mut replay = Replay::new();
        (0..).zip(story).for_each(|(at, (word, detail))| replay.step(at, word, *detail));
        replay
    }

    fn issued() -> Standing {
        Standing {
            state: GiftState::Issued,
            attempts: 2,
            first_sent_ms: Some(0),
            gift_id: Some(GiftId(ID.parse().unwrap())),
        }
    }

    const STORY: [(&str, Option<&str>); 5] = [
        ("started", None),
        ("answer_lost", Some("cut")),
        ("found_absent", None),
        ("started", None),
        ("confirmed", Some(ID)),
    ];

    #[test]
    fn a_story_and_its_row_agree() {
        // Goal: what happened is not a fault. Method: nothing, and a story of two attempts.
        let planned =
            Standing { state: GiftState::Planned, attempts: 0, first_sent_ms: None, gift_id: None };
        assert_eq!(told(&[]).disagrees(&planned), None);
        assert_eq!(told(&STORY).disagrees(&issued()), None);
    }

    #[test]
    fn each_thing_that_does_not_fit_is_named() {
        // Goal: no column of the row is believed alone. Method: the same story with one thing changed.
        let other = GiftId(uuid::Uuid::nil());
        for (row, words) in [
            (Standing { state: GiftState::Refused, ..issued() }, "is refused"),
            (Standing { attempts: 3, ..issued() }, "3 attempts"),
            (Standing { first_sent_ms: Some(7), ..issued() }, "first attempt"),
            (Standing { gift_id: Some(other), ..issued() }, "names"),
        ] {
            let fault = told(&STORY).disagrees(&row).unwrap();
            assert!(fault.contains(words), "{fault}");
        }
        for (story, words) in [
            (&STORY[..4], "ends with in_flight"),
            (&STORY[1..], "impossible"),
            (&[("started", None), ("melted", None)][..], "melted"),
        ] {
            let fault = told(story).disagrees(&issued()).unwrap();
            assert!(fault.contains(words), "{fault}");
        }
    }

    #[test]
    fn every_word_that_is_written_is_read() {
        // Goal: no event is forgotten here. Method: each word's event has that very word, and a page
        // of all events, which another test holds in step with them, has no other word.
        let page = include_str!("../../docs/states.md");
        let table = page.split("<!-- transitions -->").nth(1).unwrap();
        let table = table.split("<!-- /transitions -->").next().unwrap();
        let rows = table.lines().filter(|line| line.starts_with('|')).skip(2);
        let words: Vec<&str> = rows.map(|row| row.split('|').nth(2).unwrap().trim()).collect();
        assert!(words.len() > 20, "{words:?}");
        for word in words {
            assert_eq!(event(word).map(|event| event.word()), Some(word));
        }
    }
}
