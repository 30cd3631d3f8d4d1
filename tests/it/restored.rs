//! Stories of what a ledger that was restored from an old copy does by itself.

use crate::world::{Row, World, csv, rows};

/// Puts a copy of the ledger back, as an operator does: the `.run` file stays.
fn restore(world: &World, copy: &str) {
    let ledger = world.ledger();
    for suffix in ["-wal", "-shm", ".lock"] {
        let mut name = ledger.as_os_str().to_owned();
        name.push(suffix);
        let _ = std::fs::remove_file(name);
    }
    std::fs::copy(copy, &ledger).expect("the copy is put back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_from_before_the_tags_learns_of_them_again() {
    // Goal: what was given with tags is what its rows asked for, and what is given next has its tag too. Method: a
    // campaign, a copy before anything was sent, all given with `--tag`, the copy put back; a reconcile, then a longer
    // file without the flag.
    let mut world = World::new();
    world.set("GIFTBATCH_SETTLE", "1s");
    let all = rows(6);
    let file = world.file("may.csv", csv(&all[..4]));
    world.run(&["load", &file, "--campaign", "may"]).expect(0);
    let copy = world.path("copy.db").to_str().expect("plain").to_owned();
    world.run(&["ledger", "backup", &copy]).expect(0);
    world.issue_file(&file, "may", &["--tag"]).expect(0);
    restore(&world, &copy);
    let read = world.run(&["reconcile", "may", "--json"]).expect(0);
    assert_eq!(read.reconciled("matched"), 4);
    let longer = world.file("longer.csv", csv(&all));
    let done = world.issue_file(&longer, "may", &[]).expect(0);
    assert_eq!((done.gifts("issued"), done.reconciled("matched")), (6, 6));
    let book = world.book().gifts;
    assert!(book.len() == 6 && book.iter().all(|gift| gift.description.contains('#')), "{book:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_began_after_a_restore_needs_no_person() {
    // Goal: new campaigns are given without anybody's word, and what the lost ledger had given is not given again.
    // Method: a campaign, a copy, another campaign that is lost with the restore; the old one needs a person, the lost
    // one comes back half and half, then longer.
    let mut world = World::new();
    world.set("GIFTBATCH_SETTLE", "1s");
    let all = rows(8);
    let may = world.file("may.csv", csv(&all[..2]));
    world.issue_file(&may, "may", &[]).expect(0);
    let copy = world.path("copy.db").to_str().expect("plain").to_owned();
    world.run(&["ledger", "backup", &copy]).expect(0);
    let other = |rows: &[Row]| -> Vec<Row> {
        rows.iter().map(|row| Row { description: "HAZIRAN".into(), ..row.clone() }).collect()
    };
    let june = other(&all);
    let lost = world.file("lost.csv", csv(&june[..4]));
    world.issue_file(&lost, "june", &[]).expect(0);
    restore(&world, &copy);
    let long = world.file("june.csv", csv(&june[..6]));
    let dry = world.issue_file(&long, "june", &["--dry-run"]).expect(0);
    assert!(dry.stderr.contains("a run would first look in its wallets"), "{}", dry.stderr);
    let done = world.issue_file(&long, "june", &[]).expect(0);
    assert!(done.stderr.contains("for what it has forgotten"), "{}", done.stderr);
    assert_eq!((done.gifts("issued"), world.book().gifts.len()), (6, 8));
    let longer = world.file("longer.csv", csv(&june));
    world.issue_file(&longer, "june", &[]).expect(0);
    // What the copy knew waits for a word: it may have been cancelled since.
    world.run(&["issue", "may", "--yes", "--max-total", "1000"]).expect(7);
    world.run(&["reconcile", "may"]).expect(0);
    world.run(&["issue", "may", "--yes", "--max-total", "1000"]).expect(0);
    let given: Vec<Row> = all[..2].iter().cloned().chain(june).collect();
    world.assert_given_exactly_once(&given);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_revoked_after_the_copy_is_not_given_again() {
    // Goal: gifts that were given and taken back since a copy was made wait for a person. Method: a copy of before the
    // campaign was sent is put back after it was given and revoked; reconcile, every way to give, a campaign beside it,
    // and the word that says so; then a copy that knows of the revocation.
    let mut world = World::new();
    world.set("GIFTBATCH_SETTLE", "1s");
    let all = rows(4);
    let may = world.file("may.csv", csv(&all[..2]));
    world.run(&["load", &may, "--campaign", "may"]).expect(0);
    let copy = |name: &str| world.path(name).to_str().expect("plain").to_owned();
    let (early, late) = (copy("early.db"), copy("late.db"));
    world.run(&["ledger", "backup", &early]).expect(0);
    world.issue_file(&may, "may", &[]).expect(0);
    world.run(&["revoke", "may", "--yes", "--max-total", "1000"]).expect(0);
    world.run(&["ledger", "backup", &late]).expect(0);
    restore(&world, &early);
    let given = |world: &World| world.book().gifts.len();
    world.run(&["reconcile", "may"]).expect(0);
    let sure = ["--yes", "--max-total", "1000"];
    let issue = [&["issue", "may"][..], &sure].concat();
    let dry = world.run(&["issue", "may", "--dry-run"]).expect(0);
    assert!(dry.stderr.contains("without --allow-revoked"), "{}", dry.stderr);
    for _ in 0..2 {
        let refused = world.run(&issue).expect(7);
        assert!(refused.stderr.contains("gifts of it were revoked at"), "{}", refused.stderr);
    }
    world.issue_file(&may, "may", &[]).expect(7);
    assert_eq!(given(&world), 2);
    let june = world.file("june.csv", csv(&all[2..]));
    world.issue_file(&june, "june", &[]).expect(0);
    world.run(&issue).expect(7);
    assert_eq!(given(&world), 4);
    world.run(&[&issue[..], &["--allow-revoked"]].concat()).expect(0);
    assert_eq!(given(&world), 6);
    world.run(&issue).expect(0);
    restore(&world, &late);
    world.run(&["reconcile", "may"]);
    let done = world.run(&[&issue[..], &["--json"]].concat());
    assert_eq!((done.gifts("revoked"), given(&world)), (2, 6), "{}", done.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_holds_for_what_is_looked_for_first() {
    // Goal: `--deadline` bounds a run on a restored ledger as well. Method: a settle window of an hour, over which it
    // would look, and a deadline of a second.
    let mut world = World::new();
    let all = rows(2);
    let may = world.file("may.csv", csv(&all));
    world.issue_file(&may, "may", &[]).expect(0);
    let copy = world.path("copy.db").to_str().expect("plain").to_owned();
    world.run(&["ledger", "backup", &copy]).expect(0);
    restore(&world, &copy);
    world.set("GIFTBATCH_SETTLE", "1h");
    let june: Vec<Row> =
        all.iter().map(|row| Row { description: "HAZIRAN".into(), ..row.clone() }).collect();
    let june = world.file("june.csv", csv(&june));
    let done = world.issue_file(&june, "june", &["--deadline", "1s"]).expect(5);
    assert!(done.stderr.contains("deadline"), "{}", done.stderr);
    assert_eq!(world.book().gifts.len(), 2);
}
