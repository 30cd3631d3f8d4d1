//! What a restored ledger has forgotten of a wallet: taken back where its list shows it, and left to a person gift by
//! gift where the list cannot tell.
//!
//! **Invariant:** nothing that the copy believes unsent stays so where the list speaks against it: it is held, or the
//! whole campaign stays blocked.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::question::Question;
use super::sweep::{Job, Sweep};
use crate::domain::{Event, GiftState, Twin};
use crate::ledger::{KnownGift, Outcome};
use crate::provider::Credit;
use crate::settle::{AbsenceProof, GiftBalance, Look, OPEN_LOOKS, Recalled, look_gap, recall};

impl Sweep<'_> {
    /// Takes back what a restored ledger has forgotten; nothing where something more has to be known first.
    pub(super) fn remember(
        &mut self,
        mut job: Job,
        look: Look,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<(Job, Look)> {
        let is_weighed = look.gift_balance != GiftBalance::Unknown;
        let by_balance = self.options.proof == AbsenceProof::Balance;
        if job.looks > 0 && self.has_unsent(&job) && by_balance && !is_weighed {
            // What its list lacks will be sent: only a whole one says that it was not given.
            self.queue.push_first(Question::Weigh(job, look));
            return None;
        }
        let Recalled { unclear, is_open, .. } = self.recall(&mut job, &look, since, now);
        let window = self.options.window;
        if job.looks == 0 && self.has_unsent(&job) {
            // What one list does not show will be sent: a second must agree.
            self.look_again(job, now + window, now);
            return None;
        }
        if is_open && job.looks < OPEN_LOOKS {
            // A customer may have paid between list and balance.
            job.looks += 1;
            self.queue.push_at(now + look_gap(window), Question::List(job));
            return None;
        }
        self.hold(&mut job, unclear, now);
        Some((job, look))
    }

    /// Whether something of the campaign may still be sent.
    fn has_unsent(&self, job: &Job) -> bool {
        let is_it = |gift: &KnownGift| gift.campaign == self.campaign && gift.state.is_sendable();
        job.known.iter().any(is_it)
    }

    /// The places of what may still be sent of the campaign, but for what a person said of it since the restore.
    pub(super) fn sought(&self, job: &Job) -> Vec<usize> {
        let is_sought = |gift: &KnownGift| {
            gift.campaign == self.campaign
                && gift.state.is_sendable()
                && !self.vouched.contains(&gift.row)
        };
        let places = job.known.iter().enumerate().filter(|(_, gift)| is_sought(gift));
        places.map(|(place, _)| place).collect()
    }

    /// Takes back what a list shows of what was forgotten.
    fn recall(
        &mut self,
        job: &mut Job,
        look: &Look,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Recalled {
        let mut lists = self.lists;
        lists.learn(self.seen);
        let (sought, proof) = (self.sought(job), self.options.proof);
        let recalled = recall(&job.known, &sought, look, since, self.skew, lists, proof);
        for (place, id) in &recalled.found {
            let (gift, id) = (&mut job.known[*place], *id);
            let event = match gift.state {
                GiftState::InDoubt => Event::FoundIssued { gift: id },
                _ => Event::Recalled { gift: id },
            };
            let is_it = |credit: &&Credit| credit.id == id;
            let credit = look.credits.iter().find(is_it).expect("it was found there");
            if !gift.is_tagged() && gift.key.is_tag_of(&credit.description) {
                // The copy is older than the choice to tag.
                self.recalls_tags = true;
                gift.content = gift.as_gift().tagged().content;
            }
            let (row, state, attempt) = (gift.row, gift.state, gift.attempts);
            self.recalled.push(Outcome::of((row, state, attempt), event, now));
            self.recalled_gifts += 1;
            self.taken.insert(id);
            (gift.state, gift.gift_id, gift.issued_at) = (GiftState::Issued, Some(id), Some(now));
        }
        recalled
    }

    /// Leaves gifts of a wallet to a person, each for its reason. Of gifts that no list can tell apart one may be open:
    /// while the others wait for that, the campaign stays blocked.
    pub(super) fn hold(
        &mut self,
        job: &mut Job,
        unclear: Vec<(usize, String)>,
        now: DateTime<Utc>,
    ) {
        let wallet = job.wallet;
        let open = job.known.iter().filter(|gift| gift.state.is_undecided());
        let mut open: HashSet<Twin> = open.map(|gift| gift.as_gift().twin()).collect();
        for (place, why) in unclear {
            let gift = &mut job.known[place];
            if !open.insert(gift.as_gift().twin()) {
                let key = gift.key;
                tracing::warn!(%wallet, %key, why, "it may have been given, and one like it has to be settled first");
                self.is_whole = false;
                continue;
            }
            tracing::warn!(%wallet, key = %gift.key, why, "it may have been given: a person must look");
            let (row, state, attempt) = (gift.row, gift.state, gift.attempts);
            self.recalled.push(Outcome::of(
                (row, state, attempt),
                Event::StayedUnclear { why },
                now,
            ));
            gift.state = GiftState::Held;
        }
    }
}
