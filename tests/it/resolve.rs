//! Stories of gifts that were held, and that a person settles.

use giftbatch::sandbox::{BookGift, FaultKind, FaultProfile, SandboxConfig, SeedGift};
use serde_json::Value;
use uuid::Uuid;

use crate::world::{Row, World, csv, rows};

/// A world in which every gift was given, no answer came, and all are held.
fn all_held(count: u32) -> (World, Vec<Row>) {
    let faults = FaultProfile::always(FaultKind::ErrorAfterCommit);
    let mut world = World::with(SandboxConfig { faults, ..SandboxConfig::default() });
    world.set("GIFTBATCH_SETTLE", "500ms");
    let all = rows(count);
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &["--in-doubt", "hold"]).expect(6);
    world.sandbox.set_profile(FaultProfile::none());
    (world, all)
}

/// Keys of the campaign's gifts in the order of the file.
fn keys(world: &World) -> Vec<String> {
    let listed = world.run(&["gifts", "may", "--json"]).expect(0).stdout;
    let gifts: Value = serde_json::from_str(&listed).expect("a list");
    let key = |gift: &Value| gift["key"].as_str().expect("a key").to_owned();
    gifts.as_array().expect("a list").iter().map(key).collect()
}

fn given(world: &World, row: &Row) -> BookGift {
    let book = world.book();
    let is_it = |gift: &BookGift| gift.wallet == row.wallet && gift.description == row.description;
    book.gifts.into_iter().find(is_it).expect("it was given")
}

fn story(world: &World, key: &str) -> String {
    world.run(&["show", key]).expect(0).stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_gift_is_called_issued_only_where_the_provider_has_it() {
    // Goal: a wrong id cannot hide a loss. Method: four held gifts; ids that nobody has, of another wallet,
    // of a gift of another amount, of a gift that is another row's, none; then the right ones, twice.
    let (world, all) = all_held(4);
    let keys = keys(&world);
    let resolve = |key: &str, id: &str| {
        world.run(&[
            "resolve",
            key,
            "--as",
            "issued",
            "--gift-id",
            id,
            "--note",
            "saw it",
            "--json",
        ])
    };
    let id = |row: &Row| given(&world, row).id.to_string();
    let odd = world.sandbox.seed_gift(SeedGift {
        wallet: all[0].wallet,
        amount_minor: all[0].minor + 1,
        expires_at: Some("2036-12-31T20:59:59Z".parse().unwrap()),
        description: all[0].description.clone(),
        reference: None,
        created_at: chrono::Utc::now(),
    });
    for (wrong, said) in [
        (Uuid::from_u128(7).to_string(), "the provider has no gift"),
        (id(&all[1]), "the provider has no gift"),
        ("seven".to_owned(), "--gift-id \"seven\" is "),
    ] {
        let refused = resolve(&keys[0], &wrong).expect(2);
        assert!(refused.stderr.contains(said), "{wrong}: {}", refused.stderr);
    }
    let other = resolve(&keys[0], &odd.to_string()).expect(7);
    assert!(other.stderr.contains("and this gift is "), "{}", other.stderr);
    world.run(&["resolve", &keys[0], "--as", "issued", "--note", "saw it", "--json"]).expect(2);
    assert_eq!(world.run(&["status", "may", "--json"]).gifts("held"), 4);
    let done = resolve(&keys[0], &id(&all[0])).expect(0);
    assert_eq!(
        (&done.json()["command"], done.gifts("issued"), done.gifts("held")),
        (&"resolve".into(), 1, 3)
    );
    assert!(done.stderr.contains("held before, issued now"), "{}", done.stderr);
    let again = resolve(&keys[0], &id(&all[0])).expect(2);
    assert!(again.stderr.contains("is issued, not held"), "{}", again.stderr);
    let told = story(&world, &keys[0]);
    assert!(told.contains("resolved_issued") && told.contains("saw it"), "{told}");
    // A list that cannot be read proves nothing.
    world.sandbox.set_profile(FaultProfile::always(FaultKind::ReadError));
    let unread = resolve(&keys[1], &id(&all[1])).expect(5);
    assert!(unread.stderr.contains("does not show wallet"), "{}", unread.stderr);
    world.sandbox.set_profile(FaultProfile::none());
    for (key, row) in keys[1..].iter().zip(&all[1..]) {
        resolve(key, &id(row)).expect(0);
    }
    let last = world.run(&["reconcile", "may", "--json"]).expect(0);
    world.run(&["ledger", "verify"]).expect(0);
    assert_eq!((last.reconciled("matched"), last.gifts("issued")), (4, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_gift_of_the_provider_is_one_gift_of_the_ledger() {
    // Goal: two held twins of one wallet do not share one gift. Method: two like rows in one wallet; the
    // first is resolved by the only gift there, then the second by the same.
    let faults = FaultProfile::always(FaultKind::ErrorAfterCommit);
    let world = World::with(SandboxConfig { faults, ..SandboxConfig::default() });
    let row = rows(1).remove(0);
    let other = Row { description: "KUPON 2".into(), ..row.clone() };
    let file = world.file("may.csv", csv(&[row.clone(), other]));
    world.issue_file(&file, "may", &["--in-doubt", "hold"]).expect(6);
    world.sandbox.set_profile(FaultProfile::none());
    let keys = keys(&world);
    let is_first = |gift: &&BookGift| gift.description == row.description;
    let id = world.book().gifts.iter().find(is_first).expect("it was given").id.to_string();
    let args = |key| ["resolve", key, "--as", "issued", "--gift-id", &id, "--note", "x", "--json"];
    world.run(&args(&keys[0])).expect(0);
    let refused = world.run(&args(&keys[1])).expect(2);
    let said = format!("belongs to another gift of this ledger already: {}", keys[0]);
    assert!(refused.stderr.contains(&said), "{}", refused.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_refuses_or_sends_again_and_says_why() {
    // Goal: the other two answers, with who and why; a person's no is not undone by a retry of all.
    // Method: three gifts that were held and not given: one refused, one sent again, one left; an empty
    // note, an id where none belongs, and a wallet instead of a key.
    let faults = FaultProfile::always(FaultKind::ErrorBeforeCommit);
    let world = World::with(SandboxConfig { faults, ..SandboxConfig::default() });
    let all = rows(3);
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &["--in-doubt", "hold"]).expect(6);
    world.sandbox.set_profile(FaultProfile::none());
    let keys = keys(&world);
    let resolve = |key: &str, what: &str, note: &str, more: &[&str]| {
        let args = [&["resolve", key, "--as", what, "--note", note, "--json"], more].concat();
        world.run(&args)
    };
    resolve(&keys[0], "retry", "  ", &[]).expect(2);
    resolve(&keys[0], "retry", "x", &["--gift-id", &keys[0]]).expect(2);
    let wallet = resolve(&all[0].wallet.to_string(), "retry", "x", &[]).expect(2);
    assert!(wallet.stderr.contains(&keys[0]), "{}", wallet.stderr);
    resolve(&Uuid::nil().to_string(), "retry", "x", &[]).expect(2);
    resolve(&keys[0], "refused", "given by hand; ticket 7", &[]).expect(0);
    let again = resolve(&keys[1], "retry", "asked support", &[]).expect(0);
    assert_eq!((again.gifts("deferred"), again.gifts("refused"), again.gifts("held")), (1, 1, 1));
    let told = story(&world, &keys[0]);
    assert!(
        told.contains("resolved_refused") && told.contains("given by hand; ticket 7"),
        "{told}"
    );
    assert!(told.contains(": by "), "{told}");
    assert!(story(&world, &keys[1]).contains("asked support"));
    let confirmed = ["--yes", "--max-total", "100000", "--json"];
    let issued = world.run(&[&["issue", "may"], &confirmed[..]].concat()).expect(6);
    assert_eq!((issued.gifts("issued"), issued.gifts("held")), (1, 1));
    let retried = world.run(&[&["retry", "may"], &confirmed[..]].concat()).expect(6);
    assert_eq!(retried.gifts("refused"), 1);
    assert!(retried.stderr.contains("a person decided so"), "{}", retried.stderr);
    assert_eq!(world.book().gifts.len(), 1);
    resolve(&keys[2], "retry", "sure", &[]).expect(0);
    let named = [&["retry", "may", "--class", "resolved"], &confirmed[..]].concat();
    assert_eq!(world.run(&named).expect(0).reconciled("matched"), 3);
    world.run(&["ledger", "verify"]).expect(0);
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_gift_of_a_cancelled_campaign_is_not_sent_again() {
    // Goal: a cancelled campaign sends nothing, whoever says so. Method: cancel with two held gifts; each
    // answer in turn.
    let (world, all) = all_held(2);
    let keys = keys(&world);
    world.run(&["cancel", "may", "--yes", "--json"]).expect(6);
    let refused =
        world.run(&["resolve", &keys[0], "--as", "retry", "--note", "x", "--json"]).expect(7);
    assert!(refused.stderr.contains("is cancelled"), "{}", refused.stderr);
    let id = given(&world, &all[0]).id.to_string();
    world.run(&["resolve", &keys[0], "--as", "issued", "--gift-id", &id, "--note", "x"]).expect(0);
    world.run(&["resolve", &keys[1], "--as", "refused", "--note", "x"]).expect(0);
    let last = world.run(&["issue", "may", "--json"]).expect(4);
    assert_eq!((last.gifts("issued"), last.gifts("refused")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_speaks_against_a_person_needs_another_word() {
    // Goal: nobody sends again what is there, or takes last year's gift for this one, by a slip. Method: three held
    // gifts that were given: sent again with whole and with cut lists, called issued by an old used gift of another
    // text; then each with the word that it takes.
    let (world, all) = all_held(3);
    let keys = keys(&world);
    let resolve = |key: &str, more: &[&str]| {
        world.run(&[&["resolve", key, "--note", "sure", "--json", "--as"], more].concat())
    };
    let known = "--despite-contradiction";
    let id = given(&world, &all[0]).id.to_string();
    let there = resolve(&keys[0], &["retry"]).expect(7);
    let proposed = format!("--as issued --gift-id {id}");
    assert!(there.stderr.contains(&proposed), "{}", there.stderr);
    resolve(&keys[0], &["issued", "--gift-id", &id]).expect(0);
    let old = world.sandbox.seed_gift(SeedGift {
        wallet: all[1].wallet,
        amount_minor: all[1].minor,
        expires_at: Some("2036-12-31T20:59:59Z".parse().unwrap()),
        description: "HEDIYE".into(),
        reference: None,
        created_at: chrono::Utc::now() - chrono::TimeDelta::days(365),
    });
    world.sandbox.spend(old, all[1].minor).expect("it is there");
    let old = old.to_string();
    let refused = resolve(&keys[1], &["issued", "--gift-id", &old]).expect(7);
    assert!(refused.stderr.contains("is described as"), "{}", refused.stderr);
    resolve(&keys[1], &["issued", "--gift-id", &old, known]).expect(0);
    assert!(story(&world, &keys[1]).contains("although"));
    world.sandbox.cap_lists(Some(0));
    let cut = resolve(&keys[2], &["retry"]).expect(7);
    assert!(cut.stderr.contains("list lacks"), "{}", cut.stderr);
    assert_eq!(world.run(&["status", "may", "--json"]).gifts("held"), 1);
    let sent = resolve(&keys[2], &["retry", known]).expect(0);
    assert_eq!(sent.gifts("deferred"), 1);
    world.run(&["ledger", "verify"]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_whose_list_stays_unreadable_is_a_persons() {
    // Goal: no wallet is closed for ever. Method: a gift that was given, whose answer and whose lists are lost for longer
    // than the settle window; it is called issued by its id, and the ledger is whole.
    let mut world = World::new();
    world.set("GIFTBATCH_SETTLE", "500ms").set("GIFTBATCH_GIVE_UP_AFTER", "1s");
    let all = rows(1);
    let faults = FaultProfile::always(FaultKind::ErrorAfterCommit);
    world.sandbox.set_profile(faults.with(FaultKind::ReadError, 10_000));
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(6);
    assert_eq!(world.run(&["status", "may", "--json"]).gifts("in_doubt"), 1);
    world.sandbox.set_profile(FaultProfile::none());
    let key = keys(&world).remove(0);
    let resolve = |more: &[&str]| {
        world.run(&[&["resolve", &key, "--note", "saw it", "--json", "--as"], more].concat())
    };
    resolve(&["retry"]).expect(2);
    let id = given(&world, &all[0]).id.to_string();
    resolve(&["issued", "--gift-id", &id]).expect(0);
    world.run(&["reconcile", "may"]).expect(0);
    world.run(&["ledger", "verify"]).expect(0);
    world.assert_given_exactly_once(&all);
}
