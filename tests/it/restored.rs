//! Stories of what a ledger that was restored from an old copy does by itself.

use giftbatch::sandbox::{BookGift, SeedGift};
use serde_json::Value;

use crate::world::{Done, Row, World, csv, rows, wallet};

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

/// Somebody else gives as much as a row asks for, with another text; its id.
fn strangers(world: &World, row: &Row) -> String {
    let seed = SeedGift {
        wallet: row.wallet,
        amount_minor: row.minor,
        expires_at: None,
        description: "theirs".to_owned(),
        reference: None,
        created_at: chrono::Utc::now(),
    };
    world.sandbox.seed_gift(seed).to_string()
}

/// Loads a campaign, lets another one run after a copy was made, and puts the copy back once others gave the same as
/// some of its rows; their ids.
fn restored_beside_strangers(world: &World, file: &str, of: &[&Row], more: &[&str]) -> Vec<String> {
    world.run(&[&["load", file, "--campaign", "may"], more].concat()).expect(0);
    let copy = world.path("copy.db").to_str().expect("plain").to_owned();
    world.run(&["ledger", "backup", &copy]).expect(0);
    let elsewhere = Row { wallet: wallet(99), minor: 300, description: "NISAN".into() };
    let april = world.file("april.csv", csv(&[elsewhere]));
    world.issue_file(&april, "april", &[]).expect(0);
    let ids = of.iter().map(|row| strangers(world, row)).collect();
    restore(world, &copy);
    ids
}

/// The keys of the campaign's gifts in a state.
fn keys(world: &World, state: &str) -> Vec<String> {
    let listed = world.run(&["gifts", "may", "--state", state, "--json"]).expect(0);
    let gifts: Vec<Value> = serde_json::from_str(&listed.stdout).expect("a list");
    gifts.iter().map(|gift| gift["key"].as_str().expect("a key").to_owned()).collect()
}

fn resolve(world: &World, key: &str, word: &[&str]) -> Done {
    let args = [&["resolve", key, "--note", "asked them", "--as"], word].concat();
    world.run(&args)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_gift_holds_one_gift_and_no_campaign() {
    // Goal: what a list cannot tell after a restore is a person's matter gift by gift, and stops nothing else. Method:
    // after a copy somebody else gives the same amount to two wallets; reconcile twice, the rest, another campaign to the
    // same wallet, and a word for each of the two: not given, and given.
    let mut world = World::new();
    world.set("GIFTBATCH_SETTLE", "500ms");
    let all = rows(4);
    let file = world.file("may.csv", csv(&all));
    let ids = restored_beside_strangers(&world, &file, &[&all[0], &all[1]], &[]);
    for _ in 0..2 {
        let read = world.run(&["reconcile", "may", "--json"]).expect(6);
        assert_eq!((read.gifts("held"), read.gifts("planned")), (2, 2), "{}", read.stdout);
    }
    let held = keys(&world, "held");
    let why = world.run(&["show", &held[0]]).expect(0);
    assert!(why.stdout.contains(&format!("{} may be it", ids[0])), "{}", why.stdout);
    let done = world.issue_file(&file, "may", &[]).expect(6);
    assert_eq!((done.gifts("held"), done.gifts("issued")), (2, 2), "{}", done.stdout);
    let june = Row { minor: 5_000, description: "HAZIRAN".into(), ..all[0].clone() };
    let other = world.file("june.csv", csv(std::slice::from_ref(&june)));
    world.issue_file(&other, "june", &[]).expect(0);
    // The stranger's gift speaks against both words, and a person may know better.
    for (key, word) in held.iter().zip([&["retry"][..], &["issued", "--gift-id", &ids[1]]]) {
        resolve(&world, key, word).expect(7);
        resolve(&world, key, &[word, &["--despite-contradiction"]].concat()).expect(0);
    }
    let done = world.issue_file(&file, "may", &[]);
    assert_eq!(done.gifts("issued"), 4, "{}", done.stdout);
    let book = world.book().gifts;
    for (row, times) in [(&all[0], 1), (&all[1], 0), (&all[2], 1), (&all[3], 1), (&june, 1)] {
        let is_it =
            |gift: &&BookGift| gift.wallet == row.wallet && gift.description == row.description;
        assert_eq!(book.iter().filter(is_it).count(), times, "{row:?} in {book:?}");
    }
    world.run(&["ledger", "verify"]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_gifts_alike_a_person_settles_one_after_the_other() {
    // Goal: of gifts that no list can tell apart none is sent while nobody knows of it, and a person's word is not asked
    // for twice. Method: two rows alike beside a stranger's gift; what is held at each reconcile, and what is given.
    let mut world = World::new();
    world.set("GIFTBATCH_SETTLE", "500ms");
    let row = rows(1).remove(0);
    let alike = [row.clone(), row.clone()];
    let file = world.file("may.csv", csv(&alike));
    let twice = ["--allow-duplicates"];
    restored_beside_strangers(&world, &file, &[&row], &twice);
    let issue = ["issue", "may", "--yes", "--max-total", "1000"];
    let read = world.run(&["reconcile", "may", "--json"]).expect(6);
    assert_eq!((read.gifts("held"), read.gifts("planned")), (1, 1), "{}", read.stdout);
    world.run(&issue).expect(7);
    resolve(&world, &keys(&world, "held")[0], &["retry", "--despite-contradiction"]).expect(0);
    // It looks once more by itself: a person has said already that it may.
    let looked = world.run(&[&issue[..], &["--json"]].concat()).expect(6);
    assert_eq!((looked.gifts("held"), looked.gifts("deferred")), (1, 1), "{}", looked.stdout);
    resolve(&world, &keys(&world, "held")[0], &["refused"]).expect(0);
    world.run(&issue);
    let ours = |gift: &&BookGift| gift.description == row.description;
    assert_eq!(world.book().gifts.iter().filter(ours).count(), 1);
    assert_eq!([keys(&world, "issued").len(), keys(&world, "refused").len()], [1, 1]);
}
