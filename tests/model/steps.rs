//! What can happen next, and what it does.

use giftbatch::domain::{Event, GiftState, Refusal};
use stateright::{Model, Property};

use super::judge::{gift_id, judge, place_of};
use super::world::{Guard, Look, Post, Rows, Run, State, World};

/// One step of the client, the server, or time. A row or a run is named by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A minute passes. Requests that were let go and whose time is over are never committed.
    Tick,
    /// A process takes the lock, and finds what the one before left in flight.
    Start,
    /// A process is killed. It lets go of all its requests at that moment.
    Kill { run: usize },
    /// The intent to send a row.
    Claim { run: usize, row: usize },
    /// The POST leaves.
    Send { run: usize, row: usize },
    /// The server makes the gift of a POST that is waited for.
    Make { run: usize, row: usize },
    /// The server makes the gift of a POST that was let go; the place in `let_go`.
    MakeLate { place: usize },
    /// The answer arrives and is recorded.
    Answer { run: usize, row: usize },
    /// The server turns it away for now: proof that nothing happened.
    TurnAway { run: usize, row: usize },
    /// The server says no for good, and the answer is recorded: it may have made the gift before.
    Refuse { run: usize, row: usize },
    /// A person wants a refused gift tried again.
    Retry { row: usize },
    /// The client gives up waiting: time-out, cut connection.
    Lose { run: usize, row: usize },
    /// A GET of the wallet's list, which shows the first so many gifts of the book.
    Look { run: usize, shows: u8, is_stale: bool },
    /// The list arrives, and what it proves is recorded.
    Judge { run: usize },
}

impl Model for World {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State::first(self)]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.now < self.horizon {
            steps.push(Step::Tick);
        }
        let may_start = state.runs.is_empty() || !self.has(Guard::RunLock);
        if may_start && state.started < self.runs {
            steps.push(Step::Start);
        }
        steps.extend((0..state.let_go.len()).map(|place| Step::MakeLate { place }));
        for row in 0..2 {
            if state.rows[row].state == GiftState::Refused && !state.rows[row].is_wanted {
                steps.push(Step::Retry { row });
            }
        }
        for run in 0..state.runs.len() {
            self.steps_of(state, run, steps);
        }
    }

    fn next_state(&self, before: &State, step: Step) -> Option<State> {
        let mut state = before.clone();
        match step {
            Step::Tick => {
                state.now += 1;
                state.let_go.retain(|until| *until >= state.now);
            }
            Step::Start => self.start(&mut state),
            Step::Kill { run } => self.kill(&mut state, run),
            Step::Claim { run, row } => {
                if self.has(Guard::IntentFirst) {
                    self.record(&mut state, row, GiftState::Planned, &Event::Started);
                }
                state.rows[row].was_meant = true;
                state.runs[run].posts[row] = Post::Ready;
            }
            Step::Send { run, row } => state.runs[run].posts[row] = Post::Sent,
            Step::Make { run, row } => state.runs[run].posts[row] = Post::Made(state.make()),
            Step::MakeLate { place } => {
                state.let_go.remove(place);
                state.make();
            }
            Step::Answer { run, row } => {
                let Post::Made(gift) = state.runs[run].posts[row] else {
                    return None;
                };
                let is_taken = state.rows.iter().any(|other| other.gift == Some(gift));
                let event = if is_taken && self.has(Guard::UniqueClaim) {
                    Event::AnswerLost { why: String::new() }
                } else {
                    Event::Confirmed { gift: gift_id(gift) }
                };
                self.land(&mut state, run, row, &event);
            }
            Step::TurnAway { run, row } => {
                let retry_at = chrono::DateTime::UNIX_EPOCH;
                let event = Event::Undelivered { retry_at, why: String::new() };
                self.land(&mut state, run, row, &event);
            }
            Step::Refuse { run, row } => {
                state.refusals_left -= 1;
                let refusal = Refusal { class: String::new(), message: String::new() };
                self.land(&mut state, run, row, &Event::Declined(refusal));
            }
            Step::Retry { row } if self.has(Guard::LookBeforeReopening) => {
                state.rows[row].is_wanted = true;
            }
            Step::Retry { row } => {
                self.record(&mut state, row, GiftState::Refused, &Event::Reopened);
            }
            Step::Lose { run, row } => {
                self.let_go(&mut state, run, row);
                self.land(&mut state, run, row, &Event::AnswerLost { why: String::new() });
            }
            Step::Look { run, shows, is_stale } => {
                state.runs[run].look = Some(Look { sent_at: state.now, shows });
                state.stale_left -= u8::from(is_stale);
            }
            Step::Judge { run } => {
                let look = state.runs[run].look.take()?;
                self.take(&mut state, before, run, look);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<World>> {
        let mut properties = vec![
            Property::always("no gift is given twice", |_, state: &State| {
                state.book.len() <= state.rows.iter().filter(|row| row.was_meant).count()
            }),
            Property::always("what is said to be issued is there, once", |_, state: &State| {
                let ids: Vec<u8> = state.rows.iter().filter_map(|row| row.gift).collect();
                let are_there = ids.iter().all(|id| usize::from(*id) < state.book.len());
                are_there && (ids.len() < 2 || ids[0] != ids[1])
            }),
            Property::sometimes("every gift is issued", |_, state: &State| is_all_issued(state)),
            Property::sometimes("a lost answer is found in the list", |_, state: &State| {
                is_all_issued(state) && state.rows.iter().any(|row| row.was_found)
            }),
            Property::sometimes("an absent gift is sent again", |_, state: &State| {
                is_all_issued(state) && state.rows.iter().any(|row| row.was_absent)
            }),
            Property::sometimes("a second run ends what the first one left", |_, state: &State| {
                is_all_issued(state) && state.started > 1
            }),
        ];
        if self.refusals > 0 {
            properties.push(Property::sometimes(
                "a refused gift is issued in the end",
                |_, state: &State| is_all_issued(state) && state.refusals_left == 0,
            ));
        }
        properties
    }
}

pub(crate) fn is_all_issued(state: &State) -> bool {
    state.rows.iter().all(|row| row.state == GiftState::Issued)
}

impl World {
    /// Records what a look proved.
    fn take(&self, state: &mut State, before: &State, run: usize, look: Look) {
        let judged = judge(self, before, &before.runs[run], look);
        for row in judged.absent {
            state.runs[run].absent_looks[row] += 1;
        }
        for (row, event) in judged.events {
            let (expected, event) = match (state.rows[row].is_wanted, event) {
                (true, Event::FoundIssued { gift }) => {
                    (GiftState::Refused, Event::Recalled { gift })
                }
                (true, Event::FoundAbsent) => (GiftState::Refused, Event::Reopened),
                // It stays refused.
                (true, _) => continue,
                (false, event) => (GiftState::InDoubt, event),
            };
            self.record(state, row, expected, &event);
        }
    }

    /// What a process may do next.
    fn steps_of(&self, state: &State, run: usize, steps: &mut Vec<Step>) {
        let process = &state.runs[run];
        // The death of the last process changes nothing that its silence would not.
        if state.started < self.runs {
            steps.push(Step::Kill { run });
        }
        for (row, post) in process.posts.iter().enumerate() {
            match post {
                Post::None if self.may_claim(state, row) => steps.push(Step::Claim { run, row }),
                Post::None => {}
                Post::Ready => steps.push(Step::Send { run, row }),
                Post::Sent => steps.extend([
                    Step::Make { run, row },
                    Step::TurnAway { run, row },
                    Step::Lose { run, row },
                ]),
                Post::Made(_) => steps.extend([Step::Answer { run, row }, Step::Lose { run, row }]),
            }
            // A no after a doubt is a doubt: as if it were lost.
            let is_at_server = matches!(post, Post::Sent | Post::Made(_));
            if is_at_server && state.refusals_left > 0 && !state.rows[row].was_absent {
                steps.push(Step::Refuse { run, row });
            }
        }
        if process.look.is_some() {
            steps.push(Step::Judge { run });
        } else if process.posts == [Post::None; 2] && (0..2).any(|row| state.is_open(row)) {
            self.looks(state, run, steps);
        }
    }

    /// As the claim of the ledger: sendable, no twin open, no doubt in the wallet, row by row.
    fn may_claim(&self, state: &State, row: usize) -> bool {
        let twin = &state.rows[1 - row];
        let is_twin_open =
            matches!(twin.state, GiftState::InFlight | GiftState::InDoubt | GiftState::Held);
        let is_one_at_a_time = self.rows == Rows::Twins && self.has(Guard::OneTwinAtATime);
        let is_quiet = !state.is_any(GiftState::InDoubt) || !self.has(Guard::QuietWallet);
        let is_first = row == 0 || !twin.state.is_sendable();
        state.rows[row].state.is_sendable()
            && is_quiet
            && is_first
            && !(is_twin_open && is_one_at_a_time)
    }

    /// A list may hide what was made in the last V ticks; a stale one hides all of ours.
    fn looks(&self, state: &State, run: usize, steps: &mut Vec<Step>) {
        let is_shown = |made: &&u8| **made + self.lag < state.now;
        let surely = state.book.iter().filter(is_shown).count() as u8;
        let all = state.book.len() as u8;
        steps.extend((surely..=all).map(|shows| Step::Look { run, shows, is_stale: false }));
        if self.cuts && surely > 0 {
            steps.push(Step::Look { run, shows: 0, is_stale: false });
        }
        if state.stale_left > 0 && surely > 0 {
            steps.push(Step::Look { run, shows: 0, is_stale: true });
        }
    }

    /// The program begins the windows of older doubts anew as well, since the machine's clock may have been
    /// set. The model has one clock, and is safe without that.
    fn start(&self, state: &mut State) {
        for row in 0..2 {
            if state.rows[row].state == GiftState::InFlight {
                let intent_at = state.rows[row].intent_at;
                self.record(state, row, GiftState::InFlight, &Event::Orphaned);
                if !self.has(Guard::SettleFromRecovery) {
                    state.rows[row].settle_from = intent_at;
                }
            }
        }
        state.started += 1;
        state.runs.push(Run { posts: [Post::None; 2], look: None, absent_looks: [0; 2] });
    }

    fn kill(&self, state: &mut State, run: usize) {
        for row in 0..2 {
            self.let_go(state, run, row);
        }
        state.runs.remove(run);
    }

    /// Nobody waits for this POST any more. Until D has passed the server may still commit it.
    fn let_go(&self, state: &mut State, run: usize, row: usize) {
        if state.runs[run].posts[row] == Post::Sent {
            state.let_go.push(state.now + self.late);
            state.let_go.sort_unstable();
        }
        state.runs[run].posts[row] = Post::None;
    }

    /// Records what became of a POST. A process that finds another state than it expects ends.
    fn land(&self, state: &mut State, run: usize, row: usize, event: &Event) {
        state.runs[run].posts[row] = Post::None;
        if !self.has(Guard::IntentFirst) {
            self.record(state, row, GiftState::Planned, &Event::Started);
        }
        if !self.record(state, row, GiftState::InFlight, event) {
            self.kill(state, run);
        }
    }

    /// Compare-and-set, by the program's own table. Says whether it was written.
    fn record(&self, state: &mut State, place: usize, expected: GiftState, event: &Event) -> bool {
        let now = state.now;
        let row = &mut state.rows[place];
        let is_start = *event == Event::Started && row.state.is_sendable();
        if row.state != expected && !is_start {
            return false;
        }
        row.state = row.state.next(event).expect("the model makes legal events only");
        row.settle_from = 0;
        row.is_wanted = false;
        match event {
            Event::Started => {
                row.first_sent_at = row.first_sent_at.or(Some(now));
                if !self.has(Guard::SettleFromRecovery) {
                    row.intent_at = now;
                }
            }
            Event::AnswerLost { .. } | Event::Orphaned | Event::Declined(_) => {
                row.settle_from = now;
            }
            Event::Confirmed { gift } | Event::FoundIssued { gift } | Event::Recalled { gift } => {
                row.gift = Some(place_of(*gift));
                row.issued_at = now;
                row.first_sent_at = None;
                row.was_found = !matches!(event, Event::Confirmed { .. });
            }
            Event::FoundAbsent | Event::Reopened => row.was_absent = true,
            _ => {}
        }
        for run in &mut state.runs {
            run.absent_looks[place] = 0;
        }
        true
    }
}
