//! Stories of reports: the page, the CSV for spreadsheets, and that all forms tell the same.

use std::collections::HashSet;
use std::fmt::Write as _;

use giftbatch::sandbox::{FaultKind, FaultProfile, RefusalKind, WalletFacts};
use serde_json::Value;

use crate::world::{Done, World, csv, excel_tr, rows};

/// The page of a campaign.
fn page(world: &World, campaign: &str, more: &[&str]) -> String {
    let args = [&["report", campaign, "--format", "html"], more].concat();
    world.run(&args).expect(0).stdout
}

/// The text of a page, without its marks and its style.
pub(crate) fn text(page: &str) -> String {
    let body = page.split_once("<body>").map_or(page, |(_, body)| body);
    let mut text = String::new();
    let mut is_mark = false;
    for char in body.chars() {
        match char {
            '<' => {
                is_mark = true;
                text.push('\n');
            }
            '>' if is_mark => is_mark = false,
            char if !is_mark => text.push(char),
            _ => {}
        }
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// All that stands between two texts, wherever it does.
fn between<'p>(page: &'p str, open: &str, close: &str) -> Vec<&'p str> {
    page.split(open).skip(1).filter_map(|rest| rest.split_once(close)).map(|(it, _)| it).collect()
}

/// Fails where a page could reach out, or where a plot lacks its name or its table.
pub(crate) fn assert_closed_and_named(page: &str) {
    for outside in
        ["<script", "<link", "<iframe", "<img", "href=", "src=", "@import", "http://", "https://"]
    {
        assert!(!page.contains(outside), "{outside} is in the page");
    }
    assert!(page.contains("default-src 'none'"), "the page forbids what it does not need");
    let ids: Vec<&str> = between(page, " id=\"", "\"");
    let distinct: HashSet<&&str> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len(), "ids stand once each: {ids:?}");
    let names = between(page, "aria-labelledby=\"", "\"");
    assert!(!names.is_empty());
    for name in names.iter().flat_map(|names| names.split(' ')) {
        assert!(ids.contains(&name), "nothing is called {name}");
    }
    for section in between(page, "<section", "</section>") {
        assert!(!section.contains("role=\"img\"") || section.contains("<table"), "{section}");
    }
    let plots = page.matches("<svg id=").count();
    assert!(plots > 0);
    assert_eq!(page.matches("role=\"img\"").count(), plots);
}

/// A number of a page, in English.
fn number(text: &str) -> u64 {
    text.replace(',', "").parse().unwrap_or_else(|_| panic!("{text:?} is a number"))
}

/// The sums that the plots' own words give: all parts of the plan; gifts that were given over time.
pub(crate) fn plotted(page: &str) -> (u64, u64) {
    let plot = |id: &str| {
        between(page, &format!("<svg id=\"{id}\""), "</section>").first().map_or("", |it| it)
    };
    let parts = between(plot("flow"), "<g><title>", "</title>");
    let part = |told: &&str| number(told.rsplit(": ").next().expect("a number"));
    let columns = between(plot("time"), "<g><title>", "</title>");
    let given = |told: &&str| {
        let (_, number_on) = told.split_once(": given ")?;
        number_on.split(' ').next().map(number)
    };
    (parts.iter().map(part).sum(), columns.iter().filter_map(given).sum())
}

fn plain(amount: &str) -> String {
    amount.replace(',', "")
}

/// Fails where a form of the report tells other totals than the document does.
fn assert_same_totals(world: &World, campaign: &str) {
    let json = world.run(&["report", campaign, "--format", "json"]).expect(0).json();
    let count = |state: &str| json["gifts"][state].as_u64().expect("a count");
    let page = page(world, campaign, &[]);
    let foot = between(&page, "<table id=\"states\">", "</table>")[0]
        .split_once("<tfoot>")
        .expect("a foot")
        .1;
    let cells = between(foot, "<td class=\"r\">", "</td>");
    assert_eq!(number(cells[0]), count("total"));
    assert_eq!(plain(cells[1]), json["amounts"]["total"].as_str().expect("a text"));
    let money = between(&page, "<p class=\"tile-money\">", "</p>");
    assert_eq!(plain(money[0]), json["amounts"]["issued"].as_str().expect("a text"));
    assert_eq!(plain(money[1]), json["amounts"]["refused"].as_str().expect("a text"));
    let (planned, given) = plotted(&page);
    assert_eq!((planned, given), (count("total"), count("issued")));
    let done = world.run(&["report", campaign, "--format", "csv"]).expect(0);
    for (state, gifts) in
        json["gifts"].as_object().expect("counts").iter().filter(|(state, _)| *state != "total")
    {
        let rows = csv_rows(&done, b',')
            .into_iter()
            .filter(|row| row.iter().any(|cell| cell == state))
            .count();
        assert_eq!(Value::from(rows), *gifts, "{state}");
    }
}

fn csv_rows(done: &Done, delimiter: u8) -> Vec<Vec<String>> {
    let text = done.stdout.trim_start_matches('\u{feff}');
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let cells = |row: ::csv::StringRecord| row.iter().map(str::to_owned).collect();
    reader.records().map(|row| cells(row.expect("a row"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_tells_the_totals_of_the_ledger() {
    // Goal: no form says more or less than another. Method: campaigns of which nothing was sent, one gift, all
    // refused, and one with every fault; each form against the document.
    let world = World::new();
    let all = rows(30);
    let unsent = world.file("unsent.csv", csv(&all[..7]));
    world.run(&["load", &unsent, "--campaign", "unsent"]).expect(0);
    let one = world.file("one.csv", csv(&all[7..8]));
    world.issue_file(&one, "one", &[]).expect(0);
    for row in &all[8..12] {
        world.sandbox.refuse_wallet(row.wallet, RefusalKind::NotFound404);
    }
    let refused = world.file("refused.csv", csv(&all[8..12]));
    world.issue_file(&refused, "refused", &[]).expect(4);
    world.sandbox.set_profile(FaultProfile::mixed());
    let mixed = world.file("mixed.csv", csv(&all).replace("KUPON", "JUNE"));
    world.issue_file(&mixed, "mixed", &["--stop-after-refusals", "0"]);
    for campaign in ["unsent", "one", "refused", "mixed"] {
        let page = page(&world, campaign, &[]);
        assert_closed_and_named(&page);
        assert_closed_and_named(&self::page(&world, campaign, &["--lang", "tr"]));
        assert_same_totals(&world, campaign);
    }
    let words = text(&page(&world, "unsent", &[]));
    assert!(words.contains("None of the 7 gifts has been given yet"), "{words}");
    assert!(words.contains("Nothing was sent yet."), "{words}");
    assert!(text(&page(&world, "one", &[])).contains("The one gift was given: "));
    let words = text(&page(&world, "refused", &["--lang", "tr"]));
    assert!(words.contains("4 hediyeden hiçbirinin verildiği kayıtlı değil"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_others_wrote_runs_or_steers() {
    // Goal: a page can be opened whatever the file and the provider say. Method: marks in the campaign's name, in
    // a header, in a description and in a wallet's refusal, in the page of either language.
    let world = World::new();
    let hostile = "<script>alert(1)</script>";
    let all = rows(3);
    let mut file = format!("wallet_id,amount,expires_at,description,\"{hostile}\"\n");
    for (number, row) in all.iter().enumerate() {
        let (wallet, amount) = (row.wallet, number + 1);
        let _ = writeln!(file, "{wallet},{amount}.00,2036-12-31,\"{hostile}&amp;\",\"{hostile}\"");
    }
    let file = world.file("may.csv", file);
    world.sandbox.set_profile(FaultProfile::always(FaultKind::TimeoutBeforeCommit));
    let campaign = "<script>alert(2)</script>";
    world.issue_file(&file, campaign, &["--in-doubt", "hold", "--no-reconcile"]).expect(6);
    for lang in ["en", "tr"] {
        let page = page(&world, campaign, &["--lang", lang]);
        assert_closed_and_named(&page);
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(2)&lt;/script&gt;"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wallets_are_shortened_unless_they_are_asked_for() {
    // Goal: a report that is handed on does not hand on the wallets. Method: a missing and a doubled gift, whose
    // wallets the page names; in both forms, with their keys.
    let world = World::new();
    let all = rows(6);
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(0);
    let book = world.book();
    world.sandbox.delete_gift(book.gifts[0].id).unwrap();
    world.sandbox.double_gift(book.gifts[1].id).unwrap();
    world.run(&["reconcile", "may"]).expect(6);
    let (short, whole) = (page(&world, "may", &[]), page(&world, "may", &["--full"]));
    for gift in &book.gifts[..2] {
        let id = gift.wallet.to_string();
        let masked = format!("{}…{}", &id[..4], &id[32..]);
        assert!(short.contains(&masked) && !short.contains(&id));
        assert!(whole.contains(&id));
    }
    for row in &all {
        assert!(!short.contains(&row.wallet.to_string()));
    }
    let words = text(&short);
    assert!(
        words.contains("6 of 6 gifts are recorded as given, but the wallets do not agree"),
        "{words}"
    );
    assert!(words.contains("4 found as sent, 1 missing, 1 given twice"), "{words}");
    let listed = world.run(&["gifts", "may", "--json"]).expect(0).json();
    for gift in listed.as_array().unwrap().iter().filter(|gift| gift["reconciled"] != "matched") {
        assert!(short.contains(gift["key"].as_str().unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_since_is_told_as_it_was_seen() {
    // Goal: finance learns how much was used, and when that was seen; nothing is made up before. Method: no
    // reconcile; then one gift used up, one used in part, where lists show used gifts, then where they hide them.
    let world = World::new();
    let all = rows(4);
    let file = world.file("may.csv", csv(&all));
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(0);
    let unseen = text(&page(&world, "may", &[]));
    assert!(
        unseen.contains("No check of the wallets has recorded yet how much was used"),
        "{unseen}"
    );
    let book = world.book();
    let total: i64 = book.gifts.iter().map(|gift| gift.amount_minor).sum();
    world.run(&["reconcile", "may"]).expect(0);
    let whole = text(&page(&world, "may", &[]));
    assert!(
        whole.contains(&format!(
            "0.00 TRY of {}.{:02} TRY had been used",
            total / 100,
            total % 100
        )),
        "{whole}"
    );
    world.sandbox.mark_used(book.gifts[0].id).unwrap();
    world.sandbox.spend(book.gifts[1].id, 250).unwrap();
    let used = book.gifts[0].amount_minor + 250;
    let sentence = format!(
        "{}.{:02} TRY of {}.{:02} TRY had been used",
        used / 100,
        used % 100,
        total / 100,
        total % 100
    );
    for is_hidden in [false, true] {
        let mut faults = FaultProfile::none();
        faults.hides_used = is_hidden;
        world.sandbox.set_profile(faults);
        world.run(&["reconcile", "may"]).expect(0);
        let seen = text(&page(&world, "may", &[]));
        assert!(seen.contains(&sentence), "hidden: {is_hidden}: {seen}");
        assert!(
            seen.contains("used up\n1\n25.0%\npartly used\n1\n25.0%\nnot used\n2\n50.0%"),
            "{seen}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_ran_what_by_which_settings_is_kept() {
    // Goal: a month later the page says how it was done. Method: two runs of different settings, the first one
    // stopped by the provider's rejection of our keys, and a reconcile.
    let mut world = World::new();
    let file = world.file("may.csv", csv(&rows(5)));
    world.set("GIFTBATCH_RATE", "500").set("GIFTBATCH_SETTLE", "7s");
    world.sandbox.revoke_keys();
    world.issue_file(&file, "may", &[]).expect(8);
    world.sandbox.restore_keys();
    world.set("GIFTBATCH_RATE", "0");
    world.issue_file(&file, "may", &["--stop-after-refusals", "3"]).expect(0);
    let words = text(&page(&world, "may", &[]));
    for told in [
        "stopped: the keys were rejected",
        "finished",
        "wallets checked",
        "file loaded",
        "7 s",
        "500",
        "no limit",
    ] {
        assert!(words.contains(told), "{told:?} is missing: {words}");
    }
    let turkish = text(&page(&world, "may", &["--lang", "tr"]));
    for told in [
        "durdu: anahtarlar reddedildi",
        "tamamlandı",
        "mutabakat",
        "dosya yüklendi",
        "7 sn",
        "sınırsız",
    ] {
        assert!(turkish.contains(told), "{told:?} is missing: {turkish}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_csv_report_is_for_excel_in_turkish_too() {
    // Goal: amounts are numbers there, and no cell runs. Method: a file with points and one with commas; the
    // report in both dialects, in states, and exact.
    let world = World::new();
    let all = rows(6);
    for row in &all[..2] {
        world.sandbox.refuse_wallet(row.wallet, RefusalKind::NotFound404);
    }
    let points = world.file("points.csv", csv(&all).replace("KUPON", "=KUPON"));
    world.issue_file(&points, "points", &[]).expect(4);
    let report = |more: &[&str]| {
        world.run(&[&["report", "points", "--format", "csv"], more].concat()).expect(0)
    };
    let tr = report(&["--dialect", "excel-tr"]);
    assert!(
        tr.stdout.starts_with("\u{feff}wallet_id;amount;expires_at;description;gift_key;state;")
    );
    assert!(tr.stdout.ends_with("\r\n") && tr.stdout.matches('\n').count() == 7);
    let rows = csv_rows(&tr, b';');
    let plain = csv_rows(&report(&[]), b',');
    for (row, plain) in rows[1..].iter().zip(&plain[1..]) {
        assert_eq!(row[1], plain[1].replace('.', ","));
        assert!(row[3].starts_with("'=KUPON") && plain[3].starts_with("'=KUPON"));
        assert_eq!((&row[0], &row[2], &row[4..10]), (&plain[0], &plain[2], &plain[4..10]));
        let is_issued = row[5] == "issued";
        // `21.11.2026 13:45:00`, which Excel in Turkish takes for a time.
        assert_eq!(row[10].split(['.', ' ', ':']).count() == 6, is_issued, "{}", row[10]);
    }
    let raw = csv_rows(&report(&["--dialect", "excel-tr", "--raw"]), b';');
    assert!(raw[1][3].starts_with("=KUPON") && raw[1][1].contains('.'));
    let of = |state: &str| csv_rows(&report(&["--state", state]), b',').len() - 1;
    assert_eq!(
        [of("issued"), of("refused"), of("doubtful"), of("unsent"), of("issued,refused")],
        [2, 4, 0, 0, 6]
    );
    let commas = world.file("commas.csv", excel_tr(&all).replace("KUPON", "K"));
    world.run(&["load", &commas, "--campaign", "commas"]).expect(0);
    let kept = world.run(&[
        "report",
        "commas",
        "--format",
        "csv",
        "--dialect",
        "excel-tr",
        "--state",
        "unsent",
    ]);
    assert!(kept.expect(0).stdout.contains(";10,00;") || all[0].minor != 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_of_another_form_are_refused() {
    // Goal: nobody believes that a flag was heeded. Method: each flag with a form that it is not for, words that
    // are no state, and a file that cannot be written.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(1)));
    world.run(&["load", &file, "--campaign", "may"]).expect(0);
    for (args, word) in [
        (&["--format", "html", "--state", "issued"][..], "--state is for --format csv"),
        (&["--format", "text", "--dialect", "excel-tr"], "--dialect is for --format csv"),
        (&["--format", "html", "--raw"], "--raw is for --format csv"),
        (&["--format", "csv", "--lang", "tr"], "--lang is for --format html"),
        (&["--full"], "--full is for --format html"),
        (&["--format", "csv", "--state", "given"], "doubtful, unsent"),
        (&["--format", "html", "--lang", "de"], "possible values"),
        (&["--format", "html", "-o", "no/such/folder/x.html"], "cannot write"),
    ] {
        let done = world.run(&[&["report", "may"], args].concat()).expect(2);
        assert!(done.stderr.contains(word), "{word:?} is missing: {}", done.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_and_wishes_stand_on_the_page_in_the_readers_form() {
    // Goal: a Turkish reader meets no English number, date or word; who stopped a campaign stands in the record; a
    // balance that differs is named. Method: a campaign that was paused, resumed and cancelled, gifts changed behind
    // its back, a balance that is off; the page in both languages.
    let world = World::new();
    let file = world.file("may.csv", csv(&rows(6)));
    world.issue_file(&file, "may", &["--limit", "4"]).expect(5);
    world.run(&["pause", "may"]).expect(0);
    world.run(&["resume", "may"]).expect(0);
    world.run(&["cancel", "may", "--yes"]).expect(0);
    let book = world.book().gifts;
    let (amount, expiry) = (book[0].amount_minor, book[0].expires_at);
    world.sandbox.change_gift(book[0].id, amount + 125, expiry).unwrap();
    let facts = WalletFacts { gift_balance_off_minor: 1_250, ..WalletFacts::default() };
    world.sandbox.set_wallet(book[1].wallet, facts);
    world.run(&["reconcile", "may", "--balances"]).expect(6);
    let english = text(&page(&world, "may", &[]));
    let turkish = text(&page(&world, "may", &["--lang", "tr"]));
    for told in
        ["(1.25 more)", "(12.50 more)", "1 balance that differs", "\npaused\n", "\nresumed\n"]
    {
        assert!(english.contains(told), "{told:?} is missing: {english}");
    }
    for told in ["(1,25 fazla)", "(12,50 fazla)", "\nduraklatıldı\n", "\nyeniden açıldı\n"] {
        assert!(turkish.contains(told), "{told:?} is missing: {turkish}");
    }
    for english in ["instead of", " more)", "`", "paused"] {
        assert!(!turkish.contains(english), "{english:?}: {turkish}");
    }
}
