//! How far the provider's clock is from ours, and when a gift of ours can have been made by it.
//!
//! Two clocks are heard: that of `Date`, which may be a proxy's, and that of `CreatedAt`, by which gifts are told
//! apart. The second counts as soon as enough creates were answered. Of each the last answers are kept, and their
//! median is its figure: each is a lower bound of the skew, so the median is one too, and half of them may be odd.
//!
//! **Invariant:** both sides are bounded. Too low lets a stranger's gift of last year pass for ours, too high
//! overlooks our own, and gives it again. Where clocks jump or contradict each other, [`Skew::is_steady`] says so,
//! and nobody may go by them.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::GiftId;
use crate::ledger::KnownGift;
use crate::provider::Credit;

/// `Date` has whole seconds, and a request takes time: what a measurement may be off.
const SLACK: TimeDelta = TimeDelta::seconds(2);

/// How long after a moment a gift may have been made that was seen then: every measurement is a lower bound.
const LATE: TimeDelta = TimeDelta::minutes(5);

/// A gift that was given within this time of its first attempt tells the clocks apart well enough.
const PROMPT: TimeDelta = TimeDelta::minutes(1);

/// So many answers of each clock are kept.
const KEPT: usize = 32;

/// So many tell more than chance.
const ENOUGH: usize = 3;

/// Answers that are further apart do not agree: one of them is odd, or the clock was set.
const APART_MS: u64 = 2 * 60 * 1_000;

/// What a create says of the time says nothing where it is a day from ours and from the same server's `Date`.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Clocks that are further apart are not compared.
const MOST_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// The provider's clock less ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skew {
    dates: Measured,
    made: Measured,
    /// Creates in a row whose `CreatedAt` said nothing.
    odd_in_a_row: usize,
}

/// What the last answers told of one clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Measured {
    last: [i64; KEPT],
    count: usize,
    /// Their median.
    figure: i64,
    /// The least and the most that agreed with it.
    low: i64,
    high: i64,
    /// Whether most agree with it.
    is_agreed: bool,
    /// The last so many do not.
    strays: usize,
    /// The last figure on which enough agreed.
    agreed: Option<i64>,
    /// They agreed on another before.
    has_jumped: bool,
}

impl Skew {
    /// Whether the two clocks were ever compared.
    pub fn is_measured(&self) -> bool {
        self.clock().is_some()
    }

    /// Whether the clocks can be gone by: their answers agree, and they were not set during this run. Where they were
    /// never compared, nothing speaks against them.
    pub fn is_steady(&self) -> bool {
        // Odd ones are outvoted, or nobody knows what this provider means by `CreatedAt`.
        let is_outvoted = self.odd_in_a_row < ENOUGH && self.odd_in_a_row <= self.made.count;
        is_outvoted && self.clock().is_none_or(Measured::is_steady)
    }

    /// Whether some gift of ours has shown what this provider means by `CreatedAt`: else what seems to be of last year may
    /// be of now.
    pub fn knows_gifts(&self) -> bool {
        self.made.count > 0
    }

    /// The clock of `Date` showed this much more than ours.
    pub fn saw_ms(&mut self, skew_ms: Option<i64>) {
        if let Some(skew_ms) = skew_ms {
            self.dates.saw(skew_ms);
        }
    }

    /// The server says that it made a gift at `made_at`; its answer was whole at `ended_at`.
    pub fn saw_made(&mut self, made_at: DateTime<Utc>, ended_at: DateTime<Utc>) {
        let skew_ms = (made_at - ended_at).num_milliseconds();
        let is_near_date = self.dates.count > 0 && skew_ms.abs_diff(self.dates.figure) <= DAY_MS;
        if skew_ms.unsigned_abs() <= DAY_MS || is_near_date {
            self.odd_in_a_row = 0;
            self.made.saw(skew_ms);
        } else {
            self.odd_in_a_row += 1;
        }
    }

    /// Compares the clocks by gifts of earlier runs where few creates have told: the one whose answer came soonest
    /// after its first attempt tells most.
    pub fn saw_known(&mut self, known: &[KnownGift], credits: &[Credit]) {
        if self.made.count >= ENOUGH {
            return;
        }
        let made_at = |credit: &Credit| Some((credit.id, credit.created_at?));
        let made: HashMap<GiftId, DateTime<Utc>> = credits.iter().filter_map(made_at).collect();
        let measure = |gift: &KnownGift| {
            let (sent, issued) = (gift.first_sent_at?, gift.issued_at?);
            Some((issued - sent, *made.get(&gift.gift_id?)?, issued))
        };
        let measures = known.iter().filter_map(measure);
        let prompt = measures.filter(|(took, ..)| (TimeDelta::zero()..PROMPT).contains(took));
        if let Some((_, made_at, issued_at)) = prompt.min() {
            self.saw_made(made_at, issued_at);
        }
    }

    /// The later of both clocks' times, when ours shows `now`: what has expired by then has expired. `Date` tells it,
    /// where it is ahead by no more than this.
    pub fn latest(&self, now: DateTime<Utc>, most: TimeDelta) -> DateTime<Utc> {
        let is_told = self.dates.count > 0 && self.dates.is_agreed;
        let near = 0..=most.num_milliseconds();
        let is_near = is_told && near.contains(&self.dates.figure);
        now + TimeDelta::milliseconds(if is_near { self.dates.figure } else { 0 })
    }

    /// The moment, by the server's clock, before which a gift cannot be ours that we first sent at
    /// `first_sent_at`. Clocks that were never compared are taken to agree.
    pub fn baseline(&self, first_sent_at: DateTime<Utc>) -> DateTime<Utc> {
        shifted(first_sent_at, self.clock().map_or(0, Measured::low), -SLACK)
    }

    /// The moment, by the server's clock, after which nothing was made that is seen at `now`.
    pub fn ceiling(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        shifted(now, self.clock().map_or(0, Measured::high), LATE)
    }

    /// An instant of ours by the server's clock: the earliest and the latest that it may be.
    pub fn at_server(&self, instant: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        let (low, high) = self.clock().map_or((0, 0), |clock| (clock.low(), clock.high()));
        (shifted(instant, low, TimeDelta::zero()), shifted(instant, high, TimeDelta::zero()))
    }

    /// The clock that counts.
    fn clock(&self) -> Option<&Measured> {
        let order = match self.made.count >= ENOUGH {
            true => [&self.made, &self.dates],
            false => [&self.dates, &self.made],
        };
        order.into_iter().find(|clock| clock.count > 0)
    }
}

impl Measured {
    fn saw(&mut self, skew_ms: i64) {
        self.last[self.count % KEPT] = skew_ms;
        self.count += 1;
        let mut sorted = self.last;
        let sorted = &mut sorted[..self.count.min(KEPT)];
        sorted.sort_unstable();
        let figure = sorted[(sorted.len() - 1) / 2];
        let agrees = |other: &i64| other.abs_diff(figure) <= APART_MS;
        // What was agreed on before counts on, since a doubt may be as old.
        let (mut low, mut high) = self.agreed.map_or((figure, figure), |_| (self.low, self.high));
        let mut agreeing = 0;
        for one in sorted.iter().copied().filter(agrees) {
            agreeing += 1;
            (low, high) = (low.min(one), high.max(one));
        }
        self.strays = if agrees(&skew_ms) { 0 } else { self.strays + 1 };
        self.is_agreed = agreeing * 2 > sorted.len();
        if self.is_agreed && agreeing >= ENOUGH {
            self.has_jumped |= self.agreed.is_some_and(|before| !agrees(&before));
            self.agreed = Some(figure);
        }
        (self.figure, self.low, self.high) = (figure, low, high);
    }

    fn is_steady(&self) -> bool {
        let is_near = self.figure.unsigned_abs() <= MOST_MS.unsigned_abs();
        is_near && self.is_agreed && self.strays < ENOUGH && !self.has_jumped
    }

    /// The least that the skew may be: what an early odd answer said is not held for ever.
    fn low(&self) -> i64 {
        self.low.max(self.figure.saturating_sub_unsigned(APART_MS))
    }

    fn high(&self) -> i64 {
        self.high.min(self.figure.saturating_add_unsigned(APART_MS))
    }
}

/// An instant of ours by the server's clock, and somewhat before or after it.
fn shifted(instant: DateTime<Utc>, skew_ms: i64, by: TimeDelta) -> DateTime<Utc> {
    let by = TimeDelta::milliseconds(skew_ms.clamp(-MOST_MS, MOST_MS)) + by;
    let end =
        if by < TimeDelta::zero() { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
    instant.checked_add_signed(by).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Expiry, GiftContent, GiftKey, GiftState, Money};
    use crate::provider::SeenExpiry;
    use proptest::prelude::*;

    fn sent() -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000, 0).unwrap()
    }

    /// A skew after answers whose `Date` showed this much more than our clock.
    fn after(dates_ms: impl IntoIterator<Item = i64>) -> Skew {
        let mut skew = Skew::default();
        dates_ms.into_iter().for_each(|ms| skew.saw_ms(Some(ms)));
        skew
    }

    const HOUR: i64 = 3_600_000;

    const YEAR: i64 = 365 * 24 * HOUR;

    #[test]
    fn a_gift_of_ours_lies_between_the_bounds() {
        // Goal: both sides are bounded about what was measured. Method: clocks that were never compared, and clocks
        // ahead and behind.
        let (first, now) = (sent(), sent() + TimeDelta::minutes(1));
        for skew_ms in [None, Some(0), Some(600_000), Some(-48 * HOUR)] {
            let skew = after(skew_ms);
            let by = TimeDelta::milliseconds(skew_ms.unwrap_or(0));
            assert_eq!(skew.baseline(first), first + by - SLACK);
            assert_eq!(skew.ceiling(now), now + by + LATE);
            assert_eq!((skew.is_measured(), skew.is_steady()), (skew_ms.is_some(), true));
        }
        let mut skew = after([7]);
        skew.saw_ms(None);
        assert_eq!(skew, after([7]));
    }

    #[test]
    fn an_odd_answer_moves_nothing() {
        // Goal: one time stamp poisons no run. Method: among answers that agree, one of another year and one a day off,
        // of either clock, at every place.
        for odd in [-56 * YEAR, 24 * HOUR, -24 * HOUR, 974 * YEAR] {
            for place in 0..10 {
                let skew = after((0..10).map(|at| if at == place { odd } else { 500 }));
                assert_eq!(skew.baseline(sent()), sent() + TimeDelta::milliseconds(500) - SLACK);
                assert_eq!(skew.ceiling(sent()), sent() + TimeDelta::milliseconds(500) + LATE);
                assert!(skew.is_steady(), "{odd} at {place}");
                let mut skew = after([500]);
                for at in 0..10 {
                    let ms = if at == place { odd } else { 300 };
                    skew.saw_made(sent() + TimeDelta::milliseconds(ms), sent());
                }
                assert_eq!(skew.baseline(sent()), sent() + TimeDelta::milliseconds(300) - SLACK);
                assert!(skew.is_steady(), "{odd} at {place}");
            }
        }
    }

    #[test]
    fn slow_answers_make_the_bounds_no_wider_than_minutes() {
        // Goal: a match by content is never older than the first attempt by more than minutes. Method: quick answers and
        // ones that took from a second to an hour.
        for took in [1_000, 30_000, 110_000, HOUR] {
            let skew = after([-100, -took, -200, -took, -300]);
            let slack = sent() - skew.baseline(sent());
            assert!(slack >= SLACK && slack <= SLACK + TimeDelta::minutes(3), "{took}: {slack}");
        }
    }

    #[test]
    fn a_clock_that_is_set_is_gone_by_no_more() {
        // Goal: a jump holds rather than finds. Method: an hour either way after few answers and after many: as soon as
        // three in a row say so, and when it has become what most say.
        for jump in [-HOUR, HOUR] {
            for before in [3, 10, 40] {
                let mut skew = after((0..before).map(|_| 0));
                skew.saw_ms(Some(jump));
                assert!(before > 3 || skew.is_steady(), "one alone is odd");
                skew.saw_ms(Some(jump));
                skew.saw_ms(Some(jump));
                assert!(!skew.is_steady(), "{jump} after {before}");
                (0..50).for_each(|_| skew.saw_ms(Some(jump)));
                assert!(!skew.is_steady(), "what was sent before it may be anywhere");
                assert_eq!(skew.clock().unwrap().figure, jump);
            }
        }
        // Less than minutes is no jump, and the bounds cover both.
        let skew = after((0..80).map(|at| if at < 40 { 0 } else { 60_000 }));
        assert!(skew.is_steady());
        assert_eq!(skew.baseline(sent()), sent() - SLACK);
        let skew = after((0..80).map(|at| if at < 40 { 0 } else { -60_000 }));
        assert_eq!(skew.baseline(sent()), sent() - TimeDelta::minutes(1) - SLACK);
        assert_eq!(skew.ceiling(sent()), sent() + LATE);
    }

    #[test]
    fn clocks_that_contradict_each_other_are_gone_by_no_more() {
        // Goal: nobody goes by a time that may be anything. Method: two answers that differ; half and half; a clock that
        // nobody compares; creates of another year alone.
        assert!(!after([0, HOUR]).is_steady());
        assert!(!after((0..20).map(|at| at % 2 * HOUR)).is_steady());
        assert!(!after([YEAR, YEAR, YEAR]).is_steady());
        let mut skew = after([0]);
        skew.saw_made(sent() - TimeDelta::days(400), sent());
        assert!(!skew.is_steady(), "nothing else was ever told");
        (0..2).for_each(|_| skew.saw_made(sent(), sent()));
        for count in 1..=3 {
            skew.saw_made(sent() - TimeDelta::days(400), sent());
            assert_eq!(skew.is_steady(), count < 3);
        }
        skew.saw_made(sent(), sent());
        assert!(skew.is_steady());
    }

    #[test]
    fn the_clock_of_the_gifts_counts_once_it_is_known() {
        // Goal: a proxy's `Date` does not date gifts. Method: three hours between the two, with few creates and with
        // enough; a server two days off, whose creates say so too.
        let mut skew = after([0, 0, 0, 0]);
        for count in 1..=5 {
            skew.saw_made(sent() + TimeDelta::hours(3), sent());
            let expected = if count < 3 { 0 } else { 3 };
            assert_eq!(skew.baseline(sent()), sent() + TimeDelta::hours(expected) - SLACK);
            assert!(skew.is_steady());
        }
        let mut skew = after([48 * HOUR]);
        (0..3).for_each(|_| skew.saw_made(sent() + TimeDelta::hours(49), sent()));
        assert_eq!(skew.baseline(sent()), sent() + TimeDelta::hours(49) - SLACK);
    }

    proptest! {
        #[test]
        fn nothing_that_is_measured_panics(
            dates in proptest::collection::vec(any::<i64>(), 0..50),
            made in proptest::collection::vec(-60_000_000_000_000..250_000_000_000_000_i64, 0..50),
        ) {
            // Goal: no answer panics. Method: any numbers, at the ends of the calendar as well.
            let mut skew = after(dates);
            for ms in made {
                let made_at = DateTime::from_timestamp_millis(ms).unwrap();
                skew.saw_made(made_at, sent());
            }
            for instant in [DateTime::<Utc>::MIN_UTC, sent(), DateTime::<Utc>::MAX_UTC] {
                prop_assert!(skew.baseline(instant) <= skew.ceiling(instant));
            }
        }

        #[test]
        fn ours_is_never_overlooked(
            skew_ms in -48 * HOUR..48 * HOUR,
            took in proptest::collection::vec(0..60_000_i64, 1..60),
            odd in proptest::collection::vec((0..60_usize, any::<i64>()), 0..20),
        ) {
            // Goal: whatever a few odd answers say, our gift lies within the bounds, and the bounds are minutes wide.
            // Method: a skew, answers that took up to a minute, and odd ones among them, fewer than the good ones.
            let mut good = took.into_iter().map(|took| skew_ms - took - 999).collect::<Vec<_>>();
            let most = good.len().saturating_sub(1).min(15);
            for (place, ms) in odd.into_iter().take(most) {
                good.insert(place.min(good.len()), ms);
            }
            let skew = after(good.iter().copied());
            let true_skew = TimeDelta::milliseconds(skew_ms);
            let made_at = sent() + true_skew;
            if skew.is_steady() {
                prop_assert!(skew.baseline(sent()) <= made_at);
                prop_assert!(skew.ceiling(sent()) >= made_at);
                prop_assert!(made_at - skew.baseline(sent()) <= TimeDelta::minutes(6));
            }
        }
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
            says_use: true,
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
            skew.clock().map(|clock| clock.figure)
        };
        let unknown = Skew::default();
        assert_eq!(measured(unknown, &[&slow, &backward]), None);
        assert_eq!(measured(unknown, &[&slow, &prompt, &backward, &prompter]), Some(-180_000));
        assert_eq!(measured(after([7]), &[&prompt]), Some(7));
    }
}
