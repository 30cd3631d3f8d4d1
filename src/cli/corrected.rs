//! Rows that look like corrected copies, in words: nothing ties them to the rows that they were, so that both
//! would be given.

use std::fmt::Write as _;
use std::io::{self, BufRead, Write as _};

use serde_json::{Value, json};

use super::difference::{other_parts, stands};
use super::exit::Exit;
use super::failure::Failure;
use super::logs;
use crate::ledger::Corrected;
use crate::plan::Named;
use crate::report::{count, money};

/// What helps against a refusal.
pub(super) const ADVICE: &str =
    "take out what was given, or, if each is meant as a gift of its own, say --allow-corrected";

/// Why a file with such rows is refused.
pub(super) fn refusal(corrected: &Named<Corrected>, word: &str) -> String {
    let noun = if corrected.count == 1 { "row looks" } else { "rows look" };
    let what = if corrected.count == 1 { "a corrected copy" } else { "corrected copies" };
    let mut text = format!(
        "{} {noun} like {what} of what the campaign gives already: the wallet would have both",
        count(corrected.count)
    );
    for row in &corrected.named {
        let _ = write!(text, "\n    {}", line(row, word));
    }
    if corrected.others() > 0 {
        let _ = write!(text, "\n    and {} more", count(corrected.others()));
    }
    text
}

/// Asks whoever sits there; fails with code 7 where it is not meant.
pub(super) fn ask(corrected: &Named<Corrected>, word: &str) -> Result<(), Failure> {
    logs::flush();
    let mut screen = anstream::stderr().lock();
    writeln!(screen, "\n{}", refusal(corrected, word))?;
    write!(screen, "Type yes to give them too: ")?;
    screen.flush()?;
    let mut typed = String::new();
    io::stdin().lock().read_line(&mut typed)?;
    match typed.trim() {
        "yes" => Ok(()),
        other => Err(Failure::new(Exit::NotConfirmed, format!("{other:?} is not yes"))
            .hint("nothing was stored or sent")),
    }
}

/// `line 8  30bac1c0-…  10.00 (given already), and now 11.00`
pub(super) fn line(row: &Corrected, word: &str) -> String {
    let (was, is) = (row.old.amount, row.new.amount);
    let mut parts = other_parts(&row.old, &row.new);
    if parts.is_empty() && was == is {
        parts = if row.has_other_reference { "reference" } else { "text, which looks the same" }
            .to_owned();
    }
    let now = match (was == is, parts.as_str()) {
        (false, "") => format!("now {}", money(is)),
        (false, parts) => format!("now {}, and another {parts}", money(is)),
        (true, parts) => format!("now with another {parts}"),
    };
    let stands = stands(row.old_state);
    format!("{word} {:<8} {}  {} ({stands}), and {now}", row.line, row.new.wallet, money(was))
}

/// The same for programs.
pub(super) fn to_json(row: &Corrected) -> Value {
    json!({
        "line": row.line,
        "wallet": row.new.wallet.to_string(),
        "old_amount": row.old.amount.to_string(),
        "old_state": row.old_state.word(),
        "new_amount": row.new.amount.to_string(),
    })
}
