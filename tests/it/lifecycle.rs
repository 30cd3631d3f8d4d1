//! Stories of campaigns that people stop: paused, resumed and cancelled from another terminal, in the
//! middle of a run, and killed on the way.

use std::time::{Duration, Instant};

use giftbatch::sandbox::{Endpoint, FaultKind, FaultProfile, SandboxConfig};
use serde_json::Value;

use crate::world::{Done, Row, World, csv, rows, send};

/// A live run must have seen a wish, and ended, within this.
const SOON: Duration = Duration::from_secs(2);

const CONFIRMED: [&str; 4] = ["--yes", "--max-total", "100000000", "--json"];

fn posts(world: &World) -> u64 {
    world.sandbox.requests_of(Endpoint::Create)
}

fn run<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["run", file, "--campaign", "may"], &CONFIRMED[..], more].concat()
}

fn command<'a>(word: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&[word, "may"], &CONFIRMED[..], more].concat()
}

/// A campaign of so many rows in a world in which 200 are given a second, and its file.
fn at_200_a_second(count: u32) -> (World, Vec<Row>, String) {
    let mut world = World::new();
    world.set("GIFTBATCH_RATE", "200");
    let all = rows(count);
    let file = world.file("may.csv", csv(&all));
    (world, all, file)
}

/// Starts a run, gives another command in the middle of it, and waits for both; how the run ended, how the
/// other did, and how long the run went on after that was given.
async fn in_the_middle(world: &World, run: &[&str], other: &[&str]) -> (Done, Done, Duration) {
    let before = posts(world);
    let mut child = world.start(run);
    world.until(&mut child, |stats| stats.requests_of(Endpoint::Create) >= before + 60).await;
    let given = Instant::now();
    let other = world.run(other);
    let ended = Done::wait(child);
    (ended, other, given.elapsed())
}

fn counted(done: &Done, states: &[&str]) -> u64 {
    states.iter().map(|state| done.gifts(state)).sum()
}

/// The commands that send are refused with this code; nothing is sent, and the document says how the
/// campaign stands.
fn assert_refused(world: &World, file: &str, commands: &[&str], code: i32, word: &str) {
    let before = posts(world);
    for name in commands {
        let args = if *name == "run" { run(file, &[]) } else { command(name, &[]) };
        let done = world.run(&args).expect(code);
        assert!(done.stderr.contains(&format!("\"may\" is {word} (by ")), "{}", done.stderr);
        let document = done.json();
        assert_eq!((&document["standing"], &document["command"]), (&word.into(), &(*name).into()));
        assert!(document["gifts"]["issued"].as_u64() > Some(0), "{document}");
        assert_ne!(document["error"]["hint"], Value::Null);
    }
    assert_eq!(posts(world), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_paused_from_another_terminal_and_goes_on_later() {
    // Goal: pause ends a run at 200 a second within a second or two, cleanly, and holds until it is
    // resumed. Method: pause in the middle; every command that sends; resume; the same run to its end.
    let (world, all, file) = at_200_a_second(500);
    let (ended, paused, after) =
        in_the_middle(&world, &run(&file, &[]), &["pause", "may", "--json"]).await;
    let (ended, paused) = (ended.expect(5), paused.expect(0));
    assert!(after < SOON, "{after:?}");
    assert_eq!(ended.json()["status"], "stopped");
    assert_eq!(
        (&ended.json()["standing"], &paused.json()["standing"]),
        (&"paused".into(), &"paused".into())
    );
    assert_eq!(paused.json()["command"], "pause");
    assert!(ended.stderr.contains("giftbatch resume may"), "{}", ended.stderr);
    assert_eq!(ended.gifts("issued"), world.book().gifts.len() as u64);
    assert_eq!(counted(&ended, &["issued", "planned", "deferred"]), 500);
    assert_eq!(counted(&ended, &["in_flight", "in_doubt"]), 0);
    assert_refused(&world, &file, &["issue", "run", "retry"], 5, "paused");
    let status = world.run(&["status", "may"]).expect(0).stdout;
    assert!(
        status.contains("paused: by ") && status.contains("next: giftbatch resume may"),
        "{status}"
    );
    assert!(world.run(&["status"]).expect(0).stdout.contains("  paused  "));
    // Reading is not sending.
    world.run(&["reconcile", "may", "--json"]).expect(0);
    world.run(&["pause", "may"]).expect(0);
    world.run(&["resume", "may", "--json"]).expect(0);
    let again = world.run(&["resume", "may"]).expect(0);
    assert!(again.stderr.contains("is not paused"), "{}", again.stderr);
    let done = world.run(&run(&file, &["--rate", "0"])).expect(0);
    assert_eq!((done.reconciled("matched"), &done.json()["standing"]), (500, &"open".into()));
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_is_paused_too() {
    // Goal: a pause is seen where nothing is claimed. Method: a provider that nobody can reach, and a run
    // that waits for it for a long time; pause.
    let mut world = World::new();
    let file = world.file("may.csv", csv(&rows(5)));
    world.set("GIFTBATCH_GIVE_UP_AFTER", "10m");
    world.sandbox.set_outage(giftbatch::sandbox::Outage::Unavailable);
    let mut child = world.start(&run(&file, &[]));
    world.until(&mut child, |stats| stats.requests.values().sum::<u64>() >= 6).await;
    let given = Instant::now();
    world.run(&["pause", "may"]).expect(0);
    let done = Done::wait(child);
    // What the outage left in doubt is told first.
    assert!([5, 6].contains(&done.code), "{done:?}");
    assert!(given.elapsed() < SOON, "{:?}", given.elapsed());
    world.sandbox.set_outage(giftbatch::sandbox::Outage::None);
    world.run(&["resume", "may"]).expect(0);
    world.run(&run(&file, &[])).expect(0);
    world.assert_given_exactly_once(&rows(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_campaign_sends_nothing_more_ever() {
    // Goal: what was never sent is withdrawn, what was given is told, and nothing brings the campaign back.
    // Method: cancel a run at 200 a second, unconfirmed and confirmed; then every command that could send,
    // the same file, a longer one, and the sandbox's own book.
    let (world, all, file) = at_200_a_second(500);
    world.run(&["load", &file, "--campaign", "may"]).expect(0);
    let unconfirmed = world.run(&["cancel", "may", "--json"]).expect(7);
    assert!(unconfirmed.stderr.contains("500 gifts, "), "{}", unconfirmed.stderr);
    assert_eq!(world.run(&["status", "may", "--json"]).json()["standing"], "open");
    let (ended, cancelled, after) =
        in_the_middle(&world, &run(&file, &[]), &["cancel", "may", "--yes", "--json"]).await;
    let (ended, cancelled) = (ended.expect(5), cancelled.expect(0));
    assert!(after < SOON, "{after:?}");
    assert!(ended.stderr.contains("was cancelled by "), "{}", ended.stderr);
    let given = world.book().gifts.len() as u64;
    assert_eq!((cancelled.gifts("issued"), cancelled.gifts("cancelled")), (given, 500 - given));
    let document = cancelled.json();
    assert_eq!(
        (&document["command"], &document["standing"]),
        (&"cancel".into(), &"cancelled".into())
    );
    assert_eq!(
        (&document["status"], &document["amounts"]["open"]),
        (&"complete".into(), &"0.00".into())
    );
    let told = format!("given, and stays given   {given} gifts, ");
    assert!(cancelled.stderr.contains(&told), "{}", cancelled.stderr);
    assert_refused(&world, &file, &["run", "retry"], 7, "cancelled");
    let longer = world.file("longer.csv", csv(&rows(600)));
    assert_refused(&world, &longer, &["run"], 7, "cancelled");
    world.run(&["load", &longer, "--campaign", "may", "--json"]).expect(7);
    world.run(&["resume", "may", "--json"]).expect(7);
    world.run(&["pause", "may", "--json"]).expect(0);
    let idle = world.run(&command("issue", &[])).expect(0);
    assert_eq!(counted(&idle, &["issued", "cancelled"]), 500);
    // Nothing is left to confirm.
    world.run(&["cancel", "may", "--json"]).expect(0);
    let last = world.run(&["reconcile", "may", "--json"]).expect(0);
    assert_eq!((last.reconciled("matched"), last.gifts("issued")), (given, given));
    assert_eq!(world.book().gifts.len() as u64, given);
    // Another campaign is another matter.
    world.issue_file(&file, "june", &["--rate", "0", "--allow-same-content"]).expect(0);
    assert_eq!(world.book().gifts.len() as u64, given + all.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn doubts_of_a_cancelled_campaign_are_settled_and_not_sent_again() {
    // Goal: a lost answer is looked up after a cancel too, and what was not given is withdrawn, also while
    // lists cannot be read for a time. Method: an eighth of the answers are lost after the commit, an eighth
    // before it, and no list can be read; cancel; then lists come back.
    let faults = FaultProfile::none()
        .with(FaultKind::ErrorAfterCommit, 1_200)
        .with(FaultKind::ErrorBeforeCommit, 1_200)
        .with(FaultKind::ReadError, 10_000);
    let mut world = World::with(SandboxConfig { seed: 5, faults, ..SandboxConfig::default() });
    world.set("GIFTBATCH_RATE", "200").set("GIFTBATCH_SETTLE", "500ms");
    let all = rows(400);
    let file = world.file("may.csv", csv(&all));
    let (ended, cancelled, _) = in_the_middle(
        &world,
        &run(&file, &["--max-in-doubt", "1000"]),
        &["cancel", "may", "--yes", "--json"],
    )
    .await;
    let (ended, cancelled) = (ended.expect(6), cancelled.expect(6));
    assert_eq!(ended.json()["standing"], "cancelled");
    assert!(cancelled.gifts("in_doubt") > 5, "{}", cancelled.stdout);
    assert_eq!(counted(&cancelled, &["planned", "deferred", "in_flight"]), 0);
    assert!(cancelled.stderr.contains("sent, and may be given"), "{}", cancelled.stderr);
    let sent = posts(&world);
    world.set("GIFTBATCH_GIVE_UP_AFTER", "1s");
    world.run(&["issue", "may", "--json"]).expect(6);
    world.sandbox.set_profile(FaultProfile::none());
    world.set("GIFTBATCH_GIVE_UP_AFTER", "20s");
    // Nothing is to be confirmed, since nothing is sent.
    let done = world.run(&["issue", "may", "--json"]).expect(0);
    assert_eq!(posts(&world), sent);
    let given = world.book().gifts.len() as u64;
    assert_eq!((done.gifts("issued"), done.gifts("cancelled")), (given, 400 - given));
    assert!(done.gifts("cancelled") > cancelled.gifts("cancelled"), "none was found absent");
    let story = world.run(&["reconcile", "may", "--json"]).expect(0);
    assert_eq!((story.reconciled("matched"), story.reconciled("unexpected")), (given, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_leaves_nothing_that_a_cancel_could_lose() {
    // Goal: cancel after kill -9. Method: kill a run with answers under way, cancel, settle; the book
    // against the ledger.
    let faults = FaultProfile::always(FaultKind::TimeoutAfterCommit);
    let mut world = World::with(SandboxConfig { faults, ..SandboxConfig::default() });
    world.set("GIFTBATCH_SETTLE", "500ms");
    let file = world.file("may.csv", csv(&rows(50)));
    let mut child = world.start(&run(&file, &[]));
    world.until(&mut child, |stats| stats.requests_of(Endpoint::Create) >= 3).await;
    send("KILL", &child);
    Done::wait(child);
    let cancelled = world.run(&["cancel", "may", "--yes", "--json"]).expect(6);
    assert!(counted(&cancelled, &["in_flight", "in_doubt"]) >= 3, "{}", cancelled.stdout);
    world.sandbox.set_profile(FaultProfile::none());
    let done = world.run(&["issue", "may", "--json"]).expect(0);
    let given = world.book().gifts.len() as u64;
    assert!(given >= 3);
    assert_eq!((done.gifts("issued"), done.gifts("cancelled")), (given, 50 - given));
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_waits_for_no_other_campaigns_run() {
    // Goal: the wish holds at once, whoever holds the ledger, and that run writes it down at its end.
    // Method: a slow run of another campaign; cancel with little patience; the run's end.
    let mut world = World::new();
    let (slow, mine) = (world.file("slow.csv", csv(&rows(110))), rows(7));
    let file = world.file("may.csv", csv(&mine));
    world.run(&["load", &file, "--campaign", "may"]).expect(0);
    world.set("GIFTBATCH_RATE", "4").set("GIFTBATCH_TIMEOUT", "100ms");
    let args = ["run", &slow, "--campaign", "slow", "--yes", "--max-total", "100000000"];
    let more = ["--json", "--rate", "7", "--no-reconcile", "--allow-same-content"];
    let mut child = world.start(&[&args[..], &more[..]].concat());
    world.until(&mut child, |stats| stats.requests_of(Endpoint::Create) >= 2).await;
    let busy = world.run(&["cancel", "may", "--yes", "--json"]).expect(9);
    assert!(busy.stderr.contains("sends nothing more"), "{}", busy.stderr);
    assert_eq!(world.run(&["status", "may", "--json"]).json()["standing"], "cancelled");
    Done::wait(child).expect(0);
    let status = world.run(&["status", "may", "--json"]).expect(0);
    assert_eq!(status.gifts("cancelled"), 7);
    assert_eq!(world.book().gifts.len(), 110);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_is_not_there_cannot_be_stopped() {
    // Goal: a mistyped name is said. Method: each command, with a name that the ledger has not.
    let world = World::new();
    let file = world.file("june.csv", csv(&rows(1)));
    world.run(&["load", &file, "--campaign", "june"]).expect(0);
    for word in ["pause", "resume", "cancel"] {
        let done = world.run(&[word, "may", "--json"]).expect(2);
        assert_eq!(done.json()["command"], word);
        assert!(done.stderr.contains("no campaign \"may\""), "{}", done.stderr);
    }
}

#[cfg(debug_assertions)]
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_withdrawing_is_gone_on_from() {
    // Goal: no bad moment to die while a campaign is cancelled. Method: crash before and after the first
    // and the second commit that withdraws; nothing can be sent afterwards, and the same command ends it,
    // without being confirmed again.
    let rows: Vec<Row> = rows(1_500);
    for at in ["before:1", "after:1", "before:2", "after:2"] {
        let mut world = World::new();
        let file = world.file("may.csv", csv(&rows));
        world.run(&["load", &file, "--campaign", "may"]).expect(0);
        world.set("GIFTBATCH_CRASH_AT", &format!("withdrawing.{at}"));
        let crashed = world.run(&["cancel", "may", "--yes"]);
        assert_eq!(crashed.signal, Some(6), "{at}: {crashed:?}");
        world.unset("GIFTBATCH_CRASH_AT");
        let status = world.run(&["status", "may", "--json"]).expect(0);
        let withdrawn = match at {
            "before:1" => 0,
            "after:1" | "before:2" => 1_000,
            _ => 1_500,
        };
        assert_eq!(status.gifts("cancelled"), withdrawn, "{at}");
        world.run(&run(&file, &[])).expect(7);
        let done = world.run(&["cancel", "may", "--json"]).expect(0);
        assert_eq!(done.gifts("cancelled"), 1_500, "{at}");
        assert!(world.book().gifts.is_empty());
    }
}
