//! Whether a customer holds what a gift is for. Pure.
//!
//! **Invariant:** whoever is not known to hold it does not: a refusal is no holding.
//! **Invariant:** a total is held against the least one digit by digit; nothing is rounded.

use rust_decimal::Decimal;

use crate::domain::Money;
use crate::ledger::HoldingAnswer;

/// What a customer has to hold to get a gift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    metals: Vec<String>,
    min_total: Option<Money>,
}

/// Why a customer gets nothing, in the words of the faults of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// What is lacking; the same words for all of a kind.
    pub problem: String,
    /// What to do about it.
    pub mend: String,
}

impl Requirement {
    /// Some of these metals, worth at least so much together; without an amount, any of them.
    pub fn new(metals: Vec<String>, min_total: Option<Money>) -> Requirement {
        let mut metals = metals;
        // However often and in which order they are said, it is one question.
        metals.sort_unstable();
        metals.dedup();
        Requirement { metals, min_total }
    }

    /// The metals that are asked for, in the alphabet's order.
    pub fn metals(&self) -> &[String] {
        &self.metals
    }

    /// Their names as one text, under which answers are kept.
    pub fn metals_text(&self) -> String {
        self.metals.join(",")
    }

    /// What a customer lacks of whom this was said; no answer is a lack too.
    pub fn lack(&self, answer: Option<&HoldingAnswer>) -> Option<Lack> {
        let lack = |problem: String, mend: &str| Some(Lack { problem, mend: mend.to_owned() });
        match answer {
            None => lack("nothing is known of this customer".to_owned(), "run it again"),
            Some(HoldingAnswer::Refused(words)) => lack(
                format!("Minted Connect does not show this customer: {words}"),
                "correct the id, or leave the row out",
            ),
            Some(HoldingAnswer::Held { total, has_any }) => self.lack_of(*total, *has_any),
        }
    }

    fn lack_of(&self, total: Decimal, has_any: bool) -> Option<Lack> {
        let lack = |problem, mend| Some(Lack { problem, mend });
        if !has_any {
            let problem = format!("this customer holds no {}", self.metals.join(" or "));
            return lack(problem, "leave the row out".to_owned());
        }
        let least = self.min_total.filter(|least| total < least.to_decimal())?;
        let problem =
            format!("this customer holds less than {least} of {}", self.metals.join(" and "));
        // What is held stands in the mend: so the problem is one and the same for all of its kind.
        lack(problem, format!("{} is held: leave the row out", total.normalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(metals: &[&str], least: Option<i64>) -> Requirement {
        let metals = metals.iter().map(|&metal| metal.to_owned()).collect();
        Requirement::new(metals, least.map(Money::from_minor))
    }

    fn held(total: &str, has_any: bool) -> HoldingAnswer {
        HoldingAnswer::Held { total: Decimal::from_str_exact(total).unwrap(), has_any }
    }

    #[test]
    fn the_border_is_exact() {
        // Goal: nobody is left out or let in by a rounding. Method: totals around the least one, to the last
        // digit that a decimal has.
        let gold = requirement(&["gold"], Some(100_000));
        let lacks = |total: &str| gold.lack(Some(&held(total, true))).is_some();
        for total in ["1000", "1000.00", "1000.0000000000000000000000001", "30404142.5"] {
            assert!(!lacks(total), "{total}");
        }
        for total in ["999.99", "999.9999999999999999999999999", "0", "-1000"] {
            assert!(lacks(total), "{total}");
        }
    }

    #[test]
    fn without_an_amount_any_piece_is_enough() {
        // Goal: what has no price today is held all the same, and an empty list is nothing. Method: pieces
        // with and without a price, none; then a least amount beside them.
        let any = requirement(&["gold"], None);
        let lacks = |requirement: &Requirement, total, has_any| {
            requirement.lack(Some(&held(total, has_any))).is_some()
        };
        assert_eq!([lacks(&any, "0.01", true), lacks(&any, "0", true)], [false, false]);
        assert!(lacks(&any, "0", false) && lacks(&any, "5", false));
        let some = requirement(&["gold"], Some(1));
        assert_eq!([lacks(&some, "0.01", true), lacks(&some, "0", true)], [false, true]);
    }

    #[test]
    fn each_lack_has_its_words() {
        // Goal: a person knows why. Method: each kind, and that those of one kind have the same words.
        let both = requirement(&["silver", "gold", "silver"], Some(100_050));
        assert_eq!(both.metals_text(), "gold,silver");
        let lack = |answer| both.lack(Some(&answer)).unwrap();
        assert_eq!(lack(held("0", false)).problem, "this customer holds no gold or silver");
        let less = lack(held("1000.490", true));
        assert_eq!(less.problem, "this customer holds less than 1000.50 of gold and silver");
        assert_eq!(less.mend, "1000.49 is held: leave the row out");
        assert_eq!(lack(held("3", true)).problem, less.problem);
        let refused = lack(HoldingAnswer::Refused("unknown (HTTP 422)".to_owned()));
        assert_eq!(
            refused.problem,
            "Minted Connect does not show this customer: unknown (HTTP 422)"
        );
        assert!(both.lack(None).is_some(), "no answer is no good answer");
    }
}
