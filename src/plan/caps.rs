//! Caps on a day's money: what is given today by all campaigns together.
//!
//! It stands apart from the limits of a file, since it is about the whole ledger, and holds although
//! nobody thinks of it that day.
//!
//! **Invariant:** what may have been given counts as given.

use std::fmt::{self, Display, Formatter};

use super::Named;
use crate::domain::{Money, WalletId};

/// What may be given in a day at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// By all campaigns together.
    pub per_day: Option<Money>,
    /// To one wallet, by all campaigns together.
    pub per_wallet_per_day: Option<Money>,
}

/// A cap that would be passed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapBreach {
    /// Too much in a day.
    #[error(
        "{given} were given today and {open} may be given now, and max_per_day allows {cap}: {} too much",
        *given + *open - *cap
    )]
    Day {
        /// What is allowed.
        cap: Money,
        /// What was given today.
        given: Money,
        /// What may be given now.
        open: Money,
    },
    /// Too much for some wallets.
    #[error(
        "{} more today than max_per_wallet_per_day allows, {cap}:{wallets}",
        if wallets.count == 1 { "a wallet would get".to_owned() } else { format!("{} wallets would get", wallets.count) }
    )]
    Wallets {
        /// What is allowed.
        cap: Money,
        /// Who would get more.
        wallets: Named<WalletDay>,
    },
}

/// What a wallet gets in a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalletDay {
    /// Who.
    pub wallet: WalletId,
    /// What it was given today, or may have been.
    pub given: Money,
    /// What it may be given now.
    pub open: Money,
}

impl Caps {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        *self == Caps::default()
    }

    /// The breach where so much was given today and so much may be given now.
    pub fn check_day(&self, given: Money, open: Money) -> Option<CapBreach> {
        let cap = self.per_day?;
        let is_over = given.checked_add(open).is_none_or(|sum| sum > cap);
        (is_over && open > Money::ZERO).then_some(CapBreach::Day { cap, given, open })
    }
}

impl Display for WalletDay {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let WalletDay { wallet, given, open } = self;
        write!(out, "{wallet} was given {given} today and may be given {open} now")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_cap_for_all() {
        // Goal: the last coin that fits is given, the next is not, and who sends nothing is not stopped.
        // Method: both sides of the cap, none, and a cap that was lowered during the day.
        let money = Money::from_minor;
        let caps = Caps { per_day: Some(money(1_000)), per_wallet_per_day: None };
        assert_eq!(caps.check_day(money(400), money(600)), None);
        let breach = caps.check_day(money(400), money(601)).unwrap();
        assert_eq!(
            breach.to_string(),
            "4.00 were given today and 6.01 may be given now, and max_per_day allows 10.00: 0.01 too much"
        );
        assert_eq!(caps.check_day(money(5_000), money(0)), None);
        assert_eq!(Caps::default().check_day(money(5_000), money(5_000)), None);
        assert!(Caps::default().is_none() && !caps.is_none());
    }

    #[test]
    fn wallets_are_named() {
        // Goal: a person sees who would get how much. Method: one, and one of two.
        let wallet = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap();
        let day = WalletDay { wallet, given: Money::from_minor(5), open: Money::from_minor(600) };
        let breach = |count| {
            let wallets = Named { named: vec![day], count };
            CapBreach::Wallets { cap: Money::from_minor(100), wallets }.to_string()
        };
        let line =
            "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7 was given 0.05 today and may be given 6.00 now";
        let allows = "more today than max_per_wallet_per_day allows, 1.00:";
        assert_eq!(breach(1), format!("a wallet would get {allows}\n    {line}"));
        assert_eq!(breach(2), format!("2 wallets would get {allows}\n    {line}\n    and 1 more"));
    }
}
