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
        absent.stderr.contains("of 3 gifts of this ledger that were looked for, 3 cannot"),
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
