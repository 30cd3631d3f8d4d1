//! How a run ends early: nothing new is sent, and what was not sent is given back.

use chrono::{DateTime, Utc};

use super::decide::Stop;
use super::dispatcher::Dispatcher;
use super::group::Pending;
use super::request::{Purpose, Request};
use crate::drive::Ended;

impl Dispatcher<'_> {
    /// Ends the run: nothing new is sent.
    pub(super) fn stop(&mut self, why: impl Into<Stop>) {
        let why = why.into();
        if self.stop.is_some() {
            return;
        }
        if matches!(why, Stop::Early(Ended::Interrupted | Ended::Withheld)) {
            tracing::info!("the run stops");
        } else {
            tracing::warn!(why = why.word(), "the run stops");
        }
        self.stop = Some(why);
        self.undo_unsent();
    }

    /// A run that ends sends nothing that is not sent yet: those intents certainly did not happen.
    pub(super) fn undo_unsent(&mut self) {
        let now = self.tools.clock.now();
        for claimed in self.ready.drain(..) {
            let why = "the run stopped before it was sent".to_owned();
            self.pending.push(Pending::unsent(claimed, why, now));
        }
        for request in self.urgent.drain(..) {
            match request {
                Request::Look(_, Purpose::Permission(asked)) => {
                    self.pending.push(Pending::unsent(asked.claimed, asked.refusal.message, now));
                }
                // What its list shows is known already.
                Request::Weigh(done) => self.looks.push(done),
                _ => {}
            }
        }
    }

    /// Ends the run where its time is up, and says when that will be: the run waits for that moment only
    /// beside something that may come before it.
    pub(super) fn check_time(&mut self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if let Some(by) = self.tools.clock.jumped() {
            self.stop(Ended::ClockJumped { by });
        }
        let (deadline, patience) = (self.options.deadline, self.patience());
        if let Some(ended) = self.answers.silence(now, self.pace.held_until(now), patience) {
            self.stop(ended);
        }
        // From the deadline on no request is begun.
        if let Some(at) = deadline.filter(|at| *at <= now) {
            self.stop(Ended::Deadline { at });
        }
        let silent_at = self.answers.silent_at(patience);
        deadline.into_iter().chain(silent_at).min().filter(|_| self.stop.is_none())
    }

    /// Why the run ends, where something of its campaign is left.
    pub(super) fn ending(&self) -> Option<Stop> {
        let is_left = self.progress.left() > 0;
        match (&self.stop, self.options.limit) {
            (None, Some(gifts)) if is_left && self.quota.is_used_up() => {
                Some(Stop::Limit { gifts })
            }
            // It came when the last gift was on its way.
            (Some(Stop::Early(Ended::Deadline { .. })), _)
                if !is_left && self.progress.in_doubt == 0 =>
            {
                None
            }
            (None, _) if is_left && self.is_full_of_doubts() => {
                Some(Stop::Doubts { gifts: self.book.len() as u64 })
            }
            (stop, _) => stop.clone(),
        }
    }
}
