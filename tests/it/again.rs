//! Stories of a file that comes again, changed in something that nobody sees or around it: each row is given
//! once.

use chrono::Utc;
use giftbatch::domain::{CampaignName, Expiry, GiftContent, Money, WalletId};
use giftbatch::ledger::{Ledger, LoadHeader, NewRow, RunLock};

use crate::world::{World, wallet};

/// A file of two wallets, with these descriptions.
fn texts(first: &str, second: &str) -> String {
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
async fn a_name_is_one_campaign_however_it_is_typed() {
    // Goal: two spellings that look the same are one campaign, and what cannot be told by looking is no new
    // name. Method: a file under a name in both of Unicode's forms; names with marks of all kinds, for each
    // command that takes one; the same of a series.
    let world = World::new();
    let file = world.file("may.csv", texts("A", "B"));
    let (composed, parted) = ("Şeker bayramı", "S\u{327}eker bayramı");
    for name in [parted, composed] {
        assert_eq!(world.issue_file(&file, name, &[]).expect(0).gifts("total"), 2);
        assert_eq!(world.run(&["status", name, "--json"]).expect(0).json()["campaign"], composed);
        world.run(&["issue", name, "--yes", "--max-total", "100"]).expect(0);
    }
    assert_eq!(world.book().gifts.len(), 2);
    for (name, place) in [("may\u{200b}", "character 4"), ("\u{202e}may", "character 1")] {
        for args in [
            &["load", &file, "--campaign", name][..],
            &["run", &file, "--campaign", name, "--yes", "--max-total", "100"],
            &["issue", name],
            &["status", name],
            &["export", name, "--state", "planned"],
        ] {
            let refused = world.run(args).expect(2);
            assert!(refused.stderr.contains(place), "{args:?}: {}", refused.stderr);
        }
    }
    let day = |series: &str| {
        let text = format!("wallet_id,birth_date\n{},01.03.1990\n", wallet(3));
        let file = world.file("customers.csv", text);
        let args =
            ["birthdays", &file, "--on", "2027-03-01", "--amount", "5", "--valid-for", "30d"];
        let sure = ["--yes", "--max-total", "100", "--series", series];
        world.run(&[&args[..], &sure].concat())
    };
    for series in ["Doğum günü", "Dog\u{306}um gu\u{308}nu\u{308}"] {
        day(series).expect(0);
    }
    assert_eq!(world.book().gifts.len(), 3);
    let refused = day("dogum\u{2060}").expect(2);
    assert!(refused.stderr.contains("character 6"), "{}", refused.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_before_is_found_and_keeps_its_keys() {
    // Goal: a ledger with names to the letter goes on with them. Method: a campaign and a series under parted
    // letters and an invisible mark, as an earlier version took them; their rows again, typed in other forms.
    let world = World::new();
    let text = texts("A", "B");
    let file = world.file("may.csv", &text);
    let name = "S\u{327}eker \u{2764}\u{fe0f}";
    load_as_before(&world, name, None, "A").await;
    for typed in [name, "Şeker \u{2764}"] {
        let again = world.run(&["load", &file, "--campaign", typed, "--json"]).expect(0);
        assert_eq!((again.gifts("total"), &again.json()["campaign"]), (2, &name.into()));
        world.run(&["gifts", typed]).expect(0);
    }
    load_as_before(&world, "S\u{327}-2027-03-01", Some("S\u{327}"), "2027-03-01").await;
    let text = format!("wallet_id,birth_date\n{},01.03.1990\n", wallet(1));
    let file = world.file("customers.csv", text);
    for (on, more) in [("2027-03-01", &[][..]), ("2027-03-02", &["--catch-up", "1d"])] {
        let args = ["birthdays", &file, "--on", on, "--amount", "10", "--valid-for", "30d"];
        let sure = ["--yes", "--max-total", "100", "--series", "Ş"];
        world.run(&[&args[..], &sure, more].concat()).expect(0);
    }
    assert_eq!(world.book().gifts.len(), 1);
}

/// Loads the first row of a file of texts under a name that is taken to the letter; in a series, one whose day
/// its wallet celebrates.
async fn load_as_before(world: &World, name: &str, series: Option<&str>, text: &str) {
    let ledger = Ledger::open(&world.ledger()).await.expect("a ledger");
    let lock = RunLock::take(ledger.path(), "test", Utc::now()).expect("nobody has it");
    let mut writer = ledger.writer(&lock).await.expect("the right to write");
    writer.notice_age(ledger.path(), Utc::now()).await.expect("it is not old");
    let header = LoadHeader {
        campaign: CampaignName::as_stored(name),
        header_json: "[]".to_owned(),
        dialect_json: "{}".to_owned(),
        file_sha256: "0".repeat(64),
    };
    let content = GiftContent {
        wallet: WalletId(wallet(1)),
        amount: Money::from_minor(1_000),
        expiry: Expiry::at("2036-05-31T20:59:59Z".parse().expect("an instant")),
        description: text.to_owned(),
    };
    let reference = series.map(|_| text.to_owned());
    let row = NewRow { line: 2, content, reference, cells_json: "[]".to_owned() };
    let mut load =
        writer.begin().await.expect("a batch").load(&header, Utc::now()).await.expect("a load");
    if let Some(series) = series {
        load.belong_to_series(&CampaignName::as_stored(series));
    }
    load.add(vec![row]).await.expect("a row");
    load.finish(Utc::now()).await.expect("its sums");
    load.commit().await.expect("an end");
    writer.close().await.expect("a whole file");
    ledger.close().await;
}
