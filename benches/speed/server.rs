//! The provider: the sandbox as a process of its own, and its book.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::bare;
use super::campaign::Rows;

/// A sandbox without faults; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Kept open: the sandbox writes to it.
    _said: BufReader<ChildStdout>,
    url: String,
}

#[derive(Deserialize)]
struct BookPage<'a> {
    #[serde(borrow)]
    gifts: Vec<BookGift<'a>>,
}

#[derive(Deserialize)]
struct BookGift<'a> {
    wallet: Uuid,
    #[serde(borrow)]
    amount: &'a RawValue,
}

/// What the book of a server is to hold of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// Every row, once.
    All,
    /// So many rows at least and at most, each once.
    Some(u64, u64),
}

impl Server {
    /// Starts one with an empty book, at a port that the system chooses.
    pub(crate) fn start() -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_giftbatch"));
        command.args(["sandbox", "--port", "0"]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut said = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        said.read_line(&mut line).expect("it says where it listens");
        let url = line.split(' ').nth(2).expect("`listening on URL`").to_owned();
        Server { child, _said: said, url }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Creates that it got so far.
    pub(crate) fn creates(&self) -> u64 {
        self.requests("create")
    }

    /// Reads of wallets' lists that it got so far.
    pub(crate) fn lists(&self) -> u64 {
        self.requests("wallet_gifts")
    }

    fn requests(&self, endpoint: &str) -> u64 {
        let page = bare::get(&format!("{}/sandbox/stats", self.url));
        let page: serde_json::Value = serde_json::from_slice(&page).expect("a page of JSON");
        page["requests"][endpoint].as_u64().unwrap_or(0)
    }

    /// Fails where a row is lost, given twice, or given as another: how many are in the book.
    pub(crate) fn check(&self, rows: Rows, share: Share) -> u64 {
        let page = bare::get(&format!("{}/sandbox/book", self.url));
        let book: BookPage<'_> = serde_json::from_slice(&page).expect("a page of JSON");
        let given = book.gifts.len() as u64;
        let mut left: HashMap<Uuid, i64> =
            book.gifts.iter().map(|gift| (gift.wallet, minor(gift.amount.get()))).collect();
        assert_eq!(left.len() as u64, given, "a row was given twice");
        for row in rows.iter() {
            if let Some(minor) = left.remove(&row.wallet) {
                assert_eq!(minor, row.minor, "{} was given another amount", row.wallet);
            }
        }
        assert!(left.is_empty(), "{} gifts are nobody's", left.len());
        match share {
            Share::All => assert_eq!(given, rows.count, "rows are lost"),
            Share::Some(least, most) => {
                assert!((least..=most).contains(&given), "{given}, not {least} to {most}");
            }
        }
        given
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Hundredths, of the two decimals that the book shows.
fn minor(amount: &str) -> i64 {
    let digits = amount.split_once('.').map(|(whole, cents)| format!("{whole}{cents}"));
    digits.and_then(|digits| digits.parse().ok()).expect("an amount with two decimals")
}
