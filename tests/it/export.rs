//! Stories of rows that go back into the form of their file, and can be loaded again as they are.

use std::fs::File;
use std::path::Path;

use giftbatch::intake::{Currency, Dialect, LineEnding, RowWriter};
use giftbatch::sandbox::{RefusalKind, SandboxConfig, Wallets};
use uuid::Uuid;

use crate::world::{Done, World, csv, draw, rows, say, wallet};

fn dialect(encoding: &str, delimiter: u8, line_ending: LineEnding, bom: bool) -> Dialect {
    Dialect {
        encoding: encoding.to_owned(),
        currency: Currency::default(),
        sheet: None,
        delimiter,
        bom,
        line_ending,
        sep_line: false,
    }
}

fn write(path: &Path, dialect: &Dialect, rows: &[Vec<String>]) {
    let mut writer = RowWriter::new(File::create(path).expect("a file can be made"), dialect)
        .expect("it has a head");
    // The amount of a sheet is a number, but for the header.
    writer.row(rows[0].iter().map(String::as_str), &[]).expect("a header");
    rows[1..]
        .iter()
        .for_each(|row| writer.row(row.iter().map(String::as_str), &[1]).expect("a row"));
    writer.finish().expect("an end");
}

/// A file of some rows, as somebody may write it.
fn random_rows(state: &mut u64) -> Vec<Vec<String>> {
    let turkish = draw(state, 2) == 0;
    let has_reference = draw(state, 3) == 0;
    let header: &[&str] = match turkish {
        true => &["Cüzdan No", "Tutar", "Son Kullanma", "Açıklama", "Müşteri"],
        false => &["WalletId", "Amount", "ExpirationDate", "Description", "Customer; \"name\""],
    };
    let mut rows = vec![header.iter().map(ToString::to_string).collect::<Vec<_>>()];
    for number in 0..2 + draw(state, 30) {
        let (whole, cents) = (1 + draw(state, 9_000), draw(state, 100));
        let amount = match (turkish, draw(state, 3)) {
            (true, 0) if whole > 999 => format!("{}.{:03},{cents:02}", whole / 1000, whole % 1000),
            (true, _) => format!("{whole},{cents:02}"),
            (false, 0) => whole.to_string(),
            (false, _) => format!("{whole}.{cents:02}"),
        };
        let expiry =
            ["31.05.2036", "2036-05-31", "never", "2036-05-31T10:00:00Z"][draw(state, 4) as usize];
        let description =
            ["Doğum günü", " İyi \"bayramlar\" ", "Şeker; kahve, çay ve | su", "KUPON"];
        let customer = ["", "Ayşe\nYılmaz", "=SUM(A1)", "'quoted\"", "Özgür, Gökçe"];
        rows.push(vec![
            wallet(draw(state, 40) as u32).to_string(),
            amount,
            expiry.to_owned(),
            format!("{} {number}", description[draw(state, 4) as usize]),
            customer[draw(state, 5) as usize].to_owned(),
        ]);
    }
    if has_reference {
        rows[0].push("Referans".to_owned());
        rows.iter_mut()
            .enumerate()
            .skip(1)
            .for_each(|(number, row)| row.push(format!("ref-{number}")));
    }
    rows
}

/// A text without its last column, which has the keys of gifts.
fn without_keys(text: &str, delimiter: u8, ending: &str) -> String {
    let delimiter = char::from(delimiter);
    let named = format!("{delimiter}gift_key{ending}");
    assert_eq!(text.matches(&named).count(), 1, "{text}");
    let mut plain = String::new();
    for part in text.replacen(&named, ending, 1).split_inclusive(ending) {
        // A cell may have a line break inside: its row goes on.
        let cell = part.strip_suffix(ending).and_then(|line| line.rsplit_once(delimiter));
        match cell.filter(|(_, cell)| cell.len() == 36 && cell.parse::<Uuid>().is_ok()) {
            Some((line, _)) => plain += &format!("{line}{ending}"),
            None => plain += part,
        }
    }
    plain
}

fn encoding_of(name: &str) -> &'static encoding_rs::Encoding {
    encoding_rs::Encoding::for_label(name.as_bytes()).expect("a name that everybody knows")
}

/// The gifts that a campaign has.
fn total(world: &World, campaign: &str) -> u64 {
    world.run(&["status", campaign, "--json"]).expect(0).gifts("total")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_loads_as_the_very_same_rows() {
    // Goal: whatever a file looked like, its rows come back letter by letter, add nothing where they came
    // from, and all of themselves elsewhere. Method: random files in every dialect and as workbooks; all rows
    // out, the bytes held against the file's, and in again without a word about them.
    let seed = 20;
    say(&format!("seed {seed}"));
    let state = &mut seed.clone();
    let encodings = ["UTF-8", "UTF-16LE", "UTF-16BE", "windows-1254"];
    for round in 0..24_usize {
        let world = World::new();
        let encoding = encodings[round % 4];
        let delimiter = b";,\t|"[draw(state, 4) as usize];
        let ending = [LineEnding::Lf, LineEnding::CrLf][draw(state, 2) as usize];
        let bom = encoding.starts_with("UTF-16") || (encoding == "UTF-8" && draw(state, 2) == 0);
        let is_sheet = round % 6 == 5;
        let mut dialect = dialect(encoding, delimiter, ending, bom);
        dialect.sep_line = !is_sheet && draw(state, 4) == 0;
        dialect.sheet = is_sheet.then(|| "Mayıs".to_owned());
        let rows = random_rows(state);
        let file = world.path(if is_sheet { "may.xlsx" } else { "may.csv" });
        write(&file, &dialect, &rows);
        let shown = format!("round {round}: {dialect:?}");
        let load = ["load", file.to_str().unwrap(), "--campaign", "may", "--allow-outliers"];
        let loaded = world.run(&load);
        assert_eq!(loaded.code, 0, "{shown}: {}", loaded.stderr);
        let out = world.path("out.csv").to_str().unwrap().to_owned();
        world.run(&["export", "may", "--state", "planned", "-o", &out]).expect(0);
        let bytes = std::fs::read(&out).unwrap();
        if is_sheet {
            assert_eq!(bytes[..3], *b"\xef\xbb\xbf", "{shown}");
        } else {
            let (text, _, _) = encoding_of(encoding).decode(&bytes);
            let original = std::fs::read(&file).unwrap();
            let (original, _, _) = encoding_of(encoding).decode(&original);
            assert_eq!(without_keys(&text, delimiter, ending.as_str()), original, "{shown}");
            let has_mark = bytes.starts_with(b"\xef\xbb\xbf");
            assert_eq!(has_mark, bom && encoding == "UTF-8", "{shown}");
        }
        world.run(&["load", &out, "--campaign", "may"]).expect(0);
        let count = rows.len() as u64 - 1;
        assert_eq!(total(&world, "may"), count, "{shown}");
        let again =
            ["load", &out, "--campaign", "june", "--allow-outliers", "--allow-same-content"];
        world.run(&again).expect(0);
        assert_eq!(total(&world, "june"), count, "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_rows_come_back_as_they_were() {
    // Goal: the rows to mend, in their own file's form, and no other. Method: a provider that knows some of
    // the wallets; the export beside the file's lines, on standard output too; then the wallets come to be,
    // and the export is a campaign of its own.
    let all = rows(20);
    let known: Vec<Uuid> =
        all.iter().map(|row| row.wallet).filter(|id| id.as_u128() % 3 != 0).collect();
    let world = World::with(SandboxConfig {
        wallets: Wallets::Only(known.clone()),
        ..SandboxConfig::default()
    });
    let lines: Vec<String> = all
        .iter()
        .map(|row| {
            format!("{};{},50;31.12.2036;{};=1+1\r\n", row.wallet, row.minor / 100, row.description)
        })
        .collect();
    let header = "\u{feff}Cüzdan No;Tutar;Son Kullanma;Açıklama;Müşteri\r\n";
    let file = world.file("may.csv", format!("{header}{}", lines.concat()));
    world.issue_file(&file, "may", &["--stop-after-refusals", "0"]).expect(4);
    let is_refused = |line: &&String| !known.iter().any(|id| line.starts_with(&id.to_string()));
    let refused: String = lines.iter().filter(is_refused).map(String::as_str).collect();
    let expected = format!("{header}{refused}");
    assert!(refused.lines().count() > 2, "{refused}");
    let done = world.run(&["export", "may", "--state", "refused"]).expect(0);
    let plain = |done: &Done| without_keys(&done.stdout, b';', "\r\n");
    assert_eq!(plain(&done), expected);
    assert!(done.stderr.contains(&format!("{} rows; load them", refused.lines().count())));
    let both = world.run(&["export", "may", "--state", "refused,issued"]).expect(0);
    assert_eq!(plain(&both), format!("{header}{}", lines.concat()));
    let none = world.run(&["export", "may", "--state", "held"]).expect(0);
    assert_eq!(plain(&none), header);
    assert!(none.stderr.contains("no gift of may is in such a state"), "{}", none.stderr);

    let out = world.file("refused.csv", &done.stdout);
    world.run(&["load", &out, "--campaign", "may"]).expect(0);
    assert_eq!(total(&world, "may"), 20);
    for row in &all {
        world.sandbox.set_wallet(row.wallet, giftbatch::sandbox::WalletFacts::default());
    }
    world.issue_file(&out, "second", &["--allow-same-content"]).expect(0);
    assert_eq!(world.book().gifts.len(), 20);
    // One document on standard output, or none: rows are no JSON.
    let (rows, json) = (world.path("rows.csv"), ["export", "may", "--state", "refused", "--json"]);
    assert_eq!(world.run(&json).expect(2).json()["exit_code"], 2);
    let to_file = [&json[..], &["-o", rows.to_str().expect("plain")]].concat();
    assert_eq!(world.run(&to_file).expect(0).json()["command"], "export");
    for wrong in [&["export", "may"][..], &["export", "may", "--state", "lost"]] {
        world.run(wrong).expect(2);
    }
    world.run(&["export", "june", "--state", "refused"]).expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_do_not_speak_for_themselves_are_written_in_full() {
    // Goal: what was said on the command line of a load need not be said again, and rows of files with other
    // headers do not become other gifts. Method: one load for each such word, exported and loaded plainly.
    let id = wallet(1);
    for (name, text, words) in [
        (
            "map",
            format!("Kart;Bedel;Son Kullanma;Açıklama\n{id};10,50;never;A\n"),
            &["--map", "wallet_id=Kart,amount=Bedel"][..],
        ),
        (
            "decimal",
            format!("wallet_id;amount;expires_at;description\n{id};1.250;never;A\n"),
            &["--decimal", "comma"],
        ),
        (
            "defaults",
            format!("wallet_id;amount\n{id};10,50\n"),
            &["--expires", "30d", "--description", "Hoş geldin"],
        ),
        (
            "zone",
            format!("wallet_id;amount;expires_at;description\n{id};10,50;31.05.2036;A\n"),
            &["--tz", "Asia/Tokyo"],
        ),
        (
            "encoding",
            format!("wallet_id;amount;expires_at;description\n{id};10,50;never;Ÿ\n"),
            &["--encoding", "utf-8"],
        ),
    ] {
        let world = World::new();
        let file = world.file("may.csv", text);
        let load = ["load", &file, "--campaign", name];
        world.run(&[&load[..], words].concat()).expect(0);
        let out = world.path("out.csv").to_str().unwrap().to_owned();
        world.run(&["export", name, "--state", "planned", "-o", &out]).expect(0);
        world.run(&["load", &out, "--campaign", name]).expect(0);
        assert_eq!(total(&world, name), 1, "{name}: {}", std::fs::read_to_string(&out).unwrap());
    }

    let world = World::new();
    let head = "wallet_id,amount,expires_at,description";
    let first = format!("{head},customer\n{id},10.00,never,A,Ayşe\n");
    let second =
        format!("description,customer,amount,expires_at,wallet_id\nB,Can,20.00,never,{id}\n");
    let third = format!("{head},customer,city\n{id},10.00,never,C,Ece,Ankara\n");
    for (number, text) in [first, second, third].iter().enumerate() {
        let file = world.file(&format!("{number}.csv"), text);
        world.run(&["load", &file, "--campaign", "may", "--allow-corrected"]).expect(0);
        let out = world.path(&format!("out-{number}.csv")).to_str().unwrap().to_owned();
        world.run(&["export", "may", "--state", "planned,refused", "-o", &out]).expect(0);
        world.run(&["load", &out, "--campaign", "may"]).expect(0);
        assert_eq!(
            total(&world, "may"),
            number as u64 + 1,
            "{}",
            std::fs::read_to_string(&out).unwrap()
        );
    }
    // A file whose rows have references of their own cannot hold the others.
    let file = world.file("refs.csv", format!("{head},reference\n{id},10.00,never,D,ref-1\n"));
    world.run(&["load", &file, "--campaign", "may", "--allow-corrected"]).expect(0);
    let out = world.path("none.csv");
    let failed = world.run(&["export", "may", "--state", "planned", "-o", out.to_str().unwrap()]);
    assert!(failed.code == 1 && failed.stderr.contains("--raw"), "{}", failed.stderr);
    assert!(!out.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mended_row_withdraws_the_refused_one_it_came_from() {
    // Goal: export, mend, load and a later retry give each row once. Method: wallets with a slip in them are refused;
    // their rows are exported, mended and loaded, by their keys and by their references; the same again, and the
    // file as it was; then a retry, once the wrong wallets exist as well.
    for has_references in [false, true] {
        let world = World::with(SandboxConfig {
            wallets: Wallets::Only((0..4).map(wallet).collect()),
            ..SandboxConfig::default()
        });
        let name = if has_references { ",reference" } else { "" };
        let row = |number: u32, id: Uuid| {
            let name = if has_references { format!(",A-{number}") } else { String::new() };
            format!("{id},{}.50,2036-05-31,KUPON{name}\n", 10 + number)
        };
        let slip = |number| wallet(number + 100);
        let rows = [row(0, wallet(0)), row(1, wallet(1)), row(2, slip(2)), row(3, slip(3))];
        let head = format!("wallet_id,amount,expires_at,description{name}\n");
        let file = world.file("may.csv", format!("{head}{}", rows.concat()));
        assert_eq!(world.issue_file(&file, "may", &[]).expect(4).gifts("refused"), 2);
        let export = world.run(&["export", "may", "--state", "refused"]).expect(0).stdout;
        let mut mended = export;
        for number in [2, 3] {
            mended = mended.replace(&slip(number).to_string(), &wallet(number).to_string());
        }
        if has_references {
            mended = without_keys(&mended, b',', "\n");
        }
        let mended = world.file("mended.csv", mended);
        let told = world.run(&["load", &mended, "--campaign", "may", "--json"]).expect(0);
        assert_eq!((told.gifts("cancelled"), told.gifts("planned")), (2, 2));
        assert_eq!(told.json()["preview"]["difference"]["mended"]["rows"], 2);
        for number in [2, 3] {
            world.sandbox.set_wallet(slip(number), giftbatch::sandbox::WalletFacts::default());
        }
        world.issue_file(&mended, "may", &[]).expect(0);
        world.issue_file(&mended, "may", &[]).expect(0);
        world.issue_file(&file, "may", &[]).expect(0);
        world.run(&["retry", "may", "--yes", "--max-total", "1000"]).expect(0);
        let given: Vec<Uuid> = world.book().gifts.iter().map(|gift| gift.wallet).collect();
        assert_eq!(given.len(), 4);
        assert!((0..4).all(|number| given.contains(&wallet(number))), "{given:?}");
        world.run(&["ledger", "verify"]).expect(0);
        let shown = world.run(&["show", &slip(2).to_string()]).expect(0);
        assert!(shown.stdout.contains("a mended row took its place: "), "{}", shown.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_refused_can_be_mended() {
    // Goal: a row that names another gift is a fault that says why, and gives nothing. Method: an export of what was
    // given, with other amounts; one of what nobody has looked for yet; a key with a slip.
    let world = World::with(SandboxConfig {
        wallets: Wallets::Only(vec![wallet(1)]),
        ..SandboxConfig::default()
    });
    let head = "wallet_id,amount,expires_at,description\n";
    let (one, two) = (wallet(1), wallet(2));
    let text = format!("{head}{one},10,never,A\n{two},20,never,A\n");
    let file = world.file("may.csv", text);
    world.issue_file(&file, "may", &["--no-reconcile"]).expect(4);
    let all = world.run(&["export", "may", "--state", "issued,refused"]).expect(0).stdout;
    let mended = world.file("mended.csv", all.replace(",10,", ",11,").replace(",20,", ",21,"));
    let load = ["load", &mended, "--campaign", "may"];
    let refused = world.run(&load).expect(3);
    for words in [
        "line 2, column gift_key",
        "this gift is issued, and only the place of a refused one can be taken",
        "line 3, column gift_key",
        "nobody has looked yet whether this refused gift",
    ] {
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
    world.run(&["reconcile", "may"]).expect(0);
    let rejects = world.path("rejects.csv").to_str().expect("plain characters").to_owned();
    let skip = ["--on-invalid", "skip", "--rejects", &rejects, "--json"];
    let loaded = world.run(&[&load[..], &skip].concat()).expect(0);
    assert_eq!((loaded.gifts("issued"), loaded.gifts("planned")), (1, 1));
    for (slip, words) in [("x", "no key of a gift"), ("0", "no gift of the ledger has this key")] {
        let line = all.lines().nth(2).expect("a row");
        let odd = format!("{head}{}{slip}\n", &line[..line.len() - 1]).replacen(
            "description",
            "description,gift_key",
            1,
        );
        let odd = world.file("odd.csv", odd);
        let refused = world.run(&["load", &odd, "--campaign", "may"]).expect(3);
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_rows_that_are_loaded_under_another_name_are_given_once() {
    // Goal: what a provider gave and then refused is not given again by way of an export. Method: two wallets that are
    // refused after the gift was made and one that is refused indeed; their rows under another name, before a reconcile
    // and after it, with and without the faulty ones; then a retry of the first campaign, and the same file again.
    let world = World::new();
    let rows: Vec<_> = rows(6).into_iter().take(3).collect();
    for row in &rows[..2] {
        world.sandbox.refuse_after_commit(row.wallet, RefusalKind::IsFailure200);
    }
    world.sandbox.refuse_wallet(rows[2].wallet, RefusalKind::IsFailure200);
    let file = world.file("may.csv", csv(&rows));
    let done = world.issue_file(&file, "may", &["--no-reconcile"]).expect(4);
    assert_eq!(done.gifts("refused"), 3);
    let export = world.run(&["export", "may", "--state", "refused"]).expect(0).stdout;
    let again = world.file("again.csv", export);
    for row in &rows {
        world.sandbox.mend_wallet(row.wallet);
    }
    let refused = world.issue_file(&again, "june", &[]).expect(7);
    assert!(refused.stderr.contains("giftbatch reconcile may, then"), "{}", refused.stderr);
    world.run(&["reconcile", "may"]).expect(6);
    let refused = world.issue_file(&again, "june", &[]).expect(3);
    assert!(refused.stderr.contains("is in its wallet all the same"), "{}", refused.stderr);
    assert_eq!(world.book().gifts.len(), 2);
    let rejects = world.path("rejects.csv").to_str().expect("plain characters").to_owned();
    let skip = ["--on-invalid", "skip", "--rejects", &rejects];
    let done = world.issue_file(&again, "june", &skip).expect(0);
    assert_eq!((done.gifts("total"), done.gifts("issued")), (1, 1));
    world.assert_given_exactly_once(&rows);
    let retried = world.run(&["retry", "may", "--yes", "--max-total", "100000", "--json"]);
    assert_eq!(retried.gifts("cancelled"), 1, "{}", retried.stdout);
    // The retry has found the two, and counts them as given.
    let refused = world.issue_file(&again, "june", &[]).expect(7);
    assert!(
        refused.stderr.contains("2 rows come from gifts that were given"),
        "{}",
        refused.stderr
    );
    let issued = world.path("issued.csv").to_str().unwrap().to_owned();
    world.run(&["export", "may", "--state", "issued", "-o", &issued]).expect(0);
    world.issue_file(&issued, "july", &[]).expect(7);
    world.assert_given_exactly_once(&rows);
    world.run(&["ledger", "verify"]).expect(0);
}
