//! Stories of issuing: every gift exactly once, whatever fails in between.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use giftbatch::ledger::Ledger;
use giftbatch::sandbox::{
    BookGift, Endpoint, ExpectedKeys, FaultKind, FaultProfile, Outage, RefusalKind, RetryAfter,
    SandboxConfig, SeedGift,
};

use crate::world::{CANARY_CLIENT, CANARY_KEY, Done, Row, World, csv, excel_tr, rows, send};

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_campaign_is_given_matched_and_never_again() {
    // Goal: the main job. Method: run a file; run it again as Excel in Turkish writes it; run it
    // with twenty rows more.
    let world = World::new();
    let all = rows(420);
    let file = world.file("may.csv", csv(&all[..400]));
    let done = world.issue_file(&file, "may", &[]).expect(0);
    assert_eq!(done.json()["status"], "complete");
    assert_eq!((done.gifts("issued"), done.reconciled("matched")), (400, 400));
    world.assert_given_exactly_once(&all[..400]);
    let file = world.file("may-excel.csv", excel_tr(&all[..400]));
    world.issue_file(&file, "may", &[]).expect(0);
    world.assert_given_exactly_once(&all[..400]);
    let file = world.file("more.csv", csv(&all));
    let more = world.issue_file(&file, "may", &[]).expect(0);
    assert_eq!((more.gifts("issued"), more.reconciled("matched")), (420, 420));
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn mixed_faults_lose_nothing_and_give_nothing_twice() {
    // Goal: the promise. Method: every kind of fault by seeds, five rows in a hundred intentionally
    // identical, then the sandbox's own book against the file.
    for seed in [1, 2, 3] {
        let faults = FaultProfile::mixed();
        let world = World::with(SandboxConfig { seed, faults, ..SandboxConfig::default() });
        let mut all = rows(200);
        let again: Vec<Row> = all.iter().step_by(20).cloned().collect();
        all.extend(again);
        let file = world.file("may.csv", csv(&all));
        let mut done = world.issue_file(&file, "may", &["--allow-duplicates"]);
        if done.code == 4 {
            // The profile refuses some for good: those are not given, and said to be so.
            assert!(done.gifts("refused") > 0, "seed {seed}");
        } else {
            done = done.expect(0);
        }
        world.sandbox.settled().await;
        assert_eq!(done.gifts("issued") + done.gifts("refused"), 210, "seed {seed}");
        assert_eq!(world.book().gifts.len() as u64, done.gifts("issued"), "seed {seed}");
        if done.gifts("refused") == 0 {
            world.assert_given_exactly_once(&all);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_gifts_are_reported_and_given_after_a_retry() {
    // Goal: a no is a no until a person says otherwise. Method: three kinds of refusal, then mended.
    let world = World::new();
    let all = rows(40);
    let kinds =
        [RefusalKind::NotFound404, RefusalKind::IsFailure200, RefusalKind::Unprocessable422];
    // Wallets with one row each.
    for (row, kind) in all[10..13].iter().zip(kinds) {
        world.sandbox.refuse_wallet(row.wallet, kind);
    }
    let file = world.file("may.csv", csv(&all));
    let done = world.issue_file(&file, "may", &[]).expect(4);
    assert_eq!((done.gifts("issued"), done.gifts("refused")), (37, 3));
    assert_eq!(done.json()["status"], "partial");
    let still = world.issue_file(&file, "may", &[]).expect(4);
    assert_eq!(still.gifts("refused"), 3);
    for row in &all[10..13] {
        world.sandbox.mend_wallet(row.wallet);
    }
    let retry = ["retry", "may", "--yes", "--max-total", "1000000", "--json"];
    let retried = world.run(&retry).expect(0);
    assert_eq!((retried.gifts("issued"), retried.reconciled("matched")), (40, 40));
    world.assert_given_exactly_once(&all);
    world.run(&retry).expect(0);
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_before_it_was_confirmed() {
    // Goal: no gift without a yes. Method: each way that is not one, then the plan's id.
    let world = World::new();
    let all = rows(4);
    let file = world.file("may.csv", csv(&all));
    let run = |more: &[&str]| {
        let mut args = vec!["run", &file, "--campaign", "may", "--json"];
        args.extend(more);
        world.run(&args)
    };
    let plan = run(&[]).expect(7);
    assert_eq!(plan.json()["status"], "refused");
    run(&["--yes"]).expect(7);
    run(&["--yes", "--max-total", "47.49"]).expect(7);
    run(&["--confirm", "000000000000"]).expect(7);
    assert_eq!(world.sandbox.requests_of(Endpoint::Create), 0);
    let loaded = world.run(&["load", &file, "--campaign", "may", "--json"]).expect(0);
    let id = loaded.json()["plan"].as_str().unwrap().to_owned();
    world.run(&["issue", "may", "--confirm", &id, "--max-total", "1", "--json"]).expect(7);
    assert_eq!(world.sandbox.requests_of(Endpoint::Create), 0);
    let done = world.run(&["issue", "may", "--confirm", &id, "--json"]).expect(0);
    assert_eq!((done.gifts("issued"), &done.json()["reconciled"]), (4, &serde_json::Value::Null));
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_credentials_burn_no_gift() {
    // Goal: exit 8, nothing refused by it, nothing printed of the keys. Method: keys that the
    // provider does not know, then the right ones.
    let keys =
        ExpectedKeys::Pair { api_key: CANARY_KEY.to_owned(), api_client: CANARY_CLIENT.to_owned() };
    let mut world = World::with(SandboxConfig { keys, ..SandboxConfig::default() });
    let file = world.file("may.csv", csv(&rows(60)));
    world.set("GIFTBATCH_API_KEY", "another-canary");
    let done = world.issue_file(&file, "may", &[]).expect(8);
    assert_eq!(done.json()["status"], "rejected");
    assert_eq!((done.gifts("refused"), done.gifts("issued"), done.gifts("in_doubt")), (0, 0, 0));
    assert!(!done.stdout.contains("another-canary") && !done.stderr.contains("another-canary"));
    world.set("GIFTBATCH_API_KEY", CANARY_KEY);
    world.issue_file(&file, "may", &[]).expect(0);
    world.assert_given_exactly_once(&rows(60));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_ends_resumable_and_is_not_stormed() {
    // Goal: exit 5 after a while, few knocks, and the same command finishes. Method: a provider
    // that resets everything, then none.
    let mut world = World::new();
    let all = rows(80);
    let file = world.file("may.csv", csv(&all));
    world.sandbox.set_outage(Outage::Reset);
    world.set("GIFTBATCH_GIVE_UP_AFTER", "3s");
    let stopped = world.issue_file(&file, "may", &[]);
    assert!([5, 6].contains(&stopped.code), "{stopped:?}");
    assert_eq!(stopped.gifts("issued") + stopped.gifts("refused"), 0);
    let knocks = world.sandbox.stats().requests_of(Endpoint::WalletGifts);
    assert!(knocks <= 40, "{knocks} reads in an outage of three seconds");
    world.sandbox.set_outage(Outage::None);
    world.set("GIFTBATCH_GIVE_UP_AFTER", "20s");
    world.issue_file(&file, "may", &[]).expect(0);
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_there_costs_no_doubt() {
    // Goal: a connection that was never made proves that nothing happened. Method: a closed port.
    let mut world = World::new();
    let file = world.file("may.csv", csv(&rows(10)));
    let url = world.sandbox.url();
    world.sandbox.stop().await;
    world.set("GIFTBATCH_WALLET_URL", &url).set("GIFTBATCH_GIVE_UP_AFTER", "1s");
    let done = world.issue_file(&file, "may", &[]).expect(5);
    assert_eq!(done.json()["status"], "stopped");
    assert_eq!((done.gifts("in_doubt"), done.gifts("deferred") + done.gifts("planned")), (0, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_is_settled_by_the_next() {
    // Goal: kill -9 needs no repair. Method: kill in the middle, three times, with lost answers;
    // then run to the end.
    let faults = FaultProfile::lossy();
    let world = World::with(SandboxConfig { seed: 7, faults, ..SandboxConfig::default() });
    let all = rows(300);
    let file = world.file("may.csv", csv(&all));
    let args = ["run", &file, "--campaign", "may", "--yes", "--max-total", "100000000", "-q"];
    for turn in 1..=3 {
        let mut child = world.start(&args);
        world.until(&mut child, |stats| stats.requests_of(Endpoint::Create) >= turn * 60).await;
        send("KILL", &child);
        Done::wait(child);
    }
    let done = world.issue_file(&file, "may", &[]).expect(0);
    assert_eq!((done.gifts("issued"), done.reconciled("matched")), (300, 300));
    world.sandbox.settled().await;
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_a_run_cleanly() {
    // Goal: exit 143 or 130 with nothing in doubt, and the same command goes on. Method: a signal
    // while gifts are sent at 50 a second.
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let mut world = World::new();
        let all = rows(120);
        let file = world.file("may.csv", csv(&all));
        world.set("GIFTBATCH_RATE", "50");
        let args =
            ["run", &file, "--campaign", "may", "--yes", "--max-total", "100000000", "--json"];
        let mut child = world.start(&args);
        world.until(&mut child, |stats| stats.requests_of(Endpoint::Create) >= 10).await;
        send(signal, &child);
        let document = Done::wait(child).expect(code).json();
        assert_eq!(document["status"], "stopped");
        assert_eq!(document["gifts"]["in_flight"], 0);
        assert_eq!(document["gifts"]["in_doubt"], 0);
        world.set("GIFTBATCH_RATE", "0");
        world.issue_file(&file, "may", &[]).expect(0);
        world.assert_given_exactly_once(&all);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_waits_for_nothing() {
    // Goal: stop now means now, and the next run settles what was in flight. Method: a provider that
    // takes gifts and stays silent, with a long time-out; two signals; then the same command.
    let silent = FaultProfile::always(giftbatch::sandbox::FaultKind::TimeoutAfterCommit);
    let mut world = World::with(SandboxConfig { faults: silent, ..SandboxConfig::default() });
    let all = rows(20);
    let file = world.file("may.csv", csv(&all));
    world.set("GIFTBATCH_TIMEOUT", "60s");
    let args = ["run", &file, "--campaign", "may", "--yes", "--max-total", "100000000", "--json"];
    let mut child = world.start(&args);
    world.until(&mut child, |stats| stats.requests_of(Endpoint::Create) >= 5).await;
    send("INT", &child);
    child.until_said("stopping: ");
    send("INT", &child);
    let document = Done::wait(child).expect(130).json();
    assert!(document["gifts"]["in_flight"].as_u64() > Some(0), "{document}");
    world.sandbox.set_profile(FaultProfile::none());
    world.set("GIFTBATCH_TIMEOUT", "1s");
    world.issue_file(&file, "may", &[]).expect(0);
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_is_told_who_holds_the_ledger() {
    // Goal: two runs never meet. Method: start one that is slow, then another.
    let mut world = World::new();
    let file = world.file("may.csv", csv(&rows(100)));
    world.set("GIFTBATCH_RATE", "20");
    let args = ["run", &file, "--campaign", "may", "--yes", "--max-total", "100000000"];
    let mut first = world.start(&args);
    world.until(&mut first, |stats| stats.requests_of(Endpoint::Create) >= 2).await;
    let second = world.issue_file(&file, "may", &[]).expect(9);
    assert_eq!(second.json()["status"], "busy");
    assert!(second.stderr.contains("`run`, process "), "{}", second.stderr);
    // Those who only read are not in the way.
    world.run(&["status", "may"]).expect(0);
    send("KILL", &first);
    Done::wait(first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_servers_limit_is_found_and_kept() {
    // Goal: 429s are honoured in all three forms. Method: a limit of 100 a second, no rate of ours.
    for retry_after in [RetryAfter::Seconds, RetryAfter::Date, RetryAfter::Absent] {
        let config =
            SandboxConfig { limit_per_second: Some(100), retry_after, ..SandboxConfig::default() };
        let world = World::with(config);
        let all = rows(150);
        let file = world.file("may.csv", csv(&all));
        world.issue_file(&file, "may", &[]).expect(0);
        world.assert_given_exactly_once(&all);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_is_kept() {
    // Goal: no burst, and the rate is reached. Method: 100 gifts at 50 a second, by the sandbox's
    // own count.
    let mut world = World::new();
    world.set("GIFTBATCH_RATE", "50");
    let file = world.file("may.csv", csv(&rows(100)));
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(0);
    let stats = world.sandbox.stats();
    assert!(stats.max_per_second <= 53, "{} in one second", stats.max_per_second);
}

#[tokio::test(flavor = "multi_thread")]
async fn last_months_gifts_and_a_wrong_clock_fool_nobody() {
    // Goal: an identical gift that was there before is no answer. Method: lost answers, wallets that
    // hold the same gifts from a month ago, a server clock ten minutes off either way, lagging lists.
    for minutes in [-10, 10] {
        let mut faults = FaultProfile::lossy();
        faults.list_lag = Duration::from_millis(800);
        let world = World::with(SandboxConfig { seed: 11, faults, ..SandboxConfig::default() });
        world.sandbox.set_clock_skew(TimeDelta::minutes(minutes));
        let all = rows(60);
        for row in &all {
            world.sandbox.seed_gift(SeedGift {
                wallet: row.wallet,
                amount_minor: row.minor,
                expires_at: Some("2036-12-31T20:59:59Z".parse().unwrap()),
                description: row.description.clone(),
                reference: None,
                created_at: Utc::now() - TimeDelta::days(30),
            });
        }
        let file = world.file("may.csv", csv(&all));
        let done = world.issue_file(&file, "may", &[]).expect(0);
        assert_eq!(done.reconciled("matched"), 60);
        world.sandbox.settled().await;
        let doubled: Vec<Row> = all.iter().chain(&all).cloned().collect();
        world.assert_given_exactly_once(&doubled);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doubts_can_be_held_for_a_person() {
    // Goal: `--in-doubt hold` decides nothing. Method: answers that are lost after the commit.
    let faults = FaultProfile::always(giftbatch::sandbox::FaultKind::ErrorAfterCommit);
    let world = World::with(SandboxConfig { faults, ..SandboxConfig::default() });
    let file = world.file("may.csv", csv(&rows(3)));
    let done = world.issue_file(&file, "may", &["--in-doubt", "hold"]).expect(6);
    assert_eq!(done.json()["status"], "attention");
    assert_eq!(done.gifts("held"), 3);
    world.issue_file(&file, "may", &["--in-doubt", "hold"]).expect(6);
    world.assert_given_exactly_once(&rows(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_stays_with_its_provider() {
    // Goal: gifts of one provider are not looked for at another. Method: two sandboxes, one ledger.
    let mut world = World::new();
    let other = World::new();
    let file = world.file("may.csv", csv(&rows(2)));
    world.issue_file(&file, "may", &[]).expect(0);
    world.set("GIFTBATCH_WALLET_URL", &other.sandbox.url());
    let june = world.file("june.csv", csv(&rows(3)));
    world.issue_file(&june, "june", &[]).expect(2);
    assert!(other.book().gifts.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_refusals_of_one_class_stop_the_run() {
    // Goal: a wrong set-up does not refuse a whole campaign. Method: every wallet is refused.
    let world = World::new();
    let all = rows(60);
    for row in &all {
        world.sandbox.refuse_wallet(row.wallet, RefusalKind::Unprocessable422);
    }
    let file = world.file("may.csv", csv(&all));
    let args = ["--stop-after-refusals", "5", "--concurrency", "4"];
    let stopped = world.issue_file(&file, "may", &args).expect(5);
    assert!(stopped.gifts("refused") < 20, "{}", stopped.stdout);
    assert!(stopped.gifts("planned") + stopped.gifts("deferred") >= 40, "{}", stopped.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reconcile_found_all_the_same_is_not_retried() {
    // Goal: a false no is not given a second time. Method: a wallet that refuses; put the very gift
    // into it behind the program's back; reconcile, mend, retry.
    let world = World::new();
    let all = rows(3);
    world.sandbox.refuse_wallet(all[1].wallet, RefusalKind::Unprocessable422);
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(4);
    world.sandbox.seed_gift(SeedGift {
        wallet: all[1].wallet,
        amount_minor: all[1].minor,
        expires_at: Some("2036-12-31T20:59:59Z".parse().unwrap()),
        description: all[1].description.clone(),
        reference: None,
        created_at: Utc::now(),
    });
    let found = world.run(&["reconcile", "may", "--json"]).expect(6);
    assert_eq!((found.reconciled("unexpected"), found.reconciled("matched")), (1, 2));
    world.sandbox.mend_wallet(all[1].wallet);
    let retried = world.run(&["retry", "may", "--yes", "--max-total", "1000", "--json"]).expect(0);
    assert!(retried.stderr.contains("recorded as issued"), "{}", retried.stderr);
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_url_binds_nobody() {
    // Goal: a ledger is bound by what was sent. Method: a port where nobody listens, then the right
    // one.
    let mut world = World::new();
    let url = world.sandbox.url();
    let file = world.file("may.csv", csv(&rows(3)));
    world.set("GIFTBATCH_WALLET_URL", "http://127.0.0.1:1").set("GIFTBATCH_GIVE_UP_AFTER", "1s");
    world.issue_file(&file, "may", &[]).expect(5);
    world.set("GIFTBATCH_WALLET_URL", &url);
    world.issue_file(&file, "may", &[]).expect(0);
    world.assert_given_exactly_once(&rows(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_ledger_has_one_lock_whatever_it_is_called() {
    // Goal: a link to a ledger is no way around its lock. Method: a slow run, and another through a
    // symbolic link.
    let mut world = World::new();
    let file = world.file("may.csv", csv(&rows(100)));
    world.set("GIFTBATCH_RATE", "20");
    let args = ["run", &file, "--campaign", "may", "--yes", "--max-total", "100000000"];
    let mut first = world.start(&args);
    world.until(&mut first, |stats| stats.requests_of(Endpoint::Create) >= 2).await;
    let link = world.path("link.db");
    std::os::unix::fs::symlink(world.ledger(), &link).unwrap();
    let link = link.to_str().unwrap();
    world.issue_file(&file, "may", &["--ledger", link]).expect(9);
    send("KILL", &first);
    Done::wait(first);
}

#[tokio::test(flavor = "multi_thread")]
async fn doubts_wait_for_lists_that_cannot_be_read() {
    // Goal: exit 6 in reasonable time, and settled when the lists are back. Method: every third
    // answer lost after the commit, and no list that can be read; then all is well.
    let faults = FaultProfile::none()
        .with(giftbatch::sandbox::FaultKind::ErrorAfterCommit, 3_000)
        .with(giftbatch::sandbox::FaultKind::ReadError, 10_000);
    let mut world = World::with(SandboxConfig { seed: 3, faults, ..SandboxConfig::default() });
    let all = rows(60);
    let file = world.file("may.csv", csv(&all));
    world.set("GIFTBATCH_GIVE_UP_AFTER", "4s");
    let doubtful = world.issue_file(&file, "may", &["--max-in-doubt", "10"]).expect(6);
    assert_eq!(doubtful.json()["status"], "attention");
    assert!(doubtful.gifts("in_doubt") > 0, "{}", doubtful.stdout);
    // Broken lists alone do not keep gifts from being given.
    assert!(doubtful.gifts("issued") > 20, "{}", doubtful.stdout);
    world.sandbox.set_profile(FaultProfile::none());
    world.set("GIFTBATCH_GIVE_UP_AFTER", "20s");
    world.issue_file(&file, "may", &[]).expect(0);
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settle_window_that_is_short_for_the_lists_is_warned_of() {
    // Goal: the lag of lists is measured and held against the settle window. Method: answers that get
    // lost and lists that lag 1.5 s, with a window of 2 s; then one of 10 s.
    let mut faults = FaultProfile::none()
        .with(FaultKind::TimeoutAfterCommit, 3_000)
        .with(FaultKind::LaggingList, 10_000);
    faults.list_lag = Duration::from_millis(1_500);
    let mut world = World::with(SandboxConfig { faults, ..SandboxConfig::default() });
    world.set("GIFTBATCH_TIMEOUT", "200ms");
    let all = rows(20);
    let file = world.file("may.csv", csv(&all));
    let warning = "gifts come into view late";
    let short = world.issue_file(&file, "may", &[]).expect(0);
    assert!(short.stderr.contains(warning), "{}", short.stderr);
    world.assert_given_exactly_once(&all);
    // What was measured is remembered.
    assert!(world.issue_file(&file, "may", &[]).expect(0).stderr.contains(warning));
    world.set("GIFTBATCH_SETTLE", "10s");
    assert!(!world.issue_file(&file, "may", &[]).expect(0).stderr.contains(warning));
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_tell_gifts_from_everything_else() {
    // Goal: with `--tag` a stranger's identical gift of the same minute is no answer, the tag is kept
    // by later runs without the flag, and a campaign that was begun without tags goes on so. Method:
    // answers that get lost before and after the commit, an untagged twin of each gift in its wallet,
    // given just now; two runs; then an untagged campaign that is run again with the flag.
    let faults = FaultProfile::none()
        .with(FaultKind::TimeoutBeforeCommit, 2_000)
        .with(FaultKind::TimeoutAfterCommit, 2_000);
    let mut world = World::with(SandboxConfig { seed: 5, faults, ..SandboxConfig::default() });
    world.set("GIFTBATCH_TIMEOUT", "200ms").set("GIFTBATCH_SETTLE", "1s");
    let all = rows(30);
    for row in &all {
        world.sandbox.seed_gift(SeedGift {
            wallet: row.wallet,
            amount_minor: row.minor,
            expires_at: Some("2036-12-31T20:59:59Z".parse().unwrap()),
            description: row.description.clone(),
            reference: None,
            created_at: Utc::now(),
        });
    }
    let file = world.file("may.csv", csv(&all[..20]));
    let done = world.issue_file(&file, "may", &["--tag"]).expect(0);
    assert_eq!(done.reconciled("matched"), 20);
    let file = world.file("may.csv", csv(&all));
    assert_eq!(world.issue_file(&file, "may", &[]).expect(0).reconciled("matched"), 30);
    let book = world.book();
    let tagged: Vec<_> = book.gifts.iter().filter(|gift| gift.description.contains('#')).collect();
    assert_eq!((tagged.len(), book.gifts.len()), (30, 60));
    for row in &all {
        let is_his = |gift: &&&BookGift| {
            gift.wallet == row.wallet && gift.description.starts_with(&row.description)
        };
        assert_eq!(tagged.iter().filter(is_his).count(), 1, "{row:?}");
    }
    world.sandbox.set_profile(FaultProfile::none());
    let plain = world.file("june.csv", csv(&all[..1]).replace("KUPON", "JUNE"));
    world.issue_file(&plain, "june", &[]).expect(0);
    let more = world.file("june.csv", csv(&all[..2]).replace("KUPON", "JUNE"));
    let warned = world.issue_file(&more, "june", &["--tag"]).expect(0);
    assert!(warned.stderr.contains("goes on without them"), "{}", warned.stderr);
    let june: Vec<_> =
        world.book().gifts.into_iter().filter(|gift| gift.description.contains("JUNE")).collect();
    assert!(june.len() == 2 && june.iter().all(|gift| !gift.description.contains('#')));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_copy_of_the_ledger_gives_nothing_twice() {
    // Goal: a ledger that was restored from a backup issues nothing before it was reconciled, then only
    // what was not given. Method: copy the ledger with 20 of 60 gifts given (identical rows among
    // them), give 20 more, put the copy back, and ask for all 60: refused, reconciled, issued. The same
    // with a copy that does not know the campaign, and with a new ledger in the old one's place.
    let mut world = World::new();
    world.set("GIFTBATCH_SETTLE", "500ms");
    let mut all = rows(60);
    all[21] = all[20].clone();
    all[41] = all[20].clone();
    for row in &all {
        // Last month's identical gifts are no answer.
        world.sandbox.seed_gift(SeedGift {
            wallet: row.wallet,
            amount_minor: row.minor,
            expires_at: Some("2036-12-31T20:59:59Z".parse().unwrap()),
            description: row.description.clone(),
            reference: None,
            created_at: Utc::now() - TimeDelta::days(30),
        });
    }
    let old = world.book().gifts.len();
    let twice = ["--allow-duplicates"];
    let copy = |from: &str, to: &str| {
        std::fs::copy(world.path(from), world.path(to)).unwrap();
    };
    Ledger::open(&world.ledger()).await.expect("a ledger can be made").close().await;
    copy("ledger.db", "empty.db");
    let file = world.file("may.csv", csv(&all[..20]));
    world.issue_file(&file, "may", &twice).expect(0);
    copy("ledger.db", "copy.db");
    let file = world.file("may.csv", csv(&all[..40]));
    world.issue_file(&file, "may", &twice).expect(0);
    let all_of_them = world.file("may.csv", csv(&all));
    for backup in ["copy.db", "empty.db", "none"] {
        match backup {
            "none" => std::fs::remove_file(world.ledger()).unwrap(),
            _ => copy(backup, "ledger.db"),
        }
        let before = world.book().gifts.len() - old;
        // A campaign that the copy does not know is looked for by the run itself.
        if backup == "copy.db" {
            let refused = world.issue_file(&all_of_them, "may", &twice).expect(7);
            assert!(refused.stderr.contains("giftbatch reconcile NAME"), "{}", refused.stderr);
            assert_eq!(world.book().gifts.len() - old, before, "{backup}");
            let found = world.run(&["reconcile", "may", "--json"]).expect(0);
            assert_eq!(found.gifts("issued"), before as u64, "{backup}");
        }
        let done = world.issue_file(&all_of_them, "may", &twice).expect(0);
        assert_eq!((done.gifts("issued"), done.reconciled("matched")), (60, 60), "{backup}");
        assert_eq!(world.book().gifts.len() - old, 60, "{backup}");
    }
    // Moved without the file beside it: nobody knows how old it is.
    std::fs::remove_file(world.path("ledger.db.run")).unwrap();
    world.issue_file(&all_of_them, "may", &twice).expect(7);
    world.run(&["reconcile", "may", "--json"]).expect(0);
    world.issue_file(&all_of_them, "may", &twice).expect(0);
    // The same copy twice: what was noticed the first time is forgotten with it.
    for _ in 0..2 {
        copy("copy.db", "ledger.db");
        world.run(&["issue", "may", "--yes", "--max-total", "100000000"]).expect(7);
    }
    // Rows that are loaded after the reconcile were not looked for by it: the run looks for them.
    world.run(&["reconcile", "may", "--json"]).expect(0);
    world.issue_file(&all_of_them, "may", &twice).expect(0);
    assert_eq!(world.book().gifts.len() - old, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gift_that_may_be_a_forgotten_one_stands_in_the_way() {
    // Goal: a restored ledger does not take for absent what a list shows in another form, and says why.
    // Method: a copy that was made before anything was sent; one of its gifts, given since, with another
    // text in the list.
    let mut world = World::new();
    world.set("GIFTBATCH_SETTLE", "500ms");
    let all = rows(6);
    let file = world.file("may.csv", csv(&all));
    world.run(&["load", &file, "--campaign", "may"]).expect(0);
    std::fs::copy(world.ledger(), world.path("copy.db")).unwrap();
    world.issue_file(&file, "may", &[]).expect(0);
    std::fs::copy(world.path("copy.db"), world.ledger()).unwrap();
    let given = world.book().gifts[3].clone();
    world.sandbox.delete_gift(given.id).unwrap();
    world.sandbox.seed_gift(SeedGift {
        wallet: given.wallet,
        amount_minor: given.amount_minor,
        expires_at: given.expires_at,
        description: "another text".into(),
        reference: None,
        created_at: Utc::now(),
    });
    let unclear = world.run(&["reconcile", "may", "--json"]).expect(6);
    assert_eq!((unclear.gifts("issued"), unclear.gifts("held")), (5, 1));
    assert!(unclear.stderr.contains("may be it"), "{}", unclear.stderr);
    world.issue_file(&file, "may", &[]).expect(6);
    assert_eq!(world.book().gifts.iter().filter(|gift| !gift.deleted).count(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_made_during_a_run_is_an_old_one_when_the_run_has_ended() {
    // Goal: a backup of last night's run gives nothing of it again. Method: copy the ledger (its log
    // folded in by the copy) while a slow run goes on, let it end, and put the copy back.
    let mut world = World::new();
    world.set("GIFTBATCH_SETTLE", "500ms").set("GIFTBATCH_RATE", "20");
    let all = rows(40);
    let file = world.file("may.csv", csv(&all));
    let args = ["run", &file, "--campaign", "may", "--yes", "--max-total", "100000000"];
    let mut run = world.start(&args);
    world.until(&mut run, |stats| stats.requests_of(Endpoint::Create) >= 10).await;
    for side in ["", "-wal"] {
        let beside = |name: &str| world.path(&format!("{name}{side}"));
        std::fs::copy(beside("ledger.db"), beside("copy.db")).unwrap();
    }
    Done::wait(run).expect(0);
    for side in ["", "-wal"] {
        let beside = |name: &str| world.path(&format!("{name}{side}"));
        std::fs::rename(beside("copy.db"), beside("ledger.db")).unwrap();
    }
    world.set("GIFTBATCH_RATE", "0");
    world.run(&args).expect(7);
    world.run(&["reconcile", "may"]).expect(0);
    world.run(&args).expect(0);
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_gift_that_was_not_given_is_given() {
    // Goal: a ledger that knows of no gift yet is not stuck with its first doubts. Method: two gifts
    // whose first requests time out before the commit: no list can show a gift that we know of.
    let mut world = World::with(SandboxConfig {
        faults: FaultProfile::always(FaultKind::TimeoutBeforeCommit),
        ..SandboxConfig::default()
    });
    world.set("GIFTBATCH_TIMEOUT", "200ms").set("GIFTBATCH_SETTLE", "1s");
    let all = rows(2);
    let file = world.file("may.csv", csv(&all));
    let mut run =
        world.start(&["run", &file, "--campaign", "may", "--yes", "--max-total", "1000", "--json"]);
    world.until(&mut run, |stats| stats.requests_of(Endpoint::Create) >= 2).await;
    world.sandbox.set_profile(FaultProfile::none());
    Done::wait(run).expect(0);
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_that_was_stopped_stops_nothing_else() {
    // Goal: neither progress nor log lines hold up a run, since an answer that is not read is a doubt.
    // Method: standard error is a pipe that is full, and that nobody reads before every gift was asked
    // for; then the rest of it is read, and no answer was lost. Without log lines, and with many.
    let rows = rows(300);
    for (campaign, more) in [("may", &["--progress", "plain"][..]), ("june", &["-vv"][..])] {
        let world = World::new();
        let file = world.file("gifts.csv", csv(&rows));
        world.run(&["load", &file, "--campaign", campaign]).expect(0);
        let (mut reader, writer) = std::io::pipe().unwrap();
        let mut stuffing = writer.try_clone().unwrap();
        let is_enough = Arc::new(AtomicBool::new(false));
        let enough = Arc::clone(&is_enough);
        // It fills whatever room there is.
        let stuffer = std::thread::spawn(move || {
            while !enough.load(Ordering::SeqCst) && stuffing.write_all(b".").is_ok() {}
        });
        let args = ["issue", campaign, "--yes", "--max-total", "100000000", "--json"];
        let args: Vec<&str> = args.iter().chain(more).copied().collect();
        let mut child = world.start_into(&args, writer);
        // A run that waits for whoever reads its standard error never comes to this.
        world.until(&mut child, |stats| stats.requests_of(Endpoint::Create) >= 300).await;
        is_enough.store(true, Ordering::SeqCst);
        let read = std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
        let done = Done::wait(child).expect(0);
        assert_eq!(done.gifts("issued"), 300);
        stuffer.join().unwrap();
        assert!(read.join().unwrap().unwrap() > 0);
        // A doubt is looked for in a list; one is read for the provider's clock.
        assert_eq!(world.sandbox.stats().requests_of(Endpoint::WalletGifts), 1);
        world.assert_given_exactly_once(&rows);
    }
}
