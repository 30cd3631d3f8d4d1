//! What every command does where nobody of use answers: it ends, soon, and says why.

use std::time::{Duration, Instant};

use giftbatch::sandbox::Endpoint;

use crate::gate::{Gate, Gated};
use crate::world::{Done, World, csv, rows};

/// A campaign that was given, one that is to be, and the gate before their provider.
struct Scene {
    world: World,
    gated: Gated,
    /// A file that is not loaded.
    file: String,
}

/// Rows of all campaigns.
const ROWS: u32 = 90;

impl Scene {
    fn new() -> Scene {
        let mut world = World::new();
        let gated = Gated::before(&world.sandbox.url());
        world.set("GIFTBATCH_WALLET_URL", &gated.url);
        world.set("GIFTBATCH_GIVE_UP_AFTER", "2s");
        let rows = rows(ROWS);
        let given = world.file("given.csv", csv(&rows[..40]));
        world.issue_file(&given, "given", &[]).expect(0);
        let june = world.file("june.csv", csv(&rows[40..80]));
        world.run(&["load", &june, "--campaign", "june"]).expect(0);
        let file = world.file("new.csv", csv(&rows[80..]));
        Scene { world, gated, file }
    }

    /// Runs each command that asks the provider; how it ended, and how many requests it took.
    fn run_all(&self) -> Vec<(&'static str, Done, u64)> {
        let yes = ["--json", "--yes", "--max-total", "100000"];
        let check = ["check", &self.file, "--preflight", "--json"];
        let commands: [(&str, Vec<&str>); 4] = [
            ("preflight", check.to_vec()),
            ("issue", [&["issue", "june"][..], &yes].concat()),
            ("reconcile", vec!["reconcile", "given", "--json"]),
            ("revoke", [&["revoke", "given"][..], &yes].concat()),
        ];
        let run = |(name, args): (&'static str, Vec<&str>)| {
            let (began, before) = (Instant::now(), self.gated.heard());
            let done = self.world.run(&args);
            let took = began.elapsed();
            assert!(took < Duration::from_secs(25), "{name} took {took:?}: {}", done.stderr);
            (name, done, self.gated.heard() - before)
        };
        commands.into_iter().map(run).collect()
    }

    /// Every command ended early and says why, in all places where somebody may look.
    fn assert_all_say(&self, reason: &str, most_requests: u64) {
        for (name, done, requests) in self.run_all() {
            // What is in doubt, or being revoked, needs a look before all else.
            assert!(matches!(done.code, 5 | 6), "{name}: {} {}", done.code, done.stderr);
            assert!(done.stderr.contains(reason), "{name}: {}", done.stderr);
            let error = done.json()["error"].take();
            let message = error["message"].as_str().unwrap_or_default();
            assert!(message.contains(reason), "{name}: {error}");
            assert!(error["hint"].is_string(), "{name}: {error}");
            assert!(requests <= most_requests, "{name}: {requests} requests");
        }
        for campaign in ["june", "given"] {
            let status = self.world.run(&["status", campaign]).expect(0).stdout;
            let told: Vec<&str> = status.split_whitespace().collect();
            assert!(told.join(" ").contains(reason), "{campaign}: {status}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_ends_where_all_is_too_fast_for_ever() {
    // Goal: patience ends a 429 too, with and without a word about when to come back. Method: a provider that says
    // nothing else, to every command that asks it.
    let scene = Scene::new();
    for (headers, reason) in [
        ("", "HTTP 429"),
        ("Retry-After: 1\r\n", "HTTP 429"),
        ("Retry-After: 3600\r\n", "nothing is asked until"),
    ] {
        scene.gated.set(Gate::Answers("429 Too Many Requests", headers, ""));
        for (name, done, requests) in scene.run_all() {
            assert!(matches!(done.code, 5 | 6), "{name}: {} {}", done.code, done.stderr);
            assert!(done.stderr.contains(reason), "{name}: {}", done.stderr);
            assert!(requests <= 60, "{name}: {requests} requests");
        }
    }
    scene.assert_all_say("HTTP 429", 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_finds_a_wrong_url_soon() {
    // Goal: few requests go to what is not the API, however many gifts there are, and one sentence says why. Method:
    // a redirect, a page where there should be none, a portal's page, to every command.
    for (gate, reason) in [
        (Gate::Answers("302 Found", "Location: /login\r\n", ""), "redirects"),
        (Gate::Answers("404 Not Found", "", "<html>nothing here</html>"), "HTTP 404"),
        (Gate::Answers("200 OK", "", "<html>please log in</html>"), "is none of the API's"),
    ] {
        let scene = Scene::new();
        scene.gated.set(gate);
        let reason = if reason.starts_with("is none") { "were none of" } else { reason };
        for (name, done, requests) in scene.run_all() {
            assert!(matches!(done.code, 5 | 6), "{name}: {} {}", done.code, done.stderr);
            assert!(done.stderr.contains(reason), "{name}: {}", done.stderr);
            assert!(done.stderr.contains("the wallet URL"), "{name}: {}", done.stderr);
            assert!(requests <= 30, "{name}: {requests} requests");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_says_what_stood_in_the_way() {
    // Goal: who comes to look in the morning needs no log. Method: a server's error and a refused connection, for
    // every command: on the screen, in the document, and in the status.
    let scene = Scene::new();
    scene.gated.set(Gate::Answers("503 Service Unavailable", "", ""));
    scene.assert_all_say("HTTP 503", 60);
    scene.gated.leave();
    scene.assert_all_say("refused", 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_wallets_and_a_portal_end_within_the_patience() {
    // Goal: few wallets do not hide behind their own tries. Method: three wallets and a portal's page for ever.
    let mut world = World::new();
    let gated = Gated::before(&world.sandbox.url());
    world.set("GIFTBATCH_WALLET_URL", &gated.url).set("GIFTBATCH_GIVE_UP_AFTER", "2s");
    let file = world.file("may.csv", csv(&rows(3)));
    gated.set(Gate::Answers("200 OK", "", "<html>please log in</html>"));
    for args in [["--preflight"], ["--no-reconcile"]] {
        let began = Instant::now();
        let done = world.issue_file(&file, "may", &args);
        assert!(matches!(done.code, 5 | 6), "{} {}", done.code, done.stderr);
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    }
    gated.set(Gate::Open);
    world.issue_file(&file, "may", &[]).expect(0);
    world.assert_given_exactly_once(&rows(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_recovers_is_served_soon() {
    // Goal: three bad seconds are not paid for for half a minute. Method: ten gifts to a provider that says 429 at
    // first, and is well from then on; how long it took.
    let mut world = World::new();
    let gated = Gated::before(&world.sandbox.url());
    world.set("GIFTBATCH_WALLET_URL", &gated.url).set("GIFTBATCH_RATE", "10");
    let file = world.file("may.csv", csv(&rows(10)));
    gated.set(Gate::Answers("429 Too Many Requests", "", ""));
    let began = Instant::now();
    let args = ["run", &file, "--campaign", "may", "--yes", "--max-total", "100000"];
    let mut running = world.start(&args);
    running
        .until("three seconds of 429", || (began.elapsed() > Duration::from_secs(3)).then_some(()));
    gated.set(Gate::Open);
    Done::wait(running).expect(0);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    world.assert_given_exactly_once(&rows(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_sees_until_when_the_provider_asks_to_wait() {
    // Goal: a run that waits is told from one that hangs. Method: a wait of half a minute; the status meanwhile, and
    // the run's own lines.
    let mut world = World::new();
    let gated = Gated::before(&world.sandbox.url());
    world.set("GIFTBATCH_WALLET_URL", &gated.url).set("GIFTBATCH_GIVE_UP_AFTER", "10m");
    let file = world.file("may.csv", csv(&rows(3)));
    world.run(&["load", &file, "--campaign", "may"]).expect(0);
    gated.set(Gate::Answers("429 Too Many Requests", "Retry-After: 120\r\n", ""));
    let args = ["issue", "may", "--yes", "--max-total", "100000"];
    let mut running = world.start(&args);
    let waits = running.until("a status that says so", || {
        let status = world.run(&["status", "may", "--json"]).expect(0).json();
        status["under_way"]["waits_until"].as_str().map(str::to_owned)
    });
    assert!(waits.ends_with('Z'), "{waits}");
    let text = world.run(&["status", "may"]).expect(0).stdout;
    let text: Vec<&str> = text.split_whitespace().collect();
    assert!(
        text.join(" ").contains("the provider throttles, and nothing is asked until"),
        "{text:?}"
    );
    crate::world::send("INT", &running);
    Done::wait(running).expect(130);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firewalls_page_is_no_word_about_the_keys() {
    // Goal: nobody changes keys for what a firewall says, and what it keeps from a gift is that gift's matter. Method: its
    // page with 403 for everything, then for creates alone, then for nothing.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(3)));
    for endpoint in Endpoint::ALL {
        world.sandbox.block(*endpoint, Some(403));
    }
    let done = world.issue_file(&file, "may", &[]).expect(5);
    assert!(done.stderr.contains("a firewall or a proxy"), "{}", done.stderr);
    assert!(!done.stderr.contains("rejects the credentials"), "{}", done.stderr);
    assert_eq!(done.gifts("planned") + done.gifts("deferred"), 3, "{}", done.stdout);
    for endpoint in Endpoint::ALL {
        let status = (*endpoint == Endpoint::Create).then_some(403);
        world.sandbox.block(*endpoint, status);
    }
    let done = world.issue_file(&file, "may", &["--no-reconcile"]).expect(4);
    assert_eq!(done.gifts("refused"), 3, "{}", done.stdout);
    let told = world.run(&["gifts", "may", "--state", "refused", "--json"]).expect(0);
    assert!(told.stdout.contains("blocked"), "{}", told.stdout);
    world.sandbox.block(Endpoint::Create, None);
    world.run(&["retry", "may", "--yes", "--max-total", "100000"]).expect(0);
    world.assert_given_exactly_once(&rows(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_used_where_somebody_chose_it_and_named_where_nobody_did() {
    // Goal: requests go through nobody unseen, and whoever needs a proxy learns how. Method: a proxy that is chosen, and
    // that then answers for the provider; one that only the environment of other programs names, with a provider that
    // cannot be reached; odd ones.
    let mut world = World::new();
    let gated = Gated::before(&world.sandbox.url());
    let file = world.file("may.csv", csv(&rows(3)));
    world.set("GIFTBATCH_PROXY", &gated.url).set("GIFTBATCH_GIVE_UP_AFTER", "1s");
    gated.set(Gate::Answers("502 Bad Gateway", "", ""));
    world.issue_file(&file, "may", &["--no-reconcile"]);
    assert!(gated.heard() > 0, "nothing went through it");
    gated.set(Gate::Open);
    world.issue_file(&file, "may", &[]).expect(0);
    world.assert_given_exactly_once(&rows(3));
    world.set("GIFTBATCH_PROXY", "http://user:word@proxy.example:3128");
    let done = world.run(&["issue", "may"]).expect(2);
    assert!(done.stderr.contains("a user or a password in it"), "{}", done.stderr);
    let mut world = World::new();
    world.set("HTTPS_PROXY", "http://proxy.invalid:3128").set("GIFTBATCH_GIVE_UP_AFTER", "1s");
    world.set("GIFTBATCH_SETTLE", "30s");
    world.set("GIFTBATCH_WALLET_URL", "https://provider.invalid/base");
    let done = world.issue_file(&file, "may", &[]);
    assert!(done.stderr.contains("HTTPS_PROXY is set and not used"), "{}", done.stderr);
    let doctor = world.run(&["doctor"]);
    assert!(doctor.stdout.contains("HTTPS_PROXY is set and not used"), "{}", doctor.stdout);
}
