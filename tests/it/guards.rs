//! Stories of files that are refused before anything is stored, since they would give too much.

use crate::world::{Done, Row, World, csv, wallet};

/// So many rows of one lira each, every one to a wallet of its own, and these besides.
fn ones(count: u32, more: &[(u32, i64)]) -> Vec<Row> {
    let row = |number, minor| Row { wallet: wallet(number), minor, description: "KUPON".into() };
    let mut rows: Vec<Row> = (0..count).map(|number| row(number, 100)).collect();
    rows.extend(more.iter().map(|(number, minor)| row(*number, *minor)));
    rows
}

fn load(world: &World, rows: &[Row], campaign: &str, more: &[&str]) -> Done {
    let file = world.file("file.csv", csv(rows));
    let mut args = vec!["load", &file, "--campaign", campaign, "--json"];
    args.extend(more);
    world.run(&args)
}

fn assert_says(done: &Done, words: &[&str]) {
    for word in words {
        assert!(done.stderr.contains(word), "{word}: {}", done.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_wallet_gets_more_than_a_person_allows() {
    // Goal: a wallet that stands in a file too often is found before anything is stored. Method: two
    // wallets beyond the limit and one at it; then the limit of the largest.
    let world = World::new();
    let rows = ones(5, &[(1, 250), (3, 901), (4, 900), (3, 5)]);
    let limit = |limit| ["--max-per-wallet", limit];
    let refused = load(&world, &rows, "may", &limit("3.50")).expect(7);
    let [one, three, four] = [1, 3, 4].map(|number| wallet(number).to_string());
    let sum = format!("{three} gets 10.06 by 3 rows, line 5, 8, 10");
    assert_says(&refused, &["2 wallets get more", "--max-per-wallet", "3.50", &sum, &four]);
    assert!(!refused.stderr.contains(&one), "{}", refused.stderr);
    world.run(&["status", "may"]).expect(2);
    load(&world, &rows, "may", &limit("10.05")).expect(7);
    load(&world, &rows, "may", &limit("10.06")).expect(0);
    let file = world.file("file.csv", csv(&rows));
    world.run(&["check", &file, "--max-per-wallet", "10.05"]).expect(7);
    world.run(&["check", &file, "--max-per-wallet", "10.06"]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallets_limit_holds_when_a_run_goes_on_with_what_was_loaded() {
    // Goal: a limit on the command that sends is a limit on what it sends. Method: load without one, run
    // with one that is passed, and with one that is kept; then the same command again.
    let world = World::new();
    let rows = ones(3, &[(1, 50)]);
    load(&world, &rows, "may", &[]).expect(0);
    let file = world.file("file.csv", csv(&rows));
    let refused = world.issue_file(&file, "may", &["--max-per-wallet", "1.49"]).expect(7);
    assert_says(&refused, &["gets 1.50 by 2 rows"]);
    assert!(world.book().gifts.is_empty());
    for _ in 0..2 {
        world.issue_file(&file, "may", &["--max-per-wallet", "1.50"]).expect(0);
    }
    world.assert_given_exactly_once(&rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_far_beyond_the_others_is_refused_until_it_is_meant() {
    // Goal: kuruş for lira, or a lost decimal mark, costs a look and no money. Method: at a hundred times
    // the median, a coin beyond it in a small file, and beyond it; then with the word for it.
    let world = World::new();
    load(&world, &ones(19, &[(50, 10_000)]), "at-the-edge", &[]).expect(0);
    load(&world, &ones(18, &[(50, 10_001)]), "too-small-to-tell", &[]).expect(0);
    let rows = ones(19, &[(50, 10_001), (51, 125_000)]);
    let refused = load(&world, &rows, "may", &[]).expect(7);
    let named = format!("line 22 gives 1250.00 to {}\n", wallet(51));
    let words =
        ["2 rows give more than 100 times the file's median of 1.00", &named, "line 21 gives"];
    assert_says(&refused, &words);
    assert_says(&refused, &["--allow-outliers", "nothing was stored or sent"]);
    assert_eq!(refused.json()["status"], "refused");
    world.run(&["status", "may"]).expect(2);
    let file = world.file("file.csv", csv(&rows).replace(",1250.00,", ",1250,"));
    assert_says(&world.run(&["check", &file]).expect(7), &["written as \"1250\""]);
    world.run(&["check", &file, "--allow-outliers"]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_allowed_once_is_not_asked_again() {
    // Goal: the same command again is always right, and a longer file may grow. Method: allow an
    // outlier; load again, run, and add rows without the word; then add another outlier.
    let world = World::new();
    let mut rows = ones(20, &[(50, 20_000)]);
    load(&world, &rows, "may", &[]).expect(7);
    load(&world, &rows, "may", &["--allow-outliers"]).expect(0);
    load(&world, &rows, "may", &[]).expect(0);
    let file = world.file("file.csv", csv(&rows));
    for _ in 0..2 {
        world.issue_file(&file, "may", &[]).expect(0);
    }
    world.assert_given_exactly_once(&rows);
    rows.extend(ones(0, &[(60, 100)]));
    load(&world, &rows, "may", &[]).expect(0);
    rows.extend(ones(0, &[(61, 10_001)]));
    let refused = load(&world, &rows, "may", &[]).expect(7);
    assert_says(&refused, &["a row gives more than 100 times", &wallet(61).to_string()]);
    assert!(!refused.stderr.contains(&wallet(50).to_string()), "{}", refused.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_far_beyond_its_series_is_refused_until_it_is_meant() {
    // Goal: a whole column in the wrong unit is found by the campaigns before. Method: two weeks; a third
    // at ten times the larger, a fourth a coin beyond; other names, and the word for it.
    let world = World::new();
    let week = |minor| vec![Row { minor, ..ones(1, &[]).remove(0) }];
    load(&world, &ones(20, &[]), "weekly-01", &[]).expect(0);
    load(&world, &week(100), "weekly-02", &[]).expect(0);
    let large = |extra: i64| {
        let tens = ones(20, &[]).into_iter().map(|row| Row { minor: 1_000, ..row });
        let mut rows: Vec<Row> = tens.collect();
        rows[0].minor += extra;
        rows
    };
    load(&world, &large(0), "weekly-03", &[]).expect(0);
    // The third is the largest now: a hundred times the first two weeks.
    let refused = load(&world, &large(180_001), "weekly-04", &["--allow-duplicates"]).expect(7);
    let words = ["2000.01", "10 times the 200.00 of \"weekly-03\"", "--allow-outliers"];
    assert_says(&refused, &words);
    load(&world, &large(50_000), "weekly-05", &[]).expect(0);
    load(&world, &large(90_000), "monthly-01", &[]).expect(0);
    load(&world, &large(180_001), "weekly-04", &["--allow-outliers"]).expect(0);
    load(&world, &large(180_001), "weekly-04", &[]).expect(0);
    let file = world.file("file.csv", csv(&large(80_000)));
    world.run(&["check", &file]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_is_told_at_once() {
    // Goal: a person mends a file once. Method: a file that passes five limits, with the document of it.
    let world = World::new();
    let file = world.file("given.csv", csv(&ones(20, &[(50, 10_001)])));
    world.issue_file(&file, "june", &["--allow-outliers"]).expect(0);
    let limits = ["--expect-rows", "20", "--max-gift", "100", "--max-per-wallet", "100"];
    let mut args = limits.to_vec();
    args.extend(["--max-total", "120"]);
    let refused = load(&world, &ones(20, &[(50, 10_001)]), "may", &args).expect(7);
    let words = [
        "error: the file is refused for 6 reasons:\n",
        "--expect-rows",
        "--max-gift",
        "--max-total",
        "--max-per-wallet",
        "times the file's median",
        "days as: june",
        "--allow-outliers",
        "--allow-same-content",
    ];
    assert_says(&refused, &words);
    let message = refused.json()["error"]["message"].as_str().expect("a message").to_owned();
    assert!(message.contains("--max-gift") && message.contains("june"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_is_measured_by_its_whole_campaign() {
    // Goal: rows that come later are as suspicious as rows that come at once. Method: thirty rows, then a
    // file of one row that is far beyond them, and one that adds up with them beyond the series.
    let world = World::new();
    load(&world, &ones(30, &[]), "may", &[]).expect(0);
    let refused = load(&world, &[ones(1, &[(40, 10_001)]).remove(1)], "may", &[]).expect(7);
    assert_says(&refused, &["100 times", "100.01", "--allow-outliers"]);
    let meant = [ones(1, &[(40, 10_001)]).remove(1)];
    load(&world, &meant, "may", &["--allow-outliers"]).expect(0);
    load(&world, &meant, "may", &[]).expect(0);

    load(&world, &ones(25, &[]), "weekly-01", &[]).expect(0);
    let rows = |from: u32, count: u32| -> Vec<Row> {
        let more: Vec<(u32, i64)> = (from..from + count).map(|number| (number, 1_000)).collect();
        ones(0, &more)
    };
    load(&world, &rows(0, 20), "weekly-02", &[]).expect(0);
    let refused = load(&world, &rows(20, 6), "weekly-02", &[]).expect(7);
    assert_says(&refused, &["weekly-01", "260.00"]);
}
