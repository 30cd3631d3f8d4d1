//! What the answers so far say about the provider: whether it is worth asking on. Pure.
//!
//! **Invariant:** only a useful answer breaks a silence: a 429, a server's error, a page that is not the API's and a
//! connection that is not made are all as good as nothing.

use chrono::{DateTime, TimeDelta, Utc};

use super::ended::Ended;
use super::sign::Sign;
use crate::provider::{Barrier, Obstacle, Trouble};

/// So many answers in a row that are none of the API's are no accident: the URL is wrong.
const MOST_ODD: u32 = 20;

/// A certificate that is not trusted will not be for a while: so often it is tried.
const MOST_UNTRUSTED: u32 = 3;

/// Fewer answers than this are no silence: one may be lost, and the next asked for only later.
const LEAST_FAILED: u32 = 3;

/// What the answers of one run say about who gives them.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// The first since the last useful one.
    failing_since: Option<DateTime<Utc>>,
    failed: u32,
    odd_in_a_row: u32,
    untrusted: u32,
    /// What came last, where it was of no use.
    why: String,
}

impl Answers {
    /// Takes note of an answer; says why to end, where there is a reason.
    pub fn saw(&mut self, sign: Sign<'_>, now: DateTime<Utc>) -> Option<Ended> {
        if sign == Sign::Useful {
            *self = Answers::default();
            return None;
        }
        self.failing_since.get_or_insert(now);
        self.failed = self.failed.saturating_add(1);
        self.why = sign.words();
        let why = || sign.words();
        match sign {
            Sign::Obstacle(Obstacle::CredentialsRejected { .. }) => {
                Some(Ended::KeysRejected { why: why() })
            }
            Sign::Obstacle(Obstacle::NeverSent { barrier: Barrier::Certificate, .. }) => {
                self.untrusted += 1;
                (self.untrusted >= MOST_UNTRUSTED).then(|| Ended::Untrusted { why: why() })
            }
            Sign::Trouble(Trouble::Redirected, _) => Some(Ended::Redirected { why: why() }),
            Sign::Trouble(Trouble::Odd, _) => {
                self.odd_in_a_row += 1;
                let in_a_row = self.odd_in_a_row;
                (in_a_row >= MOST_ODD).then(|| Ended::Odd { in_a_row, why: why() })
            }
            _ => None,
        }
    }

    /// Why to end where there was no useful answer for too long; `held_until`: the provider wants to be left alone
    /// until then, which is silence as well.
    pub fn silence(
        &self,
        now: DateTime<Utc>,
        held_until: Option<DateTime<Utc>>,
        patience: TimeDelta,
    ) -> Option<Ended> {
        let ends_at = self.failing_since? + patience;
        let waits_until = held_until.filter(|until| *until > ends_at);
        let is_silent = self.failed >= LEAST_FAILED && now >= ends_at;
        (is_silent || waits_until.is_some()).then(|| Ended::Silence {
            silent_for: now - (ends_at - patience),
            why: self.why.clone(),
            waits_until,
        })
    }

    /// When the silence will have been too long, where there is one.
    pub fn silent_at(&self, patience: TimeDelta) -> Option<DateTime<Utc>> {
        self.failing_since.filter(|_| self.failed >= LEAST_FAILED).map(|since| since + patience)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::Refusal;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_900_000_000_000 + ms).unwrap()
    }

    const PATIENCE: TimeDelta = TimeDelta::seconds(2);

    fn throttled() -> Obstacle {
        Obstacle::Throttled { wait: Some(Duration::from_secs(1)) }
    }

    fn never(barrier: Barrier) -> Obstacle {
        Obstacle::NeverSent { barrier, why: "what stood in the way".to_owned() }
    }

    #[test]
    fn whatever_is_of_no_use_is_silence() {
        // Goal: no run waits for ever for who only says no to all. Method: each useless answer, again and again
        // until the patience is over; then the same with one useful answer between.
        let refusal = Refusal { class: "forbidden".into(), message: "no".into() };
        let obstacles = [throttled(), never(Barrier::Refused), Obstacle::Forbidden(refusal)];
        let troubles = [
            Trouble::TimedOut,
            Trouble::Cut,
            Trouble::Overloaded,
            Trouble::ServerError,
            Trouble::Odd,
        ];
        let signs = obstacles.iter().map(Sign::Obstacle);
        let signs = signs.chain(troubles.map(|trouble| Sign::Trouble(trouble, "what came")));
        for sign in signs {
            let mut answers = Answers::default();
            for step in 0..4 {
                assert_eq!(answers.saw(sign, at(step * 500)), None, "{sign:?}");
                assert_eq!(answers.silence(at(step * 500), None, PATIENCE), None, "{sign:?}");
            }
            let why = sign.words();
            assert_eq!(answers.silent_at(PATIENCE), Some(at(2_000)));
            let silence =
                Ended::Silence { silent_for: PATIENCE, why: why.clone(), waits_until: None };
            assert_eq!(answers.silence(at(2_000), None, PATIENCE), Some(silence), "{sign:?}");
            assert_eq!(answers.saw(Sign::Useful, at(1_900)), None);
            assert_eq!(answers.silence(at(9_000), None, PATIENCE), None);
            assert_eq!(answers.silent_at(PATIENCE), None);
        }
    }

    #[test]
    fn one_lost_answer_is_no_silence() {
        // Goal: what is asked for again only after a while does not end a run meanwhile. Method: two, then a third.
        let mut answers = Answers::default();
        let lost = Sign::Trouble(Trouble::TimedOut, "late");
        for _ in 1..LEAST_FAILED {
            answers.saw(lost, at(0));
            assert_eq!(answers.silence(at(60_000), None, PATIENCE), None);
        }
        answers.saw(lost, at(60_000));
        assert!(answers.silence(at(60_000), None, PATIENCE).is_some());
    }

    #[test]
    fn a_wait_that_would_outlast_the_patience_is_not_begun() {
        // Goal: nobody waits an hour in order to give up then. Method: waits around the patience, after one 429.
        let mut answers = Answers::default();
        let throttled = throttled();
        answers.saw(Sign::Obstacle(&throttled), at(0));
        assert_eq!(answers.silence(at(0), Some(at(2_000)), PATIENCE), None);
        let until = Some(at(2_001));
        let Some(Ended::Silence { waits_until, .. }) = answers.silence(at(0), until, PATIENCE)
        else {
            panic!("it is too long");
        };
        assert_eq!(waits_until, until);
    }

    #[test]
    fn a_wrong_url_is_found_soon() {
        // Goal: few requests go to what is not the API, and a page now and then is no reason. Method: odd answers up
        // to the limit, with others between; a redirect; bad keys; a certificate.
        let odd = Sign::Trouble(Trouble::Odd, "a page");
        let mut answers = Answers::default();
        for _ in 1..MOST_ODD {
            assert_eq!(answers.saw(odd, at(0)), None);
        }
        assert_eq!(answers.saw(Sign::Useful, at(0)), None);
        for _ in 1..MOST_ODD {
            assert_eq!(answers.saw(odd, at(0)), None);
        }
        let down = Sign::Trouble(Trouble::ServerError, "HTTP 500");
        assert_eq!(answers.saw(down, at(0)), None, "that says nothing about the URL");
        let why = "a page".to_owned();
        assert_eq!(answers.saw(odd, at(0)), Some(Ended::Odd { in_a_row: MOST_ODD, why }));
        let mut answers = Answers::default();
        let away = Sign::Trouble(Trouble::Redirected, "HTTP 302");
        let why = "HTTP 302".to_owned();
        assert_eq!(answers.saw(away, at(0)), Some(Ended::Redirected { why }));
        let keys = Obstacle::CredentialsRejected { why: "HTTP 401".into() };
        let why = "HTTP 401".to_owned();
        assert_eq!(answers.saw(Sign::Obstacle(&keys), at(0)), Some(Ended::KeysRejected { why }));
        let bad = never(Barrier::Certificate);
        for _ in 1..MOST_UNTRUSTED {
            assert_eq!(answers.saw(Sign::Obstacle(&bad), at(0)), None);
        }
        let ended = answers.saw(Sign::Obstacle(&bad), at(0));
        assert!(matches!(ended, Some(Ended::Untrusted { .. })), "{ended:?}");
    }
}
