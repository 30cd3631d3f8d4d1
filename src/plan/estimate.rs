//! How long a run will take: a promise to a person who waits, not to the program.

use std::fmt;

/// The requests of a run, and how fast they may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Gifts to send: a request each, where nothing goes wrong.
    pub gifts: u64,
    /// Wallets that are read back at the end: a request each.
    pub wallets: u64,
    /// Requests a second; 0: no limit.
    pub rate: u32,
}

impl Estimate {
    /// Requests in all.
    pub fn requests(self) -> u64 {
        self.gifts.saturating_add(self.wallets)
    }

    /// Seconds at the rate that is set, rounded up; nothing where no rate is.
    pub fn seconds(self) -> Option<u64> {
        (self.rate > 0).then(|| self.requests().div_ceil(self.rate.into()))
    }
}

/// As `about 2 min at 10 requests a second`.
impl fmt::Display for Estimate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seconds() {
            Some(seconds) => {
                let noun = if self.rate == 1 { "request" } else { "requests" };
                write!(out, "about {} at {} {noun} a second", Words(seconds), self.rate)
            }
            None => out.write_str("as long as the provider needs, without a limit of requests"),
        }
    }
}

/// Seconds in the two largest units that tell something.
struct Words(u64);

impl fmt::Display for Words {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0.div_ceil(60);
        let (hours, days) = (minutes / 60, minutes / 1_440);
        match minutes {
            _ if self.0 < 100 => write!(out, "{} s", self.0),
            0..100 => write!(out, "{minutes} min"),
            100..2_880 if minutes.is_multiple_of(60) => write!(out, "{hours} h"),
            100..2_880 => write!(out, "{hours} h {} min", minutes % 60),
            _ => write!(out, "{days} days {} h", hours % 24),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_as_people_plan() {
        // Goal: rounded up, in units that fit. Method: both sides of each change of units.
        for (seconds, words) in [
            (0, "0 s"),
            (99, "99 s"),
            (100, "2 min"),
            (120, "2 min"),
            (121, "3 min"),
            (5_940, "99 min"),
            (6_000, "1 h 40 min"),
            (7_200, "2 h"),
            (172_740, "47 h 59 min"),
            (172_800, "2 days 0 h"),
            (2_000_000, "23 days 3 h"),
        ] {
            assert_eq!(Words(seconds).to_string(), words, "{seconds}");
        }
    }

    #[test]
    fn every_gift_and_every_wallet_is_a_request() {
        // Goal: the words follow the figures. Method: a rate of ten, of one, and none.
        let at = |rate| Estimate { gifts: 901, wallets: 300, rate };
        assert_eq!((at(10).requests(), at(10).seconds()), (1_201, Some(121)));
        assert_eq!(at(10).to_string(), "about 3 min at 10 requests a second");
        assert_eq!(at(1).to_string(), "about 21 min at 1 request a second");
        assert_eq!(at(0).seconds(), None);
        assert_eq!(at(0).to_string(), "as long as the provider needs, without a limit of requests");
    }
}
