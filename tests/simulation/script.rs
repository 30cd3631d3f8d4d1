//! What a request meets: everything that can go wrong on the way there, at the server, and on the way
//! back, drawn when it leaves.

use giftbatch::provider::{Barrier, Delivery, Loss};
use serde_json::json;

use crate::faults::Fault;
use crate::network::{Asked, Commit};
use crate::provider::{envelope, failure, http_date};
use crate::terms::{MS, SECOND, Trouble};
use crate::world::State;

/// Clocks that were never set, and one that is far ahead.
pub(crate) const ODD_DATES: [&str; 3] = [
    "Thu, 01 Jan 1970 00:00:12 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Mon, 02 Jan 2099 00:00:00 GMT",
];

impl State {
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        let now = self.now;
        let is_now = |window: &&crate::terms::Window| window.from <= now && now < window.until;
        let window = self.terms.windows.iter().find(is_now).filter(|_| !self.is_quiet)?;
        Some(window.trouble)
    }

    pub(crate) fn draw_fault(&mut self, asked: &Asked, trouble: Option<Trouble>) -> Option<Fault> {
        let faulty = self.terms.faulty;
        if trouble.is_some() || self.is_quiet || !self.dice.chance(faulty) {
            return None;
        }
        let fault = *self.dice.pick(&self.terms.kinds);
        let is_list = !asked.is_write();
        // Fewer of these, or no story gets anywhere: they stop a run or refuse a gift.
        let is_rare = matches!(fault, Fault::Redirect | Fault::IsFailure | Fault::Forbidden);
        if (is_list && fault.is_of_creates()) || (is_rare && !self.dice.chance(600)) {
            return None;
        }
        self.count(fault);
        Some(fault)
    }

    /// Every request of an outage, or with revoked keys, ends alike.
    pub(crate) fn plan_trouble(&mut self, id: u64, trouble: Trouble) {
        let is_keys = matches!(
            trouble,
            Trouble::Unauthorized | Trouble::ForbiddenPage | Trouble::ForbiddenByApi
        );
        self.count(match trouble {
            Trouble::Throttles(_) => Fault::ThrottledForEver,
            Trouble::Portal(_) => Fault::Portal,
            _ if is_keys => Fault::KeysRevoked,
            _ => Fault::Outage,
        });
        let now = self.now;
        let answer = match trouble {
            Trouble::Refuses => never("connection refused"),
            Trouble::Resets => lost(Loss::Cut, "connection reset by peer"),
            Trouble::TimesOut => lost(Loss::TimedOut, "no answer within the time-out"),
            Trouble::Overloaded => self.page(503, "<html>overloaded</html>"),
            Trouble::Unauthorized => self.page(401, ""),
            Trouble::ForbiddenPage => self.page(403, "<html>forbidden</html>"),
            Trouble::ForbiddenByApi => self.page(403, &failure("the key is revoked")),
            Trouble::Throttles(seconds) => self.throttled(seconds),
            Trouble::Portal(status) => self.foreign_page(status, "<html>please log in</html>"),
        };
        // By the API or by a page: where the keys work again when it is asked, that gift alone is not allowed.
        let is_forbidden = matches!(trouble, Trouble::ForbiddenByApi | Trouble::ForbiddenPage);
        if let (true, Asked::Create(create)) = (is_forbidden, self.exchange(id).asked.clone()) {
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
    pub(crate) fn plan(&mut self, id: u64, fault: Option<Fault>) {
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
        let is_write = self.exchange(id).asked.is_write();
        self.exchange(id).commit = if is_write { commit } else { Commit::Never };
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
                self.foreign_page(status, &body)
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
                self.foreign_page(status, "<html>please log in</html>")
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

    pub(crate) fn page(&self, status: u16, body: &str) -> Delivery {
        self.provider.answer(&self.terms, self.now, status, body.to_owned())
    }

    /// A page of something before the server, which may have a clock of its own.
    fn foreign_page(&mut self, status: u16, body: &str) -> Delivery {
        let mut page = self.page(status, body);
        let chance = self.terms.manners.times.pages;
        if let Delivery::Answered { date, .. } = &mut page
            && self.aside.chance(chance)
        {
            *date = Some((*self.aside.pick(&ODD_DATES)).to_owned());
            self.count(Fault::OddDate);
        }
        page
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
}

fn never(why: &str) -> Delivery {
    Delivery::NeverSent { barrier: Barrier::Other, why: why.to_owned() }
}

fn lost(loss: Loss, why: &str) -> Delivery {
    Delivery::Lost { loss, why: why.to_owned() }
}
