//! People who settle what the program could not: those who look in the provider's books first, and those who do not.

use std::path::Path;

use giftbatch::domain::{Event, GiftId, GiftState, Refusal};
use giftbatch::ledger::{Ledger, Outcome, RunLock};

use crate::auditor::{Reported, in_the_book};
use crate::dice::Dice;
use crate::faults::Fault;
use crate::story::{read, real_time};
use crate::terms::{SECOND, Terms};
use crate::world::{World, instant};

/// Settles what is held, as one who looks in the book long enough after the last request.
pub(crate) fn resolve(world: &World, ledger: &Path, terms: &Terms, dice: &mut Dice) {
    let rows = read(ledger);
    if !rows.iter().any(|row| row.state == "held") {
        return;
    }
    world.pass_alone(world.state_now() + terms.d + SECOND);
    let held: Vec<&Reported> = rows.iter().filter(|row| row.state == "held").collect();
    for row in held {
        // Whoever was resolved before has an id by now.
        let rows = read(ledger);
        let plan = terms.rows.iter().find(|plan| plan.line == row.line).expect("it is planned");
        let found = in_the_book(&world.state().provider, plan, &rows);
        let note = "looked in the book".to_owned();
        let event = match found {
            Some(id) => Event::ResolvedIssued { gift: GiftId(id), note },
            None if dice.chance(500) => {
                Event::ResolvedRefused(Refusal { class: "resolved".to_owned(), message: note })
            }
            None => Event::ResolvedRetry { note },
        };
        record(world, ledger, row, event);
    }
}

fn record(world: &World, ledger: &Path, row: &Reported, event: Event) {
    let now = instant(world.state_now());
    let words = format!("a person resolves line {}: {event:?}", row.line);
    real_time(async {
        let ledger = Ledger::open(ledger).await?;
        let lock = RunLock::take(ledger.path(), "resolve", now)?;
        let mut writer = ledger.writer(&lock).await?;
        let mut batch = writer.begin().await?;
        let gift = (row.row, GiftState::Held, row.attempts);
        batch.record(None, &[Outcome::of(gift, event, now)]).await?;
        batch.commit().await?;
        writer.close().await?;
        ledger.close().await;
        Ok(())
    });
    let mut state = world.state();
    state.note(format_args!("{words}"));
    state.count(Fault::ResolvedByBook);
}
