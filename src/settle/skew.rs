//! How far the server's clock may be behind ours.
//!
//! **Invariant:** of all that was seen, the lowest counts: too low lets a stranger's gift of the last
//! minutes pass for ours, too high would overlook our own, and give it again.

use chrono::{DateTime, TimeDelta, Utc};

use crate::ledger::KnownGift;
use crate::provider::Credit;

/// `Date` has whole seconds, and a request takes time: what a measurement may be off.
const SLACK: TimeDelta = TimeDelta::seconds(2);

/// A gift that was given within this time of its first attempt tells the clocks apart well enough.
const PROMPT: TimeDelta = TimeDelta::minutes(1);

/// The lowest skew seen: the server's clock less ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skew {
    lowest_ms: Option<i64>,
}

impl Skew {
    /// Whether the two clocks were ever compared.
    pub fn is_measured(&self) -> bool {
        self.lowest_ms.is_some()
    }

    /// The server's clock showed this much more than ours.
    pub fn saw_ms(&mut self, skew_ms: Option<i64>) {
        self.lowest_ms = match (self.lowest_ms, skew_ms) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
    }

    /// The server says that it made a gift at `made_at`; its answer was whole at `ended_at`.
    pub fn saw_made(&mut self, made_at: DateTime<Utc>, ended_at: DateTime<Utc>) {
        self.saw_ms(Some((made_at - ended_at).num_milliseconds()));
    }

    /// Compares the clocks by gifts of earlier runs where nothing else has: the one whose answer came
    /// soonest after its first attempt tells most.
    pub fn saw_known(&mut self, known: &[KnownGift], credits: &[Credit]) {
        if self.is_measured() {
            return;
        }
        let measure = |gift: &KnownGift| {
            let (id, sent, issued) = (gift.gift_id?, gift.first_sent_at?, gift.issued_at?);
            let made = credits.iter().find(|credit| credit.id == id)?.created_at?;
            Some((issued - sent, made, issued))
        };
        let measures = known.iter().filter_map(measure);
        let prompt = measures.filter(|(took, ..)| (TimeDelta::zero()..PROMPT).contains(took));
        if let Some((_, made_at, issued_at)) = prompt.min() {
            self.saw_made(made_at, issued_at);
        }
    }

    /// The moment, by the server's clock, after which nothing was made that is seen at `now`.
    pub fn ceiling(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::milliseconds(self.lowest_ms.unwrap_or(0)) + TimeDelta::minutes(5)
    }

    /// The moment, by the server's clock, before which a gift cannot be ours that we first sent at
    /// `first_sent_at`. Clocks that were never compared are taken to agree.
    pub fn baseline(&self, first_sent_at: DateTime<Utc>) -> DateTime<Utc> {
        first_sent_at + TimeDelta::milliseconds(self.lowest_ms.unwrap_or(0)) - SLACK
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Expiry, GiftContent, GiftId, GiftKey, GiftState, Money};
    use crate::provider::SeenExpiry;

    #[test]
    fn the_lowest_of_all_that_was_seen_counts() {
        // Goal: a gift of ours is never taken for an older one. Method: clocks ahead and behind.
        let sent = DateTime::from_timestamp(1_900_000_000, 0).unwrap();
        let mut skew = Skew::default();
        assert_eq!(skew.baseline(sent), sent - SLACK);
        skew.saw_ms(Some(600_000));
        assert_eq!(skew.baseline(sent), sent + TimeDelta::minutes(10) - SLACK);
        skew.saw_ms(None);
        skew.saw_made(sent - TimeDelta::minutes(10), sent);
        assert_eq!(skew.baseline(sent), sent - TimeDelta::minutes(10) - SLACK);
    }

    /// A gift of an earlier run, issued `took` after its first attempt, and made `behind` before that by
    /// the server's clock.
    fn earlier(number: u128, took: TimeDelta, behind: TimeDelta) -> (KnownGift, Credit) {
        let id = GiftId(uuid::Uuid::from_u128(number));
        let sent = DateTime::from_timestamp(1_900_000_000, 0).unwrap();
        let content = GiftContent {
            wallet: "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap(),
            amount: Money::from_minor(500),
            expiry: Expiry::Never,
            description: "KUPON".into(),
        };
        let credit = Credit {
            id,
            amount: content.amount.to_decimal(),
            remaining: None,
            expiry: SeenExpiry::Exact(Expiry::Never),
            description: "KUPON".into(),
            created_at: Some(sent + took - behind),
            reference: None,
            is_used: false,
        };
        let known = KnownGift {
            row: 1,
            campaign: 1,
            key: GiftKey(id.0),
            content,
            state: GiftState::Issued,
            attempts: 1,
            gift_id: Some(id),
            issued_at: Some(sent + took),
            first_sent_at: Some(sent),
        };
        (known, credit)
    }

    #[test]
    fn of_earlier_gifts_the_promptest_tells_the_skew() {
        // Goal: an answer that was long under way says little of the clocks, and what was measured
        // itself says more. Method: a slow gift alone, a prompt one and a prompter one, a clock of ours
        // that went back meanwhile, and a skew that is known.
        let (second, minute) = (TimeDelta::seconds(1), TimeDelta::minutes(1));
        let slow = earlier(1, minute, minute * 9);
        let prompt = earlier(2, second * 2, minute * 5);
        let prompter = earlier(3, second, minute * 3);
        let backward = earlier(4, -second, minute * 7);
        let measured = |mut skew: Skew, gifts: &[&(KnownGift, Credit)]| {
            let (known, credits): (Vec<_>, Vec<_>) =
                gifts.iter().map(|pair| (*pair).clone()).unzip();
            skew.saw_known(&known, &credits);
            skew.lowest_ms
        };
        let unknown = Skew::default();
        assert_eq!(measured(unknown, &[&slow, &backward]), None);
        assert_eq!(measured(unknown, &[&slow, &prompt, &backward, &prompter]), Some(-180_000));
        assert_eq!(measured(Skew { lowest_ms: Some(7) }, &[&prompt]), Some(7));
    }
}
