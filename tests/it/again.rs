//! Stories of a file that comes again, changed in something that nobody sees or around it: each row is given
//! once.

use giftbatch::sandbox::{SandboxConfig, Wallets};

use crate::world::{World, wallet};

/// A file of two wallets, with these descriptions.
pub(crate) fn texts(first: &str, second: &str) -> String {
    let (one, two) = (wallet(1), wallet(2));
    format!(
        "wallet_id,amount,expires_at,description\n{one},10.00,2036-05-31,{first}\n{two},20.00,2036-05-31,{second}\n"
    )
}

/// A file of two wallets, with these references.
fn references(first: &str, second: &str) -> String {
    let (one, two) = (wallet(1), wallet(2));
    format!(
        "wallet_id,amount,expires_at,description,reference\n{one},18.40,2036-07-05,Hediye,{first}\n\
         {two},432.01,2036-04-08,Hediye,{second}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_re_export_that_looks_the_same_gives_nothing() {
    // Goal: what nobody sees of a file gives nobody a second gift, and reaches customers as it was written.
    // Method: files under one campaign, each given as a scheduler gives it: texts with marks of no width, a
    // byte order mark, soft hyphens and other spaces; references that a spreadsheet made floats of.
    let world = World::new();
    let plain = ("Hediye çeki \u{1f468}\u{200d}\u{1f469}", "İyi bayramlar");
    let texts = [
        texts(plain.0, plain.1),
        texts("Hediye çeki \u{1f468}\u{1f469}\u{200b}", "I\u{307}yi bayramlar"),
        texts("\u{feff}Hediye c\u{327}eki \u{1f468}\u{200d}\u{1f469}", "İyi\u{a0}bayramlar"),
        texts("Hedi\u{ad}ye  çeki \u{1f468}\u{200d}\u{1f469}\u{fe0f}", "İyi \u{2009}bayramlar"),
    ];
    for text in texts {
        let file = world.file("texts.csv", text);
        assert_eq!(world.issue_file(&file, "texts", &[]).expect(0).gifts("total"), 2);
    }
    for text in [references("2409", "1881"), references("2409.0", "1881.00")] {
        let file = world.file("references.csv", text);
        assert_eq!(world.issue_file(&file, "references", &[]).expect(0).gifts("total"), 2);
    }
    let book = world.book();
    assert_eq!(book.gifts.len(), 4);
    let is_sent = |text: &str| book.gifts.iter().any(|gift| gift.description == text);
    assert!(is_sent(plain.0) && is_sent(plain.1));
    // Another campaign sees the same content in it.
    let file = world.file("again.csv", texts_of_another_program(plain));
    world.issue_file(&file, "june", &[]).expect(7);
}

fn texts_of_another_program(plain: (&str, &str)) -> String {
    texts(&format!("{}\u{200b}", plain.0), plain.1)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_one_file_that_look_the_same_are_told_with_both_lines() {
    // Goal: two rows in which a person sees no difference are one row pasted twice, until somebody says
    // otherwise. Method: texts and references that differ in what is invisible.
    let world = World::new();
    let text = texts("KUPON", "X") + &format!("{},10.00,2036-05-31,KUPON\u{200b}\n", wallet(1));
    let file = world.file("may.csv", text);
    let refused = world.run(&["load", &file, "--campaign", "may"]).expect(3);
    let words = "line 4 is the same as line 2, but for what nobody sees in its text";
    assert!(refused.stderr.contains(words), "{}", refused.stderr);
    let meant = ["load", &file, "--campaign", "may", "--allow-duplicates", "--json"];
    assert_eq!(world.run(&meant).expect(0).gifts("total"), 3);
    let file = world.file("june.csv", references("2409", "2409.0"));
    let refused = world.run(&["load", &file, "--campaign", "june"]).expect(3);
    for words in ["line 3", "\"2409.0\"", "line 2 has it as 2409"] {
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_known_says_what_it_said() {
    // Goal: the same file again is taken by its digest, and says and holds what it did when it was read. Method: the
    // document and the screen of a second load against the first; limits that it passes; the same bytes under
    // another zone; rows of a second file, after which the first one is read whole, and says what it lacks.
    let world = World::new();
    let text = texts("Hediye çeki", "İyi bayramlar");
    let file = world.file("may.csv", &text);
    let load = |file: &str, more: &[&str]| {
        world.run(&[&["load", file, "--campaign", "may"], more].concat())
    };
    let preview = |more: &[&str]| {
        let mut document = load(&file, &[&["--json"], more].concat()).expect(0).json();
        let mut preview = document["preview"].take();
        preview["difference"] = serde_json::Value::Null;
        (preview, document["gifts"].take())
    };
    let first = preview(&[]);
    assert_eq!(preview(&["--expect-rows", "2", "--expect-total", "30", "--max-gift", "20"]), first);
    let again = load(&file, &[]).expect(0);
    assert!(again.stderr.contains("nothing new: may has exactly these rows already"), "{again:?}");
    for (flags, words) in [
        (["--expect-rows", "3"], "3"),
        (["--expect-total", "31"], "31"),
        (["--max-gift", "19.99"], "line 3"),
        (["--max-total", "29"], "29"),
        (["--tz", "UTC"], "Europe/Istanbul"),
        (["--currency", "EUR"], "TRY"),
    ] {
        let refused = load(&file, &flags).expect(7);
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
    let more = world.file("more.csv", text.clone() + &format!("{},5,2036-05-31,X\n", wallet(3)));
    assert_eq!(load(&more, &["--json"]).expect(0).gifts("total"), 3);
    let back = load(&file, &[]).expect(0);
    assert!(back.stderr.contains("THEY WILL STILL BE SENT"), "{}", back.stderr);
    let back = load(&file, &[]).expect(0);
    assert!(back.stderr.contains("THEY WILL STILL BE SENT"), "{}", back.stderr);
}

/// A file of two wallets in which something is left to what is said beside it: an amount, an expiry, a description.
fn open_file(amount: &str, expiry: &str, description: &str) -> String {
    let (one, two) = (wallet(1), wallet(2));
    let cells = [expiry, description].into_iter().filter(|cell| !cell.is_empty());
    let rest: String = cells.map(|cell| format!(";{cell}")).collect();
    let names = [(expiry, "expires_at"), (description, "description")];
    let names: String = names
        .iter()
        .filter(|(cell, _)| !cell.is_empty())
        .map(|(_, name)| format!(";{name}"))
        .collect();
    format!("wallet_id;amount{names}\n{one};{amount}{rest}\n{two};{amount}{rest}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_give_nothing_whatever_is_said_beside_them() {
    // Goal: what rows mean is told by the first load, and another word for it is refused with both. Method: a
    // file for each thing that may be said, given, then given with another word: by a flag, by the environment
    // and by a settings file, alone and with a row more; the words of the message, quiet or not; then as before.
    let flag = |flag, value| [flag, value].map(str::to_owned).to_vec();
    let never = || vec!["--expires".to_owned(), "never".to_owned()];
    for (text, first, other, words) in [
        (
            open_file("10.50", "31.05.2036", "A"),
            vec![],
            flag("--tz", "UTC"),
            ["Europe/Istanbul", "UTC", "--tz Europe/Istanbul"],
        ),
        (
            open_file("10.50", "never", ""),
            flag("--description", "A"),
            flag("--description", "B"),
            ["\"A\"", "\"B\"", "--description A"],
        ),
        (
            open_file("10.50", "", "A"),
            flag("--expires", "30d"),
            flag("--expires", "31d"),
            ["--expires 30d (", "--expires 31d (", "say --expires 30d"],
        ),
        (open_file("10.50", "", "A"), flag("--expires", "30d"), never(), ["30d", "never", "30d"]),
        (
            open_file("1.000", "never", "A"),
            flag("--decimal", "point"),
            flag("--decimal", "comma"),
            ["point", "comma", "--decimal point"],
        ),
        (
            open_file("10.50;20.50", "never;A;B", "C").replacen(
                "wallet_id;amount;expires_at;description",
                "wallet_id;one;two;expires_at;a;b;c",
                1,
            ),
            flag("--map", "amount=one,description=a"),
            flag("--map", "amount=two,description=a"),
            ["amount=one", "amount=two", "--map"],
        ),
    ] {
        let world = World::new();
        let file = world.file("may.csv", &text);
        let given = |more: &[String], file: &str| {
            let more: Vec<&str> = more.iter().map(String::as_str).chain(["-q"]).collect();
            world.issue_file(file, "may", &more)
        };
        given(&first, &file).expect(0);
        let refused = given(&other, &file).expect(7);
        for word in words {
            assert!(refused.stderr.contains(word), "{word}: {}", refused.stderr);
        }
        let row = text.lines().nth(1).expect("a row").replacen(
            &wallet(1).to_string(),
            &wallet(3).to_string(),
            1,
        );
        let longer = world.file("longer.csv", format!("{text}{row}\n"));
        given(&other, &longer).expect(7);
        assert_eq!(world.book().gifts.len(), 2, "{words:?}");
        assert_eq!(given(&first, &longer).expect(0).gifts("total"), 3);
        given(&first, &file).expect(0);
        assert_eq!(world.book().gifts.len(), 3, "{words:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_of_another_place_is_no_other_meaning_unless_a_row_depends_on_it() {
    // Goal: a container, a crontab and a settings file elsewhere are noticed where dates depend on their zone,
    // and hold nobody up where none does. Method: dates alone and whole instants, from places with other zones.
    let mut world = World::new();
    let dates = world.file("dates.csv", open_file("10.50", "31.05.2036", "A"));
    let instants = world.file("instants.csv", open_file("7.50", "2036-05-31T20:59:59Z", "B"));
    let folder = world.path("elsewhere");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("giftbatch.toml"), "tz = \"UTC\"\n").expect("a file");
    let run = |world: &World, file: &str, campaign: &str| {
        let args = ["run", file, "--campaign", campaign, "--yes", "--max-total", "100"];
        world.run_in(&folder, &args)
    };
    world.issue_file(&dates, "dates", &[]).expect(0);
    world.issue_file(&instants, "instants", &[]).expect(0);
    let refused = run(&world, &dates, "dates").expect(7);
    assert!(refused.stderr.contains("Europe/Istanbul, and this load in UTC"), "{}", refused.stderr);
    run(&world, &instants, "instants").expect(0);
    let text = std::fs::read_to_string(&instants).expect("a file");
    let more = text.lines().skip(1).collect::<Vec<_>>().join("\n");
    let more = more.replace("7.50", "8").replace(";B", ";C");
    let longer = world.file("longer.csv", text + &more);
    run(&world, &longer, "instants").expect(0);
    world.set("GIFTBATCH_TZ", "Turkey");
    world.issue_file(&dates, "dates", &[]).expect(0);
    assert_eq!(world.book().gifts.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_which_rows_were_left_out_brings_just_those() {
    // Goal: rows that an earlier load of the same bytes left out are given once they can be, and the others stay
    // what they are. Method: a wallet that the provider does not know is left out; the file again, with another
    // column for the wallets; then the wallet is there.
    let world = World::with(SandboxConfig {
        wallets: Wallets::Only(vec![wallet(1), wallet(3)]),
        ..SandboxConfig::default()
    });
    let (one, two, three) = (wallet(1), wallet(2), wallet(3));
    let text = format!(
        "wallet_id,other,amount,expires_at,description\n{one},{three},10,never,A\n{two},{two},20,never,B\n"
    );
    let file = world.file("may.csv", text);
    let rejects = world.path("rejects.csv").to_str().expect("plain characters").to_owned();
    let skip = ["--preflight", "--on-invalid", "skip", "--rejects", &rejects];
    world.issue_file(&file, "may", &skip).expect(0);
    let map = ["--map", "wallet_id=other"];
    let other = world.issue_file(&file, "may", &[&skip[..], &map].concat()).expect(7);
    assert!(other.stderr.contains("wallet_id=other"), "{}", other.stderr);
    assert_eq!(world.book().gifts.len(), 1);
    world.sandbox.set_wallet(two, giftbatch::sandbox::WalletFacts::default());
    let skip = [&skip[..], &["--preflight-max-age", "0s"]].concat();
    assert_eq!(world.issue_file(&file, "may", &skip).expect(0).gifts("total"), 2);
    assert_eq!(world.book().gifts.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_from_before_gives_nothing_twice_either() {
    // Goal: where no ledger says how rows were read, their looks do. Method: a ledger as an earlier version left
    // it; the same bytes and a longer file in another zone, and texts with an invisible mark; then the file as
    // it was, from which on its zone is known.
    let world = World::new();
    let text = open_file("10.50", "31.05.2036", "A");
    let file = world.file("may.csv", &text);
    world.issue_file(&file, "may", &[]).expect(0);
    let ledger = rusqlite::Connection::open(world.ledger()).expect("anybody can open the file");
    let before =
        "update campaign set key_rule = 1; update load set reading_json = '{\"currency\":\"TRY\"}'";
    ledger.execute_batch(before).expect("a ledger of before");
    drop(ledger);
    let row = |text: &str| format!("{};7;never;{text}\n", wallet(3));
    let longer = world.file("longer.csv", format!("{text}{}", row("A")));
    let marked = world.file("marked.csv", text.replace(";A", ";A\u{200b}"));
    let utc = ["--tz", "UTC"];
    let known = world.issue_file(&file, "may", &utc).expect(7);
    assert!(known.stderr.contains("has had this very file"), "{}", known.stderr);
    world.issue_file(&longer, "may", &utc).expect(7);
    world.issue_file(&marked, "may", &[]).expect(7);
    assert_eq!(world.book().gifts.len(), 2);
    world.issue_file(&file, "may", &[]).expect(0);
    world.issue_file(&longer, "may", &[]).expect(0);
    let known = world.issue_file(&file, "may", &utc).expect(7);
    assert!(known.stderr.contains("Europe/Istanbul"), "{}", known.stderr);
    assert_eq!(world.book().gifts.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_look_like_corrected_copies_need_a_word() {
    // Goal: whoever corrects a cell is told that the wallet would have both. Method: a campaign that is given;
    // files in which one row's text, amount, expiry or reference is another one, as a scheduler gives them; a
    // file of other gifts, and one with more of them.
    let world = World::new();
    let plain = world.file("may.csv", open_file("10.50", "31.05.2036", "A"));
    world.issue_file(&plain, "may", &[]).expect(0);
    let named = references("TR-1", "TR-2");
    let file = world.file("named.csv", &named);
    world.issue_file(&file, "named", &[]).expect(0);
    for (campaign, text) in [
        ("may", open_file("10.50", "31.05.2036", "B")),
        ("may", open_file("10.60", "31.05.2036", "A")),
        ("may", open_file("10.50", "30.06.2036", "A")),
        ("named", named.replace("TR-1", "TR-3")),
        ("named", named.replace(",TR-1", ",'TR-1")),
    ] {
        let file = world.file("corrected.csv", &text);
        for more in [&[][..], &["-q"]] {
            let refused = world.issue_file(&file, campaign, more).expect(7);
            assert!(refused.stderr.contains("--allow-corrected"), "{}", refused.stderr);
            assert!(refused.stderr.contains("(given already), and now"), "{}", refused.stderr);
        }
        world.run(&["load", &file, "--campaign", campaign]).expect(7);
    }
    assert_eq!(world.book().gifts.len(), 4);
    let other = world.file("other.csv", open_file("99", "30.06.2036", "B"));
    world.issue_file(&other, "may", &[]).expect(0);
    let meant = world.file("corrected.csv", open_file("10.60", "31.05.2036", "A"));
    world.issue_file(&meant, "may", &["--allow-corrected"]).expect(0);
    world.issue_file(&meant, "may", &[]).expect(0);
    assert_eq!(world.book().gifts.len(), 8);
}
