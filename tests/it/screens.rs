//! Stories of what people look at on a terminal: tables that fit, a run that goes on, a ledger that is not there.

use std::fs::File;
use std::io::Read;

use giftbatch::ledger::Ledger;
use giftbatch::sandbox::{Endpoint, RefusalKind};
use nix::pty::{Winsize, openpty};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::world::{Done, World, csv, rows, send, wallet};

/// What a command shows on a terminal of so many columns.
fn on_screen(world: &World, columns: u16, args: &[&str]) -> String {
    let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let terminal = openpty(Some(&size), None).expect("a terminal can be had");
    let mut child = world.start_on(args, terminal.slave);
    // At its end a terminal that nobody writes to any more is an error, and not an end.
    let (shown, read) = child.until_read(|| {
        let mut shown = Vec::new();
        let read = File::from(terminal.master).read_to_end(&mut shown);
        (shown, read)
    });
    let done = Done::wait(child).expect(0);
    let shown = String::from_utf8_lossy(&shown).replace("\r\n", "\n");
    assert!(!shown.is_empty(), "{args:?}: {read:?} {}", done.stderr);
    shown
}

fn assert_fits(shown: &str, columns: usize, what: &str) {
    for line in shown.lines().filter(|line| !line.starts_with("next: ")) {
        assert!(line.width() <= columns, "{what} on {columns}: {line:?}\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'), "{what}: {shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_fit_the_screen_and_a_pipe_gets_all_of_them() {
    // Goal: at 80 columns nothing overruns and no key or amount is cut; in a pipe nothing is folded or
    // shortened. Method: a campaign with wide signs, long texts and refusals, every command that shows a table,
    // on real terminals of 80 and 140 columns; then the same in a pipe.
    let world = World::new();
    let mut all = rows(8);
    for row in &mut all {
        row.description = format!(
            "{}: 黄金 🎁 İyi ki varsınız; her gün yeni bir hediye, tüm şubelerde",
            row.description
        );
    }
    let file = world.file(
        "may.csv",
        csv(&all).replace(",KUPON", ",\"KUPON").replace("şubelerde", "şubelerde\""),
    );
    world.sandbox.refuse_wallet(wallet(2), RefusalKind::NotFound404);
    let done = world.issue_file(&file, "may-drop-of-the-spring-for-all-branches", &[]).expect(4);
    let campaign = "may-drop-of-the-spring-for-all-branches";
    let listed = world.run(&["gifts", campaign, "--json"]).expect(0).json();
    let gifts = listed.as_array().expect("an array");
    let key = gifts[2]["key"].as_str().expect("a key");
    let (refused, given) = (wallet(2).to_string(), wallet(0).to_string());
    let first = gifts[0]["key"].as_str().expect("a key");
    let commands: [&[&str]; 9] = [
        &["show", first],
        &["gifts", campaign],
        &["show", key],
        &["show", &refused],
        &["status"],
        &["status", campaign],
        &["report", campaign],
        &["ledger", "info"],
        &["wallet", &given],
    ];
    for columns in [80, 140] {
        for args in commands {
            let shown = on_screen(&world, columns, args);
            assert_fits(&shown, columns.into(), args[0]);
        }
        let table = on_screen(&world, columns, &["gifts", campaign]);
        for gift in gifts {
            for field in ["key", "amount", "state"] {
                let text = gift[field].as_str().expect("a text");
                assert!(table.contains(text), "{field} {text} on {columns}: {table}");
            }
        }
    }
    let piped = world.run(&["gifts", campaign]).expect(0).stdout;
    assert_eq!(piped.lines().count(), gifts.len() + 1, "{piped}");
    for (line, gift) in piped.lines().skip(1).zip(gifts) {
        for field in ["key", "wallet_id", "amount", "description"] {
            assert!(line.contains(gift[field].as_str().expect("a text")), "{field}: {line}");
        }
    }
    let text = world.run(&["status", campaign]).expect(0).stdout;
    assert!(
        text.lines()
            .next()
            .is_some_and(|line| line.ends_with("not reconciled yet") || line.width() > 80)
    );
    assert_eq!(done.gifts("refused"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_tells_what_was_asked_and_answered_and_when() {
    // Goal: a person follows a gift in local time, with how long the provider took. Method: a gift that was given
    // and one that was refused, in two zones; the same for programs.
    let mut world = World::new();
    world.sandbox.refuse_wallet(wallet(1), RefusalKind::NotFound404);
    let file = world.file("may.csv", csv(&rows(3)));
    world.issue_file(&file, "may", &[]).expect(4);
    let listed = world.run(&["gifts", "may", "--json"]).expect(0).json();
    let key = |place: usize| listed[place]["key"].as_str().expect("a key").to_owned();
    for (zone, offset) in [("Europe/Istanbul", " +03 "), ("Asia/Kolkata", " +05:30 ")] {
        world.set("GIFTBATCH_TZ", zone);
        let told = world.run(&["show", &key(0)]).expect(0).stdout;
        let words =
            ["the intent to give 10.00, expiry 2036-12-31T", "the provider answered", " ms)", zone];
        for word in words.iter().chain([&offset]) {
            assert!(told.contains(word), "{word}: {told}");
        }
    }
    let story = world.run(&["show", &key(1), "--json"]).expect(0).json();
    let history = story["history"].as_array().expect("a history");
    assert!(history[0]["took_ms"].is_null() && history[0]["word"] == "started", "{story}");
    assert!(history.last().is_some_and(|line| line["took_ms"].as_u64().is_some()), "{story}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_goes_on_is_told_from_one_that_was_killed() {
    // Goal: who looks at a live run is not told to start another. Method: a slow run, looked at in its middle, in
    // every form that names it; then killed, and looked at again.
    let mut world = World::new();
    world.set("GIFTBATCH_RATE", "40");
    let idle = world.file("june.csv", csv(&rows(2)).replace("KUPON", "JUNE"));
    world.run(&["load", &idle, "--campaign", "june"]).expect(0);
    let file = world.file("may.csv", csv(&rows(4_000)));
    let args = ["run", &file, "--campaign", "may drop", "--yes", "--max-total", "100000000", "-q"];
    let mut child = world.start(&args);
    world.until(&mut child, |stats| stats.requests_of(Endpoint::Create) >= 20).await;
    let status = world.run(&["status", "may drop"]).expect(0).stdout;
    assert!(status.contains("\nnow: `run` goes on, since "), "{status}");
    assert!(status.contains(" gifts a second, about "), "{status}");
    let next: Vec<&str> = status.lines().filter(|line| line.starts_with("next: ")).collect();
    let wanted = ["next: giftbatch status 'may drop' --watch", "next: giftbatch pause 'may drop'"];
    assert_eq!(next, wanted, "{status}");
    let all = world.run(&["status"]).expect(0).stdout;
    assert!(all.contains("run goes on: "), "{all}");
    let live = world.run(&["status", "may drop", "--json"]).expect(0).json()["under_way"].take();
    assert_eq!((&live["campaign"], &live["command"]), (&"may drop".into(), &"run".into()));
    for field in ["gifts", "within_ms", "quiet_ms", "left_ms"] {
        assert!(live[field].as_u64().is_some(), "{field}: {live}");
    }
    // Who looks at another campaign hears who is in the way.
    let other = world.run(&["status", "june"]).expect(0).stdout;
    assert!(other.contains("\nnow: `run` of \"may drop\" holds the ledger, since "), "{other}");
    let there = world.run(&["status", "june", "--json"]).expect(0).json()["under_way"].take();
    assert_eq!((&there["campaign"], &there["gifts"]), (&"may drop".into(), &Value::Null));
    let info = world.run(&["ledger", "info"]).expect(0).stdout;
    assert!(info.contains("no end yet; the ledger is held by `run`"), "{info}");
    send("KILL", &child);
    Done::wait(child);
    let status = world.run(&["status", "may drop"]).expect(0).stdout;
    assert!(status.contains(", was killed: it has no end\n"), "{status}");
    assert!(status.contains("next: giftbatch issue 'may drop'"), "{status}");
    let other = world.run(&["status", "june"]).expect(0).stdout;
    assert!(!other.contains("now: ") && other.contains("next: giftbatch issue june"), "{other}");
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_makes_no_ledger() {
    // Goal: a path with a slip of the pen is told, and does not become an empty ledger in which all seems well.
    // Method: every command that reads or goes on, with no ledger; then with the file that a ledger leaves.
    let world = World::new();
    let id = wallet(0).to_string();
    let confirmed = ["--yes", "--max-total", "1"];
    let commands: [&[&str]; 17] = [
        &["status", "may"],
        &["status", "--watch"],
        &["gifts", "may"],
        &["show", &id],
        &["report", "may"],
        &["report", "may", "--format", "html"],
        &["export", "may", "--state", "issued"],
        &["reconcile", "may"],
        &["reconcile", "--all"],
        &["resolve", &id, "--as", "retry", "--note", "x"],
        &["pause", "may"],
        &["resume", "may"],
        &["cancel", "may", "--yes"],
        &["ledger", "info"],
        &[&["issue", "may"], &confirmed[..]].concat(),
        &[&["retry", "may"], &confirmed[..]].concat(),
        &[&["revoke", "may"], &confirmed[..]].concat(),
    ];
    for args in commands {
        let refused = world.run(args).expect(2);
        assert!(refused.stderr.contains("there is no ledger at "), "{args:?}: {}", refused.stderr);
        assert!(refused.stderr.contains("giftbatch load"), "{args:?}: {}", refused.stderr);
        let document = world.run(&[args, &["--json"]].concat()).expect(2);
        if !args.contains(&"html") && args[0] != "export" {
            assert_eq!(document.json()["exit_code"], 2, "{args:?}: {}", document.stdout);
        }
    }
    // No campaign is no failure; that there is no ledger is said beside it.
    let none = world.run(&["status", "--json"]).expect(0);
    assert_eq!((none.stdout.trim(), none.stderr.contains("no ledger at")), ("[]", true));
    assert!(world.run(&["status"]).expect(0).stderr.contains("no ledger at"));
    assert!(!world.ledger().exists());
    drop(Ledger::open(&world.ledger()).await.expect("a ledger can be made"));
    let empty = world.run(&["status"]).expect(0);
    assert!(
        empty.stdout.contains("no campaign yet") && empty.stderr.is_empty(),
        "{}",
        empty.stderr
    );
    let file = world.file("may.csv", csv(&rows(2)));
    world.issue_file(&file, "may", &[]).expect(0);
    std::fs::remove_file(world.ledger()).expect("it is there");
    let gone = world.run(&["status", "may"]).expect(2);
    assert!(gone.stderr.contains("one was there"), "{}", gone.stderr);
}
