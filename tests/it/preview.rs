//! Stories of what a person sees before money moves: the figures of a file, and what a changed file
//! changes.

use crate::world::{Row, World, csv, rows, wallet};

const HEADER: &str = "wallet_id,amount,expires_at,description,Store,Segment\n";

/// A file with everything that a preview tells of.
fn rich() -> String {
    let mut text = HEADER.to_owned();
    for number in 0..7_u32 {
        let (wallet, amount) = (wallet(number / 2), 100 + number * number * 250);
        let words = if number == 5 { "Thank you for being loyal; come again" } else { "Coupon" };
        text += &format!("{wallet},{amount}.50,2036-05-31,{words},Moda,A\n");
    }
    let (late, never) = (wallet(9), wallet(8));
    text += &format!("{late},7,2036-06-30,Coupon,,\n");
    text += &format!("{never},7,never,Coupon,,\n{never},7,never,Coupon,,\n");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_told_in_a_few_lines() {
    // Goal: what a marketing person reads is short, aligned and whole. Method: the text of a file with
    // everything in it, and of one whose rows are all alike, without a limit of requests.
    let mut world = World::new();
    world.set("GIFTBATCH_RATE", "10");
    let file = world.file("rich.csv", rich());
    let done = world.run(&["check", &file, "--allow-duplicates"]).expect(0);
    insta::assert_snapshot!("rich", done.stdout);
    assert_eq!(done.stderr, "");
    world.set("GIFTBATCH_RATE", "0");
    let same = format!("wallet_id,amount,expires_at,description\n{},1250,never,A\n", wallet(1));
    let file = world.file("same.csv", same);
    insta::assert_snapshot!("same", world.run(&["check", &file]).expect(0).stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_get_the_same_figures() {
    // Goal: one object, by `check` at the top and by `load` and `run` in `preview`. Method: each of them
    // for one file; the fields that were there before are still at the top.
    let mut world = World::new();
    world.set("GIFTBATCH_RATE", "3").set("GIFTBATCH_TZ", "Asia/Tokyo");
    let file = world.file("rich.csv", rich());
    let check = world.run(&["check", &file, "--allow-duplicates", "--json"]).expect(0).json();
    for (field, expected) in [
        ("version", 1.into()),
        ("command", "check".into()),
        ("status", "complete".into()),
        ("exit_code", 0.into()),
        ("rows", 10.into()),
        ("wallets", 6.into()),
        ("total", "23474.50".into()),
        ("smallest", "7.00".into()),
        ("median", "350.50".into()),
        ("median_is_exact", true.into()),
        ("largest", "9100.50".into()),
        ("first_expiry", "2036-05-31T14:59:59Z".into()),
        ("first_expiry_local", "2036-05-31 23:59:59".into()),
        ("last_expiry", "never".into()),
        ("last_expiry_local", serde_json::Value::Null),
        ("time_zone", "Asia/Tokyo".into()),
        ("never_expire", 2.into()),
        ("encoding", "UTF-8".into()),
        ("sheet", serde_json::Value::Null),
        ("decimal", "point".into()),
        ("delimiter", ",".into()),
        ("other_columns", vec!["Store", "Segment"].into()),
        ("identical_rows", 1.into()),
        ("requests", 16.into()),
        ("requests_a_second", 3.into()),
        ("seconds", 6.into()),
        ("difference", serde_json::Value::Null),
    ] {
        assert_eq!(check[field], expected, "{field}");
    }
    let largest = check["largest_rows"].as_array().expect("rows");
    assert_eq!(largest.len(), 5);
    assert_eq!((&largest[0]["line"], &largest[0]["amount"]), (&8.into(), &"9100.50".into()));
    let args = ["load", &file, "--campaign", "rich", "--allow-duplicates", "--json"];
    let preview = world.run(&args).expect(0).json()["preview"].clone();
    for (field, value) in preview.as_object().expect("an object") {
        assert_eq!(check[field], *value, "{field}");
    }
    assert!(world.run(&["status", "rich", "--json"]).expect(0).json()["preview"].is_null());
}

/// A campaign of ten gifts that are given, and two that are not sent yet; then a file that keeps eight
/// of the given, corrects one, leaves one out, leaves one of the planned out, corrects the other one,
/// and has a new one.
fn changed(world: &World) -> String {
    let all = rows(12);
    let given = world.file("given.csv", csv(&all[..10]));
    world.issue_file(&given, "may", &["--no-reconcile"]).expect(0);
    let loaded = world.file("loaded.csv", csv(&all));
    world.run(&["load", &loaded, "--campaign", "may"]).expect(0);
    let mut next = all[1..11].to_vec();
    next[0].minor += 1_000;
    next[9].minor += 2_000;
    next.push(Row { wallet: wallet(77), minor: 5_000, description: "NEW".into() });
    world.file("next.csv", csv(&next))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_told_before_it_is_stored() {
    // Goal: rows that left are still sent, corrected ones are given twice, and a person hears of both in
    // time. Method: end the program just before the commit, and read what it had said; then load.
    let mut world = World::new();
    let file = changed(&world);
    let load = ["load", &file, "--campaign", "may", "--allow-corrected"];
    world.set("GIFTBATCH_CRASH_AT", "load.before:1");
    let crashed = world.run(&load);
    world.unset("GIFTBATCH_CRASH_AT");
    assert!(crashed.signal.is_some(), "{crashed:?}");
    assert_eq!(world.run(&["status", "may", "--json"]).expect(0).gifts("total"), 12);
    insta::assert_snapshot!("changed", crashed.stderr);
    let stored = world.run(&load).expect(0);
    assert_eq!(stored.stderr, crashed.stderr);
    // What adds nothing needs no word.
    let again = world.run(&["load", &file, "--campaign", "may", "--json"]).expect(0).json();
    assert_eq!(again["preview"]["difference"]["added"]["rows"], 0);
    assert_eq!(again["preview"]["difference"]["left_out"]["rows"], 4);
    assert_eq!(again["preview"]["difference"]["corrected"]["rows"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_tells_programs_the_difference_and_sends_what_left_the_file() {
    // Goal: the difference is true: what it calls planned is sent. Method: run the changed file, and
    // hold the provider's book against what was told.
    let world = World::new();
    let file = changed(&world);
    let refused = world.issue_file(&file, "may", &[]).expect(7);
    assert!(refused.stderr.contains("--allow-corrected"), "{}", refused.stderr);
    let run = world.issue_file(&file, "may", &["--allow-corrected"]).expect(0);
    let difference = &run.json()["preview"]["difference"];
    let rows = |name: &str| &difference["left_out"][name]["rows"];
    assert_eq!(difference["added"]["rows"], 3);
    assert_eq!((rows("still_planned"), rows("given")), (&2.into(), &2.into()));
    assert_eq!((rows("undecided"), rows("not_given")), (&0.into(), &0.into()));
    let corrected = difference["corrected"]["named"].as_array().expect("rows");
    let told: Vec<_> = corrected
        .iter()
        .map(|row| {
            (row["old_state"].as_str(), row["old_amount"].as_str(), row["new_amount"].as_str())
        })
        .collect();
    assert_eq!(
        told,
        [
            (Some("issued"), Some("11.25"), Some("21.25")),
            (Some("planned"), Some("13.75"), Some("33.75"))
        ]
    );
    assert_eq!(world.book().gifts.len(), 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_changed_under_their_reference_are_named() {
    // Goal: what stays and what the file says now are both told. Method: twelve references with another
    // amount, one of them with another description too, one with another expiry alone.
    let world = World::new();
    let file = |bonus: u32, last: &str| {
        let mut text = "wallet_id,amount,expires_at,description,reference\n".to_owned();
        for number in 0..12_u32 {
            let (wallet, amount) = (wallet(number), 10 + number + bonus);
            text += &format!("{wallet},{amount},2036-12-31,KUPON,A-{number}\n");
        }
        text + &format!("{},5,{last},KUPON,B\n", wallet(3))
    };
    let first = world.file("first.csv", file(0, "never"));
    world.run(&["load", &first, "--campaign", "may"]).expect(0);
    let second = file(1, "2036-12-31").replacen("KUPON", "HEDIYE", 1);
    let second = world.file("second.csv", second);
    let told = world.run(&["load", &second, "--campaign", "may"]).expect(0);
    let (_, difference) = told.stderr.split_once("may was loaded").expect("a difference");
    insta::assert_snapshot!("changed_references", difference);
    let json = world.run(&["load", &second, "--campaign", "may", "--json"]).expect(0).json();
    let changed = &json["preview"]["difference"]["changed"];
    assert_eq!(changed["rows"], 13);
    assert_eq!(changed["named"][0]["stored"]["amount"], "10.00");
    assert_eq!(changed["named"][0]["file"]["description"], "HEDIYE");
    assert_eq!(json["amounts"]["total"], "191.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_again_is_nothing_new() {
    // Goal: no noise where nothing changes. Method: load twice; the first tells of no difference.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(4)));
    let load = ["load", &file, "--campaign", "may"];
    let first = world.run(&load).expect(0);
    assert!(!first.stderr.contains("may was loaded"), "{}", first.stderr);
    assert!(!first.stderr.contains("nothing new"), "{}", first.stderr);
    let again = world.run(&load).expect(0);
    assert!(again.stderr.contains("nothing new: may has exactly these rows"), "{}", again.stderr);
}
