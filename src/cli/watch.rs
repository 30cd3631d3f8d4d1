//! `status --watch`: the same screen again and again, with how fast it goes.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use super::commands::StatusArgs;
use super::context::{self, Context};
use super::failure::Failure;
use crate::domain::GiftState;
use crate::ledger::Ledger;
use crate::report::{self, Summary, text};

/// How often the ledger is read; less often where reading it takes long.
const EVERY: Duration = Duration::from_secs(1);

/// Of its time, a watch spends no more than this part reading: a run may go on beside it.
const PART: u32 = 10;

/// A speed is that of the last so many looks.
const LOOKS: usize = 15;

/// Takes the screen before away.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

/// Shows where campaigns stand until a signal ends it.
pub(super) async fn watch(context: &Context, args: &StatusArgs) -> Result<Infallible, Failure> {
    let ledger = context.ledger().await?;
    let mut speeds: HashMap<String, Speed> = HashMap::new();
    let mut shown = String::new();
    loop {
        let began = Instant::now();
        let summaries = read(&ledger, args).await?;
        let mut screen = match (&args.campaign, &summaries[..]) {
            (Some(_), [summary]) => text::summary(summary),
            _ => report::overview(&summaries),
        };
        for summary in &summaries {
            let speed = speeds.entry(summary.campaign.clone()).or_default();
            speed.saw(began, summary.gifts() - open(summary));
            if let Some(words) = speed.words(open(summary)) {
                screen.push_str(&format!("{}: {words}\n", summary.campaign));
            }
        }
        if screen != shown {
            let clear = if io::stdout().is_terminal() { CLEAR } else { "" };
            context.out.result(&format!("{clear}{screen}"));
            shown = screen;
        }
        tokio::time::sleep(EVERY.max(began.elapsed() * PART)).await;
    }
}

async fn read(ledger: &Ledger, args: &StatusArgs) -> Result<Vec<Summary>, Failure> {
    let campaigns = match &args.campaign {
        Some(name) => vec![context::campaign(ledger, name).await?],
        None => ledger.campaigns().await?,
    };
    let mut summaries = Vec::new();
    for campaign in &campaigns {
        summaries.push(Summary::read(ledger, campaign).await?);
    }
    Ok(summaries)
}

/// Gifts of which something may still become by itself.
fn open(summary: &Summary) -> u64 {
    let open = [GiftState::Planned, GiftState::InFlight, GiftState::Deferred, GiftState::InDoubt];
    open.map(|state| summary.states.gifts(state)).into_iter().sum()
}

/// How many gifts were done when.
#[derive(Debug, Default)]
struct Speed(VecDeque<(Instant, u64)>);

impl Speed {
    fn saw(&mut self, at: Instant, done: u64) {
        self.0.push_back((at, done));
        if self.0.len() > LOOKS {
            self.0.pop_front();
        }
    }

    /// The speed, and when it will be over; none while nothing moves.
    fn words(&self, open: u64) -> Option<String> {
        let ((began, first), (at, last)) = (self.0.front()?, self.0.back()?);
        let done = last.checked_sub(*first).filter(|done| *done > 0)?;
        let took = u64::try_from((*at - *began).as_millis()).ok().filter(|took| *took > 0)?;
        let tenths = done * 10_000 / took;
        let (whole, tenth) = (tenths / 10, tenths % 10);
        let left = open * took / done / 1_000;
        Some(match left {
            0 => format!("{whole}.{tenth} gifts a second"),
            1..120 => format!("{whole}.{tenth} gifts a second, about {left} s left"),
            120..7_200 => format!("{whole}.{tenth} gifts a second, about {} min left", left / 60),
            _ => format!("{whole}.{tenth} gifts a second, about {} h left", left / 3_600),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_that_of_the_last_looks() {
        // Goal: who watches sees when it will be over, and nothing made up. Method: looks a second apart,
        // of a run that stands still, goes steadily, and has got faster.
        let began = Instant::now();
        let mut speed = Speed::default();
        assert_eq!(speed.words(100), None);
        for second in 0..4 {
            speed.saw(began + Duration::from_secs(second), 0);
        }
        assert_eq!(speed.words(100), None, "nothing moves");
        for second in 4..40 {
            speed.saw(began + Duration::from_secs(second), (second - 3) * 5);
        }
        let words = |open| speed.words(open).unwrap();
        assert_eq!(words(0), "5.0 gifts a second");
        assert_eq!(words(100), "5.0 gifts a second, about 20 s left");
        assert_eq!(words(1_500), "5.0 gifts a second, about 5 min left");
        assert_eq!(words(1_000_000), "5.0 gifts a second, about 55 h left");
    }
}
