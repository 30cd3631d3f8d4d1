//! Stories of a ledger that fails in the middle of a run: no room, no lock, no disk, no file.
//!
//! What holds in each: the run ends at once, with code 1 and a word on what failed and what mends it;
//! no request was sent whose intent is not in the ledger; and when the cause is gone, the same command
//! gives the rest, and nothing twice.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use giftbatch::ledger::{Ledger, Meanwhile};
use giftbatch::sandbox::{Endpoint, FaultProfile};
use sqlx::{Connection, SqliteConnection};
use tokio::runtime::Handle;

use crate::world::{Done, Row, Running, World, compiled, csv, output, rows, say, send};

/// Gifts of each story.
const GIFTS: u32 = 120;

const ISSUE: &[&str] = &["issue", "may", "--yes", "--max-total", "100000000", "--json"];

/// A campaign that is loaded, and a provider that takes its time, so that many requests are under way
/// when the ledger fails.
struct Story {
    /// The ledger's own disk, where it has one; taken away before the world that it is in.
    disk: Option<SmallDisk>,
    world: World,
    rows: Vec<Row>,
}

/// Makes the provider take so many milliseconds for each answer; a request has a second.
fn answers_after(world: &World, ms: u64) {
    let mut slow = FaultProfile::none();
    slow.latency = Duration::from_millis(ms);
    world.sandbox.set_profile(slow);
}

impl Story {
    fn new() -> Story {
        Story::at(World::new())
    }

    /// The same with the ledger on a small disk of its own; none where no such can be had.
    fn on_small_disk() -> Option<Story> {
        let mut world = World::new();
        let Some(disk) = SmallDisk::mount(world.path("disk")) else {
            say("skipped: no file system can be mounted here");
            return None;
        };
        let ledger = disk.0.join("ledger.db");
        world.set("GIFTBATCH_LEDGER", ledger.to_str().expect("plain characters"));
        Some(Story { disk: Some(disk), ..Story::at(world) })
    }

    fn disk(&self) -> &SmallDisk {
        self.disk.as_ref().expect("the story is on a small disk")
    }

    fn at(mut world: World) -> Story {
        answers_after(&world, 30);
        world.set("GIFTBATCH_SETTLE", "700ms");
        let rows = rows(GIFTS);
        let file = world.file("may.csv", csv(&rows));
        world.run(&["load", &file, "--campaign", "may"]).expect(0);
        Story { disk: None, world, rows }
    }

    /// Starts to give, and comes back in the middle.
    async fn begun(&self) -> Running {
        let mut child = self.world.start(ISSUE);
        let some = u64::from(GIFTS) / 4;
        self.world.until(&mut child, |stats| stats.requests_of(Endpoint::Create) >= some).await;
        // What the story does now comes before the end of the run, however busy the machine is.
        answers_after(&self.world, 600);
        child
    }

    fn posts(&self) -> u64 {
        self.world.sandbox.requests_of(Endpoint::Create)
    }

    /// Requests whose intent the ledger holds.
    fn intents(&self) -> u64 {
        let read = async {
            let ledger = Ledger::open(&self.world.ledger()).await.expect("the ledger opens again");
            let campaign = ledger.campaign("may").await.expect("it can be read");
            let campaign = campaign.expect("it was loaded").id;
            let gifts = ledger.gift_page(campaign, None, 0, 100_000).await.expect("it can be read");
            ledger.close().await;
            gifts.iter().map(|gift| gift.attempts.unsigned_abs()).sum()
        };
        tokio::task::block_in_place(|| Handle::current().block_on(read))
    }

    /// Holds a run against what must be true of each that its ledger failed; `words` name what failed
    /// and what mends it.
    #[track_caller]
    fn failed(&self, done: Done, words: &[&str]) {
        let done = done.expect(1);
        let document = done.json();
        assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
        assert!(done.stderr.contains("\nhint: "), "{}", done.stderr);
        assert_eq!((&document["status"], &document["exit_code"]), (&"failed".into(), &1.into()));
        let error = document["error"].to_string();
        for word in words {
            assert!(done.stderr.contains(word), "{word}: {}", done.stderr);
            assert!(error.contains(word), "{word}: {error}");
        }
    }

    /// That it failed in the middle of the run.
    fn was_giving(&self) {
        let (posts, all) = (self.posts(), self.rows.len() as u64);
        assert!((1..all).contains(&posts), "{posts} requests: it did not fail in the middle");
    }

    /// The cause is gone: the same command gives the rest.
    fn mended(&self) {
        let (posts, intents) = (self.posts(), self.intents());
        assert!(
            posts <= intents,
            "{posts} requests were sent, of which the ledger knows {intents}"
        );
        answers_after(&self.world, 30);
        self.world.run(ISSUE).expect(0);
        let found = self.world.run(&["reconcile", "may", "--json"]).expect(0);
        assert_eq!(found.reconciled("matched"), self.rows.len() as u64);
        self.world.assert_given_exactly_once(&self.rows);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_grow_ends_the_run() {
    // Goal: a limit on file sizes is an error like others, and kills nobody. Method: a limit that the
    // write-ahead log meets in the middle of a run.
    let story = Story::new();
    let limited = ["sh", "-c", "ulimit -f 600; exec \"$0\" \"$@\""];
    let done = story.world.run_under(&limited, ISSUE);
    story.failed(done, &["disk I/O error"]);
    story.was_giving();
    story.mended();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_finds_no_room_says_so_and_stores_nothing() {
    // Goal: the cause is told, and not that SQLite undid the load by itself. Method: a file that is
    // larger than the ledger may grow; then without the limit.
    let world = World::new();
    let all = rows(8_000);
    let file = world.file("may.csv", csv(&all));
    let load = ["load", &file, "--campaign", "may", "--json"];
    let limited = ["sh", "-c", "ulimit -f 600; exec \"$0\" \"$@\""];
    // Made before the limit: the steps that make the tables need room too.
    Ledger::open(&world.ledger()).await.expect("a ledger can be made").close().await;
    let done = world.run_under(&limited, &load).expect(1);
    assert!(done.stderr.contains("disk I/O error"), "{}", done.stderr);
    assert!(done.json()["error"].to_string().contains("ulimit -f"), "{}", done.stdout);
    world.run(&["status", "may"]).expect(2);
    assert_eq!(world.run(&load).expect(0).gifts("planned"), 8_000);
}

/// A file system of its own in memory, for who may mount one; taken away when it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where that is not permitted.
    fn mount(at: PathBuf) -> Option<SmallDisk> {
        fs::create_dir(&at).expect("a folder can be made");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=32m,mode=0700", "giftbatch-test"]).arg(&at);
        let is_mounted = output(&mut mount).is_ok_and(|output| output.status.success());
        is_mounted.then_some(SmallDisk(at))
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        use std::io::Write;
        let mut filler = fs::File::create(self.0.join("filler")).expect("a file can be made");
        while filler.write_all(&[0; 512]).is_ok() {}
    }

    fn remount(&self, how: &str) {
        let options = format!("remount,{how}");
        let done = output(Command::new("mount").args(["-o", &options]).arg(&self.0));
        assert!(done.expect("it was there before").status.success());
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("filler")).expect("it was made before");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What is still open must not keep the folder from being removed.
        let _ = output(Command::new("umount").arg("-l").arg(&self.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_ends_the_run() {
    // Goal: no room, no gift. Method: the ledger on a small disk of its own, which somebody fills in
    // the middle of a run.
    let Some(story) = Story::on_small_disk() else { return };
    let child = story.begun().await;
    story.disk().fill();
    story.failed(Done::wait(child), &["database or disk is full", "make room"]);
    story.was_giving();
    // With the disk still full the same command says so again, and sends nothing.
    let posts = story.posts();
    let again = story.world.run(ISSUE).expect(1);
    assert!(again.stderr.contains("make room"), "{}", again.stderr);
    assert_eq!(story.posts(), posts);
    story.disk().make_room();
    story.mended();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_cannot_be_written_to_sends_nothing() {
    // Goal: no intent, no gift. Method: a file system that was mounted again as read-only between the
    // load and the run.
    let Some(story) = Story::on_small_disk() else { return };
    story.disk().remount("ro");
    let done = story.world.run(ISSUE);
    story.failed(done, &["cannot open the ledger", "Read-only file system", "may be written to"]);
    assert_eq!(story.posts(), 0);
    story.disk().remount("rw");
    story.mended();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_writer_that_stays_ends_the_run() {
    // Goal: a ledger that cannot be written to is not waited for without end. Method: another program
    // begins to write in the middle of a run, and stays longer than the run is patient.
    let story = Story::new();
    let child = story.begun().await;
    let url = format!("sqlite://{}", story.world.ledger().display());
    let mut other = SqliteConnection::connect(&url).await.expect("anybody can open the file");
    let transaction = other.begin_with("BEGIN IMMEDIATE").await.expect("the run leaves gaps");
    story.failed(Done::wait(child), &["database is locked", "close it"]);
    story.was_giving();
    transaction.rollback().await.expect("nothing was written");
    other.close().await.expect("it can be closed");
    story.mended();
}

/// How a call on the write-ahead log fails.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy)]
struct Fault {
    /// `sync` or `write`.
    call: &'static str,
    errno: i32,
    /// Every later call too.
    is_for_ever: bool,
    words: [&'static str; 2],
}

/// Lets one call fail and holds what comes of it; how many requests had been sent by then, or none
/// where the run never came to that call.
#[cfg(target_os = "linux")]
fn fail_call(fault: Fault, at: u32) -> Option<u64> {
    let mut story = Story::new();
    let Some(shim) = compiled(&story.world.path(""), "tests/it/ledger_failure/shim.c") else {
        say("skipped: there is no C compiler here");
        return None;
    };
    let settings = [
        ("LD_PRELOAD", shim),
        ("SHIM_CALL", fault.call.to_owned()),
        ("SHIM_AT", at.to_string()),
        ("SHIM_ERRNO", fault.errno.to_string()),
        ("SHIM_EVER", i32::from(fault.is_for_ever).to_string()),
    ];
    for (name, value) in &settings {
        story.world.set(name, value);
    }
    let done = story.world.run(ISSUE);
    for (name, _) in &settings {
        story.world.unset(name);
    }
    let posts = story.posts();
    let failed = done.code != 0;
    if failed {
        story.failed(done, &fault.words);
    }
    story.mended();
    failed.then_some(posts)
}

#[cfg(target_os = "linux")]
const LOST_SYNC: Fault = Fault {
    call: "sync",
    errno: 5, // EIO
    is_for_ever: false,
    words: ["disk I/O error", "its disk failed"],
};
#[cfg(target_os = "linux")]
const LOST_WRITE: Fault = Fault { call: "write", is_for_ever: true, ..LOST_SYNC };
#[cfg(target_os = "linux")]
const NO_ROOM: Fault = Fault {
    call: "write",
    errno: 28, // ENOSPC
    is_for_ever: true,
    words: ["database or disk is full", "make room"],
};

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_the_disk_that_fails_ends_the_run() {
    // Goal: what could not be written or synced is not sent, and a sync that works later is not
    // believed: the system may have thrown the pages away. Method: one sync of the write-ahead log
    // fails, or its writes fail from one in the middle of a group on.
    for (fault, at) in [(LOST_SYNC, 6), (LOST_SYNC, 9), (NO_ROOM, 61), (LOST_WRITE, 88)] {
        let posts = fail_call(fault, at);
        assert!(posts.is_none_or(|posts| (1..u64::from(GIFTS)).contains(&posts)), "{posts:?}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: every sync, and every seventh write"]
async fn a_call_of_the_disk_that_fails_anywhere_ends_the_run() {
    // Goal: the same wherever it fails. Method: each sync and every seventh write in turn, until a
    // run never comes to it.
    for (fault, step) in [(LOST_SYNC, 1), (NO_ROOM, 7), (LOST_WRITE, 7)] {
        let calls = (1..).step_by(step);
        let failed = calls.map_while(|at| fail_call(fault, at).map(|posts| (at, posts)));
        let failed: Vec<(u32, u64)> = failed.collect();
        say(&format!(
            "{} {} failed: (call, requests by then) {failed:?}",
            failed.len(),
            fault.call
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_was_taken_away_ends_the_run() {
    // Goal: gifts that nobody would remember are not sent. Method: move the file away in the middle of
    // a run; put it back.
    let story = Story::new();
    let child = story.begun().await;
    let aside = story.world.path("aside.db");
    fs::rename(story.world.ledger(), &aside).expect("it can be moved");
    story.failed(Done::wait(child), &["removed or replaced", "put the very file back"]);
    story.was_giving();
    assert!(!story.world.ledger().exists(), "another ledger was made in its place");
    fs::rename(&aside, story.world.ledger()).expect("it can be moved back");
    story.mended();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_was_replaced_ends_the_run() {
    // Goal: the same for an old copy that is put in its place. Method: a copy of before the run takes
    // the name in its middle; then the true file is put back.
    let story = Story::new();
    let (old, kept) = (story.world.path("old.db"), story.world.path("kept.db"));
    fs::copy(story.world.ledger(), &old).expect("it can be copied");
    let child = story.begun().await;
    fs::hard_link(story.world.ledger(), &kept).expect("it can be linked");
    fs::rename(&old, story.world.ledger()).expect("it can be replaced");
    story.failed(Done::wait(child), &["removed or replaced", "put the very file back"]);
    story.was_giving();
    fs::rename(&kept, story.world.ledger()).expect("it can be put back");
    story.mended();
}

/// What a ledger knows: gifts by state.
async fn states(ledger: &Path) -> Vec<(String, u64)> {
    let ledger = Ledger::open(ledger).await.expect("the ledger opens");
    let campaign = ledger.campaign("may").await.expect("it can be read").expect("it was loaded").id;
    let states = ledger.tally(campaign, Meanwhile::Written).await.expect("it can be read");
    ledger.close().await;
    states.into_iter().map(|tally| (tally.state.to_string(), tally.gifts)).collect()
}

/// Where the last commit in a write-ahead log ends, and the marks of the frames that count.
fn last_commit(wal: &[u8]) -> (usize, [u8; 8]) {
    let number = |at: usize| u32::from_be_bytes(wal[at..at + 4].try_into().expect("four bytes"));
    let salt: [u8; 8] = wal[16..24].try_into().expect("eight bytes");
    let size = 24 + number(8) as usize;
    let frames = (32..).step_by(size).take_while(|at| at + size <= wal.len());
    let ours = frames.take_while(|at| wal[at + 8..at + 16] == salt);
    let commits = ours.filter(|at| number(at + 4) != 0);
    (commits.last().map_or(32, |at| at + size), salt)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_end_of_the_log_is_no_memory_and_no_hindrance() {
    // Goal: what was committed is there, and what was half written is not. Method: kill a run in the
    // middle; behind the last commit put noise, zeros, and a frame that claims to be a commit, each
    // cut at every so many bytes; the ledger knows the same. Then the campaign is finished on one.
    let story = Story::new();
    let child = story.begun().await;
    send("KILL", &child);
    Done::wait(child);
    let read = |name: &str| fs::read(story.world.path(name)).expect("it is there");
    let (file, wal) = (read("ledger.db"), read("ledger.db-wal"));
    let (end, salt) = last_commit(&wal);
    assert!(end > 32, "nothing was committed");
    let copy = story.world.path("copy.db");
    let with_tail = |tail: &[u8]| {
        fs::write(&copy, &file).expect("it can be written");
        let _ = fs::remove_file(story.world.path("copy.db-shm"));
        fs::write(story.world.path("copy.db-wal"), [&wal[..end], tail].concat()).expect("the same");
        states(&copy)
    };
    let known = with_tail(&[]).await;
    assert!(known.iter().any(|(state, _)| state == "issued"), "{known:?}");
    let noise: Vec<u8> =
        (0..9_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    // Page 2, a commit of 40 pages, the right marks; only its sum is wrong.
    let claim = [&[0, 0, 0, 2, 0, 0, 0, 40][..], &salt, &noise].concat();
    for tail in [&noise[..], &[0; 9_000], &claim] {
        for cut in (1..tail.len()).step_by(1_123) {
            assert_eq!(with_tail(&tail[..cut]).await, known, "a tail of {cut} bytes");
        }
    }
    fs::write(story.world.path("ledger.db-wal"), [&wal[..end], &claim].concat()).expect("the same");
    story.mended();
}
