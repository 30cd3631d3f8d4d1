//! Stories of gifts too many: what an audit named is taken back, and nothing else, whatever happens meanwhile.

use chrono::{TimeDelta, Utc};
use giftbatch::sandbox::{
    BookGift, Endpoint, FaultProfile, Place, SandboxConfig, SeedGift, Source,
};
use serde_json::Value;
use uuid::Uuid;

use crate::world::{Done, Row, World, csv, rows, send};

/// Takes back what is proven to be ours.
const YES: &[&str] =
    &["revoke", "may", "--duplicates", "--json", "--yes", "--max-total", "100000000"];

/// Takes back what only looks like ours, too.
const ALIKE: &[&str] = &[
    "revoke",
    "may",
    "--duplicates",
    "--look-alikes",
    "--json",
    "--yes",
    "--max-total",
    "100000000",
];

/// A world whose provider shows our references.
fn echoing() -> World {
    World::with(SandboxConfig { echo_references: true, ..SandboxConfig::default() })
}

/// A campaign whose gifts were given, in the order of its file: no wallet has two of them.
fn given(world: &World, count: u32) -> Vec<BookGift> {
    let rows: Vec<_> = rows(count * 2).into_iter().take(count as usize).collect();
    let file = world.file("may.csv", csv(&rows));
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(0);
    let mut gifts = world.book().gifts;
    gifts.sort_by_key(|gift| rows.iter().position(|row| row.wallet == gift.wallet));
    gifts
}

/// What the provider still has.
fn there(world: &World) -> Vec<BookGift> {
    world.book().gifts.into_iter().filter(|gift| !gift.deleted).collect()
}

/// Doubles that the provider still has.
fn doubles(world: &World) -> usize {
    there(world).iter().filter(|gift| matches!(gift.source, Source::Doubled { .. })).count()
}

fn deletes(world: &World) -> u64 {
    world.sandbox.requests_of(Endpoint::Delete)
}

/// Why a gift was left, by the document.
fn why(document: &Value, id: Uuid) -> String {
    let named = document["surplus"]["named"].as_array().expect("an array").iter();
    let told = named.filter(|gift| gift["remote_id"] == id.to_string()).map(|gift| &gift["why"]);
    told.map(|why| why.as_str().expect("a text").to_owned()).collect::<Vec<_>>().join("|")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_many_is_taken_back_and_the_gifts_stay() {
    // Goal: the command that the finding names mends it, once, and tells what it does first. Method: ten gifts, one
    // doubled twice and one once, a reconcile, the command unconfirmed, with too low a limit, confirmed, and again;
    // the book, the document, the story of a gift, the next reconcile, the check of the ledger.
    let world = echoing();
    let book = given(&world, 10);
    for place in [3, 3, 7] {
        world.sandbox.double_gift(book[place].id).unwrap();
    }
    let found = world.run(&["reconcile", "may", "--json"]).expect(6).json();
    let kinds = found["audit"]["findings"].as_array().expect("findings");
    let commands = &kinds[0]["commands"];
    assert_eq!(commands[1], "giftbatch revoke may --duplicates", "{commands}");
    let asked = world.run(&["revoke", "may", "--duplicates"]).expect(7);
    for words in
        ["3 gifts too many", "3 proven to be ours, 0 only by their looks", "it has our reference"]
    {
        assert!(asked.stderr.contains(words), "{words}: {}", asked.stderr);
    }
    world.run(&["revoke", "may", "--duplicates", "--yes"]).expect(7);
    world.run(&["revoke", "may", "--duplicates", "--yes", "--max-total", "1"]).expect(7);
    world.run(&["revoke", "may", "--duplicates", "--confirm", "000000000000"]).expect(7);
    assert_eq!((deletes(&world), doubles(&world)), (0, 3));

    let done = world.run(YES).expect(0);
    assert_eq!((done.gifts("issued"), done.gifts("revoked")), (10, 0));
    let surplus = &done.json()["surplus"];
    let figures = ["found", "revoked", "left", "unread"].map(|word| surplus[word].as_u64());
    assert_eq!(figures, [3, 3, 0, 0].map(Some), "{surplus}");
    let money = 2 * book[3].amount_minor + book[7].amount_minor;
    assert_eq!(surplus["amount"], format!("{}.{:02}", money / 100, money % 100));
    assert_eq!(surplus["proposed"][0]["proof"], "reference");
    let mut left: Vec<_> = there(&world).iter().map(|gift| gift.id).collect();
    let mut own: Vec<_> = book.iter().map(|gift| gift.id).collect();
    left.sort_unstable();
    own.sort_unstable();
    assert_eq!(left, own);
    assert_eq!(deletes(&world), 3);
    let stands = world.run(&["status", "may", "--json"]).expect(0);
    let figures = ["matched", "duplicated"].map(|word| stands.reconciled(word));
    assert_eq!(figures, [10, 0], "what was taken back is no finding any more");
    assert_eq!(stands.json()["audit"]["findings"].as_array().map(Vec::len), Some(0));

    world.run(YES).expect(0);
    assert_eq!(deletes(&world), 3, "nothing was asked twice");
    let key = surplus["proposed"][0]["key"].as_str().expect("a text").to_owned();
    let story = world.run(&["show", &key, "--json"]).expect(0).json();
    let lines = story["history"].as_array().expect("lines");
    let words: Vec<_> = lines.iter().map(|line| line["word"].as_str().expect("a word")).collect();
    assert_eq!(words[..2], ["started", "confirmed"], "{words:?}");
    assert!(words[2..].iter().filter(|word| **word == "surplus_gone").count() >= 1, "{words:?}");
    let told = world.run(&["show", &key]).expect(0).stdout;
    assert!(told.contains("one too many like it was taken back"), "{told}");
    let after = world.run(&["reconcile", "may", "--json"]).expect(0);
    assert_eq!(after.reconciled("matched"), 10);
    world.run(&["ledger", "verify"]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_looks_like_ours_needs_a_word_more() {
    // Goal: a gift that may be a stranger's is not deleted by the plain command. Method: a provider that shows no
    // references, with a double and a stranger's gift of the same content; without and with the word; then tagged
    // gifts, which need none.
    let world = World::new();
    let book = given(&world, 6);
    let double = world.sandbox.double_gift(book[1].id).unwrap();
    let like = &book[2];
    let stranger = world.sandbox.seed_gift(SeedGift {
        wallet: like.wallet,
        amount_minor: like.amount_minor,
        expires_at: like.expires_at,
        description: like.description.clone(),
        reference: None,
        created_at: Utc::now(),
    });
    world.run(&["reconcile", "may"]).expect(6);
    let kept = world.run(YES).expect(4).json();
    for id in [double, stranger] {
        assert!(why(&kept, id).contains("--look-alikes"), "{kept}");
    }
    assert_eq!((deletes(&world), there(&world).len()), (0, 8));
    let shown = world.run(&["revoke", "may", "--duplicates", "--look-alikes"]).expect(7).stderr;
    assert!(shown.contains("0 proven to be ours, 2 only by their looks"), "{shown}");
    world.run(ALIKE).expect(0);
    assert_eq!((deletes(&world), there(&world).len()), (2, 6));
    world.run(&["reconcile", "may"]).expect(0);

    let world = World::new();
    let file = world.file("may.csv", csv(&rows(4)));
    world.issue_file(&file, "may", &["--tag", "--no-reconcile"]).expect(0);
    world.sandbox.double_gift(world.book().gifts[0].id).unwrap();
    world.run(&["reconcile", "may"]).expect(6);
    let done = world.run(YES).expect(0).json();
    assert_eq!(done["surplus"]["proposed"][0]["proof"], "tag", "{done}");
    assert_eq!(doubles(&world), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_not_surely_too_many_stays() {
    // Goal: nobody loses what was used, nor the only gift that they have. Method: doubles of which, after the
    // reconcile, one is spent, one spent in part, one gone; doubles of gifts of which one is gone since and one was
    // changed; and one that is as it was. The reasons, the book.
    let world = echoing();
    let book = given(&world, 8);
    let double = |place: usize| world.sandbox.double_gift(book[place].id).unwrap();
    let [spent, part, gone, alone, changed, plain] = [0, 1, 2, 3, 4, 5].map(double);
    let twice = double(5);
    world.run(&["reconcile", "may"]).expect(6);
    world.sandbox.mark_used(spent).unwrap();
    world.sandbox.spend(part, 1).unwrap();
    world.sandbox.delete_gift(gone).unwrap();
    world.sandbox.delete_gift(book[3].id).unwrap();
    world.sandbox.change_gift(book[4].id, book[4].amount_minor + 1, book[4].expires_at).unwrap();
    // The customer used the gift that is ours: the one too many is too many all the same.
    world.sandbox.spend(book[5].id, 100).unwrap();
    let done = world.run(YES).expect(4).json();
    for (id, words) in [
        (spent, "used: 0.00"),
        (part, "used: "),
        (gone, "does not show it"),
        (alone, "not in the list as it should be"),
        (changed, "not in the list as it should be"),
    ] {
        assert!(why(&done, id).contains(words), "{words}: {done}");
    }
    let left: Vec<_> = there(&world).iter().map(|gift| gift.id).collect();
    assert!([spent, part, alone, changed].iter().all(|id| left.contains(id)), "{done}");
    assert!([plain, twice].iter().all(|id| !left.contains(id)), "{done}");
    assert_eq!((done["surplus"]["revoked"].as_u64(), deletes(&world)), (Some(2), 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_ledger_counts_is_no_double() {
    // Goal: no gift of ours is deleted because another wallet's list shows it too, as after a merge of wallets. Method:
    // two doubles that a reconcile names; then a gift of another campaign in another wallet is known by the id of one.
    let world = echoing();
    let book = given(&world, 2);
    let doubles: Vec<_> =
        book.iter().map(|gift| world.sandbox.double_gift(gift.id).unwrap()).collect();
    world.run(&["reconcile", "may"]).expect(6);
    let row = Row { description: "HAZIRAN".into(), ..rows(9).remove(8) };
    let file = world.file("june.csv", csv(&[row]));
    world.issue_file(&file, "june", &["--no-reconcile"]).expect(0);
    let other = rusqlite::Connection::open(world.ledger()).expect("anybody can open the file");
    let claim = "update gift set gift_id = ?1 where campaign_id = (select id from campaign where name = 'june')";
    other.execute(claim, [doubles[0].as_bytes()]).expect("the ledger is not in use");
    drop(other);
    let done = world.run(ALIKE).expect(4).json();
    assert!(why(&done, doubles[0]).contains("a gift which the ledger counts"), "{done}");
    let left: Vec<_> = there(&world).iter().map(|gift| gift.id).collect();
    assert!(left.contains(&doubles[0]) && !left.contains(&doubles[1]), "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_that_is_spent_meanwhile_is_not_revoked() {
    // Goal: what a customer spent is not called taken back, though the list hides it. Method: the command is killed
    // once its intents are written; the doubles are spent, lists hide what was used, and the command runs again.
    let mut world = echoing();
    world.set("GIFTBATCH_SETTLE", "1s");
    let book = given(&world, 2);
    let doubles = [0, 1].map(|place| world.sandbox.double_gift(book[place].id).unwrap());
    world.run(&["reconcile", "may"]).expect(6);
    world.set("GIFTBATCH_CRASH_AT", "revoking.after:1");
    world.run(YES).expect(-1);
    world.unset("GIFTBATCH_CRASH_AT");
    assert_eq!(deletes(&world), 0);
    for double in &doubles {
        world.sandbox.mark_used(*double).unwrap();
    }
    let mut hides = FaultProfile::none();
    hides.hides_used = true;
    world.sandbox.set_profile(hides);
    let done = world.run(YES).expect(4).json();
    assert_eq!((done["surplus"]["revoked"].as_u64(), deletes(&world)), (Some(0), 0), "{done}");
    // The intents of one may have been written before those of the other.
    let told = doubles.map(|double| why(&done, double));
    assert!(told.iter().any(|why| why.contains("used")), "{done}");
    assert!(told.iter().all(|why| why.contains("used") || why.contains("not show it")), "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twins_none_may_be_short() {
    // Goal: a customer who is to have two alike has two. Method: two identical rows, doubled once; one of the two goes
    // after the reconcile, so that two are left; then without that.
    for is_short in [true, false] {
        let world = World::new();
        let row: Row = rows(1).remove(0);
        let file = world.file("may.csv", csv(&[row.clone(), row]));
        world.issue_file(&file, "may", &["--allow-duplicates", "--no-reconcile"]).expect(0);
        let book = world.book().gifts;
        world.sandbox.double_gift(book[0].id).unwrap();
        world.run(&["reconcile", "may"]).expect(6);
        if is_short {
            world.sandbox.delete_gift(book[1].id).unwrap();
        }
        world.run(ALIKE).expect(if is_short { 4 } else { 0 });
        assert_eq!((there(&world).len(), deletes(&world)), (2, u64::from(!is_short)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_believes_only_a_late_audit_that_read_every_wallet() {
    // Goal: nothing is deleted for what was found long ago, or in part. Method: no reconcile, one that was not
    // answered, one of two days ago, one of now; wrong words on the command line.
    let world = echoing();
    let book = given(&world, 3);
    world.sandbox.double_gift(book[0].id).unwrap();
    let refused = |words: &str| {
        let done = world.run(YES).expect(7);
        assert!(done.stderr.contains(words), "{}", done.stderr);
        assert!(done.stderr.contains("giftbatch reconcile may first"), "{}", done.stderr);
    };
    refused("has read every wallet yet");
    world.sandbox.revoke_keys();
    // Nobody has read what was given yet, which needs a look before the keys do.
    world.run(&["reconcile", "may"]).expect(6);
    world.sandbox.restore_keys();
    refused("has read every wallet yet");
    world.run(&["reconcile", "may"]).expect(6);
    let other = rusqlite::Connection::open(world.ledger()).expect("anybody can open the file");
    let days = TimeDelta::days(2).num_milliseconds();
    let back = "update reconciliation set started_at_ms = started_at_ms - ?1, ended_at_ms = ended_at_ms - ?1";
    other.execute(back, [days]).expect("the ledger is not in use");
    drop(other);
    refused("is older than a day");
    assert_eq!(deletes(&world), 0);
    world.run(&["reconcile", "may"]).expect(6);
    for wrong in [
        &["revoke", "may", "--look-alikes"][..],
        &["revoke", "may", "--duplicates", "--state", "issued"],
        &["revoke", "june", "--duplicates"],
    ] {
        world.run(wrong).expect(2);
    }
    world.run(YES).expect(0);
    assert_eq!(doubles(&world), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_and_wrong_keys_end_well() {
    // Goal: what is said to be taken back is gone, and only that. Method: 30 doubles, half of whose deletes go wrong
    // before or after they were done, by a seed; before that, keys that are not taken; the command again while it
    // says so.
    let world =
        World::with(SandboxConfig { seed: 5, echo_references: true, ..SandboxConfig::default() });
    let book = given(&world, 30);
    for gift in &book {
        world.sandbox.double_gift(gift.id).unwrap();
    }
    world.run(&["reconcile", "may"]).expect(6);
    world.sandbox.revoke_keys();
    world.run(YES).expect(8);
    world.sandbox.restore_keys();
    world.sandbox.set_profile(FaultProfile::none().with_all(Place::Delete, 700));
    let mut taken = 0;
    for run in 1.. {
        let done = world.run(YES);
        taken += done.json()["surplus"]["revoked"].as_u64().expect("a count");
        assert_eq!(doubles(&world) as u64, 30 - taken, "seed 5, run {run}: {done:?}");
        if done.code == 0 {
            break;
        }
        assert!([4, 5, 6].contains(&done.code) && run < 10, "seed 5, run {run}: {done:?}");
    }
    assert_eq!((taken, there(&world).len()), (30, 30), "seed 5");
    let stats = world.sandbox.stats();
    let struck = stats.faults.iter().filter(|(kind, _)| kind.place() == Place::Delete);
    assert!(struck.count() >= 4, "seed 5: {:?}", stats.faults);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_interrupted_it_goes_on() {
    // Goal: after `kill -9` or Ctrl-C at any moment the same command ends it, also where the audit is an old one by
    // then. Method: 30 doubles at 30 requests a second; killed and interrupted in the middle of its deletes; the
    // audit made old; what was begun is ended, and no more than that; a new audit, and the rest.
    let mut world = echoing();
    let book = given(&world, 30);
    for gift in &book {
        world.sandbox.double_gift(gift.id).unwrap();
    }
    world.run(&["reconcile", "may"]).expect(6);
    world.set("GIFTBATCH_RATE", "30");
    let mut before = 0;
    for signal in ["KILL", "INT", "KILL"] {
        let goal = deletes(&world) + 3;
        let mut child = world.start(YES);
        world.until(&mut child, |stats| stats.requests_of(Endpoint::Delete) >= goal).await;
        send(signal, &child);
        let done = Done::wait(child);
        assert!(signal == "KILL" || done.code == 130, "{done:?}");
        assert!(there(&world).len() >= 30 && 30 - doubles(&world) > before);
        before = 30 - doubles(&world);
    }
    world.set("GIFTBATCH_RATE", "0");
    let other = rusqlite::Connection::open(world.ledger()).expect("anybody can open the file");
    let count = "select count(*) from surplus where ended_at_ms is null";
    let begun: u32 = other.query_row(count, [], |row| row.get(0)).expect("a table");
    let begun = begun as usize;
    other.execute("update reconciliation set ended_at_ms = 1", []).expect("nobody is at it");
    drop(other);
    assert!(begun > 0, "the last kill left nothing open");
    let gone = 30 - doubles(&world);
    let ended = world.run(YES).expect(0);
    assert!(ended.stderr.contains("only what was begun is ended"), "{}", ended.stderr);
    let now = 30 - doubles(&world);
    assert!(now >= gone && now <= gone + begun && now < 30, "{gone}, {begun}, {now}");
    world.run(&["reconcile", "may"]).expect(6);
    world.run(YES).expect(0);
    let mut left: Vec<_> = there(&world).iter().map(|gift| gift.id).collect();
    let mut own: Vec<_> = book.iter().map(|gift| gift.id).collect();
    left.sort_unstable();
    own.sort_unstable();
    assert_eq!(left, own);
    world.run(&["reconcile", "may"]).expect(0);
    world.run(&["ledger", "verify"]).expect(0);
}

#[cfg(debug_assertions)]
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_point_leaves_what_the_next_run_ends() {
    // Goal: there is no bad moment to die. Method: crash at every point that it comes to, at later hits too where
    // there are some; the book, and the same command again.
    use giftbatch::crash::{CrashAt, Point, Step};
    for step in
        [Step::Beginning, Step::Naming, Step::Read, Step::Revoking, Step::Delete, Step::Ending]
    {
        // The wallets are read before it is confirmed, before deletes and after them.
        let hits: &[u64] = match step {
            Step::Read => &[1, 5, 9],
            Step::Revoking | Step::Delete => &[1, 2],
            _ => &[1],
        };
        let points = [Point::Before(step), Point::After(step)];
        for (point, hit) in
            points.into_iter().flat_map(|point| hits.iter().map(move |hit| (point, *hit)))
        {
            let mut world = echoing();
            let book = given(&world, 5);
            for gift in &book[..4] {
                world.sandbox.double_gift(gift.id).unwrap();
            }
            world.run(&["reconcile", "may"]).expect(6);
            let at = CrashAt { point, hit }.to_string();
            world.set("GIFTBATCH_CRASH_AT", &at);
            world.run(YES).expect(-1);
            world.unset("GIFTBATCH_CRASH_AT");
            assert!(there(&world).len() >= 5, "{at}");
            world.run(YES).expect(0);
            let own: Vec<_> = there(&world).iter().map(|gift| gift.source).collect();
            assert_eq!((own.len(), doubles(&world)), (5, 0), "{at}: {own:?}");
            let after = world.run(&["reconcile", "may", "--json"]).expect(0);
            assert_eq!(after.reconciled("matched"), 5, "{at}");
        }
    }
}
