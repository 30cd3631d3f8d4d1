//! Runs as a whole, against a pretend provider and by a clock of their own: what ends them.

mod scene;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use self::scene::{Scene, Serves, campaign, gift, options, start};
use super::{IssueOptions, Sending};
use crate::domain::{Event, Expiry, GiftState};
use crate::drive::Ended;
use crate::ledger::{ClaimFrom, Ledger, Outcome, Wish, Writer};

/// Claims so many gifts as a run that then dies.
async fn claim(writer: &mut Writer, campaign: i64, count: usize) -> Vec<(i64, i64)> {
    let run = Uuid::now_v7();
    let mut batch = writer.begin().await.unwrap();
    batch.begin_run(run, campaign, "test", start()).await.unwrap();
    let claimed =
        batch.commit_claiming(ClaimFrom::Campaign(campaign), run, count, start()).await.unwrap();
    claimed.iter().map(|gift| (gift.row, gift.attempt)).collect()
}

async fn record(writer: &mut Writer, (row, attempt): (i64, i64), events: &[(GiftState, Event)]) {
    let mut batch = writer.begin().await.unwrap();
    for (state, event) in events {
        let outcome = Outcome::of((row, *state, attempt), event.clone(), start());
        batch.record(None, &[outcome]).await.unwrap();
    }
    batch.commit().await.unwrap();
}

/// A campaign of three gifts that were given.
fn given() -> Scene {
    let gifts = [1, 2, 3].map(|wallet| gift(wallet, Expiry::Never));
    Scene::new(&gifts, |ledger: Ledger, mut writer: Writer| async move {
        let campaign = campaign(&ledger).await.id;
        for (id, gift) in (1..).zip(claim(&mut writer, campaign, 3).await) {
            let event = Event::Confirmed { gift: crate::domain::GiftId(Uuid::from_u128(id)) };
            record(&mut writer, gift, &[(GiftState::InFlight, event)]).await;
        }
        writer
    })
}

fn planned() -> Scene {
    let gifts = [1, 2, 3].map(|wallet| gift(wallet, Expiry::Never));
    Scene::new(&gifts, |_, writer| async { writer })
}

/// All of it was in flight when a run died.
fn in_doubt() -> Scene {
    let gifts = [1, 2, 3].map(|wallet| gift(wallet, Expiry::Never));
    Scene::new(&gifts, |ledger: Ledger, mut writer: Writer| async move {
        claim(&mut writer, campaign(&ledger).await.id, 3).await;
        writer
    })
}

/// One gift is held, and two wait for it, that no list tells apart from it.
fn twins() -> Scene {
    let gifts = [1, 1, 1].map(|wallet| gift(wallet, Expiry::Never));
    Scene::new(&gifts, |ledger: Ledger, mut writer: Writer| async move {
        let first = claim(&mut writer, campaign(&ledger).await.id, 1).await[0];
        let why = String::new;
        let events = [
            (GiftState::InFlight, Event::AnswerLost { why: why() }),
            (GiftState::InDoubt, Event::StayedUnclear { why: why() }),
        ];
        record(&mut writer, first, &events).await;
        writer
    })
}

/// A campaign that a person has paused.
fn paused() -> Scene {
    let gifts = [1, 2, 3].map(|wallet| gift(wallet, Expiry::Never));
    Scene::new(&gifts, |ledger: Ledger, writer: Writer| async move {
        let campaign = campaign(&ledger).await.id;
        ledger.wish(campaign, Wish::Pause, "ann", start()).await.unwrap();
        writer
    })
}

#[test]
fn a_run_whose_machine_slept_sends_nothing_more() {
    // Goal: who does not know how late it is gives nothing. Method: a provider that asks for a minute's patience, in
    // which the machine sleeps; every gift can be sent again, and the run says why it ended.
    let mut scene = planned();
    scene.serves = Serves::Later(1, TimeDelta::minutes(1));
    scene.jumps_at = Some(start() + TimeDelta::seconds(30));
    let run = scene.run(&options());
    assert_eq!(run.stop, Some(Ended::ClockJumped { by: TimeDelta::hours(8) }.into()));
    assert!(run.creates.iter().all(|at| *at < start() + TimeDelta::seconds(1)), "{run:?}");
    assert_eq!(run.gifts(GiftState::InFlight) + run.gifts(GiftState::InDoubt), 0);
    assert!(run.took < TimeDelta::seconds(45), "it is found out meanwhile: {run:?}");
}

#[test]
fn a_run_ends_whatever_it_may_begin() {
    // Goal: no run waits for what cannot come. Method: every limit, below, at and beyond what is there, with what a
    // campaign may be found in, what a provider may do, and a deadline; a clock that tells when nothing is to come.
    let works = [given, planned, in_doubt, twins, paused];
    std::thread::scope(|scope| {
        for work in works {
            scope.spawn(move || each_end_of(&work()));
        }
    });
}

/// Runs one campaign in every way.
fn each_end_of(work: &Scene) {
    let before = work.copy(Serves::Nobody).run(&IssueOptions { limit: Some(0), ..options() });
    let is_given = before.gifts(GiftState::Issued) == 3;
    let later = Serves::Later(2, TimeDelta::seconds(30));
    for serves in [Serves::Well, Serves::Nobody, Serves::Silence, Serves::No, later] {
        for limit in [None, Some(0), Some(1), Some(3), Some(9)] {
            for (sending, max_in_doubt, lasts) in [
                (Sending::Gifts, 100, None),
                (Sending::Gifts, 1, None),
                (Sending::Gifts, 100, Some(TimeDelta::zero())),
                (Sending::Gifts, 100, Some(TimeDelta::seconds(20))),
                (Sending::Nothing, 100, None),
            ] {
                let deadline = lasts.map(|lasts| start() + lasts);
                let options = IssueOptions { sending, limit, max_in_doubt, deadline, ..options() };
                let run = work.copy(serves).run(&options);
                let words = format!("{serves:?} {options:?}: {run:?}");
                assert_eq!(run.gifts(GiftState::InFlight), 0, "{words}");
                assert!(run.took <= TimeDelta::minutes(30), "{words}");
                assert!(!is_given || run.took < TimeDelta::seconds(1), "{words}");
                let is_late = |at: &DateTime<Utc>| deadline.is_some_and(|deadline| deadline <= *at);
                assert!(!run.creates.iter().any(is_late), "{words}");
                let is_over = lasts == Some(TimeDelta::zero());
                assert!(!is_over || is_given || run.stop.is_some(), "{words}");
                let most = limit.unwrap_or(u64::MAX);
                assert!(run.gifts(GiftState::Issued) <= most || is_given, "{words}");
            }
        }
    }
}
