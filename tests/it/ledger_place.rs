//! Stories of where a ledger lies: in one place for whoever starts the program, with its folder, and in sight of those
//! who may only read it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::world::{World, csv, rows, say};

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_another_in_each_folder_is_refused() {
    // Goal: nobody gives by a ledger for each working folder. Method: paths that no shell has expanded and relative ones
    // from the environment, and such flags; the code, the path that was meant, and no file.
    let mut world = World::new();
    let file = world.file("may.csv", csv(&rows(2)));
    let home = world.path("").display().to_string();
    let home = home.trim_end_matches('/');
    for (path, meant) in [
        ("~/gift/ledger.db", format!("{home}/gift/ledger.db")),
        ("$HOME/ledger.db", format!("{home}/ledger.db")),
        ("gift/ledger.db", "name it whole: /".to_owned()),
    ] {
        world.set("GIFTBATCH_LEDGER", path);
        let refused = world.issue_file(&file, "may", &[]).expect(2);
        assert!(refused.stderr.contains(&meant), "{path}: {}", refused.stderr);
    }
    let refused = world.issue_file(&file, "may", &["--ledger", "${HOME}/ledger.db"]).expect(2);
    assert!(refused.stderr.contains(&format!("{home}/ledger.db")), "{}", refused.stderr);
    assert!(!world.path("~").exists() && !world.path("gift").exists());
    assert!(world.book().gifts.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_ledger_is_said_and_a_second_one_is_meant() {
    // Goal: a ledger that nobody meant gives nothing. Method: the first ledger of a user, quietly; another one for the
    // same provider, off a terminal, without a word for it and with; the first one again; and a database of another
    // program, whose bytes stay.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(2)));
    let made = world.issue_file(&file, "may", &["-q"]).expect(0);
    let words = format!("a new ledger is made: {}", world.ledger().display());
    assert!(made.stderr.contains(&words), "{}", made.stderr);
    let other = world.path("other.db").display().to_string();
    let refused = world.issue_file(&file, "may", &["--ledger", &other]).expect(7);
    for words in ["--new-ledger", &world.ledger().display().to_string()] {
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
    assert!(!Path::new(&other).exists());
    let again = world.issue_file(&file, "may", &["-q"]).expect(0);
    assert_eq!(again.stderr, "");
    assert_eq!(world.book().gifts.len(), 2);
    let load = ["load", &file, "--campaign", "may", "--ledger", &other, "--new-ledger"];
    assert!(world.run(&load).expect(0).stderr.contains("a new ledger is made"));

    let stranger = world.path("stranger.db");
    let database = rusqlite::Connection::open(&stranger).unwrap();
    database.execute_batch("create table songs (name text)").unwrap();
    database.close().unwrap();
    let before = std::fs::read(&stranger).unwrap();
    let path = stranger.display().to_string();
    let refused = world.issue_file(&file, "may", &["--ledger", &path]).expect(2);
    assert!(refused.stderr.contains("of another program"), "{}", refused.stderr);
    world.run(&["status", "--ledger", &path]).expect(2);
    assert_eq!(std::fs::read(&stranger).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_mounted_alone_is_no_place_for_a_ledger() {
    // Goal: a container that ends takes no memory with it. Method: where mounts may be made, a ledger whose file alone
    // is mounted, new and used: what writes is refused, what reads is not, and doctor names it; then its folder.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(2)));
    let (kept, data) = (world.path("kept"), world.path("data"));
    std::fs::create_dir(&kept).unwrap();
    std::fs::create_dir(&data).unwrap();
    for path in [kept.join("ledger.db"), data.join("ledger.db")] {
        std::fs::write(path, "").unwrap();
    }
    let mounted = |what: &str, at: &str| {
        format!(
            "mount --bind {} {} && exec \"$@\"",
            world.path(what).display(),
            world.path(at).display()
        )
    };
    let alone = mounted("kept/ledger.db", "data/ledger.db");
    let whole = mounted("kept", "data");
    let under = |script| ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh"];
    let can = Command::new("unshare").args(["-m", "true"]).stderr(Stdio::null()).status();
    if !can.is_ok_and(|status| status.success()) {
        say("skipped: mounts may not be made here");
        return;
    }
    let probe = world.run_under(&under(&alone), &["--version"]);
    if probe.code != 0 {
        say("skipped: mounts may not be made here");
        return;
    }
    let ledger = data.join("ledger.db").display().to_string();
    let run =
        ["run", &file, "--campaign", "may", "--yes", "--max-total", "900", "--ledger", &ledger];
    let words = "mount the folder";
    let refused = world.run_under(&under(&alone), &run).expect(2);
    assert!(refused.stderr.contains(words), "{}", refused.stderr);
    assert_eq!(std::fs::read(kept.join("ledger.db")).unwrap(), b"");
    assert!(world.book().gifts.is_empty());
    world.run_under(&under(&whole), &run).expect(0);
    assert_eq!(world.book().gifts.len(), 2);
    world.run_under(&under(&alone), &run).expect(2);
    world.run_under(&under(&alone), &["pause", "may", "--ledger", &ledger]).expect(2);
    world.run_under(&under(&alone), &["status", "may", "--ledger", &ledger]).expect(0);
    let doctor = world.run_under(&under(&alone), &["doctor", "--ledger", &ledger]);
    assert!(doctor.code != 0 && doctor.stdout.contains(words), "{}", doctor.stdout);
    assert_eq!(world.book().gifts.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_read_the_ledger_looks_at_it() {
    // Goal: finance sees how things stand without the right to give. Method: as somebody else (where the system lets a
    // test be that), each command that looks, with the ledger at rest; then commands that write.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(3)));
    world.issue_file(&file, "may", &[]).expect(0);
    let folder = world.path("");
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    };
    mode(&folder, 0o755);
    mode(&world.ledger(), 0o644);
    let under = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let can = Command::new(under[0]).args(&under[1..]).arg("true").stderr(Stdio::null()).status();
    let program = Command::new(under[0])
        .args(&under[1..])
        .args(["test", "-x", env!("CARGO_BIN_EXE_giftbatch")])
        .status();
    if ![can, program].into_iter().all(|done| done.is_ok_and(|status| status.success())) {
        say("skipped: nobody else may run the program here");
        return;
    }
    let key = world.run(&["gifts", "may", "--json"]).expect(0).json();
    let key = key[0]["key"].as_str().or(key["gifts"][0]["key"].as_str()).unwrap().to_owned();
    for command in [
        ["status"].as_slice(),
        &["status", "may", "--json"],
        &["gifts", "may"],
        &["show", &key],
        &["report", "may", "--format", "csv"],
        &["report", "may", "--format", "html"],
        &["export", "may", "--state", "issued"],
        &["reconcile", "may", "--history"],
    ] {
        let done = world.run_under(&under, command).expect(0);
        assert!(!done.stdout.is_empty(), "{command:?}");
    }
    for command in
        [["pause", "may"].as_slice(), &["reconcile", "may"], &["load", &file, "--campaign", "x"]]
    {
        assert_ne!(world.run_under(&under, command).code, 0, "{command:?}");
    }
}
