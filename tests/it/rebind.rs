//! Stories of a provider that has moved to another address.

use giftbatch::sandbox::{Sandbox, SandboxConfig};

use crate::world::{World, csv, rows};

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_goes_on_at_the_providers_new_address_only_where_its_gifts_are() {
    // Goal: no address is believed that does not have our gifts, and the right one gives nothing twice. Method: a
    // campaign half given; another provider, one that is silent, and the same one under another name.
    let mut world = World::new();
    let all = rows(6);
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &["--limit", "3", "--no-reconcile"]).expect(5);
    let kept = world.run(&["report", "may", "--format", "statement"]).expect(0).stdout;
    let statement = world.file("may.txt", kept);
    let other = Sandbox::start(SandboxConfig::default()).expect("a sandbox starts");
    let moved = world.sandbox.url().replace("127.0.0.1", "localhost");
    let rebind = |url: &str| world.run(&["ledger", "rebind", "--wallet-url", url, "--json"]);
    let absent = rebind(&other.url()).expect(7);
    assert!(
        absent.stderr.contains("of 3 wallets with gifts of this ledger, 3 without"),
        "{}",
        absent.stderr
    );
    rebind("http://127.0.0.1:1").expect(5);
    let issue = ["issue", "may", "--yes", "--max-total", "1000", "--json"];
    let at_new = [&issue[..], &["--wallet-url", &moved]].concat();
    let refused = world.run(&at_new).expect(2);
    assert!(refused.stderr.contains("giftbatch ledger rebind"), "{}", refused.stderr);
    assert_eq!(world.book().gifts.len(), 3);
    let done = rebind(&moved).expect(0).json();
    assert_eq!((&done["gifts_seen"], &done["to"]), (&3.into(), &moved.as_str().into()));
    rebind(&moved).expect(0);
    world.set("GIFTBATCH_WALLET_URL", &moved);
    world.run(&issue).expect(0);
    world.run(&["reconcile", "may"]).expect(0);
    world.run(&["ledger", "verify", "--statement", &statement]).expect(0);
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gift_that_lists_leave_out_is_found_by_its_id() {
    // Goal: a provider whose lists leave gifts out can move as well. Method: lists that are cut before the first gift.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(2)));
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(0);
    world.sandbox.cap_lists(Some(0));
    let moved = world.sandbox.url().replace("127.0.0.1", "localhost");
    let done = world.run(&["ledger", "rebind", "--wallet-url", &moved, "--json"]).expect(0).json();
    assert_eq!(done["gifts_seen"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gift_that_support_deleted_keeps_no_ledger_from_moving() {
    // Goal: what is gone for good does not hold up a move for ever, and little given proves little. Method: gifts in
    // wallets of their own, of which one is deleted, then two; a wallet with two gifts that shows one; a ledger of which
    // nothing was given.
    let moved = |world: &World| world.sandbox.url().replace("127.0.0.1", "localhost");
    let rebind = |world: &World| world.run(&["ledger", "rebind", "--wallet-url", &moved(world)]);
    for (deleted, code) in [(1, 0), (2, 7)] {
        let world = World::new();
        let single: Vec<_> = rows(8).into_iter().take(5).collect();
        let file = world.file("may.csv", csv(&single));
        world.issue_file(&file, "may", &["--no-reconcile"]).expect(0);
        for gift in &world.book().gifts[..deleted] {
            world.sandbox.delete_gift(gift.id).unwrap();
        }
        let done = rebind(&world).expect(code);
        let told = format!("of 5 wallets with gifts of this ledger, {deleted} without");
        assert!(done.stderr.contains(&told), "{}", done.stderr);
    }
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(2)));
    let two = csv(&rows(2)).replace(&rows(2)[1].wallet.to_string(), &rows(2)[0].wallet.to_string());
    std::fs::write(&file, two).unwrap();
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(0);
    world.sandbox.delete_gift(world.book().gifts[0].id).unwrap();
    let done = rebind(&world).expect(0);
    assert!(done.stderr.contains("of this ledger: 1 gift;"), "{}", done.stderr);
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(2)));
    world.sandbox.revoke_keys();
    world.issue_file(&file, "may", &[]).expect(8);
    world.sandbox.restore_keys();
    let done = rebind(&world).expect(0);
    assert!(done.stderr.contains("nothing of this ledger was given yet"), "{}", done.stderr);
}
