//! Whether a wallet's `TotalGiftBalance` is what its gift list adds up to. Pure.
//!
//! The API page does not say whether what expired still counts, nor how much is left of a used gift that shows no
//! `RemainingAmount`. What hangs on that is not known, and is called so.
//!
//! **Invariant:** a balance breaks only where no reading of the list adds up to it, and only where the list was
//! read between two equal answers: a customer who pays meanwhile breaks nothing.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::words::{figure, instead, more};
use crate::domain::{Expiry, WalletId};
use crate::provider::{Balances, Credit, Reading, SeenExpiry, exact_sum};

/// How often balance and list may go apart by somebody who pays meanwhile; then nobody knows.
const MAX_ROUNDS: u32 = 4;

/// How far the server's clock may be off: what expires about now may count or not.
const ABOUT_NOW: TimeDelta = TimeDelta::minutes(2);

/// What a list adds up to: between these two, each of them in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Without what may not count.
    least: Decimal,
    /// With it.
    most: Decimal,
}

/// A wallet whose balance is to be held against its list.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) wallet: WalletId,
    /// What is asked for next.
    pub(super) wanted: Wanted,
    /// None where a decimal cannot hold it.
    listed: Option<Listed>,
    /// The balance that was told before the list was read again.
    told: Option<Decimal>,
    rounds: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Balance,
    List,
}

/// What became of a question.
#[derive(Debug)]
pub(super) enum Held {
    /// Nothing yet: ask for what is wanted.
    Again(Check),
    /// The balance is what the list adds up to.
    Fits,
    /// It is not: both, and by how much; and whether the wallet holds more than its list shows, which is not whole then.
    Breaks { words: String, is_more: bool },
    /// Nobody can tell.
    Unknown,
}

impl Listed {
    /// What a list adds up to at some moment.
    pub(super) fn of(credits: &[Credit], now: DateTime<Utc>) -> Option<Listed> {
        let mut listed = Listed { least: Decimal::ZERO, most: Decimal::ZERO };
        for credit in credits {
            let left = credit.remaining.unwrap_or(credit.amount);
            let is_told = credit.remaining.is_some() || !credit.is_used;
            listed.most = exact_sum([listed.most, left])?;
            if is_told && is_surely_valid(credit.expiry, now) {
                listed.least = exact_sum([listed.least, left])?;
            }
        }
        Some(listed)
    }

    fn hold(self, balance: Decimal) -> Held {
        let Listed { least, most } = self;
        match balance {
            _ if balance == least || balance == most => Held::Fits,
            _ if least < balance && balance < most => Held::Unknown,
            _ => {
                let is_more = balance > most;
                let nearest = if is_more { most } else { least };
                let words = if least == most {
                    instead(balance, least)
                } else {
                    let (from, to, by) = (figure(least), figure(most), more(balance, nearest));
                    format!("{} instead of {from} to {to}{by}", figure(balance))
                };
                Held::Breaks { words, is_more }
            }
        }
    }
}

/// Whether it can be spent for a while yet, in whatever zone a bare date is meant.
fn is_surely_valid(expiry: SeenExpiry, now: DateTime<Utc>) -> bool {
    match expiry {
        SeenExpiry::Exact(Expiry::Never) => true,
        SeenExpiry::Exact(Expiry::At(at)) => at > now + ABOUT_NOW,
        // Zones reach to UTC+14, where the day begins first.
        SeenExpiry::Day(day) => day.and_time(NaiveTime::MIN).and_utc() - TimeDelta::hours(14) > now,
    }
}

impl Check {
    /// A check of a wallet whose list was just read.
    pub(super) fn of(wallet: WalletId, credits: &[Credit], now: DateTime<Utc>) -> Check {
        let (listed, wanted) = (Listed::of(credits, now), Wanted::Balance);
        Check { wallet, wanted, listed, told: None, rounds: 0 }
    }

    /// The list was read again.
    pub(super) fn listed(mut self, credits: &[Credit], now: DateTime<Utc>) -> Held {
        (self.listed, self.wanted) = (Listed::of(credits, now), Wanted::Balance);
        Held::Again(self)
    }

    /// The balance was told; `hides_used`: the provider's lists leave out used gifts, which may still hold money.
    pub(super) fn balanced(mut self, reading: &Reading<Balances>, hides_used: bool) -> Held {
        let balance = match reading {
            Reading::Found(balances) => balances.gifts,
            Reading::Absent
            | Reading::Refused { .. }
            | Reading::Obstructed(_)
            | Reading::Unreadable { .. } => return Held::Unknown,
        };
        let Some(listed) = self.listed else {
            return Held::Unknown;
        };
        match listed.hold(balance) {
            Held::Breaks { is_more: true, .. } if hides_used => Held::Unknown,
            Held::Breaks { .. } if self.told != Some(balance) => {
                self.rounds += 1;
                if self.rounds >= MAX_ROUNDS {
                    return Held::Unknown;
                }
                (self.told, self.wanted) = (Some(balance), Wanted::List);
                Held::Again(self)
            }
            held => held,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::GiftId;
    use crate::provider::Trouble;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000, 0).unwrap()
    }

    fn credit(amount: Decimal, remaining: Option<Decimal>, expiry: SeenExpiry) -> Credit {
        Credit {
            id: GiftId(Uuid::from_u128(7)),
            amount,
            remaining,
            expiry,
            description: String::new(),
            created_at: None,
            reference: None,
            is_used: remaining.is_some_and(|left| left < amount),
            says_use: true,
        }
    }

    fn never(amount: Decimal) -> Credit {
        credit(amount, Some(amount), SeenExpiry::Exact(Expiry::Never))
    }

    fn word(held: &Held) -> String {
        match held {
            Held::Again(_) => "again".into(),
            Held::Fits => "fits".into(),
            Held::Breaks { words, .. } => words.clone(),
            Held::Unknown => "unknown".into(),
        }
    }

    #[test]
    fn what_is_left_is_what_counts() {
        // Goal: only what no reading of the list explains is a break. Method: lists with used, expired, silent
        // and dateless gifts, each with the balances around its bounds.
        let at = |minutes: i64| SeenExpiry::Exact(Expiry::at(now() + TimeDelta::minutes(minutes)));
        let used = |left: Decimal| Credit { is_used: true, ..credit(dec("5"), Some(left), at(60)) };
        let day = SeenExpiry::Day(now().date_naive());
        let hold = |credits: &[Credit], balance: Decimal| {
            word(&Listed::of(credits, now()).unwrap().hold(balance))
        };
        let plain = [never(dec("5")), used(dec("1.25")), used(dec("0"))];
        for (credits, balance, expected) in [
            (&plain[..], dec("6.250"), "fits"),
            (&plain, dec("6.24"), "6.24 instead of 6.25 (0.01 less)"),
            (&plain, dec("11.25"), "11.25 instead of 6.25 (5.00 more)"),
            (&[], dec("0"), "fits"),
            (&[], dec("3"), "3.00 instead of 0.00 (3.00 more)"),
            // Expired ones may count or not, but not by halves.
            (&[never(dec("5")), credit(dec("2"), Some(dec("2")), at(-9))], dec("5"), "fits"),
            (&[never(dec("5")), credit(dec("2"), Some(dec("2")), at(-9))], dec("7"), "fits"),
            (&[never(dec("5")), credit(dec("2"), Some(dec("2")), at(1))], dec("6"), "unknown"),
            (
                &[never(dec("5")), credit(dec("2"), None, day)],
                dec("8"),
                "8.00 instead of 5.00 to 7.00 (1.00 more)",
            ),
            (
                &[never(dec("5")), credit(dec("2"), None, day)],
                dec("4"),
                "4.00 instead of 5.00 to 7.00 (1.00 less)",
            ),
            // Whole, though the list does not say how much is left.
            (&[credit(dec("2"), None, at(60))], dec("1"), "1.00 instead of 2.00 (1.00 less)"),
            (&[Credit { is_used: true, ..credit(dec("2"), None, at(60)) }], dec("1"), "unknown"),
        ] {
            assert_eq!(hold(credits, balance), expected, "{credits:?}");
        }
    }

    fn told(gifts: Decimal) -> Reading<Balances> {
        let none = Decimal::ZERO;
        Reading::Found(Balances {
            wallet: none,
            gifts,
            blocked: none,
            total: gifts,
            available: gifts,
        })
    }

    fn check(credits: &[Credit]) -> Check {
        let wallet = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap();
        Check::of(wallet, credits, now())
    }

    fn again(held: Held) -> Check {
        match held {
            Held::Again(check) => check,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_customer_who_pays_meanwhile_breaks_nothing() {
        // Goal: a break is one of two equal answers around one list. Method: a balance that stays wrong, one that
        // the list catches up with, and one that never stands still.
        let five = [never(dec("5"))];
        let first = again(check(&five).balanced(&told(dec("9")), false));
        assert_eq!(first.wanted, Wanted::List);
        let second = again(first.listed(&five, now()));
        assert_eq!(second.wanted, Wanted::Balance);
        let broken = second.balanced(&told(dec("9.0")), false);
        assert_eq!(word(&broken), "9.00 instead of 5.00 (4.00 more)");
        let paid = again(check(&five).balanced(&told(dec("3")), false));
        let list = [Credit { remaining: Some(dec("3")), ..never(dec("5")) }];
        let caught_up = again(paid.listed(&list, now())).balanced(&told(dec("3")), false);
        assert_eq!(word(&caught_up), "fits");
        let mut restless = check(&five);
        for balance in 1..i64::from(MAX_ROUNDS) {
            let paid = again(restless.balanced(&told(balance.into()), false));
            restless = again(paid.listed(&five, now()));
        }
        assert_eq!(word(&restless.balanced(&told(dec("4")), false)), "unknown");
    }

    #[test]
    fn what_nobody_can_tell_is_unknown() {
        // Goal: no alarm and no all-clear out of ignorance. Method: lists that leave out used gifts, no wallet, a
        // refusal, an answer that tells nothing.
        let five = [never(dec("5"))];
        assert_eq!(word(&check(&five).balanced(&told(dec("6")), true)), "unknown");
        assert_eq!(word(&check(&five).balanced(&told(dec("4")), true)), "again");
        assert_eq!(word(&check(&five).balanced(&Reading::Absent, false)), "unknown");
        let no = Reading::Refused { status: 404, message: "no".into() };
        assert_eq!(word(&check(&five).balanced(&no, false)), "unknown");
        let broken = Reading::Unreadable { why: "cut".into(), trouble: Trouble::Cut };
        assert_eq!(word(&check(&five).balanced(&broken, false)), "unknown");
        let gone = again(check(&five).balanced(&told(dec("0")), false));
        let gone = again(gone.listed(&[], now()));
        assert_eq!(word(&gone.balanced(&told(dec("0")), false)), "fits");
    }
}
