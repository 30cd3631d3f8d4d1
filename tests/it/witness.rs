//! Stories of the second witness: what the look-up of transactions keeps from happening, and what it costs.

use chrono::TimeDelta;
use giftbatch::sandbox::{Endpoint, FaultKind, FaultProfile, Transactions};

use crate::world::{World, csv, rows};

/// A third of the POSTs are reset before they do anything.
fn resets() -> FaultProfile {
    FaultProfile::none().with(FaultKind::ResetBeforeCommit, 3_000)
}

/// A world with a short settle window: nothing here is late.
fn world() -> World {
    let mut world = World::new();
    world.set("GIFTBATCH_SETTLE", "500ms");
    world
}

/// How often transactions were looked up.
fn looked_up(world: &World) -> u64 {
    world.sandbox.requests_of(Endpoint::Transactions)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_answer_is_asked_once() {
    // Goal: no request is wasted on a look-up that says nothing, and nothing becomes of its silence. Method: 30
    // gifts of whom some are reset, at providers without the endpoint, with one that shows none, and with one
    // that is far too late; then a campaign without a doubt.
    for transactions in
        [Transactions::NotServed, Transactions::Silent, Transactions::Late(TimeDelta::hours(1))]
    {
        let world = world();
        world.sandbox.set_transactions(transactions);
        world.sandbox.set_profile(resets());
        let file = world.file("may.csv", csv(&rows(30)));
        world.issue_file(&file, "may", &[]).expect(0);
        world.assert_given_exactly_once(&rows(30));
        assert!(world.sandbox.stats().fault(FaultKind::ResetBeforeCommit) > 0);
        assert_eq!(looked_up(&world), 1, "{transactions:?}");
        world.sandbox.set_profile(FaultProfile::none());
        let file = world.file("june.csv", csv(&rows(10)));
        world.issue_file(&file, "june", &["--allow-same-content"]).expect(0);
        assert_eq!(looked_up(&world), 1, "{transactions:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_that_is_always_one_too_many_ends() {
    // Goal: a limit of the look-up's own delays no run for ever. Method: 30 gifts of whom some are reset, where
    // every look-up is answered with 429; how often it was tried.
    let world = world();
    world.sandbox.set_transactions(Transactions::Throttled);
    world.sandbox.set_profile(resets());
    let file = world.file("may.csv", csv(&rows(30)));
    world.issue_file(&file, "may", &[]).expect(0);
    world.assert_given_exactly_once(&rows(30));
    assert!(world.sandbox.stats().fault(FaultKind::ResetBeforeCommit) > 0);
    assert_eq!(looked_up(&world), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_answers_lets_absent_gifts_be_sent_again() {
    // Goal: a witness that agrees with the list is no hindrance. Method: the same, with transactions that are
    // shown, and reads that fail now and then.
    let world = world();
    world.sandbox.set_profile(resets().with(FaultKind::ReadError, 1_000));
    let file = world.file("may.csv", csv(&rows(30)));
    world.issue_file(&file, "may", &[]).expect(0);
    world.assert_given_exactly_once(&rows(30));
    let resets = world.sandbox.stats().fault(FaultKind::ResetBeforeCommit);
    assert!(looked_up(&world) > resets, "{} for {resets} doubts", looked_up(&world));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_list_and_witness_disagree_a_person_is_told() {
    // Goal: a list that is later than the settle window gives nothing twice. Method: a campaign that is
    // given; then one whose answers are lost and whose gifts no list shows, while transactions do. What the
    // book has, what is said, and a person's word after it.
    let world = world();
    let file = world.file("may.csv", csv(&rows(6)));
    world.issue_file(&file, "may", &[]).expect(0);
    let mut late = FaultProfile::none()
        .with(FaultKind::ResetAfterCommit, 10_000)
        .with(FaultKind::LaggingList, 10_000);
    late.list_lag = std::time::Duration::from_secs(3_600);
    world.sandbox.set_profile(late);
    let file = world.file(
        "june.csv",
        "wallet_id,amount,expires_at,description\n\
        30bac1c0-ad6b-4c50-a52e-1b34f9b487a7,12.50,never,JUNE\n\
        40bac1c0-ad6b-4c50-a52e-1b34f9b487a7,12.50,never,JUNE\n",
    );
    let done = world.issue_file(&file, "june", &["--no-reconcile"]).expect(6);
    assert_eq!((done.gifts("held"), world.book().gifts.len()), (2, 8), "{done:?}");
    let gift = world.book().gifts.pop().expect("there are eight");
    let key = gift.reference.expect("ours").to_string();
    let story = world.run(&["show", &key]).expect(0).stdout;
    assert!(story.contains("carries its reference"), "{story}");
    assert!(story.contains(&gift.id.to_string()), "{story}");
    let id = gift.id.to_string();
    let note = ["--note", "asked the provider"];
    world.sandbox.set_profile(FaultProfile::none());
    let word = [&["resolve", &key, "--as", "issued", "--gift-id", &id][..], &note].concat();
    world.run(&word).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_lies_leaves_gifts_to_a_person() {
    // Goal: a false yes costs a person's time and no money. Method: transactions for every create that was
    // read, whatever became of it; who was reset is held, everybody else is given once.
    let world = world();
    let file = world.file("may.csv", csv(&rows(6)));
    world.sandbox.set_transactions(Transactions::Requests);
    world.issue_file(&file, "may", &[]).expect(0);
    world.sandbox.set_profile(resets());
    let file = world.file("june.csv", csv(&rows(12)));
    let done =
        world.issue_file(&file, "june", &["--no-reconcile", "--allow-same-content"]).expect(6);
    let resets = world.sandbox.stats().fault(FaultKind::ResetBeforeCommit);
    assert_eq!((done.gifts("held"), done.gifts("issued")), (resets, 12 - resets));
    assert_eq!(world.book().gifts.len() as u64, 18 - resets);
}
