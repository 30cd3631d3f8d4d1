//! A ledger in a few lines: a map of gifts, for the random test to hold the real one against.

use std::collections::{BTreeMap, BTreeSet};

use proptest::sample::Index;

use super::*;
use crate::domain::{GiftKey, Twin, WalletId};

/// A wallet by its first row in a campaign, and all its gifts by their rows.
pub(super) type KnownOf = (i64, WalletId, Vec<(i64, GiftState)>);

/// All gifts by their keys.
#[derive(Default)]
pub(super) struct Model {
    pub(super) gifts: BTreeMap<GiftKey, Gift>,
}

/// One gift.
pub(super) struct Gift {
    pub(super) row: i64,
    campaign: i64,
    pub(super) content: GiftContent,
    pub(super) state: GiftState,
    pub(super) attempts: i64,
    pub(super) doubts: i64,
    pub(super) first_sent_at: Option<DateTime<Utc>>,
    ready_at: DateTime<Utc>,
    settle_from: DateTime<Utc>,
    id: Option<(GiftId, DateTime<Utc>)>,
    class: Option<String>,
    pub(super) finding: Option<Finding>,
    /// What happened, each with the attempt that it is about.
    pub(super) story: Vec<(i64, Event)>,
}

/// An outcome to be: which gift, what happens to it, and whether the caller is mistaken.
#[derive(Clone, Debug)]
pub(super) struct Pick {
    pub(super) gift: Index,
    pub(super) event: Index,
    /// Whether the event is one that may follow; else it is any.
    pub(super) is_legal: bool,
    /// The state in which the caller believes the gift to be, where that is not the true one.
    pub(super) stale: Option<GiftState>,
    /// The provider's id, where the event has one.
    pub(super) id: u128,
}

/// Every event but `Started`, which only a claim writes.
fn events(gift: GiftId, at: DateTime<Utc>) -> Vec<Event> {
    let refusal = Refusal { class: "gone".into(), message: "no".into() };
    let why = String::from("odd");
    vec![
        Event::Withdrawn { by: None },
        Event::Expired,
        Event::Confirmed { gift },
        Event::Declined(refusal.clone()),
        Event::Undelivered { retry_at: at + TimeDelta::minutes(3), why: why.clone() },
        Event::AnswerLost { why: why.clone() },
        Event::Orphaned,
        Event::FoundIssued { gift },
        Event::Recalled { gift },
        Event::FoundAbsent,
        Event::StayedUnclear { why: why.clone() },
        Event::ResolvedIssued { gift, note: why.clone() },
        Event::ResolvedRefused(refusal),
        Event::ResolvedRetry { note: why },
        Event::Reopened,
        Event::RevokeStarted,
        Event::Deleted,
        Event::StillThere { why: "its list still shows it".into() },
    ]
}

/// The outcomes that picks stand for; each gift at most once.
pub(super) fn outcomes(model: &mut Model, picks: &[Pick], at: DateTime<Utc>) -> Vec<Outcome> {
    let rows = model.rows();
    let mut taken = BTreeSet::new();
    let mut outcomes = Vec::new();
    for pick in picks.iter().filter(|_| !rows.is_empty()) {
        let row = *pick.gift.get(&rows);
        let twin = model.gift(row).twin();
        let has_twin = model.gifts.values().filter(|gift| gift.twin() == twin).count() > 1;
        let gift = model.gift(row);
        if !taken.insert(gift.row) {
            continue;
        }
        let state = pick.stale.unwrap_or(gift.state);
        let mut events = events(gift_id(pick.id), at);
        if pick.is_legal {
            events.retain(|event| state.next(event).is_ok());
        }
        // Whoever holds a gift that is not in doubt looks first whether one like it is open: see src/recheck/judge.rs.
        events.retain(|event| {
            !(has_twin
                && state != GiftState::InDoubt
                && matches!(event, Event::StayedUnclear { .. }))
        });
        if !events.is_empty() {
            let event = pick.event.get(&events).clone();
            outcomes.push(Outcome::of((gift.row, state, gift.attempts), event, at));
        }
    }
    outcomes
}

/// The id that an event gives a gift.
fn id_of(event: &Event) -> Option<GiftId> {
    match event {
        Event::Confirmed { gift }
        | Event::FoundIssued { gift }
        | Event::Recalled { gift }
        | Event::ResolvedIssued { gift, .. } => Some(*gift),
        _ => None,
    }
}

impl Gift {
    pub(super) fn new(row: i64, campaign: i64, content: GiftContent) -> Gift {
        Gift {
            row,
            campaign,
            content,
            state: GiftState::Planned,
            attempts: 0,
            doubts: 0,
            first_sent_at: None,
            ready_at: DateTime::UNIX_EPOCH,
            settle_from: DateTime::UNIX_EPOCH,
            id: None,
            class: None,
            finding: None,
            story: Vec::new(),
        }
    }

    /// An intent is written.
    pub(super) fn start(&mut self, at: DateTime<Utc>) {
        self.state = GiftState::InFlight;
        self.attempts += 1;
        self.first_sent_at = self.first_sent_at.or(Some(at));
        self.story.push((self.attempts, Event::Started));
    }

    /// An outcome is written.
    pub(super) fn apply(&mut self, outcome: &Outcome) {
        let Outcome { event, at, .. } = outcome;
        self.state = self.state.next(event).expect("an illegal event was not written");
        self.id = id_of(event).map(|id| (id, *at)).or(self.id);
        self.class = match event {
            Event::Declined(refusal) | Event::ResolvedRefused(refusal) => {
                Some(refusal.class.clone())
            }
            Event::Expired => Some("expired".to_owned()),
            _ => None,
        };
        match event {
            Event::AnswerLost { .. } => {
                self.doubts += 1;
                self.settle_from = *at;
            }
            Event::Orphaned => self.settle_from = *at,
            Event::Undelivered { retry_at, .. } => self.ready_at = *retry_at,
            Event::FoundAbsent | Event::ResolvedRetry { .. } => self.ready_at = *at,
            Event::Reopened => self.ready_at = DateTime::UNIX_EPOCH,
            _ => {}
        }
        self.story.push((outcome.attempt, event.clone()));
    }

    fn twin(&self) -> Twin {
        self.content.twin()
    }
}

/// A gift as a page of the ledger tells it.
type Told = (
    (i64, GiftKey, GiftContent, GiftState, i64),
    Option<GiftId>,
    Option<DateTime<Utc>>,
    Option<String>,
    Option<String>,
);

/// A doubt: first attempt, row, last attempt, attempts that ended in doubt, start of its window.
type ToldDoubt = (DateTime<Utc>, i64, i64, i64, DateTime<Utc>);

impl Model {
    pub(super) fn rows(&self) -> Vec<i64> {
        let mut rows: Vec<i64> = self.gifts.values().map(|gift| gift.row).collect();
        rows.sort_unstable();
        rows
    }

    pub(super) fn gift(&mut self, row: i64) -> &mut Gift {
        self.gifts.values_mut().find(|gift| gift.row == row).expect("the ledger names its own rows")
    }

    pub(super) fn of_campaign(&mut self, campaign: i64) -> impl Iterator<Item = &mut Gift> {
        self.gifts.values_mut().filter(move |gift| gift.campaign == campaign)
    }

    fn sendable(&self, campaign: i64) -> impl Iterator<Item = &Gift> {
        let gifts = self.gifts.values().filter(move |gift| gift.campaign == campaign);
        gifts.filter(|gift| matches!(gift.state, GiftState::Planned | GiftState::Deferred))
    }

    /// The rows that a claim must give: the first that may be sent by their time and row, and of twins
    /// among them the first.
    pub(super) fn claimable(&self, campaign: i64, limit: usize, now: DateTime<Utc>) -> Vec<i64> {
        let is_open = |gift: &Gift| {
            matches!(gift.state, GiftState::InFlight | GiftState::InDoubt | GiftState::Held)
        };
        let may_go = |gift: &&Gift| {
            let all = || self.gifts.values();
            gift.ready_at <= now
                && !gift.content.expiry.has_passed(now)
                && !all().any(|other| is_open(other) && other.twin() == gift.twin())
                && !all().any(|other| {
                    other.state == GiftState::InDoubt && other.content.wallet == gift.content.wallet
                })
        };
        let mut gifts: Vec<&Gift> = self.sendable(campaign).filter(may_go).collect();
        gifts.sort_by_key(|gift| (gift.ready_at, gift.row));
        gifts.truncate(limit);
        gifts.sort_by_key(|gift| gift.row);
        let mut twins = Vec::new();
        gifts.retain(|gift| {
            let is_first = !twins.contains(&gift.twin());
            twins.push(gift.twin());
            is_first
        });
        gifts.iter().map(|gift| gift.row).collect()
    }

    /// Why these outcomes must not be written; nothing: they must. Which of several reasons is found first is
    /// left to SQLite.
    pub(super) fn refusals(&mut self, outcomes: &[Outcome]) -> Vec<&'static str> {
        if outcomes.iter().any(|outcome| outcome.state.next(&outcome.event).is_err()) {
            return vec!["illegal"];
        }
        let mut owned = self.claimed_ids();
        let mut refusals = Vec::new();
        for outcome in outcomes {
            if self.gift(outcome.row).state != outcome.state {
                refusals.push("raced");
            } else if let Some(id) = id_of(&outcome.event) {
                if owned.contains(&id) {
                    refusals.push("an id of another gift");
                }
                owned.push(id);
            }
        }
        refusals
    }

    /// What is in flight is in doubt from now on; how many gifts that were.
    pub(super) fn orphan(&mut self, at: DateTime<Utc>) -> usize {
        let in_flight = self.gifts.values_mut().filter(|gift| gift.state == GiftState::InFlight);
        in_flight
            .map(|gift| {
                let (row, attempt) = (gift.row, gift.attempts);
                let state = GiftState::InFlight;
                gift.apply(&Outcome::of((row, state, attempt), Event::Orphaned, at));
            })
            .count()
    }

    pub(super) fn claimed_ids(&self) -> Vec<GiftId> {
        let ids = self.gifts.values().filter_map(|gift| gift.id);
        let mut ids: Vec<GiftId> = ids.map(|(id, _)| id).collect();
        ids.sort_unstable();
        ids
    }

    /// The oldest first.
    pub(super) fn doubts(&self) -> Vec<ToldDoubt> {
        let gifts = self.gifts.values().filter(|gift| gift.state == GiftState::InDoubt);
        let mut doubts: Vec<_> = gifts
            .map(|gift| {
                let first = gift.first_sent_at.expect("a doubt was sent");
                (first, gift.row, gift.attempts, gift.doubts, gift.settle_from)
            })
            .collect();
        doubts.sort_unstable();
        doubts
    }

    pub(super) fn waiting(
        &self,
        campaign: i64,
        now: DateTime<Utc>,
    ) -> (u64, Option<DateTime<Utc>>) {
        let later = self.sendable(campaign).map(|gift| gift.ready_at).filter(|at| *at > now);
        (self.sendable(campaign).count() as u64, later.min())
    }

    pub(super) fn expired(&self, campaign: i64, now: DateTime<Utc>) -> Vec<i64> {
        let expired = self.sendable(campaign).filter(|gift| gift.content.expiry.has_passed(now));
        let mut rows: Vec<i64> = expired.map(|gift| gift.row).collect();
        rows.sort_unstable();
        rows
    }

    pub(super) fn page(&self, campaign: i64) -> Vec<Told> {
        let gifts = self.gifts.iter().filter(|(_, gift)| gift.campaign == campaign);
        let mut page: Vec<Told> = gifts
            .map(|(key, gift)| {
                let is = (gift.row, *key, gift.content.clone(), gift.state, gift.attempts);
                let (id, issued_at) = gift.id.unzip();
                let finding = gift.finding.map(|finding| finding.word().to_owned());
                (is, id, issued_at, gift.class.clone(), finding)
            })
            .collect();
        page.sort_by_key(|(is, ..)| is.0);
        page
    }

    pub(super) fn tally(&self, campaign: i64) -> Vec<(GiftState, u64, Money)> {
        let mut tally: BTreeMap<GiftState, (u64, i64)> = BTreeMap::new();
        for gift in self.gifts.values().filter(|gift| gift.campaign == campaign) {
            let (gifts, minor) = tally.entry(gift.state).or_default();
            *gifts += 1;
            *minor += gift.content.amount.minor();
        }
        let told = |(state, (gifts, minor))| (state, gifts, Money::from_minor(minor));
        tally.into_iter().map(told).collect()
    }

    pub(super) fn of_wallet(&self, wallet: WalletId) -> Vec<(i64, GiftState)> {
        let gifts = self.gifts.values().filter(|gift| gift.content.wallet == wallet);
        let mut rows: Vec<_> = gifts.map(|gift| (gift.row, gift.state)).collect();
        rows.sort_unstable();
        rows
    }

    /// The wallets of a campaign in the order of their first rows, each with all its gifts.
    pub(super) fn wallets(&self, campaign: i64) -> Vec<KnownOf> {
        let mut gifts: Vec<_> =
            self.gifts.values().filter(|gift| gift.campaign == campaign).collect();
        gifts.sort_unstable_by_key(|gift| gift.row);
        let mut seen = BTreeSet::new();
        gifts.retain(|gift| seen.insert(gift.content.wallet));
        let known =
            |gift: &&Gift| (gift.row, gift.content.wallet, self.of_wallet(gift.content.wallet));
        gifts.iter().map(known).collect()
    }
}
