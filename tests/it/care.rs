//! Stories of care: the settings file, the doctor, and the ledger's copies and checks.

use std::path::Path;

use giftbatch::sandbox::{Endpoint, FaultProfile, SandboxConfig, Wallets};
use serde_json::Value;

use crate::echo::Echo;
use crate::world::{Done, Running, World, csv, rows, say, send};

/// The result and the detail of one of the doctor's checks.
fn check(done: &Done, name: &str) -> (String, String) {
    let document = done.json();
    let checks = document["checks"].as_array().expect("checks").clone();
    let found = checks.iter().find(|check| check["name"] == name);
    let text = |field: &str| found.and_then(|check| check[field].as_str()).unwrap_or("none");
    (text("result").to_owned(), text("detail").to_owned())
}

#[track_caller]
fn assert_check(done: &Done, name: &str, result: &str, words: &str) {
    let (found, detail) = check(done, name);
    assert!(found == result && detail.contains(words), "{name}: {found} {detail}");
}

fn doctor(world: &World, more: &[&str], code: i32) -> Done {
    let done = world.run(&[&["doctor", "--json"], more].concat()).expect(code);
    let document = done.json();
    assert_eq!((&document["version"], &document["command"]), (&1.into(), &"doctor".into()));
    assert_eq!(document["exit_code"], code);
    done
}

/// The names of all files of a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let name =
        |entry: std::fs::DirEntry| entry.file_name().into_string().expect("plain characters");
    let mut names: Vec<String> = entries.map(|entry| name(entry.expect("an entry"))).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn init_writes_settings_once() {
    // Goal: a first step that cannot spoil anything. Method: init here, once more, and under another name;
    // then a command that reads what was written, and the first file byte for byte.
    let mut world = World::new();
    let done = world.run(&["init"]).expect(0);
    assert!(done.stdout.contains("giftbatch doctor"), "{}", done.stdout);
    let text = std::fs::read(world.path("giftbatch.toml")).unwrap();
    let refused = world.run(&["init", "--json"]).expect(2);
    assert!(refused.stderr.contains("giftbatch.toml is there already"), "{}", refused.stderr);
    assert_eq!(refused.json()["command"], "init");
    let other = world.run(&["init", "--config", "other.toml", "--json"]).expect(0).json();
    assert_eq!((&other["path"], &other["exit_code"]), (&"other.toml".into(), &0.into()));
    world.run(&["init", "--config", "no/such/folder.toml"]).expect(2);
    assert_eq!(std::fs::read(world.path("giftbatch.toml")).unwrap(), text);
    world.unset("GIFTBATCH_RATE");
    assert_check(&doctor(&world, &[], 0), "rate", "ok", "10 (default)");
    assert_check(&doctor(&world, &[], 0), "settings file", "ok", "giftbatch.toml");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_where_settings_come_from_and_changes_nothing() {
    // Goal: each setting with its origin, and not a file more than before. Method: one setting from each
    // place, before there is a ledger and after; the folder's files; what reached the provider.
    let mut world = World::new();
    world.file("giftbatch.toml", "give_up_after = \"90s\"\nsettle = \"7m\"\n");
    let ledger = world.path("inner/ledger.db");
    world.unset("GIFTBATCH_GIVE_UP_AFTER").set("GIFTBATCH_LEDGER", ledger.to_str().unwrap());
    let before = names(&world.path(""));
    let done = doctor(&world, &["--rate", "7"], 0);
    assert_eq!(names(&world.path("")), before);
    for (name, words) in [
        ("rate", "7 (flag --rate)"),
        ("settle", "2s (environment, GIFTBATCH_SETTLE)"),
        ("settle window", "2s"),
        ("tz", "Europe/Istanbul (default)"),
        ("api_key", "set (environment, GIFTBATCH_API_KEY)"),
        ("connection", "answered in"),
        ("TLS", "http, to this machine alone"),
        ("credentials", "accepted"),
        ("clock", "within 2 s"),
        ("ledger file", "yet"),
        ("disk", "free, room for about"),
    ] {
        assert_check(&done, name, "ok", words);
    }
    let far = doctor(&world, &["--wallet-url", "https://wallet.invalid"], 2);
    assert_check(&far, "settle window", "fail", "shorter than");
    let (_, detail) = check(&done, "give_up_after");
    assert!(detail.starts_with("1m30s (") && detail.ends_with("giftbatch.toml)"), "{detail}");
    assert!(world.book().gifts.is_empty());

    let file = world.file("may.csv", csv(&rows(3)));
    world.issue_file(&file, "may", &[]).expect(0);
    let bytes = std::fs::read(&ledger).unwrap();
    let before = names(ledger.parent().unwrap());
    let done = doctor(&world, &[], 0);
    for command in ["info", "verify"] {
        world.run(&["ledger", command]).expect(0);
    }
    assert_eq!(names(ledger.parent().unwrap()), before);
    for (name, words) in [
        ("ledger file", "mode 0600"),
        ("ledger health", "whole"),
        ("ledger provider", &world.sandbox.url()),
        ("lock", "free"),
    ] {
        assert_check(&done, name, "ok", words);
    }
    assert_eq!(std::fs::read(&ledger).unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_looks_at_minted_connect_where_it_is_set() {
    // Goal: a login that will not work is known before it is needed, costs one question, and never shows.
    // Method: nothing set; the sandbox's login; a wrong password, a password that is not there, a host that
    // does not listen; what the doctor says, and what reached the service.
    let mut world = World::new();
    let asked = |world: &World| world.sandbox.requests_of(Endpoint::Holdings);
    assert_check(&doctor(&world, &[], 0), "Minted Connect", "ok", "not set");
    assert_eq!(asked(&world), 0);
    let url = world.sandbox.url();
    world.set("GIFTBATCH_MINTED_URL", &url);
    let bare = doctor(&world, &[], 2);
    assert_check(&bare, "Minted Connect", "fail", "GIFTBATCH_MINTED_USERNAME is not set");
    world.set("GIFTBATCH_MINTED_USERNAME", "sandbox").set("GIFTBATCH_MINTED_PASSWORD", "sandbox");
    let done = doctor(&world, &[], 0);
    assert_check(&done, "Minted Connect", "ok", "the login is accepted");
    assert_eq!(asked(&world), 2, "a challenge and its answer");
    for (name, words) in [
        ("minted_url", "(environment, GIFTBATCH_MINTED_URL)"),
        ("minted_username", "sandbox (environment, GIFTBATCH_MINTED_USERNAME)"),
        ("minted_password", "set (environment, GIFTBATCH_MINTED_PASSWORD)"),
    ] {
        assert_check(&done, name, "ok", words);
    }
    world.set("GIFTBATCH_MINTED_PASSWORD", "canary-minted-77");
    let done = doctor(&world, &[], 8);
    assert_check(&done, "Minted Connect", "fail", "rejected");
    assert!(!format!("{done:?}").contains("canary-minted"), "{done:?}");
    world.set("GIFTBATCH_MINTED_URL", "http://127.0.0.1:9");
    assert_check(&doctor(&world, &[], 5), "Minted Connect", "fail", "refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_tells_what_to_mend() {
    // Goal: each trouble by its own exit code and words. Method: keys, URLs, hosts, a file that others may
    // read, a ledger that is damaged, is none, or has lost the file beside it.
    let mut world = World::new();
    let file = world.file("may.csv", csv(&rows(3)));
    world.issue_file(&file, "may", &[]).expect(0);
    let url = world.sandbox.url();
    let ledger = world.ledger();

    world.set("GIFTBATCH_LEDGER", world.path("none.db").to_str().unwrap());
    let rejecting = Echo::start(401, ["canary-key", "canary-client"]);
    world.set("GIFTBATCH_WALLET_URL", &rejecting.url);
    assert_check(&doctor(&world, &[], 8), "credentials", "fail", "rejected");
    let tls = url.replace("http:", "https:");
    for (other, code, name, words) in [
        ("http://127.0.0.1:1", 5, "connection", "refused"),
        (&tls, 5, "TLS", "no TLS is spoken there"),
        ("http://wallet.example", 2, "wallet API", "plain http"),
        (&format!("{url}/base"), 5, "credentials", "does not document"),
    ] {
        world.set("GIFTBATCH_WALLET_URL", other);
        assert_check(&doctor(&world, &[], code), name, "fail", words);
    }
    world.unset("GIFTBATCH_WALLET_URL").unset("GIFTBATCH_API_KEY");
    let bare = doctor(&world, &[], 2);
    assert_check(&bare, "wallet API", "fail", "no wallet URL");
    assert_check(&bare, "keys", "fail", "GIFTBATCH_API_KEY");

    world.set("GIFTBATCH_WALLET_URL", &url).set("GIFTBATCH_API_KEY", "key");
    world.set("GIFTBATCH_LEDGER", ledger.to_str().unwrap());
    std::fs::set_permissions(&ledger, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert_check(&doctor(&world, &[], 0), "ledger file", "warn", "mode 0644");
    std::fs::remove_file(world.path("ledger.db.run")).unwrap();
    assert_check(&doctor(&world, &[], 0), "ledger age", "warn", "older than what was sent");
    let text = world.run(&["doctor", "-q"]).expect(0).stdout;
    assert!(text.contains("-> chmod 600") && !text.contains("ok  "), "{text}");

    let mut bytes = std::fs::read(&ledger).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xab);
    let damaged = world.path("damaged.db");
    std::fs::write(&damaged, bytes).unwrap();
    world.set("GIFTBATCH_LEDGER", damaged.to_str().unwrap());
    assert_eq!(check(&doctor(&world, &[], 6), "ledger health").0, "fail");
    let found = world.run(&["ledger", "verify", "--json"]);
    assert!(matches!(found.code, 1 | 6), "{}", found.stdout);
    std::fs::write(&damaged, "no ledger at all, but a text that is long enough").unwrap();
    assert_eq!(check(&doctor(&world, &[], 6), "ledger health").0, "fail");
    world.run(&["ledger", "verify"]).expect(1);
    world.set("GIFTBATCH_LEDGER", world.path("nowhere.db").to_str().unwrap());
    for command in ["info", "verify"] {
        world.run(&["ledger", command]).expect(2);
    }
    assert!(!world.path("nowhere.db").exists());
}

/// Waits until the provider was asked more often than this.
async fn until_asked(world: &World, child: &mut Running, requests: u64) {
    world.until(child, |stats| stats.requests.values().sum::<u64>() > requests).await;
}

/// What `ledger verify` finds.
fn verify(world: &World, code: i32) -> Value {
    let found = world.run(&["ledger", "verify", "--json"]).expect(code).json();
    assert_eq!(found["exit_code"], code);
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_tells_every_story_again() {
    // Goal: a ledger that went through every fault is whole, and one that somebody changed is not, whatever
    // was changed. Method: runs against a provider with many faults, a kill and a retry; then a copy for
    // each change, made past the triggers.
    let mut world = World::with(SandboxConfig {
        seed: 11,
        faults: FaultProfile::mixed(),
        ..SandboxConfig::default()
    });
    let file = world.file("may.csv", csv(&rows(40)));
    let mut run = vec!["run", &file, "--campaign", "may", "--yes", "--max-total", "100000"];
    run.extend(["--stop-after-refusals", "0"]);
    let mut child = world.start(&run);
    until_asked(&world, &mut child, 20).await;
    send("KILL", &child);
    Done::wait(child);
    let done = world.run(&run);
    assert!(matches!(done.code, 0 | 4 | 6), "{}", done.stderr);
    world.sandbox.set_profile(FaultProfile::none());
    let retried = world.run(&["retry", "may", "--yes", "--max-total", "100000"]);
    assert!(matches!(retried.code, 0 | 6), "{}", retried.stderr);
    let whole = verify(&world, 0);
    assert_eq!((&whole["gifts"], &whole["findings"]), (&40.into(), &0.into()));
    assert!(whole["steps"].as_u64() > Some(80), "{whole}");

    let good = world.ledger();
    for (change, table, words) in [
        ("update gift set attempt_count = attempt_count + 1 where id = 7", "gift", "attempts"),
        ("update gift set first_sent_at_ms = 5 where id = 7", "gift", "first attempt"),
        ("update gift set gift_id = randomblob(16) where state = 'issued'", "gift", "names"),
        ("update campaign set gift_count = gift_count - 1", "campaign", "counts 39"),
        ("update campaign set total_minor = total_minor + 1", "campaign", "adds up"),
        ("update gift set amount_minor = amount_minor + 1 where id = 9", "campaign", "adds up"),
        ("update gift set description = 'other' where id = 9", "campaign", "not those of its plan"),
        ("delete from gift where id = 9", "attempt", "not there"),
        (
            "delete from event where id in (select max(id) from event)",
            "gift",
            "its story ends with",
        ),
        ("update event set word = 'melted' where id = 3", "gift", "melted"),
        ("update event set at_ms = at_ms + 1 where id = 3", "event", "chain of hashes"),
        (
            "insert into event (gift_row, attempt_number, at_ms, word) values (5, 9, 1, 'found_absent')",
            "gift",
            "impossible",
        ),
    ] {
        let path = world.path("changed.db");
        let _ = std::fs::remove_file(&path);
        let folded = rusqlite::Connection::open(&good).unwrap();
        folded.execute("vacuum into ?1", [path.to_str().unwrap()]).unwrap();
        let changed = rusqlite::Connection::open(&path).unwrap();
        let mut triggers =
            changed.prepare("select name from sqlite_schema where type = 'trigger'").unwrap();
        let drops: Vec<String> = triggers
            .query_map([], |row| row.get::<_, String>(0))
            .unwrap()
            .map(|n| format!("drop trigger {};", n.unwrap()))
            .collect();
        drop(triggers);
        changed.execute_batch("pragma foreign_keys = off").unwrap();
        changed.execute_batch(&drops.concat()).unwrap();
        assert!(changed.execute(change, []).unwrap() > 0, "{change} changes something");
        changed.close().unwrap();
        world.set("GIFTBATCH_LEDGER", path.to_str().unwrap());
        let found = verify(&world, 6);
        let faults = found["found"].as_array().unwrap();
        let is_named = faults.iter().any(|fault| {
            fault["table"] == table && fault["what"].as_str().unwrap().contains(words)
        });
        assert!(is_named, "{change}: {found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_live_run_is_whole_and_disturbs_nothing() {
    // Goal: backups at any moment of a run, each consistent, none replacing anything. Method: copies all
    // through a run against a server that takes its time; each verified, and the run's outcome.
    let mut faults = FaultProfile::none();
    faults.latency = std::time::Duration::from_millis(20);
    let mut world = World::with(SandboxConfig { faults, ..SandboxConfig::default() });
    let all = rows(300);
    let file = world.file("may.csv", csv(&all));
    let run =
        ["run", &file, "--campaign", "may", "--yes", "--max-total", "100000", "--concurrency", "4"];
    let mut child = world.start(&run);
    let mut counts = Vec::new();
    for (number, requests) in [(0, 1_u64), (1, 80), (2, 200)] {
        until_asked(&world, &mut child, requests).await;
        let name = world.path(&format!("backup-{number}.db"));
        let copy = name.to_str().unwrap();
        let made = world.run(&["ledger", "backup", copy, "--json"]).expect(0).json();
        assert_eq!((&made["gifts"], &made["file"]), (&300.into(), &copy.into()));
        let refused = world.run(&["ledger", "backup", copy]).expect(2);
        assert!(refused.stderr.contains("is there already"), "{}", refused.stderr);
        let found = world.run(&["ledger", "verify", "--ledger", copy, "--json"]).expect(0).json();
        counts.push(found["steps"].as_u64().unwrap());
    }
    let held = doctor(&world, &[], 0);
    let (_, lock) = check(&held, "lock");
    Done::wait(child).expect(0);
    say(&format!("attempts and events in the copies: {counts:?}; the lock then: {lock}"));
    assert!(counts.is_sorted() && counts[2] > counts[0], "{counts:?}");
    world.assert_given_exactly_once(&all);
    assert_eq!(names(&world.path("")).iter().filter(|name| name.contains("copy")).count(), 0);
    let nowhere = world.path("no/folder.db");
    world.run(&["ledger", "backup", nowhere.to_str().unwrap()]).expect(2);
    world.set("GIFTBATCH_LEDGER", world.path("none.db").to_str().unwrap());
    world.run(&["ledger", "backup", world.path("copy.db").to_str().unwrap()]).expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_put_back_gives_nothing_twice() {
    // Goal: whatever was sent since a backup, and however that run ended, the backup gives nothing until a
    // reconcile has found it. Method: a backup before a run and in the middle of one that is then killed, put
    // back with the file beside it, and without it; issue, reconcile, issue; count in the provider's book.
    for (is_killed, keeps_run_file) in [(false, true), (true, true), (true, false)] {
        let world = World::new();
        let all = rows(200);
        let file = world.file("may.csv", csv(&all));
        let copy = world.path("copy.db");
        let backup = ["ledger", "backup", copy.to_str().unwrap()];
        let run = ["run", &file, "--campaign", "may", "--yes", "--max-total", "100000"];
        if is_killed {
            // So slow that the run is not over when it is killed.
            let mut faults = FaultProfile::none();
            faults.latency = std::time::Duration::from_millis(200);
            world.sandbox.set_profile(faults);
            let mut child = world.start(&[&run[..], &["--concurrency", "2"]].concat());
            until_asked(&world, &mut child, 3).await;
            world.run(&backup).expect(0);
            let then = world.sandbox.stats().requests.values().sum::<u64>();
            until_asked(&world, &mut child, then + 6).await;
            send("KILL", &child);
            Done::wait(child);
            let beside = std::fs::read_to_string(world.path("ledger.db.run")).unwrap();
            assert!(beside.contains("\"has_ended\":false"), "{beside}");
            world.quiet().await;
            world.sandbox.set_profile(FaultProfile::none());
        } else {
            world.run(&["load", &file, "--campaign", "may"]).expect(0);
            world.run(&backup).expect(0);
            world.run(&run).expect(0);
        }
        for ending in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(world.path(&format!("ledger.db{ending}")));
        }
        std::fs::copy(&copy, world.ledger()).unwrap();
        if !keeps_run_file {
            std::fs::remove_file(world.path("ledger.db.run")).unwrap();
        }
        let given = world.book().gifts.len();
        let issue = ["issue", "may", "--yes", "--max-total", "100000"];
        for _ in 0..2 {
            let refused = world.run(&issue).expect(7);
            assert!(refused.stderr.contains("older than what was sent"), "{}", refused.stderr);
        }
        assert_eq!(world.book().gifts.len(), given, "nothing was sent");
        world.run(&["reconcile", "may"]).expect(0);
        world.run(&issue).expect(0);
        world.assert_given_exactly_once(&all);
        verify(&world, 0);
        // It is a ledger like any other now.
        let info = world.run(&["ledger", "info", "--json"]).expect(0).json();
        assert_eq!((&info["is_copy"], &info["is_old"]), (&false.into(), &false.into()));
        assert_eq!(info["campaigns_to_reconcile"], 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn info_says_what_the_ledger_holds() {
    // Goal: figures that agree with the campaigns'. Method: two campaigns, one with refusals; the document.
    let mut only: Vec<uuid::Uuid> = rows(12).iter().map(|row| row.wallet).collect();
    let unknown = only.remove(0);
    only.retain(|wallet| *wallet != unknown);
    let world =
        World::with(SandboxConfig { wallets: Wallets::Only(only), ..SandboxConfig::default() });
    let file = world.file("may.csv", csv(&rows(12)));
    world.issue_file(&file, "may", &[]).expect(4);
    let june = world.file("june.csv", csv(&rows(4)).replace("KUPON", "JUNE"));
    world.run(&["load", &june, "--campaign", "june"]).expect(0);
    let info = world.run(&["ledger", "info", "--json"]).expect(0).json();
    let refused = rows(12).iter().filter(|row| row.wallet == unknown).count();
    assert_eq!((&info["campaigns"], &info["gifts"]["planned"]), (&2.into(), &4.into()));
    assert_eq!(info["gifts"]["refused"], refused);
    assert_eq!(info["gifts"]["issued"], 12 - refused);
    assert_eq!(info["provider"], world.sandbox.url());
    assert_eq!((&info["last_run"]["campaign"], &info["is_copy"]), (&"may".into(), &false.into()));
    let text = world.run(&["ledger", "info"]).expect(0).stdout;
    assert!(text.contains("seen to show what exists") && text.contains("`run` of may"), "{text}");
}
