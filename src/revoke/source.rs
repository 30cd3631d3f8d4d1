//! What is still to be taken back, page by page: gifts of the campaign, or gifts too many like them.

use std::collections::{BTreeMap, VecDeque};

use super::Reach;
use super::decide::Target;
use super::job::Job;
use super::run::Revoking;
use super::surplus::by_wallet;
use crate::domain::{GiftState, WalletId};
use crate::ledger::{KnownGift, Ledger, LedgerError, SurplusGift};

/// Gifts that are read from the ledger at once.
const PAGE: usize = 256;

/// What is still to be read.
pub(super) enum Source {
    Own(VecDeque<Stretch>),
    Surplus(VecDeque<(WalletId, Vec<SurplusGift>)>),
}

/// Gifts of a campaign in one state: after the first row, up to the second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    state: GiftState,
    rows: (i64, i64),
}

impl Source {
    /// What an earlier run began comes first. Then gifts behind the last that was taken back, and those before it:
    /// they were looked at already, and left.
    pub(super) async fn of(
        ledger: &Ledger,
        campaign: i64,
        reach: &Reach,
    ) -> Result<Source, LedgerError> {
        let begun = Stretch { state: GiftState::Revoking, rows: (0, i64::MAX) };
        Ok(match reach {
            Reach::Surplus(surplus) => Source::Surplus(by_wallet(surplus.gifts.clone()).into()),
            Reach::Begun => Source::Own(VecDeque::from([begun])),
            Reach::Given => {
                let last = ledger.last_revoked(campaign).await?;
                let given = |rows| Stretch { state: GiftState::Issued, rows };
                Source::Own(VecDeque::from([begun, given((last, i64::MAX)), given((0, last))]))
            }
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Source::Own(stretches) => stretches.is_empty(),
            Source::Surplus(wallets) => wallets.is_empty(),
        }
    }
}

impl Revoking<'_> {
    pub(super) async fn read_page(&mut self) -> Result<(), LedgerError> {
        while self.queue.in_line() < PAGE && !self.source.is_empty() {
            match &mut self.source {
                Source::Own(stretches) => {
                    let Some(stretch) = stretches.front_mut() else { break };
                    let Stretch { state, rows } = *stretch;
                    let gifts = self.ledger.given_page(self.campaign, state, rows, PAGE).await?;
                    match gifts.last().filter(|_| gifts.len() == PAGE) {
                        Some(last) => stretch.rows.0 = last.row,
                        None => drop(stretches.pop_front()),
                    }
                    self.make_ready(gifts);
                }
                Source::Surplus(wallets) => {
                    let Some((wallet, gifts)) = wallets.pop_front() else { break };
                    let known = self.ledger.known_gifts(wallet).await?;
                    self.queue.push(surplus_of(wallet, &gifts, known));
                }
            }
        }
        Ok(())
    }

    /// A page's gifts, by wallets.
    fn make_ready(&mut self, gifts: Vec<KnownGift>) {
        let mut wallets: BTreeMap<WalletId, Vec<Target>> = BTreeMap::new();
        for gift in gifts {
            wallets.entry(gift.content.wallet).or_default().extend(Target::of(gift));
        }
        for (wallet, targets) in wallets {
            self.queue.push(Job::of(wallet, targets));
        }
    }
}

/// A wallet's gifts too many.
fn surplus_of(wallet: WalletId, gifts: &[SurplusGift], known: Vec<KnownGift>) -> Job {
    let target = |surplus: &SurplusGift| {
        let own = known.iter().find(|own| own.row == surplus.row)?;
        Some(Target::surplus(own.clone(), surplus.id, surplus.is_begun))
    };
    let targets = gifts.iter().filter_map(target).collect();
    Job { known, ..Job::of(wallet, targets) }
}
