//! Stories of refused gifts that are given after all, class by class.

use giftbatch::sandbox::{Endpoint, RefusalKind};

use crate::world::{World, csv, rows};

const CONFIRMED: [&str; 4] = ["--yes", "--max-total", "100000000", "--json"];

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_reopens_the_classes_that_were_asked_for() {
    // Goal: rows and money first; only what was meant is reopened, and what was issued is never touched.
    // Method: three classes of refusals; unconfirmed, misspelt, one class, the same again, then the rest.
    let world = World::new();
    let all = rows(40);
    let kinds =
        [RefusalKind::NotFound404, RefusalKind::IsFailure200, RefusalKind::Unprocessable422];
    for (row, kind) in all[10..13].iter().zip(kinds) {
        world.sandbox.refuse_wallet(row.wallet, kind);
    }
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &[]).expect(4);
    for row in &all[10..13] {
        world.sandbox.mend_wallet(row.wallet);
    }
    let sent = || world.sandbox.requests_of(Endpoint::Create);
    let before = sent();
    let retry = |more: &[&str]| world.run(&[&["retry", "may"], more].concat());
    let shown = retry(&["--json"]).expect(7);
    let line =
        |word: &str| shown.stderr.lines().find(|line| line.contains(word)).unwrap_or_default();
    assert!(line("not_found").contains("warning: usually permanent"), "{}", shown.stderr);
    assert!(line("unprocessable").ends_with("yes"), "{}", shown.stderr);
    assert!(line("to retry").contains(" 3 "), "{}", shown.stderr);
    let unknown = retry(&[&["--class", "notfound"], &CONFIRMED[..]].concat()).expect(2);
    assert!(unknown.stderr.contains("declined, not_found, unprocessable"), "{}", unknown.stderr);
    assert_eq!(world.run(&["status", "may", "--json"]).gifts("refused"), 3);
    assert_eq!(sent(), before);
    let one = retry(&[&["--class", "not_found"], &CONFIRMED[..]].concat()).expect(4);
    assert_eq!((one.gifts("issued"), one.gifts("refused"), sent()), (38, 2, before + 1));
    // The class is known, and has no gift any more.
    let none = retry(&[&["--class", "not_found"], &CONFIRMED[..]].concat()).expect(4);
    assert_eq!((none.gifts("refused"), sent()), (2, before + 1));
    let rest = retry(&[&["--class", "declined,unprocessable"], &CONFIRMED[..]].concat()).expect(0);
    assert_eq!(rest.reconciled("matched"), 40);
    let nothing = retry(&["--json"]).expect(0);
    assert!(nothing.stderr.contains("nothing to retry"), "{}", nothing.stderr);
    assert_eq!(sent(), before + 3);
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_confirms_a_retry() {
    // Goal: the document's plan is what `--confirm` takes. Method: a refused gift, another plan's id, the
    // right one.
    let world = World::new();
    let all = rows(3);
    world.sandbox.refuse_wallet(all[1].wallet, RefusalKind::BadRequest400);
    let file = world.file("may.csv", csv(&all));
    let plan = world.issue_file(&file, "may", &[]).expect(4).json()["plan"].clone();
    world.sandbox.mend_wallet(all[1].wallet);
    world.run(&["retry", "may", "--confirm", "0123456789ab", "--json"]).expect(7);
    world.run(&["retry", "may", "--yes", "--max-total", "1", "--json"]).expect(7);
    world.run(&["retry", "may", "--confirm", plan.as_str().unwrap(), "--json"]).expect(0);
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_and_then_refused_is_not_given_again() {
    // Goal: a provider's no is not believed before its lists confirm it. Method: wallets whose gifts are made and then
    // refused, in each of the API's forms, so many in a row that the run stops; others that are really refused; a retry,
    // a limited one before it, and the provider's book.
    let world = World::new();
    let all = rows(60);
    let kinds =
        [RefusalKind::IsFailure200, RefusalKind::BadRequest400, RefusalKind::Unprocessable422];
    for (number, row) in all.iter().enumerate() {
        match number % 3 {
            0 => world.sandbox.refuse_wallet(row.wallet, kinds[number % 2]),
            _ => world.sandbox.refuse_after_commit(row.wallet, kinds[number % 3]),
        }
    }
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &["--no-reconcile", "--stop-after-refusals", "0"]).expect(4);
    for row in &all {
        world.sandbox.mend_wallet(row.wallet);
    }
    let made = world.book().gifts.len();
    assert!(made > 20, "{made}");
    let retry = |more: &[&str]| world.run(&[&["retry", "may"], &CONFIRMED[..], more].concat());
    let some = retry(&["--limit", "2", "--no-reconcile"]);
    assert!(some.stderr.contains("in their wallets all the same"), "{}", some.stderr);
    assert_eq!(some.gifts("issued") as usize, made + 2);
    assert_eq!(
        some.gifts("refused") as usize,
        60 - made - 2,
        "what was not confirmed stays refused"
    );
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(4);
    assert_eq!(world.book().gifts.len(), made + 2);
    let rest = retry(&[]).expect(0);
    assert_eq!(rest.reconciled("matched"), 60);
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_gift_that_nobody_can_look_for_stays_refused() {
    // Goal: lists that are cut reopen nothing. Method: gifts that are made and then refused behind the end of their
    // wallets' lists, and a retry.
    let world = World::new();
    let all = rows(3);
    world.sandbox.cap_lists(Some(0));
    for row in &all {
        world.sandbox.refuse_after_commit(row.wallet, RefusalKind::IsFailure200);
    }
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(4);
    let done = world.run(&[&["retry", "may", "--no-reconcile"], &CONFIRMED[..]].concat()).expect(6);
    assert_eq!(done.gifts("held"), 3, "{}", done.stderr);
    assert_eq!(world.book().gifts.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_gives_no_more_than_was_confirmed_and_counts_what_was_given_before() {
    // Goal: what is reopened is what was confirmed, and the total is the campaign's. Method: three of four gifts
    // are refused; a total that only fits the three, a retry that may send one, then an ordinary run.
    let world = World::new();
    let all = rows(4);
    for row in &all[1..3] {
        world.sandbox.refuse_wallet(row.wallet, RefusalKind::BadRequest400);
    }
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &[]).expect(4);
    for row in &all[1..3] {
        world.sandbox.mend_wallet(row.wallet);
    }
    // 10.00, 11.25, 12.50 and 13.75.
    for more in [&["--dry-run"][..], &[]] {
        let less = ["retry", "may", "--yes", "--max-total", "47.49", "--json"];
        let refused = world.run(&[&less[..], more].concat()).expect(7);
        assert!(refused.stderr.contains("47.50 in all"), "{}", refused.stderr);
    }
    let one = ["retry", "may", "--yes", "--max-total", "47.50", "--limit", "1", "--json"];
    let one = world.run(&one);
    assert_eq!((one.gifts("issued"), one.gifts("refused"), one.gifts("planned")), (3, 1, 0));
    let issued = world.run(&["issue", "may", "--yes", "--max-total", "47.50", "--json"]).expect(4);
    assert_eq!((issued.gifts("issued"), issued.gifts("refused")), (3, 1));
    world.run(&["retry", "may", "--yes", "--max-total", "47.50", "--json"]).expect(0);
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_is_what_the_campaign_gives_and_not_what_its_file_says() {
    // Goal: `--max-total` means one thing in `issue`, `run` and its dry run. Method: four gifts of which one is refused;
    // the same file again with the sum of the three that were given, with a coin less, and a longer file with both.
    let world = World::new();
    let all = rows(5);
    world.sandbox.refuse_wallet(all[0].wallet, RefusalKind::BadRequest400);
    let file = world.file("may.csv", csv(&all[..3]));
    world.issue_file(&file, "may", &[]).expect(4);
    let given: i64 = all[1..3].iter().map(|row| row.minor).sum();
    let text = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
    let run = |file: &str, total: &str, more: &[&str]| {
        let args = ["run", file, "--campaign", "may", "--yes", "--max-total", total];
        world.run(&[&args[..], more].concat())
    };
    let (all_of_it, less) = (text(given), text(given - 1));
    for more in [&[][..], &["--dry-run"]] {
        let code = if more.is_empty() { 4 } else { 0 };
        run(&file, &all_of_it, more).expect(code);
        run(&file, &less, more).expect(7);
    }
    let longer = world.file("longer.csv", csv(&[&all[..3], &all[4..]].concat()));
    let stored = || world.run(&["status", "may", "--json"]).gifts("total");
    run(&longer, &all_of_it, &[]).expect(7);
    assert_eq!(stored(), 3, "nothing is stored that may not be given");
    run(&longer, &text(given + all[4].minor), &[]).expect(4);
    assert_eq!((stored(), world.book().gifts.len()), (4, 3));
}
