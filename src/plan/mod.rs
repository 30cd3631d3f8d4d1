//! The plan: what a file adds up to, and whether it is what a person meant.
//!
//! It stands apart because a wrong file is the most expensive fault of this trade, and is best found
//! before anything is stored.
//!
//! **Invariant:** pure, and flat: rows stream by, and only their sums stay.

mod amounts;
mod breach;
mod caps;
mod estimate;
mod limits;
mod outliers;
mod totals;

pub use amounts::Median;
pub use breach::{Breach, NAMED, Named, Outlier, WalletSum};
pub use caps::{CapBreach, Caps, WalletDay};
pub use estimate::Estimate;
pub use limits::Limits;
pub use outliers::{FEWEST_ROWS, Standing, largest_of_series};
pub use totals::{LargeRow, Totals};

use sha2::{Digest, Sha256};

use crate::domain::{Money, RowDigest};

/// The id of a plan: what `--confirm` takes. It changes when a row is added or changed, and with
/// the campaign's name; it does not depend on the order of rows or on the form of their file.
///
/// Settings are no part of it, so that the command that was confirmed can be given again after a crash
/// and by another machine. Those that change what is sent are bound by the ledger instead, from the
/// first gift on: the provider, and whether gifts carry a tag.
pub fn plan_id(campaign: &str, rows: RowDigest, gifts: u64, total: Money) -> String {
    let mut hash = Sha256::new();
    hash.update((campaign.len() as u64).to_be_bytes());
    hash.update(campaign.as_bytes());
    hash.update(rows.0.to_be_bytes());
    hash.update(gifts.to_be_bytes());
    hash.update(total.minor().to_be_bytes());
    let digest = hash.finalize();
    digest[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_id_names_one_plan() {
        // Goal: what a person confirmed is what is sent. Method: change one part at a time.
        let total = Money::from_minor(500);
        let id = plan_id("may", RowDigest(7), 3, total);
        assert_eq!(id.len(), 12);
        assert_eq!(id, plan_id("may", RowDigest(7), 3, total));
        assert_ne!(id, plan_id("june", RowDigest(7), 3, total));
        assert_ne!(id, plan_id("may", RowDigest(8), 3, total));
        assert_ne!(id, plan_id("may", RowDigest(7), 4, total));
        assert_ne!(id, plan_id("may", RowDigest(7), 3, Money::ZERO));
    }
}
