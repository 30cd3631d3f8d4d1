//! Runs as a whole, against a pretend provider and by a clock of their own: what ends them.

mod scene;

use chrono::TimeDelta;
use uuid::Uuid;

use self::scene::{Scene, Serves, Told, campaign, gift, options, start};
use super::{IssueOptions, Sending, Stop};
use crate::domain::{Event, Expiry, GiftState};
use crate::drive::Ended;
use crate::ledger::{ClaimFrom, Ledger, Outcome, Wish, Writer};

/// Claims so many gifts as a run that then dies.
async fn claim(writer: &mut Writer, campaign: i64, count: usize) -> Vec<(i64, i64)> {
    let run = Uuid::now_v7();
    let mut batch = writer.begin().await.unwrap();
    batch.begin_run(run, campaign, "test", start()).await.unwrap();
    let claimed =
        batch.commit_claiming(ClaimFrom::Campaign(campaign), run, count, start(), start()).await;
    claimed.unwrap().iter().map(|gift| (gift.row, gift.attempt)).collect()
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
    assert!(run.creates.iter().all(|(at, _)| *at < start() + TimeDelta::seconds(1)), "{run:?}");
    assert_eq!(run.gifts(GiftState::InFlight) + run.gifts(GiftState::InDoubt), 0);
    assert!(run.took < TimeDelta::seconds(45), "it is found out meanwhile: {run:?}");
}

/// A campaign of gifts for wallets 1, 2 and so on, that expire so many minutes from the start.
fn expiring(minutes: &[i64]) -> Scene {
    let expiry = |minutes: &i64| Expiry::at(start() + TimeDelta::minutes(*minutes));
    let gifts: Vec<_> =
        (1..).zip(minutes).map(|(wallet, minutes)| gift(wallet, expiry(minutes))).collect();
    Scene::new(&gifts, |_, writer| async { writer })
}

fn wallets(run: &Told, since: TimeDelta) -> Vec<u128> {
    let late = run.creates.iter().filter(|(at, _)| *at >= start() + since);
    let mut wallets: Vec<u128> = late.map(|(_, wallet)| *wallet).collect();
    wallets.sort_unstable();
    wallets
}

#[test]
fn what_expires_while_it_waits_for_its_turn_is_not_sent() {
    // Goal: no gift is given that nobody can spend. Method: a provider that wants to be left alone for five minutes
    // just when all was claimed; gifts that expire meanwhile, and gifts that do not. With a limit that is used up too.
    for limit in [None, Some(4)] {
        let mut scene = expiring(&[5, 60, 5, 60]);
        scene.serves = Serves::Later(4, TimeDelta::minutes(5));
        let run = scene.run(&IssueOptions { limit, ..options() });
        assert_eq!(wallets(&run, TimeDelta::minutes(1)), [2, 4], "{run:?}");
        let (issued, refused) = (run.gifts(GiftState::Issued), run.gifts(GiftState::Refused));
        assert_eq!((issued, refused, run.stop), (2, 2, None));
    }
}

#[test]
fn what_has_expired_by_the_providers_clock_is_not_sent() {
    // Goal: a clock of ours that is late gives nothing that has expired. Method: a provider whose clock is twenty
    // minutes ahead; gifts that expire before that, and after.
    let mut scene = expiring(&[10, 60, 19, 21]);
    scene.ahead = Some(TimeDelta::minutes(20));
    let clock_tolerance = Some(TimeDelta::minutes(30));
    let run = scene.run(&IssueOptions { clock_tolerance, ..options() });
    assert_eq!(wallets(&run, TimeDelta::zero()), [2, 4], "{run:?}");
    assert_eq!((run.gifts(GiftState::Refused), run.stop), (2, None));
}

#[test]
fn a_clock_that_is_far_from_the_providers_decides_nothing() {
    // Goal: with a wrong clock nothing is given, and nothing refused. Method: clocks a day apart either way, of which
    // one has every gift expired; then none that is shown, one that is near, and lists that cannot be read.
    let tolerance = TimeDelta::minutes(30);
    let options = IssueOptions { clock_tolerance: Some(tolerance), ..options() };
    for (hours, minutes) in [(24, 60), (-24, -60), (24, 6_000), (-24, 6_000)] {
        let mut scene = expiring(&[minutes, minutes]);
        scene.ahead = Some(TimeDelta::hours(hours));
        let run = scene.run(&options);
        let Some(Stop::WrongClock { ours, theirs }) = run.stop else { panic!("{run:?}") };
        assert!((theirs - ours - TimeDelta::hours(hours)).abs() < TimeDelta::seconds(2));
        assert_eq!((run.creates.len(), run.gifts(GiftState::Planned)), (0, 2));
    }
    let well = [(None, Serves::Well), (Some(tolerance), Serves::Well), (None, Serves::Silence)];
    for (ahead, serves) in well {
        let mut scene = expiring(&[6_000, 6_000]);
        (scene.ahead, scene.serves) = (ahead, serves);
        let run = scene.run(&options);
        assert_eq!(wallets(&run, TimeDelta::zero())[..2], [1, 2], "{run:?}");
    }
}

#[test]
fn a_gift_is_sent_on_the_day_of_its_intent() {
    // Goal: the sums of a day count each gift on the day on which it was sent. Method: a day that ends while a provider
    // wants to be left alone: what had not been sent by then has another intent, of the next day.
    let gifts: Vec<_> = (1..=9).map(|wallet| gift(wallet, Expiry::Never)).collect();
    let mut scene = Scene::new(&gifts, |_, writer| async { writer });
    scene.serves = Serves::Later(1, TimeDelta::minutes(5));
    let intents = |lasts| {
        let day_ends_at = Some(start() + lasts);
        let run = scene.copy(scene.serves).run(&IssueOptions { day_ends_at, ..options() });
        assert_eq!(run.gifts(GiftState::Issued), 9, "{run:?}");
        run.intents
    };
    assert!(intents(TimeDelta::minutes(1)) > intents(TimeDelta::hours(1)));
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
                let is_late = |at| deadline.is_some_and(|deadline| deadline <= at);
                assert!(!run.creates.iter().any(|(at, _)| is_late(*at)), "{words}");
                let is_over = lasts == Some(TimeDelta::zero());
                assert!(!is_over || is_given || run.stop.is_some(), "{words}");
                let most = limit.unwrap_or(u64::MAX);
                assert!(run.gifts(GiftState::Issued) <= most || is_given, "{words}");
            }
        }
    }
}
