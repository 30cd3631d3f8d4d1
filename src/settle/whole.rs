//! Whether a wallet's list is whole: every entry was read, and what is left of its gifts is what the wallet's
//! balance says. Only such a list can show that something is not there.
//!
//! It stands apart because every proof of absence rests on it: a doubt's, a restored ledger's, a deleted gift's.
//! A list may be cut at so many entries, come from a cache, or be a 404 that passes; a balance that was asked
//! for after it tells.
//!
//! **Invariant:** a balance that could be meant in two ways proves nothing.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::Skew;
use super::look::Look;
use crate::domain::Expiry;
use crate::ledger::Lists;
use crate::provider::{Credit, SeenExpiry, exact_sum};

/// What a wallet's gifts add up to by its balances (`TotalGiftBalance`), asked for after its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GiftBalance {
    /// It was not asked for, or no answer came.
    Unknown,
    /// The API tells none for this wallet.
    Untold,
    /// This much.
    Told(Decimal),
}

/// What expires about now may count or not: a balance may be as late as a list, and clocks are compared in passing.
const ABOUT_NOW: TimeDelta = TimeDelta::minutes(2);

/// What is left of a list's gifts, added up in the two ways in which a balance may mean it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sums {
    /// Of those that can be spent. The API page calls expired gifts inactive, and counts them in no balance.
    pub valid: Decimal,
    /// Of those and of what expired unspent.
    pub all: Decimal,
    /// What expires about now, and may count or not for a moment yet.
    pub about_now: Decimal,
    /// What may count or not: it was used and does not say how much is left.
    pub untold: Decimal,
}

impl Sums {
    /// Adds up a list of some moment by the server's clock, which lies between two; none where a decimal cannot hold it.
    pub fn of(credits: &[Credit], now: (DateTime<Utc>, DateTime<Utc>)) -> Option<Sums> {
        let none = Decimal::ZERO;
        let mut sums = Sums { valid: none, all: none, about_now: none, untold: none };
        for credit in credits {
            let left = credit.remaining.unwrap_or(credit.amount);
            let is_told = credit.remaining.is_some() || !credit.is_used;
            let sum = match has_expired(credit.expiry, now) {
                _ if !is_told => &mut sums.untold,
                None => &mut sums.about_now,
                Some(true) => &mut sums.all,
                Some(false) => &mut sums.valid,
            };
            *sum = exact_sum([*sum, left])?;
        }
        sums.all = exact_sum([sums.all, sums.valid])?;
        Some(sums)
    }
}

/// Whether an expiry has passed, in whatever zone a bare date is meant; none where it passes about now.
fn has_expired(
    expiry: SeenExpiry,
    (earliest, latest): (DateTime<Utc>, DateTime<Utc>),
) -> Option<bool> {
    let (first, last) = match expiry {
        SeenExpiry::Exact(Expiry::Never) => return Some(false),
        SeenExpiry::Exact(Expiry::At(at)) => (at, at),
        SeenExpiry::Day(day) => {
            // Zones reach from UTC+14, where the day begins first, to UTC-12, where it ends last.
            let start = day.and_time(NaiveTime::MIN).and_utc();
            let hours = |hours| TimeDelta::hours(hours);
            (start.checked_sub_signed(hours(14))?, start.checked_add_signed(hours(36))?)
        }
    };
    if first > latest + ABOUT_NOW {
        return Some(false);
    }
    (last < earliest - ABOUT_NOW).then_some(true)
}

impl Look {
    /// Passes where the list is whole; else says why it is not known to be.
    ///
    /// `lists` is what was learned of this provider's lists and balances, and `skew` of its clock.
    pub fn whole(&self, lists: Lists, skew: Skew) -> Result<(), String> {
        if !self.unreadable.is_empty() {
            return Err(format!(
                "its list has entries that cannot be read ({})",
                self.unreadable.join("; ")
            ));
        }
        let balance = match self.gift_balance {
            GiftBalance::Told(balance) => balance,
            GiftBalance::Unknown | GiftBalance::Untold => {
                return Err("its balance is not told".to_owned());
            }
        };
        let Some(sums) = self.sums(skew) else {
            return Err("its list adds up to more than can be counted".to_owned());
        };
        let Sums { valid, all, about_now, untold } = sums;
        if !about_now.is_zero() {
            return Err(format!("{about_now} of its list expires about now"));
        }
        if !untold.is_zero() {
            return Err(format!(
                "{untold} of its list is used, and how much of it is left is not told"
            ));
        }
        let counts_expired = lists.balance_counts_expired();
        match balance {
            _ if balance == valid && balance == all => Ok(()),
            _ if balance == valid && counts_expired != Some(true) => Ok(()),
            _ if balance == all && counts_expired == Some(true) => Ok(()),
            _ if balance == valid || balance == all => Err(format!(
                "its balance is {balance}, and its list adds up to {valid}, or {all} with what has expired: \
                 which of them this provider means is not known"
            )),
            _ if valid == all => {
                Err(format!("its balance is {balance}, and its list adds up to {valid}"))
            }
            _ => Err(format!(
                "its balance is {balance}, and its list adds up to {valid}, or {all} with what has expired"
            )),
        }
    }

    /// Why a gift that expires so may be there though the list adds up: what has expired is in no balance, and may be behind
    /// the end of such a list.
    pub(super) fn uncounted(&self, expiry: Expiry, lists: Lists, skew: Skew) -> Option<String> {
        let expired = has_expired(SeenExpiry::Exact(expiry), skew.at_server(self.as_of));
        let is_counted = expired == Some(false) || lists.balance_counts_expired() == Some(true);
        (!is_counted).then(|| {
            "it may be there: it has expired, and its balance counts nothing that has".to_owned()
        })
    }

    /// What its entries add up to: whether one has expired is for the server's clock to say.
    fn sums(&self, skew: Skew) -> Option<Sums> {
        Sums::of(&self.credits, skew.at_server(self.as_of))
    }

    /// Whether something of it expires about now: a later look tells more.
    pub(super) fn is_about_to_expire(&self, skew: Skew) -> bool {
        self.sums(skew).is_some_and(|sums| !sums.about_now.is_zero())
    }

    /// What this look teaches of balances and of lists; `is_known`: every entry of the list is a gift that we know,
    /// and none of those that should be there is lacking.
    pub(super) fn teaches(&self, is_known: bool, skew: Skew) -> Lists {
        let mut taught = Lists::default();
        let (GiftBalance::Told(balance), Some(sums)) = (self.gift_balance, self.sums(skew)) else {
            return taught;
        };
        if !sums.about_now.is_zero() || !sums.untold.is_zero() || !self.unreadable.is_empty() {
            return taught;
        }
        if is_known && sums.valid != sums.all {
            taught.balance_without_expired = balance == sums.valid;
            taught.balance_with_expired = balance == sums.all;
        }
        if balance == sums.valid || balance == sums.all {
            taught.whole = true;
            taught.show_spent = self
                .credits
                .iter()
                .any(|credit| credit.remaining.is_some_and(|left| left.is_zero()));
        }
        taught
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::GiftId;

    fn at(s: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000 + s, 0).unwrap()
    }

    #[test]
    fn what_has_expired_is_for_the_servers_clock_to_say() {
        // Goal: a list is whole by the clock of who adds up its balance. Method: a gift that expires in an hour, beside
        // the balance with it and without, by a server whose clock agrees and by ones that are two hours off.
        let credit = Credit {
            id: GiftId(uuid::Uuid::from_u128(7)),
            amount: Decimal::new(5, 0),
            remaining: None,
            expiry: SeenExpiry::Exact(Expiry::at(at(3_600))),
            description: "KUPON".into(),
            created_at: Some(at(-9)),
            reference: None,
            is_used: false,
            says_use: true,
        };
        let is_whole = |skew_s: i64, balance: i64| {
            let mut skew = Skew::default();
            skew.saw_ms(Some(skew_s * 1_000));
            let gift_balance = GiftBalance::Told(Decimal::new(balance, 0));
            let look = Look { gift_balance, ..Look::new(at(0), at(0), vec![credit.clone()]) };
            look.whole(Lists::default(), skew).is_ok()
        };
        assert_eq!([is_whole(0, 5), is_whole(0, 0)], [true, false]);
        assert_eq!([is_whole(-7_200, 5), is_whole(-7_200, 0)], [true, false]);
        assert_eq!([is_whole(7_200, 5), is_whole(7_200, 0)], [false, true]);
        // About now it may count or not.
        assert_eq!([is_whole(3_599, 5), is_whole(3_599, 0)], [false, false]);
    }
}
