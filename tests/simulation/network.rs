//! The pretend network: carries requests to the pretend provider, with everything that can go wrong
//! on the way there, at the server, and on the way back.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use giftbatch::provider::{Delivery, Loss, Request, Sending, Transport};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::faults::Fault;
use crate::provider::{Create, Made, envelope, failure, http_date};
use crate::terms::{Breach, MS, References, SECOND, Trouble};
use crate::world::{Event, Place, State, World};

/// What was asked.
#[derive(Clone, Debug)]
enum Asked {
    Create(Create),
    List(Uuid),
}

/// When the server commits a create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Commit {
    Never,
    /// While it serves the request.
    Served,
    /// After the client has let go.
    Late,
}

/// One request on its way.
#[derive(Debug)]
pub(crate) struct Exchange {
    asked: Asked,
    fault: Option<Fault>,
    commit: Commit,
    /// What the client will be told.
    answer: Option<Delivery>,
    is_delivered: bool,
    /// The client has forgotten it.
    is_dropped: bool,
    is_late_planned: bool,
    waker: Option<Waker>,
    serve: Option<Place>,
    deliver: Option<Place>,
}

/// Carries one run's requests.
#[derive(Debug)]
pub(crate) struct Network(pub(crate) Arc<World>);

impl Transport for Network {
    fn send(&self, request: Request) -> Sending {
        let world = self.0.clone();
        let (id, waker) = {
            let mut state = world.state();
            let is_create = request.body.is_some();
            let dies = is_create && state.is_ambushed(Fault::CrashBeforeSend);
            // The run is dead by now: nothing reaches the wire.
            let id = (!dies).then(|| state.depart(&request));
            (id, state.end_waker())
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        Box::pin(Carried { world, id })
    }
}

/// A request until its answer is there.
struct Carried {
    world: Arc<World>,
    /// None: it never left.
    id: Option<u64>,
}

impl Future for Carried {
    type Output = Delivery;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Delivery> {
        let Some(id) = self.id else {
            return Poll::Pending;
        };
        let mut state = self.world.state();
        let exchange = state.exchanges.get_mut(&id).expect("it is there until it is dropped");
        if exchange.is_delivered {
            return Poll::Ready(exchange.answer.clone().expect("what is delivered is written"));
        }
        exchange.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.world.state().let_go(id);
        }
    }
}

impl State {
    /// A request leaves: what it will meet is drawn here.
    fn depart(&mut self, request: &Request) -> u64 {
        let asked = match &request.body {
            Some(json) => Asked::Create(serde_json::from_str(json).expect("a create is JSON")),
            None => Asked::List(wallet_of(&request.url)),
        };
        let id = self.next_exchange;
        self.next_exchange += 1;
        let trouble = self.trouble();
        let fault = self.draw_fault(&asked, trouble);
        let words = match &asked {
            Asked::Create(create) => format!("create {} ->", create.reference()),
            Asked::List(wallet) => format!("list {wallet} ->"),
        };
        self.note(format_args!("#{id} {words} {fault:?} {trouble:?}"));
        let exchange = Exchange {
            asked,
            fault,
            commit: Commit::Never,
            answer: None,
            is_delivered: false,
            is_dropped: false,
            is_late_planned: false,
            waker: None,
            serve: None,
            deliver: None,
        };
        self.exchanges.insert(id, exchange);
        match trouble {
            Some(trouble) => self.plan_trouble(id, trouble),
            None => self.plan(id, fault),
        }
        id
    }

    fn trouble(&self) -> Option<Trouble> {
        let now = self.now;
        let is_now = |window: &&crate::terms::Window| window.from <= now && now < window.until;
        let window = self.terms.windows.iter().find(is_now).filter(|_| !self.is_quiet)?;
        Some(window.trouble)
    }

    fn draw_fault(&mut self, asked: &Asked, trouble: Option<Trouble>) -> Option<Fault> {
        let faulty = self.terms.faulty;
        if trouble.is_some() || self.is_quiet || !self.dice.chance(faulty) {
            return None;
        }
        let fault = *self.dice.pick(&self.terms.kinds);
        let is_list = matches!(asked, Asked::List(_));
        // Few of these, or no story gets anywhere: they stop a run or refuse a gift.
        let is_rare = matches!(fault, Fault::Redirect | Fault::IsFailure | Fault::Forbidden);
        if (is_list && fault.is_of_creates()) || (is_rare && !self.dice.chance(250)) {
            return None;
        }
        self.count(fault);
        Some(fault)
    }

    fn schedule(&mut self, id: u64, serve: Option<i64>, deliver: i64) {
        let serve = serve.map(|at| self.push(at, Event::Serve(id)));
        let deliver = self.push(deliver, Event::Deliver(id));
        let exchange = self.exchange(id);
        exchange.serve = serve;
        exchange.deliver = Some(deliver);
    }

    fn exchange(&mut self, id: u64) -> &mut Exchange {
        self.exchanges.get_mut(&id).expect("an exchange that is planned is there")
    }

    /// Every request of an outage, or with revoked keys, ends alike.
    fn plan_trouble(&mut self, id: u64, trouble: Trouble) {
        let is_keys = matches!(
            trouble,
            Trouble::Unauthorized | Trouble::ForbiddenPage | Trouble::ForbiddenByApi
        );
        self.count(if is_keys { Fault::KeysRevoked } else { Fault::Outage });
        let now = self.now;
        let answer = match trouble {
            Trouble::Refuses => never("connection refused"),
            Trouble::Resets => lost(Loss::Cut, "connection reset by peer"),
            Trouble::TimesOut => lost(Loss::TimedOut, "no answer within the time-out"),
            Trouble::Overloaded => self.page(503, "<html>overloaded</html>"),
            Trouble::Unauthorized => self.page(401, ""),
            Trouble::ForbiddenPage => self.page(403, "<html>forbidden</html>"),
            Trouble::ForbiddenByApi => self.page(403, &failure("the key is revoked")),
        };
        if let (Trouble::ForbiddenByApi, Asked::Create(create)) =
            (trouble, self.exchange(id).asked.clone())
        {
            self.provider.forbidden.push(create.reference());
        }
        let wait = match trouble {
            Trouble::TimesOut => self.terms.timeout,
            _ => self.latency(),
        };
        self.exchange(id).answer = Some(answer);
        self.schedule(id, None, now + wait);
    }

    /// Milliseconds to seconds, most of them short; less than the time-out.
    fn latency(&mut self) -> i64 {
        let usual = self.terms.latency;
        let long = if self.dice.chance(30) { 20 } else { 1 };
        let latency = self.dice.between(usual / 4, usual) * long;
        latency.min(self.terms.timeout - MS)
    }

    /// Plans what a request meets outside of windows.
    fn plan(&mut self, id: u64, fault: Option<Fault>) {
        let (now, latency) = (self.now, self.latency());
        let timeout = self.terms.timeout;
        let (serve, deliver, commit) = match fault {
            Some(Fault::ConnectRefused | Fault::Dns | Fault::Tls) => {
                let wait = *self.dice.pick(&[MS, latency, timeout.min(3 * SECOND)]);
                (None, now + wait, Commit::Never)
            }
            Some(Fault::TimeoutBeforeCommit) => (None, now + timeout, Commit::Never),
            Some(Fault::TimeoutAfterCommit) => {
                let at = now + self.dice.between(MS, timeout);
                (Some(at), now + timeout, Commit::Served)
            }
            Some(Fault::LateCommit) => (None, now + timeout, Commit::Late),
            fault => {
                let deliver = now + latency;
                let at = now + self.dice.between(0, latency);
                (Some(at), deliver, self.draw_commit(fault))
            }
        };
        let is_create = matches!(self.exchange(id).asked, Asked::Create(_));
        self.exchange(id).commit = if is_create { commit } else { Commit::Never };
        self.exchange(id).answer = fault.and_then(|fault| self.faulty_answer(id, fault));
        self.schedule(id, serve, deliver);
    }

    /// Whether, and when, a request that ends so is committed.
    fn draw_commit(&mut self, fault: Option<Fault>) -> Commit {
        match fault {
            None => Commit::Served,
            Some(
                Fault::Throttled
                | Fault::ThrottledWithWait
                | Fault::Redirect
                | Fault::IsFailure
                | Fault::Forbidden
                | Fault::ServerErrorBeforeCommit,
            ) => Commit::Never,
            // A gateway gives up, its server does not.
            Some(Fault::ServerErrorAfterCommit) => *self.dice.pick(&[Commit::Served, Commit::Late]),
            Some(Fault::Fin | Fault::Reset | Fault::CutStatusLine | Fault::ProxyPage) => {
                *self.dice.pick(&[Commit::Never, Commit::Served, Commit::Late])
            }
            Some(_) => *self.dice.pick(&[Commit::Served, Commit::Served, Commit::Never]),
        }
    }

    /// What the client is told; none where it is the server's own answer.
    fn faulty_answer(&mut self, id: u64, fault: Fault) -> Option<Delivery> {
        Some(match fault {
            Fault::ConnectRefused => never("connection refused"),
            Fault::Dns => never("name or service not known"),
            Fault::Tls => never("invalid peer certificate"),
            Fault::TimeoutBeforeCommit | Fault::TimeoutAfterCommit | Fault::LateCommit => {
                lost(Loss::TimedOut, "no answer within the time-out")
            }
            Fault::Fin => lost(Loss::Cut, "connection closed before message completed"),
            Fault::Reset => lost(Loss::Cut, "connection reset by peer"),
            Fault::CutStatusLine => lost(Loss::Cut, "invalid HTTP status-code parsed"),
            Fault::CutBody => lost(Loss::Cut, "end of file before message length reached"),
            Fault::Oversized => lost(Loss::TooLarge, "the answer is larger than 1048576 bytes"),
            Fault::ServerErrorBeforeCommit | Fault::ServerErrorAfterCommit => {
                let status = *self.dice.pick(&[500, 502, 503, 504]);
                let body = if self.dice.chance(500) { failure("oops") } else { "<html>".into() };
                self.page(status, &body)
            }
            Fault::Throttled => self.throttled(None),
            Fault::ThrottledWithWait => {
                let seconds = self.dice.between(1, 20);
                self.throttled(Some(seconds))
            }
            Fault::Redirect => {
                let status = *self.dice.pick(&[301, 307, 308]);
                self.page(status, "")
            }
            Fault::ProxyPage => {
                let status = *self.dice.pick(&[200, 404, 400, 502]);
                self.page(status, "<html>please log in</html>")
            }
            Fault::Garbled => self.page(200, "{\"Value\":{\"Id\":\"6a62"),
            Fault::Empty => self.page(200, ""),
            Fault::OddStatus => {
                let status = *self.dice.pick(&[408, 409, 402]);
                self.page(status, &failure("odd"))
            }
            Fault::OtherWallet => {
                let wallet = self.dice.guid();
                let gift = json!({"Id": self.dice.guid(), "WalletId": wallet, "Amount": 1});
                let is_list = matches!(self.exchange(id).asked, Asked::List(_));
                let value = if is_list { json!([gift]) } else { gift };
                let body = envelope(&self.terms, value, true).to_string();
                self.page(200, &body)
            }
            Fault::IsFailure => {
                let status = *self.dice.pick(&[200, 400, 404, 410, 413, 415, 422]);
                self.page(status, &failure("the wallet is frozen"))
            }
            Fault::Forbidden => self.page(403, &failure("not for this wallet")),
            _ => return None,
        })
    }

    fn page(&self, status: u16, body: &str) -> Delivery {
        self.provider.answer(&self.terms, self.now, status, body.to_owned())
    }

    fn throttled(&mut self, seconds: Option<i64>) -> Delivery {
        let clock = self.provider.clock(self.now);
        let as_date = self.dice.chance(300);
        let mut page = self.page(429, "");
        if let (Delivery::Answered { retry_after, .. }, Some(seconds)) = (&mut page, seconds) {
            *retry_after = Some(match as_date {
                true => http_date(clock + chrono::TimeDelta::seconds(seconds)),
                false => seconds.to_string(),
            });
        }
        page
    }

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
            Asked::List(wallet) => is_own.then(|| self.show(id, wallet)),
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
                self.note(format_args!("#{id} COMMIT {gift} for {}", create.reference()));
                let faulty = self.terms.faulty;
                let enforces = self.terms.references == References::Enforced;
                if enforces && !self.is_quiet && self.dice.chance(faulty / 4) {
                    // A gateway carried it twice: the second answer is the one that comes back.
                    return self.take(id, create);
                }
                // Where used gifts leave the lists, only those are spent that we have surely written
                // down: else nobody could tell that they were ever given.
                if !self.terms.hides_used || self.terms.breach == Breach::HidesDoubts {
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
        let as_of = self.now - lag;
        let gifts = self.provider.list(&self.terms, wallet, as_of);
        let all = self.provider.list(&self.terms, wallet, self.now).len();
        if gifts.len() < all {
            self.count(Fault::ListLags);
        }
        self.note(format_args!("#{id} shows {} of {all} gifts of {wallet}", gifts.len()));
        if gifts.is_empty() && self.terms.empty_list_is_404 {
            return self.page(404, &failure("no gifts"));
        }
        let body = envelope(&self.terms, Value::from(gifts), true).to_string();
        self.page(200, &body)
    }

    /// A customer may spend the gift within this time.
    fn plan_use(&mut self, reference: Uuid, within: i64) {
        if self.dice.chance(200) {
            let at = self.now + 10 * SECOND * i64::from(self.terms.hides_used);
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

    /// The client is told.
    pub(crate) fn deliver(&mut self, id: u64) -> Option<Waker> {
        self.exchange(id).deliver = None;
        let is_create = matches!(self.exchange(id).asked, Asked::Create(_));
        if is_create && self.is_ambushed(Fault::CrashAtAnswer) {
            return None;
        }
        let exchange = self.exchange(id);
        exchange.is_delivered = true;
        let waker = exchange.waker.take();
        let told = match (&exchange.asked, &exchange.answer, exchange.fault) {
            (Asked::Create(create), Some(Delivery::Answered { status: 200, .. }), None) => {
                Some(create.reference())
            }
            _ => None,
        };
        let words = match &exchange.answer {
            Some(Delivery::Answered { status, .. }) => format!("HTTP {status}"),
            Some(Delivery::NeverSent { why }) => format!("never sent: {why}"),
            Some(Delivery::Lost { why, .. }) => format!("lost: {why}"),
            None => unreachable!("what is delivered was answered"),
        };
        self.note(format_args!("#{id} is told {words}"));
        if let Some(reference) = told {
            let run = self.run;
            self.provider.told.push((reference, run));
            if self.terms.hides_used && self.terms.breach == Breach::None {
                self.plan_use(reference, 60 * SECOND);
            }
        }
        self.plan_late(id);
        waker
    }

    /// A create that was let go may still be taken, up to D from now: often at the last moment.
    fn plan_late(&mut self, id: u64) {
        if self.exchange(id).commit != Commit::Late || self.exchange(id).is_late_planned {
            return;
        }
        let d = self.terms.d;
        let wait = if self.dice.chance(300) { d } else { self.dice.between(0, d) };
        let at = self.now + wait;
        let place = self.push(at, Event::Late(id));
        self.exchange(id).serve = Some(place);
        self.exchange(id).is_late_planned = true;
        if self.exchange(id).fault != Some(Fault::LateCommit) {
            self.count(Fault::LateCommit);
        }
    }

    /// The client is dead. In the order in which they were sent: the order in which a runtime drops its
    /// tasks depends on other threads.
    pub(crate) fn let_go_of_all(&mut self) {
        let ids: Vec<u64> = self.exchanges.keys().copied().collect();
        for id in ids {
            self.let_go(id);
        }
    }

    /// The client has let go of it: told, or dead.
    fn let_go(&mut self, id: u64) {
        let now = self.now;
        let Some(exchange) = self.exchanges.get_mut(&id).filter(|one| !one.is_dropped) else {
            return;
        };
        let was_told = exchange.is_delivered;
        let deliver = exchange.deliver.take();
        let serve = exchange.serve;
        let latest = now + self.terms.d;
        if let Some(place) = deliver {
            self.forget(place);
        }
        if !was_told {
            self.note(format_args!("#{id} is dropped"));
            match serve {
                // Closing a socket cancels nothing; but D is D.
                Some(place) if place.0 > latest && self.forget(place) => {
                    let place = self.push(latest, Event::Serve(id));
                    self.exchange(id).serve = Some(place);
                }
                _ => self.plan_late(id),
            }
        }
        self.exchange(id).is_dropped = true;
        self.tidy(id);
    }

    /// Forgets an exchange that both sides are done with.
    fn tidy(&mut self, id: u64) {
        let exchange = self.exchange(id);
        if exchange.is_dropped && exchange.serve.is_none() && exchange.deliver.is_none() {
            self.exchanges.remove(&id);
        }
    }
}

fn wallet_of(url: &str) -> Uuid {
    let last = url.rsplit('/').next().unwrap_or_default();
    last.parse().expect("a run asks for lists of wallets and for nothing else")
}

fn never(why: &str) -> Delivery {
    Delivery::NeverSent { why: why.to_owned() }
}

fn lost(loss: Loss, why: &str) -> Delivery {
    Delivery::Lost { loss, why: why.to_owned() }
}
