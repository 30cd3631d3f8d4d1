//! What a look makes of the refused gifts of a wallet. Pure.

use std::collections::HashSet;

use super::job::Job;
use crate::domain::{Event, GiftState};
use crate::ledger::KnownGift;
use crate::settle::{OpenDoubt, Settled};

/// What became of one of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// This happened to it: it is there, or a person must look.
    Recorded(Event),
    /// It is not there.
    Absent,
    /// Nobody can tell, and a gift like it is with a person already, or on its way: it stays refused.
    Stays(String),
}

/// Takes what was settled out of a job, each with what became of it; what is left is looked at again.
pub(super) fn judge(
    job: &mut Job,
    known: &[KnownGift],
    settled: &Settled,
) -> Vec<(OpenDoubt, Fate)> {
    for place in &settled.absent {
        job.doubts[*place].absent_looks += 1;
        job.doubts[*place].absent_as_of = Some(settled.as_of);
    }
    for place in &settled.open {
        job.doubts[*place].open_looks += 1;
    }
    // Of gifts that no list can tell apart one may be open.
    let is_open =
        |state| matches!(state, GiftState::InFlight | GiftState::InDoubt | GiftState::Held);
    let mut open: HashSet<_> =
        known.iter().filter(|gift| is_open(gift.state)).map(|gift| gift.content.clone()).collect();
    let mut fates: Vec<Option<Fate>> = job.doubts.iter().map(|_| None).collect();
    for (place, event) in &settled.events {
        let content = &job.doubts[*place].doubt.claimed.gift.content;
        fates[*place] = Some(match event {
            Event::FoundIssued { gift } => Fate::Recorded(Event::Recalled { gift: *gift }),
            Event::FoundAbsent => Fate::Absent,
            Event::StayedUnclear { why } if !open.insert(content.clone()) => {
                Fate::Stays(why.clone())
            }
            event => Fate::Recorded(event.clone()),
        });
    }
    let (mut done, mut left) = (Vec::new(), Vec::new());
    for (doubt, fate) in std::mem::take(&mut job.doubts).into_iter().zip(fates) {
        match fate {
            Some(fate) => done.push((doubt, fate)),
            None => left.push(doubt),
        }
    }
    job.doubts = left;
    done
}
