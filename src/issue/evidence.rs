//! What a run learns of the provider's lists: how far their silence can be trusted. Pure.
//!
//! **Invariant:** what is learned is committed before it is forgotten: see [`Evidence::take_news`].

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{GiftId, WalletId};
use crate::ledger::Lists;
use crate::provider::ListReading;
use crate::settle::{LagWatch, Settled};

/// What is known of the provider's lists.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) lists: Lists,
    /// Gifts that the provider does not have any more.
    pub(super) deleted: HashSet<GiftId>,
    /// What was learned and is not written yet.
    news: Lists,
    /// Gifts that were asked for by their ids.
    asked: HashSet<GiftId>,
    lag: LagWatch,
    window: TimeDelta,
}

impl Evidence {
    /// Begins with what earlier runs have learned; `window` is the settle window.
    pub(super) fn of(lists: Lists, window: TimeDelta) -> Evidence {
        let evidence = Evidence {
            lists,
            deleted: HashSet::new(),
            news: Lists::default(),
            asked: HashSet::new(),
            lag: LagWatch::default(),
            window,
        };
        evidence.warn_of_lag();
        evidence
    }

    /// Whether something was learned that is not written yet.
    pub(super) fn has_news(&self) -> bool {
        self.news != Lists::default()
    }

    /// What is to be written with the next group.
    pub(super) fn take_news(&mut self) -> Lists {
        std::mem::take(&mut self.news)
    }

    /// A look was judged, and what it showed is written. Comes back with a gift that is worth asking for
    /// by its id: any list should show it by now.
    pub(super) fn looked(
        &mut self,
        wallet: WalletId,
        settled: &Settled,
        sent_at: DateTime<Utc>,
    ) -> Option<GiftId> {
        self.learn(settled.lists);
        let longest_lag = self.lag.looked(wallet, &settled.shown, &settled.lacking, sent_at);
        self.learn_and_write(Lists { longest_lag, ..Lists::default() });
        if self.lists.hide_used {
            return None;
        }
        // A list that a cache has kept says nothing of what was given since.
        let is_due = |learned_at: DateTime<Utc>| settled.as_of - learned_at >= self.window;
        let mut due = settled.lacking.iter().filter(|(_, at)| is_due(*at));
        let (id, _) = *due.find(|(id, _)| !self.asked.contains(id))?;
        self.asked.insert(id);
        Some(id)
    }

    /// The provider was asked for a gift that a list lacks.
    pub(super) fn told(&mut self, id: GiftId, reading: &ListReading) {
        match reading {
            ListReading::Whole(credits) => {
                let hide_used = credits.iter().any(|credit| credit.is_used);
                // It is there and can be spent, and its list goes on lacking it.
                let leave_out = !credits.is_empty() && !hide_used;
                self.learn_and_write(Lists { hide_used, leave_out, ..Lists::default() });
            }
            // It was asked for once every copy of their books must show it: somebody deleted it.
            ListReading::NoList => {
                self.deleted.insert(id);
            }
            ListReading::Partial { .. }
            | ListReading::Obstructed(_)
            | ListReading::Unreadable { .. } => {
                self.asked.remove(&id);
            }
        }
    }

    fn learn_and_write(&mut self, seen: Lists) {
        if self.learn(seen) {
            self.news.learn(seen);
        }
    }

    fn learn(&mut self, seen: Lists) -> bool {
        let known = self.lists;
        if !self.lists.learn(seen) {
            return false;
        }
        if self.lists.hide_used && !known.hide_used {
            tracing::warn!(
                "the provider's lists leave out used gifts: what they do not show may be there, so \
                 doubts are held for a person"
            );
        }
        if self.lists.leave_out && !known.leave_out {
            tracing::warn!(
                "a gift that exists is not in its wallet's list: the provider's lists are cut, or very late"
            );
        }
        if self.lists.longest_lag != known.longest_lag {
            self.warn_of_lag();
        }
        true
    }

    fn warn_of_lag(&self) {
        if let Some(lag) = self.lists.strained(self.window) {
            tracing::warn!(
                lag_ms = lag.num_milliseconds(),
                window_ms = self.window.num_milliseconds(),
                "gifts come into view late: the settle window should be at least twice that lag"
            );
        }
    }
}
