//! What is wrong with a file that can be read: a limit that it passes, in words that name the rows.

use std::fmt::{self, Display, Formatter};

use super::Median;
use crate::domain::{Money, WalletId};

/// A limit that was passed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// Another number of rows.
    #[error("the file's rows are {found}, and --expect-rows says {expected}")]
    Rows {
        /// What was expected.
        expected: u64,
        /// What the file has.
        found: u64,
    },
    /// Another total.
    #[error("the file adds up to {found}, and --expect-total says {expected}")]
    Total {
        /// What was expected.
        expected: Money,
        /// What the file has.
        found: Money,
    },
    /// A gift that is too large.
    #[error("line {line} gives {amount}, and --max-gift allows {limit}")]
    Gift {
        /// Where it stands.
        line: u64,
        /// How much it gives.
        amount: Money,
        /// What is allowed.
        limit: Money,
    },
    /// Too much in all.
    #[error(
        "{found} in all, and --max-total allows {limit}: {} too much",
        *found - *limit
    )]
    TooMuch {
        /// What it would be.
        found: Money,
        /// What is allowed.
        limit: Money,
    },
    /// Wallets that get too much.
    #[error(
        "{} more from this file than --max-per-wallet allows, {limit}:{wallets}",
        if wallets.count == 1 { "a wallet gets".to_owned() } else { format!("{} wallets get", wallets.count) }
    )]
    Wallets {
        /// What is allowed.
        limit: Money,
        /// Who gets more.
        wallets: Named<WalletSum>,
    },
    /// Rows far beyond the others.
    #[error(
        "{} more than {} times the file's median of {}{}:{rows}",
        if rows.count == 1 { "a row gives".to_owned() } else { format!("{} rows give", rows.count) },
        super::outliers::TIMES_THE_MEDIAN,
        if median.is_exact { "" } else { "about " },
        median.amount
    )]
    Outliers {
        /// The file's median.
        median: Median,
        /// Which they are.
        rows: Named<Outlier>,
    },
    /// A total far beyond the campaigns that it follows.
    #[error(
        "the file adds up to {found}, more than {} times the {largest} of {campaign:?}, the largest \
         campaign of its series",
        super::outliers::TIMES_THE_SERIES
    )]
    Series {
        /// What the file adds up to.
        found: Money,
        /// The largest total of the series.
        largest: Money,
        /// The campaign that has it.
        campaign: String,
    },
    /// More than can be counted.
    #[error("the amounts add up to more than can be counted")]
    BeyondCounting,
}

/// Rows or wallets that are named where there are many.
pub const NAMED: usize = 10;

/// Some of many: the first few by name, the others by their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<T> {
    /// The first of them.
    pub named: Vec<T>,
    /// How many there are in all.
    pub count: u64,
}

impl<T> Default for Named<T> {
    fn default() -> Named<T> {
        Named { named: Vec::new(), count: 0 }
    }
}

impl<T> Named<T> {
    /// One more: named where it is among the first.
    pub fn add(&mut self, one: T) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push(one);
        }
    }

    /// How many are not named.
    pub fn others(&self) -> u64 {
        self.count.saturating_sub(self.named.len() as u64)
    }
}

/// One line each, below what is said of them.
impl<T: Display> Display for Named<T> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for each in &self.named {
            write!(out, "\n    {each}")?;
        }
        match self.others() {
            0 => Ok(()),
            others => write!(out, "\n    and {others} more"),
        }
    }
}

/// A row far beyond the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlier {
    /// Where it stands.
    pub line: u64,
    /// Who would get it.
    pub wallet: WalletId,
    /// How much.
    pub amount: Money,
    /// The amount's cell as it was written.
    pub written: String,
}

impl Display for Outlier {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Outlier { line, wallet, amount, written } = self;
        write!(out, "line {line} gives {amount} to {wallet}")?;
        if *written == amount.to_string() {
            Ok(())
        } else {
            write!(out, ", written as {written:?}")
        }
    }
}

/// What a wallet gets from one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletSum {
    /// Who.
    pub wallet: WalletId,
    /// How much in all.
    pub amount: Money,
    /// By how many rows.
    pub rows: u64,
    /// Where the first of those rows stand that this file brought.
    pub lines: Vec<u64>,
}

impl Display for WalletSum {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let WalletSum { wallet, amount, rows, lines } = self;
        let noun = if *rows == 1 { "row" } else { "rows" };
        write!(out, "{wallet} gets {amount} by {rows} {noun}")?;
        let words: Vec<String> = lines.iter().map(ToString::to_string).collect();
        match words.len() as u64 {
            0 => Ok(()),
            named if named < *rows => write!(out, ", line {} among them", words.join(", ")),
            _ => write!(out, ", line {}", words.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_named_one_a_line_and_the_rest_is_counted() {
        // Goal: a person finds each row in the file. Method: rows with and without others behind them.
        let wallet: WalletId = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap();
        let money = Money::from_minor;
        let outlier = |line, written: &str| Outlier {
            line,
            wallet,
            amount: money(500_000),
            written: written.to_owned(),
        };
        let median = Median { amount: money(100), is_exact: true };
        let one = Breach::Outliers {
            median,
            rows: Named { named: vec![outlier(7, "5000.00")], count: 1 },
        };
        assert_eq!(
            one.to_string(),
            "a row gives more than 100 times the file's median of 1.00:\n    line 7 gives 5000.00 to \
             30bac1c0-ad6b-4c50-a52e-1b34f9b487a7"
        );
        let many = Breach::Outliers {
            median: Median { is_exact: false, ..median },
            rows: Named { named: vec![outlier(7, "5.000")], count: 3 },
        };
        assert_eq!(
            many.to_string(),
            "3 rows give more than 100 times the file's median of about 1.00:\n    line 7 gives 5000.00 \
             to 30bac1c0-ad6b-4c50-a52e-1b34f9b487a7, written as \"5.000\"\n    and 2 more"
        );
        let sum = |rows, lines: &[u64]| {
            WalletSum { wallet, amount: money(300), rows, lines: lines.to_vec() }.to_string()
        };
        let gets = "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7 gets 3.00 by";
        assert_eq!(sum(1, &[4]), format!("{gets} 1 row, line 4"));
        assert_eq!(sum(3, &[4, 9]), format!("{gets} 3 rows, line 4, 9 among them"));
        assert_eq!(sum(2, &[]), format!("{gets} 2 rows"));
    }
}
