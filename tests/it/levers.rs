//! Stories of holding a run: a limit, a deadline, a canary, a dry run, and a day's caps.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use giftbatch::sandbox::{Endpoint, FaultKind, FaultProfile, RefusalKind, SandboxConfig};
use serde_json::Value;

use crate::world::{CANARY_CLIENT, CANARY_KEY, Done, World, csv, holds, rows};

fn world_of(faults: FaultProfile) -> World {
    World::with(SandboxConfig { seed: 4, faults, ..SandboxConfig::default() })
}

/// Gifts of which something was sent.
fn begun(done: &Done) -> u64 {
    done.gifts("total") - done.gifts("planned")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_exact_and_the_next_run_goes_on() {
    // Goal: exactly so many gifts, whatever becomes of each, and no gift twice over all runs. Method: runs of
    // 30 over 100 gifts, unlimited in speed, with every fault; then at a provider that takes 25 requests a
    // second, whose 429s make no gift count twice.
    let faults = FaultProfile::mixed();
    let faulty = SandboxConfig { seed: 4, faults, ..SandboxConfig::default() };
    let slow = SandboxConfig { limit_per_second: Some(25), ..SandboxConfig::default() };
    for config in [faulty, slow] {
        let world = World::with(config);
        let all = rows(100);
        let file = world.file("may.csv", csv(&all));
        for runs in 1..=3 {
            let done = world.issue_file(&file, "may", &["--limit", "30"]).expect(5);
            assert_eq!(begun(&done), runs * 30);
            assert_eq!(done.gifts("issued") + done.gifts("refused"), runs * 30);
            assert!(done.stderr.contains("stopped at --limit 30"), "{}", done.stderr);
        }
        let done = world.issue_file(&file, "may", &["--limit", "30"]);
        world.sandbox.settled().await;
        assert_eq!(done.gifts("issued") + done.gifts("refused"), 100);
        assert_eq!(done.code, if done.gifts("refused") > 0 { 4 } else { 0 }, "{}", done.stderr);
        assert_eq!(world.book().gifts.len() as u64, done.gifts("issued"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limited_run_is_confirmed_by_the_plan_and_keeps_the_total() {
    // Goal: a limit changes neither the plan's id nor what --max-total counts. Method: the id of the whole
    // campaign; totals on both sides of the whole, said in the message with what is too much.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(4)));
    let loaded = world.run(&["load", &file, "--campaign", "may", "--json"]).expect(0);
    let plan = loaded.json()["plan"].as_str().unwrap().to_owned();
    let issue =
        |more: &[&str]| world.run(&[&["issue", "may", "--limit", "1", "--json"], more].concat());
    let refused = issue(&["--yes", "--max-total", "47.49"]).expect(7);
    let words = "47.50 in all, and --max-total allows 47.49: 0.01 too much";
    assert!(refused.stderr.contains(words), "{}", refused.stderr);
    issue(&["--confirm", "000000000000"]).expect(7);
    assert_eq!(world.sandbox.requests_of(Endpoint::Create), 0);
    let one = issue(&["--confirm", &plan]).expect(5);
    assert_eq!((one.gifts("issued"), &one.json()["status"]), (1, &"stopped".into()));
    issue(&["--yes", "--max-total", "47.49"]).expect(7);
    let two = issue(&["--yes", "--max-total", "47.50"]).expect(5);
    assert_eq!(two.gifts("issued"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_deadline_nothing_new_is_sent() {
    // Goal: what is in flight ends, the rest waits for the next run, nothing is reconciled, exit 5. Method:
    // ten gifts a second and a second's time; then a deadline that has its next turn in a day.
    let mut world = World::new();
    world.set("GIFTBATCH_RATE", "10");
    let all = rows(40);
    let file = world.file("may.csv", csv(&all));
    let late = world.issue_file(&file, "may", &["--deadline", "1s"]).expect(5);
    let sent = late.gifts("issued");
    assert!((1..40).contains(&sent), "{sent}");
    assert_eq!((late.gifts("in_flight"), late.gifts("in_doubt")), (0, 0));
    // One list, for the provider's clock.
    assert_eq!(world.sandbox.requests_of(Endpoint::WalletGifts), 1);
    assert!(late.stderr.contains("the deadline has come"), "{}", late.stderr);
    world.set("GIFTBATCH_RATE", "0");
    let minute = (Utc::now() - TimeDelta::minutes(1)).with_timezone(&chrono_tz::Europe::Istanbul);
    let yesterday = minute.format("%H:%M").to_string();
    world.issue_file(&file, "may", &["--deadline", &yesterday]).expect(0);
    world.assert_given_exactly_once(&all);
    for wrong in ["2", "25:00", "0s"] {
        let done = world.issue_file(&file, "may", &["--deadline", wrong]).expect(2);
        assert!(done.stderr.contains("02:00"), "{}", done.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_canary_the_rest_is_sent() {
    // Goal: nothing follows the first gifts before their wallets were read, although lists lag. Method: lists
    // that show a gift after 700 ms; the times in the provider's book, and what is read before the sixth.
    let mut faults = FaultProfile::always(FaultKind::LaggingList);
    faults.list_lag = Duration::from_millis(700);
    let world = world_of(faults);
    let all = rows(60);
    let file = world.file("may.csv", csv(&all));
    let done = world.issue_file(&file, "may", &["--canary", "5"]).expect(0);
    assert!(done.stderr.contains("canary: 5 gifts are in their wallets"), "{}", done.stderr);
    assert_eq!((done.gifts("issued"), done.reconciled("matched")), (60, 60));
    let mut times: Vec<_> = world.book().gifts.iter().map(|gift| gift.created_at).collect();
    times.sort();
    assert!(times[5] - times[4] >= TimeDelta::milliseconds(700), "{times:?}");
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_dies_stops_the_run() {
    // Goal: any first gift that is not there as it was sent holds back all others, with a code and words for
    // it. Method: one that is refused; one that vanishes from a list that shows it late; answers whose
    // doubts are held.
    let all = rows(40);
    let refusing = World::new();
    refusing.sandbox.refuse_wallet(all[2].wallet, RefusalKind::NotFound404);
    let mut late = FaultProfile::always(FaultKind::LaggingList);
    late.list_lag = Duration::from_millis(1_500);
    let forgetful = world_of(late);
    let doubtful = world_of(FaultProfile::always(FaultKind::ErrorAfterCommit));
    for (world, code, word) in [
        (&refusing, 5, "refused as "),
        (&forgetful, 6, "missing from its wallet's list"),
        (&doubtful, 6, "held"),
    ] {
        let file = world.file("may.csv", csv(&all));
        let held = if word == "held" { "hold" } else { "settle" };
        let mut child = world.start(&[
            "run",
            &file,
            "--campaign",
            "may",
            "--json",
            "--yes",
            "--max-total",
            "10000",
            "--canary",
            "4",
            "--in-doubt",
            held,
        ]);
        if word.starts_with("missing") {
            // The first is read for the provider's clock.
            world.until(&mut child, |stats| stats.requests_of(Endpoint::WalletGifts) > 1).await;
            let vanishing = world.book().gifts[0].id;
            world.sandbox.delete_gift(vanishing).unwrap();
        }
        let done = Done::wait(child).expect(code);
        assert_eq!(begun(&done), 4, "{word}");
        assert!(done.stderr.contains("nothing more was sent"), "{}", done.stderr);
        assert!(done.stderr.contains(word), "{word}: {}", done.stderr);
        assert_eq!(world.sandbox.requests_of(Endpoint::Create), 4);
    }
    // The same command once the cause is mended: its own canary, and the rest.
    refusing.sandbox.mend_wallet(all[2].wallet);
    let file = refusing.file("may.csv", csv(&all));
    let done = refusing.issue_file(&file, "may", &["--canary", "4"]).expect(4);
    assert_eq!((done.gifts("issued"), done.gifts("refused")), (39, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_may_be_the_whole_campaign_or_the_whole_limit() {
    // Goal: no gift beyond either, and what is finished says so. Method: a canary larger than its campaign,
    // one of which a gift is refused, and one with a limit around it and below it.
    let all = rows(40)[..3].to_vec();
    let world = World::new();
    let file = world.file("may.csv", csv(&all));
    let done = world.issue_file(&file, "may", &["--canary", "10"]).expect(0);
    assert_eq!((done.gifts("issued"), done.reconciled("matched")), (3, 3));
    world.issue_file(&file, "may", &["--canary", "10"]).expect(0);
    let more = world.file("more.csv", csv(&rows(40)));
    let limited = world.issue_file(&more, "june", &["--canary", "4", "--limit", "9"]).expect(5);
    assert_eq!(begun(&limited), 9);
    assert!(limited.stderr.contains("stopped at --limit 9"), "{}", limited.stderr);
    let limited = world.issue_file(&more, "june", &["--canary", "7", "--limit", "6"]).expect(5);
    assert_eq!(begun(&limited), 15);
    let refusing = World::new();
    refusing.sandbox.refuse_wallet(all[0].wallet, RefusalKind::NotFound404);
    let file = refusing.file("may.csv", csv(&all));
    let done = refusing.issue_file(&file, "may", &["--canary", "10"]).expect(4);
    assert_eq!(done.gifts("refused"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_what_a_run_then_sends() {
    // Goal: the requests, byte for byte and in order, but for the keys; nothing is sent or stored. Method: the
    // dry run of a file without a ledger and without keys, of a limit, and of the rest of a campaign; each
    // held against the provider's book after the run.
    let mut world = World::new();
    let all = rows(12);
    let file = world.file("may.csv", csv(&all));
    world.unset("GIFTBATCH_API_KEY");
    let run = ["run", &file, "--campaign", "may", "--dry-run", "--json"];
    let shown = world.run(&run).expect(0).json();
    assert!(!world.ledger().exists());
    assert_eq!((&shown["dry_run"], &shown["gifts"]["planned"]), (&true.into(), &12.into()));
    world.set("GIFTBATCH_API_KEY", CANARY_KEY);
    assert_eq!(world.run(&run).expect(0).json()["requests"], shown["requests"]);
    let two = world.run(&[&run[..], &["--limit", "2"]].concat()).expect(0).json();
    assert_eq!(
        two["requests"].as_array(),
        Some(&shown["requests"].as_array().unwrap()[..2].to_vec())
    );
    world.run(&[&run[..], &["--max-total", "1"]].concat()).expect(7);
    world.run(&[&run[..], &["--confirm", "000000000000"]].concat()).expect(7);
    assert_eq!(world.sandbox.stats().requests_of(Endpoint::Create), 0);
    world.issue_file(&file, "may", &["--limit", "5", "--no-reconcile"]).expect(5);
    let rest = world.run(&["issue", "may", "--dry-run", "--json"]).expect(0).json();
    assert_eq!(
        rest["requests"].as_array().unwrap()[..],
        shown["requests"].as_array().unwrap()[5..]
    );
    let text = world.run(&["issue", "may", "--dry-run"]).expect(0);
    for key in [CANARY_KEY, CANARY_CLIENT] {
        assert!(
            !text.stdout.contains(key)
                && !text.stderr.contains(key)
                && !holds(&world.path(""), key)
        );
    }
    let url = format!("POST {}/api/v1/balance/gift\n", world.sandbox.url());
    assert_eq!(text.stdout.matches(&url).count(), 7);
    assert_eq!(text.stdout.matches("apikeypublic: ********\n").count(), 7);
    world.set("GIFTBATCH_CONCURRENCY", "1");
    world.issue_file(&file, "may", &[]).expect(0);
    let mut given = world.book().gifts;
    given.sort_by_key(|gift| gift.created_at);
    let bodies = rest["requests"].as_array().unwrap().iter().map(|request| {
        let body = request["body"].as_str().unwrap();
        assert!(text.stdout.contains(&format!("\n\n{body}\n\n")));
        serde_json::from_str::<Value>(body).unwrap()
    });
    for (body, gift) in bodies.zip(&given[5..]) {
        assert_eq!(body["WalletId"], gift.wallet.to_string());
        assert_eq!(body["Description"], gift.description);
    }
    let nothing = world.run(&["issue", "may", "--dry-run", "--json"]).expect(0).json();
    assert_eq!(nothing["requests"], Value::Array(Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_is_as_long_as_its_reader_wants() {
    // Goal: a pipe that closes early is no failure. Method: a campaign whose requests are longer than any
    // pipe holds, of which one line is read.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(3_000)));
    let (reader, writer) = std::io::pipe().unwrap();
    let mut child = world.start_on(&["run", &file, "--campaign", "may", "--dry-run"], writer);
    let line = child.until_read(|| BufReader::new(reader).lines().next()).unwrap().unwrap();
    assert!(line.starts_with("POST "), "{line}");
    let done = Done::wait(child).expect(0);
    assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_shows_what_it_would_reopen() {
    // Goal: a dry run reopens nothing. Method: two refusals, their requests, and that they are still refused.
    let world = World::new();
    let all = rows(8);
    for row in &all[1..3] {
        world.sandbox.refuse_wallet(row.wallet, RefusalKind::NotFound404);
    }
    let file = world.file("may.csv", csv(&all[..6]));
    world.issue_file(&file, "may", &[]).expect(4);
    let sent = world.sandbox.requests_of(Endpoint::Create);
    let shown = world.run(&["retry", "may", "--dry-run", "--json"]).expect(0).json();
    assert_eq!(shown["requests"].as_array().unwrap().len(), 2);
    let none = world.run(&["retry", "may", "--class", "gone", "--dry-run", "--json"]).expect(0);
    assert_eq!(none.json()["requests"].as_array().unwrap().len(), 0);
    assert_eq!(world.run(&["status", "may", "--json"]).expect(0).gifts("refused"), 2);
    assert_eq!(world.sandbox.requests_of(Endpoint::Create), sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_days_money_has_a_cap_over_all_campaigns() {
    // Goal: what the day's campaigns give together stays below the cap, and whoever would pass it sends
    // nothing. Method: two campaigns of 100.00; caps in a settings file and in the environment; a limit that
    // makes the second fit; another day in another zone.
    let mut world = World::new();
    let all = rows(20);
    let total: i64 = all[..10].iter().map(|row| row.minor).sum();
    let first = world.file("may.csv", csv(&all[..10]));
    let second = world.file("june.csv", csv(&all[10..]));
    world.file("giftbatch.toml", format!("max_per_day = \"{}.{:02}\"\n", total / 100, total % 100));
    world.issue_file(&first, "may", &[]).expect(0);
    let over = world.issue_file(&second, "june", &[]).expect(7);
    assert!(
        over.stderr.contains("were given today") && over.stderr.contains("max_per_day"),
        "{}",
        over.stderr
    );
    assert_eq!(world.sandbox.requests_of(Endpoint::Create), 10);
    world.run(&["issue", "june", "--dry-run"]).expect(7);
    // The same command on what is done already is no breach.
    world.issue_file(&first, "may", &[]).expect(0);
    let two = (total + 2 * 1_750) / 100 + 1;
    world.set("GIFTBATCH_MAX_PER_DAY", &two.to_string());
    world.issue_file(&second, "june", &["--limit", "2"]).expect(5);
    assert_eq!(world.sandbox.requests_of(Endpoint::Create), 12);
    world.issue_file(&second, "june", &["--limit", "2"]).expect(7);
    world.set("GIFTBATCH_MAX_PER_DAY", "1.000");
    let wrong = world.issue_file(&second, "june", &[]).expect(2);
    assert!(wrong.stderr.contains("GIFTBATCH_MAX_PER_DAY"), "{}", wrong.stderr);
    world.unset("GIFTBATCH_MAX_PER_DAY");
    world.file("giftbatch.toml", "max_per_day = 100.50\n");
    let float = world.issue_file(&second, "june", &[]).expect(2);
    assert!(float.stderr.contains("in quotes"), "{}", float.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_has_a_cap_a_day_that_counts_what_is_not_known() {
    // Goal: a gift that may have been given counts, and refused ones do not. Method: a wallet whose gift is
    // held, one whose gift was refused, one that gets two gifts of one file.
    let mut world = world_of(FaultProfile::always(FaultKind::ErrorAfterCommit));
    let mut all = rows(40)[..3].to_vec();
    all.iter_mut().for_each(|row| row.minor = 6_000);
    world.set("GIFTBATCH_MAX_PER_WALLET_PER_DAY", "100");
    let file = world.file("may.csv", csv(&all[..1]));
    world.issue_file(&file, "may", &["--in-doubt", "hold"]).expect(6);
    world.sandbox.set_profile(FaultProfile::none());
    let mut again = all.clone();
    again.iter_mut().for_each(|row| row.description = "KUPON 9".to_owned());
    again.push(again[2].clone());
    again[3].description = "KUPON 10".to_owned();
    let file = world.file("june.csv", csv(&again));
    let over = world.issue_file(&file, "june", &[]).expect(7);
    assert!(over.stderr.contains("2 wallets would get more"), "{}", over.stderr);
    for (row, given) in [(&all[0], "60.00"), (&all[2], "0.00")] {
        let words = format!("{} was given {given} today", row.wallet);
        assert!(over.stderr.contains(&words), "{words}: {}", over.stderr);
    }
    assert_eq!(world.sandbox.requests_of(Endpoint::Create), 1);
    world.sandbox.refuse_wallet(all[1].wallet, RefusalKind::NotFound404);
    let file = world.file("july.csv", csv(&again[1..3]));
    world.issue_file(&file, "july", &[]).expect(4);
    world.sandbox.mend_wallet(all[1].wallet);
    let retry = ["retry", "july", "--yes", "--max-total", "120", "--json"];
    world.run(&retry).expect(0);
    // Now the two wallets have 60.00 each.
    let file = world.file("august.csv", csv(&all[1..]));
    world.issue_file(&file, "august", &["--allow-same-content"]).expect(7);
}
