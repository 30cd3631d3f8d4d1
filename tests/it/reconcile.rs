//! Stories of reconciling: what a wallet's own list says of what we believe.

use giftbatch::sandbox::{FaultKind, FaultProfile};

use crate::world::{World, csv, rows};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_tampered_with_is_found() {
    // Goal: one missing, one duplicated, exit 6. Method: delete a gift and double another behind
    // the program's back.
    let world = World::new();
    let all = rows(30);
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &[]).expect(0);
    let book = world.book();
    world.sandbox.delete_gift(book.gifts[3].id).unwrap();
    world.sandbox.double_gift(book.gifts[7].id).unwrap();
    let found = world.run(&["reconcile", "may", "--json"]).expect(6);
    assert_eq!(
        (found.reconciled("matched"), found.reconciled("missing"), found.reconciled("duplicated")),
        (28, 1, 1)
    );
    assert_eq!(found.json()["status"], "attention");
    // Another day, the same answer.
    world.run(&["reconcile", "--all", "--json"]).expect(6);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_cannot_be_read_are_unread_until_they_can() {
    // Goal: unread is never matched. Method: lists that fail, then lists that do not.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(4)));
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(0);
    world.sandbox.set_profile(FaultProfile::always(FaultKind::ReadError));
    let unread = world.run(&["reconcile", "may", "--json"]).expect(6);
    assert_eq!((unread.reconciled("unread"), unread.reconciled("matched")), (4, 0));
    world.sandbox.set_profile(FaultProfile::none());
    let read = world.run(&["reconcile", "may", "--json"]).expect(0);
    assert_eq!((read.reconciled("unread"), read.reconciled("matched")), (0, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_was_never_sent_has_nothing_to_find() {
    // Goal: no false finding. Method: load only, then reconcile.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(4)));
    world.run(&["load", &file, "--campaign", "may"]).expect(0);
    let done = world.run(&["reconcile", "may", "--json"]).expect(0);
    assert_eq!((done.gifts("planned"), done.reconciled("matched")), (4, 0));
}
