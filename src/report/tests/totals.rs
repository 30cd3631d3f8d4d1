//! Every form of a report adds up to what the ledger's own rows come to.

use std::collections::BTreeMap;

use super::fixture::{Fixture, NAME, at};
use crate::domain::{GiftState as S, Money};
use crate::ledger::GiftRecord;
use crate::report::csv::CsvForm;
use crate::report::html::{self, Lang, Look, Wallets};
use crate::report::list::{self, ListForm};
use crate::report::metrics::{Ended, metrics};
use crate::report::{
    Cells, Document, Status, Subject, Summary, csv, overview, statement_text, text,
};

/// Gifts, and money in its smallest unit, by the word of a state.
type Sums = BTreeMap<String, (u64, i64)>;

/// Sums of pairs of a state and an amount.
fn summed<'t>(pairs: impl Iterator<Item = (&'t str, &'t str)>) -> Sums {
    let mut sums = Sums::new();
    for (state, amount) in pairs {
        let sum = sums.entry(state.to_owned()).or_default();
        *sum = (sum.0 + 1, sum.1 + minor(amount));
    }
    sums
}

/// Sums of lines of a state, a number and an amount, and of them only.
fn told<'t>(lines: impl Iterator<Item = &'t str>) -> Sums {
    let line = |line: &'t str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let state = S::ALL.into_iter().find(|state| words.first() == Some(&state.word()))?;
        let gifts = words.get(1)?.replace(',', "").parse().ok()?;
        Some((state.word().to_owned(), (gifts, minor(words.get(2)?))))
    };
    lines.filter_map(line).filter(|(_, (gifts, _))| *gifts > 0).collect()
}

fn minor(amount: &str) -> i64 {
    let digits: String = amount.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(amount.rfind('.'), Some(amount.len() - 3), "{amount:?} has two decimals");
    digits.parse().unwrap()
}

fn of(sums: &Sums, states: &[S]) -> (u64, i64) {
    let sums = states.iter().filter_map(|state| sums.get(state.word()));
    sums.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

fn rows(bytes: &[u8]) -> Sums {
    let mut reader = ::csv::Reader::from_reader(bytes);
    let place = |header: &::csv::StringRecord, name: &str| {
        header.iter().position(|cell| cell == name).unwrap()
    };
    let header = reader.headers().unwrap().clone();
    let (state, amount) = (place(&header, "state"), place(&header, "amount"));
    let rows: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    summed(rows.iter().map(|row| (&row[state], &row[amount])))
}

async fn page(fixture: &Fixture) -> String {
    let (tz, now) = (chrono_tz::Europe::Istanbul, at(100));
    let look = Look { lang: Lang::En, tz, wallets: Wallets::Short, now };
    let mut bytes = Vec::new();
    html::write(&fixture.ledger, &fixture.campaign().await, &look, &mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

async fn listed(fixture: &Fixture, form: ListForm) -> Vec<u8> {
    let mut bytes = Vec::new();
    list::write(&fixture.ledger, &fixture.campaign().await, None, form, &mut bytes).await.unwrap();
    bytes
}

/// The document's counts by state, and its money by what became of it.
fn assert_document(summary: &Summary, ledger: &Sums) {
    let document = Document::of("status", Subject::Campaign(summary), Status::Partial, 0, 1);
    let json: serde_json::Value = serde_json::from_str(&document.to_json()).unwrap();
    for state in S::ALL {
        assert_eq!(json["gifts"][state.word()], of(ledger, &[state]).0, "{state}");
    }
    assert_eq!(json["gifts"]["total"], of(ledger, &S::ALL).0);
    let open = [S::Planned, S::InFlight, S::Deferred, S::InDoubt, S::Held, S::Revoking];
    for (name, states) in [
        ("total", &S::ALL[..]),
        ("issued", &[S::Issued]),
        ("refused", &[S::Refused]),
        ("open", &open),
        ("cancelled", &[S::Cancelled]),
        ("revoked", &[S::Revoked]),
    ] {
        let amount = json["amounts"][name].as_str().unwrap();
        assert_eq!(minor(amount), of(ledger, states).1, "{name}");
    }
}

/// The page's tiles: gifts and money by group of states, and its table's last line.
fn assert_page(page: &str, ledger: &Sums) {
    let between = |open: &str| -> Vec<String> {
        let parts = page.split(open).skip(1).filter_map(|rest| rest.split_once('<'));
        parts.map(|(text, _)| text.trim().to_owned()).collect()
    };
    let money = between("<p class=\"tile-money\">");
    let counts = between("<p class=\"tile-gifts\">");
    let tiles = money.iter().zip(&counts).map(|(money, gifts)| {
        let gifts = gifts.split(' ').next().unwrap().replace(',', "");
        (gifts.parse().unwrap(), minor(money))
    });
    let groups: [&[S]; 5] = [
        &[S::Issued],
        &[S::Refused],
        &[S::InFlight, S::InDoubt, S::Held, S::Revoking],
        &[S::Planned, S::Deferred],
        &[S::Cancelled, S::Revoked],
    ];
    let tiles: Vec<(u64, i64)> = tiles.collect();
    for (place, group) in groups.iter().enumerate() {
        // The last is left out where it is empty.
        assert_eq!(tiles.get(place).copied().unwrap_or_default(), of(ledger, group), "{group:?}");
    }
    let foot = page.split_once("<table id=\"states\">").unwrap().1.split_once("<tfoot>").unwrap().1;
    let cells: Vec<&str> = foot
        .split("<td class=\"r\">")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .collect();
    let (gifts, amount) = of(ledger, &S::ALL);
    assert_eq!((cells[0].replace(',', ""), minor(cells[1])), (gifts.to_string(), amount));
}

fn assert_metrics(summary: &Summary, ledger: &Sums) {
    let (exit_code, elapsed_ms, settle_ms) = (0, 1, None);
    let ended = Ended { command: "run", exit_code, at: at(1), elapsed_ms, settle_ms };
    let text = metrics(&ended, std::slice::from_ref(summary), "");
    for state in S::ALL {
        let (gifts, amount) = of(ledger, &[state]);
        let labels = format!("{{campaign=\"{NAME}\",state=\"{}\"}}", state.word());
        let amount = Money::from_minor(amount);
        for line in [
            format!("giftbatch_gifts{labels} {gifts}"),
            format!("giftbatch_amount{labels} {amount}"),
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}

#[tokio::test]
async fn every_form_tells_the_sums_of_the_ledgers_own_rows() {
    // Goal: no form says more or less than another, in any state. Method: campaigns of one gift in each state, of
    // one state alone, of more gifts than one has digits for, and of none; the ledger's rows are added up here,
    // and every form is read back.
    let mut cases: Vec<Vec<S>> = S::ALL.iter().map(|state| vec![*state; 3]).collect();
    cases.push(S::ALL.to_vec());
    cases.push(S::ALL.iter().cycle().take(137).copied().collect());
    cases.push(Vec::new());
    for states in cases {
        let fixture = Fixture::of(&states).await;
        let gifts: Vec<GiftRecord> = fixture.gifts().await;
        let amounts: Vec<String> =
            gifts.iter().map(|gift| gift.content.amount.to_string()).collect();
        let pairs = gifts.iter().zip(&amounts);
        let ledger = summed(pairs.map(|(gift, amount)| (gift.state.word(), amount.as_str())));
        assert_eq!(of(&ledger, &S::ALL).0, states.len() as u64);

        let summary = fixture.summary().await;
        assert_eq!(told(text::summary(&summary).lines()), ledger);
        let (issued, all) = (of(&ledger, &[S::Issued]).0, of(&ledger, &S::ALL).0);
        let line = overview(std::slice::from_ref(&summary), None);
        assert!(line.contains(&format!(" {issued}/{all} ")), "{line}");
        assert_document(&summary, &ledger);
        assert_metrics(&summary, &ledger);
        assert_page(&page(&fixture).await, &ledger);

        let mut report = Vec::new();
        let form = CsvForm::plain(Cells::Raw);
        csv::write(&fixture.ledger, &fixture.campaign().await, &mut report, &form).await.unwrap();
        assert_eq!(rows(&report), ledger);
        assert_eq!(rows(&listed(&fixture, ListForm::Csv(Cells::Raw)).await), ledger);
        let json: Vec<serde_json::Value> =
            serde_json::from_slice(&listed(&fixture, ListForm::Json).await).unwrap();
        let pairs = json
            .iter()
            .map(|gift| (gift["state"].as_str().unwrap(), gift["amount"].as_str().unwrap()));
        assert_eq!(summed(pairs), ledger);

        let statement = fixture.ledger.statement(NAME).await.unwrap().unwrap();
        // It tells what events led to: a gift whose first request is on its way has had none.
        let stands = told(statement_text(&statement, at(100)).lines());
        let unsent = [S::Planned, S::InFlight];
        assert_eq!(of(&stands, &unsent), of(&ledger, &unsent));
        for state in S::ALL.into_iter().filter(|state| !unsent.contains(state)) {
            assert_eq!(of(&stands, &[state]), of(&ledger, &[state]), "{state}");
        }
        let total = (statement.gifts, statement.total.minor());
        assert_eq!(total, of(&ledger, &S::ALL));
    }
}
