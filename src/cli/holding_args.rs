//! What a person says about what customers have to hold.

use std::time::Duration;

use clap::Args;

use super::values;
use crate::domain::Money;
use crate::preflight::Requirement;

#[derive(Clone, Debug, Args)]
pub(super) struct HoldingArgs {
    /// Only rows whose customer (column external_customer_id) holds this metal at Minted Connect get a gift,
    /// and where an amount follows, products of it that are worth at least so much. Several metals, as
    /// gold,silver:1000, are added up.
    #[arg(long, value_name = "METAL[:MIN_TOTAL]", value_parser = requirement)]
    pub(super) require_holding: Option<Requirement>,
    /// Answers about holdings that are not older are not asked for again; 0s: all are.
    #[arg(long, value_name = "DUR", default_value = "1h", requires = "require_holding",
          value_parser = values::duration)]
    pub(super) holding_max_age: Duration,
}

impl HoldingArgs {
    /// Nothing has to be held.
    pub(super) fn none() -> HoldingArgs {
        HoldingArgs { require_holding: None, holding_max_age: Duration::ZERO }
    }
}

/// `gold`, `gold:1000`, `gold,silver:1000,50`: the first colon ends the metals.
fn requirement(text: &str) -> Result<Requirement, String> {
    let (metals, least) = match text.split_once(':') {
        Some((metals, least)) => (metals, Some(values::money(least.trim())?)),
        None => (text, None),
    };
    if least == Some(Money::ZERO) {
        return Err("an amount above nothing; without one, any piece is enough".to_owned());
    }
    let metals = metals.split(',').map(values::metal).collect::<Result<Vec<_>, _>>()?;
    Ok(Requirement::new(metals, least))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metals_and_the_least_total_have_one_reading() {
        // Goal: a border is never a thousand times too low, and a slip is no metal. Method: spellings with
        // what they mean, and those that mean nothing or two things.
        let of = |metals: &[&str], least: Option<i64>| {
            let metals = metals.iter().map(|&metal| metal.to_owned()).collect();
            Ok(Requirement::new(metals, least.map(Money::from_minor)))
        };
        assert_eq!(requirement("gold"), of(&["gold"], None));
        assert_eq!(requirement(" Gold "), of(&["gold"], None));
        assert_eq!(requirement("GOLD:1000"), of(&["gold"], Some(100_000)));
        assert_eq!(requirement("silver,gold:1000,50"), of(&["gold", "silver"], Some(100_050)));
        assert_eq!(requirement("gold:0.01"), of(&["gold"], Some(1)));
        for text in [
            "",
            ":",
            ":5",
            "gold:",
            "gold:0",
            "gold:0.00",
            "gold:-1",
            "gold:1.000",
            "gold:1.001",
            "gold:5:6",
            "gold:5,silver:6",
            "gold,",
            "go ld",
            "gold;silver",
            "altın",
        ] {
            assert!(requirement(text).is_err(), "{text}");
        }
    }
}
