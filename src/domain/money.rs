//! Exact money: integer minor units inside, plain decimal digits outside.
//!
//! It stands apart because every stage adds, compares or prints amounts, and none may round.
//!
//! **Invariant:** no float, ever. Text and decimals become minor units in this file only, and what
//! does not fit exactly is an error.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use rust_decimal::Decimal;

/// Digits after the point in the currencies we give (ISO 4217: TRY, EUR, USD have two).
const MINOR_DIGITS: u32 = 2;

/// An amount of money in minor units (kuruş, cent): `100010` is `1000.10`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

/// Why digits are not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Something else than digits, or one point with digits on both sides.
    #[error("not a plain decimal number")]
    NotPlain,
    /// A third decimal that is not zero: there is no smaller coin.
    #[error("more than two decimals")]
    TooFine,
    /// Beyond what minor units in 64 bits can hold.
    #[error("too large")]
    TooLarge,
}

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// An amount from minor units.
    pub const fn from_minor(minor: i64) -> Money {
        Money(minor)
    }

    /// The amount in minor units.
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// The exact amount of a decimal; never rounds.
    pub fn from_decimal(value: Decimal) -> Result<Money, MoneyError> {
        let plain = value.normalize();
        let missing = MINOR_DIGITS.checked_sub(plain.scale()).ok_or(MoneyError::TooFine)?;
        plain
            .mantissa()
            .checked_mul(10_i128.pow(missing))
            .and_then(|minor| i64::try_from(minor).ok())
            .map(Money)
            .ok_or(MoneyError::TooLarge)
    }

    /// The same amount as a decimal with two places.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, MINOR_DIGITS)
    }

    /// The sum, or nothing where it does not fit.
    pub fn checked_add(self, other: Money) -> Option<Money> {
        self.0.checked_add(other.0).map(Money)
    }
}

/// Reads plain digits with at most two decimals after a point: `100`, `75.5`, `1000.10`.
///
/// Deliberately narrower than `Decimal::from_str`, which takes `1_000.5`, `.5` and `+1` and rounds
/// what is too long.
impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Money, MoneyError> {
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(MoneyError::NotPlain),
            Some(parts) => parts,
            None => (text, ""),
        };
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(MoneyError::NotPlain);
        }
        let significant = fraction.trim_end_matches('0');
        if significant.len() > MINOR_DIGITS as usize {
            return Err(MoneyError::TooFine);
        }
        // Digits alone are left, so that the only error of `parse` is a number that does not fit.
        format!("{whole}{significant:0<2}").parse().map(Money).map_err(|_| MoneyError::TooLarge)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let minor = self.0.unsigned_abs();
        out.pad(&format!("{sign}{}.{:02}", minor / 100, minor % 100))
    }
}

impl Add for Money {
    type Output = Money;

    /// A sum that does not fit is the last that does: no file and no ledger is taken that adds up to more.
    fn add(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        *self = *self + other;
    }
}

impl Sub for Money {
    type Output = Money;

    fn sub(self, other: Money) -> Money {
        Money(self.0.saturating_sub(other.0))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        amounts.fold(Money::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_becomes_exact_minor_units() {
        // Goal: digits keep their value. Method: texts with their minor units, by hand.
        for (text, minor) in [
            ("1000.10", 100_010),
            ("1000", 100_000),
            ("0.01", 1),
            ("75.5", 7_550),
            ("1.500", 150),
            ("007", 700),
        ] {
            assert_eq!(text.parse(), Ok(Money(minor)), "{text}");
        }
    }

    #[test]
    fn what_is_not_plain_is_no_amount() {
        // Goal: nothing is guessed or rounded. Method: each text with its error.
        for text in ["", ".5", "5.", "+1", "-1", "1e3", "1_000", "1,5", " 1", "1.2.3", "١"] {
            assert_eq!(text.parse::<Money>(), Err(MoneyError::NotPlain), "{text:?}");
        }
        assert_eq!("0.001".parse::<Money>(), Err(MoneyError::TooFine));
        assert_eq!("92233720368547758.08".parse::<Money>(), Err(MoneyError::TooLarge));
        assert_eq!("92233720368547758.07".parse(), Ok(Money(i64::MAX)));
    }

    #[test]
    fn decimals_convert_exactly_or_not_at_all() {
        // Goal: the one conversion neither rounds nor overflows. Method: edges by hand.
        let from = |text: &str| Money::from_decimal(Decimal::from_str_exact(text).unwrap());
        assert_eq!(from("1000.1000"), Ok(Money(100_010)));
        assert_eq!(from("-3.5"), Ok(Money(-350)));
        assert_eq!(from("12.701"), Err(MoneyError::TooFine));
        assert_eq!(from("92233720368547758.08"), Err(MoneyError::TooLarge));
        assert_eq!(from("79228162514264337593543950335"), Err(MoneyError::TooLarge));
    }

    #[test]
    fn sums_stay_at_the_ends_of_what_can_be_counted() {
        // Goal: no sum panics, and none wraps round. Method: the largest and the least, more and less.
        let (most, least, one) = (Money(i64::MAX), Money(i64::MIN), Money(1));
        assert_eq!((most + one, least + Money(-1)), (most, least));
        assert_eq!((least - one, most - least), (least, most));
        assert_eq!(Money::ZERO - least, most);
        assert_eq!([most, most].into_iter().sum::<Money>(), most);
        assert_eq!((most.checked_add(one), Money(2) - one), (None, one));
    }

    proptest! {
        #[test]
        fn display_is_read_back(minor in 0..=i64::MAX) {
            // Goal: no digit is lost on the way out and in. Method: any amount, there and back.
            let money = Money(minor);
            prop_assert_eq!(money.to_string().parse(), Ok(money));
            prop_assert_eq!(Money::from_decimal(money.to_decimal()), Ok(money));
        }
    }
}
