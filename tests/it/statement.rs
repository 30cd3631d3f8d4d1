//! Stories of statements: what finance keeps of a campaign binds the ledger's past.

use giftbatch::sandbox::{RefusalKind, WalletFacts};

use crate::world::{World, csv, rows};

/// Changes the ledger as another program could.
fn behind_its_back(world: &World, statements: &str) {
    let other = rusqlite::Connection::open(world.ledger()).expect("anybody can open the file");
    other.execute_batch(statements).expect("the file can be changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_holds_for_as_long_as_the_past_does() {
    // Goal: what finance has in hand shows whether the ledger still says the same, also when the campaign went
    // on since. Method: a campaign with a refusal; a statement; then more of everything: the refusal is given
    // after all, a longer file is loaded, another campaign is given, a gift is revoked.
    let world = World::new();
    let all = rows(12);
    let file = world.file("may.csv", csv(&all[..8]));
    world.sandbox.refuse_wallet(all[2].wallet, RefusalKind::Unprocessable422);
    world.issue_file(&file, "may", &[]).expect(4);
    let path = world.path("may.txt").to_str().expect("a plain path").to_owned();
    world.run(&["report", "may", "--format", "statement", "-o", &path]).expect(0);
    let text = std::fs::read_to_string(&path).expect("it was written");
    assert!(text.contains("\nissued     7 "), "{text}");
    assert!(text.contains("\nrefused    1 "), "{text}");
    let verify = || world.run(&["ledger", "verify", "--statement", &path]);
    assert!(verify().expect(0).stdout.contains("it says what the statement says"));
    world.sandbox.mend_wallet(all[2].wallet);
    let retry = ["retry", "may", "--yes", "--max-total", "100000"];
    world.run(&retry).expect(0);
    verify().expect(0);
    let longer = world.file("may.csv", csv(&all[..10]));
    world.issue_file(&longer, "may", &[]).expect(0);
    verify().expect(0);
    let june = world.file("june.csv", csv(&all[10..]));
    world.issue_file(&june, "june", &[]).expect(0);
    world.run(&["revoke", "june", "--yes", "--max-total", "100000"]).expect(0);
    let whole = verify().expect(0);
    let json = world.run(&["ledger", "verify", "--statement", &path, "--json"]).expect(0).json();
    assert_eq!(json["findings"], 0, "{}", whole.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_that_was_changed_is_found() {
    // Goal: no program changes what happened without a trace. Method: a statement; then its own sums, an
    // event with the hashes after it left as they were, and the last event taken away; another ledger; a text
    // that is none.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(8)));
    world.issue_file(&file, "may", &[]).expect(0);
    let path = world.path("may.txt").to_str().expect("a plain path").to_owned();
    let verify = |path: &str| world.run(&["ledger", "verify", "--statement", path]);
    world.run(&["report", "may", "--format", "statement", "-o", &path]).expect(0);
    let text = std::fs::read_to_string(&path).expect("it was written");
    let issued = text.lines().find(|line| line.starts_with("issued")).expect("all are");
    let other = world.file("other.txt", text.replace(issued, "issued     8 9999.00"));
    assert!(verify(&other).expect(6).stdout.contains("gifts and money by state are others"));
    let stranger = world.file("stranger.txt", text.replace("ledger     ", "ledger     0"));
    verify(&stranger).expect(2);
    let none = world.file("none.txt", "all is well");
    assert!(verify(&none).expect(2).stderr.contains("it is no statement"));
    behind_its_back(
        &world,
        "drop trigger event_is_append_only_delete; delete from event where id = (select max(id) from event)",
    );
    let found = verify(&path).expect(6);
    assert!(found.stdout.contains("statement may: it tells of 8 events"), "{}", found.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_that_was_changed_is_found() {
    // Goal: nobody takes a finding away unseen. Method: audits that found one gift missing, then one doubled too, one
    // with balances between two without, and one that found all well again; the ledger is whole; then a finding is
    // deleted, one is added, and a count is changed, each in a copy.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(6)));
    world.issue_file(&file, "may", &[]).expect(0);
    let book = world.book().gifts;
    world.sandbox.delete_gift(book[0].id).unwrap();
    let facts = WalletFacts { gift_balance_off_minor: 5, ..WalletFacts::default() };
    world.sandbox.set_wallet(book[2].wallet, facts);
    world.run(&["reconcile", "may", "--balances"]).expect(6);
    let double = world.sandbox.double_gift(book[1].id).unwrap();
    world.run(&["reconcile", "may"]).expect(6);
    world.run(&["reconcile", "may", "--balances"]).expect(6);
    world.sandbox.delete_gift(double).unwrap();
    world.run(&["reconcile", "may"]).expect(6);
    let whole = world.path("may.txt").to_str().expect("a plain path").to_owned();
    world.run(&["report", "may", "--format", "statement", "-o", &whole]).expect(0);
    // Audits since change nothing of what it says.
    world.sandbox.delete_gift(book[3].id).unwrap();
    world.run(&["reconcile", "may", "--balances"]).expect(6);
    world.run(&["ledger", "verify", "--statement", &whole]).expect(0);
    let changes = [
        ("delete from finding where word = 'missing'", "counted 1 missing, but 0 are kept"),
        ("delete from finding where word = 'balance'", "counted 1 balance, but 0 are kept"),
        (
            "insert into finding select campaign_id, gift_row, 'unexpected', first_audit, last_audit, null from finding \
             where word = 'missing'",
            "counted 0 unexpected, but 1 are kept",
        ),
        (
            "update reconciliation set counts_json = replace(counts_json, '\"duplicated\":1', '\"duplicated\":0')",
            "counted 0 duplicated, but 1 are kept",
        ),
    ];
    for (place, (change, told)) in changes.into_iter().enumerate() {
        let copy = world.path(&format!("copy-{place}.db")).to_str().expect("plain").to_owned();
        world.run(&["ledger", "backup", &copy]).expect(0);
        let other = rusqlite::Connection::open(&copy).expect("anybody can open the file");
        other.execute_batch(change).expect("the file can be changed");
        drop(other);
        let found = world.run(&["ledger", "verify", "--ledger", &copy]).expect(6);
        assert!(found.stdout.contains(told), "{change}: {}", found.stdout);
    }
    // Who changes no number is found by the statement.
    behind_its_back(&world, "update finding set detail = 'x' where word = 'missing'");
    world.run(&["ledger", "verify"]).expect(0);
    let found = world.run(&["ledger", "verify", "--statement", &whole]).expect(6);
    assert!(found.stdout.contains("was changed since"), "{}", found.stdout);
    assert!(found.stderr.contains("(1 finding)"), "{}", found.stderr);
}
