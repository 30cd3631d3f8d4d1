//! The second witness: before a look may prove a gift absent, the transactions are searched for its reference.
//!
//! Nobody knows whether that look-up speaks of gifts at all (API page). So it is tried on a gift that surely
//! exists, once a run and only where a doubt is about to count as absent; a witness that does not know that gift
//! is not asked again.
//!
//! **Invariant:** a look is judged once: by what was heard, or without a witness that does not answer.

use super::dispatcher::Dispatcher;
use super::group::{DoneLook, LookFor};
use super::request::{Request, Times};
use crate::domain::{Gift, GiftKey, Money, WalletId};
use crate::ledger::GivenGift;
use crate::pace::Health;
use crate::provider::{Obstacle, Reading, Transaction};
use crate::settle::{Testimony, unheard};

/// Times that the trial may go wrong for other reasons than that the witness does not know the question.
const TRIALS: u32 = 3;

/// What is known of the second witness.
#[derive(Debug)]
pub(super) struct Witness {
    trust: Trust,
    /// A gift that surely exists.
    sample: Option<GivenGift>,
    /// Looks that wait for the end of the trial.
    waiting: Vec<DoneLook>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// It was not tried; so often that went wrong.
    Open { failures: u32 },
    /// It is being tried.
    OnTrial { failures: u32 },
    /// It knew a gift that exists.
    Speaks,
    /// It did not.
    Silent,
}

/// What the witness is asked.
#[derive(Debug)]
pub(super) enum Question {
    /// About a gift that surely exists.
    Trial(GivenGift),
    /// About a doubt of a look, by its place.
    Doubt(Box<DoneLook>, usize),
}

impl Question {
    /// The reference that is looked up.
    pub(super) fn key(&self) -> GiftKey {
        match self {
            Question::Trial(gift) => gift.key,
            Question::Doubt(done, place) => done.doubts[*place].doubt.claimed.gift.key,
        }
    }
}

impl Witness {
    /// A witness that was not tried; `sample` is a gift of earlier runs.
    pub(super) fn of(sample: Option<GivenGift>) -> Witness {
        Witness { trust: Trust::Open { failures: 0 }, sample, waiting: Vec::new() }
    }

    /// A gift was given, on which it could be tried.
    pub(super) fn may_go_by(&mut self, gift: &Gift) {
        let content = &gift.content;
        self.sample.get_or_insert(GivenGift {
            key: gift.key,
            wallet: content.wallet,
            amount: content.amount,
        });
    }
}

impl Dispatcher<'_> {
    /// Hears the second witness about what a look may prove; then the look is judged.
    pub(super) fn hear_or_judge(&mut self, done: DoneLook) {
        let place = match done.what_for {
            LookFor::Doubts => unheard(&done.doubts, &done.look, &self.options.policy),
            LookFor::Sighting => None,
        };
        let (Some(place), Some(sample)) = (place, self.witness.sample) else {
            self.looks.push(done);
            return;
        };
        let is_ending = self.stop.is_some();
        match self.witness.trust {
            Trust::Silent => self.looks.push(done),
            Trust::Open { .. } if is_ending => self.looks.push(done),
            // A run that ends asks nothing more; the next one looks again.
            Trust::OnTrial { .. } | Trust::Speaks if is_ending => {}
            Trust::Speaks => {
                self.urgent.push_back(Request::Hear(Question::Doubt(Box::new(done), place)));
            }
            Trust::OnTrial { .. } => self.witness.waiting.push(done),
            Trust::Open { failures } => {
                self.witness.trust = Trust::OnTrial { failures };
                self.witness.waiting.push(done);
                self.urgent.push_back(Request::Hear(Question::Trial(sample)));
            }
        }
    }

    /// The witness was asked.
    pub(super) fn heard(
        &mut self,
        question: Question,
        reading: &Reading<Vec<Transaction>>,
        times: Times,
    ) {
        self.pace.ended(Health::of_answer(reading), times.sent_at, times.ended_at);
        self.skew.saw_ms(times.skew_ms);
        match question {
            Question::Trial(sample) => self.tried(&sample, reading),
            Question::Doubt(mut done, place) => {
                let claimed = &done.doubts[place].doubt.claimed;
                let content = &claimed.gift.content;
                let said = testimony(reading, claimed.gift.key, content.wallet, content.amount);
                done.look.heard.insert(place, said);
                self.hear_or_judge(*done);
            }
        }
    }

    fn tried(&mut self, sample: &GivenGift, reading: &Reading<Vec<Transaction>>) {
        let failures = match self.witness.trust {
            Trust::Open { failures } | Trust::OnTrial { failures } => failures + 1,
            Trust::Speaks | Trust::Silent => 0,
        };
        let said = testimony(reading, sample.key, sample.wallet, sample.amount);
        self.witness.trust = match said {
            Testimony::Knows(_) => Trust::Speaks,
            Testimony::Failed if failures < TRIALS => Trust::Open { failures },
            Testimony::Silent | Testimony::Failed => Trust::Silent,
        };
        tracing::debug!(trust = ?self.witness.trust, "transactions were searched for a gift");
        for done in std::mem::take(&mut self.witness.waiting) {
            self.hear_or_judge(done);
        }
    }
}

/// What an answer says of a gift.
fn testimony(
    reading: &Reading<Vec<Transaction>>,
    key: GiftKey,
    wallet: WalletId,
    amount: Money,
) -> Testimony {
    let found = match reading {
        Reading::Found(found) => found,
        // Keys that other questions are answered with may not be allowed this one.
        Reading::Absent
        | Reading::Refused { .. }
        | Reading::Obstructed(Obstacle::CredentialsRejected { .. } | Obstacle::Forbidden(_)) => {
            return Testimony::Silent;
        }
        Reading::Obstructed(Obstacle::Throttled { .. } | Obstacle::NeverSent { .. })
        | Reading::Unreadable { .. } => return Testimony::Failed,
    };
    let Some(known) = found.iter().find(|one| one.speaks_of(key, wallet, amount)) else {
        return Testimony::Silent;
    };
    let id = known.id.as_deref().map(|id| format!(" ({id})")).unwrap_or_default();
    let gift = known.gift.map(|gift| format!(", as gift {gift}")).unwrap_or_default();
    Testimony::Knows(format!("a transaction{id} carries its reference{gift}"))
}
