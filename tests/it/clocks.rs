//! Stories of clocks: a machine that slept, a clock that is wrong, and gifts that expire meanwhile.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use giftbatch::sandbox::{Endpoint, Stats};
use uuid::Uuid;

use crate::world::{Done, World, compiled, csv, rows, say, wallet};

/// A world in which the program's machine has a clock that can be set; none where there is no C compiler.
fn world() -> Option<World> {
    let mut world = World::new();
    let Some(shim) = compiled(&world.path(""), "tests/it/clocks/shim.c") else {
        say("skipped: there is no C compiler here");
        return None;
    };
    let clock = world.path("clock").to_str().expect("plain characters").to_owned();
    world.set("LD_PRELOAD", &shim).set("SHIM_CLOCK", &clock);
    Some(world)
}

/// Sets the machine's clock so far ahead of the true one.
fn set_clock(world: &World, ahead: TimeDelta) {
    // At once: a file that is half written would be another jump.
    let set = world.file("clock.new", ahead.num_seconds().to_string());
    std::fs::rename(set, world.path("clock")).expect("it can be renamed");
}

/// A file of gifts that expire then, for wallets from this number on.
fn expiring(world: &World, name: &str, first: u32, at: &[DateTime<Utc>]) -> String {
    let row = |(number, at): (u32, &DateTime<Utc>)| {
        format!("{},10,{},KUPON\n", wallet(number), at.to_rfc3339_opts(SecondsFormat::Secs, true))
    };
    let rows: String = (first..).zip(at).map(row).collect();
    world.file(name, format!("wallet_id,amount,expires_at,description\n{rows}"))
}

fn load(world: &World, file: &str, campaign: &str) {
    world.run(&["load", file, "--campaign", campaign]).expect(0);
}

fn issue(world: &World, campaign: &str, more: &[&str]) -> Done {
    let args = ["issue", campaign, "--json", "--yes", "--max-total", "1000000"];
    world.run(&[&args[..], more].concat())
}

fn given_to(world: &World) -> Vec<Uuid> {
    world.book().gifts.iter().map(|gift| gift.wallet).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_machine_slept_ends_and_the_next_goes_on() {
    // Goal: nothing is given by a clock that does not know how late it is. Method: a machine that sleeps for eight
    // hours in the middle of a run that had one more, so that its deadline has passed; then the same command, and a
    // cap of the day, of which what was given before is a part.
    let Some(mut world) = world() else { return };
    world.set("GIFTBATCH_RATE", "20").set("GIFTBATCH_MAX_PER_DAY", "500000");
    let all = rows(300);
    let file = world.file("may.csv", csv(&all));
    load(&world, &file, "may");
    let args = ["issue", "may", "--json", "--yes", "--max-total", "1000000", "--deadline", "1h"];
    let mut child = world.start(&args);
    world.until(&mut child, |stats| stats.requests_of(Endpoint::Create) >= 5).await;
    let hours = TimeDelta::hours(8);
    set_clock(&world, hours);
    world.sandbox.set_clock_skew(hours);
    let sent = world.sandbox.requests_of(Endpoint::Create);
    let done = Done::wait(child).expect(5);
    assert!(done.stderr.contains("the machine's clock jumped by 28"), "{}", done.stderr);
    // What was just leaving.
    let more = world.sandbox.requests_of(Endpoint::Create) - sent;
    assert!(more <= 20, "{more} were sent after the sleep");
    assert_eq!((done.gifts("in_flight"), done.gifts("in_doubt")), (0, 0));
    world.set("GIFTBATCH_RATE", "0");
    assert_eq!(issue(&world, "may", &[]).expect(0).gifts("issued"), 300);
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_ends_when_the_machine_slept() {
    // Goal: no command goes on by a clock that does not know how late it is. Method: a preflight, a reconcile and a
    // revoke, each of which meets a sleep in its middle; the same command ends it afterwards.
    let Some(mut world) = world() else { return };
    let file = world.file("may.csv", csv(&rows(80)));
    load(&world, &file, "may");
    issue(&world, "may", &["--no-input"]).expect(0);
    let mut ahead = TimeDelta::zero();
    // Wallets that were not read, and gifts that are half revoked, are told before that it ended early.
    for (command, codes) in [
        (&["check", &file, "--preflight"][..], [5, 5]),
        (&["reconcile", "may"], [5, 6]),
        (&["revoke", "may", "--yes", "--max-total", "1000000"], [5, 6]),
    ] {
        world.set("GIFTBATCH_RATE", "20");
        let asked = |stats: &Stats| stats.requests.values().sum::<u64>();
        let before = asked(&world.sandbox.stats());
        let mut child = world.start(command);
        world.until(&mut child, |stats| asked(stats) >= before + 5).await;
        ahead += TimeDelta::hours(8);
        set_clock(&world, ahead);
        world.sandbox.set_clock_skew(ahead);
        let done = Done::wait(child);
        assert!(codes.contains(&done.code), "{done:?}");
        assert!(done.stderr.contains("the machine's clock jumped by"), "{}", done.stderr);
        world.set("GIFTBATCH_RATE", "0");
        world.run(command).expect(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_far_from_the_providers_gives_and_refuses_nothing() {
    // Goal: what has expired is not told by a wrong clock, and who set it wrong is told so. Method: a clock that is a
    // day late, with gifts that have expired since; one that is a day early, with gifts that have not; then the right
    // one.
    let Some(world) = world() else { return };
    let now = Utc::now();
    let day = TimeDelta::days(1);
    set_clock(&world, -day);
    let old = expiring(&world, "old.csv", 0, &[now - TimeDelta::hours(2); 9]);
    load(&world, &old, "old");
    let young = expiring(&world, "young.csv", 20, &[now + TimeDelta::hours(12); 9]);
    load(&world, &young, "young");
    for (campaign, ahead) in [("old", -day), ("young", day), ("young", -day)] {
        set_clock(&world, ahead);
        let done = issue(&world, campaign, &[]).expect(5);
        assert_eq!(done.gifts("planned"), 9, "{campaign}");
        for words in
            ["this machine's clock shows 20", "the provider's 20", "set the machine's clock"]
        {
            assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
        }
    }
    assert_eq!(world.sandbox.requests_of(Endpoint::Create), 0);
    set_clock(&world, TimeDelta::zero());
    assert_eq!(issue(&world, "old", &[]).expect(4).gifts("refused"), 9);
    assert_eq!(issue(&world, "young", &[]).expect(0).gifts("issued"), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_by_the_providers_date_is_not_given() {
    // Goal: a clock that is a little late gives nothing that has expired. Method: twenty minutes late, gifts that
    // expired ten minutes ago beside others; every one of them refused as expired, without a request.
    let Some(world) = world() else { return };
    let now = Utc::now();
    set_clock(&world, -TimeDelta::minutes(20));
    let ends = [now - TimeDelta::minutes(10), now + TimeDelta::hours(1)];
    let file = expiring(&world, "may.csv", 0, &[ends[0], ends[1], ends[0], ends[1]]);
    load(&world, &file, "may");
    let done = issue(&world, "may", &[]).expect(4);
    assert_eq!((done.gifts("issued"), done.gifts("refused")), (2, 2));
    let mut given = given_to(&world);
    given.sort_unstable();
    let mut expected = [wallet(1), wallet(3)];
    expected.sort_unstable();
    assert_eq!(given, expected);
    let refused = world.run(&["gifts", "may", "--state", "refused", "--json"]).expect(0).json();
    assert!(refused.as_array().is_some_and(|all| all.len() == 2), "{refused}");
    assert!(refused.to_string().contains("\"expired\""), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_new_weeks_later_is_judged_by_that_day() {
    // Goal: no row is taken in that can never be given, and the same command again is right all the same.
    // Method: a file with a row that has passed since, the same again, and longer ones: with a date that has
    // passed, and without one while `--expires` counts from the first load.
    let Some(world) = world() else { return };
    set_clock(&world, TimeDelta::zero());
    let text = |rows: &[(u32, &str)]| {
        let row =
            |(number, expiry): &(u32, &str)| format!("{},10,{expiry},KUPON\n", wallet(*number));
        let rows: String = rows.iter().map(row).collect();
        format!("wallet_id,amount,expires_at,description\n{rows}")
    };
    let soon = (Utc::now() + TimeDelta::days(5)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let load = |name: &str, rows: &[(u32, &str)], code: i32| {
        let file = world.file(name, text(rows));
        world.run(&["load", &file, "--campaign", "may", "--expires", "30d", "--json"]).expect(code)
    };
    load("may.csv", &[(1, &soon), (2, "")], 0);
    set_clock(&world, TimeDelta::days(10));
    load("may.csv", &[(1, &soon), (2, "")], 0);
    let passed = load("more.csv", &[(1, &soon), (2, ""), (3, &soon)], 3);
    assert!(
        passed.stderr.contains("line 4") && passed.stderr.contains("has passed"),
        "{}",
        passed.stderr
    );
    assert_eq!(passed.json()["faults"][0]["code"], "expiry_passed");
    let warned = load("more.csv", &[(1, &soon), (2, ""), (3, "")], 0);
    assert!(warned.stderr.contains("--expires 30d counts from"), "{}", warned.stderr);
    set_clock(&world, TimeDelta::days(40));
    load("more.csv", &[(1, &soon), (2, ""), (3, "")], 0);
    let late = load("most.csv", &[(1, &soon), (2, ""), (3, ""), (4, "")], 3);
    assert!(
        late.stderr.contains("line 5") && late.stderr.contains("first load"),
        "{}",
        late.stderr
    );
}
