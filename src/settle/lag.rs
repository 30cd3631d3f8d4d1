//! How long lists go on lacking a gift that is there.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{GiftId, WalletId};

/// Gifts that lists lacked though they were there, until they come into view.
#[derive(Debug, Default)]
pub struct LagWatch {
    lacking: HashMap<WalletId, HashMap<GiftId, DateTime<Utc>>>,
}

impl LagWatch {
    /// A list of the wallet, asked for at `sent_at`, shows and lacks these gifts; of each that it lacks
    /// we learned then. Says how long after that the slowest came into view of those that the list
    /// before lacked.
    pub fn looked(
        &mut self,
        wallet: WalletId,
        shown: &HashSet<GiftId>,
        lacking: &[(GiftId, DateTime<Utc>)],
        sent_at: DateTime<Utc>,
    ) -> Option<TimeDelta> {
        let before = self.lacking.remove(&wallet).unwrap_or_default();
        let now: HashMap<GiftId, DateTime<Utc>> = lacking.iter().copied().collect();
        // One that was deleted or has expired is not lacking any more either, and never came.
        let came = before.iter().filter(|(id, _)| shown.contains(id));
        let slowest = came.map(|(_, learned_at)| sent_at - learned_at).max();
        if !now.is_empty() {
            self.lacking.insert(wallet, now);
        }
        slowest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_is_known_when_the_gift_comes_into_view() {
        // Goal: what never shows is no lag, and the slowest counts. Method: two gifts of one wallet
        // lacking twice, then one of them shown, then the other.
        let at = |ms: i64| DateTime::from_timestamp_millis(1_900_000_000_000 + ms).unwrap();
        let wallet = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap();
        let [one, two] = [1, 2].map(|number| (GiftId(uuid::Uuid::from_u128(number)), at(0)));
        let mut watch = LagWatch::default();
        let [none, first, both] =
            [vec![], vec![one.0], vec![one.0, two.0]].map(|ids| ids.into_iter().collect());
        assert_eq!(watch.looked(wallet, &none, &[one, two], at(300)), None);
        assert_eq!(watch.looked(wallet, &none, &[one, two], at(900)), None);
        let lag = |ms| Some(TimeDelta::milliseconds(ms));
        assert_eq!(watch.looked(wallet, &first, &[two], at(1_200)), lag(1_200));
        assert_eq!(watch.looked(wallet, &both, &[], at(1_500)), lag(1_500));
        assert_eq!(watch.looked(wallet, &both, &[], at(1_800)), None);
        // What was deleted meanwhile never came into view.
        assert_eq!(watch.looked(wallet, &none, &[one], at(2_100)), None);
        assert_eq!(watch.looked(wallet, &none, &[], at(2_400)), None);
    }
}
