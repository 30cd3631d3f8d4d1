//! A file that its campaign has had: what it says is known, and it is read once, for its digest.
//!
//! It stands apart because it is the command that everybody gives after an outage: it has to go on at once, however
//! many rows there are.
//!
//! **Invariant:** only the campaign's newest file is known so, of which every row was taken and none was left out or
//! changed: then all that its campaign holds is this file, and loading it once more would store nothing.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::context::Context;
use super::difference::Difference;
use super::failure::Failure;
use super::give::to_send;
use super::judge;
use super::load::{Loaded, Source};
use super::look::Look;
use super::preview::Preview;
use super::reading::{Form, Reading};
use super::seen::Seen;
use crate::domain::{Expiry, Money, WalletId, normalise_description};
use crate::intake::{ReadOptions, Survey};
use crate::ledger::Ledger;
use crate::plan::{Estimate, LargeRow, Median, Totals};
use crate::report::States;

/// What a file said, kept with its load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    rows: u64,
    total_minor: i64,
    smallest: Option<(i64, u64)>,
    median: Option<(i64, bool)>,
    /// Line, wallet, amount and description.
    largest: Vec<(u64, Uuid, i64, String)>,
    /// Nothing: it never expires.
    first_expiry_ms: Option<i64>,
    last_instant_ms: Option<i64>,
    never: u64,
    pub(super) wallets: u64,
}

/// What the file brings where its campaign has had it; nothing where it has to be read whole.
pub(super) async fn again(
    context: &Context,
    ledger: &Ledger,
    source: &Source<'_>,
    look: &Look,
) -> Result<Option<Loaded>, Failure> {
    let args = source.args;
    let asks_more = source.celebration.is_some()
        || args.asks()
        || args.max_per_wallet.is_some()
        || args.rejects.is_some();
    let Some(campaign) = look.known.as_ref().filter(|_| !asks_more) else {
        return Ok(None);
    };
    let Some(said) = look.earlier.said(campaign, look) else {
        return Ok(None);
    };
    let totals = said.totals();
    let mut seen = Seen::of(&look.survey);
    let (faults, counts) = seen.faults_json(args.allow_duplicates);
    context.told.of_file(faults, counts);
    // What a command gives is held against its limit when that is confirmed: nothing is new here.
    judge::limits(args, source.max_total.filter(|_| !source.gives), &totals)?;
    let states = States::read_still(ledger, campaign).await?;
    let wallets = ledger.wallets(campaign.id).await?;
    let estimate = Estimate { gifts: to_send(&states).0, wallets, rate: context.settings.rate };
    seen.totals = totals;
    let difference = Some(Difference::none(&campaign.name));
    let preview = Preview {
        survey: look.survey.clone(),
        seen,
        wallets: said.wallets,
        estimate,
        tz: context.settings.tz,
        difference,
    };
    Ok(Some(Loaded { campaign: campaign.clone(), preview, added: 0, rejects: None }))
}

impl Preview {
    /// What is kept of a file, so that it need not be read again: where each row was taken as it stands.
    pub(super) fn said(&self) -> Option<Said> {
        let seen = &self.seen;
        let odd = seen.rejected + seen.kept + seen.identical.count + seen.changed.count;
        let is_plain = odd == 0 && seen.customers.is_none() && !seen.totals.is_beyond_counting;
        is_plain.then(|| Said::of(&seen.totals, self.wallets))
    }
}

impl Reading {
    /// The same with what the file said.
    pub(super) fn saying(self, said: Option<Said>) -> Reading {
        Reading { said: said.filter(|_| self.is_whole()), ..self }
    }

    /// What the same bytes said, where they would be read as they were then: nothing that a row depended on is said
    /// in another way.
    pub(super) fn said_of(&self, survey: &Survey, options: &ReadOptions) -> Option<&Said> {
        let now = options.description.as_deref().map(normalise_description);
        let is_same = self.currency == options.currency
            && self.form.as_ref() == Some(&Form::of(survey))
            && self.decimal == options.decimal
            && self.zone.as_deref().is_none_or(|zone| zone == options.tz.name())
            && self.expires.as_ref().is_none_or(|expires| {
                options.expires.is_some_and(|expiry| expiry.to_string() == expires.at)
            })
            && self.description.as_ref().is_none_or(|was| now.as_ref() == Some(was));
        self.said.as_ref().filter(|_| is_same)
    }
}

impl Said {
    /// What these rows say, which go to so many wallets.
    pub(super) fn of(totals: &Totals, wallets: u64) -> Said {
        let large =
            |row: &LargeRow| (row.line, row.wallet.0, row.amount.minor(), row.description.clone());
        Said {
            rows: totals.rows,
            total_minor: totals.total.minor(),
            smallest: totals.smallest.map(|(amount, line)| (amount.minor(), line)),
            median: totals.median().map(|median| (median.amount.minor(), median.is_exact)),
            largest: totals.largest.iter().map(large).collect(),
            first_expiry_ms: totals.first_expiry.and_then(Expiry::as_ms),
            last_instant_ms: totals.last_instant.and_then(Expiry::as_ms),
            never: totals.never,
            wallets,
        }
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    fn totals(&self) -> Totals {
        let large = |(line, wallet, minor, description): &(u64, Uuid, i64, String)| LargeRow {
            line: *line,
            wallet: WalletId(*wallet),
            amount: Money::from_minor(*minor),
            description: description.clone(),
        };
        let mut totals = Totals::default();
        totals.rows = self.rows;
        totals.total = Money::from_minor(self.total_minor);
        totals.smallest = self.smallest.map(|(minor, line)| (Money::from_minor(minor), line));
        totals.largest = self.largest.iter().map(large).collect();
        totals.first_expiry = (self.rows > 0).then(|| Expiry::from_ms(self.first_expiry_ms));
        totals.last_instant = self.last_instant_ms.map(|ms| Expiry::from_ms(Some(ms)));
        totals.never = self.never;
        let median = self
            .median
            .map(|(minor, is_exact)| Median { amount: Money::from_minor(minor), is_exact });
        totals.set_median(median);
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::GiftContent;

    #[test]
    fn what_was_said_is_said_again() {
        // Goal: each figure of a file comes back as it was. Method: the totals of some files, kept as JSON and back,
        // and added up once more.
        for expiries in [vec![], vec![None], vec![None, Some(1), Some(9)], vec![Some(5); 9]] {
            let mut totals = Totals::default();
            for (line, expiry) in (2..).zip(expiries) {
                let content = GiftContent {
                    wallet: WalletId(Uuid::from_u128(line.into())),
                    amount: Money::from_minor(100 * (10 - i64::try_from(line).unwrap())),
                    expiry: Expiry::from_ms(expiry),
                    description: format!("row {line}"),
                };
                totals.add(line, &content);
            }
            let json = serde_json::to_string(&Said::of(&totals, 3)).unwrap();
            let said: Said = serde_json::from_str(&json).unwrap();
            let again = said.totals();
            assert_eq!(again.median(), totals.median());
            totals.set_median(totals.median());
            assert_eq!(again, totals);
            assert_eq!((said.rows(), said.wallets), (totals.rows, 3));
        }
    }
}
