//! Stories of weak evidence: what looks like proof and is none must give nothing twice.

use giftbatch::sandbox::{Endpoint, FaultKind, FaultProfile, Outage, RefusalKind, SeedGift};

use crate::world::{World, csv, rows, wallet};

fn foreign(number: u32) -> SeedGift {
    SeedGift {
        wallet: wallet(number),
        amount_minor: 700,
        expires_at: None,
        description: "theirs".to_owned(),
        reference: None,
        created_at: chrono::Utc::now() - chrono::TimeDelta::days(30),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_cut_proves_nothing() {
    // Goal: a gift behind the end of a list is not given again. Method: lists of two entries, two older gifts in each
    // wallet, and answers that are lost after the gift was made; what is said of it, and the provider's book.
    let world = World::new();
    let all = rows(3);
    for number in 0..3 {
        world.sandbox.seed_gift(foreign(number));
        world.sandbox.seed_gift(foreign(number));
    }
    world.sandbox.cap_lists(Some(2));
    world.sandbox.set_profile(FaultProfile::always(FaultKind::FinAfterCommit));
    let file = world.file("may.csv", csv(&all));
    let done = world.issue_file(&file, "may", &[]).expect(6);
    assert_eq!(done.gifts("held"), 3, "{}", done.stdout);
    let ours = |world: &World| {
        world.book().gifts.iter().filter(|gift| gift.description != "theirs").count()
    };
    assert_eq!(ours(&world), 3);
    let held = world.run(&["gifts", "may", "--state", "held", "--json"]).expect(0);
    assert!(held.stdout.contains("its balance is"), "{}", held.stdout);
    world.issue_file(&file, "may", &[]).expect(6);
    assert_eq!(ours(&world), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_ledger_gives_nothing_again_by_lists_that_are_cut() {
    // Goal: what an old copy of the ledger has forgotten is not given again because cut lists do not show it. Method: a
    // copy from before the run is put back, lists end before our gifts, and everything is reconciled; then the run again.
    // The same copy once more, beside whole lists.
    let world = World::new();
    let all = rows(6);
    for number in 0..6 {
        world.sandbox.seed_gift(foreign(number));
    }
    let file = world.file("may.csv", csv(&all));
    world.run(&["load", &file, "--campaign", "may"]).expect(0);
    let copy = world.path("copy.db");
    std::fs::copy(world.ledger(), &copy).unwrap();
    world.issue_file(&file, "may", &[]).expect(0);
    std::fs::copy(&copy, world.ledger()).unwrap();
    world.sandbox.cap_lists(Some(1));
    let ours = |world: &World| {
        world.book().gifts.iter().filter(|gift| gift.description != "theirs").count()
    };
    let given = ours(&world);
    let done = world.run(&["reconcile", "--all", "--json"]).expect(6);
    assert!(done.stderr.contains("forgotten"), "{}", done.stderr);
    assert_eq!(done.json()[0]["gifts"]["held"], 6, "{}", done.stdout);
    world.issue_file(&file, "may", &[]).expect(6);
    assert_eq!(ours(&world), given);
    // Whole lists show to the same copy what was given, and the run goes on.
    world.sandbox.cap_lists(None);
    std::fs::copy(&copy, world.ledger()).unwrap();
    world.run(&["reconcile", "--all"]).expect(0);
    world.issue_file(&file, "may", &[]).expect(0);
    assert_eq!(ours(&world), given);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_audit_found_outlives_the_next_one() {
    // Goal: a mark that keeps a gift from being sent again is not lost before it is replaced. Method: gifts that are
    // made and then refused, found by a reconcile; then one that is killed as it begins, one that ends at an outage, and
    // a whole one of lists that hide the gifts since their customers spent them; last one where they are deleted.
    let mut world = World::new();
    let all = rows(4);
    for row in &all {
        world.sandbox.refuse_after_commit(row.wallet, RefusalKind::IsFailure200);
    }
    let file = world.file("may.csv", csv(&all));
    let done = world.issue_file(&file, "may", &[]).expect(6);
    assert_eq!((done.gifts("refused"), done.reconciled("unexpected")), (4, 4));
    let marked = |world: &World| world.run(&["status", "may", "--json"]).reconciled("unexpected");
    world.set("GIFTBATCH_CRASH_AT", "reconcile_beginning.after:1");
    let killed = world.run(&["reconcile", "may", "--json"]);
    assert!(killed.signal.is_some() || killed.code != 0, "{killed:?}");
    world.unset("GIFTBATCH_CRASH_AT");
    assert_eq!(marked(&world), 4);
    world.sandbox.set_outage(Outage::Unavailable);
    world.set("GIFTBATCH_GIVE_UP_AFTER", "1s");
    world.run(&["reconcile", "may", "--json"]).expect(6);
    assert_eq!(marked(&world), 4);
    world.sandbox.set_outage(Outage::None);
    let mut hides = FaultProfile::none();
    hides.hides_used = true;
    world.sandbox.set_profile(hides);
    let ids: Vec<_> = world.book().gifts.iter().map(|gift| gift.id).collect();
    for id in &ids {
        world.sandbox.mark_used(*id).unwrap();
    }
    world.run(&["reconcile", "may", "--json"]).expect(6);
    assert_eq!(marked(&world), 4, "they are there by their ids");
    let retry = ["retry", "may", "--yes", "--max-total", "100000000", "--json"];
    world.run(&retry);
    assert_eq!(world.book().gifts.len(), 4);
    world.sandbox.set_profile(FaultProfile::none());
    for id in &ids {
        world.sandbox.delete_gift(*id).unwrap();
    }
    world.run(&["reconcile", "may", "--json"]);
    assert_eq!(marked(&world), 0, "they are proved gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_tells_no_balances_ends_no_run_and_proves_nothing() {
    // Goal: one endpoint that is not the API's stops nobody, and what it would have proved is a person's. Method: a
    // proxy's 404, its 403 and a redirect instead of balances, answers that are lost before a gift is made; the run, and its book.
    for status in [404, 403, 302] {
        let world = World::new();
        world.sandbox.block(Endpoint::Balances, Some(status));
        world.sandbox.set_profile(FaultProfile::none().with(FaultKind::FinBeforeCommit, 3_000));
        let all = rows(12);
        let file = world.file("may.csv", csv(&all));
        let done = world.issue_file(&file, "may", &[]).expect(6);
        assert_eq!(done.gifts("issued") + done.gifts("held"), 12, "{}", done.stdout);
        assert!(done.gifts("held") > 0, "{}", done.stdout);
        assert_eq!(world.book().gifts.len() as u64, done.gifts("issued"));
        let held = world.run(&["gifts", "may", "--state", "held", "--json"]).expect(0);
        assert!(held.stdout.contains("its balance is not told"), "{}", held.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_behind_the_end_of_a_list_is_not_called_settled() {
    // Goal: an audit says of refused gifts what it knows, and no more. Method: cut lists, and behind their ends
    // a gift that was made and refused and one that was given, beside one that was refused only; then whole lists.
    let world = World::new();
    let all = rows(6)[..3].to_vec();
    for number in 0..3 {
        world.sandbox.seed_gift(foreign(number));
    }
    world.sandbox.refuse_after_commit(all[0].wallet, RefusalKind::Unprocessable422);
    world.sandbox.refuse_wallet(all[1].wallet, RefusalKind::Unprocessable422);
    world.sandbox.cap_lists(Some(1));
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(4);
    let done = world.run(&["reconcile", "may", "--json"]).expect(6);
    assert_eq!(done.reconciled("unexpected"), 0, "{}", done.stdout);
    // What was refused and is there, and what was given: both lists lack it.
    assert_eq!(done.reconciled("unread"), 2, "{}", done.stdout);
    world.sandbox.cap_lists(None);
    let done = world.run(&["reconcile", "may", "--json"]).expect(6);
    assert_eq!((done.reconciled("unexpected"), done.reconciled("unread")), (1, 0));
    assert_eq!(done.reconciled("matched"), 1, "{}", done.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_that_was_spent_stays_one() {
    // Goal: money that was given twice is not called settled because it was spent. Method: doubles that an audit names; their
    // customers spend them, and lists leave out what was used; then the provider deletes one.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(4)));
    world.issue_file(&file, "may", &[]).expect(0);
    let gifts = world.book().gifts;
    let doubles: Vec<_> =
        gifts[..2].iter().map(|gift| world.sandbox.double_gift(gift.id).unwrap()).collect();
    let reconciled = |world: &World, code: i32| {
        let done = world.run(&["reconcile", "may", "--json"]).expect(code);
        (done.reconciled("duplicated"), done.reconciled("matched"))
    };
    assert_eq!(reconciled(&world, 6), (2, 2));
    for double in &doubles {
        world.sandbox.mark_used(*double).unwrap();
    }
    let mut hiding = FaultProfile::none();
    hiding.hides_used = true;
    world.sandbox.set_profile(hiding);
    assert_eq!(reconciled(&world, 6), (2, 2));
    assert_eq!(reconciled(&world, 6), (2, 2));
    world.sandbox.delete_gift(doubles[0]).unwrap();
    assert_eq!(reconciled(&world, 6), (1, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_could_not_be_read_replaces_nothing_that_was_found() {
    // Goal: what is known of a wallet is not forgotten because one audit could not read it. Method: gifts that are made and
    // refused, found by an audit; one that reads no list; then their customers spend them, and lists hide that; a retry, and
    // the mended rows.
    let world = World::new();
    let all = rows(3);
    all.iter().for_each(|row| {
        world.sandbox.refuse_after_commit(row.wallet, RefusalKind::Unprocessable422);
    });
    let file = world.file("may.csv", csv(&all));
    let found = world.issue_file(&file, "may", &[]).expect(6);
    assert_eq!(found.reconciled("unexpected"), 3, "{}", found.stdout);
    world.sandbox.block(Endpoint::WalletGifts, Some(404));
    let done = world.run(&["reconcile", "may", "--json"]).expect(6);
    assert_eq!((done.reconciled("unexpected"), done.reconciled("unread")), (3, 0));
    world.sandbox.block(Endpoint::WalletGifts, None);
    for gift in world.book().gifts {
        world.sandbox.mark_used(gift.id).unwrap();
    }
    let mut hiding = FaultProfile::none();
    hiding.hides_used = true;
    world.sandbox.set_profile(hiding);
    all.iter().for_each(|row| world.sandbox.mend_wallet(row.wallet));
    world.run(&["retry", "may", "--yes", "--max-total", "100000"]);
    assert_eq!(world.book().gifts.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_that_read_no_list_is_no_look() {
    // Goal: a mended row takes the place of a refused one only where somebody has really looked for that. Method: gifts that
    // are made and refused, an audit that can read no list, and the export with other amounts; then one that can.
    let world = World::new();
    let all = rows(2);
    all.iter().for_each(|row| {
        world.sandbox.refuse_after_commit(row.wallet, RefusalKind::Unprocessable422);
    });
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(4);
    let (export, mended) = (world.path("refused.csv"), world.path("mended.csv"));
    let path = export.to_str().unwrap();
    world.run(&["export", "may", "--state", "refused", "-o", path]).expect(0);
    let text = std::fs::read_to_string(&export).unwrap();
    std::fs::write(&mended, text.replace("10.00", "20.00").replace("11.25", "21.25")).unwrap();
    let load = ["load", mended.to_str().unwrap(), "--campaign", "may"];
    world.run(&load).expect(7);
    world.sandbox.block(Endpoint::WalletGifts, Some(404));
    world.run(&["reconcile", "may"]).expect(6);
    world.sandbox.block(Endpoint::WalletGifts, None);
    world.run(&load).expect(7);
    world.run(&["reconcile", "may"]).expect(6);
    let done = world.run(&load);
    assert_ne!(done.code, 0, "they are there: {}", done.stderr);
}
