//! Stories of `--require-holding`: only customers who hold what a gift is for get it.

use std::fmt::Write as _;

use giftbatch::sandbox::{
    Endpoint, FaultKind, FaultProfile, MintedService, Outage, Place, SandboxConfig, SandboxHolding,
};

use crate::world::{Done, Row, World, csv, rows, send};

const PASSWORD: &str = "canary-pass-4b1d";

/// A world whose Minted Connect knows the customers that a test describes, and those alone.
fn minted(faults: FaultProfile, seed: u64) -> World {
    let minted = MintedService {
        username: "user".into(),
        password: PASSWORD.into(),
        knows_everybody: false,
        ..MintedService::default()
    };
    let mut world = World::with(SandboxConfig { minted, faults, seed, ..SandboxConfig::default() });
    let url = world.sandbox.url();
    world.set("GIFTBATCH_MINTED_URL", &url).set("GIFTBATCH_MINTED_USERNAME", "user");
    world.set("GIFTBATCH_MINTED_PASSWORD", PASSWORD).set("GIFTBATCH_MINTED_RATE", "0");
    world
}

/// Customers c0 to c5: rich in gold, at the border of 1000.00, just below it, with silver alone, with nothing,
/// and not known.
fn six_customers() -> World {
    let world = minted(FaultProfile::none(), 0);
    world.sandbox.set_holdings("c0", vec![piece("gold", 500_000)]);
    world.sandbox.set_holdings("c1", vec![piece("gold", 60_000), piece("gold", 40_000)]);
    world.sandbox.set_holdings("c2", vec![piece("gold", 99_999), piece("silver", 7_000_000)]);
    world.sandbox.set_holdings("c3", vec![piece("silver", 7_000_000)]);
    world.sandbox.set_holdings("c4", Vec::new());
    world
}

fn piece(metal: &'static str, total_minor: i64) -> SandboxHolding {
    let sample = SandboxHolding::sample().remove(0);
    SandboxHolding { metal, quantity: 1, price_minor: total_minor, total_minor, ..sample }
}

/// The rows with a customer each: row 0 is c0's, row 1 c1's and so on, round and round.
fn with_customers(rows: &[Row], header: &str, customers: usize) -> String {
    let mut text = String::new();
    for (number, line) in csv(rows).lines().enumerate() {
        let customer = match number {
            0 => header.to_owned(),
            number => format!("c{}", (number - 1) % customers),
        };
        let _ = writeln!(text, "{line},{customer}");
    }
    text
}

fn file(world: &World) -> String {
    world.file("may.csv", with_customers(&rows(12), "external_customer_id", 6))
}

/// Those of twelve rows whose customers are among these.
fn rows_of(customers: &[usize]) -> Vec<Row> {
    let all = rows(12).into_iter().enumerate();
    all.filter(|(number, _)| customers.contains(&(number % 6))).map(|(_, row)| row).collect()
}

fn asked(world: &World) -> u64 {
    world.sandbox.requests_of(Endpoint::Holdings)
}

fn sent(world: &World) -> u64 {
    world.sandbox.requests_of(Endpoint::Create)
}

/// The lines that name a fault.
fn named(done: &Done) -> Vec<&str> {
    done.stderr.lines().filter(|line| line.starts_with("line ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_hold_it_is_a_fault_of_the_file() {
    // Goal: a person sees who gets nothing and why, before money moves. Method: six customers on two lines each;
    // check, load and run ask for gold of at least 1000.00; what is named, stored and sent, and how often
    // Minted Connect was asked in all.
    let world = six_customers();
    let file = file(&world);
    let wish = ["--require-holding", "gold:1000"];
    let load = ["load", &file, "--campaign", "may"];
    let run = ["run", &file, "--campaign", "may", "--yes", "--max-total", "100000"];
    for command in [&["check", &file][..], &load, &run] {
        let done = world.run(&[command, &wish].concat()).expect(3);
        let line = |line: u32, customer: &str, words: &str| {
            format!("line {line}, column external_customer_id, \"{customer}\": {words}")
        };
        let less =
            "this customer holds less than 1000.00 of gold (999.99 is held: leave the row out)";
        let none = "this customer holds no gold (leave the row out)";
        let unknown =
            "Minted Connect does not show this customer: Müşteri bulunamadı. (HTTP 422) (";
        let mut expected = Vec::new();
        for first in [4, 10] {
            expected.push(line(first, "c2", less));
            expected.push(line(first + 1, "c3", none));
            expected.push(line(first + 2, "c4", none));
            expected.push(line(first + 3, "c5", unknown));
        }
        let named = named(&done);
        assert_eq!(named.len(), expected.len(), "{}", done.stderr);
        for (named, expected) in named.iter().zip(&expected) {
            assert!(named.starts_with(expected), "{named}\n{expected}");
        }
        assert!(done.stderr.contains("the file has 8 faults; nothing was stored or sent"));
        assert!(done.stderr.contains("--on-invalid skip"), "{}", done.stderr);
    }
    // The first question is asked twice: what the server wants to be answered is not known before.
    assert_eq!((asked(&world), sent(&world)), (6 + 1, 0), "each customer once, for all three");
    world.run(&["status", "may"]).expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_holders_get_the_gift_and_the_others_go_to_the_rejects() {
    // Goal: a coupon for those who hold gold reaches them and nobody else, at the very border too. Method: runs
    // that skip, with a least total, without one, and with two metals added up; the book, the rejects with their
    // reasons, and that the plan is that of a file with those rows alone.
    for (wish, holders) in [
        ("gold:1000", &[0, 1][..]),
        ("GOLD:1000.01", &[0]),
        ("gold", &[0, 1, 2]),
        ("silver,gold:1000", &[0, 1, 2, 3]),
    ] {
        let world = six_customers();
        let file = file(&world);
        let bad = world.path("bad.csv");
        let rejects = bad.to_str().expect("plain characters");
        let more = ["--require-holding", wish, "--on-invalid", "skip", "--rejects", rejects];
        let done = world.issue_file(&file, "may", &more).expect(0);
        let given = rows_of(holders);
        world.assert_given_exactly_once(&given);
        let rejected = 12 - given.len();
        assert_eq!(done.json()["preview"]["rejected"].as_u64(), Some(rejected as u64), "{wish}");
        let text = std::fs::read_to_string(&bad).expect("there are rejects");
        assert_eq!(text.lines().count(), 1 + rejected, "{text}");
        assert_eq!(text.lines().filter(|line| line.contains("Müşteri bulunamadı.")).count(), 2);
        let plain = world.file("plain.csv", csv(&given));
        let other = world.path("plain.db").to_str().expect("plain characters").to_owned();
        let load =
            ["load", &plain, "--campaign", "may", "--json", "--ledger", &other, "--new-ledger"];
        let load = world.run(&load).expect(0);
        assert_eq!(
            load.json()["plan"],
            done.json()["plan"],
            "{wish}: keys do not depend on the wish"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_asked_for_once_and_answers_are_reused_while_they_are_young() {
    // Goal: a request a customer and not a row, none in vain, and the cost is said before. Method: 3,000 rows of
    // 30 customers; checks with answers that are young enough, with none, for another metal, and as another
    // user; requests are counted.
    let mut world = minted(FaultProfile::none(), 0);
    for number in 0..30 {
        world.sandbox.set_holdings(&format!("c{number}"), vec![piece("gold", 100)]);
    }
    world.set("GIFTBATCH_MINTED_RATE", "1000");
    let text = with_customers(&rows(3_000), "Müşteri No", 30);
    let file = world.file("may.csv", text);
    let check = |world: &World, more: &[&str]| {
        world.run(&[&["check", &file, "--allow-duplicates"], more].concat()).expect(0).stderr
    };
    let first = check(&world, &["--require-holding", "gold"]);
    let words = "holdings: 30 customers to ask for, about 1 s at 1000 requests a second";
    assert!(first.contains(words), "{first}");
    assert_eq!(asked(&world), 31);
    let second = check(&world, &["--require-holding", "gold:1", "--holding-max-age", "1d"]);
    let words = "holdings: nothing to ask; 30 answers of the last 1d are reused";
    assert!(second.contains(words), "{second}");
    assert_eq!(asked(&world), 31);
    check(&world, &["--require-holding", "gold", "--holding-max-age", "0s"]);
    assert_eq!(asked(&world), 62);
    check(&world, &["--require-holding", "silver,gold"]);
    check(&world, &["--require-holding", "gold,silver"]);
    assert_eq!(asked(&world), 93);
    world.set("GIFTBATCH_MINTED_USERNAME", "another");
    let done = world.run(&["check", &file, "--allow-duplicates", "--require-holding", "gold"]);
    done.expect(8);
    assert_eq!(asked(&world), 95, "answers to one user are not those to another");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_to_a_rate_of_its_own() {
    // Goal: Minted Connect is asked as slowly as it is set, however fast wallets may be asked, the requests of
    // logging in included. Method: twenty questions at ten a second, each nonce being good for one of them,
    // which doubles the requests; the fullest second.
    let service = MintedService { nonce_uses: 1, ..MintedService::default() };
    let mut world = World::with(SandboxConfig { minted: service, ..SandboxConfig::default() });
    let url = world.sandbox.url();
    world.set("GIFTBATCH_MINTED_URL", &url).set("GIFTBATCH_MINTED_USERNAME", "sandbox");
    world.set("GIFTBATCH_MINTED_PASSWORD", "sandbox").set("GIFTBATCH_MINTED_RATE", "10");
    let text = with_customers(&rows(20), "external_customer_id", 20);
    let file = world.file("may.csv", text);
    world.run(&["check", &file, "--require-holding", "gold"]).expect(0);
    let stats = world.sandbox.stats();
    assert_eq!(stats.requests_of(Endpoint::Holdings), 40);
    assert!(stats.max_per_second <= 12, "{}", stats.max_per_second);
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_that_was_ended_goes_on_where_it_was() {
    // Goal: hours of asking are not lost. Method: SIGINT, then SIGKILL in the middle of 60 customers; what the
    // last command asks still, and that it gives to all.
    let mut world = minted(FaultProfile::none(), 0);
    for number in 0..60 {
        world.sandbox.set_holdings(&format!("c{number}"), vec![piece("gold", 100)]);
    }
    world.set("GIFTBATCH_MINTED_RATE", "20");
    let all = rows(80);
    let file = world.file("may.csv", with_customers(&all, "customer_no", 60));
    let check = ["check", &file, "--require-holding", "gold"];
    let mut child = world.start(&check);
    world.until(&mut child, |stats| stats.requests_of(Endpoint::Holdings) >= 5).await;
    send("INT", &child);
    let done = Done::wait(child).expect(130);
    let first = asked(&world);
    assert!(first < 60, "{first}");
    let kept = format!("{} of 60 answers are kept: the same command asks for the rest", first - 1);
    assert!(done.stderr.contains(&kept), "{}", done.stderr);
    let mut child = world.start(&check);
    world.until(&mut child, move |stats| stats.requests_of(Endpoint::Holdings) >= first + 30).await;
    send("KILL", &child);
    Done::wait(child).expect(-1);
    let second = asked(&world);
    world.set("GIFTBATCH_MINTED_RATE", "0");
    let more = ["--require-holding", "gold"];
    assert_eq!(world.issue_file(&file, "may", &more).expect(0).gifts("issued"), 80);
    // What came in the last second was not recorded yet; each of the three begins with a challenge.
    let again = asked(&world) - 60 - 3;
    assert!(again <= 25, "{first}, {second}, {}", asked(&world));
    assert!(asked(&world) - second < 60 - first + 10, "{first}, {second}, {}", asked(&world));
    world.assert_given_exactly_once(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_is_no_fault_of_the_file_any_more() {
    // Goal: the same command again is right, whatever customers sold meanwhile. Method: a campaign that was
    // given; a customer of it sells all; the same run, with new answers, and one that skips, and a longer file,
    // whose new rows of that customer are faults.
    let world = minted(FaultProfile::none(), 0);
    for number in 0..6 {
        world.sandbox.set_holdings(&format!("c{number}"), vec![piece("gold", 100)]);
    }
    let file = file(&world);
    let wish = ["--require-holding", "gold", "--holding-max-age", "0s"];
    assert_eq!(world.issue_file(&file, "may", &wish).expect(0).gifts("issued"), 12);
    world.sandbox.set_holdings("c2", Vec::new());
    world.issue_file(&file, "may", &wish).expect(0);
    let bad = world.path("bad.csv");
    let skip = ["--on-invalid", "skip", "--rejects", bad.to_str().expect("plain characters")];
    let again = world.issue_file(&file, "may", &[&wish[..], &skip].concat()).expect(0);
    let words = "not left out: 2 rows of faulty wallets or customers";
    assert!(again.stderr.contains(words), "{}", again.stderr);
    assert!(!bad.exists(), "no row of the ledger is among the rejects");
    let mut longer = rows(12);
    longer.extend(rows(12).into_iter().map(|row| Row { description: "MORE".into(), ..row }));
    let longer = world.file("longer.csv", with_customers(&longer, "external_customer_id", 6));
    let refused = world.issue_file(&longer, "may", &wish).expect(3);
    assert_eq!(named(&refused).len(), 2, "{}", refused.stderr);
    assert_eq!(sent(&world), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_answers_nothing_is_loaded() {
    // Goal: no answer is no good answer, and none is invented. Method: a wrong password, an outage, many spoiled
    // answers, a login that is asked for anew each time; then all is well, and what was kept is secret.
    let mut world = six_customers();
    world.set("GIFTBATCH_GIVE_UP_AFTER", "2s");
    let file = file(&world);
    let run = |world: &World| world.issue_file(&file, "may", &["--require-holding", "gold:1000"]);
    world.set("GIFTBATCH_MINTED_PASSWORD", "guess");
    let done = run(&world).expect(8);
    assert!(done.stderr.contains("Minted Connect rejects the credentials"), "{}", done.stderr);
    assert!(done.stderr.contains("GIFTBATCH_MINTED_PASSWORD"), "{}", done.stderr);
    assert_eq!(done.json()["exit_code"], 8);
    assert_eq!(asked(&world), 2, "no guessing");
    world.set("GIFTBATCH_MINTED_PASSWORD", PASSWORD);
    world.sandbox.set_outage(Outage::Unavailable);
    let done = run(&world).expect(5);
    assert!(done.stderr.contains("no useful answer from Minted Connect"), "{}", done.stderr);
    assert!(done.stderr.contains("0 of 6 answers are kept"), "{}", done.stderr);
    world.sandbox.set_outage(Outage::None);
    world.run(&["status", "may"]).expect(2);
    world.unset("GIFTBATCH_GIVE_UP_AFTER");
    world.sandbox.set_profile(FaultProfile::none().with_all(Place::Read, 300));
    assert_eq!(
        named(&run(&world).expect(3)).len(),
        8,
        "a fault of the way is none of the customer"
    );
    assert_eq!(sent(&world), 0);
    assert!(!crate::world::holds(&world.path(""), PASSWORD), "the password is kept nowhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn spoiled_answers_are_asked_for_again_and_a_stale_nonce_costs_one_request() {
    // Goal: trouble of the way is no fault of anybody. Method: a provider that spoils many answers, and one
    // whose nonces get stale; all customers are good in the end.
    let stale = FaultProfile::none().with(FaultKind::StaleNonce, 3_000);
    for (faults, seed) in [(FaultProfile::none().with_all(Place::Read, 300), 5), (stale, 1)] {
        let world = minted(faults, seed);
        for number in 0..40 {
            world.sandbox.set_holdings(&format!("c{number}"), vec![piece("gold", 100)]);
        }
        let file = world.file("may.csv", with_customers(&rows(40), "external_customer_id", 40));
        let done = world.run(&["check", &file, "--require-holding", "gold"]).expect(0);
        assert!(done.stderr.contains("40 customers to ask for"), "{}", done.stderr);
        assert!(asked(&world) > 41, "seed {seed}: {:?}", world.sandbox.stats());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_column_must_be_there_and_filled_where_it_is_asked_for() {
    // Goal: nobody is asked for under a wrong id, and files that have the column load as ever. Method: a file
    // without it, one with an empty cell, one with two such columns, a map; the same without the wish; wishes
    // that mean nothing; no URL. Nothing may be asked or sent but by the last.
    let mut world = six_customers();
    let wish = ["--require-holding", "gold"];
    let run = |world: &World, file: &str, more: &[&str]| {
        world.run(&[&["check", file][..], more].concat())
    };
    let plain = world.file("plain.csv", csv(&rows(2)));
    let done = run(&world, &plain, &wish).expect(3);
    assert!(done.stderr.contains("there is no column external_customer_id"), "{}", done.stderr);
    assert!(done.stderr.contains("--map external_customer_id=…"), "{}", done.stderr);
    let text = with_customers(&rows(2), "external_customer_id", 2);
    let empty = world.file("empty.csv", text.replace(",c1\n", ", \n"));
    let done = run(&world, &empty, &wish).expect(3);
    let fault = "line 3, column external_customer_id, \"\": empty (write the customer's id";
    assert_eq!(named(&done).len(), 1);
    assert!(named(&done)[0].starts_with(fault), "{}", done.stderr);
    let asked_for_one = asked(&world);
    run(&world, &empty, &[]).expect(0);
    let two = text.replace("customer_id", "customer_id,Müşteri No").replace(",c", ",x,c");
    let two = world.file("two.csv", two);
    let done = run(&world, &two, &wish).expect(3);
    assert!(done.stderr.contains("two columns are external_customer_id"), "{}", done.stderr);
    run(&world, &two, &[]).expect(0);
    let map = ["--map", "external_customer_id=Müşteri No"];
    run(&world, &two, &map).expect(3);
    for wish in ["gold:", "gold:1.000", "gold:0", "", "gold silver"] {
        run(&world, &plain, &["--require-holding", wish]).expect(2);
    }
    run(&world, &plain, &["--holding-max-age", "1d"]).expect(2);
    let dry = ["run", &two, "--campaign", "may", "--dry-run", "--require-holding", "gold"];
    world.run(&dry).expect(2);
    let good = world.file("good.csv", text);
    world.unset("GIFTBATCH_MINTED_URL");
    let done = run(&world, &good, &wish).expect(2);
    assert!(done.stderr.contains("GIFTBATCH_MINTED_URL"), "{}", done.stderr);
    assert_eq!(asked(&world), asked_for_one);
    let url = world.sandbox.url();
    world.set("GIFTBATCH_MINTED_URL", &url);
    run(&world, &two, &[&map[..], &wish].concat()).expect(0);
    assert_eq!((asked(&world) > asked_for_one, sent(&world)), (true, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_questions_about_a_row_are_answered_at_once() {
    // Goal: one reading of the file names all that is wrong. Method: a row whose wallet is deleted and whose
    // customer holds nothing, beside rows with one of both; faults by line, and the reasons among the rejects.
    use giftbatch::sandbox::WalletFacts;
    let world = six_customers();
    let deleted = WalletFacts { is_deleted: true, ..WalletFacts::default() };
    for row in [0, 4] {
        world.sandbox.set_wallet(rows(6)[row].wallet, deleted.clone());
    }
    let text = with_customers(&rows(6), "external_customer_id", 6);
    let file = world.file("may.csv", text);
    let more = ["--preflight", "--require-holding", "gold"];
    let done = world.run(&[&["check", &file][..], &more].concat()).expect(3);
    let lines: Vec<&str> = named(&done).iter().filter_map(|line| line.split(',').next()).collect();
    // Six rows over four wallets: those of lines 2 and 6 are one.
    assert_eq!(lines, ["line 2", "line 5", "line 6", "line 6", "line 7"], "{}", done.stderr);
    let bad = world.path("bad.csv");
    let skip = ["--on-invalid", "skip", "--rejects", bad.to_str().expect("plain characters")];
    world.issue_file(&file, "may", &[&more[..], &skip].concat()).expect(0);
    let text = std::fs::read_to_string(&bad).expect("there are rejects");
    let both = |line: &&str| line.contains("is deleted") && line.contains("holds no gold");
    assert_eq!(text.lines().filter(both).count(), 1, "{text}");
    assert_eq!(text.lines().count(), 5, "{text}");
}

#[cfg(debug_assertions)]
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_point_costs_at_most_some_answers() {
    // Goal: there is no bad moment to die. Method: crash at every point that asking comes to; the same command
    // again, and what it still has to ask.
    use giftbatch::crash::{CrashAt, Point, Step};
    for point in
        [Step::Read, Step::Answers].into_iter().flat_map(|s| [Point::Before(s), Point::After(s)])
    {
        let mut world = six_customers();
        let file = file(&world);
        let at = CrashAt { point, hit: 1 }.to_string();
        let check = ["check", &file, "--require-holding", "gold:1000"];
        world.set("GIFTBATCH_CRASH_AT", &at);
        world.run(&check).expect(-1);
        world.unset("GIFTBATCH_CRASH_AT");
        let before = asked(&world);
        assert_eq!(named(&world.run(&check).expect(3)).len(), 8, "{at}");
        let again = asked(&world) - before;
        assert_eq!(again, if point == Point::After(Step::Answers) { 0 } else { 7 }, "{at}");
    }
}
