//! What a look makes of the refused gifts of a wallet. Pure.

use std::collections::HashSet;

use super::job::Job;
use crate::domain::{Event, Twin};
use crate::ledger::KnownGift;
use crate::settle::{OpenDoubt, Settled};

/// What became of one of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// This happened to it: it is there, or a person must look.
    Recorded(Event),
    /// It is not there.
    Absent,
    /// Nobody can tell, and it stays refused: it could not be sent any more, or a gift like it is with a person already, or
    /// on its way.
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
    let open = known.iter().filter(|gift| gift.state.is_undecided());
    let mut open: HashSet<Twin> = open.map(|gift| gift.as_gift().twin()).collect();
    let mut fates: Vec<Option<Fate>> = job.doubts.iter().map(|_| None).collect();
    for (place, event) in &settled.events {
        let gift = &job.doubts[*place].doubt.claimed.gift;
        fates[*place] = Some(match event {
            Event::FoundIssued { gift } => Fate::Recorded(Event::Recalled { gift: *gift }),
            Event::FoundAbsent => Fate::Absent,
            Event::StayedUnclear { why }
                if gift.content.expiry.has_passed(settled.as_of) || !open.insert(gift.twin()) =>
            {
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

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::domain::{Expiry, GiftId, GiftKey, GiftState, WalletId};

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000, 0).unwrap()
    }

    fn job(rows: i64) -> (Job, Vec<KnownGift>) {
        let known: Vec<KnownGift> =
            (0..rows).map(|row| KnownGift::sample(row, GiftState::Refused)).collect();
        let doubts = known.iter().map(|gift| OpenDoubt::of(gift, at())).collect();
        let wallet: WalletId = known[0].content.wallet;
        (Job { wallet, doubts, look: None, has_no_list: false, looks: 0 }, known)
    }

    #[test]
    fn each_refused_gift_has_its_fate() {
        // Goal: what is there is recorded, what is not may be reopened, and of gifts that no list can tell apart one is
        // held at most. Method: five alike: found, absent, unclear twice, and one of which nothing is known yet.
        let (mut job, known) = job(5);
        let gift = GiftId(uuid::Uuid::from_u128(7));
        let unclear = || Event::StayedUnclear { why: "odd".into() };
        let settled = Settled {
            events: vec![
                (0, Event::FoundIssued { gift }),
                (1, Event::FoundAbsent),
                (2, unclear()),
                (3, unclear()),
            ],
            absent: vec![4],
            as_of: at(),
            ..Settled::default()
        };
        let fates = judge(&mut job, &known, &settled);
        let fates: Vec<_> =
            fates.into_iter().map(|(doubt, fate)| (doubt.doubt.claimed.row, fate)).collect();
        let expected = [
            Fate::Recorded(Event::Recalled { gift }),
            Fate::Absent,
            Fate::Recorded(unclear()),
            Fate::Stays("odd".into()),
        ];
        assert_eq!(fates, (0..).zip(expected).collect::<Vec<_>>());
        let left: Vec<_> = job.doubts.iter().map(|doubt| doubt.absent_as_of).collect();
        assert_eq!((left, job.doubts[0].absent_looks), (vec![Some(at())], 1));
    }

    #[test]
    fn what_could_not_be_sent_any_more_is_no_persons_matter() {
        // Goal: a month later nobody looks for what has expired. Method: an unclear gift that has.
        let (mut job, known) = job(1);
        job.doubts[0].doubt.claimed.gift.content.expiry = Expiry::at(at());
        let events = vec![(0, Event::StayedUnclear { why: "odd".into() })];
        let settled = Settled { events, as_of: at(), ..Settled::default() };
        assert_eq!(judge(&mut job, &known, &settled)[0].1, Fate::Stays("odd".into()));
    }

    #[test]
    fn nothing_is_held_beside_a_gift_like_it() {
        // Goal: no second doubt claims a twin's answer. Method: an unclear gift beside one like it that is held, and
        // two that differ by their tags alone.
        let unclear = |place| (place, Event::StayedUnclear { why: "odd".into() });
        let (mut one, mut known) = job(1);
        known.push(KnownGift::sample(9, GiftState::Held));
        let settled = Settled { events: vec![unclear(0)], ..Settled::default() };
        let fates = judge(&mut one, &known, &settled);
        assert_eq!(fates[0].1, Fate::Stays("odd".into()));
        let (mut two, known) = job(2);
        for doubt in &mut two.doubts {
            let gift = &mut doubt.doubt.claimed.gift;
            gift.key = GiftKey(uuid::Uuid::from_u128(
                u128::from(doubt.doubt.claimed.row.unsigned_abs()) << 96,
            ));
            *gift = gift.clone().tagged();
        }
        let settled = Settled { events: vec![unclear(0), unclear(1)], ..Settled::default() };
        let fates = judge(&mut two, &known, &settled);
        assert_eq!(fates[1].1, Fate::Stays("odd".into()));
    }
}
