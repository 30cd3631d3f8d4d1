//! The steps in words, for people who read how a missing guard was found out.

use super::judge::judge;
use super::steps::Step;
use super::world::{State, World};

impl World {
    /// A step in words.
    pub(crate) fn tell(&self, state: &State, step: Step) -> String {
        let words = match step {
            Step::Tick => "time passes".to_owned(),
            Step::Start => format!("run {} starts", state.started + 1),
            Step::Kill { run } => format!("{} is killed", name(state, run)),
            Step::Claim { run, row } => format!("{} means to send row {row}", name(state, run)),
            Step::Send { run, row } => format!("{} sends row {row}", name(state, run)),
            Step::Make { row, .. } => format!("the server makes a gift for row {row}"),
            Step::MakeLate { .. } => "the server makes a gift that nobody waits for".to_owned(),
            Step::Answer { run, row } => {
                format!("the answer for row {row} reaches {}", name(state, run))
            }
            Step::TurnAway { row, .. } => format!("the server turns row {row} away for now"),
            Step::Refuse { row, .. } => format!("the server refuses row {row} for good"),
            Step::Retry { row } => format!("a person wants row {row} tried again"),
            Step::Lose { run, row } => {
                format!("{} gives up waiting for row {row}", name(state, run))
            }
            Step::Look { run, shows, is_stale } => format!(
                "{} asks for the list, which shows {shows} of {} gifts{}",
                name(state, run),
                state.book.len(),
                if is_stale { ": it is stale" } else { "" }
            ),
            Step::Judge { run } => {
                let process = &state.runs[run];
                let judged = judge(self, state, process, process.look.expect("it was asked for"));
                let events: Vec<String> = judged
                    .events
                    .iter()
                    .map(|(row, event)| format!("row {row} {}", event.word()))
                    .chain(judged.absent.iter().map(|row| format!("row {row} absent once")))
                    .collect();
                format!("the list reaches {}: {}", name(state, run), events.join(", "))
            }
        };
        format!("{:>3}  {words}", state.now)
    }
}

fn name(state: &State, run: usize) -> String {
    format!("run {}", usize::from(state.started) - state.runs.len() + run + 1)
}
