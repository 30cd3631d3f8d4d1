//! Stories of reconciling: what a wallet's own list says of what we believe.

use giftbatch::sandbox::{Endpoint, FaultKind, FaultProfile, SandboxConfig};

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
async fn a_campaign_of_several_pages_is_read_wallet_by_wallet() {
    // Goal: each wallet is read once, though its gifts stand far apart and pages are read ahead. Method: 600
    // wallets, of which 200 come again at the end of the file; count the reads, tamper with the first, a
    // middle and the last gift, and count again.
    let world = World::new();
    let all = rows(800);
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(0);
    let reads = || world.sandbox.requests_of(Endpoint::WalletGifts);
    let before = reads();
    let found = world.run(&["reconcile", "may", "--json"]).expect(0);
    assert_eq!((found.reconciled("matched"), reads() - before), (800, 600));
    let book = world.book();
    for place in [0, 400, 799] {
        world.sandbox.double_gift(book.gifts[place].id).unwrap();
    }
    let found = world.run(&["reconcile", "may", "--json"]).expect(6);
    let told = (found.reconciled("matched"), found.reconciled("duplicated"));
    assert_eq!((told, reads() - before), ((797, 3), 1_200));
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

#[tokio::test(flavor = "multi_thread")]
async fn used_gifts_that_lists_leave_out_are_not_missing() {
    // Goal: a customer who spends a gift causes no alarm, and it is known from then on what lists are
    // worth: doubts are held. Method: use two of ten gifts where lists hide used ones, reconcile, then
    // issue more with answers that get lost.
    let mut faults = FaultProfile::none();
    faults.hides_used = true;
    let world = World::with(SandboxConfig { faults: faults.clone(), ..SandboxConfig::default() });
    let all = rows(10);
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(0);
    let book = world.book();
    for place in [2, 5] {
        world.sandbox.mark_used(book.gifts[place].id).unwrap();
    }
    let found = world.run(&["reconcile", "may", "--json"]).expect(0);
    assert_eq!((found.reconciled("matched"), found.reconciled("missing")), (10, 0));
    let text = world.run(&["status", "may"]).expect(0).stdout;
    assert!(text.contains("they leave out used gifts, so doubts are held"), "{text}");
    let lost = faults.with(FaultKind::TimeoutBeforeCommit, 10_000);
    world.sandbox.set_profile(lost);
    let june = world.file("june.csv", csv(&all[..1]).replace("KUPON", "JUNE"));
    let held = world.issue_file(&june, "june", &[]).expect(6);
    assert_eq!((held.gifts("held"), world.book().gifts.len()), (1, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn used_gifts_in_lists_are_noticed() {
    // Goal: what lists show of used gifts is reported. Method: use one, reconcile, read the report.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(4)));
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(0);
    let book = world.book();
    world.sandbox.spend(book.gifts[0].id, 100).unwrap();
    world.run(&["reconcile", "may", "--json"]).expect(0);
    let text = world.run(&["report", "may"]).expect(0).stdout;
    assert!(text.contains("the provider's lists: they show used gifts"), "{text}");
}
