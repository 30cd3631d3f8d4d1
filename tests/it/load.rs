//! Stories of loading: what a file becomes in the ledger, and what refuses it.

use crate::world::{Row, World, csv, excel_tr, rows};

fn load(world: &World, text: &str, more: &[&str]) -> crate::world::Done {
    let file = world.file("may.csv", text);
    let mut args = vec!["load", &file, "--campaign", "may", "--json"];
    args.extend(more);
    world.run(&args)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_rows_add_nothing_however_their_file_is_written() {
    // Goal: one row, one key. Method: load a file, the same again, the same reshuffled and written
    // as Excel in Turkish does, and then with twenty more rows on top.
    let world = World::new();
    let all = rows(220);
    let first = load(&world, &csv(&all[..200]), &[]).expect(0);
    assert_eq!((first.gifts("total"), first.gifts("planned")), (200, 200));
    for text in [csv(&all[..200]), excel_tr(&all[..200])] {
        let again = load(&world, &text, &[]).expect(0);
        assert_eq!(again.json()["plan"], first.json()["plan"]);
        assert_eq!(again.gifts("total"), 200);
    }
    let mut longer = all[200..].to_vec();
    longer.extend_from_slice(&all[..200]);
    let more = load(&world, &csv(&longer), &[]).expect(0);
    assert_eq!(more.gifts("total"), 220);
    assert_ne!(more.json()["plan"], first.json()["plan"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn identical_rows_are_refused_until_they_are_meant() {
    // Goal: a row that was pasted twice is noticed. Method: with and without the word for it; then
    // the same file again, and with a third.
    let world = World::new();
    let mut twice = rows(3);
    twice.push(twice[1].clone());
    let refused = load(&world, &csv(&twice), &[]).expect(3);
    assert!(refused.stderr.contains("line 5"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--allow-duplicates"), "{}", refused.stderr);
    let meant = load(&world, &csv(&twice), &["--allow-duplicates"]).expect(0);
    assert_eq!(meant.gifts("total"), 4);
    let again = load(&world, &csv(&twice), &["--allow-duplicates"]).expect(0);
    assert_eq!(again.gifts("total"), 4);
    twice.push(twice[1].clone());
    let third = load(&world, &csv(&twice), &["--allow-duplicates"]).expect(0);
    assert_eq!(third.gifts("total"), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_faults_stores_nothing_and_names_each() {
    // Goal: all faults at once, with line, column, value and mend. Method: three faults in ten rows.
    let world = World::new();
    let mut text = csv(&rows(7));
    text.push_str("not-a-wallet,10.00,2036-12-31,A\n");
    text.push_str("30bac1c0-ad6b-4c50-a52e-1b34f9b487a7,-5,2036-12-31,A\n");
    text.push_str("30bac1c0-ad6b-4c50-a52e-1b34f9b487a7,5.00,2020-12-31,A\n");
    let refused = load(&world, &text, &[]).expect(3);
    for word in ["line 9", "not-a-wallet", "line 10", "-5", "line 11", "2020-12-31", "amount"] {
        assert!(refused.stderr.contains(word), "{word}: {}", refused.stderr);
    }
    assert_eq!(refused.json()["status"], "refused");
    world.run(&["status", "may"]).expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_and_control_totals_are_kept() {
    // Goal: a wrong total stores nothing. Method: each limit just passed, then all just kept.
    let world = World::new();
    let text = csv(&rows(4));
    for limit in [
        ["--expect-rows", "5"],
        ["--expect-total", "1"],
        ["--max-gift", "10"],
        ["--max-total", "47.49"],
    ] {
        let refused = load(&world, &text, &limit).expect(7);
        assert!(refused.stderr.contains(limit[0]), "{}", refused.stderr);
    }
    let kept = ["--expect-rows", "4", "--expect-total", "47.50", "--max-gift", "13.75"];
    let good = load(&world, &text, &kept).expect(0);
    assert_eq!(good.json()["amounts"]["total"], "47.50");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_is_the_row_whatever_else_changes() {
    // Goal: what was loaded under a reference stays. Method: the same reference twice in a file;
    // then with another amount in a later file.
    let world = World::new();
    let wallet = rows(1)[0].wallet;
    let line =
        |reference: &str, amount: &str| format!("{wallet},{amount},2036-12-31,KUPON,{reference}\n");
    let header = "wallet_id,amount,expires_at,description,reference\n";
    let twice = format!("{header}{}{}", line("A-1", "10.00"), line("A-1", "12.00"));
    let refused = load(&world, &twice, &[]).expect(3);
    assert!(refused.stderr.contains("A-1"), "{}", refused.stderr);
    let good = format!("{header}{}{}", line("A-1", "10.00"), line("A-2", "10.00"));
    load(&world, &good, &[]).expect(0);
    let changed = format!("{header}{}{}", line("A-1", "99.00"), line("A-2", "10.00"));
    let kept = load(&world, &changed, &[]).expect(0);
    assert_eq!(kept.json()["amounts"]["total"], "20.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_under_another_name_is_refused() {
    // Goal: a file is not given twice under two names. Method: issue it, extend the campaign by
    // another file, then give the first file under another name; then go on with that one.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(5)));
    world.issue_file(&file, "may", &[]).expect(0);
    let more =
        format!("wallet_id,amount,expires_at,description\n{},7,never,X\n", rows(1)[0].wallet);
    let more = world.file("more.csv", more);
    world.issue_file(&more, "may", &[]).expect(0);
    let again = world.issue_file(&file, "may-2", &[]).expect(7);
    assert!(again.stderr.contains("may"), "{}", again.stderr);
    assert_eq!(world.book().gifts.len(), 6);
    world.issue_file(&file, "may-2", &["--allow-same-content"]).expect(0);
    assert_eq!(world.book().gifts.len(), 11);
    // Both were allowed: either goes on without the word.
    world.issue_file(&file, "may", &[]).expect(0);
    world.issue_file(&file, "may-2", &[]).expect(0);
    assert_eq!(world.book().gifts.len(), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_touches_no_ledger_and_no_network() {
    // Goal: a look at a file is only a look. Method: check it, then see that nothing came of it.
    let mut world = World::new();
    world.unset("GIFTBATCH_WALLET_URL").unset("GIFTBATCH_API_KEY");
    let file = world.file("may.csv", excel_tr(&rows(8)));
    let good = world.run(&["check", &file, "--json"]).expect(0);
    assert_eq!((&good.json()["rows"], &good.json()["wallets"]), (&8.into(), &6.into()));
    assert_eq!(good.json()["total"], "106.25");
    assert!(!world.ledger().exists());
    assert!(world.book().gifts.is_empty());
    let bad = world.file("bad.csv", "wallet_id,amount\n");
    world.run(&["check", &bad]).expect(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relative_expiry_counts_from_the_first_load() {
    // Goal: what a row means does not depend on the day. Method: load twice with a duration, and see
    // that nothing was added.
    let world = World::new();
    let row: Row = rows(1).remove(0);
    let text = format!("wallet_id,amount,description\n{},10,KUPON\n", row.wallet);
    load(&world, &text, &["--expires", "90m"]).expect(0);
    let again = load(&world, &text, &["--expires", "90m"]).expect(0);
    assert_eq!(again.gifts("total"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_tells_its_identical_rows_apart_as_a_small_one_does() {
    // Goal: a new ledger takes a large file the quick way, which sees only at its end that rows repeat,
    // and nothing of that shows. Method: as many rows as make a file large, the last as the first:
    // refused; then with one that cannot be read, left out with its rejects, and the others meant; and the
    // same rows without the two, into another ledger, before the file that repeats one.
    let mut world = World::new();
    let plain = csv(&rows(20_010));
    let first = plain.lines().nth(1).expect("a first row").to_owned();
    let repeats = format!("{plain}{first}\n");
    let refused = load(&world, &repeats, &[]).expect(3);
    assert!(refused.stderr.contains("line 20012"), "{}", refused.stderr);
    let rejects = world.path("rejects.csv");
    let rejects = rejects.to_str().expect("plain characters");
    let skip = ["--allow-duplicates", "--on-invalid", "skip", "--rejects", rejects];
    let spoilt = format!("{repeats}{}\n", first.replacen(',', ",x", 1));
    let meant = load(&world, &spoilt, &skip).expect(0);
    assert_eq!(meant.gifts("total"), 20_011);
    assert!(meant.stderr.contains("1 row was left out"), "{}", meant.stderr);
    let other = world.path("other.db").to_str().expect("plain characters").to_owned();
    world.set("GIFTBATCH_LEDGER", &other);
    assert_eq!(load(&world, &plain, &[]).expect(0).gifts("total"), 20_010);
    assert_eq!(load(&world, &repeats, &["--allow-duplicates"]).expect(0).gifts("total"), 20_011);
}
