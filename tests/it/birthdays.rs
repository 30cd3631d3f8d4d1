//! Stories of birthdays: customers of one file over the days of several years, and the pretend provider's
//! own book.
//!
//! Days lie in the future, as `--on` allows, so that no test depends on the day on which it runs.

use std::collections::BTreeMap;

use giftbatch::sandbox::{BookGift, RefusalKind};

use crate::world::{Done, World, send, wallet};

/// A file of these customers: wallets by number, with their birth dates as they are written.
fn customers(world: &World, born: &[(u32, &str)]) -> String {
    let row = |(number, born): &(u32, &str)| format!("{};{born};Ad {number}\r\n", wallet(*number));
    let rows: String = born.iter().map(row).collect();
    world.file("customers.csv", format!("\u{feff}Cüzdan No;Doğum Tarihi;Ad\r\n{rows}"))
}

/// A confirmed run of a day, 100 each for 30 days; what is said more comes last.
fn celebrate(world: &World, file: &str, on: &str, more: &[&str]) -> Done {
    let mut args = vec!["birthdays", file, "--on", on, "--json", "--yes", "--max-total", "100000"];
    for (flag, usual) in [("--amount", "100"), ("--valid-for", "30d")] {
        if !more.contains(&flag) {
            args.extend([flag, usual]);
        }
    }
    args.extend(more);
    world.run(&args)
}

/// How many gifts each wallet has, by its number below 100.
fn given(world: &World) -> BTreeMap<u32, usize> {
    let mut given = BTreeMap::new();
    for gift in world.book().gifts {
        let number = (0..100).find(|number| wallet(*number) == gift.wallet);
        *given.entry(number.expect("a wallet of the file")).or_default() += 1;
    }
    given
}

/// Asserts that these wallets have one gift each, and nobody else has any.
#[track_caller]
fn assert_given(world: &World, wallets: &[u32]) {
    let expected: BTreeMap<u32, usize> = wallets.iter().map(|number| (*number, 1)).collect();
    assert_eq!(given(world), expected);
}

fn gift_of(world: &World, number: u32) -> BookGift {
    let gifts = world.book().gifts;
    gifts.into_iter().find(|gift| gift.wallet == wallet(number)).expect("it has a gift")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_birthday_gets_one_gift_however_often_it_is_run() {
    // Goal: a day gives to those whose day it is, once. Method: every form of a date around 1 March, and
    // faults of each kind; the same command three times, once with other gifts.
    let world = World::new();
    let file = customers(
        &world,
        &[
            (1, "01.03.1990"),
            (2, "1985-03-01"),
            (3, "--03-01"),
            (4, "03-01"),
            (5, "01.03"),
            (6, "1990-03-01 00:00:00"),
            (20, "28.02.1990"),
            (21, "02.03.1990"),
            (22, "01.04.1990"),
            (23, "03.01.1990"),
            (24, "10.03"),
            (30, "31.02.1990"),
            (31, "01.03.90"),
            (32, "01/03/1990"),
            (33, "2099-03-01"),
            (34, ""),
            (35, "1.3"),
        ],
    );
    let first = celebrate(&world, &file, "2027-03-01", &[]).expect(0);
    assert_given(&world, &[1, 2, 3, 4, 5, 6]);
    let document = first.json();
    assert_eq!(document["command"], "birthdays");
    assert_eq!(document["campaign"], "birthday-2027-03-01");
    assert_eq!(document["amounts"]["issued"], "600.00");
    assert_eq!(first.reconciled("matched"), 6);
    let gift = gift_of(&world, 1);
    let expires_at = gift.expires_at.expect("birthday gifts expire").to_rfc3339();
    assert_eq!((gift.amount_minor, expires_at.as_str()), (10_000, "2027-03-31T20:59:59+00:00"));
    for words in [
        "line 13, column Doğum Tarihi, \"31.02.1990\": no day of the calendar",
        "line 14, column Doğum Tarihi, \"01.03.90\": a year without four digits",
        "line 15, column Doğum Tarihi, \"01/03/1990\": a date whose day and month could be swapped",
        "line 16, column Doğum Tarihi, \"2099-03-01\": in the future",
        "line 17, column Doğum Tarihi, \"\": empty",
        "6 rows were left out",
    ] {
        assert!(first.stderr.contains(words), "{words}: {}", first.stderr);
    }
    let others =
        ["--amount", "200", "--valid-for", "90d", "--description", "Nice", "--leap-day", "mar1"];
    for more in [&[][..], &others] {
        let again = celebrate(&world, &file, "2027-03-01", more).expect(0);
        assert_eq!(again.json()["plan"], document["plan"]);
        assert_eq!(again.json()["preview"]["birthdays"]["already_given"], 6);
    }
    assert_given(&world, &[1, 2, 3, 4, 5, 6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_stops_the_others_only_where_that_is_wished() {
    // Goal: the rows' faults hold nobody back but with `--on-invalid stop`. Method: one fault among good
    // rows, stopped, then with rejects; and a file of faults alone.
    let world = World::new();
    let file = customers(&world, &[(1, "01.03.1990"), (2, "31.02.1990")]);
    let stop = celebrate(&world, &file, "2027-03-01", &["--on-invalid", "stop"]).expect(3);
    assert!(stop.stderr.contains("line 3, column Doğum Tarihi"), "{}", stop.stderr);
    world.run(&["status", "birthday-2027-03-01"]).expect(2);
    let rejects = world.path("rejects.csv");
    let rejects = rejects.to_str().expect("plain characters");
    celebrate(&world, &file, "2027-03-01", &["--rejects", rejects]).expect(0);
    assert_given(&world, &[1]);
    let left = std::fs::read_to_string(rejects).expect("the rejects are there");
    assert!(
        left.contains(&wallet(2).to_string()) && left.contains("no day of the calendar"),
        "{left}"
    );
    let file = customers(&world, &[(3, "32.03.1990")]);
    celebrate(&world, &file, "2027-03-01", &[]).expect(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn missed_days_are_caught_up_and_an_overlap_gives_nobody_two() {
    // Goal: whatever the windows, one gift each, over New Year too; and the next one a year later.
    // Method: days that overlap, with the validity and the year of each gift; then the same days a year
    // later.
    let world = World::new();
    let file = customers(
        &world,
        &[(1, "30.12.1990"), (2, "31.12.1990"), (3, "01.01.1990"), (4, "02.01.1990"), (5, "05.01")],
    );
    celebrate(&world, &file, "2027-12-31", &[]).expect(0);
    assert_given(&world, &[2]);
    let caught = celebrate(&world, &file, "2028-01-02", &["--catch-up", "3d"]).expect(0);
    assert_given(&world, &[1, 2, 3, 4]);
    assert_eq!(caught.gifts("total"), 3);
    let expires_at = gift_of(&world, 1).expires_at.expect("birthday gifts expire").to_rfc3339();
    assert_eq!(expires_at, "2028-02-01T20:59:59+00:00");
    for on in ["2028-01-01", "2028-01-03", "2028-01-04"] {
        let none = celebrate(&world, &file, on, &["--catch-up", "7d"]).expect(0);
        assert_eq!((none.gifts("total"), &none.json()["plan"].is_string()), (0, &true), "{on}");
        world.run(&["status", &format!("birthday-{on}")]).expect(2);
    }
    celebrate(&world, &file, "2028-01-09", &["--catch-up", "364d"]).expect(0);
    assert_given(&world, &[1, 2, 3, 4, 5]);
    // Who was caught up in January had the birthday of the old year.
    celebrate(&world, &file, "2028-12-31", &["--catch-up", "1d"]).expect(0);
    celebrate(&world, &file, "2029-01-05", &["--catch-up", "10d"]).expect(0);
    assert_eq!(given(&world), (1..=5).map(|number| (number, 2)).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leap_day_is_celebrated_every_year_under_either_rule() {
    // Goal: one gift a year on the right day, and a changed rule gives none twice. Method: the days around
    // it in a common year under both rules and one after the other, and in a leap year.
    let born = [(1, "29.02.1996"), (2, "--02-29"), (3, "28.02.1990"), (4, "01.03.1990")];
    for (rule, on, expected) in [
        (&[][..], "2027-02-28", &[1, 2, 3][..]),
        (&[], "2027-03-01", &[4]),
        (&["--leap-day", "feb28"], "2027-02-28", &[1, 2, 3]),
        (&["--leap-day", "mar1"], "2027-02-28", &[3]),
        (&["--leap-day", "mar1"], "2027-03-01", &[1, 2, 4]),
        (&["--leap-day", "mar1"], "2028-02-29", &[1, 2]),
        (&["--leap-day", "feb28"], "2028-02-29", &[1, 2]),
        (&["--leap-day", "feb28"], "2028-02-28", &[3]),
        (&["--leap-day", "mar1"], "2028-03-01", &[4]),
    ] {
        let world = World::new();
        let file = customers(&world, &born);
        celebrate(&world, &file, on, rule).expect(0);
        assert_given(&world, expected);
    }
    let world = World::new();
    let file = customers(&world, &born);
    celebrate(&world, &file, "2027-02-28", &[]).expect(0);
    celebrate(&world, &file, "2027-03-01", &["--leap-day", "mar1", "--catch-up", "5d"]).expect(0);
    assert_given(&world, &[1, 2, 3, 4]);
    celebrate(&world, &file, "2028-03-01", &["--leap-day", "mar1", "--catch-up", "5d"]).expect(0);
    assert_eq!(given(&world), (1..=4).map(|number| (number, 2)).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_unconfirmed_and_nothing_to_give_needs_no_word() {
    // Goal: money moves after somebody has said so, and only then is it asked for. Method: no word, a
    // limit that is passed, the plan's id; a day without birthdays.
    let world = World::new();
    let file = customers(&world, &[(1, "01.03.1990"), (2, "01.03.1991")]);
    let day = |more: &[&str]| {
        let mut args = vec!["birthdays", &file, "--on", "2027-03-01", "--amount", "100"];
        args.extend(["--valid-for", "30d"]);
        args.extend(more);
        world.run(&args)
    };
    day(&["--yes", "--max-total", "199.99"]).expect(7);
    world.run(&["status", "birthday-2027-03-01"]).expect(2);
    day(&[]).expect(7);
    day(&["--yes"]).expect(7);
    day(&["--confirm", "0123456789ab"]).expect(7);
    assert_given(&world, &[]);
    let plan = world.run(&["status", "birthday-2027-03-01", "--json"]).expect(0).json();
    day(&["--confirm", plan["plan"].as_str().expect("a plan")]).expect(0);
    assert_given(&world, &[1, 2]);
    day(&[]).expect(0);
    let args = ["birthdays", &file, "--on", "2027-03-02", "--amount", "1", "--valid-for", "1d"];
    let none = world.run(&args).expect(0);
    assert!(none.stderr.contains("nobody of 2 customers has a birthday"), "{}", none.stderr);
    let with_json: Vec<&str> = args.into_iter().chain(["--json"]).collect();
    let document = world.run(&with_json).expect(0).json();
    assert_eq!((&document["gifts"]["total"], &document["status"]), (&0.into(), &"complete".into()));
    assert_eq!(document["campaign"], "birthday-2027-03-02");
    world.run(&["status", "birthday-2027-03-02"]).expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_stands_there_twice_gets_one_gift() {
    // Goal: a row more is no gift more, and two birthdays are a fault. Method: the same date twice, and
    // two dates on one day and in one window.
    let world = World::new();
    let file = customers(
        &world,
        &[(1, "01.03.1990"), (1, "1990-03-01"), (2, "28.02.1990"), (2, "01.03.1990")],
    );
    let done = celebrate(&world, &file, "2027-03-01", &["--catch-up", "1d"]).expect(0);
    assert_given(&world, &[1, 2]);
    let words =
        "line 5, column Doğum Tarihi, \"01.03.1990\": this wallet stands on an earlier line";
    assert!(done.stderr.contains(words), "{}", done.stderr);
    let stopped =
        celebrate(&world, &file, "2028-03-01", &["--catch-up", "2d", "--on-invalid", "stop"]);
    stopped.expect(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_and_descriptions_of_the_file_come_first() {
    // Goal: what a row says about its gift holds, and what it does not say is filled in. Method: a file
    // with both columns, and empty cells in each.
    let world = World::new();
    let text = format!(
        "wallet_id,date of birth,amount,description\n{},1990-03-01,12.50,Mutlu yıllar\n{},--03-01,,\n",
        wallet(1),
        wallet(2)
    );
    let file = world.file("customers.csv", text);
    celebrate(&world, &file, "2027-03-01", &["--description", "Nice yıllara"]).expect(0);
    let gift = |number| {
        let gift = gift_of(&world, number);
        (gift.amount_minor, gift.description)
    };
    assert_eq!(gift(1), (1_250, "Mutlu yıllar".to_owned()));
    assert_eq!(gift(2), (10_000, "Nice yıllara".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_series_gives_for_itself() {
    // Goal: a series counts its own gifts alone. Method: two series with the very same gifts, twice.
    let world = World::new();
    let file = customers(&world, &[(1, "01.03.1990")]);
    for _ in 0..2 {
        celebrate(&world, &file, "2027-03-01", &[]).expect(0);
        celebrate(&world, &file, "2027-03-01", &["--series", "birthday-vip"]).expect(0);
    }
    assert_eq!(given(&world), BTreeMap::from([(1, 2)]));
    world.run(&["status", "birthday-vip-2027-03-01"]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_refused_is_for_retry() {
    // Goal: a refusal is an answer, and no other day gives it again. Method: refuse one, catch up on the
    // next day, mend, retry.
    let world = World::new();
    let file = customers(&world, &[(1, "01.03.1990"), (2, "01.03.1991")]);
    world.sandbox.refuse_wallet(wallet(2), RefusalKind::Unprocessable422);
    celebrate(&world, &file, "2027-03-01", &[]).expect(4);
    world.sandbox.mend_wallet(wallet(2));
    celebrate(&world, &file, "2027-03-02", &["--catch-up", "1d"]).expect(0);
    assert_given(&world, &[1]);
    let retry = ["retry", "birthday-2027-03-01", "--yes", "--max-total", "200"];
    world.run(&retry).expect(0);
    assert_given(&world, &[1, 2]);
}

/// A world in which a run of 1 March was killed after a few of its ten gifts.
async fn killed() -> (World, String) {
    let mut world = World::new();
    let born: Vec<(u32, &str)> =
        (0..10).map(|number| (number, "01.03.1990")).chain([(10, "02.03.1990")]).collect();
    let file = customers(&world, &born);
    world.set("GIFTBATCH_RATE", "20");
    let args = ["birthdays", &file, "--on", "2027-03-01", "--amount", "100", "--valid-for", "30d"];
    let args: Vec<&str> = args.into_iter().chain(["--yes", "--max-total", "1000"]).collect();
    let mut child = world.start(&args);
    world.until(&mut child, |stats| stats.requests.values().sum::<u64>() >= 4).await;
    send("KILL", &child);
    Done::wait(child);
    world.sandbox.settled().await;
    assert!((1..10).contains(&world.book().gifts.len()), "{}", world.book().gifts.len());
    world.set("GIFTBATCH_RATE", "0");
    (world, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_day_goes_on() {
    // Goal: the same command again finishes the day. Method: kill it on its way, and run it again.
    let (world, file) = killed().await;
    let done = celebrate(&world, &file, "2027-03-01", &[]).expect(0);
    assert_eq!(done.gifts("issued"), 10);
    assert_given(&world, &(0..10).collect::<Vec<u32>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_day_is_caught_up_on_the_next() {
    // Goal: who was left open gets the gift where the next day reaches back, within the limit that was
    // said. Method: kill a day, and run the next with a limit that is too low and one that is enough.
    let (world, file) = killed().await;
    let before = given(&world);
    let limit = ["--catch-up", "1d", "--max-total", "100"];
    let args = ["birthdays", &file, "--on", "2027-03-02", "--amount", "100", "--valid-for", "30d"];
    let refused: Vec<&str> = args.into_iter().chain(limit).chain(["--yes"]).collect();
    world.run(&refused).expect(7);
    assert_eq!(given(&world), before);
    let done = celebrate(&world, &file, "2027-03-02", &["--catch-up", "1d"]).expect(0);
    assert_given(&world, &(0..11).collect::<Vec<u32>>());
    let document = done.json();
    assert_eq!((&document["campaign"], done.gifts("issued")), (&"birthday-2027-03-02".into(), 1));
    let caught = &document["preview"]["caught_up"][0];
    assert_eq!(
        (&caught["campaign"], &caught["gifts"]["issued"]),
        (&"birthday-2027-03-01".into(), &10.into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_day_that_nobody_catches_up_is_told() {
    // Goal: nobody is forgotten in silence. Method: kill a day, run the next alone, then do what it says.
    let (world, file) = killed().await;
    let before = given(&world).len();
    let done = celebrate(&world, &file, "2027-03-02", &["-q"]).expect(0);
    let words = "this gives them: giftbatch issue birthday-2027-03-01";
    assert!(done.stderr.contains(words), "{}", done.stderr);
    assert_eq!(given(&world).len(), before + 1);
    world.run(&["issue", "birthday-2027-03-01", "--yes", "--max-total", "1000"]).expect(0);
    assert_given(&world, &(0..11).collect::<Vec<u32>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_refused_before_anything_is_read() {
    // Goal: a wrong flag is exit code 2 with words. Method: each of them.
    let world = World::new();
    let file = customers(&world, &[(1, "01.03.1990")]);
    for (more, words) in [
        (&["--on", "2025-03-01"][..], "have expired"),
        (&["--on", "01/03/2027"], "2027-03-01"),
        (&["--on", "9999-12-31"], "more than a hundred years"),
        (&["--catch-up", "365d"], "at most 364d"),
        (&["--catch-up", "12h"], "whole days"),
        (&["--valid-for", "36h"], "whole days"),
        (&["--valid-for", "0d"], "at least 1d"),
        (&["--amount", "0"], "more than nothing"),
        (&["--series", ""], "cannot be empty"),
        (&["--leap-day", "feb29"], "feb28"),
    ] {
        let mut args = vec!["birthdays", &file, "--yes", "--max-total", "1000"];
        for (flag, usual) in [("--amount", "100"), ("--valid-for", "30d")] {
            if more[0] != flag {
                args.extend([flag, usual]);
            }
        }
        args.extend(more);
        let done = world.run(&args).expect(2);
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
    }
    world.run(&["birthdays", &file, "--valid-for", "30d"]).expect(2);
    world.run(&["birthdays", &file, "--amount", "100"]).expect(2);
    let no_dates = world.file("no-dates.csv", format!("wallet_id,born\n{},x\n", wallet(1)));
    let done = celebrate(&world, &no_dates, "2027-03-01", &[]).expect(3);
    assert!(done.stderr.contains("there is no column birth_date"), "{}", done.stderr);
    assert_given(&world, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_celebrates_around_the_first_of_march() {
    // Goal: the page's sample does what the page says. Method: the days around 1 March in a common year and
    // in a leap year, against a count by hand.
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let file = folder.join("birthdays-excel-tr.csv");
    let file = file.to_str().expect("plain characters");
    for (on, gifts, total) in [
        ("2027-02-28", 6, "650.00"),
        ("2027-03-01", 5, "500.00"),
        ("2027-03-02", 2, "200.00"),
        ("2028-02-29", 4, "400.00"),
    ] {
        let world = World::new();
        let done = celebrate(&world, file, on, &["--decimal", "comma"]).expect(0);
        assert_eq!(
            (done.gifts("issued"), done.json()["amounts"]["issued"].as_str()),
            (gifts, Some(total))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_day_it_is_today_where_the_campaign_is() {
    // Goal: the day is that of the zone. Method: customers of every day of a leap year, run in two zones
    // whose days always differ; at midnight of the zone it is asked again.
    let days: Vec<String> = (1..=12_u32)
        .flat_map(|month| (1..=31_u32).map(move |day| (month, day)))
        .filter(|(month, day)| chrono::NaiveDate::from_ymd_opt(2000, *month, *day).is_some())
        .map(|(month, day)| format!("--{month:02}-{day:02}"))
        .collect();
    let born: Vec<(u32, &str)> = (0..).zip(days.iter().map(String::as_str)).collect();
    let mut seen = Vec::new();
    for (tz, name) in [
        (chrono_tz::Pacific::Kiritimati, "Pacific/Kiritimati"),
        (chrono_tz::Pacific::Pago_Pago, "Pacific/Pago_Pago"),
    ] {
        let today = || chrono::Utc::now().with_timezone(&tz).date_naive();
        for attempt in 1.. {
            assert!(attempt < 4, "midnight comes again and again");
            let world = World::new();
            let file = customers(&world, &born);
            let before = today();
            let args = ["birthdays", &file, "--amount", "100", "--valid-for", "30d", "--tz", name];
            let more = ["--yes", "--max-total", "1000", "--json", "--no-reconcile"];
            let args: Vec<&str> = args.into_iter().chain(more).collect();
            let done = world.run(&args).expect(0);
            if before != today() {
                continue;
            }
            assert_eq!(done.json()["campaign"], format!("birthday-{before}"));
            let theirs = before.format("--%m-%d").to_string();
            let wallets: Vec<_> = world.book().gifts.iter().map(|gift| gift.wallet).collect();
            let expected = born.iter().filter(|(_, born)| *born == theirs);
            let expected: Vec<_> = expected.map(|(number, _)| wallet(*number)).collect();
            // On 28 February of other years those of the 29th have theirs too.
            assert!(expected.iter().all(|wallet| wallets.contains(wallet)) && wallets.len() <= 2);
            seen.push(before);
            break;
        }
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plans_id_confirms_that_plan_alone() {
    // Goal: of several days only what was confirmed is sent, and the rest is told. Method: two days that
    // nobody confirmed, then each by its id, one of them against a limit.
    let world = World::new();
    let file = customers(&world, &[(1, "01.03.1990"), (2, "02.03.1990"), (3, "02.03.1990")]);
    let day = |on: &str, more: &[&str]| {
        let mut args = vec!["birthdays", &file, "--on", on, "--amount", "100"];
        args.extend(["--valid-for", "30d", "--catch-up", "1d"]);
        args.extend(more);
        world.run(&args)
    };
    let plan = |on: &str| {
        let status = world.run(&["status", &format!("birthday-{on}"), "--json"]).expect(0);
        status.json()["plan"].as_str().expect("a plan").to_owned()
    };
    day("2027-03-01", &[]).expect(7);
    let unconfirmed = day("2027-03-02", &[]).expect(7);
    assert!(unconfirmed.stderr.contains("caught up: 1 gift of birthday-2027-03-01, 100.00"));
    let (first, second) = (plan("2027-03-01"), plan("2027-03-02"));
    day("2027-03-02", &["--confirm", &first]).expect(7);
    assert_given(&world, &[]);
    let done = day("2027-03-02", &["--confirm", &second]).expect(0);
    let told = "still open, not confirmed: 1 gift of birthday-2027-03-01, 100.00";
    assert!(done.stderr.contains(told), "{}", done.stderr);
    assert_given(&world, &[2, 3]);
    day("2027-03-02", &["--confirm", &first, "--max-total", "99"]).expect(7);
    assert_given(&world, &[2, 3]);
    day("2027-03-02", &["--confirm", &first]).expect(0);
    assert_given(&world, &[1, 2, 3]);
    let over = day("2027-03-02", &[]).expect(0);
    assert!(!over.stderr.contains("still open"), "{}", over.stderr);
}

/// The wallets of the requests that a dry run shows, by their numbers, in order.
fn shown(done: &Done) -> Vec<u32> {
    let document = done.json();
    assert_eq!(document["dry_run"], true);
    let requests = document["requests"].as_array().expect("requests").clone();
    let number = |request: &serde_json::Value| {
        let body = request["body"].as_str().expect("a body").to_owned();
        (0..100).find(|number| body.contains(&wallet(*number).to_string())).expect("a wallet")
    };
    requests.iter().map(number).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_all_days_and_leaves_no_trace() {
    // Goal: what would be sent today is shown, what is caught up first, and nothing else comes of it.
    // Method: without a ledger; a day that nobody confirmed, then the next one with and without a limit,
    // against what the run then sends; a limit on money; another plan; a day without birthdays.
    let world = World::new();
    let file =
        customers(&world, &[(1, "01.03"), (2, "01.03"), (3, "02.03"), (4, "02.03"), (5, "02.03")]);
    let dry = |on: &str, more: &[&str]| {
        let args = ["birthdays", &file, "--on", on, "--amount", "100", "--valid-for", "30d"];
        let more = more.iter().chain(&["--catch-up", "1d", "--dry-run", "--json"]).copied();
        world.run(&args.into_iter().chain(more).collect::<Vec<_>>())
    };
    let mut first = shown(&dry("2027-03-01", &[]).expect(0));
    first.sort_unstable();
    assert_eq!(first, [1, 2]);
    assert!(!world.ledger().exists());
    let args = ["birthdays", &file, "--on", "2027-03-01", "--amount", "100", "--valid-for", "30d"];
    world.run(&args).expect(7);
    let both = dry("2027-03-02", &[]).expect(0);
    let document = both.json();
    assert_eq!(
        (&document["campaign"], &document["gifts"]["planned"]),
        (&"birthday-2027-03-02".into(), &3.into())
    );
    let caught = &document["preview"]["caught_up"][0];
    assert_eq!(
        (&caught["campaign"], &caught["gifts"]["planned"]),
        (&"birthday-2027-03-01".into(), &2.into())
    );
    let all = shown(&both);
    let (mut late, mut today) = (all[..2].to_vec(), all[2..].to_vec());
    late.sort_unstable();
    today.sort_unstable();
    assert_eq!((late, today), (vec![1, 2], vec![3, 4, 5]));
    assert_eq!(shown(&dry("2027-03-02", &["--limit", "3"]).expect(0)), all[..3]);
    dry("2027-03-02", &["--max-total", "499"]).expect(7);
    dry("2027-03-02", &["--confirm", "000000000000"]).expect(7);
    world.run(&["status", "birthday-2027-03-02"]).expect(2);
    let none = dry("2027-03-05", &[]).expect(0);
    assert_eq!(shown(&none), [0_u32; 0]);
    assert!(none.stderr.contains("has a birthday"), "{}", none.stderr);
    assert_given(&world, &[]);
    celebrate(&world, &file, "2027-03-02", &["--catch-up", "1d"]).expect(0);
    assert_given(&world, &[1, 2, 3, 4, 5]);
    assert_eq!(shown(&dry("2027-03-02", &[]).expect(0)), [0_u32; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_heeds_a_pause_and_a_cancel() {
    // Goal: of a day that somebody closed nothing is shown as sent, nor of an earlier one. Method: an
    // earlier day that is paused, then cancelled; then the day itself.
    let world = World::new();
    let file = customers(&world, &[(1, "01.03"), (2, "02.03")]);
    let args = ["birthdays", &file, "--on", "2027-03-01", "--amount", "100", "--valid-for", "30d"];
    world.run(&args).expect(7);
    let dry = |on: &str| celebrate(&world, &file, on, &["--catch-up", "1d", "--dry-run"]);
    assert_eq!(shown(&dry("2027-03-02").expect(0)), [1, 2]);
    world.run(&["pause", "birthday-2027-03-01"]).expect(0);
    let paused = dry("2027-03-02").expect(0);
    assert_eq!(shown(&paused), [2]);
    assert!(paused.stderr.contains("still open, paused: 1 gift"), "{}", paused.stderr);
    assert!(paused.stderr.contains("giftbatch resume birthday-2027-03-01"), "{}", paused.stderr);
    dry("2027-03-01").expect(5);
    world.run(&["cancel", "birthday-2027-03-01", "--yes"]).expect(0);
    assert_eq!(shown(&dry("2027-03-02").expect(0)), [2]);
    dry("2027-03-01").expect(7);
    assert_given(&world, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_for_all_days_together() {
    // Goal: a limit holds a run, however many days it catches up. Method: two days, runs of two gifts at most
    // until all is given; each says what it left.
    let world = World::new();
    let file =
        customers(&world, &[(1, "01.03"), (2, "01.03"), (3, "01.03"), (4, "02.03"), (5, "02.03")]);
    let args = ["birthdays", &file, "--on", "2027-03-01", "--amount", "100", "--valid-for", "30d"];
    world.run(&args).expect(7);
    for (code, gifts) in [(5, 2), (5, 4), (0, 5)] {
        let more = ["--catch-up", "1d", "--limit", "2"];
        let done = celebrate(&world, &file, "2027-03-02", &more).expect(code);
        assert_eq!((world.book().gifts.len(), &done.json()["exit_code"]), (gifts, &code.into()));
        let words = "still open, past --limit: 2 gifts of birthday-2027-03-02";
        assert_eq!(done.stderr.contains(words), gifts == 2, "{}", done.stderr);
    }
    assert_given(&world, &[1, 2, 3, 4, 5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn days_that_use_a_limit_up_leave_nothing_to_wait_for() {
    // Goal: a run ends that may begin no gift. Method: today is given, then earlier days use the limit up; and a
    // limit of nothing.
    let world = World::new();
    let file = customers(&world, &[(1, "01.03"), (2, "01.03"), (3, "02.03")]);
    let args = ["birthdays", &file, "--on", "2027-03-01", "--amount", "100", "--valid-for", "30d"];
    world.run(&args).expect(7);
    celebrate(&world, &file, "2027-03-02", &[]).expect(0);
    assert_given(&world, &[3]);
    celebrate(&world, &file, "2027-03-02", &["--catch-up", "3d", "--limit", "2"]).expect(0);
    assert_given(&world, &[1, 2, 3]);
    let nothing = celebrate(&world, &file, "2027-03-02", &["--limit", "0"]);
    assert!([0, 2].contains(&nothing.code), "{nothing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_days_caps_count_all_days_that_are_given_together() {
    // Goal: several days pass no cap that each of them alone would keep. Method: two days of 200, a cap
    // between one and both: all together, in a dry run too, and what a limit leaves of them.
    let mut world = World::new();
    let file = customers(&world, &[(1, "01.03"), (2, "01.03"), (3, "02.03"), (4, "02.03")]);
    let args = ["birthdays", &file, "--on", "2027-03-01", "--amount", "100", "--valid-for", "30d"];
    world.run(&args).expect(7);
    world.set("GIFTBATCH_MAX_PER_DAY", "300");
    for more in [&["--catch-up", "1d"][..], &["--catch-up", "1d", "--dry-run"]] {
        let refused = celebrate(&world, &file, "2027-03-02", more).expect(7);
        let words = "400.00 may be given now, and max_per_day allows 300.00";
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
    assert_given(&world, &[]);
    celebrate(&world, &file, "2027-03-02", &["--catch-up", "1d", "--limit", "3"]).expect(5);
    assert_eq!(world.book().gifts.len(), 3);
    celebrate(&world, &file, "2027-03-02", &["--catch-up", "1d"]).expect(7);
    assert_eq!(world.book().gifts.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_far_ahead_is_warned_of() {
    // Goal: a slip in the year of `--on` is seen. Method: a day in a month, with its birthday, and today.
    let world = World::new();
    let today = chrono::Utc::now().date_naive();
    let far = today + chrono::Days::new(30);
    let file = customers(&world, &[(1, &far.format("%m-%d").to_string())]);
    for (on, is_warned) in [(far, true), (today, false)] {
        let done = celebrate(&world, &file, &on.to_string(), &[]).expect(0);
        assert_eq!(done.stderr.contains("more than a week ahead"), is_warned, "{}", done.stderr);
    }
    assert_given(&world, &[1]);
}
