//! What the dispatcher makes of what it is told: replies, and groups that were committed.

use super::decide::{Decision, after_doubt, decide, decide_permission};
use super::dispatcher::Dispatcher;
use super::group::{Committed, Pending};
use super::look::{DoneLook, Judged, LookFor};
use super::request::{Asked, Purpose, Reported, Request};
use super::supply::Supply;
use crate::domain::{Event, GiftId, GiftState, WalletId};
use crate::drive::{Ended, Shows as _, Sign, Times};
use crate::ledger::Claimed;
use crate::provider::{Balances, ListReading, Reading, Verdict};
use crate::settle::{GiftBalance, Look};

/// So often a list's balance is asked for; then the list is looked at again.
const WEIGHED_AT_MOST: u32 = 4;

impl Dispatcher<'_> {
    /// A request has ended.
    pub(super) fn reported(&mut self, reported: Reported) {
        match reported {
            Reported::Gave(claimed, verdict, times) => self.gave(claimed, verdict, times),
            Reported::Looked(wallet, purpose, reading, times) => {
                self.looked(wallet, purpose, reading, times);
            }
            Reported::Told(id, reading, times) => self.told(id, &reading, times),
            Reported::Weighed(done, balances, times) => self.weighed(done, &balances, times),
        }
    }

    /// Takes note of how the provider is.
    fn saw(&mut self, sign: Sign<'_>, times: Times) {
        self.pace.ended(sign.health(), times.sent_at, times.ended_at);
        self.skew.saw_ms(times.skew_ms);
        if let Some(ended) = self.answers.saw(sign, times.ended_at) {
            self.stop(ended);
        }
    }

    fn gave(&mut self, claimed: Claimed, verdict: Verdict, times: Times) {
        self.saw(verdict.sign(), times);
        if let Verdict::Accepted { made_at: Some(made_at), .. } = verdict {
            self.skew.saw_made(made_at, times.ended_at);
        }
        if matches!(verdict, Verdict::Accepted { .. }) {
            self.sighting.may_go_by(&claimed.gift);
        }
        let took_ms = Some(times.took_ms());
        self.follow(claimed, decide(verdict, times.ended_at), times, took_ms);
    }

    /// `took_ms`: for how long the gift's own request was on its way.
    fn follow(&mut self, claimed: Claimed, decision: Decision, times: Times, took_ms: Option<i64>) {
        let was_doubted = claimed.doubts > 0 || self.doubted.contains(&claimed.row);
        match if was_doubted { after_doubt(decision) } else { decision } {
            Decision::Record(event, stop) => {
                let streak = self.streak.saw(&event, self.options.stop_after_refusals);
                let at = times.ended_at;
                self.pending.push(Pending { claimed, event, refusal: None, at, took_ms });
                if let Some(stop) = stop.or(streak) {
                    self.stop(stop);
                }
            }
            Decision::Doubt(refusal) => {
                let why = format!(
                    "refused as {} after an attempt that ended in doubt, which may be why: {}",
                    refusal.class, refusal.message
                );
                let (event, at) = (Event::AnswerLost { why }, times.ended_at);
                let refusal = Some(refusal);
                self.pending.push(Pending { claimed, event, refusal, at, took_ms });
            }
            Decision::AskPermission(refusal) => {
                self.ask(Asked { claimed, refusal, reads: 0 }, times);
            }
        }
    }

    /// Reads the wallet's list, to tell a gift that is forbidden from keys that are.
    fn ask(&mut self, asked: Asked, times: Times) {
        if self.stop.is_some() {
            // A run that is ending asks nothing more: nothing happened, so it can wait.
            let why = asked.refusal.message;
            self.pending.push(Pending::unsent(asked.claimed, why, times.ended_at));
            return;
        }
        let wallet = asked.claimed.gift.content.wallet;
        self.urgent.push_back(Request::Look(wallet, Purpose::Permission(asked)));
    }

    fn looked(&mut self, wallet: WalletId, purpose: Purpose, reading: ListReading, times: Times) {
        let is_list = matches!(reading, ListReading::Whole(_) | ListReading::NoList);
        self.read_failed_last = !is_list;
        self.saw(reading.sign(), times);
        if let Purpose::Permission(asked) = purpose {
            let Asked { claimed, refusal, reads } = asked;
            match decide_permission(refusal, &reading, reads, times.ended_at) {
                Decision::AskPermission(refusal) => {
                    self.ask(Asked { claimed, refusal, reads: reads + 1 }, times);
                }
                decision => self.follow(claimed, decision, times, None),
            }
            return;
        }
        if matches!(purpose, Purpose::Clock) {
            self.saw_clock(&reading, times);
        }
        let (credits, unreadable) = match reading {
            ListReading::Whole(credits) => (credits, Vec::new()),
            ListReading::NoList => (Vec::new(), Vec::new()),
            ListReading::Partial { credits, unreadable } => (credits, unreadable),
            ListReading::Obstructed(_) | ListReading::Unreadable { .. } => {
                tracing::debug!(%wallet, why = reading.sign().words(), "no gift list");
                self.look_failed(wallet, &purpose, times);
                return;
            }
        };
        let (what_for, doubts) = match purpose {
            Purpose::Settle => (LookFor::Doubts, self.book.doubts(wallet)),
            Purpose::Sight => (LookFor::Sighting, Vec::new()),
            Purpose::Clock | Purpose::Probe | Purpose::Permission(..) => return,
        };
        let look = Look {
            unreadable,
            deleted: self.evidence.deleted.clone(),
            ..Look::new(times.sent_at, times.as_of, credits)
        };
        let wants_balance = look.wants_balance(&doubts, &self.options.policy);
        let done = DoneLook { what_for, wallet, doubts, look, weighed: 0 };
        if wants_balance && self.stop.is_none() {
            self.urgent.push_back(Request::Weigh(done));
        } else {
            self.looks.push(done);
        }
    }

    /// A wallet's balances were asked for, beside its list.
    fn weighed(&mut self, mut done: DoneLook, balances: &Reading<Balances>, times: Times) {
        done.look.weigh(balances, times.as_of);
        self.saw(Sign::of_balance(balances), times);
        done.weighed += 1;
        let is_told = done.look.gift_balance != GiftBalance::Unknown;
        if is_told || done.weighed >= WEIGHED_AT_MOST || self.stop.is_some() {
            self.looks.push(done);
        } else {
            self.urgent.push_back(Request::Weigh(done));
        }
    }

    /// The provider was asked for one gift that a list lacks.
    fn told(&mut self, id: GiftId, reading: &ListReading, times: Times) {
        self.saw(reading.sign(), times);
        self.evidence.told(id, reading);
    }

    fn look_failed(&mut self, wallet: WalletId, purpose: &Purpose, times: Times) {
        match purpose {
            Purpose::Settle => self.book.failed(wallet, times.ended_at),
            Purpose::Sight => self.sighting.again(times.ended_at),
            Purpose::Clock | Purpose::Probe | Purpose::Permission(..) => {}
        }
    }

    /// A group is durable.
    pub(super) fn committed(&mut self, committed: Committed) {
        let now = self.tools.clock.now();
        for wallet in committed.landed {
            self.busy.land(wallet);
        }
        if !committed.moves.is_empty() {
            // A twin may have landed, a wallet may have no doubt any more.
            self.supply.may_have_grown();
        }
        for moved in committed.moves {
            self.quota.moved(moved.row, moved.to);
            if moved.from == GiftState::InDoubt && moved.to == GiftState::Deferred {
                self.doubted.insert(moved.row);
            }
            if moved.campaign == self.campaign {
                self.progress.moved(moved.from, moved.to, moved.amount);
            }
        }
        for doubt in committed.doubts {
            self.book.add(doubt, now);
        }
        for Judged { wallet, what_for, sent_at, settled } in committed.looked {
            if !self.skew.is_measured() {
                self.skew = settled.skew;
            }
            let worth_asking = self.evidence.looked(wallet, &settled, sent_at);
            self.urgent.extend(worth_asking.map(|id| Request::Ask(wallet, id)));
            match what_for {
                LookFor::Doubts => self.book.looked(wallet, &settled, now),
                LookFor::Sighting => self.sighting.again(now),
            }
        }
        if committed.is_withheld {
            self.stop(Ended::Withheld);
        }
        if let Some(waiting) = committed.waiting.filter(|_| committed.claimed.is_empty()) {
            self.supply = Supply::dry(waiting);
        }
        for claimed in committed.claimed {
            self.busy.take_off(claimed.gift.content.wallet);
            self.quota.claimed(claimed.row);
            self.ready.push_back(claimed);
        }
        if self.stop.is_some() {
            // They were being claimed while the run was told to stop.
            self.undo_unsent();
        }
    }
}
