//! Stories of `--preflight`: the wallets of a file are asked for before anything of it is loaded.

use chrono::{DateTime, TimeDelta, Utc};
use giftbatch::domain::WalletId;
use giftbatch::ledger::{Ledger, RunLock, SeenWallet, WalletAnswer};
use giftbatch::sandbox::{
    Endpoint, ExpectedKeys, FaultKind, FaultProfile, Outage, Place, SandboxConfig, WalletFacts,
    Wallets,
};

use crate::world::{Done, World, csv, rows, send, wallet};

/// 16 rows over 12 wallets; of wallets 0 to 3 each has another fault, and wallets 0 and 3 have two rows.
fn faulty_world() -> World {
    let world = World::with(SandboxConfig {
        wallets: Wallets::Only((1..12).map(wallet).collect()),
        ..SandboxConfig::default()
    });
    let facts = WalletFacts::default;
    world.sandbox.set_wallet(wallet(1), WalletFacts { is_deleted: true, ..facts() });
    world.sandbox.set_wallet(wallet(2), WalletFacts { is_frozen: true, ..facts() });
    let euro = WalletFacts { currency_code: "EUR".to_owned(), ..facts() };
    world.sandbox.set_wallet(wallet(3), euro);
    let over = WalletFacts { frozen_until: Some("2020-01-01T00:00:00".to_owned()), ..facts() };
    world.sandbox.set_wallet(wallet(4), over);
    world
}

fn file(world: &World) -> String {
    world.file("may.csv", csv(&rows(16)))
}

fn asked(world: &World) -> u64 {
    world.sandbox.requests_of(Endpoint::Wallet)
}

fn sent(world: &World) -> u64 {
    world.sandbox.requests_of(Endpoint::Create)
}

/// The lines that name a fault of a wallet.
fn named(done: &Done) -> Vec<&str> {
    done.stderr.lines().filter(|line| line.starts_with("line ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_wallets_are_faults_of_their_lines() {
    // Goal: a person sees which rows would come to nothing, before money moves. Method: wallets of four kinds
    // of faults, two of them on two lines; check, load and run; what is named, stored and sent, and how often
    // each wallet was asked in all.
    let world = faulty_world();
    let file = file(&world);
    let run = ["run", &file, "--campaign", "may", "--yes", "--max-total", "100000", "--preflight"];
    let load = ["load", &file, "--campaign", "may", "--preflight"];
    for command in [&["check", &file, "--preflight"][..], &load, &run] {
        let done = world.run(command).expect(3);
        let (first, second) = (wallet(0), wallet(3));
        let (deleted, frozen) = (wallet(1), wallet(2));
        let line = |line: u32, wallet, words: &str| {
            format!("line {line}, column wallet_id, \"{wallet}\": {words}")
        };
        let expected = [
            line(2, first, "the provider knows no such wallet ("),
            line(3, deleted, "the wallet is deleted ("),
            line(4, frozen, "the wallet is frozen ("),
            line(5, second, "the wallet holds EUR, and this file gives TRY ("),
            line(14, first, "the provider knows no such wallet ("),
            line(15, deleted, "the wallet is deleted ("),
            line(16, frozen, "the wallet is frozen ("),
            line(17, second, "the wallet holds EUR, and this file gives TRY ("),
        ];
        let named = named(&done);
        assert_eq!(named.len(), expected.len(), "{}", done.stderr);
        for (named, expected) in named.iter().zip(&expected) {
            assert!(named.starts_with(expected), "{named}\n{expected}");
        }
        assert!(done.stderr.contains("the file has 8 faults; nothing was stored or sent"));
    }
    assert_eq!((asked(&world), sent(&world)), (12, 0), "each distinct wallet once, for all three");
    world.run(&["status", "may"]).expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cost_is_said_before_and_answers_are_reused_while_they_are_young() {
    // Goal: nobody waits unawares, and no request is made twice in vain. Method: the remark of three checks, and
    // the wallets that were asked: at first all, then none, then all since no answer is young enough.
    let mut world = World::new();
    world.set("GIFTBATCH_RATE", "100");
    let file = file(&world);
    let check =
        |more: &[&str]| world.run(&[&["check", &file, "--preflight"], more].concat()).expect(0);
    let first = check(&[]);
    let words = "preflight: 12 wallets to ask, about 1 s at 100 requests a second";
    assert!(first.stderr.contains(words), "{}", first.stderr);
    assert_eq!(asked(&world), 12);
    let second = check(&["--preflight-max-age", "1d"]);
    let words = "preflight: nothing to ask; 12 answers of the last 1d are reused";
    assert!(second.stderr.contains(words), "{}", second.stderr);
    assert_eq!(asked(&world), 12);
    check(&["--preflight-max-age", "0s"]);
    assert_eq!(asked(&world), 24);
    world.run(&["check", &file, "--preflight-max-age", "1d"]).expect(2);
    let run = ["run", &file, "--campaign", "may", "--dry-run", "--preflight"];
    world.run(&run).expect(2);
    world.run(&["check", &file]).expect(0);
    assert_eq!((asked(&world), sent(&world)), (24, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn skipped_rows_go_to_the_rejects_and_the_others_are_given() {
    // Goal: four bad wallets hold nobody else back, and nobody is given twice. Method: a run that skips; the
    // rejects with their reasons; the same run once a wallet that has its gift was frozen, whose row must not
    // come among the rejects.
    let world = faulty_world();
    let file = file(&world);
    let (bad, worse) = (world.path("bad.csv"), world.path("worse.csv"));
    let skip = |rejects: &std::path::Path| {
        let rejects = rejects.to_str().expect("plain characters");
        let more = ["--preflight", "--on-invalid", "skip", "--rejects", rejects];
        world.issue_file(&file, "may", &more)
    };
    let done = skip(&bad).expect(0);
    assert_eq!((done.gifts("issued"), done.json()["preview"]["rejected"].as_u64()), (8, Some(8)));
    world.assert_given_exactly_once(
        &rows(16)
            .into_iter()
            .filter(|row| !(0..4).any(|no| row.wallet == wallet(no)))
            .collect::<Vec<_>>(),
    );
    let rejects = std::fs::read_to_string(&bad).expect("there are rejects");
    assert_eq!(rejects.lines().count(), 9, "{rejects}");
    for (number, words) in
        [(0, "knows no such wallet"), (1, "is deleted"), (2, "is frozen"), (3, "holds EUR")]
    {
        let of = |line: &&str| line.contains(&wallet(number).to_string()) && line.contains(words);
        assert_eq!(rejects.lines().filter(of).count(), 2, "{rejects}");
    }
    let frozen = WalletFacts { is_frozen: true, ..WalletFacts::default() };
    world.sandbox.set_wallet(wallet(5), frozen);
    let more = ["--preflight", "--preflight-max-age", "0s", "--on-invalid", "skip", "--rejects"];
    let worse = worse.to_str().expect("plain characters");
    let again = world.issue_file(&file, "may", &[&more[..], &[worse]].concat()).expect(0);
    let words = "not left out: 1 row of faulty wallets";
    assert!(again.stderr.contains(words), "{}", again.stderr);
    assert_eq!(std::fs::read_to_string(worse).expect("the same rejects"), rejects);
    assert_eq!(sent(&world), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_that_was_ended_goes_on_where_it_was() {
    // Goal: hours of asking are not lost. Method: SIGINT, then SIGKILL in the middle of asking 60 wallets; what
    // a last preflight asks still, and that nothing was stored.
    let mut world = World::new();
    world.set("GIFTBATCH_RATE", "20");
    let file = world.file("may.csv", csv(&rows(80)));
    let check = ["check", &file, "--preflight"];
    let mut child = world.start(&check);
    world.until(&mut child, |stats| stats.requests_of(Endpoint::Wallet) >= 5).await;
    send("INT", &child);
    let done = Done::wait(child).expect(130);
    let first = asked(&world);
    assert!(first < 60, "{first}");
    let kept = format!("{first} of 60 answers are kept: the same command asks for the rest");
    assert!(done.stderr.contains(&kept), "{}", done.stderr);
    let mut child = world.start(&check);
    world.until(&mut child, move |stats| stats.requests_of(Endpoint::Wallet) >= first + 25).await;
    send("KILL", &child);
    Done::wait(child).expect(-1);
    let second = asked(&world);
    world.set("GIFTBATCH_RATE", "0");
    let last = world.run(&check).expect(0);
    // What came in the last second, and what was on its way, was not recorded yet.
    let (asked, again) = (asked(&world), asked(&world) - 60);
    assert!(again <= 25, "{first}, {second}, {asked}: {}", last.stderr);
    assert!(asked - second < 60 - first, "{first}, {second}, {asked}");
    assert_eq!(sent(&world), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_fail_are_made_again_and_nothing_else() {
    // Goal: a fault of the way is none of the wallet, and the provider's limit is kept to. Method: a provider
    // that allows 25 requests a second, then one that spoils many reads; each wallet is good in the end.
    let slow = SandboxConfig { limit_per_second: Some(25), ..SandboxConfig::default() };
    let faults = FaultProfile::none().with_all(Place::Read, 300);
    let odd = SandboxConfig { seed: 5, faults, ..SandboxConfig::default() };
    for config in [slow, odd] {
        let world = World::with(config);
        let file = world.file("may.csv", csv(&rows(80)));
        let done = world.run(&["check", &file, "--preflight"]).expect(0);
        assert!(done.stderr.contains("60 wallets to ask"), "{}", done.stderr);
        let stats = world.sandbox.stats();
        let limited = stats.fault(FaultKind::OverLimit);
        assert!(asked(&world) > 60, "{stats:?}");
        assert!(limited == 0 || asked(&world) - limited == 60, "{stats:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_answers_nothing_is_loaded() {
    // Goal: no answer is no good answer. Method: an outage from the beginning, then keys that are not taken, then
    // a ledger that is held; afterwards a run that finds all well.
    let keys = ExpectedKeys::AnyNonEmpty;
    let mut world = World::with(SandboxConfig { keys, ..SandboxConfig::default() });
    world.set("GIFTBATCH_GIVE_UP_AFTER", "2s");
    let file = file(&world);
    let run = |world: &World| world.issue_file(&file, "may", &["--preflight"]);
    world.sandbox.set_outage(Outage::Unavailable);
    let done = run(&world).expect(5);
    assert!(done.stderr.contains("nothing was stored or sent"), "{}", done.stderr);
    world.sandbox.set_outage(Outage::None);
    world.sandbox.revoke_keys();
    let done = run(&world).expect(8);
    for words in ["rejects the credentials", "mend GIFTBATCH_API_KEY", "answers are kept"] {
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
    }
    world.sandbox.restore_keys();
    world.run(&["status", "may"]).expect(2);
    assert_eq!(sent(&world), 0);
    world.set("GIFTBATCH_RATE", "1");
    let mut busy = world.start(&["check", &file, "--preflight"]);
    let before = asked(&world);
    world.until(&mut busy, move |stats| stats.requests_of(Endpoint::Wallet) > before).await;
    world.run(&["check", &file, "--preflight"]).expect(9);
    send("TERM", &busy);
    Done::wait(busy).expect(143);
    world.set("GIFTBATCH_RATE", "0");
    assert_eq!(run(&world).expect(0).gifts("issued"), 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_url_is_found_before_every_wallet_was_tried() {
    // Goal: no file is asked for to its end where the URL is wrong. Method: a path that is not served; what is
    // said, and that it is said once.
    let mut world = World::new();
    let url = format!("{}/nowhere", world.sandbox.url());
    let file = world.file("may.csv", csv(&rows(300)));
    world.set("GIFTBATCH_WALLET_URL", &url);
    let done = world.run(&["check", &file, "--preflight"]).expect(5);
    for words in ["none of the wallet API's", "is the wallet URL right?", "0 of "] {
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
    }
    assert!(!done.stderr.contains("could not be read"), "{}", done.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_one_provider_are_not_taken_for_anothers() {
    // Goal: a rehearsal on a sandbox says nothing about real wallets. Method: a check there, then one elsewhere
    // within the hour.
    let mut world = World::new();
    let file = file(&world);
    world.run(&["check", &file, "--preflight"]).expect(0);
    let other = World::new();
    world.set("GIFTBATCH_WALLET_URL", &other.sandbox.url());
    world.run(&["check", &file, "--preflight"]).expect(0);
    assert_eq!((asked(&world), asked(&other)), (12, 12));
}

#[cfg(debug_assertions)]
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_point_costs_at_most_some_answers() {
    // Goal: there is no bad moment to die. Method: crash at every point that a preflight comes to; the same
    // command again.
    use giftbatch::crash::{CrashAt, Point, Step};
    for point in
        [Step::Read, Step::Answers].into_iter().flat_map(|s| [Point::Before(s), Point::After(s)])
    {
        let mut world = faulty_world();
        let file = file(&world);
        let at = CrashAt { point, hit: 1 }.to_string();
        world.set("GIFTBATCH_CRASH_AT", &at);
        world.run(&["check", &file, "--preflight"]).expect(-1);
        world.unset("GIFTBATCH_CRASH_AT");
        let before = asked(&world);
        let done = world.run(&["check", &file, "--preflight"]).expect(3);
        assert_eq!(named(&done).len(), 8, "{at}: {}", done.stderr);
        let again = asked(&world) - before;
        assert_eq!(again, if point == Point::After(Step::Answers) { 0 } else { 12 }, "{at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_is_no_fault_of_the_file_any_more() {
    // Goal: the same command again is right, whatever became of wallets meanwhile. Method: a campaign that was
    // given; a wallet of it is frozen then; the same run, with new answers, and a longer file, whose new row
    // for that wallet is a fault.
    let world = World::new();
    let all = rows(16);
    let file = world.file("may.csv", csv(&all[..12]));
    let more = ["--preflight", "--preflight-max-age", "0s"];
    world.issue_file(&file, "may", &more).expect(0);
    world
        .sandbox
        .set_wallet(all[0].wallet, WalletFacts { is_frozen: true, ..WalletFacts::default() });
    world.issue_file(&file, "may", &more).expect(0);
    let longer = world.file("longer.csv", csv(&all));
    let refused = world.issue_file(&longer, "may", &more).expect(3);
    assert_eq!(named(&refused).len(), 1, "{}", refused.stderr);
    assert_eq!(sent(&world), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_equal_rows_as_many_pass_as_were_given() {
    // Goal: a wallet that became faulty gets no further copy of a gift, and keeps those that it has. Method: two
    // equal rows that are given; the wallet is frozen; then four of them with a good row between, refused and
    // with what is bad left out.
    let world = World::new();
    let one = rows(1).remove(0);
    let other = rows(9).into_iter().find(|row| row.wallet != one.wallet).expect("of nine wallets");
    let twice = world.file("twice.csv", csv(&[one.clone(), one.clone()]));
    let more = ["--preflight", "--preflight-max-age", "0s", "--allow-duplicates"];
    world.issue_file(&twice, "may", &more).expect(0);
    let frozen = WalletFacts { is_frozen: true, ..WalletFacts::default() };
    world.sandbox.set_wallet(one.wallet, frozen);
    let four = [one.clone(), one.clone(), other, one.clone(), one].to_vec();
    let four = world.file("four.csv", csv(&four));
    let refused = world.issue_file(&four, "may", &more).expect(3);
    let lines = named(&refused);
    assert_eq!(lines.len(), 2, "{}", refused.stderr);
    assert_eq!(sent(&world), 2);
    let bad = world.path("bad.csv");
    let bad = bad.to_str().expect("plain characters");
    let skip = [&more[..], &["--on-invalid", "skip", "--rejects", bad]].concat();
    let done = world.issue_file(&four, "may", &skip).expect(0);
    assert_eq!(done.json()["preview"]["rejected"].as_u64(), Some(2), "{}", done.stdout);
    assert_eq!((done.gifts("issued"), sent(&world)), (3, 3));
    let rejects = std::fs::read_to_string(bad).expect("there are rejects");
    assert_eq!(rejects.lines().count(), 3, "{rejects}");
}

#[tokio::test]
async fn old_answers_are_forgotten() {
    // Goal: the wallets of all files of all years do not add up. Method: answers of 40 days ago, of 40 days ago
    // that are wanted again, and of today; which of them are there after a preflight's end.
    let world = World::new();
    let ledger = Ledger::open(&world.ledger()).await.expect("the ledger works");
    let now: DateTime<Utc> = "2027-03-01T09:00:00Z".parse().expect("a moment");
    let lock = RunLock::take(ledger.path(), "test", now).expect("the ledger works");
    let mut writer = ledger.writer(&lock).await.expect("the ledger works");
    let wallets = [wallet(1), wallet(2), wallet(3)].map(WalletId);
    let seen = |id: WalletId, at| SeenWallet { wallet: id, at, answer: WalletAnswer::None };
    let month = now - TimeDelta::days(40);
    let mut last = 0;
    for (at, wanted) in [(month, &wallets[..2]), (now, &wallets[1..])] {
        let mut batch = writer.begin().await.expect("the ledger works");
        last = batch.begin_preflight("http://x", at, at).await.expect("the ledger works");
        batch.want_wallets(last, wanted).await.expect("the ledger works");
        let answers: Vec<SeenWallet> = wanted.iter().map(|id| seen(*id, at)).collect();
        batch.record_wallets(&answers);
        batch.commit().await.expect("the ledger works");
    }
    let known = async |ledger: &Ledger| {
        let known = ledger.suspect_wallets(&wallets, "TRY").await.expect("the ledger works");
        let mut known: Vec<WalletId> = known.into_iter().map(|(id, _)| id).collect();
        known.sort_unstable();
        known
    };
    assert_eq!(known(&ledger).await.len(), 3);
    let mut batch = writer.begin().await.expect("the ledger works");
    batch.forget_wallets(last, now - TimeDelta::days(30)).await.expect("the ledger works");
    batch.commit().await.expect("the ledger works");
    let mut expected = wallets[1..].to_vec();
    expected.sort_unstable();
    assert_eq!(known(&ledger).await, expected);
    writer.close().await.expect("the ledger works");
}
