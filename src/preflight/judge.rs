//! What of an answer stands in the way of a gift. Pure.
//!
//! **Invariant:** a wallet has one fault at most, the one that nothing else mends.

use chrono::{DateTime, NaiveTime, Utc};

use crate::ledger::{WalletAnswer, WalletFacts};

/// What is wrong with a wallet, in the words of the faults of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletFault {
    /// The kind of the fault.
    pub kind: FaultKind,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub mend: String,
}

/// What kind of thing is wrong with a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The provider does not know it, or does not show it.
    Unknown,
    /// It is deleted.
    Deleted,
    /// It is frozen.
    Frozen,
    /// It holds another currency.
    OtherCurrency,
}

/// What stands in the way of a gift in `currency` (ISO 4217) that is sent `now`.
pub fn fault_of(answer: &WalletAnswer, currency: &str, now: DateTime<Utc>) -> Option<WalletFault> {
    let fault = |kind, problem: String, mend: String| Some(WalletFault { kind, problem, mend });
    let facts = match answer {
        WalletAnswer::Record(facts) => facts,
        WalletAnswer::None => {
            return fault(
                FaultKind::Unknown,
                "the provider knows no such wallet".to_owned(),
                "correct the id, or leave the row out".to_owned(),
            );
        }
        WalletAnswer::Refused(words) => {
            return fault(
                FaultKind::Unknown,
                format!("the provider does not show this wallet: {words}"),
                "ask the provider about it, or leave the row out".to_owned(),
            );
        }
    };
    if facts.is_deleted {
        return fault(
            FaultKind::Deleted,
            "the wallet is deleted".to_owned(),
            "write the customer's present wallet, or leave the row out".to_owned(),
        );
    }
    if let Some(problem) = frozen(facts, now) {
        return fault(
            FaultKind::Frozen,
            problem,
            "have it unfrozen, or leave the row out".to_owned(),
        );
    }
    let other = facts.currency.as_deref().filter(|has| !has.eq_ignore_ascii_case(currency))?;
    fault(
        FaultKind::OtherCurrency,
        format!("the wallet holds {other}, and this file gives {currency}"),
        format!("leave the row out, or give it in a file and a campaign of its own in {other}"),
    )
}

fn frozen(facts: &WalletFacts, now: DateTime<Utc>) -> Option<String> {
    match facts.frozen_until.filter(|until| *until > now) {
        Some(until) => Some(format!("the wallet is frozen until {}", instant(until))),
        None => facts.is_frozen.then(|| "the wallet is frozen".to_owned()),
    }
}

/// As short as it is exact enough for a person.
fn instant(at: DateTime<Utc>) -> String {
    let form = if at.time() == NaiveTime::MIN { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M UTC" };
    at.format(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn problem(facts: WalletFacts) -> Option<String> {
        let now = at("2027-03-01T09:00:00Z");
        fault_of(&WalletAnswer::Record(facts), "TRY", now).map(|fault| fault.problem)
    }

    fn good() -> WalletFacts {
        WalletFacts { currency: Some("TRY".into()), ..WalletFacts::default() }
    }

    #[test]
    fn a_plain_wallet_has_no_fault() {
        // Goal: nobody is left out without a reason. Method: a plain record, its currency in small letters
        // or not said, a freeze that is over, and one that is over this very moment.
        let over = |text: &str| WalletFacts { frozen_until: Some(at(text)), ..good() };
        let small = WalletFacts { currency: Some("try".into()), ..good() };
        let untold = WalletFacts { currency: None, ..good() };
        let past = over("2027-02-28T00:00:00Z");
        for facts in [good(), small, untold, past, over("2027-03-01T09:00:00Z")] {
            assert_eq!(problem(facts.clone()), None, "{facts:?}");
        }
    }

    #[test]
    fn each_fault_has_its_words() {
        // Goal: a person knows what to do. Method: each kind alone; then all at once, the worst first.
        let now = at("2027-03-01T09:00:00Z");
        let of = |answer| fault_of(&answer, "TRY", now).unwrap();
        assert_eq!(of(WalletAnswer::None).problem, "the provider knows no such wallet");
        let refused = of(WalletAnswer::Refused("HTTP 422: no".into())).problem;
        assert_eq!(refused, "the provider does not show this wallet: HTTP 422: no");
        let until = |text: &str| WalletFacts { frozen_until: Some(at(text)), ..good() };
        let frozen = WalletFacts { is_frozen: true, ..good() };
        let both = WalletFacts { is_frozen: true, ..until("2027-12-01T00:00:00Z") };
        let once = WalletFacts { is_frozen: true, ..until("2027-02-01T00:00:00Z") };
        let euro = WalletFacts { currency: Some("EUR".into()), ..good() };
        let deleted = WalletFacts {
            is_deleted: true,
            is_frozen: true,
            currency: euro.currency.clone(),
            ..good()
        };
        for (facts, words) in [
            (frozen, "the wallet is frozen"),
            (once, "the wallet is frozen"),
            (both, "the wallet is frozen until 2027-12-01"),
            (until("2027-03-01T09:00:01Z"), "the wallet is frozen until 2027-03-01 09:00 UTC"),
            (euro, "the wallet holds EUR, and this file gives TRY"),
            (deleted, "the wallet is deleted"),
        ] {
            assert_eq!(problem(facts).as_deref(), Some(words));
        }
    }
}
