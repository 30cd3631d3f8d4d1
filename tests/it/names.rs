//! Stories of names of campaigns and series, which are what a person sees of them.

use chrono::Utc;
use giftbatch::domain::{CampaignName, Expiry, GiftContent, Money, WalletId};
use giftbatch::ledger::{Ledger, LoadHeader, NewRow, RunLock};

use crate::again::texts;
use crate::world::{World, wallet};

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
    for series in ["Doğum günü", "Dog\u{306}um gu\u{308}nu\u{308}", "DOĞUM GÜNÜ", "doğum  günü"]
    {
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
    let row = NewRow { line: 2, content, reference, gift_key: None, cells_json: "[]".to_owned() };
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
