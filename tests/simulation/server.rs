//! What the provider does with a request that reaches it.

use giftbatch::provider::{Delivery, Loss};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::faults::Fault;
use crate::manners::Kind;
use crate::network::{Asked, Commit};
use crate::plot::Breach;
use crate::provider::{Create, Deleted, Made, envelope, failure, with_age};
use crate::script::ODD_DATES;
use crate::terms::{References, SECOND};
use crate::world::{Event, State};

/// Instants that no clock can show, and texts that are none.
const ODD_INSTANTS: [&str; 6] = [
    "0001-01-01T00:00:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.9999999",
    "+262142-12-31T00:00:00Z",
    "1970-01-01T00:00:00Z",
    "soon",
];

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
                let is_no = matches!(exchange.fault, Some(Fault::IsFailure | Fault::Forbidden));
                if is_no {
                    self.provider.refused.push(create.reference());
                }
                (commit == Commit::Served).then(|| self.take(id, &create))
            }
            Asked::Delete(gift) => (commit == Commit::Served).then(|| self.take_back(id, gift)),
            Asked::List(wallet) => is_own.then(|| self.show(id, wallet)),
            Asked::Gift(gift) => is_own.then(|| self.show_one(id, gift)),
            Asked::Balances(wallet) => is_own.then(|| self.show_balances(id, wallet)),
        };
        if let Some(answer) = answer.filter(|_| is_own) {
            let answer = self.with_odd_clock(answer);
            self.exchange(id).answer = Some(answer);
        }
        self.tidy(id);
    }

    /// One of the servers may have a clock of its own.
    fn with_odd_clock(&mut self, mut page: Delivery) -> Delivery {
        let chance = self.terms.manners.times.clocks;
        if let Delivery::Answered { date: Some(date), .. } = &mut page
            && self.aside.chance(chance)
        {
            *date = (*self.aside.pick(&ODD_DATES)).to_owned();
            self.count(Fault::OddDate);
        }
        page
    }

    /// Commits a create, and answers it.
    fn take(&mut self, id: u64, create: &Create) -> Delivery {
        let now = self.now;
        match self.provider.commit(&self.terms, create, now, &mut self.dice) {
            Made::New(place) => {
                let gift = self.provider.book[place].id;
                self.note(format_args!("#{id} COMMIT {gift} for {}", create.reference()));
                self.make_odd(place);
                let faulty = self.terms.faulty;
                let enforces = self.terms.references == References::Enforced;
                if enforces && !self.is_quiet && self.dice.chance(faulty / 4) {
                    // A gateway carried it twice: the second answer is the one that comes back.
                    return self.take(id, create);
                }
                if self.refuses_after_commit(id) {
                    return self.refuse_after_commit(id, create);
                }
                // Where used gifts leave the lists, only those are spent that we have surely written
                // down: else nobody could tell that they were ever given.
                if !self.terms.spends_late() || self.terms.breach == Breach::HidesDoubts {
                    self.plan_use(create.reference(), 2 * SECOND);
                }
                let mut body = self.provider.success(&self.terms, place);
                if self.aside.chance(self.terms.manners.times.answers) {
                    self.count(Fault::OddCreatedAt);
                    body["Value"]["CreatedAt"] = json!(*self.aside.pick(&ODD_INSTANTS));
                }
                self.provider.answer(&self.terms, now, 200, body.to_string())
            }
            Made::Duplicate => {
                self.note(format_args!("#{id} is a duplicate of {}", create.reference()));
                self.count(Fault::DuplicateReference);
                let status = *self.dice.pick(&[200, 400, 409, 422]);
                self.page(status, &failure("Duplicate ExternalReference"))
            }
        }
    }

    /// What of a new gift no list shows as it should.
    fn make_odd(&mut self, place: usize) {
        let wallet = self.provider.book[place].wallet;
        if self.aside.chance(self.terms.manners.times.gifts) {
            self.count(Fault::OddCreatedAt);
            self.provider.book[place].odd_created_at = Some(*self.aside.pick(&ODD_INSTANTS));
        }
        if self.terms.manners.has(Kind::IdsOfWallets) {
            let id = self.provider.book[place].id;
            let is_twice =
                |entry: &crate::provider::Entry| entry.id == id && entry.wallet != wallet;
            if self.provider.book.iter().any(is_twice) {
                self.count(Fault::IdInTwoWallets);
            }
        }
    }

    /// Whether a gift that was just made is refused all the same.
    fn refuses_after_commit(&mut self, id: u64) -> bool {
        if self.is_quiet || self.exchange(id).fault.is_some() {
            return false;
        }
        let manners = &self.terms.manners;
        let is_in_a_row = manners.refuses_in_a_row.is_some_and(|(from, count)| {
            from <= self.now && self.provider.refused_in_a_row < count
        });
        let chance = manners.refuses_after;
        is_in_a_row || self.aside.chance(chance)
    }

    fn refuse_after_commit(&mut self, id: u64, create: &Create) -> Delivery {
        self.provider.refused.push(create.reference());
        self.provider.refused_in_a_row += 1;
        self.count(Fault::RefusedAfterCommit);
        if self.provider.refused_in_a_row == u64::from(self.terms.stop_after_refusals) {
            self.count(Fault::RefusedInARow);
        }
        self.exchange(id).fault = Some(Fault::RefusedAfterCommit);
        self.note(format_args!("#{id} is refused after its commit"));
        let status = *self.aside.pick(&[200, 400, 422]);
        self.page(status, &failure("the notification could not be sent"))
    }

    /// The list of a wallet, as old as this server's lists may be.
    fn show(&mut self, id: u64, wallet: Uuid) -> Delivery {
        let most = self.terms.v;
        let lag = if self.dice.chance(300) { most } else { self.dice.between(0, most) };
        if self.terms.manners.oversized_wallets.contains(&wallet) {
            self.count(Fault::ListOversized);
            self.note(format_args!("#{id} is too large a list: {wallet}"));
            let why = "the answer is larger than 134217728 bytes".to_owned();
            return Delivery::Lost { loss: Loss::TooLarge, why };
        }
        if self.is_denied(wallet) {
            self.note(format_args!("#{id} denies the list of {wallet}"));
            return self.page(404, &failure("no gifts"));
        }
        let age = self.age();
        let as_of = self.as_of(lag, age);
        let all = self.provider.list(&self.terms, wallet, self.now).len();
        let mut shown = self.provider.list(&self.terms, wallet, as_of);
        let whole = shown.len();
        if let Some(cut) = self.terms.manners.cut {
            let excess = shown.len().saturating_sub(cut.most);
            if cut.keeps_newest {
                shown.drain(..excess);
            } else {
                shown.truncate(cut.most);
            }
        }
        let count = shown.len();
        let write = |entry: &&crate::provider::Entry| {
            let gift = self.provider.write(&self.terms, entry, wallet, as_of);
            if entry.is_unreadable { json!({ "Id": gift["Id"], "Amount": "much" }) } else { gift }
        };
        let mut gifts: Vec<Value> = shown.iter().map(write).collect();
        let has_odd = shown.iter().any(|entry| entry.is_unreadable);
        for (fault, is_met) in [
            (Fault::ListLags, whole < all && age == 0),
            (Fault::ListCached, whole < all && age > 0),
            (Fault::ListCut, count < whole),
            (Fault::EntryUnreadable, has_odd),
        ] {
            if is_met {
                self.count(fault);
            }
        }
        self.spoil_an_entry(&mut gifts);
        self.note(format_args!("#{id} shows {count} of {all} gifts of {wallet}, {age} us old"));
        let page = if gifts.is_empty() && self.terms.empty_list_is_404 {
            self.page(404, &failure("no gifts"))
        } else {
            let body = envelope(&self.terms, Value::from(gifts), true).to_string();
            self.page(200, &body)
        };
        self.told_age(page, age)
    }

    /// Whether a wallet's list is denied just now, though it has gifts.
    fn is_denied(&mut self, wallet: Uuid) -> bool {
        let (now, denied) = (self.now, &self.terms.manners.denied);
        let is_now =
            |(of, from, until): &(Uuid, i64, i64)| *of == wallet && *from <= now && now < *until;
        let is_denied = !self.is_quiet && denied.iter().any(is_now);
        if is_denied && !self.provider.list(&self.terms, wallet, now).is_empty() {
            self.count(Fault::ListDenied);
        }
        is_denied
    }

    /// How long a cache has kept what it gives now.
    fn age(&mut self) -> i64 {
        match self.terms.manners.cache {
            Some(cache) if !self.is_quiet && self.aside.chance(600) => {
                self.aside.between(0, cache.oldest)
            }
            _ => 0,
        }
    }

    /// The moment of which an answer speaks that lags, and was kept for a while. Where no cache tells how long, both
    /// together are no more than V: nobody could know else.
    fn as_of(&self, lag: i64, age: i64) -> i64 {
        let tells = self.terms.manners.cache.is_some_and(|cache| cache.tells_age);
        self.now - if tells { lag + age } else { (lag + age).min(self.terms.v) }
    }

    /// A cache says how long it has kept something, in whole seconds, or says nothing.
    fn told_age(&self, page: Delivery, age: i64) -> Delivery {
        let tells = self.terms.manners.cache.is_some_and(|cache| cache.tells_age);
        if tells && age > 0 { with_age(page, age / SECOND) } else { page }
    }

    /// Now and then an entry cannot be read.
    fn spoil_an_entry(&mut self, gifts: &mut [Value]) {
        let chance = self.terms.manners.unreadable;
        if self.is_quiet || gifts.is_empty() || !self.aside.chance(chance) {
            return;
        }
        self.count(Fault::EntryUnreadable);
        let place = usize::try_from(self.aside.below(gifts.len() as u64)).expect("it is a place");
        let most = "79228162514264337593543950335";
        match self.aside.below(9) {
            0 => gifts[place] = Value::Null,
            1 => gifts[place] = json!({ "Id": gifts[place]["Id"] }),
            2 => gifts[place]["Id"] = json!("none"),
            3 => gifts[place]["ExpirationDate"] = json!("some day"),
            4 => gifts[place]["ExpirationDate"] = json!("+262142-12-31T00:00:00Z"),
            5 => gifts[place]["ExpirationDate"] = json!("-262143-01-01T00:00:00Z"),
            6 => gifts[place]["Amount"] = json!(most),
            7 => gifts[place]["RemainingAmount"] = json!("-0.05"),
            _ => gifts[place] = json!("a gift"),
        }
    }

    /// The balances of a wallet, as old as this server's lists may be.
    fn show_balances(&mut self, id: u64, wallet: Uuid) -> Delivery {
        let lag = self.dice.between(0, self.terms.v);
        let lag = if self.terms.balances_are_true { 0 } else { lag };
        let is_kept = self.terms.manners.cache.is_some_and(|cache| cache.keeps_balances);
        let age = if is_kept { self.age() } else { 0 };
        if age > 0 {
            self.count(Fault::BalanceCached);
        }
        let as_of = self.as_of(lag, age);
        let value = self.provider.balances(&self.terms, wallet, as_of);
        let total = value["TotalGiftBalance"].clone();
        self.note(format_args!("#{id} says that {wallet} has {total}, {age} us old"));
        let page = self.page(200, &envelope(&self.terms, value, true).to_string());
        self.told_age(page, age)
    }

    /// One gift by its id: used ones too, and none that was never given.
    fn show_one(&mut self, id: u64, gift: Uuid) -> Delivery {
        let found = self.provider.one(gift, self.now);
        let found =
            found.map(|entry| self.provider.write(&self.terms, entry, entry.wallet, self.now));
        self.note(format_args!("#{id} shows {gift}: {}", found.is_some()));
        match found {
            Some(value) => self.page(200, &envelope(&self.terms, value, true).to_string()),
            None => self.page(404, &failure("no such gift")),
        }
    }

    /// Deletes a gift, and answers.
    fn take_back(&mut self, id: u64, gift: Uuid) -> Delivery {
        let now = self.now;
        if self.aside.chance(150) && !self.is_quiet {
            // The customer was faster.
            let entry = self.provider.book.iter_mut().find(|entry| entry.id == gift);
            if let Some(entry) = entry.filter(|entry| entry.used_at.is_none()) {
                entry.used_at = Some(now);
                self.count(Fault::UsedBeforeDelete);
            }
        }
        let deleted = self.provider.delete(gift, now);
        self.note(format_args!("#{id} deletes {gift}: {deleted:?}"));
        let denies = self.terms.manners.denies_deletes;
        if !self.is_quiet && self.aside.chance(denies) {
            self.count(Fault::DeleteDenied);
            return match self.aside.below(3) {
                0 => self.page(409, "<html>conflict</html>"),
                1 => self.page(409, &failure("conflict")),
                _ => self.page(500, "<html>oops</html>"),
            };
        }
        let (status, no) = match deleted {
            Deleted::Gone => {
                let body = envelope(&self.terms, json!(true), true).to_string();
                return self.page(200, &body);
            }
            Deleted::Used => (*self.aside.pick(&[200, 400, 422]), "It was used."),
            Deleted::NotThere => (*self.aside.pick(&[200, 404]), "There is no such gift."),
        };
        self.page(status, &failure(no))
    }

    /// A customer may spend the gift within this time.
    pub(crate) fn plan_use(&mut self, reference: Uuid, within: i64) {
        if self.dice.chance(200) {
            let at = self.now + 10 * SECOND * i64::from(self.terms.spends_late());
            let at = at + self.dice.between(0, within);
            self.push(at, Event::Spend(reference));
        }
    }

    /// A create or a delete reaches the server's books after the client has let go.
    pub(crate) fn take_late(&mut self, id: u64) {
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        exchange.serve = None;
        match exchange.asked.clone() {
            Asked::Create(create) => {
                self.note(format_args!("#{id} is taken late"));
                let _ = self.take(id, &create);
            }
            Asked::Delete(gift) => {
                let _ = self.take_back(id, gift);
            }
            Asked::List(_) | Asked::Gift(_) | Asked::Balances(_) => {}
        }
        self.tidy(id);
    }
}
