//! The pretend network: a request's life from its sending until both sides are done with it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use giftbatch::provider::{Delivery, Method, Request, Sending, Transport};
use serde_json::Value;
use uuid::Uuid;

use crate::faults::Fault;
use crate::manners::Kind;
use crate::plot::Breach;
use crate::provider::Create;
use crate::terms::SECOND;
use crate::world::{Event, Place, START_MS, State, World};

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Create(Create),
    Delete(Uuid),
    List(Uuid),
    Gift(Uuid),
    Balances(Uuid),
}

impl Asked {
    /// Whether something may come of it, however it ends.
    pub(crate) fn is_write(&self) -> bool {
        matches!(self, Asked::Create(_) | Asked::Delete(_))
    }
}

/// When the server commits a create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commit {
    Never,
    /// While it serves the request.
    Served,
    /// After the client has let go.
    Late,
}

/// One request on its way.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) asked: Asked,
    pub(crate) fault: Option<Fault>,
    pub(crate) commit: Commit,
    /// What the client will be told.
    pub(crate) answer: Option<Delivery>,
    pub(crate) is_delivered: bool,
    /// The client has forgotten it.
    pub(crate) is_dropped: bool,
    pub(crate) is_late_planned: bool,
    pub(crate) waker: Option<Waker>,
    pub(crate) serve: Option<Place>,
    pub(crate) deliver: Option<Place>,
}

/// Carries one run's requests.
#[derive(Debug)]
pub(crate) struct Network(pub(crate) Arc<World>);

impl Transport for Network {
    fn send(&self, request: Request) -> Sending {
        let world = self.0.clone();
        let (id, waker) = {
            let mut state = world.state();
            let is_create = request.method == Method::Post;
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
        let asked = match (request.method, &request.body) {
            (Method::Post, Some(json)) => {
                Asked::Create(serde_json::from_str(json).expect("a create is JSON"))
            }
            (Method::Delete, Some(json)) => Asked::Delete(id_in(json)),
            _ => asked_by(request.url.as_str()),
        };
        if let Asked::Create(create) = &asked {
            self.sent.insert(create.reference().to_string());
            let now = START_MS + self.now / 1_000;
            if create.expires_ms().is_some_and(|at| at + LEEWAY_MS < now) {
                self.provider.sent_expired.push(create.reference());
            }
        }
        let id = self.next_exchange;
        self.next_exchange += 1;
        let trouble = self.trouble();
        let fault = self.draw_fault(&asked, trouble);
        let words = match &asked {
            Asked::Create(create) => format!("create {} ->", create.reference()),
            Asked::Delete(id) => format!("delete {id} ->"),
            Asked::List(wallet) => format!("list {wallet} ->"),
            Asked::Gift(id) => format!("gift {id} ->"),
            Asked::Balances(wallet) => format!("balances {wallet} ->"),
        };
        self.note(format_args!("#{id} {words} {fault:?} {trouble:?}"));
        if let (Asked::Create(create), true) = (&asked, self.is_cancelled) {
            self.provider.sent_after_cancel.push(create.reference());
        }
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

    pub(crate) fn schedule(&mut self, id: u64, serve: Option<i64>, deliver: i64) {
        let serve = serve.map(|at| self.push(at, Event::Serve(id)));
        let deliver = self.push(deliver, Event::Deliver(id));
        let exchange = self.exchange(id);
        exchange.serve = serve;
        exchange.deliver = Some(deliver);
    }

    pub(crate) fn exchange(&mut self, id: u64) -> &mut Exchange {
        self.exchanges.get_mut(&id).expect("an exchange that is planned is there")
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
            Some(Delivery::NeverSent { why, .. }) => format!("never sent: {why}"),
            Some(Delivery::Lost { why, .. }) => format!("lost: {why}"),
            None => unreachable!("what is delivered was answered"),
        };
        self.note(format_args!("#{id} is told {words}"));
        if let Some(reference) = told {
            let run = self.run;
            self.provider.told.push((reference, run));
            // An answer whose id is another wallet's too is not believed, and so not written down.
            let is_kept = !self.terms.manners.has(Kind::IdsOfWallets);
            if is_kept && self.terms.spends_late() && self.terms.breach != Breach::HidesDoubts {
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
    pub(crate) fn tidy(&mut self, id: u64) {
        let exchange = self.exchange(id);
        if exchange.is_dropped && exchange.serve.is_none() && exchange.deliver.is_none() {
            self.exchanges.remove(&id);
        }
    }
}

/// What leaves so soon after its expiry was on its way.
const LEEWAY_MS: i64 = 1_000;

/// The id that a delete names.
fn id_in(json: &str) -> Uuid {
    let body: Value = serde_json::from_str(json).expect("a delete is JSON");
    let id = body["Id"].as_str().and_then(|id| id.parse().ok());
    id.expect("a delete names the id of a gift")
}

/// What a GET asks for.
fn asked_by(url: &str) -> Asked {
    let last = url.rsplit(['/', '=']).next().unwrap_or_default();
    let id = last.parse().expect("a run asks for lists, gifts and balances, each by an id");
    match url {
        url if url.contains("/by/wallet/") => Asked::List(id),
        url if url.contains("/balances?") => Asked::Balances(id),
        _ => Asked::Gift(id),
    }
}
