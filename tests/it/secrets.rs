//! Stories of keys: where they come from, and that they are found nowhere else.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use giftbatch::sandbox::{ExpectedKeys, SandboxConfig};

use crate::echo::Echo;
use crate::world::{Done, World, csv, holds, rows};

/// Letters that servers escape in more than one way.
const KEY: &str = "canary+key/5e1f";
const CLIENT: &str = "canary-client-77ab";

/// What must be found nowhere.
const CANARIES: [&str; 3] = ["canary+key", "canary-client", "canary-password"];

/// A world whose provider takes these keys alone, and whose program is given them.
fn world() -> World {
    let keys = ExpectedKeys::Pair { api_key: KEY.into(), api_client: CLIENT.into() };
    let mut world = World::with(SandboxConfig { keys, ..SandboxConfig::default() });
    world.set("GIFTBATCH_API_KEY", KEY).set("GIFTBATCH_API_CLIENT", CLIENT);
    world
}

#[track_caller]
fn assert_silent(done: &Done, what: &[&str]) {
    for canary in CANARIES {
        let is_told = done.stdout.contains(canary) || done.stderr.contains(canary);
        assert!(!is_told, "{what:?} tells {canary}\n{}\n{}", done.stdout, done.stderr);
    }
}

#[track_caller]
fn assert_no_file_tells(folder: &Path) {
    for canary in CANARIES {
        assert!(!holds(folder, canary), "a file below {} holds {canary}", folder.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_tells_the_keys() {
    // Goal: keys reach the provider and nothing else. Method: a provider that takes these keys alone; every
    // command with all that it can say, in both forms of logs; then all that was printed and every byte of
    // every file.
    let world = world();
    let file = world.file("may.csv", csv(&rows(5)));
    let out = world.path("out.csv").to_str().unwrap().to_owned();
    let copy = world.path("copy.db").to_str().unwrap().to_owned();
    let wallet = rows(5)[0].wallet.to_string();
    let run = ["run", &file, "--campaign", "may", "--yes", "--max-total", "100000"];
    let commands: [&[&str]; 17] = [
        &["check", &file],
        &["load", &file, "--campaign", "may"],
        &run,
        &["reconcile", "may"],
        &["status"],
        &["status", "may", "--json"],
        &["gifts", "may", "--csv"],
        &["show", &wallet],
        &["report", "may"],
        &["report", "may", "--format", "csv", "-o", &out],
        &["report", "may", "--format", "json"],
        &["doctor"],
        &["doctor", "--json"],
        &["ledger", "info"],
        &["ledger", "backup", &copy],
        &["ledger", "verify"],
        &["export", "may", "--state", "issued"],
    ];
    for command in commands {
        for form in ["text", "json"] {
            if command.get(1) == Some(&"backup") {
                let _ = std::fs::remove_file(&copy);
            }
            let args: Vec<&str> = [command, &["-vv", "--log-format", form]].concat();
            assert_silent(&world.run(&args).expect(0), command);
        }
    }
    world.assert_given_exactly_once(&rows(5));
    assert!(holds(&world.path(""), &wallet), "the files were read");
    assert_no_file_tells(&world.path(""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_repeats_the_keys_is_kept_without_them() {
    // Goal: what a server says of our keys reaches no log, no ledger, no report. Method: servers that repeat
    // them with each kind of no, while a reader keeps the write-ahead log where it is; each must have been
    // sent the keys, and what is kept must show that something was hidden.
    let mut world = world();
    let file = world.file("may.csv", csv(&rows(3)));
    for (status, code) in [(401, 8), (403, 8), (400, 4), (200, 4), (500, 6), (503, 6)] {
        let echo = Echo::start(status, [KEY, CLIENT]);
        let ledger = world.path(&format!("ledger-{status}.db"));
        world.set("GIFTBATCH_LEDGER", ledger.to_str().unwrap());
        world.set("GIFTBATCH_WALLET_URL", &echo.url).set("GIFTBATCH_GIVE_UP_AFTER", "1s");
        world.run(&["load", &file, "--campaign", "may"]).expect(0);
        let reader = rusqlite::Connection::open(&ledger).unwrap();
        reader.execute_batch("begin; select count(*) from gift").unwrap();
        for form in ["text", "json"] {
            let issue =
                ["issue", "may", "--yes", "--max-total", "1000", "-vv", "--log-format", form];
            let more = ["--stop-after-refusals", "0", "--json"];
            let done = world.run(&[&issue[..], &more].concat()).expect(code);
            assert_silent(&done, &issue);
            // What a server error says is never repeated; refusals are told row by row.
            // With 401 no gift was begun.
            assert_eq!(
                done.stderr.contains("[hidden]"),
                status == 403,
                "{status}: {}",
                done.stderr
            );
        }
        for command in [&["reconcile", "may"][..], &["doctor"], &["doctor", "--json"]] {
            assert_silent(&world.run(command), command);
        }
        for format in ["text", "csv", "json"] {
            let command = ["report", "may", "--format", format];
            assert_silent(&world.run(&command).expect(0), &command);
        }
        let list = world.run(&["gifts", "may", "--json"]).expect(0);
        assert_silent(&list, &["gifts"]);
        assert_eq!(
            list.stdout.contains("[hidden]"),
            status < 500 && status != 401,
            "{status}: {}",
            list.stdout
        );
        assert!(echo.heard() > 0, "{status}: the keys were sent");
        assert_no_file_tells(&world.path(""));
        let log = world.path(&format!("ledger-{status}.db-wal")).metadata().unwrap().len();
        assert!(log > 0, "the write-ahead log was there to be looked at");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_reaches_a_provider_tells_nothing_either() {
    // Goal: no failure before the first answer repeats a secret. Method: nobody there, no such host, plain
    // http, passwords in URLs that can and cannot be understood, a key in the settings file.
    let mut world = world();
    let file = world.file("may.csv", csv(&rows(1)));
    for (url, code) in [
        ("http://127.0.0.1:1", 5),
        ("http://wallet.example", 2),
        ("https://user:canary-password@wallet.example", 2),
        ("user:canary-password@wallet.example", 2),
        ("https//user:canary-password@wallet.example", 2),
        ("http://user:canary-password@wallet.example/?key=canary-password", 2),
    ] {
        world.set("GIFTBATCH_WALLET_URL", url).set("GIFTBATCH_GIVE_UP_AFTER", "1s");
        for json in [&["-vv"][..], &["-vv", "--json", "--log-format", "json"]] {
            let run = ["run", &file, "--campaign", "may", "--yes", "--max-total", "1000"];
            let done = world.run(&[&run[..], json].concat()).expect(code);
            assert_silent(&done, &[url]);
            assert_silent(&world.run(&[&["doctor"], json].concat()).expect(code), &[url]);
        }
    }
    for text in [
        "api_key = \"canary+key\"\n",
        "rate = 1\napi_client = \"canary-client\"",
        "wallet_url = \"https://user:canary-password@wallet.example\nrate = 5",
    ] {
        let settings = world.file("wrong.toml", text);
        let done = world.run(&["status", "--config", &settings, "--json"]).expect(2);
        assert_silent(&done, &[text]);
        let line = format!("line {}", text.lines().count().min(2));
        let is_named = done.stderr.contains("line 1") || done.stderr.contains(&line);
        assert!(is_named, "{}", done.stderr);
        std::fs::remove_file(settings).unwrap();
    }
    assert_no_file_tells(&world.path(""));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_from_a_command_where_nothing_wins_over_it() {
    // Goal: a password store's own program gives the keys, and only its owner says which program. Method: a
    // script beside the settings file, which both name; then the environment, a script that fails, a
    // settings file that others may write, both kinds of source at once.
    let mut world = world();
    world.unset("GIFTBATCH_API_KEY").unset("GIFTBATCH_API_CLIENT");
    let url = world.sandbox.url();
    let script =
        world.file("store.sh", "#!/bin/sh\n[ \"$2\" = '$HOME;x' ] || exit 9\necho \"$1\"\n");
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o700)).unwrap();
    let settings = format!(
        "wallet_url = \"{url}\"\napi_key_command = [\"./store.sh\", \"{KEY}\", \"$HOME;x\"]\n\
         api_client_command = [\"./store.sh\", \"{CLIENT}\", \"$HOME;x\"]\n"
    );
    let path = world.file("giftbatch.toml", &settings);
    let below = world.path("below");
    std::fs::create_dir(&below).unwrap();
    let doctor = ["doctor", "--json"];
    let checked = world.run_in(&below, &doctor).expect(0);
    assert!(checked.stdout.contains("store.sh") && !checked.stdout.contains(KEY));

    world.set("GIFTBATCH_API_KEY", "another");
    world.run_in(&below, &doctor).expect(8);
    world.unset("GIFTBATCH_API_KEY");

    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o666)).unwrap();
    let refused = world.run_in(&below, &doctor).expect(2);
    assert!(refused.stdout.contains("is not run: others may write"), "{}", refused.stdout);
    assert!(refused.stdout.contains("say where the keys are sent"), "{}", refused.stdout);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();

    world.file("giftbatch.toml", settings.replace("$HOME;x", "other"));
    let failed = world.run_in(&below, &doctor).expect(2);
    assert!(failed.stdout.contains("exit status: 9"), "{}", failed.stdout);

    world.file("giftbatch.toml", format!("api_key_file = \"key\"\n{settings}"));
    let both = world.run_in(&below, &doctor).expect(2);
    assert!(both.stdout.contains("both set"), "{}", both.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_is_private_whatever_the_umask() {
    // Goal: nobody else reads wallets and amounts. Method: the whole job with umask 000 in a folder that is
    // made for it, and in one that was there; the modes of all files, those beside an open ledger too.
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    for (folder, expected) in [("made/for it", 0o700), ("there", 0o755)] {
        let mut world = world();
        let file = world.file("may.csv", csv(&rows(3)));
        std::fs::create_dir(world.path("there")).unwrap();
        let is_open = PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(world.path("there"), is_open).unwrap();
        let folder = world.path(folder);
        let ledger = folder.join("ledger.db");
        world.set("GIFTBATCH_LEDGER", ledger.to_str().unwrap());
        let open_to_all = ["sh", "-c", "umask 000; exec \"$@\"", "sh"];
        let run =
            ["run", &file, "--campaign", "may", "--yes", "--max-total", "1000", "--new-ledger"];
        world.run_under(&open_to_all, &run).expect(0);
        let copy = folder.join("copy.db");
        let backup = ["ledger", "backup", copy.to_str().unwrap()];
        world.run_under(&open_to_all, &backup).expect(0);
        // A reader leaves the files beside the ledger where they are.
        let _reader = rusqlite::Connection::open(&ledger).unwrap();
        world.run_under(&open_to_all, &["status"]).expect(0);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
        names.sort();
        let beside = ["copy.db", "ledger.db", "ledger.db-shm", "ledger.db-wal", "ledger.db.lock"];
        assert_eq!(names, [&beside[..], &["ledger.db.run"]].concat());
        assert_eq!(mode(&folder), expected);
        assert!(expected == 0o755 || mode(&world.path("made")) == 0o700);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_belongs_to_one_provider() {
    // Goal: gifts are never looked for where they were not given. Method: give through one provider, then
    // issue, reconcile and ask the doctor with the URL of another.
    let mut world = world();
    let file = world.file("may.csv", csv(&rows(2)));
    world.issue_file(&file, "may", &[]).expect(0);
    let other = Echo::start(500, [KEY, CLIENT]);
    world.set("GIFTBATCH_WALLET_URL", &other.url);
    let confirmed = ["--yes", "--max-total", "1000"];
    for command in [&["issue", "may"][..], &["retry", "may"], &["reconcile", "may"]] {
        let more: &[&str] = if command[0] == "reconcile" { &[] } else { &confirmed };
        let refused = world.run(&[command, more].concat()).expect(2);
        assert!(refused.stderr.contains("were given through"), "{}", refused.stderr);
    }
    assert_eq!(other.heard(), 0, "no key went to another provider");
    let checked = world.run(&["doctor"]).expect(2).stdout;
    assert!(checked.contains("fail  ledger provider its gifts were given through"), "{checked}");
}
