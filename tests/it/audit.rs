//! Stories of reconcile as an audit: each finding with what deals with it, balances, and what earlier audits found.

use chrono::{TimeDelta, Utc};
use giftbatch::sandbox::{BookGift, Endpoint, RefusalKind, SeedGift, WalletFacts};
use serde_json::Value;

use crate::world::{Done, World, csv, output, rows};

/// A campaign whose gifts were given, in the order of its file: no wallet has two of them.
fn given(world: &World, campaign: &str, count: u32) -> Vec<BookGift> {
    let rows: Vec<_> = rows(count * 2).into_iter().take(count as usize).collect();
    let file = world.file("rows.csv", csv(&rows).replace("KUPON", campaign));
    world.issue_file(&file, campaign, &["--no-reconcile"]).expect(0);
    let mut gifts = world.book().gifts;
    gifts.retain(|gift| gift.description.starts_with(campaign));
    gifts.sort_by_key(|gift| rows.iter().position(|row| row.wallet == gift.wallet));
    gifts
}

/// The findings of one kind that the document's audit names.
fn kind<'a>(document: &'a Value, word: &str) -> &'a Value {
    let kinds = document["audit"]["findings"].as_array().expect("findings");
    kinds.iter().find(|kind| kind["finding"] == word).unwrap_or(&Value::Null)
}

/// Gives a command as it is told, and says how it ended.
fn give(world: &World, command: &str) -> Done {
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    world.run(&words)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_finding_comes_with_what_deals_with_it() {
    // Goal: a reader of the document or the screen knows what, by how much, and what to type. Method: one gift
    // gone, one doubled twice, one smaller, one that expires later, one used, and a stranger's, of which nothing is
    // said; the document, the screen, and each command that is named, given as it stands.
    let world = World::new();
    let book = given(&world, "may", 12);
    world.sandbox.delete_gift(book[0].id).unwrap();
    let extra = [(); 2].map(|()| world.sandbox.double_gift(book[1].id).unwrap());
    let (amount, expiry) = (book[2].amount_minor, book[2].expires_at);
    world.sandbox.change_gift(book[2].id, amount - 125, expiry).unwrap();
    let later = expiry.map(|at| at + TimeDelta::days(3));
    world.sandbox.change_gift(book[3].id, book[3].amount_minor, later).unwrap();
    world.sandbox.spend(book[4].id, 300).unwrap();
    world.sandbox.seed_gift(SeedGift {
        wallet: book[5].wallet,
        amount_minor: 77,
        expires_at: None,
        description: "a stranger's".into(),
        reference: None,
        created_at: Utc::now(),
    });
    let found = world.run(&["reconcile", "may", "--json"]).expect(6).json();
    let counts = &found["audit"]["counts"];
    for (word, gifts) in [
        ("matched", 8),
        ("missing", 1),
        ("differs", 2),
        ("duplicated", 1),
        ("unexpected", 0),
        ("unread", 0),
        ("used", 1),
        ("expired", 0),
        ("wallets", 12),
    ] {
        assert_eq!(counts[word], gifts, "{word}: {counts}");
    }
    assert_eq!(counts["balances"], Value::Null, "{counts}");
    let only = |word: &str| kind(&found, word)["named"][0].clone();
    assert_eq!(only("missing")["remote_ids"][0], book[0].id.to_string());
    let mut ids =
        [only("duplicated")["remote_ids"][0].clone(), only("duplicated")["remote_ids"][1].clone()];
    let mut expected = extra.map(|id| Value::from(id.to_string()));
    ids.sort_by_key(Value::to_string);
    expected.sort_by_key(Value::to_string);
    assert_eq!(ids, expected);
    let differs = &kind(&found, "differs")["named"];
    assert!(
        differs[0]["difference"].as_str().expect("a text").ends_with("(1.25 less)"),
        "{differs}"
    );
    assert!(
        differs[1]["difference"].as_str().expect("a text").ends_with("(3d later)"),
        "{differs}"
    );
    let screen = world.run(&["reconcile", "may"]).expect(6).stdout;
    for told in found["audit"]["findings"].as_array().expect("findings") {
        for command in told["commands"].as_array().expect("commands") {
            let command = command.as_str().expect("a text");
            assert!(screen.contains(&format!("    {command}\n")), "{command}\n{screen}");
        }
    }
    for id in [book[0].id, extra[0], extra[1]] {
        assert!(screen.contains(&id.to_string()), "{id}\n{screen}");
    }
    // The headline is one line, however long.
    for line in screen.lines().skip(1) {
        assert!(line.chars().count() <= 80, "{line}\n{screen}");
    }
    // Nothing proves here that what is too many is ours: that is said (4), and nothing is deleted.
    for (word, codes) in [("differs", [0, 0]), ("duplicated", [0, 4])] {
        let commands = kind(&found, word)["commands"].as_array().expect("commands");
        for (command, code) in commands.iter().zip(codes) {
            give(&world, command.as_str().expect("a text")).expect(code);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_given_again_by_the_commands_that_are_named() {
    // Goal: they do what is said of them, and the gift is there once. Method: delete two gifts of ten behind the
    // program's back; give the three commands in their order, the last one confirmed; the provider's book.
    let world = World::new();
    let book = given(&world, "may", 10);
    for gift in [&book[2], &book[8]] {
        world.sandbox.delete_gift(gift.id).unwrap();
    }
    let found = world.run(&["reconcile", "may", "--json"]).expect(6).json();
    let commands = kind(&found, "missing")["commands"].as_array().expect("commands").clone();
    let command = |place: usize| commands[place].as_str().expect("a text").to_owned();
    give(&world, &command(0)).expect(6);
    give(&world, &command(1)).expect(0);
    give(&world, &format!("{} --yes --max-total 10000 --json", command(2))).expect(0);
    let left = world.book().gifts.into_iter().filter(|gift| !gift.deleted);
    let mut left: Vec<_> =
        left.map(|gift| (gift.wallet, gift.amount_minor, gift.expires_at)).collect();
    let mut all: Vec<_> =
        book.iter().map(|gift| (gift.wallet, gift.amount_minor, gift.expires_at)).collect();
    left.sort_unstable();
    all.sort_unstable();
    assert_eq!(left, all);
    // Nothing else can be asked for in this way.
    let none = world.run(&["export", "may", "--found", "duplicated"]).expect(0);
    assert!(none.stderr.contains("found no such gift"), "{}", none.stderr);
    world.run(&["export", "may", "--found", "balance"]).expect(2);
    world.run(&["export", "may", "--found", "lost"]).expect(2);
    world.run(&["export", "may"]).expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_and_is_there_is_named_with_its_id() {
    // Goal: a false no is found, and not given a second time by the command that opens refusals. Method: a wallet that
    // refuses, whose gift appears all the same; the finding, its command, and a retry.
    let world = World::new();
    let all = rows(4);
    world.sandbox.refuse_wallet(all[1].wallet, RefusalKind::Unprocessable422);
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(4);
    let like = world.book().gifts[0].clone();
    let there = world.sandbox.seed_gift(SeedGift {
        wallet: all[1].wallet,
        amount_minor: all[1].minor,
        expires_at: like.expires_at,
        description: all[1].description.clone(),
        reference: None,
        created_at: Utc::now(),
    });
    world.sandbox.mend_wallet(all[1].wallet);
    let found = world.run(&["reconcile", "may", "--json"]).expect(6).json();
    let named = &kind(&found, "unexpected")["named"][0];
    assert_eq!(named["remote_ids"][0], there.to_string());
    let told = give(&world, named["command"].as_str().expect("a text")).expect(0).stdout;
    assert!(told.contains(&format!("unexpected: {there}")), "{told}");
    let before = world.book().gifts.len();
    // It is recorded as what it is, and not sent.
    let done = world.run(&["retry", "may", "--yes", "--max-total", "10000", "--json"]).expect(0);
    assert_eq!((done.gifts("refused"), world.book().gifts.len()), (0, before));
}

#[tokio::test(flavor = "multi_thread")]
async fn balances_are_held_against_lists() {
    // Goal: a break is a finding with both numbers; used, foreign and deleted gifts break nothing. Method: wallets
    // with each of those, one whose balance is too large and one whose is too small; the requests, the document, the
    // screen; then without `--balances`, and once all is mended.
    let world = World::new();
    let book = given(&world, "may", 20);
    world.sandbox.spend(book[0].id, 250).unwrap();
    world.sandbox.mark_used(book[1].id).unwrap();
    world.sandbox.double_gift(book[2].id).unwrap();
    world.sandbox.delete_gift(book[2].id).unwrap();
    let off = |gift: &BookGift, minor| {
        let facts = WalletFacts { gift_balance_off_minor: minor, ..WalletFacts::default() };
        world.sandbox.set_wallet(gift.wallet, facts);
    };
    off(&book[5], 1_000);
    off(&book[6], -1);
    world.sandbox.delete_gift(book[2].id).unwrap();
    let asked = || world.sandbox.requests_of(Endpoint::Balances);
    let done = world.run(&["reconcile", "may", "--balances", "--json"]).expect(6);
    // Each once, and the two that break once more.
    assert_eq!(asked(), 22);
    assert!(
        done.stderr.contains("20 wallets, a list and a balance each: 40 requests"),
        "{}",
        done.stderr
    );
    let found = done.json();
    let balances = &found["audit"]["counts"]["balances"];
    assert_eq!(*balances, serde_json::json!({"held": 18, "differs": 2, "unknown": 0}));
    let named = &kind(&found, "balance")["named"];
    let told: Vec<_> = (0..2).map(|place| &named[place]["difference"]).collect();
    let amount = |gift: &BookGift, more: i64| {
        let minor = gift.amount_minor + more;
        format!("{}.{:02}", minor / 100, minor % 100)
    };
    let words = |gift, more, by: &str| {
        format!("{} instead of {} ({by})", amount(gift, more), amount(gift, 0))
    };
    assert_eq!(told, [&words(&book[5], 1_000, "10.00 more"), &words(&book[6], -1, "0.01 less")]);
    assert_eq!(named[0]["wallet_id"], book[5].wallet.to_string());
    give(&world, named[0]["command"].as_str().expect("a text")).expect(0);
    assert_eq!(found["status"], "attention");
    let screen = world.run(&["reconcile", "may", "--balances"]).expect(6).stdout;
    for words in ["2 balances that differ", "18 hold, 2 differ, 0 not known", "(0.01 less)"] {
        assert!(screen.contains(words), "{words}\n{screen}");
    }
    // Who does not ask, hears nothing of it.
    let before = asked();
    let plain = world.run(&["reconcile", "may", "--json"]).expect(6);
    assert_eq!((asked(), &plain.json()["audit"]["counts"]["balances"]), (before, &Value::Null));
    assert_eq!((plain.reconciled("missing"), plain.reconciled("matched")), (1, 19));
    off(&book[5], 0);
    off(&book[6], 0);
    let mended = world.run(&["reconcile", "may", "--balances", "--json"]).expect(6).json();
    assert_eq!(kind(&mended, "balance"), &Value::Null);
    // A balance alone is enough for code 6.
    off(&given(&world, "june", 3)[0], 5);
    world.run(&["reconcile", "june"]).expect(0);
    world.run(&["reconcile", "june", "--balances", "-q"]).expect(6);
    world.run(&["reconcile", "--all", "--balances", "--json"]).expect(6);
}

/// A gift's own story tells that audits from the first to the last of these found this of it.
fn assert_told(world: &World, finding: &Value, word: &str, audits: (i64, i64)) {
    let key = finding["key"].as_str().expect("a key");
    let story = world.run(&["show", key, "--json"]).expect(0).json();
    let told = story["audits"].as_array().expect("audits");
    assert_eq!(told.len(), 1, "{story}");
    assert_eq!((&told[0]["finding"], &told[0]["last_audit"]), (&word.into(), &audits.1.into()));
    let shown = world.run(&["show", key]).expect(0).stdout;
    let (_, shown) = shown.split_once("\naudits").expect("its audits");
    let numbers = format!("{}-{} ", audits.0, audits.1);
    assert!(shown.contains(&numbers) && shown.contains(word), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_audit_is_remembered_with_what_it_found() {
    // Goal: a month later one sees what each audit found, and whether it was found again. Method: four audits: all
    // well; one missing, one doubled; the double gone; one that could read nothing; then the lists of audits and of
    // findings as a person and as a program read them, and what was kept.
    let world = World::new();
    let book = given(&world, "may", 8);
    world.run(&["reconcile", "may"]).expect(0);
    world.sandbox.delete_gift(book[3].id).unwrap();
    let double = world.sandbox.double_gift(book[4].id).unwrap();
    world.run(&["reconcile", "may"]).expect(6);
    world.run(&["reconcile", "--all"]).expect(6);
    world.sandbox.delete_gift(double).unwrap();
    world.run(&["reconcile", "may"]).expect(6);
    let asked = world.sandbox.stats().requests.values().sum::<u64>();
    let history = world.run(&["reconcile", "may", "--history", "--json"]).expect(0).json();
    let counts = |word: &str| -> Vec<u64> {
        let audits = history["audits"].as_array().expect("audits").iter();
        audits.map(|audit| audit["counts"][word].as_u64().expect("a count")).collect()
    };
    assert_eq!(counts("matched"), [7, 6, 6, 8], "the newest comes first");
    assert_eq!((counts("missing"), counts("duplicated")), (vec![1, 1, 1, 0], vec![0, 1, 1, 0]));
    let number = |place: usize| history["audits"][place]["number"].as_i64().expect("a number");
    let of = |number: i64, more: &[&str]| {
        let flag = format!("--history={number}");
        world.run(&[&["reconcile", "may", flag.as_str()], more].concat()).expect(0)
    };
    let second = of(number(2), &["--json"]).json();
    let found = second["findings"].as_array().expect("findings");
    let told: Vec<_> = found
        .iter()
        .map(|it| (&it["finding"], &it["first_audit"], &it["last_audit"], &it["gone_in_audit"]))
        .collect();
    let (first, last) = (Value::from(number(2)), Value::from(number(0)));
    let third = Value::from(number(1));
    assert_eq!(told[0], (&"missing".into(), &first, &last, &Value::Null));
    assert_eq!(told[1], (&"duplicated".into(), &first, &third, &last));
    assert_eq!(found[1]["remote_ids"][0], double.to_string());
    assert_eq!(of(number(3), &["--json"]).json()["findings"], serde_json::json!([]));
    let text = of(number(2), &[]).stdout;
    for words in [
        format!("found since audit {}, still there in audit {}", number(2), number(0)),
        format!("gone in audit {}", number(0)),
        double.to_string(),
        book[3].id.to_string(),
    ] {
        assert!(text.contains(&words), "{words}\n{text}");
    }
    let list = world.run(&["reconcile", "may", "--history"]).expect(0).stdout;
    assert!(
        list.contains("6 matched, 1 missing, 1 duplicated") && list.contains("finished"),
        "{list}"
    );
    assert_eq!(world.sandbox.stats().requests.values().sum::<u64>(), asked, "nothing was asked");
    // The gifts themselves tell it too: one that is still missing, one whose double is gone.
    assert_told(&world, &found[0], "missing", (number(2), number(0)));
    assert_told(&world, &found[1], "duplicated", (number(2), number(1)));
    // What is wrong with the question is said.
    world.run(&["reconcile", "may", "--history=999"]).expect(2);
    world.run(&["reconcile", "--all", "--history"]).expect(2);
    world.run(&["reconcile", "may", "--history=x"]).expect(2);
    // What is found again costs no row.
    let kept = || {
        let ledger = world.ledger();
        let query = "select count(*) from finding";
        let out = output(std::process::Command::new("sqlite3").arg(&ledger).arg(query));
        out.ok().and_then(|out| String::from_utf8(out.stdout).ok()?.trim().parse::<u64>().ok())
    };
    if let Some(rows) = kept() {
        assert_eq!(rows, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expired_and_is_not_shown_is_no_alarm() {
    // Goal: an audit after a campaign's end is quiet, and says what it cannot see. Method: gifts that expire in a
    // moment; once they have, one is still shown, one is not; another of a later day is gone.
    let world = World::new();
    let soon = Utc::now() + TimeDelta::seconds(6);
    let all: Vec<_> = rows(8).into_iter().take(3).collect();
    let text = csv(&all[..2])
        .replace("2036-12-31", &soon.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
    let lasting = csv(&all[2..]);
    let lasting = lasting.lines().nth(1).expect("a row");
    let file = world.file("may.csv", format!("{text}{lasting}\n"));
    world.issue_file(&file, "may", &[]).expect(0);
    let book = world.book().gifts;
    let gift =
        |place: usize| book.iter().find(|gift| gift.wallet == all[place].wallet).expect("given").id;
    world.sandbox.delete_gift(gift(0)).unwrap();
    let left = soon + TimeDelta::milliseconds(50) - Utc::now();
    tokio::time::sleep(left.to_std().unwrap_or_default()).await;
    let done = world.run(&["reconcile", "may", "--balances", "--json"]).expect(0);
    assert_eq!((done.reconciled("matched"), done.reconciled("missing")), (2, 0));
    let counts = &done.json()["audit"]["counts"];
    assert_eq!(
        (&counts["expired"], &counts["expired_unlisted"]),
        (&2.into(), &1.into()),
        "{counts}"
    );
    assert_eq!(counts["balances"]["held"], 3, "{counts}");
    let text = world.run(&["status", "may"]).expect(0).stdout;
    assert!(text.contains("2 past their expiry") && !text.contains("missing"), "{text}");
    let report = world.run(&["report", "may", "--format", "csv"]).expect(0).stdout;
    assert!(report.contains(",expired"), "{report}");
    world.sandbox.delete_gift(gift(2)).unwrap();
    let done = world.run(&["reconcile", "may", "--json"]).expect(6);
    assert_eq!((done.reconciled("matched"), done.reconciled("missing")), (1, 1));
}
