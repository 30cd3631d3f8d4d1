//! Stories of revoking: what was given and not used is taken back, once, and nothing else is touched.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use giftbatch::clock;
use giftbatch::drive::Rules;
use giftbatch::interrupt::Interrupt;
use giftbatch::ledger::{Ledger, RunLock, RunNote};
use giftbatch::pace::Pace;
use giftbatch::provider::{Delivery, Loss, Method, Request, Sending, Transport, WalletClient};
use giftbatch::revoke::{Reach, Revocation, RevokeOptions, RevokeProgress, run_revoke};
use giftbatch::sandbox::{Endpoint, FaultProfile, Place, SandboxConfig, Stats};
use tokio::sync::watch;

use crate::world::{Done, World, csv, rows, send};

const YES: &[&str] = &["revoke", "may", "--json", "--yes", "--max-total", "100000000"];

/// A campaign that was given, and its file.
fn given(world: &World, count: u32) -> String {
    let file = world.file("may.csv", csv(&rows(count)));
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(0);
    file
}

fn left(world: &World) -> usize {
    world.book().gifts.iter().filter(|gift| !gift.deleted).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_is_taken_back_and_not_given_again() {
    // Goal: no gift is left, and no later run gives one again. Method: 60 gifts of 45 wallets, revoke them
    // twice, run the file again; the provider's book, its requests, the document.
    let world = World::new();
    let file = given(&world, 60);
    let done = world.run(YES).expect(0);
    assert_eq!((done.gifts("revoked"), done.gifts("issued"), left(&world)), (60, 0, 0));
    let json = done.json();
    assert_eq!((&json["command"], &json["status"]), (&"revoke".into(), &"complete".into()));
    assert_eq!(json["amounts"]["revoked"], json["amounts"]["total"]);
    assert_eq!(world.sandbox.requests_of(Endpoint::Delete), 60);
    world.run(YES).expect(0);
    let again = world.issue_file(&file, "may", &[]).expect(0);
    assert_eq!((again.gifts("revoked"), left(&world)), (60, 0));
    assert_eq!(world.sandbox.requests_of(Endpoint::Delete), 60, "nothing was asked twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_used_or_not_ours_stays() {
    // Goal: no customer loses what was used, and gifts of others are not touched. Method: ten gifts, of
    // which one is spent, one is spent in part, one is gone already and one has a double; what is said and
    // what the book has.
    let world = World::new();
    given(&world, 10);
    let book = world.book();
    world.sandbox.mark_used(book.gifts[1].id).unwrap();
    world.sandbox.spend(book.gifts[2].id, 100).unwrap();
    world.sandbox.delete_gift(book.gifts[3].id).unwrap();
    let double = world.sandbox.double_gift(book.gifts[4].id).unwrap();
    let done = world.run(YES).expect(4);
    assert_eq!((done.gifts("revoked"), done.gifts("issued")), (7, 3));
    let kept: Vec<_> = world.book().gifts.into_iter().filter(|gift| !gift.deleted).collect();
    let expected = [book.gifts[1].id, book.gifts[2].id, double];
    assert_eq!(kept.iter().map(|gift| gift.id).collect::<Vec<_>>(), expected);
    for words in ["3 gifts were left", "used: 0.00 of it is left", "list does not show it"] {
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_deleted_before_it_was_confirmed() {
    // Goal: no money moves by mistake. Method: no confirmation, a wrong plan, a limit that is too low; then
    // the plan's own id.
    let world = World::new();
    given(&world, 6);
    let plan = world.run(&["status", "may", "--json"]).expect(0).json()["plan"].clone();
    for args in [
        &["revoke", "may"][..],
        &["revoke", "may", "--yes"],
        &["revoke", "may", "--confirm", "00000000"],
        &["revoke", "may", "--yes", "--max-total", "1"],
    ] {
        world.run(args).expect(7);
    }
    assert_eq!((left(&world), world.sandbox.requests_of(Endpoint::Delete)), (6, 0));
    let plan = plan.as_str().expect("a plan has an id");
    world.run(&["revoke", "may", "--confirm", plan]).expect(0);
    assert_eq!(left(&world), 0);
    world.run(&["revoke", "june", "--confirm", plan]).expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_take_nothing_back() {
    // Goal: what was begun and not sent stands as before. Method: keys that are not taken any more, then
    // are.
    let world = World::new();
    given(&world, 6);
    world.sandbox.revoke_keys();
    let done = world.run(YES).expect(8);
    assert_eq!((done.gifts("issued"), done.gifts("revoking"), left(&world)), (6, 0, 6));
    assert!(done.stderr.contains("mend GIFTBATCH_API_KEY"), "{}", done.stderr);
    world.sandbox.restore_keys();
    world.run(YES).expect(0);
    assert_eq!(left(&world), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_that_is_killed_goes_on() {
    // Goal: after `kill -9` at any moment the same command finishes, and asks for nothing that is gone.
    // Method: 40 gifts at 60 requests a second; killed once some were deleted, again and again.
    let mut world = World::new();
    given(&world, 40);
    world.set("GIFTBATCH_RATE", "60");
    let mut deleted = 0;
    for goal in [3, 14, 27] {
        let mut child = world.start(YES);
        world.until(&mut child, |stats| stats.requests_of(Endpoint::Delete) >= goal).await;
        send("KILL", &child);
        Done::wait(child);
        let gone = 40 - left(&world);
        assert!(gone >= deleted);
        deleted = gone;
    }
    world.set("GIFTBATCH_RATE", "0");
    let done = world.run(YES).expect(0);
    assert_eq!((done.gifts("revoked"), left(&world)), (40, 0));
    let asked = world.sandbox.requests_of(Endpoint::Delete);
    assert!(asked <= 40 + 3 * 32, "{asked} deletes for 40 gifts");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_run_that_is_killed_soon_has_taken_something_back() {
    // Goal: who is killed again and again comes to the end all the same. Method: 12 wallets of which the first
    // six cannot be taken back, at a rate at which a run comes to few of them; each run is killed after ten
    // requests; how many that takes.
    let mut world = World::new();
    given(&world, 12);
    let spent: Vec<_> = world.book().gifts[..6].iter().map(|gift| gift.id).collect();
    for id in spent {
        world.sandbox.mark_used(id).unwrap();
    }
    world.set("GIFTBATCH_RATE", "20");
    for kill in 1.. {
        let asked = |stats: &Stats| {
            stats.requests_of(Endpoint::Delete) + stats.requests_of(Endpoint::WalletGifts)
        };
        let before = asked(&world.sandbox.stats());
        let mut child = world.start(YES);
        // The last of them may be done with fewer.
        child.counted_or_ended(&world.sandbox, |stats| asked(stats) >= before + 10).await;
        send("KILL", &child);
        Done::wait(child);
        if left(&world) == 6 {
            break;
        }
        assert!(kill < 6, "{} of 6 are left after {kill} kills", left(&world) - 6);
    }
    world.set("GIFTBATCH_RATE", "0");
    let done = world.run(YES).expect(4);
    assert_eq!((done.gifts("revoked"), done.gifts("issued"), left(&world)), (6, 6, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_says_what_is_revoked() {
    // Goal: what was begun can be ended without more being begun, and what no provider has is not asked for.
    // Method: a run that is killed after three deletes; what other commands say of that; `--state revoking`, each other
    // state, then `issued`.
    let mut world = World::new();
    let file = given(&world, 20);
    world.set("GIFTBATCH_RATE", "30").set("GIFTBATCH_CONCURRENCY", "2");
    let mut child = world.start(YES);
    world.until(&mut child, |stats| stats.requests_of(Endpoint::Delete) >= 3).await;
    send("KILL", &child);
    Done::wait(child);
    world.set("GIFTBATCH_RATE", "0");
    let go_on = "giftbatch revoke may goes on";
    for command in [
        &["issue", "may", "--json", "--yes", "--max-total", "1000000"][..],
        &["reconcile", "may", "--json"],
    ] {
        let told = world.run(command).expect(6).json();
        assert!(told["error"]["hint"].to_string().contains(go_on), "{told}");
    }
    let told = world.issue_file(&file, "may", &[]).expect(6).json();
    assert!(told["error"]["hint"].to_string().contains(go_on), "{told}");
    let told = world.run(&["status", "may"]).expect(0).stdout;
    assert!(told.contains("giftbatch revoke may") && !told.contains("complete"), "{told}");
    let with = |state: &'static str| [YES, &["--state", state]].concat();
    let ended = world.run(&with("revoking")).expect(0);
    assert_eq!(ended.gifts("revoking"), 0);
    assert_eq!(ended.gifts("revoked") as usize, 20 - left(&world));
    assert!(ended.gifts("issued") > 10, "nothing more was begun: {}", ended.stdout);
    world.run(&with("revoking")).expect(0);
    for (state, words) in [
        ("planned", "giftbatch cancel may"),
        ("in_doubt", "giftbatch issue may"),
        ("held", "a person resolves them"),
        ("refused", "the provider has none"),
        ("issued,revoked", "the provider has none"),
        ("spent", "--state"),
    ] {
        let done = world.run(&with(state)).expect(2);
        assert!(done.stderr.contains(words), "{state}: {}", done.stderr);
    }
    let done = world.run(&with("issued")).expect(0);
    assert_eq!((done.gifts("revoked"), left(&world)), (20, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn deletes_that_go_wrong_end_well() {
    // Goal: over the wire, too, each gift is taken back, whatever becomes of its delete. Method: 30 gifts, half of
    // whose deletes time out, are reset, fail or are throttled, before or after they were done, by a seed; the
    // command again while it says so.
    let world = World::with(SandboxConfig { seed: 3, ..SandboxConfig::default() });
    given(&world, 30);
    world.sandbox.set_profile(FaultProfile::none().with_all(Place::Delete, 700));
    let mut runs = 0;
    loop {
        runs += 1;
        let done = world.run(YES);
        if done.code == 0 {
            assert_eq!((done.gifts("revoked"), left(&world)), (30, 0), "seed 3, {runs} runs");
            break;
        }
        // 4: one whose deletes were lost too often in a row is left, for the next run.
        assert!([4, 5, 6].contains(&done.code) && runs < 10, "seed 3, run {runs}: {done:?}");
    }
    let stats = world.sandbox.stats();
    let struck = stats.faults.iter().filter(|(kind, _)| kind.place() == Place::Delete);
    assert!(struck.count() >= 4, "seed 3: {:?}", stats.faults);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_it_cleanly() {
    // Goal: Ctrl-C leaves nothing half done. Method: SIGINT in the middle; what stands as revoking, and
    // whether ledger and book agree.
    let mut world = World::new();
    given(&world, 40);
    world.set("GIFTBATCH_RATE", "60");
    let mut child = world.start(YES);
    world.until(&mut child, |stats| stats.requests_of(Endpoint::Delete) >= 5).await;
    send("INT", &child);
    let done = Done::wait(child).expect(130);
    assert!(done.gifts("issued") > 0 && done.gifts("issued") <= left(&world) as u64);
    world.set("GIFTBATCH_RATE", "0");
    world.run(YES).expect(0);
    assert_eq!(left(&world), 0);
}

#[cfg(debug_assertions)]
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_point_leaves_what_the_next_run_ends() {
    // Goal: there is no bad moment to die. Method: crash at every point that revoking comes to, at the
    // second hit too where there is one; what the ledger says then beside the book, and the same command
    // again.
    use giftbatch::crash::{CrashAt, Point, Step};
    for step in
        [Step::Beginning, Step::Naming, Step::Read, Step::Revoking, Step::Delete, Step::Ending]
    {
        let comes_again = matches!(step, Step::Read | Step::Revoking | Step::Delete);
        let hits = [(Point::Before(step), 1), (Point::After(step), 1), (Point::After(step), 2)];
        for (point, hit) in hits.into_iter().filter(|(_, hit)| *hit == 1 || comes_again) {
            let mut world = World::new();
            given(&world, 12);
            let at = CrashAt { point, hit }.to_string();
            world.set("GIFTBATCH_CRASH_AT", &at);
            world.run(YES).expect(-1);
            world.unset("GIFTBATCH_CRASH_AT");
            let stands = world.run(&["status", "may", "--json"]);
            let open = stands.gifts("revoking") + stands.gifts("issued");
            assert!(open >= left(&world) as u64, "{at}: {}", stands.stdout);
            let done = world.run(YES).expect(0);
            assert_eq!((done.gifts("revoked"), left(&world)), (12, 0), "{at}");
        }
    }
}

/// What becomes of one delete.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Done,
    /// It never reached the server.
    LostBefore,
    /// The gift is gone; the answer is not there.
    LostAfter,
    TooFast,
    /// It says that it is done, and does nothing.
    Lies,
    Declined,
}

/// A provider in the process: wallets with their gifts, and what becomes of the next deletes.
#[derive(Debug)]
struct Pretend {
    gifts: Mutex<HashMap<String, (String, String)>>,
    fates: Mutex<VecDeque<Fate>>,
    deletes: Mutex<u32>,
    /// Whether it says what is left of a gift.
    tells_use: bool,
}

impl Transport for Pretend {
    fn send(&self, request: Request) -> Sending {
        let delivery = match request.method {
            Method::Delete => self.delete(&request.body.expect("a delete has a body")),
            _ if request.url.path().contains("/by/wallet/") => self.list(request.url.path()),
            _ if request.url.path().ends_with("/balances") => self.balances(),
            _ => self.one(request.url.path()),
        };
        Box::pin(async { delivery })
    }
}

fn answered(status: u16, value: &str, is_success: bool) -> Delivery {
    let body = format!(
        r#"{{"Value":{value},"Errors":[],"IsSuccess":{is_success},"IsFailure":{}}}"#,
        !is_success
    );
    Delivery::Answered { status, date: None, retry_after: None, age: None, body: body.into_bytes() }
}

impl Pretend {
    fn list(&self, path: &str) -> Delivery {
        let wallet = path.rsplit('/').next().expect("a path has an end");
        let gifts = self.gifts.lock().expect("nobody panics");
        let shown = |(id, (of, amount)): (&String, &(String, String))| {
            (of == wallet).then(|| {
                let told = self.told(amount);
                format!(
                    r#"{{"Id":"{id}","WalletId":"{of}","Amount":{amount},"Description":"KUPON 0","ExpirationDate":null{told}}}"#
                )
            })
        };
        let shown: Vec<String> = gifts.iter().filter_map(shown).collect();
        answered(200, &format!("[{}]", shown.join(",")), true)
    }

    fn told(&self, amount: &str) -> String {
        if self.tells_use { format!(r#","RemainingAmount":{amount}"#) } else { String::new() }
    }

    /// It has one wallet at most.
    fn balances(&self) -> Delivery {
        let gifts = self.gifts.lock().expect("nobody panics");
        let gift = gifts.values().next().map_or("0", |(_, amount)| amount);
        let value = format!(
            r#"{{"WalletBalance":0,"TotalGiftBalance":{gift},"BlockedBalance":0,"TotalBalance":{gift},"AvailableBalance":{gift}}}"#
        );
        answered(200, &value, true)
    }

    fn one(&self, path: &str) -> Delivery {
        let id = path.rsplit('/').next().expect("a path has an end");
        let gifts = self.gifts.lock().expect("nobody panics");
        let Some((of, amount)) = gifts.get(id) else {
            return answered(404, "null", false);
        };
        let told = self.told(amount);
        let gift = format!(
            r#"{{"Id":"{id}","WalletId":"{of}","Amount":{amount},"Description":"KUPON 0","ExpirationDate":null{told}}}"#
        );
        answered(200, &gift, true)
    }

    fn delete(&self, body: &str) -> Delivery {
        *self.deletes.lock().expect("nobody panics") += 1;
        let id = body.split('"').nth(3).expect("an id").to_owned();
        let fate = self.fates.lock().expect("nobody panics").pop_front().unwrap_or(Fate::Done);
        if matches!(fate, Fate::Done | Fate::LostAfter) {
            self.gifts.lock().expect("nobody panics").remove(&id);
        }
        match fate {
            Fate::Done | Fate::Lies => answered(200, "true", true),
            Fate::Declined => answered(422, "null", false),
            Fate::TooFast => answered(429, "null", false),
            Fate::LostBefore | Fate::LostAfter => {
                Delivery::Lost { loss: Loss::TimedOut, why: "no answer".to_owned() }
            }
        }
    }
}

/// Revokes a campaign of one gift whose deletes meet these fates; what came of it, the state of the gift,
/// whether the provider still has it, and how many deletes were sent.
async fn revoke_one(fates: &[Fate], tells_use: bool) -> (Revocation, String, bool, u32) {
    let world = World::new();
    given(&world, 1);
    let book = world.book();
    let wallet = book.gifts[0].wallet.to_string();
    let has = (wallet, "10.00".to_owned());
    let provider = Arc::new(Pretend {
        gifts: Mutex::new(HashMap::from([(book.gifts[0].id.to_string(), has)])),
        fates: Mutex::new(fates.iter().copied().collect()),
        deletes: Mutex::new(0),
        tells_use,
    });
    let ledger = Ledger::open(&world.ledger()).await.expect("the ledger works");
    let clock = clock::system();
    let lock = RunLock::take(ledger.path(), "test", clock.now()).expect("the ledger works");
    let writer = ledger.writer(&lock).await.expect("the ledger works");
    let campaign =
        ledger.campaign("may").await.expect("the ledger works").expect("the ledger works");
    let (progress, _shown) = watch::channel(RevokeProgress::default());
    let base = world.sandbox.url().parse().expect("the ledger works");
    let options = RevokeOptions {
        note: RunNote::default(),
        client: WalletClient::over(provider.clone(), base, clock.clone()),
        rules: Rules {
            clock,
            interrupt: Interrupt::default(),
            patience: TimeDelta::seconds(20),
            deadline: None,
        },
        progress,
        window: TimeDelta::milliseconds(600),
        reach: Reach::Given,
    };
    let mut pace = Pace::new(0, 4);
    let (writer, done) = run_revoke(&ledger, writer, &mut pace, &campaign, 1, &options)
        .await
        .expect("the ledger works");
    writer.close().await.expect("the ledger works");
    let gift = &ledger.gift_page(campaign.id, None, 0, 1).await.expect("the ledger works")[0];
    assert_eq!(ledger.chain(None).await.expect("the ledger works").broken_at, None);
    let is_there = !provider.gifts.lock().expect("the ledger works").is_empty();
    let deletes = *provider.deletes.lock().expect("the ledger works");
    (done, gift.state.to_string(), is_there, deletes)
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_are_settled_by_the_list() {
    // Goal: what is called revoked is gone, and what is called issued is there, whatever answers come.
    // Method: one gift whose deletes are lost before or after they were done, asked to slow down, declined,
    // or answered with a lie; the ledger's word beside the provider's.
    use Fate::{Declined, Done, Lies, LostAfter, LostBefore, TooFast};
    for (fates, state, deletes) in [
        (&[Done][..], "revoked", 1),
        (&[LostAfter], "revoked", 1),
        (&[LostBefore, Done], "revoked", 2),
        (&[LostBefore, LostBefore, LostAfter], "revoked", 3),
        (&[TooFast, Done], "revoked", 2),
        (&[LostBefore; 9], "issued", 5),
        (&[Declined], "issued", 1),
        (&[Lies], "issued", 1),
    ] {
        let (done, stands, is_there, asked) = revoke_one(fates, true).await;
        assert_eq!((stands.as_str(), asked), (state, deletes), "{fates:?}");
        assert_eq!(is_there, state == "issued", "{fates:?}");
        assert_eq!((done.revoked, done.left), (u64::from(!is_there), u64::from(is_there)));
        assert_eq!(done.ended, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_says_anything_of_is_left() {
    // Goal: a gift that may have been used is not deleted. Method: a list that says neither whether it was used nor what
    // is left of it.
    let (done, stands, is_there, asked) = revoke_one(&[Fate::Done], false).await;
    assert_eq!((stands.as_str(), is_there, asked), ("issued", true, 0));
    assert_eq!((done.revoked, done.left), (0, 1));
    let why = done.named[0].why.to_string();
    assert_eq!(why, "the provider does not say whether it was used");
}
