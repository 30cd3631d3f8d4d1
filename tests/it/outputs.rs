//! Stories of where results go: over nothing that matters, into what is no file, and nowhere.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use crate::world::{World, csv, rows};

/// A world in which a campaign of three gifts was given from `may.csv`.
fn given() -> (World, String) {
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(3)));
    world.issue_file(&file, "may", &[]).expect(0);
    (world, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_replaces_the_ledger_or_what_was_loaded() {
    // Goal: a slip in a name costs nothing. Method: each command that writes a file, over the ledger, over what belongs
    // to it, there or not, over the campaign's file under another name, and over the file that is read; all bytes as
    // they were, and the code of a wrong command line before anything is sent.
    let (world, file) = given();
    let ledger = world.ledger();
    let beside = |ending: &str| format!("{}{ending}", ledger.display());
    let alias = world.path("alias.csv");
    std::fs::hard_link(&file, &alias).unwrap();
    symlink(&ledger, world.path("link")).unwrap();
    std::fs::write(beside("-shm"), "").unwrap();
    let before = |path: &str| std::fs::read(path).ok();
    let alias = alias.display().to_string();
    let link = world.path("link").display().to_string();
    for over in ["", "-wal", "-shm", ".lock", ".run"].map(beside).into_iter().chain([
        alias,
        file.clone(),
        link,
    ]) {
        let was = before(&over);
        for command in [
            ["report", "may", "--format", "csv", "-o"].as_slice(),
            &["export", "may", "--state", "issued", "-o"],
            &["reconcile", "may", "--metrics-file"],
            &["run", &file, "--campaign", "june", "--yes", "--max-total", "900", "--metrics-file"],
        ] {
            let done = world.run(&[command, &[&over]].concat()).expect(2);
            assert!(done.stderr.contains("name"), "{over}: {}", done.stderr);
            assert_eq!(before(&over), was, "{over}");
        }
    }
    assert_eq!(world.book().gifts.len(), 3);
    world.run(&["status", "may"]).expect(0);
    // A name that a collector reads does not make it a metrics file.
    let metrics = world.path("giftbatch.prom");
    symlink(&file, &metrics).unwrap();
    let metrics = metrics.display().to_string();
    let again =
        ["run", &file, "--campaign", "may", "--yes", "--max-total", "900", "--metrics-file"];
    world.run(&[again.as_slice(), &[metrics.as_str()]].concat()).expect(2);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), csv(&rows(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_follows_links_and_goes_into_what_is_no_file() {
    // Goal: a result reaches who waits for it. Method: `-o` onto a link, a pipe with a reader and without, a link to
    // standard output, a hyphen, a folder, a device that is full; a file's mode; who has what in the end.
    let (world, _) = given();
    let path = |name: &str| world.path(name).display().to_string();
    let report = |to: &str| world.run(&["report", "may", "--format", "csv", "-o", to]);
    let is_report = |text: &str| text.lines().count() == 4 && text.contains("gift_key");
    std::fs::write(path("real.csv"), "old").unwrap();
    std::fs::set_permissions(path("real.csv"), PermissionsExt::from_mode(0o640)).unwrap();
    symlink("real.csv", path("link.csv")).unwrap();
    report(&path("link.csv")).expect(0);
    assert!(is_report(&std::fs::read_to_string(path("real.csv")).unwrap()));
    assert!(Path::new(&path("link.csv")).symlink_metadata().unwrap().is_symlink());
    assert_eq!(Path::new(&path("real.csv")).metadata().unwrap().mode() & 0o777, 0o640);
    symlink("/proc/self/fd/1", path("stdout")).unwrap();
    for standard in [path("stdout"), "-".to_owned(), "/dev/stdout".to_owned()] {
        assert!(is_report(&report(&standard).expect(0).stdout), "{standard}");
        let export = world.run(&["export", "may", "--state", "issued", "-o", &standard]).expect(0);
        assert_eq!(export.stdout.lines().count(), 4, "{standard}");
        world.run(&["export", "may", "--state", "issued", "-o", &standard, "--json"]).expect(2);
    }
    assert!(!Path::new("-").exists());
    let pipe = path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let refused = report(&pipe).expect(2);
    assert!(refused.stderr.contains("nobody reads it"), "{}", refused.stderr);
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).unwrap()
    });
    report(&pipe).expect(0);
    assert!(is_report(&reader.join().unwrap()));
    report(&path("")).expect(2);
    let full = report("/dev/full").expect(1);
    assert!(full.stderr.contains("No space left"), "{}", full.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_lost_is_said() {
    // Goal: who waits for a document and gets none does not take it for success. Method: each kind of command with its
    // standard output on a full disk and closed: exit code 1, and what was done on standard error, once.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(3)));
    let run = ["run", &file, "--campaign", "may", "--json", "--yes", "--max-total", "900"];
    for (number, to) in ["/dev/full", "&-"].iter().enumerate() {
        let script = format!("exec \"$@\" >{to}");
        let under = ["sh", "-c", &script, "sh"];
        let done = world.run_under(&under, &run).expect(1);
        let said = "error: standard output could not be written";
        assert_eq!(done.stderr.matches(said).count(), 1, "{}", done.stderr);
        for words in ["all 3 gifts issued", "ended with exit code 0"] {
            assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
        }
        assert_eq!(world.book().gifts.len(), 3, "{number}");
        for command in [
            ["status", "may", "--json"].as_slice(),
            &["check", &file, "--json"],
            &["ledger", "verify", "--json"],
            &["gifts", "may", "--json"],
            &["report", "may", "--json"],
            &["doctor", "--json"],
            &["reconcile", "--all", "--json"],
        ] {
            let done = world.run_under(&under, command).expect(1);
            assert!(done.stderr.contains("error: "), "{command:?}: {}", done.stderr);
        }
    }
    // Who wants no output has none.
    world.run_under(&["sh", "-c", "exec \"$@\" >/dev/null", "sh"], &run).expect(0);
}
