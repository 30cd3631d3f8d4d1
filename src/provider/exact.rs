//! Decimals that are exact, or not there at all: read from text, added, multiplied.
//!
//! It stands apart because the decimal type rounds where digits do not fit, without a word.

use rust_decimal::Decimal;

/// Reads a number as JSON writes it, with an exponent or without.
pub(super) fn read(text: &str) -> Option<Decimal> {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let bare = digits.strip_prefix('-').unwrap_or(digits);
    let (whole, fraction) = bare.split_once('.').unwrap_or((bare, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let digits = Decimal::from_str_exact(digits).ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    match u32::try_from(i64::from(digits.scale()) - i64::from(exponent)) {
        Ok(_) if exponent == 0 => Some(digits),
        Ok(scale) => decimal(digits.mantissa(), scale),
        Err(_) => {
            let zeros = exponent.unsigned_abs() - digits.scale();
            decimal(digits.mantissa().checked_mul(10_i128.checked_pow(zeros)?)?, 0)
        }
    }
}

/// The product, where a decimal can hold it.
pub(super) fn product(one: Decimal, other: Decimal) -> Option<Decimal> {
    let (one, other) = (one.normalize(), other.normalize());
    let digits = one.mantissa().checked_mul(other.mantissa())?;
    decimal(digits, one.scale() + other.scale())
}

/// The sum, where a decimal can hold it.
pub fn sum(all: impl IntoIterator<Item = Decimal>) -> Option<Decimal> {
    all.into_iter().try_fold(Decimal::ZERO, |sum, next| {
        let (sum, next) = (sum.normalize(), next.normalize());
        let scale = sum.scale().max(next.scale());
        decimal(digits_at(sum, scale)?.checked_add(digits_at(next, scale)?)?, scale)
    })
}

/// The digits of a decimal at a scale that is not smaller than its own.
fn digits_at(decimal: Decimal, scale: u32) -> Option<i128> {
    decimal.mantissa().checked_mul(10_i128.checked_pow(scale - decimal.scale())?)
}

fn decimal(mut digits: i128, mut scale: u32) -> Option<Decimal> {
    if digits == 0 {
        return Some(Decimal::ZERO);
    }
    while scale > 0 && digits % 10 == 0 {
        digits /= 10;
        scale -= 1;
    }
    Decimal::try_from_i128_with_scale(digits, scale).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    #[test]
    fn sums_and_products_keep_every_digit() {
        // Goal: exact, whatever the scales. Method: the API page's row, and what a float gets wrong.
        assert_eq!(product(of("5"), of("1406349.5")), Some(of("7031747.5")));
        assert_eq!(sum([of("7031747.5"), of("23372395")]), Some(of("30404142.5")));
        assert_eq!(sum([of("0.1"), of("0.2")]), Some(of("0.3")));
        assert_eq!(product(of("-0.10"), of("10.00")), Some(of("-1")));
        assert_eq!(sum([]), Some(Decimal::ZERO));
    }

    #[test]
    fn exponents_only_move_the_point() {
        // Goal: however a number is written, it is that number. Method: both signs of the exponent, a zero with a
        // huge one, and exponents that no decimal holds.
        for (text, number) in
            [("1.25E2", "125"), ("1.25e+1", "12.5"), ("-125e-2", "-1.25"), ("0e-2147483648", "0")]
        {
            assert_eq!(read(text), Some(of(number)), "{text}");
        }
        for text in ["1e29", "1e-29", "1e2147483647", "1e99999999999", "1e", "e1", "1.e1", "0x1"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_not_there() {
        // Goal: nothing is rounded. Method: where the decimal type itself would round, or could not.
        let (tiny, huge) = (Decimal::new(1, 28), Decimal::MAX);
        assert_eq!(sum([huge, tiny]), None);
        assert_eq!(product(tiny, of("0.1")), None);
        assert_eq!(product(huge, huge), None);
    }

    proptest! {
        #[test]
        fn a_number_is_read_as_it_was_written(digits in any::<i64>(), scale in 0_u32..28, by in 0_u32..5) {
            // Goal: no digit is lost on the way in. Method: random decimals, plain and with an exponent.
            let number = Decimal::new(digits, scale);
            prop_assert_eq!(read(&number.to_string()), Some(number));
            prop_assert_eq!(read(&format!("{digits}e-{scale}")), Some(number));
            let expected = product(Decimal::from(digits), Decimal::from(10_i64.pow(by)));
            prop_assert_eq!(read(&format!("{digits}E+{by}")), expected);
        }

        #[test]
        fn they_agree_with_whole_numbers(
            one in -1_000_000_000_i64..1_000_000_000, other in -1_000_000_000_i64..1_000_000_000,
            scale in 0_u32..10, other_scale in 0_u32..10,
        ) {
            // Goal: the arithmetic is right. Method: both as whole numbers of one small unit.
            let decimals = [Decimal::new(one, scale), Decimal::new(other, other_scale)];
            let expected = i128::from(one) * i128::from(other);
            let both = Decimal::try_from_i128_with_scale(expected, scale + other_scale).unwrap();
            prop_assert_eq!(product(decimals[0], decimals[1]), Some(both));
            let unit = |digits: i64, scale: u32| i128::from(digits) * 10_i128.pow(10 - scale);
            let expected = unit(one, scale) + unit(other, other_scale);
            let both = Decimal::try_from_i128_with_scale(expected, 10).unwrap();
            prop_assert_eq!(sum(decimals), Some(both));
        }
    }
}
