//! What a verdict does to its gift, and to the run. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{Event, Refusal};
use crate::drive::Ended;
use crate::provider::{BLOCKED, ListReading, Obstacle, Verdict};

/// Why a run ends before everything is issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It would not, or could not, ask any more.
    Early(Ended),
    /// Too many refusals of one class in a row: something is wrong that is not a gift's fault.
    Refusals {
        /// The class.
        class: String,
        /// How many in a row.
        in_a_row: u32,
    },
    /// Our clock and the provider's are too far apart: what has expired cannot be told. Nothing was sent.
    WrongClock {
        /// What ours showed.
        ours: DateTime<Utc>,
        /// What the provider's showed then.
        theirs: DateTime<Utc>,
    },
    /// It has begun as many gifts as it may, and more are left.
    Limit {
        /// How many it was allowed.
        gifts: u64,
    },
    /// So many gifts of the ledger are in doubt that nothing new may be sent, and no look is left that could settle one.
    Doubts {
        /// How many, of any campaign.
        gifts: u64,
    },
    /// Not all of the first gifts are in their wallets as they were sent.
    Canary {
        /// How many were sent.
        gifts: u64,
        /// What is wrong, a line for each gift.
        wrong: Vec<String>,
    },
}

impl Stop {
    /// The word for the record.
    pub const fn word(&self) -> &'static str {
        match self {
            Stop::Early(ended) => ended.word(),
            Stop::Refusals { .. } => "refusals",
            Stop::WrongClock { .. } => "wrong clock",
            Stop::Limit { .. } => "limit",
            Stop::Doubts { .. } => "doubts",
            Stop::Canary { .. } => "canary",
        }
    }

    /// Why nothing more was asked, where that is why.
    pub const fn early(&self) -> Option<&Ended> {
        match self {
            Stop::Early(ended) => Some(ended),
            Stop::Refusals { .. }
            | Stop::WrongClock { .. }
            | Stop::Limit { .. }
            | Stop::Doubts { .. }
            | Stop::Canary { .. } => None,
        }
    }
}

impl From<Ended> for Stop {
    fn from(ended: Ended) -> Stop {
        Stop::Early(ended)
    }
}

/// What is to be done about one reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Record this, and perhaps stop the run.
    Record(Event, Option<Stop>),
    /// One read with the same keys decides whether the keys or the gift were refused.
    AskPermission(Refusal),
    /// It was refused, and may be there all the same.
    Doubt(Refusal),
}

/// A gift that met an obstacle of its own is tried again after this long.
const AGAIN: TimeDelta = TimeDelta::seconds(1);

/// Says what a verdict does.
pub(super) fn decide(verdict: Verdict, now: DateTime<Utc>) -> Decision {
    match verdict {
        Verdict::Accepted { gift, .. } => Decision::Record(Event::Confirmed { gift }, None),
        Verdict::Declined(refusal) => Decision::Record(Event::Declined(refusal), None),
        Verdict::Unknown { why, .. } => Decision::Record(Event::AnswerLost { why }, None),
        Verdict::NotProcessed(obstacle) => match obstacle {
            // The pace waits for the whole run; the gift itself may go as soon as it may.
            Obstacle::Throttled { .. } => undelivered("the provider asked to slow down", now),
            Obstacle::NeverSent { why, .. } => undelivered(&why, now + AGAIN),
            Obstacle::Forbidden(refusal) => Decision::AskPermission(refusal),
            Obstacle::CredentialsRejected { why } => rejected(why, now),
        },
    }
}

/// What becomes of a decision about a gift of which an earlier attempt ended in doubt: a no may mean that the provider
/// has it already, in words that nobody here knows.
pub(super) fn after_doubt(decision: Decision) -> Decision {
    match decision {
        Decision::Record(Event::Declined(refusal), _) => Decision::Doubt(refusal),
        decision => decision,
    }
}

/// Reads that may fail before a forbidden gift is put down to the keys.
const PERMISSION_READS: u32 = 3;

/// Says what became of a gift that was forbidden, after `reads` failed reads and this one.
pub(super) fn decide_permission(
    refusal: Refusal,
    reading: &ListReading,
    reads: u32,
    now: DateTime<Utc>,
) -> Decision {
    match reading {
        ListReading::Whole(_) | ListReading::Partial { .. } | ListReading::NoList => {
            Decision::Record(Event::Declined(refusal), None)
        }
        ListReading::Obstructed(Obstacle::CredentialsRejected { .. } | Obstacle::Forbidden(_)) => {
            rejected(refusal.message, now)
        }
        ListReading::Obstructed(_) | ListReading::Unreadable { .. } if reads < PERMISSION_READS => {
            Decision::AskPermission(refusal)
        }
        ListReading::Unreadable { .. } if refusal.class == BLOCKED => {
            let (in_a_row, why) = (reads + 2, refusal.message);
            let event = Event::Undelivered { retry_at: now, why: why.clone() };
            Decision::Record(event, Some(Ended::Odd { in_a_row, why }.into()))
        }
        ListReading::Obstructed(_) | ListReading::Unreadable { .. } => {
            rejected(refusal.message, now)
        }
    }
}

fn undelivered(why: &str, retry_at: DateTime<Utc>) -> Decision {
    Decision::Record(Event::Undelivered { retry_at, why: why.to_owned() }, None)
}

fn rejected(why: String, now: DateTime<Utc>) -> Decision {
    let event = Event::Undelivered { retry_at: now, why: why.clone() };
    Decision::Record(event, Some(Ended::KeysRejected { why }.into()))
}

/// Refusals of one class in a row.
#[derive(Debug, Default)]
pub(super) struct Streak {
    class: String,
    length: u32,
}

impl Streak {
    /// Counts an event; a stop where there were `most` refusals of one class in a row.
    pub(super) fn saw(&mut self, event: &Event, most: u32) -> Option<Stop> {
        match event {
            Event::Declined(refusal) if refusal.class == self.class => self.length += 1,
            Event::Declined(refusal) => {
                self.class.clone_from(&refusal.class);
                self.length = 1;
            }
            Event::Confirmed { .. } => self.length = 0,
            _ => {}
        }
        (most > 0 && self.length >= most)
            .then(|| Stop::Refusals { class: self.class.clone(), in_a_row: self.length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{Barrier, Trouble};

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000, 0).unwrap()
    }

    fn refusal(class: &str) -> Refusal {
        Refusal { class: class.into(), message: "no".into() }
    }

    fn event(decision: Decision) -> (&'static str, Option<Stop>) {
        match decision {
            Decision::Record(event, stop) => (event.word(), stop),
            Decision::AskPermission(_) => ("ask", None),
            Decision::Doubt(_) => ("doubt", None),
        }
    }

    #[test]
    fn a_no_after_a_doubt_is_a_doubt() {
        // Goal: "this reference is known", in whatever language, makes no gift refused that is there. Method: each
        // kind of decision, of a gift that was in doubt before.
        let after = |verdict| event(after_doubt(decide(verdict, now())));
        assert_eq!(after(Verdict::Declined(refusal("declined"))), ("doubt", None));
        let gift = "6a623f97-c376-44ea-8995-09dfacd0ddcf".parse().unwrap();
        assert_eq!(after(Verdict::Accepted { gift, made_at: None }), ("confirmed", None));
        let throttled = Verdict::NotProcessed(Obstacle::Throttled { wait: None });
        assert_eq!(after(throttled), ("undelivered", None));
        let allowed = decide_permission(refusal("forbidden"), &ListReading::NoList, 0, now());
        assert_eq!(event(after_doubt(allowed)), ("doubt", None));
    }

    #[test]
    fn each_verdict_has_its_event() {
        // Goal: only proof defers, only the API declines. Method: every kind of verdict.
        let gift = "6a623f97-c376-44ea-8995-09dfacd0ddcf".parse().unwrap();
        let told = |verdict| event(decide(verdict, now()));
        assert_eq!(told(Verdict::Accepted { gift, made_at: None }), ("confirmed", None));
        assert_eq!(told(Verdict::Declined(refusal("gone"))), ("declined", None));
        let throttled = Verdict::NotProcessed(Obstacle::Throttled { wait: None });
        assert_eq!(told(throttled), ("undelivered", None));
        let never = Verdict::NotProcessed(Obstacle::NeverSent {
            barrier: Barrier::Refused,
            why: "refused".into(),
        });
        assert_eq!(told(never), ("undelivered", None));
        let rejected =
            Verdict::NotProcessed(Obstacle::CredentialsRejected { why: "HTTP 401".into() });
        let stop = Stop::Early(Ended::KeysRejected { why: "HTTP 401".into() });
        assert_eq!(told(rejected), ("undelivered", Some(stop)));
        let forbidden = Verdict::NotProcessed(Obstacle::Forbidden(refusal("forbidden")));
        assert_eq!(told(forbidden), ("ask", None));
        for trouble in [
            Trouble::TimedOut,
            Trouble::Cut,
            Trouble::ServerError,
            Trouble::Redirected,
            Trouble::Odd,
        ] {
            let unknown = Verdict::Unknown { why: String::new(), trouble };
            assert_eq!(told(unknown), ("answer_lost", None));
        }
    }

    #[test]
    fn what_stood_in_the_way_says_when_the_gift_may_go_again() {
        // Goal: a connection that fails at once is not tried in a tight loop, and the waiting that a
        // provider asks for is the pace's affair. Method: the two obstacles, and when each may go.
        let retry_at = |obstacle| match decide(Verdict::NotProcessed(obstacle), now()) {
            Decision::Record(Event::Undelivered { retry_at, why }, None) => (retry_at, why),
            other => panic!("{other:?}"),
        };
        let never = Obstacle::NeverSent { barrier: Barrier::Refused, why: "refused".into() };
        assert_eq!(retry_at(never), (now() + TimeDelta::seconds(1), "refused".to_owned()));
        let (at, _) = retry_at(Obstacle::Throttled { wait: None });
        assert_eq!(at, now());
    }

    #[test]
    fn each_stop_has_a_word_of_its_own() {
        // Goal: who reads the record sees why a run ended. Method: the words of all.
        let (class, in_a_row, gifts) = (String::new(), 1, 1);
        let stops = [
            Stop::Early(Ended::Interrupted),
            Stop::Refusals { class, in_a_row },
            Stop::WrongClock { ours: now(), theirs: now() },
            Stop::Limit { gifts },
            Stop::Doubts { gifts },
            Stop::Canary { gifts, wrong: Vec::new() },
        ];
        assert_eq!(
            stops.each_ref().map(Stop::word),
            ["interrupted", "refusals", "wrong clock", "limit", "doubts", "canary"]
        );
    }

    #[test]
    fn one_read_tells_a_forbidden_gift_from_forbidden_keys() {
        // Goal: no gift is burnt on bad keys. Method: each reading after a 403.
        let told = |reading: ListReading, reads| {
            event(decide_permission(refusal("forbidden"), &reading, reads, now()))
        };
        assert_eq!(told(ListReading::Whole(vec![]), 0), ("declined", None));
        assert_eq!(told(ListReading::NoList, 0), ("declined", None));
        let stop = || Some(Ended::KeysRejected { why: "no".into() }.into());
        let keys = Obstacle::CredentialsRejected { why: "HTTP 403".into() };
        assert_eq!(told(ListReading::Obstructed(keys), 0), ("undelivered", stop()));
        let list = Obstacle::Forbidden(refusal("forbidden"));
        assert_eq!(told(ListReading::Obstructed(list), 0), ("undelivered", stop()));
        // A firewall's page for a gift, and for the read as well: it is not the keys.
        let page = || ListReading::Unreadable { why: String::new(), trouble: Trouble::Odd };
        let of_page = |reads| event(decide_permission(refusal(BLOCKED), &page(), reads, now()));
        assert_eq!(of_page(0), ("ask", None));
        let odd = Ended::Odd { in_a_row: PERMISSION_READS + 2, why: "no".into() };
        assert_eq!(of_page(PERMISSION_READS), ("undelivered", Some(odd.into())));
        let never = || {
            ListReading::Obstructed(Obstacle::NeverSent {
                barrier: Barrier::Other,
                why: String::new(),
            })
        };
        let odd = || ListReading::Unreadable { why: String::new(), trouble: Trouble::Odd };
        for reading in [never, odd] as [fn() -> ListReading; 2] {
            assert_eq!(told(reading(), PERMISSION_READS - 1), ("ask", None));
            assert_eq!(told(reading(), PERMISSION_READS), ("undelivered", stop()));
        }
    }

    #[test]
    fn a_streak_is_of_one_class_and_broken_by_a_success() {
        // Goal: a wrong base path does not refuse a whole campaign. Method: a limit of three.
        let gift = "6a623f97-c376-44ea-8995-09dfacd0ddcf".parse().unwrap();
        let mut streak = Streak::default();
        let mut saw = |event| streak.saw(&event, 3).is_some();
        let declined = |class| Event::Declined(refusal(class));
        assert!(!saw(declined("gone")));
        assert!(!saw(declined("gone")));
        assert!(!saw(declined("invalid")));
        assert!(!saw(declined("invalid")));
        assert!(!saw(Event::Confirmed { gift }));
        assert!(!saw(declined("invalid")));
        assert!(!saw(Event::AnswerLost { why: String::new() }));
        assert!(!saw(declined("invalid")));
        assert!(saw(declined("invalid")));
        assert_eq!(Streak::default().saw(&declined("gone"), 0), None);
    }
}
