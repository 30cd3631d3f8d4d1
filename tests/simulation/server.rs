//! What the provider does with a request that reaches it.

use giftbatch::provider::Delivery;
use serde_json::Value;
use uuid::Uuid;

use crate::faults::Fault;
use crate::network::{Asked, Commit};
use crate::provider::{Create, Made, envelope, failure};
use crate::terms::{Breach, References, SECOND};
use crate::world::{Event, State};

impl State {
    /// The server serves a request.
    pub(crate) fn serve(&mut self, id: u64) {
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        exchange.serve = None;
        let (asked, commit) = (exchange.asked.clone(), exchange.commit);
        let is_own = exchange.answer.is_none();
        let answer = match asked {
            Asked::Create(create) => {
                let fault = exchange.fault;
                if fault == Some(Fault::RefusedAfterCommit) {
                    self.provider.refused_committed.push(create.reference());
                }
                let no = [Fault::IsFailure, Fault::Forbidden, Fault::RefusedAfterCommit];
                if fault.is_some_and(|fault| no.contains(&fault)) {
                    self.provider.refused.push(create.reference());
                }
                (commit == Commit::Served).then(|| self.take(id, &create))
            }
            Asked::List(wallet) => is_own.then(|| self.show(id, wallet)),
            Asked::Gift(gift) => is_own.then(|| self.show_one(id, gift)),
            Asked::Balances(wallet) => is_own.then(|| self.show_balances(wallet)),
        };
        if let Some(answer) = answer.filter(|_| is_own) {
            self.exchange(id).answer = Some(answer);
        }
        self.tidy(id);
    }

    /// Commits a create, and answers it.
    fn take(&mut self, id: u64, create: &Create) -> Delivery {
        let now = self.now;
        match self.provider.commit(&self.terms, create, now, &mut self.dice) {
            Made::New(place) => {
                let gift = self.provider.book[place].id;
                self.provider.book[place].odd_time = self.odd_time();
                self.note(format_args!("#{id} COMMIT {gift} for {}", create.reference()));
                let faulty = self.terms.faulty;
                let enforces = self.terms.references == References::Enforced;
                if enforces && !self.is_quiet && self.dice.chance(faulty / 4) {
                    // A gateway carried it twice: the second answer is the one that comes back.
                    return self.take(id, create);
                }
                // Where used gifts leave the lists, only those are spent that we have surely written
                // down: else nobody could tell that they were ever given.
                if !self.terms.spends_late() || self.terms.breach == Breach::HidesDoubts {
                    self.plan_use(create.reference(), 2 * SECOND);
                }
                let body = self.provider.success(&self.terms, place).to_string();
                self.provider.answer(&self.terms, now, 200, body)
            }
            Made::Duplicate => {
                self.note(format_args!("#{id} is a duplicate of {}", create.reference()));
                self.count(Fault::DuplicateReference);
                let status = *self.dice.pick(&[200, 400, 409, 422]);
                self.page(status, &failure("Duplicate ExternalReference"))
            }
        }
    }

    /// The list of a wallet, as old as this server's lists may be.
    fn show(&mut self, id: u64, wallet: Uuid) -> Delivery {
        let most = self.terms.v;
        let lag = if self.dice.chance(300) { most } else { self.dice.between(0, most) };
        let cached = self.cached_for();
        let as_of = self.now - lag - cached;
        let mut gifts = self.provider.list(&self.terms, wallet, as_of);
        let all = self.provider.list(&self.terms, wallet, self.now).len();
        if gifts.len() < all {
            self.count(Fault::ListLags);
        }
        if self.denies(wallet, all) {
            self.note(format_args!("#{id} denies {all} gifts of {wallet}"));
            return self.page(404, &failure("no such wallet"));
        }
        self.cut(wallet, &mut gifts);
        self.note(format_args!("#{id} shows {} of {all} gifts of {wallet}", gifts.len()));
        let age = (cached > 0).then(|| (cached / SECOND).to_string());
        if gifts.is_empty() && self.terms.empty_list_is_404 {
            return aged(self.page(404, &failure("no gifts")), age);
        }
        let body = envelope(&self.terms, Value::from(gifts), true).to_string();
        aged(self.page(200, &body), age)
    }

    /// The balances of a wallet, as old as this server's lists may be.
    fn show_balances(&mut self, wallet: Uuid) -> Delivery {
        let as_of = self.now - self.dice.between(0, self.terms.balance_lag);
        let value = self.provider.balances(&self.terms, wallet, as_of);
        self.note(format_args!("{wallet} has {}", value["TotalGiftBalance"]));
        self.page(200, &envelope(&self.terms, value, true).to_string())
    }

    /// One gift by its id: used ones too, and none that was never given.
    fn show_one(&mut self, id: u64, gift: Uuid) -> Delivery {
        let found = self.provider.one(&self.terms, gift, self.now);
        self.note(format_args!("#{id} shows {gift}: {}", found.is_some()));
        match found {
            Some(value) => self.page(200, &envelope(&self.terms, value, true).to_string()),
            None => self.page(404, &failure("no such gift")),
        }
    }

    /// A customer may spend the gift within this time.
    pub(crate) fn plan_use(&mut self, reference: Uuid, within: i64) {
        if self.dice.chance(200) {
            let at = self.now + 10 * SECOND * i64::from(self.terms.spends_late());
            let at = at + self.dice.between(0, within);
            self.push(at, Event::Spend(reference));
        }
    }

    /// A create reaches the server's books after the client has let go.
    pub(crate) fn take_late(&mut self, id: u64) {
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        exchange.serve = None;
        if let Asked::Create(create) = exchange.asked.clone() {
            self.note(format_args!("#{id} is taken late"));
            let _ = self.take(id, &create);
        }
        self.tidy(id);
    }
}

/// An answer that a cache has kept for so long.
fn aged(mut answer: Delivery, kept: Option<String>) -> Delivery {
    if let Delivery::Answered { age, .. } = &mut answer {
        *age = kept;
    }
    answer
}
