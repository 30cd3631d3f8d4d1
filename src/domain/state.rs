//! The states of a gift and the only table of how one follows another.
//!
//! Only proof that nothing happened, or a person, leads back to sending: no arrow goes from a state
//! in which money may have moved to one that is sent again, but `Undelivered`, `FoundAbsent` and
//! `ResolvedRetry`.
//!
//! **Invariant:** [`GiftState::next`] is exhaustive: a cell that is not listed is illegal, and the
//! ledger stores no state that did not come from it.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::{GiftId, GiftKey};

/// Where a gift stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GiftState {
    /// In the ledger, nothing sent.
    Planned,
    /// The intent to send is durable, the outcome is not: money may have moved.
    InFlight,
    /// Certainly nothing happened; may be sent again when its time has come.
    Deferred,
    /// The server may have acted; never sent again while here.
    InDoubt,
    /// Software cannot settle it; a person must.
    Held,
    /// The gift exists at the provider, and its id is kept.
    Issued,
    /// The server said no, for good.
    Refused,
    /// Withdrawn before it was sent, or refused and then replaced by a mended row.
    Cancelled,
    /// The intent to delete it is durable, the outcome is not.
    Revoking,
    /// Issued, then deleted at the provider while it was unused.
    Revoked,
}

/// The server's no, as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A short, stable word to group and retry by, as `not_found`.
    pub class: String,
    /// The server's own words, cleaned and cut short.
    pub message: String,
}

/// What can happen to a gift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The intent to send was written.
    Started,
    /// A person cancelled it before it was sent, or mended the row of one that was refused.
    Withdrawn {
        /// The gift of the mended row, which takes its place.
        by: Option<GiftKey>,
    },
    /// Its expiry passed before it was sent.
    Expired,
    /// The server answered that the gift exists.
    Confirmed {
        /// The provider's id of the gift.
        gift: GiftId,
    },
    /// The server said no, for good.
    Declined(Refusal),
    /// Proof that nothing happened.
    Undelivered {
        /// When it may be sent again.
        retry_at: DateTime<Utc>,
        /// What stood in the way.
        why: String,
    },
    /// The server may have acted, and we do not know.
    AnswerLost {
        /// What came instead of an answer.
        why: String,
    },
    /// The run that sent it is dead.
    Orphaned,
    /// The wallet's list shows it.
    FoundIssued {
        /// The provider's id of the gift.
        gift: GiftId,
    },
    /// An old copy of the ledger was restored, which did not know that it was sent; the wallet's list
    /// shows it.
    Recalled {
        /// The provider's id of the gift.
        gift: GiftId,
    },
    /// Two looks, the last one after the settle window, show that it is not there.
    FoundAbsent,
    /// Looking cannot tell.
    StayedUnclear {
        /// Why not, for the person who must decide.
        why: String,
    },
    /// A person found it at the provider.
    ResolvedIssued {
        /// The provider's id of the gift.
        gift: GiftId,
        /// Who says so, and why.
        note: String,
    },
    /// A person decided that it is not to be given.
    ResolvedRefused(Refusal),
    /// A person made sure that it was not given, and wants it sent.
    ResolvedRetry {
        /// Who says so, and why.
        note: String,
    },
    /// A person wants a refused gift tried again.
    Reopened,
    /// The intent to delete it was written.
    RevokeStarted,
    /// The list shows that it is gone.
    Deleted,
    /// It was not deleted.
    StillThere {
        /// Why not.
        why: String,
    },
}

/// Two words that do not go together: a fault of this program, never of its input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a gift that is {state} cannot be {event}")]
pub struct IllegalEvent {
    /// Where the gift stood.
    pub state: GiftState,
    /// What was said to have happened.
    pub event: &'static str,
}

impl GiftState {
    /// The states of which a gift may still be sent as it stands: certainly nothing happened yet.
    pub const SENDABLE: [GiftState; 2] = [GiftState::Planned, GiftState::Deferred];

    /// Every state, in the order in which reports list them.
    pub const ALL: [GiftState; 10] = [
        GiftState::Planned,
        GiftState::InFlight,
        GiftState::Deferred,
        GiftState::InDoubt,
        GiftState::Held,
        GiftState::Issued,
        GiftState::Refused,
        GiftState::Cancelled,
        GiftState::Revoking,
        GiftState::Revoked,
    ];

    /// The state that follows when `event` happens to a gift in this state.
    pub fn next(self, event: &Event) -> Result<GiftState, IllegalEvent> {
        use GiftState as S;
        Ok(match (self, event) {
            (S::Planned | S::Deferred, Event::Started) => S::InFlight,
            (S::Planned | S::Deferred | S::Refused, Event::Withdrawn { .. }) => S::Cancelled,
            (S::Planned | S::Deferred, Event::Expired) => S::Refused,
            (S::Planned | S::Deferred | S::Refused, Event::Recalled { .. }) => S::Issued,
            (S::InFlight, Event::Confirmed { .. }) => S::Issued,
            (S::InFlight | S::InDoubt, Event::Declined(_)) => S::Refused,
            (S::InFlight, Event::Undelivered { .. }) => S::Deferred,
            (S::InFlight, Event::AnswerLost { .. } | Event::Orphaned) => S::InDoubt,
            (S::InDoubt, Event::FoundIssued { .. }) => S::Issued,
            (S::InDoubt, Event::FoundAbsent) => S::Deferred,
            // What a restored ledger believes unsent may have been given.
            (S::Planned | S::Deferred | S::InDoubt | S::Refused, Event::StayedUnclear { .. }) => {
                S::Held
            }
            (S::Held | S::InDoubt, Event::ResolvedIssued { .. }) => S::Issued,
            (S::Held | S::InDoubt, Event::ResolvedRefused(_)) => S::Refused,
            (S::Held, Event::ResolvedRetry { .. }) => S::Deferred,
            (S::Refused, Event::Reopened) => S::Planned,
            (S::Issued, Event::RevokeStarted) => S::Revoking,
            (S::Revoking, Event::Deleted) => S::Revoked,
            (S::Revoking, Event::StillThere { .. }) => S::Issued,
            _ => return Err(IllegalEvent { state: self, event: event.word() }),
        })
    }

    /// The word under which it is stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            GiftState::Planned => "planned",
            GiftState::InFlight => "in_flight",
            GiftState::Deferred => "deferred",
            GiftState::InDoubt => "in_doubt",
            GiftState::Held => "held",
            GiftState::Issued => "issued",
            GiftState::Refused => "refused",
            GiftState::Cancelled => "cancelled",
            GiftState::Revoking => "revoking",
            GiftState::Revoked => "revoked",
        }
    }

    /// Whether it was sent, and nobody knows yet what came of it.
    pub const fn is_undecided(self) -> bool {
        matches!(self, GiftState::InFlight | GiftState::InDoubt | GiftState::Held)
    }

    /// Whether it may still be sent by this program as it stands.
    pub const fn is_sendable(self) -> bool {
        matches!(self, GiftState::Planned | GiftState::Deferred)
    }
}

impl Event {
    /// The state in which a gift is after the event of that word, whatever it was in before; `planned` is
    /// where it begins.
    pub fn state_after(word: &str) -> Option<GiftState> {
        Some(match word {
            "planned" | "reopened" => GiftState::Planned,
            "started" => GiftState::InFlight,
            "withdrawn" => GiftState::Cancelled,
            "expired" | "declined" | "resolved_refused" => GiftState::Refused,
            "confirmed" | "found_issued" | "recalled" | "resolved_issued" | "still_there" => {
                GiftState::Issued
            }
            "undelivered" | "found_absent" | "resolved_retry" => GiftState::Deferred,
            "answer_lost" | "orphaned" => GiftState::InDoubt,
            "stayed_unclear" => GiftState::Held,
            "revoke_started" => GiftState::Revoking,
            "deleted" => GiftState::Revoked,
            _ => return None,
        })
    }

    /// The word under which it is stored and shown.
    pub const fn word(&self) -> &'static str {
        match self {
            Event::Started => "started",
            Event::Withdrawn { .. } => "withdrawn",
            Event::Expired => "expired",
            Event::Confirmed { .. } => "confirmed",
            Event::Declined(_) => "declined",
            Event::Undelivered { .. } => "undelivered",
            Event::AnswerLost { .. } => "answer_lost",
            Event::Orphaned => "orphaned",
            Event::FoundIssued { .. } => "found_issued",
            Event::Recalled { .. } => "recalled",
            Event::FoundAbsent => "found_absent",
            Event::StayedUnclear { .. } => "stayed_unclear",
            Event::ResolvedIssued { .. } => "resolved_issued",
            Event::ResolvedRefused(_) => "resolved_refused",
            Event::ResolvedRetry { .. } => "resolved_retry",
            Event::Reopened => "reopened",
            Event::RevokeStarted => "revoke_started",
            Event::Deleted => "deleted",
            Event::StillThere { .. } => "still_there",
        }
    }
}

impl fmt::Display for GiftState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// A word that names no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no state is called {0:?}")]
pub struct UnknownState(String);

impl FromStr for GiftState {
    type Err = UnknownState;

    fn from_str(word: &str) -> Result<GiftState, UnknownState> {
        GiftState::ALL
            .into_iter()
            .find(|state| state.word() == word)
            .ok_or_else(|| UnknownState(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each event.
    fn events() -> Vec<Event> {
        let gift: GiftId = "6a623f97-c376-44ea-8995-09dfacd0ddcf".parse().unwrap();
        let refusal = Refusal { class: "not_found".into(), message: String::new() };
        let why = String::new();
        vec![
            Event::Started,
            Event::Withdrawn { by: None },
            Event::Expired,
            Event::Confirmed { gift },
            Event::Declined(refusal.clone()),
            Event::Undelivered { retry_at: DateTime::UNIX_EPOCH, why: why.clone() },
            Event::AnswerLost { why: why.clone() },
            Event::Orphaned,
            Event::FoundIssued { gift },
            Event::Recalled { gift },
            Event::FoundAbsent,
            Event::StayedUnclear { why: why.clone() },
            Event::ResolvedIssued { gift, note: why.clone() },
            Event::ResolvedRefused(refusal),
            Event::ResolvedRetry { note: why.clone() },
            Event::Reopened,
            Event::RevokeStarted,
            Event::Deleted,
            Event::StillThere { why },
        ]
    }

    /// The table of the contract, a line an arrow, in words instead of code.
    const ARROWS: &str = "
        planned deferred -> started -> in_flight
        planned deferred refused -> withdrawn -> cancelled
        planned deferred -> expired -> refused
        planned deferred refused -> recalled -> issued
        in_flight -> confirmed -> issued
        in_flight in_doubt -> declined -> refused
        in_flight -> undelivered -> deferred
        in_flight -> answer_lost orphaned -> in_doubt
        in_doubt -> found_issued -> issued
        in_doubt -> found_absent -> deferred
        planned deferred in_doubt refused -> stayed_unclear -> held
        held in_doubt -> resolved_issued -> issued
        held in_doubt -> resolved_refused -> refused
        held -> resolved_retry -> deferred
        refused -> reopened -> planned
        issued -> revoke_started -> revoking
        revoking -> deleted -> revoked
        revoking -> still_there -> issued";

    fn expected(state: &str, event: &str) -> Option<&'static str> {
        ARROWS.trim().lines().find_map(|line| {
            let parts: Vec<&str> = line.split("->").map(str::trim).collect();
            let named = |part: &str, word: &str| part.split(' ').any(|each| each == word);
            (named(parts[0], state) && named(parts[1], event)).then_some(parts[2])
        })
    }

    #[test]
    fn every_cell_of_the_table_is_what_the_contract_says() {
        // Goal: no arrow too many or too few. Method: all 190 cells against the table in words.
        for state in GiftState::ALL {
            for event in events() {
                let next = state.next(&event).map(GiftState::word).ok();
                assert_eq!(next, expected(state.word(), event.word()), "{state} {event:?}");
            }
        }
    }

    #[test]
    fn an_event_says_where_a_gift_stands_after_it() {
        // Goal: where a gift stood can be told from its last event alone. Method: every arrow of the table.
        for state in GiftState::ALL {
            for event in events() {
                if let Ok(next) = state.next(&event) {
                    assert_eq!(Event::state_after(event.word()), Some(next), "{state} {event:?}");
                }
            }
        }
        assert_eq!(Event::state_after("planned"), Some(GiftState::Planned));
        assert_eq!(Event::state_after("vanished"), None);
    }

    #[test]
    fn what_may_be_sent_is_what_can_be_started() {
        // Goal: the shorthand and the table agree. Method: every state.
        for state in GiftState::ALL {
            assert_eq!(state.is_sendable(), state.next(&Event::Started).is_ok(), "{state}");
            assert_eq!(state.is_sendable(), GiftState::SENDABLE.contains(&state), "{state}");
        }
    }

    #[test]
    fn states_are_read_back_by_their_words() {
        // Goal: the ledger's words and the states are one to one. Method: all there and back.
        for state in GiftState::ALL {
            assert_eq!(state.word().parse(), Ok(state));
        }
        assert!("unknown".parse::<GiftState>().is_err());
    }

    #[test]
    fn an_illegal_event_names_both_sides() {
        // Goal: the engineer who reads it knows what met. Method: the text of one.
        let error = GiftState::Issued.next(&Event::Started).unwrap_err();
        assert_eq!(error.to_string(), "a gift that is issued cannot be started");
    }
}
