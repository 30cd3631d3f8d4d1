//! Statements as text: what finance prints and keeps, and what is later held against the ledger.
//!
//! **Invariant:** what is written is read back as the same statement, digit for digit.

use std::fmt::Write as _;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::figures::second;
use crate::domain::{GiftState, Money};
use crate::ledger::{ChainHead, StateTally, Statement};

/// The first line, by which a statement is known.
const TITLE: &str = "giftbatch statement 1";

/// A text is no statement that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// It does not begin as one.
    #[error("it is no statement: the first line is not {TITLE:?}")]
    NoStatement,
    /// A line is missing, or cannot be read.
    #[error("its line {0:?} is missing, or cannot be read")]
    Line(&'static str),
}

/// The statement as text, with its last line break.
pub fn statement_text(statement: &Statement, made_at: DateTime<Utc>) -> String {
    let Statement { ledger, campaign, plan, file_sha256, loads, gifts, total, .. } = statement;
    let mut text = format!("{TITLE}\n");
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<10} {value}");
    };
    line("campaign", serde_json::Value::from(campaign.as_str()).to_string());
    line("plan", plan.clone());
    line("file", format!("sha256 {file_sha256}"));
    line("loads", loads.to_string());
    line("gifts", gifts.to_string());
    line("total", total.to_string());
    for StateTally { state, gifts, amount } in &statement.stands {
        line(state.word(), format!("{gifts} {amount}"));
    }
    line("ledger", ledger.to_string());
    line("events", statement.events.to_string());
    line("chain", statement.chain.to_string());
    if let Some((number, seal)) = statement.audit {
        line("audit", format!("{number} {seal}"));
    }
    line("made", second(made_at));
    text += "# The chain's hash covers every event of the ledger until then. To hold this against the ledger, or\n\
             # a copy of it, offline: giftbatch ledger verify --statement FILE [--ledger COPY]\n";
    text
}

/// Reads a statement.
pub fn read_statement(text: &str) -> Result<Statement, StatementError> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    if lines.next().map(str::trim) != Some(TITLE) {
        return Err(StatementError::NoStatement);
    }
    let lines: Vec<(&str, &str)> = lines
        .filter_map(|line| line.trim().split_once(' '))
        .map(|(name, value)| (name, value.trim()))
        .collect();
    let text_of = |name: &'static str| {
        let found = lines.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| *value).ok_or(StatementError::Line(name))
    };
    let mut stands = Vec::new();
    for state in GiftState::ALL {
        if let Ok(value) = text_of(state.word()) {
            let odd = StatementError::Line(state.word());
            let (gifts, amount) = value.split_once(' ').ok_or_else(|| odd.clone())?;
            stands.push(StateTally {
                state,
                gifts: gifts.parse().map_err(|_| odd.clone())?,
                amount: amount.parse().map_err(|_| odd)?,
            });
        }
    }
    let audit = match text_of("audit") {
        Ok(value) => {
            let (number, seal) = value.split_once(' ').ok_or(StatementError::Line("audit"))?;
            Some((parsed("audit", number)?, parsed("audit", seal)?))
        }
        // There was none, or the statement is of a version that did not tell of it.
        Err(_) => None,
    };
    let campaign = serde_json::from_str(text_of("campaign")?);
    let file = text_of("file")?.strip_prefix("sha256 ").ok_or(StatementError::Line("file"))?;
    Ok(Statement {
        ledger: parsed("ledger", text_of("ledger")?)?,
        campaign: campaign.map_err(|_| StatementError::Line("campaign"))?,
        plan: text_of("plan")?.to_owned(),
        file_sha256: file.to_owned(),
        loads: parsed("loads", text_of("loads")?)?,
        gifts: parsed("gifts", text_of("gifts")?)?,
        total: parsed::<Money>("total", text_of("total")?)?,
        stands,
        events: parsed("events", text_of("events")?)?,
        chain: parsed::<ChainHead>("chain", text_of("chain")?)?,
        audit,
    })
}

fn parsed<T: FromStr>(name: &'static str, text: &str) -> Result<T, StatementError> {
    text.parse().map_err(|_| StatementError::Line(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement() -> Statement {
        let tally =
            |state, gifts, minor| StateTally { state, gifts, amount: Money::from_minor(minor) };
        Statement {
            ledger: "30bac1c0-ad6b-4c50-a52e-1b34f9b487a7".parse().unwrap(),
            campaign: "mayıs \"drop\" 2027".to_owned(),
            plan: "6f1b278ce53a".to_owned(),
            file_sha256: "ab".repeat(32),
            loads: 2,
            gifts: 300,
            total: Money::from_minor(25_184_473),
            stands: vec![
                tally(GiftState::InDoubt, 1, 5),
                tally(GiftState::Issued, 299, 25_184_468),
            ],
            events: 1_234,
            chain: ChainHead([7; 32]),
            audit: Some((12, ChainHead([9; 32]))),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        // Goal: a statement that was mailed as text still holds. Method: there and back, with the line ends
        // and the mark that a mail program may add.
        let made = DateTime::from_timestamp(1_900_000_000, 0).unwrap();
        let text = statement_text(&statement(), made);
        insta::assert_snapshot!(text);
        assert_eq!(read_statement(&text), Ok(statement()));
        let mailed = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(read_statement(&mailed), Ok(statement()));
    }

    #[test]
    fn what_is_no_statement_says_where() {
        // Goal: nobody takes a broken statement for one that holds. Method: another text, a line that is
        // gone, and one that was changed to what cannot be read.
        let text = statement_text(&statement(), DateTime::UNIX_EPOCH);
        assert_eq!(read_statement("may: all issued"), Err(StatementError::NoStatement));
        for (line, broken) in
            [("total", "total x"), ("chain", "chain 0707"), ("issued", "issued 3")]
        {
            let changed: Vec<&str> = text
                .lines()
                .map(|each| if each.starts_with(line) { broken } else { each })
                .collect();
            assert_eq!(read_statement(&changed.join("\n")), Err(StatementError::Line(line)));
        }
        let gone: Vec<&str> = text.lines().filter(|line| !line.starts_with("plan")).collect();
        assert_eq!(read_statement(&gone.join("\n")), Err(StatementError::Line("plan")));
    }
}
